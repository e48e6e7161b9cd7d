//! Attacks on the extension, with three plain roles: `mallory` attacks, `alice` owns tables and tviews, `bob` writes to her tables.
//!
//! * [`stage`] is a database with these roles, and what has to hold whatever mallory does: nobody's role changes, no content is wrong
//!   while the health check says that all is well, nobody holds locks on what is a stranger's.
//! * [`witness`] is hostile code that says as whom it ran, and [`vehicles`] are the places of a definition that it can be hidden in.
//! * [`paths`] are what a superuser does in a database with hostile code in it.
//! * [`lookalikes`] are better matches for the operators, functions and types that our own SQL uses.
//! * [`programs`] are random programs of three roles at once.

pub mod lookalikes;
pub mod paths;
pub mod programs;
pub mod stage;
pub mod vehicles;
pub mod witness;

pub use stage::{Rule, Stage};
