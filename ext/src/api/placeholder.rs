//! Views that a dump writes twice.
//!
//! A view whose GROUP BY relies on a primary key can be made only when the key is there. So `pg_dump` writes a placeholder first, of the same
//! columns, all NULL, and replaces it when the keys are there. Then the entries of tviews are there, too. Such a replacement goes through if
//! the tviews concerned read then what their entries say that they read.

use super::concerned::{Care, Otherwise};
use super::ddl::refresh;
use super::judged::{Judged, judge};
use crate::catalog;
use crate::error::Result;
use crate::pg::event::DdlEvent;
use crate::pg::name::RelationName;
use crate::pg::own_trigger;
use crate::pg::relation::Relation;
use crate::pg::role;
use pg_tviews_sqltext::OwnTrigger;
use pgrx::pg_sys::Oid;
use std::cell::RefCell;

thread_local! {
    /// Placeholders that the running commands replace.
    static REPLACED: RefCell<Vec<Oid>> = const { RefCell::new(Vec::new()) };
}

/// No command is running any more.
pub fn forget() {
    REPLACED.with_borrow_mut(Vec::clear);
}

/// Before a command: notes the placeholder that it replaces.
pub fn started(event: &DdlEvent) {
    let view = event
        .replaced_view()
        .as_ref()
        .and_then(RelationName::resolve)
        .filter(|view| is_placeholder(*view));
    if let Some(view) = view {
        REPLACED.with_borrow_mut(|replaced| replaced.push(view));
    }
}

/// After a command that has created or replaced views: takes those out of them that were placeholders, and that tviews read as they should.
///
/// # Errors
/// If a tview of the current role can't be brought up to date.
pub fn take_replaced(views: &mut Vec<Oid>) -> Result<()> {
    let mut others = Vec::with_capacity(views.len());
    for view in views.drain(..) {
        if !was_replaced(view) || !replaced(view)? {
            others.push(view);
        }
    }
    *views = others;
    Ok(())
}

/// Whether the command that has ended has replaced a placeholder.
fn was_replaced(view: Oid) -> bool {
    REPLACED.with_borrow_mut(|replaced| {
        let position = replaced.iter().rposition(|known| *known == view);
        position.map(|position| replaced.swap_remove(position)).is_some()
    })
}

fn is_placeholder(relation: Oid) -> bool {
    role::is_view(relation)
        && Relation::try_open(relation).is_some_and(|view| view.view_query().is_placeholder())
}

/// After a placeholder has got its query: whether all tviews that are made from it read what their entries say.
fn replaced(view: Oid) -> Result<bool> {
    let mut tviews: Vec<Oid> = catalog::readers(view)?
        .iter()
        .map(|reader| reader.tview)
        .collect();
    tviews.extend(catalog::tview_of_definition(view)?);
    let mut care = Care::of(format!("CREATE OR REPLACE VIEW {}", role::display_name(view)));
    for tview in tviews {
        if !is_complete(tview)? {
            // Another placeholder of it is still to come.
            continue;
        }
        if !reads_what_it_should(tview)? {
            return Ok(false);
        }
        // In a dump its triggers come later, and its rows are there already.
        if own_trigger::has(tview, OwnTrigger::Guard)? {
            care.take(tview, Otherwise::Mark, || refresh(tview))?;
        }
    }
    care.finish();
    Ok(true)
}

/// Whether all views that a tview is made from have their queries.
pub fn is_complete(tview: Oid) -> Result<bool> {
    let Some(entry) = catalog::entry(tview)? else {
        return Ok(false);
    };
    let sources = catalog::sources(tview)?;
    let views = sources.iter().filter(|source| source.is_view);
    let mut views = views.map(|source| source.oid).chain([entry.definition]);
    Ok(!views.any(is_placeholder))
}

fn reads_what_it_should(tview: Oid) -> Result<bool> {
    let Some(Judged { table, analysis, .. }) = judge(tview)? else {
        return Ok(false);
    };
    let Some(entry) = catalog::entry(tview)? else {
        return Ok(false);
    };
    let Some(definition) = Relation::try_open(entry.definition) else {
        return Ok(false);
    };
    let others = analysis.objections.iter().any(|objection| !objection.privilege);
    let mut expected: Vec<(u32, bool)> = catalog::sources(tview)?
        .iter()
        .map(|source| (source.oid.to_u32(), source.is_view))
        .collect();
    let tables = analysis.view.tables().into_iter().map(|table| (table, false));
    let views = analysis.view.inlined_views.iter().map(|(view, _)| (*view, true));
    let mut actual: Vec<(u32, bool)> = tables.chain(views).collect();
    for sources in [&mut expected, &mut actual] {
        sources.sort_unstable();
        sources.dedup();
    }
    Ok(!others && expected == actual && table.takes_rows_of(&definition))
}
