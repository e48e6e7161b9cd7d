//! The server under test: one for each test program, started when it is first needed, a database for each test.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use pg_tviews_pgserver::{Server, ServerOptions};

use crate::generate::Extras;
use crate::session::Session;

/// The environment variable that names the `pg_config` of the server to test.
pub const PG_CONFIG: &str = "PG_TVIEWS_PG_CONFIG";

/// The environment variable that names the `pg_config` of an older server, which has pg_tviews too, for upgrades. Without it a server is
/// upgraded to its own version.
pub const OLD_PG_CONFIG: &str = "PG_TVIEWS_OLD_PG_CONFIG";

/// Superuser of the private server.
pub const SUPERUSER: &str = "postgres";

/// The `pg_config` to test with.
///
/// # Panics
/// With an explanation when the environment does not name one.
pub fn pg_config() -> PathBuf {
    match std::env::var_os(PG_CONFIG) {
        Some(path) if !path.is_empty() => path.into(),
        _ => panic!(
            "{PG_CONFIG} is not set. It names the pg_config of a PostgreSQL server that has pg_tviews installed: \
             `make test` sets it, or by hand: cargo xtask setup, cargo xtask install-extension, then \
             {PG_CONFIG}=<path of pg_config> cargo test -p pg_tviews_tests"
        ),
    }
}

static SERVER: OnceLock<Server> = OnceLock::new();

/// What this program's server has logged of crashes, each with the lines before it; empty if there were none.
pub fn crashes() -> String {
    /// How many lines before a crash are told.
    const BEFORE: usize = 3;
    let log = SERVER.get().map(Server::log_text).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    let is_crash = |line: &str| line.contains(" was terminated by signal ") || line.contains("PANIC:  ");
    let crashes = (0..lines.len()).filter(|at| is_crash(lines[*at]));
    crashes
        .flat_map(|at| &lines[at.saturating_sub(BEFORE)..lines.len().min(at + 2)])
        .map(|line| format!("\n  log: {line}"))
        .collect()
}

/// What the server has to say of files, memory and locks that were not given back.
const NOT_GIVEN_BACK: [&str; 3] = [" was not closed", " was not released", "leak"];

/// Checks that all files, memory and locks were given back at the ends of statements and transactions so far.
///
/// # Panics
/// When the server has logged something else.
pub fn check_given_back() {
    let log = SERVER.get().map(Server::log_text).unwrap_or_default();
    let is_leak =
        |line: &&str| line.contains("WARNING:  ") && NOT_GIVEN_BACK.iter().any(|words| line.contains(words));
    let leaks: Vec<&str> = log.lines().filter(is_leak).collect();
    assert!(
        leaks.is_empty(),
        "the server's log tells of leaks:\n{}",
        leaks.join("\n")
    );
}

/// This program's server. It stops when the program ends.
///
/// # Panics
/// When it does not start.
pub fn server() -> &'static Server {
    SERVER.get_or_init(|| {
        let options = ServerOptions::new(pg_config())
            .setting("fsync", "off")
            .setting("synchronous_commit", "off")
            .setting("full_page_writes", "off")
            // What autovacuum does to statistics would let two runs of one seed differ.
            .setting("autovacuum", "off")
            .setting("jit", "off")
            // Whatever can need a temporary file does.
            .setting("work_mem", "64kB")
            .setting("max_parallel_workers_per_gather", "0")
            .setting("max_connections", "120")
            .setting("max_prepared_transactions", "20");
        Server::start(&options).unwrap_or_else(|error| panic!("the private server does not start: {error}"))
    })
}

/// Its major version.
///
/// # Panics
/// When it cannot be asked.
pub fn major_version() -> u32 {
    let number = connect(SUPERUSER, "postgres").value("SHOW server_version_num");
    let number: Option<u32> = number.ok().flatten().and_then(|text| text.parse().ok());
    number.unwrap_or_else(|| panic!("the server does not tell its version")) / 10_000
}

/// What types it has beyond those that every server has.
///
/// # Panics
/// When it cannot be asked.
pub fn extras() -> Extras {
    let mut session = connect(SUPERUSER, "postgres");
    let mut there = |condition: &str| {
        let value = session.value(&format!("SELECT {condition}"));
        value.unwrap_or_else(|failure| panic!("the server does not tell what it has: {failure}"))
            == Some("t".into())
    };
    Extras {
        citext: there("EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citext')"),
        hstore: there("EXISTS (SELECT FROM pg_available_extensions WHERE name = 'hstore')"),
        icu: there("EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu')"),
    }
}

/// Creates a database whose name begins with `label` and returns its name.
///
/// # Panics
/// When that fails.
pub fn create_database(label: &str) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    let name = format!("{label}_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let mut session = connect(SUPERUSER, "postgres");
    let sql = format!("CREATE DATABASE \"{name}\" TEMPLATE template0");
    session
        .execute(&sql)
        .unwrap_or_else(|failure| panic!("cannot create database {name}: {failure}"));
    name
}

/// Drops a database that [`create_database`] has made, with those who are still connected.
///
/// # Panics
/// When that fails, or something was not given back.
pub fn drop_database(name: &str) {
    check_given_back();
    let sql = format!("DROP DATABASE \"{name}\" WITH (FORCE)");
    let dropped = connect(SUPERUSER, "postgres").execute(&sql);
    dropped.unwrap_or_else(|failure| panic!("cannot drop database {name}: {failure}"));
}

/// Connects to a database of this program's server; after a crash, as soon as it has recovered.
///
/// # Panics
/// When that fails.
pub fn connect(user: &str, database: &str) -> Session {
    connect_to(&server().connection_string(user, database))
}

/// Connects to any server; after a crash, as soon as it has recovered.
///
/// # Panics
/// When that fails.
pub fn connect_to(parameters: &str) -> Session {
    const ATTEMPTS: usize = 100;
    const CANNOT_CONNECT_NOW: &str = "57P03";
    let mut result = Session::connect(parameters);
    for _ in 0..ATTEMPTS {
        match &result {
            Err(failure) if failure.sqlstate == CANNOT_CONNECT_NOW => {
                std::thread::sleep(std::time::Duration::from_millis(100));
                result = Session::connect(parameters);
            }
            _ => break,
        }
    }
    result.unwrap_or_else(|failure| panic!("cannot connect: {failure}"))
}
