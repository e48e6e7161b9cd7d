//! Types: what their values are made of, and whether equal ones look alike.

use pgrx::pg_sys;

/// What a type is to the catalog (`typtype`).
fn class(type_oid: pg_sys::Oid) -> u8 {
    // SAFETY: looks up the catalog; an unknown type gives 0.
    unsafe { pg_sys::get_typtype(type_oid) as u8 }
}

/// The types whose input and output functions read and write a value of a type as text or JSON: the type itself, the base type of a
/// domain, the elements of an array, a range and its bounds, the fields of a row.
pub fn parts(type_oid: pg_sys::Oid) -> Vec<pg_sys::Oid> {
    // SAFETY: as in `class`.
    unsafe {
        pg_sys::check_stack_depth();
        let element = pg_sys::get_element_type(type_oid);
        if element != pg_sys::InvalidOid {
            return parts(element);
        }
        match class(type_oid) {
            pg_sys::TYPTYPE_DOMAIN => parts(pg_sys::getBaseType(type_oid)),
            pg_sys::TYPTYPE_RANGE => with_parts(type_oid, pg_sys::get_range_subtype(type_oid)),
            pg_sys::TYPTYPE_MULTIRANGE => with_parts(type_oid, pg_sys::get_multirange_range(type_oid)),
            pg_sys::TYPTYPE_COMPOSITE => {
                let fields = fields(type_oid).into_iter();
                fields.flat_map(|field| parts(field.type_oid)).collect()
            }
            _ => vec![type_oid],
        }
    }
}

fn with_parts(type_oid: pg_sys::Oid, of: pg_sys::Oid) -> Vec<pg_sys::Oid> {
    let mut all = parts(of);
    all.push(type_oid);
    all
}

/// The function that reads a type from text.
pub fn input_function(type_oid: pg_sys::Oid) -> pg_sys::Oid {
    let (mut function, mut parameter) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
    // SAFETY: raises an error for an unknown type.
    unsafe { pg_sys::getTypeInputInfo(type_oid, &mut function, &mut parameter) };
    function
}

/// The function that writes a type as text.
pub fn output_function(type_oid: pg_sys::Oid) -> pg_sys::Oid {
    let (mut function, mut varlena) = (pg_sys::InvalidOid, false);
    // SAFETY: raises an error for an unknown type.
    unsafe { pg_sys::getTypeOutputInfo(type_oid, &mut function, &mut varlena) };
    function
}

/// The cast of a type to `json` by a function, if there is one: (the cast, its function). The server writes values of types that are none of
/// its own with it.
pub fn cast_to_json(type_oid: pg_sys::Oid) -> Option<(pg_sys::Oid, pg_sys::Oid)> {
    if type_oid.to_u32() < pg_sys::FirstNormalObjectId {
        return None;
    }
    let mut function = pg_sys::InvalidOid;
    // SAFETY: looks up the catalog; an unknown cast gives 0.
    unsafe {
        let path = pg_sys::find_coercion_pathway(
            pg_sys::JSONOID,
            type_oid,
            pg_sys::CoercionContext::COERCION_EXPLICIT,
            &mut function,
        );
        (path == pg_sys::CoercionPathType::COERCION_PATH_FUNC && function != pg_sys::InvalidOid)
            .then(|| (pg_sys::get_cast_oid(type_oid, pg_sys::JSONOID, true), function))
    }
}

/// A field of a composite type.
struct Field {
    type_oid: pg_sys::Oid,
    modifier: i32,
    collation: pg_sys::Oid,
}

fn fields(type_oid: pg_sys::Oid) -> Vec<Field> {
    // SAFETY: the copy is a valid descriptor with `natts` attributes, or null for a type without known fields.
    unsafe {
        let descriptor = pg_sys::lookup_rowtype_tupdesc_noerror(type_oid, -1, true);
        if descriptor.is_null() {
            return vec![];
        }
        let tuple = pgrx::PgTupleDesc::from_pg(descriptor);
        let present = tuple.iter().filter(|attribute| !attribute.attisdropped);
        present
            .map(|attribute| Field {
                type_oid: attribute.atttypid,
                modifier: attribute.atttypmod,
                collation: attribute.attcollation,
            })
            .collect()
    }
}

/// Whether equal values of a type are always written alike: not so for numeric (5.0 and 5.00), unless its modifier fixes the number of
/// digits, for double precision (0 and -0), or for text under a collation that ignores case.
pub fn equality_is_identity(type_oid: pg_sys::Oid, modifier: i32, collation: pg_sys::Oid) -> bool {
    let mut modifier = modifier;
    // SAFETY: as in `class`; the modifier is read and written.
    let base = unsafe {
        pg_sys::check_stack_depth();
        pg_sys::getBaseTypeAndTypmod(type_oid, &mut modifier)
    };
    // SAFETY: as in `class`.
    let element = unsafe { pg_sys::get_element_type(base) };
    if element != pg_sys::InvalidOid {
        return equality_is_identity(element, modifier, collation);
    }
    match (base, class(base)) {
        (pg_sys::NUMERICOID, _) => modifier >= 0,
        (pg_sys::INETOID | pg_sys::CIDROID | pg_sys::TSVECTOROID, _) | (_, pg_sys::TYPTYPE_ENUM) => true,
        (_, pg_sys::TYPTYPE_RANGE) => {
            // SAFETY: as in `class`.
            let (bound, collation) =
                unsafe { (pg_sys::get_range_subtype(base), pg_sys::get_range_collation(base)) };
            equality_is_identity(bound, -1, collation)
        }
        (_, pg_sys::TYPTYPE_MULTIRANGE) => {
            // SAFETY: as in `class`.
            equality_is_identity(unsafe { pg_sys::get_multirange_range(base) }, -1, collation)
        }
        (_, pg_sys::TYPTYPE_COMPOSITE) => fields(base)
            .iter()
            .all(|field| equality_is_identity(field.type_oid, field.modifier, field.collation)),
        _ => is_equal_image(base, collation),
    }
}

/// What the default btree operator class of a type says of it (`BTEQUALIMAGE_PROC`).
fn is_equal_image(type_oid: pg_sys::Oid, collation: pg_sys::Oid) -> bool {
    const EQUAL_IMAGE: i16 = 4;
    // SAFETY: the type cache entry lives as long as the backend; the support function takes the oid of its type.
    unsafe {
        let entry = pg_sys::lookup_type_cache(type_oid, pg_sys::TYPECACHE_BTREE_OPFAMILY as i32);
        let (family, input) = ((*entry).btree_opf, (*entry).btree_opintype);
        // Trailing blanks of character(n) don't count.
        if family == pg_sys::InvalidOid || type_oid == pg_sys::BPCHAROID {
            return false;
        }
        let function = pg_sys::get_opfamily_proc(family, input, input, EQUAL_IMAGE);
        function != pg_sys::InvalidOid
            && pg_sys::OidFunctionCall1Coll(function, collation, pg_sys::Datum::from(input)).value() != 0
    }
}

/// Whether an operator is one of those by which values of a type are ordered, its equality included: it gives the same for equal values.
pub fn orders(operator: pg_sys::Oid, type_oid: pg_sys::Oid) -> bool {
    // SAFETY: the type cache entry lives as long as the backend.
    unsafe {
        let entry = pg_sys::lookup_type_cache(type_oid, pg_sys::TYPECACHE_BTREE_OPFAMILY as i32);
        let family = (*entry).btree_opf;
        let negated = pg_sys::get_negator(operator);
        let member = |operator| operator != pg_sys::InvalidOid && pg_sys::op_in_opfamily(operator, family);
        family != pg_sys::InvalidOid && (member(operator) || member(negated))
    }
}
