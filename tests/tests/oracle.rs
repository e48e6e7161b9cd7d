//! Random schemas, definitions and statements: every tview equals its defining query after each of them.
//!
//! `ORACLE_SEED` and `ORACLE_STATEMENTS` reproduce or extend a run; `ORACLE_FAILURES` goes on to that many failures.

use pg_tviews_tests::generate::Options;
use pg_tviews_tests::oracle::keeper::Extension;
use pg_tviews_tests::oracle::{Hunt, hunt};
use pg_tviews_tests::server;

/// At most this share of the generated definitions, in percent, may be refused: else the test tests little.
const REFUSED_PERCENT: usize = 15;

#[test]
fn random_tviews_equal_their_queries() {
    let wanted = Hunt::from_environment(20_260_101, 600, Options::for_server());
    let database = server::create_database("oracle");
    let parameters = server::server().connection_string(server::SUPERUSER, &database);
    let outcome = hunt(&wanted, &parameters, &Extension);
    server::check_given_back();
    match outcome {
        Err(report) => panic!("{report}"),
        Ok(tally) => {
            println!("seed {}: {tally}", wanted.seed);
            let refused = tally.refused * 100 / tally.definitions.max(1);
            // A single reproduced case may well be all refused.
            assert!(
                tally.definitions < 20 || refused <= REFUSED_PERCENT,
                "{refused} % of the definitions were refused: {tally}"
            );
        }
    }
}
