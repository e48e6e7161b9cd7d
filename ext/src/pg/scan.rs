//! Reading the extension's own tables as the server reads its catalogs: by an index, without a statement to be planned.

use super::interrupts;
use super::relation::attribute;
use super::text::owned;
use crate::error::{Error, Result};
use pgrx::pg_sys;

/// A row of a table of ours.
pub struct Row<'a> {
    descriptor: pg_sys::TupleDesc,
    values: &'a [pg_sys::Datum],
    nulls: &'a [bool],
}

/// Elements of an array of a type with this storage.
struct Elements {
    type_oid: pg_sys::Oid,
    length: i32,
    by_value: bool,
    alignment: std::ffi::c_char,
}

/// The rows of a table whose columns have these values, each read by `read`; everything committed up to now and the transaction's own,
/// whatever its isolation level. Without an index all rows are looked at.
pub fn rows<T>(
    table: pg_sys::Oid,
    index: Option<pg_sys::Oid>,
    keys: &[(i16, pg_sys::Oid)],
    mut read: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut found = Vec::new();
    // SAFETY: the scan is on an open table and ended before the snapshot is given back; the scan keys compare columns of type
    // oid or of types stored like it (regclass), which `Row::value` checks for the rows that are read.
    unsafe {
        let relation = pg_sys::table_open(table, pg_sys::AccessShareLock as i32);
        let descriptor = (*relation).rd_att;
        let columns = (*descriptor).natts as usize;
        let mut scan_keys: Vec<pg_sys::ScanKeyData> = keys
            .iter()
            .map(|(attnum, value)| equals(*attnum, *value))
            .collect();
        let mut values = vec![pg_sys::Datum::from(0); columns];
        let mut nulls = vec![true; columns];
        pg_sys::CommandCounterIncrement();
        let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
        let scan = pg_sys::systable_beginscan(
            relation,
            index.unwrap_or(pg_sys::InvalidOid),
            index.is_some(),
            snapshot,
            scan_keys.len() as i32,
            scan_keys.as_mut_ptr(),
        );
        loop {
            interrupts::check();
            let tuple = pg_sys::systable_getnext(scan);
            if tuple.is_null() {
                break;
            }
            pg_sys::heap_deform_tuple(tuple, descriptor, values.as_mut_ptr(), nulls.as_mut_ptr());
            found.push(read(&Row {
                descriptor,
                values: &values,
                nulls: &nulls,
            }));
        }
        pg_sys::systable_endscan(scan);
        pg_sys::UnregisterSnapshot(snapshot);
        pg_sys::table_close(relation, pg_sys::AccessShareLock as i32);
    }
    found.into_iter().collect()
}

/// What depends on an object, as the server has noted it: each by its catalog and its oid there.
pub fn dependents(catalog: pg_sys::Oid, object: pg_sys::Oid) -> Result<Vec<(pg_sys::Oid, pg_sys::Oid)>> {
    /// `pg_depend` and `pg_depend_reference_index`, whose oids are the same in every database.
    const DEPEND: u32 = 2608;
    const BY_REFERENCE: u32 = 2674;
    /// The columns `classid`, `objid`, `refclassid` and `refobjid`.
    const COLUMNS: (i16, i16, i16, i16) = (1, 2, 4, 5);
    let index = Some(pg_sys::Oid::from(BY_REFERENCE));
    let keys = [(COLUMNS.2, catalog), (COLUMNS.3, object)];
    rows(pg_sys::Oid::from(DEPEND), index, &keys, |row| {
        Ok((row.oid(COLUMNS.0)?, row.oid(COLUMNS.1)?))
    })
}

/// The tables to which foreign keys of a table refer; each as often as it is referred to.
pub fn referenced_by(table: pg_sys::Oid) -> Result<Vec<pg_sys::Oid>> {
    /// `pg_constraint` and `pg_constraint_conrelid_contypid_conname_index`, whose oids are the same in every database.
    const CONSTRAINT: u32 = 2606;
    const BY_TABLE: u32 = 2665;
    let (table_column, referenced_column) = super::version::CONSTRAINT_RELATIONS;
    let index = Some(pg_sys::Oid::from(BY_TABLE));
    let keys = [(table_column, table)];
    let mut referenced = rows(pg_sys::Oid::from(CONSTRAINT), index, &keys, |row| {
        row.oid(referenced_column)
    })?;
    referenced.retain(|oid| *oid != pg_sys::InvalidOid);
    Ok(referenced)
}

/// The scan key `column = value` for a column of type oid, or of one stored like it.
fn equals(attnum: i16, value: pg_sys::Oid) -> pg_sys::ScanKeyData {
    let mut key = pg_sys::ScanKeyData::default();
    // SAFETY: initialises the key that it gets.
    unsafe {
        pg_sys::ScanKeyInit(
            &mut key,
            attnum,
            pg_sys::BTEqualStrategyNumber as pg_sys::StrategyNumber,
            pg_sys::Oid::from(pg_sys::F_OIDEQ),
            pg_sys::Datum::from(value),
        );
    }
    key
}

impl Row<'_> {
    /// The value of a column, which has to be of this type; `None` for NULL.
    fn value(&self, attnum: i16, type_oid: pg_sys::Oid) -> Result<Option<pg_sys::Datum>> {
        let unexpected = || Error::internal(format!("unexpected column {attnum} in a catalog"));
        let place = usize::try_from(attnum - 1).map_err(|_| unexpected())?;
        let (Some(value), Some(null)) = (self.values.get(place), self.nulls.get(place)) else {
            return Err(unexpected());
        };
        // SAFETY: the descriptor is that of the open table, and the place is below the number of its columns.
        if unsafe { attribute(self.descriptor, place) }.atttypid != type_oid {
            return Err(unexpected());
        }
        Ok((!null).then_some(*value))
    }

    fn required(&self, attnum: i16, type_oid: pg_sys::Oid) -> Result<pg_sys::Datum> {
        let value = self.value(attnum, type_oid)?;
        value.ok_or_else(|| Error::internal("unexpected NULL in a catalog"))
    }

    /// The value of a column of type regclass.
    pub fn relation(&self, attnum: i16) -> Result<pg_sys::Oid> {
        let value = self.required(attnum, pg_sys::REGCLASSOID)?;
        Ok(pg_sys::Oid::from(value.value() as u32))
    }

    /// The value of a column of type oid.
    pub fn oid(&self, attnum: i16) -> Result<pg_sys::Oid> {
        let value = self.required(attnum, pg_sys::OIDOID)?;
        Ok(pg_sys::Oid::from(value.value() as u32))
    }

    /// The value of a column of type boolean.
    pub fn truth(&self, attnum: i16) -> Result<bool> {
        Ok(self.required(attnum, pg_sys::BOOLOID)?.value() != 0)
    }

    /// The value of a column of type uuid.
    pub fn uuid(&self, attnum: i16) -> Result<[u8; 16]> {
        let value = self.required(attnum, pg_sys::UUIDOID)?;
        // SAFETY: a value of type uuid is a pointer to 16 bytes, which live as long as the row.
        Ok(unsafe { *value.cast_mut_ptr::<[u8; 16]>() })
    }

    /// The elements of a column of type regclass[]; `None` for NULL.
    pub fn relations(&self, attnum: i16) -> Result<Option<Vec<pg_sys::Oid>>> {
        let array = self.value(attnum, pg_sys::REGCLASSARRAYOID)?;
        // SAFETY: the value is of the type that `value` has checked.
        Ok(array.map(|array| unsafe { relations_in(array, pg_sys::REGCLASSARRAYOID, false) }))
    }

    /// The elements of a column of type smallint[].
    pub fn numbers(&self, attnum: i16) -> Result<Vec<i16>> {
        const ELEMENTS: Elements = Elements {
            type_oid: pg_sys::INT2OID,
            length: 2,
            by_value: true,
            alignment: pg_sys::TYPALIGN_SHORT as std::ffi::c_char,
        };
        let array = self.required(attnum, pg_sys::INT2ARRAYOID)?;
        let elements = elements(array, &ELEMENTS).into_iter();
        Ok(elements.map(|value| value.value() as i16).collect())
    }

    /// The elements of a column of type text[].
    pub fn texts(&self, attnum: i16) -> Result<Vec<String>> {
        const ELEMENTS: Elements = Elements {
            type_oid: pg_sys::TEXTOID,
            length: -1,
            by_value: false,
            alignment: pg_sys::TYPALIGN_INT as std::ffi::c_char,
        };
        let array = self.required(attnum, pg_sys::TEXTARRAYOID)?;
        let elements = elements(array, &ELEMENTS).into_iter();
        // SAFETY: the elements are texts; the C string is a copy.
        Ok(elements
            .map(|value| unsafe { owned(pg_sys::text_to_cstring(value.cast_mut_ptr())) })
            .collect())
    }
}

/// The relations that a value of this type names.
///
/// # Safety
/// The value is of the type, if it is not NULL.
pub(super) unsafe fn relations_in(
    value: pg_sys::Datum,
    type_oid: pg_sys::Oid,
    null: bool,
) -> Vec<pg_sys::Oid> {
    let of_datum = |value: pg_sys::Datum| pg_sys::Oid::from(value.value() as u32);
    match type_oid {
        pg_sys::REGCLASSOID if !null => vec![of_datum(value)],
        pg_sys::REGCLASSARRAYOID if !null => elements(value, &RELATIONS).into_iter().map(of_datum).collect(),
        _ => Vec::new(),
    }
}

const RELATIONS: Elements = Elements {
    type_oid: pg_sys::REGCLASSOID,
    length: 4,
    by_value: true,
    alignment: pg_sys::TYPALIGN_INT as std::ffi::c_char,
};

/// The elements of an array that are not NULL.
fn elements(array: pg_sys::Datum, of: &Elements) -> Vec<pg_sys::Datum> {
    let (mut values, mut nulls, mut count) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
    // SAFETY: the caller has checked that it is an array of this type; the server gives `count` values and flags.
    unsafe {
        let array = pg_sys::pg_detoast_datum(array.cast_mut_ptr()).cast::<pg_sys::ArrayType>();
        pg_sys::deconstruct_array(
            array,
            of.type_oid,
            of.length,
            of.by_value,
            of.alignment,
            &mut values,
            &mut nulls,
            &mut count,
        );
        let flagged = (0..count as usize).map(|place| (*values.add(place), *nulls.add(place)));
        flagged
            .filter(|(_, null)| !null)
            .map(|(value, _)| value)
            .collect()
    }
}
