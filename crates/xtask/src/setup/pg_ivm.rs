//! pg_ivm, which the benchmark compares with: Debian's package for PostgreSQL 18, put into the private
//! server.
//!
//! Its module needs no library but the C library, and no new one of that, so that it runs on older systems
//! than the suite it comes from.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use pg_tviews_pgserver::Installation;

use super::apt::{self, Archive};
use crate::MAIN_MAJOR;
use crate::project::Project;
use crate::run::step;

/// Suites that have the package, the steadier one first.
const SUITES: [&str; 2] = ["forky", "sid"];

/// Gets it where it can be had; where not, the benchmark runs without, and we say so.
pub fn require(project: &Project) {
    if let Err(error) = install(project) {
        eprintln!("  pg_ivm is not available, the benchmark will run without it: {error:#}");
    }
}

fn install(project: &Project) -> Result<()> {
    let installation = Installation::from_pg_config(&project.pg_config(MAIN_MAJOR)?)?;
    if installation.has_extension("pg_ivm") {
        return Ok(());
    }
    if let Some(own) = &project.own_server {
        anyhow::bail!("it is not installed in the server of {}", own.pg_config.display());
    }
    step("pg_ivm", || {
        let package = download(project)?;
        let unpacked = project.tools.join("pg_ivm.draft");
        super::remove(&unpacked)?;
        apt::unpack(&package, &unpacked)?;
        copy_files(
            &unpacked.join("usr/lib/postgresql/18/lib"),
            "pg_ivm.so",
            installation.library_dir(),
        )?;
        copy_files(
            &unpacked.join("usr/share/postgresql/18/extension"),
            "pg_ivm",
            &installation.extension_dir(),
        )?;
        super::remove(&unpacked)
    })
}

fn download(project: &Project) -> Result<std::path::PathBuf> {
    let mut result = Err(anyhow::anyhow!("no suite to look in"));
    for suite in SUITES {
        let archive = Archive::debian_suite(project, suite);
        result = archive.and_then(|archive| archive.download(&["postgresql-18-pg-ivm"]));
        if result.is_ok() {
            break;
        }
    }
    result?.pop().context("no package came")
}

/// Copies the files whose names begin with `prefix`. The control file comes last: it is what marks the
/// extension as there.
fn copy_files(from: &Path, prefix: &str, to: &Path) -> Result<()> {
    let entries = fs::read_dir(from).with_context(|| format!("the package has no {}", from.display()))?;
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.retain(|name| name.to_string_lossy().starts_with(prefix));
    names.sort_by_key(|name| name.to_string_lossy().ends_with(".control"));
    for name in names {
        fs::copy(from.join(&name), to.join(&name))?;
    }
    Ok(())
}
