//! Deltas: aggregates brought up to date by the difference that changed rows make, without reading the other rows.
//!
//! ```text
//! count' = count + rows that came - rows that went
//! sum'   = sum + values that came - values that went
//! avg'   = sum' / count'
//! ```
//!
//! The stored row is all the state there is. It equals the definition before the change, so the old values are read from it, and
//! that has to suffice:
//!
//! 1. All that depends on the occurrence are aggregates over rows of this one table, whose columns hold the unit key: the groups
//!    of `GROUP BY`, or a subquery `(SELECT count(*) … WHERE r.fk = p.pk)` in the select list. So the changed row names its unit, counts
//!    in no other, and no row of another table has a say in what it contributes.
//! 2. Each number of rows and each sum that an aggregate is made of can be told from some stored value. A sum can be told from an
//!    average and the number of its values where only one multiple of the values' last decimal place has this average.
//! 3. The numbers are exact and written in one way: integers, and `numeric` with a fixed scale (`5.0 = 5.00` are different documents).
//!
//! What of 2 depends on values is a condition on the stored row. Where it does not hold, and for groups that come and go, the unit is
//! computed anew.

mod known;

use crate::patch::{PatchColumn, insert, is_deciding};
use crate::resolve::Sight;
use crate::{Finding, Occurrence, UnitKey};
use known::Known;
use pg_tviews_ir::{
    Aggregate, AggregateFunction, BlockId, Column, Document, Expression, Leaf, Number, Oid, Parent, Part,
    ROOT_BLOCK, Shape, SourceId, Summary, Template, View, WHOLE_ROW,
};
use pg_tviews_sqltext::{
    CHANGED, PatchValue, STORED, all_of, column as column_text, measure_of_rows, measure_of_sum, not_less,
};
use std::collections::{BTreeMap, BTreeSet};

/// How the changes of an occurrence are kept up with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// By differences.
    ByDelta(Delta),
    /// Together with an occurrence before, which has the same rows in the same units.
    With(SourceId),
}

/// How the changes of one occurrence are brought into the stored rows by differences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    /// The alias under which the measures know the changed row.
    pub changed: &'static str,
    /// The columns of the changed row that hold the unit key.
    pub key: Vec<i16>,
    /// What a row contributes: expressions of type `bigint`, NULL where it is no number. The first is 1 if the row counts at all.
    pub measures: Vec<String>,
    /// The alias under which `figures` know the stored row.
    pub stored: &'static str,
    /// What is read of the stored row: expressions of type `numeric`.
    pub figures: Vec<String>,
    /// What becomes of the stored row. The differences of the measures are `$1`, `$2` …, the figures come after them.
    pub columns: Vec<PatchColumn>,
    /// The condition under which it does.
    pub fits: String,
}

/// For each occurrence how its changes are brought in by differences, if they can be; `stored` are the stored columns' names.
///
/// Subqueries over the same rows are taken together: one may tell what another one needs (`count(*)` beside `avg(x)`). Where one
/// of a row's occurrences needs its unit to be computed, there is no use in adding for others. `computed` says of which occurrences
/// only leaves are computed ([`crate::leaves`]): these are other leaves than those to which is added, because a leaf to which is added
/// shows one subquery alone.
pub fn deltas(
    view: &View,
    key: &UnitKey,
    occurrences: &[Occurrence],
    stored: &[&str],
    computed: &[bool],
) -> Vec<Option<Kept>> {
    let members: Vec<Option<Member<'_>>> = occurrences
        .iter()
        .map(|occurrence| member(view, key, occurrence))
        .collect();
    // A list over the same rows, say, is computed as a leaf of its own and stays out of it.
    let stays_out = |(number, member): (usize, &Option<Member<'_>>)| {
        let is_leaf = computed.get(number).is_some_and(|computed| *computed);
        is_leaf
            && !member
                .as_ref()
                .is_some_and(|member| is_measured(view, key, member))
    };
    let stays_out: Vec<bool> = members.iter().enumerate().map(stays_out).collect();
    let mut kept: Vec<Option<Kept>> = vec![None; occurrences.len()];
    for number in 0..occurrences.len() {
        let Some(first) = &members[number] else { continue };
        if kept[number].is_some() || stays_out[number] {
            continue;
        }
        let same = |other: &usize| {
            let member = members[*other].as_ref();
            !stays_out[*other] && member.is_some_and(|other| other.has_rows_of(first))
        };
        let family: Vec<usize> = (number..occurrences.len()).filter(same).collect();
        let together: Vec<&Member<'_>> = family
            .iter()
            .filter_map(|other| members[*other].as_ref())
            .collect();
        let Some(delta) = delta(view, key, &together, stored) else {
            continue;
        };
        for other in family {
            kept[other] = Some(Kept::With(first.source));
        }
        kept[number] = Some(Kept::ByDelta(delta));
    }
    let unkept: Vec<&Occurrence> = occurrences
        .iter()
        .zip(&kept)
        .enumerate()
        .filter(|(number, (_, kept))| {
            kept.is_none() && !computed.get(*number).is_some_and(|computed| *computed)
        })
        .map(|(_, (occurrence, _))| occurrence)
        .collect();
    for (occurrence, kept) in occurrences.iter().zip(&mut kept) {
        let same =
            |other: &&Occurrence| other.table == occurrence.table && other.finding == occurrence.finding;
        if unkept.iter().any(same) {
            *kept = None;
        }
    }
    kept
}

/// An occurrence whose block sums up its rows, and nothing but them, unit by unit.
struct Member<'o> {
    source: SourceId,
    table: Oid,
    block: BlockId,
    direct: &'o [i16],
    /// What a row has to pass to count.
    passes: Vec<String>,
}

impl Member<'_> {
    fn has_rows_of(&self, other: &Member<'_>) -> bool {
        self.table == other.table && self.direct == other.direct && self.passes == other.passes
    }
}

fn member<'o>(view: &View, key: &UnitKey, occurrence: &'o Occurrence) -> Option<Member<'o>> {
    let Finding::Direct(direct) = &occurrence.finding else {
        return None;
    };
    let source = occurrence.source;
    let block = view.source(source).block;
    if !key.single || !sums_up_one_table(view, block) {
        return None;
    }
    let ties = if block == ROOT_BLOCK {
        BTreeSet::new()
    } else {
        ties(view, key, source, direct)?
    };
    let conditions = view.block(block).conditions.iter().enumerate();
    let passes = conditions
        .filter(|(number, _)| !ties.contains(number))
        .map(|(_, condition)| over_row(view, source, &condition.expression));
    Some(Member {
        source,
        table: occurrence.table,
        block,
        direct,
        passes: passes.collect::<Option<_>>()?,
    })
}

/// Whether what an occurrence is summed up to can be measured row by row.
fn is_measured(view: &View, key: &UnitKey, member: &Member<'_>) -> bool {
    let mut plan = Planner::new(view, &member.passes);
    let targets = if member.block == ROOT_BLOCK {
        of_groups(view, key)
    } else {
        of_subquery(view, member.block)
    };
    targets.is_some_and(|targets| {
        let mut targets = targets.iter();
        targets.all(|target| plan.measure(member.source, target).is_some())
    })
}

/// How changes of occurrences that have the same rows are brought in; `None` if they can't be.
fn delta(view: &View, key: &UnitKey, members: &[&Member<'_>], stored: &[&str]) -> Option<Delta> {
    let first = members.first()?;
    let mut plan = Planner::new(view, &first.passes);
    let grouped = first.block == ROOT_BLOCK;
    let mut targets = vec![];
    for member in members {
        let of_member = if grouped {
            of_groups(view, key)?
        } else {
            of_subquery(view, member.block)?
        };
        for target in of_member {
            plan.measure(member.source, &target)?;
            targets.push(target);
        }
    }
    plan.finish(&targets, grouped, first.direct, stored)
}

/// An expression as text over a changed row of a source, if that suffices.
fn over_row(view: &View, source: SourceId, expression: &Expression) -> Option<String> {
    let table = view.table(source)?;
    let of_row = |column: &Column| column.source == source && column.attnum != WHOLE_ROW;
    if !expression.columns.iter().all(of_row) {
        return None;
    }
    let columns = expression.columns.iter();
    let names: Option<Vec<&str>> = columns
        .map(|column| Some(table.column(column.attnum)?.name.as_str()))
        .collect();
    let names = names?;
    Some(
        expression
            .template
            .render(|hole| column_text(CHANGED, names[hole])),
    )
}

/// Whether a block sums up rows of one table by conditions that are all known.
fn sums_up_one_table(view: &View, id: BlockId) -> bool {
    let block = view.block(id);
    let sources = view.sources.iter().filter(|source| source.block == id);
    let reached = match block.parent {
        None => view.blocks.len() == 1,
        Some(Parent::Sublink(outer)) => {
            outer == ROOT_BLOCK
                && view.block(outer).plain
                && !view.block(outer).repeats
                && !is_deciding(view, id)
        }
        Some(Parent::Derived(_) | Parent::Branch(_)) => false,
    };
    reached
        && block.sums_up
        && !block.hides_conditions
        && block.branches.is_empty()
        && sources.count() == 1
        && block.conditions.iter().all(|condition| condition.guard.is_none())
}

/// The conditions of a subquery that tie its rows to the unit key; `None` if they are not those that make `direct` the key.
fn ties(view: &View, key: &UnitKey, source: SourceId, direct: &[i16]) -> Option<BTreeSet<usize>> {
    if !view.block(view.source(source).block).at_most_one_row || key.columns.len() != direct.len() {
        return None;
    }
    let conditions = &view.block(view.source(source).block).conditions;
    let sight = Sight::from_block(view, ROOT_BLOCK);
    let mut found = BTreeSet::new();
    for (part, attnum) in key.columns.iter().zip(direct) {
        let outer = part.value.as_column()?;
        let own = Column {
            source,
            attnum: *attnum,
        };
        let before = found.len();
        for (number, condition) in conditions.iter().enumerate() {
            let Some(equality) = condition.equality.filter(|equality| equality.same_type) else {
                continue;
            };
            let is_outer =
                |column: Column| sight.column(column, crate::resolve::Depth::Tables) == Some(outer);
            if (equality.left == own && is_outer(equality.right))
                || (equality.right == own && is_outer(equality.left))
            {
                found.insert(number);
            }
        }
        if found.len() == before {
            return None;
        }
    }
    Some(found)
}

/// A leaf that is an expression over aggregates.
struct Target {
    position: usize,
    path: Vec<String>,
    template: Template,
    aggregates: Vec<Aggregate>,
    shape: Shape,
}

/// The leaves of a grouped definition: all of them, but for those made of what it is grouped by.
fn of_groups(view: &View, key: &UnitKey) -> Option<Vec<Target>> {
    let keys: BTreeSet<Column> = key
        .columns
        .iter()
        .filter_map(|part| part.value.as_column())
        .collect();
    let mut targets = Vec::new();
    for (position, document) in view.documents.outputs.get(&ROOT_BLOCK)?.iter().enumerate() {
        for (path, leaf) in document.leaves() {
            let constant = leaf.value.is_some() && leaf.columns.is_subset(&keys);
            if !constant {
                targets.push(target(position, &path, leaf.summary.as_ref()?)?);
            }
        }
    }
    Some(targets)
}

fn target(position: usize, path: &[&str], summary: &Summary) -> Option<Target> {
    let aggregates = summary.parts.iter().map(|part| match part {
        Part::Aggregate(aggregate) => Some(aggregate.clone()),
        Part::Subquery(_) => None,
    });
    Some(Target {
        position,
        path: path.iter().map(|key| (*key).to_owned()).collect(),
        template: summary.template.clone(),
        aggregates: aggregates.collect::<Option<_>>()?,
        shape: summary.shape,
    })
}

/// The leaves that show a subquery of the select list.
fn of_subquery(view: &View, block: BlockId) -> Option<Vec<Target>> {
    let mut targets = Vec::new();
    for (position, document) in view.documents.outputs.get(&ROOT_BLOCK)?.iter().enumerate() {
        for (path, leaf) in document.leaves() {
            if leaf.subqueries.contains(&block) {
                shown_by(view, block, leaf, position, &path, &mut targets)?;
            }
        }
    }
    Some(targets)
}

fn shown_by(
    view: &View,
    block: BlockId,
    leaf: &Leaf,
    position: usize,
    path: &[&str],
    targets: &mut Vec<Target>,
) -> Option<()> {
    let outer = leaf.summary.as_ref()?;
    if outer.parts != [Part::Subquery(block)] {
        return None;
    }
    let [document] = view.documents.outputs.get(&block)?.as_slice() else {
        return None;
    };
    if matches!(document, Document::Object(_)) && !outer.template.is_single_hole() {
        return None;
    }
    for (inner_path, inner) in document.leaves() {
        let constant = inner.value.is_some() && inner.columns.is_empty();
        if constant && !inner_path.is_empty() {
            continue;
        }
        let longer: Vec<&str> = path.iter().chain(&inner_path).copied().collect();
        let mut target = target(position, &longer, inner.summary.as_ref()?)?;
        let holes: Vec<usize> = (0..target.aggregates.len()).collect();
        let template = target.template;
        target.template = outer.template.substitute(|_| (template.clone(), holes.clone()));
        target.shape = match (outer.shape, target.shape) {
            (Shape::Itself, shape) | (shape, Shape::Itself) => shape,
            _ => Shape::Other,
        };
        targets.push(target);
    }
    Some(())
}

/// The parts of a sum or a number of rows: places in the list of measures.
#[derive(Clone, Copy)]
struct Measured {
    count: usize,
    sum: Option<usize>,
}

struct Planner<'v> {
    view: &'v View,
    /// What a row has to pass to count.
    passes: &'v [String],
    measures: Vec<String>,
    /// For each target and aggregate of it.
    measured: Vec<Vec<Measured>>,
}

impl<'v> Planner<'v> {
    fn new(view: &'v View, passes: &'v [String]) -> Planner<'v> {
        Planner {
            view,
            passes,
            measures: vec![measure_of_rows(passes)],
            measured: vec![],
        }
    }

    fn add(&mut self, measure: String) -> usize {
        let known = self.measures.iter().position(|known| *known == measure);
        known.unwrap_or_else(|| {
            self.measures.push(measure);
            self.measures.len() - 1
        })
    }

    /// Notes what a target's aggregates are made of.
    fn measure(&mut self, source: SourceId, target: &Target) -> Option<()> {
        let mut measured = vec![];
        for aggregate in &target.aggregates {
            let mut passes = self.passes.to_vec();
            if let Some(filter) = &aggregate.filter {
                passes.push(over_row(self.view, source, filter)?);
            }
            let value = match &aggregate.argument {
                Some(argument) => Some(over_row(self.view, source, argument)?),
                None => None,
            };
            let mut counted = passes.clone();
            if let (Some(value), Some(argument)) = (&value, &aggregate.argument)
                && !self.is_never_null(argument)
            {
                counted.push(format!("({value}) IS NOT NULL"));
            }
            let count = self.add(measure_of_rows(&counted));
            let sum = match aggregate.function {
                AggregateFunction::Count => None,
                AggregateFunction::Sum(number) | AggregateFunction::Average(number) => {
                    let scale = matches!(number, Number::Decimal(_)).then(|| number.scale());
                    Some(self.add(measure_of_sum(&value?, scale, &passes)))
                }
            };
            measured.push(Measured { count, sum });
        }
        self.measured.push(measured);
        Some(())
    }

    fn is_never_null(&self, argument: &Expression) -> bool {
        let column = argument.as_column().and_then(|column| {
            let table = self.view.table(column.source)?;
            table.column(column.attnum)
        });
        column.is_some_and(|column| column.not_null)
    }

    fn finish(&self, targets: &[Target], grouped: bool, direct: &[i16], stored: &[&str]) -> Option<Delta> {
        let known = Known::of(self, targets, stored)?;
        let mut fits: Vec<String> = known.counts.values().map(|count| count.fits(false)).collect();
        if grouped {
            // A group that loses its last row goes.
            fits.push(match known.counts.get(&0) {
                Some(count) => count.fits(true),
                None => not_less(1),
            });
        }
        let mut columns: BTreeMap<usize, PatchValue> = BTreeMap::new();
        for (number, target) in targets.iter().enumerate() {
            let mut values = vec![];
            for (aggregate, measured) in target.aggregates.iter().zip(&self.measured[number]) {
                values.push(known.value(aggregate, target.shape, *measured, &mut fits)?);
            }
            let value = PatchValue::Value(target.template.render(|hole| format!("({})", values[hole])));
            match target.path.split_first() {
                None => {
                    columns.insert(target.position, value);
                }
                Some((first, rest)) => {
                    let whole = columns.entry(target.position);
                    insert(
                        whole.or_insert_with(|| PatchValue::Members(vec![])),
                        first,
                        rest,
                        value,
                    );
                }
            }
        }
        let mut unique = vec![];
        for test in fits {
            if !unique.contains(&test) {
                unique.push(test);
            }
        }
        let columns = columns
            .into_iter()
            .map(|(position, value)| PatchColumn { position, value });
        Some(Delta {
            changed: CHANGED,
            key: direct.to_vec(),
            measures: self.measures.clone(),
            stored: STORED,
            figures: known.figures,
            columns: columns.collect(),
            fits: all_of(&unique),
        })
    }
}
