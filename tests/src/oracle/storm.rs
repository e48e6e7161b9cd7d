//! Several clients write at the same time; at rest every tview equals its query.
//!
//! There is no twin: which statement fails depends on who comes first. What must not happen is checked instead: a
//! crash, an internal error, or a statement that never ends.

use std::thread;

use super::case::{Case, Command, End, Step};
use super::keeper::Keeper;
use super::run::{Oracle, Tally};
use crate::generate::{self, Options};
use crate::rng::Rng;
use crate::session::{Outcome, Session};

/// A storm's size.
#[derive(Clone, Debug)]
pub struct Storm {
    /// Seed of the first case.
    pub seed: u64,
    /// Cases.
    pub cases: usize,
    /// Clients that write at the same time.
    pub clients: usize,
    /// What to generate; its steps are those of each client.
    pub options: Options,
}

/// Runs the storm; what was tried, or what went wrong.
pub fn storm(storm: &Storm, parameters: &str, keeper: &dyn Keeper) -> Result<Tally, String> {
    let mut oracle =
        Oracle::new(parameters, keeper).map_err(|failure| format!("cannot set up: {failure}"))?;
    let mut seeds = Rng::new(storm.seed);
    let mut seed = storm.seed;
    for _ in 0..storm.cases {
        let (case, writers) = generate::writers(seed, &storm.options, storm.clients);
        let report = |what: &str| format!("{what}\nseed {seed}\n{}", listing(&case, &writers));
        let tviews = oracle
            .prepare(&case)
            .map_err(|problem| report(&problem.to_string()))?;
        let results: Vec<Result<Written, String>> = thread::scope(|scope| {
            let clients: Vec<_> = writers
                .iter()
                .map(|steps| scope.spawn(|| write(parameters, &case, steps)))
                .collect();
            clients
                .into_iter()
                .map(|client| client.join().unwrap_or_else(|_| Err("a client panicked".into())))
                .collect()
        });
        for result in results {
            let written = result.map_err(|what| report(&what))?;
            oracle.tally.commands += written.commands;
            oracle.tally.failed += written.failed;
        }
        oracle
            .compare_at_rest(&tviews)
            .map_err(|problem| report(&problem.to_string()))?;
        seed = seeds.next_u64() >> 16;
    }
    Ok(oracle.tally)
}

#[derive(Default)]
struct Written {
    commands: usize,
    failed: usize,
}

/// One client's work.
fn write(parameters: &str, case: &Case, steps: &[Step]) -> Result<Written, String> {
    let mut session = Session::connect(parameters).map_err(|failure| failure.to_string())?;
    session
        .execute(
            "SET search_path = app, public; SET client_min_messages = 'error'; \
             SET deadlock_timeout = '20ms'; SET statement_timeout = '120s'",
        )
        .map_err(|failure| failure.to_string())?;
    let mut written = Written::default();
    let mut run = |command: &Command| -> Result<(), String> {
        written.commands += 1;
        let outcome = command.run(&mut session);
        written.failed += usize::from(outcome.sqlstate().is_some());
        judge(&outcome).map_err(|what| format!("{what}\nin case {}: {}", case.seed, command.text))
    };
    for step in steps {
        match step {
            Step::Single(command) => run(command)?,
            Step::Transaction {
                begin, commands, end, ..
            } => {
                run(&Command::new(begin.as_str()))?;
                commands.iter().try_for_each(&mut run)?;
                // A prepared transaction that nobody ends would keep its locks from the others.
                run(&Command::new(match end {
                    End::Rollback => "ROLLBACK",
                    End::Commit | End::Prepare => "COMMIT",
                }))?;
            }
        }
    }
    Ok(written)
}

/// What a statement among others may end with: success, a violated constraint, a row met twice, a value that an expression of a
/// definition cannot take, a conflict with another transaction, a transaction that has failed before, a savepoint that is gone, a table
/// whose deferred checks are still to come.
fn judge(outcome: &Outcome) -> Result<(), String> {
    const ALLOWED: [&str; 10] = [
        "21000", "22", "23", "27000", "40001", "40P01", "25P02", "3B001", "0A000", "55006",
    ];
    match outcome.sqlstate() {
        Some(state) if !ALLOWED.iter().any(|allowed| state.starts_with(allowed)) => Err(outcome.to_string()),
        _ => Ok(()),
    }
}

fn listing(case: &Case, writers: &[Vec<Step>]) -> String {
    let mut text = case.script();
    for (number, steps) in writers.iter().enumerate() {
        let alone = Case {
            schema: vec![],
            data: vec![],
            tviews: vec![],
            steps: steps.clone(),
            ..case.clone()
        };
        text.push_str(&format!(
            "\n=== client {number} ===\n{}",
            super::file::print(&alone)
        ));
    }
    text
}
