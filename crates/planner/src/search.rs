//! Affected units: from a changed row of one occurrence to the unit key.
//!
//! The search is the definition's FROM clause with the occurrence replaced by the changed rows, outer joins on the path turned
//! into inner ones, everything off the path left out, and correlated subqueries flattened: their correlation is a join, their
//! LIMIT, ORDER BY and aggregates don't matter. A condition serves as a link of the path only if it is certain to hold
//! for every combination of rows in which the changed row has a say:
//!
//! * the condition of an outer join holds only for combinations with a real row of its optional side ([`Link::guard`]);
//! * where the condition speaks of a table that an outer join may have replaced by NULLs, NULLs must make it not true; else a
//!   combination without a row of that table counts as well, and would be missed by an inner join.
//!
//! Where equalities give the whole key from rows before the root, the root is left out: the unit is then found even if the
//! root's row is already gone, or not yet visible. The key of a grouped definition may need several sources.

use crate::resolve::{Link, expand_column, links};
use crate::root::KeyPart;
use crate::{Finding, UnitKey};
use pg_tviews_ir::{Column, Expression, SourceId, View};
use pg_tviews_sqltext::{Search, SearchSource, column, qualified};
use std::collections::{BTreeMap, BTreeSet};

/// A step over a condition that is not an equality of columns costs as much as this many that are.
const SCAN_COST: u32 = 100;

/// Finds the way from a changed row of `start` to the unit key; `None` if nothing ties it to the unit.
pub fn find(view: &View, key: &UnitKey, start: SourceId) -> Option<Finding> {
    if key.columns.is_empty() {
        return Some(Finding::Everything);
    }
    let links = links(view, start);
    let (path, chosen) = path(&links, start, &key.sources())?;
    let values: Vec<Expression> = key
        .columns
        .iter()
        .map(|part| nearest_value(part, &links, &path))
        .collect();
    let sources = prune(&links, &chosen, &values, &path);
    let direct: Option<Vec<i16>> = values
        .iter()
        .map(|value| {
            value
                .as_column()
                .filter(|column| column.source == start)
                .map(|column| column.attnum)
        })
        .collect();
    if let (Some(attnums), [_]) = (direct, sources.as_slice()) {
        return Some(Finding::Direct(attnums));
    }
    Some(Finding::Search(build(view, &links, &chosen, &sources, &values)))
}

/// Cheapest way from `start` to all of `targets` (Dijkstra to the nearest one, then from there on): the sources in the order in
/// which they are reached, and for each but the first the number of the link that reaches it.
fn path(
    links: &[Link],
    start: SourceId,
    targets: &BTreeSet<SourceId>,
) -> Option<(Vec<SourceId>, Vec<usize>)> {
    let mut reached = (vec![start], vec![]);
    while !targets.iter().all(|target| reached.0.contains(target)) {
        reached = extend(links, reached, targets)?;
    }
    Some(reached)
}

/// The cheapest extension of a path that reaches one more target.
fn extend(
    links: &[Link],
    (sources, used): (Vec<SourceId>, Vec<usize>),
    targets: &BTreeSet<SourceId>,
) -> Option<(Vec<SourceId>, Vec<usize>)> {
    let start = *sources.first()?;
    let already = sources.len();
    let mut best: BTreeMap<SourceId, (u32, Vec<SourceId>, Vec<usize>)> = BTreeMap::new();
    let mut done: BTreeSet<SourceId> = BTreeSet::new();
    best.insert(start, (0, sources, used));
    loop {
        let (&at, (cost, sources, used)) = best
            .iter()
            .filter(|(source, _)| !done.contains(source))
            .min_by_key(|(_, (cost, ..))| *cost)?;
        let (cost, sources, used) = (*cost, sources.clone(), used.clone());
        if sources[already..].iter().any(|source| targets.contains(source)) {
            return Some((sources, used));
        }
        done.insert(at);
        for (number, link) in links.iter().enumerate() {
            let Some(next) = next_source(link, &sources) else {
                continue;
            };
            let cost = cost + if link.equality.is_some() { 1 } else { SCAN_COST };
            if !done.contains(&next) && best.get(&next).is_none_or(|(known, ..)| cost < *known) {
                let longer = sources.iter().copied().chain([next]).collect();
                best.insert(
                    next,
                    (cost, longer, used.iter().copied().chain([number]).collect()),
                );
            }
        }
    }
}

/// The one source that a link adds to those already reached, if it may be used from there.
fn next_source(link: &Link, reached: &[SourceId]) -> Option<SourceId> {
    let mut fresh = link.sources.iter().filter(|source| !reached.contains(source));
    let next = *fresh.next()?;
    (fresh.next().is_none() && link.sources.len() > 1 && holds(link, reached)).then_some(next)
}

/// Whether a link certainly holds for combinations with real rows of these sources.
fn holds(link: &Link, reached: &[SourceId]) -> bool {
    link.guard
        .as_ref()
        .is_none_or(|guard| reached.iter().any(|source| guard.contains(source)))
}

/// What gives a key column its value: the column nearest to the changed row that equalities on the path make equal to it, else
/// its own expression.
fn nearest_value(part: &KeyPart, links: &[Link], path: &[SourceId]) -> Expression {
    let Some(wanted) = part.value.as_column() else {
        return part.value.clone();
    };
    let equal = links
        .iter()
        .filter(|link| holds(link, path))
        .filter_map(|link| link.equality.filter(|equality| equality.same_type))
        .filter_map(|equality| match (equality.left, equality.right) {
            (left, right) if left == wanted => Some(right),
            (left, right) if right == wanted => Some(left),
            _ => None,
        });
    let place = |column: &Column| path.iter().position(|source| *source == column.source);
    let nearest = equal
        .chain([wanted])
        .filter(|column| place(column).is_some())
        .min_by_key(place);
    nearest.map_or_else(|| part.value.clone(), Expression::of_column)
}

/// The part of a path that the key's values need: their sources and what leads to them.
fn prune(links: &[Link], chosen: &[usize], values: &[Expression], path: &[SourceId]) -> Vec<SourceId> {
    let mut needed: BTreeSet<SourceId> = values
        .iter()
        .flat_map(|value| &value.columns)
        .map(|column| column.source)
        .collect();
    needed.extend(path.first());
    // Each source after the first was reached by the link of the same position: walk back and keep what a kept source needs.
    for (position, source) in path.iter().enumerate().skip(1).rev() {
        if needed.contains(source) {
            needed.extend(links[chosen[position - 1]].sources.iter().copied());
        }
    }
    path.iter()
        .copied()
        .filter(|source| needed.contains(source))
        .collect()
}

fn build(
    view: &View,
    links: &[Link],
    chosen: &[usize],
    sources: &[SourceId],
    values: &[Expression],
) -> Search {
    let alias = |source: SourceId| format!("s{}", source.0);
    let name = |wanted: Column| {
        let table = view.table(wanted.source);
        let known = table.and_then(|table| table.column(wanted.attnum));
        known.map(|column| column.name.clone()).unwrap_or_default()
    };
    let render = |expression: &Expression| {
        let columns = &expression.columns;
        expression
            .template
            .render(|hole| column(&alias(columns[hole].source), &name(columns[hole])))
    };
    let inside = |link: &Link| link.sources.iter().all(|source| sources.contains(source));
    // Besides the links of the path, further equalities between its tables: the other columns of a multi-column key. Other
    // conditions stay out: they would only narrow the search, but could raise an error that the definition does not.
    let conditions = links
        .iter()
        .enumerate()
        .filter(|(number, link)| {
            inside(link)
                && (chosen.contains(number)
                    || (link.equality.is_some() && link.sources.len() > 1 && holds(link, sources)))
        })
        .map(|(_, link)| render(&link.expression))
        .collect();
    let relations = sources
        .iter()
        .enumerate()
        .map(|(position, source)| SearchSource {
            relation: match (position, view.table(*source)) {
                (1.., Some(table)) => Some(qualified(&table.schema, &table.name)),
                _ => None,
            },
            alias: alias(*source),
        })
        .collect();
    Search {
        sources: relations,
        conditions,
        key: values.iter().map(render).collect(),
    }
}

/// The columns of `into` that are equal to columns of sources already reached: through them it is entered.
pub fn entered_columns(links: &[Link], from: &[SourceId], into: SourceId) -> BTreeSet<i16> {
    links
        .iter()
        .filter_map(|link| link.equality)
        .filter_map(|equality| match (equality.left, equality.right) {
            (left, right) if left.source == into && from.contains(&right.source) => Some(left.attnum),
            (left, right) if right.source == into && from.contains(&left.source) => Some(right.attnum),
            _ => None,
        })
        .collect()
}

/// The path of a finding, for index advice: the sources from the changed row to the key.
pub fn path_sources(view: &View, key: &UnitKey, start: SourceId) -> Option<Vec<SourceId>> {
    let links = links(view, start);
    path(&links, start, &key.sources()).map(|(sources, _)| sources)
}

/// Resolves an output column of the definition to the table column it copies.
pub fn output_column(view: &View, position: usize) -> Option<Column> {
    expand_column(view, view.columns.get(position)?.copies?)
}
