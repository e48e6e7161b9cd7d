//! The subcommand `jsonb`: the functions `jsonb_smart_patch_*` beside their equivalents in PL/pgSQL and in plain SQL.
//!
//! Calls: one statement calls a function many times on a document that it has read once. Updates: one statement updates
//! many stored documents (compressed, or out of line, as the server decides). The candidates take turns, and the median of
//! the rounds counts.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use pg_tviews_pgserver::{Server, ServerOptions};
use postgres::Client;

use crate::{environment, host, stats};

const SQL: &str = include_str!("../../../test/sql/comprehensive_benchmarks/sql/jsonb_functions.sql");
const SCHEMA: &str = "bench_jsonb";

/// About how many bytes a document has.
const SIZES: [u32; 3] = [1_000, 10_000, 100_000];
/// Documents in the table that is updated, of each size.
const STORED: u32 = 50;

/// Options of `jsonb`.
#[derive(Debug, Clone, Args)]
pub struct JsonbOptions {
    /// The pg_config of the PostgreSQL to start a private server of (default: the one on the PATH).
    #[arg(long, value_name = "PATH", conflicts_with = "dsn")]
    pg_config: Option<PathBuf>,
    /// A server of your own; a schema named bench_jsonb is made there.
    #[arg(long)]
    dsn: Option<String>,
    /// Rounds of which the median counts.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Write the tables here instead of printing them.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Who patches.
const CANDIDATES: [&str; 3] = ["native", "PL/pgSQL", "plain SQL"];

/// A change of a document, as an expression for each candidate. `{}` stands for a value that is new in each round.
struct Case {
    name: &'static str,
    expressions: [&'static str; 3],
}

const CASES: [Case; 4] = [
    Case {
        name: "one member",
        expressions: [
            "jsonb_smart_patch_scalar(data, '{\"stock\": {}}')",
            "reference_patch_scalar(data, '{\"stock\": {}}')",
            "data || '{\"stock\": {}}'",
        ],
    },
    Case {
        name: "a member of a nested object",
        expressions: [
            "jsonb_smart_patch_nested(data, '{\"name\": {}}', '{category}')",
            "reference_patch_nested(data, '{\"name\": {}}', '{category}')",
            "jsonb_set(data, '{category}', (data -> 'category') || '{\"name\": {}}')",
        ],
    },
    Case {
        name: "an element of an array, by key",
        expressions: [
            "jsonb_smart_patch_array(data, '{\"id\": 2, \"rating\": {}}', '{reviews}')",
            "reference_patch_array(data, '{\"id\": 2, \"rating\": {}}', '{reviews}')",
            "jsonb_set(data, '{reviews}', (SELECT jsonb_agg(CASE WHEN e.review -> 'id' = '2' \
               THEN e.review || '{\"id\": 2, \"rating\": {}}' ELSE e.review END ORDER BY e.ordinality) \
               FROM jsonb_array_elements(data -> 'reviews') WITH ORDINALITY AS e (review, ordinality)))",
        ],
    },
    Case {
        name: "nothing: the member is as it should be",
        expressions: [
            "jsonb_smart_patch_scalar(data, '{\"price\": 129.90}')",
            "reference_patch_scalar(data, '{\"price\": 129.90}')",
            "data || '{\"price\": 129.90}'",
        ],
    },
];

/// Microseconds and bytes of WAL of each candidate, for one call or row.
type Figures = [(f64, f64); 3];

/// Measures, and writes two Markdown tables.
pub fn run(options: &JsonbOptions) -> Result<()> {
    let (mut client, _server) = connect(options)?;
    let drop = format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE");
    client.batch_execute(&format!(
        "CREATE EXTENSION IF NOT EXISTS pg_tviews; {drop}; CREATE SCHEMA {SCHEMA};
         SET search_path = {SCHEMA}, public; SET max_parallel_workers_per_gather = 0; SET jit = off; {SQL}"
    ))?;
    let outcome = tables(&mut client, options.rounds);
    client.batch_execute(&drop)?;
    let text = outcome?;
    match &options.out {
        None => print!("{text}"),
        Some(path) => {
            std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?
        }
    }
    Ok(())
}

fn connect(options: &JsonbOptions) -> Result<(Client, Option<Server>)> {
    if let Some(dsn) = &options.dsn {
        return Ok((host::connect(&host::parse(dsn)?)?, None));
    }
    let pg_config = options.pg_config.clone().unwrap_or_else(|| "pg_config".into());
    let options = ServerOptions::new(&pg_config)
        .setting("autovacuum", "off")
        .setting("synchronous_commit", "off")
        .setting("shared_buffers", "512MB")
        .setting("max_wal_size", "8GB");
    let server = Server::start(&options).context("cannot start a private server")?;
    let client = host::connect(&host::parse(&server.connection_string("postgres", "postgres"))?)?;
    Ok((client, Some(server)))
}

fn tables(client: &mut Client, rounds: u32) -> Result<String> {
    let mut text = String::from("# JSONB functions\n\n");
    for (name, value) in environment::of_client()
        .into_iter()
        .chain(environment::of_server(client)?)
    {
        writeln!(text, "- {name}: {value}")?;
    }
    writeln!(text, "- rounds: {rounds}")?;
    let head = |text: &mut String, title: &str, unit: &str| {
        let columns = CANDIDATES.join(" | ");
        writeln!(
            text,
            "\n## {title}\n\n| document | change | {columns} | {unit} |\n|--:|---|--:|--:|--:|--:|--:|"
        )
    };
    head(
        &mut text,
        "Microseconds for a call, in memory",
        "PL/pgSQL : native | plain SQL : native",
    )?;
    for size in SIZES {
        for case in &CASES {
            let figures = calls(client, size, case, rounds)?;
            let times: Vec<String> = figures.iter().map(|(time, _)| format!("{time:.2}")).collect();
            write!(
                text,
                "| {} kB | {} | {} ",
                size / 1_000,
                case.name,
                times.join(" | ")
            )?;
            let ratio = |candidate: usize| figures[candidate].0 / figures[0].0;
            writeln!(text, "| {:.1} | {:.1} |", ratio(1), ratio(2))?;
        }
    }
    head(
        &mut text,
        "Microseconds for a row of an UPDATE",
        "WAL bytes, native | WAL bytes, plain SQL",
    )?;
    for size in SIZES {
        for case in &CASES {
            let figures = updates(client, size, case, rounds)?;
            let times: Vec<String> = figures.iter().map(|(time, _)| format!("{time:.1}")).collect();
            write!(
                text,
                "| {} kB | {} | {} ",
                size / 1_000,
                case.name,
                times.join(" | ")
            )?;
            writeln!(text, "| {:.0} | {:.0} |", figures[0].1, figures[2].1)?;
        }
    }
    Ok(text)
}

fn calls(client: &mut Client, size: u32, case: &Case, rounds: u32) -> Result<Figures> {
    client.batch_execute(&format!(
        "CREATE TEMP TABLE one AS SELECT benchmark_document({size}) AS data"
    ))?;
    let mut counts = [0; 3];
    for (count, expression) in counts.iter_mut().zip(case.expressions) {
        *count = calibrate(client, &expression.replace("{}", "100"))?;
    }
    let mut timings: [Vec<Duration>; 3] = Default::default();
    for round in 1..=rounds {
        for (candidate, expression) in case.expressions.iter().enumerate() {
            let expression = expression.replace("{}", &(round + 100).to_string());
            timings[candidate].push(timed(client, &many_calls(&expression, counts[candidate]))?);
        }
    }
    client.batch_execute("DROP TABLE one")?;
    let mut figures = Figures::default();
    for (candidate, count) in counts.into_iter().enumerate() {
        figures[candidate].0 = median(&timings[candidate]) / f64::from(count);
    }
    Ok(figures)
}

const MOST_CALLS: u32 = 102_400;
/// How long a statement should take at least.
const STATEMENT_TIME: Duration = Duration::from_millis(30);

/// So many calls that what the statement does once counts little.
fn calibrate(client: &mut Client, expression: &str) -> Result<u32> {
    let mut count = 25;
    while count < MOST_CALLS && timed(client, &many_calls(expression, count))? < STATEMENT_TIME {
        count *= 2;
    }
    Ok(count)
}

/// Calls on a document that has been read from the table once.
fn many_calls(expression: &str, count: u32) -> String {
    format!(
        "WITH d AS MATERIALIZED (SELECT data || '{{}}' AS data FROM one) \
         SELECT count({expression}) FROM d, generate_series(1, {count})"
    )
}

fn updates(client: &mut Client, size: u32, case: &Case, rounds: u32) -> Result<Figures> {
    let create = "CREATE TABLE stored AS SELECT n, benchmark_document";
    client.batch_execute(&format!(
        "{create}({size}) AS data FROM generate_series(1, {STORED}) AS n"
    ))?;
    let mut timings: [Vec<Duration>; 3] = Default::default();
    let mut written = [0_u64; 3];
    for round in 0..=rounds {
        for (candidate, expression) in case.expressions.iter().enumerate() {
            // Differs from what the candidate before has set.
            let value = round * 10 + candidate as u32 + 100;
            let expression = expression.replace("{}", &value.to_string());
            client.batch_execute("VACUUM stored")?;
            let before = wal(client)?;
            let timing = timed(client, &format!("UPDATE stored SET data = {expression}"))?;
            if round > 0 {
                timings[candidate].push(timing);
                written[candidate] += wal(client)?.saturating_sub(before);
            }
        }
    }
    client.batch_execute("DROP TABLE stored")?;
    let rows = f64::from(STORED);
    let figure = |candidate: usize| {
        let bytes = written[candidate] as f64 / f64::from(rounds) / rows;
        (median(&timings[candidate]) / rows, bytes)
    };
    Ok([figure(0), figure(1), figure(2)])
}

fn timed(client: &mut Client, statement: &str) -> Result<Duration> {
    let start = Instant::now();
    client
        .batch_execute(statement)
        .with_context(|| statement.to_owned())?;
    Ok(start.elapsed())
}

fn wal(client: &mut Client) -> Result<u64> {
    let sql = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint";
    let position: i64 = client.query_one(sql, &[])?.get(0);
    Ok(position.unsigned_abs())
}

/// The median in microseconds.
fn median(timings: &[Duration]) -> f64 {
    stats::summarise(timings).map_or(f64::NAN, |summary| summary.median * 1_000.0)
}
