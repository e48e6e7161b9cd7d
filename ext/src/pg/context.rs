//! A CONTEXT line for errors that are raised while a tview is worked on.

use super::text::c_string;
use pgrx::pg_sys;
use std::ffi::{CString, c_void};

/// While it lives, PostgreSQL's errors carry the line.
pub struct ErrorContext {
    callback: Box<pg_sys::ErrorContextCallback>,
    _line: CString,
}

impl ErrorContext {
    /// Adds the line.
    pub fn new(line: &str) -> ErrorContext {
        let line = c_string(line).unwrap_or_default();
        // SAFETY: the stack's head is valid or null; the boxed callback and its text stay in place until `drop` removes them.
        unsafe {
            let mut callback = Box::new(pg_sys::ErrorContextCallback {
                previous: pg_sys::error_context_stack,
                callback: Some(add_line),
                arg: line.as_ptr().cast_mut().cast(),
            });
            pg_sys::error_context_stack = &raw mut *callback;
            ErrorContext {
                callback,
                _line: line,
            }
        }
    }
}

impl Drop for ErrorContext {
    fn drop(&mut self) {
        // SAFETY: contexts nest, so this one is the head; also while unwinding, because its memory goes away now.
        unsafe { pg_sys::error_context_stack = self.callback.previous }
    }
}

/// # Safety
/// `line` is a NUL-terminated string; the server calls it while it reports an error.
unsafe extern "C-unwind" fn add_line(line: *mut c_void) {
    // SAFETY: see the function's contract.
    unsafe { super::imports::add_context_line(line.cast()) }
}
