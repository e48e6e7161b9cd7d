//! `pg_tviews_bench`: measures pg_tviews beside pg_ivm, full refresh, hand-written triggers and plain tables.
//!
//! The parts, in the order in which a run goes through them:
//!
//! | module | does |
//! |---|---|
//! | `cli` | the command line |
//! | `scale`, `rng`, `data`, `load` | the catalogue: how much, which rows, into the database |
//! | `approach`, `views` | who keeps the documents, and the SQL for it |
//! | `operation`, `workload`, `parts`, `dimension`, `traffic` | what is measured: single statements, groups of operations with tables of their own, several clients |
//! | `run`, `measure`, `writes`, `stats` | the measurement |
//! | `record`, `output`, `store` | results: CSV, files of a run, table in the database |
//! | `report`, `compare` | what is made of them |
//! | `host`, `memory`, `environment`, `affinity`, `interrupt` | the server, what the figures depend on, Ctrl-C |
//!
//! **Architecture invariant.** The report is made of nothing but the results: it can be rebuilt from the CSV at any time,
//! and no number in it is typed by hand.

mod affinity;
mod approach;
mod cli;
mod compare;
mod data;
mod dimension;
mod environment;
mod host;
mod interrupt;
mod jsonb;
mod load;
mod measure;
mod memory;
mod operation;
mod output;
mod parts;
mod record;
mod report;
mod rng;
mod run;
mod scale;
mod stats;
mod store;
mod traffic;
mod views;
mod workload;
mod writes;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use clap::error::ErrorKind;

use crate::cli::{Cli, Command, CompareOptions, ReportOptions, SettingsOptions};
use crate::record::Results;
use crate::run::Verdict;

/// Ends a program that Ctrl-C ended, by convention.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return show(&error),
    };
    let outcome = match cli.command {
        Command::Run(options) => run::run(&options),
        Command::Report(options) => rebuild_report(&options).map(|()| Verdict::Good),
        Command::Compare(options) => compare_runs(&options).map(|()| Verdict::Good),
        Command::Jsonb(options) => jsonb::run(&options).map(|()| Verdict::Good),
        Command::Settings(options) => {
            print_settings(&options);
            Ok(Verdict::Good)
        }
    };
    match outcome {
        Ok(Verdict::Good) => ExitCode::SUCCESS,
        Ok(Verdict::Bad) => ExitCode::FAILURE,
        Ok(Verdict::Interrupted) => ExitCode::from(INTERRUPTED),
        Err(error) => {
            eprintln!("pg_tviews_bench: {}", one_line(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error and its causes on one line; causes that an error has in its own text already aren't repeated.
fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !line.ends_with(&cause) {
            line = if line.is_empty() {
                cause
            } else {
                format!("{line}: {cause}")
            };
        }
    }
    line.replace('\n', " ")
}

/// Help as it is, mistakes as one line.
fn show(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => error.exit(),
        _ => {
            eprintln!("{}", cli::one_line(error));
            ExitCode::from(2)
        }
    }
}

fn rebuild_report(options: &ReportOptions) -> Result<()> {
    let (run, results) = if let Some(dsn) = &options.dsn {
        let mut client = host::connect(&host::parse(dsn)?)?;
        store::load(&mut client, options.run.as_deref())?
    } else {
        let csv = options
            .csv
            .clone()
            .map_or_else(|| output::newest_csv(&options.out), Ok)?;
        let run = output::run_of(&csv)
            .with_context(|| format!("{} is not named benchmark_results_<run>.csv", csv.display()))?;
        (run, Results::from_file(&csv)?)
    };
    for path in report::write(&results, &run, &options.out, &options.format)? {
        println!("{}", path.display());
    }
    Ok(())
}

fn compare_runs(options: &CompareOptions) -> Result<()> {
    let (before, after) = if let Some(dsn) = &options.dsn {
        let mut client = host::connect(&host::parse(dsn)?)?;
        (
            store::load(&mut client, Some(&options.before))?.1,
            store::load(&mut client, Some(&options.after))?.1,
        )
    } else {
        (
            Results::from_file(Path::new(&options.before))?,
            Results::from_file(Path::new(&options.after))?,
        )
    };
    print!("{}", compare::render(&before, &after));
    Ok(())
}

fn print_settings(options: &SettingsOptions) {
    println!("# The settings of the server that the benchmark measures; made by pg_tviews_bench.");
    for (name, value) in host::settings(&options.pg_config) {
        println!("{name} = '{value}'");
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::one_line;

    #[test]
    fn an_error_is_one_line_and_repeats_nothing() {
        let error = anyhow!("no such file")
            .context("cannot run it: no such file")
            .context("cannot\nstart");
        assert_eq!(one_line(&error), "cannot start: cannot run it: no such file");
    }
}
