//! Reads and patches PostgreSQL's binary JSONB format.
//!
//! A document is what follows the length word of a jsonb value (`VARDATA`). [`Value`], [`Array`] and [`Object`] are
//! borrowed views of it: nothing is parsed before it is asked for. A [`Patch`] says what becomes of a document at
//! one or several places. [`patch`] works in two steps:
//!
//! 1. [`plan`] walks down to the places, compares, and keeps what really changes. Nothing changes: `None`, and the
//!    caller keeps the value that it has.
//! 2. [`Plan::write`] writes the new document from front to back. Of the containers on the way to a change, header and
//!    entries are made anew; everything else is copied in blocks.
//!
//! ```text
//! container = header word, entry word for each child, children
//! header    = number of elements or pairs, and whether it is an array or an object
//! entry     = type, and length of the child; each 32nd entry has the child's end instead
//! children  = elements, or all keys (shorter keys first, then by bytes) and then all values
//! numbers and containers begin at a multiple of four bytes, with zeros before
//! a document that is a scalar is an array of one element, with a flag in its header
//! ```
//!
//! **Architecture invariant.** What [`Plan::write`] writes is, byte for byte, what the server itself would make of the
//! same value. Two documents are therefore compared by their bytes.
//!
//! **Architecture invariant.** No input makes this crate panic: a malformed document is an [`Error::Malformed`].
//!
//! Text is bytes in here: its encoding is the database's.

mod error;
mod format;
mod numeric;
mod overlay;
mod patch;
mod place;
mod plan;
mod read;
mod write;

pub use error::{Error, Kind, Result};
pub use overlay::Overlay;
pub use patch::Patch;
pub use place::{Placed, place};
pub use plan::{Plan, plan};
pub use read::{Array, Elements, Members, Object, Value};
pub use write::{Sink, write_objects};

/// Whether a patch changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The new document was written.
    Changed,
    /// The document already is as the patch wants it; nothing was written.
    Unchanged,
}

/// Patches a document; appends the new one to `out` if it differs.
///
/// # Errors
/// The patch does not fit the document, the document is malformed, or the new one would exceed the format's limits.
/// What `out` then holds beyond its former length is of no use.
pub fn patch(document: &[u8], patch: &Patch<'_>, out: &mut Vec<u8>) -> Result<Outcome> {
    match plan(document, patch)? {
        None => Ok(Outcome::Unchanged),
        Some(plan) => {
            out.reserve(plan.size_hint());
            plan.write(out)?;
            Ok(Outcome::Changed)
        }
    }
}
