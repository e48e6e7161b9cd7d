//! DDL of others: CREATE TABLE … AS makes tviews, and nothing may undermine the ones that are there.

use super::create::{self, Accepted, accept, finish, is_own_statement, notice_unlogged, run_on_catalog};
use super::judged::{Judged, judge};
use super::{drop as removal, members};
use crate::analyze;
use crate::catalog::{self, tree};
use crate::error::{Error, Result, notice, warning};
use crate::pg::event::{CreateTableAs, DdlEvent};
use crate::pg::name::RelationName;
use crate::pg::relation::{self, Firing, Relation};
use crate::pg::settings::{Scope, create_table_prefix};
use crate::pg::spi::Connection;
use crate::runtime::{acquire, flush};
use pg_tviews_planner::KeyPart;
use pg_tviews_sqltext::{self as sqltext, APPLIED_TRIGGER, EVENTS, GUARD_TRIGGER};
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::Oid;
use std::cell::RefCell;
use std::collections::BTreeSet;

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
    if let Some(parent) = event.concurrent_detach() {
        return refuse_concurrent_detach(&parent);
    }
    if let Some((names, cascade)) = event.dropped_tables() {
        let tables: Vec<Oid> = names.iter().filter_map(RelationName::resolve).collect();
        return removal::lock(&tables, cascade);
    }
    if let Some(dropped) = event.dropped_wholesale() {
        return removal::lock_wholesale(&dropped);
    }
    let Some(statement) = event.create_table_as() else {
        return Ok(());
    };
    PENDING.set(None);
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

/// Between the two transactions of DETACH … CONCURRENTLY a partition's rows have left the query, and nobody could take them out
/// of the tview.
fn refuse_concurrent_detach(parent: &RelationName) -> Result<()> {
    let readers = parent
        .resolve()
        .map(catalog::readers)
        .transpose()?
        .unwrap_or_default();
    let Some(reader) = readers.iter().find(|reader| reader.holds) else {
        return Ok(());
    };
    let name = Relation::open(reader.tview)?.display_name();
    Err(Error::unsupported(format!(
        "cannot detach a partition of \"{}\" concurrently because tview {name} reads it",
        parent.name()
    ))
    .detail("The command's first transaction would take the rows out of the query, but not out of the tview.")
    .hint("Leave CONCURRENTLY out."))
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
    let accepted = accept(query.copy(), table, None, &statement.column_names())?;
    match (accepted.is_unlogged(), statement.target().is_unlogged()) {
        (true, false) => {
            notice_unlogged(table);
            statement.make_unlogged();
        }
        (false, true) => {
            return Err(Error::unsupported(format!("tview \"{table}\" can't be UNLOGGED"))
                .detail("A crash would empty it, while the tables that it reads keep their rows.")
                .hint("Leave UNLOGGED out."));
        }
        _ => {}
    }
    Ok(accepted)
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
    if event.only_adds_constraints() {
        return Ok(());
    }
    let _own = create::OwnStatements::begin();
    match event.tag().as_str() {
        "ALTER TYPE" => catalog::all()?.into_iter().try_for_each(refresh),
        "REVOKE" => catalog::all()?
            .into_iter()
            .try_for_each(|tview| check_definition(tview, "REVOKE")),
        "CREATE VIEW" => changed_objects()?.into_iter().try_for_each(view_changed),
        "CREATE SUBSCRIPTION" | "ALTER SUBSCRIPTION" => members::follow_subscriptions(),
        "ALTER TRIGGER" => changed_objects()?.into_iter().try_for_each(triggers_renamed),
        tag => tables_changed(tag.starts_with("ALTER"), event.sets_expression()),
    }
}

/// After ALTER TRIGGER: ours keep their names, by which they are known.
fn triggers_renamed(table: Oid) -> Result<()> {
    let mut wanted: Vec<&str> = Vec::new();
    if catalog::entry(table)?.is_some() {
        wanted.push(GUARD_TRIGGER);
    }
    if !tree::with_triggers(&[table])?.is_empty() {
        wanted.extend(EVENTS.map(|event| event.source_trigger()));
        if !tree::subscribed(&[table])?.is_empty() {
            wanted.push(APPLIED_TRIGGER);
        }
    }
    for trigger in wanted {
        if !relation::has_trigger(table, trigger)? {
            let display = Relation::open(table)?.display_name();
            return Err(Error::new(
                PgSqlErrorCode::ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                format!(
                    "cannot rename trigger \"{trigger}\" on {display} because tviews are maintained by it"
                ),
            ));
        }
    }
    Ok(())
}

/// The relations that the command has created or altered; with all that inherit from them, and the parents of all these.
fn changed_objects() -> Result<Vec<Oid>> {
    let _scope = Scope::catalog()?;
    let connection = Connection::open()?;
    let rows = connection.texts(
        "WITH RECURSIVE
           changed AS (SELECT CASE WHEN classid = 'pg_catalog.pg_policy'::regclass
                                   THEN (SELECT polrelid FROM pg_catalog.pg_policy WHERE oid = objid)
                                   WHEN classid = 'pg_catalog.pg_rewrite'::regclass
                                   THEN (SELECT ev_class FROM pg_catalog.pg_rewrite WHERE oid = objid)
                                   WHEN classid = 'pg_catalog.pg_trigger'::regclass
                                   THEN (SELECT tgrelid FROM pg_catalog.pg_trigger WHERE oid = objid)
                                   ELSE objid END AS relid
                         FROM pg_catalog.pg_event_trigger_ddl_commands()
                        WHERE classid IN ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_policy'::regclass,
                                          'pg_catalog.pg_rewrite'::regclass, 'pg_catalog.pg_trigger'::regclass)),
           below AS (SELECT relid FROM changed WHERE relid IS NOT NULL
                     UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN below b ON i.inhparent = b.relid)
         SELECT relid FROM below
         UNION SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN below b ON i.inhrelid = b.relid",
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
        Some(reader) => {
            Err(in_use(view, reader.tview)?
                .hint("Drop the tview, replace the view and create the tview again."))
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

/// After a command on tables, a new schema's included. `recomputed`: it has changed how a column is computed.
fn tables_changed(is_alteration: bool, recomputed: bool) -> Result<()> {
    let objects = changed_objects()?;
    let mut after = Aftermath {
        is_alteration,
        recomputed,
        checked: BTreeSet::new(),
        stale: BTreeSet::new(),
    };
    let moved = members::follow(&objects)?;
    if is_alteration {
        // A table that is new has no rows yet.
        after.stale.extend(moved.iter().map(|tview| tview.to_u32()));
    }
    for table in catalog::concerned(&objects)? {
        after.table_changed(table)?;
    }
    after
        .stale
        .into_iter()
        .try_for_each(|tview| refresh(Oid::from(tview)))
}

/// What a command on tables leaves to do.
struct Aftermath {
    is_alteration: bool,
    recomputed: bool,
    /// Tviews whose definitions have been looked at.
    checked: BTreeSet<u32>,
    /// Tviews whose rows may be wrong.
    stale: BTreeSet<u32>,
}

impl Aftermath {
    /// The tables that tviews read, and the tviews, must still be as maintenance needs them.
    fn table_changed(&mut self, table: Oid) -> Result<()> {
        let Some(relation) = Relation::try_open(table) else {
            return Ok(());
        };
        let (display, quoted, rewritten) = (relation.display_name(), relation.quoted(), relation.rewritten());
        // Statements of our own below can't alter a relation that we hold open.
        drop(relation);
        let is_tview = catalog::entry(table)?.is_some();
        if is_tview {
            check_tview(table)?;
        }
        // The triggers are looked at even where the catalog knows nothing (yet): a dump's data may come in any order.
        match check_triggers(table, &quoted, &[GUARD_TRIGGER])? {
            Enabled::Again if self.is_alteration && is_tview => refresh(table)?,
            Enabled::Again | Enabled::Always if is_tview && rewritten => refresh(table)?,
            Enabled::Again | Enabled::Always => {}
            // Rows will come in from a dump: those that are there would be in their way.
            Enabled::No if is_tview => {
                empty(table)?;
                warning(
                    format!("tview \"{display}\" is not guarded against writes, and has been emptied"),
                    "Enable its triggers again: it is then filled from its query.",
                );
            }
            Enabled::No => {}
        }
        let readers = catalog::readers(table)?;
        let [insert, update, delete, truncate] = EVENTS.map(|event| event.source_trigger());
        let firing = check_triggers(
            table,
            &quoted,
            &[insert, update, delete, truncate, APPLIED_TRIGGER],
        )?;
        if firing == Enabled::No && readers.iter().any(|reader| !reader.suspended) {
            warning(
                format!("triggers of pg_tviews on \"{display}\" are disabled"),
                "Tviews that read the table are not maintained until they are enabled again; then they are compared with their queries.",
            );
        }
        for reader in readers {
            if self.checked.insert(reader.tview.to_u32()) {
                check_definition(reader.tview, &display)?;
                check_not_null(reader.tview, &display)?;
            }
            // Columns and storage change by ALTER TABLE only; creating a trigger, say, leaves all rows as they were.
            let other_columns = reader.source == table && (reader.whole_row || self.recomputed);
            let other_rows = other_columns || (reader.holds && rewritten) || firing == Enabled::Again;
            if self.is_alteration && other_rows {
                self.stale.insert(reader.tview.to_u32());
            }
        }
        Ok(())
    }
}

/// The columns of a tview come from its definition, and nothing on it interferes with maintenance.
fn check_tview(tview: Oid) -> Result<()> {
    let Some(entry) = catalog::entry(tview)? else {
        return Ok(());
    };
    let (Some(table), Some(definition)) = (Relation::try_open(tview), Relation::try_open(entry.definition))
    else {
        return Ok(());
    };
    let display = table.display_name();
    if let Some(what) = relation::interference(&table) {
        return Err(
            Error::unsupported(format!("cannot put {what} on tview \"{display}\""))
                .detail("It could change, hide or add rows beside maintenance.")
                .hint("AFTER triggers, indexes and constraints are fine."),
        );
    }
    if !table.takes_rows_of(&definition) {
        return Err(
            Error::unsupported(format!("cannot change the columns of tview \"{display}\""))
                .detail("They come from its query.")
                .hint("Drop the tview and create it again with the query you want."),
        );
    }
    // Without a look into the definition: its tables may be locked by another restoring process, which waits for this tview.
    check_persistence(&table, tree::is_unlogged(tview)?)?;
    let new_owner = (definition.owner() != table.owner()).then(|| relation::role_name(table.owner()));
    let definition_name = definition.quoted();
    drop((table, definition));
    if let Some(owner) = new_owner {
        run_on_catalog(&[sqltext::set_view_owner(&definition_name, &owner)])?;
        check_definition(tview, "ALTER TABLE … OWNER TO")?;
    }
    Ok(())
}

/// What has become of our triggers on a relation. Restoring data alone disables all triggers of a table and enables them again, as
/// ordinary ones: they are set to fire always, as before.
fn check_triggers(table: Oid, quoted: &str, triggers: &[&str]) -> Result<Enabled> {
    let mut enabled = Enabled::Always;
    for trigger in triggers {
        match relation::trigger_firing(table, trigger)? {
            Some(Firing::Disabled) => return Ok(Enabled::No),
            Some(Firing::Ordinarily) => {
                run_on_catalog(&[sqltext::enable_always(quoted, &[trigger])])?;
                enabled = Enabled::Again;
            }
            Some(Firing::Always) | None => {}
        }
    }
    Ok(enabled)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Enabled {
    Always,
    Again,
    No,
}

/// Refuses a change of a source after which a tview could not be maintained.
pub fn check_definition(tview: Oid, changed: &str) -> Result<()> {
    let Some(Judged {
        table,
        analysis,
        plan,
        ..
    }) = judge(tview)?
    else {
        return Ok(());
    };
    let objections = match plan {
        Ok(_) => return check_persistence(&table, analysis.view.unlogged),
        // The restore of a dump adds keys one by one, long after the definition: a missing one is checked when a key is dropped.
        Err(_) if analysis.objections.is_empty() => return Ok(()),
        Err(objections) => objections,
    };
    Err(
        analyze::refusal(&table.display_name(), None, &objections).hint(format!(
            "This change ({changed}) is refused; drop the tview first."
        )),
    )
}

/// A tview is unlogged if all that it reads is.
pub(super) fn check_persistence(tview: &Relation, unlogged: bool) -> Result<()> {
    if tview.is_unlogged() == unlogged {
        return Ok(());
    }
    let (is, are) = if unlogged {
        ("LOGGED", "UNLOGGED")
    } else {
        ("UNLOGGED", "LOGGED")
    };
    Err(Error::unsupported(format!(
        "tview \"{}\" can't be {is} where the tables that it reads are {are}",
        tview.display_name()
    ))
    .detail("A crash empties unlogged tables without triggers, and no others.")
    .hint("Drop the tview, change the tables and create it again."))
}

/// Refuses to let the key of a source be NULL where the tview's own key can't.
fn check_not_null(tview: Oid, changed: &str) -> Result<()> {
    let Some(Judged {
        table,
        plan: Ok(plan),
        ..
    }) = judge(tview)?
    else {
        return Ok(());
    };
    let stored = table.attributes();
    let refused =
        |part: &&KeyPart| part.nullable && stored.get(part.position).is_some_and(|column| column.not_null);
    match plan.key.columns.iter().find(refused) {
        None => Ok(()),
        Some(part) => Err(Error::new(
            PgSqlErrorCode::ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
            format!(
                "cannot drop NOT NULL of a key column of {changed} because tview {} depends on it",
                table.display_name()
            ),
        )
        .detail(format!(
            "Column \"{}\" of the tview is part of its primary key.",
            stored.get(part.position).map_or("", |column| &column.name)
        ))
        .hint("Drop the tview first.")),
    }
}

/// Whether the keys on which a tview relies are there: its own primary key, and keys of the tables that it reads by which a unit
/// has one row.
pub fn key_holds(tview: Oid) -> Result<bool> {
    let Some(judged) = judge(tview)? else {
        return Ok(true);
    };
    Ok(judged.key_holds())
}

/// Refuses to lose a key that a tview relies on.
pub fn check_key(tview: Oid) -> Result<()> {
    if key_holds(tview)? {
        return Ok(());
    }
    Err(Error::new(
        PgSqlErrorCode::ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
        format!(
            "cannot drop a key on which tview \"{}\" relies",
            Relation::open(tview)?.display_name()
        ),
    )
    .detail("Its rows are told apart by its own key and by unique keys of the tables that it reads.")
    .hint("Keep the key, or drop the tview first."))
}

/// Brings a tview up to date after a change that no trigger saw.
pub fn refresh(tview: Oid) -> Result<()> {
    if catalog::is_suspended(tview)? {
        return Ok(());
    }
    let Some(compiled) = acquire(tview)? else {
        return Ok(());
    };
    compiled.lock_for_maintenance();
    flush::all(&compiled).map(drop)
}

/// Empties a tview whose guard is off.
fn empty(tview: Oid) -> Result<()> {
    let Some(compiled) = acquire(tview)? else {
        return Ok(());
    };
    compiled.lock_for_maintenance();
    flush::empty(&compiled)
}
