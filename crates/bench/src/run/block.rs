//! One operation's block: rows made ready, all approaches timed in turns, the views checked, the rows taken out again.

use anyhow::Result;

use super::Session;
use super::scale::ScaleRun;
use crate::affinity::Confined;
use crate::approach::Approach;
use crate::load;
use crate::measure::{Lane, Plan, message, run_block};
use crate::operation::Operation;
use crate::record::{Cell, Record, Status};
use crate::stats::summarise;
use crate::views;
use crate::workload::Workload;

impl ScaleRun<'_> {
    /// Measures one operation for all approaches that can do it.
    pub(crate) fn block(&mut self, operation: Operation) -> Result<()> {
        let mut wanted = Vec::new();
        for approach in self.session.approaches.clone() {
            if !self.leave_out(operation, approach, 1)?
                && !self.session.output.has(self.cell(operation, approach, 1))
            {
                wanted.push(approach);
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let mut records = self.set_up(operation, &mut wanted)?;
        let (refreshing, immediate): (Vec<_>, Vec<_>) = wanted
            .iter()
            .partition(|approach| approach.refresh_statement().is_some());
        records.extend(self.time(operation, &immediate)?);
        records.extend(self.time(operation, &refreshing)?);
        self.check(operation, &mut records)?;
        self.tear_down(operation, &wanted);
        self.tell(operation, &records);
        for record in records {
            self.session.output.push(record)?;
        }
        self.vacuum(&wanted)
    }

    /// How many runs of an operation one schema sees, those of the refreshing approaches included.
    fn turns(&self, operation: Operation) -> usize {
        let (repetitions, warm_up) = operation.repetitions(&self.effort);
        repetitions + warm_up + operation.counted_runs() + 2 * self.effort.refresh
    }

    /// Approaches that share a schema take turns from different ranges, so that no two use one key.
    fn first_turn(&self, operation: Operation, approach: Approach) -> u64 {
        let (repetitions, warm_up) = operation.repetitions(&self.effort);
        let immediate = repetitions + warm_up + operation.counted_runs();
        (match approach {
            Approach::Refresh => immediate,
            Approach::RefreshConcurrently => immediate + self.effort.refresh,
            _ => 0,
        }) as u64
    }

    fn time(&mut self, operation: Operation, approaches: &[Approach]) -> Result<Vec<Record>> {
        let refreshing = approaches
            .iter()
            .any(|approach| approach.refresh_statement().is_some());
        let plan = self.plan(operation, refreshing);
        let turns: Vec<u64> = Approach::ALL
            .iter()
            .map(|&each| self.first_turn(operation, each))
            .collect();
        let scale = self.scale;
        let cell = |approach| Cell {
            scale,
            operation,
            approach,
            clients: 1,
        };
        let mut records = Vec::new();
        let mut lanes = Vec::new();
        for (&approach, client) in &mut self.clients {
            if !approaches.contains(&approach) {
                continue;
            }
            match Lane::prepare(approach, client, operation, turns[approach as usize]) {
                Ok(lane) => lanes.push(lane),
                Err(error) => {
                    records.push(failed(
                        Record::result(cell(approach), Status::Failed),
                        &message(&error),
                    ));
                }
            }
        }
        let session = &mut *self.session;
        let bar = session.output.bar(plan.repetitions.max(1) as u64);
        bar.set_message(format!("{scale}: {}", operation.title()));
        let workload = Workload::new(operation, self.catalogue);
        let backends: Vec<i32> = lanes.iter().map(|lane| lane.backend).collect();
        let confined = if refreshing {
            None
        } else {
            confine(session, &backends)?
        };
        run_block(&mut lanes, operation, &workload, &plan, &session.interrupt, &bar);
        drop(confined);
        bar.finish_and_clear();
        session.interrupt.check()?;
        for lane in lanes {
            let record = Record::result(cell(lane.approach), Status::Ok);
            records.push(match (summarise(&lane.timings), lane.error) {
                (Some(summary), None) => record.with_summary(&summary).with_writes(&lane.counted),
                (_, error) => failed(record, &error.unwrap_or_else(|| "no run was measured".to_owned())),
            });
        }
        Ok(records)
    }

    fn plan(&self, operation: Operation, refreshing: bool) -> Plan {
        let (repetitions, warm_up) = operation.repetitions(&self.effort);
        Plan {
            repetitions: if refreshing {
                self.effort.refresh
            } else {
                repetitions
            },
            warm_up: if refreshing { 0 } else { warm_up },
            limit: self.effort.cell_limit,
        }
    }

    /// Compares views with their queries, and keeps the outcome in the records.
    pub(crate) fn check(&mut self, operation: Operation, records: &mut [Record]) -> Result<()> {
        for record in records.iter_mut() {
            let Some(approach) = Approach::from_name(&record.approach) else {
                continue;
            };
            let (exact, note) = match approach {
                Approach::NoView | Approach::Refresh | Approach::RefreshConcurrently => continue,
                Approach::Tviews => match self.check_tview()? {
                    Some(outcome) => outcome,
                    None => continue,
                },
                _ if !self.effort.check_yardsticks => continue,
                _ => self.check_yardstick(approach)?,
            };
            record.exact = if exact { "yes" } else { "no" }.to_owned();
            if !exact {
                let line = format!(
                    "{}: {} is not exact after {}: {note}",
                    self.scale,
                    approach.name(),
                    operation.title()
                );
                self.session.output.say(&line);
                record.note = if record.note.is_empty() {
                    note
                } else {
                    format!("{}; {note}", record.note)
                };
            }
        }
        Ok(())
    }

    fn check_yardstick(&mut self, approach: Approach) -> Result<(bool, String)> {
        let texts = self.effort.compare_texts;
        let Some(client) = self.clients.get_mut(&approach) else {
            return Ok((true, String::new()));
        };
        let differences = views::count_differences(client, approach, texts)?;
        Ok((
            differences == 0,
            format!("EXCEPT ALL finds {differences} differences"),
        ))
    }

    /// Makes rows ready; an approach that fails at that is taken out, and its record given back.
    fn set_up(&mut self, operation: Operation, wanted: &mut Vec<Approach>) -> Result<Vec<Record>> {
        let statements = operation.set_up(&self.catalogue, self.turns(operation));
        let failures = self.on_each_schema(wanted, &statements);
        self.session.interrupt.check()?;
        wanted.retain(|approach| !failures.iter().any(|(schema, _)| *schema == approach.schema()));
        let all = self.available().into_iter();
        let record = |approach: Approach| {
            let (_, problem) = failures.iter().find(|(schema, _)| *schema == approach.schema())?;
            let record = Record::result(self.cell(operation, approach, 1), Status::Failed);
            Some(failed(record, &format!("making rows ready: {problem}")))
        };
        Ok(all.filter_map(record).collect())
    }

    fn tear_down(&mut self, operation: Operation, wanted: &[Approach]) {
        for (schema, problem) in self.on_each_schema(wanted, &operation.tear_down()) {
            // Such rows stay, which the next operations can live with.
            let line = format!(
                "{}: {schema}: taking out the rows of {}: {problem}",
                self.scale,
                operation.title()
            );
            self.session.output.say(&line);
        }
    }

    /// Runs statements once in each schema of these approaches; gives the schemas where that failed.
    pub(crate) fn on_each_schema(
        &mut self,
        approaches: &[Approach],
        statements: &[String],
    ) -> Vec<(&'static str, String)> {
        let mut done: Vec<&str> = Vec::new();
        let mut failures = Vec::new();
        for approach in approaches {
            if done.contains(&approach.schema()) {
                continue;
            }
            done.push(approach.schema());
            let Some(client) = self.clients.get_mut(approach) else {
                continue;
            };
            let outcome = statements
                .iter()
                .try_for_each(|statement| client.batch_execute(statement));
            if let Err(error) = outcome {
                failures.push((approach.schema(), message(&error)));
            }
        }
        failures
    }

    /// Vacuums what the block has changed. Autovacuum would do it at a moment of its own choice.
    pub(crate) fn vacuum(&mut self, approaches: &[Approach]) -> Result<()> {
        let mut done: Vec<&str> = Vec::new();
        // From the end, as of the approaches that share a schema the later ones have the view.
        for &approach in approaches.iter().rev() {
            if done.contains(&approach.schema()) {
                continue;
            }
            done.push(approach.schema());
            let Some(client) = self.clients.get_mut(&approach) else {
                continue;
            };
            let documents = (approach != Approach::NoView).then(|| views::table(approach));
            load::vacuum(client, documents)?;
        }
        Ok(())
    }

    /// One line with the medians, so that the log can be followed.
    pub(crate) fn tell(&mut self, operation: Operation, records: &[Record]) {
        let figures: Vec<String> = records
            .iter()
            .map(|record| match (record.tx_per_s, record.median_ms) {
                (Some(rate), _) => format!("{} {rate:.0}/s", record.approach),
                (None, Some(median)) => format!("{} {median:.3} ms", record.approach),
                (None, None) => format!("{} failed: {}", record.approach, record.note),
            })
            .collect();
        let clients = match records.first().and_then(|record| record.clients) {
            Some(1) if operation.is_traffic() => ", 1 client".to_owned(),
            Some(count) if operation.is_traffic() => format!(", {count} clients"),
            _ => String::new(),
        };
        let line = format!(
            "{}: {}{clients}: {}",
            self.scale,
            operation.title(),
            figures.join(", ")
        );
        self.session.output.say(&line);
    }
}

/// Confines client and backends to one processor, where they are on one machine; the report says so.
pub(crate) fn confine(session: &mut Session, backends: &[i32]) -> Result<Option<Confined>> {
    let outcome = if session.host.looks_local() {
        Confined::new(backends)
    } else {
        Err("the server is on another machine".to_owned())
    };
    let told = match &outcome {
        Ok(_) => "client and backends share one processor while a single client is timed".to_owned(),
        Err(problem) => format!("as the system schedules ({problem})"),
    };
    session
        .output
        .push_fact(Record::fact(None, "processors", &told))?;
    Ok(outcome.ok())
}

/// The record of a run that raised an error.
pub(crate) fn failed(mut record: Record, problem: &str) -> Record {
    record.status = Some(Status::Failed);
    record.note = problem.to_owned();
    record
}
