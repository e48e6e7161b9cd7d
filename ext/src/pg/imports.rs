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
    unsafe { pg_guard_ffi_boundary(|| raw::datum_image_eq(left, right, by_value, i32::from(length))) }
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
