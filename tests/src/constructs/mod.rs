//! The constructs of `constructs/`: definitions by groups, each tried on the extension and, where it can be had, on pg_ivm.
//!
//! A file of a group begins with the group's title. Its sections:
//!
//! ```text
//! --- construct TITLE       the definition; what follows belongs to it
//! --- note TEXT             a remark for the table
//! --- step                  a further statement after the tables' own changes
//! --- since 17              not before this version of PostgreSQL
//! --- requires citext       not without this extension; `icu`: not without its collations; `xml`: not without that type
//! --- by value              rows are compared by value: equal ones may be written differently
//! --- unchanging [TABLE]    no change (of this table) changes the result
//! --- as ROLE               whoever creates the tview
//! --- before SQL            before and after it
//! --- after SQL
//! ```
//!
//! `schema.sql` has the tables, `changes.sql` what is done to each of them.

pub mod measure;
pub mod peer;
pub mod table;
pub mod wrapping;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::golden;
use crate::sections::{self, Section};

/// All of the folder.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// What makes the tables.
    pub schema: Vec<Preparation>,
    /// The statements that change a table, by its name.
    pub changes: BTreeMap<String, Vec<String>>,
    /// The constructs.
    pub groups: Vec<Group>,
}

/// A part of the schema.
#[derive(Clone, Debug)]
pub struct Preparation {
    /// The statements, or a tview's definition.
    pub sql: String,
    /// The name of the tview, if it is one.
    pub tview: Option<String>,
    /// Where it can't be had it is left out.
    pub need: Need,
}

/// What a server has to have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// At least this version.
    pub since: Option<u32>,
    /// An extension, `icu` or `xml`.
    pub feature: Option<String>,
}

/// Constructs of one kind.
#[derive(Clone, Debug)]
pub struct Group {
    /// The heading.
    pub title: String,
    /// The file's name.
    pub file: String,
    /// Its constructs.
    pub constructs: Vec<Construct>,
}

/// A definition to try.
#[derive(Clone, Debug, Default)]
pub struct Construct {
    /// What it shows; unique in its group.
    pub title: String,
    /// The query.
    pub definition: String,
    /// A remark.
    pub note: String,
    /// Statements after those of the tables.
    pub steps: Vec<String>,
    /// What it needs.
    pub need: Need,
    /// Equal rows may be written differently.
    pub by_value: bool,
    /// Tables whose changes do not change the result; an empty name stands for all.
    pub unchanging: Vec<String>,
    /// Who creates the tview.
    pub role: Option<String>,
    /// What comes first.
    pub before: String,
    /// What comes last.
    pub after: String,
}

/// The folder of the constructs.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("constructs")
}

impl Catalogue {
    /// Reads the folder.
    ///
    /// # Panics
    /// When a file can't be read, or is not as it should be.
    pub fn load() -> Self {
        let names = golden::names_in(&folder(), ".sql");
        let groups = names
            .iter()
            .filter(|name| name.starts_with(|c: char| c.is_ascii_digit()));
        Self {
            schema: schema(&read("schema.sql")).unwrap_or_else(|error| panic!("schema.sql: {error}")),
            changes: changes(&read("changes.sql")).unwrap_or_else(|error| panic!("changes.sql: {error}")),
            groups: groups
                .map(|name| {
                    let file = format!("{name}.sql");
                    group(&file, &read(&file)).unwrap_or_else(|error| panic!("{file}: {error}"))
                })
                .collect(),
        }
    }
}

fn read(name: &str) -> String {
    let path = folder().join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn schema(text: &str) -> Result<Vec<Preparation>, String> {
    let (_, sections) = sections::parse(text);
    let part = |section: Section| {
        let (rest, tview) = match (section.after("schema"), section.after("tview")) {
            (Some(rest), _) => (rest, None),
            (None, Some(name)) => ("", Some(name.to_owned())),
            (None, None) => return Err(format!("unknown section: {}", section.head)),
        };
        let need = match rest.split_once(' ') {
            None => Need::default(),
            Some((kind, value)) => need(kind, value)?,
        };
        Ok(Preparation {
            sql: section.body.clone(),
            tview,
            need,
        })
    };
    sections.into_iter().map(part).collect()
}

fn need(kind: &str, value: &str) -> Result<Need, String> {
    match kind {
        "since" => Ok(Need {
            since: Some(value.parse().map_err(|_| format!("no version: {value}"))?),
            feature: None,
        }),
        "requires" => Ok(Need {
            since: None,
            feature: Some(value.to_owned()),
        }),
        _ => Err(format!("unknown section: {kind} {value}")),
    }
}

/// Statements by table: a section `--- changes TABLE` and its `--- step`s.
pub fn changes(text: &str) -> Result<BTreeMap<String, Vec<String>>, String> {
    let mut changes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut table = String::new();
    for section in sections::parse(text).1 {
        if let Some(name) = section.after("changes") {
            table = name.trim_matches('"').replace("\"\"", "\"");
            changes.insert(table.clone(), vec![]);
        } else if section.head == "step" {
            let steps = changes.get_mut(&table).ok_or("a step before the first table")?;
            steps.push(section.body);
        } else {
            return Err(format!("unknown section: {}", section.head));
        }
    }
    Ok(changes)
}

fn group(file: &str, text: &str) -> Result<Group, String> {
    let (title, sections) = sections::parse(text);
    let mut constructs: Vec<Construct> = vec![];
    for section in sections {
        if let Some(title) = section.after("construct") {
            if constructs.iter().any(|known| known.title == title) {
                return Err(format!("twice: {title}"));
            }
            constructs.push(Construct {
                title: title.to_owned(),
                definition: section.body,
                ..Construct::default()
            });
            continue;
        }
        let construct = constructs
            .last_mut()
            .ok_or("a section before the first construct")?;
        let (kind, value) = section.head.split_once(' ').unwrap_or((&section.head, ""));
        match (kind, value) {
            ("note", text) => construct.note = text.to_owned(),
            ("step", "") => construct.steps.push(section.body),
            ("by", "value") => construct.by_value = true,
            ("unchanging", table) => construct.unchanging.push(table.to_owned()),
            ("as", role) => construct.role = Some(role.to_owned()),
            ("before", sql) => construct.before = sql.to_owned(),
            ("after", sql) => construct.after = sql.to_owned(),
            (kind, value) => construct.need = need(kind, value)?,
        }
    }
    Ok(Group {
        title,
        file: file.to_owned(),
        constructs,
    })
}

#[cfg(test)]
mod tests {
    use super::{Need, changes, group};

    #[test]
    fn a_group_is_read() {
        let text = "Joins\n--- construct `A`\nSELECT 1;\n--- note why\n--- by value\n--- construct b\nSELECT 2\n--- since 17\n";
        let group = group("01.sql", text).unwrap();
        assert_eq!((group.title.as_str(), group.constructs.len()), ("Joins", 2));
        assert_eq!(group.constructs[0].definition, "SELECT 1");
        assert_eq!(group.constructs[0].note, "why");
        assert!(group.constructs[0].by_value && !group.constructs[1].by_value);
        assert_eq!(
            group.constructs[1].need,
            Need {
                since: Some(17),
                feature: None
            }
        );
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(
            group("x", "T\n--- construct a\n--- construct a\n").unwrap_err(),
            "twice: a"
        );
        assert_eq!(
            group("x", "T\n--- construct a\n--- nonsense 1\n").unwrap_err(),
            "unknown section: nonsense 1"
        );
        assert!(changes("--- step\nDELETE FROM a\n").is_err());
        let read = changes("--- changes \"a \"\"b\"\n--- step\nDELETE FROM a\n").unwrap();
        assert_eq!(read["a \"b"], ["DELETE FROM a"]);
    }
}
