//! Which locks the work on a tview takes. Why they suffice: docs/design/concurrency.md.

use super::compiled::Compiled;
use super::leaf;
use super::patch::{self, Link, TviewPatcher};
use super::paths::{self, Found, PathValues};
use super::pending::SearchNote;
use crate::error::Result;
use crate::pg::keys::UnitSet;
use crate::pg::lock::{self, Mode, Side, Taken};
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
pub struct Asked<'a> {
    /// Rows of these units are written.
    pub units: UnitSet,
    /// No unit is computed as a whole.
    pub only_leaves: bool,
    /// Rows are written to which links lead.
    pub over: Over,
    /// Over which values searches start or come to the changed rows.
    pub paths: PathValues,
    /// Further units have to be searched for.
    pub searches: &'a [SearchNote],
}

impl Asked<'_> {
    /// How the tview has to be locked; `None` for nothing. `rows`: its rows are written one by one.
    ///
    /// Only where rows are written one by one the newest version of each is taken up; a statement writes what was made from an older
    /// one, and so has to keep others out. And one row only: of two that write several rows, each could wait for a row of the other's.
    fn mode(&self, rows: bool) -> Option<Mode> {
        let units = !self.units.is_empty() || !self.searches.is_empty();
        Some(match &self.over {
            Over::Nothing if !units => return None,
            Over::Nothing if rows && self.only_leaves && self.units.len() == 1 => Mode::Leaves,
            Over::Nothing => Mode::Units,
            _ if !rows => Mode::Alone,
            Over::Values(targets) if targets.len() <= MOST_VALUES => Mode::Values,
            Over::Values(_) | Over::Links if self.searches.is_empty() => Mode::Links,
            Over::Values(_) | Over::Links => Mode::Alone,
        })
    }
}

/// How a tview is locked.
pub struct Locked {
    /// For leaves of one row only.
    pub only_leaves: bool,
    /// The units that were searched for.
    pub found: Found,
}

/// Takes the locks, and searches; returns `None` if nothing is to be done, or if the tview had to be locked alone: then nothing has been
/// searched for.
pub fn take(compiled: &Compiled, mut asked: Asked<'_>) -> Result<Option<Locked>> {
    asked.units.normalize();
    let patcher = patch::patcher_of(compiled).filter(|patcher| patcher.takes_up());
    let Some(mode) = asked.mode(patcher.is_some()) else {
        return Ok(None);
    };
    if mode == Mode::Alone || compiled.unit_tags(&asked.units).is_none() {
        compiled.lock_for_maintenance();
        return Ok(None);
    }
    let mut taken = vec![compiled.lock_in_mode(mode)];
    let found = paths::search(compiled, asked.paths, asked.searches, &mut taken)?;
    let mut units = asked.units;
    let tags = found.and_then(|found| {
        found.iter().for_each(|(_, found)| units.append(found));
        units.normalize();
        Some((found, compiled.unit_tags(&units)?))
    });
    let Some((found, tags)) = tags else {
        // Whoever waits for the lock of all holds none of these.
        taken.into_iter().rev().for_each(Taken::give_back);
        compiled.lock_for_maintenance();
        return Ok(None);
    };
    for unit in tags {
        lock::lock_unit(unit);
    }
    if let Some(patcher) = patcher {
        match &asked.over {
            Over::Nothing if mode == Mode::Units => values(compiled, patcher, &units, &BTreeSet::new()),
            Over::Values(targets) if mode == Mode::Values => values(compiled, patcher, &units, targets),
            _ => {}
        }
    }
    Ok(Some(Locked {
        only_leaves: mode == Mode::Leaves,
        found,
    }))
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
    let tagged = linked.union(targets).map(|value| {
        let side = if targets.contains(value) {
            Side::Target
        } else {
            Side::Rows
        };
        (compiled.tags.value(value.0, value.1), side)
    });
    let mut tagged: Vec<_> = tagged.collect();
    tagged.sort_unstable();
    for (value, side) in tagged {
        lock::lock_value(value, side);
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
        Some(Finding::Direct(_) | Finding::Search(_)) if paths::columns(compiled, number).is_none() => {
            "tview".to_owned()
        }
        Some(Finding::Direct(_) | Finding::Search(_)) if names.is_empty() => "units".to_owned(),
        Some(Finding::Direct(_) | Finding::Search(_)) => format!("units, links {}", names.join(", ")),
        _ => "tview".to_owned(),
    };
    let otherwise = match paths::columns(compiled, number) {
        Some(paths) if !paths.is_empty() => format!("paths {}, {otherwise}", paths.join(", ")),
        _ => otherwise,
    };
    if !names.is_empty() && leaf::could_be_beside_links(compiled, &[number]) {
        return format!("one unit: units; else: {otherwise}");
    }
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
