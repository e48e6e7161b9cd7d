//! The catalogue's rows, made from a seed.
//!
//! Sizes and skew are those of a shop: a few categories hold most products, prices cluster around what such an article
//! costs, most ratings are good, most reviews belong to few products. Two rows sets are laid out on purpose: one
//! category and one supplier have exactly the number of products that the scale asks for, so that a cascade has the
//! same size in every run.

pub mod words;

use std::fmt::Write as _;

use chrono::{DateTime, Duration};

use crate::rng::{Rng, Zipf};
use crate::scale::Size;

/// A table of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// `tb_category`
    Category,
    /// `tb_supplier`
    Supplier,
    /// `tb_product`
    Product,
    /// `tb_review`
    Review,
    /// `tb_inventory`
    Inventory,
}

impl Table {
    /// All tables, referenced ones first.
    pub const ALL: [Table; 5] = [
        Table::Category,
        Table::Supplier,
        Table::Product,
        Table::Review,
        Table::Inventory,
    ];

    /// The table's name.
    pub fn name(self) -> &'static str {
        match self {
            Table::Category => "tb_category",
            Table::Supplier => "tb_supplier",
            Table::Product => "tb_product",
            Table::Review => "tb_review",
            Table::Inventory => "tb_inventory",
        }
    }

    /// The COPY statement that takes this table's rows.
    pub fn copy_statement(self) -> &'static str {
        match self {
            Table::Category => "COPY tb_category (pk_category, id, fk_parent, name, slug) FROM STDIN",
            Table::Supplier => "COPY tb_supplier (pk_supplier, id, name, country, contact) FROM STDIN",
            Table::Product => {
                "COPY tb_product (pk_product, id, fk_category, fk_supplier, sku, name, base_price, current_price, \
                 currency, internal_note) FROM STDIN"
            }
            Table::Review => {
                "COPY tb_review (pk_review, id, fk_product, rating, author, title, body, created_at) FROM STDIN"
            }
            Table::Inventory => {
                "COPY tb_inventory (pk_inventory, id, fk_product, warehouse, quantity, reserved) FROM STDIN"
            }
        }
    }
}

/// The catalogue of one seed and size.
#[derive(Clone, Copy, Debug)]
pub struct Catalogue {
    /// Where the random numbers start.
    pub seed: u64,
    /// How many rows there are.
    pub size: Size,
}

/// Receives the rows of a table, one entity (a product with all its reviews, say) a call, as COPY text.
pub type Sink<'a, E> = dyn FnMut(&str) -> Result<(), E> + 'a;

impl Catalogue {
    /// The category whose renaming is measured; it is a leaf and has `category_documents` products.
    pub fn cascade_category(&self) -> u64 {
        self.size.categories
    }

    /// The supplier whose renaming is measured.
    pub fn cascade_supplier(&self) -> u64 {
        self.size.suppliers
    }

    /// Up to `count` products, spread evenly over the table.
    pub fn spread_products(&self, count: u64) -> Vec<i64> {
        let count = count.min(self.size.products).max(1);
        let step = self.size.products / count;
        (0..count)
            .map(|index| (1 + index * step + step / 2).min(self.size.products) as i64)
            .collect()
    }

    /// How many calls of the sink [`Catalogue::write`] makes: one for each entity.
    pub fn entities(&self, table: Table) -> u64 {
        match table {
            Table::Category => self.size.categories,
            Table::Supplier => self.size.suppliers,
            Table::Product | Table::Review | Table::Inventory => self.size.products,
        }
    }

    /// Writes a table's rows in COPY's text format.
    pub fn write<E>(&self, table: Table, sink: &mut Sink<'_, E>) -> Result<(), E> {
        match table {
            Table::Category => self.write_categories(sink),
            Table::Supplier => self.write_suppliers(sink),
            Table::Product => self.write_products(sink),
            Table::Review => self.write_reviews(sink),
            Table::Inventory => self.write_inventory(sink),
        }
    }

    fn root_categories(&self) -> u64 {
        (self.size.categories / 10).max(2)
    }

    fn write_categories<E>(&self, sink: &mut Sink<'_, E>) -> Result<(), E> {
        let mut rng = Rng::new(self.seed, "tb_category");
        let roots = self.root_categories();
        let parents = Zipf::new(roots);
        for pk in 1..=self.size.categories {
            let (parent, name) = if pk <= roots {
                let department = words::DEPARTMENTS[(pk - 1) as usize % words::DEPARTMENTS.len()];
                (
                    "\\N".to_owned(),
                    numbered(department, (pk - 1) / words::DEPARTMENTS.len() as u64),
                )
            } else {
                let leaf = pk - roots - 1;
                let article = words::ARTICLES[leaf as usize % words::ARTICLES.len()].0;
                let name = format!("{} {article}s", words::LINES[leaf as usize % words::LINES.len()]);
                (
                    (parents.draw(&mut rng) + 1).to_string(),
                    numbered(&name, leaf / words::ARTICLES.len() as u64),
                )
            };
            let slug = slug(&name);
            sink(&format!("{pk}\t{}\t{parent}\t{name}\t{slug}\n", rng.uuid()))?;
        }
        Ok(())
    }

    fn write_suppliers<E>(&self, sink: &mut Sink<'_, E>) -> Result<(), E> {
        let mut rng = Rng::new(self.seed, "tb_supplier");
        for pk in 1..=self.size.suppliers {
            let company = words::COMPANIES[(pk - 1) as usize % words::COMPANIES.len()];
            let name = format!("{company} {}", rng.pick(words::COMPANY_KINDS));
            let country = rng.pick(words::COUNTRIES);
            let contact = format!("sales@{}.example", slug(&name));
            sink(&format!("{pk}\t{}\t{name}\t{country}\t{contact}\n", rng.uuid()))?;
        }
        Ok(())
    }

    fn write_products<E>(&self, sink: &mut Sink<'_, E>) -> Result<(), E> {
        let mut rng = Rng::new(self.seed, "tb_product");
        let roots = self.root_categories();
        let leaves = Zipf::new(self.size.categories - roots - 1);
        let suppliers = Zipf::new(self.size.suppliers - 1);
        for pk in 1..=self.size.products {
            let id = rng.uuid();
            let article = rng.below(words::ARTICLES.len() as u64) as usize;
            let (what, typical) = words::ARTICLES[article];
            let drawn_category = roots + 1 + leaves.draw(&mut rng);
            let drawn_supplier = suppliers.draw(&mut rng) + 1;
            let without_supplier = rng.percent(10);
            let category = if self.in_cascade_category(pk) {
                self.cascade_category()
            } else {
                drawn_category
            };
            let supplier = if self.of_cascade_supplier(pk) {
                self.cascade_supplier().to_string()
            } else if without_supplier {
                "\\N".to_owned()
            } else {
                drawn_supplier.to_string()
            };
            let base = typical * (60 + rng.below(90)) / 100;
            let discount = if rng.percent(35) {
                5 * (1 + rng.below(8))
            } else {
                0
            };
            let current = base * (100 - discount) / 100;
            let (line, variant, finish) = (
                rng.pick(words::LINES),
                rng.pick(words::VARIANTS),
                rng.pick(words::FINISHES),
            );
            let currency = if rng.percent(80) { "EUR" } else { "USD" };
            sink(&format!(
                "{pk}\t{id}\t{category}\t{supplier}\t{}{}-{pk:07}\t{line} {what} {variant}, {finish}\t{}\t{}\t\
                 {currency}\tbuyer {}\n",
                &line[..2].to_uppercase(),
                &variant[..1],
                cents(base),
                cents(current),
                rng.below(40),
            ))?;
        }
        Ok(())
    }

    fn in_cascade_category(&self, product: u64) -> bool {
        (product - 1).is_multiple_of(self.size.products / self.size.category_documents)
    }

    fn of_cascade_supplier(&self, product: u64) -> bool {
        (product - 1) % (self.size.products / self.size.supplier_documents) == 1
    }

    fn write_reviews<E>(&self, sink: &mut Sink<'_, E>) -> Result<(), E> {
        let mut rng = Rng::new(self.seed, "tb_review");
        let mut pk = 0_u64;
        let mut rows = String::new();
        for product in 1..=self.size.products {
            rows.clear();
            for _ in 0..review_count(rng.below(100)) {
                pk += 1;
                let rating = rating(rng.below(100));
                let title = rng.pick(words::REVIEW_TITLES[rating - 1]);
                let first = rng.pick(words::REVIEW_SENTENCES);
                let second = rng.pick(words::REVIEW_SENTENCES);
                let initial = char::from(b'A' + rng.below(26) as u8);
                let author = format!("{} {initial}.", rng.pick(words::FIRST_NAMES));
                let created = moment(rng.below(3 * 365 * 24 * 3600));
                let id = rng.uuid();
                let _ = writeln!(
                    rows,
                    "{pk}\t{id}\t{product}\t{rating}\t{author}\t{title}\t{first} {second}\t{created}"
                );
            }
            sink(&rows)?;
        }
        Ok(())
    }

    fn write_inventory<E>(&self, sink: &mut Sink<'_, E>) -> Result<(), E> {
        let mut rng = Rng::new(self.seed, "tb_inventory");
        for pk in 1..=self.size.products {
            let quantity = if rng.percent(7) { 0 } else { 1 + rng.below(400) };
            let reserved = rng.below(quantity / 8 + 1);
            let warehouse = rng.pick(words::WAREHOUSES);
            sink(&format!(
                "{pk}\t{}\t{pk}\t{warehouse}\t{quantity}\t{reserved}\n",
                rng.uuid()
            ))?;
        }
        Ok(())
    }
}

/// Reviews of a product, five on average; `draw` is in `0..100`.
fn review_count(draw: u64) -> u64 {
    const STEPS: [(u64, u64); 11] = [
        (11, 0),
        (23, 1),
        (35, 2),
        (47, 3),
        (57, 4),
        (67, 5),
        (75, 6),
        (83, 8),
        (91, 10),
        (97, 14),
        (100, 20),
    ];
    STEPS
        .iter()
        .find(|(below, _)| draw < *below)
        .map_or(0, |(_, count)| *count)
}

/// Ratings of a shop: mostly four and five; `draw` is in `0..100`.
fn rating(draw: u64) -> usize {
    match draw {
        0..6 => 1,
        6..12 => 2,
        12..25 => 3,
        25..55 => 4,
        _ => 5,
    }
}

/// A moment in the three years before June 2025, as PostgreSQL reads it.
fn moment(seconds_before: u64) -> String {
    let end = DateTime::from_timestamp(1_748_736_000, 0).unwrap_or_default();
    (end - Duration::seconds(seconds_before as i64))
        .format("%Y-%m-%d %H:%M:%S+00")
        .to_string()
}

fn numbered(name: &str, round: u64) -> String {
    if round == 0 {
        name.to_owned()
    } else {
        format!("{name} {}", round + 1)
    }
}

fn slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

fn cents(amount: u64) -> String {
    format!("{}.{:02}", amount / 100, amount % 100)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::{Catalogue, Table};
    use crate::scale::Scale;

    fn rows(catalogue: Catalogue, table: Table) -> Vec<Vec<String>> {
        let mut text = String::new();
        let mut sink = |chunk: &str| {
            text.push_str(chunk);
            Ok::<(), Infallible>(())
        };
        let Ok(()) = catalogue.write(table, &mut sink);
        text.lines()
            .map(|line| line.split('\t').map(str::to_owned).collect())
            .collect()
    }

    fn small(seed: u64) -> Catalogue {
        Catalogue {
            seed,
            size: Scale::Small.size(),
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_rows_and_another_one_others() {
        for table in Table::ALL {
            assert_eq!(rows(small(42), table), rows(small(42), table), "{table:?}");
            assert_ne!(rows(small(42), table), rows(small(43), table), "{table:?}");
        }
    }

    #[test]
    fn the_first_rows_are_the_ones_of_earlier_versions() {
        // Figures of two versions of the harness can only be compared when both ran on the same rows.
        let products = rows(small(42), Table::Product);
        assert_eq!(products[0].join("|"), GOLDEN_PRODUCT);
    }

    const GOLDEN_PRODUCT: &str = "1|96981a74-5501-4100-aa0d-824f28583f88|20|2|NOP-0000001|Nordic USB-C Charger Pro, Ochre|16.93|16.93|\
                                  EUR|buyer 12";

    #[test]
    fn rows_fit_their_columns_and_keys_are_dense() {
        for table in Table::ALL {
            let columns = table.copy_statement().matches(',').count() + 1;
            let rows = rows(small(1), table);
            for (index, row) in rows.iter().enumerate() {
                assert_eq!(row.len(), columns, "{table:?}: {row:?}");
                assert_eq!(row[0], (index + 1).to_string(), "{table:?}");
            }
        }
    }

    #[test]
    fn links_lead_to_rows_and_the_cascades_have_their_size() {
        let catalogue = small(42);
        let size = catalogue.size;
        let products = rows(catalogue, Table::Product);
        let of = |column: usize, key: u64| {
            products
                .iter()
                .filter(|row| row[column] == key.to_string())
                .count() as u64
        };
        assert_eq!(of(2, catalogue.cascade_category()), size.category_documents);
        assert_eq!(of(3, catalogue.cascade_supplier()), size.supplier_documents);
        for row in &products {
            let category: u64 = row[2].parse().expect("a number");
            assert!((1..=size.categories).contains(&category));
        }
        assert!(
            products.iter().any(|row| row[3] == "\\N"),
            "some products have no supplier"
        );
        let categories = rows(catalogue, Table::Category);
        let cascade = &categories[catalogue.cascade_category() as usize - 1];
        assert_ne!(cascade[2], "\\N", "the renamed category is not a root");
        assert!(
            categories.iter().all(|row| row[2] != cascade[0]),
            "and not a parent"
        );
    }

    #[test]
    fn there_are_about_five_reviews_a_product() {
        let reviews = rows(small(42), Table::Review).len();
        assert!((4_500..5_500).contains(&reviews), "{reviews}");
    }

    #[test]
    fn spread_products_are_distinct_and_in_range() {
        let catalogue = Catalogue {
            seed: 1,
            size: Scale::Medium.size(),
        };
        for count in [1, 7, 500, 1_000_000] {
            let products = catalogue.spread_products(count);
            assert!(products.windows(2).all(|pair| pair[0] < pair[1]), "{count}");
            assert!(products.iter().all(|pk| (1..=100_000).contains(pk)), "{count}");
        }
    }
}
