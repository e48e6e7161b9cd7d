//! Where a transaction is.

use pgrx::pg_sys;

/// A point within a transaction. Equal ones have no change by this transaction between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    transaction: u64,
    subtransaction: pg_sys::SubTransactionId,
    command: pg_sys::CommandId,
}

impl Moment {
    /// The current one.
    pub fn now() -> Moment {
        Moment::with_command(false)
    }

    /// The current one, which the next statement will not share whether it changes anything or not.
    pub fn close() -> Moment {
        Moment::with_command(true)
    }

    fn with_command(used: bool) -> Moment {
        // SAFETY: reads the transaction's state, in a transaction; a command marked as used makes the server count it at the
        // end of the statement.
        unsafe {
            Moment {
                transaction: pg_sys::GetTopFullTransactionIdIfAny().value,
                subtransaction: pg_sys::GetCurrentSubTransactionId(),
                command: pg_sys::GetCurrentCommandId(used),
            }
        }
    }
}

/// The transaction outside all savepoints and exception blocks (`TopSubTransactionId`).
pub const TOP_SUBTRANSACTION: pg_sys::SubTransactionId = 1;

/// The innermost subtransaction.
pub fn current_subtransaction() -> pg_sys::SubTransactionId {
    // SAFETY: reads the transaction's state, in a transaction.
    unsafe { pg_sys::GetCurrentSubTransactionId() }
}

/// The number of the current command: what was written before it has lower ones.
pub fn current_command() -> pg_sys::CommandId {
    // SAFETY: as above.
    unsafe { pg_sys::GetCurrentCommandId(false) }
}

/// Whether the transaction goes on after the current statement, as far as the client has said.
pub fn in_block() -> bool {
    // SAFETY: as above.
    unsafe { pg_sys::IsTransactionBlock() }
}
