//! `make test`: all tiers of tests, the quick ones first, with a heading and a duration for each section.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use crate::project::Project;
use crate::run::{cargo, seconds, visibly};
use crate::{MAIN_MAJOR, MAJORS, Tier, docker, extension, instructions, nightly, setup, tidy};

/// The versions whose servers run all tests; the others run the attacks.
const SERVER_MAJORS: [u32; 2] = [MAIN_MAJOR, 15];

/// The files of `tests/tests/` that attack the extension.
const ATTACKS: [&str; 2] = ["attack", "attack_programs"];

/// What is to be tested.
pub struct Suite<'a> {
    /// The checkout.
    pub project: &'a Project,
    /// Only these tiers; all but the nightly one when empty.
    pub tiers: Vec<Tier>,
    /// Versions for the server tier; the usual two when empty.
    pub majors: Vec<u32>,
    /// Only this file of `tests/tests/`.
    pub only: Option<String>,
    /// Go on after a failure.
    pub keep_going: bool,
}

/// What has been run so far.
#[derive(Default)]
struct Record {
    lines: Vec<String>,
    failed: Vec<String>,
}

impl Suite<'_> {
    /// Runs the sections.
    pub fn run(&self) -> Result<()> {
        let start = Instant::now();
        let mut record = Record::default();
        let result = self.sections(&mut record);
        println!("\n==== Summary");
        for line in &record.lines {
            println!("{line}");
        }
        println!("{:>12}  in all", seconds(start.elapsed()));
        result?;
        ensure!(record.failed.is_empty(), "failed: {}", record.failed.join(", "));
        Ok(())
    }

    fn wants(&self, tier: Tier) -> bool {
        self.tiers.contains(&tier) || self.tiers.is_empty() && tier != Tier::Nightly
    }

    fn sections(&self, record: &mut Record) -> Result<()> {
        if self.wants(Tier::Style) {
            self.section(record, "formatting", || {
                visibly(cargo_in(self.project).args(["fmt", "--all", "--check"]))
            })?;
            self.section(record, "house rules", || tidy::run(self.project))?;
        }
        if self.tiers == [Tier::Style] {
            return Ok(());
        }
        self.section(record, "set-up", || {
            setup::run(self.project, &self.all_majors(), false)
        })?;
        if self.wants(Tier::Pure) {
            self.section(record, "clippy, all but the extension", || {
                visibly(&mut self.pure_clippy())
            })?;
            self.section(record, "unit tests, all but the extension", || {
                visibly(&mut self.pure_tests()?)
            })?;
            let name = "instruction counts of the pure crates";
            match instructions::obstacle(self.project) {
                None => self.section(record, name, || instructions::run(self.project, false))?,
                Some(reason) => not_run(record, name, &reason),
            }
        }
        if self.wants(Tier::Server) {
            for major in self.server_majors() {
                self.server_sections(record, major)?;
            }
            self.upgrade_section(record)?;
        }
        if self.wants(Tier::Attack) {
            for major in self.attack_majors() {
                self.tests_sections(record, major, "attacks", &ATTACKS)?;
            }
        }
        if self.wants(Tier::Compile) {
            for major in self.all_majors() {
                let name = format!("clippy, the extension for PostgreSQL {major}");
                self.for_server(record, &name, major, |_| {
                    visibly(&mut self.extension_clippy(major))
                })?;
            }
        }
        if self.wants(Tier::Docker) {
            self.docker_sections(record)?;
        }
        if self.wants(Tier::Nightly) {
            self.for_server(record, "TPC-H, larger and longer", MAIN_MAJOR, |_| {
                nightly::run(self.project)
            })?;
        }
        Ok(())
    }

    /// What can be checked of the benchmark's container without an engine.
    fn docker_sections(&self, record: &mut Record) -> Result<()> {
        for check in docker::CHECKS {
            match docker::tool(check) {
                Some(command) => self.section(record, check.name, || check.run(self.project, command))?,
                None => not_run(record, check.name, check.missing),
            }
        }
        self.section(record, "the container's versions", || {
            docker::versions(self.project)
        })?;
        let name = format!("the container's entrypoint on PostgreSQL {MAIN_MAJOR}");
        self.for_server(record, &name, MAIN_MAJOR, |pg_config| {
            extension::install(self.project, MAIN_MAJOR, false)?;
            visibly(&mut docker::entrypoint(self.project, &pg_config))
        })
    }

    fn server_sections(&self, record: &mut Record, major: u32) -> Result<()> {
        let only: Vec<&str> = self.only.as_deref().into_iter().collect();
        self.tests_sections(record, major, "tests", &only)
    }

    /// Installs the extension and runs these files of `tests/tests/`; all of them if none is named.
    fn tests_sections(&self, record: &mut Record, major: u32, what: &str, files: &[&str]) -> Result<()> {
        let name = format!("the extension into PostgreSQL {major}");
        self.for_server(record, &name, major, |_| {
            extension::install(self.project, major, false)
        })?;
        let name = format!("{what} on PostgreSQL {major}");
        self.for_server(record, &name, major, |pg_config| {
            let mut command = cargo_in(self.project);
            command
                .args(["test", "--no-fail-fast", "--package", "pg_tviews_tests"])
                .env("PG_TVIEWS_PG_CONFIG", pg_config);
            if let Some(program) = setup::pgbouncer(self.project) {
                command.env("PG_TVIEWS_PGBOUNCER", program);
            }
            for file in files {
                command.args(["--test", file]);
            }
            visibly(&mut command)
        })
    }

    /// `pg_upgrade` from the oldest version that is tested to the newest one, where both are.
    fn upgrade_section(&self, record: &mut Record) -> Result<()> {
        let majors = self.server_majors();
        let (Some(old), Some(new)) = (majors.iter().copied().min(), majors.iter().copied().max()) else {
            return Ok(());
        };
        let Ok(old_pg_config) = self.project.pg_config(old) else {
            return Ok(());
        };
        if old == new || self.only.is_some() {
            return Ok(());
        }
        let name = format!("an upgrade from PostgreSQL {old} to {new}");
        self.for_server(record, &name, new, |pg_config| {
            let mut command = cargo_in(self.project);
            command
                .args(["test", "--package", "pg_tviews_tests", "--test", "upgrade"])
                .env("PG_TVIEWS_PG_CONFIG", pg_config)
                .env("PG_TVIEWS_OLD_PG_CONFIG", old_pg_config);
            visibly(&mut command)
        })
    }

    fn pure_clippy(&self) -> std::process::Command {
        let mut command = cargo_in(self.project);
        command
            .args(["clippy", "--workspace", "--exclude", "pg_tviews", "--all-targets"])
            .args(["--features", docker::ENTRYPOINT_TEST])
            .args(LINTS);
        command
    }

    fn extension_clippy(&self, major: u32) -> std::process::Command {
        let mut command = extension::clippy(self.project, major);
        command.args(LINTS);
        command
    }

    fn pure_tests(&self) -> Result<std::process::Command> {
        let mut command = cargo_in(self.project);
        command.args([
            "test",
            "--workspace",
            "--exclude",
            "pg_tviews",
            "--exclude",
            "pg_tviews_tests",
        ]);
        // For the tests of the library that starts servers.
        command.env("PG_TVIEWS_PG_CONFIG", self.project.pg_config(MAIN_MAJOR)?);
        Ok(command)
    }

    /// A section that needs one version; where that could not be set up, the summary says so.
    fn for_server(
        &self,
        record: &mut Record,
        name: &str,
        major: u32,
        work: impl FnOnce(PathBuf) -> Result<()>,
    ) -> Result<()> {
        match self.project.pg_config(major) {
            Ok(pg_config) => self.section(record, name, || work(pg_config)),
            Err(error) => {
                not_run(record, name, &format!("{error:#}"));
                Ok(())
            }
        }
    }

    fn section(&self, record: &mut Record, name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("\n==== {name}");
        let start = Instant::now();
        let result = work();
        record.lines.push(line(name, start.elapsed(), result.is_ok()));
        match result {
            Err(error) if self.keep_going => {
                println!("{error:#}");
                record.failed.push(name.to_owned());
                Ok(())
            }
            Err(error) => bail!("{name}: {error:#}"),
            Ok(()) => Ok(()),
        }
    }

    fn server_majors(&self) -> Vec<u32> {
        match &self.project.own_server {
            Some(own) => vec![own.major],
            None if self.majors.is_empty() => SERVER_MAJORS.to_vec(),
            None => self.majors.clone(),
        }
    }

    /// All versions, but for those on which the server tier runs the attacks with all other files.
    fn attack_majors(&self) -> Vec<u32> {
        let mut majors = self.all_majors();
        if self.wants(Tier::Server) {
            let done = self.server_majors();
            majors.retain(|major| self.only.is_none() && !done.contains(major));
        }
        majors
    }

    /// Newest first, because that one is built for the server tests too.
    fn all_majors(&self) -> Vec<u32> {
        match &self.project.own_server {
            Some(own) => vec![own.major],
            None if self.majors.is_empty() => MAJORS.into_iter().rev().collect(),
            None => self.majors.clone(),
        }
    }
}

/// Warnings are errors, and functions fit on a screen (the limit is in clippy.toml).
const LINTS: [&str; 5] = ["--", "-D", "warnings", "-D", "clippy::too_many_lines"];

fn cargo_in(project: &Project) -> std::process::Command {
    let mut command = cargo();
    command.current_dir(&project.root);
    command
}

fn not_run(record: &mut Record, name: &str, reason: &str) {
    println!("\n==== {name}: not run, {reason}");
    record.lines.push(format!("{:>12}  {name}: {reason}", "NOT RUN"));
}

fn line(name: &str, duration: Duration, passed: bool) -> String {
    format!(
        "{:>12}  {name}{}",
        seconds(duration),
        if passed { "" } else { ": FAILED" }
    )
}
