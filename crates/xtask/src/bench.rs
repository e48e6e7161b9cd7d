//! `make bench`: set-up, release builds, and the benchmark program.

use anyhow::{Result, ensure};

use crate::project::Project;
use crate::run::{cargo, visibly};
use crate::{MAIN_MAJOR, extension, setup};

/// The scales that the benchmark program knows.
const SCALES: [&str; 3] = ["small", "medium", "large"];

/// Runs the benchmark on a private server of the main version, or of the installation that `PG_CONFIG` names.
pub fn run(project: &Project, scale: &str, further: &[String]) -> Result<()> {
    ensure!(
        scale.split(',').all(|name| SCALES.contains(&name)),
        "SCALE must be one or more of {SCALES:?}, separated by commas, not {scale:?}"
    );
    setup::run(project, &[MAIN_MAJOR], true)?;
    extension::install(project, MAIN_MAJOR, true)?;
    let mut command = cargo();
    command.args([
        "run",
        "--release",
        "--package",
        "pg_tviews_bench",
        "--",
        "run",
        "--scale",
        scale,
        "--pg-config",
    ]);
    command
        .arg(project.pg_config(MAIN_MAJOR)?)
        .args(further)
        .current_dir(&project.root);
    visibly(&mut command)
}
