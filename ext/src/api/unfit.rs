//! What a tview can't have: constraints that wait for the end of the transaction, columns that compute themselves, foreign keys that write.

use crate::catalog::{
    self,
    command::{self, Unfit, UnfitKind},
};
use crate::error::{Error, Result};
use crate::pg::scan;
use pg_tviews_sqltext::identifier;
use pgrx::pg_sys::Oid;

/// Refuses what a command has put on tviews, or on other tables with a view to them. It looks at the catalogs alone: parallel restores add
/// constraints to many tables at once, each of them locked, and whoever then opens another one waits for it.
pub fn check(tables: &[Oid]) -> Result<()> {
    let mut concerned = Vec::new();
    for table in tables {
        let mut possible = scan::referenced_by(*table)?;
        possible.push(*table);
        // Looking up rows by an index costs little where, as nearly always, no tview is concerned.
        for relation in possible {
            if catalog::entry(relation)?.is_some() {
                concerned.push(*table);
                break;
            }
        }
    }
    if concerned.is_empty() {
        return Ok(());
    }
    match command::unfit_for_tviews(&concerned)?.first() {
        None => Ok(()),
        Some(unfit) => Err(refusal(unfit)),
    }
}

/// Refuses to make a tview of a table that has what a tview can't have.
pub fn check_to_be_tview(table: Oid) -> Result<()> {
    match command::unfit_to_be_tview(table)?.first() {
        None => Ok(()),
        Some(unfit) => Err(refusal(unfit)),
    }
}

fn refusal(unfit: &Unfit) -> Error {
    /// Why nothing deferrable can be there.
    const RESTRICTED: &str =
        "Maintenance writes in a security-restricted operation, in which PostgreSQL defers no triggers.";
    const WRITES_ALL: &str = "Maintenance writes all columns of a tview, as its query has them.";
    let Unfit { table, name, .. } = unfit;
    let quoted = identifier(name);
    let (message, detail, hint) = match unfit.kind {
        UnfitKind::Deferrable => (
            format!("a tview can't have a deferrable constraint: \"{name}\" on {table}"),
            RESTRICTED,
            "Leave DEFERRABLE out.".to_owned(),
        ),
        UnfitKind::DeferrableReference => (
            format!("a deferrable foreign key can't refer to a tview: \"{name}\" on {table}"),
            RESTRICTED,
            "Leave DEFERRABLE out, or let it refer to the table from which the tview's key comes.".to_owned(),
        ),
        UnfitKind::DeferrableTrigger => (
            format!("a tview can't have a deferrable constraint trigger: \"{name}\" on {table}"),
            RESTRICTED,
            "Leave DEFERRABLE out, or put the trigger on a table that the tview reads.".to_owned(),
        ),
        UnfitKind::WritingReference => (
            format!("a tview can't have a foreign key that changes its rows: \"{name}\" on {table}"),
            "Only maintenance writes to a tview.",
            "Leave ON DELETE and ON UPDATE out.".to_owned(),
        ),
        UnfitKind::Typed => (
            format!("a tview can't be a table of a type: {table} OF {name}"),
            "Commands on the type would change its columns.",
            "Leave OF out, or take the table from its type by ALTER TABLE … NOT OF.".to_owned(),
        ),
        UnfitKind::Identity => (
            format!("a tview can't have an identity column: \"{name}\" of {table}"),
            WRITES_ALL,
            format!("ALTER TABLE {table} ALTER COLUMN {quoted} DROP IDENTITY."),
        ),
        UnfitKind::Generated => (
            format!("a tview can't have a generated column: \"{name}\" of {table}"),
            WRITES_ALL,
            format!("ALTER TABLE {table} ALTER COLUMN {quoted} DROP EXPRESSION."),
        ),
        UnfitKind::Default => (
            format!("a tview can't have a column with a default: \"{name}\" of {table}"),
            WRITES_ALL,
            format!("ALTER TABLE {table} ALTER COLUMN {quoted} DROP DEFAULT."),
        ),
    };
    Error::unsupported(message).detail(detail).hint(hint)
}
