//! Interleavings: what concurrent transactions leave behind equals the query.

use pg_tviews_tests::{golden, isolation};

#[test]
fn interleavings_end_exact() {
    let tester = isolation::tester();
    let only = std::env::var("SPEC").unwrap_or_default();
    let mut names = golden::names_in(&isolation::folder().join("specs"), ".spec");
    names.retain(|name| name.contains(&only));
    assert!(!names.is_empty(), "no specification found");
    let mut failed = vec![];
    for name in &names {
        if let Some(difference) = isolation::check(&tester, name) {
            println!("==== {name}\n{difference}");
            failed.push(name.as_str());
        }
    }
    isolation::remove_copy(&tester);
    assert!(
        failed.is_empty(),
        "{} of {} specifications differ: {}",
        failed.len(),
        names.len(),
        failed.join(", ")
    );
}
