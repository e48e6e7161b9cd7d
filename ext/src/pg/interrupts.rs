//! Cancels and time limits.

use pgrx::pg_sys;

/// Ends the statement if that has been asked for. To be called in each loop whose length a user decides; it costs a look at a variable.
#[inline]
pub fn check() {
    pgrx::check_for_interrupts!();
}

/// The same in a recursion whose depth a user decides: one that is too deep ends with the server's own error (54001).
pub fn check_deep() {
    check();
    // SAFETY: looks at the stack.
    unsafe { pg_sys::check_stack_depth() }
}
