//! The shape of a view: which sources lie below which others, as spans of numbers. Definitions of hundreds of nested sources are looked at from
//! each of them, so no set of sources is built where a comparison of two numbers does.

use crate::resolve::Known;
use pg_tviews_ir::{BlockId, Parent, SourceId, SourceKind, View};
use std::ops::Range;
use std::rc::Rc;

/// The numbers of a source or of what lies below something.
type Span = Range<usize>;

/// All sources in an order in which each stands right before those below it.
#[derive(Debug)]
pub struct Shape {
    /// The sources by their number.
    order: Vec<SourceId>,
    /// For each source the numbers of it and of all below it.
    sources: Vec<Span>,
    /// For each source how many outer joins it and those around it are optional in.
    optional: Vec<usize>,
    /// For each block the numbers of its sources and of all below them.
    blocks: Vec<Span>,
    /// For each block its sources, in that order.
    inside: Vec<Vec<SourceId>>,
    /// The blocks that are derived tables or branches, each after the one that it is in, with that one.
    outer: Vec<(BlockId, BlockId)>,
}

impl Shape {
    /// The shape of a view.
    pub fn of(view: &View) -> Rc<Shape> {
        Rc::clone(
            view.memo
                .get::<Known>()
                .shape
                .get_or_init(|| Rc::new(Shape::new(view))),
        )
    }

    fn new(view: &View) -> Shape {
        let mut inside: Vec<Vec<SourceId>> = vec![Vec::new(); view.blocks.len()];
        for source in view.source_ids() {
            inside[view.source(source).block.0].push(source);
        }
        let mut shape = Shape {
            order: Vec::with_capacity(view.sources.len()),
            sources: vec![0..0; view.sources.len()],
            optional: vec![0; view.sources.len()],
            blocks: vec![0..0; view.blocks.len()],
            inside,
            outer: Vec::new(),
        };
        for (number, block) in view.blocks.iter().enumerate() {
            if matches!(block.parent, None | Some(Parent::Sublink(_))) {
                shape.add(view, BlockId(number), 0);
            }
        }
        shape
    }

    /// Numbers the sources of a block, of its branches, and all below them. The block is optional in so many outer joins.
    fn add(&mut self, view: &View, block: BlockId, optional: usize) {
        let start = self.order.len();
        for place in 0..self.inside[block.0].len() {
            let source = self.inside[block.0][place];
            let start = self.order.len();
            self.order.push(source);
            self.optional[source.0] = optional + usize::from(view.source(source).nullable);
            if let SourceKind::Derived(inner) = view.source(source).kind {
                self.outer.push((inner, block));
                self.add(view, inner, self.optional[source.0]);
            }
            self.sources[source.0] = start..self.order.len();
        }
        for branch in &view.block(block).branches {
            self.outer.push((*branch, block));
            self.add(view, *branch, optional);
        }
        self.blocks[block.0] = start..self.order.len();
    }

    /// A source and all below it.
    pub fn below(&self, source: SourceId) -> &[SourceId] {
        let span = self.sources.get(source.0).cloned().unwrap_or_default();
        self.order.get(span).unwrap_or_default()
    }

    /// By block: whether it is a derived table (of derived tables …) of one of `blocks`, or a branch of one.
    pub fn derived_below(&self, blocks: &[bool]) -> Vec<bool> {
        let mut below = vec![false; self.blocks.len()];
        for (inner, outer) in &self.outer {
            below[inner.0] = blocks[outer.0] || below[outer.0];
        }
        below
    }
    /// The blocks that are derived tables or branches, each after the one that it is in, with that one.
    pub fn derived(&self) -> &[(BlockId, BlockId)] {
        &self.outer
    }

    /// Whether a source can be replaced by NULLs, as seen from the block `seen_from` or one inside it.
    pub fn is_nullable(&self, source: SourceId, seen_from: BlockId) -> bool {
        let number = self.sources[source.0].start;
        let inside = &self.inside[seen_from.0];
        let after = inside.partition_point(|other| self.sources[other.0].start <= number);
        let around = after.checked_sub(1).map(|place| inside[place]);
        let around = around.filter(|around| self.sources[around.0].contains(&number));
        self.optional[source.0] > around.map_or(0, |around| self.optional[around.0])
    }
}

/// A set of sources with all that is below them.
#[derive(Clone, Debug)]
pub struct Region {
    shape: Rc<Shape>,
    /// Apart from each other, in order.
    spans: Vec<Span>,
}

impl Region {
    /// These sources and all below them.
    pub fn below_all<'a>(shape: &Rc<Shape>, sources: impl IntoIterator<Item = &'a SourceId>) -> Region {
        let sources = sources.into_iter();
        Region::of(
            shape,
            sources
                .filter_map(|source| shape.sources.get(source.0).cloned())
                .collect(),
        )
    }

    /// The sources of a block and all below them.
    pub fn of_block(shape: &Rc<Shape>, block: BlockId) -> Region {
        Region::of(shape, shape.blocks.get(block.0).cloned().into_iter().collect())
    }

    fn of(shape: &Rc<Shape>, mut spans: Vec<Span>) -> Region {
        spans.sort_unstable_by_key(|span| (span.start, span.end));
        spans.dedup_by(|later, earlier| {
            let touches = later.start <= earlier.end;
            if touches {
                earlier.end = earlier.end.max(later.end);
            }
            touches
        });
        spans.retain(|span| !span.is_empty());
        Region {
            shape: Rc::clone(shape),
            spans,
        }
    }
    /// How many sources are in it.
    pub fn len(&self) -> usize {
        self.spans.iter().map(Range::len).sum()
    }

    /// Whether a source is in it.
    pub fn contains(&self, source: &SourceId) -> bool {
        let number = self.shape.sources.get(source.0).map_or(0, |span| span.start);
        let after = self.spans.partition_point(|span| span.start <= number);
        let before = after.checked_sub(1).and_then(|place| self.spans.get(place));
        before.is_some_and(|span| span.contains(&number))
    }
}

impl PartialEq for Region {
    fn eq(&self, other: &Region) -> bool {
        self.spans == other.spans
    }
}

impl Eq for Region {}
