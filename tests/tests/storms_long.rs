//! Transactions of many clients on tviews of all kinds, some of them cancelled or killed: within transactions and at rest every tview
//! equals its query.
//!
//! `STORMS_TRANSACTIONS` and `STORMS_SEED` extend or vary a run; `STORMS_ROUND` is the number of transactions between two quiet points.
//! Interleavings do not repeat: a failure may need several runs.

use pg_tviews_tests::load::storm::{Storm, storm};
use pg_tviews_tests::server;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name} is no number"))
    })
}

#[test]
fn transactions_of_many_clients_leave_exact_tviews() {
    let wanted = Storm {
        seed: number("STORMS_SEED", 20_260_105),
        transactions: number("STORMS_TRANSACTIONS", 400) as usize,
        round: number("STORMS_ROUND", 100) as usize,
    };
    let tally = storm(&wanted, || {
        let database = server::create_database("storms");
        server::server().connection_string(server::SUPERUSER, &database)
    })
    .unwrap_or_else(|report| panic!("{report}"));
    assert!(
        tally.committed * 2 > tally.transactions(),
        "most transactions fail: {tally}"
    );
    assert!(
        tally.compared > 0,
        "no tview was compared in mid-transaction: {tally}"
    );
}
