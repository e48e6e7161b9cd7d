//! Building the extension and putting it into a server.

use std::process::Command;

use anyhow::{Result, ensure};
use nix::unistd::{AccessFlags, access, geteuid};
use pg_tviews_pgserver::Installation;

use crate::project::Project;
use crate::run::{cargo, visibly};
use crate::setup;

/// Builds and installs. With `PG_CONFIG`, that server's version counts, not `major`.
pub fn install(project: &Project, major: u32, release: bool) -> Result<()> {
    let major = project.own_server.as_ref().map_or(major, |own| own.major);
    setup::run(project, &[major], false)?;
    let pg_config = project.pg_config(major)?;
    let mut command = setup::cargo_pgrx_command(project)?;
    command
        .arg("install")
        .args(features(major))
        .arg("--pg-config")
        .arg(&pg_config);
    command.current_dir(project.root.join("ext"));
    if release {
        command.arg("--release");
    }
    let installation = Installation::from_pg_config(&pg_config)?;
    let writable = |path: &std::path::Path| access(path, AccessFlags::W_OK).is_ok();
    if !writable(installation.library_dir()) || !writable(&installation.extension_dir()) {
        ensure!(
            !geteuid().is_root(),
            "cannot write into {}",
            installation.library_dir().display()
        );
        // cargo-pgrx builds as this user and asks sudo for the copying only.
        command.arg("--sudo");
    }
    visibly(&mut command)
}

/// Clippy for the extension as it is built for one version.
pub fn clippy(project: &Project, major: u32) -> Command {
    let mut command = cargo();
    command
        .args(["clippy", "--package", "pg_tviews", "--all-targets"])
        .args(features(major));
    command
        .current_dir(&project.root)
        .env("PGRX_HOME", project.pgrx_home());
    command
}

fn features(major: u32) -> [String; 3] {
    [
        "--no-default-features".to_owned(),
        "--features".to_owned(),
        format!("pg{major}"),
    ]
}
