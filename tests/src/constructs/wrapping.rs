//! Each construct inside another query: as a derived table, a branch, a `WITH` query, a subquery.

use super::Construct;

/// A way to use a query in another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapping {
    /// `SELECT … FROM (query)`
    Derived,
    /// Beside the rows of a table, by outer join over its first column.
    LeftJoined,
    /// The same from the other side, both sides optional.
    FullJoined,
    /// Groups of its first column.
    Grouped,
    /// A branch of `UNION ALL`.
    Branch,
    /// Subtracted from itself without some of its rows.
    Except,
    /// A `WITH` query that is used twice.
    Shared,
    /// A correlated `EXISTS`.
    Exists,
    /// A correlated scalar subquery.
    Scalar,
    /// Numbered within its first column.
    Window,
}

/// All of them.
pub const ALL: [Wrapping; 10] = [
    Wrapping::Derived,
    Wrapping::LeftJoined,
    Wrapping::FullJoined,
    Wrapping::Grouped,
    Wrapping::Branch,
    Wrapping::Except,
    Wrapping::Shared,
    Wrapping::Exists,
    Wrapping::Scalar,
    Wrapping::Window,
];

impl Wrapping {
    /// The query with a construct in it. Its columns are called c1, c2 … and compared by their text, because not every type has an equality.
    pub fn wrap(self, construct: &Construct, columns: usize) -> Construct {
        let names: Vec<String> = (1..=columns).map(|number| format!("c{number}")).collect();
        let list = |alias: &str| {
            let columns = names.iter().map(|name| format!("{alias}.{name}"));
            columns.collect::<Vec<_>>().join(", ")
        };
        let query = format!("({}) AS x ({})", construct.definition, names.join(", "));
        let (columns, first) = (list("x"), "x.c1::text");
        let definition = match self {
            Self::Derived => format!("SELECT {columns} FROM {query} WHERE {first} <> '3'"),
            Self::LeftJoined => format!(
                "SELECT k.pk_category AS k, k.name AS k_name, {columns} FROM tb_category k LEFT JOIN {query} ON {first} = k.pk_category::text"
            ),
            Self::FullJoined => format!(
                "SELECT k.pk_category AS k, {columns} FROM {query} FULL JOIN tb_category k ON {first} = k.pk_category::text"
            ),
            Self::Grouped => format!("SELECT {first} AS k, count(*) AS n FROM {query} GROUP BY {first}"),
            Self::Branch => format!(
                "SELECT {first} AS k, 1 AS n FROM {query} UNION ALL SELECT k.name, k.pk_category FROM tb_category k"
            ),
            Self::Except => format!(
                "SELECT {first} AS k FROM {query} EXCEPT ALL SELECT k.pk_category::text FROM tb_category k"
            ),
            Self::Shared => format!(
                "WITH x AS (SELECT x.c1::text AS c1 FROM {query}) SELECT a.c1, b.c1 AS other FROM x a LEFT JOIN x b ON b.c1 < a.c1"
            ),
            Self::Exists => format!(
                "SELECT k.pk_category, k.name FROM tb_category k WHERE EXISTS (SELECT 1 FROM {query} WHERE {first} = k.pk_category::text)"
            ),
            Self::Scalar => format!(
                "SELECT k.pk_category, (SELECT count(*) FROM {query} WHERE {first} = k.pk_category::text OR {first} IS NULL) AS n FROM tb_category k"
            ),
            Self::Window => {
                format!("SELECT {first} AS k, count(*) OVER (PARTITION BY {first}) AS n FROM {query}")
            }
        };
        Construct {
            title: format!("{} ({self:?})", construct.title),
            definition,
            // Whether a change of the construct is seen depends on what is around it.
            unchanging: vec![String::new()],
            ..construct.clone()
        }
    }
}
