//! Expressions for the parts of a row that a patch replaces.

use crate::{TviewText, column, identifier, join, literal};

/// What a patch puts into an output column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatchValue {
    /// A value, as an expression.
    Value(String),
    /// New values of some members of a jsonb object: (key, what it becomes).
    Members(Vec<(String, PatchValue)>),
    /// New values of some members of one element of an array of objects: that in which a member has this value.
    Element {
        /// The member that tells the elements apart.
        key: String,
        /// Its value, as an expression.
        value: String,
        /// What of the element is new.
        members: Vec<(String, PatchValue)>,
    },
}

/// A call of a function has at most 100 arguments: more members are put together with `||`.
const MEMBERS_PER_CALL: usize = 40;

impl PatchValue {
    /// The expressions of the new members, one after the other; `None` if it is no document, or some go into elements of arrays.
    pub fn parts(&self) -> Option<Vec<&str>> {
        let PatchValue::Members(members) = self else {
            return None;
        };
        let mut parts = Vec::new();
        for (_, value) in members {
            match value {
                PatchValue::Value(text) => parts.push(text.as_str()),
                PatchValue::Members(_) | PatchValue::Element { .. } => parts.extend(value.parts()?),
            }
        }
        Some(parts)
    }

    /// The value, or a document that holds nothing but the new members:
    /// ```sql
    /// "pg_catalog".jsonb_build_object('price', "pg_catalog".jsonb_build_object('current', s0."current_price"))
    /// ```
    /// What is new of an element stands together with the member by which the element is known:
    /// ```sql
    /// "pg_catalog".jsonb_build_object('reviews', "pg_catalog".jsonb_build_object('id', (s0."pk_review"), 'rating', (s0."rating")))
    /// ```
    /// They are made by the function by which definitions make documents, so that NULLs and types become what they become there.
    pub fn expression(&self) -> String {
        let pair = |(key, value): &(String, PatchValue)| format!("{}, {}", literal(key), value.expression());
        let pairs: Vec<String> = match self {
            PatchValue::Value(text) => return format!("({text})"),
            PatchValue::Members(members) => members.iter().map(pair).collect(),
            PatchValue::Element { key, value, members } => {
                let of_key = format!("{}, ({value})", literal(key));
                std::iter::once(of_key).chain(members.iter().map(pair)).collect()
            }
        };
        let calls: Vec<String> = pairs
            .chunks(MEMBERS_PER_CALL)
            .map(|chunk| {
                format!(
                    "\"pg_catalog\".jsonb_build_object({})",
                    join(chunk, ", ", String::clone)
                )
            })
            .collect();
        calls.join(" OPERATOR(\"pg_catalog\".||) ")
    }
}

/// Expressions over rows of a table: `SELECT expression, … FROM "public"."tb_product" AS s0`. It is prepared, never run: what it
/// selects is evaluated over changed rows.
pub fn row_expressions(table: &str, alias: &str, expressions: &[String]) -> String {
    format!("SELECT {}\n  FROM {table} AS {alias}", expressions.join(", "))
}

/// What an expression's value becomes in a document.
pub fn in_document(expression: &str) -> String {
    format!("\"pg_catalog\".to_jsonb({expression})")
}

/// The new parts of a row, from a query that computes leaves as its columns `c1`, `c2` … (see [`leaf_value`]):
/// ```sql
/// SELECT (l."c1"), (l."c2") FROM (SELECT (SELECT …) AS c1, (SELECT …) AS c2 FROM … WHERE …) AS l
/// ```
pub fn leaf_parts(query: &str, expressions: &[String]) -> String {
    format!("SELECT {}\n  FROM ({query}) AS l", expressions.join(", "))
}

/// The value of the leaf with this number, from 0.
pub fn leaf_value(number: usize) -> String {
    column("l", &format!("c{}", number + 1))
}

/// A search from one changed row to the units that hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowSearch {
    /// The changed row's alias, and names of the columns of it that the search uses: their values come as `$1`, `$2` …
    pub row: (String, Vec<String>),
    /// The tables on the way: (quoted name, alias).
    pub tables: Vec<(String, String)>,
    /// Conditions, rendered.
    pub conditions: Vec<String>,
    /// The unit key, rendered.
    pub key: Vec<String>,
}

impl RowSearch {
    /// ```sql
    /// SELECT s0."pk_product" FROM (SELECT $1 AS "pk_category") AS s1, "public"."tb_product" AS s0
    ///  WHERE (s0."fk_category" = s1."pk_category")
    /// ```
    pub fn statement(&self) -> String {
        let (alias, names) = &self.row;
        let numbered: Vec<String> = names
            .iter()
            .enumerate()
            .map(|(number, name)| format!("${} AS {}", number + 1, identifier(name)))
            .collect();
        let tables = self
            .tables
            .iter()
            .map(|(table, alias)| format!(", {table} AS {alias}"));
        let filter = join(&self.conditions, "\n   AND ", |text| format!("({text})"));
        let filter = if filter.is_empty() {
            filter
        } else {
            format!("\n WHERE {filter}")
        };
        format!(
            "SELECT {}\n  FROM (SELECT {}) AS {alias}{}{filter}",
            self.key.join(", "),
            numbered.join(", "),
            tables.collect::<String>(),
        )
    }
}

impl TviewText {
    /// Writes some columns of the row whose key comes as `$1`, `$2` …, with the values in the parameters after that:
    /// ```sql
    /// UPDATE "public"."tv_product" AS t SET "data" = $2 WHERE t."pk_product" OPERATOR("pg_catalog".=) $1
    /// ```
    pub fn write_one(&self, positions: &[usize]) -> String {
        let value = |number: usize| format!("${number}");
        format!(
            "UPDATE {} AS t SET {}\n WHERE {}",
            self.table,
            self.assignments(positions, value),
            self.of_unit(value)
        )
    }

    /// The same for many rows; the parameters are arrays:
    /// ```sql
    /// UPDATE "public"."tv_product" AS t SET "data" = u.p2 FROM unnest($1, $2) AS u(p1, p2)
    ///  WHERE t."pk_product" OPERATOR("pg_catalog".=) u.p1
    /// ```
    pub fn write_many(&self, positions: &[usize]) -> String {
        let numbers: Vec<usize> = (1..=self.key.len() + positions.len()).collect();
        let value = |number: usize| format!("u.p{number}");
        format!(
            "UPDATE {} AS t SET {}\n  FROM unnest({}) AS u({})\n WHERE {}",
            self.table,
            self.assignments(positions, value),
            join(&numbers, ", ", |number| format!("${number}")),
            join(&numbers, ", ", |number| format!("p{number}")),
            self.of_unit(value)
        )
    }

    fn assignments(&self, positions: &[usize], value: impl Fn(usize) -> String) -> String {
        let first = self.key.len() + 1;
        let numbered: Vec<(usize, &usize)> = positions.iter().enumerate().collect();
        join(&numbered, ", ", |(number, position)| {
            let name = self.columns.get(**position).map_or("", |(stored, _)| stored);
            format!("{} = {}", identifier(name), value(first + number))
        })
    }

    fn of_unit(&self, value: impl Fn(usize) -> String) -> String {
        let numbered: Vec<_> = self.key.iter().enumerate().collect();
        join(&numbered, " AND ", |(number, key)| {
            let name = self.columns.get(key.position).map_or("", |(stored, _)| stored);
            format!("{} {} {}", column("t", name), key.equals, value(number + 1))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_nested_and_keys_are_literals() {
        let value = |text: &str| PatchValue::Value(text.into());
        let patch = PatchValue::Members(vec![
            ("it's".into(), value("s0.\"a\"")),
            (
                "in".into(),
                PatchValue::Members(vec![("b".into(), value("s0.\"b\""))]),
            ),
        ]);
        assert_eq!(
            row_expressions(
                "\"s\".\"t\"",
                "s0",
                &[patch.expression(), value("s0.\"c\"").expression()]
            ),
            "SELECT \"pg_catalog\".jsonb_build_object('it''s', (s0.\"a\"), 'in', \
             \"pg_catalog\".jsonb_build_object('b', (s0.\"b\"))), (s0.\"c\")\n  FROM \"s\".\"t\" AS s0"
        );
    }

    #[test]
    fn a_search_starts_from_parameters() {
        let search = RowSearch {
            row: ("s1".into(), vec!["k".into()]),
            tables: vec![("\"s\".\"p\"".into(), "s0".into())],
            conditions: vec!["s0.\"c\" = s1.\"k\"".into()],
            key: vec!["s0.\"k\"".into()],
        };
        assert_eq!(
            search.statement(),
            "SELECT s0.\"k\"\n  FROM (SELECT $1 AS \"k\") AS s1, \"s\".\"p\" AS s0\n WHERE (s0.\"c\" = s1.\"k\")"
        );
    }

    #[test]
    fn many_members_take_several_calls() {
        let members = (0..90).map(|number| (format!("k{number}"), PatchValue::Value("1".into())));
        let text = PatchValue::Members(members.collect()).expression();
        assert_eq!(text.matches("jsonb_build_object(").count(), 3);
        assert_eq!(text.matches("||").count(), 2);
    }
}
