//! Documents that show subqueries, and changes of what these read: whether leaves are computed on their own or rows as a whole, every tview
//! equals its defining query after each statement.
//!
//! `ORACLE_SEED`, `ORACLE_STATEMENTS` and `ORACLE_FAILURES` as for the oracle.

use pg_tviews_tests::generate::Options;
use pg_tviews_tests::oracle::Hunt;
use pg_tviews_tests::oracle::keeper::{Extension, Keeper, PlainView};

fn leaves(name: &str, statements: usize, keeper: &dyn Keeper, session: &str) {
    let options = Options {
        documents: true,
        leaves: true,
        ..Options::for_server()
    };
    Hunt::from_environment(20_260_401, statements, options).finds_nothing(name, keeper, session);
}

#[test]
fn leaves_computed_on_their_own_equal_their_queries() {
    leaves("leaves", 800, &Extension, "");
}

/// The same statements without computing leaves: the content is the same.
#[test]
fn leaves_computed_with_their_rows_equal_their_queries() {
    leaves("leaves_whole", 200, &Extension, "-c pg_tviews.patching=off");
}

/// The same, maintained after each statement.
#[test]
fn leaves_computed_after_each_statement_equal_their_queries() {
    leaves(
        "leaves_statement",
        300,
        &Extension,
        "-c pg_tviews.maintenance=statement",
    );
}

/// The generated definitions have one result on the same data.
#[test]
fn the_leaves_make_sense() {
    leaves("leaves_views", 200, &PlainView, "");
}
