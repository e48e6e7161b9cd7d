//! What makes cached plans stale.
//!
//! Invalidation only marks; whoever uses a cached thing next looks at its mark while it holds locks on the definition, and builds
//! it anew.

use pgrx::pg_sys;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};

/// True until something that the cached thing was made from has changed.
pub type Validity = Rc<Cell<bool>>;

thread_local! {
    static WATCHED: RefCell<HashMap<u32, Vec<Weak<Cell<bool>>>>> = RefCell::new(HashMap::new());
}

/// A mark that turns false when one of the relations changes. To be taken before the catalogs are read.
pub fn watch(relations: &[pg_sys::Oid]) -> Validity {
    let validity = Rc::new(Cell::new(true));
    add(&validity, relations);
    validity
}

/// Lets further relations turn a mark false.
pub fn add(validity: &Validity, relations: &[pg_sys::Oid]) {
    WATCHED.with_borrow_mut(|watched| {
        for relation in relations {
            let marks = watched.entry(relation.to_u32()).or_default();
            marks.retain(|mark| mark.strong_count() > 0);
            marks.push(Rc::downgrade(validity));
        }
    });
}

/// Registers the callbacks; once per backend.
pub fn register() {
    let catalogs = [
        pg_sys::SysCacheIdentifier::NAMESPACEOID,
        pg_sys::SysCacheIdentifier::PROCOID,
        pg_sys::SysCacheIdentifier::OPEROID,
        pg_sys::SysCacheIdentifier::TYPEOID,
        // Who may read what, and for whom row-level security counts.
        pg_sys::SysCacheIdentifier::AUTHOID,
        pg_sys::SysCacheIdentifier::AUTHMEMMEMROLE,
    ];
    // SAFETY: the callbacks are of the kinds asked for and live as long as the library.
    unsafe {
        pg_sys::CacheRegisterRelcacheCallback(Some(relation_changed), pg_sys::Datum::from(0));
        for catalog in catalogs {
            pg_sys::CacheRegisterSyscacheCallback(
                catalog as i32,
                Some(catalog_changed),
                pg_sys::Datum::from(0),
            );
        }
    }
}

/// # Safety
/// Called by the server.
unsafe extern "C-unwind" fn relation_changed(_argument: pg_sys::Datum, relation: pg_sys::Oid) {
    WATCHED.with_borrow(|watched| {
        if relation == pg_sys::InvalidOid {
            mark(watched.values().flatten());
        } else if let Some(marks) = watched.get(&relation.to_u32()) {
            mark(marks);
        }
    });
}

/// # Safety
/// Called by the server.
unsafe extern "C-unwind" fn catalog_changed(_argument: pg_sys::Datum, _cache: i32, _hash: u32) {
    WATCHED.with_borrow(|watched| mark(watched.values().flatten()));
}

fn mark<'a>(marks: impl IntoIterator<Item = &'a Weak<Cell<bool>>>) {
    for validity in marks.into_iter().filter_map(Weak::upgrade) {
        validity.set(false);
    }
}
