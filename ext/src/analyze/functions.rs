//! Which functions a definition may call.
//!
//! IMMUTABLE functions always. VOLATILE ones never. STABLE ones of the server if their result depends on nothing but their
//! arguments and the settings that are fixed for each tview; STABLE ones of a user may read tables, which nobody could notice.

use crate::pg::node::{Node, function_name, reads_records, type_name, volatility};
use crate::pg::objects::is_of_extension;
use crate::pg::types::{cast_to_json, input_function, output_function, parts};
use pgrx::pg_sys;

/// STABLE functions of the server that depend on their arguments and on fixed settings only.
const ALLOWED_STABLE: &[&str] = &[
    "anytextcat",
    "anyarray_out",
    "anycompatiblearray_out",
    "anycompatiblemultirange_out",
    "anycompatiblerange_out",
    "anyenum_out",
    "anymultirange_out",
    "anyrange_out",
    "array_in",
    "array_out",
    "array_to_json",
    "array_to_string",
    "cash_in",
    "cash_out",
    "concat",
    "concat_ws",
    "convert",
    "convert_from",
    "convert_to",
    "date",
    "date_add",
    "date_cmp_timestamptz",
    "date_eq_timestamptz",
    "date_ge_timestamptz",
    "date_gt_timestamptz",
    "date_le_timestamptz",
    "date_lt_timestamptz",
    "date_ne_timestamptz",
    "date_out",
    "date_part",
    "date_subtract",
    "date_trunc",
    "domain_in",
    "enum_first",
    "enum_in",
    "enum_last",
    "enum_out",
    "enum_range",
    "extract",
    "format",
    "generate_series",
    "in_range",
    "interval_in",
    "interval_out",
    "interval_pl_timestamptz",
    "json_agg",
    "json_agg_strict",
    "json_build_array",
    "json_build_object",
    "json_object_agg",
    "json_object_agg_strict",
    "json_object_agg_unique",
    "json_object_agg_unique_strict",
    "json_to_tsvector",
    "jsonb_agg",
    "jsonb_agg_strict",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_object_agg",
    "jsonb_object_agg_strict",
    "jsonb_object_agg_unique",
    "jsonb_object_agg_unique_strict",
    "jsonb_path_exists_tz",
    "jsonb_path_match_tz",
    "jsonb_path_query_array_tz",
    "jsonb_path_query_first_tz",
    "jsonb_path_query_tz",
    "jsonb_to_tsvector",
    "length",
    "make_timestamptz",
    "money",
    "multirange_in",
    "multirange_out",
    "numeric",
    "overlaps",
    "phraseto_tsquery",
    "pg_collation_for",
    "pg_typeof",
    "plainto_tsquery",
    "quote_literal",
    "quote_nullable",
    "range_in",
    "range_out",
    "record_out",
    "row_to_json",
    "textanycat",
    "time",
    "timestamp",
    "timestamp_cmp_timestamptz",
    "timestamp_eq_timestamptz",
    "timestamp_ge_timestamptz",
    "timestamp_gt_timestamptz",
    "timestamp_le_timestamptz",
    "timestamp_lt_timestamptz",
    "timestamp_ne_timestamptz",
    "timestamp_out",
    "timestamptz",
    "timestamptz_cmp_date",
    "timestamptz_cmp_timestamp",
    "timestamptz_eq_date",
    "timestamptz_eq_timestamp",
    "timestamptz_ge_date",
    "timestamptz_ge_timestamp",
    "timestamptz_gt_date",
    "timestamptz_gt_timestamp",
    "timestamptz_le_date",
    "timestamptz_le_timestamp",
    "timestamptz_lt_date",
    "timestamptz_lt_timestamp",
    "timestamptz_mi_interval",
    "timestamptz_ne_date",
    "timestamptz_ne_timestamp",
    "timestamptz_out",
    "timestamptz_pl_interval",
    "timetz",
    "timezone",
    "to_char",
    "to_date",
    "to_json",
    "to_jsonb",
    "to_number",
    "to_timestamp",
    "to_tsquery",
    "to_tsvector",
    "ts_headline",
    "ts_match_tq",
    "ts_match_tt",
    "websearch_to_tsquery",
    "xml",
    "xml_in",
    "xml_is_well_formed",
    "bpcharsend",
    "textsend",
    "varcharsend",
];

/// Functions that read a date or time from text, where `'now'` and `'today'` mean the clock.
const CLOCK_READING_INPUT: &[&str] = &[
    "date_in",
    "time_in",
    "timetz_in",
    "timestamp_in",
    "timestamptz_in",
];

/// What a node calls that a definition may not: (message, hint).
pub fn objection(node: Node) -> Option<(String, String)> {
    let fixed = node.reads_fixed_time();
    if let Some((from, to)) = node.text_conversion()
        && !fixed
        && parts(to).into_iter().any(reads_clock)
    {
        return Some((
            format!(
                "the conversion of {} to {} can read the clock ('now', 'today')",
                type_name(from),
                type_name(to)
            ),
            CLOCK_HINT.to_owned(),
        ));
    }
    let read = node.types_read().into_iter().find_map(reading_objection);
    let calls = || {
        let mut functions = node.functions().into_iter();
        functions.find_map(|function| {
            function_objection(function).filter(|_| !fixed || !reads_the_clock(function))
        })
    };
    let writes = || node.types_written().into_iter().find_map(writing_objection);
    // A conversion through text is called by the type that it writes, and all else by the function.
    match node.text_conversion() {
        Some(_) => read.or_else(writes).or_else(calls),
        None => read.or_else(calls).or_else(writes),
    }
}

/// Why values of a type may not be read from text or JSON: their input functions would do what no function may.
pub fn reading_objection(type_oid: pg_sys::Oid) -> Option<(String, String)> {
    parts(type_oid).into_iter().find_map(|part| {
        if reads_clock(part) {
            return Some((
                format!("reading {} can read the clock ('now', 'today')", type_name(part)),
                format!("Read it as text. {CLOCK_HINT}"),
            ));
        }
        function_objection(input_function(part))
    })
}

/// Why values of a type may not be written as text or JSON: `regclass` and its like are numbers, whose text is the name that an object has at
/// the moment.
pub fn writing_objection(type_oid: pg_sys::Oid) -> Option<(String, String)> {
    parts(type_oid).into_iter().find_map(|part| {
        let cast = cast_to_json(part).and_then(|(_, function)| function_objection(function));
        if cast.is_some() {
            return cast;
        }
        let function = output_function(part);
        let (message, hint) = function_objection(function)?;
        if !is_built_in(function) {
            return Some((message, hint));
        }
        Some((
            format!("the text of {} depends on the system catalogs", type_name(part)),
            "Its text changes without any change of a source table: show the value as it is, or convert it to oid.".to_owned(),
        ))
    })
}

const CLOCK_HINT: &str = "Use tviews.fixed_time(text)::date (or ::time, ::timestamp, ::timestamptz), which refuses 'now' and its like; or to_timestamp(text, format), to_date(text, format), make_timestamptz(…).";

/// Whether a function makes a date or time of text.
fn reads_the_clock(function: pg_sys::Oid) -> bool {
    is_built_in(function) && CLOCK_READING_INPUT.contains(&function_name(function).as_str())
}

fn reads_clock(part: pg_sys::Oid) -> bool {
    [
        pg_sys::DATEOID,
        pg_sys::TIMEOID,
        pg_sys::TIMETZOID,
        pg_sys::TIMESTAMPOID,
        pg_sys::TIMESTAMPTZOID,
    ]
    .contains(&part)
}

fn is_built_in(function: pg_sys::Oid) -> bool {
    function.to_u32() < pg_sys::FirstNormalObjectId
}

fn function_objection(function: pg_sys::Oid) -> Option<(String, String)> {
    let name = function_name(function);
    let built_in = is_built_in(function);
    match volatility(function) {
        b'i' => None,
        b's' if built_in && ALLOWED_STABLE.contains(&name.as_str()) => None,
        // What they read is looked at where the types are known.
        b's' if built_in && reads_records(&name) => None,
        b's' if built_in && CLOCK_READING_INPUT.contains(&name.as_str()) => Some((
            format!("{name}() can read the clock ('now', 'today')"),
            CLOCK_HINT.to_owned(),
        )),
        b's' if built_in => Some((
            format!("{name}() depends on the clock, the session or the system catalogs"),
            "Its result changes without any change of a source table: compute it in the query that reads the tview.".to_owned(),
        )),
        b's' if is_of_extension(function) => Some((
            format!("{name}() is STABLE: it may depend on more than its arguments"),
            "It belongs to an extension. If it gives the same for the same arguments, call it from an IMMUTABLE function of yours, which names it with its schema, or has a search_path of its own.".to_owned(),
        )),
        b's' => Some((
            format!("{name}() is STABLE: it may read tables whose changes could not be noticed"),
            "If it depends on nothing but its arguments, declare it IMMUTABLE; else write its query into the definition.".to_owned(),
        )),
        _ => Some((
            format!("{name}() is VOLATILE: two computations of one row could differ"),
            "Store its result in a column of a source table.".to_owned(),
        )),
    }
}
