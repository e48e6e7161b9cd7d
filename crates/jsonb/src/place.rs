//! Elements at their place: one element of an array whose order its elements show comes, goes, moves or changes.

use std::cmp::Ordering;

use crate::error::Result;
use crate::patch::Patch;
use crate::read::{Array, Object, Value};

/// An element that is to be brought up to date.
pub struct Placed<'a> {
    /// The key of the member that tells the elements apart.
    pub key: &'a [u8],
    /// The element's value there.
    pub value: Value<'a>,
    /// What the array would be if it had no other elements: an array of this one, or what stands there where there are none.
    pub alone: Value<'a>,
}

/// What has to be done to an array, all of whose other elements are in order and stay.
///
/// The order is that of `compare`, which tells any two elements apart. `None` if it can't, or if the array is not what it should be.
///
/// # Errors
/// The document is malformed.
pub fn place<'a>(
    current: Value<'a>,
    placed: &Placed<'a>,
    compare: impl Fn(&Object<'a>, &Object<'a>) -> Option<Ordering>,
) -> Result<Option<Patch<'a>>> {
    let new = match placed.alone {
        Value::Array(array) if array.len() > 1 => return Ok(None),
        Value::Array(array) => array.get(0)?,
        Value::Null => None,
        _ => return Ok(None),
    };
    let array = match current {
        Value::Array(array) if !array.is_empty() => array,
        Value::Array(_) | Value::Null => return Ok(Some(Patch::Set(placed.alone))),
        _ => return Ok(None),
    };
    let old = position(array, placed)?;
    let edits = match (old, new) {
        (None, None) => vec![],
        (Some(_), None) if array.len() == 1 => return Ok(Some(Patch::Set(placed.alone))),
        (Some(old), None) => vec![(old, Patch::Remove)],
        (old, Some(value)) => {
            let Value::Object(new) = value else {
                return Ok(None);
            };
            let Some(after) = number_before(array, old, |element| compare(element, &new))? else {
                return Ok(None);
            };
            match old {
                Some(old) if old == after => vec![(old, Patch::Set(value))],
                // The elements behind the old one are numbered without it.
                Some(old) if old < after => vec![(old, Patch::Remove), (after + 1, Patch::Insert(value))],
                Some(old) => vec![(old, Patch::Remove), (after, Patch::Insert(value))],
                None => vec![(after, Patch::Insert(value))],
            }
        }
    };
    Ok(Some(Patch::Elements(edits)))
}

/// Where the element is now.
fn position(array: Array<'_>, placed: &Placed<'_>) -> Result<Option<usize>> {
    // The elements of an array mostly have the same keys.
    let mut hint = 0;
    for (position, element) in array.iter().enumerate() {
        let Value::Object(object) = element? else { continue };
        let value = object.get_near(placed.key, &mut hint)?;
        if value.is_some_and(|value| value.equals_scalar(&placed.value)) {
            return Ok(Some(position));
        }
    }
    Ok(None)
}

/// How many elements come before one, apart from that at the position `without`; `None` if one can't be compared.
fn number_before<'a>(
    array: Array<'a>,
    without: Option<usize>,
    compare: impl Fn(&Object<'a>) -> Option<Ordering>,
) -> Result<Option<usize>> {
    let (mut low, mut high) = (0, array.len() - usize::from(without.is_some()));
    while low < high {
        let middle = low + (high - low) / 2;
        let behind = without.is_some_and(|without| middle >= without);
        let Some(Value::Object(object)) = array.get(middle + usize::from(behind))? else {
            return Ok(None);
        };
        match compare(&object) {
            Some(Ordering::Less) => low = middle + 1,
            Some(Ordering::Greater) => high = middle,
            Some(Ordering::Equal) | None => return Ok(None),
        }
    }
    Ok(Some(low))
}
