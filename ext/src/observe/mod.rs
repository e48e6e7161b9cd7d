//! Looking at tviews: verify, refresh, explain, analyze.

pub mod health;

use crate::api::create::judge;
use crate::catalog;
use crate::error::{Error, Result};
use crate::pg::context::ErrorContext;
use crate::pg::json::JsonbText;
use crate::pg::name;
use crate::pg::parse;
use crate::pg::relation::{Relation, SELECT, current_role};
use crate::pg::settings::Scope;
use crate::pg::spi::Connection;
use crate::runtime::compiled::{Compiled, RowsOf, Statement};
use crate::runtime::{acquire, blind_spots, delta, flush, leaf, locks, patch};
use pg_tviews_ir::View;
use pg_tviews_planner::{ColumnSet, Finding, MissingIndex, Occurrence, Plan};
use pg_tviews_sqltext::{Batch, Search, identifier, qualified};
use pgrx::PgSqlErrorCode;
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

/// The tview of this name.
fn tview(name: &str) -> Result<Rc<Compiled>> {
    let missing = || Error::undefined(format!("tview \"{name}\" does not exist"));
    let oid = name::parse(name)?.resolve().ok_or_else(missing)?;
    if catalog::entry(oid)?.is_none() {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE,
            format!("\"{name}\" is not a tview"),
        ));
    }
    acquire(oid)?.ok_or_else(missing)
}

/// Rows that differ, computed with the owner's rights for whoever may read the tview.
pub fn verify(name: &str) -> Result<Vec<Difference>> {
    let compiled = tview(name)?;
    if !Relation::open(compiled.oid)?.allows(current_role(), SELECT) {
        return Err(denied(&compiled));
    }
    let _context = ErrorContext::new(format!("verification of tview {}", compiled.name));
    let rows = {
        let _scope = Scope::owner(compiled.owner, &compiled.settings);
        Connection::open()?.texts(&compiled.text.verify())?
    };
    let json = |row: &Vec<Option<String>>, number: usize| row.get(number).cloned().flatten().map(JsonbText);
    Ok(rows
        .iter()
        .map(|row| (json(row, 0), json(row, 1), json(row, 2)))
        .collect())
}

fn denied(compiled: &Compiled) -> Error {
    Error::new(
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        format!("permission denied for tview {}", compiled.name),
    )
}

/// The tview of this name, for its owner.
pub fn owned_tview(name: &str) -> Result<Rc<Compiled>> {
    let compiled = tview(name)?;
    if Relation::open(compiled.oid)?.is_owned_by(current_role()) {
        return Ok(compiled);
    }
    Err(Error::new(
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        format!("must be owner of tview {}", compiled.name),
    ))
}

/// Rebuilds a tview by difference; for its owner.
pub fn refresh(name: &str) -> Result<i64> {
    let compiled = owned_tview(name)?;
    let _context = ErrorContext::new(format!("refresh of tview {}", compiled.name));
    compiled.lock_for_maintenance();
    let changed = flush::all(&compiled)?;
    Ok(i64::try_from(changed).unwrap_or(i64::MAX))
}

/// What maintenance does for each source and event.
pub fn explain(name: &str) -> Result<Vec<Explanation>> {
    let compiled = tview(name)?;
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
