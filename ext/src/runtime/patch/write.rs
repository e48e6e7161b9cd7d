//! Writing new values into the stored rows that hold a changed row.

use super::Outcome;
use super::plan::{OccurrencePatcher, Place, Prepared, Statements, TviewPatcher, Way};
use crate::error::{Error, Result};
use crate::pg::keys::UnitSet;
use crate::pg::memory::Memory;
use crate::pg::settings::{OwnerScope, OwnersOperation};
use crate::pg::spi::{SnapshotChoice, Value, result_into_units};
use crate::pg::stored::{OpenTable, Reader, RowRef, Written};
use crate::pg::trigger::UpdatedRows;
use crate::runtime::compiled::Compiled;
use crate::runtime::guard::Permit;
use crate::runtime::row::Changes;
use pg_tviews_sqltext::Event;
use std::collections::HashSet;

/// Rows that are written by one statement: enough to amortise it.
const BATCH: usize = 1_000;
/// Bytes of documents that are written by one statement: few enough to bound its memory.
const BATCH_SIZE: usize = 8 * 1024 * 1024;

/// The changes of one occurrence, to be written into a tview that is locked for that.
pub struct Job<'a> {
    compiled: &'a Compiled,
    patcher: &'a TviewPatcher,
    occurrence: &'a OccurrencePatcher,
    prepared: &'a Prepared,
}

impl<'a> Job<'a> {
    pub fn new(
        compiled: &'a Compiled,
        patcher: &'a TviewPatcher,
        occurrence: &'a OccurrencePatcher,
        prepared: &'a Prepared,
    ) -> Job<'a> {
        Job {
            compiled,
            patcher,
            occurrence,
            prepared,
        }
    }

    fn scope(&self) -> OwnerScope {
        if self.prepared.settled {
            self.compiled.rights()
        } else {
            self.compiled.scope()
        }
    }

    fn writer<'b>(&'b self, operation: OwnersOperation<'b>) -> Writer<'b> {
        Writer {
            job: self,
            operation,
            stored: OpenTable::open(&self.patcher.storage),
            scratch: Memory::new(),
            waiting: self.prepared.statements.as_ref().map(Waiting::new),
        }
    }

    /// Patches all rows in which used columns have changed.
    pub fn updated(&self, rows: &mut UpdatedRows, used: &[i16]) -> Result<Outcome> {
        let scope = self.scope();
        let evaluation = self.prepared.expressions.evaluation(scope.operation());
        let mut writer = self.writer(scope.operation());
        rows.rewind();
        while rows.advance() {
            // Of a single one it is known that it has changed.
            if !rows.is_single() && rows.changed(used) == 0 {
                continue;
            }
            let row = rows.new_row();
            let outcome = writer.row(row, &evaluation.values(row))?;
            evaluation.forget();
            if outcome == Outcome::Recompute {
                return Ok(outcome);
            }
        }
        writer.write_waiting()?;
        Ok(Outcome::Done)
    }

    /// Patches rows that are named by their keys, as they are now. The units of those that can't be patched after all are added to
    /// `missed`.
    pub fn noted(&self, keys: &UnitSet, missed: &mut UnitSet) -> Result<()> {
        let Some(source) = &self.occurrence.source else {
            return Err(Error::internal("a note of rows that can't be found again"));
        };
        let scope = self.scope();
        let evaluation = self.prepared.expressions.evaluation(scope.operation());
        let mut writer = self.writer(scope.operation());
        let mut reader = Reader::open(source.table);
        for number in 0..keys.len() {
            // A row that is not there any more was deleted, which was noted, too.
            let Some(row) = reader.first(&source.probe, &source.attnums, keys.unit(number)) else {
                continue;
            };
            if writer.row(row, &evaluation.values(row))? == Outcome::Recompute {
                self.units(row, missed)?;
            }
            evaluation.forget();
        }
        writer.write_waiting()
    }

    /// Adds the units that hold a row.
    fn units(&self, row: RowRef<'_>, units: &mut UnitSet) -> Result<()> {
        let search = match &self.occurrence.place {
            Place::Key(columns) => {
                units.add(&row.values(columns));
                return Ok(());
            }
            Place::Column { search, .. } | Place::Search(search) => search,
        };
        let scope = self.compiled.scope();
        let connection = scope.connect()?;
        let values = row.values(&search.columns);
        let plan = search.statement.plan(&connection)?;
        plan.execute(&connection, &values, SnapshotChoice::Current)?;
        result_into_units(units, false);
        Ok(())
    }
}

struct Writer<'a> {
    job: &'a Job<'a>,
    operation: OwnersOperation<'a>,
    stored: OpenTable,
    /// For one stored row.
    scratch: Memory,
    /// Where rows are written by statements.
    waiting: Option<Waiting<'a>>,
}

/// Rows that wait to be written by a statement.
struct Waiting<'a> {
    statements: &'a Statements,
    /// Keys and values.
    rows: UnitSet,
    places: HashSet<(u32, u16)>,
    size: usize,
    /// Holds the keys and values.
    _memory: Memory,
}

impl<'a> Waiting<'a> {
    fn new(statements: &'a Statements) -> Waiting<'a> {
        let memory = Memory::new();
        Waiting {
            statements,
            rows: memory.within(|| UnitSet::new(&statements.types)),
            places: HashSet::new(),
            size: 0,
            _memory: memory,
        }
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= BATCH || self.size >= BATCH_SIZE
    }

    /// Writes them.
    fn write(&self, compiled: &Compiled, operation: OwnersOperation<'_>) -> Result<()> {
        let connection = operation.connect()?;
        let (statement, values) = if self.rows.len() == 1 {
            (&self.statements.one, self.rows.unit(0).to_vec())
        } else {
            (&self.statements.many, self.rows.arrays(0..self.rows.len()))
        };
        let plan = statement.plan(&connection)?;
        let _permit = Permit::issue(compiled.oid, &[Event::Update]);
        plan.execute(&connection, &values, SnapshotChoice::Current)
            .map(drop)
    }
}

impl Writer<'_> {
    /// Writes the values that a changed row has led to.
    fn row(&mut self, row: RowRef<'_>, values: &[Value]) -> Result<Outcome> {
        let job = self.job;
        match &job.occurrence.place {
            Place::Key(columns) => return self.all(&job.patcher.key, &row.values(columns), values),
            Place::Column { way, attnum, .. } => return self.all(way, &[row.value(*attnum)], values),
            Place::Search(_) => {}
        }
        let mut units = UnitSet::new(&job.compiled.key_types);
        job.units(row, &mut units)?;
        units.normalize();
        for number in 0..units.len() {
            if self.all(&job.patcher.key, units.unit(number), values)? == Outcome::Recompute {
                return Ok(Outcome::Recompute);
            }
        }
        Ok(Outcome::Done)
    }

    /// Writes all rows that a way leads to. There may be none: a row that the definition does not have stays away.
    fn all(&mut self, way: &Way, wanted: &[Value], values: &[Value]) -> Result<Outcome> {
        let mut known = None;
        let is_last = way.probe.is_unique() && wanted.iter().all(|value| !value.is_null());
        self.stored.seek(&way.probe, &way.attnums, wanted);
        while self.stored.advance() {
            let written = self.one(values);
            self.scratch.reset();
            let look_again = match written {
                Written::Yes if is_last => return Ok(Outcome::Done),
                Written::Yes => false,
                Written::Waits => self.waiting.as_ref().is_some_and(Waiting::is_full),
                // The same row once more: its new version is looked at. It is a new version each time, or something is wrong.
                Written::Again if known != Some(self.stored.place()) => {
                    known = Some(self.stored.place());
                    true
                }
                Written::Again | Written::No => return Ok(Outcome::Recompute),
            };
            if look_again {
                self.write_waiting()?;
                // Rows that have been written are found again, and need not be any more.
                self.stored.look_again();
                self.stored.seek(&way.probe, &way.attnums, wanted);
            }
        }
        Ok(Outcome::Done)
    }

    /// Writes the current row if it differs.
    fn one(&mut self, values: &[Value]) -> Written {
        let place = self.stored.place();
        if self
            .waiting
            .as_ref()
            .is_some_and(|waiting| waiting.places.contains(&place))
        {
            return Written::Again;
        }
        let targets = &self.job.prepared.targets;
        let Some(changes) = Changes::of(&self.stored, targets, values, &self.scratch) else {
            return Written::No;
        };
        if changes.columns.is_empty() {
            return Written::Yes;
        }
        let Some(waiting) = &mut self.waiting else {
            return self.scratch.within(|| self.stored.write(&changes.columns));
        };
        let stored = self.stored.row();
        let key = self
            .job
            .patcher
            .key
            .attnums
            .iter()
            .map(|attnum| stored.value(*attnum));
        let new = targets
            .iter()
            .map(|target| changes.value(&self.stored, target.attnum));
        waiting.rows.add(&key.chain(new).collect::<Vec<Value>>());
        waiting.places.insert(place);
        waiting.size += changes.size;
        Written::Waits
    }

    /// Writes the rows that wait, by a statement.
    fn write_waiting(&mut self) -> Result<()> {
        let Some(waiting) = self.waiting.as_mut().filter(|waiting| !waiting.rows.is_empty()) else {
            return Ok(());
        };
        let statements = waiting.statements;
        std::mem::replace(waiting, Waiting::new(statements)).write(self.job.compiled, self.operation)
    }
}
