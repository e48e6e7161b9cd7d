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

/// All goals that concern one scale.
pub fn of_scale(figures: &Figures<'_>, scale: Scale) -> Vec<Goal> {
    let overhead = |operation, yardstick| {
        let own = figures.overhead(scale, operation, Approach::Tviews)?;
        let other = figures.overhead(scale, operation, yardstick)?;
        (other > 0.0).then_some(own / other)
    };
    let time = |operation, yardstick| {
        Some(
            figures.median(scale, operation, Approach::Tviews)?
                / figures.median(scale, operation, yardstick)?,
        )
    };
    let rate = |operation, yardstick| {
        Some(
            figures.rate(scale, operation, Approach::Tviews, 8)?
                / figures.rate(scale, operation, yardstick, 8)?,
        )
    };
    let own_overhead = |operation| figures.overhead(scale, operation, Approach::Tviews);
    let own_ratio = |operation, yardstick| {
        let (own, other) = (own_overhead(operation)?, own_overhead(yardstick)?);
        (other > 0.0).then_some(own / other)
    };
    let at_most = |subject: &str, found, bound| Goal {
        subject: subject.to_owned(),
        found,
        bound,
        at_least: false,
    };
    let at_least = |subject: &str, found, bound| Goal {
        subject: subject.to_owned(),
        found,
        bound,
        at_least: true,
    };
    use Approach::{NoView, PatchTrigger, PgIvm, RebuildTrigger};
    vec![
        at_most(
            "one price: overhead, of the `jsonb_set` trigger's",
            overhead(Operation::Price1, PatchTrigger),
            0.5,
        ),
        at_least(
            "8 clients: throughput, of the `jsonb_set` trigger's",
            rate(Operation::Throughput, PatchTrigger),
            1.0,
        ),
        at_least(
            "8 clients: throughput, of pg_ivm's",
            rate(Operation::Throughput, PgIvm),
            60.0,
        ),
        at_most(
            "1,000 prices: time, of the `jsonb_set` trigger's",
            time(Operation::Price1000, PatchTrigger),
            0.8,
        ),
        at_most(
            "category renamed: time, of the `jsonb_set` trigger's",
            time(Operation::Category, PatchTrigger),
            0.8,
        ),
        at_most(
            "review inserted: overhead, of the row-rebuild trigger's",
            overhead(Operation::ReviewInsert, RebuildTrigger),
            0.5,
        ),
        at_most(
            "column that no document uses: time, of no view's",
            time(Operation::UnusedColumn, NoView),
            1.05,
        ),
        at_most(
            "creation: time, of CREATE TABLE AS with its indexes",
            time(Operation::Create, NoView),
            1.2,
        ),
        at_most(
            "many rows inserted: time, of no view's",
            time(Operation::BulkInsert, NoView),
            3.0,
        ),
        at_most(
            "many rows updated: time, of no view's",
            time(Operation::BulkUpdate, NoView),
            3.0,
        ),
        at_most(
            "many rows deleted: time, of no view's",
            time(Operation::BulkDelete, NoView),
            3.0,
        ),
        at_most(
            "order of 20 lines: overhead line by line, of one statement's",
            own_ratio(Operation::OrderLines, Operation::OrderStatement),
            2.0,
        ),
        at_most(
            "first write of a fresh connection, five tviews: milliseconds over no view",
            own_overhead(Operation::FirstWrite),
            3.0,
        ),
        at_least(
            "8 clients, random transactions on hot rows: throughput, of no view's",
            rate(Operation::Storm, NoView),
            0.25,
        ),
        at_least(
            "aggregate: how many times faster than pg_ivm",
            time(Operation::GroupLarge, PgIvm).map(f64::recip),
            10.0,
        ),
        at_most(
            "aggregate: overhead in the largest group, of that in the smallest",
            own_ratio(Operation::GroupLarge, Operation::GroupSmall),
            1.25,
        ),
    ]
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
