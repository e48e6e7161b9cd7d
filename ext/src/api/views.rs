//! Views that tviews are made from: those that hold definitions, and those that were inlined into them.

use super::concerned::{Care, Otherwise};
use super::create::{definition_name, run_on_catalog};
use super::ddl::{check_privileges, refresh};
use crate::catalog::{self, command};
use crate::error::{Error, Result};
use crate::pg::event::DdlEvent;
use crate::pg::relation::{self, Relation};
use crate::pg::role::{self, Standing};
use pg_tviews_sqltext::{self as sqltext, CATALOG_SCHEMA, qualified};
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::Oid;

/// Nobody but pg_tviews changes a view that holds a definition: neither its query, nor its name, schema, owner or options. `changed` are the
/// relations that a command has changed, or put a rule or a trigger on.
pub fn refuse_changed_definitions(changed: &[Oid]) -> Result<()> {
    let views = changed
        .iter()
        .copied()
        .filter(|relation| role::is_view(*relation));
    let views: Vec<Oid> = views.collect();
    if views.is_empty() {
        return Ok(());
    }
    match command::definitions(&views)?.first() {
        None => Ok(()),
        Some((_, tview)) => Err(Error::new(
            PgSqlErrorCode::ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
            format!(
                "cannot change the definition of tview {}",
                role::display_name(*tview)
            ),
        )
        .detail("The view that holds it is not for anybody to change.")
        .hint("Drop the tview and create it again with the query you want.")),
    }
}

/// After CREATE RULE: it can give a view another query as CREATE VIEW can.
pub fn refuse_new_queries() -> Result<()> {
    command::views_with_new_query()?
        .into_iter()
        .try_for_each(refuse_new_query)
}

/// A view that a tview reads keeps its query: with another one the tview would hold something else, and be made from other tables.
pub fn refuse_new_query(view: Oid) -> Result<()> {
    match catalog::readers(view)?.first() {
        Some(reader) => Err(Error::new(
            PgSqlErrorCode::ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
            format!(
                "cannot change {} because tview {} depends on it",
                role::display_name(view),
                role::display_name(reader.tview)
            ),
        )
        .hint("Drop the tview, replace the view and create the tview again.")),
        None => Ok(()),
    }
}

/// After ALTER VIEW, which may be spelled ALTER TABLE: a view that a tview reads may get another name or schema. With another owner, or
/// `security_invoker`, others must be allowed to read what the view reads. The names of its columns may stand in documents.
pub fn altered(tag: &str, event: &DdlEvent, changed: &[Oid]) -> Result<()> {
    let (rights, columns) = (event.changes_rights(), event.renames_column());
    if !rights && !columns {
        return Ok(());
    }
    let views = changed
        .iter()
        .copied()
        .filter(|relation| role::is_view(*relation));
    for view in views {
        let name = role::display_name(view);
        let mut care = Care::of(format!("{tag} {name}"));
        for reader in catalog::readers(view)? {
            care.take(reader.tview, Otherwise::Mark, || {
                if rights {
                    check_privileges(reader.tview, &format!("rights of view {name}"))?;
                }
                if columns {
                    refresh(reader.tview)?;
                }
                Ok(())
            })?;
        }
        care.finish();
    }
    Ok(())
}

/// A definition has the name of its tview: after that has been renamed, or its schema, it is renamed, too. Nothing is done for tviews of
/// other roles, who may hold a lock on it.
pub(super) fn follow_name(tview: Oid) -> Result<()> {
    /// More definitions of one name are not looked at.
    const MOST_NUMBERS: u32 = 64;
    let own = role::owner_of(tview).is_some_and(|owner| role::standing(owner) == Standing::Own);
    let Some(entry) = catalog::entry(tview)?.filter(|_| own) else {
        return Ok(());
    };
    let (Some(table), Some(view)) = (Relation::try_open(tview), Relation::try_open(entry.definition)) else {
        return Ok(());
    };
    let (schema, short, old, quoted) = (table.schema(), table.name(), view.name(), view.quoted());
    drop((table, view));
    if (1..=MOST_NUMBERS).any(|number| definition_name(&schema, &short, number) == old) {
        return Ok(());
    }
    let mut names = (1..=MOST_NUMBERS).map(|number| definition_name(&schema, &short, number));
    let free = |name: &String| matches!(relation::lookup(CATALOG_SCHEMA, name), Ok(None));
    let Some(name) = names.find(free) else {
        return Ok(());
    };
    let comment = format!("Definition of tview {schema}.{short}");
    run_on_catalog(&[
        sqltext::rename_view(&quoted, &name),
        sqltext::comment_on_view(&qualified(CATALOG_SCHEMA, &name), &comment),
    ])
}
