//! Where a transaction is.

use pgrx::pg_sys;

/// The innermost subtransaction.
pub fn current_subtransaction() -> pg_sys::SubTransactionId {
    // SAFETY: reads the transaction's state, in a transaction.
    unsafe { pg_sys::GetCurrentSubTransactionId() }
}

/// How much a snapshot sees.
#[derive(Clone, Copy)]
pub struct Horizon {
    /// Of the transaction's own commands: those before this one.
    command: pg_sys::CommandId,
    /// Of other transactions: at most those before this one,
    next: pg_sys::TransactionId,
    /// without this many.
    running: u32,
}

impl Horizon {
    /// What a statement that starts now would see.
    pub fn now() -> Horizon {
        // SAFETY: in a transaction; the snapshot is looked at before another one is taken.
        unsafe { Horizon::of(pg_sys::GetTransactionSnapshot()) }
    }

    /// # Safety
    /// `snapshot` is a valid MVCC snapshot.
    pub unsafe fn of(snapshot: pg_sys::Snapshot) -> Horizon {
        // SAFETY: see the function's contract.
        unsafe {
            Horizon {
                command: (*snapshot).curcid,
                next: (*snapshot).xmax,
                running: (*snapshot).xcnt,
            }
        }
    }

    /// Whether `other` may see more. Of two snapshots with the same end the newer one has fewer running transactions before it.
    pub fn is_before(self, other: Horizon) -> bool {
        // SAFETY: compares two numbers.
        let ends_before = unsafe { pg_sys::TransactionIdPrecedes(self.next, other.next) };
        self.command < other.command
            || ends_before
            || (self.next == other.next && self.running > other.running)
    }
}

/// Whether the transaction goes on after the current statement, as far as the client has said.
pub fn in_block() -> bool {
    // SAFETY: as above.
    unsafe { pg_sys::IsTransactionBlock() }
}

/// While it lives, what is read is what is committed now or done by this transaction, at any isolation level.
pub struct LatestSnapshot(());

impl LatestSnapshot {
    /// Takes it.
    pub fn take() -> LatestSnapshot {
        // SAFETY: a transaction is running; the snapshot is popped by `drop`, or by the server after an error.
        unsafe {
            pg_sys::CommandCounterIncrement();
            pg_sys::PushActiveSnapshot(pg_sys::GetLatestSnapshot());
        }
        LatestSnapshot(())
    }
}

impl Drop for LatestSnapshot {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: it is on top: what was pushed later has been popped.
            unsafe { pg_sys::PopActiveSnapshot() }
        }
    }
}

/// While it lives, the transaction may write: what follows from changes that it has made is done even if it was made read-only since
/// (`SET TRANSACTION READ ONLY`, or a function with that setting).
pub struct Writable {
    was_read_only: bool,
}

impl Writable {
    /// Begins it.
    pub fn begin() -> Writable {
        // SAFETY: a backend has one thread. The server sets the variable itself where a transaction or a subtransaction begins or ends.
        unsafe {
            let was_read_only = pg_sys::XactReadOnly;
            pg_sys::XactReadOnly = false;
            Writable { was_read_only }
        }
    }
}

impl Drop for Writable {
    fn drop(&mut self) {
        if self.was_read_only {
            // SAFETY: as above. While an error unwinds it does no harm: the end of the (sub)transaction sets what was there at its start.
            unsafe { pg_sys::XactReadOnly = true }
        }
    }
}
