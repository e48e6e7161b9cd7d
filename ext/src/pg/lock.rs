//! Locks.

use super::secret::Tag;
use pgrx::pg_sys;

/// How a tview is locked for maintenance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Leaves of one unit's row are written, from changed rows that name it: beside all others but [`Mode::Alone`].
    Leaves,
    /// Units that changed rows name are computed: beside others of the kind.
    Units,
    /// Leaves of rows are written that have known values in the columns of links, which are locked ([`lock_value`]): beside the two
    /// before.
    Values,
    /// Leaves of rows to which links lead are written: beside [`Mode::Leaves`].
    Links,
    /// Alone.
    Alone,
}

/// Locks a tview for maintenance, to the end of the transaction. Its tag is that of an object of our catalog `tviews.tview`,
/// which nobody else locks: readers of the tview, VACUUM and users of advisory locks never meet it.
///
/// Why it suffices (docs/design/concurrency.md): whoever changes a source finds and computes its units only with this lock, under a
/// snapshot taken after it. Of two transactions that exclude each other the second thus sees all that the first has done. Two that
/// compute units that their changed rows name themselves can miss each other's rows only if a row of the tview depends on rows of
/// both; both rows then name its unit, and they meet in the lock of the unit ([`lock_unit`]). Two that write single leaves write
/// different leaves, and meet in the stored row: the second one takes up the version that the first has written.
///
/// What was committed before includes partitions and inheriting tables that were attached: attaching does not exclude writers of the
/// parent, so pending invalidations are processed here as they are with locks of relations, lest a prepared statement reads
/// the old set of partitions.
pub fn lock_tview(catalog: pg_sys::Oid, tview: pg_sys::Oid, mode: Mode) -> Taken {
    let mode = match mode {
        Mode::Leaves => pg_sys::RowShareLock,
        Mode::Units => pg_sys::RowExclusiveLock,
        Mode::Values => pg_sys::ShareUpdateExclusiveLock,
        Mode::Links => pg_sys::ShareRowExclusiveLock,
        Mode::Alone => pg_sys::ExclusiveLock,
    };
    // SAFETY: the tag is fully initialised; MyDatabaseId is set in every backend.
    unsafe {
        let tag = pg_sys::LOCKTAG {
            locktag_field1: pg_sys::MyDatabaseId.to_u32(),
            locktag_field2: catalog.to_u32(),
            locktag_field3: tview.to_u32(),
            locktag_field4: 0,
            locktag_type: pg_sys::LockTagType::LOCKTAG_OBJECT as u8,
            locktag_lockmethodid: pg_sys::DEFAULT_LOCKMETHOD as u8,
        };
        let taken = acquire(tag, mode);
        pg_sys::AcceptInvalidationMessages();
        taken
    }
}

/// A lock that this transaction has taken.
pub struct Taken {
    tag: pg_sys::LOCKTAG,
    mode: i32,
}

impl Taken {
    /// Gives it back before the transaction's end: nothing may have been written under it.
    pub fn give_back(self) {
        // SAFETY: the lock was acquired once for this value, by this transaction.
        unsafe {
            pg_sys::LockRelease(&self.tag, self.mode, false);
        }
    }
}

/// # Safety
/// The tag is fully initialised.
unsafe fn acquire(tag: pg_sys::LOCKTAG, mode: u32) -> Taken {
    let mode = mode as i32;
    // SAFETY: see the function's contract.
    unsafe {
        pg_sys::LockAcquire(&tag, mode, false, false);
    }
    Taken { tag, mode }
}

/// Locks a unit of a tview, by a hash of its key, to the end of the transaction. The tag is of a kind that nothing else uses
/// (`LOCKTAG_USERLOCK`; advisory locks are `LOCKTAG_ADVISORY`); two units that share a hash wait for each other without need.
pub fn lock_unit(unit: Tag) -> Taken {
    lock_hash(unit, pg_sys::ExclusiveLock)
}

/// From which side a value of a link is locked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Side {
    /// By those who compute rows that have it: beside each other.
    Rows,
    /// By those who change what it leads to.
    Target,
}

/// Locks a value of a link, by its hash, to the end of the transaction: that of a tview's column, which shows where a row is
/// linked to. The tag is that of a unit with the column's number in addition.
pub fn lock_value(value: Tag, side: Side) {
    let mode = match side {
        Side::Rows => pg_sys::RowExclusiveLock,
        Side::Target => pg_sys::ExclusiveLock,
    };
    lock_hash(value, mode);
}

/// Who locks a value over which searches go.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PathSide {
    /// Those who search over it: beside each other.
    Passing,
    /// Those who change a row to which it leads: beside each other.
    Moved,
    /// Those who do both: alone.
    Both,
}

/// Locks a value over which searches enter a table, by its hash, to the end of the transaction. The tag is that of a unit with a
/// negative number in addition, which stands for the column by which the table is entered.
pub fn lock_path(value: Tag, side: PathSide) -> Taken {
    let mode = match side {
        PathSide::Passing => pg_sys::RowExclusiveLock,
        PathSide::Moved => pg_sys::ShareLock,
        PathSide::Both => pg_sys::ShareRowExclusiveLock,
    };
    lock_hash(value, mode)
}

fn lock_hash(value: Tag, mode: u32) -> Taken {
    // SAFETY: as above.
    unsafe {
        let tag = pg_sys::LOCKTAG {
            locktag_field1: pg_sys::MyDatabaseId.to_u32(),
            locktag_field2: value.tview,
            locktag_field3: value.mixed,
            locktag_field4: value.number,
            locktag_type: pg_sys::LockTagType::LOCKTAG_USERLOCK as u8,
            locktag_lockmethodid: pg_sys::DEFAULT_LOCKMETHOD as u8,
        };
        acquire(tag, mode)
    }
}

/// Locks a relation against changes of its definition; pending invalidations are processed.
pub fn lock_definition(relation: pg_sys::Oid) {
    // SAFETY: locking an oid that is no relation (any more) is harmless.
    unsafe { pg_sys::LockRelationOid(relation, pg_sys::AccessShareLock as i32) }
}

/// Locks a tview's table as those who write to it do, to the end of the transaction. Whoever is about to maintain it does so before it
/// decides how: nobody then puts a trigger on it, such as that of a new tview over it, which rows that are written one by one would
/// not fire.
pub fn lock_for_writing(tview: pg_sys::Oid) {
    // SAFETY: as above.
    unsafe { pg_sys::LockRelationOid(tview, pg_sys::RowExclusiveLock as i32) }
}

/// What a table is locked against.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Against {
    /// Writes, as by CREATE TRIGGER.
    Writes,
    /// Everything, as by DROP.
    Everything,
}

/// Locks several tables, to the end of the transaction, and holds none of them while it waits for another: whoever has one of
/// them and waits for another is never waited for in a circle. Where others always have one of them, it waits for one after
/// the other in the end.
pub fn lock_together(relations: &[pg_sys::Oid], against: Against) {
    /// Transactions that write to several tables all the time leave a gap sooner or later.
    const MOST_ATTEMPTS: usize = 200;
    let mode = match against {
        Against::Writes => pg_sys::ShareRowExclusiveLock,
        Against::Everything => pg_sys::AccessExclusiveLock,
    } as i32;
    // SAFETY: locking an oid that is no relation (any more) is harmless; what is unlocked was locked just before.
    unsafe {
        let mut first = 0;
        for _ in 0..MOST_ATTEMPTS {
            let Some(awaited) = relations.get(first) else {
                return;
            };
            pg_sys::LockRelationOid(*awaited, mode);
            let others = || (0..relations.len()).filter(|place| *place != first);
            let Some(missing) =
                others().find(|place| !pg_sys::ConditionalLockRelationOid(relations[*place], mode))
            else {
                return;
            };
            for place in others().take_while(|place| *place != missing) {
                pg_sys::UnlockRelationOid(relations[place], mode);
            }
            pg_sys::UnlockRelationOid(*awaited, mode);
            first = missing;
        }
        for relation in relations {
            pg_sys::LockRelationOid(*relation, mode);
        }
    }
}

/// Waits for the end of a transaction whose rows can be seen, and which is therefore over but for what it has to tell and to give back.
/// For the current transaction and those that ended before nothing is waited for.
pub fn wait_for_end(transaction: u32) {
    let transaction = pg_sys::TransactionId::from(transaction);
    // SAFETY: of a transaction that is not before all running ones the topmost one is known; no relation is named for messages.
    unsafe {
        let next = pg_sys::TransactionId::from(pg_sys::ReadNextFullTransactionId().value as u32);
        if pg_sys::TransactionIdPrecedes(transaction, pg_sys::TransactionXmin)
            // So long ago that its number comes again.
            || !pg_sys::TransactionIdPrecedes(transaction, next)
            || pg_sys::TransactionIdIsCurrentTransactionId(transaction)
        {
            return;
        }
        let topmost = pg_sys::SubTransGetTopmostTransaction(transaction);
        pg_sys::XactLockTableWait(
            topmost,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            pg_sys::XLTW_Oper::XLTW_None,
        );
    }
}

/// Takes notice of what other transactions have changed in the catalogs.
pub fn take_notice() {
    // SAFETY: may be called whenever a transaction is running.
    unsafe { pg_sys::AcceptInvalidationMessages() }
}

/// Whether the transaction's snapshot stays the same for all its statements (REPEATABLE READ and above).
pub fn snapshot_is_fixed() -> bool {
    // SAFETY: reads a variable.
    unsafe { pg_sys::XactIsoLevel >= pg_sys::XACT_REPEATABLE_READ as i32 }
}
