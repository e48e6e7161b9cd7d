//! Who keeps the tviews: the extension, or a stand-in that tests the oracle itself.

use super::case::{CreateForm, Definition};
use crate::session::{Failure, Session};

/// Creates and drops tviews. The session's search_path begins with the schema that they belong to.
pub trait Keeper {
    /// Makes a database ready.
    fn install(&self, session: &mut Session) -> Result<(), Failure>;

    /// Creates the tview.
    fn create(&self, session: &mut Session, tview: &Definition) -> Result<(), Failure>;

    /// How the tview is maintained, for the tally.
    fn ways(&self, _: &mut Session, _: &Definition) -> Result<Vec<String>, Failure> {
        Ok(vec![])
    }

    /// Drops it; `nth` varies the way.
    fn drop(&self, session: &mut Session, tview: &Definition, nth: usize) -> Result<(), Failure>;

    /// The differences that the keeper itself reports: none.
    fn verify(&self, session: &mut Session, tview: &Definition) -> Result<Vec<String>, Failure>;
}

/// The extension.
#[derive(Clone, Copy, Debug)]
pub struct Extension;

impl Keeper for Extension {
    fn install(&self, session: &mut Session) -> Result<(), Failure> {
        session.execute("CREATE EXTENSION pg_tviews")
    }

    fn create(&self, session: &mut Session, tview: &Definition) -> Result<(), Failure> {
        session.execute(&tview.create_statement())
    }

    fn ways(&self, session: &mut Session, tview: &Definition) -> Result<Vec<String>, Failure> {
        let name = &tview.name;
        let rows = session.rows(&format!(
            "SELECT CASE WHEN key_columns = '{{}}' THEN 'tview: one unit' ELSE 'tview: several units' END
               FROM tviews.tview WHERE tview = '{name}'::regclass
              UNION ALL
             SELECT 'source: ' || regexp_replace(regexp_replace(strategy, ' of these units .*', ' of these units'), ' over \\d+ |, then recompute.*|, then delta.*', ' ')
               FROM public.pg_tviews_explain('{name}') WHERE event = 'UPDATE'"
        ))?;
        Ok(rows.into_iter().flatten().flatten().collect())
    }

    fn drop(&self, session: &mut Session, tview: &Definition, nth: usize) -> Result<(), Failure> {
        match nth % 3 {
            0 => session.execute(&format!("SELECT public.pg_tviews_drop('{}')", tview.name)),
            1 => session.execute(&format!("DROP TABLE {}", tview.name)),
            _ => session.execute(&format!("DROP TABLE IF EXISTS {} CASCADE", tview.name)),
        }
    }

    fn verify(&self, session: &mut Session, tview: &Definition) -> Result<Vec<String>, Failure> {
        let rows = session.rows(&format!(
            "SELECT v::text FROM public.pg_tviews_verify('{}') AS v LIMIT 5",
            tview.name
        ))?;
        Ok(rows.into_iter().flatten().flatten().collect())
    }
}

/// A plain view, exact by nature: an oracle that finds a difference here is wrong, and so is a generator whose
/// definitions give two results on the same data.
#[derive(Clone, Copy, Debug)]
pub struct PlainView;

impl Keeper for PlainView {
    fn install(&self, _: &mut Session) -> Result<(), Failure> {
        Ok(())
    }

    fn create(&self, session: &mut Session, tview: &Definition) -> Result<(), Failure> {
        session.execute(&format!("CREATE VIEW {} AS {}", tview.name, tview.query))
    }

    fn drop(&self, session: &mut Session, tview: &Definition, _: usize) -> Result<(), Failure> {
        session.execute(&format!("DROP VIEW IF EXISTS {} CASCADE", tview.name))
    }

    fn verify(&self, _: &mut Session, _: &Definition) -> Result<Vec<String>, Failure> {
        Ok(vec![])
    }
}

/// A plain view whose rows are found by other plans than the query's: a definition that has two results on the same
/// data is not one that a tview can equal.
#[derive(Clone, Copy, Debug)]
pub struct OtherPlan;

impl Keeper for OtherPlan {
    fn install(&self, _: &mut Session) -> Result<(), Failure> {
        Ok(())
    }

    fn create(&self, session: &mut Session, tview: &Definition) -> Result<(), Failure> {
        let name = &tview.name;
        session.execute(&format!(
            "CREATE VIEW {name}_definition AS {};
             CREATE FUNCTION {name}_rows() RETURNS SETOF {name}_definition LANGUAGE plpgsql
             SET search_path FROM CURRENT
             SET enable_hashjoin = off SET enable_nestloop = off SET enable_hashagg = off SET enable_seqscan = off
             SET enable_memoize = off SET from_collapse_limit = 1 SET join_collapse_limit = 1
             AS 'BEGIN RETURN QUERY SELECT * FROM {name}_definition; END';
             CREATE VIEW {name} AS SELECT * FROM {name}_rows()",
            tview.query
        ))
    }

    fn drop(&self, session: &mut Session, tview: &Definition, _: usize) -> Result<(), Failure> {
        session.execute(&format!("DROP VIEW IF EXISTS {}_definition CASCADE", tview.name))
    }

    fn verify(&self, _: &mut Session, _: &Definition) -> Result<Vec<String>, Failure> {
        Ok(vec![])
    }
}

/// A table filled once and never maintained: an oracle that finds no difference here is blind.
#[derive(Clone, Copy, Debug)]
pub struct FrozenTable;

impl Keeper for FrozenTable {
    fn install(&self, _: &mut Session) -> Result<(), Failure> {
        Ok(())
    }

    fn create(&self, session: &mut Session, tview: &Definition) -> Result<(), Failure> {
        let plain = Definition {
            form: CreateForm::CreateTableAs,
            ..tview.clone()
        };
        session.execute(&plain.create_statement())
    }

    fn drop(&self, session: &mut Session, tview: &Definition, _: usize) -> Result<(), Failure> {
        session.execute(&format!("DROP TABLE IF EXISTS {}", tview.name))
    }

    fn verify(&self, _: &mut Session, _: &Definition) -> Result<Vec<String>, Failure> {
        Ok(vec![])
    }
}
