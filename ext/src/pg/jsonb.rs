//! Binary jsonb values: arguments as bytes, results written in place.
//!
//! An argument is detoasted once and not copied otherwise. A result that is the same as an argument is that argument's
//! datum as it came in: a value that is stored out of line stays there, and an UPDATE that assigns it writes nothing for it.

use crate::error::{Error, Result};
use pg_tviews_jsonb::Sink;
use pgrx::callconv::{Arg, ArgAbi, BoxRet, FcInfo};
use pgrx::datum::{Datum, JsonB};
use pgrx::pg_sys;
use pgrx::pg_sys::errcodes::PgSqlErrorCode;
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};

/// A value of variable length, detoasted but perhaps with a short header. Lives until the function returns.
struct Varlena(*const pg_sys::varlena);

impl Varlena {
    /// # Safety
    /// The datum is a value of variable length that outlives the returned one.
    unsafe fn detoast(datum: pg_sys::Datum) -> Varlena {
        // SAFETY: see the function's contract; a copy lives in the current memory context.
        Varlena(unsafe { pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr()) })
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: the value is complete and is not changed while it lives.
        unsafe {
            std::slice::from_raw_parts(
                pgrx::vardata_any(self.0).cast(),
                pgrx::varsize_any_exhdr(self.0),
            )
        }
    }
}

/// A jsonb argument.
pub struct Jsonb {
    datum: pg_sys::Datum,
    value: Varlena,
}

impl Jsonb {
    /// The document without its length word.
    pub fn document(&self) -> &[u8] {
        self.value.bytes()
    }

    /// The argument as it came in, as a result.
    pub fn unchanged(&self) -> NewJsonb {
        NewJsonb(self.datum)
    }
}

/// A text argument in the database's encoding.
pub struct Text(Varlena);

impl Text {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }
}

/// A `text[]` argument that is a path.
pub struct Path(*mut pg_sys::ArrayType);

const TEXT_ALIGNMENT: std::ffi::c_char = pg_sys::TYPALIGN_INT as std::ffi::c_char;

impl Path {
    /// The steps; refuses NULLs and arrays of several dimensions, as `jsonb_set` does.
    pub fn steps(&self) -> Result<Vec<Text>> {
        let (mut datums, mut nulls, mut count) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
        // SAFETY: the array is one of texts and detoasted; afterwards `datums` and `nulls` have `count` elements. The
        // texts are part of the array.
        unsafe {
            if (*self.0).ndim > 1 {
                let code = PgSqlErrorCode::ERRCODE_ARRAY_SUBSCRIPT_ERROR;
                return Err(Error::new(code, "path must be an array of one dimension"));
            }
            pg_sys::deconstruct_array(
                self.0,
                pg_sys::TEXTOID,
                -1,
                false,
                TEXT_ALIGNMENT,
                &mut datums,
                &mut nulls,
                &mut count,
            );
            let steps = (0..count as usize).map(|step| {
                if *nulls.add(step) {
                    let code = PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED;
                    let message = format!("path element at position {} is null", step + 1);
                    return Err(Error::new(code, message));
                }
                Ok(Text(Varlena::detoast(*datums.add(step))))
            });
            steps.collect()
        }
    }
}

/// A jsonb result.
pub struct NewJsonb(pg_sys::Datum);

/// A jsonb value that is being written, in the current memory context.
pub struct JsonbBuffer {
    start: *mut u8,
    /// Bytes in use, with the length word.
    length: usize,
    capacity: usize,
}

/// Bytes of the length word.
const LENGTH_WORD: usize = pg_sys::VARHDRSZ;
/// No jsonb value is larger: entries have no more bits for a length.
const MAX_DOCUMENT: usize = pg_sys::JENTRY_OFFLENMASK as usize;

impl JsonbBuffer {
    /// Room for about so many bytes.
    pub fn with_capacity(size_hint: usize) -> JsonbBuffer {
        let capacity = LENGTH_WORD + size_hint.min(MAX_DOCUMENT);
        JsonbBuffer {
            // SAFETY: returns that many bytes, or raises an error.
            start: unsafe { pg_sys::palloc(capacity) }.cast(),
            length: LENGTH_WORD,
            capacity,
        }
    }

    /// The finished value.
    pub fn finish(self) -> NewJsonb {
        // SAFETY: the word at the start is ours, palloc aligns it, and a length above the server's limit of 1 GB could not
        // have been allocated.
        unsafe { pgrx::set_varsize_4b(self.start.cast(), self.length as i32) };
        NewJsonb(pg_sys::Datum::from(self.start))
    }

    fn reserve(&mut self, more: usize) {
        let needed = self.length.saturating_add(more);
        if needed <= self.capacity {
            return;
        }
        let capacity = needed.max(self.capacity.saturating_mul(2));
        // SAFETY: `start` came from palloc; an error is raised if there is no such room.
        self.start = unsafe { pg_sys::repalloc(self.start.cast(), capacity) }.cast();
        self.capacity = capacity;
    }
}

impl Sink for JsonbBuffer {
    fn position(&self) -> usize {
        self.length - LENGTH_WORD
    }

    fn put(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        // SAFETY: the room was reserved; the bytes are not in it, because nothing borrows from the buffer.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.start.add(self.length), bytes.len()) };
        self.length += bytes.len();
    }

    fn zeros(&mut self, count: usize) {
        self.reserve(count);
        // SAFETY: the room was reserved.
        unsafe { std::ptr::write_bytes(self.start.add(self.length), 0, count) };
        self.length += count;
    }

    fn overwrite(&mut self, position: usize, word: [u8; 4]) {
        let at = position.saturating_add(LENGTH_WORD);
        if at.saturating_add(word.len()) <= self.length {
            // SAFETY: just checked to be in the part that is in use.
            unsafe { std::ptr::copy_nonoverlapping(word.as_ptr(), self.start.add(at), word.len()) };
        }
    }
}

// SAFETY: the argument is declared as jsonb and is not NULL: the functions are strict.
unsafe impl<'fcx> ArgAbi<'fcx> for Jsonb {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: of a strict function; the caller's value outlives the call.
        unsafe {
            let datum: RawDatum = arg.unbox_unchecked();
            Jsonb {
                datum: datum.0,
                value: Varlena::detoast(datum.0),
            }
        }
    }
}

// SAFETY: as above, for text.
unsafe impl<'fcx> ArgAbi<'fcx> for Text {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: of a strict function; the caller's value outlives the call.
        unsafe {
            let datum: RawDatum = arg.unbox_unchecked();
            Text(Varlena::detoast(datum.0))
        }
    }
}

// SAFETY: as above, for text[].
unsafe impl<'fcx> ArgAbi<'fcx> for Path {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: of a strict function; arrays are always used with a full header.
        unsafe {
            let datum: RawDatum = arg.unbox_unchecked();
            Path(pg_sys::pg_detoast_datum(datum.0.cast_mut_ptr()).cast())
        }
    }
}
