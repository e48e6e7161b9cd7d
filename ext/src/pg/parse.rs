//! From SQL text to an analysed query, and back.

use super::list::pointers;
use super::spi::parsed;
use super::text::{c_string, owned};
use super::tree::Query;
use crate::error::{Error, Result};
use pgrx::{is_a, pg_sys};

/// Parses and analyses the text of one SELECT. Syntax errors and unknown names are PostgreSQL's own errors, with their place.
pub fn definition(text: &str) -> Result<Query> {
    // SAFETY: reads a variable.
    let context = unsafe { pg_sys::CurrentMemoryContext };
    let source = c_string(text)?;
    // SAFETY: the plan is valid while connected; its raw parse trees are copied into the caller's context, which
    // outlasts the connection.
    let query = parsed(text, |plan| unsafe {
        let raw: Vec<*mut pg_sys::RawStmt> =
            pointers::<pg_sys::CachedPlanSource>(pg_sys::SPI_plan_get_plan_sources(plan.raw()))
                .into_iter()
                .map(|source| (*source).raw_parse_tree)
                .collect();
        let [statement] = raw.as_slice() else {
            return Err(Error::new(
                pgrx::PgSqlErrorCode::ERRCODE_SYNTAX_ERROR,
                format!("a definition is one SELECT, not {} statements", raw.len()),
            ));
        };
        if statement.is_null() || !is_a((**statement).stmt, pg_sys::NodeTag::T_SelectStmt) {
            return Err(Error::unsupported("a definition has to be a SELECT")
                .hint("Write SELECT … FROM …; statements that change data can't define a tview."));
        }
        let previous = pg_sys::MemoryContextSwitchTo(context);
        let statement = pg_sys::copyObjectImpl(statement.cast()).cast();
        let query = pg_sys::parse_analyze_fixedparams(
            statement,
            source.as_ptr(),
            std::ptr::null(),
            0,
            std::ptr::null_mut(),
        );
        pg_sys::MemoryContextSwitchTo(previous);
        Ok(Query::of_analysis(query))
    })?;
    if query.is_select() {
        Ok(query)
    } else {
        Err(Error::unsupported("a definition has to be a plain SELECT")
            .hint("SELECT … INTO and EXECUTE can't define a tview."))
    }
}

/// The text of a query as PostgreSQL would show it. Under the safe search path all names come out qualified.
pub fn query_text(query: Query) -> String {
    // SAFETY: the deparser may lock and adjust the tree: it gets a copy.
    unsafe { owned(pg_sys::pg_get_querydef(query.copy().raw(), false)) }
}
