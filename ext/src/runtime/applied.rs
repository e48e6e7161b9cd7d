//! Logical replication: what a subscriber applies fires no triggers of statements, except for TRUNCATE.
//!
//! So subscribed sources have a trigger for each row besides. It speaks in workers of logical replication alone, and there the triggers of
//! statements are silent about the same rows: a worker fires them where it copies a table, and a trigger of the user's can run statements.

use super::{notes, pending};
use crate::catalog::{self, tree};
use crate::error::{Error, Result};
use crate::pg::applied::{SingleRow, is_worker};
use crate::pg::own_trigger;
use crate::pg::relation::Relation;
use crate::pg::trigger::Firing;
use pg_tviews_sqltext::{Event, OwnTrigger};
use pgrx::PgSqlErrorCode;

/// The trigger of a row.
pub fn row_changed(firing: &Firing) -> Result<()> {
    if !is_worker() {
        return Ok(());
    }
    let Some(mut row) = SingleRow::of(firing) else {
        return Ok(());
    };
    if catalog::entry(firing.relation_oid())?.is_none() {
        return notes::rows_changed(&row.firing());
    }
    if pending::is_flushing() {
        return Ok(());
    }
    let name = Relation::open(firing.relation_oid())?.display_name();
    Err(Error::new(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!("cannot write to tview \"{name}\" by logical replication"),
    )
    .detail("Its content always equals its query; only maintenance writes to it.")
    .hint("Subscribe to the tables that it is made from, and publish no tview to it."))
}

/// Whether a statement's rows are told one by one.
pub fn is_told_by_row(firing: &Firing) -> Result<bool> {
    let table = firing.relation_oid();
    Ok(is_worker()
        && firing.event() != Event::Truncate
        && catalog::entry(table)?.is_none()
        && (firing.is_partitioned() || own_trigger::has(table, OwnTrigger::Applied)?)
        && !tree::subscribed(&[table])?.is_empty())
}
