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
    /// Members of those elements of an array that are objects and have at `key` the value that the new document's object
    /// has there. Other elements stay as they are; there need not be such an element.
    Element {
        /// The key of the member that tells the elements apart.
        key: Vec<u8>,
        /// The members that are new, by their keys.
        members: Vec<(Vec<u8>, Overlay)>,
    },
}

impl Overlay {
    /// The patch that puts the new parts in place, which come one after the other in the order in which they are named here; `None` if some of
    /// them go into elements of arrays.
    ///
    /// # Errors
    /// There are fewer parts than that, or one is malformed.
    pub fn patch_of_parts<'a>(
        &'a self,
        parts: &mut impl Iterator<Item = Result<Value<'a>>>,
    ) -> Result<Option<Patch<'a>>> {
        let members = match self {
            Overlay::Value => return Ok(Some(Patch::Set(parts.next().ok_or(Error::Missing)??))),
            Overlay::Members(members) => members,
            Overlay::Element { .. } => return Ok(None),
        };
        let mut patches = Vec::with_capacity(members.len());
        for (key, overlay) in members {
            let Some(patch) = overlay.patch_of_parts(parts)? else {
                return Ok(None);
            };
            patches.push((key.as_slice(), patch));
        }
        Ok(Some(Patch::Members(patches)))
    }

    /// The patch that puts the new parts in place; `new` holds them at the same keys.
    ///
    /// # Errors
    /// `new` lacks one of them, or is malformed.
    pub fn patch<'a>(&'a self, new: Value<'a>) -> Result<Patch<'a>> {
        let members = match self {
            Overlay::Value => return Ok(Patch::Set(new)),
            Overlay::Members(members) | Overlay::Element { members, .. } => members,
        };
        let Value::Object(object) = new else {
            return Err(Error::NotAnObject(new.kind()));
        };
        let patches = members.iter().map(|(key, overlay)| {
            let value = object.get(key)?.ok_or(Error::Missing)?;
            Ok((key.as_slice(), overlay.patch(value)?))
        });
        let patch = Patch::Members(patches.collect::<Result<_>>()?);
        let Overlay::Element { key, .. } = self else {
            return Ok(patch);
        };
        Ok(Patch::Matching {
            key,
            value: object.get(key)?.ok_or(Error::Missing)?,
            patch: Box::new(patch),
        })
    }
}
