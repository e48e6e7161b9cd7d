//! The tables of `docs/tpch.md`: how each query is maintained, and what a change costs beside computing it anew.

use std::fmt::Write;
use std::time::{Duration, Instant};

use super::queries::Query;
use super::watch::Watched;
use crate::oracle::CreateForm;
use crate::oracle::keeper::Extension;
use crate::session::{Failure, Session};

/// How many changes are measured for each query, and how long at most.
const CHANGES: usize = 100;
const LONGEST: Duration = Duration::from_secs(30);
/// How often each query is computed.
const COMPUTATIONS: usize = 5;

/// What `pg_tviews_explain` says of one tview.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The query's name.
    pub query: String,
    /// Columns of the unit key, or nothing for one unit.
    pub units: String,
    /// For an update of each source: the source and the strategy.
    pub sources: Vec<(String, String)>,
    /// Indexes that are missing.
    pub missing: Vec<String>,
}

/// What was measured for one query.
#[derive(Clone, Debug)]
pub struct Cost {
    /// The query's name.
    pub query: String,
    /// Rows of the result.
    pub rows: String,
    /// What was changed.
    pub change: String,
    /// Computing the query.
    pub computing: Duration,
    /// An update of one row, without any tview.
    pub plain: Duration,
    /// The same update, with the tview.
    pub maintained: Duration,
}

/// Asks for the plan of a tview.
///
/// # Errors
/// When a statement fails.
pub fn plan(session: &mut Session, query: &Query) -> Result<Plan, Failure> {
    let tview = query.tview();
    let units = session.value(&format!(
        "SELECT array_to_string(unit_key, ', ') FROM tviews.views WHERE name = '{tview}'"
    ))?;
    let rows = session.rows(&format!(
        "SELECT source, strategy, missing_index FROM pg_tviews_explain('{tview}') WHERE event = 'UPDATE'"
    ))?;
    let mut found = Plan {
        query: query.name.clone(),
        units: units.unwrap_or_default(),
        sources: vec![],
        missing: vec![],
    };
    for row in rows {
        let mut values = row.into_iter();
        let source = values.next().flatten().unwrap_or_default();
        let strategy = values.next().flatten().unwrap_or_default();
        found.sources.push((short_source(&source), strategy));
        found.missing.extend(values.next().flatten());
    }
    Ok(found)
}

/// `public.nation AS n1` becomes `nation n1`, and `public.orders AS orders` becomes `orders`.
fn short_source(source: &str) -> String {
    let source = source.strip_prefix("public.").unwrap_or(source);
    match source.split_once(" AS ") {
        Some((table, alias)) if table != alias => format!("{table} {alias}"),
        Some((table, _)) => table.to_owned(),
        None => source.to_owned(),
    }
}

/// Measures one query; the database has no other tview.
///
/// # Errors
/// When a statement fails.
pub fn measure(session: &mut Session, query: &Query) -> Result<Cost, Failure> {
    let text = &query.text;
    let mut computing = vec![];
    for _ in 0..COMPUTATIONS {
        let start = Instant::now();
        session.rows(text)?;
        computing.push(start.elapsed());
    }
    let rows = session.value(&format!("SELECT count(*) FROM (\n{text}\n) AS q"))?;
    let conditions: Vec<String> = session
        .rows(&query.probe.conditions(2 * CHANGES))?
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    // Half of the rows for each, so that both change them for the first time.
    let (first, second) = conditions.split_at(conditions.len() / 2);
    let plain = updates(session, query, first)?;
    Watched::create(query.clone(), CreateForm::Function, &Extension, session)?;
    let maintained = updates(session, query, second)?;
    session.execute(&format!("DROP TABLE {}", query.tview()))?;
    session.execute("VACUUM ANALYZE")?;
    let column = query.probe.set.split(' ').next().unwrap_or_default();
    Ok(Cost {
        query: query.name.clone(),
        rows: rows.unwrap_or_default(),
        change: format!("{}.{column}", query.probe.table),
        computing: median(computing),
        plain: median(plain),
        maintained: median(maintained),
    })
}

fn updates(session: &mut Session, query: &Query, conditions: &[String]) -> Result<Vec<Duration>, Failure> {
    let update = |condition: &str| {
        let probe = query.probe;
        format!("UPDATE {} SET {} WHERE {condition}", probe.table, probe.set)
    };
    let mut found = vec![];
    let begin = Instant::now();
    for (number, condition) in conditions.iter().enumerate() {
        let start = Instant::now();
        session.execute(&update(condition))?;
        // The first one plans.
        if number > 0 {
            found.push(start.elapsed());
        }
        if begin.elapsed() > LONGEST {
            break;
        }
    }
    Ok(found)
}

fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort();
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}

/// The first table: units and strategies.
pub fn plans_table(plans: &[Plan]) -> String {
    let mut out = String::from("| query | unit key | from a changed row to its units |\n|---|---|---|\n");
    for plan in plans {
        let units = if plan.units.is_empty() {
            "none: one unit"
        } else {
            &plan.units
        };
        let mut cells: Vec<(String, Vec<&str>)> = vec![];
        for (source, strategy) in &plan.sources {
            let strategy = strategy
                .strip_suffix(", then recompute these units")
                .unwrap_or(strategy);
            match cells.iter_mut().find(|(known, _)| known == strategy) {
                Some((_, sources)) => sources.push(source),
                None => cells.push((strategy.to_owned(), vec![source])),
            }
        }
        let cells: Vec<String> = cells
            .iter()
            .map(|(strategy, sources)| format!("{strategy}: {}", sources.join(", ")))
            .collect();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "| {} | {units} | {} |", plan.query, cells.join("<br>"));
    }
    out
}

/// The second table: milliseconds.
pub fn costs_table(costs: &[Cost]) -> String {
    let mut out = String::from(
        "| query | rows | one row changed in | update alone, ms | update with the tview, ms | computing the query, ms | ratio |\n\
         |---|---:|---|---:|---:|---:|---:|\n",
    );
    let millis = |duration: Duration| format!("{:.2}", duration.as_secs_f64() * 1000.0);
    for cost in costs {
        let ratio = cost.computing.as_secs_f64() / cost.maintained.as_secs_f64();
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} |",
            cost.query,
            cost.rows,
            cost.change,
            millis(cost.plain),
            millis(cost.maintained),
            millis(cost.computing),
            if ratio >= 10.0 {
                format!("{ratio:.0}")
            } else {
                format!("{ratio:.1}")
            }
        );
    }
    out
}

/// The part of a document between `<!-- name -->` and `<!-- /name -->`.
pub fn part<'a>(document: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = document.split_once(&format!("<!-- {name} -->\n"))?;
    Some(rest.split_once(&format!("<!-- /{name} -->"))?.0)
}

/// The document with another such part.
pub fn with_part(document: &str, name: &str, text: &str) -> Option<String> {
    let old = part(document, name)?;
    let open = format!("<!-- {name} -->\n");
    Some(document.replacen(&format!("{open}{old}"), &format!("{open}{text}"), 1))
}

#[cfg(test)]
mod tests {
    use super::{part, short_source, with_part};

    #[test]
    fn parts_of_a_document_are_replaced() {
        let document = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n";
        assert_eq!(part(document, "x"), Some("old\n"));
        let other = with_part(document, "x", "new\n").unwrap();
        assert_eq!(other, "a\n<!-- x -->\nnew\n<!-- /x -->\nb\n");
        assert_eq!(with_part(document, "y", "new\n"), None);
    }

    #[test]
    fn sources_are_shortened() {
        assert_eq!(short_source("public.nation AS n1"), "nation n1");
        assert_eq!(short_source("public.orders AS orders"), "orders");
    }
}
