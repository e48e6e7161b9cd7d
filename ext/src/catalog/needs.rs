//! What a definition needs, and how long that lives.
//!
//! What is in a temporary schema goes when its session ends, and takes along whatever depends on it, without an event that anybody hears of: first of all the
//! view that holds a definition.

use super::{Entry, field, oid_text, parse, read};
use crate::error::Result;
use crate::pg::objects::Object;
use pgrx::pg_sys::{self, Oid};

/// From objects downward to all that they need.
///
/// One step goes from an object to what it depends on, as the server has noted that; of a relation's columns only those are followed that are needed. Where the
/// server has noted the opposite the step is given here: from a view to its rule and its columns, from the type of rows to their columns.
const DOWNWARD: &str = "\
    WITH RECURSIVE needed (root, classid, objid, objsubid) AS (
      SELECT r.root::pg_catalog.int4, r.classid, r.objid, 0
        FROM ROWS FROM (pg_catalog.unnest(pg_catalog.string_to_array($1, ',')::pg_catalog.oid[]),
                        pg_catalog.unnest(pg_catalog.string_to_array($2, ',')::pg_catalog.oid[])) WITH ORDINALITY AS r (classid, objid, root)
      UNION
      SELECT n.root, step.classid, step.objid, step.objsubid
        FROM needed n CROSS JOIN LATERAL (
          SELECT d.refclassid, d.refobjid, d.refobjsubid
            FROM pg_catalog.pg_depend d
           WHERE d.classid = n.classid AND d.objid = n.objid AND d.objsubid IN (0, n.objsubid)
             AND d.refclassid <> 'pg_catalog.pg_namespace'::pg_catalog.regclass::pg_catalog.oid
          UNION ALL
          SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass::pg_catalog.oid, r.oid, 0
            FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class AND c.relkind = 'v'
           WHERE n.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AND c.oid = n.objid
          UNION ALL
          SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, a.attrelid, a.attnum::pg_catalog.int4
            FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind = 'v'
           WHERE n.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AND c.oid = n.objid AND n.objsubid = 0 AND a.attnum > 0
          UNION ALL
          SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, a.attrelid, a.attnum::pg_catalog.int4
            FROM pg_catalog.pg_type t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0
           WHERE n.classid = 'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid AND t.oid = n.objid AND t.typrelid <> 0
        ) AS step (classid, objid, objsubid))";

/// Those of some objects, by their places, that need something temporary, each with what that is.
pub fn temporary(objects: &[Object]) -> Result<Vec<(usize, String)>> {
    if objects.is_empty() {
        return Ok(Vec::new());
    }
    let join = |number: fn(&Object) -> Oid| {
        let texts: Vec<String> = objects.iter().map(|object| oid_text(number(object))).collect();
        texts.join(",")
    };
    let sql = format!(
        "{DOWNWARD}
         SELECT n.root, pg_catalog.min(pg_catalog.concat(i.type, ' ', pg_catalog.replace(i.identity, s.nspname::pg_catalog.text, 'pg_temp')))
           FROM needed n
           JOIN pg_catalog.pg_depend d
             ON d.classid = n.classid AND d.objid = n.objid AND d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass::pg_catalog.oid
           JOIN pg_catalog.pg_namespace s ON s.oid = d.refobjid AND pg_catalog.left(s.nspname::pg_catalog.text, 8) = 'pg_temp_'
          CROSS JOIN LATERAL pg_catalog.pg_identify_object(n.classid, n.objid, 0) AS i
          GROUP BY n.root ORDER BY n.root"
    );
    let rows = read(&sql, &[&join(|object| object.0), &join(|object| object.1)])?;
    rows.iter()
        .map(|row| {
            let root: usize = parse(field(row, 0)?)?;
            Ok((root.saturating_sub(1), field(row, 1)?.to_owned()))
        })
        .collect()
}

/// What is temporary of all that a view needs.
pub fn temporary_of(view: Oid) -> Result<Option<String>> {
    let found = temporary(&[(pg_sys::RelationRelationId, view)])?;
    Ok(found.into_iter().next().map(|(_, what)| what))
}

/// Has the setting for text search name the configuration on which the definition's view depends, whatever that is called by now.
pub(super) fn follow_configuration(entry: &mut Entry) -> Result<()> {
    let of_user = |(name, value): &&mut (String, String)| {
        name == "default_text_search_config" && !value.starts_with("pg_catalog.")
    };
    let Some((_, value)) = entry.settings.iter_mut().find(of_user) else {
        return Ok(());
    };
    let rows = read(
        "SELECT pg_catalog.concat(pg_catalog.quote_ident(n.nspname), '.', pg_catalog.quote_ident(c.cfgname))
           FROM pg_catalog.pg_depend d
           JOIN pg_catalog.pg_ts_config c ON c.oid = d.refobjid
           JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace
          WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AND d.objid = $1::pg_catalog.oid
            AND d.refclassid = 'pg_catalog.pg_ts_config'::pg_catalog.regclass::pg_catalog.oid",
        &[&oid_text(entry.definition)],
    )?;
    if let Some(row) = rows.first() {
        field(row, 0)?.clone_into(value);
    }
    Ok(())
}
