//! The table of `docs/SUPPORTED_SQL.md`, which is written by the test that tries the constructs.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Group, peer};

/// Where the written part begins and ends.
const BEGIN: &str = "<!-- The rest is written by the test supported_sql. -->";

/// A row: construct, supported, unit, strategy, note, pg_ivm.
pub type Row = [String; 6];

/// The document.
pub fn path() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    root.expect("the workspace").join("docs/SUPPORTED_SQL.md")
}

/// The document in its present state.
#[derive(Clone, Debug)]
pub struct Document {
    introduction: String,
    written: String,
}

impl Document {
    /// Reads it.
    ///
    /// # Panics
    /// When it can't be read, or the place of the table is not marked.
    pub fn load() -> Self {
        let text = fs::read_to_string(path()).unwrap_or_else(|error| panic!("{}: {error}", path().display()));
        Self::parse(&text).unwrap_or_else(|| panic!("{} lacks the line {BEGIN}", path().display()))
    }

    fn parse(text: &str) -> Option<Self> {
        let (introduction, written) = text.split_once(BEGIN)?;
        Some(Self {
            introduction: introduction.to_owned(),
            written: written.trim().to_owned(),
        })
    }

    /// The row that it has for a construct now.
    pub fn row(&self, group: &str, title: &str) -> Option<Row> {
        let heading = format!("### {group}\n");
        let (_, part) = self.written.split_once(&heading)?;
        let part = part.split("\n### ").next()?;
        part.lines().filter_map(cells).find(|cells| cells[0] == title)
    }

    /// Whether it has exactly these rows.
    pub fn has(&self, written: &str) -> bool {
        self.written == written
    }

    /// Writes it with other rows.
    ///
    /// # Panics
    /// When it can't be written.
    pub fn write(&self, written: &str) {
        let text = format!("{}{BEGIN}\n\n{written}\n", self.introduction);
        fs::write(path(), text).unwrap_or_else(|error| panic!("{}: {error}", path().display()));
    }

    /// The first lines that differ.
    pub fn difference(&self, written: &str) -> String {
        let (mut old, mut new) = (self.written.lines(), written.lines());
        let mut report = String::new();
        loop {
            match (old.next(), new.next()) {
                (None, None) => return report,
                (is, should) if is == should => {}
                (is, should) => {
                    let _ = writeln!(
                        report,
                        "- {}\n+ {}",
                        is.unwrap_or("(end)"),
                        should.unwrap_or("(end)")
                    );
                }
            }
        }
    }
}

fn cells(line: &str) -> Option<Row> {
    const BAR: &str = "\u{1}";
    let line = line.strip_prefix("| ")?.strip_suffix(" |")?.replace("\\|", BAR);
    let cells: Vec<String> = line
        .split(" | ")
        .map(|cell| cell.trim().replace(BAR, "|"))
        .collect();
    cells.try_into().ok()
}

/// The written part.
pub fn render(groups: &[(&Group, Vec<Row>)]) -> String {
    let rows = || groups.iter().flat_map(|(_, rows)| rows);
    let count = |column: usize| rows().filter(|row| row[column] == "yes").count();
    let mut text = format!(
        "Of {} constructs pg_tviews supports {}; {} keeps {} of them right under the same changes.\n",
        rows().count(),
        count(1),
        peer::TITLE,
        count(5)
    );
    for (group, rows) in groups {
        let _ = write!(
            text,
            "\n### {}\n\nDefinitions: [{file}](../tests/constructs/{file})\n\n\
             | construct | supported | unit | strategy | note | {} |\n|---|---|---|---|---|---|\n",
            group.title,
            peer::TITLE,
            file = group.file,
        );
        for row in rows {
            let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, Document, Row, render};
    use crate::constructs::Group;

    fn row(cells: [&str; 6]) -> Row {
        cells.map(str::to_owned)
    }

    #[test]
    fn what_is_written_can_be_read() {
        let group = Group {
            title: "Joins".into(),
            file: "01.sql".into(),
            constructs: vec![],
        };
        let rows = vec![
            row(["`a || b`", "yes", "(a): one row", "`a`: x", "", "no: y"]),
            row(["c", "no", "", "", "place: message", "yes"]),
        ];
        let text = render(&[(&group, rows.clone())]);
        let document = Document::parse(&format!("Hand-written.\n{BEGIN}\n\n{text}\n")).unwrap();
        assert!(document.has(&text));
        assert_eq!(document.row("Joins", "`a || b`"), Some(rows[0].clone()));
        assert_eq!(document.row("Joins", "d"), None);
        assert_eq!(document.row("Other", "c"), None);
        assert!(document.difference(&text).is_empty());
        let other = text.replace("yes", "no");
        assert!(!document.has(&other));
        assert!(document.difference(&other).contains("+ | c | no |"));
    }
}
