//! Trees of partitions and inheriting tables: which other tables' statements change the rows of a source.
//!
//! A statement fires the triggers of the table that it names, not those of the tables whose rows it changes. So a
//! source needs triggers on each table that can be named: itself, its *members* (the partitions and inheriting tables, at any
//! level, whose rows it includes), and its *relatives* (tables of which it or a member is itself a partition or
//! child, at any level). What they were when last looked at is kept in `tviews.source`: when a table is dropped or
//! detached, PostgreSQL no longer knows where it belonged.

use super::{field, oid_text, oids, parse_oid, read};
use crate::error::Result;
use crate::pg::related::is_alone;
use pgrx::pg_sys::Oid;

/// The tables around a source. Sorted by oid, the source itself left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// Tables whose rows the source includes; `None` if it is read with ONLY.
    pub members: Option<Vec<Oid>>,
    /// Other tables through which statements can change its rows.
    pub relatives: Vec<Oid>,
}

impl Tree {
    /// All tables of the tree but the source.
    pub fn others(&self) -> impl Iterator<Item = Oid> {
        self.members.iter().flatten().chain(&self.relatives).copied()
    }

    pub(super) fn parse(members: Option<&str>, relatives: &str) -> Result<Tree> {
        Ok(Tree {
            members: members.map(parse_oids).transpose()?,
            relatives: parse_oids(relatives)?,
        })
    }

    pub(super) fn texts(&self) -> (Option<String>, String) {
        (self.members.as_deref().map(join_oids), join_oids(&self.relatives))
    }
}

/// Tables below and around `$1` as PostgreSQL has them now. A partition that is being detached concurrently has left already; but
/// transactions that began before still reach it through its parent.
const AROUND: &str = "\
    WITH RECURSIVE below (oid) AS (
      SELECT $1::oid
      UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN below b ON i.inhparent = b.oid
             WHERE $2::boolean AND NOT i.inhdetachpending),
    around (oid) AS (
      SELECT oid FROM below
      UNION SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN around a ON i.inhrelid = a.oid)";

/// The tables around a source now; with `descend` its members' rows are read, too.
pub fn now(source: Oid, descend: bool) -> Result<Tree> {
    if is_alone(source, descend) {
        return Ok(Tree {
            members: descend.then(Vec::new),
            relatives: Vec::new(),
        });
    }
    let rows = read(
        &format!(
            "{AROUND} SELECT a.oid, a.oid IN (SELECT b.oid FROM below b) FROM around a WHERE a.oid <> $1::oid ORDER BY 1"
        ),
        &[&oid_text(source), if descend { "t" } else { "f" }],
    )?;
    let mut tree = Tree {
        members: descend.then(Vec::new),
        relatives: Vec::new(),
    };
    for row in &rows {
        let oid = parse_oid(field(row, 0)?)?;
        match &mut tree.members {
            Some(members) if field(row, 1)? == "t" => members.push(oid),
            _ => tree.relatives.push(oid),
        }
    }
    Ok(tree)
}

/// What kinds of tables are around a source.
#[derive(Debug, Default)]
pub struct Kinds {
    /// A member that is a foreign table.
    pub foreign_member: Option<String>,
    /// A member that is a temporary table.
    pub temporary_member: Option<String>,
    /// A relative that is a foreign table.
    pub foreign_relative: Option<String>,
    /// A table that stores rows of the source, whose rows a crash leaves alone.
    pub logged: Option<String>,
    /// A table that stores rows of the source, which a crash empties.
    pub unlogged: Option<String>,
}

/// Looks at the kinds of tables around a source.
pub fn kinds(source: Oid, descend: bool) -> Result<Kinds> {
    let rows = read(
        &format!(
            "{AROUND},
             known AS (
               SELECT c.relkind, c.relpersistence, a.oid IN (SELECT b.oid FROM below b) AS member,
                      pg_catalog.concat(CASE WHEN c.relpersistence = 't' THEN 'pg_temp' ELSE n.nspname END, '.', c.relname) AS name
                 FROM around a JOIN pg_catalog.pg_class c ON c.oid = a.oid
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace)
             SELECT pg_catalog.min(name) FILTER (WHERE member AND relkind = 'f'),
                    pg_catalog.min(name) FILTER (WHERE member AND relpersistence = 't'),
                    pg_catalog.min(name) FILTER (WHERE NOT member AND relkind = 'f'),
                    pg_catalog.min(name) FILTER (WHERE member AND relkind <> 'p' AND relpersistence <> 'u'),
                    pg_catalog.min(name) FILTER (WHERE member AND relkind <> 'p' AND relpersistence = 'u')
               FROM known"
        ),
        &[&oid_text(source), if descend { "t" } else { "f" }],
    )?;
    let name = |number: usize| rows.first().and_then(|row| row.get(number).cloned().flatten());
    Ok(Kinds {
        foreign_member: name(0),
        temporary_member: name(1),
        foreign_relative: name(2),
        logged: name(3),
        unlogged: name(4),
    })
}

/// Whether all tables that store what a tview reads are unlogged.
pub fn is_unlogged(tview: Oid) -> Result<bool> {
    let rows = read(
        "SELECT coalesce(pg_catalog.bool_and(c.relpersistence = 'u'), false)
           FROM tviews.source s JOIN pg_catalog.pg_class c ON c.oid = s.source OR c.oid = ANY (s.members::oid[])
          WHERE s.tview = $1::oid AND s.kind = 'table' AND c.relkind <> 'p'",
        &[&oid_text(tview)],
    )?;
    rows.first().map_or(Ok(false), |row| Ok(field(row, 0)? == "t"))
}

/// Stored generated columns that the tables around a source compute in different ways, if rows of these tables are inserted
/// through a partitioned table.
pub fn differently_generated(source: Oid, descend: bool) -> Result<Vec<String>> {
    let rows = read(
        &format!(
            "{AROUND}
             SELECT a.attname FROM around t
               JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attgenerated = 's' AND NOT a.attisdropped
               JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
              WHERE EXISTS (SELECT FROM around p JOIN pg_catalog.pg_class c ON c.oid = p.oid WHERE c.relkind = 'p')
              GROUP BY a.attname HAVING pg_catalog.count(DISTINCT pg_catalog.pg_get_expr(d.adbin, d.adrelid)) > 1
              ORDER BY 1"
        ),
        &[&oid_text(source), if descend { "t" } else { "f" }],
    )?;
    rows.iter().map(|row| Ok(field(row, 0)?.to_owned())).collect()
}

/// A source of a tview with the tables around it, as last looked at.
pub struct Known {
    /// The table.
    pub source: Oid,
    /// The tview that reads it.
    pub tview: Oid,
    /// The tables around it.
    pub tree: Tree,
}

/// The sources that are, or had around them, one of these tables.
pub fn touching(tables: &[Oid]) -> Result<Vec<Known>> {
    let rows = read(
        "SELECT source::oid, tview::oid, pg_catalog.array_to_string(members::oid[], ','),
                pg_catalog.array_to_string(relatives::oid[], ',')
           FROM tviews.source, LATERAL (SELECT pg_catalog.string_to_array($1, ',')::oid[] AS oids) AS changed
          WHERE kind = 'table' AND (source::oid = ANY (changed.oids) OR members::oid[] && changed.oids
                                    OR relatives::oid[] && changed.oids)
          ORDER BY 1, 2",
        &[&join_oids(tables)],
    )?;
    rows.iter()
        .map(|row| {
            Ok(Known {
                source: parse_oid(field(row, 0)?)?,
                tview: parse_oid(field(row, 1)?)?,
                tree: Tree::parse(row.get(2).and_then(Option::as_deref), field(row, 3)?)?,
            })
        })
        .collect()
}

/// Notes the tables around a source.
pub fn update(source: Oid, tview: Oid, tree: &Tree) -> Result<()> {
    let (members, relatives) = tree.texts();
    read(
        "UPDATE tviews.source
            SET members = CASE WHEN $3::boolean THEN pg_catalog.string_to_array($4, ',')::oid[]::regclass[] END,
                relatives = pg_catalog.string_to_array($5, ',')::oid[]::regclass[]
          WHERE source = $1::oid AND tview = $2::oid",
        &[
            &oid_text(source),
            &oid_text(tview),
            if members.is_some() { "t" } else { "f" },
            &members.unwrap_or_default(),
            &relatives,
        ],
    )?;
    Ok(())
}

/// Every table that has triggers of ours for some tview, of these; a suspended tview needs none.
pub fn with_triggers(tables: &[Oid]) -> Result<Vec<Oid>> {
    oids(&read(
        "SELECT t.oid FROM pg_catalog.unnest(pg_catalog.string_to_array($1, ',')::oid[]) AS t (oid)
          WHERE EXISTS (SELECT FROM tviews.source s JOIN tviews.tview v ON v.tview = s.tview AND NOT v.suspended
                         WHERE s.kind = 'table' AND (s.source = t.oid OR t.oid = ANY (s.members::oid[])
                                                     OR t.oid = ANY (s.relatives::oid[])))",
        &[&join_oids(tables)],
    )?)
}

/// Those of the tables that logical replication may write to: some table in the tree of partitions and inheriting tables around them is
/// subscribed.
pub fn subscribed(tables: &[Oid]) -> Result<Vec<Oid>> {
    oids(&read(
        "WITH RECURSIVE around (start, oid) AS (
           SELECT t.oid, t.oid FROM pg_catalog.unnest(pg_catalog.string_to_array($1, ',')::oid[]) AS t (oid)
           UNION SELECT a.start, CASE a.oid WHEN i.inhrelid THEN i.inhparent ELSE i.inhrelid END
                   FROM pg_catalog.pg_inherits i JOIN around a ON a.oid IN (i.inhrelid, i.inhparent))
         SELECT DISTINCT a.start FROM around a JOIN pg_catalog.pg_subscription_rel s ON s.srrelid = a.oid ORDER BY 1",
        &[&join_oids(tables)],
    )?)
}

/// All tables of which something is known: tviews, and tables that they read, with those around them.
pub fn all() -> Result<Vec<Oid>> {
    oids(&read(
        "SELECT v.tview::oid FROM tviews.tview v
         UNION SELECT u.oid FROM tviews.source s
         CROSS JOIN LATERAL pg_catalog.unnest(s.source::oid || s.members::oid[] || s.relatives::oid[]) AS u (oid) WHERE s.kind = 'table'
         ORDER BY 1",
        &[],
    )?)
}

pub(super) fn join_oids(oids: &[Oid]) -> String {
    oids.iter()
        .map(|oid| oid_text(*oid))
        .collect::<Vec<_>>()
        .join(",")
}

/// In order: a dump restores them as they were noted, with other oids.
fn parse_oids(text: &str) -> Result<Vec<Oid>> {
    let numbers = text.split(',').filter(|number| !number.is_empty());
    let mut oids: Vec<Oid> = numbers.map(parse_oid).collect::<Result<_>>()?;
    oids.sort_by_key(|oid| oid.to_u32());
    Ok(oids)
}

/// The relations in schemas that a role may drop.
pub fn in_schemas(schemas: &[Oid], role: Oid) -> Result<Vec<Oid>> {
    oids(&read(
        "SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          WHERE n.oid = ANY (pg_catalog.string_to_array($1, ',')::oid[]) AND pg_catalog.pg_has_role($2::oid, n.nspowner, 'USAGE')
            AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
        &[&join_oids(schemas), &oid_text(role)],
    )?)
}

/// The relations that some roles own, of those with whose rights another one acts.
pub fn owned_by(owners: &[Oid], role: Oid) -> Result<Vec<Oid>> {
    oids(&read(
        "SELECT c.oid FROM pg_catalog.pg_class c
          WHERE c.relowner = ANY (pg_catalog.string_to_array($1, ',')::oid[]) AND pg_catalog.pg_has_role($2::oid, c.relowner, 'USAGE')
            AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
        &[&join_oids(owners), &oid_text(role)],
    )?)
}

/// What is locked when tables are dropped that are tviews or that tviews read: with `cascade` the tviews over them as well, the
/// definitions, and the tables whose triggers go. Empty if no tview goes, or a table is not the role's, where one is given.
pub fn dropped_with(tables: &[Oid], cascade: bool, role: Option<Oid>) -> Result<Vec<Oid>> {
    super::oids(&read(
        "WITH RECURSIVE gone AS (
           SELECT t.oid FROM pg_catalog.unnest(pg_catalog.string_to_array($1, ',')::oid[]) AS t (oid)
           UNION
           SELECT s.tview::oid FROM tviews.source s JOIN gone g ON s.source::oid = g.oid WHERE $2::boolean),
         tview AS (SELECT v.tview::oid, v.definition::oid FROM tviews.tview v JOIN gone g ON v.tview::oid = g.oid),
         changed AS (
           SELECT DISTINCT u.oid
             FROM tviews.source s JOIN tview v ON v.tview = s.tview::oid
            CROSS JOIN LATERAL pg_catalog.unnest(s.source::oid || s.members::oid[] || s.relatives::oid[]) AS u (oid)
            WHERE s.kind = 'table')
         SELECT w.oid
           FROM (SELECT oid FROM gone UNION SELECT definition FROM tview
                 UNION SELECT c.oid FROM changed c
                        WHERE NOT EXISTS (SELECT FROM tviews.source o
                                           WHERE o.tview::oid NOT IN (SELECT tview FROM tview)
                                             AND (o.source::oid = c.oid OR c.oid = ANY (o.members::oid[])
                                                  OR c.oid = ANY (o.relatives::oid[])))) AS w
          WHERE EXISTS (SELECT FROM tview)
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c
                             WHERE $3::oid <> 0 AND c.oid = ANY (pg_catalog.string_to_array($1, ',')::oid[])
                               AND NOT pg_catalog.pg_has_role($3::oid, c.relowner, 'USAGE'))
          ORDER BY 1",
        &[
            &join_oids(tables),
            if cascade { "true" } else { "false" },
            &oid_text(role.unwrap_or(Oid::INVALID)),
        ],
    )?)
}
