//! Rust source with all that is not code blanked out, so that a rule about code does not trip over text.

/// Source text whose comments, strings and test modules are blank; every line keeps its number and length.
#[derive(Debug, Default)]
pub struct Masked {
    /// Without comments and without the contents of strings.
    pub code: String,
    /// The same, without `#[cfg(test)]` items either.
    pub product: String,
}

impl Masked {
    /// Masks a source file.
    pub fn of(text: &str) -> Masked {
        let code = without_text(text);
        let product = without_tests(&code);
        Masked { code, product }
    }
}

/// A reader that copies code and blanks the rest.
struct Reader<'a> {
    characters: Vec<char>,
    at: usize,
    output: String,
    source: &'a str,
}

fn without_text(source: &str) -> String {
    let mut reader = Reader {
        characters: source.chars().collect(),
        at: 0,
        output: String::with_capacity(source.len()),
        source,
    };
    while reader.at < reader.characters.len() {
        reader.item();
    }
    debug_assert_eq!(reader.output.lines().count(), reader.source.lines().count());
    reader.output
}

impl Reader<'_> {
    fn peek(&self, offset: usize) -> char {
        self.characters.get(self.at + offset).copied().unwrap_or('\0')
    }

    fn keep(&mut self) {
        self.output.push(self.peek(0));
        self.at += 1;
    }

    fn blank(&mut self, count: usize) {
        for _ in 0..count {
            if self.at < self.characters.len() {
                self.output.push(if self.peek(0) == '\n' { '\n' } else { ' ' });
                self.at += 1;
            }
        }
    }

    fn item(&mut self) {
        let before = self
            .at
            .checked_sub(1)
            .and_then(|at| self.characters.get(at))
            .copied()
            .unwrap_or(' ');
        let in_word = before.is_alphanumeric() || before == '_';
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => {
                while self.at < self.characters.len() && self.peek(0) != '\n' {
                    self.blank(1);
                }
            }
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('r', '"' | '#') if !in_word || matches!(before, 'b' | 'c') => self.raw_string(),
            ('\'', _) => self.quote(),
            _ => self.keep(),
        }
    }

    /// Block comments nest.
    fn block_comment(&mut self) {
        let mut depth = 0;
        loop {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => {
                    depth += 1;
                    self.blank(2);
                }
                ('*', '/') => {
                    depth -= 1;
                    self.blank(2);
                }
                _ => self.blank(1),
            }
            if depth == 0 || self.at >= self.characters.len() {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.keep();
        while self.at < self.characters.len() && self.peek(0) != '"' {
            let escaped = self.peek(0) == '\\';
            self.blank(if escaped { 2 } else { 1 });
        }
        if self.at < self.characters.len() {
            self.keep();
        }
    }

    fn raw_string(&mut self) {
        let hashes = (1..).take_while(|&offset| self.peek(offset) == '#').count();
        if self.peek(1 + hashes) != '"' {
            // A raw identifier such as r#type.
            self.keep();
            return;
        }
        self.blank(hashes + 2);
        while self.at < self.characters.len() {
            if self.peek(0) == '"' && (1..=hashes).all(|offset| self.peek(offset) == '#') {
                self.blank(hashes + 1);
                return;
            }
            self.blank(1);
        }
    }

    /// A character literal, or the mark of a lifetime.
    fn quote(&mut self) {
        if self.peek(1) == '\\' {
            self.blank(3);
            while self.at < self.characters.len() && self.peek(0) != '\'' {
                self.blank(1);
            }
            self.blank(1);
        } else if self.peek(2) == '\'' {
            self.blank(3);
        } else {
            self.keep();
        }
    }
}

/// Blanks each item under `#[cfg(test)]`, to its closing brace or semicolon.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut output = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(start) = rest.find(MARK) {
        let (before, item) = rest.split_at(start);
        let (item, after) = item.split_at(end_of_item(item));
        output.push_str(before);
        output.extend(
            item.chars()
                .map(|character| if character == '\n' { '\n' } else { ' ' }),
        );
        rest = after;
    }
    output + rest
}

fn end_of_item(item: &str) -> usize {
    let mut depth = 0_usize;
    for (at, character) in item.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    item.len()
}

#[cfg(test)]
mod tests {
    use super::Masked;

    #[track_caller]
    fn check(source: &str, expect: &str) {
        assert_eq!(Masked::of(source).code, expect);
    }

    #[test]
    fn comments_and_strings_are_blank() {
        check("a // b\nc", "a     \nc");
        check("a /* b /* c */ d */ e", "a                   e");
        check(r#"f("x\"y")"#, r#"f("    ")"#);
        check(r###"f(r#"x"y"#, b"z")"###, "f(        , b\" \")");
        check(
            "let c = '\"'; let d = '\\''; fn f<'a>()",
            "let c =    ; let d =     ; fn f<'a>()",
        );
        check("r#type + for_r", "r#type + for_r");
    }

    #[test]
    fn test_items_are_no_product() {
        let source = "a\n#[cfg(test)]\nmod tests {\n { } b }\nc\n#[cfg(test)]\nuse d;\ne";
        let lines: Vec<String> = Masked::of(source)
            .product
            .lines()
            .map(|line| line.trim().to_owned())
            .collect();
        assert_eq!(lines, ["a", "", "", "", "c", "", "", "e"]);
    }
}
