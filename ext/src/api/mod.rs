//! The SQL surface.

mod convert;
pub mod create;
pub mod ddl;
pub mod drop;
mod functions;
mod jsonb;
pub mod judged;
pub mod members;
pub mod suspend;
