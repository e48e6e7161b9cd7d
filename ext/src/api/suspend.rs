//! Suspending maintenance, for bulk loads, and resuming it.

use super::create::check_source_privilege;
use super::ddl::refresh;
use super::members;
use super::triggers;
use crate::catalog::{self, concerned::own_sources, stale};
use crate::error::{Error, Result, notice};
use crate::observe;
use crate::pg::own::{OwnStatements, is_own_statement};
use crate::pg::own_trigger::{self, Fires, Found};
use crate::pg::relation::{self, Relation};
use crate::pg::role::{self, Standing};
use crate::pg::trigger::Firing;
use crate::pg::{invalidation, lock, name};
use crate::runtime::{acquire, flush, pending};
use pg_tviews_sqltext::{OwnTrigger, SOURCE_TRIGGERS};
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::Oid;

/// `pg_tviews_suspend(name)`: from now on the tview keeps its content. True if it was maintained until now.
///
/// Transactions that have changed a source and have not ended have maintenance to do: the locks of the sources wait for them.
///
/// Neither the tview nor its definition is looked at, or locked: one that fails can be suspended too, whatever its owner does with it. Who owns
/// a source and has no power over the tview takes the triggers from the own tables only.
pub fn suspend(name: &str) -> Result<bool> {
    let tview = named(name)?;
    let tables = power(tview)?;
    let _own = OwnStatements::begin();
    let display = role::display_name(tview);
    if catalog::is_suspended(tview)? {
        notice(
            format!("tview \"{display}\" is suspended already"),
            "pg_tviews_resume(name) has it maintained again.",
        );
        return Ok(false);
    }
    // What this transaction has changed so far is part of the content that is kept.
    pending::flush()?;
    let tables = match tables {
        Power::Own => members::all_tables(&members::locked_sources(tview)?),
        Power::FromBelow(own) => {
            lock::lock_together(&own, lock::Against::Writes);
            own
        }
    };
    catalog::set_suspended(tview, true)?;
    members::release(&tables)?;
    invalidate(tview, &tables);
    notice(
        format!("tview \"{display}\" keeps its content from now on, whatever changes"),
        "pg_tviews_resume(name) brings it up to date, and has it maintained again.",
    );
    Ok(true)
}

/// What the current role may do with a tview.
enum Power {
    /// All: it is the owner, a member of it, or a superuser.
    Own,
    /// Nothing, but it owns these tables, on which there are triggers for the tview.
    FromBelow(Vec<Oid>),
}

fn power(tview: Oid) -> Result<Power> {
    let stranger = role::owner_of(tview).is_none_or(|owner| role::standing(owner) == Standing::Stranger);
    if !stranger {
        return Ok(Power::Own);
    }
    let own = own_sources(tview, relation::current_role())?;
    if own.is_empty() {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
            format!(
                "must be owner of tview {}, or of a table that it reads",
                role::display_name(tview)
            ),
        ));
    }
    Ok(Power::FromBelow(own))
}

/// The tview of this name, from the catalogs alone.
fn named(name: &str) -> Result<Oid> {
    let missing = || Error::undefined(format!("tview \"{name}\" does not exist"));
    let oid = name::parse(name)?.resolve_anywhere()?.ok_or_else(missing)?;
    if catalog::entry(oid)?.is_none() {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE,
            format!("\"{name}\" is not a tview"),
        ));
    }
    Ok(oid)
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
    let _context = compiled.context_of("resumption");
    if !catalog::is_suspended(tview)? {
        notice(
            format!("tview \"{}\" is not suspended", compiled.name),
            "pg_tviews_refresh(name) compares it with its query.",
        );
        return Ok(0);
    }
    let tables = members::all_tables(&members::locked_trees(&compiled.view)?);
    // The owner of a source may have suspended it.
    check_source_privilege(Relation::open(tview)?.owner(), &tables)?;
    catalog::set_suspended(tview, false)?;
    members::create_triggers(&tables)?;
    triggers::refuse_disabled(&tables, &SOURCE_TRIGGERS)?;
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
///
/// It locks every source of every tview: so it does that for our own trigger alone, the one on the catalog.
pub fn restored(firing: &Firing) -> Result<()> {
    if is_own_statement() || firing.relation_oid() != catalog::catalog_oid()? {
        return Ok(());
    }
    let _own = OwnStatements::begin();
    for tview in catalog::all()? {
        let guarded = Relation::try_open(tview).is_some()
            && matches!(
                own_trigger::find(tview, OwnTrigger::Guard)?,
                Found::Ours(Fires::Always | Fires::Ordinarily)
            );
        let Some(compiled) = (if guarded { acquire(tview)? } else { None }) else {
            stale::mark_restored(tview)?;
            continue;
        };
        let tables = members::all_tables(&members::locked_trees(&compiled.view)?);
        if !all_have_triggers(&tables)? {
            stale::mark_restored(tview)?;
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
        for trigger in SOURCE_TRIGGERS {
            if !own_trigger::has(*table, trigger)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Other backends look again at what they know about the tview and its sources.
fn invalidate(tview: Oid, tables: &[Oid]) {
    tables
        .iter()
        .chain([&tview])
        .for_each(|table| invalidation::send(*table));
}
