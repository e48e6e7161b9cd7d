//! What differs between the supported major versions of PostgreSQL.

use super::hooks::{before_run, previous_executor_run};
use super::imports::called_as_by_server;
use super::node::Node;
use super::relation::Relation;
use super::tree::Query;
use pgrx::pg_sys;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use std::ffi::c_void;

type Mutator = unsafe extern "C-unwind" fn(*mut pg_sys::Node, *mut c_void) -> *mut pg_sys::Node;

/// The first number of a timer that is not the server's own (`USER_TIMEOUT`).
#[cfg(any(feature = "pg15", feature = "pg16"))]
pub(super) const USER_TIMEOUT: i32 = 12;
/// The first number of a timer that is not the server's own (`USER_TIMEOUT`).
#[cfg(not(any(feature = "pg15", feature = "pg16")))]
pub(super) const USER_TIMEOUT: i32 = 13;

/// `expression_tree_mutator`: copies a node with its children mutated.
///
/// # Safety
/// `node` is a valid node and `context` what `mutator` expects.
pub(super) unsafe fn mutate_children(
    node: *mut pg_sys::Node,
    mutator: Mutator,
    context: *mut c_void,
) -> *mut pg_sys::Node {
    #[cfg(feature = "pg15")]
    // SAFETY: PostgreSQL 15 declares the callback without its arguments but calls it with (node, context).
    unsafe {
        let untyped =
            std::mem::transmute::<Mutator, unsafe extern "C-unwind" fn() -> *mut pg_sys::Node>(mutator);
        pg_sys::expression_tree_mutator(node, Some(untyped), context)
    }
    #[cfg(not(feature = "pg15"))]
    // SAFETY: see the function's contract.
    unsafe {
        pg_sys::expression_tree_mutator_impl(node, Some(mutator), context)
    }
}

/// Marks WITH queries NOT MATERIALIZED, at every level of a query that may be changed.
pub(super) fn inline_common_tables(query: Query) {
    // SAFETY: the query is a copy of the caller's own.
    unsafe {
        called_as_by_server(|| inline_callback(query.raw().cast(), std::ptr::null_mut()));
    }
}

/// # Safety
/// `node` is null or a valid node that may be changed.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn inline_callback(node: *mut pg_sys::Node, context: *mut c_void) -> bool {
    if node.is_null() {
        return false;
    }
    // SAFETY: see the function's contract; the casts follow from the tags. The walk visits each WITH query as a node too.
    unsafe {
        pg_sys::check_stack_depth();
        if pgrx::is_a(node, pg_sys::NodeTag::T_CommonTableExpr) {
            let table = node.cast::<pg_sys::CommonTableExpr>();
            if !(*table).cterecursive {
                (*table).ctematerialized = pg_sys::CTEMaterialize::CTEMaterializeNever;
            }
        }
        if pgrx::is_a(node, pg_sys::NodeTag::T_Query) {
            let query = node.cast::<pg_sys::Query>();
            if Query::of_analysis(query).limit().is_none() && Query::of_analysis(query).offset().is_none() {
                (*query).limitCount = std::ptr::null_mut();
                (*query).limitOffset = std::ptr::null_mut();
            }
            return super::imports::walk_query(query, inline_callback, context);
        }
        super::imports::walk_children(node, inline_callback, context)
    }
}

/// The type of the result of an SQL/JSON function (from version 17).
pub(super) fn json_result(node: Node) -> Option<pg_sys::Oid> {
    #[cfg(any(feature = "pg15", feature = "pg16"))]
    return {
        let _ = node;
        None
    };
    #[cfg(not(any(feature = "pg15", feature = "pg16")))]
    // SAFETY: the cast follows from the tag; what such a function returns is always set.
    return unsafe {
        pgrx::is_a(node.0, pg_sys::NodeTag::T_JsonExpr)
            .then(|| (*(*node.0.cast::<pg_sys::JsonExpr>()).returning).typid)
    };
}

/// The arguments of a constructor of JSON (from version 16).
pub(super) fn json_arguments(node: Node) -> Option<*mut pg_sys::List> {
    #[cfg(feature = "pg15")]
    return {
        let _ = node;
        None
    };
    #[cfg(not(feature = "pg15"))]
    // SAFETY: the cast follows from the tag.
    return unsafe {
        pgrx::is_a(node.0, pg_sys::NodeTag::T_JsonConstructorExpr)
            .then(|| (*node.0.cast::<pg_sys::JsonConstructorExpr>()).args)
    };
}

/// The types of the columns of XMLTABLE. (Those of JSON_TABLE are results of SQL/JSON functions.)
pub(super) fn xml_columns(table: &pg_sys::TableFunc) -> Vec<pg_sys::Oid> {
    #[cfg(not(any(feature = "pg15", feature = "pg16")))]
    if table.functype != pg_sys::TableFuncType::TFT_XMLTABLE {
        return vec![];
    }
    super::list::oids(table.coltypes)
}

/// The groups of each grouping set.
pub(super) fn grouping_sets(query: Query) -> Vec<Vec<u32>> {
    /// More sets than this are an error of the server's parser.
    const LIMIT: i32 = 4096;
    // SAFETY: the query's grouping sets are a list of GroupingSet; the result a list of lists of integers.
    unsafe {
        let query = query.raw();
        let sets = super::imports::expand_grouping_sets((*query).groupingSets, (*query).groupDistinct, LIMIT);
        super::list::pointers::<pg_sys::List>(sets)
            .into_iter()
            .map(|set| {
                super::list::integers(set)
                    .into_iter()
                    .map(|reference| reference as u32)
                    .collect()
            })
            .collect()
    }
}

/// Replaces variables that refer to a join or (from version 18) to the grouping step by the expressions they stand for.
pub(super) fn flatten(query: Query, node: Node) -> Node {
    if node.0.is_null() {
        return node;
    }
    // SAFETY: `node` is an expression (or list) of `query`; without a PlannerInfo no nulling marks are added.
    unsafe {
        #[cfg(feature = "pg18")]
        let node = if (*query.0).hasGroupRTE {
            Node(pg_sys::flatten_group_exprs(std::ptr::null_mut(), query.0, node.0))
        } else {
            node
        };
        flatten_joins(query, node)
    }
}

/// Replaces variables that refer to a join by the expressions they stand for; in a FROM item of `query` those that refer to it.
///
/// # Safety
/// `node` is an expression, a list or a FROM item's query.
pub(super) unsafe fn flatten_joins(query: Query, node: Node) -> Node {
    // SAFETY: see the function's contract; without a PlannerInfo no nulling marks are added.
    unsafe {
        #[cfg(feature = "pg15")]
        return Node(pg_sys::flatten_join_alias_vars(query.0, node.0));
        #[cfg(not(feature = "pg15"))]
        Node(pg_sys::flatten_join_alias_vars(
            std::ptr::null_mut(),
            query.0,
            node.0,
        ))
    }
}

/// The columns `conrelid` and `confrelid` of `pg_constraint`. Version 18 has `conenforced` before them.
#[cfg(feature = "pg18")]
pub(super) const CONSTRAINT_RELATIONS: (i16, i16) = (9, 13);
/// The same.
#[cfg(not(feature = "pg18"))]
pub(super) const CONSTRAINT_RELATIONS: (i16, i16) = (8, 12);

/// `InvalidSubTransactionId`.
const NO_SUBTRANSACTION: pg_sys::SubTransactionId = 0;

/// Whether a relation's storage was replaced in this transaction (its rows may have changed without a trigger).
///
/// # Safety
/// `relation` is an open relation.
pub(super) unsafe fn rewritten_in_transaction(relation: pg_sys::Relation) -> bool {
    // SAFETY: see the function's contract.
    unsafe {
        #[cfg(feature = "pg15")]
        return (*relation).rd_newRelfilenodeSubid != NO_SUBTRANSACTION;
        #[cfg(not(feature = "pg15"))]
        return (*relation).rd_newRelfilelocatorSubid != NO_SUBTRANSACTION;
    }
}

/// `stringToQualifiedNameList`: the parts of a possibly qualified name.
///
/// # Safety
/// `name` is a NUL-terminated string.
pub(super) unsafe fn qualified_name_list(name: *const std::ffi::c_char) -> *mut pg_sys::List {
    // SAFETY: see the function's contract.
    unsafe {
        #[cfg(feature = "pg15")]
        return pg_sys::stringToQualifiedNameList(name);
        #[cfg(not(feature = "pg15"))]
        return pg_sys::stringToQualifiedNameList(name, std::ptr::null_mut());
    }
}

/// Whether a subcommand of ALTER TABLE changes the expression of a generated column (from version 17).
pub(super) fn sets_expression(command: &pg_sys::AlterTableCmd) -> bool {
    #[cfg(any(feature = "pg15", feature = "pg16"))]
    return {
        let _ = command;
        false
    };
    #[cfg(not(any(feature = "pg15", feature = "pg16")))]
    return command.subtype == pg_sys::AlterTableType::AT_SetExpression;
}

/// The expression of a virtual generated column (from version 18), with its table as number 1.
pub(super) fn generation_expression(relation: &Relation, attnum: i16) -> Option<Node> {
    #[cfg(feature = "pg18")]
    // SAFETY: the relation is open, and the caller knows that the column is generated.
    return Some(Node(unsafe {
        pg_sys::build_generation_expression(relation.raw(), i32::from(attnum))
    }));
    #[cfg(not(feature = "pg18"))]
    return {
        let _ = (relation, attnum);
        None
    };
}

/// Which indexes a new version of a row needs entries in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Indexes {
    None,
    All,
    /// Those that summarise blocks (from version 16).
    #[cfg_attr(
        feature = "pg15",
        expect(dead_code, reason = "there are none before version 16")
    )]
    Summarizing,
}

/// The table access method's `tuple_update`.
///
/// # Safety
/// The relation is a table that is open for writing, the place that of one of its rows, the slot holds the new version; a
/// snapshot is active.
pub(super) unsafe fn update_tuple(
    relation: pg_sys::Relation,
    place: pg_sys::ItemPointer,
    slot: *mut pg_sys::TupleTableSlot,
) -> (pg_sys::TM_Result::Type, Indexes) {
    // SAFETY: see the function's contract.
    unsafe {
        let mut failure = pg_sys::TM_FailureData::default();
        let mut lock_mode = pg_sys::LockTupleMode::LockTupleKeyShare;
        let command = pg_sys::GetCurrentCommandId(true);
        let snapshot = pg_sys::GetActiveSnapshot();
        #[cfg(feature = "pg15")]
        let mut indexes = false;
        #[cfg(not(feature = "pg15"))]
        let mut indexes = pg_sys::TU_UpdateIndexes::TU_None;
        let Some(update) = (*(*relation).rd_tableam).tuple_update else {
            return (pg_sys::TM_Result::TM_Invisible, Indexes::None);
        };
        let result = pg_guard_ffi_boundary(|| {
            update(
                relation,
                place,
                slot,
                command,
                snapshot,
                std::ptr::null_mut(),
                true,
                &mut failure,
                &mut lock_mode,
                &mut indexes,
            )
        });
        #[cfg(feature = "pg15")]
        let indexes = if indexes { Indexes::All } else { Indexes::None };
        #[cfg(not(feature = "pg15"))]
        let indexes = match indexes {
            pg_sys::TU_UpdateIndexes::TU_None => Indexes::None,
            pg_sys::TU_UpdateIndexes::TU_Summarizing => Indexes::Summarizing,
            _ => Indexes::All,
        };
        (result, indexes)
    }
}

/// Tells an executor's state which columns of its only table are updated: entries of indexes on other columns are then known to be those of
/// one more version of a row, and those of changed columns are not.
///
/// # Safety
/// The state is new, and its memory context is the current one; the columns are the table's.
pub(super) unsafe fn name_updated(state: *mut pg_sys::EState, table: pg_sys::Oid, columns: &[i16]) {
    // SAFETY: see the function's contract; palloc0 returns zeroed memory of the size asked for, or raises an error.
    unsafe {
        let updated = columns.iter().fold(std::ptr::null_mut(), |updated, attnum| {
            let member = i32::from(*attnum) - pg_sys::FirstLowInvalidHeapAttributeNumber;
            pg_sys::bms_add_member(updated, member)
        });
        let entry = pg_sys::palloc0(size_of::<pg_sys::RangeTblEntry>()).cast::<pg_sys::RangeTblEntry>();
        (*entry).type_ = pg_sys::NodeTag::T_RangeTblEntry;
        (*entry).rtekind = pg_sys::RTEKind::RTE_RELATION;
        (*entry).relid = table;
        #[cfg(feature = "pg15")]
        {
            (*entry).updatedCols = updated;
        }
        #[cfg(not(feature = "pg15"))]
        {
            let size = size_of::<pg_sys::RTEPermissionInfo>();
            let permissions = pg_sys::palloc0(size).cast::<pg_sys::RTEPermissionInfo>();
            (*permissions).type_ = pg_sys::NodeTag::T_RTEPermissionInfo;
            (*permissions).relid = table;
            (*permissions).updatedCols = updated;
            (*entry).perminfoindex = 1;
            (*state).es_rteperminfos = pg_sys::lappend(std::ptr::null_mut(), permissions.cast());
        }
        (*state).es_range_table = pg_sys::lappend(std::ptr::null_mut(), entry.cast());
    }
}

/// `ExecInsertIndexTuples` for the new version of a row.
///
/// # Safety
/// The target's indexes are open, the slot holds the row as it was written.
pub(super) unsafe fn insert_index_entries(
    target: *mut pg_sys::ResultRelInfo,
    slot: *mut pg_sys::TupleTableSlot,
    state: *mut pg_sys::EState,
    indexes: Indexes,
) {
    let (arbiters, conflict) = (std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: see the function's contract.
    unsafe {
        #[cfg(feature = "pg15")]
        {
            let _ = indexes;
            pg_sys::ExecInsertIndexTuples(target, slot, state, true, false, conflict, arbiters);
        }
        #[cfg(not(feature = "pg15"))]
        {
            let summarizing = indexes == Indexes::Summarizing;
            pg_sys::ExecInsertIndexTuples(target, slot, state, true, false, conflict, arbiters, summarizing);
        }
    }
}

/// `index_beginscan` without ordering.
///
/// # Safety
/// The index is an open one of the open table; the snapshot outlives the scan.
pub(super) unsafe fn begin_index_scan(
    table: pg_sys::Relation,
    index: pg_sys::Relation,
    snapshot: pg_sys::Snapshot,
    keys: i32,
) -> pg_sys::IndexScanDesc {
    // SAFETY: see the function's contract.
    unsafe {
        #[cfg(feature = "pg18")]
        return pg_sys::index_beginscan(table, index, snapshot, std::ptr::null_mut(), keys, 0);
        #[cfg(not(feature = "pg18"))]
        return pg_sys::index_beginscan(table, index, snapshot, keys, 0);
    }
}

mod raw {
    use pgrx::pg_sys;

    unsafe extern "C-unwind" {
        pub fn PopActiveSnapshot();
        #[cfg(not(feature = "pg18"))]
        pub fn standard_ExecutorRun(
            query: *mut pg_sys::QueryDesc,
            direction: pg_sys::ScanDirection::Type,
            count: u64,
            once: bool,
        );
        #[cfg(feature = "pg18")]
        pub fn standard_ExecutorRun(
            query: *mut pg_sys::QueryDesc,
            direction: pg_sys::ScanDirection::Type,
            count: u64,
        );
    }
}

/// The hook around running a query: see [`before_run`]. Like all hooks it is bare.
///
/// # Safety
/// Called by the server.
#[cfg(not(feature = "pg18"))]
pub(super) unsafe extern "C-unwind" fn executor_run(
    query: *mut pg_sys::QueryDesc,
    direction: pg_sys::ScanDirection::Type,
    count: u64,
    once: bool,
) {
    // SAFETY: the query is the server's; a hook that was there before has the same contract.
    unsafe {
        let pushed = before_run(query);
        match previous_executor_run() {
            Some(previous) => previous(query, direction, count, once),
            None => raw::standard_ExecutorRun(query, direction, count, once),
        }
        if pushed {
            raw::PopActiveSnapshot();
        }
    }
}

/// The hook around running a query: see [`before_run`]. Like all hooks it is bare.
///
/// # Safety
/// Called by the server.
#[cfg(feature = "pg18")]
pub(super) unsafe extern "C-unwind" fn executor_run(
    query: *mut pg_sys::QueryDesc,
    direction: pg_sys::ScanDirection::Type,
    count: u64,
) {
    // SAFETY: the query is the server's; a hook that was there before has the same contract.
    unsafe {
        let pushed = before_run(query);
        match previous_executor_run() {
            Some(previous) => previous(query, direction, count),
            None => raw::standard_ExecutorRun(query, direction, count),
        }
        if pushed {
            raw::PopActiveSnapshot();
        }
    }
}
