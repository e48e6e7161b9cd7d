//! What makes cached plans stale.
//!
//! Invalidation only marks; whoever uses a cached thing next looks at its mark while it holds locks on the definition, and builds
//! it anew.

use super::known_types;
use pgrx::pg_sys;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};

/// True until something that the cached thing was made from has changed.
pub type Validity = Rc<Cell<bool>>;

thread_local! {
    static WATCHED: RefCell<Watched> = RefCell::new(Watched::default());
}

/// The marks by the relation that turns them false. A mark that has turned false is taken out with the relation that did it; what it
/// leaves below other relations is swept out now and then, so that a backend that lives long keeps no more than it uses.
#[derive(Default)]
struct Watched {
    marks: HashMap<u32, Vec<Weak<Cell<bool>>>>,
    /// Marks kept, fallen ones included.
    count: usize,
    /// That many marks were worth keeping after the last sweep.
    living: usize,
}

impl Watched {
    fn add(&mut self, relation: u32, validity: &Validity) {
        /// So few are not worth a sweep.
        const FEW: usize = 64;
        if self.count > FEW.max(2 * self.living) {
            self.sweep();
        }
        self.marks
            .entry(relation)
            .or_default()
            .push(Rc::downgrade(validity));
        self.count += 1;
    }

    fn sweep(&mut self) {
        let stands = |mark: &Weak<Cell<bool>>| mark.upgrade().is_some_and(|validity| validity.get());
        self.marks.retain(|_, marks| {
            marks.retain(stands);
            !marks.is_empty()
        });
        self.count = self.marks.values().map(Vec::len).sum();
        self.living = self.count;
    }

    fn fell(&mut self, relation: u32) {
        let marks = self.marks.remove(&relation).unwrap_or_default();
        self.count -= marks.len();
        mark(&marks);
    }

    fn all_fell(&mut self) {
        for marks in std::mem::take(&mut self.marks).values() {
            mark(marks);
        }
        (self.count, self.living) = (0, 0);
    }
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
            watched.add(relation.to_u32(), validity);
        }
    });
}

/// Has every backend look anew at a relation, if there is one (any more).
pub fn send(relation: pg_sys::Oid) {
    // SAFETY: looks up the catalog first, as the other function does, which raises an error for an unknown relation.
    unsafe {
        if pg_sys::get_rel_relkind(relation) != 0 {
            pg_sys::CacheInvalidateRelcacheByRelid(relation);
        }
    }
}

/// Registers the callbacks; once per backend.
pub fn register() {
    let catalogs = [
        pg_sys::SysCacheIdentifier::NAMESPACEOID,
        pg_sys::SysCacheIdentifier::PROCOID,
        pg_sys::SysCacheIdentifier::OPEROID,
        // Texts of expressions hold the names of enum values, collations, and text search configurations and dictionaries.
        pg_sys::SysCacheIdentifier::ENUMOID,
        pg_sys::SysCacheIdentifier::COLLOID,
        pg_sys::SysCacheIdentifier::TSCONFIGOID,
        pg_sys::SysCacheIdentifier::TSDICTOID,
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
        pg_sys::CacheRegisterSyscacheCallback(
            pg_sys::SysCacheIdentifier::TYPEOID as i32,
            Some(type_changed),
            pg_sys::Datum::from(0),
        );
    }
}

/// # Safety
/// Called by the server.
unsafe extern "C-unwind" fn relation_changed(_argument: pg_sys::Datum, relation: pg_sys::Oid) {
    WATCHED.with_borrow_mut(|watched| {
        if relation == pg_sys::InvalidOid {
            watched.all_fell();
        } else {
            watched.fell(relation.to_u32());
        }
    });
}

/// # Safety
/// Called by the server.
unsafe extern "C-unwind" fn catalog_changed(_argument: pg_sys::Datum, _cache: i32, _hash: u32) {
    WATCHED.with_borrow_mut(Watched::all_fell);
}

/// # Safety
/// Called by the server.
unsafe extern "C-unwind" fn type_changed(_argument: pg_sys::Datum, _cache: i32, hash: u32) {
    if known_types::concerns_plans(hash) {
        WATCHED.with_borrow_mut(Watched::all_fell);
    }
}

fn mark(marks: &[Weak<Cell<bool>>]) {
    for validity in marks.iter().filter_map(Weak::upgrade) {
        validity.set(false);
    }
}
