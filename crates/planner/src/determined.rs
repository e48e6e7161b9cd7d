//! Determined sources: those that have at most one row for each row of another one, because keys are equal to its columns.

use crate::resolve::{Depth, Link, Sight, in_root_tree, sources_below};
use crate::root::place;
use pg_tviews_ir::{Block, BlockId, SourceId, SourceKind, View};
use std::collections::BTreeSet;

/// The sources of the root tree that have at most one row for a row of `root`, and whether all have. A source is determined
/// once all columns of one of its unique keys are equal to columns of determined ones.
pub fn determined(view: &View, root: SourceId) -> (BTreeSet<SourceId>, bool) {
    let links: Vec<Link> = Sight::from_source(view, root)
        .links()
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
                known.extend(sources_below(view, *source));
            }
        }
        if known.len() == before {
            break;
        }
    }
    let repeats = view
        .blocks
        .iter()
        .enumerate()
        .any(|(number, block)| block.repeats && in_root_tree(view, BlockId(number)));
    let all = !repeats && sources.iter().all(|source| known.contains(source));
    known.retain(|source| sources.contains(source));
    (known, all)
}

fn is_determined(view: &View, links: &[Link], known: &BTreeSet<SourceId>, source: SourceId) -> bool {
    match &view.source(source).kind {
        SourceKind::Computed | SourceKind::Recursion(_) => false,
        SourceKind::Table(table) => {
            let equal = equal_columns(links, known, source);
            table
                .unique_keys
                .iter()
                .any(|key| key.iter().all(|attnum| equal.contains(attnum)))
        }
        SourceKind::Derived(id) => derived_is_determined(view, links, known, source, view.block(*id), *id),
    }
}

fn derived_is_determined(
    view: &View,
    links: &[Link],
    known: &BTreeSet<SourceId>,
    source: SourceId,
    block: &Block,
    id: BlockId,
) -> bool {
    if block.at_most_one_row {
        return true;
    }
    if block.plain {
        let mut inside = view.source_ids().filter(|inner| view.source(*inner).block == id);
        return !block.repeats && inside.all(|inner| known.contains(&inner));
    }
    if block.group_outputs.is_empty() || !block.groups_in_output {
        return false;
    }
    let sight = Sight::from_block(view, id);
    let whole = equal_columns(links, known, source);
    block.group_outputs.iter().all(|attnum| {
        whole.contains(attnum)
            || place(*attnum)
                .and_then(|position| {
                    sight
                        .expand(block.outputs.get(position)?.as_ref()?, Depth::Tables)?
                        .as_column()
                })
                .is_some_and(|column| equal_columns(links, known, column.source).contains(&column.attnum))
    })
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
