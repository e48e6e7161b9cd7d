//! From a patch to what really changes in a document.

use std::cmp::Ordering;

use crate::error::{Error, Result};
use crate::patch::Patch;
use crate::read::{Array, Object, Value, compare_keys};

/// What a patch changes in a document. Written by [`Plan::write`](crate::Plan::write).
#[derive(Debug)]
pub struct Plan<'a> {
    pub(crate) edit: Edit<'a>,
    size_hint: usize,
}

/// The change of one value.
#[derive(Debug)]
pub(crate) enum Edit<'a> {
    Put(Value<'a>),
    Remove,
    Array(Array<'a>, Vec<ElementEdit<'a>>),
    Object(Object<'a>, Vec<MemberEdit<'a>>),
}

/// The change of one element. Sorted by position; insertions stand before the edit of the same position.
#[derive(Debug)]
pub(crate) struct ElementEdit<'a> {
    pub(crate) position: usize,
    pub(crate) insert: bool,
    pub(crate) edit: Edit<'a>,
}

/// The change of one member. Sorted by number, then by key.
#[derive(Debug)]
pub(crate) struct MemberEdit<'a> {
    /// The number of the pair, or of the pair before which the new one comes.
    pub(crate) index: usize,
    /// The key of a new pair.
    pub(crate) new_key: Option<&'a [u8]>,
    pub(crate) edit: Edit<'a>,
}

impl Plan<'_> {
    /// About how many bytes the new document will have.
    pub fn size_hint(&self) -> usize {
        self.size_hint
    }
}

/// What a patch changes in a document; `None` if nothing.
///
/// # Errors
/// The patch does not fit the document, or the document is malformed.
pub fn plan<'a>(document: &'a [u8], patch: &'a Patch<'a>) -> Result<Option<Plan<'a>>> {
    let root = Value::document(document)?;
    let scalar = !matches!(root, Value::Array(_) | Value::Object(_));
    if scalar && matches!(patch, Patch::At(..)) {
        return Err(Error::ScalarDocument);
    }
    let mut planner = Planner { added: 0 };
    let edit = match planner.value(Some(root), patch, 0)? {
        None => return Ok(None),
        Some(Edit::Remove) => return Err(Error::RootRemoved),
        Some(edit) => edit,
    };
    let kept = if matches!(edit, Edit::Put(_)) {
        0
    } else {
        document.len()
    };
    Ok(Some(Plan {
        edit,
        size_hint: kept + planner.added,
    }))
}

struct Planner {
    /// About how many bytes the changes add.
    added: usize,
}

/// Header, entries and padding of a new child, at most.
const OVERHEAD: usize = 16;

impl Planner {
    fn put<'a>(&mut self, value: Value<'a>) -> Edit<'a> {
        self.added += OVERHEAD
            + match value {
                Value::Null | Value::Bool(_) => 0,
                Value::Numeric(bytes) | Value::String(bytes) => bytes.len(),
                Value::Array(array) => array.bytes.len(),
                Value::Object(object) => object.bytes.len(),
            };
        Edit::Put(value)
    }

    fn value<'a>(
        &mut self,
        current: Option<Value<'a>>,
        patch: &'a Patch<'a>,
        depth: usize,
    ) -> Result<Option<Edit<'a>>> {
        match patch {
            Patch::Set(value) => Ok(self.set(current, *value)),
            Patch::Remove => Ok(current.map(|_| Edit::Remove)),
            Patch::Insert(_) => Err(Error::Missing),
            Patch::Merge(patch) => match current {
                None | Some(Value::Null) => Ok(Some(self.put(Value::Object(*patch)))),
                Some(Value::Object(object)) => self.merge(object, *patch),
                Some(other) => Err(Error::NotAnObject(other.kind())),
            },
            _ if depth >= Patch::MAX_DEPTH => Err(Error::TooDeep),
            Patch::At(step, patch) => self.step(current, step, patch, depth + 1),
            Patch::Members(members) => match current {
                Some(Value::Object(object)) => self.members(object, members, depth + 1),
                Some(other) => Err(Error::NotAnObject(other.kind())),
                None => Err(Error::Missing),
            },
            Patch::Elements(elements) => match current {
                Some(Value::Array(array)) => self.elements(array, elements, depth + 1),
                Some(other) => Err(Error::NotAnArray(other.kind())),
                None => Err(Error::Missing),
            },
            Patch::Matching { key, value, patch } => match current {
                None | Some(Value::Null) => Ok(None),
                Some(Value::Array(array)) => self.matching(array, key, value, patch, depth + 1),
                Some(other) => Err(Error::NotAnArray(other.kind())),
            },
        }
    }

    fn set<'a>(&mut self, current: Option<Value<'a>>, value: Value<'a>) -> Option<Edit<'a>> {
        match current {
            Some(current) if current.is_identical(&value) => None,
            _ => Some(self.put(value)),
        }
    }

    /// The patch's keys are in order, so the edits are.
    fn merge<'a>(&mut self, object: Object<'a>, patch: Object<'a>) -> Result<Option<Edit<'a>>> {
        let mut edits = Vec::new();
        for member in patch.iter()? {
            let (key, value) = member?;
            let (index, current) = match object.find(key)? {
                Ok(index) => (index, Some(object.value(index)?)),
                Err(index) => (index, None),
            };
            let edit = self.set(current, value);
            self.member(&mut edits, index, current.is_none().then_some(key), edit);
        }
        Ok((!edits.is_empty()).then_some(Edit::Object(object, edits)))
    }

    fn member<'a>(
        &mut self,
        edits: &mut Vec<MemberEdit<'a>>,
        index: usize,
        new_key: Option<&'a [u8]>,
        edit: Option<Edit<'a>>,
    ) {
        if let Some(edit) = edit {
            self.added += new_key.map_or(0, <[u8]>::len);
            edits.push(MemberEdit { index, new_key, edit });
        }
    }

    fn step<'a>(
        &mut self,
        current: Option<Value<'a>>,
        step: &'a [u8],
        patch: &'a Patch<'a>,
        depth: usize,
    ) -> Result<Option<Edit<'a>>> {
        match current {
            Some(Value::Object(object)) => {
                let (index, current) = match object.find(step)? {
                    Ok(index) => (index, Some(object.value(index)?)),
                    Err(index) => (index, None),
                };
                let edit = self.value(current, patch, depth)?;
                let mut edits = Vec::new();
                self.member(&mut edits, index, current.is_none().then_some(step), edit);
                Ok((!edits.is_empty()).then_some(Edit::Object(object, edits)))
            }
            Some(Value::Array(array)) => {
                let Some(position) =
                    position(step, array.len()).ok_or(Error::NotAPosition { step: depth })?
                else {
                    return Ok(None);
                };
                let edit = self.value(array.get(position)?, patch, depth)?;
                Ok(edit.map(|edit| Edit::Array(array, vec![element(position, edit)])))
            }
            _ => Ok(None),
        }
    }

    fn members<'a>(
        &mut self,
        object: Object<'a>,
        members: &'a [(&'a [u8], Patch<'a>)],
        depth: usize,
    ) -> Result<Option<Edit<'a>>> {
        let mut sorted: Vec<&(&[u8], Patch<'_>)> = members.iter().collect();
        sorted.sort_by(|left, right| compare_keys(left.0, right.0));
        let mut edits = Vec::new();
        for (number, (key, patch)) in sorted.iter().enumerate() {
            if sorted.get(number + 1).is_some_and(|next| next.0 == *key) {
                continue;
            }
            let (index, current) = match object.find(key)? {
                Ok(index) => (index, Some(object.value(index)?)),
                Err(index) => (index, None),
            };
            let edit = self.value(current, patch, depth)?;
            self.member(&mut edits, index, current.is_none().then_some(key), edit);
        }
        Ok((!edits.is_empty()).then_some(Edit::Object(object, edits)))
    }

    fn elements<'a>(
        &mut self,
        array: Array<'a>,
        elements: &'a [(usize, Patch<'a>)],
        depth: usize,
    ) -> Result<Option<Edit<'a>>> {
        let mut sorted: Vec<&(usize, Patch<'_>)> = elements.iter().collect();
        sorted.sort_by(|left, right| compare_elements(left, right));
        let mut edits = Vec::new();
        for (number, (position, patch)) in sorted.iter().enumerate() {
            if let Patch::Insert(value) = patch {
                if *position > array.len() {
                    return Err(Error::Missing);
                }
                edits.push(ElementEdit {
                    position: *position,
                    insert: true,
                    edit: self.put(*value),
                });
                continue;
            }
            if sorted.get(number + 1).is_some_and(|next| next.0 == *position) {
                continue;
            }
            let current = array.get(*position)?.ok_or(Error::Missing)?;
            let edit = self.value(Some(current), patch, depth)?;
            edits.extend(edit.map(|edit| element(*position, edit)));
        }
        Ok((!edits.is_empty()).then_some(Edit::Array(array, edits)))
    }

    fn matching<'a>(
        &mut self,
        array: Array<'a>,
        key: &[u8],
        wanted: &Value<'_>,
        patch: &'a Patch<'a>,
        depth: usize,
    ) -> Result<Option<Edit<'a>>> {
        let mut edits = Vec::new();
        if matches!(wanted, Value::Null) {
            return Ok(None);
        }
        // The elements of an array mostly have the same keys.
        let mut hint = 0;
        for (position, current) in array.iter().enumerate() {
            let current = current?;
            let Value::Object(object) = current else { continue };
            let value = object.get_near(key, &mut hint)?;
            if !value.is_some_and(|value| value.equals_scalar(wanted)) {
                continue;
            }
            let edit = self.value(Some(current), patch, depth)?;
            edits.extend(edit.map(|edit| element(position, edit)));
        }
        Ok((!edits.is_empty()).then_some(Edit::Array(array, edits)))
    }
}

fn element(position: usize, edit: Edit<'_>) -> ElementEdit<'_> {
    ElementEdit {
        position,
        insert: false,
        edit,
    }
}

/// By position; insertions first, in the order in which they were given.
fn compare_elements(left: &(usize, Patch<'_>), right: &(usize, Patch<'_>)) -> Ordering {
    let edits = |patch: &Patch<'_>| !matches!(patch, Patch::Insert(_));
    left.0
        .cmp(&right.0)
        .then_with(|| edits(&left.1).cmp(&edits(&right.1)))
}

/// The position that a step means in an array; `Some(None)` outside of it, `None` if it is not a number.
fn position(step: &[u8], length: usize) -> Option<Option<usize>> {
    let number: i32 = std::str::from_utf8(step).ok()?.trim_ascii_start().parse().ok()?;
    let distance = number.unsigned_abs() as usize;
    Some(if number < 0 {
        length.checked_sub(distance)
    } else {
        (distance < length).then_some(distance)
    })
}
