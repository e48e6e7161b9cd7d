//! A test case as data: everything that is needed to run it again, and to make it smaller.

use std::fmt::Write;

use crate::fragment::Fragment;
use crate::session::{Outcome, Session};

/// A schema, tviews over it, and what happens to it.
#[derive(Clone, Debug)]
pub struct Case {
    /// What the generator was seeded with; only for messages.
    pub seed: u64,
    /// Tables, views, triggers; runs once in the schema with tviews and once in its twin without.
    pub schema: Vec<Fragment>,
    /// Rows that are there before the tviews are made.
    pub data: Vec<Fragment>,
    /// The tviews, in order of creation.
    pub tviews: Vec<Definition>,
    /// What is done afterwards.
    pub steps: Vec<Step>,
}

/// A tview to create.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Unquoted name, without schema.
    pub name: String,
    /// The defining query.
    pub query: Fragment,
    /// How it is created.
    pub form: CreateForm,
}

/// The ways to create a tview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateForm {
    /// `SELECT pg_tviews_create(…)`.
    Function,
    /// `CREATE TABLE tv_… AS …`.
    CreateTableAs,
}

/// One thing that happens after creation.
#[derive(Clone, Debug)]
pub enum Step {
    /// A statement on its own.
    Single(Command),
    /// A transaction.
    Transaction {
        /// `BEGIN`, with an isolation level or without.
        begin: String,
        /// What is done in it, savepoints included.
        commands: Vec<Command>,
        /// How it ends.
        end: End,
        /// Whether nobody reads the tviews before its end.
        quiet: bool,
    },
}

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// `COMMIT`
    Commit,
    /// `ROLLBACK`
    Rollback,
    /// `PREPARE TRANSACTION`, and `COMMIT PREPARED` in another session.
    Prepare,
}

impl End {
    /// `COMMIT`, or else `ROLLBACK`.
    pub fn of(commit: bool) -> Self {
        if commit { Self::Commit } else { Self::Rollback }
    }

    /// The command, for a session of this name.
    pub fn command(self, session: &str) -> String {
        match self {
            Self::Commit => "COMMIT".into(),
            Self::Rollback => "ROLLBACK".into(),
            Self::Prepare => format!("PREPARE TRANSACTION '{session}'"),
        }
    }
}

/// One command.
#[derive(Clone, Debug)]
pub struct Command {
    /// The text.
    pub text: Fragment,
    /// For `COPY … FROM STDIN`: the lines to send.
    pub copy: Option<Vec<String>>,
}

impl Command {
    /// A command without data.
    pub fn new(text: impl Into<Fragment>) -> Self {
        Self {
            text: text.into(),
            copy: None,
        }
    }

    /// Runs it.
    pub fn run(&self, session: &mut Session) -> Outcome {
        let text = self.text.to_string();
        match &self.copy {
            None if text.starts_with("COPY (") => session.copy_out(&text),
            None => session.run(&text),
            Some(lines) => session.copy_in(
                &text,
                &lines.iter().map(|line| format!("{line}\n")).collect::<String>(),
            ),
        }
    }
}

impl Step {
    /// A statement on its own.
    pub fn single(text: impl Into<Fragment>) -> Self {
        Self::Single(Command::new(text))
    }

    /// The commands in it.
    pub fn commands(&self) -> &[Command] {
        match self {
            Self::Single(command) => std::slice::from_ref(command),
            Self::Transaction { commands, .. } => commands,
        }
    }
}

impl Case {
    /// Number of commands in the steps.
    pub fn commands(&self) -> usize {
        self.steps.iter().map(|step| step.commands().len()).sum()
    }

    /// A script for `psql` that does the same.
    pub fn script(&self) -> String {
        let mut out = format!("-- seed {}\n", self.seed);
        out.push_str("CREATE EXTENSION IF NOT EXISTS pg_tviews;\n");
        out.push_str(
            "DROP SCHEMA IF EXISTS app CASCADE;\nCREATE SCHEMA app;\nSET search_path = app, public;\n",
        );
        for text in self.schema.iter().chain(&self.data) {
            let _ = writeln!(out, "{text};");
        }
        for tview in &self.tviews {
            let _ = writeln!(out, "{};", tview.create_statement());
        }
        for step in &self.steps {
            match step {
                Step::Single(command) => command.write(&mut out),
                Step::Transaction {
                    begin,
                    commands,
                    end,
                    quiet: _,
                } => {
                    let _ = writeln!(out, "{begin};");
                    commands.iter().for_each(|command| command.write(&mut out));
                    let _ = writeln!(out, "{};", end.command("app"));
                    if *end == End::Prepare {
                        out.push_str("COMMIT PREPARED 'app';\n");
                    }
                }
            }
        }
        for tview in &self.tviews {
            let _ = writeln!(out, "SELECT * FROM pg_tviews_verify('app.{}');", tview.name);
        }
        out
    }
}

impl Command {
    fn write(&self, out: &mut String) {
        let _ = writeln!(out, "{};", self.text);
        if let Some(lines) = &self.copy {
            lines.iter().for_each(|line| {
                let _ = writeln!(out, "{line}");
            });
            out.push_str("\\.\n");
        }
    }
}

impl Definition {
    /// The statement that creates it.
    pub fn create_statement(&self) -> String {
        match self.form {
            CreateForm::Function => {
                let query = self.query.to_string();
                format!(
                    "SELECT public.pg_tviews_create('{}', {})",
                    self.name,
                    quote(&query)
                )
            }
            CreateForm::CreateTableAs => format!("CREATE TABLE {} AS {}", self.name, self.query),
        }
    }
}

/// A string as SQL literal that does not depend on `standard_conforming_strings`.
pub fn quote(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if doubled.contains('\\') {
        format!("E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn literals_are_quoted() {
        assert_eq!(quote("it's"), "'it''s'");
        assert_eq!(quote("a\\'b"), "E'a\\\\''b'");
    }
}
