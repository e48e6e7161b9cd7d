//! What has to succeed in a test that has no use for an error: it panics with the statement and PostgreSQL's words.

use pg_tviews_pgserver::Server;

use crate::server::SUPERUSER;
use crate::session::Session;

/// A number from the environment.
///
/// # Panics
/// If it is set to something else.
pub fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name} is no number"))
    })
}

/// Connects to a server of the test's own, as superuser.
///
/// # Panics
/// When that fails.
pub fn connect(server: &Server) -> Session {
    let parameters = server.connection_string(SUPERUSER, "postgres");
    Session::connect(&parameters).unwrap_or_else(|failure| panic!("{failure}"))
}

/// Runs statements.
///
/// # Panics
/// When one fails.
pub fn execute(session: &mut Session, sql: &str) {
    session
        .execute(sql)
        .unwrap_or_else(|failure| panic!("{sql}: {failure}"));
}

/// The first value of a query's first row; empty for NULL and for no row.
///
/// # Panics
/// When it fails.
pub fn value(session: &mut Session, sql: &str) -> String {
    let value = session
        .value(sql)
        .unwrap_or_else(|failure| panic!("{sql}: {failure}"));
    value.unwrap_or_default()
}
