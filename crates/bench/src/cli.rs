//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::approach::Approach;
use crate::jsonb::JsonbOptions;
use crate::operation::Operation;
use crate::scale::Scale;

/// Where results go when nothing else is said, from the root of the project.
pub const DEFAULT_RESULTS: &str = "test/sql/comprehensive_benchmarks/results";

/// Measures pg_tviews beside pg_ivm, full refresh, hand-written triggers and plain tables.
#[derive(Debug, Parser)]
#[command(name = "pg_tviews_bench", version, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the benchmark, and write log, CSV and report.
    Run(RunOptions),
    /// Write the report again, from a run's CSV or from the results in the database.
    Report(ReportOptions),
    /// Compare two runs, and mark where a ratio got worse by more than the noise.
    Compare(CompareOptions),
    /// Measure the functions jsonb_smart_patch_* beside PL/pgSQL and plain SQL.
    Jsonb(JsonbOptions),
    /// Print the settings that a run gives its private server, for a postgresql.conf of your own.
    Settings(SettingsOptions),
}

/// Options of `run`.
#[derive(Debug, Clone, Args)]
pub struct RunOptions {
    /// Sizes of the catalogue, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "small")]
    pub scale: Vec<Scale>,
    /// The pg_config of the PostgreSQL to start a private server of (default: the one on the PATH).
    #[arg(long, value_name = "PATH", conflicts_with = "dsn")]
    pub pg_config: Option<PathBuf>,
    /// A server of your own, e.g. "host=localhost user=postgres dbname=bench"; schemas named bench_* are made there.
    #[arg(long)]
    pub dsn: Option<String>,
    /// Where the pseudo-random data start.
    #[arg(long, default_value_t = 42)]
    pub seed: u64,
    /// Operations to measure, separated by commas (default: all).
    #[arg(long, value_enum, value_delimiter = ',')]
    pub operations: Vec<Operation>,
    /// Approaches to measure, separated by commas (default: all).
    #[arg(long, value_enum, value_delimiter = ',')]
    pub approaches: Vec<Approach>,
    /// Numbers of clients for the throughput, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "1,2,4,8,16", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub clients: Vec<u32>,
    /// What to write besides the CSV, which is always kept, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "markdown,svg")]
    pub format: Vec<Format>,
    /// The directory for the results.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_RESULTS)]
    pub out: PathBuf,
    /// Go on with the newest run in the results directory: measure only what it lacks.
    #[arg(long)]
    pub resume: bool,
    /// Keep the schemas bench_* in the database given by --dsn.
    #[arg(long, requires = "dsn")]
    pub keep: bool,
}

/// Options of `report`.
#[derive(Debug, Clone, Args)]
pub struct ReportOptions {
    /// A run's CSV (default: the newest one in the results directory).
    #[arg(value_name = "CSV", conflicts_with = "dsn")]
    pub csv: Option<PathBuf>,
    /// Take the results from this database instead.
    #[arg(long)]
    pub dsn: Option<String>,
    /// The run to take from the database, YYYYMMDD_HHMMSS (default: the newest).
    #[arg(long, requires = "dsn")]
    pub run: Option<String>,
    /// What to write, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "markdown,svg")]
    pub format: Vec<Format>,
    /// The directory to write to.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_RESULTS)]
    pub out: PathBuf,
}

/// Options of `compare`.
#[derive(Debug, Clone, Args)]
pub struct CompareOptions {
    /// The earlier run: its CSV, or with --dsn its name, YYYYMMDD_HHMMSS.
    pub before: String,
    /// The later run.
    pub after: String,
    /// Take the results from this database instead.
    #[arg(long)]
    pub dsn: Option<String>,
}

/// Options of `settings`.
#[derive(Debug, Clone, Args)]
pub struct SettingsOptions {
    /// The pg_config of the server, which tells whether pg_ivm is to be preloaded.
    #[arg(long, value_name = "PATH", default_value = "pg_config")]
    pub pg_config: PathBuf,
}

/// A form of the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The report, `BENCHMARK_REPORT_….md`.
    Markdown,
    /// The report's charts beside it.
    Svg,
    /// All figures as `benchmark_results_….json`.
    Json,
    /// The CSV, `benchmark_results_….csv`; `report` copies it out of a database with this.
    Csv,
}

/// The one line that tells a user what is wrong with the command line.
pub fn one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let mut parts = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with("Usage:") || line.starts_with("For more information") {
            continue;
        }
        parts.push(line.trim_start_matches("error: "));
    }
    format!("pg_tviews_bench: {} (try --help)", parts.join(" "))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Cli, Command, one_line};
    use crate::scale::Scale;

    fn complaint(arguments: &[&str]) -> String {
        let arguments = ["pg_tviews_bench"].iter().chain(arguments);
        match Cli::try_parse_from(arguments) {
            Ok(cli) => panic!("accepted: {cli:?}"),
            Err(error) => one_line(&error),
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn lists_are_separated_by_commas() {
        let cli = Cli::try_parse_from([
            "pg_tviews_bench",
            "run",
            "--scale",
            "small,medium",
            "--clients",
            "1,4",
            "--operations",
            "price-1,category",
        ]);
        let Ok(Cli {
            command: Command::Run(options),
        }) = cli
        else {
            panic!("{cli:?}")
        };
        assert_eq!(options.scale, [Scale::Small, Scale::Medium]);
        assert_eq!(options.clients, [1, 4]);
        assert_eq!(options.operations.len(), 2);
    }

    #[test]
    fn a_wrong_flag_gets_one_clear_line() {
        for (arguments, expected) in [
            (
                &["run", "--scale", "huge"][..],
                "invalid value 'huge' for '--scale <SCALE>'",
            ),
            (
                &["run", "--sclae", "small"],
                "unexpected argument '--sclae' found",
            ),
            (
                &["run", "--clients", "0"],
                "invalid value '0' for '--clients <CLIENTS>'",
            ),
            (&["run", "--dsn", "x", "--pg-config", "y"], "cannot be used with"),
            (&["compare", "one.csv"], "required arguments were not provided"),
        ] {
            let line = complaint(arguments);
            assert!(line.contains(expected), "{line}");
            assert!(
                line.starts_with("pg_tviews_bench: ") && line.ends_with("(try --help)"),
                "{line}"
            );
            assert!(!line.contains('\n'), "{line}");
        }
    }
}
