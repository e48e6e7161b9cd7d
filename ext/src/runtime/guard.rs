//! Nobody but maintenance writes to a tview.
//!
//! Before maintenance runs a statement that writes, it issues a ticket for that tview and kind of statement; the guard trigger,
//! which fires before the statement's first row, takes the ticket. A trigger of a user on the tview that fires later finds
//! none.

use crate::catalog;
use crate::error::{Error, Result, warning};
use crate::pg::relation::Relation;
use crate::pg::trigger::Firing;
use pg_tviews_sqltext::{Event, OwnTrigger};
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::Oid;
use std::cell::RefCell;

thread_local! {
    static TICKETS: RefCell<Vec<(Oid, Event)>> = const { RefCell::new(Vec::new()) };
}

/// Permission for one statement to write to a tview by certain events. It ends with this value, whether the statement has used it or
/// has failed before. Permissions that were there before are in force again then: before a statement begins, a hook may do other
/// maintenance.
pub struct Permit(Vec<(Oid, Event)>);

impl Permit {
    /// Issues tickets for the next statement.
    pub fn issue(tview: Oid, events: &[Event]) -> Permit {
        let issued = events.iter().map(|event| (tview, *event)).collect();
        Permit(TICKETS.replace(issued))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        TICKETS.set(std::mem::take(&mut self.0));
    }
}

/// The guard trigger: takes a ticket or refuses the statement.
///
/// A trigger that we have not made does nothing here: a second guard would take the ticket of the first one. A guard on a table that is no
/// tview lets writes pass with a warning. Such a table has come from a dump of its schema alone, or is about to become a tview: then it is
/// compared with its query.
pub fn check(firing: &Firing) -> Result<()> {
    if firing.own(&[OwnTrigger::Guard]).is_none() {
        return Ok(());
    }
    let ticket = (firing.relation_oid(), firing.event());
    let taken = TICKETS.with_borrow_mut(|tickets| {
        let position = tickets.iter().position(|known| *known == ticket);
        position.map(|position| tickets.swap_remove(position)).is_some()
    });
    if taken {
        return Ok(());
    }
    let name = Relation::open(firing.relation_oid())?.display_name();
    if catalog::entry(firing.relation_oid())?.is_none() {
        warning(
            format!("\"{name}\" has the trigger of a tview, but is none: nothing maintains it"),
            format!(
                "pg_tviews_adopt(name) makes it a tview again. DROP TRIGGER \"{}\" if it is to stay an ordinary table.",
                OwnTrigger::Guard.name()
            ),
        );
        return Ok(());
    }
    Err(Error::new(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!(
            "cannot write to tview \"{name}\" directly ({})",
            firing.event().keyword()
        ),
    )
    .detail("Its content always equals its query; only maintenance writes to it.")
    .hint("Change the tables that it is made from."))
}
