//! A storm: many clients at once, disturbed from outside; at rest every tview equals its query.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::client::{Client, Conduct, Tally};
use super::shop::{self, Tview};
use super::{create, differences, set_up};
use crate::rng::Rng;
use crate::server;
use crate::session::{Failure, Session};

/// A storm's size.
#[derive(Clone, Copy, Debug)]
pub struct Storm {
    /// Seed of the first lane.
    pub seed: u64,
    /// Transactions in all.
    pub transactions: usize,
    /// Transactions between two quiet points.
    pub round: usize,
    /// So many storms at the same time, in databases of their own: where the clients of one wait for locks another one works.
    pub lanes: usize,
    /// What the clients do, apart from disturbances.
    pub conduct: Conduct,
}

/// Where clients run: a database, and tviews in it, or plain views of the same names.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub parameters: &'a str,
    pub tviews: &'a [Tview],
    pub maintained: bool,
}

/// A round: what clients do between two quiet points.
#[derive(Clone, Copy)]
pub(super) struct Round {
    pub transactions: usize,
    pub clients: usize,
    pub conduct: Conduct,
}

/// Runs the storm on this program's server; how it went, or what went wrong.
pub fn storm(storm: &Storm) -> Result<Tally, String> {
    let total = Mutex::new(Tally::default());
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..storm.lanes as u64)
            .map(|lane| {
                let storm = Storm {
                    seed: storm.seed + lane,
                    ..*storm
                };
                let (total, over) = (&total, &over);
                scope.spawn(move || self::lane(&storm, total, over))
            })
            .collect();
        lanes
            .into_iter()
            .map(|lane| lane.join().unwrap_or_else(|_| Err("a storm panicked".into())))
            .collect::<Result<Vec<()>, String>>()
    })?;
    Ok(*locked(&total))
}

fn locked(total: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    total.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One storm of several: in one database after the other.
fn lane(storm: &Storm, total: &Mutex<Tally>, over: &AtomicBool) -> Result<(), String> {
    let mut rng = Rng::new(storm.seed);
    while locked(total).transactions() < storm.transactions && !over.load(Ordering::Relaxed) {
        let ended = in_a_database(storm, &mut rng.fork(), total);
        if ended.is_err() {
            over.store(true, Ordering::Relaxed);
        }
        ended?;
        // A long storm that is ended from outside has still shown how far it came.
        println!("{}", *locked(total));
    }
    Ok(())
}

/// Several rounds in a new database.
fn in_a_database(storm: &Storm, rng: &mut Rng, total: &Mutex<Tally>) -> Result<(), String> {
    let tviews = shop::choose(rng);
    let database = server::create_database("storms");
    let parameters = server::server().connection_string(server::SUPERUSER, &database);
    let ground = Ground {
        parameters: &parameters,
        tviews: &tviews,
        maintained: true,
    };
    ground.prepare().map_err(|failure| failure.to_string())?;
    for _ in 0..rng.between(2, 4) {
        let wanted = Round {
            transactions: storm.round,
            clients: *rng.pick(&[4, 8, 16]),
            conduct: Conduct {
                disturbed: rng.chance(60),
                ..storm.conduct
            },
        };
        let tally =
            round(&ground, &wanted, rng).map_err(|problem| format!("{problem}\nseed {}", storm.seed))?;
        locked(total).add(&tally);
    }
    // A long storm would fill the disk.
    server::drop_database(&database);
    Ok(())
}

impl Ground<'_> {
    /// Makes tables, and tviews or views.
    pub(super) fn prepare(&self) -> Result<(), Failure> {
        let mut session = Session::connect(self.parameters)?;
        if self.maintained {
            set_up(&mut session)?;
            return create(&mut session, self.tviews);
        }
        session.execute(shop::TABLES)?;
        self.tviews
            .iter()
            .try_for_each(|tview| session.execute(&format!("CREATE VIEW {} AS {}", tview.name, tview.query)))
    }

    /// What is wrong with the tviews.
    fn differences(&self) -> Result<Vec<String>, Failure> {
        if !self.maintained {
            return Ok(vec![]);
        }
        differences(&mut Session::connect(self.parameters)?, self.tviews)
    }
}

/// Lets the clients run, and compares.
pub(super) fn round(ground: &Ground, wanted: &Round, rng: &mut Rng) -> Result<Tally, String> {
    let Ground {
        parameters, tviews, ..
    } = *ground;
    let Round {
        transactions,
        clients,
        conduct,
    } = *wanted;
    let left = AtomicUsize::new(transactions);
    let over = AtomicBool::new(false);
    let rngs: Vec<Rng> = (0..clients).map(|_| rng.fork()).collect();
    let mut saboteur = rng.fork();
    let results = thread::scope(|scope| {
        let disturber = conduct
            .disturbed
            .then(|| scope.spawn(|| disturb(parameters, &mut saboteur, &over)));
        let clients: Vec<_> = rngs
            .into_iter()
            .map(|rng| scope.spawn(|| run(parameters, tviews, rng, conduct, &left, &over)))
            .collect();
        let results: Vec<_> = clients
            .into_iter()
            .map(|client| {
                client
                    .join()
                    .unwrap_or_else(|_| (vec![], Err("a client panicked".into())))
            })
            .collect();
        over.store(true, Ordering::Relaxed);
        let disturbed =
            disturber.map(|disturber| disturber.join().unwrap_or(Err("the disturber panicked".into())));
        (results, disturbed.unwrap_or(Ok(())))
    });
    let (results, disturbed) = results;
    let mut problems: Vec<String> = disturbed.err().into_iter().collect();
    let mut tally = Tally::default();
    let mut log = vec![];
    for (number, (lines, result)) in results.into_iter().enumerate() {
        log.extend(lines.into_iter().map(|(at, line)| (at, number, line)));
        match result {
            Ok(own) => tally.add(&own),
            Err(problem) => problems.push(format!("client {number}: {problem}")),
        }
    }
    problems.extend(ground.differences().map_err(|failure| failure.to_string())?);
    if problems.is_empty() {
        return Ok(tally);
    }
    Err(report(tviews, &problems, log))
}

/// What a client did, and how it ended.
type Ended = (Vec<(Instant, String)>, Result<Tally, String>);

fn run(
    parameters: &str,
    tviews: &[Tview],
    rng: Rng,
    conduct: Conduct,
    left: &AtomicUsize,
    over: &AtomicBool,
) -> Ended {
    let mut client = match Client::connect(parameters, tviews, rng, conduct) {
        Ok(client) => client,
        Err(problem) => return (vec![], Err(problem)),
    };
    let claim = || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
    while !over.load(Ordering::Relaxed) && claim().is_ok() {
        if let Err(problem) = client.transaction() {
            // The others stop, so that the report ends where it went wrong.
            over.store(true, Ordering::Relaxed);
            return (client.log, Err(problem));
        }
    }
    let tally = client.tally;
    (client.log, Ok(tally))
}

/// Cancels and kills clients until the round is over.
fn disturb(parameters: &str, rng: &mut Rng, over: &AtomicBool) -> Result<(), String> {
    let mut session = Session::connect(parameters).map_err(|failure| failure.to_string())?;
    while !over.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(rng.between(10, 120) as u64));
        let function = if rng.chance(85) {
            "pg_cancel_backend"
        } else {
            "pg_terminate_backend"
        };
        let sql = format!(
            "SELECT {function}(pid) FROM pg_stat_activity WHERE application_name = 'storm' \
             AND datname = current_database() AND state <> 'idle' ORDER BY random() LIMIT 1"
        );
        session.execute(&sql).map_err(|failure| failure.to_string())?;
    }
    Ok(())
}

/// What went wrong, and where to read what the clients did.
fn report(tviews: &[Tview], problems: &[String], mut log: Vec<(Instant, usize, String)>) -> String {
    log.sort_by_key(|(at, ..)| *at);
    let start = log.first().map(|(at, ..)| *at);
    let lines = log.iter().map(|(at, client, line)| {
        let time = start.map_or(Duration::ZERO, |start| at.duration_since(start));
        format!("{:10.3} {client:2} {line}\n", time.as_secs_f64() * 1000.0)
    });
    let file = std::env::temp_dir().join(format!("pg_tviews_storm_{}.log", std::process::id()));
    let written = std::fs::write(&file, lines.collect::<String>());
    let names: Vec<&str> = tviews.iter().map(|tview| tview.name).collect();
    format!(
        "{}\ntviews {}\nwhat the clients did: {}",
        problems.join("\n"),
        names.join(", "),
        written.map_or_else(|error| error.to_string(), |()| file.display().to_string())
    )
}
