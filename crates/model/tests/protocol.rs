//! No interleaving leaves a wrong row, and none deadlocks at the end of transactions.

mod scenarios;

use pg_tviews_model::schema::TVIEWS;
use pg_tviews_model::schema::Table::{self, TvProduct, TvShelf, TvSize};
use pg_tviews_model::transaction::Op;
use pg_tviews_model::{Report, Rules, explore};
use scenarios::{changes, changes_for_three, pair, read_committed, with_flush_in_between};

/// Fewer tviews mean fewer locks, and so more interleavings.
const CHOICES: [&[Table]; 5] = [
    &[TvProduct],
    &[TvSize],
    &[TvProduct, TvSize],
    &[TvShelf, TvProduct],
    &TVIEWS,
];

const LEVELS: [(bool, bool); 4] = [(false, false), (false, true), (true, false), (true, true)];

fn explore_pair(tviews: &'static [Table], first: &[Op], second: &[Op], levels: (bool, bool)) -> Report {
    let report = explore(Rules::only(tviews), &pair(first, second, levels));
    assert_eq!(
        report.wrong, None,
        "{tviews:?}, {first:?} and {second:?}, {levels:?}"
    );
    report
}

#[test]
fn any_two_changes_leave_every_tview_right() {
    let changes = changes();
    let (mut ends, mut failures) = (0, 0);
    for tviews in CHOICES {
        for (number, first) in changes.iter().enumerate() {
            for second in &changes[number..] {
                for levels in LEVELS {
                    let report = explore_pair(tviews, first, second, levels);
                    // None of these changes locks rows of sources in opposite orders.
                    assert_eq!(report.deadlock, None, "{tviews:?}, {first:?} and {second:?}");
                    if levels == (false, false) {
                        assert_eq!(report.failures, 0, "READ COMMITTED has no serialization failures");
                    }
                    ends += report.ends;
                    failures += report.failures;
                }
            }
        }
    }
    // Each pair has come to an end in some way, and the check at REPEATABLE READ has been at work.
    assert!(ends >= CHOICES.len() * LEVELS.len() * changes.len());
    assert!(failures > 0);
}

#[test]
fn three_changes_leave_every_tview_right() {
    let changes = changes_for_three();
    for tviews in [CHOICES[0], CHOICES[1], CHOICES[3]] {
        for (number, first) in changes.iter().enumerate() {
            for (further, second) in changes.iter().enumerate().skip(number + 1) {
                for third in &changes[further + 1..] {
                    let report = explore(Rules::only(tviews), &[first, second, third].map(read_committed));
                    assert_eq!(report.wrong, None, "{tviews:?}, {first:?}, {second:?}, {third:?}");
                    assert_eq!(
                        report.deadlock, None,
                        "{tviews:?}, {first:?}, {second:?}, {third:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn reads_and_savepoints_in_mid_transaction_leave_every_tview_right() {
    let changes = changes();
    let mut ends = 0;
    for tviews in CHOICES {
        for first in with_flush_in_between() {
            for second in changes.iter().chain(&with_flush_in_between()) {
                for levels in LEVELS {
                    ends += explore_pair(tviews, &first, second, levels).ends;
                }
            }
        }
    }
    assert!(ends > 0);
}
