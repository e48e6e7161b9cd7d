//! Random statements that change tables, every kind that PostgreSQL has.

use super::schema::{Kind, Relation, Schema, copy_line};
use super::types::{KEYS, Ty};
use crate::fragment::Fragment;
use crate::oracle::Command;
use crate::rng::Rng;
use crate::{parts, sql};

/// A table with its position's schema, and the random numbers.
pub(super) struct Writer<'a> {
    pub(super) schema: &'a Schema,
    pub(super) rng: &'a mut Rng,
}

/// A random command that changes one or more tables.
pub fn command<'a>(schema: &'a Schema, rng: &'a mut Rng) -> Command {
    let tables = schema.of_kind(Kind::Table);
    let table = &schema.relations[*rng.pick(&tables)];
    let mut table = table.clone();
    if !table.parts.is_empty() && rng.chance(25) {
        table.name = rng.pick(&table.parts).name.clone();
    }
    let table = &table;
    let mut writer = Writer { schema, rng };
    type Make<'a> = fn(&mut Writer<'a>, &Relation) -> Fragment;
    let kinds: [(usize, Make<'a>); 16] = [
        (22, Writer::insert),
        (8, Writer::upsert),
        (30, Writer::update),
        (5, Writer::update_from),
        (14, Writer::delete),
        (2, Writer::delete_using),
        (6, Writer::merge),
        (1, Writer::truncate),
        (7, Writer::with_changes),
        (3, Writer::no_change),
        (2, Writer::update_key),
        (4, Writer::insert_select),
        (3, Writer::moved_rows),
        (3, Writer::chained),
        (2, Writer::delete_unlinked),
        (3, Writer::merge_source),
    ];
    if writer.rng.chance(4) {
        return writer.copy(table);
    }
    let make = writer.rng.weighted(&kinds);
    Command::new(make(&mut writer, table))
}

/// `INSERT` of one row if nothing stands against it: the key is free and every enforced link leads somewhere.
pub fn insert_existing(schema: &Schema, table: &Relation, row: &[Option<String>]) -> Fragment {
    let mut conditions = vec![];
    for link in table.links.iter().filter(|link| link.enforced) {
        if link.columns.iter().any(|at| row[*at].is_none()) {
            continue;
        }
        let target = schema.relations.get(link.target).unwrap_or(table);
        let pairs = target.names("", &target.key).into_iter().zip(&link.columns);
        let equal: Vec<String> = pairs
            .map(|(key, at)| format!("{key} = {}", constant(table, *at, row)))
            .collect();
        conditions.push(format!(
            "EXISTS (SELECT FROM {} WHERE {})",
            target.name,
            equal.join(" AND ")
        ));
    }
    let filter = match conditions.is_empty() {
        true => "".into(),
        false => Fragment::optional(parts![" WHERE ", conditions.join(" AND ")]),
    };
    let select = constants(table, row).join(", ");
    sql![
        insert_into(table),
        " SELECT ",
        select,
        filter,
        " ON CONFLICT DO NOTHING"
    ]
}

pub(super) fn insert_into(table: &Relation) -> String {
    format!(
        "INSERT INTO {} ({})",
        table.name,
        table.names("", &table.written()).join(", ")
    )
}

fn constant(table: &Relation, at: usize, row: &[Option<String>]) -> String {
    table.columns[at].ty.constant(row[at].as_deref())
}

fn constants(table: &Relation, row: &[Option<String>]) -> Vec<String> {
    let written = table.written().into_iter();
    written.map(|at| constant(table, at, row)).collect()
}

impl Writer<'_> {
    fn rows(&mut self, table: &Relation, most: usize) -> Vec<Vec<Option<String>>> {
        let count = self.rng.skewed(most) + 1;
        let mut keys: Vec<Vec<Option<String>>> = vec![];
        let mut rows: Vec<Vec<Option<String>>> = vec![];
        for _ in 0..count {
            let row = table.row(self.rng);
            let key: Vec<_> = table.key.iter().map(|at| row[*at].clone()).collect();
            if table.key.is_empty() || !keys.contains(&key) {
                keys.push(key);
                rows.push(row);
            }
        }
        rows
    }

    fn values(&mut self, table: &Relation, most: usize) -> Fragment {
        let rows = self.rows(table, most);
        let rows = rows
            .iter()
            .map(|row| sql![format!("({})", constants(table, row).join(", "))])
            .collect();
        sql!["VALUES ", Fragment::joined(rows, ", ")]
    }

    pub(super) fn insert(&mut self, table: &Relation) -> Fragment {
        match self.rng.below(10) {
            0..=4 => {
                let row = table.row(self.rng);
                insert_existing(self.schema, table, &row)
            }
            5..=7 => sql![
                insert_into(table),
                " ",
                self.values(table, 5),
                " ON CONFLICT DO NOTHING"
            ],
            _ => sql![insert_into(table), " ", self.values(table, 4)],
        }
    }

    fn upsert(&mut self, table: &Relation) -> Fragment {
        if table.key.is_empty() {
            return self.insert(table);
        }
        let key = table.names("", &table.key).join(", ");
        let at = self.changing_column(table);
        let name = &table.columns[at].name;
        let filter = self.filter(table, &table.name, 30);
        sql![
            insert_into(table),
            " ",
            self.values(table, 4),
            format!(" ON CONFLICT ({key}) DO UPDATE SET {name} = EXCLUDED.{name}"),
            filter
        ]
    }

    /// A column to change: data, more seldom a link, hardly ever part of the key.
    pub(super) fn changing_column(&mut self, table: &Relation) -> usize {
        let links: Vec<usize> = table.links.iter().flat_map(|link| link.columns.clone()).collect();
        let data = table.settable_columns();
        if !links.is_empty() && self.rng.chance(25) {
            *self.rng.pick(&links)
        } else {
            *self.rng.pick(&data)
        }
    }

    pub(super) fn filter(&mut self, table: &Relation, alias: &str, percent: usize) -> Fragment {
        if !self.rng.chance(percent) {
            return "".into();
        }
        Fragment::optional(parts![" WHERE ", self.condition(table, alias)])
    }

    /// Which rows: mostly few, by key or by link.
    pub(super) fn condition(&mut self, table: &Relation, alias: &str) -> String {
        let column = |at: usize| format!("{alias}.{}", table.columns[at].name);
        let kind = self.rng.below(20);
        if kind < 3 && !table.key.is_empty() {
            // Many rows at once, neighbours among them.
            let at = table.key[0];
            let key = table.columns[at].ty.key(self.rng.below(KEYS));
            let operator = self.rng.weighted(&[(2, ">"), (2, "<"), (1, "<>")]);
            let key = table.columns[at].ty.constant(Some(&key));
            return format!("{} {operator} {key}", column(at));
        }
        if kind < 10 && !table.key.is_empty() {
            let at = table.key[0];
            let keys: Vec<String> = (0..self.rng.weighted(&[(6, 1), (2, 2), (2, 4)]))
                .map(|_| {
                    table.columns[at]
                        .ty
                        .constant(Some(&table.columns[at].ty.key(self.rng.below(KEYS))))
                })
                .collect();
            return format!("{} IN ({})", column(at), keys.join(", "));
        }
        if kind < 15 && !table.links.is_empty() {
            let link = self.rng.pick(&table.links);
            let at = link.columns[0];
            let key = link.types[0].key(self.rng.skewed(KEYS));
            return format!("{} = {}", column(at), table.columns[at].ty.constant(Some(&key)));
        }
        let at = *self.rng.pick(&table.data_columns());
        match self.rng.below(4) {
            0 => format!("{} IS NULL", column(at)),
            1 => format!("{} IS NOT NULL", column(at)),
            _ if table.columns[at].ty == Ty::Json => format!("{} IS NULL", column(at)),
            _ => format!("{} = {}", column(at), table.columns[at].ty.literal(self.rng)),
        }
    }

    /// `column = …`, or several columns of a link at once; with the positions of the columns.
    fn assignment(&mut self, table: &Relation, alias: &str) -> (Vec<usize>, String) {
        if !table.links.is_empty() && self.rng.chance(22) {
            let link = self.rng.pick(&table.links).clone();
            let target = &self.schema.relations[link.target];
            let nth = self.rng.skewed(KEYS);
            let key = target.names("", &target.key).join(", ");
            let row = format!(
                "SELECT {key} FROM {} ORDER BY {key} OFFSET {nth} LIMIT 1",
                target.name
            );
            let names = table.names("", &link.columns);
            let text = if self.rng.chance(25) {
                names
                    .iter()
                    .map(|name| format!("{name} = NULL"))
                    .collect::<Vec<_>>()
                    .join(", ")
            } else {
                format!("({}) = ({row})", names.join(", "))
            };
            return (link.columns, text);
        }
        let at = *self.rng.pick(&table.settable_columns());
        let column = &table.columns[at];
        let name = &column.name;
        let value = match (self.rng.below(5), column.ty) {
            (0, Ty::Int | Ty::Big | Ty::Numeric | Ty::Small) => format!("{alias}.{name} + 1"),
            (1, Ty::Numeric) => format!("{alias}.{name} * 1.0"),
            (0, Ty::Text) => format!("{alias}.{name} || '+'"),
            (0, Ty::Bool) => format!("NOT {alias}.{name}"),
            (0, Ty::Jsonb) => format!("jsonb_build_object('was', {alias}.{name})"),
            (1, _) if column.nullable => "NULL".to_owned(),
            _ => column.ty.literal(self.rng),
        };
        (vec![at], format!("{name} = {value}"))
    }

    pub(super) fn assignments(&mut self, table: &Relation, alias: &str) -> Fragment {
        let mut taken: Vec<usize> = vec![];
        let mut items = vec![];
        for _ in 0..self.rng.weighted(&[(6, 1), (2, 2), (1, 3)]) {
            let (columns, text) = self.assignment(table, alias);
            if columns.iter().all(|at| !taken.contains(at)) {
                taken.extend(columns);
                items.push(sql![text]);
            }
        }
        Fragment::joined(items, ", ")
    }

    pub(super) fn update(&mut self, table: &Relation) -> Fragment {
        let set = self.assignments(table, "x");
        sql![
            "UPDATE ",
            table.name.as_str(),
            " AS x SET ",
            set,
            self.filter(table, "x", 92)
        ]
    }

    /// Another value for the first column of a table's key.
    fn key_assignment(&mut self, table: &Relation) -> Option<String> {
        let column = &table.columns[*table.key.first()?];
        let name = &column.name;
        let value = match column.ty {
            Ty::Int | Ty::Big if self.rng.chance(50) => format!("- x.{name} - 1"),
            Ty::Text if self.rng.chance(50) => format!("x.{name} || '~'"),
            Ty::Numeric if self.rng.chance(50) => format!("x.{name} * 1.0"),
            ty => ty.constant(Some(&ty.key(self.rng.below(KEYS)))),
        };
        Some(format!("{name} = {value}"))
    }

    fn update_key(&mut self, table: &Relation) -> Fragment {
        let filter = self.filter(table, "x", 85);
        let Some(assignment) = self.key_assignment(table) else {
            return self.update(table);
        };
        sql![
            "UPDATE ",
            table.name.as_str(),
            format!(" AS x SET {assignment}"),
            filter
        ]
    }

    /// A table that `x` links to, as `y`, and the condition between them.
    pub(super) fn linked(&mut self, table: &Relation) -> Option<(String, String)> {
        if table.links.is_empty() {
            return None;
        }
        let link = self.rng.pick(&table.links);
        let target = &self.schema.relations[link.target];
        let pairs = table
            .names("x", &link.columns)
            .into_iter()
            .zip(target.names("y", &target.key));
        let condition: Vec<String> = pairs.map(|(left, right)| format!("{left} = {right}")).collect();
        Some((format!("{} AS y", target.name), condition.join(" AND ")))
    }

    fn update_from(&mut self, table: &Relation) -> Fragment {
        let Some((from, condition)) = self.linked(table) else {
            return self.update(table);
        };
        let set = self.assignments(table, "x");
        let extra = Fragment::optional(parts![" AND ", self.condition(table, "x")]);
        sql![
            format!("UPDATE {} AS x SET ", table.name),
            set,
            format!(" FROM {from} WHERE {condition}"),
            extra
        ]
    }

    pub(super) fn delete(&mut self, table: &Relation) -> Fragment {
        sql![
            "DELETE FROM ",
            table.name.as_str(),
            " AS x",
            self.filter(table, "x", 98)
        ]
    }

    fn delete_using(&mut self, table: &Relation) -> Fragment {
        let Some((from, condition)) = self.linked(table) else {
            return self.delete(table);
        };
        let extra = self.condition(table, "x");
        sql![format!(
            "DELETE FROM {} AS x USING {from} WHERE {condition} AND {extra}",
            table.name
        )]
    }

    fn merge(&mut self, table: &Relation) -> Fragment {
        if table.key.is_empty() {
            return self.delete_using(table);
        }
        let rows = self.rows(table, 5);
        let rows = rows
            .iter()
            .map(|row| sql![format!("({})", constants(table, row).join(", "))])
            .collect();
        let all = table.written();
        let names = table.names("", &all).join(", ");
        let pairs = table
            .names("x", &table.key)
            .into_iter()
            .zip(table.names("s", &table.key));
        let condition: Vec<String> = pairs.map(|(left, right)| format!("{left} = {right}")).collect();
        let at = self.changing_column(table);
        let name = &table.columns[at].name;
        let delete = match self.rng.below(3) {
            0 => Fragment::optional(parts![format!(
                " WHEN MATCHED AND {} THEN DELETE",
                self.condition(table, "x")
            )]),
            _ => "".into(),
        };
        // Each subset of the actions: some rows are told to triggers of actions that the command lacks.
        let moves = !table.parts.is_empty() && self.rng.chance(60);
        let update = match self.rng.below(4) {
            _ if moves => match self.key_assignment(table) {
                Some(assignment) => sql![format!(" WHEN MATCHED THEN UPDATE SET {assignment}")],
                None => "".into(),
            },
            0 => "".into(),
            1 => match self.key_assignment(table) {
                Some(assignment) => {
                    Fragment::optional(parts![format!(" WHEN MATCHED THEN UPDATE SET {assignment}")])
                }
                None => sql![" WHEN MATCHED THEN UPDATE SET ", self.assignments(table, "x")],
            },
            _ => Fragment::optional(parts![format!(" WHEN MATCHED THEN UPDATE SET {name} = s.{name}")]),
        };
        let insert = match self.rng.chance(60) {
            true => Fragment::optional(parts![format!(
                " WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({})",
                table.names("s", &all).join(", ")
            )]),
            false => " WHEN NOT MATCHED THEN DO NOTHING".into(),
        };
        sql![
            format!("MERGE INTO {} AS x USING (VALUES ", table.name),
            Fragment::joined(rows, ", "),
            format!(") AS s ({names}) ON {}", condition.join(" AND ")),
            delete,
            update,
            insert
        ]
    }

    fn truncate(&mut self, table: &Relation) -> Fragment {
        let end = self
            .rng
            .weighted(&[(2, " CASCADE"), (1, ""), (1, " RESTART IDENTITY CASCADE")]);
        let tables = self.schema.of_kind(Kind::Table);
        let other = &self.schema.relations[*self.rng.pick(&tables)];
        let more = match self.rng.chance(25) && other.name != table.name {
            true => format!(", {}", other.name),
            false => String::new(),
        };
        format!("TRUNCATE {}{more}{end}", table.name).into()
    }

    /// Several tables changed by one statement.
    fn with_changes(&mut self, table: &Relation) -> Fragment {
        let tables = self.schema.of_kind(Kind::Table);
        let mut parts = vec![];
        for nth in 0..self.rng.between(1, 2) {
            let other = &self.schema.relations[*self.rng.pick(&tables)];
            let change = self.plain_change(other);
            let first = other.columns[0].name.clone();
            parts.push(sql![
                format!("w{nth} AS ("),
                change,
                format!(" RETURNING {first})")
            ]);
        }
        sql![
            "WITH ",
            Fragment::joined(parts, ", "),
            " ",
            self.plain_change(table)
        ]
    }

    pub(super) fn plain_change(&mut self, table: &Relation) -> Fragment {
        match self.rng.below(5) {
            0 | 1 => self.insert(table),
            2 | 3 => self.update(table),
            _ => self.delete(table),
        }
    }

    /// Statements that change no row, or none really.
    fn no_change(&mut self, table: &Relation) -> Fragment {
        let name = &table.columns[*self.rng.pick(&table.settable_columns())].name;
        match self.rng.below(3) {
            0 => format!("UPDATE {} SET {name} = {name}", table.name).into(),
            1 => format!("DELETE FROM {} WHERE false", table.name).into(),
            _ => format!("UPDATE {} SET {name} = NULL WHERE false", table.name).into(),
        }
    }

    fn copy(&mut self, table: &Relation) -> Command {
        let all = table.written();
        let text = format!(
            "COPY {} ({}) FROM STDIN",
            table.name,
            table.names("", &all).join(", ")
        );
        let lines = self
            .rows(table, 6)
            .iter()
            .map(|row| copy_line(&row[..all.len()]))
            .collect();
        Command {
            text: text.into(),
            copy: Some(lines),
        }
    }
}
