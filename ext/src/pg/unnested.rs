//! What follows from a comparison with an element of an array.
//!
//! `unnest(p.ids) AS u (id) JOIN tag t ON t.id = u.id`: a row of `tag` that is joined to a row of `page` has a key that is among the page's. So
//! `t.id = ANY (p.ids)` leads from a changed tag to its pages, whereas from a row that a function makes no way leads back.

use super::list::pointers;
use super::node::{Node, NodeKind, Variable};
use super::tree::Query;
use pgrx::pg_sys;

impl Node {
    /// `x = ANY (array)`, if the node is `x = u.element` or its reverse, and `u` the elements of `array` in the FROM clause of the query.
    pub fn membership(self, query: Query) -> Option<Node> {
        if self.tag() != pg_sys::NodeTag::T_OpExpr {
            return None;
        }
        // SAFETY: the cast follows from the tag.
        let comparison = unsafe { &*self.raw().cast::<pg_sys::OpExpr>() };
        let [left, right] = pointers::<pg_sys::Node>(comparison.args)[..] else {
            return None;
        };
        // SAFETY: looks up the catalog; an unknown operator gives false or 0.
        let (is_equality, reverse) = unsafe {
            (
                pg_sys::op_mergejoinable(comparison.opno, pg_sys::exprType(left)),
                pg_sys::get_commutator(comparison.opno),
            )
        };
        if !is_equality {
            return None;
        }
        let (value, operator, array) = match (array_of(Node(right), query), array_of(Node(left), query)) {
            (Some(array), None) => (left, comparison.opno, array),
            (None, Some(array)) if reverse != pg_sys::InvalidOid => (right, reverse, array),
            _ => return None,
        };
        // SAFETY: palloc0 returns zeroed memory of the size asked for; every field that readers look at is set. The array's elements are of the type that
        // the operator has on its right.
        unsafe {
            let member =
                pg_sys::palloc0(size_of::<pg_sys::ScalarArrayOpExpr>()).cast::<pg_sys::ScalarArrayOpExpr>();
            (*member).xpr.type_ = pg_sys::NodeTag::T_ScalarArrayOpExpr;
            (*member).opno = operator;
            (*member).opfuncid = pg_sys::get_opcode(operator);
            (*member).useOr = true;
            (*member).inputcollid = comparison.inputcollid;
            for argument in [value, array.raw()] {
                let copy = pg_sys::copyObjectImpl(argument.cast());
                (*member).args = pg_sys::lappend((*member).args, copy);
            }
            (*member).location = comparison.location;
            Some(Node(member.cast()))
        }
    }
}

/// The array of which a column of the query's FROM clause has the elements.
fn array_of(column: Node, query: Query) -> Option<Node> {
    let NodeKind::Variable(Variable {
        levels_up: 0,
        range_index,
        attnum: 1,
    }) = column.kind()
    else {
        return None;
    };
    let entry = query.range_entry(range_index)?;
    let [(call, _)] = &entry.described_calls()[..] else {
        return None;
    };
    if call.called_function()?.to_u32() != pg_sys::F_UNNEST_ANYARRAY {
        return None;
    }
    // SAFETY: a call of a function, as `called_function` has seen.
    let arguments = unsafe { (*call.raw().cast::<pg_sys::FuncExpr>()).args };
    let [array] = pointers::<pg_sys::Node>(arguments)[..] else {
        return None;
    };
    // SAFETY: looks up the catalog.
    let element = unsafe { pg_sys::get_element_type(pg_sys::getBaseType(Node(array).type_oid())) };
    (element == column.type_oid()).then_some(Node(array))
}
