//! Paths: what keeps a search on its way while others work on the same tview.
//!
//! A search goes from a changed row to the next table over an equality, and so on. Over which values it goes is locked before it looks where
//! they lead to, and whoever changes a row locks the values over which searches come to it. So a search sees all rows on its way that are
//! there when it ends, and nobody moves one of them before its transaction ends: docs/design/concurrency.md.

use super::compiled::{Compiled, Statement};
use super::flush;
use super::pending::SearchNote;
use crate::error::Result;
use crate::pg::keys::{KeyType, UnitSet};
use crate::pg::lock::{self, PathSide, Taken};
use crate::pg::relation::Relation;
use crate::pg::secret::Tags;
use crate::pg::spi::{SnapshotChoice, result_into_units};
use crate::pg::trigger::Firing;
use pg_tviews_ir::Column;
use pg_tviews_planner::{Finding, Step};
use pgrx::pg_sys::Oid;
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// More values than these are not locked one by one.
const MOST_VALUES: usize = 128;

/// A value over which searches go: a number for the column by which a table is entered, and a hash.
type PathValue = (u16, u32);

/// Values over which searches go, each with who locks it.
#[derive(Clone, Default)]
pub struct PathValues(BTreeMap<PathValue, PathSide>);

impl PathValues {
    fn add(&mut self, value: PathValue, side: PathSide) {
        if self.is_many() {
            return;
        }
        let known = self.0.entry(value).or_insert(side);
        if *known != side {
            *known = PathSide::Both;
        }
    }

    /// Adds others.
    pub fn append(&mut self, others: &PathValues) {
        for (value, side) in &others.0 {
            self.add(*value, *side);
        }
    }

    /// Whether there are too many to lock them one by one.
    pub fn is_many(&self) -> bool {
        self.0.len() > MOST_VALUES
    }

    fn has_passing(&self, value: PathValue) -> bool {
        self.0.get(&value).is_some_and(|side| *side != PathSide::Moved)
    }

    fn lock(&self, tags: &Tags) -> Vec<Taken> {
        let each = self.0.iter();
        let tagged = each.map(|((edge, hash), side)| (tags.path(*edge, *hash), *side));
        let mut tagged: Vec<_> = tagged.collect();
        tagged.sort_unstable();
        let taken = tagged.into_iter();
        taken.map(|(value, side)| lock::lock_path(value, side)).collect()
    }
}

/// What searches have found: occurrences, by their number, and the units to which their rows lead.
pub type Found = Vec<(usize, UnitSet)>;

/// The paths of a tview's searches, made when they are first needed.
#[derive(Default)]
pub struct Paths(OnceCell<Vec<OccurrencePaths>>);

/// What searches have to do with an occurrence.
#[derive(Default)]
struct OccurrencePaths {
    /// The steps of its own; `None` if they can't be locked.
    steps: Option<Vec<PathStep>>,
    /// By which columns the searches of others come to it.
    entrances: Vec<Entrance>,
}

/// A column by which searches enter a table.
struct Entrance {
    edge: u16,
    attnum: i16,
    key_type: KeyType,
}

/// A step of a search.
struct PathStep {
    edge: u16,
    key_type: KeyType,
    /// The column of the changed row that has the value, if it is in that.
    of_changed: Option<i16>,
    /// From the changed rows to the values.
    step: Step,
}

/// A number for the column by which a table is entered. Should two share one, transactions wait for each other without need.
fn edge(into: Column) -> u16 {
    const MOST_COLUMNS: usize = 1_600;
    let number = into.source.0 * (MOST_COLUMNS + 1) + usize::from(into.attnum.unsigned_abs());
    (number % 0x7fff) as u16
}

impl Paths {
    fn of(&self, compiled: &Compiled, number: usize) -> Option<&OccurrencePaths> {
        self.0.get_or_init(|| build(compiled)).get(number)
    }
}

fn build(compiled: &Compiled) -> Vec<OccurrencePaths> {
    let occurrences = &compiled.plan.occurrences;
    let mut paths: Vec<OccurrencePaths> = Vec::with_capacity(occurrences.len());
    for occurrence in occurrences {
        let steps = match occurrence.finding {
            Finding::Search(_) => {
                pg_tviews_planner::steps(&compiled.view, &compiled.plan.key, occurrence.source)
            }
            Finding::Direct(_) => Some(vec![]),
            Finding::Everything => None,
        };
        let lockable = |step: Step| {
            Some(PathStep {
                edge: edge(step.into),
                key_type: key_type(compiled, step.into)?,
                of_changed: (step.from.source == occurrence.source).then_some(step.from.attnum),
                step,
            })
        };
        let steps = steps.and_then(|steps| steps.into_iter().map(lockable).collect());
        paths.push(OccurrencePaths {
            steps,
            entrances: Vec::new(),
        });
    }
    let entered: Vec<Column> = paths
        .iter()
        .filter_map(|paths| paths.steps.as_ref())
        .flatten()
        .map(|step| step.step.into)
        .collect();
    for (occurrence, paths) in occurrences.iter().zip(&mut paths) {
        for into in entered.iter().filter(|into| into.source == occurrence.source) {
            let known = paths.entrances.iter().any(|known| known.attnum == into.attnum);
            if let Some(key_type) = key_type(compiled, *into).filter(|_| !known) {
                paths.entrances.push(Entrance {
                    edge: edge(*into),
                    attnum: into.attnum,
                    key_type,
                });
            }
        }
    }
    paths
}

/// How values of a column are hashed; `None` if they can't be.
fn key_type(compiled: &Compiled, column: Column) -> Option<KeyType> {
    let table = Relation::try_open(Oid::from(compiled.view.table(column.source)?.oid))?;
    let columns = table.attributes();
    let known = columns.iter().find(|known| known.attnum == column.attnum)?;
    KeyType::lookup(known.type_oid, known.collation).filter(KeyType::has_hash)
}

/// Notes over which values the searches from changed rows start, and over which those of others come to them.
pub fn note(compiled: &Compiled, firing: &Firing, values: &mut PathValues) -> Result<()> {
    for (number, used, _) in compiled.occurrences(firing.relation_oid()) {
        let Some(paths) = compiled.paths.of(compiled, number) else {
            continue;
        };
        let starts: Vec<(&PathStep, i16)> = paths
            .steps
            .iter()
            .flatten()
            .filter_map(|step| Some((step, step.of_changed?)))
            .collect();
        if starts.is_empty() && paths.entrances.is_empty() {
            continue;
        }
        firing.for_each_row(|old, new| {
            if let (Some(old), Some(new)) = (old, new)
                && !new.differs(old, used)
            {
                return Ok(());
            }
            for row in [old, new].into_iter().flatten().map(|row| row.reference()) {
                for (step, attnum) in &starts {
                    if let Some(hash) = step.key_type.hash(row.value(*attnum)) {
                        values.add((step.edge, hash), PathSide::Passing);
                    }
                }
                for entrance in &paths.entrances {
                    if let Some(hash) = entrance.key_type.hash(row.value(entrance.attnum)) {
                        values.add((entrance.edge, hash), PathSide::Moved);
                    }
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Whether all steps of some searches can be locked.
pub fn are_lockable(compiled: &Compiled, searches: &[SearchNote]) -> bool {
    searches.iter().all(|note| {
        let paths = compiled.paths.of(compiled, note.occurrence);
        paths.is_some_and(|paths| paths.steps.is_some())
    })
}

/// Locks values, and what searches pass besides, and searches; the locks are added to `taken`. `None` if there are too many of them, or
/// if others change the way again and again.
///
/// While it waits for a lock it holds only such that come before it in the order of all: values are learnt by looking where others
/// lead to, so the locks are given back and taken again together with the new ones until there are none.
pub fn search(
    compiled: &Compiled,
    mut values: PathValues,
    searches: &[SearchNote],
    taken: &mut Vec<Taken>,
) -> Result<Option<Found>> {
    const MOST_ATTEMPTS: usize = 16;
    for _ in 0..MOST_ATTEMPTS {
        if values.is_many() {
            return Ok(None);
        }
        let locks = values.lock(&compiled.tags);
        let passed = passed(compiled, searches)?;
        if passed.iter().all(|value| values.has_passing(*value)) {
            taken.extend(locks);
            let mut found = Found::with_capacity(searches.len());
            for note in searches {
                let mut units = UnitSet::of_transaction(&compiled.key_types);
                flush::search(compiled, note, &[], &mut units)?;
                found.push((note.occurrence, units));
            }
            return Ok(Some(found));
        }
        locks.into_iter().rev().for_each(Taken::give_back);
        for value in passed {
            values.add(value, PathSide::Passing);
        }
    }
    Ok(None)
}

/// The values that searches pass after the first step.
fn passed(compiled: &Compiled, searches: &[SearchNote]) -> Result<Vec<PathValue>> {
    let mut passed = Vec::new();
    for note in searches {
        let paths = compiled.paths.of(compiled, note.occurrence);
        let steps = paths.and_then(|paths| paths.steps.as_deref());
        for (number, step) in steps.unwrap_or_default().iter().enumerate() {
            if step.of_changed.is_some() {
                continue;
            }
            let scope = compiled.scope();
            let connection = scope.connect()?;
            note.changed.register()?;
            let plan = compiled.prepared(&connection, Statement::Step(note.occurrence, number, note.rows))?;
            plan.execute(&connection, &[], SnapshotChoice::Current)?;
            let mut values = UnitSet::new(&[step.key_type]);
            result_into_units(&mut values, false);
            let hashes =
                (0..values.len()).filter_map(|value| step.key_type.hash(*values.unit(value).first()?));
            passed.extend(hashes.map(|hash| (step.edge, hash)));
        }
    }
    Ok(passed)
}

/// The statement that finds the values of a step.
pub fn statement(compiled: &Compiled, occurrence: usize, step: usize, changed: &[&str]) -> Option<String> {
    let paths = compiled.paths.of(compiled, occurrence)?;
    Some(paths.steps.as_ref()?.get(step)?.step.search.statement(changed))
}

/// The columns over which searches come to an occurrence, or over which its own go; `None` if these can't be locked.
pub fn columns(compiled: &Compiled, number: usize) -> Option<Vec<String>> {
    let paths = compiled.paths.of(compiled, number)?;
    let own = paths.steps.as_ref()?.iter().map(|step| step.step.into);
    let occurrence = compiled.plan.occurrences.get(number)?;
    let entrances = paths.entrances.iter().map(|entrance| Column {
        source: occurrence.source,
        attnum: entrance.attnum,
    });
    let mut names: Vec<String> = own
        .chain(entrances)
        .filter_map(|column| {
            let table = compiled.view.table(column.source)?;
            Some(format!("{}.{}", table.name, table.column(column.attnum)?.name))
        })
        .collect();
    names.sort();
    names.dedup();
    Some(names)
}
