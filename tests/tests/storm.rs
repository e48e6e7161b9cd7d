//! Clients that write at the same time: at rest every tview equals its query.
//!
//! `STORM_CASES` and `STORM_SEED` extend or vary a run. Interleavings do not repeat: a failure may need several runs.

use pg_tviews_tests::generate::Options;
use pg_tviews_tests::oracle::keeper::{Extension, PlainView};
use pg_tviews_tests::oracle::{Keeper, Storm, Tally, storm};
use pg_tviews_tests::server;

fn run(keeper: &dyn Keeper, cases: usize, kind: Options) -> Tally {
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |text| {
            text.parse().unwrap_or_else(|_| panic!("{name} is no number"))
        })
    };
    let wanted = Storm {
        seed: number("STORM_SEED", 20_260_102),
        cases: number("STORM_CASES", cases as u64) as usize,
        clients: 4,
        options: Options {
            steps: 25,
            alter: false,
            documents: kind.documents,
            leaves: kind.leaves,
            totals: kind.totals,
            // Writers of different units go on side by side; where everything is recomputed they wait.
            tame: true,
            ..Options::for_server()
        },
    };
    let database = server::create_database("storm");
    let parameters = server::server().connection_string(server::SUPERUSER, &database);
    let tally = storm(&wanted, &parameters, keeper).unwrap_or_else(|report| panic!("{report}"));
    println!("{tally}");
    tally
}

#[test]
fn concurrent_writers_leave_exact_tviews() {
    let tally = run(&Extension, 6, Options::default());
    assert!(
        tally.failed * 2 <= tally.commands,
        "more than half of the commands failed: {tally}"
    );
}

/// Documents whose single leaves are patched.
#[test]
fn concurrent_writers_leave_exact_documents() {
    let documents = Options {
        documents: true,
        ..Options::default()
    };
    run(&Extension, 6, documents);
}

/// Documents of which leaves are computed on their own.
#[test]
fn concurrent_writers_leave_exact_subqueries() {
    let leaves = Options {
        documents: true,
        leaves: true,
        ..Options::default()
    };
    run(&Extension, 6, leaves);
}

/// Aggregates to which differences are added.
#[test]
fn concurrent_writers_leave_exact_aggregates() {
    let totals = Options {
        totals: true,
        ..Options::default()
    };
    run(&Extension, 10, totals);
}

/// The storm itself is right: plain views stay exact.
#[test]
fn concurrent_writers_leave_exact_views() {
    run(&PlainView, 2, Options::default());
}
