//! Tries a construct on a server: accepted or refused, and exact under every change of its tables or not.

use std::collections::BTreeSet;

use super::{Catalogue, Construct, Need};
use crate::oracle::case::quote;
use crate::session::{CONNECTION_LOST, Failure, Outcome, Session};

/// What keeps the results of definitions.
pub trait Maintainer {
    /// The extension to create.
    fn extension(&self) -> &'static str;
    /// The statement that makes a relation which is kept equal to a query.
    fn create(&self, name: &str, query: &str) -> String;
    /// The statement that drops it.
    fn drop(&self, name: &str) -> String;
    /// A query that has no rows as long as the relation is right, if there is one.
    fn verification(&self, name: &str) -> Option<String>;
}

/// pg_tviews.
pub struct Tviews;

impl Maintainer for Tviews {
    fn extension(&self) -> &'static str {
        "pg_tviews"
    }
    fn create(&self, name: &str, query: &str) -> String {
        format!("SELECT pg_tviews_create({}, {})", quote(name), quote(query))
    }
    fn drop(&self, name: &str) -> String {
        format!("SELECT pg_tviews_drop({})", quote(name))
    }
    fn verification(&self, name: &str) -> Option<String> {
        Some(format!(
            "SELECT to_jsonb(v) FROM pg_tviews_verify({}) AS v",
            quote(name)
        ))
    }
}

/// A database with the tables of the constructs.
pub struct Workbench<'a> {
    catalogue: &'a Catalogue,
    maintainer: &'a dyn Maintainer,
    connect: Box<dyn Fn() -> Session + 'a>,
    session: Session,
    major: u32,
    features: BTreeSet<String>,
    missing: Vec<(String, Failure)>,
}

/// The relation under test.
pub const NAME: &str = "tv_x";

/// How rows are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// By their text: `5.0` is not `5.00`.
    Text,
    /// By equality.
    Value,
}

/// Where a relation and its query went apart.
#[derive(Clone, Debug)]
pub enum Deviation {
    /// Rows differ after this statement.
    Rows {
        /// The statement.
        after: String,
        /// The first rows that differ.
        rows: String,
    },
    /// This statement failed.
    Failed {
        /// The statement.
        statement: String,
        /// How.
        failure: Failure,
    },
    /// No statement on this table changes the result: the test shows nothing.
    Idle(String),
}

impl std::fmt::Display for Deviation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rows { after, rows } => write!(f, "differs after {after}\n    {rows}"),
            Self::Failed { statement, failure } => write!(f, "{statement}\n    fails: {failure}"),
            Self::Idle(table) => write!(f, "no change of {table} changes the result"),
        }
    }
}

impl<'a> Workbench<'a> {
    /// Makes the tables.
    ///
    /// # Panics
    /// When that fails.
    pub fn new(
        catalogue: &'a Catalogue,
        maintainer: &'a dyn Maintainer,
        connect: impl Fn() -> Session + 'a,
    ) -> Self {
        let mut session = connect();
        let number = "SELECT current_setting('server_version_num')::integer / 10000";
        let major = value(&mut session, number).and_then(|text| text.parse().ok());
        let features = features(&mut session);
        let mut bench = Self {
            catalogue,
            maintainer,
            connect: Box::new(connect),
            session,
            major: major.unwrap_or_default(),
            features,
            missing: vec![],
        };
        bench
            .prepare()
            .unwrap_or_else(|failure| panic!("the tables of the constructs: {failure}"));
        bench
    }

    fn prepare(&mut self) -> Result<(), Failure> {
        let create = format!("CREATE EXTENSION {}", self.maintainer.extension());
        self.session.execute(&create)?;
        for part in &self.catalogue.schema {
            if !self.has(&part.need) {
                continue;
            }
            match &part.tview {
                None => self.session.execute(&part.sql)?,
                Some(name) => {
                    let create = self.maintainer.create(name, &part.sql);
                    if let Err(failure) = self.session.execute(&create) {
                        self.missing.push((name.clone(), failure));
                    }
                }
            }
        }
        self.session.execute("ANALYZE")
    }

    /// Whether the server has what is needed.
    pub fn has(&self, need: &Need) -> bool {
        need.since.is_none_or(|since| self.major >= since)
            && need
                .feature
                .as_ref()
                .is_none_or(|feature| self.features.contains(feature))
    }

    /// The session that writes.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Creates the relation of a construct. Where it reads a prepared one that could not be made, that is the failure.
    pub fn create(&mut self, construct: &Construct) -> Outcome {
        let reads = |name: &String| construct.definition.contains(name.as_str());
        if let Some((_, failure)) = self.missing.iter().find(|(name, _)| reads(name)) {
            return Outcome::Failed(failure.clone());
        }
        let sql = self.maintainer.create(NAME, &construct.definition);
        self.as_creator(construct, |session| session.run(&sql))
    }

    /// The number of columns of a query; nothing if it does not run.
    pub fn width(&mut self, query: &str) -> Option<usize> {
        let probe = format!("BEGIN; CREATE TEMPORARY VIEW probe AS SELECT * FROM ({query}) AS q");
        self.session.run(&probe);
        let count = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'probe'::regclass AND attnum > 0";
        let width = value(&mut self.session, count);
        self.session.run("ROLLBACK");
        width?.parse().ok().filter(|width| *width > 0)
    }

    /// Runs something as the role that creates the relation.
    pub fn as_creator<T>(&mut self, construct: &Construct, run: impl FnOnce(&mut Session) -> T) -> T {
        if let Some(role) = &construct.role {
            self.session.run(&format!("SET ROLE {role}"));
        }
        let result = run(&mut self.session);
        self.session.run("RESET ROLE");
        result
    }

    /// Drops it; after a crash, as soon as the server is back.
    pub fn drop(&mut self) -> Result<(), Failure> {
        if !self.session.is_alive() {
            self.session = (self.connect)();
        }
        self.session.run("ROLLBACK");
        self.session.execute(&self.maintainer.drop(NAME))
    }

    /// Runs all changes of the tables that the definition reads, and the construct's own, in one transaction that is rolled
    /// back, and compares after every statement. What is there afterwards has to be what was there before.
    pub fn exercise(&mut self, construct: &Construct, comparison: Comparison) -> Result<(), Deviation> {
        let compare = self.comparison(construct, comparison)?;
        // Row-level security may show its creator fewer rows.
        let compare = match &construct.role {
            Some(role) => format!("SET ROLE {role}; {compare}; RESET ROLE"),
            None => compare,
        };
        let mut state = self.compare(&compare, "creation")?;
        let before = state.clone();
        let steps = self.steps(construct)?;
        self.run("BEGIN")?;
        let mut effective: BTreeSet<&str> = BTreeSet::new();
        for (table, step) in &steps {
            self.run(step)?;
            let next = self.compare(&compare, step)?;
            if next != state {
                effective.insert(table);
            }
            state = next;
        }
        if comparison == Comparison::Text {
            self.verify()?;
        }
        self.run("ROLLBACK")?;
        if self.compare(&compare, "ROLLBACK")? != before {
            return Err(Deviation::Idle("the ROLLBACK".into()));
        }
        let idle = |table: &str| {
            let expected = |known: &String| known.is_empty() || known == table;
            !effective.contains(table) && !construct.unchanging.iter().any(expected)
        };
        match steps.iter().find(|(table, _)| idle(table)) {
            Some((table, _)) => Err(Deviation::Idle(table.clone())),
            None => Ok(()),
        }
    }

    fn verify(&mut self) -> Result<(), Deviation> {
        let Some(query) = self.maintainer.verification(NAME) else {
            return Ok(());
        };
        let rows = self.session.rows(&query).map_err(|failure| Deviation::Failed {
            statement: query,
            failure,
        })?;
        match rows.into_iter().flatten().flatten().next() {
            None => Ok(()),
            Some(row) => Err(Deviation::Rows {
                after: "all changes, verification says".into(),
                rows: row,
            }),
        }
    }

    fn run(&mut self, statement: &str) -> Result<(), Deviation> {
        self.session
            .execute(statement)
            .map_err(|failure| Deviation::Failed {
                statement: statement.to_owned(),
                failure,
            })
    }

    /// The statements: those of the tables in turn, then TRUNCATE of each, then the construct's own.
    fn steps(&mut self, construct: &Construct) -> Result<Vec<(String, String)>, Deviation> {
        let tables = tables_read(&mut self.session, &construct.definition);
        let tables = tables.map_err(|failure| Deviation::Failed {
            statement: "the view that tells which tables are read".into(),
            failure,
        })?;
        let mut columns = vec![];
        for (table, _) in &tables {
            let changes = self.catalogue.changes.get(table);
            columns.push(changes.ok_or_else(|| Deviation::Idle(format!("{table} (it has no changes)")))?);
        }
        let longest = columns.iter().map(|steps| steps.len()).max().unwrap_or(0);
        let mut all = vec![];
        for number in 0..longest {
            for ((table, _), steps) in tables.iter().zip(&columns) {
                all.extend(steps.get(number).map(|step| (table.clone(), step.clone())));
            }
        }
        let own = construct.steps.iter();
        all.extend(own.map(|step| ("the construct's own steps".to_owned(), step.clone())));
        let truncated = tables.iter().filter(|(table, _)| !table.starts_with("tv_"));
        all.extend(truncated.map(|(table, full)| (table.clone(), format!("TRUNCATE {full}"))));
        Ok(all)
    }

    /// The statement that compares: surplus rows, missing rows, and a digest of the query's result.
    fn comparison(&mut self, construct: &Construct, comparison: Comparison) -> Result<String, Deviation> {
        // What others add to a relation for their own use is not compared.
        let columns = format!(
            "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
              WHERE attrelid = '{NAME}'::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT LIKE '\\_\\_ivm%'"
        );
        let columns = value(&mut self.session, &columns).unwrap_or_default();
        let query = &construct.definition;
        let (row, show) = match comparison {
            Comparison::Text => ("ROW(r.*)::text AS row", "e.row"),
            Comparison::Value => ("r.*", "ROW(e.*)::text"),
        };
        let side = |one: &str, other: &str| {
            format!(
                "(SELECT string_agg(d.row, ' ') FROM (SELECT {show} AS row FROM (TABLE {one} EXCEPT ALL TABLE {other}) AS e ORDER BY 1 LIMIT 3) AS d)"
            )
        };
        Ok(format!(
            "WITH kept AS MATERIALIZED (SELECT {row} FROM (SELECT {columns} FROM {NAME}) AS r),
                  query AS MATERIALIZED (SELECT {row} FROM ({query}) AS r)
             SELECT {}, {}, (SELECT md5(string_agg(ROW(q.*)::text, ',' ORDER BY ROW(q.*)::text)) FROM query AS q)",
            side("kept", "query"),
            side("query", "kept"),
        ))
    }

    fn compare(&mut self, compare: &str, after: &str) -> Result<Option<String>, Deviation> {
        let rows = self.session.rows(compare).map_err(|failure| Deviation::Failed {
            statement: format!("the comparison after {after}"),
            failure,
        })?;
        let row = rows.into_iter().next().unwrap_or_default();
        let part = |number: usize| row.get(number).cloned().flatten();
        if part(0).is_none() && part(1).is_none() {
            return Ok(part(2));
        }
        Err(Deviation::Rows {
            after: after.to_owned(),
            rows: format!(
                "too many: {}; missing: {}",
                part(0).unwrap_or_default(),
                part(1).unwrap_or_default()
            ),
        })
    }
}

/// The tables that a query reads, views looked through: (name, qualified name).
pub fn tables_read(session: &mut Session, query: &str) -> Result<Vec<(String, String)>, Failure> {
    const READ: &str = "WITH RECURSIVE read AS (
          SELECT 'probe'::regclass::oid AS oid
          UNION
          SELECT d.refobjid FROM read JOIN pg_rewrite r ON r.ev_class = read.oid
            JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass)
        SELECT c.relname, c.oid::regclass FROM read JOIN pg_class c ON c.oid = read.oid WHERE c.relkind IN ('r', 'p') ORDER BY c.oid";
    session.execute(&format!("BEGIN; CREATE VIEW probe AS {query}"))?;
    let rows = session.rows(READ)?;
    session.execute("ROLLBACK")?;
    let pair = |row: Vec<Option<String>>| {
        let mut values = row.into_iter().flatten();
        Some((values.next()?, values.next()?))
    };
    Ok(rows.into_iter().filter_map(pair).collect())
}

/// The first value of a query; nothing where it fails.
fn value(session: &mut Session, query: &str) -> Option<String> {
    session.value(query).ok().flatten()
}

/// Whether the server has crashed.
pub fn is_crash(failure: &Failure) -> bool {
    failure.sqlstate == CONNECTION_LOST
}

/// The extensions that can be created, and what not every server is built with.
fn features(session: &mut Session) -> BTreeSet<String> {
    let available = session.rows("SELECT name FROM pg_available_extensions");
    let mut features: BTreeSet<String> = available
        .unwrap_or_default()
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    for (name, trial) in [
        ("xml", "SELECT xmlparse(CONTENT '<a/>')"),
        (
            "icu",
            "BEGIN; CREATE COLLATION trial (provider = icu, locale = 'und')",
        ),
    ] {
        if session.execute(trial).is_ok() {
            features.insert(name.into());
        }
        session.run("ROLLBACK");
    }
    features
}
