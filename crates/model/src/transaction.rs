//! One transaction: its statements, its notes and its flush, in steps between which others can do something.

mod leaves;

use crate::locks::{Lock, Wanted, unit_locks};
use crate::schema::{self, Db, Finding, Key, PathValue, Row, TVIEWS, Table};
use crate::{Rule, Rules};
use std::collections::BTreeSet;
use std::fmt;

/// What a transaction's client asks for. The commit at the end goes without saying.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// Inserts a row, or replaces the one with this key.
    Put(Key, Row),
    /// Replaces a row if there is one.
    Update(Key, Row),
    /// Deletes a row if there is one.
    Delete(Key),
    /// Reads a tview.
    Read(Table),
    /// Sets a savepoint.
    Savepoint,
    /// Goes back to the last savepoint, and drops it.
    RollBack,
    /// Drops the last savepoint.
    Release,
}

/// A transaction's statements.
#[derive(Clone, Debug)]
pub struct Program {
    /// Whether all of them see one snapshot.
    pub repeatable_read: bool,
    /// The statements.
    pub ops: Vec<Op>,
}

/// What there is around a transaction.
pub struct World<'a> {
    pub(crate) rules: Rules,
    pub(crate) committed: &'a mut Db,
    pub(crate) others: &'a [&'a Transaction],
}

/// What became of an attempt to make a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// It is made.
    Moved,
    /// Another transaction has locked what it needs.
    Waits,
    /// There is none left.
    Ended,
}

/// What is to be done for a tview.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub(crate) struct Work {
    /// Named units, in the order in which they were named.
    pub(crate) units: Vec<i8>,
    /// Units of which a leaf is to be computed.
    pub(crate) leaves: Vec<i8>,
    /// Rows of sources whose leaves are to be written.
    pub(crate) patches: BTreeSet<Key>,
    pub(crate) searches: BTreeSet<(Key, Row)>,
    /// Values over which these go on.
    pub(crate) passing: BTreeSet<PathValue>,
    /// Values over which searches come to the changed rows.
    pub(crate) moved: BTreeSet<PathValue>,
    pub(crate) everything: bool,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Note {
    tview: Table,
    /// The number of savepoints below the change.
    depth: usize,
    /// The number of savepoints below the flush that has worked it off.
    flushed: Option<usize>,
    work: Work,
}

/// What a flush does next for the first of its tviews.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Stage {
    Find,
    /// Stored rows as they were found, each with the row of a source whose leaf is written.
    Patch(Vec<(Key, i8, Row)>),
    /// Stored rows as they were found, each with the leaf that has been computed.
    Leaves(Vec<(i8, Row, i8)>),
    Search,
    Compute(BTreeSet<i8>),
    Write(BTreeSet<i8>, Vec<(i8, Row)>),
    Delete(BTreeSet<i8>),
    Check(BTreeSet<i8>),
}

#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
enum Phase {
    #[default]
    Between,
    /// Takes locks, the first one next.
    Lock(Vec<Wanted>),
    Work(Stage),
    Committed,
    Failed,
}

/// The state of a transaction.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Transaction {
    next: usize,
    phase: Phase,
    /// At REPEATABLE READ, once it has begun.
    snapshot: Option<Db>,
    /// What a flush sees that takes its snapshot too early.
    early: Option<Db>,
    writes: Vec<(Key, Option<Row>)>,
    locks: Vec<Lock>,
    /// How many there were before those of the tview that is being locked.
    locks_before: usize,
    notes: Vec<Note>,
    /// For each savepoint the numbers of writes and locks before it.
    savepoints: Vec<(usize, usize)>,
    /// What the flush is about.
    batch: Vec<(Table, Work)>,
    read_wrong: bool,
}

/// Why a row could not be written.
enum Refusal {
    Wait,
    Fail,
}

impl Transaction {
    /// Whether it has ended with a serialization failure or a deadlock.
    pub fn has_failed(&self) -> bool {
        self.phase == Phase::Failed
    }

    /// Whether its last read of a tview showed something else than the query.
    pub fn has_read_wrong(&self) -> bool {
        self.read_wrong
    }

    /// Ends it without effect.
    pub fn abort(&mut self) {
        *self = Transaction {
            phase: Phase::Failed,
            ..Transaction::default()
        };
    }

    /// Makes the next step. If it has to wait, what has become of it is to be forgotten.
    pub fn step(&mut self, program: &Program, world: &mut World) -> Step {
        match self.phase.clone() {
            Phase::Committed | Phase::Failed => Step::Ended,
            _ if program.repeatable_read && self.snapshot.is_none() => {
                self.snapshot = Some(world.committed.clone());
                Step::Moved
            }
            Phase::Between => self.statement(program, world),
            Phase::Lock(wanted) => self.lock(wanted, world),
            Phase::Work(stage) => {
                let result = self.work(stage, world);
                self.settle(result)
            }
        }
    }

    fn settle(&mut self, result: Result<(), Refusal>) -> Step {
        match result {
            Ok(()) => Step::Moved,
            Err(Refusal::Wait) => Step::Waits,
            Err(Refusal::Fail) => {
                self.abort();
                Step::Moved
            }
        }
    }

    fn statement(&mut self, program: &Program, world: &mut World) -> Step {
        let op = program.ops.get(self.next).copied();
        let has_notes = self.notes.iter().any(|note| note.flushed.is_none());
        if has_notes && matches!(op, None | Some(Op::Read(_))) {
            self.begin_flush(world);
            return Step::Moved;
        }
        let Some(op) = op else {
            self.commit(world);
            return Step::Moved;
        };
        self.next += 1;
        let result = match op {
            Op::Put(key, row) => self.change(key, Some(row), world),
            Op::Update(key, row) if self.sees(world).contains_key(&key) => self.change(key, Some(row), world),
            Op::Delete(key) if self.sees(world).contains_key(&key) => self.change(key, None, world),
            Op::Update(..) | Op::Delete(_) => Ok(()),
            Op::Read(tview) => {
                let is_there = world.rules.tviews.contains(&tview);
                let sees = self.sees(world);
                let units = schema::units(&sees, tview);
                let is_twice = units.iter().any(|unit| self.sees_twice((tview, *unit), world));
                self.read_wrong = is_there && (is_twice || !schema::is_right(&sees, tview));
                Ok(())
            }
            Op::Savepoint => {
                self.savepoints.push((self.writes.len(), self.locks.len()));
                Ok(())
            }
            Op::RollBack => {
                self.roll_back(world.rules);
                Ok(())
            }
            Op::Release => {
                self.release();
                Ok(())
            }
        };
        self.settle(result)
    }

    fn commit(&mut self, world: &mut World) {
        for (key, row) in self.writes.drain(..) {
            match row {
                Some(row) => world.committed.insert(key, row),
                None => world.committed.remove(&key),
            };
        }
        *self = Transaction {
            phase: Phase::Committed,
            ..Transaction::default()
        };
    }

    fn roll_back(&mut self, rules: Rules) {
        let (writes, locks) = self.savepoints.pop().unwrap_or_default();
        let depth = self.savepoints.len();
        self.writes.truncate(writes);
        self.locks.truncate(locks);
        self.notes.retain(|note| note.depth <= depth);
        if rules.has(Rule::NotesRestored) {
            for note in &mut self.notes {
                note.flushed = note.flushed.filter(|flushed| *flushed <= depth);
            }
        }
    }

    fn release(&mut self) {
        self.savepoints.pop();
        let depth = self.savepoints.len();
        for note in &mut self.notes {
            note.depth = note.depth.min(depth);
            note.flushed = note.flushed.map(|flushed| flushed.min(depth));
        }
    }

    /// What a statement sees: the transaction's snapshot or the latest one, and its own changes.
    fn sees(&self, world: &World) -> Db {
        match &self.snapshot {
            Some(snapshot) => self.over(snapshot),
            None => self.over(world.committed),
        }
    }

    /// Whether others have deleted a row since that the transaction's snapshot shows.
    fn is_gone(&self, key: Key, world: &World) -> bool {
        let snapshot = self.snapshot.as_ref();
        snapshot.is_some_and(|snapshot| snapshot.contains_key(&key)) && !world.committed.contains_key(&key)
    }

    /// Whether the transaction sees such a row beside one that it has inserted.
    fn sees_twice(&self, key: Key, world: &World) -> bool {
        let own = self.writes.iter().rev().find(|(written, _)| *written == key);
        self.is_gone(key, world) && own.is_some_and(|(_, row)| row.is_some())
    }

    fn over(&self, db: &Db) -> Db {
        let mut db = db.clone();
        for (key, row) in &self.writes {
            match row {
                Some(row) => db.insert(*key, *row),
                None => db.remove(key),
            };
        }
        db
    }

    /// Writes a row and notes what that asks for.
    fn change(&mut self, key: Key, new: Option<Row>, world: &World) -> Result<(), Refusal> {
        let is_locked = |other: &&Transaction| other.writes.iter().any(|(theirs, _)| *theirs == key);
        if world.others.iter().any(is_locked) {
            return Err(Refusal::Wait);
        }
        // To an upsert the key of a row that is gone is free. (That sources' keys are taken again is not modelled.)
        let inserts = TVIEWS.contains(&key.0) && new.is_some() && self.is_gone(key, world);
        if let Some(snapshot) = &self.snapshot
            && !inserts
            && snapshot.get(&key) != world.committed.get(&key)
        {
            return Err(Refusal::Fail);
        }
        let old = self.sees(world).get(&key).copied().filter(|_| !inserts);
        self.writes.push((key, new));
        if old == new {
            return Ok(());
        }
        for &tview in world.rules.tviews {
            if let (Some(old), Some(new)) = (old, new)
                && self.snapshot.is_none()
                && world.rules.writes_leaves()
                && schema::is_patched(tview, key, old, new)
            {
                self.work_of(tview).patches.insert(key);
                continue;
            }
            let of_leaf = self.snapshot.is_none()
                && world.rules.writes_leaves()
                && schema::is_of_leaf(tview, key, old, new);
            for row in [old, new].into_iter().flatten() {
                let is_left = Some(row) != new && new.is_some();
                if !is_left || world.rules.has(Rule::OldUnits) {
                    self.note(tview, key, row, of_leaf);
                }
            }
        }
        Ok(())
    }

    fn note(&mut self, tview: Table, key: Key, row: Row, of_leaf: bool) {
        let Some(finding) = schema::finding(tview, key, row) else {
            return;
        };
        let work = self.work_of(tview);
        work.moved.extend(schema::passed(tview, key, row));
        work.passing.extend(schema::passing(tview, key, row));
        match finding {
            Finding::Direct(unit) if of_leaf => work.leaves.push(unit),
            Finding::Direct(unit) => work.units.push(unit),
            Finding::Search => drop(work.searches.insert((key, row))),
            Finding::Everything => work.everything = true,
        }
    }

    /// Where what is to be done for a tview is noted now.
    fn work_of(&mut self, tview: Table) -> &mut Work {
        let depth = self.savepoints.len();
        let same = |note: &Note| note.tview == tview && note.depth == depth && note.flushed.is_none();
        let place = self.notes.iter().position(same).unwrap_or_else(|| {
            self.notes.push(Note {
                tview,
                depth,
                flushed: None,
                work: Work::default(),
            });
            self.notes.len() - 1
        });
        &mut self.notes[place].work
    }

    /// Takes the notes of the lowest level, and finds out which locks they need.
    fn begin_flush(&mut self, world: &World) {
        let by_level = world.rules.has(Rule::OrderOfLevels);
        let open = self.notes.iter().filter(|note| note.flushed.is_none());
        let lowest = open.map(|note| schema::level(note.tview)).min();
        let depth = self.savepoints.len();
        self.batch.clear();
        for tview in TVIEWS {
            if by_level && Some(schema::level(tview)) != lowest {
                continue;
            }
            let mut work = Work::default();
            let notes = self.notes.iter_mut();
            for note in notes.filter(|note| note.tview == tview && note.flushed.is_none()) {
                note.flushed = Some(depth);
                work.units.extend(&note.work.units);
                work.leaves.extend(&note.work.leaves);
                work.patches.extend(&note.work.patches);
                work.searches.extend(&note.work.searches);
                work.passing.extend(&note.work.passing);
                work.moved.extend(&note.work.moved);
                work.everything |= note.work.everything;
            }
            if work != Work::default() {
                self.batch.push((tview, work));
            }
        }
        self.notes
            .retain(|note| note.flushed.is_none_or(|flushed| flushed > 0));
        if !world.rules.has(Rule::LockBeforeSnapshot) {
            self.early = Some(world.committed.clone());
        }
        let wanted = self.batch.iter();
        self.phase = Phase::Lock(
            wanted
                .flat_map(|(tview, work)| work.locks(*tview, self.snapshot.is_some(), world.rules))
                .collect(),
        );
    }

    fn lock(&mut self, mut wanted: Vec<Wanted>, world: &World) -> Step {
        if wanted.is_empty() {
            self.phase = Phase::Work(Stage::Find);
            return Step::Moved;
        }
        match wanted.remove(0) {
            Wanted::Found(tview, units, targets) => {
                let further = self.found(tview, units, targets, world);
                wanted.splice(0..0, further);
            }
            Wanted::Links(tview, units, targets) => {
                let values = self.values(tview, &units, &targets, world);
                wanted.splice(0..0, values.into_iter().map(Wanted::Lock));
            }
            Wanted::Lock(lock) => {
                let excludes = |other: &&Transaction| other.locks.iter().any(|theirs| theirs.excludes(lock));
                if world.others.iter().any(excludes) {
                    return Step::Waits;
                }
                if lock.is_of_tview() {
                    self.locks_before = self.locks.len();
                }
                if !self.locks.contains(&lock) {
                    self.locks.push(lock);
                }
            }
        }
        self.phase = if wanted.is_empty() {
            Phase::Work(Stage::Find)
        } else {
            Phase::Lock(wanted)
        };
        Step::Moved
    }

    /// Searches, and says what is to be locked then. Where it passes more than is locked, these locks are given back and taken again
    /// together; for too many units, all locks of the tview are given back.
    fn found(&mut self, tview: Table, units: Vec<i8>, targets: BTreeSet<i8>, world: &World) -> Vec<Wanted> {
        let source = self.computes_from(world);
        let place = self.batch.iter().position(|(of, _)| *of == tview);
        let Some(place) = place else { return Vec::new() };
        let later = |(key, row): &(Key, Row)| schema::passing_later(&source, tview, *key, *row);
        let passed: BTreeSet<PathValue> = self.batch[place].1.searches.iter().filter_map(later).collect();
        let work = &mut self.batch[place].1;
        if world.rules.has(Rule::LaterValues) && !passed.is_subset(&work.passing) {
            work.passing.extend(passed);
            let wanted = work.search_locks(tview, units, targets, world.rules);
            if world.rules.has(Rule::LocksTogether) {
                self.locks.truncate(self.locks_before + 1);
            }
            return wanted;
        }
        let work = work.clone();
        let found = self.search(tview, &work, &source, world);
        let all: BTreeSet<i8> = units.into_iter().chain(found.iter().copied()).collect();
        let wanted = unit_locks(tview, all.into_iter().collect(), targets, false, world.rules);
        if wanted.contains(&Wanted::Lock(Lock::Whole(tview))) {
            self.locks.truncate(self.locks_before);
        } else {
            let work = &mut self.batch[place].1;
            work.units = found.into_iter().collect();
            work.searches.clear();
        }
        wanted
    }

    /// The locks of values of the link: those that the rows of units have had, as is stored in the latest state, and will have, as
    /// the root says.
    fn values(&self, tview: Table, units: &[i8], targets: &BTreeSet<i8>, world: &World) -> Vec<Lock> {
        let latest = self.over(world.committed);
        let mut linked: BTreeSet<i8> = BTreeSet::new();
        for (table, rule) in [(tview, Rule::OldValues), (Table::Product, Rule::NewValues)] {
            if world.rules.has(rule) {
                let rows = units.iter().filter_map(|unit| latest.get(&(table, *unit)));
                linked.extend(rows.map(|row| row[0]));
            }
        }
        let all: BTreeSet<i8> = linked.union(targets).copied().collect();
        let lock = |value: i8| match targets.contains(&value) {
            true => Lock::Target(tview, value),
            false => Lock::Rows(tview, value),
        };
        all.into_iter().map(lock).collect()
    }

    /// What a flush computes from.
    fn computes_from(&self, world: &World) -> Db {
        match &self.early {
            Some(early) if self.snapshot.is_none() => self.over(early),
            _ => self.sees(world),
        }
    }

    fn work(&mut self, stage: Stage, world: &World) -> Result<(), Refusal> {
        let (tview, work) = self.batch[0].clone();
        let source = self.computes_from(world);
        self.phase = Phase::Work(match stage {
            Stage::Find | Stage::Patch(_) | Stage::Leaves(_) => {
                self.write_leaves(stage, tview, &work, &source, world)?
            }
            Stage::Search => Stage::Compute(self.search(tview, &work, &source, world)),
            Stage::Compute(found) => {
                let computed = found.iter().copied();
                let rows = computed.filter_map(|unit| Some((unit, schema::query(&source, tview, unit)?)));
                let rows = rows.collect();
                Stage::Write(found, rows)
            }
            Stage::Write(found, rows) => {
                let stored = self.sees(world);
                for (unit, row) in rows {
                    if stored.get(&(tview, unit)) != Some(&row) || self.is_gone((tview, unit), world) {
                        self.change((tview, unit), Some(row), world)?;
                    }
                }
                Stage::Delete(found)
            }
            Stage::Delete(found) => {
                for unit in &found {
                    let is_gone = schema::query(&source, tview, *unit).is_none();
                    if is_gone && self.sees(world).contains_key(&(tview, *unit)) {
                        self.change((tview, *unit), None, world)?;
                    }
                }
                Stage::Check(found)
            }
            Stage::Check(found) => {
                if self.snapshot.is_some() {
                    self.check(tview, &found, world)?;
                }
                self.batch.remove(0);
                Stage::Find
            }
        });
        if self.batch.is_empty() {
            self.end_batch(world.rules);
        }
        Ok(())
    }

    fn search(&self, tview: Table, work: &Work, source: &Db, world: &World) -> BTreeSet<i8> {
        let mut states = vec![source.clone()];
        if self.snapshot.is_some() && world.rules.has(Rule::SearchUnderLatest) {
            states.push(self.over(world.committed));
        }
        let mut found: BTreeSet<i8> = work.units.iter().copied().collect();
        for state in &states {
            for (key, row) in &work.searches {
                found.extend(schema::search(state, tview, *key, *row));
            }
            if work.everything {
                found.extend(schema::units(state, tview));
            }
        }
        found
    }

    fn check(&self, tview: Table, units: &BTreeSet<i8>, world: &World) -> Result<(), Refusal> {
        let differs = |db: &Db, unit: i8| db.get(&(tview, unit)).copied() != schema::query(db, tview, unit);
        let (latest, own) = (self.over(world.committed), self.sees(world));
        let fails = |unit: &i8| {
            (world.rules.has(Rule::CheckUnderLatest) && differs(&latest, *unit))
                || (world.rules.has(Rule::CheckUnderOwn)
                    && (differs(&own, *unit) || self.sees_twice((tview, *unit), world)))
        };
        if units.iter().any(fails) {
            return Err(Refusal::Fail);
        }
        Ok(())
    }

    fn end_batch(&mut self, rules: Rules) {
        self.early = None;
        self.phase = Phase::Between;
        if !rules.has(Rule::LocksToTheEnd) {
            self.locks.clear();
        }
    }
}

impl fmt::Display for Transaction {
    /// Which step comes next.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tview = self.batch.first().map(|(tview, _)| tview);
        match &self.phase {
            Phase::Between => write!(formatter, "statement {}", self.next),
            Phase::Lock(wanted) => write!(formatter, "lock {:?}", wanted.first()),
            Phase::Work(stage) => write!(formatter, "{tview:?}: {stage:?}"),
            ended => write!(formatter, "{ended:?}"),
        }
    }
}
