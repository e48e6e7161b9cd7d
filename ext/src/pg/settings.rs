//! Whose rights and which session settings are in force.

use super::context::ErrorContext;
use super::disclosure::Subject;
use super::own::ForeignCode;
use super::relation::current_role;
use super::spi::{Connection, OwnConnection};
use super::text::{c_string, owned};
use crate::error::Result;
use pgrx::pg_sys;
use std::ffi::{CStr, CString};
use std::marker::PhantomData;
use std::rc::Rc;

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
pub const SAFE_SEARCH_PATH: &str = "pg_catalog, pg_temp";

/// What is in force besides, whatever the session has set: texts of ours are read as they were written, all matches of an index are found, policies
/// count, and nobody is shown trees of statements with values in them.
const FIXED_SETTINGS: [(&str, &str); 9] = [
    ("search_path", SAFE_SEARCH_PATH),
    ("jit", "off"),
    ("standard_conforming_strings", "on"),
    ("transform_null_equals", "off"),
    ("gin_fuzzy_search_limit", "0"),
    ("row_security", "on"),
    ("debug_print_parse", "off"),
    ("debug_print_rewritten", "off"),
    ("debug_print_plan", "off"),
];

/// Settings ready to be applied: (name, value).
#[derive(Debug, Clone, Default)]
pub struct Settings(Vec<(CString, CString)>);

impl Settings {
    /// Settings by name and value, with the safe search path added.
    pub fn new(pairs: &[(String, String)]) -> Result<Settings> {
        let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let all = pairs.chain(FIXED_SETTINGS);
        let settings = all.map(|(name, value)| Ok((c_string(name)?, c_string(value)?)));
        Ok(Settings(settings.collect::<Result<_>>()?))
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

/// What a scope has changed, to be undone when it is dropped. While an error unwinds nothing is done: the (sub)transaction's end
/// restores user and settings.
struct Changed {
    nest_level: i32,
    user: Option<(pg_sys::Oid, i32)>,
}

/// The restricted operation of a tview's owner, in force until dropped: the only place where code of a user runs.
///
/// The user is the owner, with `SECURITY_RESTRICTED_OPERATION`. Settings that the code changes are lost when the scope ends: the scope always has a
/// level of its own for them. DDL of the code is not taken for ours. Errors that come out of it are about the tview's rows.
pub struct OwnerScope {
    _changed: Changed,
    _foreign: ForeignCode,
    _about: Option<ErrorContext>,
}

/// Proof that an [`OwnerScope`] is in force. Whatever can run code of a user asks for one: analysis, planning, statements over definitions, and
/// the evaluation of expressions.
#[derive(Clone, Copy)]
pub struct OwnersOperation<'scope>(PhantomData<&'scope OwnerScope>);

/// The rights of the installation, under the safe search path. Only for statements whose text holds nothing but quoted names.
pub struct CatalogScope {
    _changed: Changed,
}

/// The rights of the current role, under the safe search path. Only for DDL whose text holds quoted names, or what the deparser wrote.
pub struct UserScope {
    _changed: Changed,
}

/// Ways to begin a scope.
pub struct Scope(());

impl Scope {
    /// Maintenance: a tview's settings, with the rights of its owner and nothing but them.
    pub fn owner(tview: &Rc<Subject>, settings: &Settings) -> OwnerScope {
        let scope = Scope::rights(tview);
        apply(settings);
        scope
    }

    /// The rights of a tview's owner and nothing but them, where no result depends on settings.
    pub fn rights(tview: &Rc<Subject>) -> OwnerScope {
        // First: it looks at who will get to see errors.
        let about = ErrorContext::inside(tview);
        let changed = restricted(tview.owner());
        if about.withholds() {
            say_no_more();
        }
        OwnerScope {
            _changed: changed,
            _foreign: ForeignCode::begin(),
            _about: Some(about),
        }
    }

    /// What the current role asks for itself: a definition of which it would be the owner. It may see what comes of it.
    pub fn own_definition() -> Result<OwnerScope> {
        let settings = Settings::new(&[])?;
        let changed = restricted(current_role());
        apply(&settings);
        Ok(OwnerScope {
            _changed: changed,
            _foreign: ForeignCode::begin(),
            _about: None,
        })
    }

    /// The same, for something that is only tried: nobody hears of it.
    pub fn trial() -> Result<OwnerScope> {
        let scope = Scope::own_definition()?;
        set(c"client_min_messages", c"error");
        Ok(scope)
    }

    /// Our own catalogs.
    pub fn catalog() -> Result<CatalogScope> {
        let settings = Settings::new(&[])?;
        let user = pg_sys::Oid::from(pg_sys::BOOTSTRAP_SUPERUSERID);
        let mut changed = Changed::begin();
        changed.user = Some(become_user(user, pg_sys::SECURITY_LOCAL_USERID_CHANGE as i32));
        apply(&settings);
        Ok(CatalogScope { _changed: changed })
    }

    /// The current role's own statements.
    pub fn user() -> Result<UserScope> {
        let settings = Settings::new(&[])?;
        let changed = Changed::begin();
        apply(&settings);
        Ok(UserScope { _changed: changed })
    }
}

impl OwnerScope {
    /// Proof that it is in force.
    pub fn operation(&self) -> OwnersOperation<'_> {
        OwnersOperation(PhantomData)
    }

    /// Connects to SPI, for statements over definitions.
    ///
    /// # Errors
    /// If SPI does.
    pub fn connect(&self) -> Result<Connection<'_>> {
        self.operation().connect()
    }
}

impl<'scope> OwnersOperation<'scope> {
    /// Connects to SPI, for statements over definitions.
    ///
    /// # Errors
    /// If SPI does.
    pub fn connect(self) -> Result<Connection<'scope>> {
        Connection::open()
    }
}

impl CatalogScope {
    /// Connects to SPI, for constant statements, or such that are made of quoted names.
    ///
    /// # Errors
    /// If SPI does.
    pub fn connect(&self) -> Result<OwnConnection<'_>> {
        OwnConnection::open()
    }
}

impl UserScope {
    /// Connects to SPI, for DDL that is made of quoted names.
    ///
    /// # Errors
    /// If SPI does.
    pub fn connect(&self) -> Result<OwnConnection<'_>> {
        OwnConnection::open()
    }
}

impl Changed {
    fn begin() -> Changed {
        Changed {
            // SAFETY: the level is left again in `drop`, or at the end of the (sub)transaction.
            nest_level: unsafe { pg_sys::NewGUCNestLevel() },
            user: None,
        }
    }
}

fn restricted(owner: pg_sys::Oid) -> Changed {
    let restricted = pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_RESTRICTED_OPERATION;
    let mut changed = Changed::begin();
    changed.user = Some(become_user(owner, restricted as i32));
    changed
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

/// A client that wants to hear more than notices would hear of plans, with the values in them. Until the current level of settings ends it does not.
fn say_no_more() {
    // SAFETY: reads a variable.
    if unsafe { pg_sys::client_min_messages } < pg_sys::NOTICE as i32 {
        set(c"client_min_messages", c"notice");
    }
}

/// Sets what does not have its value already, until the current level of settings ends.
fn apply(settings: &Settings) {
    for (name, wanted) in &settings.0 {
        let current = value_of(name);
        // SAFETY: a non-null value is NUL-terminated.
        if !current.is_null() && unsafe { CStr::from_ptr(current) } != wanted.as_c_str() {
            set(name, wanted);
        }
    }
}

/// Sets something until the current level of settings ends.
fn set(name: &CStr, value: &CStr) {
    // SAFETY: both are NUL-terminated; a level for settings has been begun.
    unsafe {
        pg_sys::set_config_option(
            name.as_ptr(),
            value.as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_SAVE,
            true,
            0,
            false,
        );
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        // SAFETY: both undo what this scope did, in reverse order.
        unsafe {
            pg_sys::AtEOXact_GUC(false, self.nest_level);
            if let Some((user, flags)) = self.user {
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

/// What a role needs of a table to create a tview over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, pgrx::PostgresGucEnum)]
pub enum SourcePrivilege {
    /// The privileges of its owner.
    #[name = c"owner"]
    Owner,
    /// TRIGGER, beside what the definition reads.
    #[name = c"trigger"]
    Trigger,
}

static SOURCE_PRIVILEGE: pgrx::GucSetting<SourcePrivilege> =
    pgrx::GucSetting::<SourcePrivilege>::new(SourcePrivilege::Owner);

/// What a role needs of a table to create a tview over it.
pub fn source_privilege() -> SourcePrivilege {
    SOURCE_PRIVILEGE.get()
}

static PATCHING: pgrx::GucSetting<bool> = pgrx::GucSetting::<bool>::new(true);

/// Whether single leaves of stored rows may be written; else units are always computed as a whole.
pub fn patching() -> bool {
    PATCHING.get()
}

static PATIENCE: pgrx::GucSetting<i32> = pgrx::GucSetting::<i32>::new(5_000);

/// How many milliseconds a superuser's command spends on a tview of another role.
pub fn patience() -> i32 {
    PATIENCE.get()
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
    pgrx::GucRegistry::define_enum_guc(
        c"pg_tviews.source_privilege",
        c"What a role needs of a table to create a tview over it.",
        c"owner: the privileges of its owner. trigger: TRIGGER, beside what the definition reads; such a role can make writes to the table slow or fail.",
        &SOURCE_PRIVILEGE,
        pgrx::GucContext::Suset,
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
    pgrx::GucRegistry::define_int_guc(
        c"pg_tviews.patience",
        c"How long a superuser's command waits for a tview of another role, and works on it.",
        c"What takes longer is left undone: the tview is marked, and compared with its query by the next write that concerns it.",
        &PATIENCE,
        1,
        i32::MAX,
        pgrx::GucContext::Userset,
        pgrx::GucFlags::UNIT_MS,
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
