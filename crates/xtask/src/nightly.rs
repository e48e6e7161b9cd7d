//! What takes too long for `make test`: TPC-H at a larger scale factor, and its measurements. Both use an optimised build.

use std::process::Command;

use anyhow::Result;

use crate::project::Project;
use crate::run::{cargo, visibly};
use crate::{MAIN_MAJOR, extension};

/// Scale factor and number of statements, unless the environment has others.
const SIZE: [(&str, &str); 2] = [("TPCH_SCALE", "0.1"), ("TPCH_STATEMENTS", "200")];

/// Runs all of `tests/tests/tpch.rs`.
pub fn run(project: &Project) -> Result<()> {
    let mut command = tpch(project)?;
    for (name, value) in SIZE {
        if std::env::var_os(name).is_none() {
            command.env(name, value);
        }
    }
    command.args(["--", "--nocapture"]);
    visibly(&mut command)
}

/// Writes the measured table of `docs/tpch.md`.
pub fn tpch_table(project: &Project) -> Result<()> {
    let mut command = tpch(project)?;
    command
        .args(["--", "--nocapture", "--exact", "costs_are_measured"])
        .env("TPCH_TABLE", project.root.join("docs/tpch.md"));
    visibly(&mut command)
}

fn tpch(project: &Project) -> Result<Command> {
    extension::install(project, MAIN_MAJOR, true)?;
    let mut command = cargo();
    command
        .args([
            "test",
            "--release",
            "--package",
            "pg_tviews_tests",
            "--test",
            "tpch",
        ])
        .current_dir(&project.root)
        .env("PG_TVIEWS_PG_CONFIG", project.pg_config(MAIN_MAJOR)?);
    Ok(command)
}
