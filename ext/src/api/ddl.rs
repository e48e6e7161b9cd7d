//! DDL of others: CREATE TABLE … AS makes tviews, and nothing may undermine the ones that are there.

use super::create::{self, Accepted, accept, finish, is_own_statement};
use crate::analyze;
use crate::catalog;
use crate::error::{Error, Result, notice};
use crate::pg::event::{CreateTableAs, DdlEvent};
use crate::pg::relation::{self, Relation};
use crate::pg::settings::{Scope, Settings, create_table_prefix};
use crate::pg::spi::Connection;
use crate::runtime::compiled::plan_of;
use crate::runtime::{acquire, flush};
use pg_tviews_sqltext::{EVENTS, GUARD_TRIGGER};
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::Oid;
use std::cell::RefCell;

/// A CREATE TABLE … AS that is running and will become a tview.
struct Pending {
    statement: usize,
    accepted: Accepted,
    schema: String,
    table: String,
}

thread_local! {
    static PENDING: RefCell<Option<Pending>> = const { RefCell::new(None) };
}

/// `ddl_command_start`: a definition is judged before anything is created, and the table is created empty.
pub fn started(event: &DdlEvent) -> Result<()> {
    if is_own_statement() {
        return Ok(());
    }
    PENDING.set(None);
    let Some(statement) = event.create_table_as() else {
        return Ok(());
    };
    let target = statement.target();
    let Some(prefix) = create_table_prefix() else {
        return Ok(());
    };
    let table = target.name();
    if !table.starts_with(&prefix) {
        return Ok(());
    }
    if target.is_temporary() {
        notice(
            format!("temporary table \"{table}\" is an ordinary table, not a tview"),
            "A tview is permanent: leave TEMPORARY out, or use a name without the prefix pg_tviews.create_table_prefix.",
        );
        return Ok(());
    }
    let schema = target.creation_schema();
    if relation::lookup(&schema, &table)?.is_some() {
        // CREATE TABLE itself says what is to be said.
        return Ok(());
    }
    let accepted = accept_statement(&statement, &table)?;
    statement.skip_data();
    PENDING.set(Some(Pending {
        statement: statement.identity(),
        accepted,
        schema,
        table,
    }));
    Ok(())
}

fn accept_statement(statement: &CreateTableAs, table: &str) -> Result<Accepted> {
    let Some(query) = statement.query() else {
        return Err(
            Error::unsupported(format!("\"{table}\" can't be defined by EXECUTE"))
                .hint("Write the SELECT itself."),
        );
    };
    if statement.is_without_data() {
        return Err(
            Error::unsupported(format!("tview \"{table}\" can't be created WITH NO DATA"))
                .detail("Its content always equals its query.")
                .hint("Leave WITH NO DATA out."),
        );
    }
    accept(query.copy(), table, None, &statement.column_names())
}

/// `ddl_command_end`.
pub fn ended(event: &DdlEvent) -> Result<()> {
    if is_own_statement() {
        return Ok(());
    }
    if let Some(statement) = event.create_table_as() {
        let pending = PENDING
            .take()
            .filter(|pending| pending.statement == statement.identity());
        return match pending {
            Some(pending) => finish(&pending.accepted, &pending.schema, &pending.table),
            None => Ok(()),
        };
    }
    let _own = create::OwnStatements::begin();
    match event.tag().as_str() {
        "ALTER TYPE" => catalog::all()?.into_iter().try_for_each(refresh),
        "CREATE VIEW" => changed_objects()?.into_iter().try_for_each(view_changed),
        _ => changed_objects()?.into_iter().try_for_each(table_changed),
    }
}

/// The relations that the command has created or altered; for a child of an inheritance tree its parents too.
fn changed_objects() -> Result<Vec<Oid>> {
    let _scope = Scope::catalog()?;
    let connection = Connection::open()?;
    let rows = connection.texts(
        "WITH changed AS (SELECT CASE WHEN classid = 'pg_catalog.pg_policy'::regclass
                                      THEN (SELECT polrelid FROM pg_catalog.pg_policy WHERE oid = objid) ELSE objid END AS relid
                            FROM pg_catalog.pg_event_trigger_ddl_commands()
                           WHERE classid IN ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_policy'::regclass))
         SELECT relid FROM changed WHERE relid IS NOT NULL
         UNION SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN changed c ON c.relid = i.inhrelid",
    )?;
    let oids = rows
        .iter()
        .filter_map(|row| row.first()?.as_ref()?.parse::<u32>().ok());
    Ok(oids.map(Oid::from).collect())
}

/// CREATE OR REPLACE VIEW on a view that a tview reads changes what the tview should hold.
fn view_changed(view: Oid) -> Result<()> {
    let readers = catalog::readers(view)?;
    if let Some(tview) = catalog::tview_of_definition(view)? {
        return Err(in_use(view, tview)?.hint("Drop the tview and create it again with the new query."));
    }
    match readers.first() {
        Some((tview, _)) => {
            Err(in_use(view, *tview)?.hint("Drop the tview, replace the view and create the tview again."))
        }
        None => Ok(()),
    }
}

fn in_use(object: Oid, tview: Oid) -> Result<Error> {
    let (object, tview) = (
        Relation::open(object)?.display_name(),
        Relation::open(tview)?.display_name(),
    );
    Ok(Error::new(
        PgSqlErrorCode::ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
        format!("cannot change {object} because tview {tview} depends on it"),
    ))
}

/// After ALTER TABLE or CREATE TABLE: the tables that tviews read, and the tviews, must still be as maintenance needs them.
fn table_changed(table: Oid) -> Result<()> {
    let Some(relation) = Relation::try_open(table) else {
        return Ok(());
    };
    if catalog::entry(table)?.is_some() {
        check_tview(&relation)?;
    }
    let readers = catalog::readers(table)?;
    if readers.is_empty() {
        return Ok(());
    }
    let triggers = EVENTS.map(|event| event.source_trigger());
    check_enabled(&relation, &triggers)?;
    for (tview, whole_row) in readers {
        check_definition(tview, &relation)?;
        if whole_row || relation.rewritten() {
            refresh(tview)?;
        }
    }
    Ok(())
}

/// The columns of a tview come from its definition, and its guard stays on.
fn check_tview(tview: &Relation) -> Result<()> {
    check_enabled(tview, &[GUARD_TRIGGER])?;
    let Some(entry) = catalog::entry(tview.oid())? else {
        return Ok(());
    };
    let Some(definition) = Relation::try_open(entry.definition) else {
        return Ok(());
    };
    let shape = |relation: &Relation| -> Vec<(Oid, Oid)> {
        relation
            .attributes()
            .iter()
            .map(|column| (column.type_oid, column.collation))
            .collect()
    };
    if shape(tview) != shape(&definition) {
        return Err(Error::unsupported(format!(
            "cannot change the columns of tview \"{}\"",
            tview.display_name()
        ))
        .detail("They come from its query.")
        .hint("Drop the tview and create it again with the query you want."));
    }
    Ok(())
}

fn check_enabled(relation: &Relation, triggers: &[&str]) -> Result<()> {
    for trigger in triggers {
        if relation::is_trigger_disabled(relation.oid(), trigger)? {
            return Err(Error::new(
                PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                format!(
                    "cannot disable trigger \"{trigger}\" on \"{}\"",
                    relation.display_name()
                ),
            )
            .detail("Without it tviews would no longer equal their queries.")
            .hint("Name the triggers to disable, or drop the tviews that read the table first."));
        }
    }
    Ok(())
}

/// Refuses a change of a source after which a tview could not be maintained.
fn check_definition(tview: Oid, source: &Relation) -> Result<()> {
    let (Some(entry), Some(table)) = (catalog::entry(tview)?, Relation::try_open(tview)) else {
        return Ok(());
    };
    let Some(definition) = Relation::try_open(entry.definition) else {
        return Ok(());
    };
    let _scope = Scope::settings(&Settings::new(&entry.settings)?);
    let analysis = analyze::analyze(definition.view_query(), table.owner());
    let objections = match plan_of(&analysis.view, &analysis.objections, Some(&entry.key)) {
        Ok(_) => return Ok(()),
        // The restore of a dump adds keys one by one, long after the definition: a missing one is checked when a key is dropped.
        Err(_) if analysis.objections.is_empty() => return Ok(()),
        Err(objections) => objections,
    };
    Err(
        analyze::refusal(&table.display_name(), None, &objections).hint(format!(
            "This change of {} is refused; drop the tview first.",
            source.display_name()
        )),
    )
}

/// Refuses to lose a key that a tview relies on: its own primary key, or keys of the tables that it reads by which a unit has
/// one row.
pub fn check_key(tview: Oid) -> Result<()> {
    let (Some(entry), Some(relation)) = (catalog::entry(tview)?, Relation::try_open(tview)) else {
        return Ok(());
    };
    let Some(definition) = Relation::try_open(entry.definition) else {
        return Ok(());
    };
    let attnums: Vec<i16> = entry.key.iter().map(|position| *position as i16 + 1).collect();
    let indexed = relation
        .indexes()
        .iter()
        .any(|index| index.attnums.starts_with(&attnums));
    let unique = relation
        .indexes()
        .iter()
        .any(|index| index.unique && index.attnums == attnums);
    let _scope = Scope::settings(&Settings::new(&entry.settings)?);
    let analysis = analyze::analyze(definition.view_query(), relation.owner());
    let plan = plan_of(&analysis.view, &analysis.objections, Some(&entry.key));
    let single = plan.is_ok_and(|plan| plan.key.single);
    if indexed && single == unique {
        return Ok(());
    }
    Err(Error::new(
        PgSqlErrorCode::ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
        format!(
            "cannot drop a key on which tview \"{}\" relies",
            relation.display_name()
        ),
    )
    .detail("Its rows are told apart by its own key and by unique keys of the tables that it reads.")
    .hint("Keep the key, or drop the tview first."))
}

/// Brings a tview up to date after a change that no trigger saw.
fn refresh(tview: Oid) -> Result<()> {
    let Some(compiled) = acquire(tview)? else {
        return Ok(());
    };
    compiled.lock_for_maintenance();
    flush::all(&compiled).map(drop)
}
