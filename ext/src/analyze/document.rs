//! What the outputs are made of: the shapes of documents, and where columns are mentioned.

use super::expression::column_of;
use super::{Analyzer, Scope};
use crate::pg::node::{Node, NodeKind, Visit, rewrite};
use crate::pg::tree::{Query, Target};
use pg_tviews_ir::{BlockId, Column, Document, Expression, Leaf, Mention, Role, SourceId, Template};
use std::collections::BTreeSet;

impl Analyzer {
    /// Notes the shape of an output that the select list shows. Its subqueries were analysed before.
    pub(super) fn note_document(&mut self, block: BlockId, target: &Target, scope: &Scope) {
        if !target.hidden {
            let expression = self.expanded(target.expression, scope);
            let document = self.document(expression, scope);
            let outputs = self.view.documents.outputs.entry(block).or_default();
            outputs.push(document);
        }
    }

    /// Notes that a column is mentioned in the innermost query of `scope`.
    pub(super) fn note_mention(&mut self, column: Column, role: Role, scope: &Scope) {
        if let Some(frame) = scope.last() {
            let block = frame.block;
            self.view
                .documents
                .mentions
                .insert(Mention { block, column, role });
        }
    }

    /// Notes which block the subquery will be that is about to be analysed.
    pub(super) fn note_subquery(&mut self, query: Query, role: Role) {
        let block = BlockId(self.view.blocks.len());
        self.subqueries.push((query, block));
        if role == Role::Link {
            self.view.documents.deciding.insert(block);
        }
    }

    /// Notes that the outer join which makes these sources optional has a condition that is not among its block's.
    pub(super) fn note_opaque_condition(&mut self, guard: Option<&BTreeSet<SourceId>>) {
        self.view.documents.opaque.extend(guard.into_iter().flatten());
    }

    pub(super) fn document(&self, node: Node, scope: &Scope) -> Document {
        match self.members(node, scope) {
            Some(members) => Document::Object(members),
            None => Document::Leaf(self.leaf(node, scope)),
        }
    }

    /// The members of an object with constant keys; of `a || b`, those of `b` and what `b` does not replace. An object that names
    /// a key twice is left whole.
    pub(super) fn members(&self, node: Node, scope: &Scope) -> Option<Vec<(String, Document)>> {
        if let Some((left, right)) = node.concatenated() {
            let mut members = self.members(left, scope)?;
            let replaced = self.members(right, scope)?;
            members.retain(|(key, _)| !replaced.iter().any(|(other, _)| other == key));
            members.extend(replaced);
            return Some(members);
        }
        let pairs = node.object_members()?;
        let keys: BTreeSet<&String> = pairs.iter().map(|(key, _)| key).collect();
        if keys.len() != pairs.len() {
            return None;
        }
        let members = pairs
            .iter()
            .map(|(key, value)| (key.clone(), self.document(*value, scope)));
        Some(members.collect())
    }

    pub(super) fn leaf(&self, node: Node, scope: &Scope) -> Leaf {
        let mut columns: Vec<Column> = Vec::new();
        let mut subqueries = Vec::new();
        let mut plain = true;
        let rewritten = rewrite(node, &mut |visited| match visited.kind() {
            NodeKind::Variable(variable) => {
                let Some(column) = column_of(variable, scope) else {
                    plain = false;
                    return Visit::Keep;
                };
                let known = columns.iter().position(|known| *known == column);
                let number = known.unwrap_or_else(|| {
                    columns.push(column);
                    columns.len() - 1
                });
                Visit::Replace(visited.parameter(number + 1))
            }
            NodeKind::Sublink { test, query, .. } => {
                plain = false;
                let known = self.subqueries.iter().find(|(known, _)| *known == query);
                subqueries.extend(known.map(|(_, block)| *block));
                if let Some(test) = test {
                    columns.extend(mentioned(test, scope));
                }
                Visit::Keep
            }
            NodeKind::Query => Visit::Keep,
            NodeKind::Aggregate
            | NodeKind::Window
            | NodeKind::SetReturning
            | NodeKind::SublinkOutput(_)
            | NodeKind::Parameter
            | NodeKind::SessionValue
            | NodeKind::Sequence => {
                plain = false;
                Visit::Descend
            }
            NodeKind::Other => Visit::Descend,
        });
        let template = plain.then(|| Template::parse(&rewritten.deparse(), columns.len()).ok());
        Leaf {
            columns: columns.iter().copied().collect(),
            value: template.flatten().map(|template| Expression {
                template,
                columns,
                strict: BTreeSet::new(),
                merges: vec![],
            }),
            subqueries,
            summary: if plain { None } else { self.summary(node, scope) },
            settled: plain && node.is_settled(),
            list: if plain { None } else { self.list(node, scope) },
        }
    }
}

/// The columns of the queries around it that an expression names.
fn mentioned(node: Node, scope: &Scope) -> Vec<Column> {
    let mut columns = Vec::new();
    rewrite(node, &mut |visited| {
        if let NodeKind::Variable(variable) = visited.kind() {
            columns.extend(column_of(variable, scope));
        }
        Visit::Descend
    });
    columns
}
