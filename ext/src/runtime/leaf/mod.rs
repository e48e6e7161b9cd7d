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

mod element;
mod list;
mod plan;

pub use plan::LeafWriter;

use super::compiled::Compiled;
use super::delta::{self, Adding};
use super::row::Changes;
use crate::error::Result;
use crate::pg::keys::UnitSet;
use crate::pg::lock::snapshot_is_fixed;
use crate::pg::memory::Memory;
use crate::pg::settings::{self, OwnersOperation};
use crate::pg::spi::{Connection, SnapshotChoice, Value, forget_result, result_row};
use crate::pg::stored::{OpenTable, Written};
use crate::pg::trigger::Row;
use element::Placing;
use plan::TviewLeaves;
pub use plan::leaves_of;

/// Units that changes of an occurrence affect.
#[derive(Clone)]
pub struct Note {
    /// The occurrence's number in the plan.
    occurrence: usize,
    units: UnitSet,
    /// The same units, each with the key of an element that changes affect: they affect nothing else.
    elements: Option<UnitSet>,
}

impl Note {
    /// A note of units.
    pub fn new(occurrence: usize, units: UnitSet) -> Note {
        Note {
            occurrence,
            units,
            elements: None,
        }
    }

    /// An empty note of units that changed rows name.
    pub fn of_rows(compiled: &Compiled, occurrence: usize) -> Note {
        let writer = leaves_of(compiled).and_then(|leaves| leaves.element(occurrence));
        Note {
            occurrence,
            units: UnitSet::of_transaction(&compiled.key_types),
            elements: writer.map(|writer| writer.noted(compiled)),
        }
    }

    /// Adds a version of a changed row, which holds the key of its unit in these columns.
    pub fn add(&mut self, compiled: &Compiled, row: &Row, attnums: &[i16]) {
        row.add_unit(attnums, &mut self.units);
        let writer = leaves_of(compiled).and_then(|leaves| leaves.element(self.occurrence));
        if let (Some(writer), Some(elements)) = (writer, &mut self.elements) {
            let columns: Vec<i16> = attnums.iter().copied().chain([writer.key()]).collect();
            row.add_unit(&columns, elements);
        }
    }

    /// The units.
    pub fn units(&self) -> &UnitSet {
        &self.units
    }

    /// The occurrence's number in the plan.
    pub fn occurrence(&self) -> usize {
        self.occurrence
    }

    /// Adds the units of another note to this one, if it is about the same occurrence.
    pub fn merge(&mut self, other: &Note) -> bool {
        if self.occurrence != other.occurrence {
            return false;
        }
        match (&mut self.elements, &other.elements) {
            (None, None) => {}
            (Some(elements), Some(others)) => elements.append(others),
            _ => return false,
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
    let _scope = compiled.scope();
    let sql = leaves.sql(compiled, bits)?;
    Some((leaves.names(compiled, bits), sql))
}

/// For explanations: whether a changed row's element is brought to its place in the only leaf that is concerned.
pub fn has_elements(compiled: &Compiled, occurrence: usize) -> bool {
    let leaves = leaves_of(compiled).filter(|_| compiled.text.single);
    leaves.is_some_and(|leaves| leaves.element(occurrence).is_some())
}

/// Whether leaves that changes of some occurrences concern can be written beside those who write leaves behind links or found by a
/// search: all of them can be computed on their own, now, and the others write nothing that these are made of.
pub fn is_beside_links(compiled: &Compiled, occurrences: &[usize]) -> bool {
    is_possible(compiled) && could_be_beside_links(compiled, occurrences)
}

/// The same, whatever is possible now.
pub fn could_be_beside_links(compiled: &Compiled, occurrences: &[usize]) -> bool {
    let Some(leaves) = leaves_of(compiled).filter(|_| !occurrences.is_empty()) else {
        return false;
    };
    let mut bits = occurrences.iter().map(|number| leaves.of(*number));
    bits.all(|bits| bits.is_some_and(|bits| leaves.are_beside_links(bits)))
}

/// Whether the differences of a note are added to leaves that can be computed where that is not enough.
pub fn takes(compiled: &Compiled, note: &delta::Note) -> bool {
    is_possible(compiled)
        && leaves_of(compiled).is_some_and(|leaves| of_delta(compiled, leaves, note).is_some())
}

/// The leaves to which differences are added.
fn of_delta(compiled: &Compiled, leaves: &TviewLeaves, note: &delta::Note) -> Option<u64> {
    let occurrences = delta::occurrences(compiled, note).iter();
    let bits = occurrences.map(|number| leaves.of(*number));
    bits.reduce(|some, more| Some(some? | more?)).flatten()
}

/// Computes the noted leaves of units of a tview, which is locked for that, and adds differences for which that [is possible](takes).
/// Units that are computed as a whole are in `found`; those that have to be after all are added to it.
pub fn work(compiled: &Compiled, notes: &[Note], deltas: &[delta::Note], found: &mut UnitSet) -> Result<()> {
    if notes.is_empty() && deltas.is_empty() {
        return Ok(());
    }
    let Some(leaves) = leaves_of(compiled).filter(|_| is_possible(compiled)) else {
        notes.iter().for_each(|note| found.append(&note.units));
        deltas.iter().for_each(|note| found.append(note.units()));
        return Ok(());
    };
    let scope = compiled.scope();
    let connection = scope.connect()?;
    let mut jobs = Jobs::new(compiled, leaves, scope.operation());
    for note in notes {
        jobs.take(note);
    }
    for note in deltas {
        jobs.add(note)?;
    }
    found.append(&jobs.missed);
    found.normalize();
    let units = jobs.units();
    let mut missed = found.emptied();
    let mut writer = Writer {
        jobs: &jobs,
        connection: &connection,
        stored: OpenTable::open(&leaves.storage),
        scratch: Memory::new(),
        computed: 0,
    };
    for number in 0..units.len() {
        let unit = units.unit(number);
        if !found.contains(unit) && !writer.unit(unit)? {
            missed.append(&units.only(number));
        }
    }
    if writer.computed & jobs.added != 0 {
        // What is still noted as a difference of these units may be in them now.
        delta::computed(compiled.oid);
    }
    found.append(&missed);
    Ok(())
}

/// What is to be done.
struct Jobs<'a> {
    compiled: &'a Compiled,
    leaves: &'a TviewLeaves,
    operation: OwnersOperation<'a>,
    /// Leaves, and of which units they are computed.
    computed: Vec<(u64, UnitSet)>,
    /// Differences, and the leaves to which they are added.
    differences: Vec<(u64, Adding<'a>)>,
    /// Elements that are brought to their places.
    elements: Vec<Placing<'a>>,
    /// All leaves to which differences could be added.
    added: u64,
    /// Units that have to be computed.
    missed: UnitSet,
}

impl<'a> Jobs<'a> {
    fn new(compiled: &'a Compiled, leaves: &'a TviewLeaves, operation: OwnersOperation<'a>) -> Jobs<'a> {
        Jobs {
            compiled,
            leaves,
            operation,
            computed: Vec::new(),
            differences: Vec::new(),
            elements: Vec::new(),
            added: leaves.bits_where(|number| delta::serves(compiled, number)),
            missed: UnitSet::new(&compiled.key_types),
        }
    }

    fn take(&mut self, note: &Note) {
        let bits = self.leaves.of(note.occurrence);
        let mut crowded = UnitSet::new(&self.compiled.key_types);
        match Placing::new(self.compiled, self.leaves, note, &mut crowded) {
            Some(placing) => {
                self.compute(bits, &crowded);
                self.elements.push(placing);
            }
            None => self.compute(bits, &note.units),
        }
    }

    fn compute(&mut self, bits: Option<u64>, units: &UnitSet) {
        let Some(bits) = bits else {
            self.missed.append(units);
            return;
        };
        let mut units = units.clone();
        units.normalize();
        self.computed.push((bits, units));
    }

    fn add(&mut self, note: &delta::Note) -> Result<()> {
        let bits = of_delta(self.compiled, self.leaves, note);
        let mut missed = UnitSet::new(&self.compiled.key_types);
        match (
            bits,
            Adding::new(self.compiled, self.operation, note, &mut missed)?,
        ) {
            (Some(bits), Some(adding)) => {
                self.compute(Some(bits), &missed);
                self.differences.push((bits, adding));
            }
            _ => self.compute(bits, note.units()),
        }
        Ok(())
    }

    fn units(&self) -> UnitSet {
        let mut all = self.missed.emptied();
        let computed = self.computed.iter().map(|(_, units)| units);
        let differences = self.differences.iter().map(|(_, adding)| adding.units());
        let elements = self.elements.iter().map(Placing::units);
        let named = computed.chain(differences).chain(elements);
        named.for_each(|units| all.append(units));
        all.normalize();
        all
    }

    /// The leaves that are computed of a unit.
    fn of(&self, unit: &[Value]) -> u64 {
        let of_unit = self.computed.iter().filter(|(_, units)| units.contains(unit));
        of_unit.fold(0, |all, (bits, _)| all | bits)
    }
}

/// Writes leaves into the tview's rows, one by one.
struct Writer<'a> {
    jobs: &'a Jobs<'a>,
    connection: &'a Connection<'a>,
    stored: OpenTable,
    /// For one stored row.
    scratch: Memory,
    /// The leaves that have been computed.
    computed: u64,
}

impl Writer<'_> {
    /// Brings the leaves of a unit's row up to date; false if they can't be written.
    fn unit(&mut self, unit: &[Value]) -> Result<bool> {
        let leaves = self.jobs.leaves;
        let mut known = None;
        self.stored.seek(&leaves.probe, &leaves.key, unit);
        while self.stored.advance() {
            let written = self.row(unit);
            forget_result();
            self.jobs
                .differences
                .iter()
                .for_each(|(_, adding)| adding.forget());
            self.scratch.reset();
            match written? {
                Written::Yes => return Ok(true),
                // Its newest version is looked at. It is a new version each time, or something is wrong.
                Written::Again if known != Some(self.stored.place()) => {
                    known = Some(self.stored.place());
                    self.stored.look_again();
                    self.stored.seek(&leaves.probe, &leaves.key, unit);
                }
                Written::Again | Written::Waits | Written::No => return Ok(false),
            }
        }
        // A row that is not stored stays away.
        Ok(true)
    }

    /// Brings the leaves of the current row up to date.
    fn row(&mut self, unit: &[Value]) -> Result<Written> {
        let (jobs, leaves) = (self.jobs, self.jobs.leaves);
        let mut bits = jobs.of(unit);
        let mut changes = Changes::default();
        for (added, adding) in &jobs.differences {
            let Some(number) = adding.units().position(unit) else {
                continue;
            };
            // What is computed has the differences in it.
            if bits & added != 0 || !adding.add(number, &self.stored, &mut changes, &self.scratch) {
                bits |= added;
            }
        }
        // The key as the root has it: equal ones can look different.
        let key = self.stored.row().values(&leaves.key);
        for placing in &jobs.elements {
            for element in placing.of(unit) {
                let stored = &self.stored;
                if bits & placing.bits() != 0
                    || !placing.place(
                        self.connection,
                        &key,
                        *element,
                        stored,
                        &mut changes,
                        &self.scratch,
                    )?
                {
                    bits |= placing.bits();
                    break;
                }
            }
        }
        let (lists, others) = leaves.apart(bits);
        for list in lists {
            let value = list.compute(self.connection, &key, &self.scratch)?;
            let written = |value| changes.add(&self.stored, &list.targets, &[value], &self.scratch);
            if !value.is_some_and(written) {
                return Ok(Written::No);
            }
        }
        self.computed |= bits;
        if others != 0 {
            let statement = leaves.statement(self.connection, jobs.compiled, others)?;
            let rows = statement
                .plan
                .execute(self.connection, &key, SnapshotChoice::Current)?;
            let Some(values) = result_row() else {
                // The root has no such row, and whoever has taken it away has noted the unit. Two: its key is deferred, and the server says
                // what it thinks of that.
                return Ok(if rows == 0 { Written::Yes } else { Written::No });
            };
            if !changes.add(&self.stored, &statement.targets, &values, &self.scratch) {
                return Ok(Written::No);
            }
        }
        if changes.columns.is_empty() {
            return Ok(Written::Yes);
        }
        Ok(self.scratch.within(|| self.stored.write(&changes.columns)))
    }
}
