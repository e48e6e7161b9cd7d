//! UPDATEs that set no column which any tview uses.
//!
//! The server keeps the changed rows of a statement in transition tables as long as some trigger of the table wants them, and such a
//! trigger can't name columns. So such a statement pays for rows that are looked at only to find that they concern nobody. Where this is
//! known from the columns that the statement sets, its own executor is told before it begins that our trigger does not want them.
//!
//! This is known if nothing else than the statement can set columns: it is no data-modifying WITH, of one table, without triggers that fire
//! before a row is written. Generated columns count with those that they are made from. Only what the executor made for this
//! statement is changed: the triggers themselves stay as they are.

use crate::runtime;
use pgrx::{is_a, pg_sys};

/// Spares a statement our trigger if it concerns no tview.
///
/// # Safety
/// The query has just been started.
pub(super) unsafe fn spare(query: *mut pg_sys::QueryDesc) {
    // SAFETY: see the function's contract; a started query has its state, whose kind follows from the tag, and what hangs on it.
    unsafe {
        if (*query).operation != pg_sys::CmdType::CMD_UPDATE || (*query).planstate.is_null() {
            return;
        }
        if !is_a((*query).planstate.cast(), pg_sys::NodeTag::T_ModifyTableState)
            || (*(*query).plannedstmt).hasModifyingCTE
        {
            return;
        }
        let modify = &mut *(*query).planstate.cast::<pg_sys::ModifyTableState>();
        let target = modify.resultRelInfo;
        if modify.mt_nrels != 1 || modify.rootResultRelInfo != target || (*target).ri_TrigDesc.is_null() {
            return;
        }
        let table = &*(*(*target).ri_RelationDesc).rd_rel;
        let own = &*(*target).ri_TrigDesc;
        if table.relkind as u8 != pg_sys::RELKIND_RELATION
            || table.relispartition
            || own.trig_update_before_row
            || own.trig_update_instead_row
        {
            return;
        }
        let updated = || pg_sys::ExecGetAllUpdatedCols(target, (*query).estate);
        let Some(function) = runtime::unconcerned((*(*target).ri_RelationDesc).rd_id, |used| {
            sets_none(updated(), used)
        }) else {
            return;
        };
        if disable(own, function) {
            modify.mt_transition_capture = std::ptr::null_mut();
        }
    }
}

/// Whether no column of some is in a set of updated ones.
///
/// # Safety
/// `updated` is a set as the executor makes it, or null, which is the empty one.
unsafe fn sets_none(updated: *mut pg_sys::Bitmapset, columns: &[i16]) -> bool {
    if updated.is_null() {
        return true;
    }
    // SAFETY: see the function's contract; a set has as many words as it says.
    let words = unsafe { (*updated).words.as_slice((*updated).nwords.max(0) as usize) };
    let word_bits = pg_sys::BITS_PER_BITMAPWORD as i32;
    columns.iter().all(|attnum| {
        let member = i32::from(*attnum) - pg_sys::FirstLowInvalidHeapAttributeNumber;
        let word = words.get((member / word_bits) as usize);
        word.is_none_or(|word| word >> (member % word_bits) & 1 == 0)
    })
}

/// Disables the triggers on UPDATE statements that call a function, in a description that is the executor's own. Whether none of the others
/// wants transition tables.
///
/// # Safety
/// The description is that of a started query.
unsafe fn disable(triggers: &pg_sys::TriggerDesc, function: pg_sys::Oid) -> bool {
    // SAFETY: see the function's contract.
    let all =
        unsafe { std::slice::from_raw_parts_mut(triggers.triggers, triggers.numtriggers.max(0) as usize) };
    let of_statement = pg_sys::TRIGGER_TYPE_UPDATE as i16;
    let kind = of_statement | pg_sys::TRIGGER_TYPE_ROW as i16;
    let mut unwanted = true;
    for trigger in all {
        if trigger.tgfoid == function && trigger.tgtype & kind == of_statement {
            trigger.tgenabled = pg_sys::TRIGGER_DISABLED as std::ffi::c_char;
        } else if trigger.tgtype & of_statement != 0 {
            unwanted &= trigger.tgoldtable.is_null() && trigger.tgnewtable.is_null();
        }
    }
    unwanted
}
