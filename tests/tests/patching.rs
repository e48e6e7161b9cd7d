//! Documents of lookups, and changes of single columns: whether leaves are patched or rows computed anew, every tview equals its
//! defining query after each statement.
//!
//! `ORACLE_SEED`, `ORACLE_STATEMENTS` and `ORACLE_FAILURES` as for the oracle.

use pg_tviews_tests::generate::Options;
use pg_tviews_tests::oracle::keeper::{Extension, Keeper, PlainView};
use pg_tviews_tests::oracle::{Hunt, hunt};
use pg_tviews_tests::server;

fn documents(name: &str, statements: usize, keeper: &dyn Keeper) {
    let options = Options {
        documents: true,
        ..Options::default()
    };
    let wanted = Hunt::from_environment(20_260_201, statements, options);
    let database = server::create_database(name);
    let parameters = server::server().connection_string(server::SUPERUSER, &database);
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
    documents("patching", 800, &Extension);
}

/// The generated definitions have one result on the same data.
#[test]
fn the_documents_make_sense() {
    documents("documents", 200, &PlainView);
}
