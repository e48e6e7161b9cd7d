//! Calls of functions with the simplest values.

use super::read;
use crate::error::Result;
use pg_tviews_sqltext::{literal, qualified};
use pgrx::pg_sys::Oid;

/// A function, and the call that tries it.
pub struct Trial {
    /// The function, as SQL writes it.
    pub function: String,
    /// The call.
    pub statement: String,
}

/// Calls of those functions that are written in a language in which names are looked for when they run. Each argument is the simplest value of
/// its type.
pub fn trials(functions: &[Oid]) -> Result<Vec<Trial>> {
    if functions.is_empty() {
        return Ok(Vec::new());
    }
    let oids: Vec<String> = functions.iter().map(|oid| oid.to_u32().to_string()).collect();
    let rows = read(
        "SELECT p.oid::regprocedure, n.nspname, p.proname, a.type, a.value
           FROM pg_catalog.pg_proc p
           JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
           JOIN pg_catalog.pg_language l ON l.oid = p.prolang AND l.lanname NOT IN ('internal', 'c')
           LEFT JOIN LATERAL (
             SELECT u.place, pg_catalog.format_type(t.oid, NULL) AS type,
                    CASE WHEN t.typcategory = 'N' THEN '0' WHEN t.typcategory = 'B' THEN 'true' WHEN t.typcategory = 'D' THEN '2000-01-01'
                         WHEN t.typcategory = 'T' THEN '0' WHEN t.typcategory = 'A' OR t.typname IN ('json', 'jsonb') THEN '{}' WHEN t.typcategory = 'S' THEN ''
                         WHEN t.typcategory = 'R' THEN 'empty'
                         WHEN t.typcategory = 'E' THEN (SELECT e.enumlabel::pg_catalog.text FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder LIMIT 1)
                         WHEN t.typtype = 'c' THEN pg_catalog.concat('(', pg_catalog.repeat(',', (
                                SELECT pg_catalog.count(*)::pg_catalog.int4 FROM pg_catalog.pg_attribute f
                                 WHERE f.attrelid = t.typrelid AND f.attnum > 0 AND NOT f.attisdropped) - 1), ')') END AS value
               FROM pg_catalog.unnest(p.proargtypes::pg_catalog.oid[]) WITH ORDINALITY AS u (type, place)
               JOIN pg_catalog.pg_type t ON t.oid = u.type) AS a ON true
          WHERE p.oid = ANY (pg_catalog.string_to_array($1, ',')::pg_catalog.oid[])
            AND p.prokind = 'f' AND NOT p.proretset AND p.provariadic = 0
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.oid = ANY (p.proargtypes::pg_catalog.oid[]) AND t.typtype = 'p')
          ORDER BY p.oid, a.place",
        &[&oids.join(",")],
    )?;
    let mut calls: Vec<(String, String, Vec<String>)> = Vec::new();
    for row in rows {
        let text = |number: usize| row.get(number).cloned().flatten();
        let (Some(function), Some(schema), Some(name)) = (text(0), text(1), text(2)) else {
            continue;
        };
        if calls.last().is_none_or(|(known, ..)| *known != function) {
            calls.push((function, qualified(&schema, &name), Vec::new()));
        }
        let argument = text(3).map(|written| match text(4) {
            Some(value) => format!("{}::{written}", literal(&value)),
            None => format!("NULL::{written}"),
        });
        if let Some((_, _, arguments)) = calls.last_mut() {
            arguments.extend(argument);
        }
    }
    let trials = calls.into_iter().map(|(function, name, arguments)| Trial {
        statement: format!("SELECT {name}({})", arguments.join(", ")),
        function,
    });
    Ok(trials.collect())
}
