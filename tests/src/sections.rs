//! Text files made of sections: what stands before the first is a comment, and each begins with a line `--- HEAD`.

/// A section of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What follows `--- `.
    pub head: String,
    /// The lines up to the next section, without white space around them.
    pub body: String,
}

/// The lines before the first section, and the sections.
pub fn parse(text: &str) -> (String, Vec<Section>) {
    let text = format!("\n{text}");
    let mut parts = text.split("\n--- ");
    let comment = parts.next().unwrap_or_default().trim().to_owned();
    let sections = parts.map(|part| {
        let (head, body) = part.split_once('\n').unwrap_or((part, ""));
        Section {
            head: head.trim().to_owned(),
            body: body.trim().trim_end_matches(';').to_owned(),
        }
    });
    (comment, sections.collect())
}

impl Section {
    /// What follows a word (or several) that the head begins with; nothing if it begins otherwise.
    pub fn after(&self, words: &str) -> Option<&str> {
        let rest = self.head.strip_prefix(words)?;
        (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim())
    }
}

#[cfg(test)]
mod tests {
    use super::{Section, parse};

    #[test]
    fn sections_have_a_head_and_a_body() {
        let (comment, sections) = parse("About.\n--- step one\nSELECT 1;\n\n--- step\n--- end");
        let section = |head: &str, body: &str| Section {
            head: head.into(),
            body: body.into(),
        };
        assert_eq!(comment, "About.");
        assert_eq!(
            sections,
            [
                section("step one", "SELECT 1"),
                section("step", ""),
                section("end", "")
            ]
        );
        assert_eq!(sections[0].after("step"), Some("one"));
        assert_eq!(sections[0].after("ste"), None);
    }
}
