//! Random cases for the oracle: a schema, definitions over it, and what happens to its tables.
//!
//! Everything is determined by the seed. Values come from small pools, so that rows meet; statements are allowed to
//! fail, as long as they fail alike with and without tviews. Definitions have exactly one result for given data:
//! every aggregate that depends on order has a total one, every LIMIT too, and nothing reads a clock.

mod change;
mod expression;
mod program;
mod schema;
mod scope;
mod subquery;
mod types;
mod view;

pub use program::{Options, case};
