//! The ratios that the project wants to reach, beside what the run found.

use super::figures::Figures;
use crate::approach::Approach;
use crate::operation::Operation;
use crate::scale::Scale;

/// A ratio and where it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// What is compared.
    pub subject: String,
    /// What the run found; nothing where a figure is missing or the yardstick has no overhead at all.
    pub found: Option<f64>,
    /// The bound.
    pub bound: f64,
    /// Whether the ratio should be at least the bound, not at most.
    pub at_least: bool,
}

impl Goal {
    /// Whether the goal is reached, if that is known.
    pub fn reached(&self) -> Option<bool> {
        let found = self.found?;
        Some(if self.at_least {
            found >= self.bound
        } else {
            found <= self.bound
        })
    }
}

/// What of a run a goal is about, always of pg_tviews.
#[derive(Clone, Copy)]
enum Ratio {
    /// The time of an operation, of another approach's.
    Time(Operation, Approach),
    /// How many times faster than another approach.
    Faster(Operation, Approach),
    /// The time over no view's, of another approach's.
    Overhead(Operation, Approach),
    /// The time of an operation over no view's, of that of another operation.
    OverheadOf(Operation, Operation),
    /// The time over no view's, in milliseconds.
    Milliseconds(Operation),
    /// The throughput with eight clients, of another approach's.
    Rate(Operation, Approach),
}

impl Ratio {
    /// What the run found.
    fn found(self, figures: &Figures<'_>, scale: Scale) -> Option<f64> {
        let median = |operation, approach| figures.median(scale, operation, approach);
        let overhead = |operation, approach| figures.overhead(scale, operation, approach);
        let rate = |operation, approach| figures.rate(scale, operation, approach, 8);
        let own = Approach::Tviews;
        let of_overheads = |own: f64, other: f64| (other > 0.0).then_some(own / other);
        match self {
            Self::Time(operation, other) => Some(median(operation, own)? / median(operation, other)?),
            Self::Faster(operation, other) => Some(median(operation, other)? / median(operation, own)?),
            Self::Overhead(operation, other) => {
                of_overheads(overhead(operation, own)?, overhead(operation, other)?)
            }
            Self::OverheadOf(operation, other) => {
                of_overheads(overhead(operation, own)?, overhead(other, own)?)
            }
            Self::Milliseconds(operation) => overhead(operation, own),
            Self::Rate(operation, other) => Some(rate(operation, own)? / rate(operation, other)?),
        }
    }

    /// Whether it should be large.
    const fn at_least(self) -> bool {
        matches!(self, Self::Faster(..) | Self::Rate(..))
    }
}

/// The goals: what is compared, how, and the bound.
const GOALS: &[(&str, Ratio, f64)] = &[
    (
        "one price: overhead, of the `jsonb_set` trigger's",
        Ratio::Overhead(Operation::Price1, Approach::PatchTrigger),
        0.5,
    ),
    (
        "8 clients: throughput, of the `jsonb_set` trigger's",
        Ratio::Rate(Operation::Throughput, Approach::PatchTrigger),
        1.0,
    ),
    (
        "8 clients: throughput, of pg_ivm's",
        Ratio::Rate(Operation::Throughput, Approach::PgIvm),
        60.0,
    ),
    (
        "1,000 prices: time, of the `jsonb_set` trigger's",
        Ratio::Time(Operation::Price1000, Approach::PatchTrigger),
        0.8,
    ),
    (
        "category renamed: time, of the `jsonb_set` trigger's",
        Ratio::Time(Operation::Category, Approach::PatchTrigger),
        0.8,
    ),
    (
        "review inserted: overhead, of the row-rebuild trigger's",
        Ratio::Overhead(Operation::ReviewInsert, Approach::RebuildTrigger),
        0.5,
    ),
    (
        "column that no document uses: time, of no view's",
        Ratio::Time(Operation::UnusedColumn, Approach::NoView),
        1.05,
    ),
    (
        "creation: time, of CREATE TABLE AS with its indexes",
        Ratio::Time(Operation::Create, Approach::NoView),
        1.2,
    ),
    (
        "many rows inserted: time, of no view's",
        Ratio::Time(Operation::BulkInsert, Approach::NoView),
        3.0,
    ),
    (
        "many rows updated: time, of no view's",
        Ratio::Time(Operation::BulkUpdate, Approach::NoView),
        3.0,
    ),
    (
        "many rows deleted: time, of no view's",
        Ratio::Time(Operation::BulkDelete, Approach::NoView),
        3.0,
    ),
    (
        "order of 20 lines: overhead line by line, of one statement's",
        Ratio::OverheadOf(Operation::OrderLines, Operation::OrderStatement),
        2.0,
    ),
    (
        "first write of a fresh connection, five tviews: milliseconds over no view",
        Ratio::Milliseconds(Operation::FirstWrite),
        3.0,
    ),
    (
        "8 clients, random transactions on hot rows: throughput, of no view's",
        Ratio::Rate(Operation::Storm, Approach::NoView),
        0.25,
    ),
    (
        "aggregate: how many times faster than pg_ivm",
        Ratio::Faster(Operation::GroupLarge, Approach::PgIvm),
        10.0,
    ),
    (
        "aggregate: overhead in the largest group, of that in the smallest",
        Ratio::OverheadOf(Operation::GroupLarge, Operation::GroupSmall),
        1.25,
    ),
    (
        "one leaf of a document of 100 kB: time, of the `jsonb_set` trigger's",
        Ratio::Time(Operation::Size100k, Approach::PatchTrigger),
        1.0,
    ),
    (
        "10,000 documents hang on the renamed row: time, of the `jsonb_set` trigger's",
        Ratio::Time(Operation::Fan10000, Approach::PatchTrigger),
        0.8,
    ),
    (
        "GIN index on the document: time, of the `jsonb_set` trigger's",
        Ratio::Time(Operation::IndexGin, Approach::PatchTrigger),
        1.0,
    ),
    (
        "five secondary indexes: time, of the `jsonb_set` trigger's",
        Ratio::Time(Operation::IndexFive, Approach::PatchTrigger),
        1.0,
    ),
    (
        "20 tviews on one source: overhead, of that of one",
        Ratio::OverheadOf(Operation::Tviews20, Operation::Size1k),
        20.0,
    ),
];

/// All goals that concern one scale.
pub fn of_scale(figures: &Figures<'_>, scale: Scale) -> Vec<Goal> {
    let goal = |&(subject, ratio, bound): &(&str, Ratio, f64)| Goal {
        subject: subject.to_owned(),
        found: ratio.found(figures, scale),
        bound,
        at_least: ratio.at_least(),
    };
    GOALS.iter().map(goal).collect()
}

#[cfg(test)]
mod tests {
    use super::of_scale;
    use crate::approach::Approach;
    use crate::operation::Operation;
    use crate::record::tests::measured;
    use crate::record::{Record, Results};
    use crate::report::Figures;
    use crate::scale::Scale;

    #[test]
    fn goals_compare_overheads() {
        let (scale, price) = (Scale::Medium, Operation::Price1);
        let results = |own: f64| Results {
            records: vec![
                measured(scale, price, Approach::NoView, 1, 0.074),
                measured(scale, price, Approach::Tviews, 1, own),
                measured(scale, price, Approach::PatchTrigger, 1, 0.134),
            ],
        };
        let (good, bad) = (results(0.1), results(0.12));
        let first = |results| of_scale(&Figures::new(results), scale).remove(0);
        assert_eq!(first(&good).reached(), Some(true));
        assert_eq!(first(&bad).reached(), Some(false));
        let missing = &of_scale(&Figures::new(&good), scale)[1];
        assert_eq!(missing.reached(), None);
    }

    #[test]
    fn goals_compare_operations_and_traffic_too() {
        let scale = Scale::Small;
        let one = |operation, approach, median| measured(scale, operation, approach, 1, median);
        let storm = |approach, rate| Record {
            tx_per_s: Some(rate),
            ..measured(scale, Operation::Storm, approach, 8, 1.0)
        };
        let results = Results {
            records: vec![
                one(Operation::OrderStatement, Approach::NoView, 1.0),
                one(Operation::OrderStatement, Approach::Tviews, 1.2),
                one(Operation::OrderLines, Approach::NoView, 2.0),
                one(Operation::OrderLines, Approach::Tviews, 2.5),
                one(Operation::FirstWrite, Approach::NoView, 1.0),
                one(Operation::FirstWrite, Approach::Tviews, 3.0),
                one(Operation::GroupLarge, Approach::Tviews, 0.1),
                one(Operation::GroupLarge, Approach::PgIvm, 1.2),
                storm(Approach::NoView, 1_000.0),
                storm(Approach::Tviews, 200.0),
            ],
        };
        let goals = of_scale(&Figures::new(&results), scale);
        for (words, found, reached) in [
            ("line by line", 2.5, false),
            ("fresh connection", 2.0, true),
            ("faster than pg_ivm", 12.0, true),
            ("random transactions", 0.2, false),
        ] {
            let goal = goals
                .iter()
                .find(|goal| goal.subject.contains(words))
                .expect(words);
            assert!(
                goal.found.is_some_and(|value| (value - found).abs() < 1e-9),
                "{goal:?}"
            );
            assert_eq!(goal.reached(), Some(reached), "{words}");
        }
    }
}
