//! The cheapest way from a changed row to what is searched for.

use super::{DERIVED_COST, Path, SCAN_COST, Seeker, Target};
use crate::resolve::Link;
use pg_tviews_ir::{SourceId, SourceKind, checkpoint};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// How a source is reached: from which one, over which link.
#[derive(Clone, Copy)]
struct Reached {
    cost: u32,
    from: SourceId,
    link: usize,
}

/// The ways that lead on from a path, while the cheapest one is looked for.
struct Ways<'p> {
    path: &'p Path,
    best: Vec<Option<Reached>>,
    /// By source: whether the cheapest way to it is known. It is for the sources of the path.
    done: Vec<bool>,
}

impl Ways<'_> {
    /// The sources on the way to one, the last one first, with the links that reach them.
    fn back(&self, at: SourceId) -> impl Iterator<Item = (SourceId, Reached)> + '_ {
        let mut next = self.best[at.0].map(|reached| (at, reached));
        std::iter::from_fn(move || {
            let (source, reached) = next?;
            next = self.best[reached.from.0].map(|before| (reached.from, before));
            Some((source, reached))
        })
    }

    /// Whether the way to a source passes one of some sources, or ends there.
    fn passes(&self, at: SourceId, wanted: impl Fn(&SourceId) -> bool) -> bool {
        self.path.sources.iter().any(&wanted) || self.back(at).any(|(source, _)| wanted(&source))
    }

    /// The path to a source.
    fn path_to(&self, at: SourceId) -> Path {
        let mut path = self.path.clone();
        let mut further: Vec<(SourceId, Reached)> = self.back(at).collect();
        further.reverse();
        for (source, reached) in further {
            path.sources.push(source);
            path.links.push(reached.link);
        }
        path
    }
}

impl Seeker<'_> {
    /// Cheapest way to all targets (Dijkstra to the nearest one, then from there on). `lax`: also over conditions that need not
    /// hold, to optional sources.
    pub(super) fn path(&self, lax: bool) -> Option<Path> {
        let mut path = Path {
            sources: self.initial.clone(),
            links: vec![],
        };
        while let Some(missing) = self
            .targets
            .iter()
            .find(|target| !target.is_reached(&path.sources))
        {
            let wanted = if lax {
                missing.sources()
            } else {
                self.targets.iter().flat_map(Target::sources).collect()
            };
            path = self.extend(&path, &wanted, lax)?;
        }
        Some(path)
    }

    /// The cheapest extension of a path that reaches one more of the wanted sources.
    fn extend(&self, path: &Path, wanted: &BTreeSet<SourceId>, lax: bool) -> Option<Path> {
        let count = self.view.sources.len();
        let mut ways = Ways {
            path,
            best: vec![None; count],
            done: vec![false; count],
        };
        for source in &path.sources {
            ways.done[source.0] = true;
        }
        let start = *self.initial.first()?;
        // Of those that cost the same, the source that stands first.
        let mut next = BinaryHeap::from([Reverse((0, start))]);
        while let Some(Reverse((cost, at))) = next.pop() {
            checkpoint();
            if at != start && std::mem::replace(&mut ways.done[at.0], true) {
                continue;
            }
            if at != start && wanted.contains(&at) {
                return Some(ways.path_to(at));
            }
            for number in self.links_on(at, at == start, path) {
                let Some(fresh) = self.next_source(&self.links[number], at, &ways, lax) else {
                    continue;
                };
                let step = if self.links[number].equality.is_some() {
                    1
                } else {
                    SCAN_COST
                };
                let whole = matches!(self.view.source(fresh).kind, SourceKind::Derived(_));
                let cost = cost + step + if whole { DERIVED_COST } else { 0 };
                if ways.best[fresh.0].is_none_or(|known| cost < known.cost) {
                    ways.best[fresh.0] = Some(Reached {
                        cost,
                        from: at,
                        link: number,
                    });
                    next.push(Reverse((cost, fresh)));
                }
            }
        }
        None
    }

    /// The links that may lead on from a source at the end of a way, in order. Those that lead on from earlier ones have been looked at with
    /// these, unless it is this source that makes them hold.
    fn links_on(&self, at: SourceId, is_start: bool, path: &Path) -> Vec<usize> {
        let mut links: Vec<usize> = if is_start {
            let sources = path.sources.iter();
            sources
                .flat_map(|source| self.links.of(*source))
                .copied()
                .collect()
        } else {
            let guard = |number: &usize| self.links[*number].guard.as_ref();
            let opened = self.links.guarded().iter().copied();
            let opened = opened.filter(|number| guard(number).is_some_and(|guard| guard.contains(&at)));
            self.links.of(at).iter().copied().chain(opened).collect()
        };
        links.sort_unstable();
        links.dedup();
        links
    }

    /// The one source that a link adds to those on the way to `at`, if it may be used from there and a cheaper way to it is not known. A
    /// condition of three tables leads from one of them only together with another one: where rows of both change at once, neither finds
    /// what the old ones led to.
    fn next_source(&self, link: &Link, at: SourceId, ways: &Ways<'_>, lax: bool) -> Option<SourceId> {
        let mut sources = link.sources.iter().copied();
        let (Some(one), Some(other), None) = (sources.next(), sources.next(), sources.next()) else {
            return None;
        };
        let (near, next) = match (ways.done[one.0], ways.done[other.0]) {
            (true, false) => (one, other),
            (false, true) => (other, one),
            _ => return None,
        };
        let leads_on = near == at || ways.passes(at, |source| *source == near);
        let holds = || {
            let guard = link.guard.as_ref();
            guard.is_none_or(|guard| ways.passes(at, |source| guard.contains(source)))
        };
        (leads_on && ((lax && self.optional(next)) || holds())).then_some(next)
    }
}
