//! Where long work can be given up.
//!
//! Definitions come from users, and what is made of them takes time. Whoever runs these crates inside of something that can be cancelled says how
//! to look for that; everybody else need not.

use std::sync::OnceLock;

static LOOK: OnceLock<fn()> = OnceLock::new();

/// From now on, work looks this way whether it is to be given up; it is then ended by unwinding. The first one to say so counts.
pub fn set_checkpoint(look: fn()) {
    _ = LOOK.set(look);
}

/// Looks whether the work is to be given up. To be called in each loop over parts of a definition.
#[inline]
pub fn checkpoint() {
    if let Some(look) = LOOK.get() {
        look();
    }
}
