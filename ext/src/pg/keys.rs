//! Sets of unit keys.

use super::spi::Value;
use super::{interrupts, reserve};
use pg_tviews_sqltext::Nulls;
use pgrx::pg_sys;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// How the values of one key column are stored and compared.
#[derive(Clone, Copy)]
pub struct KeyType {
    pub oid: pg_sys::Oid,
    pub array: pg_sys::Oid,
    length: i16,
    by_value: bool,
    align: std::ffi::c_char,
    collation: pg_sys::Oid,
    comparison: Comparison,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    /// Signed integers passed by value.
    Integer(i16),
    /// Values that are equal exactly if their bytes are.
    Bytes,
    /// The type's own comparison function.
    Function,
}

impl KeyType {
    /// Looks a type up. `None` for one that can't be a key: without comparison or without an array type.
    pub fn lookup(oid: pg_sys::Oid, collation: pg_sys::Oid) -> Option<KeyType> {
        // SAFETY: the type cache entry lives as long as the backend.
        unsafe {
            let entry = pg_sys::lookup_type_cache(oid, CACHE_FLAGS as i32);
            let array = pg_sys::get_array_type(oid);
            if (*entry).cmp_proc == pg_sys::InvalidOid || array == pg_sys::InvalidOid {
                return None;
            }
            let deterministic =
                collation == pg_sys::InvalidOid || pg_sys::get_collation_isdeterministic(collation);
            let comparison = match oid {
                pg_sys::INT2OID | pg_sys::INT4OID | pg_sys::INT8OID => Comparison::Integer((*entry).typlen),
                pg_sys::UUIDOID => Comparison::Bytes,
                pg_sys::TEXTOID | pg_sys::VARCHAROID if deterministic => Comparison::Bytes,
                _ => Comparison::Function,
            };
            Some(KeyType {
                oid,
                array,
                length: (*entry).typlen,
                by_value: (*entry).typbyval,
                align: (*entry).typalign,
                collation,
                comparison,
            })
        }
    }
}

const CACHE_FLAGS: u32 = pg_sys::TYPECACHE_CMP_PROC | pg_sys::TYPECACHE_CMP_PROC_FINFO;

/// Unit keys, copied into the memory context that was current when the set was made, or that of the transaction.
#[derive(Clone)]
pub struct UnitSet {
    types: Vec<KeyType>,
    /// Row after row, one value per key column.
    values: Vec<Value>,
    context: pg_sys::MemoryContext,
    sorted: bool,
}

impl UnitSet {
    /// An empty set.
    pub fn new(types: &[KeyType]) -> UnitSet {
        // SAFETY: reads a variable.
        let context = unsafe { pg_sys::CurrentMemoryContext };
        UnitSet {
            types: types.to_vec(),
            values: Vec::new(),
            context,
            sorted: true,
        }
    }

    /// An empty set whose values live as long as the transaction.
    pub fn of_transaction(types: &[KeyType]) -> UnitSet {
        UnitSet {
            // SAFETY: reads a variable; set in a transaction.
            context: unsafe { pg_sys::TopTransactionContext },
            ..UnitSet::new(types)
        }
    }

    /// An empty set of the same kind.
    pub fn emptied(&self) -> UnitSet {
        UnitSet {
            types: self.types.clone(),
            values: Vec::new(),
            context: self.context,
            sorted: true,
        }
    }

    /// Number of units; those added twice count twice until [`UnitSet::normalize`].
    pub fn len(&self) -> usize {
        self.values.len() / self.types.len().max(1)
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Adds a unit by the values of its key columns.
    pub fn add(&mut self, values: &[Value]) {
        self.add_with(|number| (values[number].datum, values[number].null));
    }

    /// Adds a unit whose key columns `value` gives by number from 0.
    pub(super) fn add_with(&mut self, mut value: impl FnMut(usize) -> (pg_sys::Datum, bool)) {
        interrupts::check();
        reserve::make_room(&mut self.values, self.types.len());
        for (number, key_type) in self.types.iter().enumerate() {
            let (datum, null) = value(number);
            let copied = if null || key_type.by_value {
                datum
            } else {
                // SAFETY: the datum is of the key's type; the copy lives in the set's context. Values read from tuples can be
                // compressed or stored out of line only for variable-length types.
                unsafe {
                    let previous = pg_sys::MemoryContextSwitchTo(self.context);
                    let copy = if key_type.length == -1 {
                        pg_sys::Datum::from(pg_sys::pg_detoast_datum_copy(datum.cast_mut_ptr()))
                    } else {
                        super::imports::datum_copy(datum, false, key_type.length)
                    };
                    pg_sys::MemoryContextSwitchTo(previous);
                    copy
                }
            };
            self.values.push(Value { datum: copied, null });
        }
        self.sorted = self.len() <= 1;
    }

    /// Adds the units of another set of the same key, whose values stay where they are.
    pub fn append(&mut self, other: &UnitSet) {
        reserve::make_room(&mut self.values, other.values.len());
        self.values.extend_from_slice(&other.values);
        self.sorted = self.len() <= 1;
    }

    /// A hash for each unit, equal for equal units; `None` if a type of the key has no hash function.
    pub fn hashes(&self) -> Option<Vec<u32>> {
        (0..self.len())
            .map(|unit| {
                interrupts::check();
                let columns = self.types.iter().zip(self.unit(unit));
                columns
                    .map(|(key_type, value)| {
                        if value.null {
                            Some(0)
                        } else {
                            key_type.hash(*value)
                        }
                    })
                    .try_fold(0u32, |hash, column| Some(hash.rotate_left(5) ^ column?))
            })
            .collect()
    }

    /// Sorts the units and removes duplicates.
    pub fn normalize(&mut self) {
        if self.sorted {
            return;
        }
        let width = self.types.len();
        let mut rows: Vec<&[Value]> = reserve::room_for(self.len());
        rows.extend(self.values.chunks_exact(width));
        rows.sort_unstable_by(|left, right| self.compare(left, right));
        rows.dedup_by(|left, right| self.compare(left, right).is_eq());
        let mut values = reserve::room_for(rows.len() * width);
        rows.into_iter().for_each(|row| values.extend_from_slice(row));
        self.values = values;
        self.sorted = true;
    }

    /// Sorting many units is what it is for: so it hears of cancels.
    fn compare(&self, left: &[Value], right: &[Value]) -> Ordering {
        interrupts::check();
        self.types
            .iter()
            .enumerate()
            .map(|(column, key_type)| key_type.compare(left[column], right[column]))
            .find(|ordering| ordering.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    /// The numbers of the units in order, those that are equal together.
    pub fn groups(&self) -> Vec<Vec<usize>> {
        let mut numbers: Vec<usize> = (0..self.len()).collect();
        let compare = |left: usize, right: usize| self.compare(self.unit(left), self.unit(right));
        numbers.sort_by(|left, right| compare(*left, *right));
        let groups = numbers.chunk_by(|left, right| compare(*left, *right).is_eq());
        groups.map(<[usize]>::to_vec).collect()
    }

    /// Whether a unit is in the set, which has been normalized.
    pub fn contains(&self, unit: &[Value]) -> bool {
        self.position(unit).is_some()
    }

    /// The number of a unit in the set, which has been normalized.
    pub fn position(&self, unit: &[Value]) -> Option<usize> {
        let mut all = 0..self.len();
        while !all.is_empty() {
            let middle = all.start + all.len() / 2;
            match self.compare(self.unit(middle), unit) {
                Ordering::Equal => return Some(middle),
                Ordering::Less => all.start = middle + 1,
                Ordering::Greater => all.end = middle,
            }
        }
        None
    }

    /// The unit with this number as a set of its own, whose values stay where they are.
    pub fn only(&self, number: usize) -> UnitSet {
        UnitSet {
            types: self.types.clone(),
            values: self.unit(number).to_vec(),
            context: self.context,
            sorted: true,
        }
    }

    /// The units by the places of their NULLs.
    pub fn by_nulls(&self) -> Vec<(Nulls, UnitSet)> {
        let mut parts: BTreeMap<Nulls, UnitSet> = BTreeMap::new();
        for unit in 0..self.len() {
            interrupts::check();
            let values = self.unit(unit);
            let null_places = values.iter().enumerate().filter(|(_, value)| value.null);
            let nulls = Nulls::at(null_places.map(|(number, _)| number));
            let part = parts.entry(nulls).or_insert_with(|| UnitSet::new(&self.types));
            reserve::make_room(&mut part.values, values.len());
            part.values.extend_from_slice(values);
        }
        parts.into_iter().collect()
    }

    /// The key of a unit as arguments of a statement.
    pub fn unit(&self, number: usize) -> &[Value] {
        let width = self.types.len();
        &self.values[number * width..(number + 1) * width]
    }

    /// The keys of a range of units as arrays, one for each key column.
    pub fn arrays(&self, units: std::ops::Range<usize>) -> Vec<Value> {
        let width = self.types.len();
        let columns = self.types.iter().enumerate();
        columns
            .map(|(column, key_type)| {
                let cells = units.clone().map(|unit| self.values[unit * width + column]);
                let (mut datums, mut nulls): (Vec<pg_sys::Datum>, Vec<bool>) =
                    cells.map(|value| (value.datum, value.null)).unzip();
                let mut dimension = datums.len() as i32;
                let mut lower_bound = 1;
                // SAFETY: as many elements as the dimension says, of the key's type.
                let array = unsafe {
                    pg_sys::construct_md_array(
                        datums.as_mut_ptr(),
                        nulls.as_mut_ptr(),
                        1,
                        &mut dimension,
                        &mut lower_bound,
                        key_type.oid,
                        key_type.length as i32,
                        key_type.by_value,
                        key_type.align,
                    )
                };
                Value {
                    datum: pg_sys::Datum::from(array),
                    null: false,
                }
            })
            .collect()
    }
}

impl KeyType {
    /// Whether the type has a hash function.
    pub fn has_hash(&self) -> bool {
        // SAFETY: the type cache entry lives as long as the backend.
        unsafe {
            let entry = pg_sys::lookup_type_cache(self.oid, pg_sys::TYPECACHE_HASH_PROC as i32);
            (*entry).hash_proc != pg_sys::InvalidOid
        }
    }

    /// A hash that equal values share; `None` for NULL, and if the type has no hash function.
    pub fn hash(&self, value: Value) -> Option<u32> {
        if value.null {
            return None;
        }
        // SAFETY: the type cache entry lives as long as the backend; the hash function takes a value of the type.
        unsafe {
            let entry = pg_sys::lookup_type_cache(self.oid, pg_sys::TYPECACHE_HASH_PROC_FINFO as i32);
            if (*entry).hash_proc_finfo.fn_oid == pg_sys::InvalidOid {
                return None;
            }
            let hash = pg_sys::FunctionCall1Coll(&mut (*entry).hash_proc_finfo, self.collation, value.datum);
            Some(hash.value() as u32)
        }
    }

    fn compare(&self, left: Value, right: Value) -> Ordering {
        if left.null || right.null {
            return left.null.cmp(&right.null);
        }
        match self.comparison {
            Comparison::Integer(length) => {
                let number = |value: Value| match length {
                    2 => i64::from(value.datum.value() as i16),
                    4 => i64::from(value.datum.value() as i32),
                    _ => value.datum.value() as i64,
                };
                number(left).cmp(&number(right))
            }
            // SAFETY: both values are of the key's type and detoasted.
            Comparison::Bytes => unsafe { self.bytes(&left).cmp(self.bytes(&right)) },
            // SAFETY: the comparison function takes two values of the type.
            Comparison::Function => unsafe {
                let entry = pg_sys::lookup_type_cache(self.oid, CACHE_FLAGS as i32);
                let result = pg_sys::FunctionCall2Coll(
                    &mut (*entry).cmp_proc_finfo,
                    self.collation,
                    left.datum,
                    right.datum,
                );
                (result.value() as i32).cmp(&0)
            },
        }
    }

    /// # Safety
    /// The value is of this type, not NULL, and detoasted if of variable length.
    unsafe fn bytes<'a>(&self, value: &'a Value) -> &'a [u8] {
        // SAFETY: see the function's contract.
        unsafe {
            if self.length > 0 {
                return std::slice::from_raw_parts(value.datum.cast_mut_ptr::<u8>(), self.length as usize);
            }
            let varlena = value.datum.cast_mut_ptr::<pg_sys::varlena>();
            std::slice::from_raw_parts(
                pgrx::vardata_any(varlena).cast(),
                pgrx::varsize_any_exhdr(varlena),
            )
        }
    }
}
