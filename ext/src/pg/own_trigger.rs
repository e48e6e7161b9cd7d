//! Our triggers, told from those of others.
//!
//! A role that may put triggers on a table can give them our names, replace ours, and have them call our functions. So no trigger is known by
//! its name alone: it is ours if all of it is what we would make. Who relies on a trigger looks at all of it, and a trigger
//! function does its work for our own triggers only.

use super::relation::Relation;
use super::text::owned;
use super::trigger::Firing as Call;
use crate::error::{Error, Result};
use pg_tviews_sqltext::{CATALOG_SCHEMA, Event, OwnTrigger, RESERVED_PREFIX};
use pgrx::pg_sys;
use std::ffi::CStr;

/// When a trigger of a relation fires.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fires {
    /// Whatever `session_replication_role` says.
    Always,
    /// Except under `session_replication_role = replica`.
    Ordinarily,
    /// Never, or on replicas only.
    Disabled,
}

/// What a table has in the place of one of our triggers.
pub enum Found {
    /// Nothing of its name.
    Missing,
    /// A trigger of its name that we have not made.
    Foreign(Stranger),
    /// The trigger that we make.
    Ours(Fires),
}

/// A trigger that claims to be ours, by its name or its function, and is not.
pub struct Stranger {
    /// Its name.
    pub name: String,
    /// The places in which it is not what we would make, for a message; empty if we would make none of its name.
    pub differences: Vec<&'static str>,
}

/// The oids of our trigger functions.
#[derive(Clone, Copy)]
pub(super) struct Functions {
    source_changed: pg_sys::Oid,
    refuse_write: pg_sys::Oid,
}

impl Functions {
    /// Looks them up.
    pub(super) fn look_up() -> Result<Functions> {
        Ok(Functions {
            source_changed: function_oid(OwnTrigger::Applied)?,
            refuse_write: function_oid(OwnTrigger::Guard)?,
        })
    }

    fn of(self, trigger: OwnTrigger) -> pg_sys::Oid {
        match trigger {
            OwnTrigger::Source(_) | OwnTrigger::Applied => self.source_changed,
            OwnTrigger::Guard => self.refuse_write,
        }
    }

    fn include(self, function: pg_sys::Oid) -> bool {
        [self.source_changed, self.refuse_write].contains(&function)
    }

    /// Whether a trigger is this one of ours.
    ///
    /// # Safety
    /// The trigger is one of the relation, which is open.
    pub(super) unsafe fn is_ours(
        self,
        relation: pg_sys::Relation,
        trigger: &pg_sys::Trigger,
        own: OwnTrigger,
    ) -> bool {
        // SAFETY: see the function's contract.
        unsafe {
            has_name(trigger, own)
                && trigger.tgfoid == self.of(own)
                && differences(relation, trigger, own).is_empty()
        }
    }
}

/// The oid of the function that one of our triggers calls. It has no arguments.
fn function_oid(trigger: OwnTrigger) -> Result<pg_sys::Oid> {
    let missing = || {
        Error::internal(format!(
            "function {CATALOG_SCHEMA}.{} is missing",
            trigger.function()
        ))
        .hint("DROP EXTENSION pg_tviews CASCADE and create it again.")
    };
    let schema = super::text::c_string(CATALOG_SCHEMA)?;
    let name = super::text::c_string(trigger.function())?;
    // SAFETY: both names are NUL-terminated; unknown ones give InvalidOid. The key of the cache is a name, argument types and a schema.
    let function = unsafe {
        let namespace = pg_sys::get_namespace_oid(schema.as_ptr(), true);
        let no_arguments = pg_sys::buildoidvector(std::ptr::null(), 0);
        pg_sys::GetSysCacheOid(
            pg_sys::SysCacheIdentifier::PROCNAMEARGSNSP as i32,
            pg_sys::Anum_pg_proc_oid as pg_sys::AttrNumber,
            pg_sys::Datum::from(name.as_ptr()),
            pg_sys::Datum::from(no_arguments),
            pg_sys::Datum::from(namespace),
            pg_sys::Datum::from(0),
        )
    };
    if function == pg_sys::InvalidOid {
        return Err(missing());
    }
    Ok(function)
}

/// # Safety
/// The trigger is one of an open relation.
unsafe fn has_name(trigger: &pg_sys::Trigger, own: OwnTrigger) -> bool {
    // SAFETY: see the function's contract; a name ends in a NUL byte.
    unsafe { CStr::from_ptr(trigger.tgname) }.to_bytes() == own.name().as_bytes()
}

/// # Safety
/// The text is null, or ends in a NUL byte.
unsafe fn is_text(text: *const std::ffi::c_char, wanted: Option<&str>) -> bool {
    if text.is_null() {
        return wanted.is_none();
    }
    // SAFETY: see the function's contract.
    let bytes = unsafe { CStr::from_ptr(text) }.to_bytes();
    wanted.is_some_and(|wanted| bytes == wanted.as_bytes())
}

/// `pg_trigger.tgtype` of one of our triggers.
fn kind(own: OwnTrigger) -> i16 {
    let row = if own.is_for_each_row() {
        pg_sys::TRIGGER_TYPE_ROW
    } else {
        0
    };
    let before = if own.is_before() {
        pg_sys::TRIGGER_TYPE_BEFORE
    } else {
        0
    };
    let event = |event: &Event| match event {
        Event::Insert => pg_sys::TRIGGER_TYPE_INSERT,
        Event::Update => pg_sys::TRIGGER_TYPE_UPDATE,
        Event::Delete => pg_sys::TRIGGER_TYPE_DELETE,
        Event::Truncate => pg_sys::TRIGGER_TYPE_TRUNCATE,
    };
    let events = own
        .events()
        .iter()
        .fold(0, |events, another| events | event(another));
    (row | before | events) as i16
}

/// In which places a trigger is not what we would make, its name, its function and when it fires aside. It runs for each call of our triggers:
/// it compares, and allocates nothing where nothing differs.
///
/// # Safety
/// The trigger is one of the relation, which is open.
unsafe fn differences(
    relation: pg_sys::Relation,
    trigger: &pg_sys::Trigger,
    own: OwnTrigger,
) -> Vec<&'static str> {
    let (old, new) = own.transition_tables();
    // SAFETY: an open relation has its pg_class row.
    let is_partitioned = unsafe { (*(*relation).rd_rel).relkind } as u8 == pg_sys::RELKIND_PARTITIONED_TABLE;
    // SAFETY: see the function's contract; the names of transition tables are null or end in a NUL byte.
    let same_tables = unsafe { is_text(trigger.tgoldtable, old) && is_text(trigger.tgnewtable, new) };
    let is_constraint = trigger.tgisinternal
        || trigger.tgconstraint != pg_sys::InvalidOid
        || trigger.tgconstrrelid != pg_sys::InvalidOid
        || trigger.tgconstrindid != pg_sys::InvalidOid;
    let mut found = Vec::new();
    for (differs, place) in [
        (trigger.tgtype != kind(own), "its events, time or level"),
        (!trigger.tgqual.is_null(), "a condition (WHEN)"),
        (trigger.tgnattr != 0, "a list of columns"),
        (trigger.tgnargs != 0, "arguments"),
        (!same_tables, "its transition tables"),
        (trigger.tgdeferrable || trigger.tginitdeferred, "being deferrable"),
        (is_constraint, "being a constraint"),
        (trigger.tgisclone, "coming from a partitioned table"),
        (
            is_partitioned && own.is_for_each_row(),
            "being on a partitioned table",
        ),
    ] {
        if differs {
            found.push(place);
        }
    }
    found
}

/// A copy of the triggers of an open relation, in the current memory context.
///
/// The executor copies them, too: the server frees its own whenever a message of another backend about the relation arrives, which it can at
/// each look at a catalog, whatever locks are held.
///
/// # Safety
/// The relation is open, and the current memory context lives as long as the triggers are used.
pub(super) unsafe fn triggers<'a>(relation: pg_sys::Relation) -> &'a [pg_sys::Trigger] {
    // SAFETY: see the function's contract; there is nothing between the read of the pointer and the copy.
    unsafe { as_slice(pg_sys::CopyTriggerDesc((*relation).trigdesc)) }
}

/// The triggers of an open relation as the server keeps them, for a closure that looks at nothing else. See [`triggers`].
///
/// # Safety
/// The relation is open, and the closure calls nothing of the server.
pub(super) unsafe fn with_kept<T>(
    relation: pg_sys::Relation,
    look: impl FnOnce(&[pg_sys::Trigger]) -> T,
) -> T {
    // SAFETY: see the function's contract.
    look(unsafe { as_slice((*relation).trigdesc) })
}

/// # Safety
/// The descriptor is null, or valid as long as its triggers are used.
unsafe fn as_slice<'a>(descriptor: *mut pg_sys::TriggerDesc) -> &'a [pg_sys::Trigger] {
    if descriptor.is_null() {
        return &[];
    }
    // SAFETY: see the function's contract; a trigger descriptor that is there has `numtriggers` triggers.
    unsafe { std::slice::from_raw_parts((*descriptor).triggers, (*descriptor).numtriggers.max(0) as usize) }
}

/// # Safety
/// The trigger is one of the relation, which is open.
unsafe fn compare(
    relation: pg_sys::Relation,
    trigger: &pg_sys::Trigger,
    own: OwnTrigger,
    functions: Functions,
) -> Found {
    // SAFETY: see the function's contract.
    let mut differences = unsafe { differences(relation, trigger, own) };
    if trigger.tgfoid != functions.of(own) {
        differences.insert(0, "its function");
    }
    if differences.is_empty() {
        return Found::Ours(match trigger.tgenabled as u8 {
            b'A' => Fires::Always,
            b'O' => Fires::Ordinarily,
            _ => Fires::Disabled,
        });
    }
    Found::Foreign(Stranger {
        name: own.name().to_owned(),
        differences,
    })
}

/// What a table has in the place of one of our triggers.
pub fn find(table: pg_sys::Oid, own: OwnTrigger) -> Result<Found> {
    let relation = Relation::open(table)?;
    let functions = Functions::look_up()?;
    // SAFETY: the relation is open.
    unsafe {
        let mut all = triggers(relation.raw()).iter();
        let found = all.find(|trigger| has_name(trigger, own));
        Ok(found.map_or(Found::Missing, |trigger| {
            compare(relation.raw(), trigger, own, functions)
        }))
    }
}

/// Whether a table has one of our triggers, enabled or not.
pub fn has(table: pg_sys::Oid, own: OwnTrigger) -> Result<bool> {
    Ok(matches!(find(table, own)?, Found::Ours(_)))
}

/// The triggers of a table that claim to be ours and are not: they have a name that is reserved, or call a function of ours.
pub fn strangers(table: pg_sys::Oid) -> Result<Vec<Stranger>> {
    let relation = Relation::open(table)?;
    let functions = Functions::look_up()?;
    let mut strangers = Vec::new();
    // SAFETY: the relation is open.
    for trigger in unsafe { triggers(relation.raw()) } {
        let name = owned(trigger.tgname);
        match OwnTrigger::named(&name) {
            Some(own) => {
                // SAFETY: as above.
                if let Found::Foreign(stranger) = unsafe { compare(relation.raw(), trigger, own, functions) }
                {
                    strangers.push(stranger);
                }
            }
            None if name.starts_with(RESERVED_PREFIX) || functions.include(trigger.tgfoid) => {
                strangers.push(Stranger {
                    name,
                    differences: Vec::new(),
                });
            }
            None => {}
        }
    }
    Ok(strangers)
}

impl Call {
    /// Which of our triggers has called its function; `None` if it is a trigger that we have not made. The function itself is not
    /// looked at: it is the one that is running.
    pub fn own(&self, expected: &[OwnTrigger]) -> Option<OwnTrigger> {
        // SAFETY: the relation and its trigger are valid during the call.
        unsafe {
            let data = self.get();
            let trigger = &*data.tg_trigger;
            let mut expected = expected.iter().copied();
            let own = expected.find(|own| has_name(trigger, *own))?;
            let differences = differences(data.tg_relation, trigger, own);
            differences.is_empty().then_some(own)
        }
    }

    /// The name of the trigger that fires.
    pub fn name(&self) -> String {
        // SAFETY: the trigger is valid during the call.
        owned(unsafe { (*self.get().tg_trigger).tgname })
    }
}
