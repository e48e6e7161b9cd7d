//! What the planner says about differences, made ready to be executed.

use crate::error::Result;
use crate::pg::expression::RowExpressions;
use crate::pg::relation::{Attribute, Relation};
use crate::pg::settings::Scope;
use crate::pg::spi::{Connection, KeptPlan, Plan, Planning};
use crate::pg::stored::{Probe, Storage};
use crate::runtime::compiled::Compiled;
use crate::runtime::patch::parts_of;
use crate::runtime::row::Target;
use pg_tviews_planner::{ColumnSet, Delta, Kept, Occurrence};
use pg_tviews_sqltext::{PatchValue, qualified, row_expressions};
use pgrx::pg_sys::Oid;
use std::cell::OnceCell;

/// A tview's differences, made when they are first needed; `None` inside if there are none.
pub type Deltas = OnceCell<Option<TviewDeltas>>;

/// How differences are added to a tview's rows.
pub struct TviewDeltas {
    pub storage: Storage,
    /// The way to the row of a unit, and the columns of the key.
    pub probe: Probe,
    pub key: Vec<i16>,
    /// (attribute number, type), by position in the output.
    columns: Vec<Attribute>,
    /// `None` inside where another occurrence brings in the changes of this one as well.
    occurrences: Vec<Option<Option<OccurrenceDelta>>>,
}

/// How the differences of an occurrence are added.
pub struct OccurrenceDelta {
    delta: Delta,
    /// Quoted name of the table.
    table: String,
    /// The columns whose change makes a difference.
    pub used: ColumnSet,
    measures: OnceCell<RowExpressions>,
    addition: OnceCell<Addition>,
}

/// What becomes of a stored row.
pub struct Addition {
    /// The new values or parts of documents, and last whether they fit.
    pub expressions: RowExpressions,
    /// The columns, each with what of it is new.
    pub targets: Vec<Target>,
    /// The statement by which rows are written whose table does more than to store them: its parameters are the key and the
    /// columns' new values.
    pub statement: Option<KeptPlan>,
    /// Nothing that is called on the way depends on settings.
    pub settled: bool,
}

impl TviewDeltas {
    /// An occurrence, if its changes are brought in by differences; `None` inside where those of another occurrence serve for it.
    pub fn occurrence(&self, number: usize) -> Option<Option<&OccurrenceDelta>> {
        Some(self.occurrences.get(number)?.as_ref()?.as_ref())
    }
}

impl OccurrenceDelta {
    fn new(delta: Delta, table: String, used: ColumnSet) -> OccurrenceDelta {
        OccurrenceDelta {
            delta,
            table,
            used,
            measures: OnceCell::new(),
            addition: OnceCell::new(),
        }
    }

    /// The columns of the changed row that hold the unit key.
    pub fn key(&self) -> &[i16] {
        &self.delta.key
    }

    /// The number of measures.
    pub fn width(&self) -> usize {
        self.delta.measures.len()
    }

    /// The measures. Needs the owner's rights and settings.
    pub fn measures(&self, compiled: &Compiled) -> Result<&RowExpressions> {
        if let Some(known) = self.measures.get() {
            return Ok(known);
        }
        let measures = self.delta.measures.iter().cloned().map(PatchValue::Value);
        let measures: Vec<PatchValue> = measures.collect();
        let sql = row_expressions(
            &self.table,
            self.delta.changed,
            &measures.iter().collect::<Vec<_>>(),
        );
        let _scope = Scope::owner(compiled.owner, &compiled.settings);
        let _connection = Connection::open()?;
        let fresh = RowExpressions::with_parameters(&sql, 0)?;
        Ok(self.measures.get_or_init(|| fresh))
    }

    /// The addition.
    pub fn addition(&self, compiled: &Compiled, deltas: &TviewDeltas) -> Result<&Addition> {
        if let Some(known) = self.addition.get() {
            return Ok(known);
        }
        let fits = PatchValue::Value(self.delta.fits.clone());
        let columns = &self.delta.columns;
        let values: Vec<&PatchValue> = columns
            .iter()
            .map(|column| &column.value)
            .chain([&fits])
            .collect();
        let sql = row_expressions(&compiled.text.table, self.delta.stored, &values);
        let _scope = Scope::owner(compiled.owner, &compiled.settings);
        let _connection = Connection::open()?;
        let expressions = RowExpressions::with_parameters(&sql, self.width())?;
        let mut targets = Vec::with_capacity(columns.len());
        let mut types: Vec<Oid> = compiled.key_types.iter().map(|key| key.oid).collect();
        for (column, type_oid) in columns.iter().zip(expressions.types()) {
            let known = deltas.columns.get(column.position);
            let Some(stored) = known.filter(|stored| stored.type_oid == type_oid) else {
                let message = "an aggregate kept by differences is of another type than its column";
                return Err(crate::error::Error::internal(message));
            };
            targets.push(Target::whole(stored.attnum, parts_of(&column.value)));
            types.push(type_oid);
        }
        let positions: Vec<usize> = columns.iter().map(|column| column.position).collect();
        // Where the definition shows nothing of the rows there is nothing to write.
        let statement = if deltas.storage.is_direct() || columns.is_empty() {
            None
        } else {
            let sql = compiled.text.write_one(&positions);
            Some(Plan::prepare(&sql, &types, Planning::Generic)?.keep())
        };
        let fresh = Addition {
            settled: expressions.are_settled() && deltas.storage.calls_nothing(),
            expressions,
            targets,
            statement,
        };
        Ok(self.addition.get_or_init(|| fresh))
    }
}

/// A tview's differences; `None` if there are none.
pub fn deltas_of(compiled: &Compiled) -> Option<&TviewDeltas> {
    compiled.deltas.get_or_init(|| build(compiled)).as_ref()
}

fn build(compiled: &Compiled) -> Option<TviewDeltas> {
    if !compiled.text.single || compiled.text.composite || !compiled.text.loose.is_empty() {
        return None;
    }
    let names: Vec<&str> = compiled
        .text
        .columns
        .iter()
        .map(|(stored, _)| stored.as_str())
        .collect();
    let all = &compiled.plan.occurrences;
    let kept = pg_tviews_planner::deltas(&compiled.view, &compiled.plan.key, all, &names);
    if kept.iter().all(Option::is_none) {
        return None;
    }
    let occurrences = all
        .iter()
        .zip(&kept)
        .map(|(occurrence, how)| {
            let table = compiled.view.table(occurrence.source)?;
            let how = how.as_ref().filter(|_| is_on_its_own(Oid::from(table.oid)))?;
            let table = qualified(&table.schema, &table.name);
            Some(match how {
                Kept::ByDelta(delta) => Some(OccurrenceDelta::new(
                    delta.clone(),
                    table,
                    used_together(all, &kept, occurrence),
                )),
                Kept::With(_) => None,
            })
        })
        .collect();
    let columns = compiled.stored_columns()?;
    let key = compiled.plan.key.columns.iter();
    let key: Vec<i16> = key
        .map(|part| Some(columns.get(part.position)?.attnum))
        .collect::<Option<_>>()?;
    let storage = Storage::examine(compiled.oid)?;
    Some(TviewDeltas {
        probe: storage.probe(&key, true)?,
        storage,
        key,
        columns,
        occurrences,
    })
}

/// The columns that an occurrence and those that are kept with it use.
fn used_together(all: &[Occurrence], kept: &[Option<Kept>], first: &Occurrence) -> ColumnSet {
    let mut used = first.used.clone();
    for (occurrence, how) in all.iter().zip(kept) {
        if *how == Some(Kept::With(first.source)) {
            used.whole_row |= occurrence.used.whole_row;
            used.attnums.extend(&occurrence.used.attnums);
        }
    }
    used
}

/// Whether a statement on another table can't change rows of this one: what comes through a relative names units too many.
fn is_on_its_own(table: Oid) -> bool {
    Relation::try_open(table)
        .is_some_and(|table| !table.is_partition() && !table.has_parents() && !table.has_children())
}
