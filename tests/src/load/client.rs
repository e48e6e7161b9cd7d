//! A client: runs random transactions, and repeats those that failed for no fault of theirs.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::shop::{self, Tview};
use crate::rng::Rng;
use crate::session::{CONNECTION_LOST, Outcome, Session};

/// How often a transaction is repeated after conflicts before the client gives it up.
const ATTEMPTS: usize = 50;

const QUERY_CANCELED: &str = "57014";

/// When a client's transactions bring tviews up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// At their end, and in their middle: they read tviews between their changes, or follow up each statement.
    Mixed,
    /// At their end alone. Then there must be no deadlock over anything but rows that clients change themselves.
    AtCommit,
}

/// What a client may do and may meet.
#[derive(Clone, Copy, Debug)]
pub struct Conduct {
    /// When its transactions bring tviews up to date.
    pub manner: Manner,
    /// Of a hundred statements of [`Manner::Mixed`], how many are followed by the comparison of a tview with its query.
    pub compared: usize,
    /// Cancelled statements and lost connections are expected.
    pub disturbed: bool,
    /// The server may vanish: the client ends then.
    pub ends_with_server: bool,
    /// The disk may be full.
    pub may_be_full: bool,
}

impl Default for Conduct {
    fn default() -> Self {
        Conduct {
            manner: Manner::Mixed,
            compared: 15,
            disturbed: false,
            ends_with_server: false,
            may_be_full: false,
        }
    }
}

/// How transactions ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Committed.
    pub committed: usize,
    /// Rolled back on purpose, or for a violated constraint.
    pub rolled_back: usize,
    /// 40001, each attempt.
    pub serialization: usize,
    /// 40P01, each attempt.
    pub deadlocks: usize,
    /// Those of them over locks of maintenance, or rows of tviews.
    pub of_maintenance: usize,
    /// Given up after many conflicts.
    pub given_up: usize,
    /// Cancelled from outside.
    pub cancelled: usize,
    /// Connections lost.
    pub killed: usize,
    /// Failed because the disk was full.
    pub exhausted: usize,
    /// Tviews compared in mid-transaction.
    pub compared: usize,
}

impl Tally {
    /// All transactions.
    pub fn transactions(&self) -> usize {
        self.committed + self.rolled_back + self.given_up + self.cancelled + self.killed + self.exhausted
    }

    /// Adds another client's.
    pub fn add(&mut self, other: &Tally) {
        self.committed += other.committed;
        self.rolled_back += other.rolled_back;
        self.serialization += other.serialization;
        self.deadlocks += other.deadlocks;
        self.of_maintenance += other.of_maintenance;
        self.given_up += other.given_up;
        self.cancelled += other.cancelled;
        self.killed += other.killed;
        self.exhausted += other.exhausted;
        self.compared += other.compared;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} transactions: {} committed, {} rolled back, {} given up, {} cancelled, {} killed; repeated for {} \
             serialization failures and {} deadlocks, {} of them over maintenance; {} comparisons in mid-transaction",
            self.transactions(),
            self.committed,
            self.rolled_back,
            self.given_up,
            self.cancelled,
            self.killed,
            self.serialization,
            self.deadlocks,
            self.of_maintenance,
            self.compared
        )?;
        if self.exhausted > 0 {
            write!(f, "; {} met a full disk", self.exhausted)?;
        }
        Ok(())
    }
}

/// How an attempt at a transaction ended.
enum End {
    Committed,
    RolledBack,
    Conflict,
    Cancelled,
    Exhausted,
    Lost,
}

/// One command of a transaction.
#[derive(Clone, Debug)]
enum Command {
    Run(String),
    /// Compares a tview with its query, within the transaction.
    Compare(Tview),
}

/// A client.
pub struct Client<'a> {
    parameters: &'a str,
    tviews: &'a [Tview],
    rng: Rng,
    conduct: Conduct,
    session: Session,
    /// How its transactions ended.
    pub tally: Tally,
    /// What it did, for the report of a failure.
    pub log: Vec<(Instant, String)>,
    /// Number of the last transaction whose commit was acknowledged, if its table is there ([`Client::LEDGER`]).
    pub acknowledged: Vec<u64>,
    with_ledger: bool,
}

/// A number that no other call in this process gives.
fn fresh() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl<'a> Client<'a> {
    /// The table that takes the number of each transaction, for those who check that no acknowledged commit is lost.
    pub const LEDGER: &'static str = "CREATE TABLE ledger (pk bigint PRIMARY KEY)";

    /// Connects.
    pub fn connect(
        parameters: &'a str,
        tviews: &'a [Tview],
        rng: Rng,
        conduct: Conduct,
    ) -> Result<Self, String> {
        Ok(Client {
            parameters,
            tviews,
            rng,
            conduct,
            session: open(parameters)?,
            tally: Tally::default(),
            log: vec![],
            acknowledged: vec![],
            with_ledger: false,
        })
    }

    /// Writes the number of each transaction into the ledger.
    pub fn keep_ledger(mut self) -> Self {
        self.with_ledger = true;
        self
    }

    /// Runs a transaction, again and again if it conflicts with others. False when the server is gone.
    pub fn transaction(&mut self) -> Result<bool, String> {
        let mut commands = self.draw();
        let number = fresh();
        if self.with_ledger {
            commands.insert(1, Command::Run(format!("INSERT INTO ledger VALUES ({number})")));
        }
        for _ in 0..ATTEMPTS {
            match self
                .attempt(&commands)
                .map_err(|problem| self.explain(&problem))?
            {
                End::Conflict => continue,
                End::Committed => {
                    self.tally.committed += 1;
                    self.acknowledged.push(number);
                }
                End::RolledBack => self.tally.rolled_back += 1,
                End::Cancelled => self.tally.cancelled += 1,
                End::Exhausted => self.tally.exhausted += 1,
                End::Lost => {
                    self.tally.killed += 1;
                    if self.conduct.ends_with_server {
                        return Ok(false);
                    }
                    self.session = open(self.parameters)?;
                }
            }
            return Ok(true);
        }
        self.tally.given_up += 1;
        Ok(true)
    }

    /// A problem with what the client did last.
    fn explain(&self, problem: &str) -> String {
        const LAST: usize = 12;
        let last = &self.log[self.log.len().saturating_sub(LAST)..];
        let lines: Vec<&str> = last.iter().map(|(_, line)| line.as_str()).collect();
        format!("{problem}\nafter:\n{}", lines.join("\n"))
    }

    /// A transaction of one to five statements.
    fn draw(&mut self) -> Vec<Command> {
        let rng = &mut self.rng;
        let mixed = self.conduct.manner == Manner::Mixed;
        let isolation = rng.weighted(&[
            (60, "READ COMMITTED"),
            (20, "REPEATABLE READ"),
            (20, "SERIALIZABLE"),
        ]);
        let mut commands = vec![Command::Run(format!("BEGIN ISOLATION LEVEL {isolation}"))];
        if mixed && rng.chance(30) {
            commands.push(Command::Run(
                "SET LOCAL pg_tviews.maintenance = 'statement'".into(),
            ));
        }
        let mut savepoints = 0;
        for _ in 0..rng.between(1, 5) {
            if rng.chance(12) {
                savepoints += 1;
                commands.push(Command::Run(format!("SAVEPOINT s{savepoints}")));
            }
            commands.push(Command::Run(shop::statement(rng, &mut fresh)));
            if mixed && rng.chance(self.conduct.compared) && !self.tviews.is_empty() {
                commands.push(Command::Compare(*rng.pick(self.tviews)));
            }
            if savepoints > 0 && rng.chance(30) {
                let how = if rng.chance(70) { "ROLLBACK TO" } else { "RELEASE" };
                commands.push(Command::Run(format!("{how} SAVEPOINT s{savepoints}")));
                savepoints -= usize::from(how == "RELEASE");
            }
        }
        let end = if rng.chance(90) { "COMMIT" } else { "ROLLBACK" };
        commands.push(Command::Run(end.into()));
        commands
    }

    fn attempt(&mut self, commands: &[Command]) -> Result<End, String> {
        for command in commands {
            let failure = match command {
                Command::Run(sql) => {
                    let outcome = self.session.run(sql);
                    self.log
                        .push((Instant::now(), format!("{sql} -- {}", first_line(&outcome))));
                    match outcome {
                        Outcome::Done { .. } => continue,
                        Outcome::Failed(failure) => failure,
                    }
                }
                Command::Compare(tview) => {
                    let rows = self.session.rows(&shop::comparison(tview));
                    self.log
                        .push((Instant::now(), format!("-- compare {}", tview.name)));
                    match rows {
                        Ok(rows) if rows.is_empty() => {
                            self.tally.compared += 1;
                            continue;
                        }
                        Ok(rows) => {
                            let rows: Vec<String> = rows.into_iter().flatten().flatten().collect();
                            return Err(format!(
                                "in a transaction, {} differs:\n{}",
                                tview.name,
                                rows.join("\n")
                            ));
                        }
                        Err(failure) => failure,
                    }
                }
            };
            if failure.sqlstate != CONNECTION_LOST {
                self.roll_back();
            }
            return self.judge(&failure.sqlstate, &failure.to_string());
        }
        let committed = matches!(commands.last(), Some(Command::Run(sql)) if sql == "COMMIT");
        Ok(if committed {
            End::Committed
        } else {
            End::RolledBack
        })
    }

    /// Ends a failed transaction. A late cancellation can hit this too; if the connection is gone, the next command will notice.
    fn roll_back(&mut self) {
        for _ in 0..ATTEMPTS {
            match self.session.run("ROLLBACK") {
                Outcome::Failed(failure) if failure.sqlstate == QUERY_CANCELED => {}
                _ => return,
            }
        }
    }

    /// What an error means for the transaction.
    fn judge(&mut self, sqlstate: &str, failure: &str) -> Result<End, String> {
        let cancelled = failure.contains("due to user request");
        match sqlstate {
            "40001" => {
                self.tally.serialization += 1;
                Ok(End::Conflict)
            }
            "40P01" => {
                self.tally.deadlocks += 1;
                if is_of_maintenance(failure) {
                    self.tally.of_maintenance += 1;
                    if self.conduct.manner == Manner::AtCommit {
                        return Err(format!(
                            "a deadlock of transactions that flush at their end: {failure}"
                        ));
                    }
                }
                Ok(End::Conflict)
            }
            // A line for an order that another transaction has deleted.
            "23503" | "23505" => Ok(End::RolledBack),
            QUERY_CANCELED if self.conduct.disturbed && cancelled => Ok(End::Cancelled),
            "53100" if self.conduct.may_be_full => Ok(End::Exhausted),
            "57P01" | "57P02" | "57P03" | CONNECTION_LOST
                if self.conduct.disturbed || self.conduct.ends_with_server =>
            {
                Ok(End::Lost)
            }
            _ => Err(format!("unexpected: {failure}")),
        }
    }
}

/// Whether a deadlock concerns anything but rows that the clients' own statements change.
fn is_of_maintenance(deadlock: &str) -> bool {
    let waits = deadlock.lines().filter(|line| line.contains(" waits for "));
    let over_rows = |line: &str| line.contains("Lock on transaction ") || line.contains("Lock on tuple ");
    !waits.into_iter().all(over_rows) || deadlock.contains("in relation \"tv_")
}

fn first_line(outcome: &Outcome) -> String {
    outcome.to_string().lines().next().unwrap_or_default().to_owned()
}

/// Connects. Sessions that plan each statement once get more done.
fn open(parameters: &str) -> Result<Session, String> {
    let mut session = Session::connect(parameters).map_err(|failure| failure.to_string())?;
    let plans = if fresh().is_multiple_of(4) {
        "auto"
    } else {
        "force_generic_plan"
    };
    let settings = format!(
        "SET application_name = 'storm'; SET client_min_messages = 'error'; SET statement_timeout = '120s'; \
         SET deadlock_timeout = '5ms'; SET plan_cache_mode = '{plans}'"
    );
    for _ in 0..ATTEMPTS {
        match session.execute(&settings) {
            // A cancellation by another client can hit this as any statement.
            Err(failure) if failure.sqlstate == QUERY_CANCELED => {}
            done => return done.map(|_| session).map_err(|failure| failure.to_string()),
        }
    }
    Err("cancelled again and again".into())
}

#[cfg(test)]
mod tests {
    use super::is_of_maintenance;

    #[test]
    fn deadlocks_tell_what_they_are_over() {
        let over = |lock: &str, relation: &str| {
            let deadlock = format!(
                "40P01: deadlock detected\n  detail: Process 1 waits for ShareLock on transaction 7; blocked by process 2.\n\
                 Process 2 waits for {lock}; blocked by process 1.\n  context: while updating tuple (0,1) in relation \"{relation}\""
            );
            is_of_maintenance(&deadlock)
        };
        assert!(!over("ShareLock on transaction 8", "product"));
        assert!(!over(
            "ExclusiveLock on tuple (0,1) of relation 5 of database 6",
            "product"
        ));
        assert!(over(
            "ExclusiveLock on object 5 of class 6 of database 7",
            "product"
        ));
        assert!(over("ShareLock on transaction 8", "tv_product"));
    }
}
