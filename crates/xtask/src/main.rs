//! The project's own commands, run as `cargo xtask …`: set-up of tools and servers, house rules, the test
//! tiers.
//!
//! `make help` lists the ways in; `cargo xtask help` says what each command takes.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};

mod bench;
mod docker;
mod extension;
mod instructions;
mod nightly;
mod project;
mod run;
mod setup;
mod suite;
mod tidy;

use project::Project;

/// The PostgreSQL versions that the extension is built for.
const MAJORS: [u32; 4] = [15, 16, 17, 18];
/// The version that development and the benchmark use.
const MAIN_MAJOR: u32 = 18;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Set-up, house rules and tests of pg_tviews")]
struct Arguments {
    #[command(subcommand)]
    command: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Get what building and testing needs: compilers, cargo-pgrx, private PostgreSQL servers
    Setup {
        /// PostgreSQL versions; all four without this
        #[arg(long = "pg", num_args = 1.., value_parser = major)]
        majors: Vec<u32>,
        /// Also what the benchmark compares with (pg_ivm, for PostgreSQL 18)
        #[arg(long)]
        bench: bool,
    },
    /// Print the path of the `pg_config` that the other commands use
    PgConfig {
        /// PostgreSQL version
        #[arg(long = "pg", default_value_t = MAIN_MAJOR, value_parser = major)]
        major: u32,
    },
    /// Build the extension, and install it into the private server, or into the one that PG_CONFIG names
    InstallExtension {
        /// PostgreSQL version
        #[arg(long = "pg", default_value_t = MAIN_MAJOR, value_parser = major)]
        major: u32,
        /// Build with optimisation
        #[arg(long)]
        release: bool,
    },
    /// Check the house rules that no compiler checks
    Tidy,
    /// Run the tests, quick ones first
    Test {
        /// Only these tiers
        #[arg(long = "tier", value_enum)]
        tiers: Vec<Tier>,
        /// PostgreSQL versions of the server, attack and compile tiers
        #[arg(long = "pg", value_parser = major)]
        majors: Vec<u32>,
        /// Only this file of tests/tests/ in the server tier, such as `golden`
        #[arg(long)]
        only: Option<String>,
        /// Go on after a section that failed
        #[arg(long)]
        keep_going: bool,
    },
    /// Measure the costs in docs/tpch.md anew: all TPC-H queries, scale factor 0.1, optimised build
    TpchTable,
    /// Compare the instruction counts of the pure crates with the baseline; needs valgrind
    Instructions {
        /// Make what is counted the new baseline
        #[arg(long)]
        write: bool,
    },
    /// Set up and run the benchmark
    Bench {
        /// PostgreSQL version
        #[arg(long = "pg", default_value_t = MAIN_MAJOR, value_parser = major)]
        major: u32,
        /// small, medium, large, or several separated by commas
        #[arg(long, default_value = "small")]
        scale: String,
        /// Further arguments for the benchmark program
        #[arg(last = true)]
        further: Vec<String>,
    },
}

/// A tier of tests: what it needs, and so how long it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Tier {
    /// Formatting and house rules; needs nothing but the sources
    Style,
    /// Clippy and unit tests of everything but the extension; needs one server for the server library
    Pure,
    /// The extension in a running server: golden, oracle, interleaving and all other files of tests/
    Server,
    /// Attacks on the extension, on all versions
    Attack,
    /// Clippy for the extension, once per PostgreSQL version
    Compile,
    /// The scripts of the benchmark's container, without an engine; needs one server for the entrypoint
    Docker,
    /// TPC-H at scale factor 0.1, with an optimised build; takes long, and runs only when it is asked for
    Nightly,
}

fn major(text: &str) -> Result<u32, String> {
    let known = || format!("not one of {MAJORS:?}");
    text.parse()
        .ok()
        .filter(|number| MAJORS.contains(number))
        .ok_or_else(known)
}

fn dispatch(action: Action) -> Result<()> {
    let project = Project::find()?;
    match action {
        Action::Setup { majors, bench } => setup::run(&project, &majors, bench),
        Action::PgConfig { major } => {
            println!("{}", project.pg_config(major)?.display());
            Ok(())
        }
        Action::InstallExtension { major, release } => extension::install(&project, major, release),
        Action::Tidy => tidy::run(&project),
        Action::Test {
            tiers,
            majors,
            only,
            keep_going,
        } => suite::Suite {
            project: &project,
            tiers,
            majors,
            only,
            keep_going,
        }
        .run(),
        Action::TpchTable => nightly::tpch_table(&project),
        Action::Instructions { write } => instructions::run(&project, write),
        Action::Bench {
            major,
            scale,
            further,
        } => bench::run(&project, major, &scale, &further),
    }
}

fn main() -> ExitCode {
    match dispatch(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
