//! Rows that a MERGE moves to another partition.
//!
//! A MERGE whose action is UPDATE can move a row to another partition. The server then puts the row into the transition tables of DELETE and of INSERT,
//! but fires the triggers of these statements only if the command has such actions itself. So the executor of such a command is told, before it begins, that it
//! has them, and that no other trigger of a statement than ours waits for them: those of others fire as they would without us.

use super::command::{self, Command};
use super::imports;
use super::list::pointers;
use super::own_trigger::Functions;
use super::trigger::Firing;
use pg_tviews_sqltext::{Event, OwnTrigger};
use pgrx::{is_a, pg_sys};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

thread_local! {
    /// The command that was running when the library was loaded. Nobody has looked at commands that began before.
    static LOADED: Cell<Option<Command>> = const { Cell::new(None) };
    /// Tables that a MERGE of this transaction updates and inserts into, and the number of its command.
    static MIXED: RefCell<BTreeSet<(u32, u32)>> = const { RefCell::new(BTreeSet::new()) };
}

/// The library has been loaded.
pub(super) fn loaded() {
    // SAFETY: reads a variable.
    let in_transaction = unsafe { pg_sys::IsTransactionState() };
    LOADED.set(in_transaction.then(command::active).flatten());
}

/// Whether an UPDATE trigger may be that of a MERGE which has moved rows, and whose executor [nobody has told](follow).
pub fn may_be_unseen(firing: &Firing) -> bool {
    if firing.event() != Event::Update
        || !firing.is_partitioned()
        || !is_unseen()
        || firing.is_clients_update()
    {
        return false;
    }
    // A row that is moved is inserted into its new partition.
    // SAFETY: reads a variable.
    !unsafe { pg_sys::pgstat_track_counts } || has_inserted(firing.relation_oid())
}

/// Whether this transaction has inserted rows into a partition of a table, at any level.
fn has_inserted(table: pg_sys::Oid) -> bool {
    let function = pg_sys::Oid::from(pg_sys::F_PG_STAT_GET_XACT_TUPLES_INSERTED);
    imports::inheritance_children(table).into_iter().any(|child| {
        // SAFETY: the function takes any relation.
        let inserted = unsafe {
            pg_sys::OidFunctionCall1Coll(function, pg_sys::InvalidOid, pg_sys::Datum::from(child)).value()
        };
        inserted > 0 || has_inserted(child)
    })
}

/// Whether the statement whose trigger is running began before the library was loaded.
fn is_unseen() -> bool {
    let (Some(loaded), Some(active)) = (LOADED.get(), command::active()) else {
        return false;
    };
    // The first of a transaction that has not written yet has no number of the transaction.
    (loaded.transaction == active.transaction || loaded.transaction == 0) && active.number <= loaded.number
}

/// No statement that began before the library was loaded is still running.
pub(super) fn transaction_ended() {
    LOADED.set(None);
    MIXED.with_borrow_mut(BTreeSet::clear);
}

/// Whether the rows of an UPDATE trigger are those of a MERGE that inserts, too, into a partitioned table. From version 16 on the server can show a row in the
/// transition table that was inserted in place of the one that was updated.
pub fn is_mixed_up(firing: &Firing) -> bool {
    let number = command::active().map(|active| active.number);
    let known = (firing.relation_oid().to_u32(), number.unwrap_or_default());
    firing.event() == Event::Update && MIXED.with_borrow(|mixed| mixed.contains(&known))
}

/// Has a MERGE fire our triggers for rows that it moves.
///
/// # Safety
/// The query has just been started.
pub(super) unsafe fn follow(query: *mut pg_sys::QueryDesc) {
    // SAFETY: see the function's contract; the casts follow from the tags.
    unsafe {
        let snapshot = (*query).snapshot;
        let number = if snapshot.is_null() { 0 } else { (*snapshot).curcid };
        let own = (*query).planstate.cast::<pg_sys::Node>();
        if !own.is_null() && is_a(own, pg_sys::NodeTag::T_ModifyTableState) {
            follow_one(&mut *own.cast(), number);
        }
        for state in pointers::<pg_sys::ModifyTableState>((*(*query).estate).es_auxmodifytables) {
            follow_one(&mut *state, number);
        }
    }
}

/// # Safety
/// The state is that of a query that has just been started.
unsafe fn follow_one(state: &mut pg_sys::ModifyTableState, number: u32) {
    let actions = state.mt_merge_subcommands as u32;
    // SAFETY: see the function's contract; a started command has its target, and the target its relation.
    unsafe {
        let target = state.rootResultRelInfo;
        if state.operation != pg_sys::CmdType::CMD_MERGE
            || actions & pg_sys::MERGE_UPDATE == 0
            || (*target).ri_TrigDesc.is_null()
            || (*(*(*target).ri_RelationDesc).rd_rel).relkind as u8 != pg_sys::RELKIND_PARTITIONED_TABLE
        {
            return;
        }
        if cfg!(not(feature = "pg15")) && actions & pg_sys::MERGE_INSERT != 0 {
            let table = (*(*target).ri_RelationDesc).rd_id.to_u32();
            MIXED.with_borrow_mut(|mixed| mixed.insert((table, number)));
        }
        let triggers = &mut *(*target).ri_TrigDesc;
        for (action, event) in [
            (pg_sys::MERGE_INSERT, Event::Insert),
            (pg_sys::MERGE_DELETE, Event::Delete),
        ] {
            if actions & action == 0 && leave_to_ours((*target).ri_RelationDesc, triggers, event) {
                state.mt_merge_subcommands |= action as i32;
            }
        }
    }
}

/// Takes an event from the triggers on statements that are not ours, in a description that is the executor's own; false if none is ours.
///
/// # Safety
/// The description is that of a started query, and of the relation.
unsafe fn leave_to_ours(
    relation: pg_sys::Relation,
    triggers: &mut pg_sys::TriggerDesc,
    event: Event,
) -> bool {
    let kind = match event {
        Event::Insert => pg_sys::TRIGGER_TYPE_INSERT,
        _ => pg_sys::TRIGGER_TYPE_DELETE,
    };
    let Ok(functions) = Functions::look_up() else {
        return false;
    };
    // SAFETY: see the function's contract.
    unsafe {
        let all = std::slice::from_raw_parts_mut(triggers.triggers, triggers.numtriggers.max(0) as usize);
        let of_event = |trigger: &pg_sys::Trigger| {
            u32::from(trigger.tgtype as u16) & (kind | pg_sys::TRIGGER_TYPE_ROW) == kind
        };
        let is_ours =
            |trigger: &pg_sys::Trigger| functions.is_ours(relation, trigger, OwnTrigger::Source(event));
        if !all.iter().any(|trigger| of_event(trigger) && is_ours(trigger)) {
            return false;
        }
        for trigger in all.iter_mut().filter(|trigger| of_event(trigger)) {
            if !is_ours(trigger) {
                // It may be one of several events, and fires for the others.
                trigger.tgtype &= !(kind as i16);
            }
        }
    }
    true
}
