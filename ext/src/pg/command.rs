//! Which command of which transaction is running.

use pgrx::pg_sys;

/// A command of a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Command {
    /// The top-level transaction; 0 if it has not written anything yet.
    pub transaction: u64,
    /// The number of the command within it.
    pub number: u32,
}

/// The command that comes next, or is running and has not written yet.
pub fn next() -> Command {
    // SAFETY: reads variables of the backend.
    unsafe {
        Command {
            transaction: pg_sys::GetTopFullTransactionIdIfAny().value,
            number: pg_sys::GetCurrentCommandId(false),
        }
    }
}

/// The command whose snapshot is active: within a trigger, the statement that fired it. `None` without a snapshot.
pub fn active() -> Option<Command> {
    // SAFETY: reads variables of the backend; a snapshot is active if the server says so.
    unsafe {
        pg_sys::ActiveSnapshotSet().then(|| Command {
            transaction: pg_sys::GetTopFullTransactionIdIfAny().value,
            number: (*pg_sys::GetActiveSnapshot()).curcid,
        })
    }
}
