//! The SQL functions.

#![expect(clippy::type_complexity, reason = "the columns of a result are its type")]

use super::{create, drop};
use crate::error::{Result, or_raise};
use crate::observe;
use crate::pg::context::guarded;
use crate::pg::json::JsonbText;
use pgrx::iter::TableIterator;
use pgrx::prelude::*;

fn run<T>(body: impl FnOnce() -> Result<T>) -> T {
    guarded(|| or_raise(body()))
}

/// Makes a tview: a table whose content always equals the query.
#[pg_extern(requires = ["catalog"])]
fn pg_tviews_create(name: &str, query: &str) {
    run(|| create::create(name, query));
}

/// Drops a tview with all that belongs to it. True if there was one.
#[pg_extern(requires = ["catalog"])]
fn pg_tviews_drop(name: &str, if_exists: default!(bool, false)) -> bool {
    run(|| drop::drop_tview(name, if_exists))
}

/// Rebuilds a tview by difference; returns the number of rows that differed.
#[pg_extern(requires = ["catalog"])]
fn pg_tviews_refresh(name: &str) -> i64 {
    run(|| observe::refresh(name))
}

/// Rows in which a tview and its query differ: none, or something is wrong.
#[pg_extern(requires = ["catalog"])]
fn pg_tviews_verify(
    name: &str,
) -> TableIterator<
    'static,
    (
        name!(key, Option<JsonbText>),
        name!(expected, Option<JsonbText>),
        name!(actual, Option<JsonbText>),
    ),
> {
    TableIterator::new(run(|| observe::verify(name)))
}

/// What a change of each source costs: how the affected rows are found, by which statements, and which indexes are missing.
#[pg_extern(requires = ["catalog"])]
fn pg_tviews_explain(
    name: &str,
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
    TableIterator::new(run(|| observe::explain(name)))
}

/// What creating a tview with this query would decide, without creating anything.
#[pg_extern(requires = ["catalog"])]
fn pg_tviews_analyze(
    query: &str,
) -> TableIterator<
    'static,
    (
        name!(kind, String),
        name!(place, String),
        name!(message, String),
        name!(hint, Option<String>),
    ),
> {
    TableIterator::new(run(|| observe::analyze(query)))
}

/// Version of the extension.
#[pg_extern(immutable, parallel_safe, requires = ["catalog"])]
fn pg_tviews_version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
