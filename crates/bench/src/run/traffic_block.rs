//! The throughput of several clients, approach after approach, in rounds so that drift hits all alike.

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
use crate::traffic::{HOT, Outcome, Traffic, measure, touch};
use crate::views;

/// Before it, each connection compiles its plans.
const WARM_UP: Duration = Duration::from_millis(200);

type Outcomes = BTreeMap<Approach, Result<Outcome, String>>;

/// Measures each number of clients.
pub(super) fn run(run: &mut ScaleRun<'_>, operation: Operation, traffic: Traffic) -> Result<()> {
    for count in operation.client_counts(&run.session.options.clients) {
        let mut wanted = Vec::new();
        for approach in run.session.approaches.clone() {
            if !run.leave_out(operation, approach, count)?
                && !run.session.output.has(run.cell(operation, approach, count))
            {
                wanted.push(approach);
            }
        }
        if !wanted.is_empty() {
            measure_clients(run, operation, traffic, count, &wanted)?;
        }
    }
    Ok(())
}

/// How long to measure, shared out among how many rounds.
fn effort(traffic: Traffic, count: u32, whole: Duration) -> (Duration, u32) {
    match (traffic, count) {
        (Traffic::Products, 1 | 8) => (whole, 2),
        (Traffic::Products | Traffic::Reviews, _) => (whole / 2, 2),
        // At the end of each round wrong documents are counted.
        (Traffic::Renames, _) => (whole / 2, 4),
        // A deadlock takes a second to be noticed.
        (Traffic::Storm, _) => (whole * 3, 2),
    }
}

fn measure_clients(
    run: &mut ScaleRun<'_>,
    operation: Operation,
    traffic: Traffic,
    count: u32,
    wanted: &[Approach],
) -> Result<()> {
    let mut outcomes = Outcomes::new();
    for (schema, problem) in run.on_each_schema(wanted, &traffic.set_up()) {
        let of_schema = wanted.iter().filter(|approach| approach.schema() == schema);
        outcomes.extend(of_schema.map(|&approach| (approach, Err(format!("making rows ready: {problem}")))));
    }
    let mut connections: BTreeMap<Approach, Vec<Client>> = BTreeMap::new();
    for &approach in wanted {
        let mut clients = Vec::new();
        for _ in 0..count {
            clients.push(run.session.host.connect(approach.schema())?);
        }
        if traffic == Traffic::Products
            && let Some(Err(problem)) = clients.first_mut().map(|client| touch(client, &run.catalogue))
        {
            outcomes.insert(approach, Err(format!("{problem:#}")));
        }
        if !outcomes.contains_key(&approach) {
            connections.insert(approach, clients);
        }
    }
    rounds(run, traffic, count, &mut connections, &mut outcomes)?;
    let mut records: Vec<Record> = Vec::new();
    for (approach, outcome) in outcomes {
        let record = Record::result(run.cell(operation, approach, count), Status::Ok);
        records.push(record_of(record, traffic, approach, outcome));
    }
    run.check(operation, &mut records)?;
    for (schema, problem) in run.on_each_schema(wanted, &traffic.tear_down()) {
        run.session.output.say(&format!(
            "{}: {schema}: taking out the hot rows: {problem}",
            run.scale
        ));
    }
    run.tell(operation, &records);
    for record in records {
        run.session.output.push(record)?;
    }
    run.vacuum(wanted)
}

fn rounds(
    run: &mut ScaleRun<'_>,
    traffic: Traffic,
    count: u32,
    connections: &mut BTreeMap<Approach, Vec<Client>>,
    outcomes: &mut Outcomes,
) -> Result<()> {
    let (whole, rounds) = effort(traffic, count, run.effort.throughput);
    let bar = run
        .session
        .output
        .bar(u64::from(rounds + 1) * connections.len() as u64);
    bar.set_message(format!("{}: {count} clients", run.scale));
    for round in 0..=rounds {
        // The first round only warms up.
        let duration = if round == 0 { WARM_UP } else { whole / rounds };
        for (&approach, clients) in connections.iter_mut() {
            run.session.interrupt.check()?;
            // A single client is timed as in the other blocks; several need all processors.
            let confined = match &mut clients[..] {
                [single] => confine(run.session, &[backend_of(single)?])?,
                _ => None,
            };
            let mut outcome = measure(clients, traffic, &run.catalogue, duration, u64::from(round));
            drop(confined);
            bar.inc(1);
            if round == 0 && outcome.is_ok() {
                continue;
            }
            if let (Ok(outcome), Traffic::Renames, true) =
                (&mut outcome, traffic, approach != Approach::NoView)
            {
                outcome.wrong = views::wrong_documents(&mut clients[0], approach, HOT)?;
            }
            add(outcomes, approach, outcome);
        }
    }
    bar.finish_and_clear();
    run.session.interrupt.check()
}

fn backend_of(client: &mut Client) -> Result<i32> {
    Ok(client.query_one("SELECT pg_backend_pid()", &[])?.get(0))
}

fn add(outcomes: &mut Outcomes, approach: Approach, outcome: Result<Outcome>) {
    match (outcomes.get_mut(&approach), outcome) {
        (Some(Err(_)), _) => {}
        (Some(Ok(sum)), Ok(outcome)) => sum.add(outcome),
        (None, Ok(outcome)) => drop(outcomes.insert(approach, Ok(outcome))),
        (_, Err(error)) => drop(outcomes.insert(approach, Err(format!("{error:#}")))),
    }
}

fn record_of(
    record: Record,
    traffic: Traffic,
    approach: Approach,
    outcome: Result<Outcome, String>,
) -> Record {
    match outcome {
        Ok(outcome) => {
            let Some(summary) = summarise(&outcome.timings) else {
                return failed(record, "no transaction succeeded");
            };
            let mut record = record.with_summary(&summary);
            record.tx_per_s = Some((outcome.per_second() * 10.0).round() / 10.0);
            record.conflicts = Some((outcome.conflicts_per_thousand() * 100.0).round() / 100.0);
            let wrong = traffic == Traffic::Renames && approach != Approach::NoView;
            record.wrong = wrong.then_some(outcome.wrong);
            if outcome.deadlocks + outcome.serialization_failures > 0 {
                record.note = format!(
                    "deadlocks: {}, serialization failures: {}",
                    outcome.deadlocks, outcome.serialization_failures
                );
            }
            record
        }
        Err(problem) => failed(record, &problem),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::effort;
    use crate::traffic::Traffic;

    #[test]
    fn rounds_are_long_enough_to_start_every_client() {
        for traffic in [
            Traffic::Products,
            Traffic::Renames,
            Traffic::Reviews,
            Traffic::Storm,
        ] {
            for count in [1, 2, 4, 8, 16] {
                let (whole, rounds) = effort(traffic, count, Duration::from_millis(1_200));
                assert!(
                    whole / rounds >= Duration::from_millis(150),
                    "{traffic:?} {count}"
                );
            }
        }
    }
}
