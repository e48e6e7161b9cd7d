//! Cases as files: hand-written ones, and those that a hunt has found and shrunk, kept for good.
//!
//! A file is a sequence of sections; each begins with a line `--- KIND`, and what follows is SQL:
//!
//! ```text
//! --- schema            tables and the like; run in both schemas
//! --- data              rows that are there before
//! --- tview NAME        a definition, created by the function; `--- tview NAME as` by CREATE TABLE AS
//! --- step              one command
//! --- copy              a COPY command, and in the lines after it the data
//! --- begin ISOLATION   commands up to `--- commit`, `--- rollback` or `--- prepare` are one transaction
//! --- quiet             the transaction that follows reads no tview before its end
//! --- version NUMBER    PostgreSQL's major version that it needs
//! --- seed NUMBER       even: plain settings, odd: unusual ones
//! ```
//!
//! Lines before the first section are a comment.

use std::fmt::Write;

use super::case::{Case, Command, CreateForm, Definition, End, Step};

/// Reads a case; or says which section is wrong.
pub fn parse(text: &str) -> Result<Case, String> {
    let mut case = Case {
        seed: 0,
        schema: vec![],
        data: vec![],
        tviews: vec![],
        steps: vec![],
    };
    let mut open: Option<(String, Vec<Command>)> = None;
    let mut quiet = false;
    for section in format!("\n{text}").split("\n--- ").skip(1) {
        let (head, body) = section.split_once('\n').unwrap_or((section, ""));
        let (raw, body) = (body, body.trim().trim_end_matches(';'));
        let words: Vec<&str> = head.split_whitespace().collect();
        match words.as_slice() {
            ["seed", number] => case.seed = number.parse().map_err(|_| format!("no number: {head}"))?,
            ["version", _] => {}
            ["schema"] => case.schema.push(body.into()),
            ["data"] => case.data.push(body.into()),
            ["tview", name] => case.tviews.push(definition(name, body, CreateForm::Function)),
            ["tview", name, "as"] => case
                .tviews
                .push(definition(name, body, CreateForm::CreateTableAs)),
            ["quiet"] => quiet = true,
            ["begin", ..] => open = Some((head.to_uppercase(), vec![])),
            ["step"] => add(&mut case, &mut open, Command::new(body)),
            ["copy"] => add(&mut case, &mut open, copy(raw)),
            [end @ ("commit" | "rollback" | "prepare")] => {
                let (begin, commands) = open.take().ok_or_else(|| format!("nothing to {end}"))?;
                case.steps.push(Step::Transaction {
                    begin,
                    commands,
                    end: match *end {
                        "commit" => End::Commit,
                        "rollback" => End::Rollback,
                        _ => End::Prepare,
                    },
                    quiet: std::mem::take(&mut quiet),
                });
            }
            _ => return Err(format!("unknown section: {head}")),
        }
    }
    if open.is_some() {
        return Err("a transaction without end".into());
    }
    if case.tviews.is_empty() {
        return Err("no tview".into());
    }
    Ok(case)
}

/// PostgreSQL's major version that a case needs.
pub fn needed_version(text: &str) -> u32 {
    let mut lines = text.lines();
    let number = lines.find_map(|line| line.strip_prefix("--- version ")?.trim().parse().ok());
    number.unwrap_or_default()
}

fn definition(name: &str, query: &str, form: CreateForm) -> Definition {
    Definition {
        name: name.to_owned(),
        query: query.into(),
        form,
    }
}

fn copy(body: &str) -> Command {
    let mut lines = body.lines();
    let text = lines.next().unwrap_or_default().trim_end_matches(';').to_owned();
    Command {
        text: text.into(),
        copy: Some(lines.map(str::to_owned).collect()),
    }
}

fn add(case: &mut Case, open: &mut Option<(String, Vec<Command>)>, command: Command) {
    match open {
        Some((_, commands)) => commands.push(command),
        None => case.steps.push(Step::Single(command)),
    }
}

/// Writes a case, so that [`parse`] reads it.
pub fn print(case: &Case) -> String {
    let mut out = String::new();
    let mut section = |head: &str, body: &str| {
        let newline = if body.is_empty() { "" } else { "\n" };
        let _ = write!(out, "--- {head}\n{body}{newline}");
    };
    section(&format!("seed {}", case.seed), "");
    case.schema
        .iter()
        .for_each(|text| section("schema", &format!("{text};")));
    case.data
        .iter()
        .for_each(|text| section("data", &format!("{text};")));
    for tview in &case.tviews {
        let form = if tview.form == CreateForm::CreateTableAs {
            " as"
        } else {
            ""
        };
        section(
            &format!("tview {}{form}", tview.name),
            &format!("{};", tview.query),
        );
    }
    let write_command = |command: &Command, section: &mut dyn FnMut(&str, &str)| match &command.copy {
        None => section("step", &format!("{};", command.text)),
        Some(lines) => section("copy", &format!("{};\n{}", command.text, lines.join("\n"))),
    };
    for step in &case.steps {
        match step {
            Step::Single(command) => write_command(command, &mut section),
            Step::Transaction {
                begin,
                commands,
                end,
                quiet,
            } => {
                if *quiet {
                    section("quiet", "");
                }
                section(&begin.to_lowercase(), "");
                commands
                    .iter()
                    .for_each(|command| write_command(command, &mut section));
                let word = match end {
                    End::Commit => "commit",
                    End::Rollback => "rollback",
                    End::Prepare => "prepare",
                };
                section(word, "");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{parse, print};
    use crate::generate::{self, Options};

    #[test]
    fn what_is_printed_can_be_read() {
        for seed in 0..30 {
            let case = generate::case(seed, &Options::default());
            let text = print(&case);
            let again = parse(&text).unwrap();
            assert_eq!(case.script(), again.script());
            assert_eq!(text, print(&again));
        }
    }

    #[test]
    fn mistakes_are_named() {
        let error = |text: &str| parse(text).unwrap_err();
        assert_eq!(
            error("--- tview tv_a\nSELECT 1\n--- stop\n"),
            "unknown section: stop"
        );
        assert_eq!(
            error("--- tview tv_a\nSELECT 1\n--- commit\n"),
            "nothing to commit"
        );
        assert_eq!(
            error("--- tview tv_a\nSELECT 1\n--- begin\n"),
            "a transaction without end"
        );
        assert_eq!(error("comment\n"), "no tview");
    }
}
