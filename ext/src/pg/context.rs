//! CONTEXT lines for errors that are raised while a tview is worked on.
//!
//! An error travels as a Rust panic, in which only its message, detail and hint survive. The lines are collected while it unwinds and
//! handed to the server when the error is reported again, at the boundary. There, too, an error about a tview is replaced for roles that may not
//! see what it is about (`disclosure.rs`).

use super::disclosure::{Payload, Subject, said, withheld};
use super::imports;
use super::settings::SAFE_SEARCH_PATH;
use super::text::c_string;
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys;
use pgrx::pg_sys::panic::CaughtError;
use std::cell::RefCell;
use std::ffi::{CString, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

/// Where in a text of the user's an error was found.
struct Position {
    offset: i32,
    query: CString,
}

thread_local! {
    /// The roles in force where the contexts that live began.
    static ROLES: RefCell<Vec<pg_sys::Oid>> = const { RefCell::new(Vec::new()) };
    static LINES: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
    static POSITION: RefCell<Option<Position>> = const { RefCell::new(None) };
    static CALLBACK: RefCell<pg_sys::ErrorContextCallback> = RefCell::new(pg_sys::ErrorContextCallback::default());
}

/// SQLSTATEs of names that are not found.
pub const NAMES_NOT_FOUND: [PgSqlErrorCode; 3] = [
    PgSqlErrorCode::ERRCODE_UNDEFINED_FUNCTION,
    PgSqlErrorCode::ERRCODE_UNDEFINED_OBJECT,
    PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
];

/// What is known of an error that is on its way.
#[derive(Clone)]
struct Line {
    /// `None`: what is around it says it already.
    text: Option<Rc<str>>,
    /// What it may not tell about.
    withheld: Option<Rc<Subject>>,
}

/// While it lives, errors carry the line.
pub struct ErrorContext(Line);

impl ErrorContext {
    /// Adds the line.
    pub fn new(line: impl Into<Rc<str>>) -> ErrorContext {
        ErrorContext::begin(Some(line.into()), None)
    }

    /// Adds the line, to errors that are about a tview.
    pub fn about(line: impl Into<Rc<str>>, subject: &Rc<Subject>) -> ErrorContext {
        ErrorContext::begin(Some(line.into()), Some(subject))
    }

    /// Errors are about a tview, which a line of what is around it says.
    pub(super) fn inside(subject: &Rc<Subject>) -> ErrorContext {
        ErrorContext::begin(None, Some(subject))
    }

    /// Whether some role that would get to see an error may not see what it is about.
    pub(super) fn withholds(&self) -> bool {
        self.0.withheld.is_some()
    }

    fn begin(text: Option<Rc<str>>, subject: Option<&Rc<Subject>>) -> ErrorContext {
        // SAFETY: both look at a variable.
        let (role, chosen) = unsafe { (pg_sys::GetUserId(), pg_sys::GetOuterUserId()) };
        let withheld = subject.filter(|subject| {
            let is_open = subject.is_open_to(role)
                && subject.is_open_to(chosen)
                && ROLES.with_borrow(|roles| roles.iter().all(|role| subject.is_open_to(*role)));
            !is_open
        });
        let withheld = withheld.map(Rc::clone);
        // Lines of an error that somebody has caught meanwhile are not about what comes now.
        LINES.with_borrow_mut(Vec::clear);
        ROLES.with_borrow_mut(|roles| roles.push(role));
        ErrorContext(Line { text, withheld })
    }
}

impl Drop for ErrorContext {
    fn drop(&mut self) {
        ROLES.with_borrow_mut(Vec::pop);
        if std::thread::panicking() {
            LINES.with_borrow_mut(|lines| lines.push(self.0.clone()));
        }
    }
}

/// Runs what the server has called. An error that leaves it gets the lines of the contexts it went through, and tells nothing that it may not.
pub fn guarded<T>(body: impl FnOnce() -> T) -> T {
    if ROLES.with_borrow(Vec::is_empty) {
        LINES.with_borrow_mut(Vec::clear);
        POSITION.set(None);
    }
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => value,
        Err(error) => {
            let error = disclosed(error);
            note_search_path(&error);
            report_again(error)
        }
    }
}

/// Names that are not found where a tview is worked on are most often names that a function finds in its caller's search path only.
fn note_search_path(error: &Payload) {
    let code = match error.downcast_ref::<CaughtError>() {
        Some(CaughtError::PostgresError(report)) => report.sql_error_code(),
        _ => return,
    };
    let text: Rc<str> = format!(
        "search_path is {SAFE_SEARCH_PATH} there: a function that calls something by a name without a schema needs ALTER FUNCTION … SET search_path"
    )
    .into();
    LINES.with_borrow_mut(|lines| {
        if NAMES_NOT_FOUND.contains(&code) && lines.iter().any(|line| line.text.is_some()) {
            lines.push(Line {
                text: Some(text),
                withheld: None,
            });
        }
    });
}

/// An error as the roles that get to see it may.
fn disclosed(error: Payload) -> Payload {
    let subject = LINES.with_borrow(|lines| lines.iter().find_map(|line| line.withheld.clone()));
    match subject {
        Some(subject) => {
            POSITION.set(None);
            withheld(error, &subject)
        }
        None => error,
    }
}

/// What an error that has been caught says to the roles that get to see it: SQLSTATE and message.
pub(super) fn told(error: CaughtError) -> (PgSqlErrorCode, String) {
    let error = match disclosed(Box::new(error)).downcast::<CaughtError>() {
        Ok(caught) => {
            let (CaughtError::PostgresError(report)
            | CaughtError::ErrorReport(report)
            | CaughtError::RustPanic { ereport: report, .. }) = *caught;
            return (report.sql_error_code(), report.message().to_owned());
        }
        Err(error) => error,
    };
    said(error)
}

fn report_again(error: Payload) -> ! {
    CALLBACK.with_borrow_mut(|callback| {
        callback.callback = Some(add_lines);
        callback.arg = std::ptr::null_mut();
        // SAFETY: the callback lives as long as the backend. Whoever catches the error sets the stack back, as for any error.
        unsafe {
            if !std::ptr::eq(pg_sys::error_context_stack, callback) {
                callback.previous = pg_sys::error_context_stack;
            }
            pg_sys::error_context_stack = callback;
        }
    });
    resume_unwind(error)
}

/// # Safety
/// Called by the server while it reports an error.
unsafe extern "C-unwind" fn add_lines(_argument: *mut c_void) {
    let lines = LINES.with_borrow(Clone::clone);
    for text in lines.into_iter().filter_map(|line| line.text) {
        let Ok(line) = c_string(&text) else { continue };
        // SAFETY: called from an error context callback, with a NUL-terminated line.
        unsafe { imports::add_context_line(line.as_ptr()) };
    }
    if let Some(position) = POSITION.take() {
        // SAFETY: as above.
        unsafe { imports::set_internal_position(position.offset, position.query.as_ptr()) };
    }
}

/// Runs the analysis of a text of the user's. If the server finds an error in it, the error keeps its place.
pub fn with_position<T>(text: &CString, body: impl FnOnce() -> T) -> T {
    let mut callback = pg_sys::ErrorContextCallback {
        // SAFETY: reads a variable.
        previous: unsafe { pg_sys::error_context_stack },
        callback: Some(keep_position),
        arg: text.as_ptr().cast_mut().cast(),
    };
    // SAFETY: the callback is taken off again before it goes out of scope; an error restores the stack on its way.
    unsafe { pg_sys::error_context_stack = &raw mut callback };
    let result = catch_unwind(AssertUnwindSafe(body));
    // SAFETY: as above.
    unsafe { pg_sys::error_context_stack = callback.previous };
    result.unwrap_or_else(|error| resume_unwind(error))
}

/// # Safety
/// `text` is a NUL-terminated string; called by the server while it reports an error.
unsafe extern "C-unwind" fn keep_position(text: *mut c_void) {
    // SAFETY: see the function's contract.
    let (offset, query) = unsafe {
        (
            imports::internal_position(),
            std::ffi::CStr::from_ptr(text.cast()),
        )
    };
    if offset > 0 {
        POSITION.set(Some(Position {
            offset,
            query: query.to_owned(),
        }));
    }
}
