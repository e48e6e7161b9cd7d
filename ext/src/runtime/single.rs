//! The shortest way: one changed row that holds the key of one stored row, of the only tview that reads its table.
//!
//! What is written is what [`super::notes`] would write at once. What is spared are the locks on the definition: on the tables and views that
//! the tview reads besides. They keep a plan from going stale, and make a flush wait for commands that keep readers out of a table
//! before it has the tview's lock. Here a plan is valid if it is so once the tview is locked: whoever changes a definition so
//! that rows of the tview differ computes them under that lock, and the statement itself has locked the table whose row is read.
//! And who waits for nothing more after the tview's lock is part of no circle: so nothing else may happen in this transaction, neither
//! in later statements nor in triggers that fire later. If the row can't be written after all, nothing has been: the tview's
//! locks are given back, and everything begins anew. See docs/design/concurrency.md.

use super::compiled::Compiled;
use super::patch::{self, Outcome};
use super::{known, pending, readers_of};
use crate::error::Result;
use crate::pg::lock::{self, Mode};
use crate::pg::transaction;
use crate::pg::trigger::{Firing, UpdatedRows};
use std::rc::Rc;

/// Patches a change, if it is such a one; false if nothing was done.
pub fn patched(firing: &Firing, rows: &mut UpdatedRows) -> Result<bool> {
    let goes_on = transaction::in_block() || pending::is_flushing();
    if !rows.is_single() || goes_on || !firing.is_last_of_client() {
        return Ok(false);
    }
    let Some(compiled) = only_reader(firing)? else {
        return Ok(false);
    };
    let _context = compiled.context();
    let Some(ready) = patch::ready(&compiled, firing.relation_oid(), rows)? else {
        return Ok(false);
    };
    let Some(units) = ready.only_unit(rows) else {
        return Ok(false);
    };
    let Some(tags) = compiled.unit_tags(&units) else {
        return Ok(false);
    };
    let mut taken = vec![compiled.lock_in_mode(Mode::Leaves)];
    taken.extend(tags.into_iter().map(lock::lock_unit));
    if compiled.is_valid() && ready.write(rows)? == Outcome::Done {
        return Ok(true);
    }
    taken.into_iter().rev().for_each(lock::Taken::give_back);
    Ok(false)
}

/// The only tview that reads the table, if none reads this one in turn. It is locked for writing, so that this stays so.
fn only_reader(firing: &Firing) -> Result<Option<Rc<Compiled>>> {
    let readers = readers_of(firing.relation_oid())?;
    let [reader] = readers.as_slice() else {
        return Ok(None);
    };
    if reader.source != firing.relation_oid() {
        return Ok(None);
    }
    lock::lock_for_writing(reader.tview);
    let is_read = !readers_of(reader.tview)?.is_empty();
    Ok(known(reader.tview).filter(|_| !is_read))
}
