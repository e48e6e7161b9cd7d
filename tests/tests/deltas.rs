//! Aggregates of groups and of subqueries, and changes of their rows: whether differences are added or units computed anew, every tview
//! equals its defining query after each statement.
//!
//! `ORACLE_SEED`, `ORACLE_STATEMENTS` and `ORACLE_FAILURES` as for the oracle.

use pg_tviews_tests::generate::Options;
use pg_tviews_tests::oracle::Hunt;
use pg_tviews_tests::oracle::keeper::{Extension, Keeper, PlainView};

fn totals(name: &str, statements: usize, keeper: &dyn Keeper, session: &str) {
    let options = Options {
        totals: true,
        ..Options::for_server()
    };
    Hunt::from_environment(20_260_301, statements, options).finds_nothing(name, keeper, session);
}

#[test]
fn added_differences_equal_their_queries() {
    totals("deltas", 1_000, &Extension, "");
}

/// The same statements without differences: the content is the same.
#[test]
fn aggregates_computed_anew_equal_their_queries() {
    totals("anew", 200, &Extension, "-c pg_tviews.patching=off");
}

/// The same, maintained after each statement.
#[test]
fn differences_added_after_each_statement_equal_their_queries() {
    totals(
        "deltas_statement",
        300,
        &Extension,
        "-c pg_tviews.maintenance=statement",
    );
}

/// The generated definitions have one result on the same data.
#[test]
fn the_aggregates_make_sense() {
    totals("aggregates", 200, &PlainView, "");
}
