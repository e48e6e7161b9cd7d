//! Several clients write at once; whenever they rest, every tview equals its query.

use std::collections::BTreeMap;
use std::thread;

use super::changes::{Change, Changes};
use super::run::{self, Options};
use super::watch::Watched;
use crate::oracle::Keeper;
use crate::rng::Rng;
use crate::session::{Failure, Outcome, Session};

/// Clients.
const WRITERS: usize = 4;

/// Rounds between which all rest.
const ROUNDS: usize = 4;

/// What PostgreSQL may answer to statements that are right but meet others, or the constraints of the tables.
const EXPECTED: [&str; 4] = ["23503", "23505", "40001", "40P01"];

/// What a storm did, and what it found.
#[derive(Debug, Default)]
pub struct Outcomes {
    /// Statements that succeeded.
    pub succeeded: usize,
    /// Statements or commits that failed, by SQLSTATE.
    pub failed: BTreeMap<String, usize>,
    /// Wrong tviews and unexpected errors: none, or the test fails.
    pub problems: Vec<String>,
}

/// Lets the clients write.
///
/// # Errors
/// When the tables or tviews can't be made or read.
pub fn storm(options: &Options, keeper: &dyn Keeper) -> Result<Outcomes, Failure> {
    let database = run::prepare("tpch_storm", options.scale, true, keeper)?;
    let mut session = run::connect(&database)?;
    let mut watched = run::create(options, keeper, &mut session)?;
    let each = options.statements / (WRITERS * ROUNDS);
    let mut all = Outcomes::default();
    for round in 0..ROUNDS {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (database, options) = (database.clone(), options.clone());
                let number = round * WRITERS + writer;
                thread::spawn(move || {
                    run::connect(&database).map(|session| Writer::new(session, &options, number).write(each))
                })
            })
            .collect();
        for writer in writers {
            match writer.join() {
                Ok(outcomes) => {
                    let outcomes = outcomes?;
                    all.succeeded += outcomes.succeeded;
                    for (sqlstate, count) in outcomes.failed {
                        *all.failed.entry(sqlstate).or_default() += count;
                    }
                    all.problems.extend(outcomes.problems);
                }
                Err(_) => all.problems.push("a writer panicked".into()),
            }
        }
        all.problems
            .extend(differences(&mut watched, &mut session, round));
    }
    Ok(all)
}

fn differences(watched: &mut [Watched], session: &mut Session, round: usize) -> Vec<String> {
    let mut found = vec![];
    for watched in watched {
        let name = watched.query.name.clone();
        let problem = match watched.compare(session) {
            Ok(differences) if differences.is_empty() => continue,
            Ok(differences) => format!("{name} differs from its query:\n  {}", differences.join("\n  ")),
            Err(failure) => format!("{name} can't be compared: {failure}"),
        };
        found.push(format!("after round {round}: {problem}"));
        if let Err(failure) = watched.repair(session) {
            found.push(format!("{name} can't be refreshed: {failure}"));
        }
    }
    found
}

struct Writer {
    session: Session,
    changes: Changes,
    rng: Rng,
    outcomes: Outcomes,
}

impl Writer {
    fn new(session: Session, options: &Options, number: usize) -> Self {
        /// Refresh streams of two writers shall not meet.
        const APART: usize = 20;
        let seed = options.seed.wrapping_add(number as u64);
        Self {
            session,
            changes: Changes::new(seed, options.scale).starting_at(number * APART),
            rng: Rng::new(!seed),
            outcomes: Outcomes::default(),
        }
    }

    fn write(mut self, statements: usize) -> Outcomes {
        let mut done = 0;
        while done < statements {
            let groups = if self.rng.chance(40) {
                self.rng.between(2, 3)
            } else {
                1
            };
            match self.transaction(groups) {
                Ok(count) => done += count,
                Err(failure) => {
                    self.failed(&failure);
                    done += 1;
                    // In an open transaction this ends it, else it is a warning.
                    let _ = self.session.run("ROLLBACK");
                }
            }
        }
        self.outcomes
    }

    /// Several statements in a transaction, or one on its own.
    fn transaction(&mut self, groups: usize) -> Result<usize, Failure> {
        const BEGIN: [&str; 3] = ["BEGIN", "BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ"];
        let changes = self.changes.next(&mut self.session)?;
        let undo = changes.iter().any(|change| change.undo);
        if groups == 1 && changes.len() == 1 && !undo {
            self.one(&changes[0])?;
            return Ok(1);
        }
        let begin = *self.rng.pick(&BEGIN);
        self.session.execute(begin)?;
        let mut keep = !undo;
        let mut done = 0;
        for change in &changes {
            self.one(change)?;
            done += 1;
        }
        for _ in 1..groups {
            for change in self.changes.next(&mut self.session)? {
                keep &= !change.undo;
                self.one(&change)?;
                done += 1;
            }
        }
        keep &= self.rng.chance(80);
        self.session.execute(if keep { "COMMIT" } else { "ROLLBACK" })?;
        Ok(done)
    }

    fn one(&mut self, change: &Change) -> Result<(), Failure> {
        let outcome = match &change.copy {
            None => self.session.run(&change.sql),
            Some(lines) => self.session.copy_in(&change.sql, lines),
        };
        match outcome {
            Outcome::Done { .. } => {
                self.outcomes.succeeded += 1;
                Ok(())
            }
            Outcome::Failed(mut failure) => {
                failure
                    .message
                    .push_str(&format!("\n  statement: {:.1000}", change.sql));
                Err(failure)
            }
        }
    }

    fn failed(&mut self, failure: &Failure) {
        *self.outcomes.failed.entry(failure.sqlstate.clone()).or_default() += 1;
        let expected = EXPECTED.contains(&failure.sqlstate.as_str());
        let of_a_tview = failure.sqlstate.starts_with("23") && failure.message.contains("tv_");
        if !expected || of_a_tview {
            self.outcomes.problems.push(failure.to_string());
        }
    }
}
