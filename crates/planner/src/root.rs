//! The unit key: a set of output columns such that the rows of one unit (those with the same values there) depend only on the
//! source rows that lead to it.
//!
//! * Joins around a root table: a key of that table. For joins of lookups a unit then has at most one row.
//! * Groups, DISTINCT, set operations, windows: what they group, compare or partition by, as far as it is in the output.
//! * Else the columns of one table: rows with the same values are one unit.
//! * Else there is one unit, and every change brings the whole tview up to date.

use crate::Refusal;
use crate::absence::{optional, passes_nulls};
use crate::determined::determined;
use crate::resolve::{Depth, Sight, is_tied};
use pg_tviews_ir::{BlockId, Column, Expression, Parent, ROOT_BLOCK, SourceId, View};
use std::collections::BTreeSet;

/// The unit key of a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitKey {
    /// The table that it is a unique key of.
    pub root: Option<SourceId>,
    /// Its columns; empty if all rows are one unit.
    pub columns: Vec<KeyPart>,
    /// A unit never has more than one row: keys of the other tables, or grouping, see to it.
    pub single: bool,
}

/// A column of a unit key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPart {
    /// Position in the output, from 0.
    pub position: usize,
    /// Its value in the first branch, for messages.
    pub value: Expression,
    /// Whether it can be NULL.
    pub nullable: bool,
}

impl UnitKey {
    /// All rows are one unit.
    fn one_unit() -> UnitKey {
        UnitKey {
            root: None,
            columns: vec![],
            single: false,
        }
    }
}

/// Chooses the unit key, or takes the one that was chosen when the tview was created.
pub fn choose(view: &View, fixed: Option<&[usize]>) -> Result<UnitKey, Refusal> {
    match fixed {
        Some([]) => Ok(UnitKey::one_unit()),
        Some(positions) => fixed_key(view, positions).ok_or(Refusal::KeyLost),
        None => Ok(unique_root(view).unwrap_or_else(|| by_values(view))),
    }
}

/// Among the tables whose unique key is in the output and that no outer join can turn into NULLs, the one that determines most of
/// the other tables; the first in the FROM clause among equals.
fn unique_root(view: &View) -> Option<UnitKey> {
    let mut best: Option<(usize, UnitKey)> = None;
    for source in roots(view) {
        let Some(table) = view.table(source) else { continue };
        let keys = table.unique_keys.iter().chain(&table.deferrable_keys);
        let mut found = keys.filter_map(|unique| Some((positions(view, source, unique)?, unique)));
        let Some((columns, unique)) = found.next() else {
            continue;
        };
        let (determined, all) = determined(view, source);
        if best.as_ref().is_none_or(|(most, _)| determined.len() > *most) {
            let always_unique = table.unique_keys.contains(unique);
            let single = all && always_unique && columns.iter().all(|part| !part.nullable);
            let key = UnitKey {
                root: Some(source),
                columns,
                single,
            };
            best = Some((determined.len(), key));
        }
    }
    best.map(|(_, key)| key)
}

/// Names of the key columns that would have to be in the output, for the tables that could be the root: (alias, columns).
pub fn missing_keys(view: &View) -> Vec<(String, Vec<String>)> {
    let mut candidates = Vec::new();
    for source in roots(view) {
        let Some(table) = view.table(source) else { continue };
        let Some(unique) = table.unique_keys.first() else {
            continue;
        };
        let shown = shown_columns(view);
        let missing = unique
            .iter()
            .filter(|attnum| {
                !shown.contains(&Some(Column {
                    source,
                    attnum: **attnum,
                }))
            })
            .filter_map(|attnum| table.column(*attnum))
            .map(|column| column.name.clone());
        candidates.push((view.source(source).alias.clone(), missing.collect()));
    }
    candidates
}

/// The key that consists of these output columns, if the definition allows it.
fn fixed_key(view: &View, wanted: &[usize]) -> Option<UnitKey> {
    let same = |key: &UnitKey| {
        key.columns
            .iter()
            .map(|part| part.position)
            .eq(wanted.iter().copied())
    };
    if let Some(key) = fixed_root(view, wanted) {
        return Some(key);
    }
    let chosen = by_values(view);
    if same(&chosen) {
        return Some(chosen);
    }
    wanted
        .iter()
        .all(|position| is_tied(view, ROOT_BLOCK, *position))
        .then_some(())?;
    Some(UnitKey {
        root: None,
        columns: parts(view, wanted)?,
        single: false,
    })
}

/// Whether these output columns hold a unique key of the definition's root. They are the unit key then, whatever could be one besides: the
/// plan with this key asks of no other column whether its values can be keys.
pub fn is_key_of_root(view: &View, wanted: &[usize]) -> bool {
    fixed_root(view, wanted).is_some()
}

fn fixed_root(view: &View, wanted: &[usize]) -> Option<UnitKey> {
    let shown = shown_columns(view);
    let columns: Option<Vec<Column>> = wanted.iter().map(|position| *shown.get(*position)?).collect();
    let columns = columns?;
    let root = columns.first()?.source;
    if columns.iter().any(|column| column.source != root) || !roots(view).any(|source| source == root) {
        return None;
    }
    let attnums: Vec<i16> = columns.iter().map(|column| column.attnum).collect();
    let covered = |key: &Vec<i16>| key.iter().all(|attnum| attnums.contains(attnum));
    let table = view.table(root)?;
    let unique = table.unique_keys.iter().any(covered);
    if !unique && !table.deferrable_keys.iter().any(covered) {
        return None;
    }
    let columns = parts(view, wanted)?;
    let single = unique && determined(view, root).1 && columns.iter().all(|part| !part.nullable);
    Some(UnitKey {
        root: Some(root),
        columns,
        single,
    })
}

/// A key of output columns that tie rows to the values of their sources.
fn by_values(view: &View) -> UnitKey {
    let tied: Vec<usize> = (0..view.columns.len())
        .filter(|position| view.columns[*position].searchable && is_tied(view, ROOT_BLOCK, *position))
        .collect();
    let leaves = view.leaves(ROOT_BLOCK);
    let block = view.block(ROOT_BLOCK);
    let grouped: BTreeSet<usize> = block
        .group_outputs
        .iter()
        .filter_map(|attnum| place(*attnum))
        .collect();
    let [leaf] = leaves.as_slice() else {
        return of_branches(view, &leaves, &tied);
    };
    let usable = |position: &usize| single_source(view, *leaf, *position);
    let tied: Vec<usize> = tied.into_iter().filter(|position| usable(position)).collect();
    if grouped.is_empty() {
        // A window, duplicates, or no key in the output.
        let all: Vec<usize> = if block.plain {
            best_source(view, *leaf, &tied)
        } else {
            without_repetition(view, *leaf, &tied)
        };
        return multiset(view, &all);
    }
    let complete = block.groups_in_output && grouped.iter().all(|position| tied.contains(position));
    let all = without_repetition(view, *leaf, &tied);
    if complete && let Some(key) = determining(view, *leaf, &all) {
        return key;
    }
    let single = complete && !all.is_empty();
    UnitKey {
        single,
        ..multiset(view, &all)
    }
}

/// The position of an output column, from 0.
pub fn place(attnum: i16) -> Option<usize> {
    usize::try_from(attnum).ok()?.checked_sub(1)
}

fn multiset(view: &View, positions: &[usize]) -> UnitKey {
    UnitKey {
        root: None,
        columns: parts(view, positions).unwrap_or_default(),
        single: false,
    }
}

/// Grouping twice by one column is grouping by it once, as PostgreSQL itself will see when it reads the definition again.
fn without_repetition(view: &View, leaf: BlockId, positions: &[usize]) -> Vec<usize> {
    let mut kept: Vec<(usize, Option<Expression>)> = Vec::new();
    for position in positions {
        let value = value(view, leaf, *position);
        if !kept.iter().any(|(_, known)| *known == value) {
            kept.push((*position, value));
        }
    }
    kept.into_iter().map(|(position, _)| position).collect()
}

/// The part of a grouping key that determines all of it: a unique key of a table that determines the tables of the rest.
fn determining(view: &View, leaf: BlockId, positions: &[usize]) -> Option<UnitKey> {
    let values: Vec<(usize, Expression)> = positions
        .iter()
        .filter_map(|position| Some((*position, value(view, leaf, *position)?)))
        .collect();
    if positions.len() < 2 {
        return None;
    }
    let candidates = view.source_ids().filter(|source| is_root(view, leaf, *source));
    candidates
        .filter_map(|source| {
            let (known, _) = determined(view, source);
            let equal = equal_to(view, source, &values);
            // By its own columns, or by others that have the same values.
            let follows = |(position, value): &(usize, Expression)| {
                let mut columns = value.columns.iter();
                let mut same = equal.iter().filter(|(_, of)| of == position);
                columns.all(|column| known.contains(&column.source))
                    || same.any(|(column, _)| known.contains(&column.source))
            };
            if !values.iter().all(follows) {
                return None;
            }
            let mut keys = view.table(source)?.unique_keys.iter();
            keys.find_map(|key| key_among(view, source, key, &equal, positions.len()))
        })
        .next()
}

/// The unit key that consists of the positions whose values are those of a table's unique key, if these are fewer than `most`.
fn key_among(
    view: &View,
    source: SourceId,
    key: &[i16],
    equal: &[(Column, usize)],
    most: usize,
) -> Option<UnitKey> {
    let table = view.table(source)?;
    let mut chosen = Vec::new();
    // What equals a column without NULLs has none.
    let mut certain = BTreeSet::new();
    for attnum in key {
        let wanted = Column {
            source,
            attnum: *attnum,
        };
        let (_, position) = equal.iter().find(|(column, _)| *column == wanted)?;
        chosen.push(*position);
        if table.column(*attnum).is_some_and(|column| column.not_null) {
            certain.insert(*position);
        }
    }
    chosen.sort_unstable();
    chosen.dedup();
    let mut columns = parts(view, &chosen)?;
    for part in &mut columns {
        part.nullable &= !certain.contains(&part.position);
    }
    let strict = columns.iter().all(|part| !part.nullable);
    (strict && chosen.len() < most).then_some(UnitKey {
        root: None,
        columns,
        single: true,
    })
}

/// Columns that certainly have the value of a key position: itself, and what inner joins equate with it.
fn equal_to(view: &View, start: SourceId, values: &[(usize, Expression)]) -> Vec<(Column, usize)> {
    let links = Sight::from_source(view, start).links();
    let mut equal: Vec<(Column, usize)> = values
        .iter()
        .filter_map(|(position, value)| Some((value.as_column()?, *position)))
        .collect();
    for equality in links
        .iter()
        .filter(|link| link.guard.is_none())
        .filter_map(|link| link.equality.filter(|equality| equality.same_type))
    {
        for (this, other) in [(equality.left, equality.right), (equality.right, equality.left)] {
            let found = equal
                .iter()
                .find(|(column, _)| *column == this)
                .map(|(_, position)| *position);
            if let Some(position) = found
                && !equal.iter().any(|(column, _)| *column == other)
            {
                equal.push((other, position));
            }
        }
    }
    equal
}

/// Whether a position's value comes from one source, or is merged from several by a full join.
fn single_source(view: &View, leaf: BlockId, position: usize) -> bool {
    let output = view.block(leaf).outputs.get(position).and_then(Option::as_ref);
    if !output.is_some_and(|output| passes_nulls(view, output)) {
        return false;
    }
    value(view, leaf, position).is_some_and(|value| {
        let sources: BTreeSet<SourceId> = value.columns.iter().map(|column| column.source).collect();
        sources.len() == 1 || (sources.len() > 1 && !alternatives(view, leaf, &value).is_empty())
    })
}

/// The columns any of which has the value wherever its source has a real row: those that a full join merges.
pub fn alternatives(view: &View, seen_from: BlockId, value: &Expression) -> Vec<Column> {
    if let Some(column) = value.as_column() {
        return vec![column];
    }
    if value.merges.is_empty() {
        return vec![];
    }
    let links = Sight::from_block(view, seen_from).links();
    let mut equal = vec![value.merges[0]];
    loop {
        let before = equal.len();
        for equality in links
            .iter()
            .filter_map(|link| link.equality.filter(|equality| equality.same_type))
        {
            for (this, other) in [(equality.left, equality.right), (equality.right, equality.left)] {
                if equal.contains(&this) && !equal.contains(&other) && value.merges.contains(&other) {
                    equal.push(other);
                }
            }
        }
        if equal.len() == before {
            break;
        }
    }
    if equal.len() == value.merges.len() {
        equal
    } else {
        vec![]
    }
}

/// The positions that come from one source: the one that no outer join makes optional and that determines most others. Plain
/// columns are preferred to expressions, which a search would have to compute for rows that the definition leaves out.
fn best_source(view: &View, leaf: BlockId, positions: &[usize]) -> Vec<usize> {
    let mut groups: Vec<(BTreeSet<SourceId>, Vec<usize>)> = Vec::new();
    for position in positions {
        let Some(value) = value(view, leaf, *position) else {
            continue;
        };
        let sources: BTreeSet<SourceId> = value.columns.iter().map(|column| column.source).collect();
        match groups.iter_mut().find(|(known, _)| *known == sources) {
            Some((_, members)) => members.push(*position),
            None => groups.push((sources, vec![*position])),
        }
    }
    let best = groups.into_iter().max_by_key(|(sources, members)| {
        let first = sources.first().copied();
        let required = first.is_some_and(|source| sources.len() > 1 || !optional(view, leaf, source));
        let count = first.map_or(0, |source| determined(view, source).0.len());
        (required, count, members.len())
    });
    let members = best.map(|(_, members)| members).unwrap_or_default();
    let is_column =
        |position: &usize| value(view, leaf, *position).is_some_and(|value| value.as_column().is_some());
    let columns: Vec<usize> = members.iter().copied().filter(is_column).collect();
    if columns.is_empty() { members } else { columns }
}

/// Branches of a set operation: a key of a table in each of them, if they agree on its place; else columns of one table in each;
/// else all that is tied.
fn of_branches(view: &View, leaves: &[BlockId], tied: &[usize]) -> UnitKey {
    let usable: Vec<usize> = tied
        .iter()
        .copied()
        .filter(|position| leaves.iter().all(|leaf| single_source(view, *leaf, *position)))
        .collect();
    let unique = |leaf: &BlockId| {
        view.source_ids()
            .filter(|source| is_root(view, *leaf, *source) && view.block(*leaf).plain)
            .find_map(|source| {
                let place = |attnum: &i16| {
                    usable.iter().copied().find(|position| {
                        value(view, *leaf, *position).and_then(|value| value.as_column())
                            == Some(Column {
                                source,
                                attnum: *attnum,
                            })
                    })
                };
                let keys = view.table(source)?.unique_keys.iter();
                keys.filter_map(|key| key.iter().map(place).collect::<Option<Vec<usize>>>())
                    .next()
            })
    };
    let keys: Vec<Option<Vec<usize>>> = leaves.iter().map(unique).collect();
    if let Some(Some(first)) = keys.first()
        && keys.iter().all(|key| key.as_ref() == Some(first))
    {
        return multiset(view, first);
    }
    let mut common = usable.clone();
    for leaf in leaves {
        common = best_source(view, *leaf, &common);
    }
    multiset(view, if common.is_empty() { &usable } else { &common })
}

/// What an output of a branch stands for.
fn value(view: &View, leaf: BlockId, position: usize) -> Option<Expression> {
    let output = view.block(leaf).outputs.get(position)?.as_ref()?;
    Sight::from_block(view, leaf).expand(output, Depth::Tables)
}

/// Tables that can be a root: in the root block or in plain derived tables of it, not optional.
fn roots(view: &View) -> impl Iterator<Item = SourceId> {
    view.source_ids()
        .filter(|source| view.block(ROOT_BLOCK).plain && is_root(view, ROOT_BLOCK, *source))
}

/// Whether a source is a table of this block, or of plain derived tables in it, and not optional.
fn is_root(view: &View, top: BlockId, source: SourceId) -> bool {
    view.table(source).is_some()
        && plain_up_to(view, view.source(source).block, top)
        && !optional(view, top, source)
}

fn plain_up_to(view: &View, block: BlockId, top: BlockId) -> bool {
    let mut current = block;
    while current != top {
        if !view.block(current).plain {
            return false;
        }
        match view.block(current).parent {
            Some(Parent::Derived(source)) => current = view.source(source).block,
            Some(Parent::Sublink(_) | Parent::Branch(_)) | None => return false,
        }
    }
    true
}

/// The table column that each output column copies, if any.
fn shown_columns(view: &View) -> Vec<Option<Column>> {
    let sight = Sight::from_block(view, ROOT_BLOCK);
    let copies = view.columns.iter().map(|column| column.copies);
    copies
        .map(|copied| sight.column(copied?, Depth::Tables))
        .collect()
}

/// Where the columns of a table's key are in the output, if all are there.
fn positions(view: &View, source: SourceId, key: &[i16]) -> Option<Vec<KeyPart>> {
    let shown = shown_columns(view);
    let place = |attnum: &i16| {
        shown.iter().position(|column| {
            *column
                == Some(Column {
                    source,
                    attnum: *attnum,
                })
        })
    };
    let places: Option<Vec<usize>> = key.iter().map(place).collect();
    let places = places.filter(|places| places.iter().all(|place| view.columns[*place].key))?;
    parts(view, &places)
}

fn parts(view: &View, positions: &[usize]) -> Option<Vec<KeyPart>> {
    let leaves = view.leaves(ROOT_BLOCK);
    positions
        .iter()
        .map(|position| {
            let nullable = |leaf: &BlockId| {
                value(view, *leaf, *position)
                    .and_then(|value| value.as_column())
                    .is_none_or(|column| {
                        let table = view.table(column.source);
                        let known = table.and_then(|table| table.column(column.attnum));
                        optional(view, *leaf, column.source) || known.is_none_or(|known| !known.not_null)
                    })
            };
            Some(KeyPart {
                position: *position,
                value: value(view, *leaves.first()?, *position)?,
                nullable: leaves.iter().any(nullable),
            })
        })
        .collect()
}
