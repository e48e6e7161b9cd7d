//! DDL of others: CREATE TABLE … AS makes tviews, and nothing may undermine the ones that are there.

use super::before;
use super::concerned::{self, Care, Otherwise};
use super::create::{Accepted, check_source_privilege, finish, run_on_catalog};
use super::create_as::accept_statement;
use super::judged::{Judged, judge};
use super::{drop as removal, members, placeholder, triggers, unfit, views};
use crate::analyze::{self, Objection};
use crate::catalog::{self, command, stale, tree};
use crate::error::{Error, Result, notice, warning};
use crate::pg::event::DdlEvent;
use crate::pg::name::{self, RelationName};
use crate::pg::own::{OwnStatements, is_own_statement};
use crate::pg::own_trigger::{self, Fires, Found};
use crate::pg::relation::{self, Relation};
use crate::pg::role;
use crate::pg::settings::{Scope, create_table_prefix};
use crate::runtime::{acquire, flush};
use pg_tviews_planner::KeyPart;
use pg_tviews_sqltext::{self as sqltext, CATALOG_SCHEMA, OwnTrigger, SOURCE_TRIGGERS};
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
    /// The innermost last: what such a statement runs can make further tables.
    static PENDING: RefCell<Vec<Pending>> = const { RefCell::new(Vec::new()) };
}

/// No transaction is open: statements that had begun have ended, by an error if not otherwise.
pub fn forget_pending() {
    before::forget();
    PENDING.with_borrow_mut(Vec::clear);
}

/// `ddl_command_start`: a definition is judged before anything is created, and the table is created empty.
pub fn started(event: &DdlEvent) -> Result<()> {
    if is_own_statement() {
        return Ok(());
    }
    before::remember(event)?;
    if let Some(parent) = event.concurrent_detach() {
        return refuse_concurrent_detach(&parent);
    }
    placeholder::started(event);
    if let Some((names, cascade)) = event.dropped_tables() {
        let tables: Vec<Oid> = names.iter().filter_map(RelationName::resolve).collect();
        return removal::lock(&tables, cascade);
    }
    if let Some(dropped) = event.dropped_triggers() {
        return dropped
            .iter()
            .try_for_each(|(table, trigger)| match table.resolve() {
                Some(table) => triggers::end_tviews(table, trigger),
                None => Ok(()),
            });
    }
    if let Some(dropped) = event.dropped_wholesale() {
        return removal::lock_wholesale(&dropped);
    }
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
    let pending = Pending {
        statement: statement.identity(),
        accepted,
        schema,
        table,
    };
    PENDING.with_borrow_mut(|all| {
        // One of the same identity has ended by an error, and its memory is in use again.
        all.retain(|known| known.statement != pending.statement);
        all.push(pending);
    });
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

/// `ddl_command_end`.
pub fn ended(event: &DdlEvent) -> Result<()> {
    if is_own_statement() {
        return Ok(());
    }
    if let Some(statement) = event.create_table_as() {
        let pending = PENDING.with_borrow_mut(|all| {
            let position = all
                .iter()
                .rposition(|pending| pending.statement == statement.identity());
            position.map(|position| all.swap_remove(position))
        });
        return match pending {
            Some(pending) => finish(&pending.accepted, &pending.schema, &pending.table),
            None => Ok(()),
        };
    }
    let tag = event.tag();
    if RESULTS.contains(&tag.as_str()) {
        return match event.changes_results() {
            true => results_changed(&tag),
            false => Ok(()),
        };
    }
    if tag == "ALTER SCHEMA" && !name::is_schema(CATALOG_SCHEMA) {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
            format!("cannot rename schema {CATALOG_SCHEMA} because extension pg_tviews needs it"),
        )
        .hint("It goes with the extension."));
    }
    if ["REVOKE", "DROP OWNED", "ALTER SCHEMA"].contains(&tag.as_str()) {
        let _own = OwnStatements::begin();
        command::tviews_in_schemas()?
            .into_iter()
            .try_for_each(views::follow_name)?;
        return before::revoked(event);
    }
    let mut changed = changed_objects()?;
    if tag == "CREATE VIEW" {
        placeholder::take_replaced(&mut changed)?;
    }
    views::refuse_changed_definitions(&changed)?;
    unfit::check(&changed)?;
    if event.only_adds_constraints() {
        return Ok(());
    }
    match tag.as_str() {
        "CREATE TRIGGER" | "ALTER TRIGGER" | "CREATE SCHEMA" => triggers::check_changed()?,
        "CREATE RULE" => views::refuse_new_queries()?,
        _ => {}
    }
    let _own = OwnStatements::begin();
    match tag.as_str() {
        "CREATE VIEW" => changed.into_iter().try_for_each(views::refuse_new_query),
        "ALTER VIEW" => views::altered(&tag, event, &changed),
        "CREATE SUBSCRIPTION" | "ALTER SUBSCRIPTION" => members::follow_subscriptions(),
        "ALTER TRIGGER" => triggers::put_back(&tag, &changed),
        tag => {
            views::altered(tag, event, &changed)?;
            tables_changed(tag, event, &changed)?;
            if tag == "CREATE TRIGGER" {
                triggers::settle_restored(&changed)?;
            }
            if event.hides_rows() || event.changes_owner() {
                before::revoked(event)?;
            }
            Ok(())
        }
    }
}

/// Commands on objects that are no tables, of which some change what tviews that use them should hold.
const RESULTS: [&str; 9] = [
    "ALTER TYPE",
    "ALTER DOMAIN",
    "CREATE FUNCTION",
    "ALTER FUNCTION",
    "ALTER ROUTINE",
    "CREATE AGGREGATE",
    "CREATE CAST",
    "ALTER TEXT SEARCH CONFIGURATION",
    "ALTER TEXT SEARCH DICTIONARY",
];

fn results_changed(tag: &str) -> Result<()> {
    let _own = OwnStatements::begin();
    concerned::results_changed(tag, |tview| {
        check_definition(tview, tag)?;
        refresh(tview)
    })
}

/// The relations that the command has created or altered; with all that inherit from them, and the parents of all these.
fn changed_objects() -> Result<Vec<Oid>> {
    let scope = Scope::catalog()?;
    let connection = scope.connect()?;
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

/// After a command on tables, a new schema's included.
fn tables_changed(tag: &str, event: &DdlEvent, objects: &[Oid]) -> Result<()> {
    let is_alteration = tag.starts_with("ALTER");
    let mut after = Aftermath {
        is_alteration,
        columns: event.changes_columns(),
        recomputed: event.sets_expression(),
        checked: BTreeSet::new(),
        stale: BTreeSet::new(),
        care: match objects {
            [only] => Care::of(format!("{tag} {}", role::display_name(*only))),
            _ => Care::of(tag),
        },
    };
    let moved = members::follow(objects, &mut after.care)?;
    if is_alteration {
        // A table that is new has no rows yet.
        after.stale.extend(moved.iter().map(|tview| tview.to_u32()));
    }
    for table in catalog::concerned(objects)? {
        after.table_changed(table)?;
    }
    if after.columns {
        let shown = catalog::concerned::by_row_types(objects)?;
        after.stale.extend(shown.iter().map(|tview| tview.to_u32()));
    }
    after.refresh()
}

/// What a command on tables leaves to do.
struct Aftermath {
    is_alteration: bool,
    /// Rows have other columns, or other names for them.
    columns: bool,
    /// A column is computed in another way.
    recomputed: bool,
    /// Tviews whose definitions have been looked at.
    checked: BTreeSet<u32>,
    /// Tviews whose rows may be wrong.
    stale: BTreeSet<u32>,
    /// Whose they are.
    care: Care,
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
        let guarded = check_triggers(table, &quoted, &[OwnTrigger::Guard])?;
        if is_tview {
            self.tview_changed(table, &display, guarded, rewritten)?;
        }
        let readers = catalog::readers(table)?;
        let [insert, update, delete, truncate] = SOURCE_TRIGGERS;
        let on_source = [insert, update, delete, truncate, OwnTrigger::Applied];
        let firing = check_triggers(table, &quoted, &on_source)?;
        let maintained = || readers.iter().filter(|reader| !reader.suspended);
        if firing == Enabled::No && maintained().next().is_some() {
            for reader in maintained() {
                stale::mark_disabled(reader.tview, &format!("triggers of {display} are disabled"))?;
            }
            warning(
                format!("triggers of pg_tviews on \"{display}\" are disabled"),
                "Tviews that read the table are not maintained until they are enabled again; then they are compared with their queries.",
            );
        }
        for reader in readers {
            if self.checked.insert(reader.tview.to_u32()) {
                if !placeholder::is_complete(reader.tview)? {
                    // A dump is being restored, and its definition is still to come.
                    continue;
                }
                self.care.take(reader.tview, Otherwise::Leave, || {
                    check_definition(reader.tview, &display)?;
                    check_not_null(reader.tview, &display)
                })?;
            }
            // Columns and storage change by ALTER TABLE only; creating a trigger, say, leaves all rows as they were.
            let other_columns =
                reader.source == table && ((reader.whole_row && self.columns) || self.recomputed);
            let other_rows = other_columns || (reader.holds && rewritten) || firing == Enabled::Again;
            if (self.is_alteration && other_rows) || (firing != Enabled::No && is_whole_again(reader.tview)?)
            {
                self.stale.insert(reader.tview.to_u32());
            }
        }
        Ok(())
    }

    /// A tview whose own triggers are disabled is emptied: rows will come in from a dump, and those that are there would be in their way.
    fn tview_changed(&mut self, tview: Oid, display: &str, guarded: Enabled, rewritten: bool) -> Result<()> {
        if guarded == Enabled::No {
            stale::mark_disabled(tview, "its own triggers are disabled")?;
            self.care.take(tview, Otherwise::Mark, || empty(tview))?;
            warning(
                format!("tview \"{display}\" is not guarded against writes, and has been emptied"),
                "Enable its triggers again: it is then filled from its query.",
            );
        } else if rewritten || (guarded == Enabled::Again && self.is_alteration) || is_whole_again(tview)? {
            self.stale.insert(tview.to_u32());
        }
        Ok(())
    }

    fn refresh(mut self) -> Result<()> {
        for tview in self.stale {
            let tview = Oid::from(tview);
            self.care.take(tview, Otherwise::Mark, || refresh(tview))?;
        }
        self.care.finish();
        Ok(())
    }
}

/// Whether a tview is marked because triggers were disabled, all of which are enabled again. They may have been enabled by name, or have been
/// made anew.
fn is_whole_again(tview: Oid) -> Result<bool> {
    Ok(stale::is_marked_disabled(tview)? && !stale::has_disabled_triggers(tview)?)
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
    drop((table, definition));
    views::follow_name(tview)?;
    let (Some(table), Some(definition)) = (Relation::try_open(tview), Relation::try_open(entry.definition))
    else {
        return Ok(());
    };
    let new_owner = (definition.owner() != table.owner()).then(|| relation::role_name(table.owner()));
    let definition_name = definition.quoted();
    drop((table, definition));
    if let Some(owner) = new_owner {
        run_on_catalog(&[sqltext::set_view_owner(&definition_name, &owner)])?;
        check_privileges(tview, "ALTER TABLE … OWNER TO")?;
        let sources = catalog::sources(tview)?.into_iter();
        let tables = sources.filter(|source| !source.is_view);
        let trees: Vec<_> = tables.map(|source| (source.oid, source.tree)).collect();
        check_source_privilege(Relation::open(tview)?.owner(), &members::all_tables(&trees))?;
    }
    Ok(())
}

/// What has become of our triggers on a relation. Restoring data alone disables all triggers of a table and enables them again, as
/// ordinary ones: they are set to fire always, as before.
fn check_triggers(table: Oid, quoted: &str, triggers: &[OwnTrigger]) -> Result<Enabled> {
    let mut enabled = Enabled::Always;
    for trigger in triggers {
        match own_trigger::find(table, *trigger)? {
            Found::Ours(Fires::Disabled) => return Ok(Enabled::No),
            Found::Ours(Fires::Ordinarily) => {
                run_on_catalog(&[sqltext::enable_always(quoted, &[*trigger])])?;
                enabled = Enabled::Again;
            }
            Found::Ours(Fires::Always) | Found::Foreign(_) | Found::Missing => {}
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

/// Refuses a change of a source after which a tview could not be maintained. A privilege that its owner lacks is not due to the change, and may be
/// granted later, as a dump does: maintenance says so.
pub fn check_definition(tview: Oid, changed: &str) -> Result<()> {
    check(tview, changed, |objection| !objection.privilege)
}

/// The same after a change of privileges.
pub fn check_privileges(tview: Oid, changed: &str) -> Result<()> {
    check(tview, changed, |_| true)
}

fn check(tview: Oid, changed: &str, counts: impl Fn(&Objection) -> bool) -> Result<()> {
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
        Err(mut objections) => {
            objections.retain(counts);
            objections
        }
    };
    if objections.is_empty() {
        return Ok(());
    }
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
    let _context = compiled.context();
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
