//! Conditions whose evaluation can't fail. The invariant is that of [`super::tree`].

use super::node::{Node, NodeKind, function_name, volatility};
use pgrx::pg_sys;

impl Node {
    /// Whether the evaluation of an expression can't fail, whatever its columns hold: it is made of columns, constants, logic, tests for
    /// NULL, and functions of the server that raise no errors. What has no columns is computed once, as the definition does it.
    pub fn is_harmless(self) -> bool {
        use pg_sys::NodeTag::*;
        let below = || self.children().into_iter().all(Node::is_harmless);
        match self.tag() {
            T_Var => self.system_column().is_none(),
            T_Const => true,
            T_BoolExpr | T_NullTest | T_BooleanTest | T_RelabelType | T_ArrayExpr | T_OpExpr
            | T_ScalarArrayOpExpr | T_DistinctExpr | T_FuncExpr => {
                self.is_constant() || (self.functions().into_iter().all(raises_no_errors) && below())
            }
            _ => self.is_constant(),
        }
    }

    /// Whether it is an expression without columns whose value is the same whenever it is computed, and runs no code of a user. Functions
    /// that could run some by the types that they are given, such as input functions and `to_jsonb`, are not IMMUTABLE.
    pub(super) fn is_constant(self) -> bool {
        // Its constraints would be planned, and their constants folded.
        let is_domain = self.tag() == pg_sys::NodeTag::T_CoerceToDomain;
        let own = match self.kind() {
            _ if is_domain => false,
            NodeKind::Variable(_)
            | NodeKind::Sublink { .. }
            | NodeKind::SublinkOutput(_)
            | NodeKind::Parameter
            | NodeKind::Aggregate
            | NodeKind::Window
            | NodeKind::SetReturning
            | NodeKind::SessionValue
            | NodeKind::Sequence
            | NodeKind::Query => false,
            NodeKind::Other => self
                .functions()
                .into_iter()
                .all(|function| is_built_in(function) && volatility(function) == b'i'),
        };
        own && self.children().into_iter().all(Node::is_constant)
    }

    fn system_column(self) -> Option<i16> {
        match self.kind() {
            NodeKind::Variable(variable) if variable.attnum <= 0 => Some(variable.attnum),
            _ => None,
        }
    }
}

fn is_built_in(function: pg_sys::Oid) -> bool {
    function.to_u32() < pg_sys::FirstNormalObjectId
}

/// Functions that are LEAKPROOF raise no errors that depend on their arguments; nor do comparisons of numbers.
fn raises_no_errors(function: pg_sys::Oid) -> bool {
    // SAFETY: looks up the catalog.
    let leakproof = || unsafe { pg_sys::get_func_leakproof(function) };
    let compares_numbers = || {
        matches!(
            function_name(function).as_str(),
            "numeric_eq" | "numeric_ne" | "numeric_lt" | "numeric_le" | "numeric_gt" | "numeric_ge"
        )
    };
    is_built_in(function) && volatility(function) == b'i' && (leakproof() || compares_numbers())
}
