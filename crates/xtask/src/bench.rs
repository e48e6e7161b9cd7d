//! `make bench`: set-up, release builds, and the benchmark program.

use anyhow::{Result, ensure};

use crate::project::Project;
use crate::run::{cargo, visibly};
use crate::{extension, setup};

/// The scales that the benchmark program knows.
const SCALES: [&str; 3] = ["small", "medium", "large"];

/// The report of the JSONB functions, beside the reports of the runs.
const JSONB_REPORT: &str = "test/sql/comprehensive_benchmarks/results/JSONB_FUNCTIONS.md";

/// Runs the benchmark, then that of the JSONB functions, on a private server of version `major`, or of the installation that `PG_CONFIG` names.
pub fn run(project: &Project, major: u32, scale: &str, further: &[String]) -> Result<()> {
    ensure!(
        scale.split(',').all(|name| SCALES.contains(&name)),
        "SCALE must be one or more of {SCALES:?}, separated by commas, not {scale:?}"
    );
    setup::run(project, &[major], true)?;
    extension::install(project, major, true)?;
    let pg_config = project.pg_config(major)?;
    let program = |subcommand: &str| {
        let mut command = cargo();
        command
            .args(["run", "--release", "--package", "pg_tviews_bench", "--"])
            .arg(subcommand)
            .arg("--pg-config")
            .arg(&pg_config)
            .current_dir(&project.root);
        command
    };
    visibly(program("run").args(["--scale", scale]).args(further))?;
    visibly(program("jsonb").args(["--out", JSONB_REPORT]))?;
    println!("wrote {JSONB_REPORT}");
    Ok(())
}
