//! Data of the specification's generator: the tables, and the refresh streams.

use std::collections::HashSet;
use std::fmt::Display;
use std::sync::OnceLock;

use tpchgen::distribution::Distributions;
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator, PartSuppGenerator,
    RegionGenerator, SupplierGenerator,
};
use tpchgen::text::TextPool;

use super::schema::Table;
use crate::session::{Failure, Outcome, Session};

/// Comments are cut from this much text. The generator's own 300 MB take it longer than all tables do.
const TEXT_BYTES: i32 = 4 * 1024 * 1024;

/// All data are the first of one part.
const WHOLE: (i32, i32) = (1, 1);

/// RF1 and RF2 concern this part of the orders, as the specification has it, or the smallest number below.
const REFRESH_PARTS: i64 = 1000;
const SMALLEST_REFRESH: i64 = 4;

/// The distance from the key of an order of the tables to a free one: of 32 consecutive keys the tables use 8.
const KEY_GAP: i64 = 8;
const GAPS: i64 = 3;

fn text_pool() -> &'static TextPool {
    static POOL: OnceLock<TextPool> = OnceLock::new();
    POOL.get_or_init(|| TextPool::new(TEXT_BYTES, Distributions::static_default()))
}

/// Rows as `COPY … WITH (DELIMITER '|')` takes them.
fn lines<T: Display>(rows: impl Iterator<Item = T>) -> String {
    let mut out = String::new();
    for row in rows {
        let text = row.to_string();
        out.push_str(text.strip_suffix('|').unwrap_or(&text));
        out.push('\n');
    }
    out
}

/// The rows of a table at a scale factor, as text for `COPY`.
pub fn table(table: Table, scale: f64) -> String {
    let (part, parts) = WHOLE;
    let (words, text) = (Distributions::static_default(), text_pool());
    match table {
        Table::Region => lines(RegionGenerator::new_with_distributions_and_text_pool(words, text).iter()),
        Table::Nation => lines(NationGenerator::new_with_distributions_and_text_pool(words, text).iter()),
        Table::Part => {
            lines(PartGenerator::new_with_distributions_and_text_pool(scale, part, parts, words, text).iter())
        }
        Table::Supplier => lines(
            SupplierGenerator::new_with_distributions_and_text_pool(scale, part, parts, words, text).iter(),
        ),
        Table::Partsupp => {
            // Where there are few suppliers, the generator gives a part the same one twice.
            let mut seen = HashSet::new();
            let rows = PartSuppGenerator::new_with_text_pool(scale, part, parts, text).iter();
            lines(rows.filter(|row| seen.insert((row.ps_partkey, row.ps_suppkey))))
        }
        Table::Customer => lines(
            CustomerGenerator::new_with_distributions_and_text_pool(scale, part, parts, words, text).iter(),
        ),
        Table::Orders => lines(orders(scale, part, parts)),
        Table::Lineitem => lines(lineitems(scale, part, parts)),
    }
}

fn orders(scale: f64, part: i32, parts: i32) -> impl Iterator<Item = tpchgen::generators::Order<'static>> {
    let words = Distributions::static_default();
    OrderGenerator::new_with_distributions_and_text_pool(scale, part, parts, words, text_pool()).iter()
}

fn lineitems(
    scale: f64,
    part: i32,
    parts: i32,
) -> impl Iterator<Item = tpchgen::generators::LineItem<'static>> {
    let words = Distributions::static_default();
    LineItemGenerator::new_with_distributions_and_text_pool(scale, part, parts, words, text_pool()).iter()
}

/// Fills the tables.
pub fn load(session: &mut Session, scale: f64) -> Result<(), Failure> {
    for name in Table::ALL {
        if let Outcome::Failed(failure) = session.copy_in(&copy_statement(name), &table(name, scale)) {
            return Err(failure);
        }
    }
    session.execute("ANALYZE")
}

/// The statement that takes the text of [`table`].
pub fn copy_statement(table: Table) -> String {
    format!("COPY {table} FROM STDIN WITH (DELIMITER '|')")
}

/// New orders with their lines.
#[derive(Clone, Debug)]
pub struct NewOrders {
    /// Their keys.
    pub keys: Vec<i64>,
    /// Rows of `orders`, as text for `COPY`.
    pub orders: String,
    /// Rows of `lineitem`, as text for `COPY`.
    pub lineitems: String,
}

/// The refresh streams of a scale factor.
#[derive(Clone, Copy, Debug)]
pub struct Refresh {
    scale: f64,
    parts: i32,
}

impl Refresh {
    /// The streams for tables of this scale factor.
    pub fn new(scale: f64) -> Self {
        let rows = OrderGenerator::calculate_row_count(scale, WHOLE.0, WHOLE.1);
        let parts = (rows / SMALLEST_REFRESH).clamp(1, REFRESH_PARTS);
        Self {
            scale,
            parts: i32::try_from(parts).unwrap_or(1),
        }
    }

    fn part(&self, number: usize) -> i32 {
        let parts = usize::try_from(self.parts).unwrap_or(1);
        i32::try_from(number % parts).unwrap_or(0) + 1
    }

    /// RF1: the orders number `number`, whose keys lie in the gaps between those of the tables.
    pub fn new_orders(&self, number: usize) -> NewOrders {
        let rounds = i64::try_from(number).unwrap_or(0) / i64::from(self.parts);
        let distance = KEY_GAP * (1 + rounds % GAPS);
        let part = self.part(number);
        let mut keys = vec![];
        let orders = orders(self.scale, part, self.parts).map(|mut order| {
            order.o_orderkey += distance;
            keys.push(order.o_orderkey);
            order
        });
        let orders = lines(orders);
        let lineitems = lines(lineitems(self.scale, part, self.parts).map(|mut line| {
            line.l_orderkey += distance;
            line
        }));
        NewOrders {
            keys,
            orders,
            lineitems,
        }
    }

    /// RF2: the keys of the orders number `number` of the tables.
    pub fn old_orders(&self, number: usize) -> Vec<i64> {
        // From the end: the first orders are those that random changes prefer.
        let part = self.parts + 1 - self.part(number);
        orders(self.scale, part, self.parts)
            .map(|order| order.o_orderkey)
            .collect()
    }
}

/// Lines for `COPY` as the rows of a `VALUES` list.
pub fn values(lines: &str) -> String {
    let row = |line: &str| {
        let values: Vec<String> = line
            .split('|')
            .map(|value| format!("'{}'", value.replace('\'', "''")))
            .collect();
        format!("({})", values.join(", "))
    };
    lines.lines().map(row).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Refresh, Table, table, values};

    #[test]
    fn rows_have_as_many_fields_as_columns() {
        let fields = |wanted| {
            let text = table(wanted, 0.001);
            let mut counts: Vec<usize> = text.lines().map(|line| line.split('|').count()).collect();
            counts.dedup();
            counts
        };
        assert_eq!(
            Table::ALL.map(fields),
            [3, 4, 9, 7, 5, 8, 9, 16].map(|count| vec![count])
        );
    }

    #[test]
    fn new_orders_have_new_keys() {
        let refresh = Refresh::new(0.001);
        let known: Vec<String> = table(Table::Orders, 0.001)
            .lines()
            .filter_map(|line| line.split('|').next().map(str::to_owned))
            .collect();
        for number in [0, 1, 400] {
            let new = refresh.new_orders(number);
            assert!(!new.keys.is_empty());
            assert!(new.keys.iter().all(|key| !known.contains(&key.to_string())));
            assert!(new.lineitems.lines().count() >= new.keys.len());
        }
        let old = refresh.old_orders(3);
        assert!(!old.is_empty() && old.iter().all(|key| known.contains(&key.to_string())));
        assert_ne!(old, refresh.old_orders(4));
    }

    #[test]
    fn values_are_quoted() {
        assert_eq!(values("1|it's\n2|b\n"), "('1', 'it''s'), ('2', 'b')");
    }
}
