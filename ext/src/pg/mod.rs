//! Every unsafe call of the extension. Past this module everything owns its data or holds a handle made in here.
//!
//! A safe function in here may raise a PostgreSQL error, which unwinds like a panic and is turned back at the boundary.

#![allow(unsafe_code)]

pub mod access;
pub mod aggregate;
pub mod applied;
pub mod attempt;
pub mod boundary;
pub mod command;
pub mod context;
pub mod disclosure;
mod document;
pub mod element;
pub mod event;
pub mod expression;
mod fixed_time;
pub mod generated;
mod harmless;
mod hooks;
mod imports;
pub mod interrupts;
pub mod invalidation;
pub mod json;
pub mod jsonb;
pub mod kept;
pub mod keys;
pub mod known_types;
mod lateral;
pub mod leaf;
mod list;
pub mod list_rows;
pub mod lock;
pub mod memory;
mod misread;
pub mod moved;
pub mod name;
pub mod node;
pub mod objects;
mod operator;
pub mod own;
pub mod own_trigger;
pub mod parse;
mod probes;
pub mod related;
pub mod relation;
mod repeated;
mod reserve;
pub mod role;
pub mod scan;
pub mod secret;
pub mod settings;
mod spare;
pub mod spi;
pub mod stored;
mod text;
pub mod transaction;
pub mod treatment;
pub mod tree;
pub mod trigger;
pub mod types;
mod unnested;
mod version;
mod written;
