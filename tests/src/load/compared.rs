//! The same storm with tviews, and with plain views in their place: what maintenance costs, and which conflicts it adds.

use std::fmt;
use std::time::{Duration, Instant};

use super::client::Tally;
use super::shop;
use super::storm::{Ground, Round, Storm, round};
use crate::rng::Rng;
use crate::server;

/// How one of the two storms went.
#[derive(Clone, Copy, Debug, Default)]
pub struct Side {
    /// How its transactions ended.
    pub tally: Tally,
    /// How long its rounds took.
    pub time: Duration,
}

/// The two storms.
#[derive(Clone, Copy, Debug, Default)]
pub struct Comparison {
    /// With tviews.
    pub maintained: Side,
    /// With plain views.
    pub plain: Side,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally {
            serialization,
            deadlocks,
            of_maintenance,
            ..
        } = self.tally;
        let transactions = self.tally.transactions() as f64;
        write!(
            f,
            "{transactions} transactions, {:.0}/s; for each of them {:.4} deadlocks, {:.4} over maintenance, {:.4} serialization failures",
            transactions / self.time.as_secs_f64(),
            deadlocks as f64 / transactions,
            of_maintenance as f64 / transactions,
            serialization as f64 / transactions
        )
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tviews: {}\nviews:  {}", self.maintained, self.plain)
    }
}

/// Runs both storms, the rounds of one beside those of the other: the same clients draw the same transactions. Nobody disturbs them.
pub fn compare(storm: &Storm) -> Result<Comparison, String> {
    let mut rng = Rng::new(storm.seed);
    let mut result = Comparison::default();
    while result.maintained.tally.transactions() < storm.transactions {
        let rng = rng.fork();
        let (maintained, plain) = (&mut result.maintained, &mut result.plain);
        for (side, is_maintained) in [(maintained, true), (plain, false)] {
            in_a_database(storm, rng.clone(), is_maintained, side)?;
        }
        // A long storm that is ended from outside has still shown how far it came.
        println!("{result}");
    }
    Ok(result)
}

fn in_a_database(storm: &Storm, mut rng: Rng, maintained: bool, side: &mut Side) -> Result<(), String> {
    let tviews = shop::choose(&mut rng);
    let database = server::create_database("compared");
    let parameters = server::server().connection_string(server::SUPERUSER, &database);
    let ground = Ground {
        parameters: &parameters,
        tviews: &tviews,
        maintained,
    };
    ground.prepare().map_err(|failure| failure.to_string())?;
    let wanted = Round {
        transactions: storm.round,
        clients: 8,
        conduct: storm.conduct,
    };
    let start = Instant::now();
    let tally =
        round(&ground, &wanted, &mut rng).map_err(|problem| format!("{problem}\nseed {}", storm.seed))?;
    side.time += start.elapsed();
    side.tally.add(&tally);
    server::drop_database(&database);
    Ok(())
}
