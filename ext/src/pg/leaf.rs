//! The query of leaves: what a definition's query would select of them from its root alone. The invariant is that of [`super::tree`].

use super::imports::{called_as_by_server, walk_children, walk_query};
use super::list::pointers;
use super::node::{Node, NodeKind, SublinkKind, stripped};
use super::tree::{Query, Target};
use pgrx::{is_a, pg_sys};
use std::ffi::c_void;

/// A leaf's place: the position of the output column, from 0, and the keys that lead to it.
pub type Place<'a> = (usize, &'a [String]);

/// A column of the only table of a list's subquery, which has to equal a parameter.
pub struct Restriction {
    pub table: pg_sys::Oid,
    pub attnum: i16,
    /// The parameter's number.
    pub parameter: usize,
}

impl Query {
    /// The text of `SELECT leaf, … FROM root WHERE key = $1 …`, whose columns are `c1`, `c2` …; the key is given by output columns (position
    /// from 0, type). Where the leaves name no other columns of the root than those of the key the root need not be read, and it
    /// is `SELECT leaf, … FROM (SELECT $1 …) root`. `None` if the leaves depend on more than the root, or are not where they should be.
    ///
    /// With `only`, each leaf is a list, and has elements for some rows of its table only.
    pub fn leaves_text(
        self,
        leaves: &[Place<'_>],
        key: &[(usize, pg_sys::Oid)],
        only: Option<&Restriction>,
    ) -> Option<String> {
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
            let leaf = visible.get(*position)?.expression.member(path)?;
            if let Some(only) = only {
                leaf.restrict(only)?;
            }
            shown.push(leaf);
        }
        let columns: Vec<Node> = key
            .iter()
            .filter_map(|(position, type_oid)| plain_column(visible.get(*position)?.expression, *type_oid))
            .collect();
        let root = root?;
        let alone = columns.len() == key.len() && copy.select_from_key(root, &shown, &columns).is_some();
        if !alone {
            copy.select_from(root, &shown, &conditions)?;
        }
        Some(super::parse::query_text(copy))
    }

    /// Makes it a query of a row that holds these columns of one of its tables, as parameters. Nothing is changed if that does not suffice.
    fn select_from_key(self, index: usize, shown: &[Node], columns: &[Node]) -> Option<()> {
        let numbers: Vec<i16> = columns.iter().filter_map(|column| column.attnum()).collect();
        let leaves = shown.iter().map(|leaf| only_of(*leaf, index, Some(&numbers)));
        let leaves: Vec<Node> = leaves.collect::<Option<_>>()?;
        // SAFETY: as in `select_from`.
        unsafe {
            let query = &mut *self.raw();
            let entries = pointers::<pg_sys::RangeTblEntry>(query.rtable);
            let entry = *entries.get(index.checked_sub(1)?)?;
            if !query.cteList.is_null() || !query.setOperations.is_null() {
                return None;
            }
            let item = reference_to(pointers((*query.jointree).fromlist), index)?;
            let row = row_of_parameters(columns, &numbers, (*entry).eref)?;
            self.select(item, row, &leaves, std::ptr::null_mut())
        }
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
            let leaves = shown.iter().map(|leaf| only_of(*leaf, index, None));
            let leaves: Vec<Node> = leaves.collect::<Option<_>>()?;
            let mut quals = std::ptr::null_mut();
            for condition in conditions {
                quals = pg_sys::make_and_qual(quals, only_of(*condition, index, None)?.0);
            }
            self.select(item, entry, &leaves, quals)
        }
    }

    /// Makes it the query of these expressions over one entry, with these conditions.
    ///
    /// # Safety
    /// The query is a copy of the caller's own, and so is everything that is put into it.
    unsafe fn select(
        self,
        item: *mut pg_sys::RangeTblRef,
        entry: *mut pg_sys::RangeTblEntry,
        shown: &[Node],
        quals: *mut pg_sys::Node,
    ) -> Option<()> {
        // SAFETY: see the function's contract; lists and nodes are made by the server's functions.
        unsafe {
            let query = &mut *self.raw();
            let mut targets = std::ptr::null_mut();
            for (number, leaf) in shown.iter().enumerate() {
                let name = super::text::c_string(&format!("c{}", number + 1)).ok()?;
                let name = pg_sys::pstrdup(name.as_ptr());
                let target = pg_sys::makeTargetEntry(leaf.0.cast(), number as i16 + 1, name, false);
                targets = pg_sys::lappend(targets, target.cast());
            }
            query.targetList = targets;
            query.rtable = pg_sys::lappend(std::ptr::null_mut(), entry.cast());
            (*item).rtindex = 1;
            (*query.jointree).fromlist = pg_sys::lappend(std::ptr::null_mut(), item.cast());
            (*query.jointree).quals = quals;
            query.sortClause = std::ptr::null_mut();
            query.hasSubLinks = true;
        }
        Some(())
    }
}

/// The entry `(SELECT $1 AS pk, …) p`, with the types of some columns, and the names that they and their table have.
///
/// # Safety
/// These are the names of an entry's columns, among which the numbers are; they live as long as the new entry.
unsafe fn row_of_parameters(
    columns: &[Node],
    numbers: &[i16],
    known: *const pg_sys::Alias,
) -> Option<*mut pg_sys::RangeTblEntry> {
    // SAFETY: palloc0 returns zeroed memory of the size asked for; every field that the deparser looks at is set.
    unsafe {
        let (mut targets, mut names) = (std::ptr::null_mut(), std::ptr::null_mut());
        let known_names = pointers::<pg_sys::String>((*known).colnames);
        for (number, column) in columns.iter().enumerate() {
            let place = usize::try_from(*numbers.get(number)?).ok()?.checked_sub(1)?;
            let name = (**known_names.get(place)?).sval;
            let value = column.parameter(number + 1);
            let target = pg_sys::makeTargetEntry(value.0.cast(), number as i16 + 1, name, false);
            targets = pg_sys::lappend(targets, target.cast());
            names = pg_sys::lappend(names, pg_sys::makeString(name).cast());
        }
        let row = pg_sys::palloc0(size_of::<pg_sys::Query>()).cast::<pg_sys::Query>();
        (*row).type_ = pg_sys::NodeTag::T_Query;
        (*row).commandType = pg_sys::CmdType::CMD_SELECT;
        (*row).canSetTag = true;
        (*row).targetList = targets;
        (*row).jointree = pg_sys::makeFromExpr(std::ptr::null_mut(), std::ptr::null_mut());
        let entry = pg_sys::palloc0(size_of::<pg_sys::RangeTblEntry>()).cast::<pg_sys::RangeTblEntry>();
        (*entry).type_ = pg_sys::NodeTag::T_RangeTblEntry;
        (*entry).rtekind = pg_sys::RTEKind::RTE_SUBQUERY;
        (*entry).subquery = row;
        (*entry).alias = pg_sys::makeAlias((*known).aliasname, std::ptr::null_mut());
        (*entry).eref = pg_sys::makeAlias((*known).aliasname, names);
        (*entry).inFromCl = true;
        Some(entry)
    }
}

/// The column that an expression is, if a parameter of this type stands for it wherever it is used: of the same type, and without a
/// collation of its own.
pub(super) fn plain_column(node: Node, type_oid: pg_sys::Oid) -> Option<Node> {
    let collation = node.collation();
    let usual = collation == pg_sys::InvalidOid || collation == pg_sys::DEFAULT_COLLATION_OID;
    (node.attnum().is_some() && node.type_oid() == type_oid && usual).then_some(node)
}

/// The index of the table that an expression is a column of.
pub(super) fn range_index(node: Node) -> Option<usize> {
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
    /// The number of the column of the query that this is.
    pub(super) fn attnum(self) -> Option<i16> {
        match self.kind() {
            NodeKind::Variable(variable) if variable.levels_up == 0 => Some(variable.attnum),
            _ => None,
        }
    }

    /// The member at a path of nested objects with constant keys.
    pub(super) fn member(self, path: &[String]) -> Option<Node> {
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

impl Node {
    /// Takes all but some rows out of a list. `None` if it is not the value of a subquery that takes the rows of one table one by one.
    pub(super) fn restrict(self, only: &Restriction) -> Option<()> {
        let NodeKind::Sublink {
            kind: SublinkKind::Value,
            test: None,
            query,
        } = self.without_empty_list().kind()
        else {
            return None;
        };
        let mut next = query;
        let mut sums_up = true;
        loop {
            // SAFETY: a query of the caller's own copy, which may be changed; its FROM clause refers to entries that are there.
            unsafe {
                let query = &mut *next.raw();
                let [item] = pointers::<pg_sys::Node>((*query.jointree).fromlist)[..] else {
                    return None;
                };
                if !is_a(item, pg_sys::NodeTag::T_RangeTblRef) || !takes_rows_one_by_one(query, sums_up) {
                    return None;
                }
                let index = (*item.cast::<pg_sys::RangeTblRef>()).rtindex;
                let entries = pointers::<pg_sys::RangeTblEntry>(query.rtable);
                let entry = &**entries.get(usize::try_from(index).ok()?.checked_sub(1)?)?;
                match entry.rtekind {
                    pg_sys::RTEKind::RTE_SUBQUERY => (next, sums_up) = (Query(entry.subquery), false),
                    pg_sys::RTEKind::RTE_RELATION
                        if entry.relid == only.table && entry.tablesample.is_null() =>
                    {
                        let condition = only.condition(index)?;
                        let from = &mut *query.jointree;
                        from.quals = pg_sys::make_and_qual(from.quals, condition.0);
                        return Some(());
                    }
                    _ => return None,
                }
            }
        }
    }
}

/// Whether each row of a query is made of one row of its FROM clause, or with `sums_up` its only row of all of them: what other rows
/// there are has no say in whether one is among them.
pub(super) fn takes_rows_one_by_one(query: &pg_sys::Query, sums_up: bool) -> bool {
    let clauses = [
        query.cteList,
        query.groupClause,
        query.groupingSets,
        query.windowClause,
        query.distinctClause,
        query.rowMarks,
    ];
    let expressions = [
        query.havingQual,
        query.limitCount,
        query.limitOffset,
        query.setOperations,
    ];
    query.hasAggs == sums_up
        && !query.hasWindowFuncs
        && !query.hasTargetSRFs
        && clauses.iter().all(|list| list.is_null())
        && expressions.iter().all(|node| node.is_null())
}

impl Restriction {
    /// `column = $number`, where the table has this index in the range table.
    fn condition(&self, index: i32) -> Option<Node> {
        let (mut oid, mut modifier, mut collation) = (pg_sys::InvalidOid, -1, pg_sys::InvalidOid);
        // SAFETY: a column of the table, as the caller says; the node is made by the server's function.
        let column = unsafe {
            pg_sys::get_atttypetypmodcoll(self.table, self.attnum, &mut oid, &mut modifier, &mut collation);
            Node(pg_sys::makeVar(index, self.attnum, oid, modifier, collation, 0).cast())
        };
        column.equals_parameter(self.parameter, oid)
    }
}

/// What a walk over an expression needs to know.
struct Renumbering<'a> {
    index: i32,
    depth: u32,
    /// The only columns, which get numbers from 1.
    columns: Option<&'a [i16]>,
}

/// A copy of an expression over one table alone, which gets number 1; if `columns` are given, over these alone, which get numbers from 1.
/// `None` if it names others.
fn only_of(node: Node, index: usize, columns: Option<&[i16]>) -> Option<Node> {
    let mut context = Renumbering {
        index: i32::try_from(index).ok()?,
        depth: 0,
        columns,
    };
    // SAFETY: the copy is our own; the callback gets its context back.
    unsafe {
        let copy = pg_sys::copyObjectImpl(node.0.cast()).cast::<pg_sys::Node>();
        let foreign = called_as_by_server(|| renumber(copy, (&raw mut context).cast()));
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
            if let Some(columns) = known.columns {
                let Some(place) = columns.iter().position(|attnum| *attnum == variable.varattno) else {
                    return true;
                };
                variable.varattno = place as i16 + 1;
            }
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
