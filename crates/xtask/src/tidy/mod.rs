//! `cargo xtask tidy`: house rules that no compiler checks. Each rule says why it is there.

mod mask;
mod rules;

use std::fmt;
use std::fs;
use std::process::Command;

use anyhow::{Result, bail};

use crate::project::Project;
use crate::run::quietly;
use mask::Masked;

/// One tracked text file.
pub struct Source {
    /// Its path from the root of the checkout, with `/`.
    path: String,
    text: String,
    /// The code alone, for Rust files.
    code: Masked,
}

impl Source {
    fn new(path: impl Into<String>, text: impl Into<String>) -> Source {
        let (path, text) = (path.into(), text.into());
        let code = if path.ends_with(".rs") {
            Masked::of(&text)
        } else {
            Masked::default()
        };
        Source { path, text, code }
    }

    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
}

/// A place that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    path: String,
    line: usize,
    message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// Checks all files that are tracked or about to be.
pub fn run(project: &Project) -> Result<()> {
    let mut list = Command::new("git");
    // The checkout may belong to another user, as in a container; listing its files is harmless.
    list.arg("-c")
        .arg(format!("safe.directory={}", project.root.display()));
    list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(&project.root);
    let mut files = 0;
    let mut findings = Vec::new();
    for path in quietly(&mut list)?.split('\0').filter(|path| !path.is_empty()) {
        // A file that is deleted but not yet committed, or no text, has nothing to check.
        let Ok(text) = fs::read_to_string(project.root.join(path)) else {
            continue;
        };
        files += 1;
        findings.extend(rules::check(&Source::new(path, text)));
    }
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        println!("tidy: {files} files, {} rules, nothing found", rules::RULES.len());
        return Ok(());
    }
    bail!("{} places break a house rule", findings.len())
}
