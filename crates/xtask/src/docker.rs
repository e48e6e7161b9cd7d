//! Checks of the benchmark's container that need no engine: the scripts, the compose file, the versions, the entrypoint.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::project::Project;
use crate::run::{cargo, quietly, succeeds, visibly};
use crate::setup;

/// The feature behind which the entrypoint's test is.
pub const ENTRYPOINT_TEST: &str = "pg_tviews_bench/entrypoint-test";

/// A check by a tool that the machine may lack.
pub struct Check {
    /// The name of the section.
    pub name: &'static str,
    /// What to say where the tool is missing.
    pub missing: &'static str,
    /// The ways to call the tool, the preferred one first, each with what only shows that it is there.
    tools: &'static [(&'static [&'static str], &'static str)],
    work: fn(&Project, Command) -> Result<()>,
}

/// The checks, in their order.
pub const CHECKS: &[Check] = &[
    Check {
        name: "shellcheck",
        missing: "shellcheck is not installed (Debian: apt-get install shellcheck)",
        tools: &[(&["shellcheck"], "--version")],
        work: shellcheck,
    },
    Check {
        name: "docker-compose.yml",
        missing: "neither `docker compose` nor `docker-compose` is installed",
        tools: &[
            (&["docker", "compose"], "version"),
            (&["docker-compose"], "version"),
        ],
        work: compose_file,
    },
];

impl Check {
    /// Runs the check by the tool found.
    pub fn run(&self, project: &Project, tool: Command) -> Result<()> {
        (self.work)(project, tool)
    }
}

/// The tool of a check, where it is installed.
pub fn tool(check: &Check) -> Option<Command> {
    let ready = |words: &[&str]| {
        let (program, arguments) = words.split_first()?;
        let mut command = Command::new(program);
        command.args(arguments);
        Some(command)
    };
    check.tools.iter().find_map(|(words, probe)| {
        let works = succeeds(ready(words)?.arg(probe));
        works.then(|| ready(words)).flatten()
    })
}

/// The shell scripts of container and benchmark.
fn shellcheck(project: &Project, mut tool: Command) -> Result<()> {
    tool.args(["--external-sources", "--source-path", "SCRIPTDIR/.."])
        .current_dir(&project.root);
    for directory in ["docker", "test/sql/comprehensive_benchmarks"] {
        tool.args(scripts(&project.root.join(directory))?);
    }
    visibly(&mut tool)
}

fn scripts(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    let mut scripts: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    scripts.retain(|path| path.extension().is_some_and(|extension| extension == "sh"));
    scripts.sort();
    Ok(scripts)
}

/// The file is valid, and says what the documents promise.
fn compose_file(project: &Project, mut tool: Command) -> Result<()> {
    tool.arg("config").current_dir(&project.root);
    for name in ["PG_MAJOR", "BENCH_PORT", "BENCH_ADDRESS"] {
        tool.env_remove(name);
    }
    let shown = quietly(&mut tool)?;
    for wanted in [
        "pg_tviews_bench:pg17",
        "5433",
        "/benchmarks/results",
        "healthcheck",
    ] {
        ensure!(
            shown.contains(wanted),
            "docker-compose.yml has no {wanted}:\n{shown}"
        );
    }
    Ok(())
}

/// The Dockerfile builds with the same pgrx and the same Rust as everything else.
pub fn versions(project: &Project) -> Result<()> {
    let dockerfile = fs::read_to_string(project.root.join("Dockerfile.benchmarks"))?;
    let argument = |name: &str| {
        dockerfile
            .lines()
            .find_map(|line| line.strip_prefix("ARG ")?.strip_prefix(name)?.strip_prefix('='))
            .with_context(|| format!("Dockerfile.benchmarks has no ARG {name}"))
    };
    let (pgrx, wanted) = (argument("PGRX_VERSION")?, setup::required_pgrx(project)?);
    ensure!(
        pgrx == wanted,
        "Dockerfile.benchmarks has PGRX_VERSION={pgrx}, ext/Cargo.toml asks for {wanted}"
    );
    let manifest: toml::Table = fs::read_to_string(project.root.join("Cargo.toml"))?.parse()?;
    let rust = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("package")?.get("rust-version")?.as_str())
        .context("Cargo.toml has no workspace.package.rust-version")?;
    let image = argument("RUST_IMAGE")?;
    ensure!(
        image.contains(&format!(":{rust}")),
        "Dockerfile.benchmarks has RUST_IMAGE={image}, Cargo.toml asks for Rust {rust}"
    );
    let compose = fs::read_to_string(project.root.join("docker-compose.yml"))?;
    ensure!(
        compose.contains(image),
        "docker-compose.yml has another RUST_IMAGE than {image}"
    );
    Ok(())
}

/// The entrypoint's test, which lives beside the harness that the entrypoint asks for the server's settings.
pub fn entrypoint(project: &Project, pg_config: &Path) -> Command {
    let mut command = cargo();
    command
        .args(["test", "--package", "pg_tviews_bench", "--test", "entrypoint"])
        .args(["--features", ENTRYPOINT_TEST])
        .env("PG_TVIEWS_PG_CONFIG", pg_config)
        .current_dir(&project.root);
    command
}
