//! Why a definition is refused.

use super::Analyzer;
use crate::error::Error;
use crate::pg::node::Node;

/// One construct that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// Where: "WHERE clause", "select list, column data", …
    pub place: String,
    /// Byte position in the definition's text, where known.
    pub location: Option<usize>,
    /// What.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// It is a privilege that the owner lacks now, and may get later: a dump grants privileges last.
    pub privilege: bool,
}

/// All objections as one error (0A000): a definition is accepted or refused as a whole.
pub fn refusal(tview: &str, text: Option<&str>, objections: &[Objection]) -> Error {
    let lines: Vec<String> = objections
        .iter()
        .enumerate()
        .map(|(number, objection)| {
            let place = position(text, objection.location).unwrap_or_default();
            format!(
                "{}. {}{place}: {}. {}",
                number + 1,
                objection.place,
                objection.message,
                objection.hint
            )
        })
        .collect();
    let count = match objections.len() {
        1 => "one construct stands".to_owned(),
        several => format!("{several} constructs stand"),
    };
    Error::unsupported(format!("\"{tview}\" can't be maintained incrementally: {count} in the way"))
        .detail(lines.join("\n"))
        .hint("Change what the detail names, or keep this query as a view. pg_tviews_analyze(query) checks a definition without creating anything.")
}

/// ` (line 2, column 7)`
fn position(text: Option<&str>, location: Option<usize>) -> Option<String> {
    let before = text?.get(..location?)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    Some(format!(" (line {line}, column {column})"))
}

impl Analyzer {
    pub(super) fn object(
        &mut self,
        place: &str,
        at: Option<Node>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.add(Objection {
            place: place.to_owned(),
            location: at.and_then(Node::location),
            message: message.into(),
            hint: hint.into(),
            privilege: false,
        });
    }

    /// Objects that the owner lacks a privilege.
    pub(super) fn object_privilege(&mut self, place: &str, message: String, hint: String) {
        self.add(Objection {
            place: place.to_owned(),
            location: None,
            message,
            hint,
            privilege: true,
        });
    }

    fn add(&mut self, objection: Objection) {
        if !self.objections.contains(&objection) {
            self.objections.push(objection);
        }
    }
}
