//! Runs one case.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::case::{Case, Command, Definition, End, Step};
use super::compare;
use super::keeper::Keeper;
use crate::session::{CONNECTION_LOST, Failure, Outcome, Session};

/// What kind of thing went wrong; a shrunk case has to fail in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The schema or the data could not be set up, with this SQLSTATE: the generator is wrong.
    Setup(String),
    /// Creation failed with this SQLSTATE although the query alone runs, and it is no refusal.
    Creation(String),
    /// A definition was refused for this reason, which is none of those that are known.
    Refusal(String),
    /// A tview and its defining query differ.
    Difference,
    /// `pg_tviews_verify` reports rows although there is no difference, or fails.
    Verify,
    /// A command ended with this in `app`, and otherwise in `twin`.
    Outcome(String),
    /// The source tables differ from those in `twin`.
    Sources,
    /// A tview could not be dropped, or something stayed behind after drop or refusal.
    LeftBehind,
    /// The server crashed.
    Crash,
}

/// A failed case.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What kind it is.
    pub kind: ProblemKind,
    /// Step at which it was seen; the number of steps when it was seen at the end.
    pub step: usize,
    /// Where and how.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at step {}: {}", self.kind, self.step, self.text)
    }
}

/// What has been tried.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Cases.
    pub cases: usize,
    /// Commands after creation.
    pub commands: usize,
    /// Commands that failed, in both schemas alike.
    pub failed: usize,
    /// Definitions tried.
    pub definitions: usize,
    /// Definitions that fail without a tview, too: the generator made nonsense.
    pub invalid: usize,
    /// Nonsense by what PostgreSQL says to it.
    pub nonsense: BTreeMap<String, usize>,
    /// Definitions refused with `0A000`.
    pub refused: usize,
    /// Refusals by their text.
    pub reasons: BTreeMap<String, usize>,
    /// How the tviews are maintained.
    pub ways: BTreeMap<String, usize>,
    /// Cases that ended early because a definition raised an error for new data.
    pub raised: usize,
    /// Comparisons made.
    pub comparisons: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} cases, {} definitions ({} refused, {} invalid), {} commands ({} failed alike), {} comparisons, \
             {} cases ended by an error in the definition",
            self.cases,
            self.definitions,
            self.refused,
            self.invalid,
            self.commands,
            self.failed,
            self.comparisons,
            self.raised
        )?;
        for (way, count) in &self.ways {
            write!(f, "\n  {count} x {way}")?;
        }
        for (word, counts) in [("refused", &self.reasons), ("nonsense", &self.nonsense)] {
            let mut reasons: Vec<_> = counts.iter().collect();
            reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            for (reason, count) in reasons.iter().take(10) {
                write!(f, "\n  {count} x {word}: {reason}")?;
            }
        }
        Ok(())
    }
}

/// Why random definitions may be refused; any other refusal is a defect.
const REFUSALS: [&str; 4] = [
    "whose equal values can be written differently",
    "extra_float_digits",
    "a crash empties unlogged tables",
    "which its text can't name",
];

/// A client of `app` and one of `twin` that do the same.
struct Pair {
    app: Session,
    twin: Session,
}

/// Runs cases in one database.
pub struct Oracle<'a> {
    keeper: &'a dyn Keeper,
    parameters: String,
    pairs: Vec<Pair>,
    /// What tells its prepared transactions from those of others on the same server.
    number: usize,
    /// What has been tried so far.
    pub tally: Tally,
}

/// Whether the case goes on.
enum Progress {
    On,
    End,
}

impl<'a> Oracle<'a> {
    /// An oracle over a fresh database.
    pub fn new(parameters: &str, keeper: &'a dyn Keeper) -> Result<Self, Failure> {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        keeper.install(&mut Session::connect(parameters)?)?;
        let mut oracle = Self {
            keeper,
            parameters: parameters.to_owned(),
            pairs: vec![],
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            tally: Tally::default(),
        };
        oracle.connect()?;
        Ok(oracle)
    }

    fn connect(&mut self) -> Result<(), Failure> {
        self.pairs.clear();
        // Two backends write in turn: what one has cached, the other makes stale.
        for _ in 0..2 {
            let app = Session::connect(&self.parameters)?;
            let twin = Session::connect(&self.parameters)?;
            self.pairs.push(Pair { app, twin });
        }
        Ok(())
    }

    /// Connects again after a crash, as soon as the server has recovered.
    fn reconnect(&mut self) -> Result<(), Failure> {
        const ATTEMPTS: usize = 100;
        let mut last = self.connect();
        for _ in 0..ATTEMPTS {
            if last.is_ok() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(200));
            last = self.connect();
        }
        last
    }

    /// Runs a case.
    pub fn run(&mut self, case: &Case) -> Result<(), Problem> {
        // Young backends as well as old ones.
        const CASES_IN_A_BACKEND: usize = 25;
        self.tally.cases += 1;
        if self.tally.cases.is_multiple_of(CASES_IN_A_BACKEND) {
            self.connect().map_err(setup)?;
        }
        let result = self.run_parts(case);
        let alive = self
            .pairs
            .iter_mut()
            .all(|pair| pair.app.is_alive() && pair.twin.is_alive());
        if alive {
            return result;
        }
        let text = result
            .err()
            .map_or_else(String::new, |problem| problem.to_string());
        self.reconnect()
            .map_err(|failure| crash(case, &failure.to_string()))?;
        Err(crash(case, &text))
    }

    /// Makes a case's schema, data and tviews, and leaves them there for others to write to.
    pub fn prepare<'c>(&mut self, case: &'c Case) -> Result<Vec<&'c Definition>, Problem> {
        self.tally.cases += 1;
        self.reset(case).map_err(setup)?;
        let mut tviews = vec![];
        for tview in &case.tviews {
            if self.create(tview)? {
                tviews.push(tview);
            }
        }
        Ok(tviews)
    }

    /// Compares tviews that others have written to, at rest.
    pub fn compare_at_rest(&mut self, tviews: &[&Definition]) -> Result<(), Problem> {
        self.compare(0, 0, tviews, true)?;
        Ok(())
    }

    fn run_parts(&mut self, case: &Case) -> Result<(), Problem> {
        match self.reset(case) {
            // An aggregate over nothing but columns of another query belongs to that one: such a view is nonsense.
            Err(failure) if failure.sqlstate == "42803" => {
                self.tally.invalid += 1;
                return Ok(());
            }
            other => other.map_err(setup)?,
        }
        let app = &mut self.pairs[0].app;
        let before = compare::catalog_fingerprint(app).map_err(setup)?;
        let mut tviews = vec![];
        for tview in &case.tviews {
            if self.create(tview)? {
                tviews.push(tview);
            }
        }
        self.compare(0, 0, &tviews, true)?;
        for (number, step) in case.steps.iter().enumerate() {
            if let Progress::End = self.step(number, step, &tviews)? {
                self.tally.raised += 1;
                return Ok(());
            }
        }
        self.finish(case, &tviews, &before)
    }

    /// Empties both schemas and fills them again.
    fn reset(&mut self, case: &Case) -> Result<(), Failure> {
        let settings = compare::creation_settings(case.seed);
        for pair in &mut self.pairs {
            for (session, schema) in [(&mut pair.app, "app"), (&mut pair.twin, "twin")] {
                session.execute(&format!(
                    "ROLLBACK; RESET ALL; SET client_min_messages = 'error'; SET search_path = {schema}, public; {}",
                    compare::set_statements(settings)
                ))?;
            }
        }
        let Pair { app, twin } = &mut self.pairs[0];
        // What a failed case has left would keep its locks.
        let left = app.rows(&format!(
            "SELECT 'ROLLBACK PREPARED ' || quote_literal(gid) FROM pg_prepared_xacts
              WHERE gid IN ('twin {0}', 'app {0}')",
            self.number
        ))?;
        for command in left.into_iter().flatten().flatten() {
            app.execute(&command)?;
        }
        compare::install(app, settings)?;
        for (session, schema) in [(app, "app"), (twin, "twin")] {
            session.execute(&format!(
                "DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}"
            ))?;
            for text in case.schema.iter().chain(&case.data) {
                session.execute(&text.to_string())?;
            }
        }
        Ok(())
    }

    /// Creates one tview; false when it is refused or nonsense.
    fn create(&mut self, tview: &Definition) -> Result<bool, Problem> {
        self.tally.definitions += 1;
        let app = &mut self.pairs[0].app;
        let alone = app.run(&format!("SELECT * FROM ({}) AS q", tview.query));
        if let Outcome::Failed(failure) = alone {
            self.tally.invalid += 1;
            let first = failure.to_string().lines().next().unwrap_or_default().to_owned();
            *self.tally.nonsense.entry(without_names(&first)).or_default() += 1;
            return Ok(false);
        }
        let before = compare::catalog_fingerprint(app).map_err(setup)?;
        let Err(failure) = self.keeper.create(app, tview) else {
            let ways = self.keeper.ways(app, tview);
            let ways = ways.map_err(|failure| at(0, ProblemKind::Verify, failure))?;
            for way in ways {
                *self.tally.ways.entry(way).or_default() += 1;
            }
            // The twin has a view in its place, to tell whether the query fails on the data that are there.
            let view = format!("CREATE VIEW {} AS {}", tview.name, tview.query);
            let twin = &mut self.pairs[0].twin;
            twin.execute(&view).map_err(setup)?;
            return Ok(true);
        };
        if failure.sqlstate != "0A000" {
            return Err(at(
                0,
                ProblemKind::Creation(failure.sqlstate.clone()),
                format!("{}: {failure}", tview.name),
            ));
        }
        self.tally.refused += 1;
        for reason in reasons(&failure.message) {
            if !REFUSALS.iter().any(|known| reason.contains(known)) {
                let text = format!("{}: {}", tview.name, failure.message);
                return Err(at(0, ProblemKind::Refusal(reason), text));
            }
            *self.tally.reasons.entry(reason).or_default() += 1;
        }
        let after =
            compare::catalog_fingerprint(app).map_err(|failure| at(0, ProblemKind::LeftBehind, failure))?;
        if before != after {
            return Err(at(
                0,
                ProblemKind::LeftBehind,
                format!("after a refusal: {before} became {after}"),
            ));
        }
        Ok(false)
    }

    fn step(&mut self, number: usize, step: &Step, tviews: &[&Definition]) -> Result<Progress, Problem> {
        let pair = (number / 3) % self.pairs.len();
        match step {
            Step::Single(command) => {
                if let Progress::End = self.command(number, pair, command, tviews)?.0 {
                    return Ok(Progress::End);
                }
            }
            Step::Transaction {
                begin,
                commands,
                end,
                quiet,
            } => {
                // Who reads a tview makes its maintenance happen; a quiet transaction leaves all of it to the end.
                let read = if *quiet { &[] } else { tviews };
                if let Progress::End =
                    self.transaction(number, pair, (begin, commands, *end), (tviews, read))?
                {
                    return Ok(Progress::End);
                }
            }
        }
        self.compare(number, pair, tviews, true)
    }

    fn transaction(
        &mut self,
        number: usize,
        pair: usize,
        (begin, commands, end): (&str, &[Command], End),
        (tviews, read): (&[&Definition], &[&Definition]),
    ) -> Result<Progress, Problem> {
        self.command(number, pair, &Command::new(begin), tviews)?;
        for command in commands {
            let (progress, succeeded) = self.command(number, pair, command, tviews)?;
            if let Progress::End = progress {
                return Ok(Progress::End);
            }
            // After an error nothing can be read; only ROLLBACK TO succeeds, and ends that state.
            if succeeded {
                let Progress::On = self.compare(number, pair, read, false)? else {
                    return Ok(Progress::End);
                };
            }
        }
        let names = ["twin", "app"].map(|schema| format!("{schema} {}", self.number));
        let ends = names.each_ref().map(|name| Command::new(end.command(name)));
        let (progress, succeeded) = self.commands(number, pair, [&ends[0], &ends[1]], tviews)?;
        if end != End::Prepare || !succeeded {
            return Ok(progress);
        }
        // A transaction that has failed before is rolled back by the command.
        let app = &mut self.pairs[pair].app;
        let prepared = app.value(&format!(
            "SELECT gid FROM pg_prepared_xacts WHERE gid = '{}'",
            names[1]
        ));
        if prepared.map_err(setup)?.is_none() {
            return Ok(progress);
        }
        let ends = names.map(|name| Command::new(format!("COMMIT PREPARED '{name}'")));
        let other = (pair + 1) % self.pairs.len();
        Ok(self.commands(number, other, [&ends[0], &ends[1]], tviews)?.0)
    }

    /// Runs a command in both schemas; whether to go on, and whether it succeeded.
    fn command(
        &mut self,
        number: usize,
        pair: usize,
        command: &Command,
        tviews: &[&Definition],
    ) -> Result<(Progress, bool), Problem> {
        self.commands(number, pair, [command, command], tviews)
    }

    /// Runs the first command in the twin, the second one with the tviews.
    fn commands(
        &mut self,
        number: usize,
        pair: usize,
        [twins, command]: [&Command; 2],
        tviews: &[&Definition],
    ) -> Result<(Progress, bool), Problem> {
        self.tally.commands += 1;
        let Pair { app, twin } = &mut self.pairs[pair];
        let (expected, actual) = (twins.run(twin), command.run(app));
        let same = match (&expected, &actual) {
            (Outcome::Done { rows: a }, Outcome::Done { rows: b }) => a == b,
            (a, b) => a.sqlstate() == b.sqlstate(),
        };
        if same {
            let succeeded = actual.sqlstate().is_none();
            self.tally.failed += usize::from(!succeeded);
            return Ok((Progress::On, succeeded));
        }
        if expected.sqlstate().is_none() && self.definition_raises(pair, tviews) {
            return Ok((Progress::End, false));
        }
        let kind = ProblemKind::Outcome(actual.sqlstate().unwrap_or("success").to_owned());
        let text = format!("{}\n  with tviews: {actual}\n  without: {expected}", command.text);
        Err(at(number, kind, text))
    }

    /// Whether a defining query itself fails on the data that the twin now has.
    fn definition_raises(&mut self, pair: usize, tviews: &[&Definition]) -> bool {
        const FAILED_TRANSACTION: &str = "25P02";
        tviews.iter().any(|tview| {
            let outcome = self.pairs[pair].twin.run(&format!("TABLE {}", tview.name));
            outcome
                .sqlstate()
                .is_some_and(|state| state != FAILED_TRANSACTION)
        })
    }

    fn compare(
        &mut self,
        number: usize,
        pair: usize,
        tviews: &[&Definition],
        verify: bool,
    ) -> Result<Progress, Problem> {
        for tview in tviews {
            self.tally.comparisons += 1;
            let app = &mut self.pairs[pair].app;
            let found = match compare::differences(app, &tview.name, &tview.query.to_string()) {
                Ok(found) => found,
                // What was left to the reader failed as the query itself does.
                Err(_) if self.definition_raises(pair, tviews) => return Ok(Progress::End),
                Err(failure) => return Err(at(number, ProblemKind::Difference, failure)),
            };
            let app = &mut self.pairs[pair].app;
            if !found.is_empty() {
                let text = format!("{} differs from its query:\n  {}", tview.name, found.join("\n  "));
                return Err(at(number, ProblemKind::Difference, text));
            }
            if !verify {
                continue;
            }
            let reported = self
                .keeper
                .verify(app, tview)
                .map_err(|failure| at(number, ProblemKind::Verify, failure))?;
            if !reported.is_empty() {
                let text = format!("verify reports for {}:\n  {}", tview.name, reported.join("\n  "));
                return Err(at(number, ProblemKind::Verify, text));
            }
        }
        Ok(Progress::On)
    }

    fn finish(&mut self, case: &Case, tviews: &[&Definition], before: &str) -> Result<(), Problem> {
        let end = case.steps.len();
        let Pair { app, twin } = &mut self.pairs[0];
        let differing =
            compare::differing_table(app).map_err(|failure| at(end, ProblemKind::Sources, failure))?;
        if let Some(table) = differing {
            return Err(at(
                end,
                ProblemKind::Sources,
                format!("table {table} differs from its twin"),
            ));
        }
        for (nth, tview) in tviews.iter().rev().enumerate() {
            let nth = nth + case.seed as usize;
            twin.execute(&format!("DROP VIEW {}", tview.name))
                .map_err(setup)?;
            self.keeper
                .drop(app, tview, nth)
                .map_err(|failure| at(end, ProblemKind::LeftBehind, failure))?;
        }
        let after =
            compare::catalog_fingerprint(app).map_err(|failure| at(end, ProblemKind::LeftBehind, failure))?;
        // A partition that comes again has other constraints than before.
        let attached = |step: &Step| {
            let mut texts = step.commands().iter().map(|command| command.text.to_string());
            texts.any(|text| text.contains(" PARTITION "))
        };
        if before == after || case.steps.iter().any(attached) {
            return Ok(());
        }
        Err(at(
            end,
            ProblemKind::LeftBehind,
            format!("after dropping the tviews: {before} became {after}"),
        ))
    }
}

fn at(step: usize, kind: ProblemKind, text: impl ToString) -> Problem {
    Problem {
        kind,
        step,
        text: text.to_string(),
    }
}

/// What a refusal says, without names: one text for each objection of another kind.
fn reasons(message: &str) -> BTreeSet<String> {
    let numbered = |line: &str| {
        let (number, reason) = line.trim_start_matches("  detail: ").split_once(". ")?;
        let reason = reason.split_once(". ").map_or(reason, |(first, _)| first);
        number.parse::<usize>().is_ok().then(|| without_names(reason))
    };
    let found: BTreeSet<String> = message.lines().filter_map(numbered).collect();
    if found.is_empty() {
        let first = message.lines().next().unwrap_or_default();
        return BTreeSet::from([without_names(first)]);
    }
    found
}

/// The last of the places, and nothing between double quotes.
fn without_names(text: &str) -> String {
    let plain: String = text.split('"').step_by(2).collect::<Vec<_>>().join("…");
    plain
        .rsplit(", ")
        .find(|part| part.contains(": "))
        .unwrap_or(&plain)
        .to_owned()
}

fn setup(failure: Failure) -> Problem {
    at(0, ProblemKind::Setup(failure.sqlstate.clone()), failure)
}

fn crash(case: &Case, text: &str) -> Problem {
    at(
        case.steps.len(),
        ProblemKind::Crash,
        format!("the server closed the connection\n{text}"),
    )
}

impl Outcome {
    /// The error's SQLSTATE, if it is one.
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Done { .. } => None,
            Self::Failed(failure) if failure.sqlstate == CONNECTION_LOST => Some(CONNECTION_LOST),
            Self::Failed(failure) => Some(&failure.sqlstate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::reasons;

    #[test]
    fn reasons_have_no_names() {
        let message = "\"tv\" can't be maintained incrementally: 2 constructs stand in the way\n  \
                       detail: 1. FROM item \"a\": nothing ties it. Do this.\n\
                       2. subquery in WHERE, FROM item \"b\": nothing ties it. Do that.\n  hint: Change it.";
        let found: Vec<String> = reasons(message).into_iter().collect();
        assert_eq!(found, ["FROM item …: nothing ties it"]);
        let alone: Vec<String> = reasons("\"tv\" has no rows\n  hint: None.").into_iter().collect();
        assert_eq!(alone, ["… has no rows"]);
    }
}
