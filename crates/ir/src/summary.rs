//! Expressions over aggregates.

use crate::{BlockId, Expression, Template};

/// An expression over aggregates of its own query, or over the values of subqueries, and over nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The text; hole *n* stands for `parts[n]`.
    pub template: Template,
    /// What fills the holes.
    pub parts: Vec<Part>,
    /// What can be told of its only part from its value.
    pub shape: Shape,
}

/// What fills a hole of a summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// An aggregate over the rows of the query in whose select list it stands.
    Aggregate(Aggregate),
    /// The value of a subquery with one column.
    Subquery(BlockId),
}

/// How a summary shows its only part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// As it is.
    Itself,
    /// As it is, or if it is NULL as zero with so many decimal places: `coalesce(sum(x), 0)`.
    OrZero(u16),
    /// Rounded to so many places: `round(avg(x), 2)`.
    Rounded(u16),
    /// In a way from which it can't be told, or there are several parts.
    Other,
}

/// An aggregate whose value follows from numbers of rows and sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// What it computes.
    pub function: AggregateFunction,
    /// Its argument; `None` for `count(*)`.
    pub argument: Option<Expression>,
    /// Its FILTER clause.
    pub filter: Option<Expression>,
}

/// The aggregates whose value follows from numbers of rows and sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AggregateFunction {
    /// `count(*)`, `count(x)`
    Count,
    /// `sum(x)`
    Sum(Number),
    /// `avg(x)`
    Average(Number),
}

/// A type of exact numbers, all of which are written with the same number of decimal places, and of at most 18 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// `smallint` or `integer`, whose sum is a `bigint`.
    Integer,
    /// `bigint`, whose sum is a `numeric`.
    Bigint,
    /// `numeric` with so many decimal places.
    Decimal(u16),
}

impl Number {
    /// Number of decimal places.
    pub fn scale(self) -> u16 {
        match self {
            Number::Integer | Number::Bigint => 0,
            Number::Decimal(scale) => scale,
        }
    }
}
