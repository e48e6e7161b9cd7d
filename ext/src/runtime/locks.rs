//! Which locks the work on a tview takes. Why they suffice: docs/design/concurrency.md.

use super::compiled::Compiled;
use super::patch::{self, TviewPatcher};
use crate::pg::keys::UnitSet;
use crate::pg::lock::{self, Mode, Side};
use crate::pg::stored::{LatestSnapshot, Reader};
use std::collections::BTreeSet;

/// A value of a link: the column of the tview that shows it, and a hash.
pub type LinkValue = (i16, u32);

/// More values of links than these are not locked one by one.
const MOST_VALUES: usize = 128;

/// Through which links rows are found of which leaves are written.
#[derive(Default)]
pub enum Over {
    /// Through none.
    #[default]
    Nothing,
    /// Through links that have these values.
    Values(BTreeSet<LinkValue>),
    /// Through any.
    Links,
}

impl Over {
    /// Through these, too.
    pub fn add(&mut self, values: Option<BTreeSet<LinkValue>>) {
        let known = std::mem::take(self);
        *self = match (known, values) {
            (Over::Links, _) | (_, None) => Over::Links,
            (Over::Nothing, Some(values)) => Over::Values(values),
            (Over::Values(mut known), Some(values)) => {
                known.extend(values);
                Over::Values(known)
            }
        };
    }
}

/// What is to be done for a tview.
pub struct Asked {
    /// Rows of these units are written.
    pub units: UnitSet,
    /// No unit is computed as a whole.
    pub only_leaves: bool,
    /// Values that links of changed rows of the root have or had.
    pub linked: BTreeSet<LinkValue>,
    /// Rows are written to which links lead.
    pub over: Over,
}

/// Takes the locks.
///
/// Only where rows are written one by one the newest version of each is taken up; a statement writes what was made from an older
/// one, and so has to keep others out. And one row only: of two that write several rows, each could wait for a row of the other's.
pub fn take(compiled: &Compiled, mut asked: Asked) {
    asked.units.normalize();
    let units = &asked.units;
    let patcher = patch::patcher_of(compiled).filter(|patcher| patcher.takes_up());
    let Some(patcher) = patcher else {
        match asked.over {
            Over::Nothing if units.is_empty() => {}
            Over::Nothing => drop(compiled.lock_units(units, Mode::Units)),
            Over::Values(_) | Over::Links => compiled.lock_for_maintenance(),
        }
        return;
    };
    match asked.over {
        Over::Nothing if units.is_empty() => {}
        Over::Nothing if asked.only_leaves && units.len() == 1 => {
            compiled.lock_units(units, Mode::Leaves);
        }
        _ if asked.linked.len() > MOST_VALUES => compiled.lock_for_maintenance(),
        Over::Nothing => {
            if compiled.lock_units(units, Mode::Units) {
                values(compiled, patcher, units, asked.linked, &BTreeSet::new());
            }
        }
        Over::Values(targets) if targets.len() <= MOST_VALUES => {
            if compiled.lock_units(units, Mode::Values) {
                values(compiled, patcher, units, asked.linked, &targets);
            }
        }
        Over::Values(_) | Over::Links => {
            compiled.lock_units(units, Mode::Links);
        }
    }
}

/// Locks the values that links of some units have or had, and those of which the targets have changed. The units are locked: what is
/// stored for them shows what their links are but for this transaction's own changes, and these are noted.
fn values(
    compiled: &Compiled,
    patcher: &TviewPatcher,
    units: &UnitSet,
    mut linked: BTreeSet<LinkValue>,
    targets: &BTreeSet<LinkValue>,
) {
    if !patcher.links.is_empty() && !units.is_empty() {
        let _snapshot = LatestSnapshot::take();
        let mut reader = Reader::open(compiled.oid);
        for number in 0..units.len() {
            let key = &patcher.key;
            let Some(row) = reader.first(&key.probe, &key.attnums, units.unit(number)) else {
                continue;
            };
            for link in &patcher.links {
                let hash = link.key_type.hash(row.value(link.attnum));
                linked.extend(hash.map(|hash| (link.attnum, hash)));
            }
        }
    }
    for value in linked.union(targets) {
        let side = if targets.contains(value) {
            Side::Target
        } else {
            Side::Rows
        };
        lock::lock_value(compiled.oid, value.0.unsigned_abs(), value.1, side);
    }
}
