//! The server that a run measures: a private one, or the user's own.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pg_tviews_pgserver::{Server, ServerOptions};
use postgres::{Client, Config, NoTls};

use crate::cli::RunOptions;
use crate::interrupt::Interrupt;
use crate::memory;

/// The database made on a private server.
const DATABASE: &str = "pg_tviews_benchmark";

/// A server to connect to.
pub struct Host {
    /// A private server, stopped and deleted with this value.
    server: Option<Server>,
    config: Config,
    interrupt: Interrupt,
}

impl Host {
    /// Starts a private server or takes the one that the options name.
    pub fn open(options: &RunOptions, interrupt: &Interrupt) -> Result<Host> {
        if let Some(dsn) = &options.dsn {
            let config = parse(dsn)?;
            // Before there are files of a run that cannot be.
            connect(&config)?;
            return Ok(Host {
                server: None,
                config,
                interrupt: interrupt.clone(),
            });
        }
        let pg_config = options
            .pg_config
            .clone()
            .unwrap_or_else(|| PathBuf::from("pg_config"));
        let server = Server::start(&private_options(&pg_config)).context("cannot start a private server")?;
        let mut admin = parse(&server.connection_string("postgres", "postgres"))?.connect(NoTls)?;
        admin.batch_execute(&format!("CREATE DATABASE {DATABASE}"))?;
        let config = parse(&server.connection_string("postgres", DATABASE))?;
        Ok(Host {
            server: Some(server),
            config,
            interrupt: interrupt.clone(),
        })
    }

    /// Whether the server goes when the run ends.
    pub fn is_private(&self) -> bool {
        self.server.is_some()
    }

    /// What a private server has logged last about not being able to go on, such as a full disk.
    pub fn last_words(&self) -> Option<String> {
        let log = self.server.as_ref()?.log_text();
        let words = |line: &&str| {
            line.contains("PANIC:") || line.contains("FATAL:") || line.contains("No space left")
        };
        log.lines().rev().find(words).map(str::to_owned)
    }

    /// Whether the server may be on this machine; a container's forwarded port looks like it too.
    pub fn looks_local(&self) -> bool {
        let local = |host: &postgres::config::Host| match host {
            postgres::config::Host::Unix(_) => true,
            postgres::config::Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
        };
        self.is_private() || self.config.get_hosts().iter().all(local)
    }

    /// A connection that finds `schema`'s tables by their plain names.
    pub fn connect(&self, schema: &str) -> Result<Client> {
        let client = self.connect_unwatched(schema)?;
        self.interrupt.watch(&client);
        Ok(client)
    }

    /// The same for a connection that is used so shortly that Ctrl-C need not cancel its statements.
    pub fn connect_unwatched(&self, schema: &str) -> Result<Client> {
        let mut client = connect(&self.config)?;
        // TimeZone decides what the documents' moments look like: the same for every approach.
        client.batch_execute(&format!(
            "SET search_path = {schema}, public; SET TimeZone = 'UTC'; SET client_min_messages = warning"
        ))?;
        Ok(client)
    }
}

/// Reads a connection string.
pub fn parse(dsn: &str) -> Result<Config> {
    dsn.parse()
        .with_context(|| format!("{dsn:?} is not a connection string"))
}

/// Connects, and names the server when that fails.
pub fn connect(config: &Config) -> Result<Client> {
    let mut config = config.clone();
    config.application_name("pg_tviews_bench");
    let target = format!("{:?}, port {:?}", config.get_hosts(), config.get_ports());
    config.connect(NoTls).with_context(|| {
        format!("cannot connect to the server ({target}); is it running, and is --dsn right?")
    })
}

fn private_options(pg_config: &Path) -> ServerOptions {
    settings(pg_config)
        .into_iter()
        .fold(ServerOptions::new(pg_config), |options, (name, value)| {
            options.setting(name, value)
        })
}

/// The settings of the server that is measured, private or in the container; the report shows all of them as the server
/// sees them.
pub fn settings(pg_config: &Path) -> Vec<(&'static str, String)> {
    let memory = memory::usable_mb().unwrap_or(4_096);
    let mut settings = vec![
        ("fsync", "on".to_owned()),
        ("synchronous_commit", "off".to_owned()),
        ("shared_buffers", format!("{}MB", (memory / 8).clamp(128, 1_024))),
        ("effective_cache_size", format!("{}MB", memory / 2)),
        (
            "maintenance_work_mem",
            format!("{}MB", (memory / 16).clamp(64, 512)),
        ),
        ("max_wal_size", "16GB".to_owned()),
        ("checkpoint_timeout", "1h".to_owned()),
        ("random_page_cost", "1.1".to_owned()),
        ("max_connections", "300".to_owned()),
        // Vacuum runs between the operations' blocks instead, so that it hits no approach by chance.
        ("autovacuum", "off".to_owned()),
    ];
    if pg_ivm_library(pg_config) {
        settings.push(("shared_preload_libraries", "pg_ivm".to_owned()));
    }
    settings
}

/// Whether the installation has pg_ivm, which works only when it is preloaded.
fn pg_ivm_library(pg_config: &Path) -> bool {
    let output = std::process::Command::new(pg_config).arg("--pkglibdir").output();
    output.is_ok_and(|output| {
        let directory = String::from_utf8_lossy(&output.stdout);
        Path::new(directory.trim()).join("pg_ivm.so").exists()
    })
}

#[cfg(test)]
mod tests {
    use super::{connect, parse};

    #[test]
    fn an_unreachable_server_is_named() {
        let config =
            parse("host=127.0.0.1 port=1 user=nobody connect_timeout=2").expect("a connection string");
        let Err(error) = connect(&config) else {
            panic!("port 1 answered")
        };
        let line = format!("{error:#}");
        assert!(
            line.starts_with("cannot connect to the server") && line.contains("127.0.0.1"),
            "{line}"
        );
        assert!(!line.contains('\n'), "{line}");
    }

    #[test]
    fn nonsense_is_no_connection_string() {
        assert!(parse("host=").is_err() || parse("nonsense").is_err());
    }
}
