//! Random statements that take rows from tables: to copy them, to move them, to change what depends on them.

use super::change::{Writer, insert_into};
use super::schema::{Relation, TABLE_SIZE};
use super::types::{KEYS, Ty};
use crate::fragment::Fragment;
use crate::{parts, sql};

impl Writer<'_> {
    /// `INSERT … SELECT` of rows of the same table under other keys.
    pub(super) fn insert_select(&mut self, table: &Relation) -> Fragment {
        let select = self.moved(table, "x");
        sql![
            insert_into(table),
            " SELECT ",
            select,
            format!(" FROM {} AS x", table.name),
            self.filter(table, "x", 60),
            self.bound(table),
            " ON CONFLICT DO NOTHING"
        ]
    }

    /// Rows without keys would multiply without end.
    fn bound(&mut self, table: &Relation) -> String {
        let limit = self.rng.between(1, 3);
        let limit = if table.key.is_empty() { limit } else { TABLE_SIZE };
        format!(" ORDER BY x::text COLLATE \"C\" LIMIT {limit}")
    }

    /// The columns of a row with another key, and sometimes another value.
    fn moved(&mut self, table: &Relation, alias: &str) -> String {
        let changed = match self.rng.chance(40) {
            true => Some(self.changing_column(table)),
            false => None,
        };
        let mut items = vec![];
        for at in table.written() {
            let column = &table.columns[at];
            let name = format!("{alias}.{}", column.name);
            let nth = self.rng.below(KEYS);
            items.push(match column.ty {
                Ty::Int if table.key.first() == Some(&at) => format!("{name} + {}", nth % 5 + 1),
                Ty::Big if table.key.first() == Some(&at) => {
                    format!("{name} + {}", (nth % 5 + 1) * 1_000_000_007)
                }
                ty if table.key.first() == Some(&at) => ty.constant(Some(&ty.key(nth))),
                ty if changed == Some(at) && table.settable_columns().contains(&at) => ty.literal(self.rng),
                _ => name,
            });
        }
        items.join(", ")
    }

    /// Rows that leave and come again in the same statement, under other keys or the same ones.
    pub(super) fn moved_rows(&mut self, table: &Relation) -> Fragment {
        let filter = self.filter(table, "x", 97);
        let select = match self.rng.chance(70) {
            true => self.moved(table, "d"),
            false => table.names("d", &table.written()).join(", "),
        };
        sql![
            format!("WITH d AS (DELETE FROM {} AS x", table.name),
            filter,
            " RETURNING x.*) ",
            insert_into(table),
            format!(" SELECT {select} FROM d"),
            Fragment::optional(parts![" ON CONFLICT DO NOTHING"])
        ]
    }

    /// A change, and in the same statement a change of what links to the rows that it changed.
    pub(super) fn chained(&mut self, table: &Relation) -> Fragment {
        let Some((from, condition)) = self.linked(table) else {
            return self.update(table);
        };
        let other = self
            .schema
            .relations
            .iter()
            .find(|other| from == format!("{} AS y", other.name));
        let Some(other) = other else {
            return self.update(table);
        };
        let first = match self.rng.chance(70) {
            true => sql![
                format!("UPDATE {} AS y SET ", other.name),
                self.assignments(other, "y"),
                self.filter(other, "y", 85)
            ],
            false => sql![
                format!("DELETE FROM {} AS y", other.name),
                self.filter(other, "y", 97)
            ],
        };
        let second = match self.rng.chance(75) {
            true => sql![
                format!("UPDATE {} AS x SET ", table.name),
                self.assignments(table, "x"),
                format!(" FROM w AS y WHERE {condition}")
            ],
            false => sql![format!(
                "DELETE FROM {} AS x USING w AS y WHERE {condition}",
                table.name
            )],
        };
        sql!["WITH w AS (", first, " RETURNING y.*) ", second]
    }

    /// Rows whose link leads nowhere, or somewhere.
    pub(super) fn delete_unlinked(&mut self, table: &Relation) -> Fragment {
        let Some((from, condition)) = self.linked(table) else {
            return self.delete(table);
        };
        let word = self.rng.weighted(&[(3, "NOT EXISTS"), (1, "EXISTS")]);
        let extra = self.condition(table, "x");
        sql![
            format!(
                "DELETE FROM {} AS x WHERE {word} (SELECT FROM {from} WHERE {condition})",
                table.name
            ),
            Fragment::optional(parts![format!(" AND {extra}")])
        ]
    }

    /// `MERGE` from a table: from the one that it links to, or from itself.
    pub(super) fn merge_source(&mut self, table: &Relation) -> Fragment {
        let Some((from, condition)) = self.linked(table) else {
            return self.update(table);
        };
        let set = self.assignments(table, "x");
        let delete = match self.rng.chance(50) {
            true => {
                let filter = self.condition(table, "x");
                Fragment::optional(parts![format!(" WHEN MATCHED AND {filter} THEN DELETE")])
            }
            false => "".into(),
        };
        let last = match self.schema.version >= 17 && self.rng.chance(50) {
            true => {
                let filter = self.condition(table, "x");
                Fragment::optional(parts![format!(
                    " WHEN NOT MATCHED BY SOURCE AND {filter} THEN DELETE"
                )])
            }
            false => "".into(),
        };
        sql![
            format!("MERGE INTO {} AS x USING {from} ON {condition}", table.name),
            delete,
            " WHEN MATCHED THEN UPDATE SET ",
            set,
            last
        ]
    }
}
