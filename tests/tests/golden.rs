//! Golden SQL tests: what `psql` prints for the scripts in `golden/sql`.

use pg_tviews_tests::{golden, server};

#[test]
fn scripts_print_what_is_expected() {
    let wanted = std::env::var("GOLDEN").ok();
    let names = golden::names();
    let chosen = names
        .iter()
        .filter(|name| wanted.as_deref().is_none_or(|part| name.contains(part)));
    let mut run = 0;
    let mut failed = vec![];
    for name in chosen {
        run += 1;
        if let Some(difference) = golden::check(name) {
            println!("==== {name}\n{difference}");
            failed.push(name.as_str());
        }
    }
    server::check_given_back();
    assert!(run > 0, "no script matches {wanted:?}");
    assert!(
        failed.is_empty(),
        "{} of {run} scripts differ: {}",
        failed.len(),
        failed.join(", ")
    );
}
