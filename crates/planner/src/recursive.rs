//! Affected units of a row that the recursive part of a WITH query reads, where the recursion starts from a key: a comment's
//! thread, a category's path.
//!
//! A row *p* of the recursive part takes part for a unit if the recursion, started for that unit, has come to a row that *p* is
//! joined with. So the search goes against the direction of the recursion: from *p* to the values that the joined row must
//! have (`reached`), from these to the rows of the recursive part that yield such values and on to the values before, again
//! and again, and at last from the rows of the first part that yield such values to the unit.
//!
//! As in every search, rows that are gone are looked for by the changed row nearest to the unit on the old path: what comes
//! before it is unchanged, so that its own search finds the unit.

use crate::UnitKey;
use crate::resolve::{Depth, Sight, enclosing_blocks};
use crate::search::Seeker;
use pg_tviews_ir::{BlockId, Column, Condition, Expression, SourceId, SourceKind, View};
use pg_tviews_sqltext::{REACHED, Recursion, Relation, Search, SearchSource, column};

/// An equality between a column that a recursion produces and a column of a table.
struct Tie<'v> {
    condition: &'v Condition,
    /// The produced column: its position in the WITH query's output, from 1.
    produced: i16,
    /// The column of the table.
    joined: Column,
}

/// A recursive WITH query.
struct Query<'v> {
    view: &'v View,
    key: &'v UnitKey,
    /// The source inside that stands for what was produced so far.
    itself: SourceId,
    /// Its first part.
    first: BlockId,
    /// Its recursive part.
    repeated: BlockId,
    /// How the recursive part is joined with what was produced so far.
    ties: Vec<Tie<'v>>,
}

/// The search from a row of `start`, if it is in the recursive part of a WITH query, or joined with what one produces, and the way
/// out of the recursion is known.
pub fn find(view: &View, key: &UnitKey, start: SourceId) -> Option<Search> {
    let around = enclosing_blocks(view, view.source(start).block);
    let queries = view
        .source_ids()
        .filter_map(|source| match view.source(source).kind {
            SourceKind::Recursion(block) => Query::new(view, key, source, block),
            _ => None,
        });
    let mut queries: Vec<Query<'_>> = queries.collect();
    if let Some(inside) = queries.iter().position(|query| around.contains(&query.repeated)) {
        let query = queries.swap_remove(inside);
        return query.leading_out_of(start);
    }
    queries.iter().find_map(|query| query.leading_through(start))
}

impl<'v> Query<'v> {
    fn new(view: &'v View, key: &'v UnitKey, itself: SourceId, block: BlockId) -> Option<Query<'v>> {
        let repeated = view.source(itself).block;
        let leaves = view.leaves(block);
        let (parts, first): (Vec<BlockId>, Vec<BlockId>) =
            leaves.into_iter().partition(|leaf| *leaf == repeated);
        let ([_], [first]) = (parts.as_slice(), first.as_slice()) else {
            return None;
        };
        let conditions = view.block(repeated).conditions.iter();
        let certain = conditions.filter(|condition| condition.guard.is_none());
        let ties: Vec<Tie<'v>> = certain
            .filter_map(|condition| tie(view, itself, condition))
            .collect();
        (!ties.is_empty()).then_some(Query {
            view,
            key,
            itself,
            first: *first,
            repeated,
            ties,
        })
    }

    /// From a row that the recursive part reads.
    fn leading_out_of(&self, start: SourceId) -> Option<Search> {
        let sight = Sight::from_source(self.view, start);
        let seed = Seeker::to_columns(self.view, &sight, vec![start], &self.joined())?.inner()?;
        let step = self.back(&self.ties)?;
        self.out(seed, Some(step), &self.ties)
    }

    /// From a row that is joined, by a path of its own, with a column that the recursion produces: what the first part
    /// produces with that value, and what the recursive part does.
    fn leading_through(&self, start: SourceId) -> Option<Search> {
        let view = self.view;
        let produced = view.source_ids().find(|source| match view.source(*source).kind {
            SourceKind::Derived(block) => view.leaves(block).contains(&self.repeated),
            _ => false,
        })?;
        let around = enclosing_blocks(view, view.source(start).block);
        let conditions = around.iter().flat_map(|block| &view.block(*block).conditions);
        let mut outer = conditions.filter_map(|condition| {
            let tie = tie(view, produced, condition)?;
            let guard = condition.guard.as_ref();
            guard
                .is_none_or(|guard| guard.contains(&tie.joined.source))
                .then_some(tie)
        });
        outer.find_map(|tie| {
            let sight = Sight::from_source(view, start);
            let seed = Seeker::to_columns(view, &sight, vec![start], &[tie.joined])?.inner()?;
            let outer = [tie];
            let mut first = self.out(seed.clone(), None, &outer)?;
            if !self.is_passed_on(outer[0].produced) {
                let mut back = self.back(&outer)?;
                back.recursion = Some(Box::new(Recursion { seed, step: None }));
                let further = self.out(back, Some(self.back(&self.ties)?), &self.ties)?;
                first.also.push(further);
            }
            Some(first)
        })
    }

    fn joined(&self) -> Vec<Column> {
        self.ties.iter().map(|tie| tie.joined).collect()
    }

    /// Whether the recursive part hands a column on as it gets it.
    fn is_passed_on(&self, produced: i16) -> bool {
        let own = Column {
            source: self.itself,
            attnum: produced,
        };
        output(self.view, self.repeated, produced).and_then(Expression::as_column) == Some(own)
    }

    /// From values that the recursive part has produced to the values that it was joined with.
    fn back(&self, from: &[Tie<'_>]) -> Option<Search> {
        let sight = Sight::from_block(self.view, self.repeated);
        step(self.view, &sight, self.repeated, from, |initial| {
            Seeker::to_columns(self.view, &sight, initial, &self.joined())
        })
    }

    /// From the values of the ties to the unit, through the first part.
    fn out(&self, seed: Search, step_back: Option<Search>, ties: &[Tie<'_>]) -> Option<Search> {
        let sight = Sight::from_block(self.view, self.first);
        let mut search = step_to_key(self.view, &sight, self.first, ties, self.key)?;
        search.recursion = Some(Box::new(Recursion {
            seed,
            step: step_back,
        }));
        Some(search)
    }
}

fn tie<'v>(view: &View, produced: SourceId, condition: &'v Condition) -> Option<Tie<'v>> {
    let equality = condition.equality.filter(|equality| equality.same_type)?;
    let of_table = |column: Column| view.table(column.source).is_some();
    let (produced, joined) = match (equality.left, equality.right) {
        (left, right) if left.source == produced && of_table(right) => (left, right),
        (left, right) if right.source == produced && of_table(left) => (right, left),
        _ => return None,
    };
    Some(Tie {
        condition,
        produced: produced.attnum,
        joined,
    })
}

fn output(view: &View, block: BlockId, attnum: i16) -> Option<&Expression> {
    let position = usize::try_from(attnum).ok()?.checked_sub(1)?;
    view.block(block).outputs.get(position)?.as_ref()
}

fn step_to_key(
    view: &View,
    sight: &Sight<'_>,
    block: BlockId,
    ties: &[Tie<'_>],
    key: &UnitKey,
) -> Option<Search> {
    step(view, sight, block, ties, |initial| {
        Seeker::to_key(view, key, sight, initial)
    })
}

/// The search that starts from `reached`: rows of `block` whose outputs have the values, and on to what the seeker seeks.
fn step<'v>(
    view: &'v View,
    sight: &Sight<'v>,
    block: BlockId,
    ties: &[Tie<'_>],
    seeker: impl FnOnce(Vec<SourceId>) -> Option<Seeker<'v>>,
) -> Option<Search> {
    let outputs: Option<Vec<Expression>> = ties
        .iter()
        .map(|tie| sight.expand(output(view, block, tie.produced)?, Depth::Tables))
        .collect();
    let outputs = outputs?;
    let mut initial: Vec<SourceId> = outputs
        .iter()
        .flat_map(|output| &output.columns)
        .map(|column| column.source)
        .collect();
    initial.sort_unstable();
    initial.dedup();
    let tables = initial.iter().all(|source| view.table(*source).is_some());
    (tables && initial.len() == 1).then_some(())?;
    let seeker = seeker(initial.clone())?;
    let mut search = seeker.inner()?;
    let conditions = ties
        .iter()
        .zip(&outputs)
        .enumerate()
        .map(|(number, (tie, output))| {
            let reached = column_of_reached(number);
            tie.condition.expression.template.render(|hole| {
                if tie.condition.expression.columns[hole] == tie.joined {
                    reached.clone()
                } else {
                    format!("({})", seeker.render(output))
                }
            })
        })
        .collect();
    seeker.name_initial(&mut search, conditions);
    search.sources.insert(
        0,
        SearchSource {
            relation: Relation::Reached,
            alias: REACHED.into(),
            conditions: vec![],
        },
    );
    Some(search)
}

fn column_of_reached(number: usize) -> String {
    column(REACHED, &format!("m{}", number + 1))
}
