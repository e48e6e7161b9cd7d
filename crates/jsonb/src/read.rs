//! Borrowed views of a document.

use std::cmp::Ordering;
use std::ops::Range;

use crate::error::{Error, Kind, Result};
use crate::format::{
    ARRAY, COUNT_MASK, HAS_END, IS_CONTAINER, IS_FALSE, IS_NULL, IS_NUMERIC, IS_STRING, IS_TRUE, LENGTH_MASK,
    OBJECT, SCALAR, TYPE_MASK, WORD, aligned, word,
};
use crate::numeric;

/// A value in a document.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as the server's type `numeric` is stored, with its length.
    Numeric(&'a [u8]),
    /// A string in the database's encoding.
    String(&'a [u8]),
    /// An array.
    Array(Array<'a>),
    /// An object.
    Object(Object<'a>),
}

/// An array in a document.
#[derive(Clone, Copy, Debug)]
pub struct Array<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) children: Children<'a>,
}

/// An object in a document.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) children: Children<'a>,
}

impl<'a> Value<'a> {
    /// The value of a whole document: what follows the length word of a jsonb value.
    ///
    /// # Errors
    /// The bytes are too short for what they claim to be.
    pub fn document(bytes: &'a [u8]) -> Result<Value<'a>> {
        let header = word(bytes, 0).ok_or(Error::Malformed("no header"))?;
        if header & SCALAR == 0 {
            return Value::container(bytes);
        }
        match Value::container(bytes)? {
            Value::Array(array) if array.len() == 1 => array.children.value(0),
            _ => Err(Error::Malformed("a scalar that is not one element")),
        }
    }

    fn container(bytes: &'a [u8]) -> Result<Value<'a>> {
        let header = word(bytes, 0).ok_or(Error::Malformed("no header"))?;
        let count = (header & COUNT_MASK) as usize;
        match header & (ARRAY | OBJECT) {
            ARRAY => Ok(Value::Array(Array {
                bytes,
                children: Children::read(bytes, count)?,
            })),
            OBJECT => Ok(Value::Object(Object {
                bytes,
                children: Children::read(bytes, count * 2)?,
            })),
            _ => Err(Error::Malformed("neither array nor object")),
        }
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        match self {
            Value::Null => Kind::Null,
            Value::Bool(_) => Kind::Boolean,
            Value::Numeric(_) => Kind::Number,
            Value::String(_) => Kind::String,
            Value::Array(_) => Kind::Array,
            Value::Object(_) => Kind::Object,
        }
    }

    /// Whether both are stored alike, and so have the same text. 1 and 1.0 do not.
    pub fn is_identical(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(left), Value::Bool(right)) => left == right,
            (Value::Numeric(left), Value::Numeric(right)) | (Value::String(left), Value::String(right)) => {
                left == right
            }
            (Value::Array(left), Value::Array(right)) => left.bytes == right.bytes,
            (Value::Object(left), Value::Object(right)) => left.bytes == right.bytes,
            _ => false,
        }
    }

    /// Whether two scalars are equal as the server's `=` sees it: 1 and 1.0 are. Containers are equal to nothing.
    pub fn equals_scalar(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Value::Numeric(left), Value::Numeric(right)) => numeric::equal(left, right),
            (Value::Array(_) | Value::Object(_), _) => false,
            _ => self.is_identical(other),
        }
    }

    /// Which of two numbers is greater; `None` if one of them is none.
    pub fn compare_numbers(&self, other: &Value<'_>) -> Option<Ordering> {
        match (self, other) {
            (Value::Numeric(left), Value::Numeric(right)) => numeric::compare(left, right),
            _ => None,
        }
    }
}

impl<'a> Array<'a> {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.children.count
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at a position from 0; `None` beyond the end.
    ///
    /// # Errors
    /// The document is malformed.
    pub fn get(&self, position: usize) -> Result<Option<Value<'a>>> {
        (position < self.len())
            .then(|| self.children.value(position))
            .transpose()
    }

    /// The elements in order.
    pub fn iter(&self) -> Elements<'a> {
        Elements(self.children.cursor())
    }
}

impl<'a> Object<'a> {
    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.children.count / 2
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a key.
    ///
    /// # Errors
    /// The document is malformed.
    pub fn get(&self, key: &[u8]) -> Result<Option<Value<'a>>> {
        match self.find(key)? {
            Ok(index) => self.value(index).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// The pairs in the order of their keys: shorter ones first, then by bytes.
    ///
    /// # Errors
    /// The document is malformed.
    pub fn iter(&self) -> Result<Members<'a>> {
        Ok(Members {
            keys: self.children.cursor(),
            values: self.children.cursor_at(self.len())?,
        })
    }

    /// The number of a key, or where it would have to be inserted.
    pub(crate) fn find(&self, key: &[u8]) -> Result<std::result::Result<usize, usize>> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match compare_keys(self.key(middle)?, key) {
                Ordering::Equal => return Ok(Ok(middle)),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        Ok(Err(low))
    }

    /// As [`Object::get`], where the key is likely to have the number `hint`, which becomes its true number.
    pub(crate) fn get_near(&self, key: &[u8], hint: &mut usize) -> Result<Option<Value<'a>>> {
        if *hint >= self.len() || self.key(*hint)? != key {
            match self.find(key)? {
                Ok(index) => *hint = index,
                Err(_) => return Ok(None),
            }
        }
        self.value(*hint).map(Some)
    }

    fn key(&self, index: usize) -> Result<&'a [u8]> {
        key_of(self.children.value(index)?)
    }

    /// The value of the pair with this number.
    pub(crate) fn value(&self, index: usize) -> Result<Value<'a>> {
        self.children.value(self.len() + index)
    }
}

fn key_of(value: Value<'_>) -> Result<&[u8]> {
    match value {
        Value::String(key) => Ok(key),
        _ => Err(Error::Malformed("a key that is not a string")),
    }
}

/// The order of keys in an object.
pub(crate) fn compare_keys(left: &[u8], right: &[u8]) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// The children of a container: elements, or keys and then values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Children<'a> {
    pub(crate) count: usize,
    entries: &'a [u8],
    data: &'a [u8],
}

/// One child: its type bits and where it is, with the zeros before it.
pub(crate) struct Child {
    pub(crate) kind: u32,
    pub(crate) place: Range<usize>,
}

const CUT_OFF: Error = Error::Malformed("a container that ends too early");

impl<'a> Children<'a> {
    fn read(container: &'a [u8], count: usize) -> Result<Children<'a>> {
        let size = count.checked_mul(WORD).ok_or(CUT_OFF)?;
        let rest = container.get(WORD..).ok_or(CUT_OFF)?;
        let (entries, data) = rest.split_at_checked(size).ok_or(CUT_OFF)?;
        Ok(Children { count, entries, data })
    }

    fn entry(&self, index: usize) -> Result<u32> {
        word(self.entries, index * WORD).ok_or(CUT_OFF)
    }

    /// Where a child begins: the nearest end before it and the lengths since.
    fn start(&self, index: usize) -> Result<usize> {
        let mut start = 0;
        for before in (0..index).rev() {
            let entry = self.entry(before)?;
            start = usize::saturating_add(start, (entry & LENGTH_MASK) as usize);
            if entry & HAS_END != 0 {
                break;
            }
        }
        Ok(start)
    }

    fn child_at(&self, index: usize, start: usize) -> Result<Child> {
        let entry = self.entry(index)?;
        let bits = (entry & LENGTH_MASK) as usize;
        let end = if entry & HAS_END == 0 {
            start.saturating_add(bits)
        } else {
            bits
        };
        if end < start || end > self.data.len() {
            return Err(Error::Malformed("a child outside of its container"));
        }
        Ok(Child {
            kind: entry & TYPE_MASK,
            place: start..end,
        })
    }

    fn value(&self, index: usize) -> Result<Value<'a>> {
        self.value_of(&self.child_at(index, self.start(index)?)?)
    }

    fn value_of(&self, child: &Child) -> Result<Value<'a>> {
        let payload = || {
            let start = aligned(child.place.start);
            let payload = self.data.get(start..child.place.end);
            payload.ok_or(Error::Malformed("a child that is shorter than its padding"))
        };
        match child.kind {
            IS_NULL => Ok(Value::Null),
            IS_FALSE => Ok(Value::Bool(false)),
            IS_TRUE => Ok(Value::Bool(true)),
            IS_STRING => Ok(Value::String(self.bytes(child.place.clone())?)),
            IS_NUMERIC => payload().map(Value::Numeric),
            IS_CONTAINER => payload().and_then(Value::container),
            _ => Err(Error::Malformed("an unknown type of value")),
        }
    }

    /// The bytes of some children.
    pub(crate) fn bytes(&self, place: Range<usize>) -> Result<&'a [u8]> {
        self.data.get(place).ok_or(CUT_OFF)
    }

    pub(crate) fn cursor(&self) -> Cursor<'a> {
        Cursor {
            children: *self,
            index: 0,
            start: 0,
        }
    }

    pub(crate) fn cursor_at(&self, index: usize) -> Result<Cursor<'a>> {
        Ok(Cursor {
            children: *self,
            index,
            start: self.start(index)?,
        })
    }
}

/// Goes over children in order, each in constant time.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    children: Children<'a>,
    /// Number of the next child.
    pub(crate) index: usize,
    /// Where it begins.
    pub(crate) start: usize,
}

impl<'a> Cursor<'a> {
    /// The next child; an error beyond the last.
    pub(crate) fn next_child(&mut self) -> Result<Child> {
        let child = self.children.child_at(self.index, self.start)?;
        self.index += 1;
        self.start = child.place.end;
        Ok(child)
    }

    /// Whether the next child begins at a multiple of four bytes, after zeros.
    pub(crate) fn is_aligned(&self) -> Result<bool> {
        let kind = self.children.entry(self.index)? & TYPE_MASK;
        Ok(matches!(kind, IS_NUMERIC | IS_CONTAINER))
    }

    /// The next child as a value; an error beyond the last.
    pub(crate) fn next_value(&mut self) -> Result<Value<'a>> {
        let child = self.next_child()?;
        self.children.value_of(&child)
    }
}

/// Iterator over the elements of an array. Ends after an error.
#[derive(Clone, Debug)]
pub struct Elements<'a>(Cursor<'a>);

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Value<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.index >= self.0.children.count {
            return None;
        }
        let value = self.0.next_value();
        if value.is_err() {
            self.0.index = self.0.children.count;
        }
        Some(value)
    }
}

/// Iterator over the pairs of an object. Ends after an error.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    keys: Cursor<'a>,
    values: Cursor<'a>,
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<(&'a [u8], Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.values.index >= self.values.children.count {
            return None;
        }
        let key = self.keys.next_value().and_then(key_of);
        let pair = key.and_then(|key| Ok((key, self.values.next_value()?)));
        if pair.is_err() {
            self.values.index = self.values.children.count;
        }
        Some(pair)
    }
}
