//! Operations that are measured in groups: what a turn of each does, and the tables and views of their own.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use postgres::Client;

use crate::approach::Approach;
use crate::operation::{Group, INSERTED};
use crate::scale::Size;
use crate::workload::price_factor;

const ORDERS_SCHEMA: &str = include_str!("../../../test/sql/comprehensive_benchmarks/sql/orders_schema.sql");
const ORDER_QUERY: &str = include_str!("../../../test/sql/comprehensive_benchmarks/sql/order_query.sql");
const ORDERS_TRIGGER: &str =
    include_str!("../../../test/sql/comprehensive_benchmarks/sql/orders_trigger.sql");
const AGGREGATE_SCHEMA: &str =
    include_str!("../../../test/sql/comprehensive_benchmarks/sql/aggregate_schema.sql");
const AGGREGATE_QUERY: &str =
    include_str!("../../../test/sql/comprehensive_benchmarks/sql/aggregate_query.sql");
const FIRST_WRITE_SCHEMA: &str =
    include_str!("../../../test/sql/comprehensive_benchmarks/sql/first_write_schema.sql");
const FIRST_WRITE_TVIEWS: &str =
    include_str!("../../../test/sql/comprehensive_benchmarks/sql/first_write_tviews.sql");

/// The tviews of first_write_tviews.sql.
const ARTICLE_TVIEWS: [&str; 5] = [
    "tv_article_flat",
    "tv_article_category",
    "tv_article_supplier",
    "tv_article_full",
    "tv_article_reviews",
];

/// Lines of an order.
const LINES: i32 = 20;
/// Products of a group of the aggregate that take turns.
const OFFERS: i64 = 500;

/// Makes the tables of a group and the approach's views on them.
pub fn set_up(group: Group, approach: Approach) -> Vec<String> {
    let (schema, tables, view) = match group {
        Group::Bulk => return Vec::new(),
        Group::Dimension(dimension) => return dimension.set_up(approach),
        Group::Orders => (ORDERS_SCHEMA, "tb_order, tb_order_line", orders(approach)),
        Group::Aggregate => (AGGREGATE_SCHEMA, "tb_offer", aggregate(approach)),
        Group::FirstWrite => {
            let tviews = match approach {
                Approach::Tviews => vec![FIRST_WRITE_TVIEWS.to_owned()],
                _ => Vec::new(),
            };
            (FIRST_WRITE_SCHEMA, "tb_article", tviews)
        }
    };
    let mut statements = vec![schema.to_owned(), format!("VACUUM (ANALYZE) {tables}")];
    statements.extend(view);
    let is_table = |table: &&str| !table.starts_with('(');
    for table in views_of(group, approach)
        .iter()
        .map(|(table, _)| *table)
        .filter(is_table)
    {
        statements.push(format!("VACUUM (ANALYZE) {table}"));
    }
    statements
}

fn orders(approach: Approach) -> Vec<String> {
    match approach {
        Approach::Tviews => vec![format!(
            "SELECT pg_tviews_create('tv_order', $query${ORDER_QUERY}$query$)"
        )],
        Approach::RebuildTrigger => vec![
            format!("CREATE VIEW v_order AS\n{ORDER_QUERY}"),
            "CREATE TABLE order_document AS TABLE v_order".to_owned(),
            "ALTER TABLE order_document ADD PRIMARY KEY (pk_order)".to_owned(),
            ORDERS_TRIGGER.to_owned(),
        ],
        _ => Vec::new(),
    }
}

fn aggregate(approach: Approach) -> Vec<String> {
    match approach {
        Approach::Tviews => vec![format!(
            "SELECT pg_tviews_create('tv_category_total', $query${AGGREGATE_QUERY}$query$)"
        )],
        // It makes a unique index on the group's key itself.
        Approach::PgIvm => vec![format!(
            "SELECT pgivm.create_immv('category_total', $query${AGGREGATE_QUERY}$query$)"
        )],
        _ => Vec::new(),
    }
}

/// Takes away all that [`set_up`] makes and that turns leave.
pub fn tear_down(group: Group, approach: Approach) -> Vec<String> {
    if let Group::Dimension(dimension) = group {
        return dimension.tear_down(approach);
    }
    let tviews: &[&str] = match group {
        Group::Bulk => {
            return vec![format!("DELETE FROM tb_product WHERE pk_product >= {INSERTED}")];
        }
        Group::Orders => &["tv_order"],
        Group::Aggregate => &["tv_category_total"],
        Group::FirstWrite => &ARTICLE_TVIEWS,
        Group::Dimension(_) => &[],
    };
    let tables = match group {
        Group::Bulk | Group::Dimension(_) => "",
        Group::Orders => "order_document, tb_order_line, tb_order",
        Group::Aggregate => "category_total, tb_offer",
        Group::FirstWrite => "tb_article",
    };
    let mut statements = Vec::new();
    if approach == Approach::Tviews {
        let drop = |name: &&str| format!("SELECT pg_tviews_drop('{name}', true)");
        statements.extend(tviews.iter().map(drop));
    }
    // pg_ivm forgets its view with the table; in two steps, as it depends on the other.
    for table in tables.split(", ") {
        statements.push(format!("DROP TABLE IF EXISTS {table} CASCADE"));
    }
    if group == Group::Orders {
        statements.push("DROP FUNCTION IF EXISTS rebuild_order()".to_owned());
    }
    statements
}

/// The views of a group's own to compare with their queries, where there are any.
pub fn views_of(group: Group, approach: Approach) -> Vec<(&'static str, String)> {
    match (group, approach) {
        (Group::Orders, Approach::Tviews) => vec![("tv_order", ORDER_QUERY.to_owned())],
        (Group::Orders, Approach::RebuildTrigger) => vec![("order_document", ORDER_QUERY.to_owned())],
        (Group::Aggregate, Approach::Tviews) => vec![("tv_category_total", AGGREGATE_QUERY.to_owned())],
        // It has columns of its own besides.
        (Group::Aggregate, Approach::PgIvm) => vec![(
            "(SELECT fk_category, offers, total, average FROM category_total)",
            AGGREGATE_QUERY.to_owned(),
        )],
        (Group::FirstWrite, Approach::Tviews) => ARTICLE_TVIEWS
            .iter()
            .map(|&name| (name, format!("TABLE tviews.\"bench_tviews.{name}\"")))
            .collect(),
        (Group::Dimension(dimension), _) => dimension.views(approach),
        _ => Vec::new(),
    }
}

/// What the turns of a group need to know.
#[derive(Debug)]
pub struct Parts {
    group: Group,
    size: Size,
    /// Offers of the smallest and of the largest group.
    offers: [Vec<i64>; 2],
}

impl Parts {
    /// Looks up what the turns need; `client` is one whose schema has been set up.
    pub fn new(group: Group, size: Size, client: &mut Client) -> Result<Parts> {
        let mut offers = [Vec::new(), Vec::new()];
        if group == Group::Aggregate {
            for (keys, order) in offers.iter_mut().zip(["", "DESC"]) {
                let statement = format!(
                    "SELECT pk_offer FROM tb_offer
                      WHERE fk_category = (SELECT fk_category FROM tb_offer GROUP BY fk_category
                                            ORDER BY count(*) {order}, fk_category LIMIT 1)
                      ORDER BY pk_offer LIMIT {OFFERS}"
                );
                let rows = client.query(&statement, &[]).context("looking for the groups")?;
                *keys = rows.iter().map(|row| row.get(0)).collect();
            }
        }
        Ok(Parts { group, size, offers })
    }

    /// One run of operation number `part` of the group: the time that it takes.
    pub fn run(&self, client: &mut Client, part: usize, turn: u64) -> Result<Duration, postgres::Error> {
        match self.group {
            Group::Bulk => timed(client, &self.bulk(part, turn)),
            Group::Orders => {
                let order = 1 + 2 * turn as i64 + part as i64;
                save_order(client, order, part == 1)
            }
            Group::Aggregate => {
                let keys = &self.offers[part];
                let key = keys.get((turn % keys.len().max(1) as u64) as usize).copied();
                timed(
                    client,
                    &format!(
                        "UPDATE tb_offer SET price = {}.{:02} WHERE pk_offer = {}",
                        20 + turn % 300,
                        turn % 97,
                        key.unwrap_or_default()
                    ),
                )
            }
            Group::Dimension(dimension) => timed(client, &dimension.statement(turn)),
            Group::FirstWrite => timed(
                client,
                &format!(
                    "UPDATE tb_article SET price = price + 1 WHERE pk_article = {}",
                    1 + turn % 1_000
                ),
            ),
        }
    }

    /// Insert, update, delete of the same rows.
    fn bulk(&self, part: usize, turn: u64) -> String {
        let last = INSERTED + self.size.bulk_rows as i64 - 1;
        match part {
            0 => format!(
                "INSERT INTO tb_product (pk_product, fk_category, fk_supplier, sku, name, base_price, current_price, \
                 currency) \
                 SELECT k, {categories} - k % {half}, 1 + k % {suppliers}, 'NW-B-' || k, \
                 'Nordic Kettle Pro, Sand', 49.90, 44.90, 'EUR' FROM generate_series({INSERTED}::bigint, {last}) k",
                categories = self.size.categories,
                half = self.size.categories / 2,
                suppliers = self.size.suppliers,
            ),
            1 => format!(
                "UPDATE tb_product SET current_price = base_price * {} / 1000 \
                 WHERE pk_product BETWEEN {INSERTED} AND {last}",
                price_factor(turn)
            ),
            _ => format!("DELETE FROM tb_product WHERE pk_product BETWEEN {INSERTED} AND {last}"),
        }
    }
}

fn timed(client: &mut Client, statement: &str) -> Result<Duration, postgres::Error> {
    let start = Instant::now();
    client.batch_execute(statement)?;
    Ok(start.elapsed())
}

/// One transaction that gives an order its lines.
fn save_order(client: &mut Client, order: i64, line_by_line: bool) -> Result<Duration, postgres::Error> {
    let statement = client.prepare(
        "INSERT INTO tb_order_line (fk_order, position, article, quantity, price) \
         SELECT $1, k, 'Article ' || k, 1 + k % 5, 9.90 + k FROM generate_series($2::integer, $3) k",
    )?;
    let start = Instant::now();
    let mut transaction = client.transaction()?;
    if line_by_line {
        for line in 1..=LINES {
            transaction.execute(&statement, &[&order, &line, &line])?;
        }
    } else {
        transaction.execute(&statement, &[&order, &1, &LINES])?;
    }
    transaction.commit()?;
    Ok(start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::{set_up, tear_down, views_of};
    use crate::approach::Approach;
    use crate::operation::{Group, Operation};

    const GROUPS: [Group; 4] = [Group::Bulk, Group::Orders, Group::Aggregate, Group::FirstWrite];

    #[test]
    fn what_is_made_is_taken_away() {
        for group in GROUPS {
            for approach in Approach::ALL {
                let made = set_up(group, approach).join("\n");
                let dropped = tear_down(group, approach).join("\n");
                for name in made
                    .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
                    .filter(|name| name.starts_with("tv_") && !name.ends_with('_'))
                {
                    assert!(dropped.contains(name), "{group:?} {approach:?} {name}");
                }
                for (view, _) in views_of(group, approach) {
                    let table = view.trim_end_matches(')').rsplit(' ').next().expect("a name");
                    assert!(dropped.contains(table), "{group:?} {approach:?} {table}");
                }
            }
        }
    }

    #[test]
    fn a_measured_approach_has_its_view() {
        for group in [Group::Orders, Group::Aggregate] {
            let operation: Operation = group.operations()[0];
            for approach in Approach::ALL {
                let measured = operation.expressible_by(approach) && operation.left_out(approach).is_none();
                let has = !views_of(group, approach).is_empty();
                assert_eq!(
                    measured && approach != Approach::NoView,
                    has,
                    "{group:?} {approach:?}"
                );
            }
        }
    }
}
