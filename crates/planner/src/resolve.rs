//! Seeing through derived tables: a column of a derived table stands for an expression over the tables inside, or, where it
//! stands for nothing of the kind, the derived table is a relation of its own.

use pg_tviews_ir::{BlockId, Column, Condition, Equality, Expression, Parent, SourceId, SourceKind, View};
use std::collections::BTreeSet;

/// A condition over tables, and over derived tables that are taken as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The condition.
    pub expression: Expression,
    /// See [`Condition::guard`].
    pub guard: Option<BTreeSet<SourceId>>,
    /// The sources that the condition speaks of.
    pub sources: BTreeSet<SourceId>,
    /// If the condition is an equality of two columns.
    pub equality: Option<Equality>,
    /// See [`Condition::harmless`].
    pub harmless: bool,
}

/// How deep to look into derived tables.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Down to tables wherever a column stands for an expression over them.
    Tables,
    /// Derived tables that refer to nothing outside themselves are relations.
    Derived,
}

/// A view as seen from one of its sources.
pub struct Sight<'v> {
    view: &'v View,
    /// The blocks around the source, innermost first: of a set operation only the branch among them counts.
    around: Vec<BlockId>,
}

impl<'v> Sight<'v> {
    /// As seen from a source.
    pub fn from_source(view: &'v View, start: SourceId) -> Sight<'v> {
        Sight::from_block(view, view.source(start).block)
    }

    /// As seen from inside a block.
    pub fn from_block(view: &'v View, block: BlockId) -> Sight<'v> {
        Sight {
            view,
            around: enclosing_blocks(view, block),
        }
    }

    /// The branch of the definition's set operation that is looked at, or the definition itself.
    pub fn leaf(&self) -> Option<BlockId> {
        let leaves = self.view.leaves(pg_tviews_ir::ROOT_BLOCK);
        leaves.into_iter().find(|leaf| self.around.contains(leaf))
    }

    /// What a column of a block's output stands for, in terms of that block's own sources.
    fn output(&self, block: BlockId, attnum: i16) -> Option<&'v Expression> {
        let known = self.view.block(block);
        if known.branches.is_empty() {
            let position = usize::try_from(attnum).ok()?.checked_sub(1)?;
            return known.outputs.get(position)?.as_ref();
        }
        let branch = known
            .branches
            .iter()
            .find(|branch| self.around.contains(branch))?;
        known.passes_values.then_some(())?;
        self.output(*branch, attnum)
    }

    /// Whether a derived table may be taken as a relation.
    fn is_relation(&self, block: BlockId) -> bool {
        !self.around.contains(&block) && self.view.block(block).text.is_some()
    }

    /// Replaces columns of derived tables by what they stand for. `None` if one of them stands for nothing that can be relied
    /// upon and its table can't be taken as a whole either.
    pub fn expand(&self, expression: &Expression, depth: Depth) -> Option<Expression> {
        if expression.as_column().is_some() {
            return self.stands_for(expression.columns[0], depth);
        }
        if self.is_over_tables(expression) {
            return Some(expression.clone());
        }
        let mut columns: Vec<Column> = Vec::new();
        let mut strict = BTreeSet::new();
        let mut fills = Vec::new();
        for column in &expression.columns {
            let inner = self.stands_for(*column, depth)?;
            if expression.strict.contains(column) {
                strict.extend(inner.strict);
            }
            let mut number_of = |wanted: &Column| {
                columns
                    .iter()
                    .position(|known| known == wanted)
                    .unwrap_or_else(|| {
                        columns.push(*wanted);
                        columns.len() - 1
                    })
            };
            let renumbered: Vec<usize> = inner.columns.iter().map(&mut number_of).collect();
            fills.push((inner.template, renumbered));
        }
        let merged: Option<Vec<Column>> = expression
            .merges
            .iter()
            .map(|column| self.column(*column, depth))
            .collect();
        Some(Expression {
            template: expression.template.substitute(|hole| fills[hole].clone()),
            columns,
            strict,
            merges: merged.unwrap_or_default(),
        })
    }

    /// Whether an expression is one over tables alone, so that nothing is to be replaced in it.
    fn is_over_tables(&self, expression: &Expression) -> bool {
        let mut columns = expression.columns.iter().chain(&expression.merges);
        columns.all(|column| self.view.table(column.source).is_some())
    }

    fn stands_for(&self, column: Column, depth: Depth) -> Option<Expression> {
        match &self.view.source(column.source).kind {
            SourceKind::Table(_) => Some(Expression::of_column(column)),
            SourceKind::Computed | SourceKind::Recursion(_) => None,
            SourceKind::Derived(block) => {
                let whole =
                    || (self.is_relation(*block) && column.attnum > 0).then(|| Expression::of_column(column));
                let inside = || self.expand(self.output(*block, column.attnum)?, depth);
                match depth {
                    Depth::Tables => inside().or_else(whole),
                    Depth::Derived => whole().or_else(inside),
                }
            }
        }
    }

    /// The column that a column copies, through any number of derived tables.
    pub fn column(&self, column: Column, depth: Depth) -> Option<Column> {
        self.stands_for(column, depth)?.as_column()
    }

    /// All conditions that may lead from the source to the unit: those of the blocks around it and of the derived tables in those
    /// blocks' FROM clauses. Left out is what cannot be relied upon: conditions on outputs that a changed row can influence
    /// from afar, and conditions that can be true for a row of NULLs made by an outer join.
    pub fn links(&self) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        for (number, block) in self.view.blocks.iter().enumerate() {
            let id = BlockId(number);
            let sibling = !self.around.contains(&id);
            if sibling && !derived_below(self.view, id, &self.around) {
                continue;
            }
            for condition in &block.conditions {
                // Both depths are the same where there are no derived tables to look into.
                let depths: &[Depth] = if self.is_over_tables(&condition.expression) {
                    &[Depth::Tables]
                } else {
                    &[Depth::Tables, Depth::Derived]
                };
                for depth in depths {
                    let link = self.link(id, condition, sibling, *depth);
                    links.extend(link.filter(|link| !links.contains(link)));
                }
            }
        }
        links
    }

    fn link(&self, block: BlockId, condition: &Condition, sibling: bool, depth: Depth) -> Option<Link> {
        let view = self.view;
        let expression = self.expand(&condition.expression, depth)?;
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
            .flat_map(|source| sources_below(view, *source))
            .collect();
        let sources: BTreeSet<SourceId> = expression.columns.iter().map(|column| column.source).collect();
        for source in &sources {
            let nullable = nullable_here.contains(source) || is_nullable(view, *source, block);
            if nullable && !expression.strict.iter().any(|column| column.source == *source) {
                return None;
            }
        }
        let guard = match &condition.guard {
            Some(guard) => Some(
                guard
                    .iter()
                    .flat_map(|source| sources_below(view, *source))
                    .collect(),
            ),
            None if sibling => Some(sources_of_block(view, block)),
            None => None,
        };
        let equality = condition.equality.and_then(|equality| {
            Some(Equality {
                left: self.column(equality.left, depth)?,
                right: self.column(equality.right, depth)?,
                same_type: equality.same_type,
            })
        });
        let mut columns = condition.expression.columns.iter();
        let harmless = condition.harmless && columns.all(|column| self.column(*column, depth).is_some());
        Some(Link {
            harmless,
            expression,
            guard,
            sources,
            equality,
        })
    }
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

/// Whether a block is a derived table (of derived tables …) of one of `blocks`, or a branch of one.
fn derived_below(view: &View, block: BlockId, blocks: &[BlockId]) -> bool {
    let mut current = block;
    while let Some(Parent::Derived(_) | Parent::Branch(_)) = view.block(current).parent {
        let Some(outer) = view.parent_block(current) else {
            return false;
        };
        current = outer;
        if blocks.contains(&current) {
            return true;
        }
    }
    false
}

/// Whether a block is the root block or reached from it through derived tables and branches only.
pub fn in_root_tree(view: &View, block: BlockId) -> bool {
    block == pg_tviews_ir::ROOT_BLOCK || derived_below(view, block, &[pg_tviews_ir::ROOT_BLOCK])
}

/// A source and all sources of the derived tables at and below it.
pub fn sources_below(view: &View, source: SourceId) -> BTreeSet<SourceId> {
    let mut below = BTreeSet::from([source]);
    if let SourceKind::Derived(block) = &view.source(source).kind {
        below.extend(sources_of_block(view, *block));
    }
    below
}

/// The sources of a block and of its branches, and all that is below them.
fn sources_of_block(view: &View, block: BlockId) -> BTreeSet<SourceId> {
    let leaves = view.leaves(block);
    let inside = view
        .source_ids()
        .filter(|source| leaves.contains(&view.source(*source).block));
    inside.flat_map(|source| sources_below(view, source)).collect()
}

/// The derived table that a block is, or is a branch of.
fn derived_around(view: &View, block: BlockId) -> Option<SourceId> {
    match view.block(block).parent? {
        Parent::Derived(source) => Some(source),
        Parent::Branch(outer) => derived_around(view, outer),
        Parent::Sublink(_) => None,
    }
}

/// A source and the derived tables that it stands in, up to the one in the block `top`.
pub fn enclosing(view: &View, source: SourceId, top: BlockId) -> Vec<SourceId> {
    let mut around = vec![source];
    let mut current = source;
    while view.source(current).block != top
        && let Some(outer) = derived_around(view, view.source(current).block)
    {
        around.push(outer);
        current = outer;
    }
    around
}

/// Whether a source can be replaced by NULLs, as seen from the block `seen_from` or one inside it.
pub fn is_nullable(view: &View, source: SourceId, seen_from: BlockId) -> bool {
    let mut current = source;
    loop {
        let source = view.source(current);
        if source.block == seen_from {
            return false;
        }
        if source.nullable {
            return true;
        }
        match derived_around(view, source.block) {
            Some(outer) => current = outer,
            None => return false,
        }
    }
}

/// Whether an output of a block ties its rows to columns of tables, in every branch: changed rows then can influence only rows that
/// have their values.
pub fn is_tied(view: &View, block: BlockId, position: usize) -> bool {
    let known = view.block(block);
    if !known.branches.is_empty() {
        return known.passes_values
            && known
                .branches
                .iter()
                .all(|branch| is_tied(view, *branch, position));
    }
    let Some(Some(output)) = known.outputs.get(position) else {
        return false;
    };
    output.columns.iter().all(|column| {
        column.attnum != pg_tviews_ir::WHOLE_ROW
            && match &view.source(column.source).kind {
                SourceKind::Table(_) => true,
                SourceKind::Computed | SourceKind::Recursion(_) => false,
                SourceKind::Derived(inner) => usize::try_from(column.attnum)
                    .ok()
                    .and_then(|attnum| attnum.checked_sub(1))
                    .is_some_and(|position| is_tied(view, *inner, position)),
            }
    })
}
