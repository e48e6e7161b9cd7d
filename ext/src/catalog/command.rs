//! What a DDL command has done, as event triggers are told, and what it has left on tviews. It is read from the catalogs alone: no
//! relation is locked.

use super::tree::join_oids;
use super::{field, oid_text, parse_oid, read};
use crate::error::Result;
use pgrx::pg_sys::Oid;

/// A trigger that the command has made or altered.
pub struct ChangedTrigger {
    /// Its table.
    pub table: Oid,
    /// Its name now.
    pub name: String,
    /// It is dropped with an extension (`DEPENDS ON EXTENSION`).
    pub goes_with_extension: bool,
}

/// The triggers that the command has made or altered.
pub fn triggers() -> Result<Vec<ChangedTrigger>> {
    let rows = read(
        "SELECT t.tgrelid, t.tgname,
                EXISTS (SELECT FROM pg_catalog.pg_depend d
                         WHERE d.classid = c.classid AND d.objid = t.oid AND d.deptype = 'x'
                           AND d.refclassid = 'pg_catalog.pg_extension'::regclass)
           FROM pg_catalog.pg_event_trigger_ddl_commands() AS c JOIN pg_catalog.pg_trigger AS t ON t.oid = c.objid
          WHERE c.classid = 'pg_catalog.pg_trigger'::regclass",
        &[],
    )?;
    rows.iter()
        .map(|row| {
            Ok(ChangedTrigger {
                table: parse_oid(field(row, 0)?)?,
                name: field(row, 1)?.to_owned(),
                goes_with_extension: field(row, 2)? == "t",
            })
        })
        .collect()
}

/// The views that hold definitions, of these relations: (view, tview).
pub fn definitions(relations: &[Oid]) -> Result<Vec<(Oid, Oid)>> {
    let rows = read(
        "SELECT definition::oid, tview::oid FROM tviews.tview
          WHERE definition::oid = ANY (pg_catalog.string_to_array($1, ',')::oid[]) ORDER BY 1",
        &[&join_oids(relations)],
    )?;
    rows.iter()
        .map(|row| Ok((parse_oid(field(row, 0)?)?, parse_oid(field(row, 1)?)?)))
        .collect()
}

/// The tviews in the schemas that the command has altered.
pub fn tviews_in_schemas() -> Result<Vec<Oid>> {
    super::oids(&read(
        "SELECT v.tview::oid
           FROM pg_catalog.pg_event_trigger_ddl_commands() AS c
           JOIN pg_catalog.pg_class AS r ON r.relnamespace = c.objid
           JOIN tviews.tview AS v ON v.tview::oid = r.oid
          WHERE c.classid = 'pg_catalog.pg_namespace'::regclass ORDER BY 1",
        &[],
    )?)
}

/// The views whose query the command has set by CREATE RULE.
pub fn views_with_new_query() -> Result<Vec<Oid>> {
    super::oids(&read(
        "SELECT r.ev_class
           FROM pg_catalog.pg_event_trigger_ddl_commands() AS c JOIN pg_catalog.pg_rewrite AS r ON r.oid = c.objid
          WHERE c.classid = 'pg_catalog.pg_rewrite'::regclass AND r.ev_type = '1'",
        &[],
    )?)
}

/// Whether a tview reads a view that belongs to a role, or to one of which it is a member.
pub fn reads_view_of(tview: Oid, role: Oid) -> Result<bool> {
    let rows = read(
        "SELECT FROM tviews.source s JOIN pg_catalog.pg_class c ON c.oid = s.source::oid
          WHERE s.tview = $1::oid AND s.kind = 'view' AND pg_catalog.pg_has_role($2::oid, c.relowner, 'USAGE')",
        &[&oid_text(tview), &oid_text(role)],
    )?;
    Ok(!rows.is_empty())
}

/// Something on a table that a tview can't have.
pub struct Unfit {
    /// The table that has it, as SQL writes it.
    pub table: String,
    /// Its name: that of a constraint, a column or a type.
    pub name: String,
    /// What it is.
    pub kind: UnfitKind,
}

/// What a tview can't have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum UnfitKind {
    /// A constraint that can be checked at the end of the transaction.
    Deferrable,
    /// A foreign key of another table to the tview that can be checked at the end of the transaction.
    DeferrableReference,
    /// A foreign key of the tview that writes to it when the referenced row changes.
    WritingReference,
    /// A constraint trigger that can be deferred.
    DeferrableTrigger,
    /// An identity column.
    Identity,
    /// A generated column.
    Generated,
    /// A column with a default.
    Default,
    /// A table of a type.
    Typed,
}

/// What stands on these tables that tviews can't have: on tviews among them, and foreign keys from them to tviews.
pub fn unfit_for_tviews(tables: &[Oid]) -> Result<Vec<Unfit>> {
    unfit(
        "changed AS (SELECT pg_catalog.unnest(pg_catalog.string_to_array($1, ',')::oid[]) AS oid),
         own AS (SELECT v.tview::oid AS oid FROM tviews.tview v JOIN changed c ON c.oid = v.tview::oid),
         found AS (
           SELECT n.conrelid, n.oid FROM pg_catalog.pg_constraint n JOIN own ON own.oid = n.conrelid
           UNION SELECT n.conrelid, n.oid FROM pg_catalog.pg_constraint n JOIN changed c ON c.oid = n.conrelid
                   JOIN tviews.tview v ON v.tview::oid = n.confrelid)",
        tables,
    )
}

/// What stands on this table, or refers to it, that a tview can't have.
pub fn unfit_to_be_tview(table: Oid) -> Result<Vec<Unfit>> {
    unfit(
        "own AS (SELECT $1::oid AS oid),
         found AS (SELECT n.conrelid, n.oid FROM pg_catalog.pg_constraint n JOIN own ON own.oid IN (n.conrelid, n.confrelid))",
        &[table],
    )
}

/// `own`: the tviews; `found`: the constraints that are looked at.
fn unfit(parts: &str, tables: &[Oid]) -> Result<Vec<Unfit>> {
    let rows = read(
        &format!(
            "WITH {parts}
             SELECT f.conrelid::regclass, n.conname,
                    CASE WHEN n.condeferrable AND n.contype = 't' THEN 'trigger'
                         WHEN n.condeferrable AND f.conrelid IN (SELECT oid FROM own) THEN 'deferrable'
                         WHEN n.condeferrable THEN 'reference'
                         ELSE 'writing' END
               FROM found f JOIN pg_catalog.pg_constraint n ON n.oid = f.oid
              WHERE n.condeferrable
                 OR n.contype = 'f' AND f.conrelid IN (SELECT oid FROM own)
                    AND (n.confupdtype IN ('c', 'n', 'd') OR n.confdeltype IN ('c', 'n', 'd'))
             UNION ALL
             SELECT a.attrelid::regclass, a.attname,
                    CASE WHEN a.attidentity <> '' THEN 'identity' WHEN a.attgenerated <> '' THEN 'generated' ELSE 'default' END
               FROM own JOIN pg_catalog.pg_attribute a ON a.attrelid = own.oid AND a.attnum > 0 AND NOT a.attisdropped
              WHERE a.attidentity <> '' OR a.atthasdef
             UNION ALL
             SELECT c.oid::regclass, pg_catalog.format_type(c.reloftype, NULL), 'typed'
               FROM own JOIN pg_catalog.pg_class c ON c.oid = own.oid AND c.reloftype <> 0
              ORDER BY 1, 2"
        ),
        &[&join_oids(tables)],
    )?;
    rows.iter()
        .map(|row| {
            Ok(Unfit {
                table: field(row, 0)?.to_owned(),
                name: field(row, 1)?.to_owned(),
                kind: match field(row, 2)? {
                    "trigger" => UnfitKind::DeferrableTrigger,
                    "deferrable" => UnfitKind::Deferrable,
                    "reference" => UnfitKind::DeferrableReference,
                    "writing" => UnfitKind::WritingReference,
                    "identity" => UnfitKind::Identity,
                    "typed" => UnfitKind::Typed,
                    "generated" => UnfitKind::Generated,
                    _ => UnfitKind::Default,
                },
            })
        })
        .collect()
}
