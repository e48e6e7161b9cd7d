//! The one error type of this crate.

use std::io;
use std::path::PathBuf;

/// Why a private server could not be started, stopped or found.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program could not be run at all.
    #[error("cannot run {program}: {source}")]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A program ran and failed.
    #[error("{program} failed:\n{output}")]
    Program {
        /// The program.
        program: PathBuf,
        /// Its standard output and error.
        output: String,
    },
    /// `pg_config` printed a version that is not understood.
    #[error("{pg_config} reports the version {text:?}, which is not understood")]
    Version {
        /// The `pg_config` asked.
        pg_config: PathBuf,
        /// What it printed.
        text: String,
    },
    /// PostgreSQL refuses root, and the user that takes root's place cannot read the installation.
    #[error(
        "the user {user:?}, which runs PostgreSQL in root's place, cannot run {program}: keep the installation in a \
         directory that every user may enter (for the project's own copies: set PG_TVIEWS_TOOLS)\n{output}"
    )]
    Unreadable {
        /// The user.
        user: String,
        /// The program that it cannot run.
        program: PathBuf,
        /// What went wrong.
        output: String,
    },
    /// Running as root, and there is no unprivileged user to run the server as.
    #[error("PostgreSQL refuses to run as root, and there is neither a user \"postgres\" nor \"nobody\"")]
    NoUnprivilegedUser,
    /// The server did not come up.
    #[error("PostgreSQL did not start ({reason}); end of its log:\n{log}")]
    Start {
        /// What was seen.
        reason: String,
        /// The last lines of the server's log.
        log: String,
    },
    /// The server did not stop in time.
    #[error("PostgreSQL did not stop within {seconds} seconds; end of its log:\n{log}")]
    Stop {
        /// How long was waited.
        seconds: u64,
        /// The last lines of the server's log.
        log: String,
    },
    /// A file or directory could not be made or read.
    #[error("{what}: {source}")]
    Io {
        /// What was attempted.
        what: String,
        /// What the operating system said.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: keeps the cause and says what was attempted.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
        let what = what.into();
        move |source| Error::Io { what, source }
    }
}
