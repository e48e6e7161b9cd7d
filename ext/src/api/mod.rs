//! The SQL surface.

mod adopt;
mod before;
mod concerned;
mod convert;
pub mod create;
pub mod create_as;
pub mod ddl;
pub mod drop;
mod functions;
mod jsonb;
pub mod judged;
pub mod members;
pub mod placeholder;
pub mod suspend;
mod tried;
pub mod triggers;
mod unfit;
mod views;
