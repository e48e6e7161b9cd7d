//! SQL text with numbered holes.

use std::fmt;

/// SQL text of one expression in which columns are holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Hole(usize),
}

/// A text that is not a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateError {
    /// A quoted literal or identifier does not end.
    Unterminated,
    /// A hole's number is outside `1..=holes`.
    UnknownHole(usize),
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TemplateError::Unterminated => write!(f, "a quoted token does not end"),
            TemplateError::UnknownHole(number) => write!(f, "there is no hole ${number}"),
        }
    }
}

impl std::error::Error for TemplateError {}

impl Template {
    /// Splits the text that PostgreSQL's deparser wrote for an expression whose columns had been replaced by the
    /// parameters `$1` to `$holes`. Dollar signs in literals and quoted identifiers are text. The deparser writes only
    /// `'…'`, `E'…'` and `"…"` as quoted tokens, never dollar quotes.
    pub fn parse(text: &str, holes: usize) -> Result<Template, TemplateError> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut chars = text.chars().peekable();
        let mut previous = ' ';
        while let Some(char) = chars.next() {
            if char == '$' && chars.peek().is_some_and(char::is_ascii_digit) {
                let mut number = 0usize;
                while let Some(digit) = chars.peek().and_then(|next| next.to_digit(10)) {
                    number = number.saturating_mul(10).saturating_add(digit as usize);
                    chars.next();
                }
                if number == 0 || number > holes {
                    return Err(TemplateError::UnknownHole(number));
                }
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Hole(number - 1));
                previous = ' ';
                continue;
            }
            plain.push(char);
            if char == '\'' || char == '"' {
                let escapes = char == '\'' && matches!(previous, 'E' | 'e');
                copy_quoted(char, escapes, &mut chars, &mut plain)?;
            }
            previous = char;
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Template { pieces })
    }

    /// A template that is nothing but one column.
    pub fn single_hole() -> Template {
        Template {
            pieces: vec![Piece::Hole(0)],
        }
    }

    /// The template with text before and after it.
    pub fn wrapped(&self, before: &str, after: &str) -> Template {
        let mut pieces = vec![Piece::Text(before.to_owned())];
        pieces.extend(self.pieces.iter().cloned());
        pieces.push(Piece::Text(after.to_owned()));
        Template { pieces }
    }

    /// Whether the template is nothing but one hole.
    pub fn is_single_hole(&self) -> bool {
        matches!(self.pieces.as_slice(), [Piece::Hole(_)])
    }

    /// About how long it is: bytes of text, and one for each hole.
    pub fn length(&self) -> usize {
        let lengths = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.len(),
            Piece::Hole(_) => 1,
        });
        lengths.sum()
    }

    /// Fills the holes, numbered from 0.
    pub fn render(&self, fill: impl Fn(usize) -> String) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Hole(number) => text.push_str(&fill(*number)),
            }
        }
        text
    }

    /// The same text with each hole replaced by a whole template, whose own holes are numbered anew by `renumber`
    /// (arguments: the hole here, the hole there).
    pub fn substitute(&self, fill: impl Fn(usize) -> (Template, Vec<usize>)) -> Template {
        let mut pieces = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(plain) => pieces.push(Piece::Text(plain.clone())),
                Piece::Hole(number) => {
                    let (inner, renumbered) = fill(*number);
                    let bare = inner.is_single_hole();
                    if !bare {
                        pieces.push(Piece::Text("(".into()));
                    }
                    pieces.extend(inner.pieces.into_iter().map(|piece| match piece {
                        Piece::Hole(hole) => Piece::Hole(renumbered[hole]),
                        text => text,
                    }));
                    if !bare {
                        pieces.push(Piece::Text(")".into()));
                    }
                }
            }
        }
        Template { pieces }
    }

    /// The numbers of all holes, in order of appearance.
    pub fn holes(&self) -> impl Iterator<Item = usize> + '_ {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Hole(number) => Some(*number),
            Piece::Text(_) => None,
        })
    }
}

/// Copies the rest of a quoted token, doubled quotes included.
fn copy_quoted(
    quote: char,
    escapes: bool,
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    plain: &mut String,
) -> Result<(), TemplateError> {
    loop {
        let char = chars.next().ok_or(TemplateError::Unterminated)?;
        plain.push(char);
        if escapes && char == '\\' {
            plain.push(chars.next().ok_or(TemplateError::Unterminated)?);
        } else if char == quote {
            if chars.peek() != Some(&quote) {
                return Ok(());
            }
            plain.push(quote);
            chars.next();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, holes: usize, expected: &str) {
        let rendered = match Template::parse(text, holes) {
            Ok(template) => template.render(|hole| format!("<{hole}>")),
            Err(error) => format!("error: {error}"),
        };
        assert_eq!(rendered, expected, "{text}");
    }

    #[test]
    fn holes_are_found_outside_quotes_only() {
        check("($1 = $2)", 2, "(<0> = <1>)");
        check("'costs $1' || $1", 1, "'costs $1' || <0>");
        check("'it''s $1' || $1", 1, "'it''s $1' || <0>");
        check("E'a\\'$1' || $1", 1, "E'a\\'$1' || <0>");
        check("\"odd $1 name\"($1)", 1, "\"odd $1 name\"(<0>)");
        check("\"a\"\"$1\"($1)", 1, "\"a\"\"$1\"(<0>)");
        check("'\\' || $1", 1, "'\\' || <0>");
        check("'ünï' || $1", 1, "'ünï' || <0>");
    }

    #[test]
    fn what_is_no_template_is_refused() {
        check("$2", 1, "error: there is no hole $2");
        check("$0", 1, "error: there is no hole $0");
        check("'abc", 0, "error: a quoted token does not end");
        check(
            "$99999999999999999999999",
            1,
            "error: there is no hole $18446744073709551615",
        );
    }

    #[test]
    fn substitution_renumbers_and_parenthesises() {
        let outer = Template::parse("$1 = $2", 2).expect("template");
        let sum = Template::parse("$1 + $2", 2).expect("template");
        let both = outer.substitute(|hole| {
            if hole == 0 {
                (sum.clone(), vec![0, 1])
            } else {
                (Template::single_hole(), vec![2])
            }
        });
        assert_eq!(both.render(|hole| format!("<{hole}>")), "(<0> + <1>) = <2>");
    }
}
