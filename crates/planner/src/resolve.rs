//! Seeing through derived tables: a column of a derived table stands for an expression over the tables inside, or, where it
//! stands for nothing of the kind, the derived table is a relation of its own.

use crate::shape::{Region, Shape};
use pg_tviews_ir::{
    BlockId, Column, Condition, Equality, Expression, Parent, SourceId, SourceKind, View, checkpoint,
};
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::ops::Deref;
use std::rc::Rc;

/// An expression over derived tables that is longer than this over tables is not looked at: where each stands for two of the one below it, the
/// length doubles from one to the next.
pub(crate) const LONGEST: usize = 20_000;

/// A condition over tables, and over derived tables that are taken as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The condition.
    pub expression: Expression,
    /// See [`Condition::guard`].
    pub guard: Option<Region>,
    /// The sources that the condition speaks of.
    pub sources: BTreeSet<SourceId>,
    /// If the condition is an equality of two columns.
    pub equality: Option<Equality>,
    /// See [`Condition::harmless`].
    pub harmless: bool,
}

/// How deep to look into derived tables.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Depth {
    /// Down to tables wherever a column stands for an expression over them.
    Tables,
    /// Derived tables that refer to nothing outside themselves are relations.
    Derived,
}

/// A view as seen from one of its sources.
pub struct Sight<'v> {
    view: &'v View,
    seen: Rc<Seen>,
}

/// What columns stand for.
type StandsFor = HashMap<(Column, Depth), Option<Rc<Expression>>>;

/// What is seen from a block.
struct Seen {
    block: BlockId,
    shape: Rc<Shape>,
    /// The blocks around the source: of a set operation only the branch among them counts.
    around: Around,
    known: RefCell<StandsFor>,
    links: OnceCell<Rc<Links>>,
}

/// What is known of a view, kept beside it: sources are often looked at one after the other that stand in one block.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) shape: OnceCell<Rc<Shape>>,
    /// The last ones.
    seen: RefCell<Vec<Rc<Seen>>>,
    /// The links of derived tables that are the same from wherever they are seen.
    siblings: RefCell<HashMap<BlockId, Rc<Vec<Rc<Link>>>>>,
    /// By block: see [`crate::locate::is_joined_block`].
    pub(crate) joined: OnceCell<Vec<bool>>,
    /// How many conditions make a source optional, if they are known.
    pub(crate) asked: RefCell<HashMap<SourceId, Option<usize>>>,
    /// The table columns that decide something.
    pub(crate) deciding: OnceCell<BTreeSet<Column>>,
    /// Columns that show those of tables as they are.
    pub(crate) transparent: RefCell<HashMap<Column, bool>>,
    /// Columns whose values follow from table columns alone.
    pub(crate) settled: RefCell<HashMap<Column, bool>>,
    /// What columns show of a row of a source.
    pub(crate) shown: RefCell<HashMap<(SourceId, Column), Option<Expression>>>,
}

/// The first and the last source of a link.
type Ends = (Option<SourceId>, Option<SourceId>);

/// Links, each once.
#[derive(Default)]
struct Distinct {
    /// By their ends: what has others is another one.
    between: HashMap<Ends, Vec<Rc<Link>>>,
}

impl Distinct {
    /// Adds a link; `None` if it is known.
    fn add(&mut self, link: Link) -> Option<Rc<Link>> {
        let ends = (link.sources.first().copied(), link.sources.last().copied());
        let known = self.between.entry(ends).or_default();
        if known.iter().any(|known| **known == link) {
            return None;
        }
        let link = Rc::new(link);
        known.push(Rc::clone(&link));
        Some(link)
    }
}

/// The links that are seen from a block.
pub struct Links {
    all: Vec<Rc<Link>>,
    /// For each source the numbers of the links that speak of it.
    of_source: Vec<Vec<usize>>,
    /// The numbers of the links that hold only with a row of certain sources.
    guarded: Vec<usize>,
}

impl Links {
    fn new(view: &View, all: Vec<Rc<Link>>) -> Links {
        let mut of_source = vec![Vec::new(); view.sources.len()];
        for (number, link) in all.iter().enumerate() {
            for source in &link.sources {
                of_source[source.0].push(number);
            }
        }
        let guarded = all.iter().enumerate().filter(|(_, link)| link.guard.is_some());
        Links {
            guarded: guarded.map(|(number, _)| number).collect(),
            of_source,
            all,
        }
    }

    /// The numbers of the links that speak of a source.
    pub fn of(&self, source: SourceId) -> &[usize] {
        self.of_source.get(source.0).map_or(&[], Vec::as_slice)
    }

    /// The numbers of the links that hold only with a row of certain sources.
    pub fn guarded(&self) -> &[usize] {
        &self.guarded
    }
}

impl Deref for Links {
    type Target = [Rc<Link>];

    fn deref(&self) -> &[Rc<Link>] {
        &self.all
    }
}

/// Some blocks.
struct Around(Vec<bool>);

impl Around {
    fn contains(&self, block: BlockId) -> bool {
        self.0.get(block.0).copied().unwrap_or(false)
    }
}

impl<'v> Sight<'v> {
    /// As seen from a source.
    pub fn from_source(view: &'v View, start: SourceId) -> Sight<'v> {
        Sight::from_block(view, view.source(start).block)
    }

    /// As seen from inside a block.
    pub fn from_block(view: &'v View, block: BlockId) -> Sight<'v> {
        /// So many are kept: the one of a source that is looked at, and of what it is compared with.
        const MOST: usize = 4;
        let known = view.memo.get::<Known>();
        let mut kept = known.seen.borrow_mut();
        if let Some(seen) = kept.iter().find(|seen| seen.block == block) {
            let seen = Rc::clone(seen);
            return Sight { view, seen };
        }
        let mut around = vec![false; view.blocks.len()];
        for block in enclosing_blocks(view, block) {
            around[block.0] = true;
        }
        let seen = Rc::new(Seen {
            block,
            shape: Shape::of(view),
            around: Around(around),
            known: RefCell::default(),
            links: OnceCell::new(),
        });
        if kept.len() >= MOST {
            kept.remove(0);
        }
        kept.push(Rc::clone(&seen));
        Sight { view, seen }
    }

    /// The branch of the definition's set operation that is looked at, or the definition itself.
    pub fn leaf(&self) -> Option<BlockId> {
        let leaves = self.view.leaves(pg_tviews_ir::ROOT_BLOCK);
        leaves.into_iter().find(|leaf| self.seen.around.contains(*leaf))
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
            .find(|branch| self.seen.around.contains(**branch))?;
        known.passes_values.then_some(())?;
        self.output(*branch, attnum)
    }

    /// Whether a derived table may be taken as a relation.
    fn is_relation(&self, block: BlockId) -> bool {
        !self.seen.around.contains(block) && self.view.block(block).text.is_some()
    }

    /// Replaces columns of derived tables by what they stand for. `None` if one of them stands for nothing that can be relied
    /// upon and its table can't be taken as a whole either.
    pub fn expand(&self, expression: &Expression, depth: Depth) -> Option<Expression> {
        if expression.as_column().is_some() {
            return self
                .stands_for(expression.columns[0], depth)
                .map(Rc::unwrap_or_clone);
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
                strict.extend(&inner.strict);
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
            fills.push((inner, renumbered));
        }
        let lengths = expression
            .template
            .holes()
            .map(|hole| fills[hole].0.template.length());
        if lengths.sum::<usize>() > LONGEST {
            return None;
        }
        let merged: Option<Vec<Column>> = expression
            .merges
            .iter()
            .map(|column| self.column(*column, depth))
            .collect();
        Some(Expression {
            template: expression
                .template
                .substitute(|hole| (fills[hole].0.template.clone(), fills[hole].1.clone())),
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

    fn stands_for(&self, column: Column, depth: Depth) -> Option<Rc<Expression>> {
        match &self.view.source(column.source).kind {
            SourceKind::Table(_) => Some(Rc::new(Expression::of_column(column))),
            SourceKind::Computed | SourceKind::Recursion(_) => None,
            SourceKind::Derived(block) => {
                if let Some(known) = self.seen.known.borrow().get(&(column, depth)) {
                    return known.clone();
                }
                let whole =
                    || (self.is_relation(*block) && column.attnum > 0).then(|| Expression::of_column(column));
                let inside = || self.expand(self.output(*block, column.attnum)?, depth);
                let found = match depth {
                    Depth::Tables => inside().or_else(whole),
                    Depth::Derived => whole().or_else(inside),
                };
                let found = found.map(Rc::new);
                self.seen
                    .known
                    .borrow_mut()
                    .insert((column, depth), found.clone());
                found
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
    pub fn links(&self) -> Rc<Links> {
        let links = self
            .seen
            .links
            .get_or_init(|| Rc::new(Links::new(self.view, self.all_links())));
        Rc::clone(links)
    }

    fn all_links(&self) -> Vec<Rc<Link>> {
        let mut links: Vec<Rc<Link>> = Vec::new();
        let below = self.seen.shape.derived_below(&self.seen.around.0);
        let mut distinct = Distinct::default();
        for (number, block) in self.view.blocks.iter().enumerate() {
            let id = BlockId(number);
            if self.seen.around.contains(id) {
                let own = block.conditions.iter();
                links
                    .extend(own.flat_map(|condition| self.of_condition(id, condition, false, &mut distinct)));
            } else if below[number] {
                // With its rows it is told apart from those of all other blocks.
                links.extend(self.of_sibling(id).iter().cloned());
            }
        }
        links
    }

    /// The links that the conditions of a derived table are. They are the same from wherever they are seen, unless it looks out at other derived
    /// tables.
    fn of_sibling(&self, id: BlockId) -> Rc<Vec<Rc<Link>>> {
        let memo = self.view.memo.get::<Known>();
        if let Some(known) = memo.siblings.borrow().get(&id) {
            return Rc::clone(known);
        }
        let conditions = &self.view.block(id).conditions;
        let mut distinct = Distinct::default();
        let links = conditions.iter();
        let links = links.flat_map(|condition| self.of_condition(id, condition, true, &mut distinct));
        let links = Rc::new(links.collect::<Vec<_>>());
        let looks_out = |column: &Column| {
            let source = self.view.source(column.source);
            source.block != id && self.view.table(column.source).is_none()
        };
        let expressions = conditions.iter().map(|condition| &condition.expression);
        let mut columns =
            expressions.flat_map(|expression| expression.columns.iter().chain(&expression.merges));
        if !columns.any(looks_out) {
            memo.siblings.borrow_mut().insert(id, Rc::clone(&links));
        }
        links
    }

    /// The links that a condition is, those that are not known yet.
    fn of_condition(
        &self,
        id: BlockId,
        condition: &Condition,
        sibling: bool,
        distinct: &mut Distinct,
    ) -> Vec<Rc<Link>> {
        checkpoint();
        // Both depths are the same where there are no derived tables to look into.
        let depths: &[Depth] = if self.is_over_tables(&condition.expression) {
            &[Depth::Tables]
        } else {
            &[Depth::Tables, Depth::Derived]
        };
        let links = depths.iter().filter_map(|depth| {
            let expression = self.expand(&condition.expression, *depth)?;
            distinct.add(self.link(id, condition, expression, sibling, *depth)?)
        });
        links.collect()
    }

    fn link(
        &self,
        block: BlockId,
        condition: &Condition,
        expression: Expression,
        sibling: bool,
        depth: Depth,
    ) -> Option<Link> {
        if expression
            .columns
            .iter()
            .any(|column| column.attnum == pg_tviews_ir::WHOLE_ROW)
        {
            return None;
        }
        let nullable_here = Region::below_all(&self.seen.shape, &condition.nullable);
        let sources: BTreeSet<SourceId> = expression.columns.iter().map(|column| column.source).collect();
        for source in &sources {
            let nullable = nullable_here.contains(source) || self.seen.shape.is_nullable(*source, block);
            if nullable && !expression.strict.iter().any(|column| column.source == *source) {
                return None;
            }
        }
        let guard = match &condition.guard {
            Some(guard) => Some(Region::below_all(&self.seen.shape, guard)),
            None if sibling => Some(Region::of_block(&self.seen.shape, block)),
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

/// Whether a block is the root block or reached from it through derived tables and branches only.
pub fn in_root_tree(view: &View, block: BlockId) -> bool {
    let mut current = block;
    while let Some(Parent::Derived(_) | Parent::Branch(_)) = view.block(current).parent
        && let Some(outer) = view.parent_block(current)
    {
        current = outer;
    }
    current == pg_tviews_ir::ROOT_BLOCK
}

/// The derived table that a block is, or is a branch of.
pub fn derived_around(view: &View, block: BlockId) -> Option<SourceId> {
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

/// Whether an output of a block ties its rows to columns of tables, in every branch: changed rows then can influence only rows that
/// have their values.
pub fn is_tied(view: &View, block: BlockId, position: usize) -> bool {
    ties(view, block, position, &mut HashMap::new())
}

fn ties(view: &View, block: BlockId, position: usize, seen: &mut HashMap<(BlockId, usize), bool>) -> bool {
    if let Some(tied) = seen.get(&(block, position)) {
        return *tied;
    }
    let tied = ties_here(view, block, position, seen);
    seen.insert((block, position), tied);
    tied
}

fn ties_here(
    view: &View,
    block: BlockId,
    position: usize,
    seen: &mut HashMap<(BlockId, usize), bool>,
) -> bool {
    let known = view.block(block);
    if !known.branches.is_empty() {
        return known.passes_values
            && known
                .branches
                .iter()
                .all(|branch| ties(view, *branch, position, seen));
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
                    .is_some_and(|position| ties(view, *inner, position, seen)),
            }
    })
}
