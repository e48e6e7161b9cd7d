//! Transactions per second of several clients: what the clients do.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use postgres::error::SqlState;
use postgres::{Client, Statement};

use crate::data::Catalogue;
use crate::measure::message;
use crate::operation::Operation;
use crate::rng::Rng;
use crate::workload::price_factor;

/// A kind of traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// Every client changes the prices of products of its own.
    Products,
    /// Prices of the products of one category, moves between it and its neighbour, and both are renamed now and then.
    Renames,
    /// Reviews of one product are written and removed.
    Reviews,
    /// Transactions of one to four random statements over a few rows.
    Storm,
}

/// The products that the clients share out among themselves, at most.
const PRODUCTS: u64 = 10_000;
/// Keys of the rows that are made for many clients to meet on.
pub const HOT: i64 = 3_000_000_000;
/// Hot products where they are one category's.
const CATEGORY_PRODUCTS: i64 = 100;
/// Hot products of the storm.
const STORM_PRODUCTS: i64 = 20;
/// Hot categories of the storm.
const STORM_CATEGORIES: i64 = 10;
/// Reviews of each hot product.
const REVIEWS: i64 = 5;
/// Keys of reviews that clients write, from [`HOT`] on: so many for each of them.
const REVIEW_KEYS: i64 = 10_000_000;
/// Among a thousand transactions on one category's products so many rename it, and so many move a product.
const RENAMES: u64 = 20;
const MOVES: u64 = 150;

impl Traffic {
    /// Makes the rows on which the clients meet.
    pub fn set_up(self) -> Vec<String> {
        let (products, categories) = match self {
            Traffic::Products => return Vec::new(),
            Traffic::Renames => (CATEGORY_PRODUCTS, 2),
            Traffic::Reviews => (1, 1),
            Traffic::Storm => (STORM_PRODUCTS, STORM_CATEGORIES),
        };
        let first_categories = if self == Traffic::Storm { categories } else { 1 };
        let (last, last_category) = (HOT + products - 1, HOT + categories - 1);
        vec![
            format!(
                "INSERT INTO tb_category (pk_category, fk_parent, name, slug) \
                 SELECT k, 1, 'Hot ' || k, 'hot-' || k FROM generate_series({HOT}, {last_category}) k"
            ),
            format!(
                "INSERT INTO tb_product (pk_product, fk_category, fk_supplier, sku, name, base_price, current_price, \
                 currency) \
                 SELECT k, {HOT} + k % {first_categories}, 1 + k % 5, 'HOT-' || k, 'Nordic Kettle', 49.90, 44.90, 'EUR' \
                 FROM generate_series({HOT}, {last}) k"
            ),
            format!(
                "INSERT INTO tb_inventory (pk_inventory, fk_product, warehouse, quantity, reserved) \
                 SELECT k, k, 'Lyon', 3, 1 FROM generate_series({HOT}, {last}) k"
            ),
            format!(
                "INSERT INTO tb_review (pk_review, fk_product, rating, author, title, body, created_at) \
                 SELECT {HOT} + (k - {HOT}) * {REVIEWS} + n, k, 1 + n % 5, 'Sven A.', 'Solid quality', 'Good.', \
                 timestamptz '2025-07-01 00:00:00+00' + make_interval(hours => n::integer) \
                 FROM generate_series({HOT}, {last}) k, generate_series(0, {}) n",
                REVIEWS - 1
            ),
        ]
    }

    /// Takes them out again, with their documents.
    pub fn tear_down(self) -> Vec<String> {
        if self == Traffic::Products {
            return Vec::new();
        }
        vec![
            format!("DELETE FROM tb_product WHERE pk_product >= {HOT}"),
            format!("DELETE FROM tb_category WHERE pk_category >= {HOT}"),
        ]
    }
}

/// What one measurement gave.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Time of each transaction.
    pub timings: Vec<Duration>,
    /// How long the slowest client ran.
    pub elapsed: Duration,
    /// Transactions that ended with a deadlock, after which the client went on with its next.
    pub deadlocks: u64,
    /// The same with a serialization failure.
    pub serialization_failures: u64,
    /// Documents that were wrong after it.
    pub wrong: u64,
}

impl Outcome {
    /// Transactions per second.
    pub fn per_second(&self) -> f64 {
        self.timings.len() as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// Conflicts among 1,000 transactions.
    pub fn conflicts_per_thousand(&self) -> f64 {
        let conflicts = (self.deadlocks + self.serialization_failures) as f64;
        1e3 * conflicts / (self.timings.len() as f64 + conflicts).max(1.0)
    }

    /// Adds another measurement of the same kind.
    pub fn add(&mut self, other: Outcome) {
        self.elapsed += other.elapsed;
        self.take(other);
    }

    /// Adds what another client did at the same time.
    fn beside(&mut self, other: Outcome) {
        self.elapsed = self.elapsed.max(other.elapsed);
        self.take(other);
    }

    fn take(&mut self, other: Outcome) {
        self.timings.extend(other.timings);
        self.deadlocks += other.deadlocks;
        self.serialization_failures += other.serialization_failures;
        self.wrong += other.wrong;
    }
}

/// Changes all products' prices once. The first change of a page after a checkpoint writes the whole page to the
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
    traffic: Traffic,
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
                scope.spawn(move || {
                    let prepared = prepare(client);
                    // Reached by every client, or the others would wait for ever.
                    barrier.wait();
                    let mut writer = Writer {
                        client,
                        statements: prepared.context("cannot prepare the statements")?,
                        traffic,
                        products: own,
                        index: index as i64,
                        rng: Rng::new(catalogue.seed + round, &format!("{traffic:?} {index}")),
                        written: None,
                    };
                    writer.run(duration, round)
                })
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
        outcome.beside(part);
    }
    Ok(outcome)
}

/// The statements that clients use; their places in [`SQL`].
#[derive(Clone, Copy, Debug)]
enum Change {
    Price,
    Move,
    Rename,
    Stock,
    Rating,
    ReviewInsert,
    ReviewDelete,
}

const SQL: [&str; 7] = [
    "UPDATE tb_product SET current_price = base_price * $2::integer / 1000 WHERE pk_product = $1",
    "UPDATE tb_product SET fk_category = $2 WHERE pk_product = $1",
    "UPDATE tb_category SET name = 'Trail Running ' || $2::bigint WHERE pk_category = $1",
    "UPDATE tb_inventory SET quantity = 10 + $2::integer, reserved = 2 WHERE fk_product = $1",
    "UPDATE tb_review SET rating = 1 + $2::integer % 5 WHERE pk_review = $1",
    "INSERT INTO tb_review (pk_review, fk_product, rating, author, title, body, created_at) \
     VALUES ($1, $2, 4, 'Maja K.', 'Very happy with it', 'I have used it almost every day for a month now.', now())",
    "DELETE FROM tb_review WHERE pk_review = $1",
];

fn prepare(client: &mut Client) -> Result<Vec<Statement>, postgres::Error> {
    SQL.iter().map(|statement| client.prepare(statement)).collect()
}

/// One client.
struct Writer<'c> {
    client: &'c mut Client,
    statements: Vec<Statement>,
    traffic: Traffic,
    /// Products that no other client changes.
    products: Vec<i64>,
    index: i64,
    rng: Rng,
    /// The review that the client wrote last and has not removed yet.
    written: Option<i64>,
}

impl Writer<'_> {
    fn run(&mut self, duration: Duration, round: u64) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        let start = Instant::now();
        let mut turn = round * 1_000_003;
        while start.elapsed() < duration {
            let begin = Instant::now();
            match self.transaction(turn) {
                Ok(()) => outcome.timings.push(begin.elapsed()),
                Err(error) => {
                    let code = error.code().cloned();
                    match code {
                        Some(SqlState::T_R_DEADLOCK_DETECTED) => outcome.deadlocks += 1,
                        Some(SqlState::T_R_SERIALIZATION_FAILURE) => outcome.serialization_failures += 1,
                        _ => anyhow::bail!(message(&error)),
                    }
                    // Of a transaction of several statements.
                    self.client.batch_execute("ROLLBACK")?;
                    self.written = None;
                }
            }
            turn += 1;
        }
        outcome.elapsed = start.elapsed();
        Ok(outcome)
    }

    fn transaction(&mut self, turn: u64) -> Result<(), postgres::Error> {
        match self.traffic {
            Traffic::Products => {
                let product = self.products[(turn % self.products.len() as u64) as usize];
                self.change(Change::Price, product, turn)
            }
            Traffic::Renames => {
                let product = HOT + self.rng.below(CATEGORY_PRODUCTS as u64) as i64;
                match self.rng.below(1_000) {
                    draw if draw < RENAMES => self.change(Change::Rename, HOT + (draw % 2) as i64, turn),
                    draw if draw < RENAMES + MOVES => self.change(Change::Move, product, draw % 2),
                    _ => self.change(Change::Price, product, turn),
                }
            }
            Traffic::Reviews => self.review(HOT, turn),
            Traffic::Storm => {
                self.client.batch_execute("BEGIN")?;
                for step in 0..=self.rng.below(4) {
                    self.storm(4 * turn + step)?;
                }
                self.client.batch_execute("COMMIT")
            }
        }
    }

    /// One random statement over the storm's rows.
    fn storm(&mut self, turn: u64) -> Result<(), postgres::Error> {
        let product = HOT + self.rng.below(STORM_PRODUCTS as u64) as i64;
        let category = self.rng.below(STORM_CATEGORIES as u64);
        match self.rng.below(100) {
            0..30 => self.change(Change::Price, product, turn),
            30..50 => self.change(Change::Stock, product, turn),
            50..65 => {
                let review = HOT + self.rng.below((STORM_PRODUCTS * REVIEWS) as u64) as i64;
                self.change(Change::Rating, review, turn)
            }
            65..80 => self.review(product, turn),
            80..90 => self.change(Change::Move, product, category),
            _ => self.change(Change::Rename, HOT + category as i64, turn),
        }
    }

    /// Writes a review of the product, or removes the one written before: their number stays.
    fn review(&mut self, product: i64, turn: u64) -> Result<(), postgres::Error> {
        if let Some(review) = self.written.take() {
            return self.change(Change::ReviewDelete, review, turn);
        }
        let review = HOT + (1 + self.index) * REVIEW_KEYS + (turn % REVIEW_KEYS as u64) as i64;
        let statement = &self.statements[Change::ReviewInsert as usize];
        self.client.execute(statement, &[&review, &product])?;
        self.written = Some(review);
        Ok(())
    }

    fn change(&mut self, change: Change, key: i64, turn: u64) -> Result<(), postgres::Error> {
        let statement = &self.statements[change as usize];
        let number = price_factor(turn);
        match change {
            Change::Price | Change::Stock | Change::Rating => {
                self.client.execute(statement, &[&key, &number])
            }
            Change::Move => self.client.execute(statement, &[&key, &(HOT + turn as i64)]),
            Change::Rename => self.client.execute(statement, &[&key, &(turn as i64)]),
            Change::ReviewInsert | Change::ReviewDelete => self.client.execute(statement, &[&key]),
        }
        .map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{
        CATEGORY_PRODUCTS, Change, HOT, Outcome, REVIEW_KEYS, REVIEWS, SQL, STORM_PRODUCTS, Traffic,
    };
    use crate::operation::{Operation, STORM_CLIENTS};

    #[test]
    fn several_measurements_add_up() {
        let part = || Outcome {
            timings: vec![Duration::from_millis(10); 100],
            elapsed: Duration::from_secs(2),
            deadlocks: 1,
            ..Outcome::default()
        };
        let mut sum = part();
        sum.add(part());
        assert_eq!((sum.timings.len(), sum.deadlocks), (200, 2));
        assert!((sum.per_second() - 50.0).abs() < 1e-9);
        assert!((sum.conflicts_per_thousand() - 1e3 * 2.0 / 202.0).abs() < 1e-9);
        let mut both = part();
        both.beside(part());
        assert!((both.per_second() - 100.0).abs() < 1e-9);
    }

    #[test]
    fn statements_stand_where_their_names_say() {
        for (change, words) in [
            (Change::Price, "current_price ="),
            (Change::Move, "fk_category ="),
            (Change::Rename, "tb_category SET name"),
            (Change::Stock, "tb_inventory"),
            (Change::Rating, "SET rating"),
            (Change::ReviewInsert, "INSERT INTO tb_review"),
            (Change::ReviewDelete, "DELETE FROM tb_review"),
        ] {
            assert!(SQL[change as usize].contains(words), "{change:?}");
        }
        assert_eq!(SQL[Change::Price as usize], Operation::Throughput.statement());
    }

    #[test]
    fn hot_rows_are_taken_out_again() {
        for traffic in [Traffic::Renames, Traffic::Reviews, Traffic::Storm] {
            assert!(
                traffic
                    .set_up()
                    .iter()
                    .all(|statement| statement.contains(&HOT.to_string()))
            );
            assert_eq!(traffic.tear_down().len(), 2, "{traffic:?}");
        }
        assert!(Traffic::Products.set_up().is_empty() && Traffic::Products.tear_down().is_empty());
    }

    #[test]
    fn clients_write_reviews_of_other_keys_than_there_are() {
        const { assert!(CATEGORY_PRODUCTS * REVIEWS < REVIEW_KEYS) }
        const { assert!(STORM_PRODUCTS <= CATEGORY_PRODUCTS) }
    }

    #[test]
    fn the_storm_has_its_own_number_of_clients() {
        assert_eq!(Operation::Storm.client_counts(&[1, 2]), [STORM_CLIENTS]);
        assert_eq!(Operation::ThroughputRenames.client_counts(&[1, 2]), [1, 2]);
    }
}
