//! Transactions of many clients on tviews of all kinds, some of them cancelled or killed: within transactions and at rest every tview
//! equals its query.
//!
//! `STORMS_TRANSACTIONS` and `STORMS_SEED` extend or vary a run; `STORMS_ROUND` is the number of transactions between two quiet points,
//! `STORMS_LANES` how many storms go on at the same time, `STORMS_COMPARED` after how many of a hundred statements a tview is compared
//! in mid-transaction. Interleavings do not repeat: a failure may need several runs.

use pg_tviews_tests::load::client::{Conduct, Manner, Tally};
use pg_tviews_tests::load::compared::compare;
use pg_tviews_tests::load::storm::{Storm, storm};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name} is no number"))
    })
}

fn wanted(manner: Manner) -> Storm {
    Storm {
        seed: number("STORMS_SEED", 20_260_105),
        transactions: number("STORMS_TRANSACTIONS", 400) as usize,
        round: number("STORMS_ROUND", 100) as usize,
        lanes: number("STORMS_LANES", 2) as usize,
        conduct: Conduct {
            manner,
            compared: number("STORMS_COMPARED", 15) as usize,
            ..Conduct::default()
        },
    }
}

fn run(manner: Manner) -> Tally {
    let tally = storm(&wanted(manner)).unwrap_or_else(|report| panic!("{report}"));
    assert!(
        tally.committed * 2 > tally.transactions(),
        "most transactions fail: {tally}"
    );
    tally
}

#[test]
fn transactions_of_many_clients_leave_exact_tviews() {
    let tally = run(Manner::Mixed);
    assert!(
        tally.compared > 0,
        "no tview was compared in mid-transaction: {tally}"
    );
}

/// The same transactions over plain views in place of tviews: prints time and conflicts of both.
#[test]
fn transactions_conflict_over_what_they_change_themselves() {
    for manner in [Manner::Mixed, Manner::AtCommit] {
        let comparison = compare(&wanted(manner)).unwrap_or_else(|report| panic!("{report}"));
        println!("{manner:?}\n{comparison}");
        for side in [comparison.maintained, comparison.plain] {
            assert!(
                side.tally.committed * 2 > side.tally.transactions(),
                "{comparison}"
            );
        }
        assert_eq!(comparison.plain.tally.of_maintenance, 0, "{comparison}");
    }
}

/// Where tviews are brought up to date at the end of transactions alone, no deadlock is over maintenance: the clients would report it.
#[test]
fn transactions_that_flush_at_their_end_add_no_deadlock() {
    run(Manner::AtCommit);
}
