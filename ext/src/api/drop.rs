//! Removing a tview, on purpose or because what it reads is gone.

use super::create::{OwnStatements, run_as_user, run_on_catalog};
use super::ddl::{check_key, refresh};
use super::members;
use crate::catalog::{self, tree, tree::Tree};
use crate::error::{Error, Result, notice};
use crate::pg::event::Wholesale;
use crate::pg::lock;
use crate::pg::name;
use crate::pg::relation::{self, Relation};
use crate::pg::settings::Scope;
use crate::pg::spi::Connection;
use pg_tviews_sqltext::{self as sqltext, APPLIED_TRIGGER, EVENTS};
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::Oid;

/// An object that a command has dropped.
struct Dropped {
    kind: String,
    oid: Oid,
    /// Named by the command itself, not dropped along with something else.
    original: bool,
    schema: String,
    name: String,
    identity: Vec<String>,
}

/// `pg_tviews_drop(name, if_exists)`: true if there was one.
pub fn drop_tview(name: &str, if_exists: bool) -> Result<bool> {
    let found = name::parse(name)?.resolve();
    let is_tview = match found {
        Some(oid) => catalog::entry(oid)?.is_some(),
        None => false,
    };
    match found {
        Some(oid) if is_tview => {
            self::lock(&[oid], false)?;
            let table = Relation::open(oid)?.quoted();
            // As the user: PostgreSQL checks that it is the owner, and refuses if something depends on the tview.
            run_as_user(&[sqltext::drop_table(&table, false)])?;
            Ok(true)
        }
        None if if_exists => {
            notice(
                format!("tview \"{name}\" does not exist, skipping"),
                "Nothing was dropped.",
            );
            Ok(false)
        }
        None => Err(Error::undefined(format!("tview \"{name}\" does not exist"))),
        Some(_) => Err(Error::new(
            PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE,
            format!("\"{name}\" is not a tview"),
        )
        .hint("Use DROP TABLE or DROP VIEW.")),
    }
}

/// Before tables are dropped: DROP locks the tview first, then what its triggers are on, whereas those who write have locked the
/// sources when they come to the tview. So everything is locked together before; by owners only, as DROP itself does.
pub fn lock(tables: &[Oid], cascade: bool) -> Result<()> {
    let all = tree::dropped_with(tables, cascade, Some(relation::current_role()))?;
    lock::lock_together(&all, lock::Against::Everything);
    Ok(())
}

/// The same, before all of a schema or of a role is dropped; by those who may drop that, whoever owns the tables.
pub fn lock_wholesale(dropped: &Wholesale) -> Result<()> {
    let role = relation::current_role();
    let relations = match dropped {
        Wholesale::Schemas(schemas) => tree::in_schemas(schemas, role)?,
        Wholesale::Owners(owners) => tree::owned_by(owners, role)?,
    };
    let all = tree::dropped_with(&relations, true, None)?;
    lock::lock_together(&all, lock::Against::Everything);
    Ok(())
}

/// `sql_drop`: nothing of a dropped tview stays behind, and no tview stays that has lost a source.
pub fn dropped() -> Result<()> {
    let objects = dropped_objects()?;
    let gone = |oid: Oid| {
        objects
            .iter()
            .any(|object| object.oid == oid && is_relation(object))
    };
    for object in objects.iter().filter(|object| is_relation(object)) {
        if object.kind == "view" {
            definition_dropped(object, &gone)?;
        } else {
            tview_dropped(object.oid, &gone)?;
        }
    }
    lost_members(&objects)?;
    check_lost_keys(&objects, &gone)?;
    objects.iter().try_for_each(refuse_trigger_drop)
}

/// Partitions and inheriting tables have been dropped, with rows that tviews show.
fn lost_members(objects: &[Dropped]) -> Result<()> {
    let tables: Vec<Oid> = objects
        .iter()
        .filter(|object| is_relation(object) && object.kind != "view")
        .map(|object| object.oid)
        .collect();
    if tables.is_empty() {
        return Ok(());
    }
    let _own = OwnStatements::begin();
    let tviews = members::follow(&tables)?;
    tviews.into_iter().try_for_each(refresh)
}

fn is_relation(object: &Dropped) -> bool {
    matches!(
        object.kind.as_str(),
        "table" | "view" | "materialized view" | "foreign table"
    )
}

fn dropped_objects() -> Result<Vec<Dropped>> {
    let _scope = Scope::catalog()?;
    let connection = Connection::open()?;
    let rows = connection.texts(
        "SELECT object_type, objid, original, schema_name, object_name, array_to_string(address_names, E'\\x01')
           FROM pg_catalog.pg_event_trigger_dropped_objects()
          WHERE object_type IN ('table', 'view', 'index', 'table constraint', 'table column', 'trigger')",
    )?;
    let text =
        |row: &Vec<Option<String>>, number: usize| row.get(number).cloned().flatten().unwrap_or_default();
    Ok(rows
        .iter()
        .map(|row| Dropped {
            kind: text(row, 0),
            oid: Oid::from(text(row, 1).parse::<u32>().unwrap_or(0)),
            original: text(row, 2) == "t",
            schema: text(row, 3),
            name: text(row, 4),
            identity: text(row, 5).split('\u{1}').map(str::to_owned).collect(),
        })
        .collect())
}

/// A tview has been dropped: its definition, its catalog rows, and triggers that no other tview needs go too.
fn tview_dropped(tview: Oid, gone: &impl Fn(Oid) -> bool) -> Result<()> {
    let Some(entry) = catalog::entry(tview)? else {
        return Ok(());
    };
    let sources = catalog::sources(tview)?;
    catalog::delete(tview)?;
    if !gone(entry.definition)
        && let Some(definition) = Relation::try_open(entry.definition)
    {
        let name = definition.quoted();
        drop(definition);
        run_on_catalog(&[sqltext::drop_view(&name)])?;
    }
    let tables: Vec<(Oid, Tree)> = sources
        .into_iter()
        .filter(|source| !source.is_view)
        .map(|source| (source.oid, source.tree))
        .collect();
    members::release(&members::all_tables(&tables))
}

/// The definition of a tview has been dropped: with a source, by CASCADE. The tview goes too.
fn definition_dropped(object: &Dropped, gone: &impl Fn(Oid) -> bool) -> Result<()> {
    let Some(tview) = catalog::tview_of_definition(object.oid)? else {
        return Ok(());
    };
    if gone(tview) {
        return Ok(());
    }
    let Some(table) = Relation::try_open(tview) else {
        return catalog::delete(tview);
    };
    let (name, display) = (table.quoted(), table.display_name());
    drop(table);
    if object.original {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
            format!(
                "cannot drop view {}.{} because it is the definition of tview {display}",
                object.schema, object.name
            ),
        )
        .hint(format!("Use DROP TABLE {name}.")));
    }
    tview_dropped(tview, gone)?;
    run_on_catalog(&[sqltext::drop_table(&name, true)])?;
    notice(
        format!("drop cascades to tview {display}"),
        "A source of it was dropped.",
    );
    Ok(())
}

/// Keys that tell a tview's rows apart must stay: checked where an index, a constraint or a column has gone from a table
/// that is still there.
fn check_lost_keys(objects: &[Dropped], gone: &impl Fn(Oid) -> bool) -> Result<()> {
    let mut tables: Vec<Oid> = Vec::new();
    for object in objects {
        match (object.kind.as_str(), object.identity.as_slice()) {
            ("table constraint" | "table column", [schema, table, ..]) => {
                tables.extend(relation::lookup(schema, table)?.filter(|table| !gone(*table)));
            }
            // A dropped index does not say any more whose it was.
            ("index", _) if object.original => return catalog::all()?.into_iter().try_for_each(check_key),
            _ => {}
        }
    }
    tables.sort_by_key(|oid| oid.to_u32());
    tables.dedup();
    for table in tables {
        if catalog::entry(table)?.is_some() {
            check_key(table)?;
        }
        for reader in catalog::readers(table)? {
            check_key(reader.tview)?;
        }
    }
    Ok(())
}

/// Maintenance triggers go with the last tview that needs them, not before.
fn refuse_trigger_drop(object: &Dropped) -> Result<()> {
    if object.kind != "trigger" || !object.original {
        return Ok(());
    }
    let [schema, table, trigger] = object.identity.as_slice() else {
        return Ok(());
    };
    let Some(oid) = relation::lookup(schema, table)? else {
        return Ok(());
    };
    let ours = APPLIED_TRIGGER == trigger || EVENTS.iter().any(|event| event.source_trigger() == trigger);
    let source = ours && !tree::with_triggers(&[oid])?.is_empty();
    let guard = sqltext::GUARD_TRIGGER == trigger && catalog::entry(oid)?.is_some();
    if !source && !guard {
        return Ok(());
    }
    Err(Error::new(
        PgSqlErrorCode::ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
        format!("cannot drop trigger \"{trigger}\" on {schema}.{table} because tviews are maintained by it"),
    )
    .hint("It goes with the last tview that needs it."))
}
