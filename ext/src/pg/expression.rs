//! Expressions over changed rows, evaluated by the server's executor without a statement around them.

use super::imports::evaluate;
use super::list::pointers;
use super::memory::Memory;
use super::node::Node;
use super::settings::OwnersOperation;
use super::spi::{Connection, Planning, Value};
use super::stored::RowRef;
use crate::error::{Error, Result};
use pgrx::pg_sys;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

/// Expressions over the columns of one table. They live until dropped; what they were made from must not change meanwhile.
pub struct RowExpressions {
    expressions: Vec<*mut pg_sys::Expr>,
    /// Kept between transactions where the expressions call nothing but functions of the server: others may keep something in it
    /// that ends with the transaction.
    kept: Option<RefCell<Option<Rc<Evaluator>>>>,
    /// The types of their parameters.
    parameters: Vec<pg_sys::Oid>,
    /// Holds the expressions, and what is kept. Dropped last.
    context: Memory,
}

/// Expressions ready to be evaluated while the scope lasts.
pub struct Evaluation<'scope>(Rc<Evaluator>, PhantomData<&'scope ()>);

/// Expressions that call nothing but functions of the server: they need nobody's rights.
pub struct ServerExpressions(RowExpressions);

struct Evaluator {
    states: Vec<*mut pg_sys::ExprState>,
    expression_context: *mut pg_sys::ExprContext,
    parameters: pg_sys::ParamListInfo,
    _memory: Memory,
}

impl RowExpressions {
    /// Takes the expressions that a statement `SELECT … FROM table` selects. `lasting`: they call functions of the server only.
    ///
    /// # Errors
    /// If the statement is something else.
    pub fn prepare(connection: &Connection<'_>, sql: &str, lasting: bool) -> Result<RowExpressions> {
        let mut expressions = RowExpressions::with_parameters(connection, sql, &[])?;
        expressions.kept = lasting.then(|| RefCell::new(None));
        Ok(expressions)
    }

    /// The same for expressions with parameters `$1`, `$2` … of these types.
    ///
    /// # Errors
    /// If the statement is something else.
    pub fn with_parameters(
        connection: &Connection<'_>,
        sql: &str,
        parameters: &[pg_sys::Oid],
    ) -> Result<RowExpressions> {
        let plan = connection.prepare(sql, parameters, Planning::Generic)?;
        let context = Memory::of_backend();
        let unexpected = || Error::internal(format!("not a query of one table: {sql}"));
        // SAFETY: the plan is valid while connected; what is taken from it is copied into our context.
        let expressions = unsafe {
            let sources = pointers::<pg_sys::CachedPlanSource>(pg_sys::SPI_plan_get_plan_sources(plan.raw()));
            let [source] = sources.as_slice() else {
                return Err(unexpected());
            };
            let queries = pointers::<pg_sys::Query>((**source).query_list);
            let [query] = queries.as_slice() else {
                return Err(unexpected());
            };
            let targets = pointers::<pg_sys::TargetEntry>((**query).targetList);
            if pointers::<pg_sys::RangeTblEntry>((**query).rtable).len() != 1 {
                return Err(unexpected());
            }
            context.within(|| -> Vec<*mut pg_sys::Expr> {
                targets
                    .into_iter()
                    .map(|target| {
                        pg_sys::expression_planner(pg_sys::copyObjectImpl((*target).expr.cast()).cast())
                    })
                    .collect()
            })
        };
        let lasting = expressions
            .iter()
            .all(|expression| Node(expression.cast()).is_settled());
        Ok(RowExpressions {
            context,
            expressions,
            parameters: parameters.to_vec(),
            kept: lasting.then(|| RefCell::new(None)),
        })
    }

    /// The types of their values.
    pub fn types(&self) -> Vec<pg_sys::Oid> {
        let expressions = self.expressions.iter();
        expressions
            .map(|expression| Node(expression.cast()).type_oid())
            .collect()
    }

    /// Whether their values follow from the row and the parameters alone, whatever the session's settings are.
    pub fn are_settled(&self) -> bool {
        self.kept.is_some()
    }

    /// Makes the expressions ready to be evaluated within the operation of a tview's owner.
    pub fn evaluation<'scope>(&self, _operation: OwnersOperation<'scope>) -> Evaluation<'scope> {
        Evaluation(self.evaluator(), PhantomData)
    }

    fn evaluator(&self) -> Rc<Evaluator> {
        let Some(kept) = &self.kept else {
            return Rc::new(self.initialize(Memory::new()));
        };
        let known = kept.borrow().clone();
        known.unwrap_or_else(|| {
            let fresh = Rc::new(self.initialize(self.context.below()));
            *kept.borrow_mut() = Some(Rc::clone(&fresh));
            fresh
        })
    }

    fn initialize(&self, memory: Memory) -> Evaluator {
        // SAFETY: the expressions are planned and live as long as `self`; without a plan around them their variables are those of the
        // scanned row.
        let (states, expression_context, parameters) = memory.within(|| unsafe {
            let states = self
                .expressions
                .iter()
                .map(|expression| pg_sys::ExecInitExpr(*expression, std::ptr::null_mut()))
                .collect();
            let expression_context = pg_sys::CreateStandaloneExprContext();
            let parameters = pg_sys::makeParamList(self.parameters.len() as i32);
            if !parameters.is_null() {
                let entries = (*parameters).params.as_mut_slice(self.parameters.len());
                for (entry, type_oid) in entries.iter_mut().zip(&self.parameters) {
                    entry.isnull = true;
                    entry.ptype = *type_oid;
                }
            }
            (*expression_context).ecxt_param_list_info = parameters;
            (states, expression_context, parameters)
        });
        Evaluator {
            states,
            expression_context,
            parameters,
            _memory: memory,
        }
    }
}

impl ServerExpressions {
    /// Takes expressions that can't fail, of which each calls nothing but functions of the server.
    ///
    /// # Errors
    /// If one calls another function.
    pub fn of(expressions: RowExpressions) -> Result<ServerExpressions> {
        let mut all = expressions.expressions.iter();
        if all.all(|expression| Node(expression.cast()).is_harmless()) {
            Ok(ServerExpressions(expressions))
        } else {
            Err(Error::internal(
                "a condition on changed rows calls a user's function",
            ))
        }
    }

    /// Makes the expressions ready.
    pub fn evaluation(&self) -> Evaluation<'static> {
        Evaluation(self.0.evaluator(), PhantomData)
    }
}

impl Evaluation<'_> {
    /// The values over a row, one for each expression. They live until [`Evaluation::forget`].
    pub fn values(&self, row: RowRef<'_>) -> Vec<Value> {
        // SAFETY: the states were initialised for rows of the table that the slot's descriptor describes.
        unsafe {
            let context = self.0.expression_context;
            (*context).ecxt_scantuple = row.slot();
            let value = |state: &*mut pg_sys::ExprState| {
                let (datum, null) = evaluate(*state, context);
                Value { datum, null }
            };
            self.0.states.iter().map(value).collect()
        }
    }

    /// Gives the parameters their values, which have to live until the expressions have been evaluated.
    pub fn set_parameters(&self, values: impl Iterator<Item = Value>) {
        let parameters = self.0.parameters;
        if parameters.is_null() {
            return;
        }
        // SAFETY: the list was made by `initialize` and has as many entries as it says.
        unsafe {
            let entries = (*parameters)
                .params
                .as_mut_slice((*parameters).numParams as usize);
            for (entry, value) in entries.iter_mut().zip(values) {
                entry.value = value.datum;
                entry.isnull = value.null;
            }
        }
    }

    /// Gives back the memory of values.
    pub fn forget(&self) {
        // SAFETY: nothing is used any more that was made since the last call.
        unsafe { pg_sys::MemoryContextReset((*self.0.expression_context).ecxt_per_tuple_memory) }
    }
}
