//! The tables of the tests.

use pg_tviews_ir::{Table, TableColumn};

/// One table a line: its columns (`!` for NOT NULL), keys (`unique`, `deferrable`) and further indexes. A column whose name
/// begins with `wide` has another type than all others.
const TABLES: &str = "
category : pk! parent name : unique pk : index parent
product : pk! fk_category fk_supplier name : unique pk : index fk_category : index fk_supplier
supplier : pk! home name : unique pk : index home
review : pk! fk_product rating : unique pk : index fk_product
visit : pk! fk_product : unique pk
stock : fk_product! amount : unique fk_product
line : order! no! fk_product amount : unique order no : index fk_product
part : pk! order no name : unique pk : index order no
measure : pk! wide_product value : unique pk : index wide_product
code : name id : unique name
late : pk! name : deferrable pk
keyless : name
";

/// The table of this name.
pub(super) fn table(name: &str) -> Table {
    let line = TABLES
        .lines()
        .position(|line| line.split_whitespace().next() == Some(name))
        .unwrap_or_else(|| panic!("no table {name}"));
    let text = TABLES.lines().nth(line).unwrap_or_default();
    let mut parts = text.split(" : ").skip(1);
    let columns: Vec<TableColumn> = parts
        .next()
        .unwrap_or_default()
        .split(' ')
        .zip(1..)
        .map(|(column, attnum)| TableColumn {
            attnum,
            name: column.trim_end_matches('!').to_owned(),
            not_null: column.ends_with('!'),
        })
        .collect();
    let mut table = Table {
        oid: line as u32,
        schema: "s".into(),
        name: name.to_owned(),
        columns,
        unique_keys: vec![],
        deferrable_keys: vec![],
        indexes: vec![],
    };
    for part in parts {
        let mut words = part.split(' ');
        let kind = words.next().unwrap_or_default();
        let place = |word: &str| table.columns.iter().find(|column| column.name == word);
        let attnums: Vec<i16> = words.map(|word| place(word).expect("a column").attnum).collect();
        table.indexes.push(attnums.clone());
        match kind {
            "unique" => table.unique_keys.push(attnums),
            "deferrable" => table.deferrable_keys.push(attnums),
            _ => {}
        }
    }
    table
}
