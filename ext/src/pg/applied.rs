//! What logical replication applies, as the trigger of a row is told of it.

use super::trigger::Firing;
use pg_tviews_sqltext::Event;
use pgrx::pg_sys;

/// Whether this backend applies changes that come from a publisher, or copies a subscribed table.
pub fn is_worker() -> bool {
    // SAFETY: looks at a variable of the backend.
    unsafe { pg_sys::IsLogicalWorker() }
}

/// A changed row as a statement that has changed this row alone. It lives no longer than the row trigger's call.
pub struct SingleRow {
    data: pg_sys::TriggerData,
    stores: Vec<*mut pg_sys::Tuplestorestate>,
}

impl SingleRow {
    /// The row of a trigger's call; `None` if it is not a call after a change of a row.
    pub fn of(firing: &Firing) -> Option<SingleRow> {
        let data = *firing.get();
        let after_row = pg_sys::TRIGGER_EVENT_ROW | pg_sys::TRIGGER_EVENT_AFTER;
        if data.tg_event & (pg_sys::TRIGGER_EVENT_ROW | pg_sys::TRIGGER_EVENT_TIMINGMASK) != after_row {
            return None;
        }
        let none = std::ptr::null_mut();
        let (old, new) = match firing.event() {
            Event::Insert => (none, data.tg_trigslot),
            Event::Update => (data.tg_trigslot, data.tg_newslot),
            Event::Delete => (data.tg_trigslot, none),
            Event::Truncate => return None,
        };
        let mut row = SingleRow { data, stores: vec![] };
        row.data.tg_event &= !pg_sys::TRIGGER_EVENT_ROW;
        row.data.tg_oldtable = row.store(old);
        row.data.tg_newtable = row.store(new);
        Some(row)
    }

    /// As a call of the trigger of a statement. Not to be used after `self` is gone.
    pub fn firing(&mut self) -> Firing {
        Firing::of(&raw mut self.data)
    }

    /// A transition table with the row of a slot, if there is a slot.
    fn store(&mut self, slot: *mut pg_sys::TupleTableSlot) -> *mut pg_sys::Tuplestorestate {
        if slot.is_null() {
            return std::ptr::null_mut();
        }
        // SAFETY: the slots of a row trigger hold rows during its call; the row is copied. The store is allocated in the current memory
        // context, which lives as long as the call.
        unsafe {
            let store = pg_sys::tuplestore_begin_heap(true, false, pg_sys::work_mem);
            pg_sys::tuplestore_puttupleslot(store, slot);
            self.stores.push(store);
            store
        }
    }
}

impl Drop for SingleRow {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for store in &self.stores {
            // SAFETY: made by `store`, and nobody reads it any more.
            unsafe { pg_sys::tuplestore_end(*store) }
        }
    }
}
