//! What the figures depend on: machine, versions, settings. All of it is asked for, none of it written down by hand.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use postgres::Client;

use crate::memory;

/// Settings that the report shows.
const SETTINGS: &[&str] = &[
    "shared_buffers",
    "effective_cache_size",
    "work_mem",
    "maintenance_work_mem",
    "synchronous_commit",
    "fsync",
    "full_page_writes",
    "wal_level",
    "max_wal_size",
    "checkpoint_timeout",
    "autovacuum",
    "random_page_cost",
    "jit",
    "max_parallel_workers_per_gather",
    "max_connections",
    "shared_preload_libraries",
];

/// A name and a value.
pub type Fact = (String, String);

/// What is known without a server.
pub fn of_client() -> Vec<Fact> {
    let mut facts = vec![
        fact("processor", processor()),
        fact("memory", memory::description()),
        fact("operating system", operating_system()),
        fact("harness version", env!("CARGO_PKG_VERSION").to_owned()),
        fact("commit", commit()),
    ];
    if cfg!(debug_assertions) {
        facts.push(fact(
            "warning",
            "the harness is a debug build: its own share of the times is too large".into(),
        ));
    }
    facts
}

/// What the server says about itself.
pub fn of_server(client: &mut Client) -> Result<Vec<Fact>> {
    let mut facts = Vec::new();
    let version: String = client.query_one("SELECT version()", &[])?.get(0);
    facts.push(fact("server", version));
    let extensions = client.query(
        "SELECT extname, extversion FROM pg_extension ORDER BY extname",
        &[],
    )?;
    for row in extensions {
        let (name, version): (String, String) = (row.get(0), row.get(1));
        if name.starts_with("pg_") {
            facts.push((name, version));
        }
    }
    let settings = client
        .query(
            "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY ($1) \
             ORDER BY array_position($1, name)",
            &[&SETTINGS],
        )
        .context("reading the settings")?;
    facts.extend(settings.iter().map(|row| (row.get(0), row.get(1))));
    Ok(facts)
}

fn fact(name: &str, value: String) -> Fact {
    (name.to_owned(), value)
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let model = value_after(&text, "model name", ':').unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    format!("{cores} × {model}")
}

fn operating_system() -> String {
    let text = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = value_after(&text, "PRETTY_NAME", '=').unwrap_or_else(|| std::env::consts::OS.to_owned());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{}, kernel {}", name.trim_matches('"'), kernel.trim())
}

/// The commit that is checked out here, or the one that a packaged harness was built from.
fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        (output.status.success() && !text.is_empty()).then_some(text)
    };
    if let Ok(commit) = std::env::var("PG_TVIEWS_COMMIT") {
        return commit;
    }
    match git(&["rev-parse", "--short=12", "HEAD"]) {
        Some(commit) if git(&["status", "--porcelain", "--untracked-files=no"]).is_some() => {
            format!("{commit} with local changes")
        }
        Some(commit) => commit,
        None => "unknown".to_owned(),
    }
}

fn value_after(text: &str, name: &str, separator: char) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(separator)?.1.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::{of_client, value_after};

    #[test]
    fn values_are_found_by_name() {
        let text = "processor\t: 0\nmodel name\t: Some CPU @ 2.0GHz\n";
        assert_eq!(
            value_after(text, "model name", ':').as_deref(),
            Some("Some CPU @ 2.0GHz")
        );
        assert_eq!(value_after(text, "cache size", ':'), None);
    }

    #[test]
    fn the_client_always_has_its_facts() {
        let facts = of_client();
        for name in ["processor", "memory", "operating system", "commit"] {
            assert!(
                facts
                    .iter()
                    .any(|(known, value)| known == name && !value.is_empty()),
                "{name}"
            );
        }
    }
}
