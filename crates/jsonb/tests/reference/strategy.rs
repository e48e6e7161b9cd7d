//! Random trees and patches. Few keys and small numbers, so that patches hit something.

use proptest::collection::vec;
use proptest::prelude::*;

use super::model::{Spec, Stored};
use super::{Pairs, Tree, integer, key, long_number, number, string};

pub fn keys() -> impl Strategy<Value = Vec<u8>> {
    const KNOWN: [&str; 12] = [
        "",
        "a",
        "b",
        "id",
        "0",
        "-1",
        "ab",
        "ba",
        "name",
        "ключ",
        "日本語",
        "a longer key",
    ];
    prop_oneof![
        6 => proptest::sample::select(&KNOWN[..]).prop_map(|text| text.as_bytes().to_vec()),
        3 => (0..80_u32).prop_map(|number| format!("k{number}").into_bytes()),
        1 => vec(1_u8..=255, 0..40),
    ]
}

fn numbers() -> impl Strategy<Value = Tree> {
    let digits = || vec(1_u16..10000, 1..9);
    prop_oneof![
        (0_u16..5).prop_map(integer),
        (any::<bool>(), -64_i8..64, 0_u16..64, digits())
            .prop_map(|(negative, weight, scale, digits)| number(negative, weight, scale, &digits)),
        (any::<bool>(), -2000_i16..2000, 0_u16..2000, digits())
            .prop_map(|(negative, weight, scale, digits)| long_number(negative, weight, scale, &digits)),
    ]
}

pub fn scalars() -> impl Strategy<Value = Tree> {
    prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        numbers(),
        "[a-zäß日]{0,12}".prop_map(|text| string(&text)),
    ]
}

fn objects(values: impl Strategy<Value = Tree>, most: usize) -> impl Strategy<Value = Tree> {
    vec((keys(), values), 0..most).prop_map(|pairs| {
        let pairs = pairs.into_iter().map(|(name, value)| (key(&name), value));
        Tree::Object(pairs.collect::<Pairs>())
    })
}

pub fn trees() -> impl Strategy<Value = Tree> {
    scalars().prop_recursive(4, 200, 20, |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..6).prop_map(Tree::Array),
            1 => vec(inner.clone(), 30..70).prop_map(Tree::Array),
            2 => objects(inner.clone(), 6),
            1 => objects(inner, 70),
        ]
    })
}

pub fn stored() -> impl Strategy<Value = Stored> {
    trees().prop_map(Stored::from)
}

pub fn small_objects() -> impl Strategy<Value = Stored> {
    objects(scalars(), 6).prop_map(Stored::from)
}

fn leaves() -> impl Strategy<Value = Spec> {
    prop_oneof![
        3 => scalars().prop_map(|tree| Spec::Set(tree.into())),
        2 => stored().prop_map(Spec::Set),
        2 => Just(Spec::Remove),
        4 => small_objects().prop_map(Spec::Merge),
    ]
}

/// Any patch, fitting or not.
pub fn specs() -> impl Strategy<Value = Spec> {
    leaves().prop_recursive(4, 30, 5, |inner| {
        let position = || prop_oneof![4 => 0..6_usize, 1 => 0..70_usize];
        let insert = stored().prop_map(Spec::Insert);
        let element = prop_oneof![3 => inner.clone(), 1 => insert];
        prop_oneof![
            (keys(), inner.clone()).prop_map(|(step, spec)| Spec::At(step, Box::new(spec))),
            vec((keys(), inner.clone()), 0..5).prop_map(Spec::Members),
            vec((position(), element), 0..5).prop_map(Spec::Elements),
            (keys(), scalars(), inner).prop_map(|(key, value, spec)| Spec::Matching(
                key,
                value.into(),
                Box::new(spec)
            )),
        ]
    })
}

/// A patch that fits a document and goes to places that are there, or nearly.
pub fn fitting(tree: &Tree) -> BoxedStrategy<Spec> {
    match tree {
        Tree::Object(pairs) if !pairs.is_empty() => {
            let pairs: Vec<(Vec<u8>, Tree)> = pairs
                .iter()
                .map(|((_, name), value)| (name.clone(), value.clone()))
                .collect();
            let inside = proptest::sample::select(pairs)
                .prop_flat_map(|(name, value)| fitting(&value).prop_map(move |spec| (name.clone(), spec)));
            let outside = (keys(), stored().prop_map(Spec::Set));
            let members = vec(prop_oneof![3 => inside.clone(), 1 => outside], 1..5);
            prop_oneof![
                2 => members.prop_map(Spec::Members),
                1 => inside.prop_map(|(name, spec)| Spec::At(name, Box::new(spec))),
                1 => small_objects().prop_map(Spec::Merge),
            ]
            .boxed()
        }
        Tree::Array(elements) if !elements.is_empty() => {
            let indexed: Vec<(usize, Tree)> = elements.iter().cloned().enumerate().collect();
            let inside = proptest::sample::select(indexed)
                .prop_flat_map(|(at, value)| fitting(&value).prop_map(move |spec| (at, spec)));
            let inserted = (0..=elements.len(), stored().prop_map(Spec::Insert));
            vec(prop_oneof![3 => inside, 1 => inserted], 1..5)
                .prop_map(Spec::Elements)
                .boxed()
        }
        other => {
            let same = Just(Spec::Set(other.clone().into()));
            prop_oneof![1 => same, 3 => stored().prop_map(Spec::Set), 1 => Just(Spec::Remove)].boxed()
        }
    }
}
