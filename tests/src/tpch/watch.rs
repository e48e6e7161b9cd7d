//! The tviews of a run, and the comparison of each with its query.

use std::fmt;
use std::time::{Duration, Instant};

use super::queries::Query;
use crate::oracle::{CreateForm, Definition, Keeper};
use crate::session::{Failure, Session};

/// A query, the tview made of it, and how it has fared.
#[derive(Clone, Debug)]
pub struct Watched {
    /// The query.
    pub query: Query,
    /// Comparisons made.
    pub comparisons: usize,
    /// Comparisons in which the result had rows, and a value in each column of at least one of them.
    pub with_rows: usize,
    /// How often the result was another than in the comparison before.
    pub changes: usize,
    /// Comparisons that found a difference.
    pub differences: usize,
    /// Time that the comparisons took.
    pub compared: Duration,
    definition: Definition,
    last: String,
}

/// What one comparison saw.
struct Seen {
    digest: String,
    complete_rows: usize,
    differences: Vec<String>,
}

impl Watched {
    /// Makes the tview.
    ///
    /// # Errors
    /// When it is refused.
    pub fn create(
        query: Query,
        form: CreateForm,
        keeper: &dyn Keeper,
        session: &mut Session,
    ) -> Result<Self, Failure> {
        let definition = Definition {
            name: query.tview(),
            query: query.text.as_str().into(),
            form,
        };
        keeper.create(session, &definition)?;
        Ok(Self {
            query,
            definition,
            comparisons: 0,
            with_rows: 0,
            changes: 0,
            differences: 0,
            compared: Duration::ZERO,
            last: String::new(),
        })
    }

    /// The rows in which tview and query differ, and on which side they are: none, or a defect.
    ///
    /// # Errors
    /// When a statement fails.
    pub fn compare(&mut self, session: &mut Session) -> Result<Vec<String>, Failure> {
        let start = Instant::now();
        let seen = self.look(session)?;
        self.compared += start.elapsed();
        self.comparisons += 1;
        self.with_rows += usize::from(seen.complete_rows > 0);
        self.changes += usize::from(!self.last.is_empty() && self.last != seen.digest);
        self.differences += usize::from(!seen.differences.is_empty());
        self.last = seen.digest;
        Ok(seen.differences)
    }

    /// By `EXCEPT ALL` both ways over the text of the rows, so that 5.0 is not 5.00.
    fn look(&self, session: &mut Session) -> Result<Seen, Failure> {
        let sql = format!(
            "WITH tview AS MATERIALIZED (SELECT ROW(t.*)::text AS line, t IS NOT NULL AS complete FROM {} AS t),
                  query AS MATERIALIZED (SELECT ROW(q.*)::text AS line FROM (\n{}\n) AS q)
             (SELECT 'digest', md5(string_agg(line, ';' ORDER BY line)), count(*) FILTER (WHERE complete) FROM tview)
             UNION ALL
             (SELECT 'only in the tview: ', d.line, 0
                FROM (SELECT line FROM tview EXCEPT ALL TABLE query) AS d ORDER BY 2 LIMIT 5)
             UNION ALL
             (SELECT 'only in the query: ', d.line, 0
                FROM (TABLE query EXCEPT ALL SELECT line FROM tview) AS d ORDER BY 2 LIMIT 5)",
            self.query.tview(),
            self.query.text
        );
        let mut seen = Seen {
            digest: String::new(),
            complete_rows: 0,
            differences: vec![],
        };
        for row in session.rows(&sql)? {
            let mut values = row.into_iter().map(Option::unwrap_or_default);
            let (kind, line) = (
                values.next().unwrap_or_default(),
                values.next().unwrap_or_default(),
            );
            if kind == "digest" {
                seen.digest = format!("rows {line}");
                seen.complete_rows = values.next().and_then(|count| count.parse().ok()).unwrap_or(0);
            } else {
                seen.differences.push(kind + &line);
            }
        }
        Ok(seen)
    }

    /// Makes the tview right again, so that one defect does not hide the next.
    ///
    /// # Errors
    /// When it can't be refreshed: the next comparison says how wrong it is.
    pub fn repair(&mut self, session: &mut Session) -> Result<(), Failure> {
        session.execute(&format!("SELECT pg_tviews_refresh('{}')", self.query.tview()))
    }

    /// The rows that the keeper itself finds wrong.
    ///
    /// # Errors
    /// When it can't say.
    pub fn verify(&self, keeper: &dyn Keeper, session: &mut Session) -> Result<Vec<String>, Failure> {
        keeper.verify(session, &self.definition)
    }
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:8} {:5} comparisons, {:5} with rows, {:5} after a change of the result, {:7.1} s",
            self.query.name,
            self.comparisons,
            self.with_rows,
            self.changes,
            self.compared.as_secs_f64()
        )
    }
}
