//! Expressions taken apart.

/// Splits an expression so that every `alias.column` is a piece of its own; literals hold no dots.
pub(super) fn split_words(text: &str) -> Vec<&str> {
    let inside = |char: char| char.is_alphanumeric() || matches!(char, '_' | '.' | '*');
    let mut pieces = vec![];
    let mut start = 0;
    let mut previous = None;
    for (at, char) in text.char_indices() {
        if previous.is_some_and(|before| before != inside(char)) {
            pieces.push(&text[start..at]);
            start = at;
        }
        previous = Some(inside(char));
    }
    pieces.push(&text[start..]);
    pieces
}
