//! Random documents and patches: the same outcome as on trees, byte for byte; and no panics whatever the bytes.

mod reference;

use pg_tviews_jsonb::{Outcome, Patch, Value, patch};
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
