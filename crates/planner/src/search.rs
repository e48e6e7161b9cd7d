//! Affected units: from a changed row of one occurrence to the unit key.
//!
//! The search is the definition's FROM clause with the occurrence replaced by the changed rows, outer joins on the path turned
//! into inner ones, everything off the path left out, and correlated subqueries flattened: their correlation is a join, their
//! LIMIT, ORDER BY and aggregates don't matter. A condition serves as a link of the path only if it is certain to hold
//! for every combination of rows in which the changed row has a say:
//!
//! * the condition of an outer join holds only for combinations with a real row of its optional side ([`Link::guard`]);
//! * where the condition speaks of a table that an outer join may have replaced by NULLs, NULLs must make it not true; else a
//!   combination without a row of that table counts as well, and would be missed by an inner join.
//!
//! Where equalities give the whole key from rows before the root, the root is left out: the unit is then found even if the
//! root's row is already gone, or not yet visible.
//!
//! Keys of several sources, or of optional ones, are searched by outer joins ([`spread`]).

use crate::absence::{absent_together, optional};
use crate::recursive;
use crate::resolve::{Depth, Link, Links, Sight};
use crate::root::alternatives;
use crate::shape::Shape;
use crate::{Finding, UnitKey};
use pg_tviews_ir::{BlockId, Column, Expression, SourceId, SourceKind, View};
use pg_tviews_sqltext::{Relation, Search, SearchSource, column, derived_column, qualified};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

mod path;
mod steps;

pub use steps::{Step, steps};

/// A step over a condition that is not an equality of columns costs as much as this many that are.
const SCAN_COST: u32 = 100;
/// A step into a derived table as a whole costs as much as this many into tables.
const DERIVED_COST: u32 = 20;
/// Most optional sources whose absence a search considers one by one.
const MOST_OPTIONAL: usize = 4;

/// What a search from one source has to find.
pub(crate) struct Target {
    value: Expression,
    /// Columns any of which gives the value; empty if only the whole expression does.
    alternatives: Vec<Column>,
}

impl Target {
    fn sources(&self) -> BTreeSet<SourceId> {
        let columns = if self.alternatives.is_empty() {
            &self.value.columns
        } else {
            &self.alternatives
        };
        columns.iter().map(|column| column.source).collect()
    }

    fn is_reached(&self, reached: &[SourceId]) -> bool {
        let sources = self.sources();
        if self.alternatives.is_empty() {
            sources.iter().all(|source| reached.contains(source))
        } else {
            sources.iter().any(|source| reached.contains(source))
        }
    }
}

/// The view as a search from one source sees it.
pub(crate) struct Seeker<'v> {
    view: &'v View,
    leaf: BlockId,
    links: Rc<Links>,
    /// Where the search starts: the changed occurrence, or what a recursion has led to.
    initial: Vec<SourceId>,
    targets: Vec<Target>,
}

/// A way from the initial sources: the sources in the order in which they are reached, and for each but the initial ones the number
/// of the link that reaches it.
#[derive(Clone)]
struct Path {
    sources: Vec<SourceId>,
    links: Vec<usize>,
}

/// Sources in an order, and where each stands.
struct Places<'p> {
    sources: &'p [SourceId],
    links: &'p [usize],
    of: HashMap<SourceId, usize>,
}

impl<'p> Places<'p> {
    fn of(sources: &'p [SourceId], links: &'p [usize]) -> Places<'p> {
        Places {
            sources,
            links,
            of: sources.iter().copied().zip(0..).collect(),
        }
    }
}

/// Finds the way from a changed row of `start` to the unit key.
pub fn find(view: &View, key: &UnitKey, start: SourceId) -> Finding {
    let direct = || Seeker::new(view, key, start).and_then(|seeker| seeker.find());
    let through_recursion = || recursive::find(view, key, start).map(Finding::Search);
    direct().or_else(through_recursion).unwrap_or(Finding::Everything)
}

impl<'v> Seeker<'v> {
    fn new(view: &'v View, key: &UnitKey, start: SourceId) -> Option<Seeker<'v>> {
        Seeker::to_key(view, key, &Sight::from_source(view, start), vec![start])
    }

    /// A search for the unit key.
    pub(crate) fn to_key(
        view: &'v View,
        key: &UnitKey,
        sight: &Sight<'v>,
        initial: Vec<SourceId>,
    ) -> Option<Seeker<'v>> {
        if key.columns.is_empty() {
            return None;
        }
        let leaf = sight.leaf()?;
        let targets: Option<Vec<Target>> = key
            .columns
            .iter()
            .map(|part| {
                let output = view.block(leaf).outputs.get(part.position)?.as_ref()?;
                let value = sight.expand(output, Depth::Tables)?;
                Some(Target {
                    alternatives: alternatives(view, leaf, &value),
                    value,
                })
            })
            .collect();
        Some(Seeker {
            view,
            leaf,
            links: sight.links(),
            initial,
            targets: targets?,
        })
    }

    /// A search for the values of columns.
    pub(crate) fn to_columns(
        view: &'v View,
        sight: &Sight<'v>,
        initial: Vec<SourceId>,
        columns: &[Column],
    ) -> Option<Seeker<'v>> {
        let targets = columns.iter().map(|column| Target {
            value: Expression::of_column(*column),
            alternatives: vec![*column],
        });
        Some(Seeker {
            view,
            leaf: sight.leaf()?,
            links: sight.links(),
            initial,
            targets: targets.collect(),
        })
    }

    /// Makes the initial sources of a search ordinary tables, the first of them with these conditions.
    pub(crate) fn name_initial(&self, search: &mut Search, conditions: Vec<String>) {
        for (place, source) in self.initial.iter().enumerate() {
            if let (Some(entry), Some(table)) = (search.sources.get_mut(place), self.view.table(*source)) {
                entry.relation = Relation::Table(qualified(&table.schema, &table.name));
            }
        }
        let last = self.initial.len().saturating_sub(1);
        if let Some(entry) = search.sources.get_mut(last) {
            entry.conditions.extend(conditions);
        }
    }

    /// The search by inner joins.
    pub(crate) fn inner(&self) -> Option<Search> {
        let (path, values, sources) = self.way()?;
        Some(self.inner_search(&path, &sources, &values))
    }

    fn optional(&self, source: SourceId) -> bool {
        optional(self.view, self.leaf, source)
    }

    /// Whether one inner search can't name all units: see [`spread`].
    fn is_spread(&self) -> bool {
        let mut sources = BTreeSet::new();
        for target in &self.targets {
            let of_target = target.sources();
            // Of merged columns one is there, unless an outer join around them takes all away.
            let missing = if target.alternatives.len() > 1 {
                absent_together(self.view, self.leaf, &target.alternatives)
            } else {
                of_target.iter().any(|source| self.optional(*source))
            };
            if missing {
                return true;
            }
            sources.insert(of_target);
        }
        sources.len() > 1
    }

    fn find(&self) -> Option<Finding> {
        if self.is_spread() {
            return self.spread().map(Finding::Search);
        }
        let (path, values, sources) = self.way()?;
        let direct: Option<Vec<i16>> = values
            .iter()
            .map(|value| {
                value
                    .as_column()
                    .filter(|column| self.initial == [column.source])
                    .map(|column| column.attnum)
            })
            .collect();
        if let (Some(attnums), [_]) = (direct, sources.as_slice())
            && self
                .initial
                .iter()
                .all(|source| self.view.table(*source).is_some())
        {
            return Some(Finding::Direct(attnums));
        }
        Some(Finding::Search(self.inner_search(&path, &sources, &values)))
    }

    /// The path of inner joins to the targets, the targets' values on it, and the sources of it that they need.
    fn way(&self) -> Option<(Path, Vec<Expression>, Vec<SourceId>)> {
        let path = self.path(false)?;
        let values: Vec<Expression> = self
            .targets
            .iter()
            .map(|target| self.nearest_value(target, &path))
            .collect();
        let sources = self.prune(&path, &values);
        Some((path, values, sources))
    }

    /// What gives a key column its value: the column nearest to the changed row that equalities on the path make equal to it,
    /// else its own expression.
    fn nearest_value(&self, target: &Target, path: &Path) -> Expression {
        let places: HashMap<SourceId, usize> = path.sources.iter().copied().zip(0..).collect();
        let place = |column: &Column| places.get(&column.source).copied();
        let alternatives = target.alternatives.iter();
        let mut links: Vec<usize> = alternatives
            .flat_map(|column| self.links.of(column.source).iter().copied())
            .collect();
        links.sort_unstable();
        links.dedup();
        let equal = links
            .iter()
            .map(|number| &self.links[*number])
            .filter(|link| holds(link, &path.sources))
            .filter_map(|link| link.equality.filter(|equality| equality.same_type))
            .filter_map(|equality| match (equality.left, equality.right) {
                (left, right) if target.alternatives.contains(&left) => Some(right),
                (left, right) if target.alternatives.contains(&right) => Some(left),
                _ => None,
            });
        let nearest = equal
            .chain(target.alternatives.iter().copied())
            .filter(|column| place(column).is_some())
            .min_by_key(place);
        nearest.map_or_else(|| target.value.clone(), Expression::of_column)
    }

    /// The part of a path that the key's values need: their sources and what leads to them.
    fn prune(&self, path: &Path, values: &[Expression]) -> Vec<SourceId> {
        let mut needed: BTreeSet<SourceId> = values
            .iter()
            .flat_map(|value| &value.columns)
            .map(|column| column.source)
            .collect();
        needed.extend(&self.initial);
        // Each further source was reached by the link of the same position: walk back and keep what a kept source needs.
        let reached = path.sources.iter().skip(self.initial.len());
        for (source, link) in reached.zip(&path.links).rev() {
            if needed.contains(source) {
                needed.extend(self.links[*link].sources.iter().copied());
            }
        }
        path.sources
            .iter()
            .copied()
            .filter(|source| needed.contains(source))
            .collect()
    }

    pub(crate) fn render(&self, expression: &Expression) -> String {
        rendered(self.view, expression)
    }

    fn column_name(&self, wanted: Column) -> String {
        column_name(self.view, wanted)
    }

    /// Besides the link that reaches a source, further equalities with sources reached before: the other columns of a
    /// multi-column key. Other conditions stay out: they would only narrow the search, but could raise an error that the
    /// definition does not. A spread search (`lax`) needs them all: a row that is found must not stand in for one that is gone.
    fn conditions_at(
        &self,
        path: &Places<'_>,
        sources: &Places<'_>,
        position: usize,
        lax: bool,
    ) -> Vec<String> {
        let source = sources.sources[position];
        let place = path.of.get(&source);
        let chosen = place.and_then(|place| path.links.get(place.checked_sub(self.initial.len())?));
        let is_before = |source: &SourceId| sources.of.get(source).is_some_and(|place| *place <= position);
        let links = self.links.of(source).iter().filter(|number| {
            let link = &self.links[**number];
            let certain = || (lax && self.optional(source)) || holds(link, sources.sources);
            link.sources.iter().all(is_before)
                && (chosen == Some(number)
                    || (link.sources.len() == 2 && (lax || link.equality.is_some()) && certain()))
        });
        links
            .map(|number| self.render(&self.links[*number].expression))
            .collect()
    }

    fn relation(&self, position: usize, source: SourceId) -> Relation {
        match &self.view.source(source).kind {
            _ if position == 0 => Relation::Changed,
            SourceKind::Table(table) => Relation::Table(qualified(&table.schema, &table.name)),
            SourceKind::Derived(block) => {
                let text = self.view.block(*block).text.clone();
                Relation::Derived {
                    query: text.unwrap_or_default(),
                    width: self.view.width(*block),
                }
            }
            SourceKind::Computed | SourceKind::Recursion(_) => Relation::Changed,
        }
    }

    fn search_sources(&self, path: &Path, sources: &[SourceId], lax: bool) -> Vec<SearchSource> {
        let path = Places::of(&path.sources, &path.links);
        let places = Places::of(sources, &[]);
        let numbered = sources.iter().enumerate();
        numbered
            .map(|(position, source)| SearchSource {
                relation: self.relation(position, *source),
                alias: alias(*source),
                conditions: if position == 0 {
                    vec![]
                } else {
                    self.conditions_at(&path, &places, position, lax)
                },
            })
            .collect()
    }

    fn inner_search(&self, path: &Path, sources: &[SourceId], values: &[Expression]) -> Search {
        Search {
            sources: self.search_sources(path, sources, false),
            keys: vec![values.iter().map(|value| self.render(value)).collect()],
            known: vec![],
            found: vec![],
            passes: vec![],
            recursion: None,
            also: vec![],
            can_fail: self.can_fail(path, values),
        }
    }

    /// The search for a key whose columns come from several sources, or from the optional side of an outer join.
    ///
    /// A changed row names a unit together with rows of the key's other sources, and these can be gone already: one statement, or
    /// two transactions, may take them all away. So the search joins by outer joins and says which columns it knows. With some
    /// unknown, or if rows of tables on the path have changed as well (another row that is found says nothing about one that
    /// is gone), the tview itself tells the units that have one of the columns found: those that had rows before. (Take, of
    /// the changed rows that a vanished row of the tview came from, the one nearest to a key source on the old path: its own
    /// search still finds that source's columns.) A unit that gets its first rows has all its sources, and is found as a
    /// whole.
    ///
    /// A column from an optional source is NULL for the combinations without a row of it, and a change can make such
    /// combinations come and go: the units with NULL there are affected as well.
    fn spread(&self) -> Option<Search> {
        let path = self.path(true)?;
        let values: Vec<Expression> = self
            .targets
            .iter()
            .map(|target| {
                let reached = |column: &&Column| path.sources.contains(&column.source);
                let first = target.alternatives.iter().find(reached);
                first.map_or_else(|| target.value.clone(), |column| Expression::of_column(*column))
            })
            .collect();
        let sources = self.prune(&path, &values);
        let needed: BTreeSet<SourceId> = values
            .iter()
            .flat_map(|value| &value.columns)
            .map(|column| column.source)
            .collect();
        let optional: Vec<SourceId> = needed
            .iter()
            .copied()
            .filter(|source| self.optional(*source))
            .collect();
        if optional.len() > MOST_OPTIONAL {
            return None;
        }
        let known = values
            .iter()
            .map(|value| {
                let required = value
                    .columns
                    .iter()
                    .map(|column| column.source)
                    .find(|source| !self.optional(*source) && !self.initial.contains(source));
                required.map(|source| self.is_there(source))
            })
            .collect();
        let found = values
            .iter()
            .map(|value| {
                let sources = value.columns.iter().map(|column| column.source);
                sources
                    .filter(|source| !self.initial.contains(source))
                    .map(|source| self.is_there(source))
                    .next()
            })
            .collect();
        let keys = (0..1usize << optional.len())
            .map(|absent| {
                let is_absent = |source: SourceId| {
                    optional
                        .iter()
                        .position(|known| *known == source)
                        .is_some_and(|bit| absent & (1 << bit) != 0)
                };
                values
                    .iter()
                    .map(|value| self.render_without(value, is_absent))
                    .collect()
            })
            .collect();
        Some(Search {
            sources: self.search_sources(&path, &sources, true),
            keys,
            known,
            found,
            passes: self.tables_passed(&sources),
            recursion: None,
            also: vec![],
            can_fail: self.can_fail(&path, &values),
        })
    }

    /// Whether a way, or what it leads to, computes something that can fail: the definition may leave out the rows for which it does.
    fn can_fail(&self, path: &Path, values: &[Expression]) -> bool {
        let fails = |number: &usize| {
            let link = &self.links[*number];
            link.equality.is_none() && !link.harmless
        };
        path.links.iter().any(fails) || values.iter().any(|value| value.as_column().is_none())
    }

    /// The condition under which an outer join has found a row of a source.
    fn is_there(&self, source: SourceId) -> String {
        let whole = matches!(self.view.source(source).kind, SourceKind::Derived(_));
        pg_tviews_sqltext::row_is_there(&alias(source), whole)
    }

    /// The tables of a path after its start, those below derived tables included.
    fn tables_passed(&self, sources: &[SourceId]) -> Vec<u32> {
        let further = sources.iter().skip(self.initial.len());
        let shape = Shape::of(self.view);
        let below = further.flat_map(|source| shape.below(*source));
        let tables: BTreeSet<u32> = below
            .filter_map(|source| self.view.table(*source))
            .map(|table| table.oid)
            .collect();
        tables.into_iter().collect()
    }

    /// An expression in which the columns of some sources are NULL.
    fn render_without(&self, expression: &Expression, absent: impl Fn(SourceId) -> bool) -> String {
        let columns = &expression.columns;
        expression.template.render(|hole| {
            let text = column(&alias(columns[hole].source), &self.column_name(columns[hole]));
            if absent(columns[hole].source) {
                // NULL with the type of the column.
                format!("(CASE WHEN false THEN {text} END)")
            } else {
                text
            }
        })
    }
}

/// An expression over the sources' names in searches.
pub(crate) fn rendered(view: &View, expression: &Expression) -> String {
    let columns = &expression.columns;
    expression
        .template
        .render(|hole| column(&alias(columns[hole].source), &column_name(view, columns[hole])))
}

fn column_name(view: &View, wanted: Column) -> String {
    let name = match &view.source(wanted.source).kind {
        SourceKind::Table(table) => table.column(wanted.attnum).map(|column| column.name.clone()),
        SourceKind::Derived(_) => Some(derived_column(wanted.attnum)),
        SourceKind::Computed | SourceKind::Recursion(_) => None,
    };
    name.unwrap_or_default()
}

pub(crate) fn alias(source: SourceId) -> String {
    format!("s{}", source.0)
}

/// Whether a link certainly holds for combinations with real rows of these sources.
pub(crate) fn holds(link: &Link, reached: &[SourceId]) -> bool {
    link.guard
        .as_ref()
        .is_none_or(|guard| reached.iter().any(|source| guard.contains(source)))
}

/// The columns of `into` that are equal to columns of sources already reached: through them it is entered.
pub fn entered_columns(
    links: &Links,
    is_reached: impl Fn(SourceId) -> bool,
    into: SourceId,
) -> BTreeSet<i16> {
    let links_into = links.of(into).iter();
    links_into
        .filter_map(|number| links[*number].equality)
        .filter_map(|equality| match (equality.left, equality.right) {
            (left, right) if left.source == into && is_reached(right.source) => Some(left.attnum),
            (left, right) if right.source == into && is_reached(left.source) => Some(right.attnum),
            _ => None,
        })
        .collect()
}

/// The path of a finding, for index advice: the sources from the changed row to the key, and the links of the view.
pub fn path_sources(view: &View, key: &UnitKey, start: SourceId) -> Option<(Vec<SourceId>, Rc<Links>)> {
    let seeker = Seeker::new(view, key, start)?;
    let path = seeker.path(seeker.is_spread())?;
    Some((path.sources, seeker.links))
}
