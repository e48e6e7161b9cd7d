//! Partitions and inheriting tables come and go: their triggers, and the tviews that lose or gain rows by it.

use super::concerned::{Care, Otherwise};
use super::create::run_on_catalog;
use super::ddl::{check_definition, key_holds};
use super::triggers;
use crate::catalog::{
    self,
    tree::{self, Tree},
};
use crate::error::{Error, Result, warning};
use crate::pg::lock;
use crate::pg::own_trigger;
use crate::pg::relation::{self, Relation};
use pg_tviews_ir::View;
use pg_tviews_sqltext::{self as sqltext, OwnTrigger, SOURCE_TRIGGERS};
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::Oid;
use std::collections::BTreeSet;

/// The tables that a definition reads, each with the tables around it.
pub fn trees(view: &View) -> Result<Vec<(Oid, Tree)>> {
    view.tables()
        .into_iter()
        .map(|table| {
            let descend = view.with_members.contains(&table);
            Ok((Oid::from(table), tree::now(Oid::from(table), descend)?))
        })
        .collect()
}

/// The tables that a tview reads, as the catalogs have them, each with the tables around it now.
fn sources(tview: Oid) -> Result<Vec<(Oid, Tree)>> {
    let tables = catalog::sources(tview)?
        .into_iter()
        .filter(|source| !source.is_view);
    tables
        .map(|source| Ok((source.oid, tree::now(source.oid, source.tree.members.is_some())?)))
        .collect()
}

/// The tables that a definition reads, with all of them locked against writes to the end of the transaction. The locks of a source and its
/// members keep others from being attached; what was attached while we waited for them is locked too.
pub fn locked_trees(view: &View) -> Result<Vec<(Oid, Tree)>> {
    locked(|| trees(view))
}

/// The same for a tview, without a look at its definition.
pub fn locked_sources(tview: Oid) -> Result<Vec<(Oid, Tree)>> {
    locked(|| sources(tview))
}

fn locked(trees: impl Fn() -> Result<Vec<(Oid, Tree)>>) -> Result<Vec<(Oid, Tree)>> {
    let mut known = trees()?;
    loop {
        lock::lock_together(&all_tables(&known), lock::Against::Writes);
        let now = trees()?;
        if now == known {
            return Ok(known);
        }
        known = now;
    }
}

/// All tables of some trees.
pub fn all_tables(trees: &[(Oid, Tree)]) -> Vec<Oid> {
    let mut tables: Vec<Oid> = trees
        .iter()
        .flat_map(|(source, tree)| std::iter::once(*source).chain(tree.others()))
        .collect();
    tables.sort_by_key(|oid| oid.to_u32());
    tables.dedup();
    tables
}

/// Puts the triggers of maintenance on tables that have none yet.
pub fn create_triggers(tables: &[Oid]) -> Result<()> {
    for table in tables {
        let Some(relation) = Relation::try_open(*table) else {
            continue;
        };
        drop(relation);
        triggers::ensure(*table, &SOURCE_TRIGGERS)?;
    }
    create_applied_triggers(tables)
}

/// After a command on subscriptions: the sources, and tviews, that it concerns get the trigger for what is applied to them.
pub fn follow_subscriptions() -> Result<()> {
    let known = tree::all()?;
    let mut concerned = tree::with_triggers(&known)?;
    for tview in catalog::all()? {
        if tree::subscribed(&[tview])?.is_empty() {
            continue;
        }
        warning(
            format!(
                "tview \"{}\" is subscribed to",
                Relation::open(tview)?.display_name()
            ),
            "Only maintenance writes to it: logical replication will stop with an error. Publish the tables that it is made from, and not the tview.",
        );
        concerned.push(tview);
    }
    create_applied_triggers(&concerned)
}

/// Puts triggers for what logical replication applies on those of the tables that are subscribed and have rows of their own.
fn create_applied_triggers(tables: &[Oid]) -> Result<()> {
    for table in tree::subscribed(tables)? {
        let Some(relation) = Relation::try_open(table) else {
            continue;
        };
        let has_rows = relation.is_ordinary_table();
        drop(relation);
        if has_rows {
            triggers::ensure(table, &[OwnTrigger::Applied])?;
        }
    }
    Ok(())
}

/// Takes the triggers of maintenance from tables that no tview needs them on any more; what others know about the rest is
/// made invalid.
pub fn release(tables: &[Oid]) -> Result<()> {
    let needed = tree::with_triggers(tables)?;
    for table in tables {
        let Some(relation) = Relation::try_open(*table) else {
            continue;
        };
        let name = relation.quoted();
        drop(relation);
        if needed.contains(table) {
            relation::invalidate(*table);
            continue;
        }
        let mut statements = Vec::new();
        for own in SOURCE_TRIGGERS.into_iter().chain([OwnTrigger::Applied]) {
            if own_trigger::has(*table, own)? {
                statements.push(sqltext::drop_trigger(&name, own));
            }
        }
        run_on_catalog(&statements)?;
    }
    Ok(())
}

/// After a command that has created, altered or dropped these tables: the trees of sources that have changed by it get
/// triggers where they need them, and the tviews that may have gained or lost rows are returned.
pub fn follow(changed: &[Oid], care: &mut Care) -> Result<Vec<Oid>> {
    let mut touched = BTreeSet::new();
    let mut tviews = Vec::new();
    for known in tree::touching(changed)? {
        let tree = tree::now(known.source, known.tree.members.is_some())?;
        if tree == known.tree {
            continue;
        }
        tree::update(known.source, known.tview, &tree)?;
        touched.insert(known.source.to_u32());
        touched.extend(known.tree.others().chain(tree.others()).map(|oid| oid.to_u32()));
        if let Some(source) = Relation::try_open(known.source) {
            let display = source.display_name();
            drop(source);
            care.take(known.tview, Otherwise::Leave, || {
                check_definition(known.tview, &format!("partitions or children of {display}"))?;
                check_key(known.tview, &display)
            })?;
        }
        if tree.members != known.tree.members {
            tviews.push(known.tview);
        }
    }
    let touched: Vec<Oid> = touched.into_iter().map(Oid::from).collect();
    create_triggers(&tree::with_triggers(&touched)?)?;
    release(&touched)?;
    Ok(tviews)
}

/// A unique key of a table says nothing about the rows of tables that inherit from it.
fn check_key(tview: Oid, source: &str) -> Result<()> {
    if key_holds(tview)? {
        return Ok(());
    }
    let name = Relation::open(tview)?.display_name();
    Err(Error::new(
        PgSqlErrorCode::ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
        format!("cannot let tables inherit from {source}: tview \"{name}\" relies on its key"),
    )
    .detail("A unique key does not cover the rows of inheriting tables.")
    .hint(format!(
        "Drop the tview first, or define it with FROM ONLY {source}."
    )))
}
