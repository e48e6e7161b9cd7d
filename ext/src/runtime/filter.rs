//! Filters on changed rows: a row that the definition leaves out by a condition on it alone affects nothing.

use super::compiled::Compiled;
use crate::error::Result;
use crate::pg::expression::{Evaluation, RowExpressions, ServerExpressions};
use crate::pg::trigger::Row;
use pg_tviews_planner::Filter;
use pg_tviews_sqltext::{qualified, row_test};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The filters of a tview that were needed so far, by the number of the occurrence.
#[derive(Default)]
pub struct Filters {
    prepared: RefCell<HashMap<usize, Rc<ServerExpressions>>>,
}

/// A filter ready to be used. It calls nothing but functions of the server that can't fail, so that it needs no rights of its own.
pub struct RowFilter {
    evaluation: Evaluation<'static>,
}

impl Filters {
    /// The filter of an occurrence, if it has one.
    pub fn of(&self, compiled: &Compiled, number: usize) -> Result<Option<RowFilter>> {
        let Some(occurrence) = compiled.plan.occurrences.get(number) else {
            return Ok(None);
        };
        let (Some(filter), Some(table)) = (&occurrence.filter, compiled.view.table(occurrence.source)) else {
            return Ok(None);
        };
        if let Some(known) = self.prepared.borrow().get(&number) {
            return Ok(Some(RowFilter::of(known)));
        }
        let prepared = prepare(compiled, filter, &qualified(&table.schema, &table.name))?;
        let filter = RowFilter::of(&prepared);
        self.prepared.borrow_mut().insert(number, Rc::new(prepared));
        Ok(Some(filter))
    }
}

fn prepare(compiled: &Compiled, filter: &Filter, table: &str) -> Result<ServerExpressions> {
    let scope = compiled.scope();
    let test = row_test(table, &filter.alias, &filter.conditions);
    ServerExpressions::of(RowExpressions::prepare(&scope.connect()?, &test, true)?)
}

impl RowFilter {
    fn of(expressions: &ServerExpressions) -> RowFilter {
        RowFilter {
            evaluation: expressions.evaluation(),
        }
    }

    /// Whether a row has a say.
    pub fn passes(&self, row: &Row) -> bool {
        let values = self.evaluation.values(row.row());
        let passes = values.first().is_some_and(|value| value.is_true());
        self.evaluation.forget();
        passes
    }
}
