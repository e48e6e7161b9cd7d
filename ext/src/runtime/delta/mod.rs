//! Deltas: aggregates in stored rows are brought up to date by the difference that changed rows make.
//!
//! Which changes, and what becomes of a stored row, is said in the planner's `delta.rs`. What is added here is why the stored row is the
//! right one to add to. Unlike computing and patching, adding is not idempotent: every change has to be added exactly once.
//!
//! **Others.** The changed row names its unit, whose lock is held from before the stored row is read to the transaction's end. What others
//! have committed is in the stored row, what they commit later finds this transaction's. At REPEATABLE READ and above, where the
//! snapshot can't be newer than the lock, units are computed anew.
//!
//! **This transaction.** A note has the difference between the old and the new rows of a statement, as its transition tables have them.
//! Of a row that changes several times the differences add up to that between its first and its last version, in whatever order they
//! are noted. Notes are dropped with the savepoint that undoes their changes, and are there again where a savepoint undoes the flush
//! that has worked them off, with the stored row as it was.
//!
//! **Units that are computed anew** have all that has happened in them, noted or not. So
//! * in a flush, units are computed after differences were added: what is computed stands, whatever was added before;
//! * differences that are still noted when a tview's units are computed (a refresh, a trigger on the tview that changes its sources
//!   again) become units to be computed ([`computed`]);
//! * a statement whose trigger fires only after units were computed since it began (another trigger has had them computed in between)
//!   has perhaps been seen: its units are computed again ([`is_unseen`]).

mod plan;
mod write;

pub use plan::Deltas;

use super::compiled::Compiled;
use super::pending;
use super::row::Changes;
use crate::error::Result;
use crate::pg::command::{self, Command};
use crate::pg::keys::UnitSet;
use crate::pg::lock::snapshot_is_fixed;
use crate::pg::memory::Memory;
use crate::pg::settings::{self, OwnersOperation};
use crate::pg::stored::{OpenTable, RowRef};
use crate::pg::trigger::Firing;
use pgrx::pg_sys::Oid;
use plan::{Addition, AdditionEvaluation, OccurrenceDelta, TviewDeltas, deltas_of};
use std::cell::Cell;
use write::Adder;

thread_local! {
    /// The last command of this backend that has computed units of any tview.
    static COMPUTED: Cell<Option<Command>> = const { Cell::new(None) };
}

/// Units of a tview have been computed anew, from all that has happened up to now.
pub fn computed(tview: Oid) {
    COMPUTED.set(Some(command::next()));
    pending::compute_deltas(tview);
}

/// Whether no units have been computed since the statement began whose trigger is running.
fn is_unseen() -> bool {
    let Some(active) = command::active() else {
        return false;
    };
    COMPUTED
        .get()
        .is_none_or(|computed| computed.transaction != active.transaction || computed.number <= active.number)
}

/// Differences that rows of an occurrence make, unit by unit.
#[derive(Clone)]
pub struct Note {
    /// The occurrence's number in the plan.
    occurrence: usize,
    units: UnitSet,
    /// For each unit what is to be added, measure by measure.
    differences: Vec<i64>,
}

impl Note {
    fn new(compiled: &Compiled, occurrence: usize) -> Note {
        Note {
            occurrence,
            units: UnitSet::of_transaction(&compiled.key_types),
            differences: Vec::new(),
        }
    }

    /// The units that it is about.
    pub fn units(&self) -> &UnitSet {
        &self.units
    }

    /// Adds the differences of another note to this one, if it is about the same occurrence.
    pub fn merge(&mut self, other: &Note) -> bool {
        if self.occurrence != other.occurrence {
            return false;
        }
        self.units.append(&other.units);
        self.differences.extend_from_slice(&other.differences);
        true
    }

    /// The number of measures.
    fn width(&self) -> usize {
        self.differences.len() / self.units.len().max(1)
    }

    /// Adds up what is to be added to one unit. Units for which there is no such number are added to `missed`.
    fn fold(self, missed: &mut UnitSet) -> Note {
        let width = self.width();
        let mut folded = Note {
            occurrence: self.occurrence,
            units: self.units.emptied(),
            differences: Vec::new(),
        };
        for group in self.units.groups() {
            let unit = self.units.only(group[0]);
            let column = |measure: usize| {
                let mut values = group
                    .iter()
                    .map(|number| self.differences[number * width + measure]);
                values.try_fold(0i64, i64::checked_add)
            };
            match (0..width).map(column).collect::<Option<Vec<i64>>>() {
                Some(sums) if sums.iter().all(|sum| *sum == 0) => {}
                Some(sums) => {
                    folded.units.append(&unit);
                    folded.differences.extend(sums);
                }
                None => missed.append(&unit),
            }
        }
        folded
    }
}

fn is_possible(compiled: &Compiled) -> bool {
    compiled.text.single && settings::patching() && !snapshot_is_fixed()
}

/// The differences that a statement makes, for those occurrences of its table where they can be noted; the numbers of these
/// occurrences are returned. What can't be added up is added to `missed`.
pub fn notes(compiled: &Compiled, firing: &Firing, missed: &mut UnitSet) -> Result<(Vec<Note>, Vec<usize>)> {
    let (mut notes, mut served) = (Vec::new(), Vec::new());
    if !is_possible(compiled) {
        return Ok((notes, served));
    }
    let Some(deltas) = deltas_of(compiled) else {
        return Ok((notes, served));
    };
    for (number, ..) in compiled.occurrences(firing.relation_oid()) {
        let Some(delta) = deltas.occurrence(number).filter(|_| is_unseen()) else {
            continue;
        };
        served.push(number);
        let Some(delta) = delta else { continue };
        let mut note = Note::new(compiled, number);
        let expressions = delta.measures(compiled)?;
        let scope = if expressions.are_settled() {
            compiled.rights()
        } else {
            compiled.scope()
        };
        let evaluation = expressions.evaluation(scope.operation());
        firing.for_each_row(|old, new| {
            if let (Some(old), Some(new)) = (old, new)
                && !new.differs(old, &delta.used)
            {
                return Ok(());
            }
            for (row, sign) in [(old, -1), (new, 1)] {
                if let Some(row) = row.map(crate::pg::trigger::Row::reference) {
                    let values = evaluation.values(row);
                    let measured: Option<Vec<i64>> = values.iter().map(|value| value.bigint()).collect();
                    note_row(delta, row, measured.as_deref(), sign, &mut note, missed);
                    evaluation.forget();
                }
            }
            Ok(())
        })?;
        let note = note.fold(missed);
        if !note.units.is_empty() {
            notes.push(note);
        }
    }
    Ok((notes, served))
}

fn note_row(
    delta: &OccurrenceDelta,
    row: RowRef<'_>,
    measured: Option<&[i64]>,
    sign: i64,
    note: &mut Note,
    missed: &mut UnitSet,
) {
    let signed = |values: &[i64]| values.iter().map(|value| value.checked_mul(sign)).collect();
    match measured {
        // The row does not count.
        Some([0, ..]) => {}
        measured => match measured.and_then(signed) {
            Some::<Vec<i64>>(values) => {
                note.units.add(&row.values(delta.key()));
                note.differences.extend(values);
            }
            None => missed.add(&row.values(delta.key())),
        },
    }
}

/// Adds what was noted to the stored rows of a tview, which is locked for that. Units that have to be computed are in `found`; those
/// that have to be computed after all are added to it.
pub fn work(compiled: &Compiled, notes: &[Note], found: &mut UnitSet) -> Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    found.normalize();
    let mut missed = UnitSet::new(&compiled.key_types);
    for note in notes {
        let note = note.clone().fold(&mut missed);
        let delta =
            deltas_of(compiled).and_then(|deltas| Some((deltas, deltas.occurrence(note.occurrence)?)));
        let Some((deltas, Some(delta))) = delta else {
            missed.append(&note.units);
            continue;
        };
        if delta.width() != note.width() {
            missed.append(&note.units);
            continue;
        }
        let addition = delta.addition(compiled, deltas)?;
        let scope = addition.scope(compiled);
        let mut adder = Adder::open(compiled, deltas, addition, scope.operation());
        for (number, differences) in note.differences.chunks_exact(note.width()).enumerate() {
            let unit = note.units.unit(number);
            if !found.contains(unit) && !adder.add(unit, differences)? {
                missed.append(&note.units.only(number));
            }
        }
    }
    found.append(&missed);
    Ok(())
}

/// The numbers of the occurrences that a note is about; none if its differences can't be added (any more).
pub fn occurrences<'a>(compiled: &'a Compiled, note: &Note) -> &'a [usize] {
    occurrence(compiled, note.occurrence).map_or(&[], |delta| delta.together.as_slice())
}

fn occurrence(compiled: &Compiled, number: usize) -> Option<&OccurrenceDelta> {
    deltas_of(compiled)?.occurrence(number)?
}

/// Differences that are added to rows into which leaves are written as well.
pub struct Adding<'a> {
    note: Note,
    addition: &'a Addition,
    evaluation: AdditionEvaluation<'a>,
}

impl<'a> Adding<'a> {
    /// What a note says, added up; `None` if that can't be added (any more). Units for which there is no such number are added to
    /// `missed`.
    pub fn new(
        compiled: &'a Compiled,
        operation: OwnersOperation<'a>,
        note: &Note,
        missed: &mut UnitSet,
    ) -> Result<Option<Adding<'a>>> {
        let found = deltas_of(compiled).zip(occurrence(compiled, note.occurrence));
        let Some((deltas, delta)) = found.filter(|(_, delta)| delta.width() == note.width()) else {
            return Ok(None);
        };
        let addition = delta.addition(compiled, deltas)?;
        Ok(Some(Adding {
            note: note.clone().fold(missed),
            addition,
            evaluation: addition.evaluation(operation),
        }))
    }

    /// The units.
    pub fn units(&self) -> &UnitSet {
        &self.note.units
    }

    /// Adds to `changes` what becomes of the current row of a table, which is that of a unit; false if adding is not enough. What is added
    /// lives until [`Adding::forget`].
    pub fn add(&self, unit: usize, stored: &OpenTable, changes: &mut Changes, scratch: &Memory) -> bool {
        let width = self.note.width();
        let differences = &self.note.differences[unit * width..(unit + 1) * width];
        let values = self.evaluation.values(stored.row(), differences);
        values.is_some_and(|values| changes.add(stored, &self.addition.targets, &values, scratch))
    }

    /// Gives back the memory of what was added.
    pub fn forget(&self) {
        self.evaluation.forget();
    }
}

/// Whether changes of an occurrence are brought in by differences.
pub fn serves(compiled: &Compiled, occurrence: usize) -> bool {
    compiled.text.single
        && deltas_of(compiled).is_some_and(|deltas: &TviewDeltas| deltas.occurrence(occurrence).is_some())
}
