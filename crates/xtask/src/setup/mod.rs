//! `cargo xtask setup`: everything that building, testing and measuring needs.
//!
//! All of it goes into the tools directory (see [`Project::tools`]), except system packages, which only apt
//! can give and which are installed only where that is allowed. Each part is made in a directory beside its
//! place, renamed when it is whole, and stamped with what it was made from, so that a second run does nothing
//! and a broken run is repeated.

mod apt;
mod cargo_pgrx;
mod pg_ivm;
mod pip;
mod servers;
mod system;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::project::Project;
use crate::run::step;
use crate::{MAIN_MAJOR, MAJORS};

pub use system::{Valgrind, pgbouncer, require_valgrind, valgrind};

pub use cargo_pgrx::{command as cargo_pgrx_command, required_version as required_pgrx};

/// The name of the file that says what a part was made from.
const STAMP: &str = ".stamp";

/// Sets up the given versions, or all.
pub fn run(project: &Project, majors: &[u32], bench: bool) -> Result<()> {
    let _lock = lock(project)?;
    system::require_build_packages(project)?;
    cargo_pgrx::require(project)?;
    if let Some(own) = &project.own_server {
        eprintln!(
            "  PG_CONFIG is set: PostgreSQL {} of {} only, no private servers",
            own.major,
            own.pg_config.display()
        );
    } else {
        let majors = if majors.is_empty() {
            MAJORS.to_vec()
        } else {
            majors.to_vec()
        };
        for major in majors {
            match servers::require(project, major) {
                // Without the main version nothing can be tested; the others are tested where they can be
                // had.
                Err(error) if major != MAIN_MAJOR => eprintln!("  PostgreSQL {major} is left out: {error:#}"),
                other => other?,
            }
        }
    }
    system::require_pgbouncer(project);
    require_valgrind(project);
    if bench {
        pg_ivm::require(project);
    }
    // Lists of packages are large, and stale the next time.
    remove(&project.tools.join("apt"))?;
    project.write_pgrx_home()
}

/// Keeps two set-ups in one tools directory apart; released when the file is closed.
fn lock(project: &Project) -> Result<fs::File> {
    let path = project.tools.join("lock");
    let file = fs::File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    file.lock().context("cannot lock the tools directory")?;
    Ok(file)
}

/// Makes `<tools>/<name>` by `make`, unless it is there already and was made from the same `source`.
fn part(project: &Project, name: &str, source: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let place = project.tools.join(name);
    if fs::read_to_string(place.join(STAMP)).is_ok_and(|stamp| stamp == source) {
        return Ok(());
    }
    step(&format!("{name} ({source})"), || {
        let draft = project.tools.join(format!("{name}.draft"));
        remove(&draft)?;
        fs::create_dir_all(&draft)?;
        make(&draft)?;
        fs::write(draft.join(STAMP), source)?;
        remove(&place)?;
        fs::rename(&draft, &place).with_context(|| format!("cannot make {}", place.display()))
    })
}

fn remove(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", directory.display()))
        }
        _ => Ok(()),
    }
}

/// Copies a directory and all that is in it, with modes and links.
fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    crate::run::quietly(Command::new("cp").arg("-a").arg(from.join(".")).arg(to)).map(drop)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use anyhow::bail;

    use super::{Project, part};

    #[test]
    fn a_part_is_made_once_and_only_when_whole() {
        let tools = std::env::temp_dir().join(format!("pg_tviews-xtask-test-{}", std::process::id()));
        let project = Project {
            root: tools.clone(),
            tools: tools.clone(),
            own_server: None,
        };
        let write = |draft: &std::path::Path| Ok(fs::write(draft.join("file"), "whole")?);
        let broken = |draft: &std::path::Path| {
            write(draft)?;
            bail!("no more room")
        };
        assert!(part(&project, "a", "version 1", broken).is_err());
        assert!(!tools.join("a").exists());
        assert!(part(&project, "a", "version 1", write).is_ok());
        assert!(
            part(&project, "a", "version 1", broken).is_ok(),
            "it is there already"
        );
        assert!(part(&project, "a", "version 2", broken).is_err());
        assert!(
            tools.join("a/file").exists(),
            "the old one stays until the new one is whole"
        );
        assert!(part(&project, "a", "version 2", write).is_ok());
        assert!(!tools.join("a.draft").exists());
        assert!(super::remove(&tools).is_ok());
    }
}
