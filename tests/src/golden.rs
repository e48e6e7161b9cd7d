//! SQL scripts with their expected output, as PostgreSQL's own regression tests have them.
//!
//! `golden/sql/NAME.sql` runs in a database of its own; the output has to equal `golden/expected/NAME.out`, or one of
//! the alternatives `NAME_1.out`, `NAME_2.out` … where PostgreSQL's versions differ. `UPDATE_GOLDEN=1` writes what is
//! printed to `NAME.out`, `UPDATE_GOLDEN=_1` to `NAME_1.out`.
//!
//! Every database has a function `test.compare(tview, query)`, which says whether the two have the same rows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::psql::psql;
use crate::server;

/// The function that scripts compare with: by the text of rows, so that `5.0` is not `5.00`.
const COMPARE: &str = "
    CREATE SCHEMA test;
    GRANT USAGE ON SCHEMA test TO PUBLIC;
    CREATE FUNCTION test.compare(tview text, query text) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE
      surplus bigint; missing bigint; rows bigint;
    BEGIN
      EXECUTE 'WITH tview AS (SELECT ROW(t.*)::text FROM ' || tview || ' AS t),
                    query AS (SELECT ROW(q.*)::text FROM (' || query || ') AS q)
               SELECT (SELECT count(*) FROM (TABLE tview EXCEPT ALL TABLE query) AS d),
                      (SELECT count(*) FROM (TABLE query EXCEPT ALL TABLE tview) AS d),
                      (SELECT count(*) FROM tview)' INTO surplus, missing, rows;
      IF surplus = 0 AND missing = 0 THEN
        RETURN 'equal, ' || rows || ' rows';
      END IF;
      RETURN 'DIFFERENT: ' || surplus || ' rows only in the tview, ' || missing || ' only in the query';
    END $$";

/// The folder with the scripts and their outputs.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// The names of all scripts.
///
/// # Panics
/// When the folder can't be read.
pub fn names() -> Vec<String> {
    names_in(&folder().join("sql"), ".sql")
}

/// The names of the files in a folder, without their extension.
///
/// # Panics
/// When the folder can't be read.
pub fn names_in(folder: &Path, extension: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            Some(
                entry
                    .ok()?
                    .file_name()
                    .to_str()?
                    .strip_suffix(extension)?
                    .to_owned(),
            )
        })
        .collect();
    names.sort();
    names
}

/// Runs a script; what differs, or nothing.
///
/// # Panics
/// When a file can't be read or written.
pub fn check(name: &str) -> Option<String> {
    let script = folder().join("sql").join(format!("{name}.sql"));
    let text = fs::read_to_string(&script).unwrap_or_else(|error| panic!("{}: {error}", script.display()));
    let database = server::create_database("golden");
    server::connect(server::SUPERUSER, &database)
        .execute(COMPARE)
        .unwrap_or_else(|failure| panic!("cannot create test.compare: {failure}"));
    let actual = psql(
        &database,
        &["-a", "-v", "VERBOSITY=verbose", "-v", "ON_ERROR_STOP=0"],
        &text,
    );
    Expected {
        folder: folder().join("expected"),
        name: name.to_owned(),
    }
    .check(&actual)
}

/// Where a test's expected output is.
pub struct Expected {
    /// The folder of the outputs.
    pub folder: PathBuf,
    /// The test's name.
    pub name: String,
}

impl Expected {
    /// Compares; what differs, or nothing. With `UPDATE_GOLDEN` set it writes instead.
    ///
    /// # Panics
    /// When a file can't be read or written.
    pub fn check(&self, actual: &str) -> Option<String> {
        let alternatives = self.alternatives();
        if alternatives
            .iter()
            .any(|path| fs::read_to_string(path).is_ok_and(|text| text == actual))
        {
            return None;
        }
        let Ok(wish) = std::env::var("UPDATE_GOLDEN") else {
            return Some(self.shortest_difference(&alternatives, actual));
        };
        let suffix = if wish.starts_with('_') { wish.as_str() } else { "" };
        let path = self.folder.join(format!("{}{suffix}.out", self.name));
        fs::create_dir_all(&self.folder)
            .and_then(|()| fs::write(&path, actual))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        None
    }

    fn alternatives(&self) -> Vec<PathBuf> {
        let suffixes = std::iter::once(String::new()).chain((1..10).map(|n| format!("_{n}")));
        let files = suffixes.map(|suffix| self.folder.join(format!("{}{suffix}.out", self.name)));
        files.filter(|path| path.exists()).collect()
    }

    fn shortest_difference(&self, alternatives: &[PathBuf], actual: &str) -> String {
        let file = format!("pg_tviews_golden_{}_{}.out", std::process::id(), self.name);
        let result = std::env::temp_dir().join(file);
        fs::write(&result, actual).unwrap_or_else(|error| panic!("{}: {error}", result.display()));
        let difference = |expected: &PathBuf| {
            let output = Command::new("diff").arg("-u").arg(expected).arg(&result).output();
            let output = output.unwrap_or_else(|error| panic!("diff does not run: {error}"));
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        let shortest = alternatives.iter().map(difference).min_by_key(String::len);
        let _ = fs::remove_file(&result);
        shortest.unwrap_or_else(|| {
            format!(
                "{} has no expected output; UPDATE_GOLDEN=1 writes it:\n{actual}",
                self.name
            )
        })
    }
}
