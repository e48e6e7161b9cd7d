//! Documents and patches as the property tests draw them, many more of them, and those kept that come to new places: the same outcome as on trees,
//! byte for byte.

#![no_main]

#[path = "../../tests/reference/mod.rs"]
mod reference;

use libfuzzer_sys::fuzz_target;
use pg_tviews_jsonb::{Outcome, patch};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use reference::model::{Spec, apply};
use reference::strategy::{fitting, specs, trees};
use reference::{Tree, encode};

/// A document, and a patch that may fit it.
fn cases() -> impl Strategy<Value = (Tree, Spec)> {
    trees().prop_flat_map(|tree| {
        let specs = prop_oneof![2 => fitting(&tree), 1 => specs().boxed()];
        (Just(tree), specs)
    })
}

fuzz_target!(|seed: [u8; 32]| {
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    let Ok(case) = cases().new_tree(&mut runner) else {
        return;
    };
    let (tree, spec) = case.current();
    let scalar_path = matches!(spec, Spec::At(..)) && !matches!(tree, Tree::Array(_) | Tree::Object(_));
    let expected = apply(Some(tree.clone()), &spec).ok().flatten();
    let mut out = vec![];
    let outcome = patch(&encode(&tree), &spec.patch(), &mut out);
    match expected.filter(|_| !scalar_path) {
        None => assert!(outcome.is_err(), "{outcome:?}"),
        Some(expected) if expected == tree => assert_eq!(outcome, Ok(Outcome::Unchanged)),
        Some(expected) => {
            assert_eq!(outcome, Ok(Outcome::Changed));
            assert_eq!(out, encode(&expected));
        }
    }
});
