//! Elements of lists in stored documents.

use super::jsonb::{Form, Overlaid, Varlena, patched};
use super::spi::Value;
use pg_tviews_ir::{Sort, SortKind};
use pg_tviews_jsonb::{Error, Object, Patch, Placed, Value as JsonValue, place};
use pgrx::fcinfo::direct_function_call_as_datum;
use pgrx::pg_sys;
use std::cmp::Ordering;

/// A list in a document, whose elements show by what they are ordered.
pub struct ElementList {
    /// The keys that lead to it.
    pub path: Vec<String>,
    /// The member that tells elements apart.
    pub member: String,
    /// What its value is.
    pub key: Form,
    pub order: Vec<Sort>,
}

impl ElementList {
    /// Brings an element to its place in a document. `alone` is what the list would be if it had no other element, a value of type jsonb, and `key`
    /// the value by which the element is known.
    pub fn place(&self, document: Value, alone: Value, key: Value) -> Overlaid {
        // A whole column would be NULL where the list is empty, which is not what `null` in a document is.
        if document.null || key.null || (alone.null && self.path.is_empty()) {
            return Overlaid::Unfit;
        }
        // SAFETY: a value of type jsonb that outlives this call.
        let document = unsafe { Varlena::detoast(document.datum) };
        let alone = (!alone.null).then(|| {
            // SAFETY: the same.
            unsafe { Varlena::detoast(alone.datum) }
        });
        let change = || {
            let alone = alone.as_ref();
            let placed = Placed {
                key: self.member.as_bytes(),
                // SAFETY: of the type that the form stands for, as the caller says.
                value: unsafe { self.key.value(key)? },
                alone: alone.map_or(Ok(JsonValue::Null), |alone| JsonValue::document(alone.bytes()))?,
            };
            let Some(list) = self.list(JsonValue::document(document.bytes())?)? else {
                return Ok(Overlaid::Unfit);
            };
            let compare = |left: &Object<'_>, right: &Object<'_>| self.compare(left, right);
            let Some(patch) = place(list, &placed, compare)? else {
                return Ok(Overlaid::Unfit);
            };
            let mut patch = patch;
            for step in self.path.iter().rev() {
                patch = Patch::Members(vec![(step.as_bytes(), patch)]);
            }
            patched(&document, &patch)
        };
        change().unwrap_or(Overlaid::Unfit)
    }

    /// The list in a document.
    fn list<'a>(&self, document: JsonValue<'a>) -> Result<Option<JsonValue<'a>>, Error> {
        let mut current = document;
        for step in &self.path {
            let JsonValue::Object(object) = current else {
                return Ok(None);
            };
            match object.get(step.as_bytes())? {
                Some(value) => current = value,
                None => return Ok(None),
            }
        }
        Ok(Some(current))
    }

    /// The order of two elements; `None` if they do not show it.
    fn compare(&self, left: &Object<'_>, right: &Object<'_>) -> Option<Ordering> {
        for sort in &self.order {
            let member = sort.member.as_bytes();
            let (left, right) = (left.get(member).ok()??, right.get(member).ok()??);
            let ordering = compare(sort, left, right)?;
            if ordering.is_ne() {
                return Some(ordering);
            }
        }
        Some(Ordering::Equal)
    }
}

fn compare(sort: &Sort, left: JsonValue<'_>, right: JsonValue<'_>) -> Option<Ordering> {
    let nulls = [left, right].map(|value| matches!(value, JsonValue::Null));
    match nulls {
        [true, true] => return Some(Ordering::Equal),
        [false, false] => {}
        [null, _] => {
            return Some(if null == sort.nulls_first {
                Ordering::Less
            } else {
                Ordering::Greater
            });
        }
    }
    let ascending = match (sort.kind, left, right) {
        (SortKind::Number, left, right) => left.compare_numbers(&right)?,
        (SortKind::Truth, JsonValue::Bool(left), JsonValue::Bool(right)) => left.cmp(&right),
        (SortKind::Bytes, JsonValue::String(left), JsonValue::String(right)) => left.cmp(right),
        (SortKind::Text(collation), JsonValue::String(left), JsonValue::String(right)) => {
            compare_texts(left, right, pg_sys::Oid::from(collation))?
        }
        (kind, JsonValue::String(left), JsonValue::String(right)) => {
            moment(kind, left)?.cmp(&moment(kind, right)?)
        }
        _ => return None,
    };
    Some(if sort.descending {
        ascending.reverse()
    } else {
        ascending
    })
}

/// Compares texts as a collation does.
fn compare_texts(left: &[u8], right: &[u8], collation: pg_sys::Oid) -> Option<Ordering> {
    let lengths = (i32::try_from(left.len()).ok()?, i32::try_from(right.len()).ok()?);
    // SAFETY: texts of these lengths, which are only read.
    let result = unsafe {
        pg_sys::varstr_cmp(
            left.as_ptr().cast(),
            lengths.0,
            right.as_ptr().cast(),
            lengths.1,
            collation,
        )
    };
    Some(result.cmp(&0))
}

/// A date or time as a number, from the text by which a document shows it: that of ISO 8601, which is read alike whatever the settings are.
fn moment(kind: SortKind, shown: &[u8]) -> Option<i64> {
    let text = std::ffi::CString::new(shown).ok()?;
    let text = Some(pg_sys::Datum::from(text.as_ptr()));
    let details = [text, Some(pg_sys::Datum::from(0)), Some(pg_sys::Datum::from(-1))];
    // SAFETY: the input functions of these types take a text, and some a type and its modifier.
    unsafe {
        match kind {
            SortKind::Date => {
                let days = direct_function_call_as_datum(pg_sys::date_in, &[text])?;
                Some(i64::from(days.value() as i32))
            }
            SortKind::Timestamp => {
                direct_function_call_as_datum(pg_sys::timestamp_in, &details).map(|time| time.value() as i64)
            }
            SortKind::TimestampTz => direct_function_call_as_datum(pg_sys::timestamptz_in, &details)
                .map(|time| time.value() as i64),
            SortKind::Number | SortKind::Truth | SortKind::Bytes | SortKind::Text(_) => None,
        }
    }
}
