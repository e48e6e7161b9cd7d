//! Removing a tview, on purpose or because what it reads is gone.

use super::before;
use super::concerned::{Care, Otherwise};
use super::create::{definition_name, run_as_user, run_on_catalog};
use super::ddl::{check_key, refresh};
use super::{members, triggers};
use crate::catalog::command::reads_view_of;
use crate::catalog::concerned::{Indexed, own_sources};
use crate::catalog::{self, tree, tree::Tree};
use crate::error::{Error, Result, notice};
use crate::pg::event::{DdlEvent, Wholesale};
use crate::pg::lock;
use crate::pg::name;
use crate::pg::own::OwnStatements;
use crate::pg::relation::{self, Relation};
use crate::pg::role::{self, Standing};
use crate::pg::settings::Scope;
use crate::runtime::pending;
use pg_tviews_sqltext::{self as sqltext, CATALOG_SCHEMA, OwnTrigger, qualified};
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
    let found = name::parse(name)?.resolve_anywhere()?;
    let is_tview = match found {
        Some(oid) => catalog::entry(oid)?.is_some(),
        None => false,
    };
    match found {
        Some(oid) if is_tview => {
            let from_below = is_from_below(oid)?;
            if from_below {
                lock::lock_together(
                    &tree::dropped_with(&[oid], false, None)?,
                    lock::Against::Everything,
                );
            } else {
                self::lock(&[oid], false)?;
            }
            let table = Relation::open(oid)?.quoted();
            let statement = [sqltext::drop_table(&table, false)];
            if from_below {
                run_on_catalog(&statement)?;
            } else {
                // As the user: PostgreSQL checks that it is the owner, and refuses if something depends on the tview.
                run_as_user(&statement)?;
            }
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

/// Whether the current role has no power over a tview but owns a table that it reads, on which its triggers are, or a view, whose query it keeps from
/// being replaced.
fn is_from_below(tview: Oid) -> Result<bool> {
    let stranger = role::owner_of(tview).is_some_and(|owner| role::standing(owner) == Standing::Stranger);
    let role = relation::current_role();
    Ok(stranger && (!own_sources(tview, role)?.is_empty() || reads_view_of(tview, role)?))
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
pub fn dropped(event: &DdlEvent) -> Result<()> {
    let objects = dropped_objects()?;
    // Statements of ours are not for working off what is noted: definitions by which that would be done have gone.
    let _flushing = (!pending::is_flushing()).then(pending::Flushing::begin);
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
            drop_kept_definition(object, &gone)?;
        }
    }
    lost_members(&objects)?;
    check_lost_keys(event, &objects, &gone)?;
    put_triggers_back(&objects)
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
    let mut care = Care::of("DROP TABLE");
    for tview in members::follow(&tables, &mut care)? {
        care.take(tview, Otherwise::Mark, || refresh(tview))?;
    }
    care.finish();
    Ok(())
}

fn is_relation(object: &Dropped) -> bool {
    matches!(
        object.kind.as_str(),
        "table" | "view" | "materialized view" | "foreign table"
    )
}

fn dropped_objects() -> Result<Vec<Dropped>> {
    let scope = Scope::catalog()?;
    let connection = scope.connect()?;
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

/// A table that was a tview once, of which a definition is kept, has been dropped: the definition goes, too.
fn drop_kept_definition(object: &Dropped, gone: &impl Fn(Oid) -> bool) -> Result<()> {
    let name = definition_name(&object.schema, &object.name, 1);
    let Some(view) = relation::lookup(CATALOG_SCHEMA, &name)?.filter(|view| !gone(*view)) else {
        return Ok(());
    };
    if role::is_view(view) && catalog::tview_of_definition(view)?.is_none() {
        let _own = OwnStatements::begin();
        run_on_catalog(&[sqltext::drop_view(&qualified(CATALOG_SCHEMA, &name))])?;
    }
    Ok(())
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

/// Keys that tell a tview's rows apart must stay: checked where a unique index, with its constraint or with a column of it, has gone from a
/// table that is still there.
fn check_lost_keys(event: &DdlEvent, objects: &[Dropped], gone: &impl Fn(Oid) -> bool) -> Result<()> {
    if !objects.iter().any(|object| object.kind == "index") {
        return Ok(());
    }
    let mut tables: Vec<Indexed> = before::dropped_from(event);
    for object in objects {
        if let ("table constraint" | "table column", [schema, table, ..]) =
            (object.kind.as_str(), object.identity.as_slice())
            && let Some(table) = relation::lookup(schema, table)?
        {
            tables.push(Indexed { table, unique: true });
        }
    }
    tables.retain(|indexed| !gone(indexed.table));
    tables.sort_by_key(|indexed| (indexed.table.to_u32(), !indexed.unique));
    tables.dedup_by_key(|indexed| indexed.table);
    let mut care = Care::of(event.tag());
    let mut checked: Vec<Oid> = Vec::new();
    for Indexed { table, unique } in tables {
        let mut tviews: Vec<Oid> = Vec::new();
        if catalog::entry(table)?.is_some() {
            tviews.push(table);
        }
        if unique {
            let readers = catalog::readers(table)?;
            tviews.extend(readers.into_iter().map(|reader| reader.tview));
        }
        for tview in tviews {
            if !checked.contains(&tview) {
                checked.push(tview);
                care.take(tview, Otherwise::Mark, || check_key(tview))?;
            }
        }
    }
    care.finish();
    Ok(())
}

/// Triggers that have taken the place of ours, or ours where nobody watched, have gone from tables that need ours.
fn put_triggers_back(objects: &[Dropped]) -> Result<()> {
    let mut tables = Vec::new();
    for object in objects {
        if let ("trigger", [schema, table, trigger]) = (object.kind.as_str(), object.identity.as_slice())
            && OwnTrigger::named(trigger).is_some()
        {
            tables.extend(relation::lookup(schema, table)?);
        }
    }
    if tables.is_empty() {
        return Ok(());
    }
    let _own = OwnStatements::begin();
    triggers::put_back("DROP TRIGGER", &tables)
}
