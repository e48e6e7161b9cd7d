//! The SQL surface.

pub mod create;
pub mod ddl;
pub mod drop;
mod functions;
mod jsonb;
pub mod members;
