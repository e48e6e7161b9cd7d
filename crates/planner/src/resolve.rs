//! Seeing through derived tables: a column of a derived table stands for an expression over the tables inside.

use pg_tviews_ir::{BlockId, Column, Condition, Expression, Parent, SourceId, SourceKind, View};
use std::collections::BTreeSet;

/// A condition over tables alone.
#[derive(Clone, Debug)]
pub struct Link {
    /// The condition, with columns of tables only.
    pub expression: Expression,
    /// See [`Condition::guard`], in tables.
    pub guard: Option<BTreeSet<SourceId>>,
    /// The tables that the condition speaks of.
    pub sources: BTreeSet<SourceId>,
    /// If the condition is an equality of two table columns.
    pub equality: Option<pg_tviews_ir::Equality>,
}

/// All conditions that may lead from source `start` to the unit: those of the blocks around it and of the derived tables in those
/// blocks' FROM clauses. Left out is what cannot be relied upon: conditions on outputs that a changed row can influence from
/// afar, and conditions that can be true for a row of NULLs made by an outer join.
pub fn links(view: &View, start: SourceId) -> Vec<Link> {
    let around = enclosing_blocks(view, view.source(start).block);
    let mut links = Vec::new();
    for (number, block) in view.blocks.iter().enumerate() {
        let id = BlockId(number);
        let sibling = !around.contains(&id);
        if sibling && !derived_below(view, id, &around) {
            continue;
        }
        for condition in &block.conditions {
            if let Some(link) = expand_condition(view, id, condition, sibling) {
                links.push(link);
            }
        }
    }
    links
}

/// The block and all blocks it lies in, innermost first.
pub fn enclosing_blocks(view: &View, block: BlockId) -> Vec<BlockId> {
    let mut blocks = vec![block];
    let mut current = block;
    while let Some(outer) = view.parent_block(current) {
        blocks.push(outer);
        current = outer;
    }
    blocks
}

/// Whether a block is a derived table (of derived tables …) of one of `blocks`.
fn derived_below(view: &View, block: BlockId, blocks: &[BlockId]) -> bool {
    let mut current = block;
    while let Some(Parent::Derived(source)) = view.block(current).parent {
        current = view.source(source).block;
        if blocks.contains(&current) {
            return true;
        }
    }
    false
}

/// Whether a block is the root block or reached from it through derived tables only.
pub fn in_root_tree(view: &View, block: BlockId) -> bool {
    block == pg_tviews_ir::ROOT_BLOCK || derived_below(view, block, &[pg_tviews_ir::ROOT_BLOCK])
}

/// The tables at or below a source.
pub fn tables_of(view: &View, source: SourceId) -> BTreeSet<SourceId> {
    match &view.source(source).kind {
        SourceKind::Table(_) => BTreeSet::from([source]),
        SourceKind::Computed => BTreeSet::new(),
        SourceKind::Derived(block) => {
            let inside = view
                .source_ids()
                .filter(|inner| view.source(*inner).block == *block);
            inside.flat_map(|inner| tables_of(view, inner)).collect()
        }
    }
}

/// Whether a table can be replaced by NULLs, as seen from the block `seen_from` or one inside it.
pub fn is_nullable(view: &View, table: SourceId, seen_from: BlockId) -> bool {
    let mut current = table;
    loop {
        let source = view.source(current);
        if source.block == seen_from {
            return false;
        }
        if source.nullable {
            return true;
        }
        match view.block(source.block).parent {
            Some(Parent::Derived(outer)) => current = outer,
            Some(Parent::Sublink(_)) | None => return false,
        }
    }
}

/// Replaces columns of derived tables by what they stand for. `None` if one of them stands for nothing that can be relied
/// upon, or for a computed source.
pub fn expand(view: &View, expression: &Expression) -> Option<Expression> {
    let mut columns: Vec<Column> = Vec::new();
    let mut strict = BTreeSet::new();
    let mut fills = Vec::new();
    for column in &expression.columns {
        let (template, inner_columns, inner_strict) = match &view.source(column.source).kind {
            SourceKind::Table(_) => (
                pg_tviews_ir::Template::single_hole(),
                vec![*column],
                BTreeSet::from([*column]),
            ),
            SourceKind::Computed => return None,
            SourceKind::Derived(block) => {
                let position = usize::try_from(column.attnum).ok()?.checked_sub(1)?;
                let output = view.block(*block).outputs.get(position)?.as_ref()?;
                let output = expand(view, output)?;
                (output.template, output.columns, output.strict)
            }
        };
        if expression.strict.contains(column) {
            strict.extend(inner_strict);
        }
        let renumbered: Vec<usize> = inner_columns
            .iter()
            .map(|inner| {
                columns
                    .iter()
                    .position(|known| known == inner)
                    .unwrap_or_else(|| {
                        columns.push(*inner);
                        columns.len() - 1
                    })
            })
            .collect();
        fills.push((template, renumbered));
    }
    let template = expression.template.substitute(|hole| fills[hole].clone());
    Some(Expression {
        template,
        columns,
        strict,
    })
}

fn expand_condition(view: &View, block: BlockId, condition: &Condition, sibling: bool) -> Option<Link> {
    let expression = expand(view, &condition.expression)?;
    if expression
        .columns
        .iter()
        .any(|column| column.attnum == pg_tviews_ir::WHOLE_ROW)
    {
        return None;
    }
    let nullable_here: BTreeSet<SourceId> = condition
        .nullable
        .iter()
        .flat_map(|source| tables_of(view, *source))
        .collect();
    let sources: BTreeSet<SourceId> = expression.columns.iter().map(|column| column.source).collect();
    for source in &sources {
        let nullable = nullable_here.contains(source) || is_nullable(view, *source, block);
        if nullable && !expression.strict.iter().any(|column| column.source == *source) {
            return None;
        }
    }
    let guard = match &condition.guard {
        Some(guard) => Some(guard.iter().flat_map(|source| tables_of(view, *source)).collect()),
        None if sibling => Some(block_tables(view, block)),
        None => None,
    };
    let equality = condition.equality.and_then(|equality| {
        let left = expand_column(view, equality.left)?;
        let right = expand_column(view, equality.right)?;
        Some(pg_tviews_ir::Equality {
            left,
            right,
            same_type: equality.same_type,
        })
    });
    Some(Link {
        expression,
        guard,
        sources,
        equality,
    })
}

fn block_tables(view: &View, block: BlockId) -> BTreeSet<SourceId> {
    let inside = view
        .source_ids()
        .filter(|source| view.source(*source).block == block);
    inside.flat_map(|source| tables_of(view, source)).collect()
}

/// The table column that a column copies, through any number of derived tables.
pub fn expand_column(view: &View, column: Column) -> Option<Column> {
    match &view.source(column.source).kind {
        SourceKind::Table(_) => Some(column),
        SourceKind::Computed => None,
        SourceKind::Derived(block) => {
            let position = usize::try_from(column.attnum).ok()?.checked_sub(1)?;
            expand_column(
                view,
                view.block(*block).outputs.get(position)?.as_ref()?.as_column()?,
            )
        }
    }
}
