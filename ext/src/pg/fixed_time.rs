//! Dates and times out of text that do not read the clock.
//!
//! `'now'`, `'today'`, `'tomorrow'` and `'yesterday'` are dates by the clock wherever PostgreSQL reads one. A definition that reads dates out of stored text
//! has the text pass through `tviews.fixed_time`, which lets all other texts pass as they are: the error comes from the row that has such a word.

use super::imports::{called_as_by_server, walk_children, walk_query};
use super::interrupts;
use super::node::Node;
use super::text::c_string;
use super::tree::Query;
use crate::error::{Error, Result};
use pg_tviews_sqltext::CATALOG_SCHEMA;
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys;
use std::ffi::c_void;

/// The name of the function.
const NAME: &str = "fixed_time";

/// The words that mean the clock.
const BY_THE_CLOCK: [&str; 4] = ["now", "today", "tomorrow", "yesterday"];

/// `tviews.fixed_time(text)`: a text that is to be read as a date or time, as it is.
///
/// # Errors
/// If a word of it means the clock.
///
/// # Safety
/// Called by the server with the argument of a strict version-1 function of one text.
pub(super) unsafe fn fixed_time(fcinfo: pg_sys::FunctionCallInfo) -> Result<pg_sys::Datum> {
    // SAFETY: see the function's contract; the copy without compression lives as long as the call.
    let (datum, bytes) = unsafe {
        let datum = (*fcinfo).args.as_slice(1)[0].value;
        let text = pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr());
        (datum, pgrx::varlena::varlena_to_byte_slice(text))
    };
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic();
    let mut words = bytes.split(|byte| !is_letter(byte));
    let by_the_clock = |word: &&str| BY_THE_CLOCK.contains(word);
    let is_one = |word: &[u8]| {
        let word = String::from_utf8_lossy(word).to_lowercase();
        by_the_clock(&word.as_str()).then_some(word)
    };
    match words.find_map(is_one) {
        None => Ok(datum),
        Some(word) => Err(Error::new(
            PgSqlErrorCode::ERRCODE_INVALID_DATETIME_FORMAT,
            format!("\"{word}\" means a date or time by the clock"),
        )
        .detail("What a tview shows changes with its tables only.")
        .hint("Store the date or time that is meant.")),
    }
}

/// The function `tviews.fixed_time(text)`, if it is there.
fn function() -> Option<pg_sys::Oid> {
    let (schema, name) = (c_string(CATALOG_SCHEMA).ok()?, c_string(NAME).ok()?);
    // SAFETY: both names are NUL-terminated; unknown ones give InvalidOid. The key of the cache is a name, argument types and a schema.
    let function = unsafe {
        let namespace = pg_sys::get_namespace_oid(schema.as_ptr(), true);
        let arguments = pg_sys::buildoidvector(&pg_sys::TEXTOID, 1);
        pg_sys::GetSysCacheOid(
            pg_sys::SysCacheIdentifier::PROCNAMEARGSNSP as i32,
            pg_sys::Anum_pg_proc_oid as pg_sys::AttrNumber,
            pg_sys::Datum::from(name.as_ptr()),
            pg_sys::Datum::from(arguments),
            pg_sys::Datum::from(namespace),
            pg_sys::Datum::from(0),
        )
    };
    (function != pg_sys::InvalidOid).then_some(function)
}

/// Whether nothing but the words can mean the clock where this type is read. (The offset of a time with a named zone is that of today, and in the text
/// of an array words can be written in other ways.)
fn is_fixed_by_its_text(type_oid: pg_sys::Oid) -> bool {
    let types = [
        pg_sys::DATEOID,
        pg_sys::TIMEOID,
        pg_sys::TIMESTAMPOID,
        pg_sys::TIMESTAMPTZOID,
    ];
    // SAFETY: looks up the catalog.
    types.contains(&unsafe { pg_sys::getBaseType(type_oid) })
}

impl Node {
    /// Whether it converts a text that has passed through `tviews.fixed_time`.
    pub fn reads_fixed_time(self) -> bool {
        if self.tag() != pg_sys::NodeTag::T_CoerceViaIO {
            return false;
        }
        // SAFETY: the cast follows from the tag.
        let conversion = unsafe { &*self.raw().cast::<pg_sys::CoerceViaIO>() };
        let called = Node(conversion.arg.cast()).called_function();
        called.is_some() && called == function() && is_fixed_by_its_text(conversion.resulttype)
    }
}

impl Query {
    /// The query with every plain conversion of text to a date, a time or a timestamp reading a text that has passed through `tviews.fixed_time`.
    /// (Not the conversions of arrays, whose text does not show that of their elements.)
    pub fn with_fixed_times(&self) -> Query {
        let copy = self.copy();
        if let Some(function) = function() {
            let mut function = function;
            // SAFETY: the query is a copy of our own; the callback gets the oid back.
            unsafe {
                called_as_by_server(|| fix_callback(copy.raw().cast(), (&raw mut function).cast()));
            }
        }
        copy
    }
}

/// # Safety
/// `node` is null or a valid node that may be changed; `context` points to the function's oid.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn fix_callback(node: *mut pg_sys::Node, context: *mut c_void) -> bool {
    use pg_sys::NodeTag::*;
    if node.is_null() {
        return false;
    }
    // SAFETY: see the function's contract; the casts follow from the tags.
    unsafe {
        interrupts::check_deep();
        match (*node).type_ {
            T_Query => return walk_query(node.cast(), fix_callback, context),
            T_ArrayCoerceExpr => {
                let array = (*node.cast::<pg_sys::ArrayCoerceExpr>()).arg;
                return called_as_by_server(|| fix_callback(array.cast(), context));
            }
            T_CoerceViaIO => fix(&mut *node.cast(), *context.cast::<pg_sys::Oid>()),
            _ => {}
        }
        walk_children(node, fix_callback, context)
    }
}

/// # Safety
/// The node is valid.
unsafe fn fix(conversion: &mut pg_sys::CoerceViaIO, function: pg_sys::Oid) {
    // SAFETY: see the function's contract; what is made of the argument is of the type that the function takes.
    unsafe {
        let from = pg_sys::exprType(conversion.arg.cast());
        let is_text = pg_sys::TypeCategory(from) as u8 == pg_sys::TYPCATEGORY_STRING;
        if !is_text || !is_fixed_by_its_text(conversion.resulttype) {
            return;
        }
        let mut arguments = std::ptr::null_mut();
        let text = pg_sys::coerce_to_target_type(
            std::ptr::null_mut(),
            conversion.arg.cast(),
            from,
            pg_sys::TEXTOID,
            -1,
            pg_sys::CoercionContext::COERCION_EXPLICIT,
            pg_sys::CoercionForm::COERCE_IMPLICIT_CAST,
            -1,
        );
        if text.is_null() {
            return;
        }
        arguments = pg_sys::lappend(arguments, text.cast());
        let call = pg_sys::makeFuncExpr(
            function,
            pg_sys::TEXTOID,
            arguments,
            pg_sys::exprCollation(text),
            pg_sys::exprCollation(text),
            pg_sys::CoercionForm::COERCE_EXPLICIT_CALL,
        );
        (*call).location = pg_sys::exprLocation(conversion.arg.cast());
        conversion.arg = call.cast();
    }
}
