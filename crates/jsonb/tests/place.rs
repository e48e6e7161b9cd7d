//! Elements at their place: whatever happens to one element, the array is in order, and nothing else of it has changed.

mod reference;

use pg_tviews_jsonb::{Object, Placed, Value, patch, place};
use proptest::prelude::*;
use reference::{Tree, decode, encode, integer, long_number, number, object, string};
use std::cmp::Ordering;

/// An element by its order and its key.
fn element(by: u16, id: u16) -> Tree {
    object(&[("by", integer(by)), ("id", integer(id)), ("text", string("x"))])
}

/// By `by` and `id`.
fn compare<'a>(left: &Object<'a>, right: &Object<'a>) -> Option<Ordering> {
    let by = |key: &[u8]| left.get(key).ok()??.compare_numbers(&right.get(key).ok()??);
    Some(by(b"by")?.then(by(b"id")?))
}

/// The array after an element has been brought up to date; `None` if that is not possible.
fn placed(array: &Tree, id: u16, alone: &Tree) -> Option<Tree> {
    let (array, key, alone) = (encode(array), encode(&integer(id)), encode(alone));
    let value = |bytes| Value::document(bytes).unwrap();
    let placed = Placed {
        key: b"id",
        value: value(&key),
        alone: value(&alone),
    };
    let change = place(value(&array), &placed, compare).unwrap()?;
    let mut out = vec![];
    patch(&array, &change, &mut out).unwrap();
    Some(decode(if out.is_empty() { &array } else { &out }))
}

fn sorted(elements: &[(u16, u16)]) -> Tree {
    let mut elements = elements.to_vec();
    elements.sort_unstable();
    Tree::Array(elements.into_iter().map(|(by, id)| element(by, id)).collect())
}

fn list(elements: &[(u16, u16)]) -> Tree {
    if elements.is_empty() {
        Tree::Null
    } else {
        sorted(elements)
    }
}

proptest! {
    #[test]
    fn one_element_comes_goes_or_moves(
        by in prop::collection::vec(0u16..5, 0..8),
        id in 0u16..9,
        new in prop::option::of(0u16..5),
    ) {
        let elements: Vec<(u16, u16)> = by.into_iter().zip(0..).collect();
        let mut after: Vec<(u16, u16)> = elements.iter().copied().filter(|(_, known)| *known != id).collect();
        let alone: Vec<(u16, u16)> = new.map(|by| (by, id)).into_iter().collect();
        after.extend(&alone);
        prop_assert_eq!(placed(&list(&elements), id, &list(&alone)), Some(list(&after)));
    }
}

#[test]
fn where_nothing_is_left_stands_what_the_definition_puts_there() {
    let empty = Tree::Array(vec![]);
    assert_eq!(placed(&sorted(&[(1, 2)]), 2, &empty), Some(empty.clone()));
    assert_eq!(placed(&sorted(&[(1, 2)]), 2, &Tree::Null), Some(Tree::Null));
    assert_eq!(placed(&empty, 2, &sorted(&[(1, 2)])), Some(sorted(&[(1, 2)])));
    assert_eq!(placed(&empty, 2, &empty), Some(empty.clone()));
}

#[test]
fn what_is_no_list_of_objects_in_order_stays_away() {
    let one = sorted(&[(1, 2)]);
    assert_eq!(placed(&string("list"), 2, &one), None);
    assert_eq!(placed(&one, 3, &string("list")), None);
    assert_eq!(placed(&one, 3, &sorted(&[(1, 2), (1, 3)])), None);
    assert_eq!(placed(&one, 3, &Tree::Array(vec![integer(3)])), None);
    assert_eq!(
        placed(&Tree::Array(vec![integer(1)]), 3, &sorted(&[(1, 3)])),
        None
    );
    // Something else than numbers to compare, and two elements of the same key.
    let text = object(&[("by", string("1")), ("id", integer(3))]);
    assert_eq!(placed(&one, 3, &Tree::Array(vec![text])), None);
    assert_eq!(placed(&sorted(&[(1, 2), (1, 2)]), 2, &one), None);
}

#[test]
fn numbers_are_compared_by_their_values() {
    let ascending = [
        long_number(true, 30, 0, &[1]),
        number(true, 0, 0, &[10]),
        number(true, 0, 1, &[9, 5000]),
        number(true, -1, 4, &[1]),
        integer(0),
        number(false, -1, 4, &[1]),
        number(false, -1, 4, &[2]),
        integer(1),
        number(false, 0, 1, &[1, 1000]),
        integer(2),
        integer(9999),
        number(false, 1, 0, &[1]),
        number(false, 1, 0, &[1, 1]),
        long_number(false, 30, 0, &[1]),
    ];
    let stored: Vec<Vec<u8>> = ascending.iter().map(encode).collect();
    for (left, one) in stored.iter().enumerate() {
        for (right, other) in stored.iter().enumerate() {
            let values = Value::document(one)
                .unwrap()
                .compare_numbers(&Value::document(other).unwrap());
            assert_eq!(values, Some(left.cmp(&right)), "{left} and {right}");
        }
    }
    let (one, text) = (encode(&integer(1)), encode(&string("1")));
    let (one, text) = (Value::document(&one).unwrap(), Value::document(&text).unwrap());
    assert_eq!(one.compare_numbers(&text), None);
    let same = encode(&long_number(false, 1, 300, &[0, 1, 0]));
    assert_eq!(
        one.compare_numbers(&Value::document(&same).unwrap()),
        Some(Ordering::Equal)
    );
}
