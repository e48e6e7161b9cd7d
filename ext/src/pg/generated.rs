//! The expressions of generated columns: of virtual ones (from PostgreSQL 18), and of stored ones where PostgreSQL does not show
//! their values.

use super::imports::evaluate;
use super::node::{Node, Variable};
use super::relation::{Attribute, Relation};
use super::settings::OwnersOperation;
use super::version;
use pgrx::pg_sys;

/// Whether this version of PostgreSQL has them.
pub const ARE_SUPPORTED: bool = cfg!(feature = "pg18");

/// The expression of the virtual column that a variable refers to, over variables of the same query level and table.
pub fn expression(relation: &Relation, variable: Variable) -> Option<Node> {
    let node = version::generation_expression(relation, variable.attnum)?;
    let (index, levels) = (
        i32::try_from(variable.range_index).ok()?,
        i32::try_from(variable.levels_up).ok()?,
    );
    // SAFETY: the expression has just been read from the catalog, and is nobody else's; its table is number 1 in it.
    unsafe {
        if index != 1 {
            pg_sys::ChangeVarNodes(node.0, 1, index, 0);
        }
        pg_sys::IncrementVarSublevelsUp(node.0, levels, 0);
    }
    Some(node)
}

/// `CASE WHEN t.key IS NOT NULL THEN expression END`, where `variable` is a column of `t` and `certain` one that is NULL only where
/// the row is not real; without such a column the whole row is tested.
pub fn for_real_rows(
    expression: Node,
    variable: Node,
    certain: Option<&Attribute>,
    relation: &Relation,
) -> Node {
    // SAFETY: the variable is a Var, as its kind says; palloc0 returns zeroed memory of the size asked for, and every field that
    // readers look at is set.
    unsafe {
        let var = pg_sys::copyObjectImpl(variable.0.cast()).cast::<pg_sys::Var>();
        (*var).varattno = certain.map_or(0, |column| column.attnum);
        (*var).vartype = certain.map_or(relation.row_type(), |column| column.type_oid);
        (*var).vartypmod = -1;
        (*var).varcollid = certain.map_or(pg_sys::InvalidOid, |column| column.collation);
        let test = pg_sys::palloc0(size_of::<pg_sys::NullTest>()).cast::<pg_sys::NullTest>();
        (*test).xpr.type_ = pg_sys::NodeTag::T_NullTest;
        (*test).arg = var.cast();
        (*test).nulltesttype = pg_sys::NullTestType::IS_NOT_NULL;
        (*test).location = -1;
        let when = pg_sys::palloc0(size_of::<pg_sys::CaseWhen>()).cast::<pg_sys::CaseWhen>();
        (*when).xpr.type_ = pg_sys::NodeTag::T_CaseWhen;
        (*when).expr = test.cast();
        (*when).result = expression.0.cast();
        (*when).location = -1;
        let case = pg_sys::palloc0(size_of::<pg_sys::CaseExpr>()).cast::<pg_sys::CaseExpr>();
        (*case).xpr.type_ = pg_sys::NodeTag::T_CaseExpr;
        (*case).casetype = expression.type_oid();
        (*case).casecollid = expression.collation();
        (*case).defresult = pg_sys::makeNullConst((*case).casetype, -1, (*case).casecollid).cast();
        (*case).args = pg_sys::lappend(std::ptr::null_mut(), when.cast());
        (*case).location = -1;
        Node(case.cast())
    }
}

/// Computes stored generated columns of rows that have been inserted through a partitioned table. Where PostgreSQL has turned
/// such a row into the row type of its partition, the transition table has the row from before, without their values.
pub(super) struct Completion {
    state: *mut pg_sys::EState,
    columns: Vec<(i16, *mut pg_sys::ExprState)>,
}

impl Completion {
    /// For rows of a table; `None` if it has no such columns.
    ///
    /// # Safety
    /// The relation is open while the value is used.
    pub(super) unsafe fn of(
        relation: pg_sys::Relation,
        _operation: OwnersOperation<'_>,
    ) -> Option<Completion> {
        // SAFETY: see the function's contract; expressions are prepared in the state that evaluates them.
        unsafe {
            let attnums = super::relation::stored_generated(relation);
            if attnums.is_empty() {
                return None;
            }
            let state = pg_sys::CreateExecutorState();
            pg_sys::MakePerTupleExprContext(state);
            let columns = attnums.into_iter().map(|attnum| {
                let expression = pg_sys::build_column_default(relation, i32::from(attnum));
                (attnum, pg_sys::ExecPrepareExpr(expression.cast(), state))
            });
            let columns = columns.collect();
            Some(Completion { state, columns })
        }
    }

    /// Forgets what was computed for the row before.
    pub(super) fn next_row(&self) {
        // SAFETY: made by `of`.
        unsafe { pg_sys::MemoryContextReset((*(*self.state).es_per_tuple_exprcontext).ecxt_per_tuple_memory) }
    }

    /// The value of a column for the row in a slot, if the column is a generated one. It lives until the next row.
    ///
    /// # Safety
    /// The slot holds a row of the table.
    pub(super) unsafe fn value(
        &self,
        attnum: i16,
        slot: *mut pg_sys::TupleTableSlot,
    ) -> Option<(pg_sys::Datum, bool)> {
        let (_, expression) = self.columns.iter().find(|(known, _)| *known == attnum)?;
        // SAFETY: see the function's contract; the expression is over columns of the row.
        unsafe {
            let context = (*self.state).es_per_tuple_exprcontext;
            (*context).ecxt_scantuple = slot;
            Some(evaluate(*expression, context))
        }
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: made by `of`.
            unsafe { pg_sys::FreeExecutorState(self.state) }
        }
    }
}
