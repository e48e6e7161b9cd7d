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
    let rate =
        |yardstick| Some(figures.rate(scale, Approach::Tviews, 8)? / figures.rate(scale, yardstick, 8)?);
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
            rate(PatchTrigger),
            1.0,
        ),
        at_least("8 clients: throughput, of pg_ivm's", rate(PgIvm), 60.0),
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
    ]
}

#[cfg(test)]
mod tests {
    use super::of_scale;
    use crate::approach::Approach;
    use crate::operation::Operation;
    use crate::record::Results;
    use crate::record::tests::measured;
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
}
