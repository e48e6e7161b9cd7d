//! The oracle: whatever happens to its sources, a tview equals its defining query.
//!
//! A [`Case`] runs in two schemas of one database: `app`, where the tviews are, and `twin`, where the same tables are
//! without any tview. After each command
//!
//! * the outcome (success, number of rows, or SQLSTATE) is the same in both: a tview makes no write fail that would
//!   succeed without it, and lets none succeed that would fail;
//! * every tview equals its defining query by `EXCEPT ALL` in both directions over the rows' text, so that types
//!   without equality count and `5.0` is not `5.00`, under the settings in force at creation;
//!
//! after each step `pg_tviews_verify` finds nothing either, and at the end the source tables are the same in both
//! schemas and dropping the tviews leaves nothing behind.

pub mod case;
mod compare;
pub mod file;
mod hunt;
pub mod keeper;
mod run;
pub mod shrink;
mod storm;

pub use case::{Case, Command, CreateForm, Definition, End, Step};
pub use hunt::{Hunt, hunt};
pub use keeper::Keeper;
pub use run::{Oracle, Problem, ProblemKind, Tally};
pub use storm::{Storm, storm};
