//! Indexes that maintenance would use if they existed.

use crate::Plan;
use crate::search::{entered_columns, path_sources};
use pg_tviews_ir::{SourceId, View};
use std::collections::{BTreeSet, HashMap};

/// An index without which a search or a recomputation reads a whole table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MissingIndex {
    /// Schema of the table.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The columns to index.
    pub columns: Vec<String>,
    /// The changed occurrence whose maintenance needs it.
    pub source: SourceId,
}

/// Indexes whose absence makes searches or recomputation read whole tables. For each occurrence: on the way from a changed row to the unit, and from the unit back to the occurrence when it is
/// recomputed, every table is entered through columns that should lead an index.
pub fn missing_indexes(view: &View, plan: &Plan) -> Vec<MissingIndex> {
    let mut missing = BTreeSet::new();
    for occurrence in &plan.occurrences {
        let Some((path, links)) = path_sources(view, &plan.key, occurrence.source) else {
            continue;
        };
        let searched = match &occurrence.finding {
            crate::Finding::Direct(_) | crate::Finding::Everything => 1,
            crate::Finding::Search(search) => search.sources.len(),
        };
        let places: HashMap<SourceId, usize> = path.iter().copied().zip(0..).collect();
        for (step, into) in path.iter().enumerate().take(searched).skip(1) {
            let is_before = |source| places.get(&source).is_some_and(|place| *place < step);
            let entered = entered_columns(&links, is_before, *into);
            missing.extend(check(view, entered, *into, occurrence.source));
        }
        if let Some((own, _)) = path.split_first() {
            let is_other = |source| source != *own && places.contains_key(&source);
            missing.extend(check(
                view,
                entered_columns(&links, is_other, *own),
                *own,
                occurrence.source,
            ));
        }
    }
    missing.into_iter().collect()
}

/// The index that is missing when `into` is entered through these columns.
fn check(view: &View, entered: BTreeSet<i16>, into: SourceId, source: SourceId) -> Option<MissingIndex> {
    let table = view.table(into)?;
    let served = |index: &Vec<i16>| index.first().is_some_and(|first| entered.contains(first));
    if entered.is_empty() || table.indexes.iter().any(served) {
        return None;
    }
    let columns = entered
        .iter()
        .filter_map(|attnum| table.column(*attnum))
        .map(|column| column.name.clone());
    Some(MissingIndex {
        schema: table.schema.clone(),
        table: table.name.clone(),
        columns: columns.collect(),
        source,
    })
}
