//! PostgreSQL's analysed query trees behind safe accessors.
//!
//! Invariant: every pointer in here comes from the server, points to a node of the kind its wrapper names, and lives in a memory
//! context that outlasts the current call. Wrappers are made from such pointers only, inside `pg`, and are not kept.

use super::list::{oids, pointers};
use super::node::{Node, NodeKind, optional};
use super::text::owned;
use pgrx::{is_a, pg_sys};

/// An analysed SELECT.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Query(pub(super) *mut pg_sys::Query);

/// An entry of a query's range table.
#[derive(Clone, Copy)]
pub struct RangeEntry(*mut pg_sys::RangeTblEntry);

/// What a range-table entry is.
pub enum RangeKind {
    Relation {
        oid: pg_sys::Oid,
        kind: u8,
        sampled: bool,
        /// The rows of tables that inherit from it are left out.
        only: bool,
    },
    Subquery(Query),
    Function,
    Values,
    CommonTable {
        name: String,
        levels_up: usize,
        /// It stands inside its own, recursive definition.
        self_reference: bool,
    },
    Other(&'static str),
}

/// A node of a FROM clause.
pub enum FromNode {
    Range(usize),
    Join {
        kind: JoinKind,
        left: Box<FromNode>,
        right: Box<FromNode>,
        quals: Option<Node>,
        /// Written with USING, or NATURAL.
        using: bool,
    },
    From {
        items: Vec<FromNode>,
        quals: Option<Node>,
    },
}

/// Kind of a join.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
}

/// An item of the select list.
pub struct Target {
    pub expression: Node,
    pub name: String,
    pub position: i16,
    pub hidden: bool,
    /// Number by which GROUP BY, ORDER BY and DISTINCT refer to it; 0 if they don't.
    pub reference: u32,
}

/// A common table expression.
pub struct CommonTable {
    pub query: Query,
    pub recursive: bool,
}

impl Query {
    fn get(&self) -> &pg_sys::Query {
        // SAFETY: module invariant.
        unsafe { &*self.0 }
    }

    /// A query that parse analysis has made.
    pub(super) fn of_analysis(query: *mut pg_sys::Query) -> Query {
        Query(query)
    }

    pub(super) fn raw(self) -> *mut pg_sys::Query {
        self.0
    }

    /// A copy that may be changed.
    pub fn copy(self) -> Query {
        // SAFETY: module invariant; copyObject returns the same kind of node.
        Query(unsafe { pg_sys::copyObjectImpl(self.0.cast()) }.cast())
    }

    pub fn is_select(&self) -> bool {
        self.get().commandType == pg_sys::CmdType::CMD_SELECT && self.get().utilityStmt.is_null()
    }

    pub fn has_aggregates(&self) -> bool {
        self.get().hasAggs
    }

    pub fn has_windows(&self) -> bool {
        self.get().hasWindowFuncs
    }

    pub fn has_distinct_on(&self) -> bool {
        self.get().hasDistinctOn
    }

    pub fn is_distinct(&self) -> bool {
        !self.get().distinctClause.is_null()
    }

    pub fn has_grouping_sets(&self) -> bool {
        !self.get().groupingSets.is_null()
    }

    pub fn has_set_operations(&self) -> bool {
        !self.get().setOperations.is_null()
    }

    pub fn has_row_marks(&self) -> bool {
        !self.get().rowMarks.is_null()
    }

    /// Whether it reads nothing, and all that it shows are NULLs.
    pub fn is_placeholder(&self) -> bool {
        let is_null = |target: &Target| target.expression.is_null_constant();
        // SAFETY: a SELECT has a FROM clause, which may be empty. Until version 16 the range table of a view has entries even then.
        let reads_nothing = unsafe { (*self.get().jointree).fromlist.is_null() };
        reads_nothing && self.get().setOperations.is_null() && self.targets().iter().all(is_null)
    }

    pub fn has_modifying_cte(&self) -> bool {
        self.get().hasModifyingCTE
    }

    pub fn has_target_srfs(&self) -> bool {
        self.get().hasTargetSRFs
    }

    pub fn group_references(&self) -> Vec<u32> {
        sort_group_references(self.get().groupClause)
    }

    /// The text of the query with output columns (position from 0, type) compared with the parameters `$1`, `$2` … inside it: in
    /// its WHERE clause, or in those of the branches of its set operation. `None` if a type has no equality.
    pub fn restricted_text(&self, columns: &[(usize, pg_sys::Oid)]) -> Option<String> {
        let copy = self.copy();
        copy.restrict(columns)?;
        Some(super::parse::query_text(copy))
    }

    fn restrict(&self, columns: &[(usize, pg_sys::Oid)]) -> Option<()> {
        if self.has_set_operations() {
            for index in self.set_operation_branches() {
                match self.range_entry(index)?.kind() {
                    RangeKind::Subquery(branch) => branch.restrict(columns)?,
                    _ => return None,
                }
            }
            return Some(());
        }
        let targets = self.targets();
        let visible: Vec<&Target> = targets.iter().filter(|target| !target.hidden).collect();
        for (number, (position, type_oid)) in columns.iter().enumerate() {
            let condition = visible
                .get(*position)?
                .expression
                .equals_parameter(number + 1, *type_oid)?;
            // SAFETY: the query is a copy of our own; its join tree is a FromExpr.
            unsafe {
                let tree = (*self.0).jointree;
                (*tree).quals = pg_sys::make_and_qual((*tree).quals, condition.0);
            }
        }
        Some(())
    }

    /// The query with every WITH query marked NOT MATERIALIZED where that changes nothing but the plan, and without LIMIT and OFFSET clauses
    /// that limit nothing, so that conditions reach into it.
    pub fn with_inlined_common_tables(&self) -> Query {
        let copy = self.copy();
        super::version::inline_common_tables(copy);
        copy
    }

    /// The view of which the query shows every column in order, each as it is, and whose rows it takes as they are; with the index of its
    /// range-table entry.
    pub fn shown_view(&self) -> Option<(usize, pg_sys::Oid)> {
        let query = self.get();
        let FromNode::From { items, quals: None } = self.join_tree() else {
            return None;
        };
        let [FromNode::Range(index)] = items[..] else {
            return None;
        };
        let entry = self.range_entry(index)?;
        let RangeKind::Relation {
            oid,
            kind: pg_sys::RELKIND_VIEW,
            sampled: false,
            ..
        } = entry.kind()
        else {
            return None;
        };
        let is_column = |(place, target): (usize, &Target)| match target.expression.kind() {
            NodeKind::Variable(variable) => {
                variable.levels_up == 0
                    && variable.range_index == index
                    && usize::try_from(variable.attnum) == Ok(place + 1)
                    && !target.hidden
            }
            _ => false,
        };
        let all = super::leaf::takes_rows_one_by_one(query, false)
            && query.sortClause.is_null()
            && self.targets().iter().enumerate().all(is_column);
        all.then_some((index, oid))
    }

    /// The query with the names of another one's columns; `None` if it has not as many.
    pub fn named_like(self, other: Query) -> Option<Query> {
        let own = pointers::<pg_sys::TargetEntry>(self.get().targetList);
        let others = pointers::<pg_sys::TargetEntry>(other.get().targetList);
        // SAFETY: target lists consist of TargetEntry; the query is a copy of the caller's own, and the names live as long as the other.
        unsafe {
            let own: Vec<_> = own.into_iter().filter(|target| !(**target).resjunk).collect();
            if own.len() != others.len() {
                return None;
            }
            for (own, other) in own.into_iter().zip(others) {
                (*own).resname = (*other).resname;
            }
        }
        Some(self)
    }

    /// The groups that are in every grouping set; all groups without grouping sets.
    pub fn common_group_references(&self) -> Vec<u32> {
        let mut common = self.group_references();
        if self.has_grouping_sets() {
            for set in super::version::grouping_sets(*self) {
                common.retain(|reference| set.contains(reference));
            }
        }
        common
    }

    /// The clause for which an item stands in the select list although it is not put out.
    pub fn clause_of(&self, reference: u32) -> &'static str {
        let sorted = sort_group_references(self.get().sortClause);
        if self.group_references().contains(&reference) {
            "GROUP BY"
        } else if self.has_distinct_on() && self.distinct_references().contains(&reference) {
            "DISTINCT ON"
        } else if sorted.contains(&reference) {
            "ORDER BY"
        } else {
            "window definition"
        }
    }

    /// By what DISTINCT or DISTINCT ON tells rows apart.
    pub fn distinct_references(&self) -> Vec<u32> {
        sort_group_references(self.get().distinctClause)
    }

    /// By what each window partitions the rows.
    pub fn window_partitions(&self) -> Vec<Vec<u32>> {
        let clauses = pointers::<pg_sys::WindowClause>(self.get().windowClause);
        // SAFETY: windowClause is a list of WindowClause, their partitionClause one of SortGroupClause.
        clauses
            .into_iter()
            .map(|clause| sort_group_references(unsafe { (*clause).partitionClause }))
            .collect()
    }

    /// Range-table indices of the branches of a set operation, in the order of the text.
    pub fn set_operation_branches(&self) -> Vec<usize> {
        let mut branches = Vec::new();
        collect_branches(self.get().setOperations, &mut branches);
        branches
    }

    /// Whether one of the set operations is EXCEPT.
    pub fn has_except(&self) -> bool {
        contains_except(self.get().setOperations)
    }

    /// Whether a set operation of the query makes one row of equal ones, or picks some of them: all but UNION ALL.
    pub fn picks_among_equals(&self) -> bool {
        picks_among_equals(self.get().setOperations)
    }

    /// Whether the outermost set operation keeps duplicates.
    pub fn keeps_duplicates(&self) -> bool {
        let node = self.get().setOperations;
        // SAFETY: the cast follows from the tag.
        unsafe {
            is_a(node, pg_sys::NodeTag::T_SetOperationStmt) && (*node.cast::<pg_sys::SetOperationStmt>()).all
        }
    }

    pub fn having(&self) -> Option<Node> {
        optional(self.get().havingQual)
    }

    /// What the rows are ordered by: references to the select list, each with the operator that says which values are equal.
    pub fn order(&self) -> Vec<(u32, pg_sys::Oid)> {
        let clauses = pointers::<pg_sys::SortGroupClause>(self.get().sortClause);
        // SAFETY: sortClause is a list of SortGroupClause.
        let clauses = clauses.into_iter().map(|clause| unsafe { &*clause });
        clauses
            .map(|clause| (clause.tleSortGroupRef, clause.eqop))
            .collect()
    }

    /// What LIMIT says, unless it is ALL or NULL, which limit nothing.
    pub fn limit(&self) -> Option<Node> {
        optional(self.get().limitCount).filter(|limit| !limit.is_constant_null())
    }

    /// What OFFSET says, unless that is NULL or 0.
    pub fn offset(&self) -> Option<Node> {
        optional(self.get().limitOffset)
            .filter(|offset| !offset.is_constant_null() && !offset.is_constant_bigint(0))
    }

    /// Whether PostgreSQL computes the query apart from one around it, because of its ORDER BY or WITH clause.
    pub fn stands_apart(&self) -> bool {
        !self.get().sortClause.is_null() || !self.get().cteList.is_null()
    }

    /// Window frame bounds.
    pub fn window_bounds(&self) -> Vec<Node> {
        let clauses = pointers::<pg_sys::WindowClause>(self.get().windowClause);
        // SAFETY: windowClause is a list of WindowClause.
        let bounds = clauses
            .into_iter()
            .flat_map(|clause| unsafe { [(*clause).startOffset, (*clause).endOffset] });
        bounds.filter_map(optional).collect()
    }

    pub fn range_entry(&self, index: usize) -> Option<RangeEntry> {
        pointers(self.get().rtable)
            .get(index.checked_sub(1)?)
            .copied()
            .map(RangeEntry)
    }

    pub fn common_table(&self, name: &str) -> Option<CommonTable> {
        let tables = pointers::<pg_sys::CommonTableExpr>(self.get().cteList);
        // SAFETY: cteList is a list of CommonTableExpr whose ctequery is a Query after analysis.
        tables
            .into_iter()
            .map(|table| unsafe { &*table })
            .find(|table| owned(table.ctename) == name)
            .map(|table| CommonTable {
                query: Query(table.ctequery.cast()),
                recursive: table.cterecursive,
            })
    }

    pub fn join_tree(&self) -> FromNode {
        read_from(self.get().jointree.cast())
    }

    /// The select list, with references to grouped columns and join columns replaced by what they stand for.
    pub fn targets(&self) -> Vec<Target> {
        let list = super::version::flatten(*self, Node(self.get().targetList.cast()));
        let targets = pointers::<pg_sys::TargetEntry>(list.0.cast());
        let visible = targets.into_iter().map(|target| {
            // SAFETY: the target list is a list of TargetEntry.
            let target = unsafe { &*target };
            Target {
                expression: Node(target.expr.cast()),
                name: owned(target.resname),
                position: target.resno,
                hidden: target.resjunk,
                reference: target.ressortgroupref,
            }
        });
        visible.collect()
    }

    /// A derived table of this query's FROM clause, with its references to join columns of this query replaced by what they stand for.
    pub fn flattened_item(&self, item: Query) -> Query {
        // SAFETY: the item is a query; the copy is of the same kind.
        Query(
            unsafe { super::version::flatten_joins(*self, Node(item.0.cast())) }
                .0
                .cast(),
        )
    }

    /// An expression of this query with references to grouped columns and join columns replaced by what they stand for.
    pub fn flattened(&self, node: Node) -> Node {
        super::version::flatten(*self, node)
    }
}

fn sort_group_references(clauses: *mut pg_sys::List) -> Vec<u32> {
    // SAFETY: only called on lists of SortGroupClause.
    pointers::<pg_sys::SortGroupClause>(clauses)
        .into_iter()
        .map(|clause| unsafe { (*clause).tleSortGroupRef })
        .collect()
}

fn collect_branches(node: *mut pg_sys::Node, branches: &mut Vec<usize>) {
    // SAFETY: a tree of set operations consists of SetOperationStmt and RangeTblRef nodes only.
    unsafe {
        pg_sys::check_stack_depth();
        if is_a(node, pg_sys::NodeTag::T_RangeTblRef) {
            branches.push((*node.cast::<pg_sys::RangeTblRef>()).rtindex as usize);
        } else if is_a(node, pg_sys::NodeTag::T_SetOperationStmt) {
            let operation = &*node.cast::<pg_sys::SetOperationStmt>();
            collect_branches(operation.larg, branches);
            collect_branches(operation.rarg, branches);
        }
    }
}

fn contains_except(node: *mut pg_sys::Node) -> bool {
    // SAFETY: as in `collect_branches`.
    unsafe {
        if node.is_null() || !is_a(node, pg_sys::NodeTag::T_SetOperationStmt) {
            return false;
        }
        pg_sys::check_stack_depth();
        let operation = &*node.cast::<pg_sys::SetOperationStmt>();
        operation.op == pg_sys::SetOperation::SETOP_EXCEPT
            || contains_except(operation.larg)
            || contains_except(operation.rarg)
    }
}

fn picks_among_equals(node: *mut pg_sys::Node) -> bool {
    // SAFETY: as in `collect_branches`.
    unsafe {
        if node.is_null() || !is_a(node, pg_sys::NodeTag::T_SetOperationStmt) {
            return false;
        }
        pg_sys::check_stack_depth();
        let operation = &*node.cast::<pg_sys::SetOperationStmt>();
        !(operation.op == pg_sys::SetOperation::SETOP_UNION && operation.all)
            || picks_among_equals(operation.larg)
            || picks_among_equals(operation.rarg)
    }
}

fn read_from(node: *mut pg_sys::Node) -> FromNode {
    // SAFETY: a join tree consists of FromExpr, JoinExpr and RangeTblRef nodes only.
    unsafe {
        pg_sys::check_stack_depth();
        if is_a(node, pg_sys::NodeTag::T_RangeTblRef) {
            FromNode::Range((*node.cast::<pg_sys::RangeTblRef>()).rtindex as usize)
        } else if is_a(node, pg_sys::NodeTag::T_JoinExpr) {
            let join = &*node.cast::<pg_sys::JoinExpr>();
            let kind = match join.jointype {
                pg_sys::JoinType::JOIN_LEFT => JoinKind::Left,
                pg_sys::JoinType::JOIN_RIGHT => JoinKind::Right,
                pg_sys::JoinType::JOIN_FULL => JoinKind::Full,
                _ => JoinKind::Inner,
            };
            FromNode::Join {
                kind,
                left: Box::new(read_from(join.larg)),
                right: Box::new(read_from(join.rarg)),
                quals: optional(join.quals),
                using: !join.usingClause.is_null(),
            }
        } else {
            let from = &*node.cast::<pg_sys::FromExpr>();
            FromNode::From {
                items: pointers(from.fromlist).into_iter().map(read_from).collect(),
                quals: optional(from.quals),
            }
        }
    }
}

impl RangeEntry {
    fn get(&self) -> &pg_sys::RangeTblEntry {
        // SAFETY: module invariant.
        unsafe { &*self.0 }
    }

    pub fn kind(&self) -> RangeKind {
        let entry = self.get();
        match entry.rtekind {
            pg_sys::RTEKind::RTE_RELATION => RangeKind::Relation {
                oid: entry.relid,
                kind: entry.relkind as u8,
                sampled: !entry.tablesample.is_null(),
                only: !entry.inh,
            },
            pg_sys::RTEKind::RTE_SUBQUERY => RangeKind::Subquery(Query(entry.subquery)),
            pg_sys::RTEKind::RTE_FUNCTION => RangeKind::Function,
            pg_sys::RTEKind::RTE_VALUES => RangeKind::Values,
            pg_sys::RTEKind::RTE_CTE => RangeKind::CommonTable {
                name: owned(entry.ctename),
                levels_up: entry.ctelevelsup as usize,
                self_reference: entry.self_reference,
            },
            pg_sys::RTEKind::RTE_TABLEFUNC => RangeKind::Function,
            pg_sys::RTEKind::RTE_NAMEDTUPLESTORE => RangeKind::Other("a transition table"),
            _ => RangeKind::Other("this kind of FROM item"),
        }
    }

    pub fn alias(&self) -> String {
        // SAFETY: eref is set in every range-table entry.
        unsafe { owned((*self.get().eref).aliasname) }
    }

    /// The calls of functions whose rows have the columns that the FROM clause says, with the types of these.
    pub fn described_calls(&self) -> Vec<(Node, Vec<pg_sys::Oid>)> {
        let functions = pointers::<pg_sys::RangeTblFunction>(self.get().functions).into_iter();
        // SAFETY: functions is a list of RangeTblFunction, whose column types are a list of oids.
        functions
            .map(|function| unsafe { (Node((*function).funcexpr), oids((*function).funccoltypes)) })
            .collect()
    }

    /// Number of its columns.
    pub fn width(&self) -> usize {
        // SAFETY: eref is set in every range-table entry; its column names are a list of strings.
        pointers::<pg_sys::Node>(unsafe { (*self.get().eref).colnames }).len()
    }

    /// Whether it is a function whose rows are numbered.
    pub fn is_numbered(&self) -> bool {
        self.get().funcordinality
    }

    /// The types of the columns that the item makes: all but those of tables and views.
    pub fn made_types(&self) -> Vec<pg_sys::Oid> {
        let entry = self.get();
        match self.kind() {
            RangeKind::Relation { .. } => vec![],
            RangeKind::Subquery(query) => {
                let targets = query.targets().into_iter();
                targets
                    .filter(|target| !target.hidden)
                    .map(|target| target.expression.type_oid())
                    .collect()
            }
            _ => {
                let calls = self.described_calls().into_iter();
                calls
                    .flat_map(|(call, types)| types.into_iter().chain([call.type_oid()]))
                    .chain(oids(entry.coltypes))
                    .collect()
            }
        }
    }

    /// The expressions of a table function, of XMLTABLE or JSON_TABLE, or of VALUES.
    pub fn computed_expressions(&self) -> Vec<Node> {
        let entry = self.get();
        let functions = pointers::<pg_sys::RangeTblFunction>(entry.functions).into_iter();
        // SAFETY: functions is a list of RangeTblFunction, values_lists a list of lists of expressions.
        let functions = functions.map(|function| Node(unsafe { (*function).funcexpr }));
        let values = pointers::<pg_sys::List>(entry.values_lists).into_iter();
        functions
            .chain(values.flat_map(|row| pointers(row).into_iter().map(Node)))
            .chain(optional(entry.tablefunc.cast()))
            .collect()
    }
}
