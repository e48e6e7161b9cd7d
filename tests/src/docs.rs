//! Executes the SQL in the documentation, so that it can't be wrong.
//!
//! In each Markdown file, in a database of its own, in order:
//!
//! * a block fenced as `sql` has to run without an error;
//! * `sql error`, or `sql error 0A000`, has to fail, in its last statement, with that SQLSTATE if one is given;
//! * a block fenced as `text` or `output` that follows at once shows what `psql` prints for it;
//! * `sql skip: reason` is not run; the reason has to be there;
//! * a comment `<!-- sql … -->` is run, and not shown to readers: preparations.
//!
//! A file that does not create the extension itself finds it there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::psql::psql;
use crate::server;

/// What a block of SQL has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// Run.
    Success,
    /// Fail, with this SQLSTATE if it is not empty.
    Error(String),
}

/// A piece of SQL in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Line of its first statement.
    pub line: usize,
    /// The statements.
    pub sql: String,
    /// What it has to do.
    pub expectation: Expectation,
    /// What it has to print, if the document shows that.
    pub output: Option<String>,
}

/// The Markdown files of the project that have SQL in them: `README.md` and everything below `docs`.
///
/// # Panics
/// When a folder can't be read.
pub fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_owned();
    let mut found = vec![];
    collect(&root.join("docs"), &mut found);
    found.push(root.join("README.md"));
    found.retain(|path| path.exists());
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// The SQL in a document, or what is wrong with how it is marked.
pub fn blocks(text: &str) -> Result<Vec<Block>, String> {
    let mut blocks: Vec<Block> = vec![];
    // The block that an output may follow: nothing but empty lines in between.
    let mut last: Option<usize> = None;
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let trimmed = line.trim();
        let hidden = trimmed == "<!-- sql";
        let Some(info) = trimmed.strip_prefix("```").or(hidden.then_some("sql")) else {
            last = last.filter(|_| trimmed.is_empty());
            continue;
        };
        let end = if hidden { "-->" } else { "```" };
        let body: Vec<&str> = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| line.trim() != end)
            .collect();
        let body = body.join("\n");
        match expectation(info.trim(), number + 1)? {
            Mark::Sql(expectation) => {
                last = Some(blocks.len());
                blocks.push(Block {
                    line: number + 2,
                    sql: body,
                    expectation,
                    output: None,
                });
            }
            Mark::Output => {
                if let Some(at) = last.take() {
                    blocks[at].output = Some(body);
                }
            }
            Mark::Other => last = None,
        }
    }
    Ok(blocks)
}

enum Mark {
    Sql(Expectation),
    Output,
    Other,
}

fn expectation(info: &str, line: usize) -> Result<Mark, String> {
    let words: Vec<&str> = info.split_whitespace().collect();
    match words.as_slice() {
        ["sql"] => Ok(Mark::Sql(Expectation::Success)),
        ["sql", "error"] => Ok(Mark::Sql(Expectation::Error(String::new()))),
        ["sql", "error", sqlstate] => Ok(Mark::Sql(Expectation::Error((*sqlstate).to_owned()))),
        ["sql", "skip:", _reason, ..] => Ok(Mark::Other),
        ["sql", ..] => Err(format!(
            "line {line}: `{info}` is none of: sql, sql error, sql error SQLSTATE, sql skip: reason"
        )),
        ["text" | "output"] => Ok(Mark::Output),
        _ => Ok(Mark::Other),
    }
}

/// Runs a document's SQL; everything that is not as it says.
pub fn check(text: &str) -> Vec<String> {
    let blocks = match blocks(text) {
        Ok(blocks) if blocks.is_empty() => return vec![],
        Ok(blocks) => blocks,
        Err(error) => return vec![error],
    };
    let database = server::create_database("docs");
    let creates = |block: &Block| block.sql.to_uppercase().contains("CREATE EXTENSION PG_TVIEWS");
    if !blocks.iter().any(creates) {
        let failure = server::connect(server::SUPERUSER, &database).execute("CREATE EXTENSION pg_tviews");
        if let Err(failure) = failure {
            return vec![failure.to_string()];
        }
    }
    let printed = psql(&database, &["-v", "ON_ERROR_STOP=0"], &script(&blocks));
    let mark = format!("{MARK}\n");
    let mut parts = printed.split(mark.as_str());
    let mut problems = vec![];
    for block in &blocks {
        let output = parts.next().unwrap_or_default();
        let (output, state) = output.rsplit_once(STATE).unwrap_or((output, ""));
        problems.extend(judge(block, output.trim_end(), state.trim()));
    }
    problems
}

const MARK: &str = "==== end of block";
const STATE: &str = "==== state ";

fn script(blocks: &[Block]) -> String {
    let one = |block: &Block| format!("{}\n\\echo '{STATE}':SQLSTATE\n\\echo '{MARK}'\n", block.sql);
    blocks.iter().map(one).collect()
}

fn judge(block: &Block, output: &str, sqlstate: &str) -> Option<String> {
    let errors: Vec<&str> = output
        .lines()
        .filter(|line| line.starts_with("ERROR: "))
        .collect();
    let at = |what: String| Some(format!("line {}: {what}\n{}", block.line, block.sql));
    match &block.expectation {
        Expectation::Success if !errors.is_empty() => return at(errors.join("\n")),
        Expectation::Error(_) if errors.is_empty() => return at("it should fail, and succeeds".to_owned()),
        Expectation::Error(wanted) if !wanted.is_empty() && wanted != sqlstate => {
            return at(format!(
                "it should fail with {wanted}, not {sqlstate}: {}",
                errors.join("\n")
            ));
        }
        _ => {}
    }
    let expected = block.output.as_deref()?;
    let same = expected
        .trim_end()
        .lines()
        .map(str::trim_end)
        .eq(output.lines().map(str::trim_end));
    if same {
        None
    } else {
        at(format!("it prints\n{output}\nand not\n{expected}\nfor"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Expectation, blocks};

    #[test]
    fn marks_are_understood() {
        let text = "# T\n\n```sql\nSELECT 1;\n```\n\n```text\n1\n```\n\n```sql error 0A000\nSELECT 2;\n```\nprose\n\
                    ```text\nno output\n```\n<!-- sql\nSELECT 3;\n-->\n```sql skip: needs a replica\nX\n```\n```rust\n```\n";
        let found = blocks(text).unwrap();
        assert_eq!(found.len(), 3);
        assert_eq!((found[0].line, found[0].output.as_deref()), (4, Some("1")));
        assert_eq!(found[1].expectation, Expectation::Error("0A000".into()));
        assert_eq!(found[1].output, None);
        assert_eq!(found[2].sql, "SELECT 3;");
    }

    #[test]
    fn a_skip_needs_a_reason() {
        assert!(blocks("```sql skip\nX\n```\n").is_err());
        assert!(blocks("```sql skip:\nX\n```\n").is_err());
    }
}
