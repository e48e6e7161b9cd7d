//! What a patch says.

use crate::error::{Error, Result};
use crate::read::{Object, Value};

/// What becomes of the value at a place, or of places below it.
///
/// What it does where nothing is: [`Patch::Set`] and [`Patch::Merge`] create a member of an object; an array has no
/// places but those of its elements.
#[derive(Clone, Debug)]
pub enum Patch<'a> {
    /// This value takes the place.
    Set(Value<'a>),
    /// A member with its key, or an element, goes. Nothing happens where nothing is.
    Remove,
    /// The members of this object are put into the object there, and replace those of the same key (`||`).
    /// Where `null` or nothing is, the object takes the place.
    Merge(Object<'a>),
    /// One step of a path as text: a key of an object, or a position in an array, from its end if negative.
    /// Nothing happens if it does not lead on.
    At(&'a [u8], Box<Patch<'a>>),
    /// Members of the object, each with its key; of patches with the same key only the last counts.
    Members(Vec<(&'a [u8], Patch<'a>)>),
    /// Elements of the array, each with its position from 0; of patches of the same element only the last counts.
    Elements(Vec<(usize, Patch<'a>)>),
    /// A new element before the one at the position; only below [`Patch::Elements`], where the position may be the
    /// array's length.
    Insert(Value<'a>),
    /// The elements of the array that are objects and in which `key` has a value equal to `value`.
    /// Nothing happens where `null` or nothing is. `null` and containers are equal to nothing.
    Matching {
        /// The key to compare.
        key: &'a [u8],
        /// Its value in the elements that are meant.
        value: Value<'a>,
        /// What becomes of them.
        patch: Box<Patch<'a>>,
    },
}

impl<'a> Patch<'a> {
    /// How deep below the root a patch can go. Untouched parts of a document may be as deep as they like.
    pub const MAX_DEPTH: usize = 256;

    /// The patch of the place to which a path leads.
    ///
    /// # Errors
    /// The path is longer than [`Patch::MAX_DEPTH`].
    pub fn at(path: &[&'a [u8]], patch: Patch<'a>) -> Result<Patch<'a>> {
        if path.len() > Patch::MAX_DEPTH {
            return Err(Error::TooDeep);
        }
        let around = |patch, step: &&'a [u8]| Patch::At(step, Box::new(patch));
        Ok(path.iter().rev().fold(patch, around))
    }
}
