//! Trying functions of users under the search path of maintenance.
//!
//! What a function calls by a bare name is looked for when it runs. Over empty tables nothing runs: the first row would fail, in the hands of
//! whoever writes it. So functions are called once with some value when a tview is created that has no rows. Of what goes wrong only names that
//! are not found count: a function may refuse any value for reasons of its own.

use crate::catalog::calls::trials;
use crate::error::{Error, Result};
use crate::pg::attempt::look;
use crate::pg::context::NAMES_NOT_FOUND;
use crate::pg::settings::{SAFE_SEARCH_PATH, Scope, patience};
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::Oid;

/// Refuses a tview whose functions find their names in the session's search path only.
///
/// # Errors
/// With the function that fails, and how it can be told its search path.
pub fn try_functions(table: &str, functions: &[Oid]) -> Result<()> {
    for trial in trials(functions)? {
        // What goes wrong otherwise, or takes long, is left to the rows that come.
        let Err(failure) = look(patience(), || {
            let scope = Scope::trial()?;
            scope.connect()?.texts(&trial.statement)
        })?
        else {
            continue;
        };
        if failure.code.is_some_and(|code| NAMES_NOT_FOUND.contains(&code)) {
            return Err(refusal(table, &trial.function, failure.code, &failure.message));
        }
    }
    Ok(())
}

fn refusal(table: &str, function: &str, code: Option<PgSqlErrorCode>, message: &str) -> Error {
    Error::new(
        code.unwrap_or(PgSqlErrorCode::ERRCODE_INTERNAL_ERROR),
        format!("\"{table}\" can't be maintained: {function} relies on the search path of the session"),
    )
    .detail(format!(
        "Maintenance runs with search_path = {SAFE_SEARCH_PATH}, whoever writes. There a call of the function fails: {message}."
    ))
    .hint(format!(
        "ALTER FUNCTION {function} SET search_path = …, with the schemas that it needs."
    ))
}
