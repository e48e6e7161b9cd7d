//! The catalogs `tviews.tview`, `tviews.source` and `tviews.stale`.
//!
//! What the first write of a backend needs is read by index scans; planning statements would be most of what it costs. All else is read
//! and written by statements.

pub mod calls;
pub mod command;
pub mod concerned;
pub mod needs;
pub mod stale;
pub mod tree;

use crate::error::{Error, Result};
use crate::pg::relation;
use crate::pg::scan::{self, Row};
use crate::pg::secret::{Secret, Tags};
use crate::pg::settings::Scope;
use pg_tviews_sqltext::CATALOG_SCHEMA;
use pgrx::pg_sys::Oid;
use std::cell::Cell;
use std::collections::BTreeMap;
use tree::Tree;

/// A row of `tviews.tview`.
pub struct Entry {
    /// The view that holds the definition.
    pub definition: Oid,
    /// Positions (from 0) of the unit key in the tview's columns.
    pub key: Vec<usize>,
    /// Settings under which the tview is computed.
    pub settings: Vec<(String, String)>,
    /// It is not maintained until it is resumed.
    pub suspended: bool,
}

/// Something that a tview reads.
pub struct SourceRow {
    /// Its oid.
    pub oid: Oid,
    /// A view that was inlined, not a table.
    pub is_view: bool,
    /// Some whole row of it is used.
    pub whole_row: bool,
    /// The tables around it.
    pub tree: Tree,
}

/// A tview that reads rows which a statement on some table can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The tview.
    pub tview: Oid,
    /// What it reads: the table itself, or another one in its tree.
    pub source: Oid,
    /// The table's own rows are rows of the source.
    pub holds: bool,
    /// Some whole row of the source is used.
    pub whole_row: bool,
    /// The tview is not maintained until it is resumed.
    pub suspended: bool,
}

/// A table of ours, with an index by which its rows are found.
#[derive(Clone, Copy)]
struct Place {
    table: &'static str,
    index: &'static str,
}

const TVIEW_BY_OID: Place = Place {
    table: "tview",
    index: "tview_pkey",
};
const SOURCE_BY_OID: Place = Place {
    table: "source",
    index: "source_pkey",
};

/// Columns of `tviews.tview`.
mod tview_column {
    pub const TVIEW: i16 = 1;
    pub const DEFINITION: i16 = 2;
    pub const KEY_COLUMNS: i16 = 3;
    pub const SETTINGS: i16 = 4;
    pub const SUSPENDED: i16 = 5;
}

/// Columns of `tviews.source`.
mod source_column {
    pub const SOURCE: i16 = 1;
    pub const TVIEW: i16 = 2;
    pub const WHOLE_ROW: i16 = 4;
    pub const MEMBERS: i16 = 5;
    pub const RELATIVES: i16 = 6;
}

impl Place {
    /// The rows whose column has this value.
    fn rows<T>(self, key: (i16, Oid), read: impl FnMut(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        let index = relation::lookup(CATALOG_SCHEMA, self.index)?;
        scan::rows(table_oid(self.table)?, index, &[key], read)
    }
}

fn table_oid(name: &str) -> Result<Oid> {
    relation::lookup(CATALOG_SCHEMA, name)?.ok_or_else(|| {
        Error::internal(format!("catalog tviews.{name} is missing"))
            .hint("DROP EXTENSION pg_tviews CASCADE and create it again.")
    })
}

/// The oid of `tviews.tview`: the class of our lock tags.
pub fn catalog_oid() -> Result<Oid> {
    table_oid("tview")
}

/// By what values of a tview are locked.
pub fn tags(tview: Oid) -> Result<Tags> {
    thread_local! {
        /// The secret, with the table that it was read from: another installation of the extension has another one.
        static KNOWN: Cell<Option<(Oid, Secret)>> = const { Cell::new(None) };
    }
    const VALUE: i16 = 1;
    let table = table_oid("secret")?;
    if let Some((_, secret)) = KNOWN.get().filter(|(known, _)| *known == table) {
        return Ok(Tags::new(tview, secret));
    }
    let secrets = scan::rows(table, None, &[], |row| row.uuid(VALUE))?;
    let [bytes] = secrets.as_slice() else {
        return Err(Error::internal("the table tviews.secret does not have one row")
            .hint("INSERT INTO tviews.secret VALUES (pg_catalog.gen_random_uuid()) while nobody writes."));
    };
    let secret = Secret::new(*bytes);
    KNOWN.set(Some((table, secret)));
    Ok(Tags::new(tview, secret))
}

/// The catalog's row for a tview; `None` if the relation is not one.
pub fn entry(tview: Oid) -> Result<Option<Entry>> {
    use tview_column::{DEFINITION, KEY_COLUMNS, SETTINGS, SUSPENDED, TVIEW};
    let entries = TVIEW_BY_OID.rows((TVIEW, tview), |row| {
        let key = row.numbers(KEY_COLUMNS)?.into_iter();
        let position = |attnum: i16| usize::try_from(attnum).unwrap_or_default().saturating_sub(1);
        let texts = row.texts(SETTINGS)?;
        let settings = texts.chunks_exact(2);
        Ok(Entry {
            definition: row.relation(DEFINITION)?,
            key: key.map(position).collect(),
            settings: settings.map(|pair| (pair[0].clone(), pair[1].clone())).collect(),
            suspended: row.truth(SUSPENDED)?,
        })
    })?;
    let mut entry = entries.into_iter().next();
    if let Some(entry) = &mut entry {
        needs::follow_configuration(entry)?;
    }
    Ok(entry)
}

/// The tviews that read rows which a statement on this table can change, through a view or directly; lower ones first: a tview
/// that another one of them reads comes before it.
pub fn readers(table: Oid) -> Result<Vec<Reader>> {
    use source_column::SOURCE;
    let mut readers = if relation::is_in_tree(table) {
        let all = scan::rows(table_oid(SOURCE_BY_OID.table)?, None, &[], |row| {
            reader(row, table)
        })?;
        all.into_iter().flatten().collect()
    } else {
        let direct = SOURCE_BY_OID.rows((SOURCE, table), |row| reader(row, table))?;
        direct.into_iter().flatten().collect::<Vec<Reader>>()
    };
    let mut below: BTreeMap<u32, usize> = BTreeMap::new();
    if readers.len() > 1 {
        for lower in &readers {
            let above =
                SOURCE_BY_OID.rows((SOURCE, lower.tview), |row| row.relation(source_column::TVIEW))?;
            for tview in above {
                *below.entry(tview.to_u32()).or_default() += 1;
            }
        }
    }
    readers.sort_by_key(|reader| {
        let tview = reader.tview.to_u32();
        let below = below.get(&tview).copied().unwrap_or_default();
        (below, tview, reader.source.to_u32())
    });
    Ok(readers)
}

/// What a row of `tviews.source` says about a table: `None` if a statement on it changes no rows of the source.
fn reader(row: &Row<'_>, table: Oid) -> Result<Option<Reader>> {
    use source_column::{MEMBERS, RELATIVES, SOURCE, TVIEW, WHOLE_ROW};
    let source = row.relation(SOURCE)?;
    let is_among = |attnum: i16| {
        let tables = row.relations(attnum)?;
        Ok(tables.is_some_and(|tables| tables.contains(&table)))
    };
    let holds = source == table || is_among(MEMBERS)?;
    if !holds && !is_among(RELATIVES)? {
        return Ok(None);
    }
    let tview = row.relation(TVIEW)?;
    Ok(Some(Reader {
        tview,
        source,
        holds,
        whole_row: row.truth(WHOLE_ROW)?,
        suspended: is_suspended(tview)?,
    }))
}

/// Whether a tview keeps its content whatever changes.
pub fn is_suspended(tview: Oid) -> Result<bool> {
    use tview_column::{SUSPENDED, TVIEW};
    let rows = TVIEW_BY_OID.rows((TVIEW, tview), |row| row.truth(SUSPENDED))?;
    Ok(rows.contains(&true))
}

/// Those of these tables that tviews are, read, or have triggers on.
pub fn concerned(tables: &[Oid]) -> Result<Vec<Oid>> {
    oids(&read(
        "SELECT t.oid FROM pg_catalog.unnest(pg_catalog.string_to_array($1, ',')::oid[]) AS t (oid)
          WHERE EXISTS (SELECT FROM tviews.tview v WHERE v.tview = t.oid)
             OR EXISTS (SELECT FROM tviews.source s WHERE s.source = t.oid)
             OR EXISTS (SELECT FROM pg_catalog.pg_trigger g
                         WHERE g.tgrelid = t.oid AND g.tgfoid IN ('tviews.source_changed'::regproc, 'tviews.refuse_write'::regproc))
          ORDER BY 1",
        &[&tree::join_oids(tables)],
    )?)
}

/// All tviews.
pub fn all() -> Result<Vec<Oid>> {
    oids(&read("SELECT tview::oid FROM tviews.tview ORDER BY 1", &[])?)
}

/// Those of our event triggers that do not fire in each session, with whether they fire in those that do not replicate.
pub fn faulty_event_triggers() -> Result<Vec<(String, bool)>> {
    let rows = read(
        "SELECT k.name, coalesce(e.evtenabled = 'O', false)
           FROM (VALUES ('pg_tviews_ddl_start', 'ddl_command_start', 'tviews.on_ddl_start()'::regprocedure),
                        ('pg_tviews_ddl_end', 'ddl_command_end', 'tviews.on_ddl_end()'),
                        ('pg_tviews_drop', 'sql_drop', 'tviews.on_drop()')) AS k (name, event, function)
           LEFT JOIN pg_catalog.pg_event_trigger e ON e.evtname = k.name AND e.evtevent = k.event AND e.evtfoid = k.function
          WHERE e.evtenabled IS DISTINCT FROM 'A'",
        &[],
    )?;
    rows.iter()
        .map(|row| Ok((field(row, 0)?.to_owned(), field(row, 1)? == "t")))
        .collect()
}

/// Where event triggers are switched off: in this session, or in sessions of this database to come.
pub fn without_event_triggers() -> Result<bool> {
    let rows = read(
        "SELECT WHERE pg_catalog.current_setting('event_triggers', true) = 'off'
             OR EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s
                          LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
                         WHERE (s.setdatabase = 0 OR d.datname = pg_catalog.current_database()) AND 'event_triggers=off' = ANY (s.setconfig))",
        &[],
    )?;
    Ok(!rows.is_empty())
}

/// The version of the extension in this database.
pub fn installed_version() -> Result<String> {
    let rows = read(
        "SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'pg_tviews'",
        &[],
    )?;
    rows.first()
        .map_or(Ok(String::new()), |row| Ok(field(row, 0)?.to_owned()))
}

/// What a tview reads.
pub fn sources(tview: Oid) -> Result<Vec<SourceRow>> {
    let rows = read(
        "SELECT source::oid, kind, whole_row, pg_catalog.array_to_string(members::oid[], ','),
                pg_catalog.array_to_string(relatives::oid[], ',')
           FROM tviews.source WHERE tview = $1::oid ORDER BY 1",
        &[&oid_text(tview)],
    )?;
    rows.iter()
        .map(|row| {
            Ok(SourceRow {
                oid: parse_oid(field(row, 0)?)?,
                is_view: field(row, 1)? == "view",
                whole_row: field(row, 2)? == "t",
                tree: Tree::parse(row.get(3).and_then(Option::as_deref), field(row, 4)?)?,
            })
        })
        .collect()
}

/// The tview whose definition a view is.
pub fn tview_of_definition(definition: Oid) -> Result<Option<Oid>> {
    let rows = read(
        "SELECT tview::oid FROM tviews.tview WHERE definition = $1::oid",
        &[&oid_text(definition)],
    )?;
    Ok(oids(&rows)?.first().copied())
}

/// Tables that are guarded like tviews, but are none.
pub fn guarded_tables() -> Result<Vec<Oid>> {
    oids(&read(
        "SELECT DISTINCT g.tgrelid FROM pg_catalog.pg_trigger g
          WHERE g.tgfoid = 'tviews.refuse_write()'::regprocedure
            AND NOT EXISTS (SELECT FROM tviews.tview v WHERE v.tview::oid = g.tgrelid)
          ORDER BY 1",
        &[],
    )?)
}

/// Enters a tview.
pub fn insert(tview: Oid, entry: &Entry, sources: &[SourceRow]) -> Result<()> {
    let key: Vec<String> = entry
        .key
        .iter()
        .map(|position| (position + 1).to_string())
        .collect();
    let settings: Vec<String> = entry
        .settings
        .iter()
        .flat_map(|(name, value)| [name.clone(), value.clone()])
        .collect();
    // What a tview of the same oid has left behind says nothing about this one.
    stale::forget(tview)?;
    read(
        "INSERT INTO tviews.tview VALUES ($1::oid, $2::oid, string_to_array($3, ',')::smallint[],
                ARRAY(SELECT jsonb_array_elements_text($4::jsonb)), false)",
        &[
            &oid_text(tview),
            &oid_text(entry.definition),
            &key.join(","),
            &json_array(&settings),
        ],
    )?;
    for source in sources {
        let kind = if source.is_view { "view" } else { "table" };
        let (members, relatives) = source.tree.texts();
        let truth = |value: bool| if value { "t" } else { "f" };
        read(
            "INSERT INTO tviews.source
             VALUES ($1::oid, $2::oid, $3, $4::boolean,
                     CASE WHEN $5::boolean THEN pg_catalog.string_to_array($6, ',')::oid[]::regclass[] END,
                     pg_catalog.string_to_array($7, ',')::oid[]::regclass[])",
            &[
                &oid_text(source.oid),
                &oid_text(tview),
                kind,
                truth(source.whole_row),
                truth(members.is_some()),
                &members.unwrap_or_default(),
                &relatives,
            ],
        )?;
    }
    Ok(())
}

/// Notes that a tview is suspended, or is maintained again.
pub fn set_suspended(tview: Oid, suspended: bool) -> Result<()> {
    read(
        "UPDATE tviews.tview SET suspended = $2::boolean WHERE tview = $1::oid",
        &[&oid_text(tview), if suspended { "t" } else { "f" }],
    )
    .map(drop)
}

/// Removes a tview; nothing happens if it is not there.
pub fn delete(tview: Oid) -> Result<()> {
    stale::forget(tview)?;
    read(
        "DELETE FROM tviews.source WHERE tview = $1::oid",
        &[&oid_text(tview)],
    )?;
    read(
        "DELETE FROM tviews.tview WHERE tview = $1::oid",
        &[&oid_text(tview)],
    )?;
    Ok(())
}

/// Runs a statement on the catalogs with the rights of the installation.
fn read(sql: &str, arguments: &[&str]) -> Result<Vec<Vec<Option<String>>>> {
    let scope = Scope::catalog()?;
    scope.connect()?.texts_with(sql, arguments)
}

fn json_array(texts: &[String]) -> String {
    let quoted: Vec<String> = texts
        .iter()
        .map(|text| {
            format!(
                "\"{}\"",
                text.replace('\\', "\\\\")
                    .replace('"', "\\\"")
                    .replace('\n', "\\n")
            )
        })
        .collect();
    format!("[{}]", quoted.join(","))
}

fn oid_text(oid: Oid) -> String {
    oid.to_u32().to_string()
}

fn oids(rows: &[Vec<Option<String>>]) -> Result<Vec<Oid>> {
    rows.iter().map(|row| parse_oid(field(row, 0)?)).collect()
}

fn parse_oid(text: &str) -> Result<Oid> {
    Ok(Oid::from(parse::<u32>(text)?))
}

fn parse<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse()
        .map_err(|_| Error::internal(format!("unexpected value \"{text}\" in pg_tviews' catalogs")))
}

fn field(row: &[Option<String>], number: usize) -> Result<&str> {
    let value = row.get(number).and_then(Option::as_deref);
    value.ok_or_else(|| Error::internal("unexpected NULL in pg_tviews' catalogs"))
}
