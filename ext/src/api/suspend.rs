//! Suspending maintenance, for bulk loads, and resuming it.

use super::create::{OwnStatements, is_own_statement};
use super::ddl::refresh;
use super::members;
use crate::catalog;
use crate::error::{Result, notice};
use crate::observe;
use crate::pg::context::ErrorContext;
use crate::pg::relation::{self, Firing, Relation};
use crate::runtime::{acquire, flush, pending};
use pg_tviews_sqltext::{EVENTS, GUARD_TRIGGER};
use pgrx::pg_sys::Oid;

/// `pg_tviews_suspend(name)`: from now on the tview keeps its content. True if it was maintained until now.
///
/// Transactions that have changed a source and have not ended have maintenance to do: the locks of the sources wait for them.
pub fn suspend(name: &str) -> Result<bool> {
    let compiled = observe::owned_tview(name)?;
    let _own = OwnStatements::begin();
    let _context = ErrorContext::new(format!("suspension of tview {}", compiled.name));
    if catalog::is_suspended(compiled.oid)? {
        notice(
            format!("tview \"{}\" is suspended already", compiled.name),
            "pg_tviews_resume(name) has it maintained again.",
        );
        return Ok(false);
    }
    // What this transaction has changed so far is part of the content that is kept.
    pending::flush()?;
    let tables = members::all_tables(&members::locked_trees(&compiled.view)?);
    catalog::set_suspended(compiled.oid, true)?;
    members::release(&tables)?;
    invalidate(compiled.oid, &tables);
    notice(
        format!(
            "tview \"{}\" keeps its content from now on, whatever changes",
            compiled.name
        ),
        "pg_tviews_resume(name) brings it up to date, and has it maintained again.",
    );
    Ok(true)
}

/// `pg_tviews_resume(name)`: brings a suspended tview up to date, and has it maintained again. Returns the number of rows that
/// were written.
///
/// The sources are locked against writes before the tview is compared with its query: whoever writes to them next finds that it is
/// maintained, so no change is lost in between.
pub fn resume(name: &str) -> Result<i64> {
    let tview = observe::owned_tview(name)?.oid;
    let _own = OwnStatements::begin();
    let Some(compiled) = acquire(tview)? else {
        return Ok(0);
    };
    let _context = ErrorContext::new(format!("resumption of tview {}", compiled.name));
    if !catalog::is_suspended(tview)? {
        notice(
            format!("tview \"{}\" is not suspended", compiled.name),
            "pg_tviews_refresh(name) compares it with its query.",
        );
        return Ok(0);
    }
    let tables = members::all_tables(&members::locked_trees(&compiled.view)?);
    catalog::set_suspended(tview, false)?;
    members::create_triggers(&tables)?;
    invalidate(tview, &tables);
    let Some(compiled) = acquire(tview)? else {
        return Ok(0);
    };
    compiled.lock_for_maintenance();
    let written = flush::all(&compiled)?;
    Ok(i64::try_from(written).unwrap_or(i64::MAX))
}

/// Entries of tviews have come from a dump. If their tables and all their sources have triggers already, data alone are being restored, and
/// came in while nothing was known of the tviews: their own rows were refused, or are none, and changes of the sources were not followed.
/// Where a source has no triggers yet, its rows may be still to come, after which it gets them, and those of the tview are from the dump:
/// several workers restore tables one beside the other.
pub fn restored() -> Result<()> {
    if is_own_statement() {
        return Ok(());
    }
    let _own = OwnStatements::begin();
    for tview in catalog::all()? {
        let guarded = Relation::try_open(tview).is_some()
            && relation::trigger_firing(tview, GUARD_TRIGGER)?
                .is_some_and(|firing| firing != Firing::Disabled);
        let Some(compiled) = (if guarded { acquire(tview)? } else { None }) else {
            continue;
        };
        let tables = members::all_tables(&members::locked_trees(&compiled.view)?);
        if !all_have_triggers(&tables)? {
            continue;
        }
        invalidate(tview, &tables);
        refresh(tview)?;
    }
    Ok(())
}

/// Whether statements on any of the tables fire our triggers.
fn all_have_triggers(tables: &[Oid]) -> Result<bool> {
    for table in tables {
        for event in EVENTS {
            if !relation::has_trigger(*table, event.source_trigger())? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Other backends look again at what they know about the tview and its sources.
fn invalidate(tview: Oid, tables: &[Oid]) {
    let existing = |table: &&Oid| Relation::try_open(**table).is_some();
    tables.iter().chain([&tview]).filter(existing).for_each(|table| {
        relation::invalidate(*table);
    });
}
