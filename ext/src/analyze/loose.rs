//! Values that are equal but written differently, such as the numbers 5.0 and 5.00, or words under a collation that ignores case. A
//! group of them shows one, and which one that is the query leaves open. As long as it is only passed on and compared, that makes
//! no difference; what else depends on it would be up to chance.

use super::expression::column_of;
use super::{Analyzer, Scope};
use crate::pg::node::{Node, NodeKind, SublinkKind};
use crate::pg::treatment::Treatment;
use crate::pg::tree::{Query, Target};
use crate::pg::types::equality_is_identity;
use pg_tviews_ir::{BlockId, Column, SourceKind};

/// How far an expression depends on chance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Image {
    Fixed,
    /// It is one of several equal values.
    Loose,
    /// It depends on which one that is.
    Shown,
}

const HINT: &str = "Group by this expression too, or cast what is grouped by to a type without such values, such as numeric(10, 2).";

impl Analyzer {
    /// Notes which outputs of a SELECT are loose, and refuses those that show which value a group of this SELECT has.
    pub(super) fn note_loose(
        &mut self,
        id: BlockId,
        query: Query,
        targets: &[Target],
        scope: &Scope,
        within: &str,
    ) {
        let groups = query.group_references();
        let distinct = query.is_distinct() && !query.has_distinct_on();
        let is_loose = |target: &Target| !is_written_one_way(target.expression);
        let grouped = |target: &&Target| target.reference != 0 && groups.contains(&target.reference);
        let mut picked: Vec<(&Target, Vec<Column>)> = Vec::new();
        for target in targets.iter().filter(grouped).filter(|target| is_loose(target)) {
            picked.push((target, Analyzer::shown_columns(target.expression, scope)));
        }
        let items = targets.iter().filter(|target| !grouped(target));
        let items = items.map(|target| (target.expression, self.place_of(target, query, within)));
        let having = query.having().map(|having| {
            let place = if within.is_empty() {
                "HAVING".to_owned()
            } else {
                format!("{within}, HAVING")
            };
            (query.flattened(having), place)
        });
        let items: Vec<(Node, String)> = items.chain(having).collect();
        for (expression, place) in items {
            let shown = picked.iter().find(|(_, columns)| {
                let image = self.image(expression, scope, true, &|column| columns.contains(&column));
                image != Image::Fixed
            });
            if let Some((group, _)) = shown {
                let named = if group.hidden {
                    "a grouping expression".to_owned()
                } else {
                    format!("the grouping column \"{}\"", group.name)
                };
                let message = format!(
                    "it shows {named}, whose equal values can be written differently (5.0 and 5.00): the query may give either"
                );
                self.object(&place, None, message, HINT);
            }
        }
        let loose = targets.iter().filter(|target| !target.hidden).filter(|target| {
            let picked = is_loose(target) && (distinct || grouped(target));
            let passed = || self.image(target.expression, scope, false, &|column| self.is_loose(column));
            picked || (self.any_loose() && passed() == Image::Loose)
        });
        self.view.blocks[id.0].loose = loose.map(|target| target.position).collect();
    }

    /// The same for a set operation. To be called before its branches are analysed, which a recursion reads it in, and after.
    pub(super) fn note_loose_union(&mut self, id: BlockId, query: Query, visible: &[&Target]) {
        let picks = query.picks_among_equals();
        let leaves = self.view.leaves(id);
        let of_branch = |position: i16| {
            leaves
                .iter()
                .any(|leaf| self.view.block(*leaf).loose.contains(&position))
        };
        let loose = visible
            .iter()
            .filter(|target| (picks && !is_written_one_way(target.expression)) || of_branch(target.position));
        self.view.blocks[id.0].loose = loose.map(|target| target.position).collect();
    }

    /// Refuses an expression that depends on which of several equal values a derived table gives.
    pub(super) fn refuse_loose(&mut self, node: Node, scope: &Scope, place: &str) {
        if self.any_loose() && self.image(node, scope, false, &|column| self.is_loose(column)) == Image::Shown
        {
            self.object(
                place,
                Some(node),
                "it shows a column of a grouped subquery, whose equal values can be written differently (5.0 and 5.00): the query may give either",
                HINT,
            );
        }
    }

    fn any_loose(&self) -> bool {
        self.view.blocks.iter().any(|block| !block.loose.is_empty())
    }

    fn is_loose(&self, column: Column) -> bool {
        match &self.view.source(column.source).kind {
            SourceKind::Derived(block) | SourceKind::Recursion(block) => {
                let loose = &self.view.block(*block).loose;
                loose.contains(&column.attnum)
                    || (column.attnum == pg_tviews_ir::WHOLE_ROW && !loose.is_empty())
            }
            SourceKind::Table(_) | SourceKind::Computed => false,
        }
    }

    /// `of_group`: aggregates see all values of a group, not the one that it shows.
    fn image(&self, node: Node, scope: &Scope, of_group: bool, loose: &dyn Fn(Column) -> bool) -> Image {
        match node.kind() {
            NodeKind::Variable(variable) => match column_of(variable, scope) {
                Some(column) if loose(column) && variable.attnum == pg_tviews_ir::WHOLE_ROW => Image::Shown,
                Some(column) if loose(column) => Image::Loose,
                _ => Image::Fixed,
            },
            NodeKind::Query => Image::Fixed,
            NodeKind::Sublink {
                kind: SublinkKind::Value,
                query,
                ..
            } => {
                let known = self.subqueries.iter().find(|(known, _)| *known == query);
                match known {
                    Some((_, block)) if !self.view.block(*block).loose.is_empty() => Image::Loose,
                    _ => Image::Fixed,
                }
            }
            NodeKind::Sublink { test, .. } => {
                let test = test.map(|test| self.image(test, scope, of_group, loose));
                test.unwrap_or(Image::Fixed)
            }
            NodeKind::Aggregate if of_group => Image::Fixed,
            _ => {
                let treatment = node.treatment();
                let children = node.children().into_iter();
                let below = children.map(|child| match treatment {
                    Treatment::Compared => child.without_relabelling(),
                    Treatment::Passed | Treatment::Shown => child,
                });
                let worst = below.map(|child| self.image(child, scope, of_group, loose)).max();
                match (worst.unwrap_or(Image::Fixed), treatment) {
                    (Image::Loose, Treatment::Compared) => Image::Fixed,
                    (Image::Loose, Treatment::Shown) => Image::Shown,
                    (worst, _) => worst,
                }
            }
        }
    }
}

fn is_written_one_way(node: Node) -> bool {
    equality_is_identity(node.type_oid(), node.type_modifier(), node.collation())
}
