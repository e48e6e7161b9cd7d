//! The parameters of an operation's runs.

use std::time::{Duration, SystemTime};

use postgres::types::ToSql;

use crate::data::Catalogue;
use crate::operation::{DOOMED, INSERTED, Operation};

/// A parameter of a prepared statement.
pub type Parameter = Box<dyn ToSql + Sync>;

/// How many products the operations on one product take turns with.
const HOT_PRODUCTS: u64 = 500;

/// Makes the parameters of an operation's runs: every run changes something, and no two runs in a row the same row.
#[derive(Clone, Debug)]
pub struct Workload {
    operation: Operation,
    catalogue: Catalogue,
    hot: Vec<i64>,
}

impl Workload {
    /// The parameters of `operation` on this catalogue.
    pub fn new(operation: Operation, catalogue: Catalogue) -> Self {
        Workload {
            operation,
            catalogue,
            hot: catalogue.spread_products(HOT_PRODUCTS),
        }
    }

    /// The parameters of run number `turn`, which counts up through one approach's runs of the operation.
    pub fn parameters(&self, turn: u64) -> Vec<Parameter> {
        let size = &self.catalogue.size;
        let product = self.hot[(turn % self.hot.len() as u64) as usize];
        let turn_key = turn as i64;
        match self.operation {
            Operation::Price1 | Operation::Throughput => {
                vec![Box::new(product), Box::new(price_factor(turn))]
            }
            Operation::Price100 => vec![Box::new(self.bulk(100, turn)), Box::new(price_factor(turn))],
            Operation::Price1000 => vec![Box::new(self.bulk(1_000, turn)), Box::new(price_factor(turn))],
            Operation::Category => {
                vec![
                    Box::new(self.catalogue.cascade_category() as i64),
                    Box::new(format!("Trail Running {turn}")),
                ]
            }
            Operation::Supplier => {
                vec![
                    Box::new(self.catalogue.cascade_supplier() as i64),
                    Box::new(format!("Hallberg & Daughters {turn}")),
                ]
            }
            Operation::SupplierSwitch => {
                // Another supplier each time the same product comes round again.
                let round = turn / self.hot.len() as u64;
                let supplier = 1 + (turn + round) % (size.suppliers - 1);
                vec![Box::new(product), Box::new(supplier as i64)]
            }
            Operation::ReviewInsert => {
                let rating = 1 + (turn % 5) as i32;
                let created = SystemTime::UNIX_EPOCH + Duration::from_secs(1_751_328_000 + turn);
                vec![
                    Box::new(INSERTED + turn_key),
                    Box::new(product),
                    Box::new(rating),
                    Box::new(created),
                ]
            }
            // Keys of reviews are dense, and there are about five times as many as products.
            Operation::ReviewUpdate => vec![Box::new(4 * product)],
            Operation::ReviewDelete | Operation::ProductDelete => vec![Box::new(DOOMED + turn_key)],
            Operation::Stock => {
                let quantity = 10 + (turn * 37 % 397) as i32;
                vec![Box::new(product), Box::new(quantity), Box::new(quantity / 4)]
            }
            Operation::ProductInsert => {
                let category = size.categories - turn % (size.categories / 2);
                let supplier = 1 + turn % size.suppliers;
                vec![
                    Box::new(INSERTED + turn_key),
                    Box::new(category as i64),
                    Box::new(supplier as i64),
                ]
            }
            Operation::UnusedColumn => vec![Box::new(product), Box::new(format!("checked {turn}"))],
            _ => Vec::new(),
        }
    }

    /// `count` products spread over the table, other ones with each turn.
    fn bulk(&self, count: u64, turn: u64) -> Vec<i64> {
        let products = self.catalogue.size.products;
        let shift = (turn * 31) as i64;
        self.catalogue
            .spread_products(count)
            .into_iter()
            .map(|product| 1 + (product + shift) % products as i64)
            .collect()
    }
}

/// Thousandths of the base price, far enough from the previous turn's that the price differs even for cheap articles.
pub fn price_factor(turn: u64) -> i32 {
    600 + (turn * 37 % 397) as i32
}

#[cfg(test)]
mod tests {
    use super::{Workload, price_factor};
    use crate::data::Catalogue;
    use crate::operation::Operation;
    use crate::scale::Scale;

    #[test]
    fn statements_have_as_many_parameters_as_the_workload_gives() {
        let catalogue = Catalogue {
            seed: 1,
            size: Scale::Small.size(),
        };
        for operation in Operation::ALL {
            let given = Workload::new(operation, catalogue).parameters(0).len();
            let statement = operation.statement();
            let wanted = (1..=9)
                .filter(|number| statement.contains(&format!("${number}")))
                .count();
            assert_eq!(given, wanted, "{operation:?}");
        }
    }

    #[test]
    fn bulk_updates_name_distinct_products() {
        for scale in [Scale::Small, Scale::Medium] {
            let workload = Workload::new(
                Operation::Price1000,
                Catalogue {
                    seed: 1,
                    size: scale.size(),
                },
            );
            for turn in [0, 1, 50] {
                let mut products = workload.bulk(1_000, turn);
                products.sort_unstable();
                products.dedup();
                assert_eq!(products.len(), 1_000, "{scale} {turn}");
                assert!(products[0] >= 1 && products[999] <= scale.size().products as i64);
            }
        }
    }

    #[test]
    fn consecutive_prices_differ_by_more_than_a_cent_of_the_cheapest_article() {
        for turn in 0..2_000 {
            let difference = (price_factor(turn) - price_factor(turn + 1)).abs();
            assert!(difference >= 10, "turn {turn}: {difference}");
        }
    }
}
