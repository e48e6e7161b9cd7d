//! Hand-written cases and kept findings, each in a file of `cases/`, under the same oracle as random ones.
//!
//! `CASE=part` chooses files by their name.

use std::fs;
use std::path::Path;

use pg_tviews_tests::oracle::keeper::{Extension, PlainView};
use pg_tviews_tests::oracle::{Keeper, Oracle, file};
use pg_tviews_tests::{golden, server};

fn run_all(keeper: &dyn Keeper) -> Vec<String> {
    let wanted = std::env::var("CASE").unwrap_or_default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let database = server::create_database("cases");
    let parameters = server::server().connection_string(server::SUPERUSER, &database);
    let mut oracle = Oracle::new(&parameters, keeper).unwrap_or_else(|failure| panic!("{failure}"));
    let mut problems = vec![];
    for name in golden::names_in(&folder, ".sql")
        .iter()
        .filter(|name| name.contains(&wanted))
    {
        let text = fs::read_to_string(folder.join(format!("{name}.sql"))).expect("a readable case");
        if file::needed_version(&text) > server::major_version() {
            continue;
        }
        let case = file::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let before = (oracle.tally.refused, oracle.tally.invalid);
        if let Err(problem) = oracle.run(&case) {
            problems.push(format!("{name}: {problem}"));
        } else if before != (oracle.tally.refused, oracle.tally.invalid) {
            let reasons: Vec<&String> = oracle.tally.reasons.keys().collect();
            problems.push(format!(
                "{name}: a definition was refused or does not run; refusals so far: {reasons:#?}"
            ));
        }
    }
    println!("{}", oracle.tally);
    assert!(oracle.tally.cases > 0, "no case matches {wanted:?}");
    problems
}

#[test]
fn kept_cases_are_exact() {
    let problems = run_all(&Extension);
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

/// The cases themselves are right: with plain views in place of tviews nothing differs.
#[test]
fn kept_cases_make_sense() {
    let problems = run_all(&PlainView);
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}
