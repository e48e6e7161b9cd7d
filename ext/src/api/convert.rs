//! Adopting a table that already holds the rows.

use super::create::{self, Accepted, accept};
use super::ddl::check_persistence;
use super::unfit;
use crate::catalog;
use crate::error::{Error, Result};
use crate::pg::name;
use crate::pg::parse;
use crate::pg::relation::{self, Index, Relation};
use pg_tviews_sqltext as sqltext;
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::Oid;

/// `pg_tviews_convert_existing_table(name, query)`: the table becomes a tview. Its rows are compared with the query; returns the
/// number of rows that were written.
pub fn convert(name: &str, text: &str) -> Result<i64> {
    let missing = || Error::undefined(format!("relation \"{name}\" does not exist"));
    let table = name::parse(name)?.resolve().ok_or_else(missing)?;
    let (schema, short) = check_table(table)?;
    let accepted = accept(parse::definition(text)?, &short, Some(text), &[])?;
    check_sources(table, &accepted, &format!("{schema}.{short}"))?;
    let written = create::adopt(&accepted, &schema, &short)?;
    Ok(i64::try_from(written).unwrap_or(i64::MAX))
}

/// Whether a table can become a tview at all; its schema and name.
pub(super) fn check_table(table: Oid) -> Result<(String, String)> {
    let relation = Relation::open(table)?;
    let display = relation.display_name();
    let cannot =
        |why: &str| Err(Error::unsupported(format!("\"{display}\" can't become a tview")).detail(why));
    if catalog::entry(table)?.is_some() {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_DUPLICATE_OBJECT,
            format!("\"{display}\" is a tview already"),
        )
        .hint("Drop it and create it again to change its query."));
    }
    if !relation.is_ordinary_table() {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE,
            format!("\"{display}\" is not a table"),
        )
        .hint("Name an ordinary table."));
    }
    if !relation.is_owned_by(relation::current_role()) {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
            format!("must be owner of table {display}"),
        ));
    }
    if relation.is_temporary() {
        return cannot("It is a temporary table.");
    }
    if relation.is_system() {
        return cannot("It is a system catalog.");
    }
    if let Some(what) = relation::interference(&relation) {
        return cannot(&format!("There is {what} on it."));
    }
    unfit::check_to_be_tview(table)?;
    Ok((relation.schema(), relation.name()))
}

/// A tview must not depend on itself, be it by way of others.
pub(super) fn check_sources(table: Oid, accepted: &Accepted, display: &str) -> Result<()> {
    let mut above = vec![table];
    let mut next = 0;
    while let Some(known) = above.get(next).copied() {
        next += 1;
        for reader in catalog::readers(known)? {
            if !above.contains(&reader.tview) {
                above.push(reader.tview);
            }
        }
    }
    let Some(source) = accepted
        .sources()
        .into_iter()
        .find(|source| above.contains(source))
    else {
        return Ok(());
    };
    let error = Error::unsupported(format!(
        "\"{display}\" can't become a tview that depends on itself"
    ));
    Err(if source == table {
        error.detail("The query reads the table itself.")
    } else {
        error.detail(format!(
            "The query reads tview \"{}\", which is made from it.",
            Relation::open(source)?.display_name()
        ))
    })
}

/// The columns must be those of the query, in name, type and order: maintenance writes them all. And a crash must not empty one of
/// the two alone.
pub fn check_columns(table: Oid, definition: Oid, unlogged: bool) -> Result<()> {
    let (table, definition) = (Relation::open(table)?, Relation::open(definition)?);
    check_persistence(&table, unlogged)?;
    let names = |relation: &Relation| -> Vec<String> {
        let columns = relation.attributes().into_iter();
        columns.map(|column| column.name).collect()
    };
    if names(&table) == names(&definition) && table.takes_rows_of(&definition) {
        return Ok(());
    }
    let list = |relation: &Relation| {
        let columns = relation.attributes();
        let columns: Vec<String> = columns
            .iter()
            .map(|column| format!("{} {}", column.name, column.type_text()))
            .collect();
        columns.join(", ")
    };
    Err(Error::new(
        PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
        format!(
            "columns of table \"{}\" differ from those of the query",
            table.display_name()
        ),
    )
    .detail(format!(
        "The table has ({}), the query ({}).",
        list(&table),
        list(&definition)
    ))
    .hint(
        "Names, types, collations and their order must be the same, and no column may have a length or scale that the query's has not: cast in the query, or alter the table.",
    ))
}

/// What the table's own indexes leave to create.
pub fn missing_indexes(accepted: &Accepted, table: Oid, key: &[String]) -> Result<Vec<String>> {
    let relation = Relation::open(table)?;
    let attributes = relation.attributes();
    let attnums: Vec<i16> = key
        .iter()
        .filter_map(|name| attributes.iter().find(|column| column.name == *name))
        .map(|column| column.attnum)
        .collect();
    let indexes = relation.indexes();
    let nullable = accepted.plan.key.columns.iter().any(|part| part.nullable);
    let unique = indexes
        .iter()
        .any(|index| index.unique && index.attnums == attnums && (index.nulls_equal || !nullable));
    let first = |index: &Index| index.attnums.first().is_some_and(|first| attnums.contains(first));
    let has_primary = indexes.iter().any(|index| index.primary);
    let name = relation.quoted();
    let wanted = create::index_statements(accepted, &name, key);
    Ok(if !accepted.plan.key.single {
        match indexes.iter().any(first) {
            true => vec![],
            false => wanted,
        }
    } else if unique {
        vec![]
    } else if has_primary && !key.is_empty() {
        vec![sqltext::create_unique_index(&name, key)]
    } else {
        wanted
    })
}
