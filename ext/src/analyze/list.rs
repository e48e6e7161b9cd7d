//! Lists: `jsonb_agg` of objects, whose elements maintenance may write one by one.

use super::expression::column_of;
use super::{Analyzer, Scope};
use crate::pg::aggregate::OrderItem;
use crate::pg::node::{Node, NodeKind, SublinkKind};
use crate::pg::tree::{Query, Target};
use pg_tviews_ir::{BlockId, Column, List, Rows, Sort};
use std::collections::BTreeSet;

impl Analyzer {
    /// The list that an expression is, if it is one.
    pub(super) fn list(&self, node: Node, scope: &Scope) -> Option<List> {
        let node = node.without_empty_list();
        match node.kind() {
            NodeKind::Aggregate => self.rows(node, scope).map(Box::new).map(List::Rows),
            _ => self.shown_subquery(node).map(List::Subquery),
        }
    }

    /// The subquery whose only value an expression is, if it is one. It has been analysed before.
    pub(super) fn shown_subquery(&self, node: Node) -> Option<BlockId> {
        let NodeKind::Sublink {
            kind: SublinkKind::Value,
            test: None,
            query,
        } = node.kind()
        else {
            return None;
        };
        let (_, block) = self.subqueries.iter().find(|(known, _)| *known == query)?;
        // The elements of ARRAY(SELECT …) are of another type than itself.
        let shown = query.targets().first()?.expression.type_oid();
        (shown == node.type_oid()).then_some(*block)
    }

    fn rows(&self, node: Node, scope: &Scope) -> Option<Rows> {
        let call = node.list_call()?;
        let members = self.members(call.element, scope)?;
        let mut placing = BTreeSet::new();
        let mut ordered_by = BTreeSet::new();
        let written = call.element.object_members().unwrap_or_default();
        let order = call.order.iter().map(|item| sort(item, &written)).collect();
        for item in call.order {
            let leaf = self.leaf(item.by, scope);
            let column = leaf.value?.as_column();
            ordered_by.extend(column.filter(|_| item.told_apart));
            placing.extend(leaf.columns);
        }
        if let Some(filter) = call.filter {
            let leaf = self.leaf(filter, scope);
            leaf.value?;
            placing.extend(leaf.columns);
        }
        let exact = written
            .into_iter()
            .filter(|(_, member)| member.is_written_exactly());
        Some(Rows {
            members,
            exact: exact.map(|(key, _)| key).collect(),
            placing,
            ordered_by,
            order,
        })
    }

    /// Notes by which columns the rows of a block are ordered.
    pub(super) fn note_order(&mut self, id: BlockId, query: Query, targets: &[Target], scope: &Scope) {
        let columns = query.order().into_iter().filter_map(|(reference, equality)| {
            let target = targets.iter().find(|target| target.reference == reference)?;
            match target.expression.kind() {
                NodeKind::Variable(variable) if target.expression.is_told_apart_by(equality) => {
                    column_of(variable, scope)
                }
                _ => None,
            }
        });
        let columns: BTreeSet<Column> = columns.collect();
        self.view.blocks[id.0].ordered_by = columns;
    }
}

/// An item of a list's order, if one of the members shows it.
fn sort(item: &OrderItem, members: &[(String, Node)]) -> Option<Sort> {
    let mut members = members.iter();
    let (member, kind) = members.find_map(|(name, member)| Some((name, item.by.shown_by(*member)?)))?;
    Some(Sort {
        member: member.clone(),
        kind,
        descending: item.descending?,
        nulls_first: item.nulls_first,
    })
}
