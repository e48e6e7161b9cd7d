//! Which locks the work on a tview takes. Why they suffice: docs/design/concurrency.md.

use super::compiled::Compiled;
use super::patch::{self, Link, TviewPatcher};
use crate::pg::keys::UnitSet;
use crate::pg::lock::{self, Mode, Side};
use crate::pg::stored::{Reader, RowRef};
use crate::pg::transaction::LatestSnapshot;
use pg_tviews_planner::Finding;
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
        Over::Nothing => {
            if compiled.lock_units(units, Mode::Units) {
                values(compiled, patcher, units, &BTreeSet::new());
            }
        }
        Over::Values(targets) if targets.len() <= MOST_VALUES => {
            if compiled.lock_units(units, Mode::Values) {
                values(compiled, patcher, units, &targets);
            }
        }
        Over::Values(_) | Over::Links => {
            compiled.lock_units(units, Mode::Links);
        }
    }
}

/// Locks the values that links of some units have or had, and those of which the targets have changed. The units are locked, so that
/// nobody else changes the root's rows or the stored ones but by a transaction that comes to its end after this one.
fn values(compiled: &Compiled, patcher: &TviewPatcher, units: &UnitSet, targets: &BTreeSet<LinkValue>) {
    let mut linked: BTreeSet<LinkValue> = BTreeSet::new();
    if let Some(links) = patcher.links.as_ref().filter(|_| !units.is_empty()) {
        let _snapshot = LatestSnapshot::take();
        let mut stored = Reader::open(compiled.oid);
        let mut root = Reader::open(links.root);
        for number in 0..units.len() {
            let unit = units.unit(number);
            let mut add = |row: RowRef<'_>, attnum: fn(&Link) -> i16| {
                for link in &links.columns {
                    let hash = link.key_type.hash(row.value(attnum(link)));
                    linked.extend(hash.map(|hash| (link.attnum, hash)));
                }
            };
            stored.seek(&patcher.key.probe, &patcher.key.attnums, unit);
            while stored.advance() {
                add(stored.row(), |link| link.attnum);
            }
            root.seek(&links.key.probe, &links.key.attnums, unit);
            while root.advance() {
                add(root.row(), |link| link.root);
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

/// Which locks a change of an occurrence takes; `is_update`: an UPDATE, which may change nothing but leaves.
pub fn describe(compiled: &Compiled, number: usize, is_update: bool) -> String {
    let patcher = patch::patcher_of(compiled);
    let links = patcher.filter(|patcher| patcher.takes_up());
    let links = links.and_then(|patcher| patcher.links.as_ref());
    let names: Vec<&str> = links.map_or(Vec::new(), |links| {
        let columns = links.columns.iter().map(|link| name(compiled, link.attnum));
        columns.collect()
    });
    let occurrence = compiled.plan.occurrences.get(number);
    let otherwise = match occurrence.map(|occurrence| &occurrence.finding) {
        Some(Finding::Direct(_)) if names.is_empty() => "units".to_owned(),
        Some(Finding::Direct(_)) => format!("units, links {}", names.join(", ")),
        _ => "tview".to_owned(),
    };
    let leaves = patcher.filter(|_| is_update).and_then(|patcher| {
        let (occurrence, _) = patcher.occurrence(number)?;
        let occurrence = occurrence?;
        if occurrence.names_units() {
            return Some("units".to_owned());
        }
        let (link, _) = occurrence.link?;
        let link = links?.columns.get(link)?;
        Some(format!("link {}", name(compiled, link.attnum)))
    });
    match leaves {
        Some(leaves) if leaves != otherwise => format!("leaves: {leaves}; else: {otherwise}"),
        _ => otherwise,
    }
}

fn name(compiled: &Compiled, attnum: i16) -> &str {
    let columns = &compiled.text.columns;
    let position = usize::try_from(attnum)
        .ok()
        .and_then(|attnum| attnum.checked_sub(1));
    position
        .and_then(|position| columns.get(position))
        .map_or("?", |(stored, _)| stored)
}
