//! Our triggers and those of others: names and functions are reserved, and what is ours stays as it is.

use super::concerned::{Care, Otherwise};
use super::create::run_on_catalog;
use super::ddl::refresh;
use super::members;
use crate::catalog::tree::Tree;
use crate::catalog::{self, command, stale, tree};
use crate::error::{Error, Result, warning};
use crate::pg::invalidation;
use crate::pg::own_trigger::{self, Fires, Found, Stranger};
use crate::pg::relation::Relation;
use crate::pg::role::{self, Standing};
use pg_tviews_sqltext::{self as sqltext, OwnTrigger, RESERVED_PREFIX, SOURCE_TRIGGERS};
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::Oid;
use std::collections::BTreeSet;

/// Puts those of our triggers on a table that it lacks, and sets those to fire always that fire ordinarily. One that is disabled stays so: the
/// table's owner has disabled it. True if one was lacking.
///
/// A trigger of others in the place of one of ours, or one that calls our functions, is refused: what it does can't be relied on.
pub fn ensure(table: Oid, wanted: &[OwnTrigger]) -> Result<bool> {
    if let Some(stranger) = own_trigger::strangers(table)?.first() {
        return Err(in_the_way(stranger, &Relation::open(table)?.display_name()));
    }
    put(table, wanted)
}

/// What [`ensure`] does where no others are in the way.
fn put(table: Oid, wanted: &[OwnTrigger]) -> Result<bool> {
    // A statement can't alter a relation that we hold open.
    let name = Relation::open(table)?.quoted();
    let mut statements = Vec::new();
    let mut quiet = Vec::new();
    for own in wanted {
        match own_trigger::find(table, *own)? {
            Found::Missing => {
                statements.push(own.create(&name));
                quiet.push(*own);
            }
            Found::Ours(Fires::Ordinarily) => quiet.push(*own),
            Found::Ours(_) | Found::Foreign(_) => {}
        }
    }
    let lacking = !statements.is_empty();
    // Each statement costs as much as making a trigger: one for all.
    if !quiet.is_empty() {
        statements.push(sqltext::enable_always(&name, &quiet));
    }
    run_on_catalog(&statements)?;
    Ok(lacking)
}

/// Puts those of our triggers back that are missing on tables that need them: others were in their place, or they went where nobody watched.
/// The tviews concerned are then compared with their queries.
///
/// Not after each command: a dump makes the triggers one by one, and each would be there already.
pub fn put_back(command: &str, tables: &[Oid]) -> Result<()> {
    let mut care = Care::of(command);
    for tview in missing_put(tables)? {
        let tview = Oid::from(tview);
        care.take(tview, Otherwise::Mark, || refresh(tview))?;
    }
    care.finish();
    Ok(())
}

/// The same for all triggers of one tview, which is about to be compared with its query; others that were concerned are marked.
pub fn put_back_for(tview: Oid) -> Result<()> {
    let sources = catalog::sources(tview)?.into_iter();
    let tables = sources.filter(|source| !source.is_view);
    let trees: Vec<(Oid, Tree)> = tables.map(|source| (source.oid, source.tree)).collect();
    let mut all = members::all_tables(&trees);
    all.retain(|table| Relation::try_open(*table).is_some());
    all.push(tview);
    for other in missing_put(&all)? {
        if other != tview.to_u32() {
            catalog::stale::mark(Oid::from(other), "a trigger of pg_tviews was missing")?;
        }
    }
    Ok(())
}

/// Puts missing triggers back; the tviews that may have missed something by it.
fn missing_put(tables: &[Oid]) -> Result<BTreeSet<u32>> {
    let mut stale = BTreeSet::new();
    for table in tree::with_triggers(tables)? {
        if put(table, &SOURCE_TRIGGERS)? {
            let readers = catalog::readers(table)?.into_iter();
            let maintained = readers.filter(|reader| !reader.suspended);
            stale.extend(maintained.map(|reader| reader.tview.to_u32()));
        }
    }
    for table in tables {
        if catalog::entry(*table)?.is_some() && put(*table, &[OwnTrigger::Guard])? {
            stale.insert(table.to_u32());
        }
    }
    Ok(stale)
}

/// Before DROP TRIGGER: the tviews that need one of ours are ordinary tables from then on. `pg_dump --clean` takes a database apart in this way, and
/// drops what is left of them next: the other triggers, keys, the definition, the table. One of others that has taken the place of ours may go.
pub fn end_tviews(table: Oid, trigger: &str) -> Result<()> {
    let Some(own) = OwnTrigger::named(trigger) else {
        return Ok(());
    };
    if !own_trigger::has(table, own)? {
        return Ok(());
    }
    let owner = role::owner_of(table);
    if owner.is_some_and(|owner| role::standing(owner) == Standing::Stranger) {
        // DROP TRIGGER itself says what is to be said.
        return Ok(());
    }
    let tviews: BTreeSet<u32> = match own {
        OwnTrigger::Guard => catalog::entry(table)?
            .map(|_| table.to_u32())
            .into_iter()
            .collect(),
        _ => {
            let readers = catalog::readers(table)?.into_iter();
            readers.map(|reader| reader.tview.to_u32()).collect()
        }
    };
    for tview in tviews {
        end(Oid::from(tview), trigger, table)?;
    }
    Ok(())
}

fn end(tview: Oid, trigger: &str, table: Oid) -> Result<()> {
    let sources = catalog::sources(tview)?.into_iter();
    let tables = sources.filter(|source| !source.is_view);
    let trees: Vec<(Oid, Tree)> = tables.map(|source| (source.oid, source.tree)).collect();
    catalog::delete(tview)?;
    for concerned in members::all_tables(&trees).iter().chain([&tview]) {
        invalidation::send(*concerned);
    }
    let name = role::display_name(tview);
    warning(
        format!(
            "tview {name} is an ordinary table without trigger \"{trigger}\" on {}: nothing maintains it",
            role::display_name(table)
        ),
        format!(
            "SELECT pg_tviews_adopt({}); makes it a tview again.",
            sqltext::literal(&Relation::open(tview)?.quoted())
        ),
    );
    Ok(())
}

/// After CREATE TRIGGER: a tview that is being restored may have all its triggers now.
pub fn settle_restored(tables: &[Oid]) -> Result<()> {
    for table in tables {
        if catalog::entry(*table)?.is_some() {
            stale::settle_restored(*table)?;
        }
        for reader in catalog::readers(*table)? {
            stale::settle_restored(reader.tview)?;
        }
    }
    Ok(())
}

/// Puts the guard on a new tview whose sources have their triggers. All of them have to fire.
pub fn guard(tview: Oid, sources: &[Oid]) -> Result<()> {
    refuse_disabled(sources, &SOURCE_TRIGGERS)?;
    ensure(tview, &[OwnTrigger::Guard])?;
    refuse_disabled(&[tview], &[OwnTrigger::Guard])
}

/// Refuses to rely on triggers that are disabled.
pub fn refuse_disabled(tables: &[Oid], wanted: &[OwnTrigger]) -> Result<()> {
    for table in tables {
        for own in wanted {
            if matches!(own_trigger::find(*table, *own)?, Found::Ours(Fires::Always)) {
                continue;
            }
            let table = Relation::open(*table)?;
            return Err(Error::new(
                PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                format!(
                    "trigger \"{}\" on {} is disabled",
                    own.name(),
                    table.display_name()
                ),
            )
            .detail("Maintenance can't do without it.")
            .hint(format!("ALTER TABLE {} ENABLE TRIGGER ALL.", table.quoted())));
        }
    }
    Ok(())
}

fn in_the_way(stranger: &Stranger, table: &str) -> Error {
    Error::new(
        PgSqlErrorCode::ERRCODE_DUPLICATE_OBJECT,
        format!(
            "trigger \"{}\" on {table} is not one that pg_tviews makes",
            stranger.name
        ),
    )
    .detail(reserved(stranger))
    .hint("Rename or drop it (ALTER TRIGGER … RENAME TO, DROP TRIGGER).")
}

/// Why a trigger is in the way.
fn reserved(stranger: &Stranger) -> String {
    if !stranger.differences.is_empty() {
        return format!("What differs from ours: {}.", stranger.differences.join(", "));
    }
    if stranger.name.starts_with(RESERVED_PREFIX) {
        return format!("Names that begin with \"{RESERVED_PREFIX}\" are reserved.");
    }
    "It calls a function that only triggers of pg_tviews may call.".to_owned()
}

/// After CREATE TRIGGER and ALTER TRIGGER: names and functions of our triggers are reserved, for triggers that are exactly ours. Those are
/// what a dump restores, as the owner of the table or as a superuser.
pub fn check_changed() -> Result<()> {
    for changed in command::triggers()? {
        let strangers = own_trigger::strangers(changed.table)?;
        if let Some(stranger) = strangers.iter().find(|stranger| stranger.name == changed.name) {
            let table = Relation::open(changed.table)?.display_name();
            return Err(Error::new(
                PgSqlErrorCode::ERRCODE_RESERVED_NAME,
                format!(
                    "cannot make \"{}\" a trigger on {table} because only pg_tviews makes such triggers",
                    stranger.name
                ),
            )
            .detail(reserved(stranger))
            .hint("Take another name and a function of your own. Our triggers keep their names."));
        }
        if OwnTrigger::named(&changed.name).is_none() {
            continue;
        }
        let owner = role::owner_of(changed.table);
        if owner.is_some_and(|owner| role::standing(owner) == Standing::Stranger) {
            return Err(Error::new(
                PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
                format!("must be owner of table {}", role::display_name(changed.table)),
            )
            .detail(format!(
                "Trigger \"{}\" is one of pg_tviews: the privilege TRIGGER does not suffice to make it.",
                changed.name
            )));
        }
        if changed.goes_with_extension {
            let table = Relation::open(changed.table)?.display_name();
            return Err(Error::new(
                PgSqlErrorCode::ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
                format!(
                    "trigger \"{}\" on {table} can't depend on an extension because tviews are maintained by it",
                    changed.name
                ),
            )
            .hint("It goes with the last tview that needs it."));
        }
    }
    Ok(())
}
