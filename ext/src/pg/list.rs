//! PostgreSQL's lists as Rust vectors.

use pgrx::pg_sys;

/// The pointers of a list. A null list is empty.
pub(super) fn pointers<T>(list: *const pg_sys::List) -> Vec<*mut T> {
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: a non-null List of PostgreSQL has `length` initialised cells.
    unsafe {
        (0..(*list).length as usize)
            .map(|index| (*(*list).elements.add(index)).ptr_value.cast::<T>())
            .collect()
    }
}

/// The oids of a list of oids.
pub(super) fn oids(list: *const pg_sys::List) -> Vec<pg_sys::Oid> {
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: as above; the caller has a list of oids.
    unsafe {
        (0..(*list).length as usize)
            .map(|index| (*(*list).elements.add(index)).oid_value)
            .collect()
    }
}

/// The integers of a list of integers.
pub(super) fn integers(list: *const pg_sys::List) -> Vec<i32> {
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: as above; the caller has a list of integers.
    unsafe {
        (0..(*list).length as usize)
            .map(|index| (*(*list).elements.add(index)).int_value)
            .collect()
    }
}
