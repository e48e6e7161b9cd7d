//! Tests from outside: what a client sees of the extension.
//!
//! * [`oracle`] runs statements against sources with and without tviews and compares every tview with its defining
//!   query after each of them; [`generate`] makes random schemas, definitions and statements for it, and `cases/` has
//!   hand-written ones and kept findings. A storm lets several clients write at once.
//! * [`attack`] lets plain roles attack the extension, what belongs to others, and contents.
//! * [`load`] lets clients write transactions to a shop at the same time, with tviews of all kinds: storms, crashes, DDL under load.
//! * [`golden`] runs SQL scripts through `psql` and compares what it prints.
//! * [`constructs`] tries every construct of SQL that a definition may have, and writes the table in the documentation.
//! * [`least_work`] looks at what a change of one row makes maintenance read and write.
//! * [`isolation`] enumerates interleavings of two transactions.
//! * [`docs`] executes the SQL in the documentation.
//! * [`sure`] is for what has to succeed in a test.
//! * [`small_disk`] is a file system for a server to fill.
//! * [`tpch`] maintains the 22 queries of TPC-H.
//!
//! | test file | variables |
//! |---|---|
//! | all | `PG_TVIEWS_PG_CONFIG`: the `pg_config` of a server that has the extension installed |
//! | `oracle` | `ORACLE_SEED`, `ORACLE_STATEMENTS` (600), `ORACLE_FAILURES` (1) |
//! | `storm` | `STORM_SEED`, `STORM_CASES` (6) |
//! | `storms_long` | `STORMS_SEED`, `STORMS_TRANSACTIONS` (400), `STORMS_ROUND` (100) |
//! | `faults` | `FAULTS_SEED`, `FAULTS_KILLS` (4) |
//! | `exhausted` | |
//! | `pooler` | `PG_TVIEWS_PGBOUNCER`: the program, if not the system's; `PG_TVIEWS_NO_PGBOUNCER=1`: there is none |
//! | `attack_programs` | `PROGRAMS_SEED`, `PROGRAMS_COUNT` (6), `PROGRAMS_STEPS` (80), `PROGRAMS_SHRINKING` (30) |
//! | `cases` | `CASE`: part of the names to run |
//! | `golden` | `GOLDEN`: part of the names to run; `UPDATE_GOLDEN=1` writes what is printed |
//! | `isolation` | `UPDATE_GOLDEN=1` writes what is printed |
//! | `tpch` | see [`tpch`] |
//! | `supported_sql` | `CONSTRUCT`: part of the titles to try; `UPDATE_GOLDEN=1` writes the table; `UPDATE_PG_IVM=1` measures pg_ivm anew |
//! | `least_work` | `FAMILY`: part of the titles to try |
//! | `regress_tables` | `REGRESS`: part of the names to run |
//! | `oracle_itself`, `documentation`, `dump_restore` | |

pub mod attack;
pub mod command;
pub mod constructs;
pub mod docs;
pub mod fragment;
pub mod generate;
pub mod golden;
pub mod isolation;
pub mod least_work;
pub mod load;
pub mod oracle;
pub mod pooler;
pub mod psql;
pub mod rng;
pub mod sections;
pub mod server;
pub mod session;
pub mod small_disk;
pub mod sure;
pub mod tpch;
