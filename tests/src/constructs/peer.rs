//! What pg_ivm makes of the constructs: measured where it is installed, and kept in a file for everybody else.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use pg_tviews_pgserver::{Installation, Server, ServerOptions};

use super::measure::{Comparison, Deviation, Maintainer, NAME, Workbench, is_crash};
use super::{Catalogue, Construct, Group, folder};
use crate::oracle::case::quote;
use crate::server;
use crate::session::{Failure, Outcome, Session};

/// The column's heading.
pub const TITLE: &str = "pg_ivm 1.17";

/// pg_ivm.
struct PgIvm;

impl Maintainer for PgIvm {
    fn extension(&self) -> &'static str {
        "pg_ivm"
    }
    fn create(&self, name: &str, query: &str) -> String {
        format!("SELECT pgivm.create_immv({}, {})", quote(name), quote(query))
    }
    fn drop(&self, name: &str) -> String {
        format!("DROP TABLE {name}")
    }
    fn verification(&self, _name: &str) -> Option<String> {
        None
    }
}

/// What was measured, by group and title.
#[derive(Clone, Debug, Default)]
pub struct Results(BTreeMap<(String, String), Measured>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Measured {
    /// Of the definition: another definition would have to be measured again.
    digest: String,
    result: String,
}

fn path() -> PathBuf {
    folder().join("pg_ivm.txt")
}

impl Results {
    /// Reads the file.
    ///
    /// # Panics
    /// When it can't be read.
    pub fn load() -> Self {
        let text = fs::read_to_string(path()).unwrap_or_else(|error| panic!("{}: {error}", path().display()));
        let line = |line: &str| {
            let mut parts = line.splitn(4, '\t').map(str::to_owned);
            let measured = Measured {
                digest: parts.next()?,
                result: String::new(),
            };
            let key = (parts.next()?, parts.next()?);
            let result = parts.next()?;
            Some((key, Measured { result, ..measured }))
        };
        Self(text.lines().filter_map(line).collect())
    }

    /// The result for a construct; an error when it has not been measured in this form.
    pub fn get(&self, group: &Group, construct: &Construct) -> Result<&str, String> {
        let measured = self.0.get(&(group.title.clone(), construct.title.clone()));
        match measured {
            Some(measured) if measured.digest == digest(&construct.definition) => Ok(&measured.result),
            Some(_) => Err("its definition has changed since pg_ivm was measured: UPDATE_PG_IVM=1".into()),
            None => Err("pg_ivm has not been measured with it: UPDATE_PG_IVM=1".into()),
        }
    }

    /// Measures all constructs on a server of its own, and writes the file.
    ///
    /// # Panics
    /// When the installation has no pg_ivm, or the file can't be written.
    pub fn measure(catalogue: &Catalogue) -> Self {
        let installation = Installation::from_pg_config(&server::pg_config());
        let installation = installation.unwrap_or_else(|error| panic!("{error}"));
        assert!(
            installation.has_extension("pg_ivm"),
            "the server has no pg_ivm; `cargo xtask setup` installs it for PostgreSQL 18"
        );
        let options = ServerOptions::new(server::pg_config())
            .setting("shared_preload_libraries", "pg_ivm")
            .setting("fsync", "off")
            .setting("max_parallel_workers_per_gather", "0");
        let server = Server::start(&options).unwrap_or_else(|error| panic!("{error}"));
        let parameters = server.connection_string(server::SUPERUSER, "postgres");
        let mut bench = Workbench::new(catalogue, &PgIvm, || server::connect_to(&parameters));
        let mut results = Self::default();
        for group in &catalogue.groups {
            for construct in &group.constructs {
                let result = if bench.has(&construct.need) {
                    measure(&mut bench, construct)
                } else {
                    "not measured".into()
                };
                let measured = Measured {
                    digest: digest(&construct.definition),
                    result,
                };
                results
                    .0
                    .insert((group.title.clone(), construct.title.clone()), measured);
            }
        }
        results.write(catalogue);
        results
    }

    fn write(&self, catalogue: &Catalogue) {
        let mut text = String::new();
        for group in &catalogue.groups {
            for construct in &group.constructs {
                let measured = &self.0[&(group.title.clone(), construct.title.clone())];
                text.push_str(&format!(
                    "{}\t{}\t{}\t{}\n",
                    measured.digest, group.title, construct.title, measured.result
                ));
            }
        }
        fs::write(path(), text).unwrap_or_else(|error| panic!("{}: {error}", path().display()));
    }
}

fn measure(bench: &mut Workbench<'_>, construct: &Construct) -> String {
    let session = bench.session();
    session.run(&construct.before);
    let result = match bench.create(construct) {
        Outcome::Failed(failure) if is_crash(&failure) => "the server crashes".to_owned(),
        Outcome::Failed(failure) => format!("no: {}", short(&failure)),
        Outcome::Done { .. } => {
            let comparison = comparison(bench.session(), construct);
            verdict(bench.exercise(construct, comparison))
        }
    };
    // What was not created can't be dropped: the session, however, has to be there again.
    let _ = bench.drop();
    bench.session().run(&construct.after);
    result
}

/// By equality, so that another way to write the same value is no difference; by text where a type has no equality.
fn comparison(session: &mut Session, construct: &Construct) -> Comparison {
    let sql = format!(
        "SELECT 1 FROM (TABLE {NAME} EXCEPT ALL TABLE {NAME}) AS a, (SELECT 1 FROM ({}) AS b LIMIT 0) AS b",
        construct.definition
    );
    match session.run(&sql) {
        Outcome::Done { .. } => Comparison::Value,
        Outcome::Failed(_) => Comparison::Text,
    }
}

fn verdict(exercise: Result<(), Deviation>) -> String {
    match exercise {
        Ok(()) | Err(Deviation::Idle(_)) => "yes".into(),
        Err(Deviation::Rows { after, .. }) => {
            format!("accepted, then wrong rows after `{}`", shortened(&after))
        }
        Err(Deviation::Failed { failure, .. }) if is_crash(&failure) => {
            "accepted, then the server crashes".into()
        }
        Err(Deviation::Failed { statement, failure }) => {
            format!(
                "accepted, then `{}` fails: {}",
                shortened(&statement),
                short(&failure)
            )
        }
    }
}

/// The message without what all of them say; the hint where the message says nothing.
fn short(failure: &Failure) -> String {
    let hint = failure
        .message
        .lines()
        .find_map(|line| line.strip_prefix("  hint: "));
    let message = failure.message.lines().next().unwrap_or_default();
    let message = match hint {
        Some(hint) if message.starts_with("this query is not allowed") => hint,
        _ => message,
    };
    message.replace(" on incrementally maintainable materialized view", "")
}

fn shortened(statement: &str) -> String {
    const LONGEST: usize = 60;
    let words: Vec<&str> = statement.split_whitespace().collect();
    let text = words.join(" ");
    match text.char_indices().nth(LONGEST) {
        None => text,
        Some((end, _)) => format!("{} …", text[..end].trim_end()),
    }
}

/// FNV-1a: it only has to notice that a text has changed.
fn digest(text: &str) -> String {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{:016x}", text.bytes().fold(0xcbf2_9ce4_8422_2325, step))
}
