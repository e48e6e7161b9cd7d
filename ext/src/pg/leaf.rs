//! The query of leaves: what a definition's query would select of them from its root alone. The invariant is that of [`super::tree`].

use super::imports::{walk_children, walk_query};
use super::list::pointers;
use super::node::{Node, NodeKind, stripped};
use super::tree::{Query, Target};
use pgrx::{is_a, pg_sys};
use std::ffi::c_void;

/// A leaf's place: the position of the output column, from 0, and the keys that lead to it.
pub type Place<'a> = (usize, &'a [String]);

impl Query {
    /// The text of `SELECT leaf, … FROM root WHERE key = $1 …`, whose columns are `c1`, `c2` …; the key is given by output columns (position
    /// from 0, type). `None` if the leaves depend on more than the root, or are not where they should be.
    pub fn leaves_text(self, leaves: &[Place<'_>], key: &[(usize, pg_sys::Oid)]) -> Option<String> {
        let copy = self.copy();
        let targets = copy.targets();
        let visible: Vec<&Target> = targets.iter().filter(|target| !target.hidden).collect();
        let mut root = None;
        let mut conditions = Vec::with_capacity(key.len());
        for (number, (position, type_oid)) in key.iter().enumerate() {
            let column = visible.get(*position)?.expression;
            let index = range_index(column)?;
            if *root.get_or_insert(index) != index {
                return None;
            }
            conditions.push(column.equals_parameter(number + 1, *type_oid)?);
        }
        let mut shown = Vec::with_capacity(leaves.len());
        for (position, path) in leaves {
            shown.push(visible.get(*position)?.expression.member(path)?);
        }
        copy.select_from(root?, &shown, &conditions)?;
        Some(super::parse::query_text(copy))
    }

    /// Makes it a query of one of its tables, which is then the only entry of its range table.
    fn select_from(self, index: usize, shown: &[Node], conditions: &[Node]) -> Option<()> {
        // SAFETY: the query is a copy of the caller's own, and so is everything that is put into it; lists and nodes are made by the
        // server's functions.
        unsafe {
            let query = &mut *self.raw();
            let entries = pointers::<pg_sys::RangeTblEntry>(query.rtable);
            let entry = *entries.get(index.checked_sub(1)?)?;
            let is_table = (*entry).rtekind == pg_sys::RTEKind::RTE_RELATION;
            let from = query.jointree;
            let item = reference_to(pointers((*from).fromlist), index)?;
            if !is_table || !query.cteList.is_null() || !query.setOperations.is_null() {
                return None;
            }
            let mut targets = std::ptr::null_mut();
            for (number, leaf) in shown.iter().enumerate() {
                let expression = only_of(*leaf, index)?;
                let name = super::text::c_string(&format!("c{}", number + 1)).ok()?;
                let name = pg_sys::pstrdup(name.as_ptr());
                let target = pg_sys::makeTargetEntry(expression.0.cast(), number as i16 + 1, name, false);
                targets = pg_sys::lappend(targets, target.cast());
            }
            let mut quals = std::ptr::null_mut();
            for condition in conditions {
                quals = pg_sys::make_and_qual(quals, only_of(*condition, index)?.0);
            }
            query.targetList = targets;
            query.rtable = pg_sys::lappend(std::ptr::null_mut(), entry.cast());
            (*item).rtindex = 1;
            (*from).fromlist = pg_sys::lappend(std::ptr::null_mut(), item.cast());
            (*from).quals = quals;
            query.sortClause = std::ptr::null_mut();
            query.hasSubLinks = true;
        }
        Some(())
    }
}

/// The index of the table that an expression is a column of.
fn range_index(node: Node) -> Option<usize> {
    // SAFETY: an expression of a query.
    match Node(unsafe { stripped(node.0) }).kind() {
        NodeKind::Variable(variable) if variable.levels_up == 0 => Some(variable.range_index),
        _ => None,
    }
}

/// The item of a FROM clause that is this table, which may stand inside joins.
fn reference_to(items: Vec<*mut pg_sys::Node>, index: usize) -> Option<*mut pg_sys::RangeTblRef> {
    // SAFETY: each cast follows from the tag.
    items.into_iter().find_map(|item| unsafe {
        pg_sys::check_stack_depth();
        if is_a(item, pg_sys::NodeTag::T_RangeTblRef) {
            let reference = item.cast::<pg_sys::RangeTblRef>();
            return ((*reference).rtindex as usize == index).then_some(reference);
        }
        if is_a(item, pg_sys::NodeTag::T_JoinExpr) {
            let join = &*item.cast::<pg_sys::JoinExpr>();
            return reference_to(vec![join.larg, join.rarg], index);
        }
        None
    })
}

impl Node {
    /// The member at a path of nested objects with constant keys.
    fn member(self, path: &[String]) -> Option<Node> {
        let Some((key, rest)) = path.split_first() else {
            return Some(self);
        };
        if let Some((left, right)) = self.concatenated() {
            return right.member(path).or_else(|| left.member(path));
        }
        let members = self.object_members()?;
        members.iter().find(|(known, _)| known == key)?.1.member(rest)
    }
}

/// What a walk over an expression needs to know.
struct Renumbering {
    index: i32,
    depth: u32,
}

/// A copy of an expression over one table alone, which gets number 1. `None` if it names others.
fn only_of(node: Node, index: usize) -> Option<Node> {
    let mut context = Renumbering {
        index: i32::try_from(index).ok()?,
        depth: 0,
    };
    // SAFETY: the copy is our own; the callback gets its context back.
    unsafe {
        let copy = pg_sys::copyObjectImpl(node.0.cast()).cast::<pg_sys::Node>();
        let foreign = renumber(copy, (&raw mut context).cast());
        (!foreign).then_some(Node(copy))
    }
}

/// Finds variables of other tables of the outermost query, and renumbers those of the one.
///
/// # Safety
/// `node` is null or a valid node that may be changed, `context` a [`Renumbering`].
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn renumber(node: *mut pg_sys::Node, context: *mut c_void) -> bool {
    if node.is_null() {
        return false;
    }
    // SAFETY: see the function's contract; the casts follow from the tags.
    unsafe {
        pg_sys::check_stack_depth();
        if is_a(node, pg_sys::NodeTag::T_Var) {
            let variable = &mut *node.cast::<pg_sys::Var>();
            let known = &*context.cast::<Renumbering>();
            if variable.varlevelsup != known.depth {
                return variable.varlevelsup > known.depth;
            }
            if variable.varno != known.index {
                return true;
            }
            // What the user wrote may have been the column of a join, which is not there any more.
            variable.varno = 1;
            variable.varnosyn = 1;
            variable.varattnosyn = variable.varattno;
            return false;
        }
        if is_a(node, pg_sys::NodeTag::T_Query) {
            (*context.cast::<Renumbering>()).depth += 1;
            let foreign = walk_query(node.cast(), renumber, context);
            (*context.cast::<Renumbering>()).depth -= 1;
            return foreign;
        }
        walk_children(node, renumber, context)
    }
}
