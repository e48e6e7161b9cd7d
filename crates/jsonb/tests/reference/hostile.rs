//! What can be done with bytes that nobody has checked.

use super::reference::try_decode;
use pg_tviews_jsonb::{Object, Outcome, Overlay, Patch, Placed, Value, patch, place, write_objects};
use std::cmp::Ordering;

/// The bytes that decide what is done, and with what.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    /// A piece that begins with its length.
    fn piece(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte()) | usize::from(self.byte()) << 8;
        let (piece, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        piece
    }

    fn key(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte() & 7);
        let (key, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        key
    }
}

/// Values that are read, and whether all of them are as the server would have written them.
struct Values<'a> {
    bytes: Bytes<'a>,
    valid: bool,
}

impl<'a> Values<'a> {
    fn value(&mut self) -> Option<Value<'a>> {
        let document = self.bytes.piece();
        self.valid &= try_decode(document).is_some();
        Value::document(document).ok()
    }

    fn patch(&mut self, depth: usize) -> Option<Patch<'a>> {
        const DEEPEST: usize = 6;
        let kind = self.bytes.byte() % 9;
        Some(match kind {
            _ if depth > DEEPEST => Patch::Remove,
            0 | 1 => Patch::Set(self.value()?),
            2 => Patch::Remove,
            3 => match self.value()? {
                Value::Object(object) => Patch::Merge(object),
                other => Patch::Set(other),
            },
            4 => Patch::At(self.bytes.key(), Box::new(self.patch(depth + 1)?)),
            5 => {
                let members = 0..self.bytes.byte() % 4;
                let members = members.map(|_| Some((self.bytes.key(), self.patch(depth + 1)?)));
                Patch::Members(members.collect::<Option<_>>()?)
            }
            6 => {
                let elements = 0..self.bytes.byte() % 4;
                let elements = elements.map(|_| Some((self.bytes.byte().into(), self.patch(depth + 1)?)));
                Patch::Elements(elements.collect::<Option<_>>()?)
            }
            7 => Patch::Insert(self.value()?),
            _ => Patch::Matching {
                key: self.bytes.key(),
                value: self.value()?,
                patch: Box::new(self.patch(depth + 1)?),
            },
        })
    }

    fn overlay(&mut self, depth: usize) -> Overlay {
        let kind = self.bytes.byte() % 3;
        if kind == 0 || depth > 3 {
            return Overlay::Value;
        }
        let members = 0..self.bytes.byte() % 4;
        let members = members.map(|_| (self.bytes.key().to_vec(), self.overlay(depth + 1)));
        let members = members.collect();
        if kind == 1 {
            return Overlay::Members(members);
        }
        let key = self.bytes.key().to_vec();
        Overlay::Element { key, members }
    }
}

/// Reads everything, and compares it with what comes next.
fn look(document: &[u8]) {
    let mut values: Vec<Value<'_>> = Value::document(document).into_iter().collect();
    let mut last: Option<Value<'_>> = None;
    let mut visited = 0;
    while let Some(value) = values.pop().filter(|_| visited < 5_000) {
        visited += 1;
        if let Some(last) = last.replace(value) {
            let equal = value.equals_scalar(&last);
            assert_eq!(equal, last.equals_scalar(&value));
            let order = value.compare_numbers(&last);
            assert_eq!(order.map(Ordering::reverse), last.compare_numbers(&value));
            assert!(order.is_none_or(|order| (order == Ordering::Equal) == equal));
        }
        match value {
            Value::Array(array) => {
                assert!(array.get(array.len()).is_ok_and(|beyond| beyond.is_none()));
                let _ = array.get(array.len() / 2);
                values.extend(array.iter().take(100).flatten());
            }
            Value::Object(object) => {
                let _ = object.get(b"id");
                let members = object.iter().into_iter().flatten().take(100);
                values.extend(members.flatten().map(|(_, value)| value));
            }
            _ => {}
        }
    }
}

fn by_id<'a>(left: &Object<'a>, right: &Object<'a>) -> Option<Ordering> {
    left.get(b"id").ok()??.compare_numbers(&right.get(b"id").ok()??)
}

/// Does everything.
pub fn exercise(data: &[u8]) {
    let mut values = Values {
        bytes: Bytes(data),
        valid: true,
    };
    let document = values.bytes.piece();
    look(document);
    values.valid &= try_decode(document).is_some();
    let check = |patch_: &Patch<'_>, valid: bool| {
        let mut out = vec![];
        if patch(document, patch_, &mut out) == Ok(Outcome::Changed) {
            look(&out);
            assert!(!valid || try_decode(&out).is_some());
        }
    };
    if let Some(patch) = values.patch(0) {
        check(&patch, values.valid);
    }
    let overlay = values.overlay(0);
    if let Some(patch) = values.value().map(|new| overlay.patch(new)).and_then(Result::ok) {
        check(&patch, values.valid);
    }
    placed(document, &mut values, check);
}

fn placed(document: &[u8], values: &mut Values<'_>, check: impl Fn(&Patch<'_>, bool)) {
    let (Some(value), Some(alone)) = (values.value(), values.value()) else {
        return;
    };
    let placed = Placed {
        key: b"id",
        value,
        alone,
    };
    if let Ok(current) = Value::document(document)
        && let Ok(Some(patch)) = place(current, &placed, by_id)
    {
        check(&patch, values.valid);
    }
    let mut out = vec![];
    if write_objects(
        &[b"id", b"a"],
        &[vec![value, alone], vec![alone, value]],
        &mut out,
    )
    .is_ok()
    {
        look(&out);
        assert!(!values.valid || try_decode(&out).is_some());
    }
}
