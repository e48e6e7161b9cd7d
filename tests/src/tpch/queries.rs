//! The 22 queries, and for each a change of one row that matters to it.

use std::collections::BTreeSet;

use super::schema::Table;

/// A query that becomes a tview.
#[derive(Clone, Debug)]
pub struct Query {
    /// `q03`, or `q03_all` for the same query without its `LIMIT`.
    pub name: String,
    /// The statement.
    pub text: String,
    /// The tables that it reads.
    pub tables: BTreeSet<Table>,
    /// What to measure.
    pub probe: Probe,
}

/// A change of single rows that take part in a query's result.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    /// The table that is changed.
    pub table: Table,
    /// `SET` clause of the update.
    pub set: &'static str,
    /// What follows `SELECT key FROM` to name the rows.
    pub rows: &'static str,
}

/// The share of the total that a part must exceed in query 11, before it is divided by the scale factor: that of the specification, and that
/// for data into which rows have been planted, many of them of one nation.
const FRACTION: f64 = 0.0001;
const FRACTION_PLANTED: f64 = 0.00002;
/// In the smallest data no part has more.
const LARGEST_FRACTION: f64 = 0.01;

/// All queries for data of this scale factor, planted or not; first those of the specification.
pub fn all(scale: f64, planted: bool) -> Vec<Query> {
    let fraction = if planted { FRACTION_PLANTED } else { FRACTION };
    let fraction = format!("{:.10}", (fraction / scale).min(LARGEST_FRACTION));
    let mut found = vec![];
    let mut without_limit = vec![];
    for (number, (text, probe)) in TEXTS.into_iter().zip(PROBES).enumerate() {
        let text = text.trim_end().replace(":fraction", &fraction);
        let name = format!("q{:02}", number + 1);
        if let Some((all, _)) = text.split_once("\n LIMIT ") {
            without_limit.push(query(format!("{name}_all"), all.to_owned(), probe));
        }
        found.push(query(name, text, probe));
    }
    found.extend(without_limit);
    found
}

fn query(name: String, text: String, probe: Probe) -> Query {
    let tables = Table::mentioned(&text);
    Query {
        name,
        text,
        tables,
        probe,
    }
}

impl Query {
    /// The table that holds the result.
    pub fn tview(&self) -> String {
        format!("tv_{}", self.name)
    }
}

impl Probe {
    /// A query for conditions that each name one row that takes part, in a fixed but arbitrary order.
    pub fn conditions(&self, limit: usize) -> String {
        let key = self.table.key();
        let format = key
            .iter()
            .map(|column| format!("{column} = %s"))
            .collect::<Vec<_>>()
            .join(" AND ");
        let columns = key.join(", ");
        format!(
            "SELECT format('{format}', {columns}) FROM (SELECT DISTINCT {columns} FROM {}) AS r \
             ORDER BY md5(concat_ws(' ', {columns})) LIMIT {limit}",
            self.rows
        )
    }
}

const fn lineitem(set: &'static str, rows: &'static str) -> Probe {
    Probe {
        table: Table::Lineitem,
        set,
        rows,
    }
}

const PRICE: &str = "l_extendedprice = l_extendedprice + 0.01";
const QUANTITY: &str = "l_quantity = l_quantity + 1";
const RECEIPT: &str =
    "l_receiptdate = CASE WHEN l_receiptdate > l_commitdate THEN l_commitdate ELSE l_commitdate + 1 END";

const PROBES: [Probe; 22] = [
    lineitem(PRICE, "lineitem WHERE l_shipdate <= date '1998-09-02'"),
    Probe {
        table: Table::Partsupp,
        set: "ps_supplycost = ps_supplycost - 0.01",
        rows: "partsupp JOIN part ON p_partkey = ps_partkey JOIN supplier ON s_suppkey = ps_suppkey
               JOIN nation ON n_nationkey = s_nationkey JOIN region ON r_regionkey = n_regionkey
               WHERE p_size = 15 AND p_type LIKE '%BRASS' AND r_name = 'EUROPE'",
    },
    lineitem(
        PRICE,
        "lineitem JOIN orders ON o_orderkey = l_orderkey JOIN customer ON c_custkey = o_custkey
         WHERE c_mktsegment = 'BUILDING' AND o_orderdate < date '1995-03-15' AND l_shipdate > date '1995-03-15'",
    ),
    lineitem(
        RECEIPT,
        "lineitem JOIN orders ON o_orderkey = l_orderkey
         WHERE o_orderdate >= date '1993-07-01' AND o_orderdate < date '1993-10-01' ",
    ),
    lineitem(
        PRICE,
        "lineitem JOIN orders ON o_orderkey = l_orderkey JOIN customer ON c_custkey = o_custkey
         JOIN supplier ON s_suppkey = l_suppkey JOIN nation ON n_nationkey = s_nationkey
         JOIN region ON r_regionkey = n_regionkey
         WHERE c_nationkey = s_nationkey AND r_name = 'ASIA'
           AND o_orderdate >= date '1994-01-01' AND o_orderdate < date '1995-01-01'",
    ),
    lineitem(
        PRICE,
        "lineitem WHERE l_shipdate >= date '1994-01-01' AND l_shipdate < date '1995-01-01'
           AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24",
    ),
    lineitem(
        PRICE,
        "lineitem JOIN orders ON o_orderkey = l_orderkey JOIN customer ON c_custkey = o_custkey
         JOIN supplier ON s_suppkey = l_suppkey JOIN nation n1 ON n1.n_nationkey = s_nationkey
         JOIN nation n2 ON n2.n_nationkey = c_nationkey
         WHERE (n1.n_name, n2.n_name) IN (('FRANCE', 'GERMANY'), ('GERMANY', 'FRANCE'))
           AND l_shipdate BETWEEN date '1995-01-01' AND date '1996-12-31'",
    ),
    lineitem(
        PRICE,
        "lineitem JOIN orders ON o_orderkey = l_orderkey JOIN customer ON c_custkey = o_custkey
         JOIN part ON p_partkey = l_partkey JOIN nation ON n_nationkey = c_nationkey
         JOIN region ON r_regionkey = n_regionkey
         WHERE r_name = 'AMERICA' AND p_type = 'ECONOMY ANODIZED STEEL'
           AND o_orderdate BETWEEN date '1995-01-01' AND date '1996-12-31'",
    ),
    lineitem(PRICE, "lineitem JOIN part ON p_partkey = l_partkey WHERE p_name LIKE '%green%'"),
    lineitem(
        PRICE,
        "lineitem JOIN orders ON o_orderkey = l_orderkey
         WHERE o_orderdate >= date '1993-10-01' AND o_orderdate < date '1994-01-01' AND l_returnflag = 'R'",
    ),
    Probe {
        table: Table::Partsupp,
        set: "ps_availqty = ps_availqty + 1",
        rows: "partsupp JOIN supplier ON s_suppkey = ps_suppkey JOIN nation ON n_nationkey = s_nationkey
               WHERE n_name = 'GERMANY'",
    },
    Probe {
        table: Table::Orders,
        set: "o_orderpriority = CASE o_orderpriority WHEN '1-URGENT' THEN '5-LOW' ELSE '1-URGENT' END",
        rows: "orders JOIN lineitem ON l_orderkey = o_orderkey
               WHERE l_shipmode IN ('MAIL', 'SHIP') AND l_commitdate < l_receiptdate AND l_shipdate < l_commitdate
                 AND l_receiptdate >= date '1994-01-01' AND l_receiptdate < date '1995-01-01'",
    },
    Probe {
        table: Table::Orders,
        set: "o_comment = CASE WHEN o_comment LIKE '%special%requests%' THEN 'none' ELSE 'special requests' END",
        rows: "orders",
    },
    lineitem(
        PRICE,
        "lineitem WHERE l_shipdate >= date '1995-09-01' AND l_shipdate < date '1995-10-01'",
    ),
    lineitem(
        PRICE,
        "lineitem WHERE l_shipdate >= date '1996-01-01' AND l_shipdate < date '1996-04-01'",
    ),
    Probe {
        table: Table::Part,
        set: "p_size = CASE p_size WHEN 49 THEN 14 ELSE 49 END",
        rows: "part WHERE p_brand <> 'Brand#45' AND p_type NOT LIKE 'MEDIUM POLISHED%'
                 AND p_size IN (49, 14, 23, 45, 19, 3, 36, 9)",
    },
    lineitem(
        QUANTITY,
        "lineitem JOIN part ON p_partkey = l_partkey WHERE p_brand = 'Brand#23' AND p_container = 'MED BOX'",
    ),
    lineitem(
        QUANTITY,
        "lineitem WHERE l_orderkey IN (SELECT l_orderkey FROM lineitem GROUP BY l_orderkey HAVING sum(l_quantity) > 300)",
    ),
    lineitem(
        PRICE,
        "lineitem JOIN part ON p_partkey = l_partkey
         WHERE l_shipinstruct = 'DELIVER IN PERSON' AND l_shipmode = 'AIR'
           AND ((p_brand = 'Brand#12' AND p_container LIKE 'SM %' AND l_quantity BETWEEN 1 AND 11 AND p_size <= 5)
                OR (p_brand = 'Brand#23' AND p_container LIKE 'MED %' AND l_quantity BETWEEN 10 AND 20 AND p_size <= 10)
                OR (p_brand = 'Brand#34' AND p_container LIKE 'LG %' AND l_quantity BETWEEN 20 AND 30 AND p_size <= 15))",
    ),
    lineitem(
        QUANTITY,
        "lineitem JOIN part ON p_partkey = l_partkey JOIN supplier ON s_suppkey = l_suppkey
         JOIN nation ON n_nationkey = s_nationkey
         WHERE p_name LIKE 'forest%' AND n_name = 'CANADA'
           AND l_shipdate >= date '1994-01-01' AND l_shipdate < date '1995-01-01'",
    ),
    lineitem(
        RECEIPT,
        "lineitem JOIN orders ON o_orderkey = l_orderkey JOIN supplier ON s_suppkey = l_suppkey
         JOIN nation ON n_nationkey = s_nationkey
         WHERE n_name = 'SAUDI ARABIA' AND o_orderstatus = 'F'",
    ),
    Probe {
        table: Table::Customer,
        set: "c_acctbal = c_acctbal + 0.01",
        rows: "customer WHERE substring(c_phone FROM 1 FOR 2) IN ('13', '31', '23', '29', '30', '18', '17')
                 AND NOT EXISTS (SELECT FROM orders WHERE o_custkey = c_custkey)",
    },
];

const TEXTS: [&str; 22] = [
    include_str!("queries/q01.sql"),
    include_str!("queries/q02.sql"),
    include_str!("queries/q03.sql"),
    include_str!("queries/q04.sql"),
    include_str!("queries/q05.sql"),
    include_str!("queries/q06.sql"),
    include_str!("queries/q07.sql"),
    include_str!("queries/q08.sql"),
    include_str!("queries/q09.sql"),
    include_str!("queries/q10.sql"),
    include_str!("queries/q11.sql"),
    include_str!("queries/q12.sql"),
    include_str!("queries/q13.sql"),
    include_str!("queries/q14.sql"),
    include_str!("queries/q15.sql"),
    include_str!("queries/q16.sql"),
    include_str!("queries/q17.sql"),
    include_str!("queries/q18.sql"),
    include_str!("queries/q19.sql"),
    include_str!("queries/q20.sql"),
    include_str!("queries/q21.sql"),
    include_str!("queries/q22.sql"),
];

#[cfg(test)]
mod tests {
    use super::{Table, all};

    #[test]
    fn there_are_22_and_five_of_them_have_a_limit() {
        let queries = all(0.01, true);
        assert_eq!(queries.len(), 27);
        let limited = queries.iter().filter(|query| query.text.contains("LIMIT"));
        let names: Vec<&str> = limited.map(|query| query.name.as_str()).collect();
        assert_eq!(names, ["q02", "q03", "q10", "q18", "q21"]);
    }

    #[test]
    fn every_table_is_read() {
        for table in Table::ALL {
            assert!(
                all(0.01, true).iter().any(|query| query.tables.contains(&table)),
                "{table}"
            );
        }
    }
}
