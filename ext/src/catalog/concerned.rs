//! Which tviews a command concerns that is not about the tables they read.
//!
//! Everything here is read from the catalogs, without a lock on any tview and without a look at its definition: whose tview it is that
//! can't be looked at stands in nobody's way.

use super::{field, oid_text, parse_oid, read};
use crate::error::Result;
use crate::pg::{role, scan};
use pgrx::pg_sys::{self, Oid};

/// Catalogs, whose oids are the same in every database.
mod catalogs {
    pub const TYPE: u32 = 1247;
    pub const PROCEDURE: u32 = 1255;
    pub const REWRITE: u32 = 2618;
}

/// An object that a command has changed, as the server names it: its catalog, its oid there, and a column's number.
#[derive(Clone, Copy, Debug)]
pub struct Object {
    pub catalog: Oid,
    pub oid: Oid,
    pub column: i32,
}

/// From changed objects upward to all that computes with them or shows values of theirs.
///
/// One step goes from an object to what depends on it, as the server has noted that. Where it has noted the opposite, or nothing, the step is given here: from
/// a rule to its view, from a relation to the type of its rows, from the expression of a column to that column, from a condition of a domain to the
/// domain, from a function that compares or hashes values to the operators that sort and group by it. A column leads to what uses this column; its table's other columns do not.
const UPWARD: &str = "\
    WITH RECURSIVE upward (classid, objid, objsubid) AS (
      SELECT * FROM start
      UNION
      SELECT step.classid, step.objid, step.objsubid
        FROM upward u CROSS JOIN LATERAL (
          SELECT d.classid, d.objid, d.objsubid
            FROM pg_catalog.pg_depend d
           WHERE d.refclassid = u.classid AND d.refobjid = u.objid AND (u.objsubid = 0 OR d.refobjsubid = u.objsubid)
             AND (d.classid IN ('pg_catalog.pg_type'::regclass, 'pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass,
                                'pg_catalog.pg_opclass'::regclass, 'pg_catalog.pg_amproc'::regclass, 'pg_catalog.pg_opfamily'::regclass, 'pg_catalog.pg_rewrite'::regclass,
                                'pg_catalog.pg_attrdef'::regclass, 'pg_catalog.pg_constraint'::regclass, 'pg_catalog.pg_collation'::regclass,
                                'pg_catalog.pg_ts_config'::regclass, 'pg_catalog.pg_ts_dict'::regclass, 'pg_catalog.pg_cast'::regclass)
                  OR (d.classid = 'pg_catalog.pg_class'::regclass
                      AND (d.objsubid > 0 OR (SELECT c.reloftype FROM pg_catalog.pg_class c WHERE c.oid = d.objid) <> 0)))
          UNION ALL
          SELECT 'pg_catalog.pg_class'::regclass, r.ev_class, 0 FROM pg_catalog.pg_rewrite r
           WHERE u.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = u.objid
          UNION ALL
          SELECT 'pg_catalog.pg_type'::regclass, c.reltype, 0 FROM pg_catalog.pg_class c
           WHERE u.classid = 'pg_catalog.pg_class'::regclass AND c.oid = u.objid AND c.reltype <> 0
          UNION ALL
          SELECT 'pg_catalog.pg_class'::regclass, e.adrelid, e.adnum
            FROM pg_catalog.pg_attrdef e
            JOIN pg_catalog.pg_attribute a ON a.attrelid = e.adrelid AND a.attnum = e.adnum AND a.attgenerated NOT IN ('', 's')
           WHERE u.classid = 'pg_catalog.pg_attrdef'::regclass AND e.oid = u.objid
          UNION ALL
          SELECT 'pg_catalog.pg_operator'::regclass, o.amopopr, 0
            FROM pg_catalog.pg_amproc f JOIN pg_catalog.pg_amop o ON o.amopfamily = f.amprocfamily
           WHERE u.classid = 'pg_catalog.pg_amproc'::regclass AND f.oid = u.objid
          UNION ALL
          SELECT 'pg_catalog.pg_type'::regclass, k.contypid, 0 FROM pg_catalog.pg_constraint k
           WHERE u.classid = 'pg_catalog.pg_constraint'::regclass AND k.oid = u.objid AND k.contypid <> 0) AS step)";

/// The first oid of an object whose users the server notes (`FirstUnpinnedObjectId`).
const FIRST_NOTED: u32 = 12_000;

/// The tviews that compute with one of these objects, or show values of theirs. Of the server's innermost objects nobody knows who uses
/// them: all tviews do.
pub fn by_objects(objects: &[Object]) -> Result<Vec<Oid>> {
    if objects.iter().any(|object| object.oid.to_u32() < FIRST_NOTED) {
        return super::all();
    }
    let mut used = Vec::new();
    for object in objects {
        // Of others it is not said here who uses them: of a configuration of text search, say, it can be a setting of a tview.
        let is_told = matches!(object.catalog.to_u32(), catalogs::TYPE | catalogs::PROCEDURE);
        if !is_told || is_used(object.catalog, object.oid)? {
            used.push(*object);
        }
    }
    if used.is_empty() {
        return Ok(Vec::new());
    }
    found(&used, CHANGED)
}

/// Changed objects, and types that have got a cast to `json`, by which the server writes their values into documents from now on.
const CHANGED: &str = "\
    SELECT * FROM given
    UNION ALL
    SELECT 'pg_catalog.pg_type'::regclass, k.castsource, 0
      FROM given g JOIN pg_catalog.pg_cast k ON k.oid = g.objid
     WHERE g.classid = 'pg_catalog.pg_cast'::regclass AND k.casttarget = 'pg_catalog.json'::regtype";

/// Whether anything depends on an object but a type of arrays of it on which nothing depends.
fn is_used(catalog: Oid, object: Oid) -> Result<bool> {
    for (dependent_catalog, dependent) in scan::dependents(catalog, object)? {
        let is_type = dependent_catalog.to_u32() == catalogs::TYPE;
        if !is_type || !scan::dependents(dependent_catalog, dependent)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether views or rules, and so perhaps tviews, read one of these relations.
pub fn are_read(relations: &[Oid]) -> Result<bool> {
    for relation in relations {
        let dependents = scan::dependents(pg_sys::RelationRelationId, *relation)?;
        if dependents
            .iter()
            .any(|(catalog, _)| catalog.to_u32() == catalogs::REWRITE)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The tviews that show values of the rows of these tables as a whole, out of columns of other tables.
pub fn by_row_types(tables: &[Oid]) -> Result<Vec<Oid>> {
    let mut objects = Vec::new();
    for table in tables {
        if is_used(Oid::from(catalogs::TYPE), role::row_type(*table))? {
            objects.push(Object {
                catalog: pg_sys::RelationRelationId,
                oid: *table,
                column: 0,
            });
        }
    }
    if objects.is_empty() {
        return Ok(Vec::new());
    }
    found(
        &objects,
        "SELECT 'pg_catalog.pg_type'::regclass::oid, c.reltype, 0 FROM given g JOIN pg_catalog.pg_class c ON c.oid = g.objid WHERE c.reltype <> 0",
    )
}

/// The tviews above what a query over the given objects starts from. Where a configuration of text search is among it, also those that have it
/// among their settings.
fn found(objects: &[Object], start: &str) -> Result<Vec<Oid>> {
    let join = |number: fn(&Object) -> String| objects.iter().map(number).collect::<Vec<_>>().join(",");
    let sql = format!(
        "WITH given (classid, objid, objsubid) AS (
           SELECT * FROM ROWS FROM (pg_catalog.unnest(pg_catalog.string_to_array($1, ',')::oid[]),
                                    pg_catalog.unnest(pg_catalog.string_to_array($2, ',')::oid[]),
                                    pg_catalog.unnest(pg_catalog.string_to_array($3, ',')::int4[])) AS g),
         start AS ({start}),
         reached AS ({UPWARD} SELECT * FROM upward)
         SELECT t.tview::oid FROM tviews.tview t
          WHERE EXISTS (SELECT FROM reached r WHERE r.classid = 'pg_catalog.pg_class'::regclass AND r.objid = t.definition::oid)
             OR EXISTS (SELECT FROM reached r JOIN tviews.source s ON s.source::oid = r.objid AND s.tview = t.tview AND s.whole_row
                         WHERE r.classid = 'pg_catalog.pg_class'::regclass)
             OR EXISTS (SELECT FROM reached r JOIN pg_catalog.pg_ts_config c ON c.oid = r.objid
                          JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace
                         WHERE r.classid = 'pg_catalog.pg_ts_config'::regclass
                           AND pg_catalog.concat(pg_catalog.quote_ident(n.nspname), '.', pg_catalog.quote_ident(c.cfgname))
                               = ANY (t.settings))
          ORDER BY 1"
    );
    let rows = read(
        &sql,
        &[
            &join(|object| oid_text(object.catalog)),
            &join(|object| oid_text(object.oid)),
            &join(|object| object.column.to_string()),
        ],
    )?;
    super::oids(&rows)
}

/// A tview whose owner may not do something that its maintenance needs.
pub struct Lacking {
    pub tview: Oid,
    /// What the owner may not do, for a message.
    pub what: String,
}

/// The tviews whose owners may not do what their maintenance needs: read what they are made from, name it, call its functions.
/// The tables behind a view are read by the view's owner.
///
/// With `relations`, which a command names, only those that read one of these are looked at.
pub fn lacking(relations: Option<&[Oid]>) -> Result<Vec<Lacking>> {
    let rows = read(
        "WITH tview AS (
           SELECT t.tview::oid AS tview, c.relowner AS owner, c.relnamespace AS schema, t.definition::oid AS definition
             FROM tviews.tview t JOIN pg_catalog.pg_class c ON c.oid = t.tview::oid
            WHERE NOT t.suspended
              AND ($1 = '*' OR EXISTS (SELECT FROM tviews.source s WHERE s.tview = t.tview
                                          AND s.source::oid = ANY (pg_catalog.string_to_array(nullif($1, '*'), ',')::oid[])))),
         source AS (
           SELECT t.tview, t.owner, s.kind, c.oid AS relation, c.relnamespace AS schema, n.nspname, c.relname, c.relowner, c.reloptions,
                  c.relrowsecurity, c.relforcerowsecurity
             FROM tview t JOIN tviews.source s ON s.tview::oid = t.tview
             JOIN pg_catalog.pg_class c ON c.oid = s.source::oid
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace),
         query AS (
           SELECT tview, owner, owner AS reader, definition AS view FROM tview
           UNION ALL
           SELECT tview, owner, CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_options_to_table(reloptions) o
                                                      WHERE o.option_name = 'security_invoker' AND o.option_value::boolean)
                                         THEN owner ELSE relowner END,
                  relation FROM source WHERE kind = 'view'),
         used AS (
           SELECT q.tview, q.owner, q.reader, d.refclassid, d.refobjid, d.refobjsubid
             FROM query q JOIN pg_catalog.pg_rewrite r ON r.ev_class = q.view AND r.ev_type = '1'
             JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid AND d.deptype = 'n'),
         lost AS (
           SELECT tview, pg_catalog.concat('use schema ', schema::regnamespace) AS what FROM tview
            WHERE NOT pg_catalog.has_schema_privilege(owner, schema, 'USAGE')
           UNION ALL
           SELECT tview, pg_catalog.concat('use schema ', schema::regnamespace) FROM source
            WHERE kind = 'table' AND NOT pg_catalog.has_schema_privilege(owner, schema, 'USAGE')
           UNION ALL
           SELECT tview, pg_catalog.concat('read ', nspname, '.', relname) FROM source
            WHERE kind = 'table' AND NOT pg_catalog.has_table_privilege(owner, relation, 'SELECT')
           UNION ALL
           SELECT s.tview, pg_catalog.concat('read all rows of ', s.nspname, '.', s.relname)
             FROM source s JOIN pg_catalog.pg_authid a ON a.oid = s.owner
            WHERE s.kind = 'table' AND s.relrowsecurity AND NOT a.rolsuper AND NOT a.rolbypassrls
              AND (s.relforcerowsecurity OR NOT pg_catalog.pg_has_role(s.owner, s.relowner, 'USAGE'))
           UNION ALL
           SELECT tview, pg_catalog.concat('read ', refobjid::regclass, ' behind a view') FROM used
            WHERE refclassid = 'pg_catalog.pg_class'::regclass
              AND NOT CASE refobjsubid WHEN 0 THEN pg_catalog.has_any_column_privilege(reader, refobjid, 'SELECT')
                                       ELSE pg_catalog.has_column_privilege(reader, refobjid, refobjsubid::int2, 'SELECT') END
           UNION ALL
           SELECT tview, pg_catalog.concat('execute ', refobjid::regprocedure) FROM used
            WHERE refclassid = 'pg_catalog.pg_proc'::regclass AND NOT pg_catalog.has_function_privilege(owner, refobjid, 'EXECUTE')
           UNION ALL
           SELECT u.tview, pg_catalog.concat('execute ', o.oprcode::regprocedure) FROM used u
             JOIN pg_catalog.pg_operator o ON o.oid = u.refobjid
            WHERE u.refclassid = 'pg_catalog.pg_operator'::regclass
              AND NOT pg_catalog.has_function_privilege(u.owner, o.oprcode, 'EXECUTE'))
         SELECT tview, pg_catalog.min(what) FROM lost GROUP BY tview ORDER BY tview",
        &[&relations.map_or_else(|| "*".to_owned(), super::tree::join_oids)],
    )?;
    rows.iter()
        .map(|row| {
            Ok(Lacking {
                tview: parse_oid(field(row, 0)?)?,
                what: field(row, 1)?.to_owned(),
            })
        })
        .collect()
}

/// A table, and whether one of its unique indexes is among those given.
pub struct Indexed {
    pub table: Oid,
    pub unique: bool,
}

/// The tables that these indexes are on.
pub fn indexed(indexes: &[Oid]) -> Result<Vec<Indexed>> {
    let rows = read(
        "SELECT i.indrelid, pg_catalog.bool_or(i.indisunique) FROM pg_catalog.pg_index i
          WHERE i.indexrelid = ANY (pg_catalog.string_to_array($1, ',')::oid[]) GROUP BY i.indrelid ORDER BY 1",
        &[&super::tree::join_oids(indexes)],
    )?;
    rows.iter()
        .map(|row| {
            Ok(Indexed {
                table: parse_oid(field(row, 0)?)?,
                unique: field(row, 1)? == "t",
            })
        })
        .collect()
}

/// The tables with triggers for a tview that belong to a role, or to one of which it is a member.
pub fn own_sources(tview: Oid, role: Oid) -> Result<Vec<Oid>> {
    super::oids(&read(
        "SELECT DISTINCT c.oid
           FROM tviews.source s
          CROSS JOIN LATERAL pg_catalog.unnest(s.source::oid || s.members::oid[] || s.relatives::oid[]) AS u (oid)
           JOIN pg_catalog.pg_class c ON c.oid = u.oid
          WHERE s.tview = $1::oid AND s.kind = 'table' AND pg_catalog.pg_has_role($2::oid, c.relowner, 'USAGE')
          ORDER BY 1",
        &[&oid_text(tview), &oid_text(role)],
    )?)
}
