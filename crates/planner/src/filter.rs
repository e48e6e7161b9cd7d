//! Filters: the conditions that speak of a changed row alone. A row for which one of them is not true has no say in any unit, so that its
//! change affects nothing.
//!
//! A condition is used if it is a link from the row (see [`crate::search`]): it holds for every combination in which the row has a say.
//! The condition of an outer join filters its optional side, not the kept one; a condition above an outer join filters the optional side
//! only if NULLs don't pass it, because without the row its place is taken by NULLs.
//!
//! It is evaluated for rows that the definition may leave out for other reasons, so that it must not be able to fail
//! ([`pg_tviews_ir::Condition::harmless`]).

use crate::resolve::Sight;
use crate::search::{alias, holds, rendered};
use pg_tviews_ir::{SourceId, View};

/// What a changed row has to pass to have a say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The name of the row in the conditions.
    pub alias: String,
    /// The conditions.
    pub conditions: Vec<String>,
}

/// The filter on the rows of a source, if there is one.
pub fn of(view: &View, source: SourceId) -> Option<Filter> {
    let mut conditions: Vec<String> = Vec::new();
    let links = Sight::from_source(view, source).links();
    for link in links.of(source).iter().map(|number| &links[*number]) {
        if link.harmless && link.sources.len() == 1 && holds(link, &[source]) {
            let condition = rendered(view, &link.expression);
            if !conditions.contains(&condition) {
                conditions.push(condition);
            }
        }
    }
    (!conditions.is_empty()).then(|| Filter {
        alias: alias(source),
        conditions,
    })
}
