//! Random statements on the eight tables, and the refresh streams.

use std::collections::BTreeSet;

use super::data::{self, Refresh};
use super::pick::Picker;
use super::schema::Table;
use super::values;
use crate::session::{Failure, Session};

/// One statement.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its text.
    pub sql: String,
    /// For `COPY`: the data.
    pub copy: Option<String>,
    /// The tables that may differ afterwards.
    pub touched: BTreeSet<Table>,
    /// It removes so much, or what so much hangs on, that it is to be rolled back.
    pub undo: bool,
}

/// Makes statements that fit what the tables hold.
#[derive(Debug)]
pub struct Changes {
    picker: Picker,
    refresh: Refresh,
    inserted: usize,
    deleted: usize,
}

/// The forms of statements.
#[derive(Clone, Copy)]
enum Form {
    NewOrders,
    OldOrders,
    UpdateOne,
    UpdateMany,
    InsertOne,
    InsertMany,
    DeleteOne,
    DeleteMany,
    Renumber,
    Merge,
    Upsert,
    CopyOrders,
    TwoTables,
    Supplier,
    Same,
    Truncate,
}

const FORMS: [(usize, Form); 16] = [
    (8, Form::NewOrders),
    (6, Form::OldOrders),
    (26, Form::UpdateOne),
    (18, Form::UpdateMany),
    (6, Form::InsertOne),
    (5, Form::InsertMany),
    (6, Form::DeleteOne),
    (4, Form::DeleteMany),
    (3, Form::Renumber),
    (3, Form::Merge),
    (3, Form::Upsert),
    (4, Form::CopyOrders),
    (4, Form::TwoTables),
    (1, Form::Supplier),
    (2, Form::Same),
    (1, Form::Truncate),
];

const TABLES: [(usize, Table); 8] = [
    (6, Table::Lineitem),
    (4, Table::Orders),
    (3, Table::Customer),
    (3, Table::Part),
    (3, Table::Supplier),
    (4, Table::Partsupp),
    (2, Table::Nation),
    (1, Table::Region),
];

type Made = Result<Option<Vec<Change>>, Failure>;

impl Changes {
    /// Statements for tables of this scale factor.
    pub fn new(seed: u64, scale: f64) -> Self {
        Self {
            picker: Picker::new(seed),
            refresh: Refresh::new(scale),
            inserted: 0,
            deleted: 0,
        }
    }

    /// With the refresh streams from this number on.
    #[must_use]
    pub fn starting_at(self, number: usize) -> Self {
        Self {
            inserted: number,
            deleted: number,
            ..self
        }
    }

    /// The next statements; those of one refresh belong together.
    ///
    /// # Errors
    /// When the tables can't be read.
    pub fn next(&mut self, session: &mut Session) -> Result<Vec<Change>, Failure> {
        loop {
            let form = self.picker.rng.weighted(&FORMS);
            let made = match form {
                Form::NewOrders => Ok(Some(self.new_orders())),
                Form::OldOrders => Ok(Some(self.old_orders())),
                Form::UpdateOne => self.update(session, false),
                Form::UpdateMany => self.update(session, true),
                Form::InsertOne => self.insert(session, false),
                Form::InsertMany => self.insert(session, true),
                Form::DeleteOne => self.delete(session, false),
                Form::DeleteMany => self.delete(session, true),
                Form::Renumber => self.renumber(session),
                Form::Merge => self.merge(session),
                Form::Upsert => self.upsert(session),
                Form::CopyOrders => self.copy_orders(session),
                Form::TwoTables => self.two_tables(session),
                Form::Supplier => self.supplier(session),
                Form::Same => self.same(session),
                Form::Truncate => Ok(Some(self.truncate())),
            };
            // Without rows, another form may do: the refresh streams always do.
            if let Some(changes) = made? {
                return Ok(changes);
            }
        }
    }

    fn table(&mut self) -> Table {
        self.picker.rng.weighted(&TABLES)
    }

    /// RF1, in one of three ways.
    fn new_orders(&mut self) -> Vec<Change> {
        let new = self.refresh.new_orders(self.inserted);
        self.inserted += 1;
        let copied = |table, lines: String| Change {
            copy: Some(lines),
            ..change(data::copy_statement(table), [table])
        };
        let orders = format!("INSERT INTO orders VALUES {}", data::values(&new.orders));
        let lineitems = format!("INSERT INTO lineitem VALUES {}", data::values(&new.lineitems));
        match self.picker.rng.below(3) {
            0 => vec![
                copied(Table::Orders, new.orders),
                copied(Table::Lineitem, new.lineitems),
            ],
            1 => vec![
                change(orders, [Table::Orders]),
                change(lineitems, [Table::Lineitem]),
            ],
            _ => vec![change(
                format!("WITH new_orders AS ({orders}) {lineitems}"),
                [Table::Orders, Table::Lineitem],
            )],
        }
    }

    /// RF2, in one of three ways.
    fn old_orders(&mut self) -> Vec<Change> {
        let keys = self.refresh.old_orders(self.deleted);
        self.deleted += 1;
        let keys = keys.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        let lineitems = format!("DELETE FROM lineitem WHERE l_orderkey IN ({keys})");
        let orders = format!("DELETE FROM orders WHERE o_orderkey IN ({keys})");
        match self.picker.rng.below(3) {
            0 => vec![
                change(lineitems, [Table::Lineitem]),
                change(orders, [Table::Orders]),
            ],
            1 => vec![change(orders, [Table::Orders, Table::Lineitem])],
            _ => vec![change(
                format!("WITH gone AS ({lineitems}) {orders}"),
                [Table::Orders, Table::Lineitem],
            )],
        }
    }

    fn update(&mut self, session: &mut Session, many: bool) -> Made {
        let table = self.table();
        let Some(rows) = self.picker.rows(session, table, many)? else {
            return Ok(None);
        };
        let Some(set) = self.picker.set_clause(session, table)? else {
            return Ok(None);
        };
        // In the long run no query would find the nation that it looks for.
        let undo = matches!(table, Table::Region | Table::Nation);
        let sql = format!("UPDATE {table} SET {set} WHERE {}", rows.condition);
        Ok(Some(vec![Change {
            undo,
            ..change(sql, [table])
        }]))
    }

    fn insert(&mut self, session: &mut Session, many: bool) -> Made {
        let table = self.table();
        if table == Table::Partsupp {
            return self.upsert(session);
        }
        let Some(rows) = self.picker.rows(session, table, many)? else {
            return Ok(None);
        };
        let assignments = self.picker.assignments(session, table)?;
        let (last, first) = table.key().split_last().expect("a key");
        let number = format!(
            "(SELECT max({last}) FROM {table}) + row_number() OVER (ORDER BY {})",
            table.key().join(", ")
        );
        let mut names: Vec<&str> = first.to_vec();
        let mut expressions: Vec<String> = first.iter().map(|name| (*name).to_owned()).collect();
        names.push(last);
        expressions.push(number);
        for name in values::other_columns(table) {
            expressions.push(assigned(&assignments, name));
            names.push(name);
        }
        let sql = format!(
            "INSERT INTO {table} ({}) SELECT {} FROM {table} WHERE {}",
            names.join(", "),
            expressions.join(", "),
            rows.condition
        );
        Ok(Some(vec![Change {
            undo: table == Table::Region,
            ..change(sql, [table])
        }]))
    }

    fn delete(&mut self, session: &mut Session, many: bool) -> Made {
        let table = self.table();
        if matches!(table, Table::Region | Table::Nation | Table::Supplier) {
            return self.supplier(session);
        }
        let cascades = table != Table::Lineitem;
        let Some(rows) = self.picker.rows(session, table, many && !cascades)? else {
            return Ok(None);
        };
        let sql = format!("DELETE FROM {table} WHERE {}", rows.condition);
        Ok(Some(vec![Change {
            undo: !matches!(table, Table::Lineitem | Table::Orders),
            ..change(sql, table.with_dependents())
        }]))
    }

    /// A key changes, and with it what refers to it.
    fn renumber(&mut self, session: &mut Session) -> Made {
        let table = *self
            .picker
            .rng
            .pick(&[Table::Orders, Table::Customer, Table::Part]);
        let Some(rows) = self.picker.rows(session, table, false)? else {
            return Ok(None);
        };
        let key = table.key()[0];
        let sql = format!(
            "UPDATE {table} SET {key} = (SELECT max({key}) + 1 FROM {table}) WHERE {}",
            rows.condition
        );
        Ok(Some(vec![Change {
            undo: table != Table::Orders,
            ..change(sql, table.with_dependents())
        }]))
    }

    /// Some customers change and others are new, in one statement.
    fn merge(&mut self, session: &mut Session) -> Made {
        let Some(rows) = self.picker.rows(session, Table::Customer, true)? else {
            return Ok(None);
        };
        let Some(set) = self.picker.set_clause(session, Table::Customer)? else {
            return Ok(None);
        };
        let names = values::other_columns(Table::Customer);
        let columns = names.join(", ");
        let new: Vec<String> = names.iter().map(|name| format!("s.{name}")).collect();
        let new = new.join(", ");
        let sql = format!(
            "MERGE INTO customer USING (SELECT c_custkey + CASE WHEN c_custkey % 3 = 0 \
             THEN (SELECT max(c_custkey) FROM customer) ELSE 0 END AS key, {columns} FROM customer WHERE {}) AS s \
             ON c_custkey = s.key WHEN MATCHED THEN UPDATE SET {} \
             WHEN NOT MATCHED THEN INSERT (c_custkey, {columns}) VALUES (s.key, {new})",
            rows.condition, set,
        );
        Ok(Some(vec![change(sql, [Table::Customer])]))
    }

    /// A supplier offers parts, some of which it offers already.
    fn upsert(&mut self, session: &mut Session) -> Made {
        let Some(rows) = self.picker.rows(session, Table::Partsupp, true)? else {
            return Ok(None);
        };
        let Some(supplier) = self.picker.key(session, Table::Supplier)? else {
            return Ok(None);
        };
        let sql = format!(
            "INSERT INTO partsupp SELECT DISTINCT ON (ps_partkey) ps_partkey, {}, ps_availqty, ps_supplycost, ps_comment \
             FROM partsupp WHERE ps_partkey BETWEEN {} AND {} ORDER BY ps_partkey, ps_suppkey \
             ON CONFLICT (ps_partkey, ps_suppkey) DO UPDATE SET ps_availqty = EXCLUDED.ps_availqty + 1",
            supplier[0], rows.low, rows.high
        );
        Ok(Some(vec![change(sql, [Table::Partsupp])]))
    }

    /// Orders with their lines once more, in one statement, with other values.
    fn copy_orders(&mut self, session: &mut Session) -> Made {
        let Some(rows) = self.picker.rows(session, Table::Orders, true)? else {
            return Ok(None);
        };
        let select = |table: Table, assignments: &[(&'static str, String)], key: &str| {
            let mut names = table.key()[1..].to_vec();
            names.extend(values::other_columns(table));
            let expressions: Vec<String> = names.iter().map(|name| assigned(assignments, name)).collect();
            format!(
                "INSERT INTO {table} ({key}, {}) SELECT {key} + (SELECT max(o_orderkey) FROM orders), {} FROM {table} \
                 WHERE {key} BETWEEN {} AND {}",
                names.join(", "),
                expressions.join(", "),
                rows.low,
                rows.high
            )
        };
        let orders = select(
            Table::Orders,
            &self.picker.assignments(session, Table::Orders)?,
            "o_orderkey",
        );
        let lineitems = select(
            Table::Lineitem,
            &self.picker.assignments(session, Table::Lineitem)?,
            "l_orderkey",
        );
        let sql = format!("WITH new_orders AS ({orders}) {lineitems}");
        Ok(Some(vec![change(sql, [Table::Orders, Table::Lineitem])]))
    }

    /// Two tables change in one statement.
    fn two_tables(&mut self, session: &mut Session) -> Made {
        const PAIRS: [(Table, Table); 5] = [
            (Table::Orders, Table::Lineitem),
            (Table::Part, Table::Partsupp),
            (Table::Customer, Table::Orders),
            (Table::Supplier, Table::Partsupp),
            (Table::Supplier, Table::Customer),
        ];
        let (first, second) = *self.picker.rng.pick(&PAIRS);
        let mut updates = vec![];
        for table in [first, second] {
            let many = self.picker.rng.chance(50);
            let (Some(rows), Some(set)) = (
                self.picker.rows(session, table, many)?,
                self.picker.set_clause(session, table)?,
            ) else {
                return Ok(None);
            };
            updates.push(format!("UPDATE {table} SET {set} WHERE {}", rows.condition));
        }
        let sql = format!("WITH other AS ({}) {}", updates[0], updates[1]);
        Ok(Some(vec![change(sql, [first, second])]))
    }

    /// A supplier goes with all that it supplies.
    fn supplier(&mut self, session: &mut Session) -> Made {
        let Some(key) = self.picker.key(session, Table::Supplier)? else {
            return Ok(None);
        };
        let key = &key[0];
        let statements = [
            (
                Table::Lineitem,
                format!("DELETE FROM lineitem WHERE l_suppkey = {key}"),
            ),
            (
                Table::Partsupp,
                format!("DELETE FROM partsupp WHERE ps_suppkey = {key}"),
            ),
            (
                Table::Supplier,
                format!("DELETE FROM supplier WHERE s_suppkey = {key}"),
            ),
        ];
        let changes = statements.into_iter().map(|(table, sql)| Change {
            undo: true,
            ..change(sql, [table])
        });
        Ok(Some(changes.collect()))
    }

    /// An update that changes nothing.
    fn same(&mut self, session: &mut Session) -> Made {
        let table = self.table();
        let Some(rows) = self.picker.rows(session, table, true)? else {
            return Ok(None);
        };
        let column = self.picker.rng.pick(values::columns(table)).name;
        let sql = format!("UPDATE {table} SET {column} = {column} WHERE {}", rows.condition);
        Ok(Some(vec![change(sql, [table])]))
    }

    fn truncate(&mut self) -> Vec<Change> {
        let table = *self.picker.rng.pick(&Table::ALL);
        vec![Change {
            undo: true,
            ..change(format!("TRUNCATE {table} CASCADE"), table.with_referencing())
        }]
    }
}

fn change(sql: String, touched: impl IntoIterator<Item = Table>) -> Change {
    Change {
        sql,
        copy: None,
        touched: touched.into_iter().collect(),
        undo: false,
    }
}

/// What becomes of a column: its new value, or itself.
fn assigned(assignments: &[(&'static str, String)], name: &str) -> String {
    let found = assignments.iter().find(|(column, _)| *column == name);
    found.map_or_else(|| name.to_owned(), |(_, value)| value.clone())
}
