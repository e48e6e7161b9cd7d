//! The throughput of several clients, approach after approach, in two rounds so that drift hits all alike.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use postgres::Client;

use super::block::{confine, failed};
use super::scale::ScaleRun;
use crate::approach::Approach;
use crate::operation::Operation;
use crate::record::{Record, Status};
use crate::stats::summarise;
use crate::throughput::{Outcome, measure, touch};

/// The measurement's time is shared out among as many rounds.
const ROUNDS: u32 = 2;
/// Before it, each connection compiles its plans.
const WARM_UP: Duration = Duration::from_millis(200);

/// Measures each number of clients.
pub(super) fn run(run: &mut ScaleRun<'_>) -> Result<()> {
    for count in run.session.options.clients.clone() {
        let mut wanted = Vec::new();
        for approach in run.session.approaches.clone() {
            if !run.leave_out(Operation::Throughput, approach, count)?
                && !run
                    .session
                    .output
                    .has(run.cell(Operation::Throughput, approach, count))
            {
                wanted.push(approach);
            }
        }
        if !wanted.is_empty() {
            measure_clients(run, count, &wanted)?;
        }
    }
    Ok(())
}

fn measure_clients(run: &mut ScaleRun<'_>, count: u32, wanted: &[Approach]) -> Result<()> {
    let mut outcomes: BTreeMap<Approach, Result<Outcome, String>> = BTreeMap::new();
    let mut connections: BTreeMap<Approach, Vec<Client>> = BTreeMap::new();
    for &approach in wanted {
        let mut clients = Vec::new();
        for _ in 0..count {
            clients.push(run.session.host.connect(approach.schema())?);
        }
        if let Some(Err(problem)) = clients.first_mut().map(|client| touch(client, &run.catalogue)) {
            outcomes.insert(approach, Err(format!("{problem:#}")));
            continue;
        }
        connections.insert(approach, clients);
    }
    let bar = run
        .session
        .output
        .bar(u64::from(ROUNDS + 1) * wanted.len() as u64);
    bar.set_message(format!("{}: {count} clients", run.scale));
    for round in 0..=ROUNDS {
        // The first round only warms up.
        let duration = if round == 0 {
            WARM_UP
        } else {
            run.effort.throughput / ROUNDS
        };
        for (&approach, clients) in &mut connections {
            run.session.interrupt.check()?;
            // A single client is timed as in the other blocks; several need all processors.
            let confined = match &mut clients[..] {
                [single] => confine(run.session, &[backend_of(single)?])?,
                _ => None,
            };
            let outcome = measure(clients, &run.catalogue, duration, u64::from(round));
            drop(confined);
            bar.inc(1);
            if round == 0 && outcome.is_ok() {
                continue;
            }
            add(&mut outcomes, approach, outcome);
        }
    }
    bar.finish_and_clear();
    run.session.interrupt.check()?;
    let mut records: Vec<Record> = Vec::new();
    for (approach, outcome) in outcomes {
        let record = Record::result(run.cell(Operation::Throughput, approach, count), Status::Ok);
        records.push(record_of(record, outcome));
    }
    run.check(Operation::Throughput, &mut records)?;
    run.tell(Operation::Throughput, &records);
    for record in records {
        run.session.output.push(record)?;
    }
    run.vacuum(wanted)
}

fn backend_of(client: &mut Client) -> Result<i32> {
    Ok(client.query_one("SELECT pg_backend_pid()", &[])?.get(0))
}

fn add(
    outcomes: &mut BTreeMap<Approach, Result<Outcome, String>>,
    approach: Approach,
    outcome: Result<Outcome>,
) {
    match (outcomes.get_mut(&approach), outcome) {
        (Some(Err(_)), _) => {}
        (Some(Ok(sum)), Ok(outcome)) => sum.add(outcome),
        (None, Ok(outcome)) => drop(outcomes.insert(approach, Ok(outcome))),
        (_, Err(error)) => drop(outcomes.insert(approach, Err(format!("{error:#}")))),
    }
}

fn record_of(record: Record, outcome: Result<Outcome, String>) -> Record {
    match outcome {
        Ok(outcome) => {
            let Some(summary) = summarise(&outcome.timings) else {
                return failed(record, "no transaction succeeded");
            };
            let mut record = record.with_summary(&summary);
            record.tx_per_s = Some((outcome.per_second() * 10.0).round() / 10.0);
            if outcome.retries > 0 {
                record.note = format!("{} transactions failed by a conflict", outcome.retries);
            }
            record
        }
        Err(problem) => failed(record, &problem),
    }
}
