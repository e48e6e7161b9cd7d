//! What expressions make of values that are equal but written differently (5.0 and 5.00). The invariant is that of [`super::tree`].

use super::node::{Node, Visit, function_name, rewrite, stripped};
use super::types::orders;
use pgrx::pg_sys;

/// What an expression makes of operands that are equal but written differently (5.0 and 5.00).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// The result is the same.
    Compared,
    /// The result is an equal one.
    Passed,
    /// The result may be another one.
    Shown,
}

impl Node {
    /// The nodes directly below; the members of a list are those of the node that has the list.
    pub fn children(self) -> Vec<Node> {
        let mut found = Vec::new();
        let mut top = true;
        rewrite(self, &mut |visited| {
            if std::mem::take(&mut top) || visited.tag() == pg_sys::NodeTag::T_List {
                return Visit::Descend;
            }
            found.push(visited);
            Visit::Keep
        });
        found
    }

    /// What becomes of values that are equal but written differently.
    pub fn treatment(self) -> Treatment {
        use pg_sys::NodeTag::*;
        // SAFETY: the casts follow from the tags.
        unsafe {
            match self.tag() {
                T_NullTest | T_GroupingFunc => Treatment::Compared,
                T_CoalesceExpr | T_MinMaxExpr | T_CoerceToDomain => Treatment::Passed,
                T_OpExpr | T_DistinctExpr | T_NullIfExpr => {
                    let operator = &*self.0.cast::<pg_sys::OpExpr>();
                    self.comparison(operator.opno, operator.inputcollid)
                }
                T_ScalarArrayOpExpr => {
                    let operator = &*self.0.cast::<pg_sys::ScalarArrayOpExpr>();
                    self.comparison(operator.opno, operator.inputcollid)
                }
                T_Aggref => {
                    let call = &*self.0.cast::<pg_sys::Aggref>();
                    let built_in = call.aggfnoid.to_u32() < pg_sys::FirstNormalObjectId;
                    match function_name(call.aggfnoid).as_str() {
                        "count" if built_in => Treatment::Compared,
                        "min" | "max" | "sum" if built_in => Treatment::Passed,
                        _ => Treatment::Shown,
                    }
                }
                T_TargetEntry => Treatment::Passed,
                _ => Treatment::Shown,
            }
        }
    }

    /// A comparison tells values apart as their types do, if its operators are those of the columns compared.
    fn comparison(self, operator: pg_sys::Oid, collation: pg_sys::Oid) -> Treatment {
        let with_any = self.tag() == pg_sys::NodeTag::T_ScalarArrayOpExpr;
        let mut operands = self.children();
        if with_any {
            operands.truncate(1);
        }
        let fits = |operand: &Node| {
            let bare = operand.without_relabelling();
            let collated = bare.collation();
            let same = collated == pg_sys::InvalidOid || collated == collation;
            same && orders(operator, bare.type_oid())
        };
        if !operands.iter().all(fits) {
            Treatment::Shown
        } else if self.tag() == pg_sys::NodeTag::T_NullIfExpr {
            Treatment::Passed
        } else {
            Treatment::Compared
        }
    }

    /// The node below binary-compatible relabelling.
    pub fn without_relabelling(self) -> Node {
        // SAFETY: module invariant.
        Node(unsafe { stripped(self.0) })
    }

    /// The type modifier of an expression; -1 if it has none.
    pub fn type_modifier(self) -> i32 {
        // SAFETY: module invariant; only called on expressions.
        unsafe { pg_sys::exprTypmod(self.0) }
    }
}
