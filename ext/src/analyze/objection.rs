//! Why a definition is refused.

use crate::error::Error;

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
