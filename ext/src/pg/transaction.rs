//! Where a transaction is.

use pgrx::pg_sys;

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
