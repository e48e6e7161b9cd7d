//! Which changes of types concern no plan.
//!
//! Each table that is created or dropped brings or takes two types with it: its row type and the array of that. A plan can't have been made
//! from a type that came later, so it need not be made anew for one, and nobody's temporary tables cost others anything. Which types there
//! were is looked up when plans are made, and only in a backend that has seen types change: until then each change counts.

use super::scan;
use crate::error::Result;
use pgrx::pg_sys;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

thread_local! {
    /// The hashes by which the server names changed types, of all types that plans can have been made from; `None`: of any.
    static KNOWN: RefCell<Option<HashSet<u32>>> = const { RefCell::new(None) };
    /// A type has changed, or come, that was not known when it did.
    static NEWS: Cell<bool> = const { Cell::new(false) };
    /// How many plans are being made, one for the other.
    static COMPILING: Cell<u32> = const { Cell::new(0) };
}

/// Whether a change of the types with this hash, 0 for all, may concern a plan.
pub(super) fn concerns_plans(hash: u32) -> bool {
    let known = KNOWN.with_borrow(|known| known.as_ref().map(|known| known.contains(&hash)));
    if known != Some(true) {
        NEWS.set(true);
    }
    hash == 0 || COMPILING.get() > 0 || known != Some(false)
}

/// While it lives, a plan is being made.
struct Compiling;

impl Compiling {
    fn begin() -> Compiling {
        COMPILING.set(COMPILING.get() + 1);
        Compiling
    }
}

impl Drop for Compiling {
    fn drop(&mut self) {
        COMPILING.set(COMPILING.get().saturating_sub(1));
    }
}

/// Makes something from the catalogs, after which a change of any type that is there now counts. Meanwhile each does.
pub fn while_compiling<T>(compile: impl FnOnce() -> Result<T>) -> Result<T> {
    let _compiling = Compiling::begin();
    let compiled = compile()?;
    // If there is no news, types are known, or none has changed yet.
    if NEWS.replace(false) {
        KNOWN.set(None);
        let known = hashes()?;
        KNOWN.set(Some(known));
    }
    Ok(compiled)
}

/// The hashes of all types, but for row types of temporary tables and arrays of them.
fn hashes() -> Result<HashSet<u32>> {
    let mut temporary: HashMap<u32, bool> = HashMap::new();
    let all = scan::rows(pg_sys::TypeRelationId, None, &[], |row| {
        let schema = row.oid(pg_sys::Anum_pg_type_typnamespace as i16)?;
        // SAFETY: looks up the catalog.
        let is_temporary = || unsafe { pg_sys::isAnyTempNamespace(schema) };
        let passes = *temporary.entry(schema.to_u32()).or_insert_with(is_temporary)
            && (row.oid(pg_sys::Anum_pg_type_typrelid as i16)? != pg_sys::InvalidOid
                || row.oid(pg_sys::Anum_pg_type_typelem as i16)? != pg_sys::InvalidOid);
        let type_oid = pg_sys::Datum::from(row.oid(pg_sys::Anum_pg_type_oid as i16)?);
        let none = pg_sys::Datum::from(0);
        let cache = pg_sys::SysCacheIdentifier::TYPEOID as i32;
        // SAFETY: the cache has one key, the type's oid.
        Ok((!passes).then(|| unsafe { pg_sys::GetSysCacheHashValue(cache, type_oid, none, none, none) }))
    })?;
    Ok(all.into_iter().flatten().collect())
}
