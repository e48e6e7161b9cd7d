//! Elements of lists: what is new of one is put in its place, byte for byte as if the document had been made anew.

mod reference;

use pg_tviews_jsonb::{Error, Outcome, Overlay, Value, patch};
use proptest::collection::vec;
use proptest::prelude::*;
use reference::strategy::{scalars, trees};
use reference::{Tree, encode, integer, object, string};

/// What is new of an element: its stars, and the text in an object inside it.
fn overlay() -> Overlay {
    let text = Overlay::Members(vec![(b"text".to_vec(), Overlay::Value)]);
    Overlay::Members(vec![(
        b"list".to_vec(),
        Overlay::Element {
            key: b"id".to_vec(),
            members: vec![(b"stars".to_vec(), Overlay::Value), (b"of".to_vec(), text)],
        },
    )])
}

fn new_parts(id: Tree, stars: &Tree, text: &Tree) -> Vec<u8> {
    let of = object(&[("text", text.clone())]);
    let element = object(&[("id", id), ("stars", stars.clone()), ("of", of)]);
    encode(&object(&[("list", element)]))
}

fn element(id: u16, stars: &Tree, text: &Tree, other: &Tree) -> Tree {
    let of = object(&[("text", text.clone()), ("other", other.clone())]);
    object(&[
        ("id", integer(id)),
        ("stars", stars.clone()),
        ("of", of),
        ("rest", other.clone()),
    ])
}

fn document(elements: Vec<Tree>, beside: &Tree) -> Vec<u8> {
    encode(&object(&[
        ("list", Tree::Array(elements)),
        ("beside", beside.clone()),
    ]))
}

/// The patched document; `None` if it stays as it is.
fn patched(document: &[u8], parts: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let overlay = overlay();
    let patch_ = overlay.patch(Value::document(parts)?)?;
    let mut out = vec![];
    let outcome = patch(document, &patch_, &mut out)?;
    Ok((outcome == Outcome::Changed).then_some(out))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn an_element_becomes_what_it_would_be_made_as(
        rows in vec((scalars(), scalars(), scalars()), 0..50),
        chosen in 0..60_u16,
        stars in scalars(),
        text in trees(),
        beside in trees(),
    ) {
        let all = |new: bool| {
            let rows = rows.iter().zip(0..).map(|((old_stars, old_text, other), id)| {
                if new && id == chosen {
                    element(id, &stars, &text, other)
                } else {
                    element(id, old_stars, old_text, other)
                }
            });
            document(rows.collect(), &beside)
        };
        let (old, new) = (all(false), all(true));
        let result = patched(&old, &new_parts(integer(chosen), &stars, &text)).unwrap();
        prop_assert_eq!(result, (old != new).then_some(new));
    }
}

#[test]
fn without_a_list_there_is_no_element() {
    let parts = new_parts(integer(1), &integer(5), &string("x"));
    for (list, fits) in [
        (Tree::Null, true),
        (Tree::Array(vec![]), true),
        (
            Tree::Array(vec![integer(1), Tree::Null, object(&[("stars", integer(1))])]),
            true,
        ),
        (string("none"), false),
        (object(&[("id", integer(1))]), false),
    ] {
        let document = encode(&object(&[("list", list.clone())]));
        let result = patched(&document, &parts);
        assert_eq!(result.is_ok(), fits, "{list:?}");
        assert_eq!(result.ok().flatten(), None, "{list:?}");
    }
}

#[test]
fn new_parts_have_to_hold_what_is_said() {
    let document = encode(&object(&[("list", Tree::Array(vec![]))]));
    let parts = encode(&object(&[("list", object(&[("stars", integer(1))]))]));
    assert_eq!(patched(&document, &parts), Err(Error::Missing));
}
