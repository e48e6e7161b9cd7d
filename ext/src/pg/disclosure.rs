//! Who gets to see what an error says.
//!
//! Maintenance runs with the rights of a tview's owner, for whoever has written to a source. Its errors name values: `Failing row contains …`,
//! `invalid input syntax for type integer: "…"`. So an error that comes out of work on a tview is told as it is only to roles that may see what it
//! can be about. All others learn that maintenance of the tview has failed, and the SQLSTATE; the server's log has the whole.
//!
//! May see it: who has the privileges of the owner; who may read all of the tview, and all of the tables that it is made from. It has to
//! be so for each role that could look at the error on its way to the client: the one that is in force where work on the tview begins, those around it,
//! where maintenance of one tview leads to that of another, and the one that the client has chosen.
//!
//! Messages below NOTICE, which show plans with values if a client asks for it, are not sent to such a client from within the owner's operation
//! (`settings.rs`). Warnings and notices are not held back: the server's own of this kind are about no rows, and what a function of the owner's says it says for
//! the owner.

use super::access::shows_all_rows;
use pgrx::PgLogLevel;
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys;
use pgrx::pg_sys::panic::{CaughtError, ErrorReport, ErrorReportWithLevel};
use std::any::Any;
use std::cell::RefCell;

thread_local! {
    /// What was last said in place of an error.
    static SAID: RefCell<Option<(PgSqlErrorCode, String)>> = const { RefCell::new(None) };
}

/// An error on its way through Rust.
pub(super) type Payload = Box<dyn Any + Send>;

/// A tview that errors can be about.
pub struct Subject {
    tview: pg_sys::Oid,
    name: String,
    owner: pg_sys::Oid,
    /// The tables that it is made from, once they are known.
    sources: Option<Vec<pg_sys::Oid>>,
    /// Roles that were looked at. Who changes what was looked at makes the tview's compiled form, and this with it, invalid.
    known: RefCell<Vec<(pg_sys::Oid, bool)>>,
}

impl Subject {
    /// A tview of which it is not known yet what it reads.
    pub fn new(tview: pg_sys::Oid, name: String, owner: pg_sys::Oid) -> Subject {
        Subject {
            tview,
            name,
            owner,
            sources: None,
            known: RefCell::new(Vec::new()),
        }
    }

    /// The same with the tables that it reads.
    pub fn made_from(&self, sources: Vec<pg_sys::Oid>) -> Subject {
        Subject {
            sources: Some(sources),
            ..Subject::new(self.tview, self.name.clone(), self.owner)
        }
    }

    /// As whom work on it is done.
    pub fn owner(&self) -> pg_sys::Oid {
        self.owner
    }

    /// Whether a role may see what errors are about.
    pub(super) fn is_open_to(&self, role: pg_sys::Oid) -> bool {
        /// More are not kept.
        const MOST: usize = 16;
        if role == self.owner {
            return true;
        }
        let known = |roles: &Vec<(pg_sys::Oid, bool)>| {
            let known = roles.iter().find(|(known, _)| *known == role);
            known.map(|(_, open)| *open)
        };
        if let Some(open) = known(&self.known.borrow()) {
            return open;
        }
        let open = self.decide(role);
        let mut roles = self.known.borrow_mut();
        if roles.len() >= MOST {
            roles.clear();
        }
        roles.push((role, open));
        open
    }

    fn decide(&self, role: pg_sys::Oid) -> bool {
        // SAFETY: looks up catalogs.
        if unsafe { pg_sys::has_privs_of_role(role, self.owner) } {
            return true;
        }
        let Some(sources) = &self.sources else {
            return false;
        };
        let mut all = sources.iter().chain([&self.tview]);
        all.all(|relation| shows_all_rows(*relation, role))
    }
}

/// What is said in place of an error that is about a tview. Errors of our own pass as they are: they name objects, not values.
pub(super) fn withheld(error: Payload, subject: &Subject) -> Payload {
    let caught = match error.downcast::<CaughtError>() {
        Ok(caught) => *caught,
        // Our own, or none that says anything.
        Err(error) if error.is::<ErrorReportWithLevel>() || error.is::<ErrorReport>() => return error,
        Err(_) => return instead(PgSqlErrorCode::ERRCODE_INTERNAL_ERROR, None, subject),
    };
    let report = match &caught {
        CaughtError::ErrorReport(_) => return Box::new(caught),
        CaughtError::PostgresError(report) if says_nothing(report) => return Box::new(caught),
        CaughtError::PostgresError(report) | CaughtError::RustPanic { ereport: report, .. } => report,
    };
    log(report, subject);
    let message = only_its_message_passes(report).then(|| report.message().to_owned());
    instead(report.sql_error_code(), message, subject)
}

fn instead(code: PgSqlErrorCode, message: Option<String>, subject: &Subject) -> Payload {
    let failed = format!("maintenance of tview {} failed", subject.name);
    let message = match message {
        Some(message) => format!("{failed}: {message}"),
        None => failed,
    };
    SAID.set(Some((code, message.clone())));
    let hint = "The whole message, which can show rows of others, is in the server's log. The tview's owner gets to see it.";
    let hint = match class(code) {
        Some(TRANSACTION_ROLLBACK) => format!("Retry the transaction. {hint}"),
        _ => hint.to_owned(),
    };
    Box::new(ErrorReport::new(code, message, "pg_tviews").set_hint(hint))
}

/// SQLSTATE and message of what is said in place of an error.
pub(super) fn said(instead: Payload) -> (PgSqlErrorCode, String) {
    let known = SAID
        .with_borrow(Clone::clone)
        .filter(|_| instead.is::<ErrorReport>());
    known.unwrap_or((PgSqlErrorCode::ERRCODE_INTERNAL_ERROR, "unknown error".to_owned()))
}

/// Writes an error to the server's log, and only there.
fn log(report: &ErrorReportWithLevel, subject: &Subject) {
    let message = format!(
        "maintenance of tview {} failed for a role that may not see why: {}",
        subject.name,
        report.message()
    );
    let mut entry = ErrorReport::new(report.sql_error_code(), message, "pg_tviews");
    if let Some(detail) = report.detail() {
        entry = entry.set_detail(detail);
    }
    if let Some(hint) = report.hint() {
        entry = entry.set_hint(hint);
    }
    entry.report(PgLogLevel::LOG_SERVER_ONLY);
}

const CONSTRAINT_VIOLATION: [u8; 2] = *b"23";
const TRANSACTION_ROLLBACK: [u8; 2] = *b"40";
const NO_PRIVILEGE: [u8; 2] = *b"42";
const NO_RESOURCES: [u8; 2] = *b"53";
const NOT_READY: [u8; 2] = *b"55";
const INTERVENTION: [u8; 2] = *b"57";

/// The class of an SQLSTATE: its first two characters, packed into six bits each.
fn class(code: PgSqlErrorCode) -> Option<[u8; 2]> {
    let packed = u32::try_from(code as i32).ok()?;
    let character = |shift: u32| u8::try_from(packed >> shift & 0x3f).ok().map(|bits| bits + b'0');
    Some([character(0)?, character(6)?])
}

/// Whether an SQLSTATE says that a value is none that something can be computed from: a division by zero, a text that is no number.
pub(super) fn is_of_data(code: PgSqlErrorCode) -> bool {
    class(code) == Some(*b"22")
}

/// Parts of the server that say, under SQLSTATEs of these classes, nothing about values. Functions of users can raise any SQLSTATE with any
/// message; their errors come from elsewhere.
const SOURCES_OF_PLAIN_ERRORS: [&str; 24] = [
    "aclchk.c",
    "aset.c",
    "buffile.c",
    "bump.c",
    "deadlock.c",
    "dynahash.c",
    "fd.c",
    "generation.c",
    "heapam.c",
    "heapam_handler.c",
    "lmgr.c",
    "lock.c",
    "logtape.c",
    "mcxt.c",
    "md.c",
    "nodeLockRows.c",
    "nodeModifyTable.c",
    "postgres.c",
    "predicate.c",
    "proc.c",
    "slab.c",
    "smgr.c",
    "trigger.c",
    "xlog.c",
];

/// Parts of the server whose messages about constraints name the constraint. Values are in the detail.
const SOURCES_OF_VIOLATIONS: [&str; 5] = [
    "execExprInterp.c",
    "execIndexing.c",
    "execMain.c",
    "nbtinsert.c",
    "ri_triggers.c",
];

/// Whether an error is about no values: it is one of the transaction's or the server's, or it was said in place of another one.
fn says_nothing(report: &ErrorReportWithLevel) -> bool {
    let code = report.sql_error_code();
    let plain = match class(code) {
        Some(TRANSACTION_ROLLBACK | NO_RESOURCES | INTERVENTION) => true,
        Some(NO_PRIVILEGE) => code == PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        Some(NOT_READY) => code == PgSqlErrorCode::ERRCODE_LOCK_NOT_AVAILABLE,
        _ => false,
    };
    let was_said = |said: &Option<(PgSqlErrorCode, String)>| {
        let said = said.as_ref();
        said.is_some_and(|(known, message)| *known == code && message == report.message())
    };
    (plain && SOURCES_OF_PLAIN_ERRORS.contains(&report.file()))
        || (report.detail().is_none() && SAID.with_borrow(was_said))
}

fn only_its_message_passes(report: &ErrorReportWithLevel) -> bool {
    class(report.sql_error_code()) == Some(CONSTRAINT_VIOLATION)
        && SOURCES_OF_VIOLATIONS.contains(&report.file())
}
