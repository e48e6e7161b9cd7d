//! cargo-pgrx, in the version that the extension's pgrx demands.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::part;
use crate::project::Project;
use crate::run::{cargo, quietly};

/// Makes sure that there is one: on the PATH, or else in the tools directory.
pub fn require(project: &Project) -> Result<()> {
    let version = required_version(project)?;
    if reports(cargo().args(["pgrx", "--version"]), &version) {
        return Ok(());
    }
    part(project, "cargo-pgrx", &format!("cargo-pgrx {version}"), |draft| {
        // Without optimisation it is built in half the time, and is as fast: it mostly waits for cargo.
        let mut install = cargo();
        install
            .args([
                "install",
                "cargo-pgrx",
                "--locked",
                "--debug",
                "--version",
                &version,
                "--root",
            ])
            .arg(draft);
        // A target directory of ours would keep build products that are needed only once.
        install.env_remove("CARGO_TARGET_DIR").current_dir(&project.tools);
        quietly(&mut install).map(drop)
    })
}

/// `cargo pgrx`, ready for its subcommand's name.
pub fn command(project: &Project) -> Result<Command> {
    let version = required_version(project)?;
    let mut command = if reports(cargo().args(["pgrx", "--version"]), &version) {
        cargo()
    } else {
        let mut command = Command::new(project.tools.join("cargo-pgrx/bin/cargo-pgrx"));
        command.env("CARGO", cargo().get_program());
        command
    };
    command.arg("pgrx").env("PGRX_HOME", project.pgrx_home());
    Ok(command)
}

/// pgrx and cargo-pgrx must be of one version; ext/Cargo.toml is where it is written.
pub fn required_version(project: &Project) -> Result<String> {
    let file = project.root.join("ext/Cargo.toml");
    let manifest: toml::Table = fs::read_to_string(&file)?
        .parse()
        .with_context(|| file.display().to_string())?;
    let pgrx = manifest.get("dependencies").and_then(|table| table.get("pgrx"));
    let version = pgrx.and_then(|pgrx| {
        pgrx.as_str()
            .or_else(|| pgrx.get("version").and_then(toml::Value::as_str))
    });
    let version = version.and_then(|text| text.strip_prefix('='));
    version
        .map(str::to_owned)
        .context("ext/Cargo.toml must ask for pgrx in one exact version (\"=x.y.z\")")
}

fn reports(command: &mut Command, version: &str) -> bool {
    quietly(command).is_ok_and(|text| text.trim() == format!("cargo-pgrx {version}"))
}
