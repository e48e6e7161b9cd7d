//! Virtual generated columns: computed when they are read, they are NULL in the rows that a trigger sees. Analysis puts
//! their expressions in their place, so that what it finds is about the columns that are stored.

use super::expression::column_of;
use super::{Analyzer, Scope};
use crate::catalog::tree;
use crate::error::or_raise;
use crate::pg::generated;
use crate::pg::node::{Node, NodeKind, Variable, Visit, rewrite};
use crate::pg::relation::Relation;
use crate::pg::tree::{FromNode, JoinKind, Target};
use pg_tviews_ir::{Column, WHOLE_ROW};
use pgrx::pg_sys::Oid;

impl Analyzer {
    /// An expression with virtual columns replaced by what they stand for; below subqueries and in whole rows they remain.
    pub(super) fn expanded(&self, node: Node, scope: &Scope) -> Node {
        if !generated::ARE_SUPPORTED {
            return node;
        }
        rewrite(node, &mut |visited| match visited.kind() {
            NodeKind::Variable(variable) => match self.generation_expression(variable, visited, scope) {
                Some(expression) => Visit::Replace(expression),
                None => Visit::Keep,
            },
            NodeKind::Sublink { .. } | NodeKind::Query => Visit::Keep,
            _ => Visit::Descend,
        })
    }

    /// The same for a select list.
    pub(super) fn expanded_targets(&self, targets: Vec<Target>, scope: &Scope) -> Vec<Target> {
        let targets = targets.into_iter();
        targets
            .map(|target| Target {
                expression: self.expanded(target.expression, scope),
                ..target
            })
            .collect()
    }

    /// What a virtual column stands for. Where an outer join can have replaced its row by NULLs the column is NULL, which the
    /// expression may not be: then it is computed for real rows only.
    fn generation_expression(&self, variable: Variable, node: Node, scope: &Scope) -> Option<Node> {
        let column = column_of(variable, scope)?;
        if variable.attnum == WHOLE_ROW || !self.is_virtual(column) {
            return None;
        }
        let relation = Relation::try_open(Oid::from(self.view.table(column.source)?.oid))?;
        let expression = generated::expression(&relation, variable)?;
        let frame = scope.get(scope.len().checked_sub(1 + variable.levels_up)?)?;
        if expression.null_operands().is_empty() && has_outer_join(&frame.query.join_tree()) {
            let columns = relation.attributes();
            let certain = columns
                .iter()
                .find(|known| known.not_null && known.generated != b'v');
            return Some(generated::for_real_rows(expression, node, certain, &relation));
        }
        Some(expression)
    }

    /// Refuses columns of which a row that is inserted through a partitioned table does not show the value: PostgreSQL shows it
    /// before it has reached its partition, where the column is computed.
    pub(super) fn refuse_differently_generated(&mut self) {
        for source in self.view.source_ids() {
            let oid = self.view.table(source).map(|table| Oid::from(table.oid));
            let Some(relation) = oid.and_then(Relation::try_open) else {
                continue;
            };
            if !relation.is_partitioned() && !relation.is_partition() {
                continue;
            }
            let Some(table) = self.view.table(source).cloned() else {
                continue;
            };
            let descend = self.view.with_members.contains(&table.oid);
            for name in or_raise(tree::differently_generated(Oid::from(table.oid), descend)) {
                let used = self.view.uses.iter().any(|used| {
                    used.column.source == source
                        && (used.column.attnum == WHOLE_ROW
                            || table
                                .column(used.column.attnum)
                                .is_some_and(|column| column.name == name))
                });
                if used {
                    self.object(
                        &format!("FROM item \"{}\"", self.view.source(source).alias),
                        None,
                        format!("{}: partitions compute column \"{name}\" in different ways, which inserted rows do not show", relation.display_name()),
                        "Let them have one expression, or write it into the definition.",
                    );
                }
            }
        }
    }

    /// Whether a column is computed when it is read; for a whole row, whether any of its columns is.
    pub(super) fn is_virtual(&self, column: Column) -> bool {
        if !generated::ARE_SUPPORTED {
            return false;
        }
        let Some(table) = self.view.table(column.source) else {
            return false;
        };
        let Some(relation) = Relation::try_open(Oid::from(table.oid)) else {
            return false;
        };
        if column.attnum == WHOLE_ROW {
            relation.has_virtual_column()
        } else {
            relation.is_virtual(column.attnum)
        }
    }
}

fn has_outer_join(node: &FromNode) -> bool {
    match node {
        FromNode::Range(_) => false,
        FromNode::Join {
            kind, left, right, ..
        } => *kind != JoinKind::Inner || has_outer_join(left) || has_outer_join(right),
        FromNode::From { items, .. } => items.iter().any(has_outer_join),
    }
}
