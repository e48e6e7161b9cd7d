//! Where the server tells what a transaction is about to do: to end, to go back to a savepoint, to read.

use super::context::guarded;
use super::kept;
use super::moved;
use super::reserve;
use super::spare::spare;
use super::transaction::Horizon;
use super::version;
use crate::error::or_raise;
use crate::runtime::{patch, pending};
use pgrx::pg_sys;
use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};

mod raw {
    use super::{c_char, c_int, pg_sys};

    unsafe extern "C-unwind" {
        pub fn AfterTriggerFireDeferred();
        pub fn PopActiveSnapshot();
        pub fn PushActiveSnapshot(snapshot: pg_sys::Snapshot);
        pub fn standard_ExecutorStart(query: *mut pg_sys::QueryDesc, flags: c_int);
        pub fn standard_ProcessUtility(
            statement: *mut pg_sys::PlannedStmt,
            text: *const c_char,
            read_only_tree: bool,
            context: pg_sys::ProcessUtilityContext::Type,
            parameters: pg_sys::ParamListInfo,
            environment: *mut pg_sys::QueryEnvironment,
            destination: *mut pg_sys::DestReceiver,
            completion: *mut pg_sys::QueryCompletion,
        );
    }
}

thread_local! {
    static EXECUTOR_START: Cell<pg_sys::ExecutorStart_hook_type> = const { Cell::new(None) };
    static EXECUTOR_RUN: Cell<pg_sys::ExecutorRun_hook_type> = const { Cell::new(None) };
    static PROCESS_UTILITY: Cell<pg_sys::ProcessUtility_hook_type> = const { Cell::new(None) };
}

/// Installs the hooks and callbacks; once per backend.
pub(super) fn register() {
    // SAFETY: the functions live as long as the library; hooks that were there before are called by ours.
    unsafe {
        pg_sys::RegisterXactCallback(Some(transaction_event), std::ptr::null_mut());
        pg_sys::RegisterSubXactCallback(Some(subtransaction_event), std::ptr::null_mut());
        EXECUTOR_START.set(pg_sys::ExecutorStart_hook);
        pg_sys::ExecutorStart_hook = Some(executor_start);
        EXECUTOR_RUN.set(pg_sys::ExecutorRun_hook);
        pg_sys::ExecutorRun_hook = Some(version::executor_run);
        PROCESS_UTILITY.set(pg_sys::ProcessUtility_hook);
        pg_sys::ProcessUtility_hook = Some(process_utility);
    }
}

// Errors that the server raises below a hook must reach its caller as they are: on their way through a guard of Rust they would
// lose their position and context. So the hooks themselves are bare: they hold nothing that would have to be dropped, call
// the server's functions directly, and leave all else to guarded functions.

/// # Safety
/// Called by the server.
unsafe extern "C-unwind" fn transaction_event(event: pg_sys::XactEvent::Type, _argument: *mut c_void) {
    use pg_sys::XactEvent::*;
    // SAFETY: in the first two events the transaction is still in progress, and nothing of it is active.
    unsafe {
        match event {
            XACT_EVENT_PRE_COMMIT | XACT_EVENT_PRE_PREPARE => {
                while flush_with_new_snapshot() {
                    // What the flush has written may have deferred triggers, and these may change sources.
                    raw::AfterTriggerFireDeferred();
                }
                close_kept_rows();
            }
            XACT_EVENT_COMMIT | XACT_EVENT_ABORT | XACT_EVENT_PREPARE => {
                pending::forget();
                // After all that could keep rows.
                kept::forget();
                patch::forget_changes();
                crate::api::ddl::forget_pending();
                crate::api::placeholder::forget();
                moved::transaction_ended();
                reserve::forget_shortage();
            }
            _ => {}
        }
    }
}

/// Works off what is pending, if anything is.
///
/// # Safety
/// In a transaction.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn flush_with_new_snapshot() -> bool {
    if !pending::any() {
        return false;
    }
    // SAFETY: see the function's contract.
    unsafe {
        pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
        guarded(|| or_raise(pending::flush()));
        pg_sys::PopActiveSnapshot();
    }
    true
}

/// # Safety
/// In a transaction.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn close_kept_rows() {
    kept::close_done();
}

/// # Safety
/// Called by the server.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn subtransaction_event(
    event: pg_sys::SubXactEvent::Type,
    own: pg_sys::SubTransactionId,
    parent: pg_sys::SubTransactionId,
    _argument: *mut c_void,
) {
    use pg_sys::SubXactEvent::*;
    match event {
        SUBXACT_EVENT_ABORT_SUB => {
            pending::roll_back(own);
            reserve::forget_shortage();
        }
        SUBXACT_EVENT_COMMIT_SUB => pending::hand_up(own, parent),
        _ => {}
    }
}

/// # Safety
/// Called by the server.
unsafe extern "C-unwind" fn executor_start(query: *mut pg_sys::QueryDesc, flags: c_int) {
    // SAFETY: the query is the server's; a hook that was there before has the same contract.
    unsafe {
        if pending::is_in_use() {
            flush_before_reading(query);
        }
        match EXECUTOR_START.get() {
            Some(previous) => previous(query, flags),
            None => raw::standard_ExecutorStart(query, flags),
        }
        if (*query).operation == pg_sys::CmdType::CMD_UPDATE {
            spare_update(query);
        }
        if (*query).operation == pg_sys::CmdType::CMD_MERGE || (*(*query).plannedstmt).hasModifyingCTE {
            follow_moved_rows(query);
        }
    }
}

/// The hook that was there before ours.
pub(super) fn previous_executor_run() -> pg_sys::ExecutorRun_hook_type {
    EXECUTOR_RUN.get()
}

/// Before a query is run. Processes that work in parallel see what the active snapshot sees, which is that of the query before it was
/// moved on: so the query's own is put in force, to be popped after the run. False if nothing was done.
///
/// # Safety
/// The query has been started.
pub(super) unsafe fn before_run(query: *mut pg_sys::QueryDesc) -> bool {
    // SAFETY: see the function's contract.
    unsafe {
        let parallel = (*(*query).plannedstmt).parallelModeNeeded;
        if !parallel || !pending::is_in_use() || (*query).snapshot.is_null() {
            return false;
        }
        raw::PushActiveSnapshot((*query).snapshot);
        true
    }
}

/// # Safety
/// The query has just been started.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn spare_update(query: *mut pg_sys::QueryDesc) {
    // SAFETY: see the function's contract.
    unsafe { spare(query) }
}

/// # Safety
/// The query has just been started.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn follow_moved_rows(query: *mut pg_sys::QueryDesc) {
    // SAFETY: see the function's contract.
    unsafe { moved::follow(query) }
}

/// # Safety
/// The query has not started.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn flush_before_reading(query: *mut pg_sys::QueryDesc) {
    // SAFETY: see the function's contract.
    unsafe {
        let statement = (*query).plannedstmt;
        let relations = super::list::oids((*statement).relationOids);
        // A function may read a tview in a process that works in parallel. That one knows nothing of what is pending, and once it is there
        // nobody may write.
        if (*statement).parallelModeNeeded || guarded(|| or_raise(pending::concerns_any(&relations))) {
            guarded(|| or_raise(pending::flush()));
            if let Some(flushed) = pending::flushed() {
                move_snapshot_on(query, flushed);
            }
        }
    }
}

/// Lets a query that has not started see what a flush of its own transaction has written, and what that was computed from.
///
/// The flush looks under snapshots of its own, which under READ COMMITTED can be newer than the query's: it may have waited for
/// another transaction and then have replaced rows that this one had written. To the query's snapshot, moved on by the
/// number of the command alone, both would be visible: the row before the other's commit, and the own one after it.
///
/// # Safety
/// The query has not started.
unsafe fn move_snapshot_on(query: *mut pg_sys::QueryDesc, flushed: Horizon) {
    // SAFETY: see the function's contract; the query holds one registration of its snapshot.
    unsafe {
        let old = (*query).snapshot;
        if old.is_null()
            || (*old).snapshot_type != pg_sys::SnapshotType::SNAPSHOT_MVCC
            || !Horizon::of(old).is_before(flushed)
        {
            return;
        }
        (*query).snapshot = pg_sys::RegisterSnapshot(pg_sys::GetTransactionSnapshot());
        pg_sys::UnregisterSnapshot(old);
    }
}

/// # Safety
/// Called by the server.
unsafe extern "C-unwind" fn process_utility(
    statement: *mut pg_sys::PlannedStmt,
    text: *const c_char,
    read_only_tree: bool,
    context: pg_sys::ProcessUtilityContext::Type,
    parameters: pg_sys::ParamListInfo,
    environment: *mut pg_sys::QueryEnvironment,
    destination: *mut pg_sys::DestReceiver,
    completion: *mut pg_sys::QueryCompletion,
) {
    // SAFETY: the statement is the server's; a hook that was there before has the same contract.
    unsafe {
        refuse_explained((*statement).utilityStmt);
        let mut renewed = false;
        if pending::is_in_use() && needs_flush((*statement).utilityStmt) {
            flush_with_new_snapshot();
            renewed = reads((*statement).utilityStmt) && renew_snapshot();
        }
        match PROCESS_UTILITY.get() {
            Some(previous) => previous(
                statement,
                text,
                read_only_tree,
                context,
                parameters,
                environment,
                destination,
                completion,
            ),
            None => raw::standard_ProcessUtility(
                statement,
                text,
                read_only_tree,
                context,
                parameters,
                environment,
                destination,
                completion,
            ),
        }
        if renewed {
            raw::PopActiveSnapshot();
        }
    }
}

/// EXPLAIN ANALYZE makes the table of a CREATE TABLE … AS, and no event trigger sees it.
///
/// # Safety
/// `node` is a valid node.
unsafe fn refuse_explained(node: *mut pg_sys::Node) {
    // SAFETY: see the function's contract; the cast follows from the tag.
    unsafe {
        if (*node).type_ == pg_sys::NodeTag::T_ExplainStmt {
            refuse_explained_tview(node.cast());
        }
    }
}

/// # Safety
/// The statement is valid.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn refuse_explained_tview(statement: *mut pg_sys::ExplainStmt) {
    // SAFETY: see the function's contract.
    if let Some(explained) = unsafe { super::event::explained_creation(statement) } {
        guarded(|| or_raise(crate::api::create_as::refuse_explained(&explained)));
    }
}

/// Whether a command runs a query under the snapshot that it has got.
///
/// # Safety
/// `node` is a valid node.
unsafe fn reads(node: *mut pg_sys::Node) -> bool {
    use pg_sys::NodeTag::*;
    // SAFETY: see the function's contract.
    unsafe {
        matches!(
            (*node).type_,
            T_CopyStmt | T_CreateTableAsStmt | T_RefreshMatViewStmt
        )
    }
}

/// Puts a snapshot in force that sees what a flush has written, in place of the one that a command has got.
///
/// # Safety
/// In a transaction.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn renew_snapshot() -> bool {
    // SAFETY: see the function's contract.
    unsafe {
        if pending::flushed().is_none() || !pg_sys::ActiveSnapshotSet() {
            return false;
        }
        pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
        true
    }
}

/// Whether a command other than a query could see or change what is pending: all but those that only direct the session, and those
/// whose queries pass through the executor.
///
/// # Safety
/// `node` is a valid node.
unsafe fn needs_flush(node: *mut pg_sys::Node) -> bool {
    use pg_sys::NodeTag::*;
    // SAFETY: see the function's contract; the cast follows from the tag.
    unsafe {
        match (*node).type_ {
            T_TransactionStmt | T_VariableSetStmt | T_VariableShowStmt | T_FetchStmt | T_ClosePortalStmt
            | T_PrepareStmt | T_DeallocateStmt | T_ExecuteStmt | T_ExplainStmt | T_NotifyStmt
            | T_ListenStmt | T_UnlistenStmt | T_LockStmt | T_DoStmt | T_CallStmt | T_DeclareCursorStmt
            | T_ConstraintsSetStmt | T_DiscardStmt | T_LoadStmt => false,
            T_CopyStmt => !(*node.cast::<pg_sys::CopyStmt>()).is_from,
            _ => true,
        }
    }
}
