//! Reading and writing a tview's rows without a statement around them: by an index, with a new version of the row and, where it
//! has to be, new index entries.
//!
//! It does what an UPDATE of these rows would do, and is used only where an UPDATE would do nothing more: see [`Storage::examine`].

use super::imports::{clear_slot, datum_image_eq, slot_get_all_attributes};
use super::interrupts;
use super::own_trigger::{self, Functions};
use super::probes::probes;
use super::relation::{attribute, storage};
use super::spi::Value;
use super::version;
use pg_tviews_sqltext::OwnTrigger;
use pgrx::pg_sys;
use std::marker::PhantomData;

/// A tview's table, examined.
pub struct Storage {
    table: pg_sys::Oid,
    indexes: Vec<Probe>,
    /// An UPDATE does nothing but to store rows and make index entries.
    direct: bool,
    /// Index entries are made, and rows found, by functions of the server alone.
    settled_indexes: bool,
}

/// A btree index by whose first columns rows can be found.
#[derive(Clone)]
pub struct Probe {
    pub(super) index: pg_sys::Oid,
    pub(super) unique: bool,
    pub(super) parts: Vec<ProbePart>,
}

impl Probe {
    /// Whether it leads to one row at most, if no value is NULL.
    pub fn is_unique(&self) -> bool {
        self.unique
    }
}

#[derive(Clone)]
pub(super) struct ProbePart {
    pub(super) attnum: i16,
    pub(super) equality: pg_sys::Oid,
    pub(super) subtype: pg_sys::Oid,
    pub(super) collation: pg_sys::Oid,
}

impl Storage {
    /// Looks at a table; `None` if its rows can't be read in this way: it has policies or rules, or is not stored in the usual way.
    pub fn examine(table: pg_sys::Oid) -> Option<Storage> {
        // SAFETY: the relation is open while it is looked at.
        unsafe {
            let relation = pg_sys::relation_open(table, pg_sys::AccessShareLock as i32);
            let usual = is_usual(relation);
            let direct = is_unconstrained(relation) && only_guarded(relation);
            let (indexes, settled_indexes) = probes(relation);
            pg_sys::relation_close(relation, pg_sys::NoLock as i32);
            usual.then_some(Storage {
                table,
                indexes,
                direct,
                settled_indexes,
            })
        }
    }

    /// Whether an UPDATE does nothing but to store rows and make index entries: it fires no triggers (the guard aside), checks no
    /// constraints and computes no columns.
    pub fn is_direct(&self) -> bool {
        self.direct
    }

    /// Whether reading and writing rows calls nothing but functions of the server.
    pub fn calls_nothing(&self) -> bool {
        self.direct && self.settled_indexes
    }

    /// The way to rows of any table by the values of exactly these columns: see [`Storage::probe`].
    pub fn probe_of(table: pg_sys::Oid, attnums: &[i16], unique: bool) -> Option<Probe> {
        // SAFETY: the relation is open while it is looked at.
        let indexes = unsafe {
            let relation = pg_sys::relation_open(table, pg_sys::AccessShareLock as i32);
            let (indexes, _) = probes(relation);
            pg_sys::relation_close(relation, pg_sys::NoLock as i32);
            indexes
        };
        probe(&indexes, attnums, unique)
    }

    /// The way to rows by the values of exactly these columns, each named once, in one index; `unique`: to one row at most.
    pub fn probe(&self, attnums: &[i16], unique: bool) -> Option<Probe> {
        probe(&self.indexes, attnums, unique)
    }
}

fn probe(indexes: &[Probe], attnums: &[i16], unique: bool) -> Option<Probe> {
    let fits = |probe: &&Probe| {
        let parts = &probe.parts;
        let has = |attnum: &i16| {
            parts
                .iter()
                .take(attnums.len())
                .any(|part| part.attnum == *attnum)
        };
        attnums.iter().all(has) && (!unique || (probe.unique && parts.len() == attnums.len()))
    };
    let mut probe = indexes.iter().find(fits)?.clone();
    probe.unique &= probe.parts.len() == attnums.len();
    probe.parts.truncate(attnums.len());
    Some(probe)
}

/// # Safety
/// The relation is open.
unsafe fn is_usual(relation: pg_sys::Relation) -> bool {
    // SAFETY: see the function's contract; what hangs on an open relation is valid.
    unsafe {
        let form = &*(*relation).rd_rel;
        form.relkind as u8 == pg_sys::RELKIND_RELATION
            && (*relation).rd_tableam == pg_sys::GetHeapamTableAmRoutine()
            && !form.relispartition
            && !form.relhassubclass
            && !form.relrowsecurity
            && !form.relhasrules
    }
}

/// # Safety
/// The relation is open.
unsafe fn is_unconstrained(relation: pg_sys::Relation) -> bool {
    // SAFETY: see the function's contract.
    unsafe {
        let constraints = (*(*relation).rd_att).constr;
        constraints.is_null() || ((*constraints).num_check == 0 && !(*constraints).has_generated_stored)
    }
}

/// Whether an UPDATE fires nothing but the guard.
///
/// # Safety
/// The relation is open.
unsafe fn only_guarded(relation: pg_sys::Relation) -> bool {
    // SAFETY: see the function's contract; the copy is used here only.
    let triggers = unsafe { own_trigger::triggers(relation) };
    let mut on_update = triggers
        .iter()
        .filter(|trigger| u32::from(trigger.tgtype as u16) & pg_sys::TRIGGER_TYPE_UPDATE != 0)
        .peekable();
    if on_update.peek().is_none() {
        return true;
    }
    let Ok(functions) = Functions::look_up() else {
        return false;
    };
    // SAFETY: see the function's contract.
    on_update.all(|trigger| unsafe { functions.is_ours(relation, trigger, OwnTrigger::Guard) })
}

/// What became of an attempt to write a row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The row is written, or need not be.
    Yes,
    /// The row waits to be written by a statement.
    Waits,
    /// It was written before by the same command, or by another transaction that has committed meanwhile: look at it again under a
    /// newer snapshot.
    Again,
    /// It cannot be written in this way.
    No,
}

/// A row that is being looked at.
#[derive(Clone, Copy)]
pub struct RowRef<'a> {
    slot: *mut pg_sys::TupleTableSlot,
    life: PhantomData<&'a ()>,
}

impl<'a> RowRef<'a> {
    /// The row in a slot.
    ///
    /// # Safety
    /// All attributes of the slot's row have been read, and it stays in the slot as long as the reference lives.
    pub(super) unsafe fn of(slot: *mut pg_sys::TupleTableSlot) -> RowRef<'a> {
        RowRef {
            slot,
            life: PhantomData,
        }
    }

    pub(super) fn slot(self) -> *mut pg_sys::TupleTableSlot {
        self.slot
    }

    /// The value of a column.
    pub fn value(self, attnum: i16) -> Value {
        let place = attnum as usize - 1;
        // SAFETY: the attributes have been read; the attribute number is that of a column of the row's table.
        unsafe {
            Value {
                datum: *(*self.slot).tts_values.add(place),
                null: *(*self.slot).tts_isnull.add(place),
            }
        }
    }

    /// The values of some columns.
    pub fn values(self, attnums: &[i16]) -> Vec<Value> {
        attnums.iter().map(|attnum| self.value(*attnum)).collect()
    }
}

/// A table that is read by an index, under the snapshot that is active then.
pub struct Reader {
    relation: pg_sys::Relation,
    found: *mut pg_sys::TupleTableSlot,
    scan: Option<Scan>,
}

/// A tview's table, open for reading and writing rows. Everything is read under one snapshot, taken when it was opened.
pub struct OpenTable {
    reader: Reader,
    changed: *mut pg_sys::TupleTableSlot,
    executor: Option<Executor>,
    context: pg_sys::MemoryContext,
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
}

struct Scan {
    descriptor: pg_sys::IndexScanDesc,
    index: pg_sys::Relation,
}

/// What making index entries needs.
struct Executor {
    state: *mut pg_sys::EState,
    target: *mut pg_sys::ResultRelInfo,
}

impl Reader {
    /// Opens a table whose definition is locked.
    pub fn open(table: pg_sys::Oid) -> Reader {
        Reader::with_lock(table, pg_sys::AccessShareLock)
    }

    fn with_lock(table: pg_sys::Oid, lock: u32) -> Reader {
        // SAFETY: the table exists: its definition is locked. What is opened is closed by `drop`, or by the server after an error.
        unsafe {
            let relation = pg_sys::relation_open(table, lock as i32);
            let callbacks = pg_sys::table_slot_callbacks(relation);
            Reader {
                relation,
                found: pg_sys::MakeSingleTupleTableSlot((*relation).rd_att, callbacks),
                scan: None,
            }
        }
    }

    /// Starts to look for the rows with these values in these columns, which are those of the probe.
    pub fn seek(&mut self, probe: &Probe, columns: &[i16], values: &[Value]) {
        interrupts::check();
        let mut keys: Vec<pg_sys::ScanKeyData> = Vec::with_capacity(probe.parts.len());
        for (place, part) in probe.parts.iter().enumerate() {
            let column = columns.iter().position(|attnum| *attnum == part.attnum);
            let Some(value) = column.and_then(|column| values.get(column)) else {
                continue;
            };
            let mut key = pg_sys::ScanKeyData::default();
            // SAFETY: the value is of the type that the index's equality takes.
            unsafe {
                pg_sys::ScanKeyEntryInitialize(
                    &mut key,
                    if value.null { pg_sys::SK_ISNULL as i32 } else { 0 },
                    place as i16 + 1,
                    pg_sys::BTEqualStrategyNumber as u16,
                    part.subtype,
                    part.collation,
                    part.equality,
                    value.datum,
                );
            }
            keys.push(key);
        }
        let count = keys.len() as i32;
        let relation = self.relation;
        // SAFETY: the index belongs to the relation, the keys to the index; the active snapshot outlives the scan.
        unsafe {
            let scan = self.scan.get_or_insert_with(|| {
                let index = pg_sys::index_open(probe.index, pg_sys::AccessShareLock as i32);
                let snapshot = pg_sys::GetActiveSnapshot();
                Scan {
                    descriptor: version::begin_index_scan(relation, index, snapshot, count),
                    index,
                }
            });
            pg_sys::index_rescan(scan.descriptor, keys.as_mut_ptr(), count, std::ptr::null_mut(), 0);
        }
    }

    /// Goes on to the next row; false if there is none.
    pub fn advance(&mut self) -> bool {
        interrupts::check();
        let Some(scan) = &self.scan else { return false };
        // SAFETY: the scan was started by `seek`, the slot is one for rows of the table.
        unsafe {
            let forward = pg_sys::ScanDirection::ForwardScanDirection;
            let found = pg_sys::index_getnext_slot(scan.descriptor, forward, self.found);
            if found {
                slot_get_all_attributes(self.found);
            }
            found
        }
    }

    /// The first row with these values, which stays until the next one is looked for, whatever becomes of the snapshot.
    pub fn first(&mut self, probe: &Probe, columns: &[i16], values: &[Value]) -> Option<RowRef<'_>> {
        self.seek(probe, columns, values);
        let found = self.advance();
        self.end_scan();
        found.then(|| self.row())
    }

    /// The current row.
    pub fn row(&self) -> RowRef<'_> {
        // SAFETY: all attributes were read by `advance`, which needs the whole reader.
        unsafe { RowRef::of(self.found) }
    }

    fn end_scan(&mut self) {
        if let Some(scan) = self.scan.take() {
            // SAFETY: started by `seek`; the lock stays.
            unsafe {
                pg_sys::index_endscan(scan.descriptor);
                pg_sys::index_close(scan.index, pg_sys::NoLock as i32);
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        self.end_scan();
        // SAFETY: opened by us and not used any more; the lock stays to the end of the transaction.
        unsafe {
            pg_sys::ExecDropSingleTupleTableSlot(self.found);
            pg_sys::relation_close(self.relation, pg_sys::NoLock as i32);
        }
    }
}

impl OpenTable {
    /// Opens it, with a snapshot that sees all that was committed or done by this transaction before.
    pub fn open(storage: &Storage) -> OpenTable {
        let reader = Reader::with_lock(storage.table, pg_sys::RowExclusiveLock);
        // SAFETY: the relation is open; what is made here is given back by `drop`, or by the server after an error.
        unsafe {
            let relation = reader.relation;
            pg_sys::CheckCmdReplicaIdentity(relation, pg_sys::CmdType::CMD_UPDATE);
            let descriptor = (*relation).rd_att;
            let count = (*descriptor).natts as usize;
            take_snapshot();
            OpenTable {
                reader,
                changed: pg_sys::MakeSingleTupleTableSlot(descriptor, &raw const pg_sys::TTSOpsHeapTuple),
                executor: None,
                context: pg_sys::CurrentMemoryContext,
                values: vec![pg_sys::Datum::from(0); count],
                nulls: vec![true; count],
            }
        }
    }

    /// See [`Reader::seek`].
    pub fn seek(&mut self, probe: &Probe, columns: &[i16], values: &[Value]) {
        self.reader.seek(probe, columns, values);
    }

    /// See [`Reader::advance`].
    pub fn advance(&mut self) -> bool {
        self.reader.advance()
    }

    /// The current row.
    pub fn row(&self) -> RowRef<'_> {
        self.reader.row()
    }

    /// Looks for rows from the beginning, under a snapshot that sees what was written meanwhile.
    pub fn look_again(&mut self) {
        self.reader.end_scan();
        // SAFETY: the snapshot on top is the one taken by `open` or an earlier call.
        unsafe {
            pg_sys::PopActiveSnapshot();
            take_snapshot();
        }
    }

    /// Where the current row is: no other version of a row is there before the transaction ends.
    pub fn place(&self) -> (u32, u16) {
        // SAFETY: the slot holds the row.
        let place = unsafe { (*self.reader.found).tts_tid };
        let block = (u32::from(place.ip_blkid.bi_hi) << 16) | u32::from(place.ip_blkid.bi_lo);
        (block, place.ip_posid)
    }

    /// Whether a column of the current row has another binary image than a value.
    pub fn differs(&self, attnum: i16, value: Value) -> bool {
        let current = self.row().value(attnum);
        if current.null || value.null {
            return current.null != value.null;
        }
        // SAFETY: both are values of the column's type.
        unsafe {
            let (by_value, length) = storage((*self.reader.relation).rd_att, attnum as usize - 1);
            !datum_image_eq(current.datum, value.datum, by_value, length)
        }
    }

    /// Writes a new version of the current row, with other values in some columns.
    pub fn write(&mut self, changes: &[(i16, Value)]) -> Written {
        // SAFETY: the current row is in its slot; the tuple made here lives in the current memory context until the end of the call.
        unsafe {
            let (relation, found) = (self.reader.relation, self.reader.found);
            let count = self.values.len();
            self.values
                .copy_from_slice(std::slice::from_raw_parts((*found).tts_values, count));
            self.nulls
                .copy_from_slice(std::slice::from_raw_parts((*found).tts_isnull, count));
            let descriptor = (*relation).rd_att;
            for (attnum, value) in changes {
                let place = *attnum as usize - 1;
                if value.null && attribute(descriptor, place).attnotnull {
                    return Written::No;
                }
                self.values[place] = value.datum;
                self.nulls[place] = value.null;
            }
            let tuple = pg_sys::heap_form_tuple(
                descriptor,
                self.values.as_ptr().cast_mut(),
                self.nulls.as_ptr().cast_mut(),
            );
            pg_sys::ExecStoreHeapTuple(tuple, self.changed, false);
            let mut place = (*found).tts_tid;
            let written = match version::update_tuple(relation, &mut place, self.changed) {
                (pg_sys::TM_Result::TM_Ok, indexes) => {
                    if indexes != version::Indexes::None {
                        let columns: Vec<i16> = changes.iter().map(|(attnum, _)| *attnum).collect();
                        self.insert_index_entries(indexes, &columns);
                    }
                    Written::Yes
                }
                (pg_sys::TM_Result::TM_SelfModified | pg_sys::TM_Result::TM_Updated, _) => Written::Again,
                _ => Written::No,
            };
            clear_slot(self.changed);
            pg_sys::heap_freetuple(tuple);
            written
        }
    }

    /// # Safety
    /// The changed slot holds the row as it was written.
    unsafe fn insert_index_entries(&mut self, indexes: version::Indexes, columns: &[i16]) {
        // SAFETY: see the function's contract; the executor's state lives until `drop`.
        unsafe {
            let executor = match &self.executor {
                Some(executor) => executor,
                None => {
                    let previous = pg_sys::MemoryContextSwitchTo(self.context);
                    let fresh = Executor::start(self.reader.relation, columns);
                    pg_sys::MemoryContextSwitchTo(previous);
                    self.executor.insert(fresh)
                }
            };
            version::insert_index_entries(executor.target, self.changed, executor.state, indexes);
            let context = (*executor.state).es_per_tuple_exprcontext;
            if !context.is_null() {
                pg_sys::MemoryContextReset((*context).ecxt_per_tuple_memory);
            }
        }
    }
}

impl Executor {
    /// # Safety
    /// The relation stays open while this lives; the columns are its own: those that change. (They are a hint, so the first row's do for all.)
    unsafe fn start(relation: pg_sys::Relation, columns: &[i16]) -> Executor {
        // SAFETY: see the function's contract; what is allocated belongs to the executor's state.
        unsafe {
            let state = pg_sys::CreateExecutorState();
            let previous = pg_sys::MemoryContextSwitchTo((*state).es_query_cxt);
            let target = pg_sys::palloc0(size_of::<pg_sys::ResultRelInfo>()).cast::<pg_sys::ResultRelInfo>();
            (*target).type_ = pg_sys::NodeTag::T_ResultRelInfo;
            version::name_updated(state, (*relation).rd_id, columns);
            pg_sys::InitResultRelInfo(target, relation, 1, std::ptr::null_mut(), 0);
            pg_sys::ExecOpenIndices(target, false);
            pg_sys::MemoryContextSwitchTo(previous);
            Executor { state, target }
        }
    }
}

/// # Safety
/// A transaction is running.
unsafe fn take_snapshot() {
    // SAFETY: see the function's contract; the snapshot is popped when the table is closed, or by the server after an error.
    unsafe {
        pg_sys::CommandCounterIncrement();
        pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
    }
}

impl Drop for OpenTable {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        self.reader.end_scan();
        // SAFETY: everything was made by us and is not used any more; the relation is closed after.
        unsafe {
            if let Some(executor) = self.executor.take() {
                pg_sys::ExecCloseIndices(executor.target);
                pg_sys::FreeExecutorState(executor.state);
            }
            pg_sys::ExecDropSingleTupleTableSlot(self.changed);
            pg_sys::PopActiveSnapshot();
            // What was written is seen by whatever this transaction does next, as after any statement.
            pg_sys::CommandCounterIncrement();
        }
    }
}
