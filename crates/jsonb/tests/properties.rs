//! Random documents and patches: the same outcome as on trees, byte for byte; and no panics whatever the bytes.

mod reference;

use pg_tviews_jsonb::{Outcome, Patch, Value, patch, write_objects};
use proptest::prelude::*;
use reference::model::{Spec, apply};
use reference::strategy::{fitting, specs, stored, trees};
use reference::{Tree, decode, encode, key};

/// Reads everything through the views.
fn view(value: &Value<'_>) -> Tree {
    match value {
        Value::Null => Tree::Null,
        Value::Bool(value) => Tree::Bool(*value),
        Value::Numeric(bytes) => Tree::Number(bytes.to_vec()),
        Value::String(bytes) => Tree::String(bytes.to_vec()),
        Value::Array(array) => {
            let elements: Vec<Tree> = array.iter().map(|element| view(&element.unwrap())).collect();
            assert_eq!(elements.len(), array.len());
            let direct = |at| view(&array.get(at).unwrap().unwrap());
            assert!((0..elements.len()).all(|at| direct(at) == elements[at]));
            assert!(array.get(elements.len()).unwrap().is_none());
            Tree::Array(elements)
        }
        Value::Object(object) => {
            let pairs = object.iter().unwrap().map(|pair| pair.unwrap());
            let pairs = pairs.map(|(name, value)| {
                assert!(object.get(name).unwrap().unwrap().is_identical(&value));
                (key(name), view(&value))
            });
            Tree::Object(pairs.collect())
        }
    }
}

fn check(tree: &Tree, spec: &Spec) -> Result<(), TestCaseError> {
    let document = encode(tree);
    let scalar_path = matches!(spec, Spec::At(..)) && !matches!(tree, Tree::Array(_) | Tree::Object(_));
    let expected = apply(Some(tree.clone()), spec)
        .ok()
        .flatten()
        .filter(|_| !scalar_path);
    let mut out = b"xyz".to_vec();
    let outcome = patch(&document, &spec.patch(), &mut out);
    match expected {
        None => prop_assert!(outcome.is_err(), "{:?}", outcome),
        Some(expected) if expected == *tree => {
            prop_assert_eq!(outcome, Ok(Outcome::Unchanged));
            prop_assert_eq!(out, b"xyz");
        }
        Some(expected) => {
            prop_assert_eq!(outcome, Ok(Outcome::Changed));
            prop_assert_eq!(decode(&out[3..]), expected.clone());
            prop_assert_eq!(&out[3..], encode(&expected));
        }
    }
    Ok(())
}

/// An array of objects written from their values is the one that the reference writes.
fn check_objects(keys: &[Vec<u8>], rows: &[Vec<Tree>]) -> Result<(), TestCaseError> {
    let object = |row: &Vec<Tree>| {
        let pairs = keys.iter().zip(row);
        Tree::Object(pairs.map(|(name, value)| (key(name), value.clone())).collect())
    };
    let expected = encode(&Tree::Array(rows.iter().map(object).collect()));
    let stored: Vec<Vec<Vec<u8>>> = rows.iter().map(|row| row.iter().map(encode).collect()).collect();
    let mut values: Vec<Vec<Value<'_>>> = vec![];
    for row in &stored {
        values.push(row.iter().map(|bytes| Value::document(bytes).unwrap()).collect());
    }
    let names: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
    let mut out = vec![];
    prop_assert_eq!(write_objects(&names, &values, &mut out), Ok(()));
    prop_assert_eq!(out, expected);
    Ok(())
}

/// Calls everything on bytes that may be nonsense, without looking at what comes out.
fn exercise(bytes: &[u8], patch_: &Patch<'_>) {
    let mut values: Vec<Value<'_>> = Value::document(bytes).into_iter().collect();
    let mut visited = 0;
    while let Some(value) = values.pop().filter(|_| visited < 10_000) {
        visited += 1;
        assert!(value.equals_scalar(&value) || matches!(value, Value::Array(_) | Value::Object(_)));
        match value {
            Value::Array(array) => values.extend(array.iter().take(100).flatten()),
            Value::Object(object) => {
                let _ = object.get(b"id");
                let members = object.iter().into_iter().flatten().take(100);
                values.extend(members.flatten().map(|(_, value)| value));
            }
            _ => {}
        }
    }
    let _ = patch(bytes, patch_, &mut vec![]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_reference_reads_what_it_writes(tree in trees()) {
        prop_assert_eq!(decode(&encode(&tree)), tree);
    }

    #[test]
    fn views_show_the_document(tree in trees()) {
        prop_assert_eq!(view(&Value::document(&encode(&tree)).unwrap()), tree);
    }

    #[test]
    fn any_patch_does_what_it_does_on_trees(tree in trees(), spec in specs()) {
        check(&tree, &spec)?;
    }

    #[test]
    fn a_fitting_patch_does_what_it_does_on_trees(
        (tree, spec) in trees().prop_flat_map(|tree| { let specs = fitting(&tree); (Just(tree), specs) })
    ) {
        check(&tree, &spec)?;
    }

    #[test]
    fn setting_a_value_to_itself_changes_nothing(value in stored()) {
        check(&value.tree.clone(), &Spec::Set(value))?;
    }

    #[test]
    fn random_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..200), spec in specs()) {
        exercise(&bytes, &spec.patch());
    }

    #[test]
    fn damaged_documents_are_refused_or_read(
        (tree, spec) in trees().prop_flat_map(|tree| { let specs = fitting(&tree); (Just(tree), specs) }),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = encode(&tree);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        exercise(&bytes, &spec.patch());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn objects_are_written_as_the_reference_writes_them(
        keys in prop::collection::btree_set(prop::collection::vec(any::<u8>(), 0..4), 0..36),
        pool in prop::collection::vec(trees(), 8),
        picks in prop::collection::vec(prop::collection::vec(0usize..8, 36), 0..36),
        turn in 0usize..36,
    ) {
        let mut keys: Vec<Vec<u8>> = keys.into_iter().collect();
        let turn = turn % keys.len().max(1);
        keys.rotate_left(turn);
        let row = |picks: &Vec<usize>| picks[..keys.len()].iter().map(|pick| pool[*pick].clone()).collect();
        let rows: Vec<Vec<Tree>> = picks.iter().map(row).collect();
        check_objects(&keys, &rows)?;
    }
}
