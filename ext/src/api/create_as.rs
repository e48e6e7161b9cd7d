//! What CREATE TABLE … AS may say where it makes a tview.

use super::create::{Accepted, accept, notice_unlogged};
use crate::error::{Error, Result};
use crate::pg::event::CreateTableAs;
use crate::pg::settings::create_table_prefix;

/// EXPLAIN ANALYZE would make an ordinary table of a CREATE TABLE … AS that makes a tview.
pub fn refuse_explained(statement: &CreateTableAs) -> Result<()> {
    let (target, prefix) = (statement.target(), create_table_prefix());
    let table = target.name();
    if target.is_temporary() || prefix.is_none_or(|prefix| !table.starts_with(&prefix)) {
        return Ok(());
    }
    Err(
        Error::unsupported(format!("tview \"{table}\" can't be created by EXPLAIN ANALYZE"))
            .detail("The command would make an ordinary table, which nobody maintains.")
            .hint("Create the tview, and then EXPLAIN ANALYZE its query; or use a name without the prefix pg_tviews.create_table_prefix."),
    )
}

/// Accepts the definition that a CREATE TABLE … AS holds, or refuses it.
///
/// # Errors
/// If it is refused, or if the statement says what a tview can't have.
pub fn accept_statement(statement: &CreateTableAs, table: &str) -> Result<Accepted> {
    let Some(query) = statement.query() else {
        return Err(
            Error::unsupported(format!("\"{table}\" can't be defined by EXECUTE"))
                .hint("Write the SELECT itself."),
        );
    };
    if statement.is_without_data() {
        return Err(
            Error::unsupported(format!("tview \"{table}\" can't be created WITH NO DATA"))
                .detail("Its content always equals its query.")
                .hint("Leave WITH NO DATA out."),
        );
    }
    let accepted = accept(query.copy(), table, None, &statement.column_names())?;
    match (accepted.is_unlogged(), statement.target().is_unlogged()) {
        (true, false) => {
            notice_unlogged(table);
            statement.make_unlogged();
        }
        (false, true) => {
            return Err(Error::unsupported(format!("tview \"{table}\" can't be UNLOGGED"))
                .detail("A crash would empty it, while the tables that it reads keep their rows.")
                .hint("Leave UNLOGGED out."));
        }
        _ => {}
    }
    Ok(accepted)
}
