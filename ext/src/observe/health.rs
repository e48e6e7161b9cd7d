//! Whether all that tviews rely on is there.

use super::create_index;
use crate::api::judged::judge;
use crate::api::members;
use crate::catalog::{self, Entry, tree};
use crate::error::Result;
use crate::pg::relation::{self, Firing, Relation};
use pg_tviews_ir::View;
use pg_tviews_planner::{Finding, Plan};
use pg_tviews_sqltext::{APPLIED_TRIGGER, EVENTS, GUARD_TRIGGER};
use pgrx::pg_sys::Oid;

/// A row of `pg_tviews_health_check`: tview, status, message, hint.
pub type Report = (Option<String>, String, String, Option<String>);

#[derive(Clone, Copy)]
enum Status {
    /// It works, but not as well as it could, or not now.
    Warning,
    /// The tview is not, or may not be, equal to its query.
    Error,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Status::Warning => "warning",
            Status::Error => "error",
        }
    }
}

/// What was found, for one tview or (without a name) for all of them.
struct Findings {
    tview: Option<String>,
    rows: Vec<Report>,
}

impl Findings {
    fn add(&mut self, status: Status, message: impl Into<String>, hint: impl Into<String>) {
        let row = (
            self.tview.clone(),
            status.word().to_owned(),
            message.into(),
            Some(hint.into()),
        );
        self.rows.push(row);
    }
}

/// Looks at the installation and at every tview; a tview without a finding is `ok`.
pub fn check() -> Result<Vec<Report>> {
    let mut all = Findings {
        tview: None,
        rows: Vec::new(),
    };
    installation(&mut all)?;
    for table in catalog::guarded_tables()? {
        let name = Relation::open(table)?.display_name();
        all.add(
            Status::Error,
            format!("{name} is guarded like a tview, but is none: nothing maintains it"),
            "It comes from a dump of its schema alone. Drop it, and create the tview again; next time dump the schema tviews and the extension with it.",
        );
    }
    for tview in catalog::all()? {
        let (Some(entry), Some(relation)) = (catalog::entry(tview)?, Relation::try_open(tview)) else {
            continue;
        };
        let name = relation.display_name();
        drop(relation);
        let mut own = Findings {
            tview: Some(name.clone()),
            rows: Vec::new(),
        };
        one(tview, &entry, &mut own)?;
        if own.rows.is_empty() {
            own.rows
                .push((Some(name), "ok".into(), "maintained".into(), None));
        }
        all.rows.extend(own.rows);
    }
    Ok(all.rows)
}

fn installation(findings: &mut Findings) -> Result<()> {
    for name in catalog::missing_event_triggers()? {
        findings.add(
            Status::Error,
            format!("event trigger {name} is missing or disabled"),
            format!("ALTER EVENT TRIGGER {name} ENABLE; then compare each tview by pg_tviews_verify(name)."),
        );
    }
    let library = env!("CARGO_PKG_VERSION");
    let installed = catalog::installed_version()?;
    if installed != library {
        findings.add(
            Status::Warning,
            format!("the library has version {library}, the extension in this database {installed}"),
            "ALTER EXTENSION pg_tviews UPDATE.",
        );
    }
    Ok(())
}

fn one(tview: Oid, entry: &Entry, findings: &mut Findings) -> Result<()> {
    if entry.suspended {
        findings.add(
            Status::Warning,
            "suspended: changes since then are missing",
            "pg_tviews_resume(name) brings it up to date.",
        );
    } else {
        triggers(tview, findings)?;
    }
    if relation::trigger_firing(tview, GUARD_TRIGGER)? != Some(Firing::Always) {
        findings.add(
            Status::Error,
            "not guarded against writes of others: its trigger is missing or disabled",
            "Enable its triggers (ALTER TABLE … ENABLE TRIGGER ALL): it is then compared with its query.",
        );
    }
    let Some(judged) = judge(tview)? else {
        findings.add(
            Status::Error,
            "its definition is missing",
            "Drop it and create it again.",
        );
        return Ok(());
    };
    if !judged.key_holds() {
        findings.add(
            Status::Error,
            "a key on which it relies is missing: its own, or one of a table that it reads",
            "Create the key again, then compare by pg_tviews_verify(name).",
        );
    }
    match judged.plan {
        Ok(plan) => advice(&judged.analysis.view, &plan, findings),
        Err(objections) => {
            for objection in objections {
                findings.add(
                    Status::Error,
                    format!("it can't be maintained: {}", objection.message),
                    objection.hint,
                );
            }
        }
    }
    Ok(())
}

/// The triggers that see changes of the sources.
fn triggers(tview: Oid, findings: &mut Findings) -> Result<()> {
    let sources = catalog::sources(tview)?
        .into_iter()
        .filter(|source| !source.is_view);
    let mut trees = Vec::new();
    for source in sources {
        if tree::now(source.oid, source.tree.members.is_some())? != source.tree {
            findings.add(
                Status::Error,
                format!("partitions or children of {} have changed unseen", display(source.oid)),
                "Attach and detach with the event triggers of pg_tviews enabled; drop the tview and create it again.",
            );
        }
        trees.push((source.oid, source.tree));
    }
    for table in members::all_tables(&trees) {
        let mut off = Vec::new();
        for event in EVENTS {
            if relation::trigger_firing(table, event.source_trigger())? != Some(Firing::Always) {
                off.push(event.keyword());
            }
        }
        let applied = relation::trigger_firing(table, APPLIED_TRIGGER)?;
        let has_rows = Relation::open(table)?.is_ordinary_table();
        if has_rows && applied != Some(Firing::Always) && !tree::subscribed(&[table])?.is_empty() {
            off.push("logical replication");
        }
        if !off.is_empty() {
            findings.add(
                Status::Error,
                format!("{} of {} is not seen: a trigger is missing or disabled", off.join(", "), display(table)),
                "Enable its triggers (ALTER TABLE … ENABLE TRIGGER ALL): its tviews are then compared with their queries.",
            );
        }
    }
    Ok(())
}

/// What would make maintenance cheaper.
fn advice(view: &View, plan: &Plan, findings: &mut Findings) {
    let mut known = Vec::new();
    for index in &pg_tviews_planner::missing_indexes(view, plan) {
        let statement = create_index(index);
        if known.contains(&statement) {
            continue;
        }
        findings.add(
            Status::Warning,
            format!(
                "{}.{} has no index on ({})",
                index.schema,
                index.table,
                index.columns.join(", ")
            ),
            format!("{statement};"),
        );
        known.push(statement);
    }
    let whole = |occurrence: &&pg_tviews_planner::Occurrence| occurrence.finding == Finding::Everything;
    let count = plan.occurrences.iter().filter(whole).count();
    if count > 0 {
        findings.add(
            Status::Warning,
            format!("changes of {count} of the tables that it reads recompute all of it"),
            "pg_tviews_explain(name) says which.",
        );
    }
}

fn display(table: Oid) -> String {
    Relation::try_open(table).map_or_else(|| table.to_u32().to_string(), |relation| relation.display_name())
}
