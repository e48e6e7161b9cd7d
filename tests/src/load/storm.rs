//! A storm: many clients at once, disturbed from outside; at rest every tview equals its query.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::client::{Client, Conduct, Tally};
use super::shop::{self, Tview};
use super::{create, differences, set_up};
use crate::rng::Rng;
use crate::session::Session;

/// A storm's size.
#[derive(Clone, Copy, Debug)]
pub struct Storm {
    /// Seed of the first round.
    pub seed: u64,
    /// Transactions in all.
    pub transactions: usize,
    /// Transactions between two quiet points.
    pub round: usize,
}

/// Runs the storm on the databases that `database` creates; how it went, or what went wrong.
pub fn storm(storm: &Storm, database: impl Fn() -> String) -> Result<Tally, String> {
    let mut total = Tally::default();
    let mut rng = Rng::new(storm.seed);
    while total.transactions() < storm.transactions {
        let mut case = rng.fork();
        let tviews = shop::choose(&mut case);
        let parameters = database();
        let mut session = Session::connect(&parameters).map_err(|failure| failure.to_string())?;
        set_up(&mut session)
            .and_then(|()| create(&mut session, &tviews))
            .map_err(|failure| failure.to_string())?;
        for _ in 0..case.between(2, 4) {
            let clients = *case.pick(&[4, 8, 16]);
            let tally = round(storm, &parameters, &tviews, clients, &mut case)?;
            total.add(&tally);
        }
        // A long storm that is ended from outside has still shown how far it came.
        println!("{total}");
    }
    Ok(total)
}

/// Lets the clients run, and compares.
fn round(
    storm: &Storm,
    parameters: &str,
    tviews: &[Tview],
    clients: usize,
    rng: &mut Rng,
) -> Result<Tally, String> {
    let conduct = Conduct {
        disturbed: rng.chance(60),
        ends_with_server: false,
        ..Conduct::default()
    };
    let left = AtomicUsize::new(storm.round);
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
    let mut session = Session::connect(parameters).map_err(|failure| failure.to_string())?;
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
    problems.extend(differences(&mut session, tviews).map_err(|failure| failure.to_string())?);
    if problems.is_empty() {
        return Ok(tally);
    }
    Err(report(storm, tviews, problems, log))
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
        thread::sleep(Duration::from_millis(rng.between(5, 60) as u64));
        let function = if rng.chance(75) {
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
fn report(
    storm: &Storm,
    tviews: &[Tview],
    problems: Vec<String>,
    mut log: Vec<(Instant, usize, String)>,
) -> String {
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
        "{}\nseed {}, tviews {}\nwhat the clients did: {}",
        problems.join("\n"),
        storm.seed,
        names.join(", "),
        written.map_or_else(|error| error.to_string(), |()| file.display().to_string())
    )
}
