//! Leaves computed on their own: where all that depends on an occurrence are leaves made of subqueries, these are computed and written into
//! the stored row, and the rest of the definition is not.
//!
//! ```sql
//! SELECT p.pk_product, c.name, jsonb_build_object('name', p.name, 'recent', (SELECT … FROM tb_review r WHERE r.fk_product = p.pk_product …))
//!   FROM tb_product p JOIN tb_category c ON …
//! ```
//! A change of a review, of whatever column, changes nothing but the leaf `recent` of the rows of some units: the subquery decides which
//! reviews there are and in which order, and no join, filter or order around it looks at its result.
//!
//! The leaf's value has to follow from the unit key alone. So everything in the subqueries of the leaf, and the leaf itself, may name
//! columns of one table of the definition's FROM clause only: the root, of which the unit key is a unique key and which no outer join
//! can replace by NULLs. Then `SELECT leaf FROM root WHERE key = …` is its value in the unit's row *if the unit has a row*: each row of
//! the definition has exactly one row of the root in it. The other tables of the FROM clause are not read. Whether the unit has a row they
//! decide, but no change of the occurrence does: that row is stored, or will be by those who note that it has to be computed.
//!
//! Computing a leaf is idempotent, and the search for units may name too many, as for units that are computed as a whole.

use crate::elements::{ElementPlace, element_place};
use crate::patch::{PatchColumn, insert};
use crate::resolve::enclosing_blocks;
use crate::{Finding, Occurrence, UnitKey};
use pg_tviews_ir::{BlockId, Document, Leaf, Parent, ROOT_BLOCK, SourceId, View};
use pg_tviews_sqltext::{PatchValue, leaf_value};
use std::collections::{BTreeMap, BTreeSet};

/// The place of a leaf in the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafPlace {
    /// Position of the output column, from 0.
    pub position: usize,
    /// The keys that lead to it.
    pub path: Vec<String>,
}

/// The leaves that can be computed on their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaves {
    /// Where they are.
    pub places: Vec<LeafPlace>,
    /// For each occurrence the numbers of the leaves that its changes concern, if they concern nothing else.
    pub of: Vec<Option<BTreeSet<usize>>>,
    /// For each leaf the numbers of all occurrences that stand in its subqueries.
    pub made_of: Vec<BTreeSet<usize>>,
    /// For each occurrence how its rows' elements are brought to their places, if the only leaf that its changes concern is such a list.
    pub elements: Vec<Option<ElementPlace>>,
}

/// The new parts of a row where some leaves have been computed by a query, in this order.
pub fn leaf_columns(places: &[LeafPlace]) -> Vec<PatchColumn> {
    let mut columns: BTreeMap<usize, PatchValue> = BTreeMap::new();
    for (number, place) in places.iter().enumerate() {
        let value = PatchValue::Value(leaf_value(number));
        match place.path.split_first() {
            None => {
                columns.insert(place.position, value);
            }
            Some((first, rest)) => {
                let whole = columns
                    .entry(place.position)
                    .or_insert_with(|| PatchValue::Members(vec![]));
                insert(whole, first, rest, value);
            }
        }
    }
    let columns = columns.into_iter();
    columns
        .map(|(position, value)| PatchColumn { position, value })
        .collect()
}

/// Which changes concern only leaves that can be computed on their own; by the occurrences of the plan.
pub fn leaves(view: &View, key: &UnitKey, occurrences: &[Occurrence]) -> Leaves {
    let mut found = Leaves {
        places: vec![],
        of: vec![None; occurrences.len()],
        made_of: vec![],
        elements: vec![None; occurrences.len()],
    };
    let Some(root) = sole_root(view, key) else {
        return found;
    };
    let shown = all_leaves(view);
    for (occurrence, of) in occurrences.iter().zip(&mut found.of) {
        let Some(subquery) = subquery_around(view, occurrence) else {
            continue;
        };
        let concerned: Vec<&(LeafPlace, &Leaf)> = shown
            .iter()
            .filter(|(_, leaf)| leaf.subqueries.contains(&subquery))
            .collect();
        // What is not found among the leaves has a say where it is not known.
        if concerned.is_empty() || !concerned.iter().all(|(_, leaf)| is_of_root(view, root, leaf)) {
            continue;
        }
        let places = concerned.iter().map(|(place, leaf)| {
            let known = found.places.iter().position(|known| known == place);
            known.unwrap_or_else(|| {
                found.places.push(place.clone());
                found.made_of.push(inside(view, leaf, occurrences));
                found.places.len() - 1
            })
        });
        *of = Some(places.collect());
    }
    for (occurrence, (of, element)) in occurrences.iter().zip(found.of.iter().zip(&mut found.elements)) {
        let only = of.as_ref().filter(|of| of.len() == 1).and_then(BTreeSet::first);
        let list = only.and_then(|leaf| Some((*leaf, found.places.get(*leaf)?)));
        *element = list.and_then(|list| element_place(view, key, occurrence.source, list));
    }
    found
}

/// The occurrences that stand in a leaf's subqueries.
fn inside(view: &View, leaf: &Leaf, occurrences: &[Occurrence]) -> BTreeSet<usize> {
    let stands = |occurrence: &Occurrence| {
        let around = enclosing_blocks(view, view.source(occurrence.source).block);
        leaf.subqueries.iter().any(|subquery| around.contains(subquery))
    };
    let numbered = occurrences.iter().enumerate();
    numbered
        .filter(|(_, occurrence)| stands(occurrence))
        .map(|(number, _)| number)
        .collect()
}

/// The root, if each row of the definition is made from exactly one row of it, which the unit key names.
fn sole_root(view: &View, key: &UnitKey) -> Option<SourceId> {
    let root = key.root?;
    let block = view.block(ROOT_BLOCK);
    let of_root = |source: SourceId| source == root;
    let named = key.columns.iter().all(|part| {
        !part.nullable
            && part
                .value
                .as_column()
                .is_some_and(|column| of_root(column.source))
    });
    let source = view.source(root);
    let plain = block.plain && !block.repeats && block.branches.is_empty();
    (key.single
        && named
        && plain
        && source.block == ROOT_BLOCK
        && !source.nullable
        && view.table(root).is_some())
    .then_some(root)
}

/// The subquery of the definition's own expressions in which an occurrence stands, unless that decides which rows there are.
fn subquery_around(view: &View, occurrence: &Occurrence) -> Option<BlockId> {
    if occurrence.finding == Finding::Everything {
        return None;
    }
    let mut block = view.source(occurrence.source).block;
    while view.block(block).parent != Some(Parent::Sublink(ROOT_BLOCK)) {
        block = view.parent_block(block)?;
    }
    (!view.documents.deciding.contains(&block)).then_some(block)
}

fn all_leaves(view: &View) -> Vec<(LeafPlace, &Leaf)> {
    let outputs = view.documents.outputs.get(&ROOT_BLOCK);
    let outputs = outputs.into_iter().flatten().enumerate();
    outputs
        .flat_map(|(position, document)| in_document(position, document))
        .collect()
}

fn in_document(position: usize, document: &Document) -> Vec<(LeafPlace, &Leaf)> {
    let leaves = document.leaves().into_iter();
    leaves
        .map(|(path, leaf)| {
            let path = path.into_iter().map(str::to_owned).collect();
            (LeafPlace { position, path }, leaf)
        })
        .collect()
}

/// Whether all that a leaf and its subqueries name of the definition's FROM clause are columns of the root.
fn is_of_root(view: &View, root: SourceId, leaf: &Leaf) -> bool {
    let mentions = view.documents.mentions.iter().filter(|mention| {
        let around = enclosing_blocks(view, mention.block);
        leaf.subqueries.iter().any(|subquery| around.contains(subquery))
    });
    let outside = mentions
        .map(|mention| mention.column)
        .filter(|column| view.source(column.source).block == ROOT_BLOCK);
    leaf.columns
        .iter()
        .copied()
        .chain(outside)
        .all(|column| column.source == root)
}
