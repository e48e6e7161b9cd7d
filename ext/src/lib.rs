//! pg_tviews: transactional views.
//!
//! A tview is an ordinary table whose content always equals the result of a SELECT, kept so inside the transaction that changes a
//! source. See `ARCHITECTURE.md` for the map of this crate.

mod analyze;
mod api;
mod catalog;
mod error;
mod observe;
mod pg;
mod runtime;

::pgrx::pg_module_magic!(name, version);

pgrx::extension_sql_file!("../sql/catalog.sql", name = "catalog", bootstrap);
