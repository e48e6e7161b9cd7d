//! Statements that name the units a change affects.

use crate::{identifier, join};

/// The name under which a trigger sees the rows before the change.
pub const OLD_ROWS: &str = "pg_tviews_old";
/// The name under which a trigger sees the rows after the change.
pub const NEW_ROWS: &str = "pg_tviews_new";

/// One relation of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchSource {
    /// Its quoted, qualified name; `None` for the changed rows.
    pub relation: Option<String>,
    /// Its generated alias.
    pub alias: String,
}

/// A search before it is decided which of the old and new rows it starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// The changed occurrence first, then the other relations on the path.
    pub sources: Vec<SearchSource>,
    /// Conditions, rendered.
    pub conditions: Vec<String>,
    /// The unit key, rendered.
    pub key: Vec<String>,
}

impl Search {
    /// The search over the named transition tables, each unit once:
    /// ```sql
    /// SELECT s0."pk_product" FROM "pg_tviews_old" AS s1, "public"."tb_product" AS s0 WHERE (s0."fk_category" = s1."pk_category")
    /// UNION
    /// SELECT … FROM "pg_tviews_new" AS s1, …
    /// ```
    pub fn statement(&self, changed: &[&str]) -> String {
        let branches: Vec<String> = changed.iter().map(|rows| self.branch(rows)).collect();
        match branches.as_slice() {
            [only] => only.replacen("SELECT ", "SELECT DISTINCT ", 1),
            _ => branches.join("\nUNION\n"),
        }
    }

    fn branch(&self, changed: &str) -> String {
        let key = self.key.join(", ");
        let from = join(&self.sources, ", ", |source| {
            let relation = source.relation.clone().unwrap_or_else(|| identifier(changed));
            format!("{relation} AS {}", source.alias)
        });
        let filter = if self.conditions.is_empty() {
            String::new()
        } else {
            format!(
                "\n WHERE {}",
                join(&self.conditions, "\n   AND ", |text| format!("({text})"))
            )
        };
        format!("SELECT {key}\n  FROM {from}{filter}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_transition_table_is_made_distinct_and_two_are_united() {
        let search = Search {
            sources: vec![
                SearchSource {
                    relation: None,
                    alias: "s1".into(),
                },
                SearchSource {
                    relation: Some("\"public\".\"p\"".into()),
                    alias: "s0".into(),
                },
            ],
            conditions: vec!["s0.\"c\" = s1.\"k\"".into()],
            key: vec!["s0.\"k\"".into()],
        };
        assert_eq!(
            search.statement(&[NEW_ROWS]),
            "SELECT DISTINCT s0.\"k\"\n  FROM \"pg_tviews_new\" AS s1, \"public\".\"p\" AS s0\n WHERE (s0.\"c\" = s1.\"k\")"
        );
        assert_eq!(
            search.statement(&[OLD_ROWS, NEW_ROWS]).matches("UNION").count(),
            1
        );
    }
}
