//! What maintenance reads and writes for a change of one row; see the test `least_work`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::constructs::{self, measure};
use crate::oracle::case::quote;
use crate::sections;
use crate::session::{Failure, Session};

/// The tview under test.
const NAME: &str = "tv_x";

/// Tables with at least as many rows are large.
const LARGE: u64 = 20_000;

/// As many rows of a large table may be read for a change of one row: the largest units and lists have some dozens of rows, and are read more than
/// once.
const READ_AT_MOST: u64 = 2_000;

/// As many rows of a result may a change of one row change; else the data are not made for this test.
const CHANGED_AT_MOST: u64 = 200;

/// A definition whose units are small.
#[derive(Clone, Debug)]
pub struct Family {
    /// What kind it is.
    pub title: String,
    /// The query.
    pub definition: String,
    /// Why changes of it read whole tables, if they do.
    pub reads_all: Option<String>,
}

/// What is wrong with a family.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Wrong rows, too many rows written, and mistakes in the test's own data.
    pub wrong: Vec<String>,
    /// Large tables that are read in large part.
    pub reads: Vec<String>,
}

impl Findings {
    fn add(&mut self, other: Self, place: &str) {
        let placed = |texts: Vec<String>| texts.into_iter().map(move |text| format!("{place}: {text}"));
        self.wrong.extend(placed(other.wrong));
        self.reads.extend(placed(other.reads));
    }

    /// What the test complains about: where whole tables are read by nature, that they are not.
    pub fn problems(self, family: &Family) -> Vec<String> {
        let mut problems = self.wrong;
        match &family.reads_all {
            None => problems.extend(self.reads),
            Some(reason) if self.reads.is_empty() => {
                problems.push(format!(
                    "reads no whole table, as it should because of this: {reason}"
                ));
            }
            Some(_) => {}
        }
        problems
    }
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("least_work")
        .join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All families.
///
/// # Panics
/// When the file is not as it should be.
pub fn families() -> Vec<Family> {
    let mut families: Vec<Family> = vec![];
    for section in sections::parse(&read("families.sql")).1 {
        match (
            section.after("family"),
            section.after("reads all:"),
            families.last_mut(),
        ) {
            (Some(title), _, _) => families.push(Family {
                title: title.to_owned(),
                definition: section.body.clone(),
                reads_all: None,
            }),
            (None, Some(reason), Some(family)) => family.reads_all = Some(reason.to_owned()),
            _ => panic!("unknown section: {}", section.head),
        }
    }
    families
}

/// The one-row changes of each table.
///
/// # Panics
/// When the file is not as it should be.
pub fn changes() -> BTreeMap<String, Vec<String>> {
    constructs::changes(&read("changes.sql")).unwrap_or_else(|error| panic!("changes.sql: {error}"))
}

/// Makes the tables.
///
/// # Panics
/// When that fails.
pub fn prepare(session: &mut Session) {
    let sections = sections::parse(&read("schema.sql")).1;
    let statements = sections.iter().flat_map(|section| section.body.split(";\n"));
    for statement in std::iter::once("CREATE EXTENSION pg_tviews").chain(statements) {
        session
            .execute(statement)
            .unwrap_or_else(|failure| panic!("{statement}: {failure}"));
    }
}

/// Creates the tview of a family.
pub fn create(session: &mut Session, family: &Family) -> Result<(), Failure> {
    session.execute(&format!(
        "SELECT pg_tviews_create({}, {})",
        quote(NAME),
        quote(&family.definition)
    ))?;
    session.execute(&format!("VACUUM ANALYZE {NAME}"))
}

/// Runs every change in a transaction that is rolled back: what each of them wrote and read too much.
pub fn effects(
    session: &mut Session,
    family: &Family,
    changes: &BTreeMap<String, Vec<String>>,
) -> Result<Findings, Failure> {
    let mut findings = Findings::default();
    session.execute(&format!(
        "DROP TABLE IF EXISTS pg_temp.before; CREATE TEMPORARY TABLE before AS {}",
        family.definition
    ))?;
    for (table, _) in measure::tables_read(session, &family.definition)? {
        let Some(steps) = changes.get(&table) else {
            findings.wrong.push(format!("{table} has no changes"));
            continue;
        };
        let mut changed = 0;
        for (number, step) in steps.iter().enumerate() {
            session.execute("BEGIN")?;
            let (effect, found) = effect(session, step)?;
            // That the tview is right is what other tests are for; here it says that the rows counted are the right ones.
            if number == 0 && differences(session, &format!("({}) AS q", family.definition))? > 0 {
                findings.wrong.push(format!("{step}: the tview is wrong"));
            }
            session.execute("ROLLBACK")?;
            changed += effect;
            findings.add(found, step);
        }
        if changed == 0 {
            findings
                .wrong
                .push(format!("no change of {table} changes the result"));
        }
    }
    Ok(findings)
}

/// The number of rows that a change changes, and what is wrong with how.
fn effect(session: &mut Session, step: &str) -> Result<(u64, Findings), Failure> {
    // A first change like this one, undone, so that plans are there and are counted as they are used.
    session.execute(&format!(
        "SAVEPOINT s; {step}; SELECT FROM {NAME} LIMIT 0; ROLLBACK TO s"
    ))?;
    let start = Counters::read(session)?;
    session.execute(step)?;
    // Whoever reads a tview has it brought up to date.
    session.execute(&format!("SELECT FROM {NAME} LIMIT 0"))?;
    let end = Counters::read(session)?;
    let changed = differences(session, "before")?;
    let mut findings = end.since(&start, changed);
    if changed > CHANGED_AT_MOST {
        findings
            .wrong
            .push(format!("{changed} rows of the result change"));
    }
    Ok((changed, findings))
}

/// Rows in which the tview differs from another relation, counted on both sides.
fn differences(session: &mut Session, other: &str) -> Result<u64, Failure> {
    let side = |one: &str, other: &str| {
        format!("(SELECT count(*) FROM (SELECT * FROM {one} EXCEPT ALL SELECT * FROM {other}) AS d)")
    };
    number(
        session,
        &format!("SELECT {} + {}", side(NAME, other), side(other, NAME)),
    )
}

fn number(session: &mut Session, query: &str) -> Result<u64, Failure> {
    let value = session.value(query)?;
    Ok(value.and_then(|text| text.parse().ok()).unwrap_or_default())
}

/// Rows read and written, by table, as the server counts them.
struct Counters(BTreeMap<String, [u64; 3]>);

impl Counters {
    fn read(session: &mut Session) -> Result<Self, Failure> {
        const COUNTERS: &str = "SELECT s.relname, s.seq_tup_read + coalesce(s.idx_tup_fetch, 0), s.n_tup_ins + s.n_tup_upd + s.n_tup_del, c.reltuples::bigint
              FROM pg_stat_xact_user_tables s JOIN pg_class c ON c.oid = s.relid WHERE c.relpersistence = 'p' AND s.schemaname = 'public'";
        let mut counters = BTreeMap::new();
        for row in session.rows(COUNTERS)? {
            let values: Vec<String> = row.into_iter().flatten().collect();
            let number = |at: usize| values.get(at).and_then(|text| text.parse().ok()).unwrap_or(0);
            counters.insert(
                values.first().cloned().unwrap_or_default(),
                [number(1), number(2), number(3)],
            );
        }
        Ok(Self(counters))
    }

    /// What is too much, where `changed` rows of the result have changed.
    fn since(&self, start: &Self, changed: u64) -> Findings {
        let mut findings = Findings::default();
        for (table, [read, written, size]) in &self.0 {
            let before = start.0.get(table).copied().unwrap_or_default();
            let (read, written) = (read - before[0], written - before[1]);
            if *size >= LARGE && read > READ_AT_MOST {
                findings
                    .reads
                    .push(format!("{read} of the {size} rows of {table} are read"));
            }
            // A row that changes is deleted and inserted, or updated.
            if table == NAME && (written > changed || (written == 0) != (changed == 0)) {
                let text = format!("{written} rows are written where {changed} change");
                findings.wrong.push(text);
            }
        }
        findings
    }
}

/// What EXPLAIN finds in the statements of `pg_tviews_explain`: scans of whole large tables.
pub fn plans(session: &mut Session) -> Result<Findings, Failure> {
    let large = session.rows(&format!(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= {LARGE} AND relnamespace = 'public'::regnamespace"
    ))?;
    let large: Vec<String> = large.into_iter().flatten().flatten().collect();
    let statements = session.rows(&format!(
        "SELECT source, event, statement, missing_index FROM pg_tviews_explain({}) WHERE event <> 'TRUNCATE'",
        quote(NAME)
    ))?;
    let key = Key::read(session)?;
    let mut findings = Findings::default();
    session.run("DEALLOCATE ALL");
    for row in statements {
        let mut cells = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || cells.next().unwrap_or_default();
        let (source, event, statement, missing) = (next(), next(), next(), next());
        if !missing.is_empty() {
            let text = format!("{source}, {event}: an index is missing: {missing}");
            findings.wrong.push(text);
        }
        let table = source.split(" AS ").next().unwrap_or_default();
        session.execute("BEGIN")?;
        for rows in ["pg_tviews_old", "pg_tviews_new"] {
            session.execute(&format!(
                "CREATE TEMPORARY TABLE {rows} AS SELECT * FROM {table} LIMIT 1; ANALYZE {rows}"
            ))?;
        }
        for part in statement.split(";\n") {
            let plan = key.explain(session, part)?;
            let found = scans(&plan, &large);
            let found = found.into_iter().map(|scan| format!("{source}, {event}: {scan}"));
            findings.reads.extend(found);
        }
        session.execute("ROLLBACK")?;
    }
    if large.len() < 3 {
        findings.wrong.push("there are no large tables".into());
    }
    Ok(findings)
}

/// The unit key of the tview: types, and the values of one unit.
struct Key {
    types: Vec<String>,
    values: Vec<String>,
}

impl Key {
    fn read(session: &mut Session) -> Result<Self, Failure> {
        let columns = session.rows(&format!(
            "SELECT format_type(a.atttypid, a.atttypmod), quote_ident(a.attname)
               FROM tviews.views v, unnest(v.unit_key) WITH ORDINALITY AS k (name, number), pg_attribute a
              WHERE v.name = {} AND a.attrelid = v.name::regclass AND a.attname = k.name ORDER BY k.number",
            quote(NAME)
        ))?;
        let mut key = Self {
            types: vec![],
            values: vec![],
        };
        for column in columns {
            let mut cells = column.into_iter().flatten();
            key.types.extend(cells.next());
            let name = cells.next().unwrap_or_default();
            let value = session.value(&format!(
                "SELECT quote_nullable({name}) FROM {NAME} WHERE {name} IS NOT NULL LIMIT 1"
            ))?;
            key.values.push(value.unwrap_or_else(|| "NULL".into()));
        }
        Ok(key)
    }

    /// The plan of a statement, with arrays of one unit as its parameters, or the unit itself.
    fn explain(&self, session: &mut Session, statement: &str) -> Result<Vec<String>, Failure> {
        if !statement.contains("$1") {
            return lines(session, &format!("EXPLAIN (COSTS OFF) {statement}"));
        }
        let arrays = statement.contains("unnest(");
        let types: Vec<String> = self
            .types
            .iter()
            .map(|name| if arrays { format!("{name}[]") } else { name.clone() })
            .collect();
        let values = self.values.iter().zip(&types).map(|(value, name)| {
            if arrays {
                format!("ARRAY[{value}]::{name}")
            } else {
                format!("{value}::{name}")
            }
        });
        session.execute(&format!(
            "PREPARE maintenance ({}) AS {statement}",
            types.join(", ")
        ))?;
        let execute = format!(
            "EXPLAIN (COSTS OFF) EXECUTE maintenance ({})",
            values.collect::<Vec<_>>().join(", ")
        );
        let plan = lines(session, &execute)?;
        session.execute("DEALLOCATE maintenance")?;
        Ok(plan)
    }
}

fn lines(session: &mut Session, query: &str) -> Result<Vec<String>, Failure> {
    Ok(session.rows(query)?.into_iter().flatten().flatten().collect())
}

/// Scans of whole tables among these: sequential ones, and those of an index without a condition.
fn scans(plan: &[String], large: &[String]) -> Vec<String> {
    let mut found = vec![];
    for (number, line) in plan.iter().enumerate() {
        let text = line.trim().trim_start_matches("-> ").trim();
        let sequential = text.contains("Seq Scan on ");
        let indexed = text.starts_with("Index Scan")
            || text.starts_with("Index Only Scan")
            || text.starts_with("Bitmap Index Scan");
        let Some((_, on)) = text.split_once(" on ") else {
            continue;
        };
        let relation = on.split_whitespace().next().unwrap_or_default();
        let details = plan[number + 1..].iter().take_while(|line| !line.contains("->"));
        let conditional = details.into_iter().any(|line| line.contains("Index Cond:"));
        let is_large = large.iter().any(|name| name == relation);
        if is_large && (sequential || (indexed && !conditional)) {
            found.push(text.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::scans;

    #[test]
    fn scans_of_whole_tables_are_found() {
        let plan = [
            "Insert on tv_x t",
            "  ->  Nested Loop",
            "        ->  Index Scan using a_pkey on a",
            "              Index Cond: (pk = 1)",
            "        ->  Index Only Scan using b_pkey on b",
            "        ->  Seq Scan on c s1",
            "              Filter: (x > 1)",
            "        ->  Seq Scan on small",
        ];
        let plan: Vec<String> = plan.map(str::to_owned).to_vec();
        let large = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(
            scans(&plan, &large),
            ["Index Only Scan using b_pkey on b", "Seq Scan on c s1"]
        );
    }
}
