//! Adding differences to stored rows.

use super::plan::{Addition, AdditionEvaluation, TviewDeltas};
use crate::error::Result;
use crate::pg::memory::Memory;
use crate::pg::settings::OwnersOperation;
use crate::pg::spi::{SnapshotChoice, Value};
use crate::pg::stored::{OpenTable, Written};
use crate::runtime::compiled::Compiled;
use crate::runtime::guard::Permit;
use crate::runtime::row::Changes;
use pg_tviews_sqltext::Event;

/// Adds the differences of one occurrence to rows of a tview that is locked for that.
pub struct Adder<'a> {
    compiled: &'a Compiled,
    deltas: &'a TviewDeltas,
    addition: &'a Addition,
    evaluation: AdditionEvaluation<'a>,
    stored: OpenTable,
    /// For one stored row.
    scratch: Memory,
    operation: OwnersOperation<'a>,
}

impl<'a> Adder<'a> {
    pub fn open(
        compiled: &'a Compiled,
        deltas: &'a TviewDeltas,
        addition: &'a Addition,
        operation: OwnersOperation<'a>,
    ) -> Adder<'a> {
        Adder {
            compiled,
            deltas,
            addition,
            evaluation: addition.evaluation(operation),
            stored: OpenTable::open(&deltas.storage),
            scratch: Memory::new(),
            operation,
        }
    }

    /// Adds differences to a unit's row; false if that is not possible, and nothing was done.
    pub fn add(&mut self, unit: &[Value], differences: &[i64]) -> Result<bool> {
        let deltas = self.deltas;
        self.stored.seek(&deltas.probe, &deltas.key, unit);
        if !self.stored.advance() {
            return Ok(false);
        }
        let added = match self.evaluation.values(self.stored.row(), differences) {
            Some(values) => self.write(&values)?,
            None => false,
        };
        self.evaluation.forget();
        self.scratch.reset();
        Ok(added)
    }

    /// Writes the current row with new values.
    fn write(&mut self, values: &[Value]) -> Result<bool> {
        let targets = &self.addition.targets;
        let Some(changes) = Changes::of(&self.stored, targets, values, &self.scratch) else {
            return Ok(false);
        };
        if changes.columns.is_empty() {
            return Ok(true);
        }
        let Some(statement) = &self.addition.statement else {
            return Ok(self.scratch.within(|| self.stored.write(&changes.columns)) == Written::Yes);
        };
        let columns = self
            .deltas
            .key
            .iter()
            .chain(targets.iter().map(|target| &target.attnum));
        let arguments: Vec<Value> = columns
            .map(|attnum| changes.value(&self.stored, *attnum))
            .collect();
        let connection = self.operation.connect()?;
        let _permit = Permit::issue(self.compiled.oid, &[Event::Update]);
        let written = statement.execute(&connection, &arguments, SnapshotChoice::Current)?;
        // What the statement and its triggers have written is seen from now on.
        self.stored.look_again();
        Ok(written == 1)
    }
}
