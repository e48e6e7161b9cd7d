//! The rows of which a list is made, as a query of their own: the objects are then put together without the server's functions, which look up
//! what each value is, each time. The invariant is that of [`super::tree`].

use super::imports::{walk_children, walk_query};
use super::jsonb::Form;
use super::leaf::{Place, Restriction, plain_column, range_index, takes_rows_one_by_one};
use super::list::pointers;
use super::node::{Node, NodeKind, SublinkKind};
use super::tree::{Query, Target};
use pgrx::{is_a, pg_sys};
use std::ffi::c_void;

/// A query whose rows are the elements of a list, in order.
pub struct ListRows {
    /// Its text; the parameters are the values of the key.
    pub text: String,
    /// The members of an element, and what their values are.
    pub members: Vec<(String, Form)>,
    /// Without rows the list is an empty array, else NULL.
    pub empty: bool,
}

impl Query {
    /// The rows of a leaf that is `(SELECT jsonb_agg(jsonb_build_object(…) ORDER BY …) FROM …)`, where that names no more of the tables around it
    /// than the columns that are the key: output columns (position from 0, type). `None` for any other. With `only`, there are elements for some rows
    /// of its table only.
    pub fn list_rows(
        self,
        (position, path): Place<'_>,
        key: &[(usize, pg_sys::Oid)],
        only: Option<&Restriction>,
    ) -> Option<ListRows> {
        let copy = self.copy();
        let targets = copy.targets();
        let visible: Vec<&Target> = targets.iter().filter(|target| !target.hidden).collect();
        let mut columns = Vec::with_capacity(key.len());
        for (position, type_oid) in key {
            let column = visible.get(*position)?.expression;
            columns.push((range_index(column)?, plain_column(column, *type_oid)?));
        }
        let leaf = visible.get(position)?.expression.member(path)?;
        if let Some(only) = only {
            leaf.restrict(only)?;
        }
        let list = leaf.without_empty_list();
        let NodeKind::Sublink {
            kind: SublinkKind::Value,
            test: None,
            query,
        } = list.kind()
        else {
            return None;
        };
        let mut outer = OuterColumns {
            depth: 1,
            columns: columns.iter().map(|(index, column)| (*index, *column)).collect(),
        };
        // SAFETY: a query of our own copy; the callback gets its context back.
        let foreign = unsafe { walk_query(query.raw(), replace_outer, (&raw mut outer).cast()) };
        if foreign {
            return None;
        }
        let (members, inner_empty) = query.take_objects_apart()?;
        Some(ListRows {
            text: super::parse::query_text(query),
            members,
            empty: inner_empty || list.0 != leaf.0,
        })
    }

    /// Makes `SELECT jsonb_agg(jsonb_build_object('a', x) ORDER BY y) …` a query `SELECT x … ORDER BY y`. Says what the columns are, and whether an
    /// empty list is an empty array.
    fn take_objects_apart(self) -> Option<(Vec<(String, Form)>, bool)> {
        // SAFETY: the query is the caller's own copy; lists and nodes are made by the server's functions, the casts follow from the tags.
        unsafe {
            let query = &mut *self.raw();
            let [target] = pointers::<pg_sys::TargetEntry>(query.targetList)[..] else {
                return None;
            };
            if !takes_rows_one_by_one(query, true) || !query.sortClause.is_null() {
                return None;
            }
            let shown = Node((*target).expr.cast());
            let list = shown.without_empty_list();
            let call = list.list_call()?;
            let aggregate = &*list.0.cast::<pg_sys::Aggref>();
            let values = call.element.object_members()?;
            let mut members: Vec<(String, Form)> = Vec::with_capacity(values.len());
            let mut targets = std::ptr::null_mut();
            for (name, value) in values {
                if members.iter().any(|(known, _)| *known == name) {
                    return None;
                }
                members.push((name, Form::of_any(value.type_oid())?));
                let number = members.len() as i16;
                let target = pg_sys::makeTargetEntry(value.0.cast(), number, std::ptr::null_mut(), false);
                targets = pg_sys::lappend(targets, target.cast());
            }
            if members.is_empty() {
                return None;
            }
            for by in pointers::<pg_sys::TargetEntry>(aggregate.args) {
                if (*by).ressortgroupref != 0 {
                    let number = (*targets).length as i16 + 1;
                    let hidden = pg_sys::makeTargetEntry((*by).expr, number, std::ptr::null_mut(), true);
                    (*hidden).ressortgroupref = (*by).ressortgroupref;
                    targets = pg_sys::lappend(targets, hidden.cast());
                }
            }
            query.targetList = targets;
            query.sortClause = aggregate.aggorder;
            query.hasAggs = false;
            if let Some(filter) = call.filter {
                let from = &mut *query.jointree;
                from.quals = pg_sys::make_and_qual(from.quals, filter.0);
            }
            Some((members, list.0 != shown.0))
        }
    }
}

/// What a walk over a subquery needs to know.
struct OuterColumns {
    /// How far out the query is of which these are columns.
    depth: u32,
    /// The columns that become parameters: the index of their table, and the column.
    columns: Vec<(usize, Node)>,
}

// A parameter is written where a variable was.
const _: () = assert!(size_of::<pg_sys::Param>() <= size_of::<pg_sys::Var>());

/// Replaces columns of the outer query by parameters; true if there are others.
///
/// # Safety
/// `node` is null or a valid node that may be changed, `context` an [`OuterColumns`].
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn replace_outer(node: *mut pg_sys::Node, context: *mut c_void) -> bool {
    if node.is_null() {
        return false;
    }
    // SAFETY: see the function's contract; the casts follow from the tags, and the memory of a variable has room for a parameter.
    unsafe {
        pg_sys::check_stack_depth();
        if is_a(node, pg_sys::NodeTag::T_Var) {
            let variable = *node.cast::<pg_sys::Var>();
            let known = &*context.cast::<OuterColumns>();
            if variable.varlevelsup != known.depth {
                return variable.varlevelsup > known.depth;
            }
            let own = |(index, column): &(usize, Node)| {
                usize::try_from(variable.varno) == Ok(*index) && column.attnum() == Some(variable.varattno)
            };
            let Some(number) = known.columns.iter().position(own) else {
                return true;
            };
            let parameter = Node(node).parameter(number + 1);
            std::ptr::copy_nonoverlapping(parameter.0.cast::<pg_sys::Param>(), node.cast(), 1);
            return false;
        }
        if is_a(node, pg_sys::NodeTag::T_Query) {
            (*context.cast::<OuterColumns>()).depth += 1;
            let foreign = walk_query(node.cast(), replace_outer, context);
            (*context.cast::<OuterColumns>()).depth -= 1;
            return foreign;
        }
        walk_children(node, replace_outer, context)
    }
}
