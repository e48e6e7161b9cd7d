//! Tables of several kinds: partitioned ones, those that others inherit from, and columns that are computed.

use super::schema::{Column, Part, Relation};
use super::types::Ty;
use crate::fragment::Fragment;
use crate::parts;
use crate::rng::Rng;

/// ` PARTITION BY …` for a table with a key, and its partitions.
pub fn partitions(table: &Relation, rng: &mut Rng) -> (String, Vec<Part>) {
    let key = &table.columns[table.key[0]];
    let part = |nth: usize, bound: String| Part {
        name: format!("{}_p{nth}", table.name),
        bound,
    };
    if rng.chance(50) {
        let bound = |nth| part(nth, format!("FOR VALUES WITH (MODULUS 3, REMAINDER {nth})"));
        return (
            format!(" PARTITION BY HASH ({})", key.name),
            (0..3).map(bound).collect(),
        );
    }
    let middle = key.ty.constant(Some(&key.ty.key(5)));
    let low = part(0, format!("FOR VALUES FROM (MINVALUE) TO ({middle})"));
    let high = match rng.chance(50) {
        true => part(1, "DEFAULT".to_owned()),
        false => part(1, format!("FOR VALUES FROM ({middle}) TO (MAXVALUE)")),
    };
    (format!(" PARTITION BY RANGE ({})", key.name), vec![low, high])
}

/// What makes the partitions: some are tables first, with their columns in another order.
pub fn create_partitions(table: &Relation, rng: &mut Rng) -> Vec<Fragment> {
    let mut statements = vec![];
    for part in &table.parts {
        let Part { name, bound } = part;
        if rng.chance(60) {
            let text = format!("CREATE TABLE {name} PARTITION OF {} {bound}", table.name);
            statements.push(text.into());
            continue;
        }
        let mut columns = vec![];
        for column in table.columns.iter().rev() {
            let null = if column.nullable { "" } else { " NOT NULL" };
            columns.push(format!("{} {}{null}", column.name, column.ty.name()));
        }
        statements.push(format!("CREATE TABLE {name} ({})", columns.join(", ")).into());
        statements.push(attach(table, part));
    }
    statements
}

/// `ALTER TABLE … ATTACH PARTITION`
pub fn attach(table: &Relation, part: &Part) -> Fragment {
    let Part { name, bound } = part;
    format!("ALTER TABLE {} ATTACH PARTITION {name} {bound}", table.name).into()
}

/// A table that inherits from one without a key: no key would hold for both.
pub fn child(create: &str, table: &Relation) -> (Part, Fragment) {
    let name = format!("{}_child", table.name);
    let statement = format!("{create}{name} (of_child integer) INHERITS ({})", table.name);
    let part = Part {
        name,
        bound: String::new(),
    };
    (part, statement.into())
}

/// A last column that is computed from another one, if there is one to compute it from.
pub fn computed(table: &mut Relation, version: u32, rng: &mut Rng) -> Option<Fragment> {
    let of = |ty: Ty| table.columns.iter().find(|column| column.ty == ty);
    let (ty, expression) = match (of(Ty::Int), of(Ty::Text)) {
        (Some(column), _) => (Ty::Int, format!("coalesce({}, 0) * 2", column.name)),
        (None, Some(column)) => (Ty::Text, format!("upper({})", column.name)),
        (None, None) => return None,
    };
    let kind = match version >= 18 && rng.chance(60) {
        true => "VIRTUAL",
        false => "STORED",
    };
    table.columns.push(Column {
        name: "computed_here".to_owned(),
        ty,
        nullable: true,
    });
    table.generated = true;
    Some(Fragment::optional(parts![format!(
        "ALTER TABLE {} ADD COLUMN computed_here {} GENERATED ALWAYS AS ({expression}) {kind}",
        table.name,
        ty.name()
    )]))
}
