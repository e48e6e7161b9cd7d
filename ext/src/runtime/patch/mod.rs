//! Patching: where a change touches single leaves of stored rows, these are written from the changed row alone.
//!
//! What may be patched, and why it is exact, is said in the planner's `patch.rs`. What is added here is which version of a changed
//! row is written, and when.
//!
//! **Later.** A note says which row (by a key that its changes can't have touched) and which columns. The flush reads the row as it is
//! then and patches the leaves from it: twenty changes of a row make one write. Changes that can't be patched are noted as units to
//! be computed anew, and these are computed after the patches, from the state that all changes have left. So every leaf has
//! been written last by something that has seen the last change of what it depends on.
//!
//! **At once.** For a statement that is a transaction of its own nothing is noted: the row's new version is in the transition table.
//! It has to be the newest one: a trigger of a user's may have changed the row again before the statement's own trigger fires,
//! by a statement whose maintenance is over. Every statement has a number (the server's command counter), and every change of a
//! table by a statement that began later has been noted with a greater one ([`is_newest`]). Changes of one statement,
//! cascades included, come in the order in which they were made, so that the last one stands.
//!
//! **Locks.** Others that compute the same rows are kept out: by the lock of the unit where changed rows name it, else by the mode in
//! which the tview is locked, and the values of links ([`super::locks`]). Others may patch *other leaves* of the same row meanwhile. Whoever comes second waits for the
//! row and patches the version that the first has written. Rows are looked for under a snapshot taken after the locks, and as long as
//! these are held nobody makes or removes rows to which a link leads, or moves them. At REPEATABLE READ and above, where the
//! snapshot can't be newer than the transaction, units are computed anew.

mod plan;
mod write;

pub use plan::{Link, Patcher, TviewPatcher, patcher_of};

use super::compiled::Compiled;
use super::locks::{self, Asked, LinkValue, Over};
use super::paths::PathValues;
use crate::error::Result;
use crate::pg::command::{self, Command};
use crate::pg::keys::UnitSet;
use crate::pg::lock::snapshot_is_fixed;
use crate::pg::settings;
use crate::pg::trigger::{Firing, UpdatedRows};
use pgrx::pg_sys::Oid;
use plan::{Decision, OccurrencePatcher, Place};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use write::Job;

thread_local! {
    /// For each table the newest command of this transaction that has changed it.
    static CHANGED: RefCell<HashMap<u32, Command>> = RefCell::new(HashMap::new());
}

/// Notes that the active command has changed a table. To be called by every trigger on a source.
pub fn note_change(table: Oid) {
    let Some(command) = command::active() else { return };
    CHANGED.with_borrow_mut(|changed| {
        let newest = changed.entry(table.to_u32()).or_insert(command);
        if newest.transaction != command.transaction || newest.number < command.number {
            *newest = command;
        }
    });
}

/// The transaction is over: its commands are never asked for again.
pub fn forget_changes() {
    CHANGED.with_borrow_mut(HashMap::clear);
}

/// Whether no later command has changed the table whose trigger is running.
fn is_newest(table: Oid) -> bool {
    let Some(command) = command::active() else {
        return false;
    };
    CHANGED.with_borrow(|changed| {
        changed.get(&table.to_u32()).is_some_and(|newest| {
            newest.transaction == command.transaction && newest.number <= command.number
        })
    })
}

/// Whether changed rows could be patched.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is up to date.
    Done,
    /// The affected units have to be computed anew.
    Recompute,
}

/// Rows of an occurrence in which columns have changed, to be patched into a tview.
#[derive(Clone)]
pub struct Note {
    /// The occurrence's number in the plan.
    occurrence: usize,
    /// The used columns that have changed, as bits.
    changed: u64,
    /// By what the rows are found again.
    rows: UnitSet,
    units: Named,
}

/// The units that noted rows are in.
#[derive(Clone)]
enum Named {
    /// They are found by a search.
    No,
    /// The rows are found again by their keys.
    ByRows,
    /// The rows hold their keys besides: one for each row.
    Apart(UnitSet),
}

/// More rows than these, each of which is an element of one document, are not written one after the other: the document is computed.
const MOST_ELEMENTS: usize = 4;

/// Whether a unit is there more often than its elements are written one by one.
fn is_crowded(units: &UnitSet) -> bool {
    units.len() > MOST_ELEMENTS && units.groups().iter().any(|group| group.len() > MOST_ELEMENTS)
}

impl Note {
    /// How many rows it is about.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The units that the rows are in, if they hold their keys.
    pub fn units(&self) -> Option<&UnitSet> {
        match &self.units {
            Named::No => None,
            Named::ByRows => Some(&self.rows),
            Named::Apart(units) => Some(units),
        }
    }

    /// The units that are to be computed instead, because many elements of one of them have changed.
    pub fn crowded(&self) -> Option<&UnitSet> {
        match &self.units {
            Named::Apart(units) if is_crowded(units) => Some(units),
            Named::No | Named::ByRows | Named::Apart(_) => None,
        }
    }

    /// The values of the link that leads to the rows, if it is one.
    pub fn targets(&self, compiled: &Compiled) -> Option<BTreeSet<LinkValue>> {
        let patcher = patcher_of(compiled)?;
        let (occurrence, _) = patcher.occurrence(self.occurrence)?;
        let (number, _) = occurrence?.link?;
        let link = patcher.links.as_ref()?.columns.get(number)?;
        let values = (0..self.rows.len()).map(|row| self.rows.unit(row).first());
        values
            .map(|value| Some((link.attnum, link.key_type.hash(*value?)?)))
            .collect()
    }

    /// Adds the rows of another note to this one, if it is about the same occurrence.
    pub fn merge(&mut self, other: &Note) -> bool {
        if self.occurrence != other.occurrence {
            return false;
        }
        self.changed |= other.changed;
        self.rows.append(&other.rows);
        if let (Named::Apart(units), Named::Apart(others)) = (&mut self.units, &other.units) {
            units.append(others);
        }
        true
    }
}

/// Changes of one occurrence that can be patched.
struct Change<'a> {
    number: usize,
    occurrence: &'a OccurrencePatcher,
    used: &'a [i16],
    changed: u64,
    decision: Rc<Decision>,
}

/// What an UPDATE has changed that concerns a tview; `None` if it can't all be patched.
fn changes<'a>(
    compiled: &'a Compiled,
    patcher: &'a TviewPatcher,
    table: Oid,
    rows: &mut UpdatedRows,
) -> Result<Option<Vec<Change<'a>>>> {
    let mut changes = Vec::new();
    for (number, ..) in compiled.occurrences(table) {
        let Some((occurrence, used)) = patcher.occurrence(number) else {
            return Ok(None);
        };
        let mut changed = 0;
        rows.rewind();
        while rows.advance() {
            changed |= rows.changed(used);
        }
        if changed == 0 {
            continue;
        }
        let Some(occurrence) = occurrence else {
            return Ok(None);
        };
        let decision = occurrence.decision(compiled, patcher, used, changed)?;
        match *decision {
            Decision::Nothing => {}
            Decision::Recompute => return Ok(None),
            Decision::Patch(_) => changes.push(Change {
                number,
                occurrence,
                used,
                changed,
                decision,
            }),
        }
    }
    Ok(Some(changes))
}

fn is_possible(compiled: &Compiled) -> bool {
    compiled.text.single && !compiled.stale && settings::patching() && !snapshot_is_fixed()
}

/// What an UPDATE has changed that concerns a tview, all of which can be patched at once.
pub struct Ready<'a> {
    compiled: &'a Compiled,
    patcher: &'a TviewPatcher,
    changes: Vec<Change<'a>>,
}

/// Whether the rows that an UPDATE of a table has changed can be patched into a tview at once.
pub fn ready<'a>(compiled: &'a Compiled, table: Oid, rows: &mut UpdatedRows) -> Result<Option<Ready<'a>>> {
    if !is_possible(compiled) || !is_newest(table) {
        return Ok(None);
    }
    let Some(patcher) = patcher_of(compiled) else {
        return Ok(None);
    };
    let Some(changes) = changes(compiled, patcher, table, rows)? else {
        return Ok(None);
    };
    for change in &changes {
        if is_crowded(&units_apart(compiled, change, rows)) {
            return Ok(None);
        }
    }
    Ok(Some(Ready {
        compiled,
        patcher,
        changes,
    }))
}

/// The units of changed rows that are elements of a list, one for each row.
fn units_apart(compiled: &Compiled, change: &Change<'_>, rows: &mut UpdatedRows) -> UnitSet {
    let mut units = UnitSet::of_transaction(&compiled.key_types);
    if let Some(columns) = change.occurrence.unit_apart() {
        rows.rewind();
        while rows.advance() {
            if rows.changed(change.used) != 0 {
                units.add(&rows.new_row().values(columns));
            }
        }
    }
    units
}

impl Ready<'_> {
    /// The tview.
    pub fn tview(&self) -> &Compiled {
        self.compiled
    }

    /// Locks it: before the first look at anything but the changed rows.
    pub fn lock(&self, rows: &mut UpdatedRows) -> Result<()> {
        let mut asked = Asked {
            units: UnitSet::new(&self.compiled.key_types),
            only_leaves: true,
            over: Over::Nothing,
            // Nothing changes that decides where a search goes.
            paths: PathValues::default(),
            searches: &[],
        };
        for change in &self.changes {
            rows.rewind();
            if let Place::Key(columns) = &change.occurrence.place {
                while rows.advance() {
                    if rows.changed(change.used) != 0 {
                        asked.units.add(&rows.new_row().values(columns));
                    }
                }
            } else {
                asked.over.add(self.targets(change, rows));
            }
        }
        locks::take(self.compiled, asked).map(drop)
    }

    /// The unit of a single changed row, if that is all there is to lock, and writing it calls nothing but functions of the server.
    pub fn only_unit(&self, rows: &mut UpdatedRows) -> Option<UnitSet> {
        let [change] = self.changes.as_slice() else {
            return None;
        };
        let (Place::Key(columns), Decision::Patch(prepared)) = (&change.occurrence.place, &*change.decision)
        else {
            return None;
        };
        if !prepared.settled || prepared.statements.is_some() {
            return None;
        }
        rows.rewind();
        rows.advance().then(|| {
            let mut units = UnitSet::new(&self.compiled.key_types);
            units.add(&rows.new_row().values(columns));
            units
        })
    }

    /// The values of the link over which a change leads to rows, if it is one.
    fn targets(&self, change: &Change<'_>, rows: &mut UpdatedRows) -> Option<BTreeSet<LinkValue>> {
        let (number, attnum) = change.occurrence.link?;
        let link = self.patcher.links.as_ref()?.columns.get(number)?;
        let mut targets = BTreeSet::new();
        while rows.advance() {
            if rows.changed(change.used) != 0 {
                let value = rows.new_row().value(attnum);
                targets.insert((link.attnum, link.key_type.hash(value)?));
            }
        }
        Some(targets)
    }

    /// Patches the rows.
    pub fn write(&self, rows: &mut UpdatedRows) -> Result<Outcome> {
        for change in &self.changes {
            if let Decision::Patch(prepared) = &*change.decision {
                let job = Job::new(self.compiled, self.patcher, change.occurrence, prepared);
                if job.updated(rows, change.used)? == Outcome::Recompute {
                    return Ok(Outcome::Recompute);
                }
            }
        }
        Ok(Outcome::Done)
    }
}

/// The list of which changed rows of an occurrence are elements, if changes of them are written there.
pub fn list_of(compiled: &Compiled, occurrence: usize) -> Option<String> {
    let (occurrence, _) = patcher_of(compiled)?.occurrence(occurrence)?;
    occurrence?.list(compiled)
}

/// What is to be patched later; `None` if units have to be computed anew.
pub fn notes(compiled: &Compiled, firing: &Firing) -> Result<Option<Vec<Note>>> {
    if !is_possible(compiled) {
        return Ok(None);
    }
    let (Some(patcher), Some(mut rows)) = (patcher_of(compiled), firing.updated_rows()) else {
        return Ok(None);
    };
    let Some(changes) = changes(compiled, patcher, firing.relation_oid(), &mut rows)? else {
        return Ok(None);
    };
    let mut notes = Vec::with_capacity(changes.len());
    for change in changes {
        let Some(source) = &change.occurrence.source else {
            return Ok(None);
        };
        let units = match &change.occurrence.place {
            Place::Key(_) if change.occurrence.unit_apart().is_some() => {
                Named::Apart(units_apart(compiled, &change, &mut rows))
            }
            Place::Key(_) => Named::ByRows,
            Place::Column { .. } | Place::Search(_) => Named::No,
        };
        let mut keys = UnitSet::of_transaction(&source.types);
        rows.rewind();
        while rows.advance() {
            if rows.changed(change.used) != 0 {
                keys.add(&rows.new_row().values(&source.attnums));
            }
        }
        notes.push(Note {
            occurrence: change.number,
            changed: change.changed,
            rows: keys,
            units,
        });
    }
    Ok(Some(notes))
}

/// Patches what was noted into a tview, which is locked for that. Units that have to be computed anew after all are added to
/// `missed`; returns false if they are not known.
pub fn work(compiled: &Compiled, notes: &[Note], missed: &mut UnitSet) -> Result<bool> {
    for note in notes {
        let found =
            patcher_of(compiled).and_then(|patcher| Some((patcher, patcher.occurrence(note.occurrence)?)));
        let Some((patcher, (Some(occurrence), used))) = found else {
            return Ok(false);
        };
        let decision = occurrence.decision(compiled, patcher, used, note.changed)?;
        match &*decision {
            Decision::Nothing => {}
            Decision::Recompute => return Ok(false),
            Decision::Patch(prepared) => {
                let mut rows = note.rows.clone();
                rows.normalize();
                Job::new(compiled, patcher, occurrence, prepared).noted(&rows, missed)?;
            }
        }
    }
    Ok(true)
}
