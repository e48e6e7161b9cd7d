//! Whose DDL an event trigger sees: a statement of ours, or somebody else's.

use std::cell::Cell;

thread_local! {
    /// Our own statements are running: event triggers have nothing to do.
    static OWN_STATEMENTS: Cell<bool> = const { Cell::new(false) };
}

/// Whether the DDL statement that an event trigger sees is our own.
pub fn is_own_statement() -> bool {
    OWN_STATEMENTS.get()
}

/// While it lives, event triggers ignore DDL. An error in between ends it as well.
pub struct OwnStatements(bool);

impl OwnStatements {
    /// Begins.
    pub fn begin() -> OwnStatements {
        OwnStatements(OWN_STATEMENTS.replace(true))
    }
}

impl Drop for OwnStatements {
    fn drop(&mut self) {
        OWN_STATEMENTS.set(self.0);
    }
}

/// While it lives, code of a user may run: its DDL is nobody's but its own.
pub(super) struct ForeignCode(bool);

impl ForeignCode {
    /// Begins.
    pub(super) fn begin() -> ForeignCode {
        ForeignCode(OWN_STATEMENTS.replace(false))
    }
}

impl Drop for ForeignCode {
    fn drop(&mut self) {
        OWN_STATEMENTS.set(self.0);
    }
}
