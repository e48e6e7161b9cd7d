//! CONTEXT lines for errors that are raised while a tview is worked on.
//!
//! An error travels as a Rust panic, in which only its message, detail and hint survive. The lines are collected while it unwinds and
//! handed to the server when the error is reported again, at the boundary.

use super::imports;
use super::text::c_string;
use pgrx::pg_sys;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::{CString, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

/// Where in a text of the user's an error was found.
struct Position {
    offset: i32,
    query: CString,
}

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static LINES: RefCell<Vec<Rc<str>>> = const { RefCell::new(Vec::new()) };
    static POSITION: RefCell<Option<Position>> = const { RefCell::new(None) };
    static CALLBACK: RefCell<pg_sys::ErrorContextCallback> = RefCell::new(pg_sys::ErrorContextCallback::default());
}

/// While it lives, errors carry the line.
pub struct ErrorContext(Rc<str>);

impl ErrorContext {
    /// Adds the line.
    pub fn new(line: impl Into<Rc<str>>) -> ErrorContext {
        // Lines of an error that somebody has caught meanwhile are not about what comes now.
        LINES.with_borrow_mut(Vec::clear);
        DEPTH.set(DEPTH.get() + 1);
        ErrorContext(line.into())
    }
}

impl Drop for ErrorContext {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get().saturating_sub(1));
        if std::thread::panicking() {
            LINES.with_borrow_mut(|lines| lines.push(Rc::clone(&self.0)));
        }
    }
}

/// Runs what the server has called. An error that leaves it gets the lines of the contexts it went through.
pub fn guarded<T>(body: impl FnOnce() -> T) -> T {
    if DEPTH.get() == 0 {
        LINES.with_borrow_mut(Vec::clear);
        POSITION.set(None);
    }
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => value,
        Err(error) => report_again(error),
    }
}

fn report_again(error: Box<dyn Any + Send>) -> ! {
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
    for line in LINES.with_borrow(Clone::clone) {
        let Ok(line) = c_string(&line) else { continue };
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
