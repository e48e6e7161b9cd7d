//! Binary jsonb values: arguments as bytes, results written in place.
//!
//! An argument is detoasted once and not copied otherwise. A result that is the same as an argument is that argument's
//! datum as it came in: a value that is stored out of line stays there, and an UPDATE that assigns it writes nothing for it.

use super::spi::Value;
use crate::error::Error;
use pg_tviews_jsonb::{Overlay, Sink, Value as JsonValue, plan};
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
            std::slice::from_raw_parts(pgrx::vardata_any(self.0).cast(), pgrx::varsize_any_exhdr(self.0))
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
    pub fn steps(&self) -> crate::error::Result<Vec<Text>> {
        let (mut datums, mut nulls, mut count) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
        // SAFETY: the array is one of texts and detoasted; afterwards `datums` and `nulls` have `count` elements. The
        // texts are part of the array.
        unsafe {
            if (*self.0).ndim > 1 {
                let code = PgSqlErrorCode::ERRCODE_ARRAY_ELEMENT_ERROR;
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

/// A stored document with new parts.
pub enum Overlaid {
    /// It has them already.
    Same,
    /// The new document, in the current memory context, and its size.
    New(Value, usize),
    /// It does not have the shape that the parts belong to.
    Unfit,
}

/// Puts new parts of a document, a jsonb value, in place.
pub fn overlay(document: Value, parts: Value, overlay: &Overlay) -> Overlaid {
    if document.null || parts.null {
        return Overlaid::Unfit;
    }
    // SAFETY: both are jsonb values that outlive this call.
    let (document, parts) = unsafe { (Varlena::detoast(document.datum), Varlena::detoast(parts.datum)) };
    let overlaid = || -> Result<Overlaid, pg_tviews_jsonb::Error> {
        let patch = overlay.patch(JsonValue::document(parts.bytes())?)?;
        let Some(plan) = plan(document.bytes(), &patch)? else {
            return Ok(Overlaid::Same);
        };
        let mut buffer = JsonbBuffer::with_capacity(plan.size_hint());
        plan.write(&mut buffer)?;
        let size = buffer.length;
        let NewJsonb(datum) = buffer.finish();
        Ok(Overlaid::New(Value { datum, null: false }, size))
    };
    overlaid().unwrap_or(Overlaid::Unfit)
}

/// Declares the SQL type of an argument or result: that of one of pgrx's own.
macro_rules! sql_type {
    ($type:ty, as $like:ty) => {
        // SAFETY: the datum is of the same type as pgrx's.
        unsafe impl SqlTranslatable for $type {
            const TYPE_IDENT: &'static str = <$like as SqlTranslatable>::TYPE_IDENT;
            const TYPE_ORIGIN: TypeOrigin = <$like as SqlTranslatable>::TYPE_ORIGIN;
            const ARGUMENT_SQL: Result<SqlMappingRef, ArgumentError> =
                <$like as SqlTranslatable>::ARGUMENT_SQL;
            const RETURN_SQL: Result<ReturnsRef, ReturnsError> = <$like as SqlTranslatable>::RETURN_SQL;
        }
    };
}

/// Declares how an argument is made of its datum.
macro_rules! argument {
    ($type:ty, as $like:ty, $make:expr) => {
        sql_type!($type, as $like);

        // SAFETY: the datum is of the declared SQL type, and not NULL.
        unsafe impl<'fcx> ArgAbi<'fcx> for $type {
            unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
                let make: unsafe fn(pg_sys::Datum) -> Self = $make;
                // SAFETY: any datum is a `Datum`.
                let datum: Option<pg_sys::Datum> = unsafe { arg.unbox_arg_using_from_datum() };
                match datum {
                    // SAFETY: of the declared type; the caller's value outlives the call.
                    Some(datum) => unsafe { make(datum) },
                    None => Error::internal("NULL argument of a strict function").raise(),
                }
            }
        }
    };
}

argument!(Jsonb, as JsonB, |datum| Jsonb {
    datum,
    // SAFETY: a jsonb value, as the caller says.
    value: unsafe { Varlena::detoast(datum) },
});
argument!(Text, as String, |datum| {
    // SAFETY: a text value, as the caller says.
    Text(unsafe { Varlena::detoast(datum) })
});
argument!(Path, as Vec<String>, |datum| {
    // SAFETY: an array of texts, as the caller says; arrays are read with a full header.
    Path(unsafe { pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast() })
});
sql_type!(NewJsonb, as JsonB);

// SAFETY: a datum of the declared type.
unsafe impl BoxRet for NewJsonb {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        // SAFETY: an argument of the call, or a value in the memory context in which it was called.
        unsafe { fcinfo.return_raw_datum(self.0) }
    }
}
