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
