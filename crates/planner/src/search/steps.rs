//! The steps of a search one by one: what has to stand still for it to go the same way again.

use super::{Path, Seeker};
use crate::UnitKey;
use pg_tviews_ir::{Column, Expression, SourceId, View};
use pg_tviews_sqltext::Search;

/// A step of a search: into a table, over an equality with a column of a table before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The column by which the table is entered.
    pub into: Column,
    /// The column that has the values.
    pub from: Column,
    /// From the changed rows to these values.
    pub search: Search,
}

/// The steps of the search from a changed row, if each leads into a table over an equality of values of one type: then those values
/// tell all rows on which it depends where it goes next.
pub fn steps(view: &View, key: &UnitKey, start: SourceId) -> Option<Vec<Step>> {
    let seeker = Seeker::new(view, key, start).filter(|seeker| !seeker.is_spread())?;
    let (path, _, sources) = seeker.way()?;
    let further = sources.iter().skip(1);
    further.map(|source| seeker.step(&path, *source)).collect()
}

impl Seeker<'_> {
    /// The step of a path that reaches a source.
    fn step(&self, path: &Path, source: SourceId) -> Option<Step> {
        self.view.table(source)?;
        let place = path.sources.iter().position(|known| *known == source)?;
        let link = path.links.get(place.checked_sub(self.initial.len())?)?;
        let equality = self.links[*link].equality.filter(|equality| equality.same_type)?;
        let (into, from) = if equality.left.source == source {
            (equality.left, equality.right)
        } else {
            (equality.right, equality.left)
        };
        let value = [Expression::of_column(from)];
        let search = self.inner_search(path, &self.prune(path, &value), &value);
        Some(Step { into, from, search })
    }
}
