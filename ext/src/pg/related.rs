//! Changed rows as another table of the same tree of partitions or inheriting tables has them: columns of the same name
//! are the same column, but their order and numbers can differ.

use super::generated::Completion;
use super::imports;
use super::relation::Relation;
use super::settings::OwnersOperation;
use super::trigger::{Firing, Row};
use pg_tviews_planner::ColumnSet;
use pgrx::pg_sys;

/// How rows of the table that a statement named become rows of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mapping {
    /// They are stored alike.
    Alike,
    /// For each column of the source, the attribute number in the table; 0 where it has no such column.
    ByName(Vec<i16>),
}

impl Mapping {
    /// Compares the columns of a table with those of a source.
    pub fn between(table: &Relation, source: &Relation) -> Mapping {
        if table.oid() == source.oid() {
            return Mapping::Alike;
        }
        let (own, wanted) = (table.layout(), source.layout());
        if own == wanted && own.iter().all(|column| !column.missing) {
            return Mapping::Alike;
        }
        let columns = table.attributes();
        let number = |name: &String| {
            let found = columns.iter().find(|column| column.name == *name);
            found.map_or(0, |column| column.attnum)
        };
        Mapping::ByName(
            wanted
                .iter()
                .map(|column| column.name.as_ref().map_or(0, number))
                .collect(),
        )
    }

    /// Whether the table has this column of the source.
    pub fn has(&self, attnum: i16) -> bool {
        let Mapping::ByName(numbers) = self else {
            return true;
        };
        let index = usize::try_from(attnum)
            .ok()
            .and_then(|attnum| attnum.checked_sub(1));
        index
            .and_then(|index| numbers.get(index))
            .is_some_and(|number| *number != 0)
    }
}

/// A trigger's call with the rows that a source sees. It lives no longer than the call.
pub struct Converted {
    data: Vec<pg_sys::TriggerData>,
    /// Keeps the source open, to whose row type the data refer.
    source: Relation,
    stores: Vec<*mut pg_sys::Tuplestorestate>,
    /// Computes what the rows lack.
    completion: Option<Completion>,
}

impl Converted {
    /// The rows of `firing` as `source` has them. With `moves`, an update may have moved rows into the source or out of it, so that a
    /// row is a change even where all columns that matter stay the same: it becomes a deletion and an insertion.
    pub fn new(
        firing: &Firing,
        source: Relation,
        mapping: &Mapping,
        moves: bool,
        operation: OwnersOperation<'_>,
    ) -> Converted {
        let original = *firing.get();
        let mut converted = Converted {
            data: Vec::new(),
            source,
            stores: Vec::new(),
            completion: None,
        };
        if firing.is_incomplete() {
            // SAFETY: the relation is open during the call.
            converted.completion = unsafe { Completion::of(original.tg_relation, operation) };
        }
        if moves && !original.tg_oldtable.is_null() && !original.tg_newtable.is_null() {
            // SAFETY: both transition tables are valid during the call, and of the row type of its relation.
            unsafe { converted.split(&original, mapping) };
        } else {
            let mut data = original;
            for store in [&mut data.tg_oldtable, &mut data.tg_newtable] {
                if !store.is_null() {
                    // SAFETY: as above.
                    *store = unsafe { converted.copy(*store, original.tg_relation, mapping) };
                }
            }
            converted.add(data);
        }
        // It evaluates expressions of a user, and the operation ends.
        converted.completion = None;
        converted
    }

    /// As calls of the source's own triggers. Not to be used after `self` is gone.
    pub fn firings(&mut self) -> Vec<Firing> {
        let data = self.data.iter_mut();
        data.map(|data| Firing::of(&raw mut *data)).collect()
    }

    fn add(&mut self, data: pg_sys::TriggerData) {
        let tg_relation = self.source.raw();
        self.data.push(pg_sys::TriggerData { tg_relation, ..data });
    }

    /// A transition table in the row type of the source.
    ///
    /// # Safety
    /// `store` holds rows of `table`'s type, which `mapping` is about.
    unsafe fn copy(
        &mut self,
        store: *mut pg_sys::Tuplestorestate,
        table: pg_sys::Relation,
        mapping: &Mapping,
    ) -> *mut pg_sys::Tuplestorestate {
        if *mapping == Mapping::Alike && self.completion.is_none() {
            return store;
        }
        let target = self.new_store();
        let mut row = Row::open(store, table);
        while row.advance() {
            // SAFETY: see the function's contract.
            unsafe { self.put(target, &row, mapping) };
        }
        target
    }

    /// An update as a deletion and an insertion; rows that it has left as they were are left out.
    ///
    /// # Safety
    /// The data are those of an update of a table that `mapping` is about.
    unsafe fn split(&mut self, data: &pg_sys::TriggerData, mapping: &Mapping) {
        let all_columns = ColumnSet {
            whole_row: true,
            ..ColumnSet::default()
        };
        let (before, after) = (self.new_store(), self.new_store());
        let mut old = Row::open(data.tg_oldtable, data.tg_relation);
        let mut new = Row::open(data.tg_newtable, data.tg_relation);
        loop {
            let (more_old, more_new) = (old.advance(), new.advance());
            if !more_old && !more_new {
                break;
            }
            if more_old && more_new && !new.differs(&old, &all_columns) {
                continue;
            }
            for (more, store, row) in [(more_old, before, &old), (more_new, after, &new)] {
                if more {
                    // SAFETY: see the function's contract.
                    unsafe { self.put(store, row, mapping) };
                }
            }
        }
        let timing = data.tg_event & !pg_sys::TRIGGER_EVENT_OPMASK;
        self.add(pg_sys::TriggerData {
            tg_event: timing | pg_sys::TRIGGER_EVENT_DELETE,
            tg_oldtable: before,
            tg_newtable: std::ptr::null_mut(),
            ..*data
        });
        self.add(pg_sys::TriggerData {
            tg_event: timing | pg_sys::TRIGGER_EVENT_INSERT,
            tg_oldtable: std::ptr::null_mut(),
            tg_newtable: after,
            ..*data
        });
    }

    fn new_store(&mut self) -> *mut pg_sys::Tuplestorestate {
        // SAFETY: allocates in the current memory context, which lives as long as the trigger's call.
        let store = unsafe { pg_sys::tuplestore_begin_heap(false, false, pg_sys::work_mem) };
        self.stores.push(store);
        store
    }

    /// # Safety
    /// `mapping` is about the row's table.
    unsafe fn put(&self, store: *mut pg_sys::Tuplestorestate, row: &Row, mapping: &Mapping) {
        // SAFETY: the source is open; there is a value for each of its columns, of the column's type or NULL, which is
        // copied at once.
        unsafe {
            let descriptor = (*self.source.raw()).rd_att;
            let count = (*descriptor).natts as i16;
            let number = |index: i16| match mapping {
                Mapping::Alike => index + 1,
                Mapping::ByName(numbers) => numbers.get(index as usize).copied().unwrap_or(0),
            };
            let completed = |number: i16| self.completion.as_ref()?.value(number, row.slot());
            if let Some(completion) = &self.completion {
                completion.next_row();
            }
            let (mut values, mut nulls): (Vec<pg_sys::Datum>, Vec<bool>) = (0..count)
                .map(|index| match number(index) {
                    0 => (pg_sys::Datum::from(0), true),
                    number => completed(number).unwrap_or_else(|| row.value(number)),
                })
                .unzip();
            pg_sys::tuplestore_putvalues(store, descriptor, values.as_mut_ptr(), nulls.as_mut_ptr());
        }
    }
}

impl Drop for Converted {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for store in &self.stores {
            // SAFETY: made by `new_store`, and nobody reads it any more.
            unsafe { pg_sys::tuplestore_end(*store) }
        }
    }
}

/// Whether a table inherits from no other one and, if that is asked for too, no other one from it; false for one that is not there any more.
/// Nothing is locked.
pub fn is_alone(table: pg_sys::Oid, below: bool) -> bool {
    // SAFETY: returns 0 for a relation that is not there.
    let is_there = unsafe { pg_sys::get_rel_relkind(table) } != 0;
    let has_children = || below && !imports::inheritance_children(table).is_empty();
    is_there && !imports::has_superclass(table) && !has_children()
}
