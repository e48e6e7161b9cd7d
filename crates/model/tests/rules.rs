//! Each rule is needed: without it, some interleaving leaves a wrong row or a deadlock; with it, none does.

mod scenarios;

use pg_tviews_model::schema::Table::{Category, Product, Rate, Review, TvProduct, TvSize, Vote};
use pg_tviews_model::transaction::Op::{Delete, Put, Read, RollBack, Savepoint, Update};
use pg_tviews_model::transaction::Program;
use pg_tviews_model::{Report, Rule, Rules, explore};
use scenarios::{read_committed, repeatable_read};

fn with_and_without(rule: Rule, rules: Rules, programs: &[Program]) -> Report {
    let with = explore(rules, programs);
    assert_eq!(with.wrong, None, "with the rule");
    assert_eq!(with.deadlock, None, "with the rule");
    assert!(with.ends > 0);
    explore(rules.without(rule), programs)
}

fn leads_to_a_wrong_row(rule: Rule, programs: &[Program]) {
    assert!(
        with_and_without(rule, Rules::only(&[TvProduct]), programs)
            .wrong
            .is_some(),
        "{rule:?}"
    );
}

fn leads_to_a_deadlock(rule: Rule, programs: &[Program]) {
    let report = with_and_without(rule, Rules::default(), programs);
    assert_eq!(report.wrong, None, "{rule:?}");
    assert!(report.deadlock.is_some(), "{rule:?}");
}

fn two_reviews() -> [Program; 2] {
    [1, 2].map(|review| read_committed([Put((Review, review), [1, 0, 0])]))
}

fn product_and_rename() -> [Program; 2] {
    [
        read_committed([Put((Product, 3), [1, 0, 0])]),
        read_committed([Update((Category, 1), [5, 0, 0])]),
    ]
}

fn product_and_deleted_category() -> [Program; 2] {
    [
        read_committed([Put((Product, 3), [2, 0, 0])]),
        read_committed([Put((Category, 2), [5, 0, 0]), Delete((Category, 2))]),
    ]
}

fn price_and_rename() -> [Program; 2] {
    [
        read_committed([Update((Product, 2), [1, 4, 0])]),
        read_committed([Update((Category, 1), [5, 0, 0])]),
    ]
}

fn review_and_rename() -> [Program; 2] {
    [
        read_committed([Put((Review, 1), [1, 0, 0])]),
        read_committed([Update((Category, 1), [5, 0, 0])]),
    ]
}

#[test]
fn units_are_locked() {
    leads_to_a_wrong_row(Rule::UnitLock, &two_reviews());
}

#[test]
fn what_affects_everything_excludes_all_others() {
    let programs = [
        read_committed([Put((Product, 3), [1, 0, 0])]),
        read_committed([Update((Rate, 0), [2, 0, 0])]),
    ];
    leads_to_a_wrong_row(Rule::WholeLock, &programs);
}

/// The first product of a category, and what that category is, or its first review.
fn rows_on_a_path() -> [[Program; 2]; 2] {
    [
        product_and_deleted_category(),
        [
            read_committed([Put((Product, 3), [2, 0, 0])]),
            read_committed([Put((Review, 1), [3, 0, 0])]),
        ],
    ]
}

#[test]
fn who_searches_locks_what_it_passes_later_too() {
    let programs = [
        read_committed([Update((Product, 2), [2, 0, 0])]),
        read_committed([Put((Vote, 2), [9, 0, 0])]),
    ];
    let left_out = with_and_without(Rule::LaterValues, Rules::only(&[TvSize]), &programs);
    assert!(left_out.wrong.is_some());
}

#[test]
fn who_searches_locks_all_values_in_one_order() {
    // What it passes first, the review, comes after the product in that order.
    let programs = [
        read_committed([Put((Vote, 2), [9, 0, 0])]),
        read_committed([Put((Review, 9), [2, 1, 0]), Put((Product, 2), [2, 0, 0])]),
    ];
    let left_out = with_and_without(Rule::LocksTogether, Rules::only(&[TvSize]), &programs);
    assert_eq!(left_out.wrong, None);
    assert!(left_out.deadlock.is_some());
}

#[test]
fn who_searches_locks_what_it_passes_and_who_moves_rows_there_too() {
    for (programs, tviews) in rows_on_a_path().iter().zip([&[TvProduct], &[TvSize]]) {
        for rule in [Rule::PassingValues, Rule::MovedValues] {
            let left_out = with_and_without(rule, Rules::only(tviews), programs);
            assert!(left_out.wrong.is_some(), "{rule:?}, {tviews:?}");
        }
    }
}

#[test]
fn the_snapshot_comes_after_the_locks() {
    leads_to_a_wrong_row(Rule::LockBeforeSnapshot, &two_reviews());
    leads_to_a_wrong_row(Rule::LockBeforeSnapshot, &product_and_rename());
}

#[test]
fn leaves_are_written_into_the_newest_version() {
    leads_to_a_wrong_row(Rule::NewestVersion, &price_and_rename());
    leads_to_a_wrong_row(Rule::NewestVersion, &review_and_rename());
}

#[test]
fn only_leaves_are_computed_beside_those_who_write_behind_links() {
    let left_out = with_and_without(Rule::OwnLeaves, Rules::only(&[TvProduct]), &review_and_rename());
    assert_eq!((left_out.wrong, left_out.deadlock), (None, None));
    leads_to_a_wrong_row(Rule::OwnLeaves, &product_and_rename());
}

#[test]
fn values_of_links_are_locked() {
    leads_to_a_wrong_row(Rule::LinkValues, &product_and_rename());
}

#[test]
fn values_that_links_have_had_are_locked() {
    let programs = [
        read_committed([Update((Product, 1), [2, 0, 0])]),
        read_committed([Update((Category, 1), [5, 0, 0])]),
    ];
    leads_to_a_wrong_row(Rule::OldValues, &programs);
}

#[test]
fn values_that_links_will_have_are_locked() {
    leads_to_a_wrong_row(Rule::NewValues, &product_and_rename());
    // The change says nothing of the root's row, and there is no stored one.
    let programs = [
        read_committed([Delete((Review, 8))]),
        read_committed([Update((Category, 1), [5, 0, 0])]),
    ];
    leads_to_a_wrong_row(Rule::NewValues, &programs);
}

#[test]
fn leaves_of_several_rows_are_not_written_beside_others() {
    let prices = [Update((Product, 1), [1, 3, 0]), Update((Product, 2), [1, 4, 0])];
    let reviews = [Put((Review, 1), [1, 0, 0]), Put((Review, 2), [2, 0, 0])];
    for leaves in [prices, reviews] {
        let programs = [
            read_committed(leaves),
            read_committed([Update((Category, 1), [5, 0, 0])]),
        ];
        let with = explore(Rules::only(&[TvProduct]), &programs);
        assert_eq!((with.wrong, with.deadlock), (None, None));
        let without = explore(Rules::only(&[TvProduct]).without(Rule::OneRow), &programs);
        assert_eq!(without.wrong, None);
        assert!(without.deadlock.is_some());
    }
}

#[test]
fn locks_are_held_to_the_end() {
    leads_to_a_wrong_row(Rule::LocksToTheEnd, &two_reviews());
}

#[test]
fn a_moved_row_names_the_unit_it_leaves() {
    leads_to_a_wrong_row(
        Rule::OldUnits,
        &[read_committed([Update((Review, 9), [1, 0, 0])])],
    );
}

#[test]
fn notes_of_an_undone_flush_come_back() {
    let ops = [Put((Review, 1), [1, 0, 0]), Savepoint, Read(TvProduct), RollBack];
    leads_to_a_wrong_row(Rule::NotesRestored, &[read_committed(ops)]);
}

#[test]
fn the_latest_state_is_searched_at_repeatable_read() {
    let programs = [
        read_committed([Put((Product, 3), [1, 0, 0])]),
        repeatable_read(&[Update((Category, 1), [5, 0, 0])]),
    ];
    leads_to_a_wrong_row(Rule::SearchUnderLatest, &programs);
}

#[test]
fn the_latest_state_is_compared_at_repeatable_read() {
    let programs = [
        repeatable_read(&[Put((Product, 3), [1, 0, 0])]),
        read_committed([Update((Category, 1), [5, 0, 0])]),
    ];
    leads_to_a_wrong_row(Rule::CheckUnderLatest, &programs);
}

#[test]
fn the_own_snapshot_is_compared_at_repeatable_read() {
    // The row that goes with its category comes again under another one, in the latest state as in the own snapshot.
    let programs = [
        read_committed([Delete((Category, 1))]),
        repeatable_read(&[Update((Product, 1), [2, 0, 0]), Read(TvProduct)]),
    ];
    leads_to_a_wrong_row(Rule::CheckUnderOwn, &programs);
}

#[test]
fn units_are_locked_in_one_order() {
    let programs = [
        read_committed([Put((Product, 3), [1, 0, 0]), Put((Product, 4), [1, 0, 0])]),
        read_committed([Put((Review, 4), [4, 0, 0]), Put((Review, 3), [3, 0, 0])]),
    ];
    leads_to_a_deadlock(Rule::OrderOfUnits, &programs);
}

#[test]
fn lower_levels_are_locked_first() {
    let programs = [
        read_committed([Put((Review, 1), [1, 0, 0])]),
        read_committed([Update((Category, 1), [5, 0, 0])]),
    ];
    leads_to_a_deadlock(Rule::OrderOfLevels, &programs);
}

#[test]
fn a_second_flush_can_wait_in_a_circle() {
    // Known, and said in the documentation: both hold the weak lock when they ask for the whole one.
    let program = |review, category| {
        read_committed([
            Put((Review, review), [review, 0, 0]),
            Read(TvProduct),
            Update((Category, category), [5, 0, 0]),
        ])
    };
    let report = explore(Rules::default(), &[program(1, 1), program(2, 2)]);
    assert_eq!(report.wrong, None);
    assert!(report.deadlock.is_some());
}
