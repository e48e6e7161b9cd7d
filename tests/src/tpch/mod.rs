//! TPC-H: its tables and data, its 22 queries as tviews, and what happens to them.
//!
//! The queries are those of the specification with its validation parameters. They keep `ORDER BY`, ended by a key where a `LIMIT` would
//! otherwise leave open which rows it takes, and the five queries with a `LIMIT` stand there without it, too.
//!
//! * [`data`] fills the tables from the generator crate, and makes the refresh streams RF1 (new orders) and RF2 (deleted ones).
//! * [`changes`] makes random statements on all eight tables, aimed at the values that the queries look for.
//! * [`run`] carries them out, in transactions, with savepoints, by several sessions, and compares each tview that reads a changed table
//!   with its query after each statement.
//! * [`storm`] lets several clients write at once, and compares when they rest.
//! * [`report`] says for each query what its units are and how a change finds them, and measures both ways of getting the new result.
//!
//! | variable | |
//! |---|---|
//! | `TPCH_SEED` | repeats a run |
//! | `TPCH_SCALE` | scale factor of the larger run (0.01) |
//! | `TPCH_STATEMENTS` | number of statements |
//! | `TPCH_QUERIES` | names of tviews, such as `q03,q15`; all without it |
//! | `TPCH_TABLE` | write the tables of `docs/tpch.md` anew, with measurements |

pub mod changes;
pub mod data;
pub mod pick;
pub mod queries;
pub mod report;
pub mod run;
pub mod schema;
pub mod storm;
pub mod values;
pub mod watch;
