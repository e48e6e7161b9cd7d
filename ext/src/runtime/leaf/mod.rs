//! Leaves computed on their own: where a change concerns nothing but leaves that are made of subqueries, these are computed for the
//! affected units and written into the stored rows.
//!
//! Which changes these are, and why a leaf's value follows from the unit key, is said in the planner's `leaf.rs`. Like a unit, a leaf is
//! computed from all that has happened, so that nothing is lost where it is computed twice, or once for many changes.
//!
//! **In a flush** leaves come after patches and differences, which write other leaves than these, and before units: a unit that is computed
//! as a whole needs no leaf of it. A row that is not stored stays away: whoever has made the definition have it has noted the unit.
//!
//! **Locks** are those of computing the unit: nobody else writes its row meanwhile, and what the leaf reads is read under a snapshot
//! taken after them. At REPEATABLE READ and above, where the snapshot can't be newer than the transaction, and where the tview's table does
//! more than to store rows, units are computed as a whole.

mod plan;

pub use plan::LeafWriter;

use super::compiled::Compiled;
use super::delta;
use super::row::Changes;
use crate::error::Result;
use crate::pg::keys::UnitSet;
use crate::pg::lock::snapshot_is_fixed;
use crate::pg::memory::Memory;
use crate::pg::settings::{self, Scope};
use crate::pg::spi::{Connection, SnapshotChoice, Value, forget_result, result_row};
use crate::pg::stored::{OpenTable, Written};
use plan::{Statement, TviewLeaves, leaves_of};

/// Units that changes of an occurrence affect.
#[derive(Clone)]
pub struct Note {
    /// The occurrence's number in the plan.
    occurrence: usize,
    units: UnitSet,
}

impl Note {
    /// A note of units.
    pub fn new(occurrence: usize, units: UnitSet) -> Note {
        Note { occurrence, units }
    }

    /// The units.
    pub fn units(&self) -> &UnitSet {
        &self.units
    }

    /// Adds the units of another note to this one, if it is about the same occurrence.
    pub fn merge(&mut self, other: &Note) -> bool {
        if self.occurrence != other.occurrence {
            return false;
        }
        self.units.append(&other.units);
        true
    }
}

/// Whether changes of an occurrence concern leaves only that are computed on their own, and that is possible now.
pub fn serves(compiled: &Compiled, occurrence: usize) -> bool {
    is_possible(compiled) && leaves_of(compiled).is_some_and(|leaves| leaves.of(occurrence).is_some())
}

fn is_possible(compiled: &Compiled) -> bool {
    compiled.text.single && settings::patching() && !snapshot_is_fixed()
}

/// For explanations: the leaves that changes of an occurrence concern (`reviews.recent`), and the statement that computes them.
pub fn describe(compiled: &Compiled, occurrence: usize) -> Option<(Vec<String>, String)> {
    let leaves = leaves_of(compiled).filter(|_| compiled.text.single)?;
    let bits = leaves.of(occurrence)?;
    let _scope = Scope::settings(&compiled.settings);
    let (sql, _) = leaves.sql(compiled, bits)?;
    Some((leaves.names(compiled, bits), sql))
}

/// Computes the noted leaves of units of a tview, which is locked for that. Units that are computed as a whole are in `found`; those that
/// have to be after all are added to it.
pub fn work(compiled: &Compiled, mut notes: Vec<Note>, found: &mut UnitSet) -> Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    let Some(leaves) = leaves_of(compiled).filter(|_| is_possible(compiled)) else {
        notes.iter().for_each(|note| found.append(&note.units));
        return Ok(());
    };
    found.normalize();
    let mut all = notes[0].units.emptied();
    for note in &mut notes {
        all.append(&note.units);
        note.units.normalize();
    }
    all.normalize();
    let mut missed = UnitSet::new(&compiled.key_types);
    let mut parts: Vec<(u64, UnitSet)> = Vec::new();
    for number in 0..all.len() {
        let unit = all.unit(number);
        if found.contains(unit) {
            continue;
        }
        let of_unit = notes.iter().filter(|note| note.units.contains(unit));
        let bits = of_unit.map(|note| leaves.of(note.occurrence));
        let Some(bits) = bits.reduce(|some, more| Some(some? | more?)).flatten() else {
            missed.append(&all.only(number));
            continue;
        };
        match parts.iter_mut().find(|(known, _)| *known == bits) {
            Some((_, units)) => units.append(&all.only(number)),
            None => parts.push((bits, all.only(number))),
        }
    }
    for (bits, units) in &parts {
        write(compiled, leaves, *bits, units, &mut missed)?;
    }
    // What is still noted as a difference of these units may be in them now.
    delta::computed(compiled.oid);
    found.append(&missed);
    Ok(())
}

/// Writes some leaves of units. Units whose rows they do not fit are added to `missed`.
fn write(
    compiled: &Compiled,
    leaves: &TviewLeaves,
    bits: u64,
    units: &UnitSet,
    missed: &mut UnitSet,
) -> Result<()> {
    let _scope = Scope::owner(compiled.owner, &compiled.settings);
    let _connection = Connection::open()?;
    let statement = leaves.statement(compiled, bits)?;
    let mut stored = OpenTable::open(&leaves.storage);
    let scratch = Memory::new();
    for number in 0..units.len() {
        let unit = units.unit(number);
        let rows = statement.plan.execute(unit, SnapshotChoice::Current)?;
        let fits = match result_row() {
            Some(values) => put(leaves, &statement, unit, &values, &mut stored, &scratch),
            // The root has no such row. Two: its key is deferred, and the server says what it thinks of that.
            None => rows == 0,
        };
        forget_result();
        scratch.reset();
        if !fits {
            missed.append(&units.only(number));
        }
    }
    Ok(())
}

/// Puts the values of leaves into the row of a unit; false if they don't fit.
fn put(
    leaves: &TviewLeaves,
    statement: &Statement,
    unit: &[Value],
    values: &[Value],
    stored: &mut OpenTable,
    scratch: &Memory,
) -> bool {
    // A row that was written since the table was opened is looked at again, once.
    for _ in 0..2 {
        stored.seek(&leaves.probe, &leaves.key, unit);
        if !stored.advance() {
            return true;
        }
        let Some(changes) = Changes::of(stored, &statement.targets, values, scratch) else {
            return false;
        };
        if changes.columns.is_empty() {
            return true;
        }
        match scratch.within(|| stored.write(&changes.columns)) {
            Written::Yes => return true,
            Written::Again => stored.look_again(),
            Written::Waits | Written::No => return false,
        }
    }
    false
}
