//! Tests from outside: what a client sees of the extension.
//!
//! * [`oracle`] runs statements against sources with and without tviews and compares every tview with its defining
//!   query after each of them; [`generate`] makes random schemas, definitions and statements for it.
//! * [`golden`] runs SQL scripts through `psql` and compares what it prints.
//! * [`docs`] executes the SQL in the documentation.
//!
//! All of them need a server that has the extension installed: `PG_TVIEWS_PG_CONFIG` names its `pg_config`.

pub mod command;
pub mod docs;
pub mod fragment;
pub mod generate;
pub mod golden;
pub mod isolation;
pub mod oracle;
pub mod psql;
pub mod rng;
pub mod server;
pub mod session;
