//! What is done to the catalogue: one statement per operation, the same for every approach.

use clap::ValueEnum;

use crate::approach::Approach;
use crate::data::Catalogue;
use crate::dimension::{self, Dimension};
use crate::scale::{Effort, Size};
use crate::traffic::Traffic;

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
    /// Many products added in one statement.
    BulkInsert,
    /// Their prices, in one statement.
    BulkUpdate,
    /// They are removed in one statement.
    BulkDelete,
    /// The lines of an order, written by one statement.
    OrderStatement,
    /// The lines of an order, written line by line in one transaction.
    OrderLines,
    /// One price in the smallest group of an aggregate.
    GroupSmall,
    /// One price in its largest group.
    GroupLarge,
    /// The first write of a fresh connection.
    FirstWrite,
    /// One leaf of a small document.
    #[value(name = "size-1k")]
    Size1k,
    /// One leaf of a larger one.
    #[value(name = "size-10k")]
    Size10k,
    /// One leaf of a large one.
    #[value(name = "size-100k")]
    Size100k,
    /// One document hangs on the renamed row.
    #[value(name = "fan-1")]
    Fan1,
    /// A hundred do.
    #[value(name = "fan-100")]
    Fan100,
    /// Ten thousand do.
    #[value(name = "fan-10000")]
    Fan10000,
    /// A hundred larger ones do.
    #[value(name = "fan-100-10k")]
    Fan100Of10k,
    /// A hundred large ones do.
    #[value(name = "fan-100-100k")]
    Fan100Of100k,
    /// A GIN index on the documents.
    #[value(name = "index-gin")]
    IndexGin,
    /// Five secondary indexes.
    #[value(name = "index-five")]
    IndexFive,
    /// Five views.
    #[value(name = "tviews-5")]
    Tviews5,
    /// Twenty views.
    #[value(name = "tviews-20")]
    Tviews20,
    /// A member of a child in a list of 20.
    #[value(name = "list-20-change")]
    List20Change,
    /// A child more in a list of 20.
    #[value(name = "list-20-insert")]
    List20Insert,
    /// A child of a list of 20 changes its place.
    #[value(name = "list-20-move")]
    List20Move,
    /// A member of a child in a list of 200.
    #[value(name = "list-200-change")]
    List200Change,
    /// A child more in a list of 200.
    #[value(name = "list-200-insert")]
    List200Insert,
    /// A child of a list of 200 changes its place.
    #[value(name = "list-200-move")]
    List200Move,
    /// Transactions per second, each the price of one product.
    Throughput,
    /// Transactions per second on the products of one category, which is renamed now and then.
    ThroughputRenames,
    /// Transactions per second, each a review of one product.
    ThroughputReviews,
    /// Transactions per second of random statements over hot rows.
    Storm,
}

/// Which part of the harness measures an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// When the views are made.
    Create,
    /// Prepared statement after prepared statement.
    Statement,
    /// Together with its siblings, on tables or rows of their own.
    Parts(Group),
    /// Several clients at a time.
    Traffic(Traffic),
}

/// Operations that are measured together, each turn all of them one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Many rows inserted, updated, deleted.
    Bulk,
    /// Orders and their lines.
    Orders,
    /// An aggregate.
    Aggregate,
    /// Fresh connections.
    FirstWrite,
    /// A document size, a fan-out, indexes, or a number of views; with one operation each.
    Dimension(&'static Dimension),
}

impl Group {
    /// Its operations, in the order of a turn.
    pub fn operations(self) -> &'static [Operation] {
        match self {
            Group::Bulk => &[
                Operation::BulkInsert,
                Operation::BulkUpdate,
                Operation::BulkDelete,
            ],
            Group::Orders => &[Operation::OrderStatement, Operation::OrderLines],
            Group::Aggregate => &[Operation::GroupSmall, Operation::GroupLarge],
            Group::FirstWrite => &[Operation::FirstWrite],
            Group::Dimension(dimension) => std::slice::from_ref(&dimension.operation),
        }
    }
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
    /// Many thousands.
    Bulk,
}

/// Keys of rows that the benchmark itself inserts and measures inserting of.
pub const INSERTED: i64 = 1_000_000_000;
/// Keys of rows that are inserted only so that deleting them can be measured.
pub const DOOMED: i64 = 2_000_000_000;
/// Clients of the storm.
pub const STORM_CLIENTS: u32 = 8;
/// Reviews of each product that is inserted to be deleted.
const DOOMED_REVIEWS: i64 = 5;

impl Operation {
    /// All operations, in the order in which they run.
    pub const ALL: [Operation; 44] = [
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
        Operation::BulkInsert,
        Operation::BulkUpdate,
        Operation::BulkDelete,
        Operation::OrderStatement,
        Operation::OrderLines,
        Operation::GroupSmall,
        Operation::GroupLarge,
        Operation::FirstWrite,
        Operation::Size1k,
        Operation::Size10k,
        Operation::Size100k,
        Operation::Fan1,
        Operation::Fan100,
        Operation::Fan10000,
        Operation::Fan100Of10k,
        Operation::Fan100Of100k,
        Operation::IndexGin,
        Operation::IndexFive,
        Operation::Tviews5,
        Operation::Tviews20,
        Operation::List20Change,
        Operation::List20Insert,
        Operation::List20Move,
        Operation::List200Change,
        Operation::List200Insert,
        Operation::List200Move,
        Operation::Throughput,
        Operation::ThroughputRenames,
        Operation::ThroughputReviews,
        Operation::Storm,
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
            Operation::BulkInsert => "bulk-insert",
            Operation::BulkUpdate => "bulk-update",
            Operation::BulkDelete => "bulk-delete",
            Operation::OrderStatement => "order-statement",
            Operation::OrderLines => "order-lines",
            Operation::GroupSmall => "group-small",
            Operation::GroupLarge => "group-large",
            Operation::FirstWrite => "first-write",
            Operation::Throughput => "throughput",
            Operation::ThroughputRenames => "throughput-renames",
            Operation::ThroughputReviews => "throughput-reviews",
            Operation::Storm => "storm",
            _ => dimension::of(self).map_or("", |dimension| dimension.name),
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
            Operation::BulkInsert => "many products inserted, one statement",
            Operation::BulkUpdate => "their prices, one statement",
            Operation::BulkDelete => "the same products deleted, one statement",
            Operation::OrderStatement => "order of 20 lines saved by one statement",
            Operation::OrderLines => "order of 20 lines saved line by line, one transaction",
            Operation::GroupSmall => "count, sum, average by category: one price in the smallest",
            Operation::GroupLarge => "count, sum, average by category: one price in the largest",
            Operation::FirstWrite => "first write of a fresh connection, five views",
            Operation::Throughput => "throughput, different products' prices",
            Operation::ThroughputRenames => "throughput, one category's products, with renames",
            Operation::ThroughputReviews => "throughput, reviews of one product",
            Operation::Storm => "throughput, 1 to 4 random statements on hot rows",
            _ => dimension::of(self).map_or("", |dimension| dimension.title),
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
            Operation::BulkInsert | Operation::BulkUpdate | Operation::BulkDelete => size.bulk_rows,
            Operation::FirstWrite => 5,
            Operation::UnusedColumn => 0,
            _ => dimension::of(self).map_or(1, Dimension::documents),
        }
    }

    /// Who measures it.
    pub fn kind(self) -> Kind {
        match self {
            Operation::Create => Kind::Create,
            Operation::BulkInsert | Operation::BulkUpdate | Operation::BulkDelete => Kind::Parts(Group::Bulk),
            Operation::OrderStatement | Operation::OrderLines => Kind::Parts(Group::Orders),
            Operation::GroupSmall | Operation::GroupLarge => Kind::Parts(Group::Aggregate),
            Operation::FirstWrite => Kind::Parts(Group::FirstWrite),
            Operation::Throughput => Kind::Traffic(Traffic::Products),
            Operation::ThroughputRenames => Kind::Traffic(Traffic::Renames),
            Operation::ThroughputReviews => Kind::Traffic(Traffic::Reviews),
            Operation::Storm => Kind::Traffic(Traffic::Storm),
            _ => dimension::of(self).map_or(Kind::Statement, |dimension| {
                Kind::Parts(Group::Dimension(dimension))
            }),
        }
    }

    /// Whether it is measured on tables of its own size, and not on the catalogue's.
    pub fn is_dimension(self) -> bool {
        dimension::of(self).is_some()
    }

    /// Whether transactions per second are counted.
    pub fn is_traffic(self) -> bool {
        matches!(self.kind(), Kind::Traffic(_))
    }

    /// The numbers of clients that measure it; `chosen` is for the throughput.
    pub fn client_counts(self, chosen: &[u32]) -> Vec<u32> {
        match self.kind() {
            Kind::Traffic(Traffic::Storm) => vec![STORM_CLIENTS],
            Kind::Traffic(_) => chosen.to_vec(),
            _ => vec![1],
        }
    }

    /// How heavy it is.
    pub fn weight(self) -> Weight {
        match self {
            Operation::Price100 | Operation::Fan100 | Operation::Fan100Of10k | Operation::Fan100Of100k => {
                Weight::Hundred
            }
            Operation::Price1000
            | Operation::Category
            | Operation::Supplier
            | Operation::Create
            | Operation::Fan10000 => Weight::Thousand,
            Operation::BulkInsert | Operation::BulkUpdate | Operation::BulkDelete => Weight::Bulk,
            _ => Weight::Single,
        }
    }

    /// Measured repetitions, and unmeasured ones before them.
    pub fn repetitions(self, effort: &Effort) -> (usize, usize) {
        match self.weight() {
            Weight::Single => (effort.single, effort.warm_up),
            Weight::Hundred => (effort.hundred, 5),
            Weight::Thousand => (effort.thousand, 3),
            Weight::Bulk => (effort.bulk, 0),
        }
    }

    /// Runs after the timed ones, in which the log's bytes and the rows written are counted instead.
    pub fn counted_runs(self) -> usize {
        match self.weight() {
            Weight::Single => 20,
            Weight::Hundred | Weight::Thousand => 2,
            Weight::Bulk => 0,
        }
    }

    /// Whether the approach's view can show what the operation changes; if not, there is nothing to measure.
    pub fn expressible_by(self, approach: Approach) -> bool {
        let of_documents = matches!(
            self,
            Operation::ReviewInsert
                | Operation::ReviewUpdate
                | Operation::ReviewDelete
                | Operation::ThroughputReviews
                | Operation::OrderStatement
                | Operation::OrderLines
        );
        match approach {
            Approach::PgIvm => !of_documents,
            Approach::Refresh | Approach::RefreshConcurrently => !self.is_traffic(),
            _ => true,
        }
    }

    /// Whether the approach refreshes the documents after it, which costs the same whatever changed.
    pub fn refreshes_documents(self, approach: Approach) -> bool {
        let of_documents = matches!(self.kind(), Kind::Statement | Kind::Parts(Group::Bulk));
        of_documents && approach.refresh_statement().is_some()
    }

    /// Why the approach is left out although its view could show the change.
    pub fn left_out(self, approach: Approach) -> Option<&'static str> {
        use Approach::{NoView, PatchTrigger, PgIvm, RebuildTrigger, Tviews};
        let refreshing = approach.refresh_statement().is_some();
        let (measured, reason): (&[Approach], &str) = match self.kind() {
            Kind::Parts(Group::Bulk) if refreshing => (&[], "a refresh costs the same whatever changed"),
            Kind::Parts(Group::Bulk) => (
                &[NoView, Tviews, PatchTrigger, RebuildTrigger],
                "the view of pg_ivm shows no product without stock",
            ),
            Kind::Parts(Group::Orders) => (&[NoView, Tviews, RebuildTrigger], "not one of this comparison"),
            Kind::Parts(Group::Aggregate) => (&[NoView, Tviews, PgIvm], "not one of this comparison"),
            Kind::Parts(Group::FirstWrite) => (&[NoView, Tviews], "not one of this comparison"),
            Kind::Parts(Group::Dimension(_)) => {
                (&[NoView, Tviews, PatchTrigger], "not one of this comparison")
            }
            Kind::Traffic(Traffic::Renames | Traffic::Reviews | Traffic::Storm) => (
                &[NoView, Tviews, PatchTrigger, PgIvm],
                "the trigger that patches stands for both",
            ),
            _ => return None,
        };
        (!measured.contains(&approach)).then_some(reason)
    }

    /// The measured statement.
    pub fn statement(self) -> &'static str {
        match self {
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
            // Made otherwise, or of several statements.
            _ => "",
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

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::{Kind, Operation};
    use crate::approach::Approach;
    use crate::traffic::Traffic;

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
    fn every_operation_is_one_of_its_group() {
        for operation in Operation::ALL {
            if let Kind::Parts(group) = operation.kind() {
                assert!(group.operations().contains(&operation), "{operation:?}");
            }
            let made_of_one_statement = !operation.statement().is_empty();
            let kind = operation.kind();
            assert_eq!(
                made_of_one_statement,
                kind == Kind::Statement || kind == Kind::Traffic(Traffic::Products),
                "{operation:?}"
            );
        }
    }

    #[test]
    fn plain_tables_and_the_tview_are_measured_everywhere() {
        for operation in Operation::ALL {
            for approach in [Approach::NoView, Approach::Tviews] {
                assert!(operation.expressible_by(approach), "{operation:?}");
                assert_eq!(operation.left_out(approach), None, "{operation:?}");
            }
        }
    }
}
