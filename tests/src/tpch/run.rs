//! A run: tviews of the queries, and statements after each of which they are compared with their queries.

use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, Instant};

use super::changes::{Change, Changes};
use super::queries::Query;
use super::schema::{PLANT, SCHEMA, Table};
use super::watch::Watched;
use super::{data, queries};
use crate::oracle::{CreateForm, Keeper};
use crate::rng::Rng;
use crate::server;
use crate::session::{CONNECTION_LOST, Failure, Outcome, Session};

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Determines everything.
    pub seed: u64,
    /// Scale factor of the data.
    pub scale: f64,
    /// Number of statements that change tables.
    pub statements: usize,
    /// Names of queries; all if empty.
    pub wanted: Vec<String>,
}

impl Options {
    /// These, unless the environment says otherwise; `with_scale` whether that goes for scale factor and statements.
    ///
    /// # Panics
    /// When a variable is no number.
    pub fn from_environment(seed: u64, scale: f64, statements: usize, with_scale: bool) -> Self {
        let number = |name: &str| {
            let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
            let number: f64 = text
                .parse()
                .unwrap_or_else(|_| panic!("{name} is not a number: {text}"));
            Some(number)
        };
        let sized = |name: &str| number(name).filter(|_| with_scale);
        let wanted = std::env::var("TPCH_QUERIES").unwrap_or_default();
        Self {
            seed: number("TPCH_SEED").map_or(seed, |seed| seed as u64),
            scale: sized("TPCH_SCALE").unwrap_or(scale),
            statements: sized("TPCH_STATEMENTS").map_or(statements, |count| count as usize),
            wanted: wanted
                .split(',')
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
        }
    }
}

/// After so many defects a run ends.
const MOST_PROBLEMS: usize = 12;

/// A statement that takes longer than this is a defect of its own.
const TIMEOUT: &str = "SET statement_timeout = '10min'";

/// After so many statements a run says how far it is.
const REPORT_EVERY: usize = 500;

const FOREIGN_KEY_VIOLATION: &str = "23503";
const UNIQUE_VIOLATION: &str = "23505";

/// What a run did, and what it found.
#[derive(Debug)]
pub struct Summary {
    /// The seed.
    pub seed: u64,
    /// The tviews.
    pub watched: Vec<Watched>,
    /// Statements that changed tables.
    pub statements: usize,
    /// Statements that a constraint of the tables refused.
    pub failed: usize,
    /// Changes that were rolled back, wholly or to a savepoint.
    pub rolled_back: usize,
    /// Time that the statements took, maintenance included.
    pub written: Duration,
    /// Refused queries and wrong tviews: none, or the test fails.
    pub problems: Vec<String>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "seed {}: {} statements ({} failed, {} roll-backs) in {:.1} s",
            self.seed,
            self.statements,
            self.failed,
            self.rolled_back,
            self.written.as_secs_f64()
        )?;
        for watched in &self.watched {
            writeln!(f, "{watched}")?;
        }
        for problem in &self.problems {
            writeln!(f, "=== {problem}")?;
        }
        Ok(())
    }
}

/// Makes an empty database with the tables of this scale factor.
///
/// # Errors
/// When a statement fails.
pub fn prepare(label: &str, scale: f64, plant: bool, keeper: &dyn Keeper) -> Result<String, Failure> {
    let database = server::create_database(label);
    let mut session = server::connect(server::SUPERUSER, &database);
    keeper.install(&mut session)?;
    session.execute(SCHEMA)?;
    data::load(&mut session, scale)?;
    if plant {
        session.execute(PLANT)?;
    }
    session.execute("VACUUM ANALYZE")?;
    Ok(database)
}

/// A client of such a database.
///
/// # Errors
/// When a setting is refused.
pub fn connect(database: &str) -> Result<Session, Failure> {
    let mut session = server::connect(server::SUPERUSER, database);
    session.execute(&format!("{TIMEOUT}; SET client_min_messages = 'error'"))?;
    Ok(session)
}

/// Carries out a run.
///
/// # Errors
/// When the tables can't be made; what is wrong with tviews is in the summary.
pub fn run(options: &Options, keeper: &dyn Keeper) -> Result<Summary, Failure> {
    let database = prepare("tpch", options.scale, true, keeper)?;
    let mut run = Run {
        keeper,
        sessions: vec![connect(&database)?, connect(&database)?],
        changes: Changes::new(options.seed, options.scale),
        rng: Rng::new(options.seed ^ 0x7c),
        log: vec![],
        reads: 100,
        summary: Summary {
            seed: options.seed,
            watched: vec![],
            statements: 0,
            failed: 0,
            rolled_back: 0,
            written: Duration::ZERO,
            problems: vec![],
        },
    };
    run.create(options);
    while run.summary.statements < options.statements && run.goes_on() {
        let before = run.summary.statements;
        if let Err(failure) = run.step() {
            // The sources can't be read, or a transaction can't end.
            run.problem(&format!("the run can't go on: {failure}"));
            return Ok(run.summary);
        }
        if run.summary.statements / REPORT_EVERY > before / REPORT_EVERY {
            let (statements, problems) = (run.summary.statements, &run.summary.problems);
            println!("seed {}: {statements} statements, {problems:#?}", options.seed);
        }
    }
    run.finish();
    Ok(run.summary)
}

/// The queries of a run, and how each becomes a tview.
fn wanted(options: &Options) -> Vec<(Query, CreateForm)> {
    let forms = [CreateForm::CreateTableAs, CreateForm::Function]
        .into_iter()
        .cycle();
    queries::all(options.scale, true)
        .into_iter()
        .zip(forms)
        .filter(|(query, _)| options.wanted.is_empty() || options.wanted.contains(&query.name))
        .collect()
}

/// Makes the tviews.
///
/// # Errors
/// When one is refused.
pub fn create(
    options: &Options,
    keeper: &dyn Keeper,
    session: &mut Session,
) -> Result<Vec<Watched>, Failure> {
    wanted(options)
        .into_iter()
        .map(|(query, form)| Watched::create(query, form, keeper, session))
        .collect()
}

struct Run<'a> {
    keeper: &'a dyn Keeper,
    /// Two backends write in turn: what one has cached, the other makes stale.
    sessions: Vec<Session>,
    changes: Changes,
    rng: Rng,
    /// What has been done since the last step began.
    log: Vec<String>,
    /// How many in a hundred statements of the open transaction are followed by a comparison: one that reads nothing is maintained at its end.
    reads: usize,
    summary: Summary,
}

/// A place that an open transaction can return to, and the tables that have changed since.
struct Savepoint {
    name: String,
    touched: BTreeSet<Table>,
}

impl Run<'_> {
    fn goes_on(&self) -> bool {
        self.summary.problems.len() < MOST_PROBLEMS
    }

    fn create(&mut self, options: &Options) {
        for (query, form) in wanted(options) {
            let name = query.name.clone();
            match Watched::create(query, form, self.keeper, &mut self.sessions[0]) {
                Ok(watched) => self.summary.watched.push(watched),
                Err(failure) => self
                    .summary
                    .problems
                    .push(format!("{name} does not become a tview: {failure}")),
            }
        }
        self.compare(0, &Table::ALL.into());
        for watched in &self.summary.watched {
            if watched.with_rows == 0 {
                let name = &watched.query.name;
                let problem = format!("{name} has no row without NULLs: it can't show anything");
                self.summary.problems.push(problem);
            }
        }
    }

    /// Statements on their own, or a transaction.
    fn step(&mut self) -> Result<(), Failure> {
        self.log.clear();
        let backend = self.rng.below(self.sessions.len());
        if self.rng.chance(35) {
            return self.transaction(backend);
        }
        let changes = self.changes.next(&mut self.sessions[backend])?;
        if changes.iter().any(|change| change.undo) {
            self.control(backend, "BEGIN")?;
            let touched = self.all(backend, &changes).1;
            return self.end(backend, "ROLLBACK", &touched);
        }
        let (succeeded, touched) = self.all(backend, &changes);
        if !succeeded {
            self.compare(backend, &touched);
        }
        Ok(())
    }

    fn transaction(&mut self, backend: usize) -> Result<(), Failure> {
        const BEGIN: [&str; 4] = [
            "BEGIN",
            "BEGIN",
            "BEGIN ISOLATION LEVEL REPEATABLE READ",
            "BEGIN ISOLATION LEVEL SERIALIZABLE",
        ];
        let begin = *self.rng.pick(&BEGIN);
        self.control(backend, begin)?;
        self.reads = *self.rng.pick(&[100, 100, 50, 0]);
        let mut open = vec![Savepoint {
            name: String::new(),
            touched: BTreeSet::new(),
        }];
        let groups = self.rng.between(2, 4);
        // Something that must not last is left to the end of the transaction.
        let mut doomed = false;
        for number in 0..groups {
            let changes = self.changes.next(&mut self.sessions[backend])?;
            let undo = changes.iter().any(|change| change.undo);
            if undo || self.rng.chance(70) {
                let name = format!("s{number}");
                self.control(backend, &format!("SAVEPOINT {name}"))?;
                open.push(Savepoint {
                    name,
                    touched: BTreeSet::new(),
                });
            }
            let (succeeded, touched) = self.all(backend, &changes);
            for savepoint in &mut open {
                savepoint.touched.extend(&touched);
            }
            let nested = open.len() > 1;
            if !nested && !succeeded {
                return self.end(backend, "ROLLBACK", &open[0].touched);
            }
            let lasts = undo && succeeded && self.rng.chance(40);
            doomed |= lasts;
            if nested && (undo && !lasts || !succeeded || self.rng.chance(30)) {
                // What has to be undone at once came last; else any place will do.
                let last = open.len() - 1;
                let place = if undo && !lasts || !succeeded {
                    last
                } else {
                    self.rng.between(1, last)
                };
                open.truncate(place + 1);
                let target = &open[place];
                let (sql, touched) = (format!("ROLLBACK TO {}", target.name), target.touched.clone());
                self.end(backend, &sql, &touched)?;
            } else if nested && self.rng.chance(30) {
                let released = open.pop().expect("a savepoint").name;
                self.control(backend, &format!("RELEASE {released}"))?;
            }
        }
        let end = if !doomed && self.rng.chance(60) {
            "COMMIT"
        } else {
            "ROLLBACK"
        };
        self.end(backend, end, &open[0].touched)
    }

    fn control(&mut self, backend: usize, sql: &str) -> Result<(), Failure> {
        self.log.push(sql.to_owned());
        // What is left to the end of a transaction can fail there.
        self.sessions[backend].execute(sql)
    }

    /// The end of a transaction or a return within it, and what has to be right afterwards.
    fn end(&mut self, backend: usize, sql: &str, touched: &BTreeSet<Table>) -> Result<(), Failure> {
        self.summary.rolled_back += usize::from(sql.starts_with("ROLLBACK"));
        self.control(backend, sql)?;
        if !sql.starts_with("ROLLBACK TO") {
            self.reads = 100;
        }
        if self.rng.chance(self.reads) {
            self.compare(backend, touched);
        }
        Ok(())
    }

    /// Carries out statements up to the first that fails, and says whether none does and which tables they touch.
    fn all(&mut self, backend: usize, changes: &[Change]) -> (bool, BTreeSet<Table>) {
        let mut touched = BTreeSet::new();
        for change in changes {
            touched.extend(&change.touched);
            if !self.one(backend, change) {
                return (false, touched);
            }
        }
        (true, touched)
    }

    fn one(&mut self, backend: usize, change: &Change) -> bool {
        self.log.push(change.sql.clone());
        self.summary.statements += 1;
        let start = Instant::now();
        let session = &mut self.sessions[backend];
        let outcome = match &change.copy {
            None => session.run(&change.sql),
            Some(lines) => session.copy_in(&change.sql, lines),
        };
        self.summary.written += start.elapsed();
        let Outcome::Failed(failure) = outcome else {
            if self.rng.chance(self.reads) {
                self.compare(backend, &change.touched);
            }
            return true;
        };
        self.summary.failed += 1;
        let by_constraint = [FOREIGN_KEY_VIOLATION, UNIQUE_VIOLATION].contains(&failure.sqlstate.as_str());
        if !by_constraint || failure.message.contains("tv_") {
            self.problem(&format!("a statement fails: {failure}"));
        }
        false
    }

    /// Compares the tviews that read one of the tables.
    fn compare(&mut self, backend: usize, touched: &BTreeSet<Table>) {
        let mut found = vec![];
        let session = &mut self.sessions[backend];
        for watched in &mut self.summary.watched {
            if watched.query.tables.is_disjoint(touched) {
                continue;
            }
            let name = watched.query.name.clone();
            match watched.compare(session) {
                Ok(differences) if differences.is_empty() => {}
                Ok(differences) => {
                    found.push(format!(
                        "{name} differs from its query:\n  {}",
                        differences.join("\n  ")
                    ));
                    if let Err(failure) = watched.repair(session) {
                        found.push(format!("{name} can't be refreshed: {failure}"));
                        break;
                    }
                }
                Err(failure) => {
                    let lost = failure.sqlstate == CONNECTION_LOST;
                    found.push(format!("{name} can't be compared: {failure}"));
                    if lost {
                        break;
                    }
                }
            }
        }
        for text in found {
            self.problem(&text);
        }
    }

    fn problem(&mut self, text: &str) {
        const LONGEST: usize = 2000;
        let log: Vec<String> = self
            .log
            .iter()
            .map(|sql| sql.chars().take(LONGEST).collect())
            .collect();
        let number = self.summary.statements;
        let text = format!("at statement {number}: {text}\nafter:\n  {}", log.join(";\n  "));
        self.summary.problems.push(text);
    }

    /// The extension's own opinion at the end.
    fn finish(&mut self) {
        self.log.clear();
        self.compare(0, &Table::ALL.into());
        let mut found = vec![];
        for watched in &self.summary.watched {
            match watched.verify(self.keeper, &mut self.sessions[0]) {
                Ok(rows) if rows.is_empty() => {}
                Ok(rows) => found.push(format!(
                    "verify reports for {}:\n  {}",
                    watched.query.name,
                    rows.join("\n  ")
                )),
                Err(failure) => found.push(format!("{} can't be verified: {failure}", watched.query.name)),
            }
        }
        for text in found {
            self.problem(&text);
        }
    }
}
