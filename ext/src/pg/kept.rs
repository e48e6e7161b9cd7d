//! Changed rows kept beyond the trigger that has seen them, to the end of the transaction.

use super::trigger::{Firing, Row};
use crate::error::{Error, Result};
use pg_tviews_sqltext::{NEW_ROWS, OLD_ROWS};
use pgrx::pg_sys;
use std::cell::RefCell;

thread_local! {
    /// Stores of this transaction that nobody needs any more.
    static DONE: RefCell<Vec<*mut pg_sys::Tuplestorestate>> = const { RefCell::new(Vec::new()) };
}

/// Copies of a firing's transition tables. They live in the transaction's memory and must not be used after its end.
///
/// What is not needed any more is not closed at once: that may happen after an error, and closing can raise another one.
pub struct KeptRows {
    source: pg_sys::Oid,
    old: *mut pg_sys::Tuplestorestate,
    new: *mut pg_sys::Tuplestorestate,
}

impl KeptRows {
    /// Copies the rows of a firing.
    pub fn copy(firing: &Firing) -> KeptRows {
        close_done();
        let data = firing.get();
        let copy = |store: *mut pg_sys::Tuplestorestate| {
            (!store.is_null()).then(|| copy_store(store, data.tg_relation))
        };
        KeptRows {
            source: firing.relation_oid(),
            old: copy(data.tg_oldtable).unwrap_or(std::ptr::null_mut()),
            new: copy(data.tg_newtable).unwrap_or(std::ptr::null_mut()),
        }
    }

    /// How many there are, old and new ones.
    pub fn count(&self) -> i64 {
        let stores = [self.old, self.new].into_iter().filter(|store| !store.is_null());
        // SAFETY: the stores live as long as the transaction, and no longer does `self`.
        stores
            .map(|store| unsafe { pg_sys::tuplestore_tuple_count(store) })
            .sum()
    }

    /// Makes the rows known to statements of the current SPI connection, as the transition tables of a trigger.
    pub fn register(&self) -> Result<()> {
        for (name, store) in [(OLD_ROWS, self.old), (NEW_ROWS, self.new)] {
            if store.is_null() {
                continue;
            }
            let name = super::text::c_string(name)?;
            // SAFETY: connected to SPI, which copies nothing: the relation is allocated in its memory; the name is copied
            // there too.
            let code = unsafe {
                let relation = pg_sys::palloc0(size_of::<pg_sys::EphemeralNamedRelationData>())
                    .cast::<pg_sys::EphemeralNamedRelationData>();
                (*relation).md.name = pg_sys::pstrdup(name.as_ptr());
                (*relation).md.reliddesc = self.source;
                (*relation).md.tupdesc = std::ptr::null_mut();
                (*relation).md.enrtype = pg_sys::EphemeralNameRelationType::ENR_NAMED_TUPLESTORE;
                (*relation).md.enrtuples = pg_sys::tuplestore_tuple_count(store) as f64;
                (*relation).reldata = store.cast();
                pg_sys::SPI_register_relation(relation)
            };
            if code < 0 {
                return Err(Error::internal(format!("SPI_register_relation: {code}")));
            }
        }
        Ok(())
    }
}

impl Drop for KeptRows {
    fn drop(&mut self) {
        let stores = [self.old, self.new].into_iter();
        DONE.with_borrow_mut(|done| done.extend(stores.filter(|store| !store.is_null())));
    }
}

/// Gives back the memory and the files of rows that nobody needs any more. Outside of error handling only.
pub fn close_done() {
    while let Some(store) = DONE.with_borrow_mut(Vec::pop) {
        // SAFETY: `forget` has taken out what was made in transactions that are over, and nobody else knows the store.
        unsafe { pg_sys::tuplestore_end(store) }
    }
}

/// The transaction is over, and the server has taken back what is left of it.
pub fn forget() {
    DONE.with_borrow_mut(Vec::clear);
}

fn copy_store(
    store: *mut pg_sys::Tuplestorestate,
    relation: pg_sys::Relation,
) -> *mut pg_sys::Tuplestorestate {
    // SAFETY: the store is valid during the trigger's call and holds rows of the relation; the copy belongs to the top
    // transaction, memory and temporary files both.
    unsafe {
        let context = pg_sys::MemoryContextSwitchTo(pg_sys::TopTransactionContext);
        let owner = pg_sys::CurrentResourceOwner;
        pg_sys::CurrentResourceOwner = pg_sys::TopTransactionResourceOwner;
        let copy = pg_sys::tuplestore_begin_heap(true, false, pg_sys::work_mem);
        let mut row = Row::open(store, relation);
        while row.advance() {
            pg_sys::tuplestore_puttupleslot(copy, row.slot());
        }
        drop(row);
        pg_sys::CurrentResourceOwner = owner;
        pg_sys::MemoryContextSwitchTo(context);
        copy
    }
}
