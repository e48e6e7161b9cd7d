//! What a trigger function is told, and the rows of its transition tables.

use super::imports::{datum_image_eq, slot_get_all_attributes};
use super::keys::UnitSet;
use super::stored::RowRef;
use super::{interrupts, own_trigger, reserve};
use crate::error::{Error, Result};
use pg_tviews_planner::ColumnSet;
use pg_tviews_sqltext::Event;
use pgrx::{is_a, pg_sys};

/// A call of a trigger function.
#[derive(Clone, Copy)]
pub struct Firing(*mut pg_sys::TriggerData);

impl Firing {
    /// The trigger data of a function call.
    ///
    /// # Safety
    /// `fcinfo` is the argument of a version-1 function.
    pub(super) unsafe fn new(fcinfo: pg_sys::FunctionCallInfo) -> Result<Firing> {
        // SAFETY: see the function's contract; the context of a trigger call is its TriggerData.
        unsafe {
            let context = (*fcinfo).context;
            if context.is_null() || !is_a(context, pg_sys::NodeTag::T_TriggerData) {
                return Err(Error::unsupported(
                    "this function can only be called by the triggers that pg_tviews makes",
                ));
            }
            Ok(Firing(context.cast()))
        }
    }

    /// A call with these data, which live as long as it is used.
    pub(super) fn of(data: *mut pg_sys::TriggerData) -> Firing {
        Firing(data)
    }

    pub(super) fn get(&self) -> &pg_sys::TriggerData {
        // SAFETY: the data lives during the call of the trigger function.
        unsafe { &*self.0 }
    }

    /// The function that the trigger calls.
    pub fn function(&self) -> pg_sys::Oid {
        // SAFETY: the trigger's description is valid during the call.
        unsafe { (*self.get().tg_trigger).tgfoid }
    }

    pub fn relation_oid(&self) -> pg_sys::Oid {
        // SAFETY: the relation is open during the call.
        unsafe { (*self.get().tg_relation).rd_id }
    }

    /// Whether the statement named a partitioned table, which has no rows of its own.
    pub fn is_partitioned(&self) -> bool {
        // SAFETY: the relation is open during the call, and has its pg_class row.
        unsafe { (*(*self.get().tg_relation).rd_rel).relkind as u8 == pg_sys::RELKIND_PARTITIONED_TABLE }
    }

    /// Whether its rows may lack the values of stored generated columns.
    pub fn is_incomplete(&self) -> bool {
        // SAFETY: the relation is open during the call.
        self.event() == Event::Insert
            && self.is_partitioned()
            && !unsafe { super::relation::stored_generated(self.get().tg_relation) }.is_empty()
    }

    pub fn event(&self) -> Event {
        match self.get().tg_event & pg_sys::TRIGGER_EVENT_OPMASK {
            pg_sys::TRIGGER_EVENT_INSERT => Event::Insert,
            pg_sys::TRIGGER_EVENT_DELETE => Event::Delete,
            pg_sys::TRIGGER_EVENT_UPDATE => Event::Update,
            _ => Event::Truncate,
        }
    }

    /// Whether the statement that fired is the client's own, and neither part of a function or a cascade nor below another one.
    pub fn is_clients_statement(&self) -> bool {
        self.tables_of_client()
            .is_some_and(|tables| tables.contains(&self.relation_oid()))
    }

    /// Whether the statement that fired is the client's own, and is an UPDATE.
    pub fn is_clients_update(&self) -> bool {
        // SAFETY: a portal that is active has its statements; they are planned ones.
        let is_update = |statement: &*mut pg_sys::PlannedStmt| unsafe {
            (**statement).commandType == pg_sys::CmdType::CMD_UPDATE && !(**statement).hasModifyingCTE
        };
        self.is_clients_statement() && Firing::statement_of_client().as_ref().is_some_and(is_update)
    }

    /// The statement of the active portal, if it is a single one.
    fn statement_of_client() -> Option<*mut pg_sys::PlannedStmt> {
        // SAFETY: a portal that is active has its statements; they are planned ones.
        unsafe {
            let portal = pg_sys::ActivePortal;
            if portal.is_null() {
                return None;
            }
            let statements = super::list::pointers::<pg_sys::PlannedStmt>((*portal).stmts);
            match statements.as_slice() {
                [statement] => Some(*statement),
                _ => None,
            }
        }
    }

    /// The tables that the client's own statement changes; `None` if it runs none.
    fn tables_of_client(&self) -> Option<Vec<pg_sys::Oid>> {
        let statement = &Firing::statement_of_client()?;
        // SAFETY: a planned statement has its tables.
        unsafe {
            let tables = super::list::pointers::<pg_sys::RangeTblEntry>((**statement).rtable);
            let results = super::list::integers((**statement).resultRelations);
            let changed = results.iter().filter_map(|index| {
                let entry = tables.get(usize::try_from(*index).ok()?.checked_sub(1)?);
                entry.map(|entry| (**entry).relid)
            });
            Some(changed.collect())
        }
    }

    /// Whether the statement that fired is the client's own and changes this table alone, and nothing is left to fire after the trigger that
    /// could do more than look at the changed row: neither triggers of others nor deferred ones.
    pub fn is_last_of_client(&self) -> bool {
        let data = self.get();
        let own = self.function();
        let harmless = |all: &[pg_sys::Trigger]| {
            let on_update = |trigger: &&pg_sys::Trigger| {
                u32::from(trigger.tgtype as u16) & pg_sys::TRIGGER_TYPE_UPDATE != 0
            };
            all.iter().filter(on_update).all(|trigger| {
                let checks = CHECKS_OF_KEYS.contains(&trigger.tgfoid.to_u32());
                !trigger.tgdeferrable && (trigger.tgfoid == own || checks)
            })
        };
        // SAFETY: the relation is open during the call.
        let is_last = unsafe { own_trigger::with_kept(data.tg_relation, harmless) };
        is_last
            && self
                .tables_of_client()
                .is_some_and(|tables| tables == [self.relation_oid()])
    }

    /// How many rows the statement touched.
    pub fn row_count(&self) -> i64 {
        let data = self.get();
        let stores = [data.tg_oldtable, data.tg_newtable];
        // SAFETY: a transition table that is there is a valid tuplestore.
        let counts = stores
            .iter()
            .filter(|store| !store.is_null())
            .map(|store| unsafe { pg_sys::tuplestore_tuple_count(*store) });
        counts.max().unwrap_or(0)
    }

    /// Whether an UPDATE has more versions of rows before it than after it, or the other way round.
    pub fn is_uneven(&self) -> bool {
        let data = self.get();
        // SAFETY: a transition table that is there is a valid tuplestore.
        let count = |store: *mut pg_sys::Tuplestorestate| unsafe {
            if store.is_null() {
                0
            } else {
                pg_sys::tuplestore_tuple_count(store)
            }
        };
        count(data.tg_oldtable) != count(data.tg_newtable)
    }

    /// Whether the statement touched any row.
    pub fn has_rows(&self) -> bool {
        let data = self.get();
        let stores = [data.tg_oldtable, data.tg_newtable];
        // SAFETY: a transition table that is there is a valid tuplestore.
        stores
            .iter()
            .any(|store| !store.is_null() && unsafe { pg_sys::tuplestore_tuple_count(*store) } > 0)
    }

    /// The rows of an UPDATE.
    pub fn updated_rows(&self) -> Option<UpdatedRows> {
        let data = self.get();
        if data.tg_oldtable.is_null() || data.tg_newtable.is_null() {
            return None;
        }
        Some(UpdatedRows {
            old: Row::open(data.tg_oldtable, data.tg_relation),
            new: Row::open(data.tg_newtable, data.tg_relation),
            single: self.row_count() == 1,
            read: false,
            before_first: true,
        })
    }

    /// Walks over the changed rows. `visit` gets a row before and after the change; one of them is missing for INSERT and DELETE.
    /// The n-th old and the n-th new row of an UPDATE are the same row.
    pub fn for_each_row(
        &self,
        mut visit: impl FnMut(Option<&Row>, Option<&Row>) -> Result<()>,
    ) -> Result<()> {
        let data = self.get();
        let open = |store: *mut pg_sys::Tuplestorestate| {
            (!store.is_null()).then(|| Row::open(store, data.tg_relation))
        };
        let mut old = open(data.tg_oldtable);
        let mut new = open(data.tg_newtable);
        loop {
            let more_old = old.as_mut().is_some_and(Row::advance);
            let more_new = new.as_mut().is_some_and(Row::advance);
            if !more_old && !more_new {
                return Ok(());
            }
            reserve::check()?;
            visit(
                old.as_ref().filter(|_| more_old),
                new.as_ref().filter(|_| more_new),
            )?;
        }
    }
}

/// The functions by which the server looks whether foreign keys still hold after an UPDATE. They change nothing.
const CHECKS_OF_KEYS: [u32; 3] = [
    pg_sys::F_RI_FKEY_CHECK_UPD,
    pg_sys::F_RI_FKEY_NOACTION_UPD,
    pg_sys::F_RI_FKEY_RESTRICT_UPD,
];

/// The rows that an UPDATE has changed.
pub struct UpdatedRows {
    old: Row,
    new: Row,
    /// A single row is read once.
    single: bool,
    read: bool,
    before_first: bool,
}

impl UpdatedRows {
    /// Goes on to the next row; false if there is none.
    pub fn advance(&mut self) -> bool {
        if self.single && self.read {
            return std::mem::take(&mut self.before_first);
        }
        self.read = true;
        self.before_first = false;
        self.old.advance() && self.new.advance()
    }

    /// Whether there is one row only.
    pub fn is_single(&self) -> bool {
        self.single
    }

    /// Goes back to before the first row.
    pub fn rewind(&mut self) {
        self.before_first = true;
        if !self.single {
            self.old.rewind();
            self.new.rewind();
        }
    }

    /// The current row after the change.
    pub fn new_row(&self) -> RowRef<'_> {
        // SAFETY: all attributes were read by `advance`.
        unsafe { RowRef::of(self.new.slot) }
    }

    /// Whether one of the columns has another binary image after the change.
    pub fn any_changed(&self, columns: &[i16]) -> bool {
        // SAFETY: both slots have the relation's descriptor, and the columns are the relation's.
        unsafe {
            let descriptor = (*self.new.slot).tts_tupleDescriptor;
            columns
                .iter()
                .any(|attnum| self.new.value_differs(&self.old, *attnum, descriptor))
        }
    }

    /// Which of the columns have another binary image after the change, as bits by their place in the list.
    pub fn changed(&self, columns: &[i16]) -> u64 {
        let mut changed = 0;
        // SAFETY: both slots have the relation's descriptor, and the columns are the relation's.
        unsafe {
            let descriptor = (*self.new.slot).tts_tupleDescriptor;
            for (place, attnum) in columns.iter().enumerate() {
                if self.new.value_differs(&self.old, *attnum, descriptor) {
                    changed |= 1 << place;
                }
            }
        }
        changed
    }
}

/// The current row of a transition table.
pub struct Row {
    store: *mut pg_sys::Tuplestorestate,
    pointer: i32,
    slot: *mut pg_sys::TupleTableSlot,
}

impl Row {
    pub(super) fn open(store: *mut pg_sys::Tuplestorestate, relation: pg_sys::Relation) -> Row {
        // SAFETY: the store and the relation are valid during the trigger's call; the read pointer is our own.
        unsafe {
            let pointer = pg_sys::tuplestore_alloc_read_pointer(store, pg_sys::EXEC_FLAG_REWIND as i32);
            pg_sys::tuplestore_select_read_pointer(store, pointer);
            pg_sys::tuplestore_rescan(store);
            let slot =
                pg_sys::MakeSingleTupleTableSlot((*relation).rd_att, &raw const pg_sys::TTSOpsMinimalTuple);
            Row { store, pointer, slot }
        }
    }

    pub(super) fn advance(&mut self) -> bool {
        interrupts::check();
        // SAFETY: store, read pointer and slot belong together.
        unsafe {
            pg_sys::tuplestore_select_read_pointer(self.store, self.pointer);
            let found = pg_sys::tuplestore_gettupleslot(self.store, true, false, self.slot);
            if found {
                slot_get_all_attributes(self.slot);
            }
            found
        }
    }

    fn rewind(&mut self) {
        // SAFETY: store and read pointer belong together.
        unsafe {
            pg_sys::tuplestore_select_read_pointer(self.store, self.pointer);
            pg_sys::tuplestore_rescan(self.store);
        }
    }

    /// The row, to evaluate expressions over it.
    pub fn row(&self) -> RowRef<'_> {
        // SAFETY: all attributes were read by `advance`, which needs the whole row.
        unsafe { RowRef::of(self.slot) }
    }

    /// The slot that holds it.
    pub(super) fn slot(&self) -> *mut pg_sys::TupleTableSlot {
        self.slot
    }

    /// Value of a column and whether it is NULL.
    pub(super) fn value(&self, attnum: i16) -> (pg_sys::Datum, bool) {
        let index = attnum as usize - 1;
        // SAFETY: all attributes were read by `advance`; attribute numbers come from the relation's own descriptor.
        unsafe {
            (
                *(*self.slot).tts_values.add(index),
                *(*self.slot).tts_isnull.add(index),
            )
        }
    }

    /// The row, until the next one is read.
    pub fn reference(&self) -> RowRef<'_> {
        // SAFETY: all attributes were read by `advance`.
        unsafe { RowRef::of(self.slot) }
    }

    /// Adds the unit whose key these columns hold.
    pub fn add_unit(&self, attnums: &[i16], units: &mut UnitSet) {
        units.add_with(|number| self.value(attnums[number]));
    }

    /// Whether one of the columns has another binary image in the other row.
    pub fn differs(&self, other: &Row, columns: &ColumnSet) -> bool {
        // SAFETY: both slots have the relation's descriptor.
        unsafe {
            let descriptor = (*self.slot).tts_tupleDescriptor;
            let count = (*descriptor).natts as i16;
            if columns.whole_row {
                return (1..=count).any(|attnum| self.value_differs(other, attnum, descriptor));
            }
            columns
                .attnums
                .iter()
                .any(|attnum| *attnum <= count && self.value_differs(other, *attnum, descriptor))
        }
    }

    /// # Safety
    /// `descriptor` is that of both rows and has the attribute.
    unsafe fn value_differs(&self, other: &Row, attnum: i16, descriptor: pg_sys::TupleDesc) -> bool {
        let ((left, left_null), (right, right_null)) = (self.value(attnum), other.value(attnum));
        if left_null || right_null {
            return left_null != right_null;
        }
        // SAFETY: see the function's contract; both values are of the attribute's type.
        unsafe {
            let (by_value, length) = super::relation::storage(descriptor, attnum as usize - 1);
            !datum_image_eq(left, right, by_value, length)
        }
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: made by `open`.
            unsafe { pg_sys::ExecDropSingleTupleTableSlot(self.slot) }
        }
    }
}
