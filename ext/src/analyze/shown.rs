//! Definitions that do nothing but show a view.

use crate::pg::relation::Relation;
use crate::pg::tree::Query;

/// The query behind `TABLE v` and `SELECT * FROM v`, if `v` is a view, as often as that is so; with the views and their aliases. What the
/// definition shows stands at its top then, where maintenance looks for leaves.
pub(super) fn without_shown_views(query: Query) -> (Query, Vec<(String, Relation)>) {
    let mut views = Vec::new();
    let mut current = query;
    while let Some((index, view)) = current.shown_view() {
        let Some(view) = Relation::try_open(view) else {
            break;
        };
        let Some(inner) = view.view_query().named_like(current) else {
            break;
        };
        let alias = current.range_entry(index).map(|entry| entry.alias());
        views.push((alias.unwrap_or_default(), view));
        current = inner;
    }
    (current.without_single_rows(), views)
}

/// The query that a definition's view stands for.
pub fn definition_query(definition: &Relation) -> Query {
    without_shown_views(definition.view_query()).0
}
