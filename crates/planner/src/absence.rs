//! Absence: what outer joins replace by NULLs, and what becomes of values that are made of these.

use crate::resolve::{Depth, Sight, enclosing};
use crate::root::place;
use pg_tviews_ir::{BlockId, Column, Expression, SourceId, SourceKind, View, checkpoint};
use std::collections::{BTreeSet, HashMap};

/// Whether an outer join of the branch can replace a source by NULLs: the source itself, or a derived table of the branch that it stands in.
pub fn optional(view: &View, leaf: BlockId, source: SourceId) -> bool {
    let around = enclosing(view, source, leaf);
    around.into_iter().any(|source| view.source(source).nullable)
}

/// Whether the expression over tables says what an expression over derived tables is where an outer join replaces one of these by
/// NULLs: not if an output of it makes something of NULLs, such as `coalesce(name, 'none')`.
pub fn passes_nulls(view: &View, expression: &Expression) -> bool {
    passes(view, expression, &mut HashMap::new())
}

fn passes(view: &View, expression: &Expression, seen: &mut HashMap<Column, bool>) -> bool {
    expression.columns.iter().all(|column| {
        if let Some(passes) = seen.get(column) {
            return *passes;
        }
        let passes = column_passes(view, *column, seen);
        seen.insert(*column, passes);
        passes
    })
}

fn column_passes(view: &View, column: Column, seen: &mut HashMap<Column, bool>) -> bool {
    checkpoint();
    let source = view.source(column.source);
    let SourceKind::Derived(block) = source.kind else {
        return true;
    };
    let position = place(column.attnum);
    view.leaves(block).into_iter().all(|leaf| {
        let outputs = &view.block(leaf).outputs;
        let Some(inner) = position.and_then(|position| outputs.get(position)?.as_ref()) else {
            return true;
        };
        let is_null_of_nulls = || {
            let whole = Sight::from_block(view, leaf).expand(inner, Depth::Tables);
            whole.is_none_or(|whole| !whole.strict.is_empty() || !whole.merges.is_empty())
        };
        (!source.nullable || is_null_of_nulls()) && passes(view, inner, seen)
    })
}

/// Whether an outer join can replace the sources of all these columns by NULLs at once.
pub fn absent_together(view: &View, leaf: BlockId, columns: &[Column]) -> bool {
    let within = |column: &Column, side: &BTreeSet<SourceId>| {
        let around = enclosing(view, column.source, leaf);
        around.iter().any(|source| side.contains(source))
    };
    let mut sides = view.optional_sides.iter();
    sides.any(|side| columns.iter().all(|column| within(column, side)))
}
