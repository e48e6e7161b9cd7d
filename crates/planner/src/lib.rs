//! From the IR of a view to its maintenance plan: which rows of the tview a change affects, and how to find them.
//!
//! The plan rests on **unit recompute**: every row of the tview belongs to a *unit*, named by the values of the unit key, and
//! the rows of one unit depend only on the source rows that lead to it. A change names the units it affects ([`search`]);
//! those are computed anew from the definition. A search may name too many units, never too few.

mod absence;
mod advice;
mod delta;
mod determined;
mod elements;
mod filter;
mod leaf;
mod locate;
mod patch;
mod recursive;
mod resolve;
mod root;
mod search;
mod shape;
#[cfg(test)]
mod testing;

pub use advice::{MissingIndex, missing_indexes};
pub use delta::{Delta, Kept, deltas};
pub use elements::ElementPlace;
pub use filter::Filter;
pub use leaf::{LeafPlace, Leaves, leaf_columns, leaves};
pub use patch::{ExactSearch, Location, Patch, PatchColumn, Patches, patches};
pub use root::{KeyPart, UnitKey, is_key_of_root, missing_keys};
pub use search::{Step, steps};

use pg_tviews_ir::{BlockId, Oid, ROOT_BLOCK, Role, SourceId, SourceKind, View, WHOLE_ROW};
use pg_tviews_sqltext::Search;
use std::collections::BTreeSet;

/// A maintenance plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The unit key.
    pub key: UnitKey,
    /// One entry for each occurrence of a table.
    pub occurrences: Vec<Occurrence>,
    /// The definition has to be computed unit by unit: a predicate on the key reaches a grouped part of it only then.
    pub lateral: bool,
    /// A comparison of the key with an array reaches into the definition as far as one with a single value: units need not be computed
    /// one by one.
    pub listed: bool,
    /// No predicate on the key reaches into the definition at all: it is computed as a whole for any change.
    pub opaque: bool,
}

/// One occurrence of a table and how a change in it is maintained.
#[derive(Clone, Debug)]
pub struct Occurrence {
    /// The occurrence.
    pub source: SourceId,
    /// Its table.
    pub table: Oid,
    /// The columns that the definition uses.
    pub used: ColumnSet,
    /// A changed row that does not pass it affects nothing.
    pub filter: Option<Filter>,
    /// How the affected units are found.
    pub finding: Finding,
}

/// A set of a table's columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnSet {
    /// Every column, those added later included: a whole-row reference.
    pub whole_row: bool,
    /// Attribute numbers.
    pub attnums: BTreeSet<i16>,
}

/// How the units that a changed row affects are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The changed row itself holds the unit key, in these columns.
    Direct(Vec<i16>),
    /// A query leads from the changed rows to the unit key.
    Search(Search),
    /// Nothing ties the changed row to single units, or all rows of the tview are one unit: all of it is affected.
    Everything,
}

/// Why a view can't be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The unit key that was chosen when the tview was created is none any more.
    KeyLost,
}

/// Plans the maintenance of a view. With `fixed_key`, the unit key consists of these output columns (positions from 0), as
/// chosen when the tview was created.
pub fn plan(view: &View, fixed_key: Option<&[usize]>) -> Result<Plan, Refusal> {
    let key = root::choose(view, fixed_key)?;
    let tables = view
        .source_ids()
        .filter_map(|source| Some((source, view.table(source)?)));
    let occurrences: Vec<Occurrence> = tables
        .map(|(source, table)| {
            let filter = filter::of(view, source);
            Occurrence {
                source,
                table: table.oid,
                used: used(view, source),
                finding: filtered(search::find(view, &key, source), filter.as_ref()),
                filter,
            }
        })
        .collect();
    Ok(Plan {
        lateral: needs_lateral(view),
        listed: takes_lists(view, &key),
        opaque: is_opaque(view, ROOT_BLOCK),
        key,
        occurrences,
    })
}

/// A search from some of a statement's rows only.
fn filtered(mut finding: Finding, filter: Option<&Filter>) -> Finding {
    if let (Finding::Search(search), Some(filter)) = (&mut finding, filter)
        && !search.is_spread()
        && search.recursion.is_none()
        && let Some(changed) = search.sources.first_mut()
    {
        changed.conditions.extend(filter.conditions.iter().cloned());
    }
    finding
}

fn used(view: &View, source: SourceId) -> ColumnSet {
    let mut set = ColumnSet::default();
    for used in view.uses.iter().filter(|used| used.column.source == source) {
        if used.column.attnum == WHOLE_ROW {
            set.whole_row = true;
        } else {
            set.attnums.insert(used.column.attnum);
        }
    }
    set
}

/// The columns of a source that decide which rows take part: joins, filters, order, grouping.
pub fn link_columns(view: &View, source: SourceId) -> BTreeSet<i16> {
    let of_source = view
        .uses
        .iter()
        .filter(|used| used.column.source == source && used.role == Role::Link);
    of_source.map(|used| used.column.attnum).collect()
}

/// The definition is grouped, ordered or has a WITH clause or a set-returning function in its select list, or a derived table of that kind stands in the FROM
/// clause somewhere below the root: then a join with the unit keys would make PostgreSQL compute it for all units.
fn needs_lateral(view: &View) -> bool {
    let merges_into_a_join = |id: BlockId| {
        let block = view.block(id);
        block.plain && !block.repeats && !block.apart
    };
    !merges_into_a_join(ROOT_BLOCK)
        || view.sources.iter().any(|source| match source.kind {
            SourceKind::Derived(block) => {
                resolve::in_root_tree(view, source.block) && !merges_into_a_join(block)
            }
            SourceKind::Table(_) | SourceKind::Computed | SourceKind::Recursion(_) => false,
        })
}

/// Whether a list of keys reaches all of the definition that one key does. PostgreSQL passes `k = ANY (…)` into a grouped or ordered query,
/// but, unlike `k = …`, not over the equalities of a join to other columns: below the root nothing may need it there.
fn takes_lists(view: &View, key: &UnitKey) -> bool {
    let merges = |block: BlockId| view.block(block).plain && !view.block(block).apart;
    key.columns.len() == 1
        && view.block(ROOT_BLOCK).branches.is_empty()
        && !view.block(ROOT_BLOCK).opaque
        && view.sources.iter().all(|source| match source.kind {
            SourceKind::Derived(block) => !resolve::in_root_tree(view, source.block) || merges(block),
            SourceKind::Table(_) | SourceKind::Computed | SourceKind::Recursion(_) => true,
        })
}

/// Whether PostgreSQL lets no condition on its output reach into a block: see [`pg_tviews_ir::Block::opaque`].
fn is_opaque(view: &View, id: BlockId) -> bool {
    let block = view.block(id);
    block.opaque || block.branches.iter().any(|branch| is_opaque(view, *branch))
}
