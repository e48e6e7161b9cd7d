//! Determined sources: those that have at most one row for each row of another one, because keys are equal to its columns.

use crate::resolve::{Depth, Link, Links, Sight, derived_around, in_root_tree};
use crate::root::place;
use crate::shape::Shape;
use pg_tviews_ir::{Block, BlockId, SourceId, SourceKind, View, checkpoint};
use std::collections::BTreeSet;
use std::rc::Rc;

/// The sources of the root tree that have at most one row for a row of `root`, and whether all have. A source is determined
/// once all columns of one of its unique keys are equal to columns of determined ones.
pub fn determined(view: &View, root: SourceId) -> (BTreeSet<SourceId>, bool) {
    let links = Equalities::new(view, Sight::from_source(view, root).links());
    let sources: Vec<SourceId> = view
        .source_ids()
        .filter(|source| in_root_tree(view, view.source(*source).block))
        .collect();
    let of_tree: BTreeSet<SourceId> = sources.iter().copied().collect();
    let shape = Shape::of(view);
    let mut known = BTreeSet::from([root]);
    // To be looked at: all at first, then what has to do with sources that have become known.
    let mut open = of_tree.clone();
    while let Some(source) = open.pop_first() {
        checkpoint();
        if known.contains(&source) || !is_determined(view, &links, &known, source) {
            continue;
        }
        for fresh in shape.below(source) {
            if known.insert(*fresh) {
                let concerned = links.concerned(view, *fresh);
                open.extend(concerned.filter(|source| of_tree.contains(source)));
            }
        }
    }
    let repeats = view
        .blocks
        .iter()
        .enumerate()
        .any(|(number, block)| block.repeats && in_root_tree(view, BlockId(number)));
    let all = !repeats && sources.iter().all(|source| known.contains(source));
    known.retain(|source| of_tree.contains(source));
    (known, all)
}

/// The equalities of a view, by the sources that they speak of.
struct Equalities {
    links: Rc<Links>,
    of: Vec<Vec<usize>>,
}

impl Equalities {
    fn new(view: &View, links: Rc<Links>) -> Equalities {
        let mut of = vec![Vec::new(); view.sources.len()];
        for (number, link) in links.iter().enumerate() {
            for column in link
                .equality
                .iter()
                .flat_map(|equality| [equality.left, equality.right])
            {
                of[column.source.0].push(number);
            }
        }
        Equalities { links, of }
    }

    fn of(&self, source: SourceId) -> impl Iterator<Item = &Rc<Link>> {
        self.of[source.0].iter().map(|number| &self.links[*number])
    }

    /// The sources that may be determined now that one is known: those that it is equal to, and the derived tables that these or itself stand
    /// in.
    fn concerned<'a>(&'a self, view: &'a View, known: SourceId) -> impl Iterator<Item = SourceId> + 'a {
        let equalities = self.of(known).filter_map(|link| link.equality);
        let ends = equalities.flat_map(|equality| [equality.left.source, equality.right.source]);
        let around = |source: SourceId| {
            std::iter::successors(Some(source), |source| {
                derived_around(view, view.source(*source).block)
            })
        };
        ends.chain([known]).flat_map(around)
    }
}

fn is_determined(view: &View, links: &Equalities, known: &BTreeSet<SourceId>, source: SourceId) -> bool {
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
    links: &Equalities,
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
fn equal_columns(links: &Equalities, known: &BTreeSet<SourceId>, source: SourceId) -> BTreeSet<i16> {
    links
        .of(source)
        .filter(|link| link.guard.as_ref().is_none_or(|guard| guard.contains(&source)))
        .filter_map(|link| link.equality)
        .filter_map(|equality| match (equality.left, equality.right) {
            (left, right) if left.source == source && known.contains(&right.source) => Some(left.attnum),
            (left, right) if right.source == source && known.contains(&left.source) => Some(right.attnum),
            _ => None,
        })
        .collect()
}
