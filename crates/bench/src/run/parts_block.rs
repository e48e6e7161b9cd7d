//! A group's block: its tables and views made, all approaches timed in turns, the views checked, all of it taken away again.

use std::time::Duration;

use anyhow::Result;
use postgres::Client;

use super::block::{confine, failed};
use super::scale::ScaleRun;
use crate::approach::Approach;
use crate::host::Host;
use crate::interrupt::Interrupt;
use crate::measure::{FEWEST, SINGLE_RUN_LENGTH, message};
use crate::operation::{Group, Operation};
use crate::parts::{self, Parts};
use crate::record::{Record, Status};
use crate::stats::summarise;
use crate::views;
use crate::writes::{Counted, Writes};

/// One approach's part in the block.
struct Lane<'c> {
    approach: Approach,
    client: &'c mut Client,
    turn: u64,
    spent: Duration,
    /// Of each operation.
    timings: Vec<Vec<Duration>>,
    counted: Vec<Counted>,
    error: Option<String>,
}

/// What the lanes of a block share.
struct Block<'b> {
    group: Group,
    parts: Parts,
    host: &'b Host,
    interrupt: &'b Interrupt,
    repetitions: usize,
    warm_up: usize,
    limit: Duration,
}

impl ScaleRun<'_> {
    /// Measures the operations of a group for all approaches that can do them.
    pub(crate) fn parts_block(&mut self, group: Group) -> Result<()> {
        let chosen = |operation: &Operation| self.session.operations.contains(operation);
        let operations: Vec<Operation> = group.operations().iter().copied().filter(chosen).collect();
        let mut wanted = Vec::new();
        for approach in self.session.approaches.clone() {
            let mut lacks = false;
            for &operation in &operations {
                lacks |= !self.leave_out(operation, approach, 1)?
                    && !self.session.output.has(self.cell(operation, approach, 1));
            }
            if lacks {
                wanted.push(approach);
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let mut failures = self.set_up_parts(group, &wanted);
        let measured: Vec<Approach> = wanted
            .iter()
            .copied()
            .filter(|approach| !failures.iter().any(|(failure, _)| failure == approach))
            .collect();
        let timed = self.time_parts(group, &measured);
        let mut records = Vec::new();
        match timed {
            Ok(found) => records.extend(found),
            Err(error) if self.session.interrupt.is_raised() => return Err(error),
            Err(error) => failures.extend(measured.iter().map(|&approach| (approach, format!("{error:#}")))),
        }
        for (approach, problem) in failures {
            for &operation in group.operations() {
                let record = Record::result(self.cell(operation, approach, 1), Status::Failed);
                records.push(failed(record, &problem));
            }
        }
        self.check_parts(group, &mut records)?;
        for approach in wanted.clone() {
            for (schema, problem) in self.on_each_schema(&[approach], &parts::tear_down(group, approach)) {
                self.session.output.say(&format!(
                    "{}: {schema}: taking away tables: {problem}",
                    self.scale
                ));
            }
        }
        for &operation in &operations {
            let of_operation: Vec<Record> = records
                .iter()
                .filter(|record| record.operation == operation.name())
                .cloned()
                .collect();
            self.tell(operation, &of_operation);
            for record in of_operation {
                self.session.output.push(record)?;
            }
        }
        self.vacuum(&wanted)
    }

    /// Makes tables and views; gives the approaches where that failed.
    fn set_up_parts(&mut self, group: Group, wanted: &[Approach]) -> Vec<(Approach, String)> {
        let mut failures = Vec::new();
        for &approach in wanted {
            // An interrupted run may have left some.
            for statements in [parts::tear_down(group, approach), parts::set_up(group, approach)] {
                for (_, problem) in self.on_each_schema(&[approach], &statements) {
                    failures.push((approach, format!("making its tables: {problem}")));
                }
            }
        }
        failures
    }

    fn time_parts(&mut self, group: Group, approaches: &[Approach]) -> Result<Vec<Record>> {
        let first = group.operations()[0];
        let (repetitions, warm_up) = first.repetitions(&self.effort);
        let bulk = group == Group::Bulk;
        let mut lanes = Vec::new();
        let mut backends = Vec::new();
        let mut parts = None;
        for (&approach, client) in &mut self.clients {
            if !approaches.contains(&approach) {
                continue;
            }
            if parts.is_none() {
                parts = Some(Parts::new(group, self.catalogue.size, client)?);
            }
            backends.push(client.query_one("SELECT pg_backend_pid()", &[])?.get(0));
            lanes.push(Lane {
                approach,
                client,
                turn: 0,
                spent: Duration::ZERO,
                timings: vec![Vec::new(); group.operations().len()],
                counted: vec![Counted::default(); group.operations().len()],
                error: None,
            });
        }
        let Some(parts) = parts else {
            return Ok(Vec::new());
        };
        let confined = confine(self.session, &backends)?;
        let bar = self.session.output.bar(repetitions as u64);
        bar.set_message(format!("{}: {}", self.scale, first.title()));
        let block = Block {
            group,
            parts,
            host: &self.session.host,
            interrupt: &self.session.interrupt,
            // Turns of several statements take longer.
            repetitions: if bulk { repetitions } else { repetitions / 3 },
            warm_up: if bulk { 0 } else { warm_up / 5 },
            limit: self.effort.cell_limit * group.operations().len() as u32,
        };
        block.run(&mut lanes);
        drop(confined);
        bar.finish_and_clear();
        self.session.interrupt.check()?;
        let found: Vec<_> = lanes
            .into_iter()
            .map(|lane| (lane.approach, lane.timings, lane.counted, lane.error))
            .collect();
        let mut records = Vec::new();
        for (approach, timings, counted, error) in found {
            for (index, &operation) in group.operations().iter().enumerate() {
                let record = Record::result(self.cell(operation, approach, 1), Status::Ok);
                records.push(match (summarise(&timings[index]), &error) {
                    (Some(summary), None) => record.with_summary(&summary).with_writes(&counted[index]),
                    (_, Some(problem)) => failed(record, problem),
                    (None, None) => failed(record, "no run was measured"),
                });
            }
        }
        Ok(records)
    }

    /// Compares the views that the group has made with their queries; after a bulk operation, those of the documents.
    fn check_parts(&mut self, group: Group, records: &mut [Record]) -> Result<()> {
        if group == Group::Bulk {
            let deletes = |record: &&mut Record| record.operation == Operation::BulkDelete.name();
            let mut last: Vec<Record> = records
                .iter_mut()
                .filter(deletes)
                .map(|record| record.clone())
                .collect();
            self.check(Operation::BulkDelete, &mut last)?;
            for record in records.iter_mut() {
                if let Some(checked) = last.iter().find(|checked| checked.approach == record.approach) {
                    record.exact.clone_from(&checked.exact);
                    record.note.clone_from(&checked.note);
                }
            }
            return Ok(());
        }
        for record in records
            .iter_mut()
            .filter(|record| record.status == Some(Status::Ok))
        {
            let Some(approach) = Approach::from_name(&record.approach) else {
                continue;
            };
            let Some(client) = self.clients.get_mut(&approach) else {
                continue;
            };
            let mut differences = 0;
            for (table, query) in parts::views_of(group, approach) {
                differences += views::differences(client, table, &query, true)?;
            }
            if approach != Approach::NoView {
                record.exact = if differences == 0 { "yes" } else { "no" }.to_owned();
            }
            if differences > 0 {
                record.note = format!("EXCEPT ALL finds {differences} differences");
                self.session.output.say(&format!(
                    "{}: {} is not exact after {}: {}",
                    self.scale, record.approach, record.operation, record.note
                ));
            }
        }
        Ok(())
    }
}

impl Block<'_> {
    /// Gives every lane its turns or its error; Ctrl-C ends the block early.
    fn run(&self, lanes: &mut [Lane<'_>]) {
        for lane in lanes.iter_mut() {
            for _ in 0..self.warm_up {
                if lane.spent < self.limit / 4 {
                    self.turn(lane, false, false);
                }
            }
            lane.spent = Duration::ZERO;
        }
        let length = if self.group == Group::Bulk {
            1
        } else {
            SINGLE_RUN_LENGTH
        };
        let mut round = 0;
        while !self.interrupt.is_raised() && lanes.iter().any(|lane| self.wants_more(lane)) {
            for offset in 0..lanes.len() {
                let index = (round + offset) % lanes.len();
                for _ in 0..length {
                    if self.wants_more(&lanes[index]) {
                        // Rows by the thousand take so long that counting doesn't show.
                        self.turn(&mut lanes[index], true, self.group == Group::Bulk);
                    }
                }
            }
            round += 1;
        }
        // What fresh connections write would be told to the statistics only when they have ended.
        if matches!(self.group, Group::Orders | Group::Aggregate | Group::Dimension(_)) {
            for lane in lanes {
                for _ in 0..self.group.operations()[0].counted_runs() {
                    self.turn(lane, false, true);
                }
            }
        }
    }

    fn wants_more(&self, lane: &Lane<'_>) -> bool {
        let done = lane.timings[0].len();
        lane.error.is_none()
            && !self.interrupt.is_raised()
            && done < self.repetitions
            && (lane.spent < self.limit || done < FEWEST)
    }

    /// All operations of the group, one after the other.
    fn turn(&self, lane: &mut Lane<'_>, keep: bool, count: bool) {
        for part in 0..self.group.operations().len() {
            if lane.error.is_some() || self.interrupt.is_raised() {
                return;
            }
            match self.one(lane, part, count) {
                Ok((timing, writes)) => {
                    lane.spent += timing;
                    if keep {
                        lane.timings[part].push(timing);
                    }
                    if let Some(writes) = writes {
                        lane.counted[part].add(writes);
                    }
                }
                Err(problem) => lane.error = Some(problem),
            }
        }
        lane.turn += 1;
    }

    fn one(
        &self,
        lane: &mut Lane<'_>,
        part: usize,
        count: bool,
    ) -> Result<(Duration, Option<Writes>), String> {
        let told = |error: postgres::Error| message(&error);
        if self.group == Group::FirstWrite {
            // It runs where the system puts it, with a view and without.
            let mut fresh = self
                .host
                .connect_unwatched(lane.approach.schema())
                .map_err(|error| format!("{error:#}"))?;
            let timing = self.parts.run(&mut fresh, part, lane.turn).map_err(told)?;
            return Ok((timing, None));
        }
        if !count {
            let timing = self.parts.run(lane.client, part, lane.turn).map_err(told)?;
            return Ok((timing, None));
        }
        let before = Writes::until_now(lane.client).map_err(told)?;
        let timing = self.parts.run(lane.client, part, lane.turn).map_err(told)?;
        let after = Writes::until_now(lane.client).map_err(told)?;
        Ok((timing, Some(after.since(before))))
    }
}
