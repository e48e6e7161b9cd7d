//! Generated SQL text that knows how it can be made simpler.
//!
//! A generator writes a statement as a tree of [`Fragment`]s; a [`Fragment::Reducible`] carries a simpler text that
//! may stand in its place, or names those of its parts that may. The shrinker tries these one by one and keeps what
//! still fails. A reduction may make the statement wrong (a join left out whose columns are still used): then the
//! failure is another one and the shrinker does not keep it.

use std::fmt;

/// SQL text, with places where it can be made simpler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fragment {
    /// Text as it is.
    Text(String),
    /// Parts, one after the other.
    Sequence(Vec<Fragment>),
    /// Parts, one after the other, that may be replaced as a whole.
    Reducible {
        /// The unreduced text.
        parts: Vec<Fragment>,
        /// A text that may stand in its place.
        literal: Option<String>,
        /// Positions of parts that may stand in its place.
        hoist: Vec<usize>,
    },
}

impl Fragment {
    /// Parts that may be left out.
    pub fn optional(parts: Vec<Fragment>) -> Self {
        Self::Reducible {
            parts,
            literal: Some(String::new()),
            hoist: vec![],
        }
    }

    /// Parts in whose place `literal` may stand, or one of the parts at the positions `hoist`.
    pub fn reducible(parts: Vec<Fragment>, literal: impl Into<String>, hoist: &[usize]) -> Self {
        Self::Reducible {
            parts,
            literal: Some(literal.into()),
            hoist: hoist.to_vec(),
        }
    }

    /// Parts in whose place one of those at the positions `hoist` may stand.
    pub fn hoistable(parts: Vec<Fragment>, hoist: &[usize]) -> Self {
        Self::Reducible {
            parts,
            literal: None,
            hoist: hoist.to_vec(),
        }
    }

    /// Fragments with a separator between them; all but the first may be left out.
    pub fn joined(items: Vec<Fragment>, separator: &str) -> Self {
        let mut parts = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            if index == 0 {
                parts.push(item);
            } else {
                parts.push(Self::optional(vec![separator.into(), item]));
            }
        }
        Self::Sequence(parts)
    }

    /// Every fragment that is one reduction away, the largest reductions first.
    pub fn reductions(&self) -> Vec<Fragment> {
        match self {
            Self::Text(_) => vec![],
            Self::Sequence(parts) => {
                let mut out = vec![];
                reduce_parts(parts, &mut |parts| out.push(Self::Sequence(parts)));
                out
            }
            Self::Reducible {
                parts,
                literal,
                hoist,
            } => {
                let mut out: Vec<Fragment> = literal.iter().map(|text| Self::Text(text.clone())).collect();
                out.extend(hoist.iter().map(|position| parts[*position].clone()));
                reduce_parts(parts, &mut |parts| {
                    out.push(Self::Reducible {
                        parts,
                        literal: literal.clone(),
                        hoist: hoist.clone(),
                    });
                });
                out
            }
        }
    }
}

fn reduce_parts(parts: &[Fragment], found: &mut dyn FnMut(Vec<Fragment>)) {
    for (index, part) in parts.iter().enumerate() {
        for reduced in part.reductions() {
            let mut copy = parts.to_vec();
            copy[index] = reduced;
            found(copy);
        }
    }
}

impl From<&str> for Fragment {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Fragment {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl fmt::Display for Fragment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Sequence(parts) | Self::Reducible { parts, .. } => {
                parts.iter().try_for_each(|part| write!(f, "{part}"))
            }
        }
    }
}

/// The parts of a fragment: texts and fragments in one list.
#[macro_export]
macro_rules! parts {
    ($($part:expr),* $(,)?) => { vec![$($crate::fragment::Fragment::from($part)),*] };
}

/// A fragment from texts and fragments, one after the other.
#[macro_export]
macro_rules! sql {
    ($($part:expr),* $(,)?) => { $crate::fragment::Fragment::Sequence($crate::parts![$($part),*]) };
}

#[cfg(test)]
mod tests {
    use super::Fragment;

    #[test]
    fn reductions_go_from_large_to_small() {
        let sum = Fragment::reducible(parts!["(", "a", " + ", "b", ")"], "0", &[1, 3]);
        let query = sql!["SELECT ", sum, Fragment::optional(parts![" WHERE ", "c"])];
        assert_eq!(query.to_string(), "SELECT (a + b) WHERE c");
        let reduced: Vec<String> = query.reductions().iter().map(ToString::to_string).collect();
        assert_eq!(
            reduced,
            [
                "SELECT 0 WHERE c",
                "SELECT a WHERE c",
                "SELECT b WHERE c",
                "SELECT (a + b)"
            ]
        );
    }

    #[test]
    fn lists_lose_items() {
        let list = Fragment::joined(parts!["a", "b", "c"], ", ");
        assert_eq!(list.to_string(), "a, b, c");
        assert!(
            list.reductions()
                .iter()
                .any(|reduced| reduced.to_string() == "a, c")
        );
    }
}
