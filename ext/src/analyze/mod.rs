//! From PostgreSQL's analysed query to the owned IR, with all objections at once.
//!
//! Analysis never looks into SQL text. An expression becomes a template: each variable is replaced by a parameter and the rest
//! is left to PostgreSQL's deparser.

mod expression;
mod functions;
mod objection;
mod sources;

pub use objection::{Objection, refusal};

use crate::pg::node::Node;
use crate::pg::tree::{FromNode, JoinKind, Query, Target};
use pg_tviews_ir::{
    Block, BlockId, Condition, Expression, OutputColumn, Parent, ROOT_BLOCK, Role, SourceId, View,
};
use pgrx::pg_sys;
use std::collections::{BTreeMap, BTreeSet};

/// What analysis found.
pub struct Analysis {
    /// The IR; complete only if there are no objections.
    pub view: View,
    /// Everything that stands in the way.
    pub objections: Vec<Objection>,
}

/// Analyses a definition whose maintenance will run as `owner`. To be called under the safe search path.
pub fn analyze(query: Query, owner: pg_sys::Oid) -> Analysis {
    let mut analyzer = Analyzer {
        view: View::default(),
        objections: Vec::new(),
        owner,
    };
    let mut scope = Vec::new();
    analyzer.block(query, None, &mut scope, "");
    analyzer.objections.dedup();
    Analysis {
        view: analyzer.view,
        objections: analyzer.objections,
    }
}

struct Analyzer {
    view: View,
    objections: Vec<Objection>,
    owner: pg_sys::Oid,
}

/// What a query's variables refer to.
struct Frame {
    query: Query,
    block: BlockId,
    /// Range-table index to source.
    sources: BTreeMap<usize, SourceId>,
}

/// The queries around an expression, outermost first.
type Scope = Vec<Frame>;

/// The sources below a node of a FROM clause, and those that outer joins within it can replace by NULLs.
#[derive(Default)]
struct Reach {
    sources: BTreeSet<SourceId>,
    nullable: BTreeSet<SourceId>,
}

impl Analyzer {
    fn object(&mut self, place: &str, at: Option<Node>, message: impl Into<String>, hint: impl Into<String>) {
        let objection = Objection {
            place: place.to_owned(),
            location: at.and_then(Node::location),
            message: message.into(),
            hint: hint.into(),
        };
        if !self.objections.contains(&objection) {
            self.objections.push(objection);
        }
    }

    /// Analyses one SELECT. `within` says where it stands, for messages; empty for the definition itself.
    fn block(&mut self, query: Query, parent: Option<Parent>, scope: &mut Scope, within: &str) -> BlockId {
        let id = BlockId(self.view.blocks.len());
        self.view.blocks.push(Block {
            parent,
            ..Block::default()
        });
        self.refuse_clauses(query, id, within);
        let mut indices = Vec::new();
        let from = query.join_tree();
        range_indices(&from, &mut indices);
        let mut frame = Frame {
            query,
            block: id,
            sources: BTreeMap::new(),
        };
        for index in &indices {
            self.register_source(&mut frame, *index);
        }
        scope.push(frame);
        for index in &indices {
            self.analyze_source(scope, *index, within);
        }
        let reach = self.walk_from(&from, scope, None, within);
        let targets = query.targets();
        self.describe(id, query, &targets);
        self.outputs(id, query, &targets, scope, within);
        self.other_clauses(query, scope, within);
        for source in reach.nullable {
            self.view.sources[source.0].nullable = true;
        }
        scope.pop();
        id
    }

    /// Clauses that are not maintained, at the top or anywhere.
    fn refuse_clauses(&mut self, query: Query, id: BlockId, within: &str) {
        let top = id == ROOT_BLOCK;
        let place = if top {
            "definition".to_owned()
        } else {
            within.to_owned()
        };
        let unit = "Give the tview one row per row of a table; aggregates belong into a subquery of the select list.";
        let everywhere = [
            (
                query.has_set_operations(),
                "UNION, INTERSECT and EXCEPT are not supported yet",
                "Make one tview per branch.",
            ),
            (
                query.has_row_marks(),
                "FOR UPDATE and FOR SHARE have no meaning in a definition",
                "Leave it out.",
            ),
            (
                query.has_modifying_cte(),
                "a definition can't change data",
                "Leave the data-modifying WITH query out.",
            ),
        ];
        let at_top = [
            (
                query.has_grouping_sets(),
                "GROUPING SETS are not supported at the top yet",
                unit,
            ),
            (
                query.has_distinct_on(),
                "DISTINCT ON is not supported at the top yet",
                unit,
            ),
            (
                query.has_windows(),
                "window functions are not supported at the top yet",
                unit,
            ),
            (
                query.limit().is_some() || query.offset().is_some(),
                "LIMIT and OFFSET are not supported at the top yet",
                "Keep all rows in the tview and limit the query that reads it.",
            ),
            (
                query.has_target_srfs(),
                "a set-returning function in the select list is not supported",
                "Move it into the FROM clause.",
            ),
        ];
        let checks = everywhere.into_iter().chain(at_top.into_iter().filter(|_| top));
        for (found, message, hint) in checks {
            if found {
                self.object(&place, None, message, hint);
            }
        }
    }

    fn describe(&mut self, id: BlockId, query: Query, targets: &[Target]) {
        let groups = query.group_references();
        let grouped = !groups.is_empty() || query.has_aggregates() || query.has_grouping_sets();
        let limited = query.limit().is_some() || query.offset().is_some();
        let block = &mut self.view.blocks[id.0];
        block.plain = !grouped
            && !limited
            && !query.is_distinct()
            && !query.has_windows()
            && !query.has_set_operations()
            && !query.has_target_srfs();
        let one_group = groups.is_empty() && query.has_aggregates() && !query.has_grouping_sets();
        let first_only = query.limit().is_some_and(Node::is_constant_one);
        block.at_most_one_row = (one_group || first_only) && !query.has_target_srfs();
        let visible = || targets.iter().filter(|target| !target.hidden);
        block.unique_outputs = if query.has_grouping_sets() || query.has_target_srfs() {
            None
        } else if !groups.is_empty() {
            groups
                .iter()
                .map(|group| {
                    visible()
                        .find(|target| target.reference == *group)
                        .map(|target| target.position)
                })
                .collect()
        } else if query.is_distinct() && !query.has_distinct_on() {
            Some(visible().map(|target| target.position).collect())
        } else {
            None
        };
    }

    /// The select list: what each output may be relied upon for, and what it uses.
    fn outputs(&mut self, id: BlockId, query: Query, targets: &[Target], scope: &mut Scope, within: &str) {
        let groups = query.group_references();
        let grouped = !groups.is_empty() || query.has_aggregates();
        let from_afar = query.limit().is_some()
            || query.offset().is_some()
            || query.has_windows()
            || query.has_distinct_on()
            || query.has_grouping_sets();
        for target in targets {
            let place = if within.is_empty() {
                format!("select list, column \"{}\"", target.name)
            } else {
                within.to_owned()
            };
            let role = if target.reference == 0 {
                Role::Leaf
            } else {
                Role::Link
            };
            let expression = self.expression(target.expression, scope, role, &place);
            if target.hidden {
                continue;
            }
            let reliable = !from_afar && (!grouped || groups.contains(&target.reference));
            if id == ROOT_BLOCK {
                let copies = expression.as_ref().and_then(Expression::as_column);
                self.view.columns.push(OutputColumn {
                    name: target.name.clone(),
                    copies,
                    type_oid: target.expression.type_oid().to_u32(),
                    collation: target.expression.collation().to_u32(),
                });
            }
            self.view.blocks[id.0]
                .outputs
                .push(expression.filter(|_| reliable));
        }
    }

    fn other_clauses(&mut self, query: Query, scope: &mut Scope, within: &str) {
        let place = |clause: &str| match within {
            "" => clause.to_owned(),
            _ => format!("{within}, {clause}"),
        };
        if let Some(having) = query.having() {
            self.expression(query.flattened(having), scope, Role::Link, &place("HAVING"));
        }
        for bound in [query.limit(), query.offset()].into_iter().flatten() {
            self.expression(query.flattened(bound), scope, Role::Link, &place("LIMIT"));
        }
        for bound in query.window_bounds() {
            self.expression(query.flattened(bound), scope, Role::Link, &place("WINDOW"));
        }
    }

    /// Walks the FROM clause. `guard`: see [`Condition::guard`].
    fn walk_from(
        &mut self,
        node: &FromNode,
        scope: &mut Scope,
        guard: Option<&BTreeSet<SourceId>>,
        within: &str,
    ) -> Reach {
        match node {
            FromNode::Range(index) => Reach {
                sources: self.sources_of(&[*index], scope),
                nullable: BTreeSet::new(),
            },
            FromNode::From { items, quals } => {
                let mut reach = Reach::default();
                for item in items {
                    let part = self.walk_from(item, scope, guard, within);
                    reach.sources.extend(part.sources);
                    reach.nullable.extend(part.nullable);
                }
                self.conditions(*quals, scope, guard, &reach.nullable, within, "WHERE");
                reach
            }
            FromNode::Join {
                kind,
                left,
                right,
                quals,
            } => {
                if *kind == JoinKind::Full {
                    let place = if within.is_empty() { "FROM clause" } else { within };
                    self.object(
                        place,
                        None,
                        "FULL JOIN is not supported yet",
                        "Use LEFT JOIN if one side is always there.",
                    );
                }
                let (kept, optional) = if *kind == JoinKind::Right {
                    (right, left)
                } else {
                    (left, right)
                };
                self.join(*kind, kept, optional, *quals, scope, guard, within)
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of a join, and where it stands"
    )]
    fn join(
        &mut self,
        kind: JoinKind,
        kept: &FromNode,
        optional: &FromNode,
        quals: Option<Node>,
        scope: &mut Scope,
        guard: Option<&BTreeSet<SourceId>>,
        within: &str,
    ) -> Reach {
        let outer = kind != JoinKind::Inner;
        let mut indices = Vec::new();
        range_indices(optional, &mut indices);
        let optional_sources = self.sources_of(&indices, scope);
        let inner_guard = if outer { Some(&optional_sources) } else { guard };
        let left = self.walk_from(kept, scope, guard, within);
        let right = self.walk_from(optional, scope, inner_guard, within);
        let mut nullable: BTreeSet<SourceId> = left.nullable.union(&right.nullable).copied().collect();
        self.conditions(quals, scope, inner_guard, &nullable, within, "ON");
        if outer {
            nullable.extend(&right.sources);
        }
        Reach {
            sources: left.sources.union(&right.sources).copied().collect(),
            nullable,
        }
    }

    fn sources_of(&self, indices: &[usize], scope: &Scope) -> BTreeSet<SourceId> {
        let Some(frame) = scope.last() else {
            return BTreeSet::new();
        };
        indices
            .iter()
            .filter_map(|index| frame.sources.get(index).copied())
            .collect()
    }

    fn conditions(
        &mut self,
        quals: Option<Node>,
        scope: &mut Scope,
        guard: Option<&BTreeSet<SourceId>>,
        nullable: &BTreeSet<SourceId>,
        within: &str,
        clause: &str,
    ) {
        let (Some(quals), Some(frame)) = (quals, scope.last()) else {
            return;
        };
        let block = frame.block;
        let quals = frame.query.flattened(quals);
        let place = match (within, clause) {
            ("", "ON") => "join condition".to_owned(),
            ("", _) => "WHERE clause".to_owned(),
            _ => format!("{within}, {clause}"),
        };
        for conjunct in quals.conjuncts() {
            let Some(expression) = self.conjunct(conjunct, scope, &place) else {
                continue;
            };
            let equality = expression::equality(conjunct, scope);
            self.view.blocks[block.0].conditions.push(Condition {
                expression,
                guard: guard.cloned(),
                nullable: nullable.clone(),
                equality,
            });
        }
    }
}

/// The range-table indices below a node of a FROM clause.
fn range_indices(node: &FromNode, indices: &mut Vec<usize>) {
    match node {
        FromNode::Range(index) => indices.push(*index),
        FromNode::Join { left, right, .. } => {
            range_indices(left, indices);
            range_indices(right, indices);
        }
        FromNode::From { items, .. } => items.iter().for_each(|item| range_indices(item, indices)),
    }
}
