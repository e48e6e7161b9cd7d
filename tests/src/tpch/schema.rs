//! The eight tables.

use std::collections::BTreeSet;
use std::fmt;

/// Statements that create the tables, with their keys and indexes.
pub const SCHEMA: &str = include_str!("schema.sql");

/// Statements that move a share of small data into what the queries select.
pub const PLANT: &str = include_str!("plant.sql");

/// A table of TPC-H.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Continents.
    Region,
    /// Countries.
    Nation,
    /// Things that are sold.
    Part,
    /// Who sells them.
    Supplier,
    /// Who sells what, at which cost.
    Partsupp,
    /// Who buys them.
    Customer,
    /// Orders of customers.
    Orders,
    /// Lines of orders.
    Lineitem,
}

impl Table {
    /// All tables, referenced ones first.
    pub const ALL: [Self; 8] = [
        Self::Region,
        Self::Nation,
        Self::Part,
        Self::Supplier,
        Self::Partsupp,
        Self::Customer,
        Self::Orders,
        Self::Lineitem,
    ];

    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Nation => "nation",
            Self::Part => "part",
            Self::Supplier => "supplier",
            Self::Partsupp => "partsupp",
            Self::Customer => "customer",
            Self::Orders => "orders",
            Self::Lineitem => "lineitem",
        }
    }

    /// Its primary key.
    pub fn key(self) -> &'static [&'static str] {
        match self {
            Self::Region => &["r_regionkey"],
            Self::Nation => &["n_nationkey"],
            Self::Part => &["p_partkey"],
            Self::Supplier => &["s_suppkey"],
            Self::Partsupp => &["ps_partkey", "ps_suppkey"],
            Self::Customer => &["c_custkey"],
            Self::Orders => &["o_orderkey"],
            Self::Lineitem => &["l_orderkey", "l_linenumber"],
        }
    }

    /// The table and those whose rows go with its rows.
    pub fn with_dependents(self) -> BTreeSet<Self> {
        match self {
            Self::Part => [self, Self::Partsupp, Self::Lineitem].into(),
            Self::Customer => [self, Self::Orders, Self::Lineitem].into(),
            Self::Partsupp | Self::Orders => [self, Self::Lineitem].into(),
            _ => [self].into(),
        }
    }

    /// The table and all that refer to it, at any distance: what `TRUNCATE … CASCADE` empties.
    pub fn with_referencing(self) -> BTreeSet<Self> {
        let mut found = self.with_dependents();
        match self {
            Self::Region => found.extend(Self::Nation.with_referencing()),
            Self::Nation => {
                found.extend(Self::Supplier.with_referencing());
                found.extend(Self::Customer.with_referencing());
            }
            Self::Supplier => found.extend(Self::Partsupp.with_referencing()),
            _ => {}
        }
        found
    }

    /// The tables that a query mentions, maybe with others: a table's name can also be that of a column.
    pub fn mentioned(query: &str) -> BTreeSet<Self> {
        let words: BTreeSet<&str> = query
            .split(|end: char| !end.is_alphanumeric() && end != '_')
            .collect();
        Self::ALL
            .into_iter()
            .filter(|table| words.contains(table.name()))
            .collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn tables_are_found_by_whole_words() {
        let found = Table::mentioned("SELECT part_x FROM partsupp, nation n1");
        assert_eq!(found, [Table::Partsupp, Table::Nation].into());
    }

    #[test]
    fn references_reach_the_lines_of_orders() {
        assert_eq!(Table::Region.with_referencing().len(), 7);
        assert!(!Table::Region.with_referencing().contains(&Table::Part));
    }
}
