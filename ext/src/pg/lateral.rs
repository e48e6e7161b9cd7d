//! Derived tables that always have one row, as subqueries in expressions. The invariant is that of [`super::tree`].

use super::imports::{walk_children, walk_query_without_join_columns as walk_query};
use super::leaf::takes_rows_one_by_one;
use super::list::pointers;
use super::node::{Node, NodeKind, Visit, rewrite};
use super::tree::Query;
use pgrx::{is_a, pg_sys};
use std::collections::BTreeMap;
use std::ffi::c_void;

impl Query {
    /// The query without derived tables of one row whose columns are only shown: in place of these stand subqueries.
    /// ```sql
    /// SELECT p.pk_product, x.n FROM tb_product p LEFT JOIN LATERAL (SELECT count(*) AS n FROM tb_review r WHERE …) x ON true
    /// SELECT p.pk_product, (SELECT count(*) AS n FROM tb_review r WHERE …) AS n FROM tb_product p
    /// ```
    /// Both have the same rows. Each column has a subquery of its own, and the query may only be analysed or written as text.
    pub fn without_single_rows(self) -> Query {
        let copy = self.copy();
        // SAFETY: the copy is our own.
        let query = unsafe { &mut *copy.raw() };
        if !takes_rows_one_by_one(query, false) {
            return self;
        }
        let mut items = Vec::new();
        find_items(query.jointree.cast(), &mut items);
        let mut changed = false;
        for index in items {
            changed |= replace_item(copy, index).is_some();
        }
        if changed { copy } else { self }
    }
}

/// Most columns of one derived table for which there are subqueries.
const MOST_COLUMNS: usize = 8;

/// The items on their own in a FROM clause, or joined without a condition to what stands before them, that no outer join around them can
/// replace by NULLs.
fn find_items(node: *mut pg_sys::Node, items: &mut Vec<i32>) {
    // SAFETY: a join tree consists of FromExpr, JoinExpr and RangeTblRef nodes only.
    unsafe {
        pg_sys::check_stack_depth();
        let reference = |node: *mut pg_sys::Node| {
            is_a(node, pg_sys::NodeTag::T_RangeTblRef).then(|| (*node.cast::<pg_sys::RangeTblRef>()).rtindex)
        };
        if is_a(node, pg_sys::NodeTag::T_FromExpr) {
            for item in pointers::<pg_sys::Node>((*node.cast::<pg_sys::FromExpr>()).fromlist) {
                items.extend(reference(item));
                find_items(item, items);
            }
        } else if is_a(node, pg_sys::NodeTag::T_JoinExpr) {
            let join = &*node.cast::<pg_sys::JoinExpr>();
            let inner = join.jointype == pg_sys::JoinType::JOIN_INNER;
            if !inner && join.jointype != pg_sys::JoinType::JOIN_LEFT {
                return;
            }
            find_items(join.larg, items);
            if inner {
                find_items(join.rarg, items);
            }
            items.extend(reference(join.rarg).filter(|_| is_unconditional(join)));
        }
    }
}

/// `CROSS JOIN`, or `ON true`.
fn is_unconditional(join: &pg_sys::JoinExpr) -> bool {
    // SAFETY: the cast follows from the tag.
    unsafe {
        let inner = join.jointype == pg_sys::JoinType::JOIN_INNER;
        let usual = inner || join.jointype == pg_sys::JoinType::JOIN_LEFT;
        let always = join.quals.is_null()
            || (is_a(join.quals, pg_sys::NodeTag::T_Const) && {
                let constant = &*join.quals.cast::<pg_sys::Const>();
                !constant.constisnull && constant.constvalue.value() != 0
            });
        usual && always && join.usingClause.is_null() && join.alias.is_null()
    }
}

/// Puts subqueries in place of the columns of one item, and takes it out of the FROM clause. Nothing is changed if that is not possible.
fn replace_item(query: Query, index: i32) -> Option<()> {
    let subquery = single_row(query, index)?;
    let columns = subquery.targets();
    let mentions = mentions(query)?;
    // SAFETY: the query is the caller's own copy.
    let raw = unsafe { &mut *query.raw() };
    let shown = shown_columns(Node(raw.targetList.cast()), index);
    if shown.len() > MOST_COLUMNS || mentions.get(&index).copied().unwrap_or(0) != shown.len() {
        return None;
    }
    let mut subqueries = Vec::new();
    for attnum in &shown {
        let column = columns.iter().find(|column| column.position == *attnum)?;
        // SAFETY: an expression; without an aggregate the subquery would have a row for each of its FROM clause.
        if !unsafe { pg_sys::contain_aggs_of_level(column.expression.0, 0) } {
            return None;
        }
        subqueries.push((*attnum, of_column(subquery, *attnum)));
    }
    let from = without(raw.jointree.cast(), index)?;
    raw.jointree = from.cast();
    let replaced = rewrite(Node(raw.targetList.cast()), &mut |node| match node.kind() {
        NodeKind::Variable(variable) if variable.levels_up == 0 => {
            let own = i32::try_from(variable.range_index) == Ok(index);
            let known = subqueries.iter().find(|(attnum, _)| *attnum == variable.attnum);
            known
                .filter(|_| own)
                .map_or(Visit::Keep, |(_, subquery)| Visit::Replace(*subquery))
        }
        _ => Visit::Descend,
    });
    raw.targetList = replaced.0.cast();
    raw.hasSubLinks = true;
    Some(())
}

/// The derived table that an entry is, if it is made of aggregates over all that its FROM clause has.
fn single_row(query: Query, index: i32) -> Option<Query> {
    // SAFETY: entries of the query; the casts follow from what they say they are.
    unsafe {
        let entries = pointers::<pg_sys::RangeTblEntry>((*query.raw()).rtable);
        let entry = &**entries.get(usize::try_from(index).ok()?.checked_sub(1)?)?;
        if entry.rtekind != pg_sys::RTEKind::RTE_SUBQUERY {
            return None;
        }
        let subquery = &*entry.subquery;
        let single = takes_rows_one_by_one(subquery, true) && subquery.sortClause.is_null();
        single.then_some(Query(entry.subquery))
    }
}

/// The columns of an item that a select list shows, once for each time, outside of its subqueries.
fn shown_columns(targets: Node, index: i32) -> Vec<i16> {
    let mut shown = Vec::new();
    rewrite(targets, &mut |node| match node.kind() {
        NodeKind::Variable(variable) => {
            if variable.levels_up == 0 && i32::try_from(variable.range_index) == Ok(index) {
                shown.push(variable.attnum);
            }
            Visit::Keep
        }
        _ => Visit::Descend,
    });
    shown
}

/// `(SELECT column FROM …)`
fn of_column(subquery: Query, attnum: i16) -> Node {
    let copy = subquery.copy();
    // SAFETY: the copy is our own; palloc0 returns zeroed memory of the size asked for, and every field that readers look at is set.
    unsafe {
        let query = &mut *copy.raw();
        let mut targets = std::ptr::null_mut();
        for target in pointers::<pg_sys::TargetEntry>(query.targetList) {
            if (*target).resno == attnum {
                (*target).resno = 1;
                targets = pg_sys::lappend(targets, target.cast());
            }
        }
        query.targetList = targets;
        let sublink = pg_sys::palloc0(size_of::<pg_sys::SubLink>()).cast::<pg_sys::SubLink>();
        (*sublink).xpr.type_ = pg_sys::NodeTag::T_SubLink;
        (*sublink).subLinkType = pg_sys::SubLinkType::EXPR_SUBLINK;
        (*sublink).subselect = copy.raw().cast();
        (*sublink).location = -1;
        Node(sublink.cast())
    }
}

/// A join tree without an item; `None` if nothing else would be in it.
fn without(node: *mut pg_sys::Node, index: i32) -> Option<*mut pg_sys::Node> {
    // SAFETY: as in `find_items`; the tree may be changed.
    unsafe {
        pg_sys::check_stack_depth();
        if is_a(node, pg_sys::NodeTag::T_RangeTblRef) {
            return ((*node.cast::<pg_sys::RangeTblRef>()).rtindex != index).then_some(node);
        }
        if is_a(node, pg_sys::NodeTag::T_JoinExpr) {
            let join = &mut *node.cast::<pg_sys::JoinExpr>();
            return match (without(join.larg, index), without(join.rarg, index)) {
                (Some(left), Some(right)) => {
                    (join.larg, join.rarg) = (left, right);
                    Some(node)
                }
                // Of a join without a condition, or there is nothing on its left.
                (Some(left), None) if is_unconditional(join) => Some(left),
                _ => None,
            };
        }
        let from = &mut *node.cast::<pg_sys::FromExpr>();
        let mut items = std::ptr::null_mut();
        for item in pointers::<pg_sys::Node>(from.fromlist) {
            match without(item, index) {
                Some(item) => items = pg_sys::lappend(items, item.cast()),
                None if !is_a(item, pg_sys::NodeTag::T_RangeTblRef) => return None,
                None => {}
            }
        }
        if items.is_null() {
            return None;
        }
        from.fromlist = items;
        Some(node)
    }
}

/// How often each item of a query's FROM clause is mentioned anywhere in it; `None` if a join is, or an item as a whole.
fn mentions(query: Query) -> Option<BTreeMap<i32, usize>> {
    let mut context = Mentions {
        query,
        depth: 0,
        counted: BTreeMap::new(),
    };
    // SAFETY: a valid query; the callback gets its context back.
    let other = unsafe { walk_query(query.raw(), count, (&raw mut context).cast()) };
    (!other).then_some(context.counted)
}

struct Mentions {
    query: Query,
    depth: u32,
    counted: BTreeMap<i32, usize>,
}

/// Counts the variables of the outermost query; true for one of a join or of a whole row.
///
/// # Safety
/// `node` is null or a valid node, `context` a [`Mentions`].
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn count(node: *mut pg_sys::Node, context: *mut c_void) -> bool {
    if node.is_null() {
        return false;
    }
    // SAFETY: see the function's contract; the casts follow from the tags.
    unsafe {
        pg_sys::check_stack_depth();
        if is_a(node, pg_sys::NodeTag::T_Var) {
            let variable = &*node.cast::<pg_sys::Var>();
            let known = &mut *context.cast::<Mentions>();
            if variable.varlevelsup != known.depth {
                return false;
            }
            *known.counted.entry(variable.varno).or_default() += 1;
            let entries = pointers::<pg_sys::RangeTblEntry>((*known.query.raw()).rtable);
            let place = usize::try_from(variable.varno)
                .ok()
                .and_then(|number| number.checked_sub(1));
            let entry = place.and_then(|place| entries.get(place));
            return entry.is_none_or(|entry| {
                (**entry).rtekind == pg_sys::RTEKind::RTE_JOIN
                    || (variable.varattno == 0 && (**entry).rtekind == pg_sys::RTEKind::RTE_SUBQUERY)
            });
        }
        if is_a(node, pg_sys::NodeTag::T_Query) {
            (*context.cast::<Mentions>()).depth += 1;
            let other = walk_query(node.cast(), count, context);
            (*context.cast::<Mentions>()).depth -= 1;
            return other;
        }
        walk_children(node, count, context)
    }
}
