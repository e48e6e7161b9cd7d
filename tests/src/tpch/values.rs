//! The columns that random changes set, and to what: mostly to what the queries look for, or to what lies just beside it.

use super::schema::Table;
use crate::rng::Rng;

/// A column and the values that it takes.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its values.
    pub values: Values,
}

/// Where values come from.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// One of these texts or dates.
    Choice(&'static [&'static str]),
    /// One of these expressions over the row.
    Expression(&'static [&'static str]),
    /// An integer between these.
    Integer(usize, usize),
    /// A number with two decimals: hundredths between these.
    Hundredths(usize, usize),
    /// A key of this table.
    Key(Table),
    /// No query reads it.
    Unread,
}

impl Values {
    /// A value as SQL expression; none for a key, which only the tables know.
    pub fn sql(self, rng: &mut Rng) -> Option<String> {
        Some(match self {
            Self::Choice(texts) => format!("'{}'", rng.pick(texts)),
            Self::Expression(texts) => (*rng.pick(texts)).to_owned(),
            Self::Integer(low, high) => rng.between(low, high).to_string(),
            Self::Hundredths(low, high) => hundredths(rng.between(low, high)),
            Self::Unread => format!("'note {}'", rng.below(1000)),
            Self::Key(_) => return None,
        })
    }
}

fn hundredths(number: usize) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

const fn column(name: &'static str, values: Values) -> Column {
    Column { name, values }
}

/// The days at which conditions of the queries begin and end, and some in between.
const DATES: Values = Values::Choice(&[
    "1993-07-01",
    "1993-08-15",
    "1993-09-30",
    "1993-10-01",
    "1993-12-31",
    "1994-01-01",
    "1994-06-15",
    "1994-12-31",
    "1995-01-01",
    "1995-03-14",
    "1995-03-15",
    "1995-03-16",
    "1995-09-01",
    "1995-09-30",
    "1995-10-01",
    "1995-12-31",
    "1996-01-01",
    "1996-02-20",
    "1996-03-31",
    "1996-04-01",
    "1996-12-31",
    "1997-01-01",
    "1998-09-02",
    "1998-09-03",
]);

const NATIONS: Values = Values::Choice(&[
    "FRANCE",
    "GERMANY",
    "BRAZIL",
    "CANADA",
    "SAUDI ARABIA",
    "INDIA",
    "PERU",
]);

const REGIONS: Values = Values::Choice(&["EUROPE", "ASIA", "AMERICA", "AFRICA"]);

/// Keys of nations that the queries name or whose regions they name. They differ from row to row, so that a statement on many rows does not
/// take all of them to one nation.
const SUPPLIER_NATIONS: Values = Values::Expression(&[
    "('{3,7,8,20,6,2,7}'::integer[])[s_suppkey % 7 + 1]",
    "('{20,6,2,7,3,7,8}'::integer[])[s_suppkey % 7 + 1]",
    "('{7,24,20,1,8,3,6}'::integer[])[s_suppkey % 7 + 1]",
]);
const CUSTOMER_NATIONS: Values = Values::Expression(&[
    "('{8,6,7,2,24}'::integer[])[c_custkey % 5 + 1]",
    "('{7,2,6,8,1}'::integer[])[c_custkey % 5 + 1]",
]);

const PHONES: Values = Values::Choice(&[
    "13-555-111-2222",
    "31-555-222-3333",
    "23-555-333-4444",
    "29-555-444-5555",
    "30-555-555-6666",
    "18-555-666-7777",
    "17-555-777-8888",
    "10-555-888-9999",
    "32-555-999-0000",
]);

const BALANCES: Values = Values::Expression(&["-500.00", "0.00", "0.01", "4500.00", "7250.25", "9999.99"]);

const REGION: &[Column] = &[column("r_name", REGIONS), column("r_comment", Values::Unread)];

const NATION: &[Column] = &[
    column("n_name", NATIONS),
    column("n_regionkey", Values::Integer(0, 3)),
    column("n_comment", Values::Unread),
];

const PART: &[Column] = &[
    column(
        "p_name",
        Values::Choice(&[
            "forest green misty",
            "dim green linen",
            "forest misty",
            "red blue ivory",
            "a forest",
        ]),
    ),
    column("p_mfgr", Values::Choice(&["Manufacturer#1", "Manufacturer#2"])),
    column(
        "p_brand",
        Values::Choice(&["Brand#12", "Brand#23", "Brand#34", "Brand#45", "Brand#11"]),
    ),
    column(
        "p_type",
        Values::Choice(&[
            "ECONOMY ANODIZED STEEL",
            "PROMO BURNISHED COPPER",
            "STANDARD PLATED BRASS",
            "MEDIUM POLISHED TIN",
            "SMALL PLATED BRASS",
        ]),
    ),
    column(
        "p_size",
        Values::Expression(&[
            "15", "1", "3", "5", "6", "9", "10", "14", "16", "23", "36", "49", "50",
        ]),
    ),
    column(
        "p_container",
        Values::Choice(&["MED BOX", "SM CASE", "LG BOX", "MED BAG", "JUMBO PKG"]),
    ),
    column("p_retailprice", Values::Hundredths(90_000, 200_000)),
    column("p_comment", Values::Unread),
];

const SUPPLIER: &[Column] = &[
    column(
        "s_name",
        Values::Expression(&["'Supplier#' || s_suppkey", "'Seller#' || s_suppkey", "s_name"]),
    ),
    column("s_address", Values::Choice(&["1 Long Street", "2 Short Street"])),
    column("s_nationkey", SUPPLIER_NATIONS),
    column("s_phone", PHONES),
    column("s_acctbal", BALANCES),
    column(
        "s_comment",
        Values::Choice(&[
            "the Customer had many Complaints",
            "Customer Complaint",
            "no Complaints of a Customer",
        ]),
    ),
];

const PARTSUPP: &[Column] = &[
    column(
        "ps_availqty",
        Values::Expression(&["0", "1", "12", "50", "5000", "9999", "ps_availqty + 1"]),
    ),
    column("ps_supplycost", Values::Hundredths(100, 100_000)),
    column("ps_comment", Values::Unread),
];

const CUSTOMER: &[Column] = &[
    column(
        "c_name",
        Values::Expression(&["'Customer#' || c_custkey", "'Buyer#' || c_custkey"]),
    ),
    column("c_address", Values::Choice(&["3 Long Street", "4 Short Street"])),
    column("c_nationkey", CUSTOMER_NATIONS),
    column("c_phone", PHONES),
    column("c_acctbal", BALANCES),
    column("c_mktsegment", Values::Choice(&["BUILDING", "AUTOMOBILE"])),
    column("c_comment", Values::Choice(&["quick", "slow"])),
];

const ORDERS: &[Column] = &[
    column("o_custkey", Values::Key(Table::Customer)),
    column("o_orderstatus", Values::Choice(&["F", "O", "P"])),
    column("o_totalprice", Values::Hundredths(90_000, 50_000_000)),
    column("o_orderdate", DATES),
    column(
        "o_orderpriority",
        Values::Choice(&["1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"]),
    ),
    column("o_clerk", Values::Unread),
    column("o_shippriority", Values::Integer(0, 2)),
    column(
        "o_comment",
        Values::Choice(&[
            "special requests",
            "most special and ironic requests",
            "requests special",
            "none",
        ]),
    ),
];

const LINEITEM: &[Column] = &[
    column("l_partkey", Values::Key(Table::Partsupp)),
    column(
        "l_quantity",
        Values::Expression(&[
            "1",
            "2",
            "10",
            "11",
            "20",
            "23",
            "24",
            "30",
            "50",
            "l_quantity + 1",
            "l_quantity * 2",
        ]),
    ),
    column("l_extendedprice", Values::Hundredths(90_000, 10_000_000)),
    column(
        "l_discount",
        Values::Expression(&["0", "0.04", "0.05", "0.06", "0.07", "0.08", "0.10"]),
    ),
    column("l_tax", Values::Hundredths(0, 8)),
    column("l_returnflag", Values::Choice(&["R", "A", "N"])),
    column("l_linestatus", Values::Choice(&["O", "F"])),
    column("l_shipdate", DATES),
    column("l_commitdate", DATES),
    column("l_receiptdate", DATES),
    column(
        "l_shipinstruct",
        Values::Choice(&["DELIVER IN PERSON", "NONE", "COLLECT COD"]),
    ),
    column(
        "l_shipmode",
        Values::Choice(&["AIR", "AIR REG", "REG AIR", "MAIL", "SHIP"]),
    ),
    column("l_comment", Values::Unread),
];

/// The columns of a table that changes set. A lineitem's part comes with its supplier.
pub fn columns(table: Table) -> &'static [Column] {
    match table {
        Table::Region => REGION,
        Table::Nation => NATION,
        Table::Part => PART,
        Table::Supplier => SUPPLIER,
        Table::Partsupp => PARTSUPP,
        Table::Customer => CUSTOMER,
        Table::Orders => ORDERS,
        Table::Lineitem => LINEITEM,
    }
}

/// All columns of a table but its primary key.
pub fn other_columns(table: Table) -> Vec<&'static str> {
    let mut names = vec![];
    for column in columns(table) {
        names.push(column.name);
        if column.name == "l_partkey" {
            names.push("l_suppkey");
        }
    }
    names
}
