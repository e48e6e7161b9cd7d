//! The unit key: the finest set of output columns such that the rows of one unit depend only on the source rows that lead to
//! it. For joins around a root table it is a key of that table; for joins of lookups a unit then has at most one row.

use crate::resolve::{Link, in_root_tree, is_nullable, links, tables_of};
use crate::search::output_column;
use crate::{Refusal, resolve};
use pg_tviews_ir::{BlockId, Column, Expression, Parent, ROOT_BLOCK, SourceId, SourceKind, View};
use std::collections::BTreeSet;

/// The unit key of a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitKey {
    /// The table that it is a key of; `None` for the groups of a grouped definition.
    pub root: Option<SourceId>,
    /// Its columns; empty if all rows are one unit.
    pub columns: Vec<KeyPart>,
    /// A unit never has more than one row, and no part of the key is NULL: keys of the other tables see to it.
    pub single: bool,
}

impl UnitKey {
    /// The tables that give the key its value.
    pub fn sources(&self) -> BTreeSet<SourceId> {
        let columns = self.columns.iter().flat_map(|part| &part.value.columns);
        columns.map(|column| column.source).collect()
    }
}

/// A column of a unit key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPart {
    /// Position in the output, from 0.
    pub position: usize,
    /// Its value, over tables.
    pub value: Expression,
    /// Whether it can be NULL.
    pub nullable: bool,
}

/// Chooses the unit key: among the tables whose unique key is in the output and that no outer join can turn into NULLs, the one
/// that determines most of the other tables; the first in the FROM clause among equals.
pub fn choose(view: &View, fixed: Option<&[usize]>) -> Result<UnitKey, Refusal> {
    if !view.block(ROOT_BLOCK).plain {
        return groups(view);
    }
    if let Some(positions) = fixed {
        return fixed_key(view, positions);
    }
    let mut best: Option<(usize, UnitKey)> = None;
    let mut candidates = Vec::new();
    for source in roots(view) {
        let Some(table) = view.table(source) else { continue };
        let mut missing: Option<Vec<String>> = None;
        let mut found = None;
        for unique in table.unique_keys.iter().chain(&table.deferrable_keys) {
            match positions(view, source, unique) {
                Ok(parts) => {
                    found = Some((parts, table.unique_keys.contains(unique)));
                    break;
                }
                Err(absent) => missing = missing.or(Some(absent)),
            }
        }
        match found {
            Some((columns, always_unique)) => {
                let (determined, all) = determined(view, source);
                if best.as_ref().is_none_or(|(most, _)| determined > *most) {
                    let single = all && always_unique && columns.iter().all(|part| !part.nullable);
                    best = Some((
                        determined,
                        UnitKey {
                            root: Some(source),
                            columns,
                            single,
                        },
                    ));
                }
            }
            None => candidates.push((view.source(source).alias.clone(), missing.unwrap_or_default())),
        }
    }
    best.map(|(_, key)| key).ok_or(Refusal::NoKey { candidates })
}

/// The units of a grouped definition (DISTINCT groups by all its columns) are its groups; an aggregate over everything is one
/// unit.
fn groups(view: &View) -> Result<UnitKey, Refusal> {
    let block = view.block(ROOT_BLOCK);
    if block.at_most_one_row {
        return Ok(UnitKey {
            root: None,
            columns: vec![],
            single: false,
        });
    }
    let positions = block.unique_outputs.as_ref().ok_or(Refusal::GroupNotInOutput)?;
    let mut columns = Vec::new();
    for attnum in positions {
        let position = usize::from(attnum.unsigned_abs()).saturating_sub(1);
        let output = block.outputs.get(position).and_then(Option::as_ref);
        let value = output
            .and_then(|output| resolve::expand(view, output))
            .ok_or(Refusal::OpaqueGroup { position })?;
        let optional = |column: &Column| {
            view.source(column.source).nullable || is_nullable(view, column.source, ROOT_BLOCK)
        };
        if let Some(column) = value.columns.iter().find(|column| optional(column)) {
            return Err(Refusal::OptionalGroup {
                position,
                source: column.source,
            });
        }
        // Grouping twice by one column is grouping by it once, as PostgreSQL itself will see when it reads the definition again.
        if columns.iter().any(|known: &KeyPart| known.value == value) {
            continue;
        }
        let not_null = value.as_column().is_some_and(|column| {
            let table = view.table(column.source);
            table
                .and_then(|table| table.column(column.attnum))
                .is_some_and(|known| known.not_null)
        });
        columns.push(KeyPart {
            position,
            value,
            nullable: !not_null,
        });
    }
    one_table(UnitKey {
        root: None,
        columns,
        single: true,
    })
}

/// Accepts the groups of one table only: see [`Refusal::SplitGroup`].
fn one_table(key: UnitKey) -> Result<UnitKey, Refusal> {
    let sources: Vec<SourceId> = key.sources().into_iter().collect();
    if sources.len() > 1 {
        Err(Refusal::SplitGroup { sources })
    } else {
        Ok(key)
    }
}

/// The key that was chosen when the tview was created, with what holds for it now.
fn fixed_key(view: &View, wanted: &[usize]) -> Result<UnitKey, Refusal> {
    let no_key = || Refusal::NoKey { candidates: vec![] };
    let columns: Option<Vec<_>> = wanted
        .iter()
        .map(|position| output_column(view, *position))
        .collect();
    let columns = columns.ok_or_else(no_key)?;
    let root = columns.first().ok_or_else(no_key)?.source;
    if columns.iter().any(|column| column.source != root) || !roots(view).any(|source| source == root) {
        return Err(no_key());
    }
    let attnums: Vec<i16> = columns.iter().map(|column| column.attnum).collect();
    let parts = key_parts(view, root, wanted, &attnums).ok_or_else(no_key)?;
    let unique = view.table(root).is_some_and(|table| {
        table
            .unique_keys
            .iter()
            .any(|key| key.iter().all(|attnum| attnums.contains(attnum)))
    });
    let single = unique && determined(view, root).1 && parts.iter().all(|part| !part.nullable);
    Ok(UnitKey {
        root: Some(root),
        columns: parts,
        single,
    })
}

/// Tables that can be a root: in the root block or in plain derived tables of it, not optional.
fn roots(view: &View) -> impl Iterator<Item = SourceId> {
    view.source_ids().filter(|source| {
        view.table(*source).is_some()
            && plain_up_to_root(view, view.source(*source).block)
            && !view.source(*source).nullable
            && !is_nullable(view, *source, ROOT_BLOCK)
    })
}

fn plain_up_to_root(view: &View, block: BlockId) -> bool {
    let mut current = block;
    loop {
        if !view.block(current).plain {
            return false;
        }
        match view.block(current).parent {
            None => return true,
            Some(Parent::Derived(source)) => current = view.source(source).block,
            Some(Parent::Sublink(_)) => return false,
        }
    }
}

/// Where the columns of a key are in the output; else the names of those that are missing.
fn positions(view: &View, source: SourceId, key: &[i16]) -> Result<Vec<KeyPart>, Vec<String>> {
    let outputs: Vec<_> = (0..view.columns.len())
        .map(|position| output_column(view, position))
        .collect();
    let place = |attnum: i16| {
        outputs.iter().position(|output| {
            output.is_some_and(|column| column.source == source && column.attnum == attnum)
        })
    };
    let missing: Vec<String> = key
        .iter()
        .filter(|attnum| place(**attnum).is_none())
        .filter_map(|attnum| {
            view.table(source)?
                .column(*attnum)
                .map(|column| column.name.clone())
        })
        .collect();
    let places: Option<Vec<usize>> = key.iter().map(|attnum| place(*attnum)).collect();
    places
        .and_then(|places| key_parts(view, source, &places, key))
        .ok_or(missing)
}

fn key_parts(view: &View, source: SourceId, positions: &[usize], attnums: &[i16]) -> Option<Vec<KeyPart>> {
    let table = view.table(source)?;
    let pairs = positions.iter().zip(attnums);
    pairs
        .map(|(position, attnum)| {
            let column = table.column(*attnum)?;
            Some(KeyPart {
                position: *position,
                value: Expression::of_column(Column {
                    source,
                    attnum: *attnum,
                }),
                nullable: !column.not_null,
            })
        })
        .collect()
}

/// How many sources of the root tree have at most one row for a row of `root`, and whether all have. A source is determined
/// once all columns of one of its unique keys are equal to columns of determined ones.
fn determined(view: &View, root: SourceId) -> (usize, bool) {
    let links: Vec<Link> = links(view, root)
        .into_iter()
        .filter(|link| link.equality.is_some())
        .collect();
    let sources: Vec<SourceId> = view
        .source_ids()
        .filter(|source| in_root_tree(view, view.source(*source).block))
        .collect();
    let mut known = BTreeSet::from([root]);
    loop {
        let before = known.len();
        for source in &sources {
            if !known.contains(source) && is_determined(view, &links, &known, *source) {
                known.insert(*source);
                known.extend(tables_of(view, *source));
            }
        }
        if known.len() == before {
            break;
        }
    }
    let counted = sources.iter().filter(|source| known.contains(source)).count();
    (counted, sources.iter().all(|source| known.contains(source)))
}

fn is_determined(view: &View, links: &[Link], known: &BTreeSet<SourceId>, source: SourceId) -> bool {
    match &view.source(source).kind {
        SourceKind::Computed => false,
        SourceKind::Table(table) => {
            let equal = equal_columns(links, known, source);
            table
                .unique_keys
                .iter()
                .any(|key| key.iter().all(|attnum| equal.contains(attnum)))
        }
        SourceKind::Derived(id) => {
            let block = view.block(*id);
            if block.at_most_one_row {
                return true;
            }
            if block.plain {
                let mut inside = view.source_ids().filter(|inner| view.source(*inner).block == *id);
                return inside.all(|inner| known.contains(&inner));
            }
            let Some(unique) = &block.unique_outputs else {
                return false;
            };
            unique.iter().all(|attnum| {
                let output = pg_tviews_ir::Column {
                    source,
                    attnum: *attnum,
                };
                resolve::expand_column(view, output)
                    .is_some_and(|column| equal_columns(links, known, column.source).contains(&column.attnum))
            })
        }
    }
}

/// Columns of `source` that are equal to columns of known sources wherever `source` has a real row.
fn equal_columns(links: &[Link], known: &BTreeSet<SourceId>, source: SourceId) -> BTreeSet<i16> {
    links
        .iter()
        .filter(|link| link.guard.as_ref().is_none_or(|guard| guard.contains(&source)))
        .filter_map(|link| link.equality)
        .filter_map(|equality| match (equality.left, equality.right) {
            (left, right) if left.source == source && known.contains(&right.source) => Some(left.attnum),
            (left, right) if right.source == source && known.contains(&left.source) => Some(right.attnum),
            _ => None,
        })
        .collect()
}
