//! The subcommand `run`: set-up, the scales one after the other, results and reports.

mod block;
mod parts_block;
mod scale;
mod traffic_block;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use postgres::Client;

use crate::approach::Approach;
use crate::cli::RunOptions;
use crate::environment;
use crate::host::Host;
use crate::interrupt::Interrupt;
use crate::measure::message;
use crate::operation::Operation;
use crate::output::Output;
use crate::record::{Record, Results, Status};
use crate::report;
use crate::scale::Scale;
use crate::store;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything asked for was measured, and every tview was exact.
    Good,
    /// A tview differed from its query, or pg_tviews could not do an operation.
    Bad,
    /// Ctrl-C; what was found until then is kept.
    Interrupted,
}

/// What all parts of a run share.
pub(crate) struct Session {
    pub(crate) options: RunOptions,
    pub(crate) operations: Vec<Operation>,
    pub(crate) approaches: Vec<Approach>,
    pub(crate) host: Host,
    pub(crate) output: Output,
    pub(crate) interrupt: Interrupt,
    /// Why an approach can't be measured on this server.
    pub(crate) unavailable: BTreeMap<Approach, String>,
}

/// Runs the benchmark.
pub fn run(options: &RunOptions) -> Result<Verdict> {
    let interrupt = Interrupt::install()?;
    let resumed = options.resume.then(|| resume(options)).transpose()?;
    let host = Host::open(options, &interrupt)?;
    let output = resumed.map_or_else(|| Output::create(&options.out), Ok)?;
    let mut session = Session {
        operations: chosen(&options.operations, &Operation::ALL),
        approaches: chosen(&options.approaches, &Approach::ALL),
        options: options.clone(),
        host,
        output,
        interrupt,
        unavailable: BTreeMap::new(),
    };
    let outcome = session
        .measure()
        .map_err(|error| match session.host.last_words() {
            // The client itself has been told no more than that the connection is gone.
            Some(words) => error.context(format!("the private server said: {words}")),
            None => error,
        });
    session.finish(outcome)
}

/// The chosen items in their own order; all of them, if none was chosen.
fn chosen<T: Copy + PartialEq>(chosen: &[T], all: &[T]) -> Vec<T> {
    all.iter()
        .copied()
        .filter(|item| chosen.is_empty() || chosen.contains(item))
        .collect()
}

/// A resumed run must go on with the data that it started with.
fn resume(options: &RunOptions) -> Result<Output> {
    let output = Output::resume(&options.out)?;
    let seed = options.seed.to_string();
    match output.results().fact(None, "seed") {
        Some(before) if before != seed => {
            bail!("the run to resume has seed {before}: give --seed {before}, or start a new run")
        }
        _ => Ok(output),
    }
}

impl Session {
    fn measure(&mut self) -> Result<()> {
        let mut admin = self.host.connect("public")?;
        self.find_extensions(&mut admin)?;
        store::set_up(&mut admin)?;
        self.note_environment(&mut admin)?;
        let mut scales = self.options.scale.clone();
        scales.sort_unstable();
        scales.dedup();
        for scale in scales {
            self.measure_scale(scale, &mut admin)?;
        }
        Ok(())
    }

    /// Runs one scale, and takes its data away again whatever happens.
    fn measure_scale(&mut self, scale: Scale, admin: &mut Client) -> Result<()> {
        let outcome = scale::run(self, scale);
        self.interrupt.forget_connections();
        self.interrupt.watch(admin);
        if !self.options.keep && !self.host.is_private() || outcome.is_ok() && self.host.is_private() {
            let cleaned = scale::drop_schemas(admin, &self.approaches);
            outcome?;
            return cleaned;
        }
        outcome
    }

    fn find_extensions(&mut self, admin: &mut Client) -> Result<()> {
        for approach in self.approaches.clone() {
            let Some(extension) = approach.extension() else {
                continue;
            };
            let known = admin
                .query_opt(
                    "SELECT 1 FROM pg_available_extensions WHERE name = $1",
                    &[&extension],
                )
                .context("reading pg_available_extensions")?;
            let problem = match known {
                None => Some("not installed on this server".to_owned()),
                Some(_) => {
                    let created = admin.batch_execute(&format!("CREATE EXTENSION IF NOT EXISTS {extension}"));
                    created
                        .err()
                        .map(|error| format!("CREATE EXTENSION failed: {}", message(&error)))
                }
            };
            if let Some(problem) = problem {
                self.output
                    .say(&format!("{extension}: {problem}; the run goes on without it"));
                self.unavailable.insert(approach, problem);
            }
        }
        Ok(())
    }

    fn note_environment(&mut self, admin: &mut Client) -> Result<()> {
        let mut facts = environment::of_client();
        facts.extend(environment::of_server(admin)?);
        facts.push(("seed".to_owned(), self.options.seed.to_string()));
        let vacuum = "VACUUM (ANALYZE) of all tables after each operation's block";
        facts.push(("vacuum".to_owned(), vacuum.to_owned()));
        for (name, value) in facts {
            self.output.push_fact(Record::fact(None, &name, &value))?;
        }
        Ok(())
    }

    /// Keeps what there is, however the run ended.
    fn finish(mut self, outcome: Result<()>) -> Result<Verdict> {
        let interrupted = self.interrupt.is_raised();
        let problem = outcome.err().filter(|_| !interrupted);
        if interrupted {
            self.output
                .say("interrupted; the results so far are kept (go on with --resume)");
        }
        if !self.output.results().scales().is_empty()
            && let Err(error) = self.store_results()
        {
            self.output
                .say(&format!("the results are in the CSV only: {error:#}"));
        }
        if !self.output.results().scales().is_empty() {
            if let Some(summary) = report::terminal_summary(self.output.results()) {
                self.output.say(&format!("the answer in short:\n{summary}"));
            }
            for path in self.output.write_reports(&self.options.format)? {
                self.output.say(&format!("wrote {}", path.display()));
            }
        }
        match problem {
            Some(error) => Err(error),
            None if interrupted => Ok(Verdict::Interrupted),
            None => Ok(self.verdict()),
        }
    }

    fn store_results(&mut self) -> Result<()> {
        let mut client = self.host.connect("public")?;
        store::save(&mut client, self.output.run(), self.output.results())
    }

    /// Whether pg_tviews did all it was asked to, and exactly.
    fn verdict(&mut self) -> Verdict {
        let Some(problem) = problem_of_tviews(self.output.results()) else {
            return Verdict::Good;
        };
        self.output.say(&format!("FAILED: pg_tviews, {problem}"));
        Verdict::Bad
    }
}

/// The first reason to distrust the tview: a difference at any time, or an operation that still fails.
fn problem_of_tviews(results: &Results) -> Option<String> {
    for scale in results.scales() {
        let outcome = results.fact(Some(scale), &format!("exact: {}", Approach::Tviews.name()));
        if let Some(outcome) = outcome.filter(|outcome| outcome.starts_with("no")) {
            return Some(format!("{scale}, exact: {outcome}"));
        }
    }
    let bad = results.records.iter().find(|record| {
        let last = record.cell().and_then(|cell| results.get(cell));
        record.approach == Approach::Tviews.name()
            && (record.exact == "no" || last.is_some_and(|last| last.status == Some(Status::Failed)))
    })?;
    Some(format!("{}, {}: {}", bad.scale, bad.operation, bad.note))
}

#[cfg(test)]
mod tests {
    use super::{chosen, problem_of_tviews};
    use crate::approach::Approach;
    use crate::operation::Operation;
    use crate::record::tests::measured;
    use crate::record::{Cell, Record, Results, Status};
    use crate::scale::Scale;

    #[test]
    fn a_difference_or_a_lasting_failure_of_the_tview_fails_the_run() {
        let (scale, approach) = (Scale::Small, Approach::Tviews);
        let good = || measured(scale, Operation::Stock, approach, 1, 0.1);
        let failed = || {
            Record::result(
                Cell {
                    scale,
                    operation: Operation::Stock,
                    approach,
                    clients: 1,
                },
                Status::Failed,
            )
        };
        let differs = || Record {
            exact: "no".to_owned(),
            ..good()
        };
        let fact = |text| Record::fact(Some(scale), "exact: pg_tviews", text);
        let problem = |records: Vec<Record>| problem_of_tviews(&Results { records });
        assert_eq!(
            problem(vec![failed(), good(), fact("yes, after all operations")]),
            None
        );
        assert!(problem(vec![good(), failed()]).is_some());
        assert!(problem(vec![differs(), good()]).is_some());
        assert!(problem(vec![good(), fact("no, after all operations")]).is_some());
        let other = Record {
            approach: Approach::PgIvm.name().to_owned(),
            ..failed()
        };
        assert_eq!(problem(vec![good(), other]), None);
    }

    #[test]
    fn a_choice_keeps_the_order_of_the_whole() {
        assert_eq!(chosen(&[3, 1], &[1, 2, 3]), [1, 3]);
        assert_eq!(chosen(&[], &[1, 2, 3]), [1, 2, 3]);
    }
}
