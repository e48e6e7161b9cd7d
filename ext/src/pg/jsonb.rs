//! Binary jsonb values: arguments as bytes, results written in place.
//!
//! An argument is detoasted once and not copied otherwise. A result that is the same as an argument is that argument's
//! datum as it came in: a value that is stored out of line stays there, and an UPDATE that assigns it writes nothing for it.

use super::spi::Value;
use crate::error::Error;
use pg_tviews_jsonb::{Overlay, Patch, Sink, Value as JsonValue, plan, write_objects};
use pgrx::callconv::{Arg, ArgAbi, BoxRet, FcInfo};
use pgrx::datum::{Datum, JsonB};
use pgrx::pg_sys;
use pgrx::pg_sys::errcodes::PgSqlErrorCode;
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};

/// A value of variable length, detoasted but perhaps with a short header. Lives until the function returns.
pub(super) struct Varlena(*const pg_sys::varlena);

impl Varlena {
    /// # Safety
    /// The datum is a value of variable length that outlives the returned one.
    pub(super) unsafe fn detoast(datum: pg_sys::Datum) -> Varlena {
        // SAFETY: see the function's contract; a copy lives in the current memory context.
        Varlena(unsafe { pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr()) })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: the value is complete and is not changed while it lives.
        unsafe { contents(self.0) }
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
    let patch = JsonValue::document(parts.bytes()).and_then(|parts| overlay.patch(parts));
    patch
        .and_then(|patch| patched(&document, &patch))
        .unwrap_or(Overlaid::Unfit)
}

/// The same with a value for each part, of the types that these forms stand for.
pub fn overlay_parts(document: Value, parts: &[Value], forms: &[Form], overlay: &Overlay) -> Overlaid {
    if document.null {
        return Overlaid::Unfit;
    }
    // SAFETY: a jsonb value that outlives this call.
    let document = unsafe { Varlena::detoast(document.datum) };
    let mut values = parts.iter().zip(forms).map(|(value, form)| {
        // SAFETY: of the type that the form stands for, as the caller says.
        unsafe { form.value(*value) }
    });
    match overlay.patch_of_parts(&mut values) {
        Ok(Some(patch)) => patched(&document, &patch).unwrap_or(Overlaid::Unfit),
        Ok(None) | Err(_) => Overlaid::Unfit,
    }
}

/// A document with a patch.
pub(super) fn patched(document: &Varlena, patch: &Patch<'_>) -> Result<Overlaid, pg_tviews_jsonb::Error> {
    let Some(plan) = plan(document.bytes(), patch)? else {
        return Ok(Overlaid::Same);
    };
    let mut buffer = JsonbBuffer::with_capacity(plan.size_hint());
    plan.write(&mut buffer)?;
    let size = buffer.length;
    let NewJsonb(datum) = buffer.finish();
    Ok(Overlaid::New(Value { datum, null: false }, size))
}

/// What a value of some type is in a document, where that can be told without asking the catalogs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// It is a document itself.
    Document,
    /// A number of type `numeric`.
    Numeric,
    /// A number of type `smallint`.
    SmallInteger,
    /// A number of type `integer`.
    Integer,
    /// A number of type `bigint`.
    BigInteger,
    /// A truth value.
    Boolean,
    /// A string of type `text`, or one that is stored in the same way.
    Text,
    /// A string that shows a value of type `uuid`.
    Uuid,
    /// A string that shows a date or time of this type; of one with time zone, in that of the session.
    Moment(pg_sys::Oid),
}

impl Form {
    /// The form of a type's values; `None` for types whose values the server has to convert.
    pub fn of(type_oid: pg_sys::Oid) -> Option<Form> {
        Some(match type_oid {
            pg_sys::JSONBOID => Form::Document,
            pg_sys::NUMERICOID => Form::Numeric,
            pg_sys::INT2OID => Form::SmallInteger,
            pg_sys::INT4OID => Form::Integer,
            pg_sys::INT8OID => Form::BigInteger,
            pg_sys::BOOLOID => Form::Boolean,
            pg_sys::TEXTOID | pg_sys::VARCHAROID | pg_sys::BPCHAROID => Form::Text,
            _ => return None,
        })
    }

    /// The same, also for types whose values look different under other settings of the session.
    pub fn of_any(type_oid: pg_sys::Oid) -> Option<Form> {
        match type_oid {
            pg_sys::UUIDOID => Some(Form::Uuid),
            pg_sys::DATEOID | pg_sys::TIMESTAMPOID | pg_sys::TIMESTAMPTZOID => Some(Form::Moment(type_oid)),
            other => Form::of(other),
        }
    }

    /// What a value is in a document: the same as `to_jsonb` makes of it. It lives in the current memory context, or where the value does.
    ///
    /// # Safety
    /// The value is of a type of this form.
    pub(super) unsafe fn value<'a>(self, value: Value) -> Result<JsonValue<'a>, pg_tviews_jsonb::Error> {
        if value.null {
            return Ok(JsonValue::Null);
        }
        let datum = value.datum;
        // SAFETY: see the function's contract.
        unsafe {
            let integer = |number: i64| JsonValue::Numeric(whole(pg_sys::int64_to_numeric(number).cast()));
            Ok(match self {
                Form::Document => JsonValue::document(detoasted(datum))?,
                Form::Numeric => number(datum),
                Form::SmallInteger => integer(i64::from(datum.value() as i16)),
                Form::Integer => integer(i64::from(datum.value() as i32)),
                Form::BigInteger => integer(datum.value() as i64),
                Form::Boolean => JsonValue::Bool(datum.value() as u8 != 0),
                Form::Text => JsonValue::String(detoasted(datum)),
                Form::Uuid => JsonValue::String(hexadecimal(&*datum.cast_mut_ptr::<[u8; 16]>())),
                Form::Moment(type_oid) => {
                    let room = pg_sys::palloc(pg_sys::MAXDATELEN as usize + 1).cast();
                    let text = pg_sys::JsonEncodeDateTime(room, datum, type_oid, std::ptr::null());
                    JsonValue::String(std::ffi::CStr::from_ptr(text).to_bytes())
                }
            })
        }
    }
}

/// Bits of a number's header that tell how it is stored, and the form of nearly all numbers.
const FORM_MASK: u16 = 0xC000;
const SHORT_FORM: u16 = 0x8000;

/// A value of type `numeric` as part of a document.
///
/// # Safety
/// The datum is such a value.
unsafe fn number<'a>(datum: pg_sys::Datum) -> JsonValue<'a> {
    // SAFETY: see the function's contract; numbers have a header of two bytes. The functions take what they are given.
    unsafe {
        let stored = whole(pg_sys::pg_detoast_datum(datum.cast_mut_ptr()));
        let header = stored.get(LENGTH_WORD..).and_then(|header| header.first_chunk());
        if header.is_some_and(|header| u16::from_ne_bytes(*header) & FORM_MASK == SHORT_FORM) {
            return JsonValue::Numeric(stored);
        }
        // Very large or small ones, those of old versions, and what is no number: as the server does it, by way of the text.
        let call = |function, arguments: &[Option<pg_sys::Datum>]| {
            pgrx::direct_function_call_as_datum(function, arguments).unwrap_or(pg_sys::Datum::from(0))
        };
        let text = call(pg_sys::numeric_out, &[Some(datum)]);
        let bytes = std::ffi::CStr::from_ptr(text.cast_mut_ptr()).to_bytes();
        if bytes.iter().any(|byte| byte.eq_ignore_ascii_case(&b'n')) {
            return JsonValue::String(bytes);
        }
        let no_modifier = pg_sys::Datum::from(-1);
        let arguments = [Some(text), Some(pg_sys::Datum::from(0)), Some(no_modifier)];
        JsonValue::Numeric(whole(call(pg_sys::numeric_in, &arguments).cast_mut_ptr()))
    }
}

/// A uuid as the server shows it, in the current memory context.
fn hexadecimal<'a>(uuid: &[u8; 16]) -> &'a [u8] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    const LENGTH: usize = 36;
    let mut text = [b'-'; LENGTH];
    let mut place = 0;
    for byte in uuid {
        if matches!(place, 8 | 13 | 18 | 23) {
            place += 1;
        }
        text[place] = DIGITS[usize::from(byte >> 4)];
        text[place + 1] = DIGITS[usize::from(byte & 0x0F)];
        place += 2;
    }
    // SAFETY: palloc returns room for as many bytes, which live as long as the memory context.
    unsafe {
        let copy = pg_sys::palloc(LENGTH).cast::<u8>();
        std::ptr::copy_nonoverlapping(text.as_ptr(), copy, LENGTH);
        std::slice::from_raw_parts(copy, LENGTH)
    }
}

impl Value {
    /// A jsonb value, detoasted and copied into the current memory context; NULL stays NULL.
    pub fn copied_document(self) -> Value {
        if self.null {
            return self;
        }
        // SAFETY: a value of type jsonb, as the caller says.
        let copy = unsafe { pg_sys::pg_detoast_datum_copy(self.datum.cast_mut_ptr()) };
        Value {
            datum: pg_sys::Datum::from(copy),
            null: false,
        }
    }
}

/// The list that rows of values are, a jsonb value in the current memory context; `None` if it would be too large.
pub fn list_of_rows(members: &[(String, Form)], rows: &[Vec<Value>]) -> Option<Value> {
    let keys: Vec<&[u8]> = members.iter().map(|(name, _)| name.as_bytes()).collect();
    let mut values: Vec<Vec<JsonValue<'_>>> = Vec::with_capacity(rows.len());
    for row in rows {
        let shown = row.iter().zip(members).map(|(value, (_, form))| {
            // SAFETY: of the type that the form stands for, as the caller says.
            unsafe { form.value(*value) }
        });
        values.push(shown.collect::<Result<_, _>>().ok()?);
    }
    let mut buffer = JsonbBuffer::with_capacity(rows.len() * members.len() * 32);
    write_objects(&keys, &values, &mut buffer).ok()?;
    let NewJsonb(datum) = buffer.finish();
    Some(Value { datum, null: false })
}

/// A detoasted value of variable length with its length word.
///
/// # Safety
/// It is one, and outlives what is returned.
unsafe fn whole<'a>(value: *mut pg_sys::varlena) -> &'a [u8] {
    // SAFETY: see the function's contract.
    unsafe { std::slice::from_raw_parts(value.cast::<u8>(), pgrx::varsize_any(value)) }
}

/// What is in a detoasted value of variable length.
///
/// # Safety
/// It is one, and outlives what is returned.
unsafe fn contents<'a>(value: *const pg_sys::varlena) -> &'a [u8] {
    // SAFETY: see the function's contract.
    unsafe { std::slice::from_raw_parts(pgrx::vardata_any(value).cast(), pgrx::varsize_any_exhdr(value)) }
}

/// What is in a value of variable length. A detoasted copy lives in the current memory context.
///
/// # Safety
/// It is one, and outlives what is returned.
unsafe fn detoasted<'a>(datum: pg_sys::Datum) -> &'a [u8] {
    // SAFETY: see the function's contract.
    unsafe { contents(pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr())) }
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
