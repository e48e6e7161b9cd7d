//! Transactions per second of several clients, each changing the prices of products of its own.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use postgres::Client;
use postgres::error::SqlState;

use crate::data::Catalogue;
use crate::measure::message;
use crate::operation::{Operation, price_factor};

/// The products that the clients share out among themselves, at most.
const PRODUCTS: u64 = 10_000;

/// What one measurement gave.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Time of each transaction.
    pub timings: Vec<Duration>,
    /// How long the slowest client ran.
    pub elapsed: Duration,
    /// Deadlocks and serialization conflicts, after which the client went on with its next product.
    pub retries: u64,
}

impl Outcome {
    /// Transactions per second.
    pub fn per_second(&self) -> f64 {
        self.timings.len() as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// Adds another measurement of the same kind.
    pub fn add(&mut self, other: Outcome) {
        self.timings.extend(other.timings);
        self.elapsed += other.elapsed;
        self.retries += other.retries;
    }
}

/// Changes all these products' prices once. The first change of a page after a checkpoint writes the whole page to the
/// log; without this, that would be most of what is measured.
pub fn touch(client: &mut Client, catalogue: &Catalogue) -> Result<()> {
    let products = catalogue.spread_products(PRODUCTS);
    let statement = Operation::Price1000.statement();
    client
        .execute(statement, &[&products, &500])
        .context("changing all prices once")?;
    Ok(())
}

/// Lets all clients run for `duration`. `round` keeps the values of several measurements apart.
pub fn measure(
    clients: &mut [Client],
    catalogue: &Catalogue,
    duration: Duration,
    round: u64,
) -> Result<Outcome> {
    let products = catalogue.spread_products(PRODUCTS);
    let barrier = Barrier::new(clients.len());
    let count = clients.len();
    let parts = thread::scope(|scope| {
        let handles: Vec<_> = clients
            .iter_mut()
            .enumerate()
            .map(|(index, client)| {
                let own: Vec<i64> = products.iter().copied().skip(index).step_by(count).collect();
                let barrier = &barrier;
                scope.spawn(move || run_client(client, &own, barrier, duration, round))
            })
            .collect();
        handles
            .into_iter()
            .map(|handle| {
                handle
                    .join()
                    .unwrap_or_else(|_| anyhow::bail!("a client panicked"))
            })
            .collect::<Result<Vec<Outcome>>>()
    })?;
    let mut outcome = Outcome::default();
    for part in parts {
        outcome.elapsed = outcome.elapsed.max(part.elapsed);
        outcome.timings.extend(part.timings);
        outcome.retries += part.retries;
    }
    Ok(outcome)
}

fn run_client(
    client: &mut Client,
    products: &[i64],
    barrier: &Barrier,
    duration: Duration,
    round: u64,
) -> Result<Outcome> {
    let prepared = client.prepare(Operation::Throughput.statement());
    // Reached by every client, or the others would wait for ever.
    barrier.wait();
    let statement = prepared.context("cannot prepare the statement")?;
    let mut outcome = Outcome::default();
    let start = Instant::now();
    let mut turn = round * 1_000_003;
    while start.elapsed() < duration {
        let product = products[(turn % products.len() as u64) as usize];
        let begin = Instant::now();
        match client.execute(&statement, &[&product, &price_factor(turn)]) {
            Ok(_) => outcome.timings.push(begin.elapsed()),
            Err(error) if is_conflict(&error) => outcome.retries += 1,
            Err(error) => anyhow::bail!(message(&error)),
        }
        turn += 1;
    }
    outcome.elapsed = start.elapsed();
    Ok(outcome)
}

fn is_conflict(error: &postgres::Error) -> bool {
    error.code().is_some_and(|code| {
        *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Outcome;

    #[test]
    fn several_measurements_add_up() {
        let part = || Outcome {
            timings: vec![Duration::from_millis(10); 100],
            elapsed: Duration::from_secs(2),
            retries: 1,
        };
        let mut sum = part();
        sum.add(part());
        assert_eq!((sum.timings.len(), sum.retries), (200, 2));
        assert!((sum.per_second() - 50.0).abs() < 1e-9);
    }
}
