//! What a tview's upkeep depends on besides the change: the document's size, how many documents hang on one row, the
//! indexes on the tview, and how many tviews there are. One operation for each, on tables of its own, the same at
//! every scale.

use crate::approach::Approach;
use crate::operation::Operation;

const SCHEMA: &str = include_str!("../../../test/sql/comprehensive_benchmarks/sql/dimension_schema.sql");
const QUERY: &str = include_str!("../../../test/sql/comprehensive_benchmarks/sql/dimension_query.sql");
const LIST: &str = include_str!("../../../test/sql/comprehensive_benchmarks/sql/dimension_list.sql");
const LIST_TRIGGER: &str =
    include_str!("../../../test/sql/comprehensive_benchmarks/sql/dimension_list_trigger.sql");

/// One point in these dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// What is measured there.
    pub operation: Operation,
    /// Its name in the results.
    pub name: &'static str,
    /// What the report calls it.
    pub title: &'static str,
    /// About the size of a document, in thousands of bytes.
    kilobytes: u32,
    /// Documents of the group that is renamed; without it, one item's price changes.
    fan_out: Option<u32>,
    indexes: Indexes,
    /// Tviews, all of the same query.
    tviews: usize,
    /// Documents with lists of so many children, of which one is changed in this way.
    list: Option<(u32, Child)>,
}

/// What happens to a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Child {
    /// A member of its element changes.
    Changes,
    /// It comes.
    Comes,
    /// Its place in the list changes.
    Moves,
}

/// Indexes on the tview besides its key and the link to the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Indexes {
    None,
    /// On the whole document.
    Gin,
    /// Five, two of them on what changes.
    Five,
}

const fn one(operation: Operation, name: &'static str, title: &'static str, kilobytes: u32) -> Dimension {
    Dimension {
        operation,
        name,
        title,
        kilobytes,
        fan_out: None,
        indexes: Indexes::None,
        tviews: 1,
        list: None,
    }
}

const fn list(
    operation: Operation,
    name: &'static str,
    title: &'static str,
    children: u32,
    child: Child,
) -> Dimension {
    Dimension {
        list: Some((children, child)),
        ..one(operation, name, title, 1)
    }
}

const fn fan(
    operation: Operation,
    name: &'static str,
    title: &'static str,
    kilobytes: u32,
    documents: u32,
) -> Dimension {
    Dimension {
        fan_out: Some(documents),
        ..one(operation, name, title, kilobytes)
    }
}

/// All that are measured.
static ALL: [Dimension; 18] = [
    one(Operation::Size1k, "size-1k", "one leaf of a document of 1 kB", 1),
    one(
        Operation::Size10k,
        "size-10k",
        "one leaf of a document of 10 kB",
        10,
    ),
    one(
        Operation::Size100k,
        "size-100k",
        "one leaf of a document of 100 kB",
        100,
    ),
    fan(
        Operation::Fan1,
        "fan-1",
        "group renamed, 1 document of 1 kB",
        1,
        1,
    ),
    fan(
        Operation::Fan100,
        "fan-100",
        "group renamed, 100 documents of 1 kB",
        1,
        100,
    ),
    fan(
        Operation::Fan10000,
        "fan-10000",
        "group renamed, 10,000 documents of 1 kB",
        1,
        10_000,
    ),
    fan(
        Operation::Fan100Of10k,
        "fan-100-10k",
        "group renamed, 100 documents of 10 kB",
        10,
        100,
    ),
    fan(
        Operation::Fan100Of100k,
        "fan-100-100k",
        "group renamed, 100 documents of 100 kB",
        100,
        100,
    ),
    Dimension {
        indexes: Indexes::Gin,
        ..one(
            Operation::IndexGin,
            "index-gin",
            "one leaf of 1 kB, GIN index on the document",
            1,
        )
    },
    Dimension {
        indexes: Indexes::Five,
        ..one(
            Operation::IndexFive,
            "index-five",
            "one leaf of 1 kB, five secondary indexes",
            1,
        )
    },
    Dimension {
        tviews: 5,
        ..one(
            Operation::Tviews5,
            "tviews-5",
            "one leaf of 1 kB in each of 5 views",
            1,
        )
    },
    Dimension {
        tviews: 20,
        ..one(
            Operation::Tviews20,
            "tviews-20",
            "one leaf of 1 kB in each of 20 views",
            1,
        )
    },
    list(
        Operation::List20Change,
        "list-20-change",
        "a child's title, list of 20",
        20,
        Child::Changes,
    ),
    list(
        Operation::List20Insert,
        "list-20-insert",
        "a child more, list of 20",
        20,
        Child::Comes,
    ),
    list(
        Operation::List20Move,
        "list-20-move",
        "a child changes its place, list of 20",
        20,
        Child::Moves,
    ),
    list(
        Operation::List200Change,
        "list-200-change",
        "a child's title, list of 200",
        200,
        Child::Changes,
    ),
    list(
        Operation::List200Insert,
        "list-200-insert",
        "a child more, list of 200",
        200,
        Child::Comes,
    ),
    list(
        Operation::List200Move,
        "list-200-move",
        "a child changes its place, list of 200",
        200,
        Child::Moves,
    ),
];

/// The tables of documents, by approach; a dimension has the first few of them.
const TABLES: [&str; 20] = [
    "item_1", "item_2", "item_3", "item_4", "item_5", "item_6", "item_7", "item_8", "item_9", "item_10",
    "item_11", "item_12", "item_13", "item_14", "item_15", "item_16", "item_17", "item_18", "item_19",
    "item_20",
];

/// The point at which an operation measures, if it is one of these.
pub fn of(operation: Operation) -> Option<&'static Dimension> {
    ALL.iter().find(|dimension| dimension.operation == operation)
}

impl Dimension {
    /// How many documents one run of it touches.
    pub fn documents(&self) -> u64 {
        u64::from(self.fan_out.unwrap_or(1)) * self.tviews as u64
    }

    /// Items in the table: those of the renamed group come first.
    fn items(&self) -> u32 {
        match (self.fan_out, self.list, self.kilobytes) {
            (Some(documents), ..) => documents + 100,
            (None, None, 1) => 1_000,
            (None, ..) => 200,
        }
    }

    /// Children of all items together.
    fn children(&self) -> u32 {
        self.list.map_or(0, |(children, _)| children * self.items())
    }

    fn query(&self) -> &'static str {
        if self.list.is_some() { LIST } else { QUERY }
    }

    fn tables(&self) -> &'static [&'static str] {
        &TABLES[..self.tviews]
    }

    /// Makes the tables and the approach's views on them.
    pub fn set_up(&self, approach: Approach) -> Vec<String> {
        let mut statements = vec![
            SCHEMA.to_owned(),
            format!(
                "INSERT INTO tb_item (pk_item, fk_group, name, code, price, attributes)
                 SELECT i, CASE WHEN i <= {grouped} THEN 1 ELSE 2 END, 'Item ' || i, 'C-' || i % 97, 10 + i % 50, a.attributes
                   FROM generate_series(1, {items}) i,
                        LATERAL (SELECT jsonb_object_agg('attribute_' || n, md5(i || ':' || n)) AS attributes
                                   FROM generate_series(1, {members}) n) a",
                grouped = self.fan_out.unwrap_or(0),
                items = self.items(),
                // A member takes about 52 bytes.
                members = self.kilobytes * 1_000 / 52,
            ),
            format!(
                "INSERT INTO tb_child (fk_item, rating, title)
                 SELECT 1 + i % {items}, 1 + i % 5, 'Child ' || i FROM generate_series(1, {children}) i",
                items = self.items(),
                children = self.children(),
            ),
            "VACUUM (ANALYZE) tb_item, tb_group, tb_child".to_owned(),
        ];
        if approach == Approach::NoView {
            return statements;
        }
        let query = self.query();
        for table in self.tables() {
            statements.push(if approach == Approach::Tviews {
                format!("SELECT pg_tviews_create('{table}', $query${query}$query$)")
            } else {
                format!("CREATE TABLE {table} AS {query}; ALTER TABLE {table} ADD PRIMARY KEY (pk_item)")
            });
            statements.extend(self.indexes_of(table));
        }
        if approach == Approach::PatchTrigger {
            if self.list.is_some() {
                statements.push(LIST_TRIGGER.to_owned());
            } else {
                statements.extend(self.triggers());
            }
        }
        let vacuum = |table: &&str| format!("VACUUM (ANALYZE) {table}");
        statements.extend(self.tables().iter().map(vacuum));
        statements
    }

    fn indexes_of(&self, table: &str) -> Vec<String> {
        let mut indexed = vec!["(fk_group)"];
        match self.indexes {
            Indexes::None => {}
            Indexes::Gin => indexed.push("USING gin (data)"),
            Indexes::Five => {
                indexed.extend(["(name)", "(code)", "(price)", "((data ->> 'price'))"]);
            }
        }
        let index = |what: &str| format!("CREATE INDEX ON {table} {what}");
        let mut statements: Vec<String> = indexed.into_iter().map(index).collect();
        // A tview may have made the index on the link itself.
        statements[0] = format!(
            "DO $$ BEGIN
               IF NOT EXISTS (SELECT FROM pg_index i
                                JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                               WHERE i.indrelid = '{table}'::regclass AND i.indnatts = 1 AND a.attname = 'fk_group') THEN
                 {};
               END IF;
             END $$",
            statements[0]
        );
        statements
    }

    /// What an expert writes by hand: one function for each source, which patches the leaf in every table.
    fn triggers(&self) -> Vec<String> {
        let function = |name: &str, source: &str, column: &str, set: &str, key: &str| {
            let updates: Vec<String> = self
                .tables()
                .iter()
                .map(|table| format!("UPDATE {table} SET {set} WHERE {key};"))
                .collect();
            format!(
                "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} RETURN NULL; END $$;
                 CREATE TRIGGER {name} AFTER UPDATE OF {column} ON {source} FOR EACH ROW
                 WHEN (OLD.{column} IS DISTINCT FROM NEW.{column}) EXECUTE FUNCTION {name}()",
                updates.join(" ")
            )
        };
        vec![
            function(
                "patch_item",
                "tb_item",
                "price",
                "price = NEW.price, data = jsonb_set(data, '{price}', to_jsonb(NEW.price))",
                "pk_item = NEW.pk_item",
            ),
            function(
                "patch_group",
                "tb_group",
                "name",
                "data = jsonb_set(data, '{group,name}', to_jsonb(NEW.name))",
                "fk_group = NEW.pk_group",
            ),
        ]
    }

    /// Takes away all that [`Dimension::set_up`] makes.
    pub fn tear_down(&self, approach: Approach) -> Vec<String> {
        let drop = |table: &&str| match approach {
            Approach::Tviews => format!("SELECT pg_tviews_drop('{table}', true)"),
            _ => format!("DROP TABLE IF EXISTS {table}"),
        };
        // All of them: an interrupted run may have been at another point.
        let mut statements: Vec<String> = TABLES.iter().map(drop).collect();
        statements.push("DROP TABLE IF EXISTS tb_child, tb_item, tb_group".to_owned());
        statements.push("DROP FUNCTION IF EXISTS patch_item(), patch_group(), patch_child()".to_owned());
        statements
    }

    /// The first and the last view, to compare with their query.
    pub fn views(&self, approach: Approach) -> Vec<(&'static str, String)> {
        if approach == Approach::NoView {
            return Vec::new();
        }
        let tables = self.tables();
        let mut ends = vec![tables[0], tables[tables.len() - 1]];
        ends.dedup();
        ends.into_iter()
            .map(|table| (table, self.query().to_owned()))
            .collect()
    }

    /// The statement of one turn.
    pub fn statement(&self, turn: u64) -> String {
        if let Some((_, child)) = self.list {
            // Children of one item are as many rows apart as there are items.
            let known = 1 + turn * 7_919 % u64::from(self.children());
            return match child {
                Child::Changes => {
                    format!("UPDATE tb_child SET title = 'Turn {turn}' WHERE pk_child = {known}")
                }
                Child::Comes => format!(
                    "INSERT INTO tb_child (fk_item, rating, title) VALUES ({}, {}, 'Turn {turn}')",
                    1 + turn % u64::from(self.items()),
                    1 + turn % 5,
                ),
                Child::Moves => {
                    format!("UPDATE tb_child SET rating = rating % 5 + 1 WHERE pk_child = {known}")
                }
            };
        }
        if self.fan_out.is_some() {
            format!("UPDATE tb_group SET name = 'Group 1, {turn}' WHERE pk_group = 1")
        } else {
            format!(
                "UPDATE tb_item SET price = price + 1 WHERE pk_item = {}",
                1 + turn % u64::from(self.items())
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, of};
    use crate::approach::Approach;

    #[test]
    fn every_table_of_documents_is_indexed_patched_and_taken_away() {
        for dimension in &ALL {
            assert_eq!(of(dimension.operation), Some(dimension));
            let made = dimension.set_up(Approach::PatchTrigger).join("\n");
            let dropped = dimension.tear_down(Approach::PatchTrigger).join("\n");
            for table in dimension.tables() {
                let mut parts = vec![
                    format!("CREATE TABLE {table} AS"),
                    format!("CREATE INDEX ON {table} (fk_group)"),
                ];
                match dimension.list {
                    Some(_) => parts.push(format!("UPDATE {table}\n")),
                    None => parts.extend(["price", "data"].map(|set| format!("UPDATE {table} SET {set}"))),
                }
                for part in parts {
                    assert!(made.contains(&part), "{}: {part}", dimension.name);
                }
                assert!(dropped.contains(&format!("EXISTS {table}")));
            }
        }
    }

    #[test]
    fn a_turn_changes_rows_that_there_are() {
        for dimension in &ALL {
            assert!(u64::from(dimension.items()) * dimension.tviews as u64 >= dimension.documents());
            let (one, next) = (dimension.statement(1), dimension.statement(2));
            assert_ne!(one, next, "{}", dimension.name);
        }
    }
}
