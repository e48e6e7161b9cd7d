//! Whether all that tviews rely on is there.

use super::{create_index, may_look_at};
use crate::api::judged::{Judged, judge};
use crate::api::members;
use crate::catalog::{self, Entry, tree};
use crate::error::Result;
use crate::pg::attempt::look;
use crate::pg::own_trigger::{self, Fires, Found};
use crate::pg::relation::Relation;
use crate::pg::role;
use crate::pg::settings::patience;
use pg_tviews_ir::View;
use pg_tviews_planner::{Finding, Plan};
use pg_tviews_sqltext::{self as sqltext, OwnTrigger, SOURCE_TRIGGERS};
use pgrx::pg_sys::Oid;
use std::collections::BTreeSet;

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

/// Looks at the installation, and at every tview of which the current role may read something; a tview without a finding is `ok`.
pub fn check() -> Result<Vec<Report>> {
    let mut all = Findings {
        tview: None,
        rows: Vec::new(),
    };
    installation(&mut all)?;
    for table in catalog::guarded_tables()? {
        let relation = Relation::open(table)?;
        let (name, quoted) = (relation.display_name(), relation.quoted());
        drop(relation);
        all.add(
            Status::Error,
            format!("{name} is guarded like a tview, but is none: nothing maintains it"),
            format!(
                "It comes from a dump of the schema alone. SELECT pg_tviews_adopt({}); makes it a tview again, if the dump had the schema tviews, too. Else drop it, and create the tview again.",
                sqltext::literal(&quoted)
            ),
        );
    }
    for tview in catalog::all()? {
        if !may_look_at(tview) {
            continue;
        }
        // A tview that can't be looked at, because of its owner or of a lock on what it reads, hides no other one.
        match look(patience(), || tview_of(tview))? {
            Ok(rows) => all.rows.extend(rows),
            Err(failure) => all.rows.push((
                Some(role::display_name(tview)),
                Status::Error.word().to_owned(),
                format!("it can't be looked at: {}", failure.message),
                Some("pg_tviews_explain(name) fails in the same way, and says more.".into()),
            )),
        }
    }
    Ok(all.rows)
}

fn tview_of(tview: Oid) -> Result<Vec<Report>> {
    let (Some(entry), Some(relation)) = (catalog::entry(tview)?, Relation::try_open(tview)) else {
        return Ok(Vec::new());
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
    Ok(own.rows)
}

fn installation(findings: &mut Findings) -> Result<()> {
    for (name, fires_ordinarily) in catalog::faulty_event_triggers()? {
        let (status, fault) = if fires_ordinarily {
            (Status::Warning, "does not fire in sessions that replicate")
        } else {
            (Status::Error, "is missing or disabled")
        };
        findings.add(
            status,
            format!("event trigger {name} {fault}"),
            format!(
                "ALTER EVENT TRIGGER {name} ENABLE ALWAYS; then compare each tview by pg_tviews_verify(name)."
            ),
        );
    }
    if catalog::without_event_triggers()? {
        findings.add(
            Status::Error,
            "event triggers are switched off (event_triggers = off): commands that change tables, types or functions are not followed",
            "Set event_triggers to on; then compare each tview by pg_tviews_verify(name).",
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
        for reason in catalog::stale::reasons(tview)? {
            // A table may well have been empty when it was dumped.
            let status = if reason == catalog::stale::RESTORED_EMPTY {
                Status::Warning
            } else {
                Status::Error
            };
            findings.add(
                status,
                format!("it may differ from its query: {reason}"),
                "The next write to a table that it reads compares all of it with its query, and so does pg_tviews_refresh(name).",
            );
        }
    }
    if let Some(fault) = trigger_fault(tview, OwnTrigger::Guard)? {
        findings.add(
            Status::Error,
            format!("not guarded against writes of others: {}", fault.message),
            fault.remedy,
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
    let is_known = judged.analysis.objections.is_empty();
    noted_tables(tview, &judged, is_known, findings)?;
    // Of a definition that can't be looked at it is not known on which keys it relies.
    if is_known && !judged.key_holds() {
        findings.add(
            Status::Error,
            "a key on which it relies is missing: its own, or one of a table that it reads",
            "Create the key again, then compare by pg_tviews_verify(name).",
        );
    }
    if let Some(misread) = &judged.analysis.misread {
        findings.add(
            Status::Warning,
            format!("{misread} would be called where its query calls another function or operator of that name, or may not be named: all rows are compared at each change"),
            "Drop or rename it, and let nobody else create functions in that schema; or grant USAGE on the schema to the owner.",
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

/// The tables that the definition reads are those that are noted for the tview.
fn noted_tables(tview: Oid, judged: &Judged, is_known: bool, findings: &mut Findings) -> Result<()> {
    let noted = catalog::sources(tview)?
        .into_iter()
        .filter(|source| !source.is_view);
    let noted: BTreeSet<u32> = noted.map(|source| source.oid.to_u32()).collect();
    if noted != judged.analysis.view.tables() && (is_known || noted.is_empty()) {
        findings.add(
            Status::Error,
            "the tables that it reads are not noted: a change of them is not followed",
            format!(
                "The restore of a dump without one of its tables leaves this behind. SELECT pg_tviews_adopt({}); notes them again.",
                sqltext::literal(&judged.table.quoted())
            ),
        );
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
        let mut wanted = SOURCE_TRIGGERS.to_vec();
        if Relation::open(table)?.is_ordinary_table() && !tree::subscribed(&[table])?.is_empty() {
            wanted.push(OwnTrigger::Applied);
        }
        let mut unseen: Vec<(Fault, Vec<&str>)> = Vec::new();
        for own in wanted {
            let Some(fault) = trigger_fault(table, own)? else {
                continue;
            };
            let what = match own {
                OwnTrigger::Source(event) => event.keyword(),
                _ => "logical replication",
            };
            match unseen.iter_mut().find(|(known, _)| *known == fault) {
                Some((_, all)) => all.push(what),
                None => unseen.push((fault, vec![what])),
            }
        }
        for (fault, what) in unseen {
            findings.add(
                Status::Error,
                format!(
                    "{} of {} is not seen: {}",
                    what.join(", "),
                    display(table),
                    fault.message
                ),
                fault.remedy,
            );
        }
        for stranger in own_trigger::strangers(table)? {
            if OwnTrigger::named(&stranger.name).is_none() {
                findings.add(
                    Status::Error,
                    format!(
                        "trigger \"{}\" of {} is not one that pg_tviews makes, and makes writes fail",
                        stranger.name,
                        display(table)
                    ),
                    format!(
                        "DROP TRIGGER {} ON {}.",
                        sqltext::identifier(&stranger.name),
                        Relation::open(table)?.quoted()
                    ),
                );
            }
        }
    }
    Ok(())
}

/// What is wrong with one of our triggers on a table, and how it comes to be right.
#[derive(PartialEq)]
struct Fault {
    message: String,
    remedy: String,
}

fn trigger_fault(table: Oid, own: OwnTrigger) -> Result<Option<Fault>> {
    let quoted = Relation::open(table)?.quoted();
    let enable =
        || format!("ALTER TABLE {quoted} ENABLE TRIGGER ALL: tviews are then compared with their queries.");
    let (message, remedy) = match own_trigger::find(table, own)? {
        Found::Ours(Fires::Always) => return Ok(None),
        Found::Ours(Fires::Ordinarily) => (
            "a trigger does not fire in sessions that replicate".to_owned(),
            enable(),
        ),
        Found::Ours(Fires::Disabled) => ("a trigger is disabled".to_owned(), enable()),
        Found::Missing => (
            "a trigger is missing".to_owned(),
            "pg_tviews_refresh(name) puts it back.".to_owned(),
        ),
        Found::Foreign(stranger) => (
            format!(
                "trigger \"{}\" is not the one that pg_tviews makes (what differs: {})",
                stranger.name,
                stranger.differences.join(", ")
            ),
            format!(
                "DROP TRIGGER {} ON {quoted}: pg_tviews then puts its own in the place, and compares tviews with their queries.",
                sqltext::identifier(own.name())
            ),
        ),
    };
    Ok(Some(Fault { message, remedy }))
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
