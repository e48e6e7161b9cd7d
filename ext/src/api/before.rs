//! What was so before a command, for those who judge what it has done.
//!
//! When a privilege is gone the server does not say who had it, and of a dropped index it does not say whose it was.

use super::concerned::Care;
use crate::catalog::{
    self,
    concerned::{self, Indexed},
};
use crate::error::{Error, Result};
use crate::pg::event::DdlEvent;
use crate::pg::name::RelationName;
use crate::pg::role::{self, Standing};
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::Oid;
use std::cell::RefCell;

/// What is remembered of a command that is running.
struct Before {
    statement: usize,
    /// The tviews whose owners lacked a privilege already.
    lacking: Vec<Oid>,
    /// The relations that a command on privileges names, if it names nothing else.
    relations: Option<Vec<Oid>>,
    /// The tables whose indexes it names.
    indexed: Vec<Indexed>,
}

thread_local! {
    /// The innermost last.
    static RUNNING: RefCell<Vec<Before>> = const { RefCell::new(Vec::new()) };
    /// The DROP INDEX CONCURRENTLY that has begun last: it consists of several transactions.
    static CONCURRENT: RefCell<Option<Before>> = const { RefCell::new(None) };
}

/// No transaction is open: commands that had begun have ended, by an error if not otherwise.
pub fn forget() {
    RUNNING.with_borrow_mut(Vec::clear);
}

/// At the start of a command.
pub fn remember(event: &DdlEvent) -> Result<()> {
    let mut before = Before {
        statement: event.identity(),
        lacking: Vec::new(),
        relations: None,
        indexed: Vec::new(),
    };
    if event.revokes() || event.hides_rows() || event.changes_owner() {
        if let Some(names) = event.revoked_relations() {
            let relations: Vec<Oid> = names.iter().filter_map(RelationName::resolve).collect();
            if !concerned::are_read(&relations)? {
                return Ok(());
            }
            before.relations = Some(relations);
        }
        let lacking = concerned::lacking(before.relations.as_deref())?;
        before.lacking = lacking.into_iter().map(|lacking| lacking.tview).collect();
    } else if let Some((names, concurrently)) = event.dropped_indexes() {
        let indexes: Vec<Oid> = names.iter().filter_map(RelationName::resolve).collect();
        before.indexed = concerned::indexed(&indexes)?;
        if concurrently {
            refuse_concurrent_drop(&before.indexed)?;
            CONCURRENT.set(Some(before));
            return Ok(());
        }
    } else {
        return Ok(());
    }
    RUNNING.with_borrow_mut(|running| running.push(before));
    Ok(())
}

fn take(event: &DdlEvent) -> Option<Before> {
    RUNNING.with_borrow_mut(|running| {
        let place = running
            .iter()
            .rposition(|before| before.statement == event.identity())?;
        running.truncate(place + 1);
        running.pop()
    })
}

/// Whether a key is needed that has gone is seen when it has gone. An index that is dropped concurrently is of no use by then, even if the
/// command fails.
fn refuse_concurrent_drop(indexed: &[Indexed]) -> Result<()> {
    for Indexed { table, unique } in indexed {
        let own = catalog::entry(*table)?.map(|_| *table);
        let readers = if *unique {
            catalog::readers(*table)?
        } else {
            Vec::new()
        };
        let tviews = own
            .into_iter()
            .chain(readers.into_iter().map(|reader| reader.tview));
        for tview in tviews {
            if role::owner_of(tview).is_some_and(|owner| role::standing(owner) == Standing::Own) {
                return Err(Error::unsupported(format!(
                    "cannot drop a key of {} concurrently because tview {} may rely on it",
                    role::display_name(*table),
                    role::display_name(tview)
                ))
                .detail("Whether it does would be seen when the index is of no use any more.")
                .hint("Leave CONCURRENTLY out."));
            }
        }
    }
    Ok(())
}

/// The tables whose indexes a DROP INDEX has named.
pub fn dropped_from(event: &DdlEvent) -> Vec<Indexed> {
    let concurrent = CONCURRENT
        .take()
        .filter(|before| before.statement == event.identity());
    let before = take(event).or(concurrent);
    before.map_or_else(Vec::new, |before| before.indexed)
}

/// After a command that takes privileges away, with a table's owner, too, or hides rows. The roles that answer for a tview that needs them are refused; others are not kept
/// from it.
pub fn revoked(event: &DdlEvent) -> Result<()> {
    let Some(Before {
        lacking: before,
        relations,
        ..
    }) = take(event)
    else {
        return Ok(());
    };
    let mut care = Care::of(event.tag());
    for lacking in concerned::lacking(relations.as_deref())? {
        if before.contains(&lacking.tview) {
            continue;
        }
        let Some(owner) = role::owner_of(lacking.tview) else {
            continue;
        };
        if role::standing(owner) != Standing::Own {
            care.mark(lacking.tview)?;
            continue;
        }
        if event.hides_rows() {
            // Its definition has been looked at.
            continue;
        }
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
            format!(
                "cannot revoke a privilege that tview \"{}\" needs",
                role::display_name(lacking.tview)
            ),
        )
        .detail(format!(
            "Role \"{}\", as whom it is maintained, could not {} any more.",
            crate::pg::relation::role_name(owner),
            lacking.what
        ))
        .hint("Drop or suspend the tview first."));
    }
    care.finish_broken();
    Ok(())
}
