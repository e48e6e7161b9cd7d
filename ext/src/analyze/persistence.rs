//! Unlogged tables: a crash empties them, and no trigger tells. That is all right where it empties the tview along with all that
//! it reads, and the query has no rows then.

use super::{Analyzer, Objection};
use crate::catalog::tree;
use crate::error::or_raise;
use crate::pg::relation::Relation;
use crate::pg::tree::{FromNode, JoinKind, Query, RangeKind};
use pg_tviews_ir::SourceId;
use pgrx::pg_sys::{self, Oid};

impl Analyzer {
    /// Notes whether all tables are unlogged; refuses mixtures, and queries that have rows where all tables are empty.
    pub(super) fn check_persistence(&mut self, query: Query) {
        let mut unlogged: Vec<(SourceId, String)> = Vec::new();
        let mut logged: Option<String> = None;
        for source in self.view.source_ids() {
            let Some(table) = self.view.table(source) else {
                continue;
            };
            let kinds = stored_in(Oid::from(table.oid), self.view.with_members.contains(&table.oid));
            unlogged.extend(kinds.unlogged.map(|name| (source, name)));
            logged = logged.or(kinds.logged);
        }
        self.view.unlogged = !unlogged.is_empty() && logged.is_none();
        if self.view.unlogged && !is_empty_with_its_tables(query) {
            self.object(
                "definition",
                None,
                "it can have rows where its tables are empty: a crash empties unlogged tables, and would empty the tview",
                "ALTER TABLE … SET LOGGED.",
            );
        }
        let Some(logged) = logged else { return };
        for (source, name) in unlogged {
            self.objections.push(Objection {
                place: format!("FROM item \"{}\"", self.view.source(source).alias),
                location: None,
                message: format!(
                    "{name}: a crash empties an unlogged table without triggers, but not {logged}"
                ),
                hint: "Let all tables of the definition be UNLOGGED, or none.".into(),
                privilege: false,
            });
        }
    }
}

/// The tables that store the rows of a source.
fn stored_in(table: Oid, descend: bool) -> tree::Kinds {
    let Some(relation) = Relation::try_open(table) else {
        return tree::Kinds::default();
    };
    if relation.is_partitioned() || (descend && relation.has_children()) {
        return or_raise(tree::kinds(table, descend));
    }
    let name = Some(relation.display_name());
    let (logged, unlogged) = if relation.is_unlogged() {
        (None, name)
    } else {
        (name, None)
    };
    tree::Kinds {
        logged,
        unlogged,
        ..tree::Kinds::default()
    }
}

/// Whether a query certainly has no rows where the tables that it reads are empty.
fn is_empty_with_its_tables(query: Query) -> bool {
    if query.has_set_operations() {
        let branches: Vec<RangeKind> = (1..)
            .map_while(|index| query.range_entry(index))
            .map(|entry| entry.kind())
            .collect();
        return branches
            .iter()
            .all(|branch| matches!(branch, RangeKind::Subquery(query) if is_empty_with_its_tables(*query)));
    }
    let grouped = !query.group_references().is_empty();
    let one_group = !grouped && (query.has_aggregates() || query.having().is_some());
    !one_group && !query.has_grouping_sets() && has_no_rows(&query.join_tree(), query)
}

fn has_no_rows(node: &FromNode, query: Query) -> bool {
    match node {
        FromNode::Range(index) => query.range_entry(*index).is_some_and(|entry| match entry.kind() {
            RangeKind::Relation { oid, kind, .. } if kind == pg_sys::RELKIND_VIEW => {
                Relation::try_open(oid).is_some_and(|view| is_empty_with_its_tables(view.view_query()))
            }
            RangeKind::Relation { .. } => true,
            RangeKind::Subquery(query) => is_empty_with_its_tables(query),
            RangeKind::CommonTable {
                name, levels_up: 0, ..
            } => query
                .common_table(&name)
                .is_some_and(|table| !table.recursive && is_empty_with_its_tables(table.query)),
            _ => false,
        }),
        FromNode::Join {
            kind, left, right, ..
        } => {
            let (left, right) = (has_no_rows(left, query), has_no_rows(right, query));
            match kind {
                JoinKind::Inner => left || right,
                JoinKind::Left => left,
                JoinKind::Right => right,
                JoinKind::Full => left && right,
            }
        }
        FromNode::From { items, .. } => items.iter().any(|item| has_no_rows(item, query)),
    }
}
