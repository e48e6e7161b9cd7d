//! Maintenance at run time.
//!
//! A trigger *notes* which units a change affects ([`notes`]); a *flush* brings them up to date ([`flush`]). Both work with a
//! tview's compiled form ([`compiled`]), which is kept per backend.

pub mod compiled;
pub mod flush;
pub mod guard;
pub mod notes;

use crate::catalog;
use crate::error::Result;
use crate::pg::invalidation::{Validity, watch};
use compiled::Compiled;
use pgrx::pg_sys::Oid;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The tviews that read a source.
struct SourceEntry {
    tviews: Vec<Oid>,
    validity: Validity,
}

thread_local! {
    static COMPILED: RefCell<HashMap<u32, Rc<Compiled>>> = RefCell::new(HashMap::new());
    static SOURCES: RefCell<HashMap<u32, Rc<SourceEntry>>> = RefCell::new(HashMap::new());
}

/// The tviews that read a table, lower ones first.
fn tviews_of(source: Oid) -> Result<Vec<Oid>> {
    let known = SOURCES.with_borrow(|sources| sources.get(&source.to_u32()).cloned());
    if let Some(entry) = known.filter(|entry| entry.validity.get()) {
        return Ok(entry.tviews.clone());
    }
    let validity = watch(&[source]);
    let tviews = catalog::tviews_of_source(source)?;
    let entry = Rc::new(SourceEntry {
        tviews: tviews.clone(),
        validity,
    });
    SOURCES.with_borrow_mut(|sources| sources.insert(source.to_u32(), entry));
    Ok(tviews)
}

/// A tview's compiled form, made from what the catalogs say now. Its definition can't change until the end of the
/// transaction. `None` if it is no tview (any more).
pub fn acquire(tview: Oid) -> Result<Option<Rc<Compiled>>> {
    loop {
        let known = COMPILED.with_borrow(|compiled| compiled.get(&tview.to_u32()).cloned());
        let compiled = match known.filter(|compiled| compiled.is_valid()) {
            Some(compiled) => compiled,
            None => {
                let Some(fresh) = Compiled::build(tview)? else {
                    COMPILED.with_borrow_mut(|compiled| compiled.remove(&tview.to_u32()));
                    return Ok(None);
                };
                let fresh = Rc::new(fresh);
                let previous =
                    COMPILED.with_borrow_mut(|compiled| compiled.insert(tview.to_u32(), Rc::clone(&fresh)));
                drop(previous);
                fresh
            }
        };
        // Taking the locks processes invalidations: only a form that is still valid then may be used.
        compiled.lock_definition();
        if compiled.is_valid() {
            return Ok(Some(compiled));
        }
    }
}
