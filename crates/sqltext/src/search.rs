//! Statements that name the units a change affects.

use crate::{column, identifier, join};

/// The name under which a trigger sees the rows before the change.
pub const OLD_ROWS: &str = "pg_tviews_old";
/// The name under which a trigger sees the rows after the change.
pub const NEW_ROWS: &str = "pg_tviews_new";

/// Whether a row of a table passes conditions that call it `alias`:
/// ```sql
/// SELECT (s1."status" = 'open') AND (s1."amount" > 0) FROM "public"."tb_order" AS s1
/// ```
pub fn row_test(table: &str, alias: &str, conditions: &[String]) -> String {
    let conditions = join(conditions, " AND ", |condition| format!("({condition})"));
    format!("SELECT {conditions} FROM {table} AS {alias}")
}

/// What stands in a search's FROM clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The changed rows.
    Changed,
    /// What a recursion has led to: see [`Recursion`].
    Reached,
    /// A table, by its quoted, qualified name.
    Table(String),
    /// A derived table.
    Derived {
        /// Its query.
        query: String,
        /// Number of its columns.
        width: usize,
    },
}

/// The name that a search gives the n-th column of a derived table, from 1.
pub fn derived_column(number: i16) -> String {
    format!("c{number}")
}

/// The condition under which an outer join has found a row of a relation. A row of a table has a `tableoid`, a row of a derived
/// table the mark that the search gives it.
pub fn row_is_there(alias: &str, derived: bool) -> String {
    let column = if derived { ROW_MARK } else { "tableoid" };
    format!("({alias}.{column} IS NOT NULL)")
}

const ROW_MARK: &str = "\"pg_tviews row\"";

/// One relation of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchSource {
    /// What it is.
    pub relation: Relation,
    /// Its generated alias.
    pub alias: String,
    /// Conditions that tie it to the relations before it, rendered.
    pub conditions: Vec<String>,
}

/// A search before it is decided which of the old and new rows it starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// The changed occurrence first, then the other relations on the path.
    pub sources: Vec<SearchSource>,
    /// Unit keys to look for, rendered. The further ones of a spread search have columns of optional sources NULL.
    pub keys: Vec<Vec<String>>,
    /// Empty for a search by inner joins. Else the search is spread, it joins by outer joins, and for each key column this is
    /// the condition under which its value is known, if that is not certain.
    pub known: Vec<Option<String>>,
    /// For each key column of a spread search, the condition under which the row that it comes from was found; `None` for the
    /// changed row itself.
    pub found: Vec<Option<String>>,
    /// Oids of the tables on the path, without the changed rows' own place.
    pub passes: Vec<u32>,
    /// What leads from the changed rows to `Relation::Reached`, if the changed rows are below a recursion.
    pub recursion: Option<Box<Recursion>>,
    /// Further searches whose units are affected as well.
    pub also: Vec<Search>,
    /// It computes something that can fail, perhaps for rows that a filter of the definition leaves out.
    pub can_fail: bool,
}

/// The way out of a recursive WITH query, against its direction: from a row that its recursive part reads to the values that rows
/// before it had, again and again, until its first part is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recursion {
    /// From the changed rows to such values; its key.
    pub seed: Search,
    /// From such values (`Relation::Reached`) to those before; its key. `None` if one step is all.
    pub step: Option<Search>,
}

/// The name under which a search knows the values that a recursion has led to, with columns `m1`, `m2` …
pub const REACHED: &str = "reached";

impl Search {
    /// Whether its result has a last column that says whether the whole unit key is known.
    pub fn is_spread(&self) -> bool {
        !self.known.is_empty()
    }

    /// Whether it, or a further one, computes something that can fail.
    pub fn can_fail(&self) -> bool {
        self.can_fail || self.also.iter().any(Search::can_fail)
    }

    /// Whether some relation is tied to those before it by nothing but the presence of a value in an array: no join but that of each row with
    /// each other one finds it.
    pub fn compares_all_rows(&self) -> bool {
        let by_presence =
            |condition: &String| condition.contains(" ANY (") || condition.starts_with("EXISTS (");
        let mut further = self.sources.iter().skip(1);
        further.any(|source| !source.conditions.is_empty() && source.conditions.iter().all(by_presence))
            || self.also.iter().any(Search::compares_all_rows)
    }

    /// The search over the named transition tables, each unit once:
    /// ```sql
    /// SELECT s0."pk_product" FROM "pg_tviews_old" AS s1, "public"."tb_product" AS s0 WHERE (s0."fk_category" = s1."pk_category")
    /// UNION
    /// SELECT … FROM "pg_tviews_new" AS s1, …
    /// ```
    /// A derived table is computed for each row that leads into it, so that the condition reaches what it groups or unites:
    /// `CROSS JOIN LATERAL (SELECT * FROM (…) AS s2 WHERE s2."k" = s1."k" OFFSET 0) AS s2`.
    ///
    /// A spread search joins by `LEFT JOIN`, and its last column says whether all of the key is known.
    pub fn statement(&self, changed: &[&str]) -> String {
        if !self.also.is_empty() {
            let first = Search {
                also: vec![],
                ..self.clone()
            };
            let all = std::iter::once(&first).chain(&self.also);
            let parts: Vec<String> = all
                .map(|search| format!("({})", search.statement(changed)))
                .collect();
            return parts.join("\nUNION\n");
        }
        if let Some(recursion) = &self.recursion {
            return self.out_of_recursion(recursion, changed);
        }
        let complete = self.is_spread().then(|| self.complete());
        let branches: Vec<String> = changed
            .iter()
            .flat_map(|rows| {
                self.keys
                    .iter()
                    .map(|key| self.branch(rows, key, complete.as_deref()))
            })
            .collect();
        match branches.as_slice() {
            [only] => only.replacen("SELECT ", "SELECT DISTINCT ", 1),
            _ => branches.join("\nUNION\n"),
        }
    }

    /// ```sql
    /// WITH RECURSIVE reached (m1) AS (
    ///   (SELECT s5."pk" FROM "pg_tviews_old" AS s5 UNION SELECT s5."pk" FROM "pg_tviews_new" AS s5)
    ///   UNION SELECT s5."pk" FROM reached, "public"."tb_category" AS s5 WHERE s5."fk_parent" = reached.m1)
    /// SELECT DISTINCT s0."pk" FROM reached, "public"."tb_category" AS s0 WHERE s0."fk_parent" = reached.m1
    /// ```
    fn out_of_recursion(&self, recursion: &Recursion, changed: &[&str]) -> String {
        let width = recursion.seed.keys.first().map_or(0, Vec::len);
        let columns: Vec<String> = (1..=width).map(|number| format!("m{number}")).collect();
        let only = |search: &Search| {
            let key = search.keys.first().map(Vec::as_slice).unwrap_or_default();
            search.branch("", key, None)
        };
        let step = recursion
            .step
            .as_ref()
            .map_or_else(String::new, |step| format!("\nUNION\n{}", only(step)));
        format!(
            "WITH RECURSIVE {REACHED} ({}) AS (\n({}){step}\n)\n{}",
            columns.join(", "),
            recursion.seed.statement(changed),
            only(self).replacen("SELECT ", "SELECT DISTINCT ", 1)
        )
    }

    /// The units of the tview that have one of the values that a spread search finds: where rows on the path may be gone, each
    /// of them has been a changed row itself, and finds at least its own part of the key. `stored` are the tview's key columns.
    /// ```sql
    /// SELECT DISTINCT t."k1", t."k2" FROM (SELECT key AS k1, found AS h1, … FROM … UNION …) AS f
    ///   JOIN tview AS t ON (f.h1 AND t."k1" IS NOT DISTINCT FROM f.k1) OR (f.h2 AND t."k2" IS NOT DISTINCT FROM f.k2)
    /// ```
    pub fn stored_units(&self, changed: &[&str], table: &str, stored: &[String]) -> String {
        let parts = changed.iter().flat_map(|rows| {
            self.keys.first().map(|key| {
                let columns: Vec<String> = key
                    .iter()
                    .zip(&self.found)
                    .enumerate()
                    .map(|(number, (value, found))| {
                        let found = found.as_deref().unwrap_or("true");
                        format!("{value} AS k{0}, {found} AS h{0}", number + 1)
                    })
                    .collect();
                format!("SELECT {}\n  FROM {}", columns.join(", "), self.from(rows))
            })
        });
        let parts: Vec<String> = parts.collect();
        let numbers: Vec<usize> = (1..=stored.len()).collect();
        let same = join(&numbers, " OR ", |number| {
            let stored = column("t", &stored[number - 1]);
            format!("(f.h{number} AND {stored} IS NOT DISTINCT FROM f.k{number})")
        });
        format!(
            "SELECT DISTINCT {} FROM (\n{}\n) AS f JOIN {table} AS t ON {same}",
            join(stored, ", ", |name| column("t", name)),
            parts.join("\nUNION\n"),
        )
    }

    fn complete(&self) -> String {
        let conditions: Vec<&str> = self.known.iter().flatten().map(String::as_str).collect();
        if conditions.is_empty() {
            "true".into()
        } else {
            conditions.join(" AND ")
        }
    }

    fn branch(&self, changed: &str, key: &[String], complete: Option<&str>) -> String {
        let last = complete.map_or_else(String::new, |complete| format!(", {complete}"));
        let filter = if self.is_spread() {
            String::new()
        } else {
            self.filter()
        };
        format!(
            "SELECT {}{last}\n  FROM {}{filter}",
            key.join(", "),
            self.from(changed)
        )
    }

    fn from(&self, changed: &str) -> String {
        let mut text = String::new();
        for source in &self.sources {
            let alias = &source.alias;
            let first = text.is_empty();
            let separator = match (first, self.is_spread()) {
                (true, _) => "",
                (false, true) => "\n  LEFT JOIN ",
                (false, false) => ", ",
            };
            text.push_str(separator);
            match &source.relation {
                Relation::Changed => text.push_str(&format!("{} AS {alias}", identifier(changed))),
                Relation::Reached => text.push_str(REACHED),
                Relation::Table(name) => text.push_str(&format!("{name} AS {alias}")),
                Relation::Derived { query, width } => {
                    let mark = if self.is_spread() {
                        format!(", true AS {ROW_MARK}")
                    } else {
                        String::new()
                    };
                    let names: Vec<String> = (1..=*width).map(|number| format!("c{number}")).collect();
                    text.push_str(&format!(
                        "LATERAL (SELECT {alias}.*{mark} FROM ({query}) AS {alias} ({}){} OFFSET 0) AS {alias}",
                        names.join(", "),
                        where_clause(&source.conditions)
                    ));
                }
            }
            if !first && self.is_spread() {
                let conditions = match &source.relation {
                    Relation::Derived { .. } => "true".into(),
                    _ => join(&source.conditions, " AND ", |text| format!("({text})")),
                };
                text.push_str(&format!(" ON {conditions}"));
            }
        }
        text
    }

    fn filter(&self) -> String {
        let tables = self
            .sources
            .iter()
            .filter(|source| !matches!(source.relation, Relation::Derived { .. }));
        where_clause(
            &tables
                .flat_map(|source| source.conditions.clone())
                .collect::<Vec<_>>(),
        )
    }
}

fn where_clause(conditions: &[String]) -> String {
    if conditions.is_empty() {
        String::new()
    } else {
        format!(
            "\n WHERE {}",
            join(conditions, "\n   AND ", |text| format!("({text})"))
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search() -> Search {
        Search {
            sources: vec![
                SearchSource {
                    relation: Relation::Changed,
                    alias: "s1".into(),
                    conditions: vec![],
                },
                SearchSource {
                    relation: Relation::Table("\"public\".\"p\"".into()),
                    alias: "s0".into(),
                    conditions: vec!["s0.\"c\" = s1.\"k\"".into()],
                },
            ],
            keys: vec![vec!["s0.\"k\"".into()]],
            known: vec![],
            found: vec![],
            passes: vec![],
            recursion: None,
            also: vec![],
            can_fail: false,
        }
    }

    #[test]
    fn one_transition_table_is_made_distinct_and_two_are_united() {
        assert_eq!(
            search().statement(&[NEW_ROWS]),
            "SELECT DISTINCT s0.\"k\"\n  FROM \"pg_tviews_new\" AS s1, \"public\".\"p\" AS s0\n WHERE (s0.\"c\" = s1.\"k\")"
        );
        assert_eq!(
            search().statement(&[OLD_ROWS, NEW_ROWS]).matches("UNION").count(),
            1
        );
    }

    #[test]
    fn a_spread_search_says_what_it_knows() {
        let spread = Search {
            keys: vec![vec!["s1.\"a\"".into(), "s0.\"k\"".into()]],
            known: vec![None, Some(row_is_there("s0", false))],
            found: vec![None, Some(row_is_there("s0", false))],
            ..search()
        };
        assert_eq!(
            spread.statement(&[OLD_ROWS]),
            "SELECT DISTINCT s1.\"a\", s0.\"k\", (s0.tableoid IS NOT NULL)\n  FROM \"pg_tviews_old\" AS s1\n  LEFT JOIN \
             \"public\".\"p\" AS s0 ON (s0.\"c\" = s1.\"k\")"
        );
        let stored = spread.stored_units(&[OLD_ROWS], "\"public\".\"tv\"", &["a".into(), "k".into()]);
        let both =
            "ON (f.h1 AND t.\"a\" IS NOT DISTINCT FROM f.k1) OR (f.h2 AND t.\"k\" IS NOT DISTINCT FROM f.k2)";
        assert!(stored.contains(both), "{stored}");
    }
}
