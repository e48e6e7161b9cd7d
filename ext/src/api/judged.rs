//! A tview's definition as it is judged now, after the tables that it reads may have changed.

use crate::analyze::{self, Analysis, Objection};
use crate::catalog;
use crate::error::Result;
use crate::pg::disclosure::Subject;
use crate::pg::relation::Relation;
use crate::pg::settings::{Scope, Settings};
use crate::runtime::compiled::plan_of;
use pg_tviews_planner::Plan;
use pgrx::pg_sys::Oid;
use std::rc::Rc;

/// A tview, and what can be said of its definition.
pub struct Judged {
    /// The tview's table.
    pub table: Relation,
    /// Positions of the key's columns, from 0.
    key: Vec<usize>,
    /// What the definition is now.
    pub analysis: Analysis,
    /// How it is maintained, or why it can't be.
    pub plan: std::result::Result<Plan, Vec<Objection>>,
}

/// Judges a tview; `None` if it, or its definition, is not there.
pub fn judge(tview: Oid) -> Result<Option<Judged>> {
    let (Some(entry), Some(table)) = (catalog::entry(tview)?, Relation::try_open(tview)) else {
        return Ok(None);
    };
    let Some(definition) = Relation::try_open(entry.definition) else {
        return Ok(None);
    };
    let owner = table.owner();
    let subject = Rc::new(Subject::new(tview, table.display_name(), owner));
    let scope = Scope::owner(&subject, &Settings::new(&entry.settings)?);
    let mut analysis = analyze::analyze(definition.view_query(), owner, scope.operation());
    analysis.refuse_temporary()?;
    let plan = plan_of(&analysis.view, &analysis.objections, Some(&entry.key));
    Ok(Some(Judged {
        table,
        key: entry.key,
        analysis,
        plan,
    }))
}

impl Judged {
    /// Whether the keys on which the tview relies are there: its own primary key, and keys of the tables that it reads by which a unit
    /// has one row.
    pub fn key_holds(&self) -> bool {
        let single = self.plan.as_ref().is_ok_and(|plan| plan.key.single);
        key_holds(&self.table, &self.key, single)
    }
}

/// Whether a tview's table has the keys on which it relies. The key is given by positions from 0; `single`: its definition has one row for each unit.
pub fn key_holds(table: &Relation, key: &[usize], single: bool) -> bool {
    let attnums: Vec<i16> = key.iter().map(|position| *position as i16 + 1).collect();
    let indexes = table.indexes();
    let indexed = attnums.is_empty()
        || indexes
            .iter()
            .any(|index| index.attnums.first().is_some_and(|first| attnums.contains(first)));
    let unique = indexes
        .iter()
        .any(|index| index.unique && index.attnums == attnums);
    indexed && (single || !unique)
}
