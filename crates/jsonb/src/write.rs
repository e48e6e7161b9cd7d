//! Writes a patched document.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::format::{
    ARRAY, HAS_END, IS_CONTAINER, IS_FALSE, IS_NULL, IS_NUMERIC, IS_STRING, IS_TRUE, OBJECT, OFFSET_STRIDE,
    SCALAR, WORD, aligned, array_count, length_bits, object_count,
};
use crate::plan::{Edit, ElementEdit, MemberEdit, Plan};
use crate::read::{Array, Children, Cursor, Object, Value, compare_keys};

/// Where a document is written to: something that grows at its end and can be corrected before it.
pub trait Sink {
    /// Bytes so far.
    fn position(&self) -> usize;
    /// Appends bytes.
    fn put(&mut self, bytes: &[u8]);
    /// Appends zeros.
    fn zeros(&mut self, count: usize);
    /// Overwrites four bytes that were appended before.
    fn overwrite(&mut self, position: usize, word: [u8; 4]);
}

impl Sink for Vec<u8> {
    fn position(&self) -> usize {
        self.len()
    }

    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn zeros(&mut self, count: usize) {
        self.resize(self.len() + count, 0);
    }

    fn overwrite(&mut self, position: usize, word: [u8; 4]) {
        if let Some(place) = self.get_mut(position..position + WORD) {
            place.copy_from_slice(&word);
        }
    }
}

impl Plan<'_> {
    /// Appends the new document.
    ///
    /// # Errors
    /// It would exceed the format's limits, or the old one is malformed.
    pub fn write<S: Sink>(&self, out: &mut S) -> Result<()> {
        let base = out.position();
        let mut writer = Writer { out, base };
        let scalar = match &self.edit {
            Edit::Put(Value::Array(array)) => {
                writer.out.put(array.bytes);
                return Ok(());
            }
            Edit::Put(Value::Object(object)) => {
                writer.out.put(object.bytes);
                return Ok(());
            }
            Edit::Put(scalar) => scalar,
            edit => return writer.edit(edit).map(drop),
        };
        let mut container = writer.begin(1 | ARRAY | SCALAR, 1);
        writer.child(&mut container, |writer| writer.value(scalar))
    }
}

/// Appends an array of objects with the same keys, from rows of their values; what a value's key is stands at its place in `keys`, in any
/// order, each key once.
///
/// # Errors
/// The array would exceed the format's limits, or a row has another number of values.
pub fn write_objects<S: Sink>(keys: &[&[u8]], rows: &[Vec<Value<'_>>], out: &mut S) -> Result<()> {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|left, right| compare_keys(keys[*left], keys[*right]));
    let base = out.position();
    let mut writer = Writer { out, base };
    let mut array = writer.begin(array_count(rows.len())? | ARRAY, rows.len());
    for row in rows {
        if row.len() != keys.len() {
            return Err(Error::Missing);
        }
        writer.child(&mut array, |writer| {
            writer.pad();
            let start = writer.out.position();
            let mut object = writer.begin(object_count(keys.len())? | OBJECT, keys.len() * 2);
            for place in &order {
                writer.child(&mut object, |writer| writer.value(&Value::String(keys[*place])))?;
            }
            for place in &order {
                writer.child(&mut object, |writer| writer.value(&row[*place]))?;
            }
            length_bits(writer.out.position() - start)?;
            Ok(IS_CONTAINER)
        })?;
    }
    Ok(())
}

struct Writer<'s, S> {
    out: &'s mut S,
    /// Where the document begins: alignment counts from there.
    base: usize,
}

/// A container that is being written.
struct Open {
    /// Where its next entry goes.
    entry: usize,
    /// Number of the next child.
    index: usize,
    /// Where its children begin.
    data: usize,
}

impl<S: Sink> Writer<'_, S> {
    /// Appends a header and room for the entries.
    fn begin(&mut self, header: u32, children: usize) -> Open {
        self.out.put(&header.to_ne_bytes());
        let entry = self.out.position();
        self.out.zeros(children * WORD);
        Open {
            entry,
            index: 0,
            data: self.out.position(),
        }
    }

    /// Appends a child and writes its entry.
    fn child(&mut self, open: &mut Open, write: impl FnOnce(&mut Self) -> Result<u32>) -> Result<()> {
        let start = self.out.position();
        let kind = write(self)?;
        let end = self.out.position();
        self.entry(open, kind, end - start, end - open.data)
    }

    fn entry(&mut self, open: &mut Open, kind: u32, length: usize, end: usize) -> Result<()> {
        let end = length_bits(end)?;
        let bits = if open.index.is_multiple_of(OFFSET_STRIDE) {
            end | HAS_END
        } else {
            length_bits(length)?
        };
        self.out.overwrite(open.entry, (kind | bits).to_ne_bytes());
        open.entry += WORD;
        open.index += 1;
        Ok(())
    }

    fn pad(&mut self) {
        let position = self.out.position() - self.base;
        self.out.zeros(aligned(position) - position);
    }

    fn padded(&mut self, bytes: &[u8]) {
        self.pad();
        self.out.put(bytes);
    }

    /// Appends a value and returns its type bits.
    fn value(&mut self, value: &Value<'_>) -> Result<u32> {
        Ok(match value {
            Value::Null => IS_NULL,
            Value::Bool(false) => IS_FALSE,
            Value::Bool(true) => IS_TRUE,
            Value::String(bytes) => {
                self.out.put(bytes);
                IS_STRING
            }
            Value::Numeric(bytes) => {
                self.padded(bytes);
                IS_NUMERIC
            }
            Value::Array(Array { bytes, .. }) | Value::Object(Object { bytes, .. }) => {
                self.padded(bytes);
                IS_CONTAINER
            }
        })
    }

    /// Appends the outcome of an edit and returns its type bits.
    fn edit(&mut self, edit: &Edit<'_>) -> Result<u32> {
        let start = self.out.position();
        match edit {
            Edit::Put(value) => return self.value(value),
            Edit::Remove => return Err(Error::RootRemoved),
            Edit::Array(array, edits) => {
                self.pad();
                self.array(array, edits)?;
            }
            Edit::Object(object, edits) => {
                self.pad();
                self.object(object, edits)?;
            }
        }
        length_bits(self.out.position() - start)?;
        Ok(IS_CONTAINER)
    }

    fn array(&mut self, array: &Array<'_>, edits: &[ElementEdit<'_>]) -> Result<()> {
        let inserted = edits.iter().filter(|edit| edit.insert).count();
        let removed = edits
            .iter()
            .filter(|edit| matches!(edit.edit, Edit::Remove))
            .count();
        let count = (array.len() + inserted).saturating_sub(removed);
        let mut open = self.begin(array_count(count)? | ARRAY, count);
        let mut next = 0;
        for edit in edits {
            self.copy(&mut open, &array.children, next..edit.position)?;
            next = edit.position + usize::from(!edit.insert);
            if !matches!(edit.edit, Edit::Remove) {
                self.child(&mut open, |writer| writer.edit(&edit.edit))?;
            }
        }
        self.copy(&mut open, &array.children, next..array.len())
    }

    fn object(&mut self, object: &Object<'_>, edits: &[MemberEdit<'_>]) -> Result<()> {
        let length = object.len();
        let added = edits.iter().filter(|edit| edit.new_key.is_some()).count();
        let removed = edits
            .iter()
            .filter(|edit| matches!(edit.edit, Edit::Remove))
            .count();
        let count = (length + added).saturating_sub(removed);
        let mut open = self.begin(object_count(count)? | OBJECT, count * 2);
        let mut next = 0;
        for edit in edits {
            match (edit.new_key, &edit.edit) {
                (Some(key), _) => {
                    self.copy(&mut open, &object.children, next..edit.index)?;
                    next = edit.index;
                    self.child(&mut open, |writer| writer.value(&Value::String(key)))?;
                }
                (None, Edit::Remove) => {
                    self.copy(&mut open, &object.children, next..edit.index)?;
                    next = edit.index + 1;
                }
                (None, _) => {}
            }
        }
        self.copy(&mut open, &object.children, next..length)?;
        let mut next = length;
        for edit in edits {
            self.copy(&mut open, &object.children, next..length + edit.index)?;
            next = length + edit.index + usize::from(edit.new_key.is_none());
            if !matches!(edit.edit, Edit::Remove) {
                self.child(&mut open, |writer| writer.edit(&edit.edit))?;
            }
        }
        self.copy(&mut open, &object.children, next..length * 2)
    }

    /// Copies untouched children in at most two blocks: numbers and containers of the second are padded as they were,
    /// because the first of them, written by itself in between, begins at a multiple of four in both documents.
    fn copy(&mut self, open: &mut Open, children: &Children<'_>, run: Range<usize>) -> Result<()> {
        if run.is_empty() {
            return Ok(());
        }
        let mut cursor = children.cursor_at(run.start)?;
        let shifted = !(self.out.position() - open.data)
            .abs_diff(cursor.start)
            .is_multiple_of(WORD);
        if shifted {
            self.block(open, children, &mut cursor, run.end, false)?;
            if cursor.index < run.end {
                let value = cursor.next_value()?;
                self.child(open, |writer| writer.value(&value))?;
            }
        }
        self.block(open, children, &mut cursor, run.end, true)
    }

    /// Copies children up to the end, or without `padded` up to the first that may need padding.
    fn block(
        &mut self,
        open: &mut Open,
        children: &Children<'_>,
        cursor: &mut Cursor<'_>,
        end: usize,
        padded: bool,
    ) -> Result<()> {
        let (start, position) = (cursor.start, self.out.position() - open.data);
        while cursor.index < end && (padded || !cursor.is_aligned()?) {
            let child = cursor.next_child()?;
            let end = position + (child.place.end - start);
            self.entry(open, child.kind, child.place.len(), end)?;
        }
        self.out.put(children.bytes(start..cursor.start)?);
        Ok(())
    }
}
