//! Operators that no text can name.
//!
//! A definition is kept, dumped and computed from the text that the server's deparser writes. For a few constructs that text has no
//! room for the operator's schema; read again, they get the operator that the search path finds for its name. In `pg_catalog` that
//! is the one that was meant. For the types of extensions it is not: `nullif(a, b)` over `citext` becomes that over `text`.

use super::list::pointers;
use super::node::{Node, Visit, optional, rewrite};
use pgrx::pg_sys;

impl Node {
    /// What this expression is called, and how it can be written otherwise, if its text loses an operator outside of `pg_catalog`.
    pub fn unnameable_operator(self) -> Option<(&'static str, &'static str)> {
        use pg_sys::NodeTag::*;
        // SAFETY: the casts follow from the tags; lists of operators hold oids, WHEN clauses are CaseWhen nodes.
        unsafe {
            match self.tag() {
                T_NullIfExpr => is_foreign((*self.0.cast::<pg_sys::OpExpr>()).opno)
                    .then_some(("NULLIF", "Write CASE WHEN a = b THEN NULL ELSE a END.")),
                T_DistinctExpr => is_foreign((*self.0.cast::<pg_sys::OpExpr>()).opno).then_some((
                    "IS DISTINCT FROM",
                    "Write coalesce(a <> b, (a IS NULL) <> (b IS NULL)).",
                )),
                T_RowCompareExpr => {
                    let operators = super::list::oids((*self.0.cast::<pg_sys::RowCompareExpr>()).opnos);
                    operators
                        .into_iter()
                        .any(is_foreign)
                        .then_some(("a comparison of rows", "Compare the columns one by one."))
                }
                T_CaseExpr => {
                    let case = &*self.0.cast::<pg_sys::CaseExpr>();
                    if case.arg.is_null() {
                        return None;
                    }
                    let tests = pointers::<pg_sys::Node>(case.args)
                        .into_iter()
                        .filter_map(|when| optional((*when.cast::<pg_sys::CaseWhen>()).expr.cast()));
                    tests
                        .into_iter()
                        .any(|test| {
                            test.tag() == T_OpExpr && is_foreign((*test.0.cast::<pg_sys::OpExpr>()).opno)
                        })
                        .then_some(("CASE x WHEN", "Write CASE WHEN x = … THEN."))
                }
                _ => None,
            }
        }
    }

    /// Whether there is an operator outside of `pg_catalog` in it.
    pub fn has_foreign_operator(self) -> bool {
        let mut found = false;
        rewrite(self, &mut |node| {
            if node.tag() == pg_sys::NodeTag::T_OpExpr {
                // SAFETY: the cast follows from the tag.
                found |= is_foreign(unsafe { (*node.0.cast::<pg_sys::OpExpr>()).opno });
            }
            Visit::Descend
        });
        found
    }

    /// Whether it is a test of several columns at once, as `(a, b) IN (SELECT …)` has it.
    pub fn is_conjunction(self) -> bool {
        self.tag() == pg_sys::NodeTag::T_BoolExpr
    }
}

/// Whether an operator was not created with the database: the server's own ones are all in `pg_catalog`.
fn is_foreign(operator: pg_sys::Oid) -> bool {
    operator.to_u32() >= pg_sys::FirstNormalObjectId
}
