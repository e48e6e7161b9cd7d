//! From PostgreSQL's analysed query to the owned IR, with all objections at once.
//!
//! Analysis never looks into SQL text. An expression becomes a template: each variable is replaced by a parameter and the rest
//! is left to PostgreSQL's deparser.

mod conditions;
mod document;
mod expression;
mod functions;
mod generated;
mod large;
mod lasting;
mod list;
mod loose;
mod objection;
mod persistence;
mod shown;
mod sources;
mod summary;

pub use large::is_too_large;
pub use lasting::goes_with_its_session;
pub use objection::{Objection, refusal};
pub use shown::definition_query;

use crate::pg::interrupts;
use crate::pg::keys::KeyType;
use crate::pg::node::Node;
use crate::pg::parse;
use crate::pg::relation::{is_fixed_length, is_hashable};
use crate::pg::settings::OwnersOperation;
use crate::pg::tree::{FromNode, JoinKind, Query, RangeKind, Target};
use conditions::Call;
use lasting::Needs;
use pg_tviews_ir::{
    Block, BlockId, Column, Expression, OutputColumn, Parent, ROOT_BLOCK, Role, SourceId, View,
};
use pgrx::pg_sys;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What analysis found.
pub struct Analysis {
    /// The IR; complete only if there are no objections.
    pub view: View,
    /// Everything that stands in the way.
    pub objections: Vec<Objection>,
    /// Relations besides the sources and inlined views whose names, or the names of whose columns, are in the texts. They are locked.
    pub named_relations: BTreeSet<u32>,
    needs: Needs,
    /// What a text of the definition would call instead of what the definition calls.
    pub misread: Option<String>,
}

/// Analyses a definition whose maintenance will run as `owner`.
pub fn analyze(query: Query, owner: pg_sys::Oid, _operation: OwnersOperation<'_>) -> Analysis {
    let mut analysis = analyze_rows(query, owner);
    look_at_types(&mut analysis.view, |_| true);
    analysis
}

/// The same for a definition whose unit key has been chosen: what only the choice of another one would ask for is left out.
pub fn analyze_with_key(
    query: Query,
    owner: pg_sys::Oid,
    key: &[usize],
    _operation: OwnersOperation<'_>,
) -> Analysis {
    let mut analysis = analyze_rows(query, owner);
    let view = &mut analysis.view;
    if pg_tviews_planner::is_key_of_root(view, key) {
        let groups = view.blocks.first().map(|root| root.group_outputs.clone());
        let groups = groups.unwrap_or_default();
        let is_group = |position: usize| {
            groups
                .iter()
                .any(|attnum| usize::try_from(*attnum) == Ok(position + 1))
        };
        look_at_types(view, |position| key.contains(&position) || is_group(position));
    } else {
        look_at_types(view, |_| true);
    }
    analysis
}

/// Finds out of which output columns the values can be keys. The lookup reads the operator classes of each type, which a fresh backend
/// does not know yet.
fn look_at_types(view: &mut View, is_asked_for: impl Fn(usize) -> bool) {
    for (position, column) in view.columns.iter_mut().enumerate() {
        if is_asked_for(position) {
            let (type_oid, collation) = (
                pg_sys::Oid::from(column.type_oid),
                pg_sys::Oid::from(column.collation),
            );
            column.key = KeyType::lookup(type_oid, collation).is_some();
            column.searchable = column.key && (is_fixed_length(type_oid) || is_hashable(type_oid));
        }
    }
}

fn analyze_rows(query: Query, owner: pg_sys::Oid) -> Analysis {
    let mut analyzer = Analyzer {
        view: View::default(),
        objections: Vec::new(),
        owner,
        reader: owner,
        open: BTreeSet::new(),
        recursions: Vec::new(),
        subqueries: Vec::new(),
        named_relations: BTreeSet::new(),
        needs: Needs::default(),
        misread: None,
        calls: HashMap::new(),
    };
    let mut scope = Vec::new();
    let (inner, views) = shown::without_shown_views(query);
    let mut within = String::new();
    for (alias, view) in &views {
        let name = view.display_name();
        analyzer.enter_view(view, &sources::place(&within, alias));
        within = format!("{}, view {name}", sources::place(&within, alias));
        analyzer.view.inlined_views.push((view.oid().to_u32(), name));
    }
    analyzer.block(inner, None, &mut scope, &within);
    analyzer.refuse_differently_generated();
    analyzer.check_persistence(query);
    analyzer.objections.dedup();
    Analysis {
        view: analyzer.view,
        objections: analyzer.objections,
        named_relations: analyzer.named_relations,
        needs: analyzer.needs,
        misread: analyzer.misread,
    }
}

struct Analyzer {
    view: View,
    objections: Vec<Objection>,
    owner: pg_sys::Oid,
    /// As whom the query at hand reads: inside a view as its owner, else as the tview's.
    reader: pg_sys::Oid,
    /// Blocks that refer to something outside themselves.
    open: BTreeSet<BlockId>,
    /// The recursive WITH queries that are being analysed: name and block.
    recursions: Vec<(String, Option<BlockId>)>,
    /// The blocks of the subqueries in expressions.
    subqueries: Vec<(Query, BlockId)>,
    /// See [`Analysis::named_relations`].
    named_relations: BTreeSet<u32>,
    needs: Needs,
    /// See [`Analysis::misread`].
    misread: Option<String>,
    /// The calls of functions in FROM clauses, by the sources that they are.
    calls: HashMap<SourceId, Call>,
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
    /// Analyses one SELECT. `within` says where it stands, for messages; empty for the definition itself.
    fn block(&mut self, query: Query, parent: Option<Parent>, scope: &mut Scope, within: &str) -> BlockId {
        interrupts::check_deep();
        let id = BlockId(self.view.blocks.len());
        self.view.blocks.push(Block {
            parent,
            ..Block::default()
        });
        if self.refuse_large() {
            return id;
        }
        self.refuse_clauses(query, id, within);
        if query.has_set_operations() {
            self.set_operation(id, query, scope, within);
        } else {
            self.select(id, query, scope, within);
        }
        if matches!(parent, Some(Parent::Derived(_))) && !self.open.contains(&id) {
            self.view.blocks[id.0].text = Some(parse::query_text(query));
        }
        id
    }

    /// A set operation, nested ones included: each of its SELECTs is a branch.
    fn set_operation(&mut self, id: BlockId, query: Query, scope: &mut Scope, within: &str) {
        if let Some((_, block @ None)) = self.recursions.last_mut() {
            *block = Some(id);
        }
        scope.push(Frame {
            query,
            block: id,
            sources: BTreeMap::new(),
        });
        let targets = query.targets();
        let visible: Vec<&Target> = targets.iter().filter(|target| !target.hidden).collect();
        self.note_loose_union(id, query, &visible);
        let branches = query.set_operation_branches();
        for (number, index) in branches.into_iter().enumerate() {
            let Some(RangeKind::Subquery(inner)) = query.range_entry(index).map(|entry| entry.kind()) else {
                continue;
            };
            let place = match within {
                "" => format!("branch {} of the set operation", number + 1),
                _ => format!("{within}, branch {}", number + 1),
            };
            let branch = self.block(inner, Some(Parent::Branch(id)), scope, &place);
            self.view.blocks[id.0].branches.push(branch);
            self.cast_outputs(branch, inner, &visible);
        }
        self.note_loose_union(id, query, &visible);
        let block = &mut self.view.blocks[id.0];
        block.passes_values = query.limit().is_none() && query.offset().is_none();
        block.opaque = query.has_except();
        if !query.keeps_duplicates() {
            block.group_outputs = visible.iter().map(|target| target.position).collect();
            block.groups_in_output = true;
        }
        if id == ROOT_BLOCK {
            for target in &visible {
                self.output_column(target, None, vec![]);
            }
        }
        self.other_clauses(query, scope, within);
        scope.pop();
    }

    /// The operation gives each column one type: branches that have another are converted.
    fn cast_outputs(&mut self, branch: BlockId, query: Query, united: &[&Target]) {
        let targets = query.targets();
        let own = targets.iter().filter(|target| !target.hidden);
        for (position, (own, united)) in own.zip(united).enumerate() {
            let wanted = united.expression.type_oid();
            if own.expression.type_oid() == wanted {
                continue;
            }
            let name = united.expression.type_text();
            for leaf in self.view.leaves(branch) {
                if let Some(Some(output)) = self.view.blocks[leaf.0].outputs.get_mut(position) {
                    output.template = output.template.wrapped("CAST(", &format!(" AS {name})"));
                    output.merges.clear();
                }
            }
        }
    }

    fn select(&mut self, id: BlockId, query: Query, scope: &mut Scope, within: &str) {
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
        if self.refuse_large() {
            return;
        }
        scope.push(frame);
        for index in &indices {
            self.analyze_source(scope, *index, within);
        }
        let reach = self.walk_from(&from, scope, None, within);
        let targets = self.expanded_targets(query.targets(), scope);
        self.describe(id, query, &targets);
        self.note_order(id, query, &targets, scope);
        self.outputs(id, query, &targets, scope, within);
        self.note_loose(id, query, &targets, scope, within);
        self.other_clauses(query, scope, within);
        for source in reach.nullable {
            self.view.sources[source.0].nullable = true;
        }
        scope.pop();
    }

    /// Clauses that no definition may have.
    fn refuse_clauses(&mut self, query: Query, id: BlockId, within: &str) {
        let place = if id == ROOT_BLOCK { "definition" } else { within };
        let checks = [
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
        for (found, message, hint) in checks {
            if found {
                self.object(place, None, message, hint);
            }
        }
    }

    fn describe(&mut self, id: BlockId, query: Query, targets: &[Target]) {
        let groups = query.group_references();
        let grouped = !groups.is_empty() || query.has_aggregates() || query.has_grouping_sets();
        let limited = query.limit().is_some() || query.offset().is_some();
        let block = &mut self.view.blocks[id.0];
        block.plain = !grouped && !limited && !query.is_distinct() && !query.has_windows();
        block.sums_up = grouped
            && !limited
            && !query.is_distinct()
            && !query.has_windows()
            && !query.has_grouping_sets()
            && !query.has_target_srfs()
            && query.having().is_none();
        block.picks = !grouped && !query.is_distinct() && !query.has_windows() && !query.has_target_srfs();
        block.repeats = query.has_target_srfs();
        block.apart = query.stands_apart();
        block.opaque = query.has_grouping_sets();
        let one_group = groups.is_empty() && query.has_aggregates() && !query.has_grouping_sets();
        let first_only = query.limit().is_some_and(|limit| limit.is_constant_bigint(1));
        block.at_most_one_row = (one_group || first_only) && !query.has_target_srfs();
        let visible = || targets.iter().filter(|target| !target.hidden);
        let references = if query.has_distinct_on() {
            query.distinct_references()
        } else if query.is_distinct() {
            block.group_outputs = visible().map(|target| target.position).collect();
            block.groups_in_output = true;
            return;
        } else if query.has_grouping_sets() || query.has_target_srfs() {
            return;
        } else {
            groups
        };
        let place = |reference: &u32| visible().find(|target| target.reference == *reference);
        let places: Vec<i16> = references
            .iter()
            .filter_map(place)
            .map(|target| target.position)
            .collect();
        block.groups_in_output = !places.is_empty() && places.len() == references.len();
        block.group_outputs = places;
    }

    /// The select list: what each output may be relied upon for, and what it uses.
    fn outputs(&mut self, id: BlockId, query: Query, targets: &[Target], scope: &mut Scope, within: &str) {
        let grouped =
            !query.group_references().is_empty() || query.has_aggregates() || query.has_grouping_sets();
        let groups = query.common_group_references();
        let windows = query.window_partitions();
        let distinct = query.distinct_references();
        let limited = query.limit().is_some() || query.offset().is_some();
        let compared = matches!(self.view.blocks[id.0].parent, Some(Parent::Branch(_)));
        for target in targets {
            let place = self.place_of(target, query, within);
            let role = if target.reference == 0 && !compared {
                Role::Leaf
            } else {
                Role::Link
            };
            let expression = self.expression(target.expression, scope, role, &place);
            self.note_document(id, target, scope);
            if target.hidden {
                continue;
            }
            let reference = &target.reference;
            let reliable = !limited
                && (!grouped || groups.contains(reference))
                && (!query.has_windows() || windows.iter().all(|window| window.contains(reference)))
                && (!query.has_distinct_on() || distinct.contains(reference));
            if id == ROOT_BLOCK {
                let copies = expression.as_ref().and_then(Expression::as_column);
                let shown = Analyzer::shown_columns(target.expression, scope);
                self.output_column(target, copies, shown);
            }
            self.view.blocks[id.0]
                .outputs
                .push(expression.filter(|_| reliable));
        }
    }

    /// Where an item of the select list stands, for messages.
    fn place_of(&self, target: &Target, query: Query, within: &str) -> String {
        match (target.hidden, within) {
            (false, "") => format!("select list, column \"{}\"", target.name),
            (false, _) => within.to_owned(),
            (true, "") => query.clause_of(target.reference).to_owned(),
            (true, _) => format!("{within}, {}", query.clause_of(target.reference)),
        }
    }

    fn output_column(&mut self, target: &Target, copies: Option<Column>, shown: Vec<Column>) {
        self.view.columns.push(OutputColumn {
            name: target.name.clone(),
            copies,
            type_oid: target.expression.type_oid().to_u32(),
            collation: target.expression.collation().to_u32(),
            shown,
            key: false,
            searchable: false,
        });
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
                using,
            } => {
                if *using && quals.is_some_and(Node::has_foreign_operator) {
                    let message = expression::operator_lost("JOIN … USING (or NATURAL)");
                    self.object(
                        &condition_place(within, "ON"),
                        *quals,
                        message,
                        "Write JOIN … ON a.x = b.x.",
                    );
                }
                if *kind == JoinKind::Full {
                    return self.full_join(left, right, *quals, scope, within);
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
            self.view.optional_sides.push(right.sources.clone());
        }
        Reach {
            sources: left.sources.union(&right.sources).copied().collect(),
            nullable,
        }
    }

    /// Either side of a full join can be NULLs: its condition holds for no combination for certain, and what is inside a side
    /// only for combinations with a real row of that side.
    fn full_join(
        &mut self,
        left: &FromNode,
        right: &FromNode,
        quals: Option<Node>,
        scope: &mut Scope,
        within: &str,
    ) -> Reach {
        let mut reach = Reach::default();
        for side in [left, right] {
            let mut indices = Vec::new();
            range_indices(side, &mut indices);
            let guard = self.sources_of(&indices, scope);
            let part = self.walk_from(side, scope, Some(&guard), within);
            self.view.optional_sides.push(part.sources.clone());
            reach.sources.extend(part.sources);
            reach.nullable.extend(part.nullable);
        }
        let nullable = reach.nullable.clone();
        self.conditions(quals, scope, Some(&BTreeSet::new()), &nullable, within, "ON");
        reach.nullable.extend(reach.sources.iter().copied());
        reach
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

fn condition_place(within: &str, clause: &str) -> String {
    match (within, clause) {
        ("", "ON") => "join condition".to_owned(),
        ("", _) => "WHERE clause".to_owned(),
        _ => format!("{within}, {clause}"),
    }
}
