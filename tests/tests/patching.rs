//! Documents of lookups, and changes of single columns: whether leaves are patched or rows computed anew, every tview equals its
//! defining query after each statement.
//!
//! `ORACLE_SEED`, `ORACLE_STATEMENTS` and `ORACLE_FAILURES` as for the oracle.

use pg_tviews_tests::generate::Options;
use pg_tviews_tests::oracle::keeper::{Extension, Keeper, PlainView};
use pg_tviews_tests::oracle::{Hunt, hunt};
use pg_tviews_tests::server;

fn documents(name: &str, statements: usize, keeper: &dyn Keeper, session: &str) {
    let options = Options {
        documents: true,
        ..Options::for_server()
    };
    let wanted = Hunt::from_environment(20_260_201, statements, options);
    let database = server::create_database(name);
    let server = server::server().connection_string(server::SUPERUSER, &database);
    let parameters = format!("{server} options='{session}'");
    match hunt(&wanted, &parameters, keeper) {
        Err(report) => panic!("{report}"),
        Ok(tally) => {
            println!("seed {}: {tally}", wanted.seed);
            assert_eq!(tally.refused + tally.invalid, 0, "{tally}");
        }
    }
}

#[test]
fn patched_documents_equal_their_queries() {
    documents("patching", 800, &Extension, "");
}

/// The same statements with patching turned off: the content is the same.
#[test]
fn documents_computed_as_a_whole_equal_their_queries() {
    documents("whole", 200, &Extension, "-c pg_tviews.patching=off");
}

/// The same, maintained after each statement.
#[test]
fn documents_patched_after_each_statement_equal_their_queries() {
    documents("statement", 200, &Extension, "-c pg_tviews.maintenance=statement");
}

/// The generated definitions have one result on the same data.
#[test]
fn the_documents_make_sense() {
    documents("documents", 200, &PlainView, "");
}
