//! What is done to the catalogue: one statement per operation, the same for every approach.

use std::time::{Duration, SystemTime};

use clap::ValueEnum;
use postgres::types::ToSql;

use crate::approach::Approach;
use crate::data::Catalogue;
use crate::scale::{Effort, Size};

/// One measured operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Operation {
    /// Making and filling the view.
    Create,
    /// The price of one product.
    #[value(name = "price-1")]
    Price1,
    /// The prices of 100 products in one statement.
    #[value(name = "price-100")]
    Price100,
    /// The prices of 1,000 products in one statement.
    #[value(name = "price-1000")]
    Price1000,
    /// A category is renamed.
    Category,
    /// A supplier is renamed.
    Supplier,
    /// A product moves to another supplier.
    SupplierSwitch,
    /// A review is written.
    ReviewInsert,
    /// The rating of a review changes.
    ReviewUpdate,
    /// A review is removed.
    ReviewDelete,
    /// The stock of a product changes.
    Stock,
    /// A product is added.
    ProductInsert,
    /// A product is removed, with its reviews and stock.
    ProductDelete,
    /// A column that no document uses.
    UnusedColumn,
    /// Transactions per second, each the price of one product.
    Throughput,
}

/// How many documents an operation touches, which decides how often it is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// One document, or none.
    Single,
    /// About a hundred.
    Hundred,
    /// About a thousand.
    Thousand,
}

/// A parameter of a prepared statement.
pub type Parameter = Box<dyn ToSql + Sync>;

/// Keys of rows that the benchmark itself inserts and measures inserting of.
const INSERTED: i64 = 1_000_000_000;
/// Keys of rows that are inserted only so that deleting them can be measured.
const DOOMED: i64 = 2_000_000_000;
/// How many products the operations on one product take turns with.
const HOT_PRODUCTS: u64 = 500;
/// Reviews of each product that is inserted to be deleted.
const DOOMED_REVIEWS: i64 = 5;

impl Operation {
    /// All operations, in the order in which they run.
    pub const ALL: [Operation; 15] = [
        Operation::Create,
        Operation::Price1,
        Operation::Price100,
        Operation::Price1000,
        Operation::Category,
        Operation::Supplier,
        Operation::SupplierSwitch,
        Operation::ReviewInsert,
        Operation::ReviewUpdate,
        Operation::ReviewDelete,
        Operation::Stock,
        Operation::ProductInsert,
        Operation::ProductDelete,
        Operation::UnusedColumn,
        Operation::Throughput,
    ];

    /// The name in the results.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Create => "create",
            Operation::Price1 => "price-1",
            Operation::Price100 => "price-100",
            Operation::Price1000 => "price-1000",
            Operation::Category => "category",
            Operation::Supplier => "supplier",
            Operation::SupplierSwitch => "supplier-switch",
            Operation::ReviewInsert => "review-insert",
            Operation::ReviewUpdate => "review-update",
            Operation::ReviewDelete => "review-delete",
            Operation::Stock => "stock",
            Operation::ProductInsert => "product-insert",
            Operation::ProductDelete => "product-delete",
            Operation::UnusedColumn => "unused-column",
            Operation::Throughput => "throughput",
        }
    }

    /// The operation with this name.
    pub fn from_name(name: &str) -> Option<Operation> {
        Operation::ALL
            .into_iter()
            .find(|operation| operation.name() == name)
    }

    /// What the report calls it.
    pub fn title(self) -> &'static str {
        match self {
            Operation::Create => "creation and first fill",
            Operation::Price1 => "one product's price",
            Operation::Price100 => "price of 100 products, one statement",
            Operation::Price1000 => "price of 1,000 products, one statement",
            Operation::Category => "category renamed",
            Operation::Supplier => "supplier renamed",
            Operation::SupplierSwitch => "product moved to another supplier",
            Operation::ReviewInsert => "review inserted",
            Operation::ReviewUpdate => "review's rating changed",
            Operation::ReviewDelete => "review deleted",
            Operation::Stock => "stock changed",
            Operation::ProductInsert => "product inserted",
            Operation::ProductDelete => "product deleted, with reviews and stock",
            Operation::UnusedColumn => "column that no document uses",
            Operation::Throughput => "throughput, different products' prices",
        }
    }

    /// How many documents one run of it touches.
    pub fn documents(self, size: &Size) -> u64 {
        match self {
            Operation::Create => size.products,
            Operation::Price100 => 100.min(size.products),
            Operation::Price1000 => 1_000.min(size.products),
            Operation::Category => size.category_documents,
            Operation::Supplier => size.supplier_documents,
            Operation::UnusedColumn => 0,
            _ => 1,
        }
    }

    /// How heavy it is.
    pub fn weight(self) -> Weight {
        match self {
            Operation::Price100 => Weight::Hundred,
            Operation::Price1000 | Operation::Category | Operation::Supplier | Operation::Create => {
                Weight::Thousand
            }
            _ => Weight::Single,
        }
    }

    /// Measured repetitions, and unmeasured ones before them.
    pub fn repetitions(self, effort: &Effort) -> (usize, usize) {
        match self.weight() {
            Weight::Single => (effort.single, effort.warm_up),
            Weight::Hundred => (effort.hundred, 5),
            Weight::Thousand => (effort.thousand, 3),
        }
    }

    /// Whether the operation changes what the approach's view shows; if not, there is nothing to measure.
    pub fn expressible_by(self, approach: Approach) -> bool {
        let reviews = matches!(
            self,
            Operation::ReviewInsert | Operation::ReviewUpdate | Operation::ReviewDelete
        );
        match approach {
            Approach::PgIvm => !reviews,
            Approach::Refresh | Approach::RefreshConcurrently => self != Operation::Throughput,
            _ => true,
        }
    }

    /// The measured statement.
    pub fn statement(self) -> &'static str {
        match self {
            Operation::Create => "",
            Operation::Price1 | Operation::Throughput => {
                "UPDATE tb_product SET current_price = base_price * $2::integer / 1000 WHERE pk_product = $1"
            }
            Operation::Price100 | Operation::Price1000 => {
                "UPDATE tb_product SET current_price = base_price * $2::integer / 1000 WHERE pk_product = ANY ($1)"
            }
            Operation::Category => "UPDATE tb_category SET name = $2 WHERE pk_category = $1",
            Operation::Supplier => "UPDATE tb_supplier SET name = $2 WHERE pk_supplier = $1",
            Operation::SupplierSwitch => "UPDATE tb_product SET fk_supplier = $2 WHERE pk_product = $1",
            Operation::ReviewInsert => {
                "INSERT INTO tb_review (pk_review, fk_product, rating, author, title, body, created_at) \
                 VALUES ($1, $2, $3, 'Maja K.', 'Very happy with it', \
                 'I have used it almost every day for a month now. Delivery took longer than promised.', $4)"
            }
            Operation::ReviewUpdate => "UPDATE tb_review SET rating = rating % 5 + 1 WHERE pk_review = $1",
            Operation::ReviewDelete => "DELETE FROM tb_review WHERE pk_review = $1",
            Operation::Stock => "UPDATE tb_inventory SET quantity = $2, reserved = $3 WHERE fk_product = $1",
            Operation::ProductInsert => {
                "INSERT INTO tb_product (pk_product, fk_category, fk_supplier, sku, name, base_price, current_price, \
                 currency) VALUES ($1, $2, $3, 'NW-N-0000001', 'Nordic Kettle Pro, Sand', 49.90, 44.90, 'EUR')"
            }
            Operation::ProductDelete => "DELETE FROM tb_product WHERE pk_product = $1",
            Operation::UnusedColumn => "UPDATE tb_product SET internal_note = $2 WHERE pk_product = $1",
        }
    }

    /// Statements that make the rows which `runs` runs then delete; they aren't measured.
    pub fn set_up(self, catalogue: &Catalogue, runs: usize) -> Vec<String> {
        let last = DOOMED + runs as i64 - 1;
        let products = catalogue.size.products as i64;
        match self {
            Operation::ReviewDelete => vec![format!(
                "INSERT INTO tb_review (pk_review, fk_product, rating, author, title, body, created_at) \
                 SELECT k, 1 + (k * 7919) % {products}, 1 + k % 5, 'Sven A.', 'Solid quality', 'Will be gone.', \
                 timestamptz '2025-07-01 00:00:00+00' + make_interval(secs => k - {DOOMED}) \
                 FROM generate_series({DOOMED}::bigint, {last}) k"
            )],
            Operation::ProductDelete => vec![
                format!(
                    "INSERT INTO tb_product (pk_product, fk_category, fk_supplier, sku, name, base_price, \
                     current_price, currency) \
                     SELECT k, {}, {}, 'GONE-' || k, 'Discontinued Kettle', 20, 15, 'EUR' \
                     FROM generate_series({DOOMED}::bigint, {last}) k",
                    catalogue.cascade_category() - 1,
                    catalogue.cascade_supplier() - 1,
                ),
                format!(
                    "INSERT INTO tb_inventory (pk_inventory, fk_product, warehouse, quantity, reserved) \
                     SELECT k, k, 'Lyon', 3, 1 FROM generate_series({DOOMED}::bigint, {last}) k"
                ),
                format!(
                    "INSERT INTO tb_review (pk_review, fk_product, rating, author, title, body, created_at) \
                     SELECT {DOOMED} + (k - {DOOMED}) * {DOOMED_REVIEWS} + n, k, 1 + n % 5, 'Sven A.', \
                     'Solid quality', 'Will be gone.', timestamptz '2025-07-01 00:00:00+00' + make_interval(hours => n) \
                     FROM generate_series({DOOMED}::bigint, {last}) k, generate_series(0, {}) n",
                    DOOMED_REVIEWS - 1
                ),
            ],
            _ => Vec::new(),
        }
    }

    /// Statements that take out the rows which an operation has left, so that the next one finds the catalogue as it was.
    pub fn tear_down(self) -> Vec<String> {
        match self {
            Operation::ReviewInsert | Operation::ReviewDelete => {
                vec![format!("DELETE FROM tb_review WHERE pk_review >= {INSERTED}")]
            }
            Operation::ProductInsert | Operation::ProductDelete => {
                vec![format!("DELETE FROM tb_product WHERE pk_product >= {INSERTED}")]
            }
            _ => Vec::new(),
        }
    }
}

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
            Operation::Create => Vec::new(),
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
    use clap::ValueEnum;

    use super::{Operation, Workload, price_factor};
    use crate::data::Catalogue;
    use crate::scale::Scale;

    #[test]
    fn the_command_line_uses_the_names_of_the_results() {
        for operation in Operation::ALL {
            let value = operation
                .to_possible_value()
                .map(|value| value.get_name().to_owned());
            assert_eq!(value.as_deref(), Some(operation.name()));
            assert_eq!(Operation::from_name(operation.name()), Some(operation));
        }
    }

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
