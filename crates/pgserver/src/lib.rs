//! Private, throw-away PostgreSQL servers for tests and benchmarks.
//!
//! [`Server::start`] runs `initdb` and `postgres` of any installation (named by its `pg_config`) in a
//! temporary directory, on a free port of 127.0.0.1 and on a Unix socket. The superuser is `postgres`;
//! authentication is `trust`.
//!
//! **Nothing is left behind.** Dropping a [`Server`] stops it and deletes its directory. A server that is
//! never dropped (kept in a `static`, or its program was interrupted by Ctrl-C or killed with SIGKILL) is
//! stopped and deleted all the same: a small supervising shell holds the reading end of a pipe, and acts when
//! the operating system closes the writing end together with the program. So no signal handler is needed, and
//! none is installed.
//!
//! **Root.** PostgreSQL refuses to run as root. When this program does, the server runs as the user
//! `postgres`, or `nobody` where there is no such user. The installation must be readable for that user; see
//! [`Error::Unreadable`].

mod account;
mod error;
mod guard;
mod installation;
mod options;
mod server;

pub use error::Error;
pub use installation::Installation;
pub use options::ServerOptions;
pub use server::Server;
