//! What can be told from a stored row: numbers of rows and sums, from the values that it shows.

use super::{Measured, Planner, Target};
use pg_tviews_ir::{Aggregate, AggregateFunction, Number, Shape};
use pg_tviews_sqltext::{AverageOf, Holding, NewCount, NewSum, StoredValue};
use std::collections::BTreeMap;

/// What can be told from a stored row: for each measure how.
pub(super) struct Known {
    pub(super) counts: BTreeMap<usize, NewCount>,
    /// By the measure of the sum.
    sums: BTreeMap<usize, NewSum>,
    /// How the stored values are read.
    pub(super) figures: Vec<String>,
}

impl Known {
    pub(super) fn of(plan: &Planner<'_>, targets: &[Target], stored: &[&str]) -> Option<Known> {
        let mut known = Known {
            counts: BTreeMap::new(),
            sums: BTreeMap::new(),
            figures: vec![],
        };
        // Numbers first, then sums, then averages, from which sums follow only together with numbers. Sums that show where there are no
        // values come before those that don't.
        for pass in 0..4 {
            for (target, measured) in targets.iter().zip(&plan.measured) {
                let ([aggregate], [measured]) = (target.aggregates.as_slice(), measured.as_slice()) else {
                    continue;
                };
                let value = StoredValue {
                    column: (*stored.get(target.position)?).to_owned(),
                    path: target.path.clone(),
                    parameter: plan.measures.len() + known.figures.len() + 1,
                };
                let figure = value.read();
                let is_new = match (pass, aggregate.function) {
                    (0, AggregateFunction::Count) => known.count(target.shape, *measured, value),
                    (1, AggregateFunction::Sum(number)) if target.shape == Shape::Itself => {
                        known.sum(target.shape, number, *measured, value)
                    }
                    (2, AggregateFunction::Sum(number)) => known.sum(target.shape, number, *measured, value),
                    (3, AggregateFunction::Average(number)) => {
                        known.average(target.shape, number, *measured, value)
                    }
                    _ => false,
                };
                if is_new {
                    known.figures.push(figure);
                }
            }
        }
        Some(known)
    }

    /// Takes a stored value as a number of rows; false if it does not serve for that, or another one does already. The same with sums and
    /// averages.
    fn count(&mut self, shape: Shape, measured: Measured, stored: StoredValue) -> bool {
        let known = self.counts.contains_key(&measured.count);
        if known || !matches!(shape, Shape::Itself | Shape::OrZero(_)) {
            return false;
        }
        let number = measured.count + 1;
        self.counts.insert(measured.count, NewCount { stored, number });
        true
    }

    fn sum(&mut self, shape: Shape, number: Number, measured: Measured, stored: StoredValue) -> bool {
        let unknown = measured.sum.filter(|sum| !self.sums.contains_key(sum));
        let Some(sum) = unknown else { return false };
        let holding = match (self.counts.get(&measured.count), shape) {
            (Some(count), Shape::Itself | Shape::OrZero(_)) => Holding::Counted(count.clone()),
            // That there are no values shows only in the sum itself.
            (None, Shape::Itself) => Holding::NotLess(measured.count + 1),
            (None, Shape::OrZero(places)) if places == number.scale() => Holding::NoMatter,
            (None, Shape::OrZero(_)) => Holding::NotLessThanShown(measured.count + 1),
            _ => return false,
        };
        let fresh = NewSum {
            stored,
            average: None,
            scale: number.scale(),
            number: sum + 1,
            holding,
        };
        self.sums.insert(sum, fresh);
        true
    }

    fn average(&mut self, shape: Shape, number: Number, measured: Measured, stored: StoredValue) -> bool {
        let unknown = measured.sum.filter(|sum| !self.sums.contains_key(sum));
        let (Some(sum), Some(count)) = (unknown, self.counts.get(&measured.count)) else {
            return false;
        };
        let places = match shape {
            Shape::Itself | Shape::OrZero(_) => None,
            Shape::Rounded(places) => Some(places),
            Shape::Other => return false,
        };
        let fresh = NewSum {
            stored,
            average: Some(AverageOf {
                count: count.clone(),
                places,
            }),
            scale: number.scale(),
            number: sum + 1,
            holding: Holding::Counted(count.clone()),
        };
        self.sums.insert(sum, fresh);
        true
    }

    /// An aggregate's new value. Conditions on the way are added to `fits`.
    pub(super) fn value(
        &self,
        aggregate: &Aggregate,
        shape: Shape,
        measured: Measured,
        fits: &mut Vec<String>,
    ) -> Option<String> {
        let count = self.counts.get(&measured.count);
        let sum = measured.sum.and_then(|sum| self.sums.get(&sum));
        match aggregate.function {
            AggregateFunction::Count => Some(count?.value()),
            AggregateFunction::Sum(number) => {
                let sum = sum?;
                // That there are no values any more does not show here, and matters elsewhere.
                if sum.holding == Holding::NoMatter && shape != Shape::OrZero(number.scale()) {
                    return None;
                }
                fits.extend(sum.fits());
                Some(sum.value(number == Number::Integer))
            }
            AggregateFunction::Average(_) => {
                let sum = sum?;
                fits.extend(sum.fits());
                Some(sum.average(count?))
            }
        }
    }
}
