//! Documents of several sizes, read and patched.

use pg_tviews_jsonb::{Outcome, Patch, Value, patch};

/// An object without members: its header says so.
const EMPTY: [u8; 4] = 0x2000_0000_u32.to_ne_bytes();

/// Bytes of a member of the attributes, about.
const MEMBER: usize = 52;

/// A document that has `patches` put into an empty one.
fn made(patches: Vec<(&[u8], Patch<'_>)>) -> Vec<u8> {
    let mut document = Vec::new();
    let outcome = patch(&EMPTY, &Patch::Members(patches), &mut document);
    if outcome == Ok(Outcome::Changed) {
        document
    } else {
        EMPTY.to_vec()
    }
}

/// A document as views make them: a few leaves, an object, many attributes; `kilobytes` large, about.
fn document(kilobytes: usize) -> Vec<u8> {
    let count = kilobytes * 1_000 / MEMBER;
    let names: Vec<String> = (0..count).map(|number| format!("attribute_{number}")).collect();
    let values: Vec<String> = (0..count)
        .map(|number| format!("{:032x}", number * 7_919))
        .collect();
    let attributes = made(
        names
            .iter()
            .zip(&values)
            .map(|(name, value)| (name.as_bytes(), string(value)))
            .collect(),
    );
    let category = made(vec![(b"id", string("17")), (b"name", string("Kettles"))]);
    made(vec![
        (b"id", string("4711")),
        (b"name", string("Nordic Kettle Pro, Sand")),
        (b"price", string("44.90")),
        (b"category", whole(&category)),
        (b"attributes", whole(&attributes)),
    ])
}

fn string(text: &str) -> Patch<'_> {
    Patch::Set(Value::String(text.as_bytes()))
}

/// A document as a part of another one.
fn whole(document: &[u8]) -> Patch<'_> {
    Value::document(document).map_or(Patch::Remove, Patch::Set)
}

/// How many bytes a patch makes; 1 if it changes nothing, 0 if it fails.
fn size_after(document: &[u8], change: &Patch<'_>) -> usize {
    let mut out = Vec::with_capacity(document.len() + 64);
    match patch(document, change, &mut out) {
        Ok(Outcome::Changed) => out.len(),
        Ok(Outcome::Unchanged) => 1,
        Err(_) => 0,
    }
}

/// One leaf, two levels deep, gets another value.
pub fn patch_leaf(kilobytes: usize) -> Box<dyn Fn() -> usize> {
    let document = document(kilobytes);
    Box::new(move || {
        let change = Patch::At(
            b"category",
            Box::new(Patch::Members(vec![(b"name", string("Kettles and pots"))])),
        );
        size_after(&document, &change)
    })
}

/// One leaf gets the value that it has.
pub fn patch_to_the_same(kilobytes: usize) -> Box<dyn Fn() -> usize> {
    let document = document(kilobytes);
    Box::new(move || size_after(&document, &Patch::Members(vec![(b"price", string("44.90"))])))
}

/// One attribute among many gets another value.
pub fn patch_element(kilobytes: usize) -> Box<dyn Fn() -> usize> {
    let document = document(kilobytes);
    Box::new(move || {
        let change = Patch::At(
            b"attributes",
            Box::new(Patch::Members(vec![(b"attribute_93", string("another"))])),
        );
        size_after(&document, &change)
    })
}

/// All attributes are walked through, and one is looked up.
pub fn read(kilobytes: usize) -> Box<dyn Fn() -> usize> {
    let document = document(kilobytes);
    Box::new(move || {
        let Ok(Value::Object(root)) = Value::document(&document) else {
            return 0;
        };
        let Ok(Some(Value::Object(attributes))) = root.get(b"attributes") else {
            return 0;
        };
        let found = attributes.get(b"attribute_7").ok().flatten().is_some();
        let members = attributes.iter().map_or(0, Iterator::count);
        members + usize::from(found)
    })
}
