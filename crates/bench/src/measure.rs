//! Timing one operation's block: all approaches take turns, so that whatever else the machine does hits all alike.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use postgres::types::ToSql;
use postgres::{Client, Statement};

use crate::approach::Approach;
use crate::interrupt::Interrupt;
use crate::operation::{Operation, Weight};
use crate::workload::{Parameter, Workload};
use crate::writes::{Counted, Writes};

/// One approach's part in a block.
pub struct Lane<'c> {
    /// Whose part it is.
    pub approach: Approach,
    /// The process id of its backend.
    pub backend: i32,
    client: &'c mut Client,
    statement: Statement,
    refresh: Option<Statement>,
    turn: u64,
    spent: Duration,
    /// What was measured.
    pub timings: Vec<Duration>,
    /// What was written by runs that are not among the timings, or by all of them where each is a refresh.
    pub counted: Counted,
    /// Why it stopped, if an error made it stop.
    pub error: Option<String>,
}

/// How long and how often to measure in one block.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Measured runs of each lane.
    pub repetitions: usize,
    /// Unmeasured runs before them.
    pub warm_up: usize,
    /// A lane that has taken this long stops, unless it has fewer than [`FEWEST`] runs.
    pub limit: Duration,
}

/// A slow lane runs at least this often, if the plan has as many.
pub const FEWEST: usize = 5;
/// Runs on one document that a lane does before the next lane's turn: caches then are as warm as with a single user.
pub const SINGLE_RUN_LENGTH: usize = 10;

impl<'c> Lane<'c> {
    /// Prepares the operation's statement. `first_turn` keeps lanes on the same tables from using the same keys.
    pub fn prepare(
        approach: Approach,
        client: &'c mut Client,
        operation: Operation,
        first_turn: u64,
    ) -> Result<Lane<'c>, postgres::Error> {
        let statement = client.prepare(operation.statement())?;
        let refresh = approach
            .refresh_statement()
            .map(|sql| client.prepare(sql))
            .transpose()?;
        let backend = client.query_one("SELECT pg_backend_pid()", &[])?.get(0);
        Ok(Lane {
            approach,
            backend,
            client,
            statement,
            refresh,
            turn: first_turn,
            spent: Duration::ZERO,
            timings: Vec::new(),
            counted: Counted::default(),
            error: None,
        })
    }

    /// One run, timed from the call until the answer.
    fn run(&mut self, workload: &Workload) -> Option<Duration> {
        let parameters = workload.parameters(self.turn);
        self.turn += 1;
        let parameters = references(&parameters);
        let start = Instant::now();
        let mut outcome = self.client.execute(&self.statement, &parameters);
        if let (Ok(_), Some(refresh)) = (&outcome, &self.refresh) {
            outcome = self.client.execute(refresh, &[]);
        }
        let timing = start.elapsed();
        self.spent += timing;
        match outcome {
            // Every run must do something: a run that finds no row would make the figures look good.
            Ok(0) if self.refresh.is_none() => {
                self.error = Some("the statement changed no row".to_owned());
                None
            }
            Ok(_) => Some(timing),
            Err(error) => {
                self.error = Some(message(&error));
                None
            }
        }
    }

    /// One run, with what it writes.
    fn run_counted(&mut self, workload: &Workload) -> Option<Duration> {
        let written = |client: &mut Client| Writes::until_now(client).map_err(|error| message(&error));
        let before = written(self.client);
        let timing = self.run(workload)?;
        match before.and_then(|before| Ok(written(self.client)?.since(before))) {
            Ok(writes) => self.counted.add(writes),
            Err(problem) => self.error = Some(problem),
        }
        Some(timing)
    }

    fn wants_more(&self, plan: &Plan) -> bool {
        self.error.is_none()
            && self.timings.len() < plan.repetitions
            && (self.spent < plan.limit || self.timings.len() < FEWEST)
    }
}

/// The server's message, with its detail, on one line.
pub fn message(error: &postgres::Error) -> String {
    let Some(database) = error.as_db_error() else {
        return error.to_string();
    };
    let mut text = format!("{}: {}", database.code().code(), database.message());
    if let Some(detail) = database.detail() {
        text = format!("{text} ({detail})");
    }
    text.replace('\n', " ")
}

/// Parameters in the form in which the client library takes them.
pub fn references(parameters: &[Parameter]) -> Vec<&(dyn ToSql + Sync)> {
    parameters.iter().map(AsRef::as_ref).collect()
}

/// Runs a block. Every lane gets its runs or its error; Ctrl-C ends the block early.
pub fn run_block(
    lanes: &mut [Lane<'_>],
    operation: Operation,
    workload: &Workload,
    plan: &Plan,
    interrupt: &Interrupt,
    bar: &ProgressBar,
) {
    warm_up(lanes, workload, plan, interrupt);
    let length = if operation.weight() == Weight::Single {
        SINGLE_RUN_LENGTH
    } else {
        1
    };
    let mut round = 0;
    while !interrupt.is_raised() && lanes.iter().any(|lane| lane.wants_more(plan)) {
        for offset in 0..lanes.len() {
            // Another lane goes first each time, or one lane would always follow the heaviest one.
            let index = (round + offset) % lanes.len();
            run_turn(&mut lanes[index], length, workload, plan, interrupt);
        }
        round += 1;
        bar.inc(1);
    }
    for lane in lanes.iter_mut().filter(|lane| lane.refresh.is_none()) {
        for _ in 0..operation.counted_runs() {
            if lane.error.is_some() || interrupt.is_raised() {
                break;
            }
            lane.run_counted(workload);
        }
    }
}

fn warm_up(lanes: &mut [Lane<'_>], workload: &Workload, plan: &Plan, interrupt: &Interrupt) {
    for lane in lanes {
        for _ in 0..plan.warm_up {
            if lane.error.is_some() || lane.spent > plan.limit / 4 || interrupt.is_raised() {
                break;
            }
            lane.run(workload);
        }
        lane.spent = Duration::ZERO;
    }
}

fn run_turn(lane: &mut Lane<'_>, length: usize, workload: &Workload, plan: &Plan, interrupt: &Interrupt) {
    for _ in 0..length {
        if !lane.wants_more(plan) || interrupt.is_raised() {
            return;
        }
        // A refresh takes so long that counting doesn't show.
        let timing = if lane.refresh.is_some() {
            lane.run_counted(workload)
        } else {
            lane.run(workload)
        };
        lane.timings.extend(timing);
    }
}
