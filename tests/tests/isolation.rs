//! Interleavings: what concurrent transactions leave behind equals the query.

use pg_tviews_tests::{golden, isolation};

#[test]
fn interleavings_end_exact() {
    let tester = isolation::tester();
    let names = golden::names_in(&isolation::folder().join("specs"), ".spec");
    assert!(!names.is_empty(), "no specification found");
    let mut failed = vec![];
    for name in &names {
        if let Some(difference) = isolation::check(&tester, name) {
            println!("==== {name}\n{difference}");
            failed.push(name.as_str());
        }
    }
    if tester.starts_with(std::env::temp_dir()) {
        let _ = std::fs::remove_file(&tester);
    }
    assert!(
        failed.is_empty(),
        "{} of {} specifications differ: {}",
        failed.len(),
        names.len(),
        failed.join(", ")
    );
}
