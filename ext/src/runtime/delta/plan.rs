//! What the planner says about differences, made ready to be executed.

use crate::error::Result;
use crate::pg::expression::{Evaluation, RowExpressions};
use crate::pg::relation::{Attribute, Relation};
use crate::pg::settings::{OwnerScope, OwnersOperation};
use crate::pg::spi::{KeptPlan, Planning, Value};
use crate::pg::stored::{Probe, RowRef, Storage};
use crate::runtime::compiled::Compiled;
use crate::runtime::leaf::leaves_of;
use crate::runtime::target::{self, Source, Target};
use pg_tviews_planner::{ColumnSet, Delta, Kept, Occurrence};
use pg_tviews_sqltext::{qualified, row_expressions};
use pgrx::pg_sys::{self, Oid};
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
    /// The numbers of the occurrences whose leaves it is about, itself among them.
    pub together: Vec<usize>,
    measures: OnceCell<RowExpressions>,
    addition: OnceCell<Addition>,
}

/// What becomes of a stored row.
pub struct Addition {
    /// What is read of the stored row.
    figures: RowExpressions,
    /// The new values or parts of documents, and last whether they fit.
    expressions: RowExpressions,
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
    fn new(delta: Delta, table: String, used: ColumnSet, together: Vec<usize>) -> OccurrenceDelta {
        OccurrenceDelta {
            delta,
            table,
            used,
            together,
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
        let measures: Vec<String> = self
            .delta
            .measures
            .iter()
            .map(|text| format!("({text})"))
            .collect();
        let sql = row_expressions(&self.table, self.delta.changed, &measures);
        let scope = compiled.scope();
        let fresh = RowExpressions::with_parameters(&scope.connect()?, &sql, &[])?;
        Ok(self.measures.get_or_init(|| fresh))
    }

    /// The addition.
    pub fn addition(&self, compiled: &Compiled, deltas: &TviewDeltas) -> Result<&Addition> {
        if let Some(known) = self.addition.get() {
            return Ok(known);
        }
        let columns = &self.delta.columns;
        let figures: Vec<String> = self
            .delta
            .figures
            .iter()
            .map(|text| format!("({text})"))
            .collect();
        let of_row =
            |expressions: &[String]| row_expressions(&compiled.text.table, self.delta.stored, expressions);
        let scope = compiled.scope();
        let connection = scope.connect()?;
        let mut parameters = vec![pg_sys::INT8OID; self.width()];
        parameters.resize(self.width() + figures.len(), pg_sys::NUMERICOID);
        let fits = format!("({})", self.delta.fits);
        let with_fits = |expressions: &[String]| {
            let all: Vec<String> = expressions.iter().chain([&fits]).cloned().collect();
            RowExpressions::with_parameters(&connection, &of_row(&all), &parameters)
        };
        let stored = columns
            .iter()
            .filter_map(|column| deltas.columns.get(column.position));
        let stored: Vec<&Attribute> = stored.collect();
        let values = stored.iter().zip(columns);
        let values: Vec<_> = values
            .map(|(stored, column)| (stored.attnum, &column.value))
            .collect();
        let (expressions, targets) = target::prepare(&values, with_fits, RowExpressions::types)?;
        let figures = RowExpressions::with_parameters(&connection, &of_row(&figures), &[])?;
        if targets.len() != columns.len() || !fit(&stored, &targets, &expressions.types()) {
            let message = "an aggregate kept by differences is of another type than its column";
            return Err(crate::error::Error::internal(message));
        }
        let types: Vec<Oid> = compiled
            .key_types
            .iter()
            .map(|key| key.oid)
            .chain(stored.iter().map(|stored| stored.type_oid))
            .collect();
        let positions: Vec<usize> = columns.iter().map(|column| column.position).collect();
        // Where the definition shows nothing of the rows there is nothing to write.
        let statement = if deltas.storage.is_direct() || columns.is_empty() {
            None
        } else {
            let sql = compiled.text.write_one(&positions);
            Some(connection.prepare(&sql, &types, Planning::Generic)?.keep())
        };
        let fresh = Addition {
            settled: expressions.are_settled() && figures.are_settled() && deltas.storage.calls_nothing(),
            figures,
            expressions,
            targets,
            statement,
        };
        Ok(self.addition.get_or_init(|| fresh))
    }
}

/// Whether values have the types of the columns that they go to.
fn fit(stored: &[&Attribute], targets: &[Target], types: &[Oid]) -> bool {
    let mut types = types.iter();
    stored.iter().zip(targets).all(|(stored, target)| {
        let wanted = match target.source {
            Source::Whole => types.next().copied(),
            Source::Parts(_) => {
                types.by_ref().take(target.width()).for_each(drop);
                Some(pg_sys::JSONBOID)
            }
        };
        wanted == Some(stored.type_oid)
    })
}

impl Addition {
    /// The rights and settings under which it is done.
    pub fn scope(&self, compiled: &Compiled) -> OwnerScope {
        if self.settled {
            compiled.rights()
        } else {
            compiled.scope()
        }
    }

    /// Makes it ready.
    pub fn evaluation<'scope>(&self, operation: OwnersOperation<'scope>) -> AdditionEvaluation<'scope> {
        AdditionEvaluation {
            figures: self.figures.evaluation(operation),
            expressions: self.expressions.evaluation(operation),
        }
    }
}

/// An addition ready to be evaluated.
pub struct AdditionEvaluation<'scope> {
    figures: Evaluation<'scope>,
    expressions: Evaluation<'scope>,
}

impl AdditionEvaluation<'_> {
    /// The new values for a stored row, if adding is enough. They live until [`AdditionEvaluation::forget`].
    pub fn values(&self, row: RowRef<'_>, differences: &[i64]) -> Option<Vec<Value>> {
        let figures = self.figures.values(row);
        let differences = differences.iter().copied().map(Value::of_bigint);
        self.expressions.set_parameters(differences.chain(figures));
        let mut values = self.expressions.values(row);
        values.pop().is_some_and(Value::is_true).then_some(values)
    }

    /// Gives back the memory of values.
    pub fn forget(&self) {
        self.figures.forget();
        self.expressions.forget();
    }
}

/// A tview's differences; `None` if there are none.
pub fn deltas_of(compiled: &Compiled) -> Option<&TviewDeltas> {
    compiled.deltas.get_or_init(|| build(compiled)).as_ref()
}

fn build(compiled: &Compiled) -> Option<TviewDeltas> {
    if compiled.by_view || !compiled.text.single || compiled.text.composite || !compiled.text.loose.is_empty()
    {
        return None;
    }
    let names: Vec<&str> = compiled
        .text
        .columns
        .iter()
        .map(|(stored, _)| stored.as_str())
        .collect();
    let all = &compiled.plan.occurrences;
    let leaves = leaves_of(compiled);
    let computed = (0..all.len()).map(|number| leaves.is_some_and(|leaves| leaves.of(number).is_some()));
    let computed: Vec<bool> = computed.collect();
    let kept = pg_tviews_planner::deltas(&compiled.view, &compiled.plan.key, all, &names, &computed);
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
                Kept::ByDelta(delta) => {
                    let together = together(all, &kept, occurrence);
                    let used = used_together(all, &together);
                    Some(OccurrenceDelta::new(delta.clone(), table, used, together))
                }
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

/// The numbers of an occurrence and of those that are kept with it.
fn together(all: &[Occurrence], kept: &[Option<Kept>], first: &Occurrence) -> Vec<usize> {
    let numbers = all.iter().zip(kept).enumerate();
    numbers
        .filter(|(_, (occurrence, how))| {
            occurrence.source == first.source || **how == Some(Kept::With(first.source))
        })
        .map(|(number, _)| number)
        .collect()
}

/// The columns that occurrences use.
fn used_together(all: &[Occurrence], together: &[usize]) -> ColumnSet {
    let mut used = ColumnSet::default();
    for occurrence in together.iter().filter_map(|number| all.get(*number)) {
        used.whole_row |= occurrence.used.whole_row;
        used.attnums.extend(&occurrence.used.attnums);
    }
    used
}

/// Whether a statement on another table can't change rows of this one: what comes through a relative names units too many.
fn is_on_its_own(table: Oid) -> bool {
    Relation::try_open(table)
        .is_some_and(|table| !table.is_partition() && !table.has_parents() && !table.has_children())
}
