//! Server functions that pgrx's bindings lack. Each call is guarded: an error of the server unwinds like a panic.

use pgrx::pg_sys;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use std::ffi::{c_char, c_int};

mod raw {
    use super::{c_char, c_int, pg_sys};

    unsafe extern "C-unwind" {
        pub fn datumCopy(value: pg_sys::Datum, by_value: bool, length: c_int) -> pg_sys::Datum;
        pub fn datum_image_eq(
            left: pg_sys::Datum,
            right: pg_sys::Datum,
            by_value: bool,
            length: c_int,
        ) -> bool;
        pub fn find_inheritance_children(parent: pg_sys::Oid, lockmode: c_int) -> *mut pg_sys::List;
        #[cfg(feature = "pg15")]
        pub fn query_tree_walker(
            query: *mut pg_sys::Query,
            walker: super::Walker,
            context: *mut std::ffi::c_void,
            flags: c_int,
        ) -> bool;
        #[cfg(feature = "pg15")]
        pub fn expression_tree_walker(
            node: *mut pg_sys::Node,
            walker: super::Walker,
            context: *mut std::ffi::c_void,
        ) -> bool;
        pub fn expand_grouping_sets(
            sets: *mut pg_sys::List,
            distinct: bool,
            limit: c_int,
        ) -> *mut pg_sys::List;
        pub fn has_superclass(relation: pg_sys::Oid) -> bool;
        pub fn slot_getsomeattrs_int(slot: *mut pg_sys::TupleTableSlot, count: c_int);
        pub fn set_errcontext_domain(domain: *const c_char) -> c_int;
        pub fn getinternalerrposition() -> c_int;
        pub fn internalerrposition(position: c_int) -> c_int;
        pub fn internalerrquery(query: *const c_char) -> c_int;
        pub fn errcontext_msg(format: *const c_char, ...) -> c_int;
    }
}

/// Copies a value into the current memory context.
///
/// # Safety
/// The value is of a type with this storage.
pub(super) unsafe fn datum_copy(value: pg_sys::Datum, by_value: bool, length: i16) -> pg_sys::Datum {
    // SAFETY: see the function's contract.
    unsafe { pg_guard_ffi_boundary(|| raw::datumCopy(value, by_value, i32::from(length))) }
}

/// Whether two values have the same binary image, compression and TOAST aside.
///
/// # Safety
/// Both values are of a type with this storage.
pub(super) unsafe fn datum_image_eq(
    left: pg_sys::Datum,
    right: pg_sys::Datum,
    by_value: bool,
    length: i16,
) -> bool {
    if by_value {
        return left.value() == right.value();
    }
    // SAFETY: see the function's contract.
    unsafe {
        if is_same_image(left, right, length) {
            return true;
        }
        pg_guard_ffi_boundary(|| raw::datum_image_eq(left, right, by_value, i32::from(length)))
    }
}

/// Whether two values are stored as the same bytes. Then they are equal, and one that is stored out of line, which an UPDATE has left where it
/// is, need not be fetched.
///
/// # Safety
/// Both values are of a type with this length, passed by reference.
unsafe fn is_same_image(left: pg_sys::Datum, right: pg_sys::Datum, length: i16) -> bool {
    let (left, right): (*const u8, *const u8) = (left.cast_mut_ptr(), right.cast_mut_ptr());
    // SAFETY: see the function's contract; a value of variable length says its size itself.
    unsafe {
        let size = |value: *const u8| match length {
            -1 => Some(pgrx::varsize_any(value.cast())),
            _ => usize::try_from(length).ok(),
        };
        let (Some(size), Some(other)) = (size(left), size(right)) else {
            return false;
        };
        let bytes = |value| std::slice::from_raw_parts(value, size);
        size == other && bytes(left) == bytes(right)
    }
}

/// Calls a function that is made for the server to call. An error that it ends with jumps to whoever has called into the server last, past
/// all that is in between: only what is called through here lets that be taken up.
///
/// # Safety
/// As for the function.
pub(super) unsafe fn called_as_by_server<T>(function: impl FnOnce() -> T) -> T {
    // SAFETY: see the function's contract.
    unsafe { pg_guard_ffi_boundary(function) }
}

/// What visits the nodes of a tree; true ends the walk.
pub(super) type Walker = unsafe extern "C-unwind" fn(*mut pg_sys::Node, *mut std::ffi::c_void) -> bool;

/// `query_tree_walker`, range table and WITH queries included.
///
/// # Safety
/// `query` is a valid query and `context` what `walker` expects.
pub(super) unsafe fn walk_query(
    query: *mut pg_sys::Query,
    walker: Walker,
    context: *mut std::ffi::c_void,
) -> bool {
    // SAFETY: see the function's contract.
    unsafe { walk_query_with(query, walker, context, 0) }
}

/// The same without the columns that joins have, used or not.
///
/// # Safety
/// As for [`walk_query`].
pub(super) unsafe fn walk_query_without_join_columns(
    query: *mut pg_sys::Query,
    walker: Walker,
    context: *mut std::ffi::c_void,
) -> bool {
    // SAFETY: see the function's contract.
    unsafe { walk_query_with(query, walker, context, pg_sys::QTW_IGNORE_JOINALIASES as i32) }
}

/// # Safety
/// As for [`walk_query`].
unsafe fn walk_query_with(
    query: *mut pg_sys::Query,
    walker: Walker,
    context: *mut std::ffi::c_void,
    flags: i32,
) -> bool {
    // SAFETY: see the function's contract.
    unsafe {
        #[cfg(feature = "pg15")]
        return pg_guard_ffi_boundary(|| raw::query_tree_walker(query, walker, context, flags));
        #[cfg(not(feature = "pg15"))]
        pg_sys::query_tree_walker_impl(query, Some(walker), context, flags)
    }
}

/// `expression_tree_walker`.
///
/// # Safety
/// `node` is a valid node and `context` what `walker` expects.
pub(super) unsafe fn walk_children(
    node: *mut pg_sys::Node,
    walker: Walker,
    context: *mut std::ffi::c_void,
) -> bool {
    // SAFETY: see the function's contract.
    unsafe {
        #[cfg(feature = "pg15")]
        return pg_guard_ffi_boundary(|| raw::expression_tree_walker(node, walker, context));
        #[cfg(not(feature = "pg15"))]
        pg_sys::expression_tree_walker_impl(node, Some(walker), context)
    }
}

/// The grouping sets that GROUPING SETS, ROLLUP and CUBE stand for, as lists of group references.
///
/// # Safety
/// `sets` is the list of grouping sets of an analysed query.
pub(super) unsafe fn expand_grouping_sets(
    sets: *mut pg_sys::List,
    distinct: bool,
    limit: i32,
) -> *mut pg_sys::List {
    // SAFETY: see the function's contract.
    unsafe { pg_guard_ffi_boundary(|| raw::expand_grouping_sets(sets, distinct, limit)) }
}

/// The tables that inherit directly from a table.
pub(super) fn inheritance_children(parent: pg_sys::Oid) -> Vec<pg_sys::Oid> {
    // SAFETY: takes any relation.
    let children =
        unsafe { pg_guard_ffi_boundary(|| raw::find_inheritance_children(parent, pg_sys::NoLock as i32)) };
    super::list::oids(children)
}

/// Whether a table inherits from another one.
pub(super) fn has_superclass(relation: pg_sys::Oid) -> bool {
    // SAFETY: takes any relation.
    unsafe { pg_guard_ffi_boundary(|| raw::has_superclass(relation)) }
}

/// Reads all attributes of a slot's tuple.
///
/// # Safety
/// The slot holds a tuple.
pub(super) unsafe fn slot_get_all_attributes(slot: *mut pg_sys::TupleTableSlot) {
    // SAFETY: see the function's contract.
    unsafe {
        let count = (*(*slot).tts_tupleDescriptor).natts;
        if i32::from((*slot).tts_nvalid) < count {
            pg_guard_ffi_boundary(|| raw::slot_getsomeattrs_int(slot, count));
        }
    }
}

/// Evaluates a prepared expression in its context's memory for one row: (value, whether it is NULL).
///
/// # Safety
/// The expression was prepared for the state that the context belongs to.
pub(super) unsafe fn evaluate(
    expression: *mut pg_sys::ExprState,
    context: *mut pg_sys::ExprContext,
) -> (pg_sys::Datum, bool) {
    // SAFETY: see the function's contract; a prepared expression has its function.
    unsafe {
        let before = pg_sys::MemoryContextSwitchTo((*context).ecxt_per_tuple_memory);
        let mut null = true;
        let value = (*expression)
            .evalfunc
            .map(|function| pg_guard_ffi_boundary(|| function(expression, context, &raw mut null)));
        pg_sys::MemoryContextSwitchTo(before);
        (value.unwrap_or(pg_sys::Datum::from(0)), null)
    }
}

/// Empties a slot.
///
/// # Safety
/// The slot is valid; nobody uses what it holds any more.
pub(super) unsafe fn clear_slot(slot: *mut pg_sys::TupleTableSlot) {
    // SAFETY: see the function's contract; every kind of slot can be cleared.
    unsafe {
        if let Some(clear) = (*(*slot).tts_ops).clear {
            pg_guard_ffi_boundary(|| clear(slot));
        }
    }
}

/// Adds a line to the context of the error that is being reported.
///
/// # Safety
/// Called from an error context callback; the line is NUL-terminated.
pub(super) unsafe fn add_context_line(line: *const c_char) {
    // SAFETY: see the function's contract; the format takes one string.
    unsafe {
        raw::set_errcontext_domain(std::ptr::null());
        raw::errcontext_msg(c"%s".as_ptr(), line);
    }
}

/// Position of the error being reported in the text of an inner query; 0 if there is none.
///
/// # Safety
/// Called from an error context callback.
pub(super) unsafe fn internal_position() -> c_int {
    // SAFETY: see the function's contract.
    unsafe { raw::getinternalerrposition() }
}

/// Sets the place of the error that is being reported: `position` characters into `query`.
///
/// # Safety
/// Called from an error context callback; the query is NUL-terminated.
pub(super) unsafe fn set_internal_position(position: c_int, query: *const c_char) {
    // SAFETY: see the function's contract.
    unsafe {
        raw::internalerrposition(position);
        raw::internalerrquery(query);
    }
}
