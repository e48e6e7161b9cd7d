//! Looking at tviews: verify, refresh, explain, analyze.
//!
//! Who only looks holds no lock afterwards: it is done in a subtransaction that is rolled back.

pub mod health;

use crate::api::create::judge;
use crate::api::triggers;
use crate::catalog;
use crate::error::{Error, Result};
use crate::pg::access::{has_privileges_of, is_monitor, shows_all_rows, shows_some_column};
use crate::pg::attempt::look_as_long_as_it_takes;
use crate::pg::json::JsonbText;
use crate::pg::name;
use crate::pg::parse;
use crate::pg::relation::{Relation, current_role, role_name};
use crate::pg::role::owner_of;
use crate::runtime::compiled::{Compiled, RowsOf, Statement};
use crate::runtime::{acquire, blind_spots, delta, flush, leaf, locks, patch, pending};
use pg_tviews_ir::View;
use pg_tviews_planner::{ColumnSet, Finding, MissingIndex, Occurrence, Plan};
use pg_tviews_sqltext::{Batch, Search, identifier, qualified};
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::Oid;
use std::rc::Rc;

/// A row of `pg_tviews_verify`.
pub type Difference = (Option<JsonbText>, Option<JsonbText>, Option<JsonbText>);
/// A row of `pg_tviews_explain`.
pub type Explanation = (
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    Option<String>,
);
/// A row of `pg_tviews_analyze`.
pub type Verdict = (String, String, String, Option<String>);

/// The tview of this name, for a role that may do what is to be done. Of one that a role may not look at nothing is locked for longer
/// than the question takes.
fn tview(name: &str, check: impl FnOnce(&Relation) -> Result<()>) -> Result<Rc<Compiled>> {
    let missing = || Error::undefined(format!("tview \"{name}\" does not exist"));
    let oid = name::parse(name)?.resolve().ok_or_else(missing)?;
    if catalog::entry(oid)?.is_none() {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE,
            format!("\"{name}\" is not a tview"),
        ));
    }
    check(&Relation::open(oid)?)?;
    acquire(oid)?.ok_or_else(missing)
}

/// Whether the current role may have a tview looked at: if it may read a column of it, or may see all statistics.
pub fn may_look_at(tview: Oid) -> bool {
    let role = current_role();
    let owns = owner_of(tview).is_some_and(|owner| has_privileges_of(role, owner));
    owns || shows_some_column(tview, role) || is_monitor(role)
}

/// Rows that differ, computed with the owner's rights for whoever may see all rows.
pub fn verify(name: &str) -> Result<Vec<Difference>> {
    // What this transaction has still to do would else be done twice.
    pending::flush()?;
    look_as_long_as_it_takes(|| verified(name))
}

fn verified(name: &str) -> Result<Vec<Difference>> {
    let compiled = tview(name, |tview| {
        let role = current_role();
        if tview.is_owned_by(role) || shows_all_rows(tview.oid(), role) {
            return Ok(());
        }
        Err(denied(tview)
            .detail("It shows rows of the tview, and rows that its query has beside them.")
            .hint("Verify it as its owner, or as a role with SELECT on all of it to which no row-level security of it applies."))
    })?;
    let _context = compiled.context_of("verification");
    let rows = {
        let scope = compiled.scope();
        scope.connect()?.texts(&compiled.text.verify())?
    };
    let json = |row: &Vec<Option<String>>, number: usize| row.get(number).cloned().flatten().map(JsonbText);
    Ok(rows
        .iter()
        .map(|row| (json(row, 0), json(row, 1), json(row, 2)))
        .collect())
}

fn denied(tview: &Relation) -> Error {
    Error::new(
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        format!("permission denied for tview {}", tview.display_name()),
    )
}

/// The tview of this name, for its owner.
pub fn owned_tview(name: &str) -> Result<Rc<Compiled>> {
    tview(name, |tview| {
        if tview.is_owned_by(current_role()) {
            return Ok(());
        }
        Err(Error::new(
            PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
            format!("must be owner of tview {}", tview.display_name()),
        ))
    })
}

/// Rebuilds a tview by difference; for its owner. Triggers of ours that are missing are put back before.
pub fn refresh(name: &str) -> Result<i64> {
    let compiled = owned_tview(name)?;
    let _context = compiled.context_of("refresh");
    triggers::put_back_for(compiled.oid)?;
    let Some(compiled) = acquire(compiled.oid)? else {
        return Ok(0);
    };
    compiled.lock_for_maintenance();
    let changed = flush::all(&compiled)?;
    Ok(i64::try_from(changed).unwrap_or(i64::MAX))
}

/// What maintenance does for each source and event; for whoever may read something of the tview.
pub fn explain(name: &str) -> Result<Vec<Explanation>> {
    look_as_long_as_it_takes(|| explained(name))
}

fn explained(name: &str) -> Result<Vec<Explanation>> {
    let compiled = tview(name, |tview| {
        if may_look_at(tview.oid()) {
            return Ok(());
        }
        Err(denied(tview).hint(format!(
            "GRANT SELECT ON {} TO {}.",
            tview.quoted(),
            identifier(&role_name(current_role()))
        )))
    })?;
    let mut rows = Vec::new();
    for (number, occurrence) in compiled.plan.occurrences.iter().enumerate() {
        for (event, from) in [
            ("INSERT", RowsOf::Insert),
            ("UPDATE", RowsOf::Update),
            ("DELETE", RowsOf::Delete),
        ] {
            rows.push(explain_event(&compiled, number, occurrence, event, from));
        }
        rows.push((
            label(&compiled.view, occurrence),
            "TRUNCATE".into(),
            "all".into(),
            unit(&compiled.view, &compiled.plan),
            "compare all rows with the definition".into(),
            "tview".into(),
            compiled.sql(whole(&compiled)),
            None,
        ));
    }
    for (source, relative, lost) in blind_spots(&compiled)? {
        let (source, relative) = (Relation::open(source)?, Relation::open(relative)?);
        for event in ["UPDATE", "DELETE"] {
            rows.push((
                format!("{} through {}", source.display_name(), relative.display_name()),
                event.into(),
                format!("{} (not in {})", lost.join(", "), relative.display_name()),
                unit(&compiled.view, &compiled.plan),
                "compare all rows with the definition".into(),
                "tview".into(),
                compiled.sql(whole(&compiled)),
                None,
            ));
        }
    }
    Ok(rows)
}

/// The statement that brings all rows up to date.
fn whole(compiled: &Compiled) -> Statement {
    if compiled.text.single {
        Statement::UpsertAll
    } else {
        Statement::ReplaceAll
    }
}

fn explain_event(
    compiled: &Compiled,
    number: usize,
    occurrence: &Occurrence,
    event: &str,
    from: RowsOf,
) -> Explanation {
    let columns = if event == "UPDATE" {
        used_columns(&compiled.view, occurrence)
    } else {
        "all".into()
    };
    let finding = match &occurrence.finding {
        Finding::Everything => "every unit".to_owned(),
        Finding::Direct(_) => "unit key from the changed row".to_owned(),
        Finding::Search(search) => searched(search),
    };
    let finding = match &occurrence.filter {
        Some(_) => format!("if the row passes its filter: {finding}"),
        None => finding,
    };
    let recompute = if occurrence.finding == Finding::Everything {
        Statement::ReplaceAll
    } else if compiled.text.single {
        Statement::UpsertOne
    } else {
        Statement::ReplaceMany(Batch::default())
    };
    let search = compiled.sql(Statement::Search(number, from));
    let leaves = leaf::describe(compiled, number).filter(|_| !delta::serves(compiled, number));
    let recompute = match leaves {
        Some((_, sql)) => sql,
        None => compiled.sql(recompute),
    };
    let statement = if search.is_empty() {
        recompute
    } else {
        format!("{search};\n{recompute}")
    };
    (
        label(&compiled.view, occurrence),
        event.to_owned(),
        columns,
        unit(&compiled.view, &compiled.plan),
        format!("{finding}, then {}", strategy(compiled, number, event)),
        locks::describe(compiled, number, event == "UPDATE"),
        statement,
        missing(compiled, occurrence),
    )
}

/// What is done about the units that a change of an occurrence affects.
fn strategy(compiled: &Compiled, number: usize, event: &str) -> String {
    let leaves = leaf::describe(compiled, number).map(|(names, _)| names.join(", "));
    if delta::serves(compiled, number) {
        let otherwise = leaves.map_or("recompute units".into(), |leaves| format!("compute {leaves}"));
        return format!("delta: add the difference to the aggregates; {otherwise} where that is not enough");
    }
    let recompute = match leaves {
        Some(leaves) => format!("compute {leaves} of these units"),
        None => "recompute these units".into(),
    };
    let placed = leaf::has_elements(compiled, number);
    let element = match patch::list_of(compiled, number).filter(|_| event == "UPDATE") {
        Some(list) if placed => format!("patch the row's element of {list}, or write it at its place"),
        Some(list) => format!("patch the row's element of {list}"),
        None if placed => "write the row's element at its place".into(),
        None => return recompute,
    };
    format!("{element}; where that is not enough, {recompute}")
}

fn searched(search: &Search) -> String {
    match (&search.recursion, search.sources.len().saturating_sub(1)) {
        (Some(_), _) => "unit keys by following the recursion back".into(),
        (None, 0) => "unit keys computed from the changed row".into(),
        (None, 1) => "unit keys by a search over one more table".into(),
        (None, tables) => format!("unit keys by a search over {tables} more tables"),
    }
}

/// What is computed together: the rows with the same values of the unit key.
fn unit(view: &View, plan: &Plan) -> String {
    let parts = plan.key.columns.iter();
    let key: Vec<&str> = parts
        .filter_map(|part| view.columns.get(part.position))
        .map(|column| column.name.as_str())
        .collect();
    match (key.is_empty(), plan.key.single) {
        (true, _) => "all rows".into(),
        (false, true) => format!("({}): one row", key.join(", ")),
        (false, false) => format!("({}): any number of rows", key.join(", ")),
    }
}

fn label(view: &View, occurrence: &Occurrence) -> String {
    let alias = &view.source(occurrence.source).alias;
    match view.table(occurrence.source) {
        Some(table) => format!("{}.{} AS {alias}", table.schema, table.name),
        None => alias.clone(),
    }
}

/// The columns whose change matters; those that decide which rows take part are marked.
fn used_columns(view: &View, occurrence: &Occurrence) -> String {
    let ColumnSet { whole_row, attnums } = &occurrence.used;
    if *whole_row {
        return "all (whole row)".into();
    }
    let links = pg_tviews_planner::link_columns(view, occurrence.source);
    let Some(table) = view.table(occurrence.source) else {
        return String::new();
    };
    let names = attnums.iter().filter_map(|attnum| {
        let column = table.column(*attnum)?;
        Some(if links.contains(attnum) {
            format!("{} (link)", column.name)
        } else {
            column.name.clone()
        })
    });
    names.collect::<Vec<_>>().join(", ")
}

fn missing(compiled: &Compiled, occurrence: &Occurrence) -> Option<String> {
    let indexes: Vec<String> = pg_tviews_planner::missing_indexes(&compiled.view, &compiled.plan)
        .iter()
        .filter(|index| index.source == occurrence.source)
        .map(create_index)
        .collect();
    (!indexes.is_empty()).then(|| indexes.join("; "))
}

fn create_index(index: &MissingIndex) -> String {
    let columns: Vec<String> = index.columns.iter().map(|column| identifier(column)).collect();
    format!(
        "CREATE INDEX ON {} ({})",
        qualified(&index.schema, &index.table),
        columns.join(", ")
    )
}

/// What creation would decide.
pub fn analyze(query: &str) -> Result<Vec<Verdict>> {
    look_as_long_as_it_takes(|| analyzed(query))
}

fn analyzed(query: &str) -> Result<Vec<Verdict>> {
    let judged = judge(parse::definition(query)?, &[])?;
    let mut rows: Vec<Verdict> = Vec::new();
    match &judged.plan {
        Ok(plan) => {
            rows.push((
                "accepted".into(),
                "unit key".into(),
                match plan.key.columns.is_empty() {
                    true => "all rows together".into(),
                    false => format!("{} for each value", unit(&judged.view, plan)),
                },
                None,
            ));
            for occurrence in &plan.occurrences {
                let how = match &occurrence.finding {
                    Finding::Everything => "a changed row affects every unit",
                    Finding::Direct(_) => "a changed row names its unit",
                    Finding::Search(_) => "a search leads from a changed row to its units",
                };
                let columns = used_columns(&judged.view, occurrence);
                rows.push((
                    "source".into(),
                    label(&judged.view, occurrence),
                    format!("{how}; columns: {columns}"),
                    None,
                ));
            }
            for index in &pg_tviews_planner::missing_indexes(&judged.view, plan) {
                rows.push((
                    "missing index".into(),
                    format!("{}.{}", index.schema, index.table),
                    format!("no index on ({})", index.columns.join(", ")),
                    Some(create_index(index)),
                ));
            }
        }
        Err(objections) => rows.extend(objections.iter().map(|objection| {
            (
                "refused".into(),
                objection.place.clone(),
                objection.message.clone(),
                Some(objection.hint.clone()),
            )
        })),
    }
    Ok(rows)
}
