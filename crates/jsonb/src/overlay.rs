//! Patches from a document that holds nothing but what is new.

use crate::error::{Error, Result};
use crate::patch::Patch;
use crate::read::Value;

/// Which parts of a document are new: everything, or some members of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// The value as a whole.
    Value,
    /// Members of an object, by their keys. Others stay as they are.
    Members(Vec<(Vec<u8>, Overlay)>),
}

impl Overlay {
    /// The patch that puts the new parts in place; `new` holds them at the same keys.
    ///
    /// # Errors
    /// `new` lacks one of them, or is malformed.
    pub fn patch<'a>(&'a self, new: Value<'a>) -> Result<Patch<'a>> {
        let members = match self {
            Overlay::Value => return Ok(Patch::Set(new)),
            Overlay::Members(members) => members,
        };
        let Value::Object(object) = new else {
            return Err(Error::NotAnObject(new.kind()));
        };
        let patches = members.iter().map(|(key, overlay)| {
            let value = object.get(key)?.ok_or(Error::Missing)?;
            Ok((key.as_slice(), overlay.patch(value)?))
        });
        Ok(Patch::Members(patches.collect::<Result<_>>()?))
    }
}
