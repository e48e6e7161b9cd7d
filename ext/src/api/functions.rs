//! The SQL functions.

#![expect(clippy::type_complexity, reason = "the columns of a result are its type")]

use super::{adopt, convert, create, drop, suspend};
use crate::error::{Error, Result, or_raise};
use crate::observe;
use crate::pg::context::guarded;
use crate::pg::json::JsonbText;
use pgrx::PgSqlErrorCode;
use pgrx::iter::TableIterator;
use pgrx::prelude::*;

fn run<T>(body: impl FnOnce() -> Result<T>) -> T {
    guarded(|| or_raise(body()))
}

/// An argument that may not be NULL. Functions that were STRICT would do nothing then, and a check that says nothing means that all is
/// well.
fn given<T>(value: Option<T>, function: &str, argument: &str) -> Result<T> {
    value.ok_or_else(|| {
        Error::new(
            PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED,
            format!("{function}: the {argument} is NULL"),
        )
        .hint("A subquery or a variable that was to give it may have found nothing.")
    })
}

/// Makes a tview: a table whose content always equals the query.
#[pg_extern(requires = ["catalog"])]
fn pg_tviews_create(name: Option<&str>, query: Option<&str>) {
    const SELF: &str = "pg_tviews_create";
    run(|| create::create(given(name, SELF, "name")?, given(query, SELF, "query")?));
}

/// Drops a tview with all that belongs to it. True if there was one.
#[pg_extern(requires = ["catalog"])]
fn pg_tviews_drop(name: Option<&str>, if_exists: default!(Option<bool>, false)) -> bool {
    const SELF: &str = "pg_tviews_drop";
    run(|| {
        drop::drop_tview(
            given(name, SELF, "name")?,
            given(if_exists, SELF, "second argument, if_exists,")?,
        )
    })
}

/// Rebuilds a tview by difference; returns the number of rows that differed.
#[pg_extern(requires = ["catalog"])]
fn pg_tviews_refresh(name: Option<&str>) -> i64 {
    run(|| observe::refresh(given(name, "pg_tviews_refresh", "name")?))
}

/// Stops the maintenance of a tview, for bulk loads: it keeps its content until it is resumed. True if it was maintained.
#[pg_extern(requires = ["catalog"])]
fn pg_tviews_suspend(name: Option<&str>) -> bool {
    run(|| suspend::suspend(given(name, "pg_tviews_suspend", "name")?))
}

/// Brings a suspended tview up to date and has it maintained again; returns the number of rows that differed.
#[pg_extern(requires = ["catalog"])]
fn pg_tviews_resume(name: Option<&str>) -> i64 {
    run(|| suspend::resume(given(name, "pg_tviews_resume", "name")?))
}

/// Makes a tview of a table that already holds the rows; returns the number of rows that differed.
#[pg_extern(requires = ["catalog"])]
fn pg_tviews_convert_existing_table(name: Option<&str>, query: Option<&str>) -> i64 {
    const FUNCTION: &str = "pg_tviews_convert_existing_table";
    run(|| convert::convert(given(name, FUNCTION, "name")?, given(query, FUNCTION, "query")?))
}

/// Makes a tview again of a table that was one in the database from which a dump of the schema alone has come; returns the number of rows that differed.
#[pg_extern(requires = ["catalog"])]
fn pg_tviews_adopt(name: Option<&str>) -> i64 {
    run(|| adopt::adopt(given(name, "pg_tviews_adopt", "name")?))
}

/// Whether all that tviews rely on is there: triggers, keys, indexes, definitions. It does not compare contents.
#[pg_extern(requires = ["catalog"])]
fn pg_tviews_health_check() -> TableIterator<
    'static,
    (
        name!(tview, Option<String>),
        name!(status, String),
        name!(message, String),
        name!(hint, Option<String>),
    ),
> {
    TableIterator::new(run(observe::health::check))
}

/// Rows in which a tview and its query differ: none, or something is wrong.
#[pg_extern(requires = ["catalog"])]
fn pg_tviews_verify(
    name: Option<&str>,
) -> TableIterator<
    'static,
    (
        name!(key, Option<JsonbText>),
        name!(expected, Option<JsonbText>),
        name!(actual, Option<JsonbText>),
    ),
> {
    TableIterator::new(run(|| observe::verify(given(name, "pg_tviews_verify", "name")?)))
}

/// What a change of each source costs: how the affected rows are found, by which statements, and which indexes are missing.
#[pg_extern(requires = ["catalog"])]
fn pg_tviews_explain(
    name: Option<&str>,
) -> TableIterator<
    'static,
    (
        name!(source, String),
        name!(event, String),
        name!(columns, String),
        name!(unit, String),
        name!(strategy, String),
        name!(locks, String),
        name!(statement, String),
        name!(missing_index, Option<String>),
    ),
> {
    TableIterator::new(run(|| {
        observe::explain(given(name, "pg_tviews_explain", "name")?)
    }))
}

/// What creating a tview with this query would decide, without creating anything.
#[pg_extern(requires = ["catalog"])]
fn pg_tviews_analyze(
    query: Option<&str>,
) -> TableIterator<
    'static,
    (
        name!(kind, String),
        name!(place, String),
        name!(message, String),
        name!(hint, Option<String>),
    ),
> {
    TableIterator::new(run(|| {
        observe::analyze(given(query, "pg_tviews_analyze", "query")?)
    }))
}

/// Version of the extension.
#[pg_extern(immutable, parallel_safe, requires = ["catalog"])]
fn pg_tviews_version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
