//! Definitions over tables in the manner of PostgreSQL's own regression suite: `regress/tables.sql` has the tables, each other file definitions,
//! and after every statement of `regress/changes.sql` all of them equal their queries.
//!
//! `REGRESS=part` chooses files by their name.

use std::fs;
use std::path::{Path, PathBuf};

use pg_tviews_tests::oracle::keeper::{Extension, PlainView};
use pg_tviews_tests::oracle::{Case, Definition, Keeper, Oracle, file};
use pg_tviews_tests::{golden, server};

/// What every case is made of; the other files have the definitions.
const TABLES: &str = "tables";
const CHANGES: &str = "changes";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("regress")
}

fn read(name: &str) -> String {
    let path = folder().join(format!("{name}.sql"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    // Without the comment: files are put together.
    let start = text.find("--- ").expect("a section");
    text[start..].to_owned()
}

fn case(name: &str) -> Case {
    let text = format!("{}\n{}\n{}", read(TABLES), read(name), read(CHANGES));
    file::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// All definitions of a file at once; if that fails, one after the other, so that all that fail are named.
fn failures(oracle: &mut Oracle<'_>, name: &str) -> Vec<String> {
    let case = case(name);
    let Err(together) = oracle.run(&case) else {
        return vec![];
    };
    let alone = |tview: &Definition| Case {
        tviews: vec![tview.clone()],
        ..case.clone()
    };
    let mut problems = vec![];
    for tview in &case.tviews {
        let problem = oracle.run(&alone(tview)).err();
        problems.extend(problem.map(|problem| format!("{name}: {problem}\n  {}", tview.query)));
    }
    if problems.is_empty() {
        problems.push(format!("{name}, all definitions together: {together}"));
    }
    problems
}

fn run_all(keeper: &dyn Keeper) -> Vec<String> {
    let wanted = std::env::var("REGRESS").unwrap_or_default();
    let database = server::create_database("regress");
    let parameters = server::server().connection_string(server::SUPERUSER, &database);
    let mut oracle = Oracle::new(&parameters, keeper).unwrap_or_else(|failure| panic!("{failure}"));
    let mut problems = vec![];
    let names = golden::names_in(&folder(), ".sql");
    let chosen = names.iter().filter(|name| name.contains(&wanted));
    for name in chosen.filter(|name| ![TABLES, CHANGES].contains(&name.as_str())) {
        let before = (oracle.tally.refused, oracle.tally.invalid, oracle.tally.raised);
        problems.extend(failures(&mut oracle, name));
        let after = (oracle.tally.refused, oracle.tally.invalid, oracle.tally.raised);
        if before != after {
            problems.push(format!(
                "{name}: a definition was refused, does not run, or raises an error: {}",
                oracle.tally
            ));
        }
    }
    println!("{}", oracle.tally);
    assert!(oracle.tally.cases > 0, "no file matches {wanted:?}");
    problems
}

#[test]
fn definitions_are_accepted_and_exact() {
    let problems = run_all(&Extension);
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

/// The definitions and changes themselves are right: with plain views in place of tviews nothing differs.
#[test]
fn definitions_make_sense() {
    let problems = run_all(&PlainView);
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}
