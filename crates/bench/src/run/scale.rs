//! One scale: data, views, the operations' blocks, a last look at every table.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use postgres::Client;

use super::Session;
use super::traffic_block;
use crate::approach::Approach;
use crate::data::Catalogue;
use crate::load;
use crate::measure::message;
use crate::operation::{Kind, Operation};
use crate::record::{Cell, Record, Status};
use crate::scale::{Effort, Scale};
use crate::stats::summarise;
use crate::views;

/// What the parts of one scale share.
pub(crate) struct ScaleRun<'s> {
    pub(crate) session: &'s mut Session,
    pub(crate) scale: Scale,
    pub(crate) effort: Effort,
    pub(crate) catalogue: Catalogue,
    /// One connection for each approach that is measured.
    pub(crate) clients: BTreeMap<Approach, Client>,
}

/// Measures everything at `scale` that the session asks for and doesn't have yet.
pub(crate) fn run(session: &mut Session, scale: Scale) -> Result<()> {
    let seed = session.options.seed;
    let mut run = ScaleRun {
        scale,
        effort: scale.effort(),
        catalogue: Catalogue {
            seed,
            size: scale.size(),
        },
        clients: BTreeMap::new(),
        session,
    };
    if run.nothing_left() {
        run.session
            .output
            .say(&format!("{scale}: everything is measured already"));
        return Ok(());
    }
    let start = Instant::now();
    run.connect_and_load()?;
    run.create_views()?;
    for operation in run.session.operations.clone() {
        match operation.kind() {
            Kind::Create => {}
            Kind::Statement => run.block(operation)?,
            Kind::Parts(group) => run.parts_block(group)?,
            Kind::Traffic(traffic) => traffic_block::run(&mut run, operation, traffic)?,
        }
    }
    run.final_checks()?;
    let seconds = start.elapsed().as_secs();
    run.session.output.say(&format!(
        "{scale}: done in {} min {} s",
        seconds / 60,
        seconds % 60
    ));
    run.session
        .output
        .push(Record::fact(Some(scale), "run time (s)", &seconds.to_string()))
}

/// Takes the data of all approaches away.
pub(crate) fn drop_schemas(admin: &mut Client, approaches: &[Approach]) -> Result<()> {
    for approach in approaches {
        let schema = approach.schema();
        admin
            .batch_execute(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE"))
            .with_context(|| format!("cannot drop the schema {schema}"))?;
    }
    Ok(())
}

impl ScaleRun<'_> {
    /// The approaches whose extension is there.
    pub(crate) fn available(&self) -> Vec<Approach> {
        let session = &self.session;
        let known = |approach: &Approach| !session.unavailable.contains_key(approach);
        session.approaches.iter().copied().filter(known).collect()
    }

    pub(crate) fn cell(&self, operation: Operation, approach: Approach, clients: u32) -> Cell {
        Cell {
            scale: self.scale,
            operation,
            approach,
            clients,
        }
    }

    fn nothing_left(&self) -> bool {
        self.session.operations.iter().all(|&operation| {
            let clients = operation.client_counts(&self.session.options.clients);
            self.session.approaches.iter().all(|&approach| {
                clients
                    .iter()
                    .all(|&count| self.session.output.has(self.cell(operation, approach, count)))
            })
        })
    }

    /// Records why an approach is not measured in an operation, and says whether there is such a reason.
    pub(crate) fn leave_out(
        &mut self,
        operation: Operation,
        approach: Approach,
        clients: u32,
    ) -> Result<bool> {
        let cell = self.cell(operation, approach, clients);
        let refreshes = approach.refresh_statement().is_some();
        let (status, note) = if let Some(problem) = self.session.unavailable.get(&approach) {
            (Status::Unavailable, problem.clone())
        } else if !operation.expressible_by(approach) {
            (Status::NotExpressible, String::new())
        } else if let Some(reason) = operation.left_out(approach) {
            (Status::NotMeasured, reason.to_owned())
        } else if refreshes && !self.effort.refresh_everywhere && operation != Operation::Price1 {
            (
                Status::NotMeasured,
                "a refresh costs the same whatever changed".to_owned(),
            )
        } else {
            return Ok(false);
        };
        if !self.session.output.has(cell) {
            let mut record = Record::result(cell, status);
            record.note = note;
            self.session.output.push(record)?;
        }
        Ok(true)
    }

    fn connect_and_load(&mut self) -> Result<()> {
        let mut loaded: Vec<&str> = Vec::new();
        for approach in self.available() {
            let mut client = self.session.host.connect(approach.schema())?;
            if !loaded.contains(&approach.schema()) {
                let start = Instant::now();
                let bar = self.session.output.bar(1);
                load::load(
                    &mut client,
                    approach.schema(),
                    &self.catalogue,
                    &self.session.interrupt,
                    &bar,
                )?;
                bar.finish_and_clear();
                loaded.push(approach.schema());
                self.session.output.say(&format!(
                    "{}: {} loaded in {:.1} s",
                    self.scale,
                    approach.schema(),
                    start.elapsed().as_secs_f64()
                ));
            }
            self.clients.insert(approach, client);
        }
        Ok(())
    }

    /// Makes every view, timed, in rounds like everything else; the last one made stays.
    fn create_views(&mut self) -> Result<()> {
        let shared = self.session.approaches.contains(&Approach::Refresh);
        let mut timings: BTreeMap<Approach, Vec<Duration>> = BTreeMap::new();
        let mut given_up = Vec::new();
        for round in 0..self.effort.create {
            for approach in self.available() {
                self.session.interrupt.check()?;
                if approach == Approach::RefreshConcurrently && shared {
                    continue;
                }
                let outcome = self.create_view(approach, round);
                self.session.interrupt.check()?;
                match outcome {
                    Ok(timing) => timings.entry(approach).or_default().push(timing),
                    Err(problem) => {
                        self.give_up(approach, problem)?;
                        given_up.push(approach);
                    }
                }
            }
        }
        for approach in self.session.approaches.clone() {
            if given_up.contains(&approach) {
                continue;
            }
            if approach == Approach::RefreshConcurrently && shared {
                self.record_shared_creation(approach)?;
            } else {
                let timings = timings.remove(&approach).unwrap_or_default();
                self.record_creation(approach, &timings, None)?;
            }
        }
        self.check_views(Operation::Create)
    }

    /// Without its view an approach has nothing to measure.
    fn give_up(&mut self, approach: Approach, problem: String) -> Result<()> {
        self.record_creation(approach, &[], Some(&problem))?;
        self.clients.remove(&approach);
        self.session
            .unavailable
            .insert(approach, format!("no view: {problem}"));
        Ok(())
    }

    /// Makes the view of `approach` and times it; in the last round also what belongs to it.
    fn create_view(&mut self, approach: Approach, round: usize) -> Result<Duration, String> {
        let last = round + 1 == self.effort.create;
        let Some(client) = self.clients.get_mut(&approach) else {
            return Err("no connection".to_owned());
        };
        let told = |error: postgres::Error| message(&error);
        if round > 0 {
            client.batch_execute(&views::drop(approach)).map_err(told)?;
        }
        let start = Instant::now();
        for statement in views::create(approach) {
            client.batch_execute(&statement).map_err(told)?;
        }
        let timing = start.elapsed();
        if last && approach == Approach::NoView {
            client.batch_execute(&views::drop(approach)).map_err(told)?;
        } else if last {
            for statement in views::complete(approach) {
                client.batch_execute(&statement).map_err(told)?;
            }
            load::vacuum(client, Some(views::table(approach))).map_err(|error| format!("{error:#}"))?;
        }
        Ok(timing)
    }

    fn record_creation(
        &mut self,
        approach: Approach,
        timings: &[Duration],
        problem: Option<&str>,
    ) -> Result<()> {
        let cell = self.cell(Operation::Create, approach, 1);
        if !self.session.operations.contains(&Operation::Create) && problem.is_none()
            || self.session.output.has(cell)
        {
            return Ok(());
        }
        let record = match (summarise(timings), problem) {
            (Some(summary), None) => Record::result(cell, Status::Ok).with_summary(&summary),
            (_, Some(problem)) => {
                let mut record = Record::result(cell, Status::Failed);
                record.note = problem.to_owned();
                record
            }
            (None, None) => {
                let mut record = Record::result(cell, Status::Unavailable);
                record.note = self
                    .session
                    .unavailable
                    .get(&approach)
                    .cloned()
                    .unwrap_or_default();
                record
            }
        };
        self.tell(Operation::Create, std::slice::from_ref(&record));
        self.session.output.push(record)
    }

    fn record_shared_creation(&mut self, approach: Approach) -> Result<()> {
        let cell = self.cell(Operation::Create, approach, 1);
        if self.session.operations.contains(&Operation::Create) && !self.session.output.has(cell) {
            let mut record = Record::result(cell, Status::NotMeasured);
            record.note = "the same materialized view as for REFRESH".to_owned();
            self.session.output.push(record)?;
        }
        Ok(())
    }

    /// Compares the tview with its query, and fails the run's verdict where they differ.
    fn check_views(&mut self, operation: Operation) -> Result<()> {
        let Some((exact, note)) = self.check_tview()? else {
            return Ok(());
        };
        self.report_check(Approach::Tviews, operation.title(), exact, &note)?;
        let size = self.document_size()?;
        self.session
            .output
            .push_fact(Record::fact(Some(self.scale), "average document (bytes)", &size))
    }

    /// Whether the tview equals its query, asked in two ways; nothing if there is no tview.
    pub(crate) fn check_tview(&mut self) -> Result<Option<(bool, String)>> {
        let (texts, verify) = (self.effort.compare_texts, self.effort.verify_each);
        let Some(client) = self.clients.get_mut(&Approach::Tviews) else {
            return Ok(None);
        };
        let differences = views::count_differences(client, Approach::Tviews, texts)?;
        if differences > 0 {
            return Ok(Some((
                false,
                format!("EXCEPT ALL finds {differences} differences"),
            )));
        }
        if verify && let Some(problem) = views::tview_differences(client)? {
            return Ok(Some((false, format!("pg_tviews_verify reports {problem}"))));
        }
        Ok(Some((true, String::new())))
    }

    /// Notes a difference as a fact of the scale; says nothing where all is well.
    fn report_check(&mut self, approach: Approach, when: &str, exact: bool, note: &str) -> Result<()> {
        if exact {
            return Ok(());
        }
        let line = format!(
            "{}: {} is not exact after {when}: {note}",
            self.scale,
            approach.name()
        );
        self.session.output.say(&line);
        let name = format!("exact: {}", approach.name());
        self.session.output.push(Record::fact(
            Some(self.scale),
            &name,
            &format!("no, after {when}: {note}"),
        ))
    }

    fn document_size(&mut self) -> Result<String> {
        let Some(client) = self.clients.get_mut(&Approach::Tviews) else {
            return Ok(String::new());
        };
        let row = client.query_one("SELECT round(avg(length(data::text)))::text FROM tv_product", &[])?;
        Ok(row.get(0))
    }

    /// Compares every table of documents with its query once more.
    fn final_checks(&mut self) -> Result<()> {
        for approach in self.available() {
            if approach == Approach::NoView || approach.refresh_statement().is_some() {
                continue;
            }
            self.session.interrupt.check()?;
            let texts = self.effort.compare_texts;
            let Some(client) = self.clients.get_mut(&approach) else {
                continue;
            };
            let mut differences = views::count_differences(client, approach, texts)?.to_string();
            if approach == Approach::Tviews
                && let Some(problem) = views::tview_differences(client)?
            {
                differences = problem;
            }
            let exact = differences == "0";
            if exact {
                let name = format!("exact: {}", approach.name());
                let fact = Record::fact(Some(self.scale), &name, "yes, after all operations");
                self.session.output.push_fact(fact)?;
            }
            self.report_check(
                approach,
                "all operations",
                exact,
                &format!("{differences} differences"),
            )?;
        }
        Ok(())
    }
}
