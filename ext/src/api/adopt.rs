//! Tables that were tviews in another database: a dump of the schema alone brings the table, the view that holds its definition, and all triggers, but
//! not the entries of tviews.

use super::convert;
use super::create::{accept, adopt as establish, definition_name, run_on_catalog};
use crate::catalog;
use crate::error::{Error, Result};
use crate::pg::name;
use crate::pg::own::OwnStatements;
use crate::pg::relation::{self, Relation};
use crate::pg::role;
use pg_tviews_sqltext::{self as sqltext, CATALOG_SCHEMA};
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::Oid;

/// `pg_tviews_adopt(name)`: the table becomes a tview with the definition that is kept for it. Its rows are compared with the query; returns the number of
/// rows that were written.
///
/// # Errors
/// If there is no such definition, or the table can't become a tview.
pub fn adopt(name: &str) -> Result<i64> {
    let missing = || Error::undefined(format!("relation \"{name}\" does not exist"));
    let table = name::parse(name)?.resolve().ok_or_else(missing)?;
    forget_entry_without_sources(table)?;
    let (schema, short) = convert::check_table(table)?;
    let Some(definition) = kept_definition(table, &schema, &short)? else {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!("no definition is kept for table \"{schema}.{short}\""),
        )
        .detail("A dump of the schema alone brings it along, if the dump has the schema tviews, too.")
        .hint("pg_tviews_convert_existing_table(name, query) makes a tview of any table."));
    };
    let view = Relation::open(definition)?;
    let (query, quoted) = (view.view_query(), view.quoted());
    drop(view);
    let accepted = accept(query, &short, None, &[])?;
    convert::check_sources(table, &accepted, &format!("{schema}.{short}"))?;
    {
        let _own = OwnStatements::begin();
        run_on_catalog(&[sqltext::drop_view(&quoted)])?;
    }
    let written = establish(&accepted, &schema, &short)?;
    Ok(i64::try_from(written).unwrap_or(i64::MAX))
}

/// A dump that lacks one table brings the entries of tviews, but not what they read: such an entry maintains nothing.
fn forget_entry_without_sources(table: Oid) -> Result<()> {
    let is_own = Relation::open(table)?.is_owned_by(relation::current_role());
    if is_own && catalog::entry(table)?.is_some() && catalog::sources(table)?.is_empty() {
        catalog::delete(table)?;
    }
    Ok(())
}

/// The view of the table's name among the definitions, if it is the owner's, and no tview has it.
fn kept_definition(table: Oid, schema: &str, short: &str) -> Result<Option<Oid>> {
    const MOST_NUMBERS: u32 = 16;
    for number in 1..=MOST_NUMBERS {
        let name = definition_name(schema, short, number);
        let Some(view) = relation::lookup(CATALOG_SCHEMA, &name)? else {
            continue;
        };
        let is_free = role::is_view(view) && catalog::tview_of_definition(view)?.is_none();
        if is_free && role::owner_of(view) == role::owner_of(table) {
            return Ok(Some(view));
        }
    }
    Ok(None)
}
