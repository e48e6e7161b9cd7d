//! The results in the database: schema `bench_results`, kept beside the data of `--dsn` from run to run.

use anyhow::{Context, Result};
use postgres::Client;

use crate::record::{Record, Results};

/// The columns are those of the CSV; `line` keeps their order.
const TRACKING: &str = include_str!("../../../test/sql/comprehensive_benchmarks/sql/tracking.sql");

/// Makes the tracking tables where they are missing.
pub fn set_up(client: &mut Client) -> Result<()> {
    client
        .batch_execute(TRACKING)
        .context("cannot make the tracking tables")
}

/// Puts a run's results in the place of what the table has of this run.
pub fn save(client: &mut Client, run: &str, results: &Results) -> Result<()> {
    let mut transaction = client.transaction()?;
    transaction.execute("DELETE FROM bench_results.results WHERE run = $1", &[&run])?;
    let insert = transaction.prepare(
        "INSERT INTO bench_results.results
         SELECT $1, $2, r.* FROM jsonb_populate_record(NULL::bench_results.result, $3::text::jsonb) r",
    )?;
    for (line, record) in results.records.iter().enumerate() {
        let json = serde_json::to_string(record)?;
        transaction.execute(&insert, &[&run, &(line as i32), &json])?;
    }
    transaction
        .commit()
        .context("cannot keep the results in the database")
}

/// Reads a run's results; the newest run's, if none is named. Gives the run's name too.
pub fn load(client: &mut Client, run: Option<&str>) -> Result<(String, Results)> {
    let rows = client
        .query(
            "SELECT run, (to_jsonb(r) - 'run' - 'line')::text FROM bench_results.results r
             WHERE run = coalesce($1, (SELECT max(run) FROM bench_results.results)) ORDER BY line",
            &[&run],
        )
        .context("cannot read bench_results.results")?;
    let name: String = match (rows.first(), run) {
        (Some(row), _) => row.get(0),
        (None, Some(run)) => anyhow::bail!("the database has no run {run}"),
        (None, None) => anyhow::bail!("the database has no results"),
    };
    let records = rows
        .iter()
        .map(|row| serde_json::from_str(row.get(1)))
        .collect::<std::result::Result<Vec<Record>, serde_json::Error>>()
        .context("bench_results.results has lines that are no results")?;
    Ok((name, Results { records }))
}
