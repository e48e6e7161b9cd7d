//! C strings.

use crate::error::{Error, Result};
use std::ffi::{CStr, CString, c_char};

/// Copies a C string of the server; null becomes the empty string.
pub(super) fn owned(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: a non-null string of the server ends in a NUL byte.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// A C string of our own; an embedded NUL is the user's mistake.
pub(super) fn c_string(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::invalid("text contains a NUL byte"))
}
