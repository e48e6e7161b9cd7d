//! What differs between the supported major versions of PostgreSQL.

use super::node::Node;
use super::tree::Query;
use pgrx::pg_sys;
use std::ffi::c_void;

type Mutator = unsafe extern "C-unwind" fn(*mut pg_sys::Node, *mut c_void) -> *mut pg_sys::Node;

/// `expression_tree_mutator`: copies a node with its children mutated.
///
/// # Safety
/// `node` is a valid node and `context` what `mutator` expects.
pub(super) unsafe fn mutate_children(
    node: *mut pg_sys::Node,
    mutator: Mutator,
    context: *mut c_void,
) -> *mut pg_sys::Node {
    #[cfg(feature = "pg15")]
    // SAFETY: PostgreSQL 15 declares the callback without its arguments but calls it with (node, context).
    unsafe {
        let untyped =
            std::mem::transmute::<Mutator, unsafe extern "C-unwind" fn() -> *mut pg_sys::Node>(mutator);
        pg_sys::expression_tree_mutator(node, Some(untyped), context)
    }
    #[cfg(not(feature = "pg15"))]
    // SAFETY: see the function's contract.
    unsafe {
        pg_sys::expression_tree_mutator_impl(node, Some(mutator), context)
    }
}

/// Replaces variables that refer to a join or (from version 18) to the grouping step by the expressions they stand for.
pub(super) fn flatten(query: Query, node: Node) -> Node {
    if node.0.is_null() {
        return node;
    }
    // SAFETY: `node` is an expression (or list) of `query`; without a PlannerInfo no nulling marks are added.
    unsafe {
        #[cfg(feature = "pg18")]
        let node = if (*query.0).hasGroupRTE {
            Node(pg_sys::flatten_group_exprs(std::ptr::null_mut(), query.0, node.0))
        } else {
            node
        };
        #[cfg(feature = "pg15")]
        return Node(pg_sys::flatten_join_alias_vars(query.0, node.0));
        #[cfg(not(feature = "pg15"))]
        Node(pg_sys::flatten_join_alias_vars(
            std::ptr::null_mut(),
            query.0,
            node.0,
        ))
    }
}

/// `InvalidSubTransactionId`.
const NO_SUBTRANSACTION: pg_sys::SubTransactionId = 0;

/// Whether a relation's storage was replaced in this transaction (its rows may have changed without a trigger).
///
/// # Safety
/// `relation` is an open relation.
pub(super) unsafe fn rewritten_in_transaction(relation: pg_sys::Relation) -> bool {
    // SAFETY: see the function's contract.
    unsafe {
        #[cfg(feature = "pg15")]
        return (*relation).rd_newRelfilenodeSubid != NO_SUBTRANSACTION;
        #[cfg(not(feature = "pg15"))]
        return (*relation).rd_newRelfilelocatorSubid != NO_SUBTRANSACTION;
    }
}

/// `stringToQualifiedNameList`: the parts of a possibly qualified name.
///
/// # Safety
/// `name` is a NUL-terminated string.
pub(super) unsafe fn qualified_name_list(name: *const std::ffi::c_char) -> *mut pg_sys::List {
    // SAFETY: see the function's contract.
    unsafe {
        #[cfg(feature = "pg15")]
        return pg_sys::stringToQualifiedNameList(name);
        #[cfg(not(feature = "pg15"))]
        return pg_sys::stringToQualifiedNameList(name, std::ptr::null_mut());
    }
}
