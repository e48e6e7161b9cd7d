//! Whose rights and which session settings are in force.

use super::text::{c_string, owned};
use crate::error::Result;
use pgrx::pg_sys;
use std::ffi::CString;

/// Settings on which the text of a value can depend. Each tview has them fixed as they were when it was created.
pub const OUTPUT_SETTINGS: [&str; 12] = [
    "TimeZone",
    "DateStyle",
    "IntervalStyle",
    "extra_float_digits",
    "bytea_output",
    "xmlbinary",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "default_text_search_config",
    "array_nulls",
    "timezone_abbreviations",
];

/// The search path under which a tview is computed and SQL of our own runs: nobody's objects but the server's, and
/// temporary ones last.
const SAFE_SEARCH_PATH: &str = "pg_catalog, pg_temp";

/// Settings ready to be applied: (name, value).
#[derive(Debug, Clone, Default)]
pub struct Settings(Vec<(CString, CString)>);

impl Settings {
    /// Settings by name and value, with the safe search path added.
    pub fn new(pairs: &[(String, String)]) -> Result<Settings> {
        let mut settings = Vec::with_capacity(pairs.len() + 2);
        for (name, value) in pairs {
            settings.push((c_string(name)?, c_string(value)?));
        }
        settings.push((c_string("search_path")?, c_string(SAFE_SEARCH_PATH)?));
        settings.push((c_string("jit")?, c_string("off")?));
        Ok(Settings(settings))
    }
}

/// The current values of the settings that output depends on.
pub fn current_output_settings() -> Result<Vec<(String, String)>> {
    OUTPUT_SETTINGS
        .iter()
        .map(|name| Ok(((*name).to_owned(), owned(value_of(&c_string(name)?)))))
        .collect()
}

fn value_of(name: &CString) -> *const std::ffi::c_char {
    // SAFETY: the name is NUL-terminated; an unknown setting gives null.
    unsafe { pg_sys::GetConfigOption(name.as_ptr(), true, false) }
}

/// Settings in force until dropped. While an error unwinds nothing is done: the (sub)transaction's end restores them.
pub struct Scope {
    nest_level: Option<i32>,
    restore_user: Option<(pg_sys::Oid, i32)>,
}

impl Scope {
    /// Applies settings; those that already have their value cost a comparison.
    pub fn settings(settings: &Settings) -> Scope {
        Scope {
            nest_level: apply(settings),
            restore_user: None,
        }
    }

    /// The safe search path only.
    pub fn safe_search_path() -> Result<Scope> {
        Ok(Scope::settings(&Settings::new(&[])?))
    }

    /// Maintenance: a tview's settings, with the rights of its owner and nothing but them.
    pub fn owner(owner: pg_sys::Oid, settings: &Settings) -> Scope {
        let restricted = pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_RESTRICTED_OPERATION;
        let restore_user = Some(become_user(owner, restricted as i32));
        Scope {
            nest_level: apply(settings),
            restore_user,
        }
    }

    /// The rights of a tview's owner and nothing but them, where no result depends on settings.
    pub fn rights(owner: pg_sys::Oid) -> Scope {
        let restricted = pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_RESTRICTED_OPERATION;
        Scope {
            nest_level: None,
            restore_user: Some(become_user(owner, restricted as i32)),
        }
    }

    /// Our own catalogs: the rights of the installation, under the safe search path. Only for statements whose text
    /// holds nothing but quoted names.
    pub fn catalog() -> Result<Scope> {
        let settings = Settings::new(&[])?;
        let user = pg_sys::Oid::from(pg_sys::BOOTSTRAP_SUPERUSERID);
        let restore_user = Some(become_user(user, pg_sys::SECURITY_LOCAL_USERID_CHANGE as i32));
        Ok(Scope {
            nest_level: apply(&settings),
            restore_user,
        })
    }
}

fn become_user(user: pg_sys::Oid, flags: i32) -> (pg_sys::Oid, i32) {
    let mut saved = (pg_sys::InvalidOid, 0);
    // SAFETY: both pointers are valid for writes.
    unsafe {
        pg_sys::GetUserIdAndSecContext(&mut saved.0, &mut saved.1);
        pg_sys::SetUserIdAndSecContext(user, saved.1 | flags);
    }
    saved
}

fn apply(settings: &Settings) -> Option<i32> {
    let mut level = None;
    for (name, wanted) in &settings.0 {
        let current = value_of(name);
        // SAFETY: a non-null value is NUL-terminated; the level is left again in `drop` or at the end of the transaction.
        unsafe {
            if current.is_null() || std::ffi::CStr::from_ptr(current) == wanted.as_c_str() {
                continue;
            }
            if level.is_none() {
                level = Some(pg_sys::NewGUCNestLevel());
            }
            pg_sys::set_config_option(
                name.as_ptr(),
                wanted.as_ptr(),
                pg_sys::GucContext::PGC_USERSET,
                pg_sys::GucSource::PGC_S_SESSION,
                pg_sys::GucAction::GUC_ACTION_SAVE,
                true,
                0,
                false,
            );
        }
    }
    level
}

impl Drop for Scope {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        // SAFETY: both undo what this scope did, in reverse order.
        unsafe {
            if let Some(level) = self.nest_level {
                pg_sys::AtEOXact_GUC(false, level);
            }
            if let Some((user, flags)) = self.restore_user {
                pg_sys::SetUserIdAndSecContext(user, flags);
            }
        }
    }
}

static CREATE_TABLE_PREFIX: pgrx::GucSetting<Option<CString>> =
    pgrx::GucSetting::<Option<CString>>::new(Some(c"tv_"));

/// When maintenance is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, pgrx::PostgresGucEnum)]
enum Maintenance {
    /// Once for a transaction, at its end or before it reads.
    #[name = c"transaction"]
    Transaction,
    /// After each statement.
    #[name = c"statement"]
    Statement,
}

static MAINTENANCE: pgrx::GucSetting<Maintenance> =
    pgrx::GucSetting::<Maintenance>::new(Maintenance::Transaction);

/// Whether maintenance waits for the end of the transaction.
pub fn waits_for_commit() -> bool {
    MAINTENANCE.get() == Maintenance::Transaction
}

static PATCHING: pgrx::GucSetting<bool> = pgrx::GucSetting::<bool>::new(true);

/// Whether single leaves of stored rows may be written; else units are always computed as a whole.
pub fn patching() -> bool {
    PATCHING.get()
}

/// Defines our own settings; once per backend.
pub(super) fn define() {
    pgrx::GucRegistry::define_bool_guc(
        c"pg_tviews.patching",
        c"Where a change touches single leaves of stored rows, only these are written.",
        c"off: affected rows are always computed as a whole. The content is the same.",
        &PATCHING,
        pgrx::GucContext::Userset,
        pgrx::GucFlags::default(),
    );
    pgrx::GucRegistry::define_string_guc(
        c"pg_tviews.create_table_prefix",
        c"CREATE TABLE … AS makes a tview if the table's name starts with this.",
        c"Empty: CREATE TABLE … AS always makes an ordinary table.",
        &CREATE_TABLE_PREFIX,
        pgrx::GucContext::Userset,
        pgrx::GucFlags::default(),
    );
    pgrx::GucRegistry::define_enum_guc(
        c"pg_tviews.maintenance",
        c"When tviews are brought up to date.",
        c"transaction: once, at the end of a transaction or before it reads them. statement: after each statement.",
        &MAINTENANCE,
        pgrx::GucContext::Userset,
        pgrx::GucFlags::default(),
    );
}

/// The prefix by which CREATE TABLE … AS recognises a tview; `None` if it makes ordinary tables only.
pub fn create_table_prefix() -> Option<String> {
    let prefix = CREATE_TABLE_PREFIX.get()?.to_string_lossy().into_owned();
    (!prefix.is_empty()).then_some(prefix)
}
