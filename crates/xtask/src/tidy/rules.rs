//! The rules themselves. A rule takes one file and gives the places that break it.

use super::{Finding, Source};

/// A rule: a function from a file to line numbers with messages.
type Rule = fn(&Source) -> Vec<(usize, String)>;

/// All rules.
pub const RULES: [Rule; 11] = [
    unsafe_code_is_in_one_place,
    unsafe_blocks_are_justified,
    callbacks_are_called_as_by_the_server,
    kept_triggers_are_read_in_one_place,
    nothing_is_left_to_do,
    no_panics_in_the_extension,
    files_have_one_subject,
    dependencies_run_one_way,
    no_paths_of_a_machine,
    no_package_registries,
    modules_say_what_they_are,
];

/// Applies all rules to a file.
pub fn check(source: &Source) -> Vec<Finding> {
    let places = RULES.iter().flat_map(|rule| rule(source));
    places
        .map(|(line, message)| Finding {
            path: source.path.clone(),
            line,
            message,
        })
        .collect()
}

/// PostgreSQL's pointers end in ext/src/pg: what lies past it owns its data, and can be reasoned about as
/// plain Rust.
fn unsafe_code_is_in_one_place(source: &Source) -> Vec<(usize, String)> {
    if !source.is_rust() || source.path.starts_with("ext/src/pg/") || source.path == "ext/src/pg.rs" {
        return Vec::new();
    }
    let unsafe_lines = numbered(&source.code.code).filter(|(_, line)| has_unsafe(line));
    unsafe_lines
        .map(|(number, _)| (number, "unsafe code belongs into ext/src/pg/".to_owned()))
        .collect()
}

/// An unsafe block is a proof obligation; the sentence that discharges it stands beside it.
fn unsafe_blocks_are_justified(source: &Source) -> Vec<(usize, String)> {
    /// How far above the block its sentence may begin.
    const REACH: usize = 4;
    let lines: Vec<&str> = source.text.lines().collect();
    let opens = |line: &str| {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        line.contains("unsafe {") || line.contains("unsafe impl")
    };
    let justified = |number: usize| {
        lines[number.saturating_sub(REACH + 1)..number]
            .iter()
            .any(|line| line.contains("SAFETY:"))
    };
    numbered(&source.code.code)
        .filter(|(number, line)| opens(line) && !justified(*number))
        .map(|(number, _)| {
            (
                number,
                format!("no SAFETY sentence in the {REACH} lines above this unsafe block"),
            )
        })
        .collect()
}

/// An error in a callback jumps to whoever has called into the server last. Where Rust calls one itself, without a call into the server in
/// between, the jump leaves out all of Rust up to there, guards and destructors included. Hooks are bare, and have nothing to leave out.
fn callbacks_are_called_as_by_the_server(source: &Source) -> Vec<(usize, String)> {
    /// How far below its attribute a function may begin.
    const REACH: usize = 3;
    if !source.path.starts_with("ext/src/pg/") || source.path.ends_with("/hooks.rs") {
        return Vec::new();
    }
    let lines: Vec<&str> = source.code.code.lines().collect();
    let name = |line: &&str| {
        let (_, rest) = line.split_once(" fn ")?;
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
        (end > 0).then(|| rest[..end].to_owned())
    };
    let guarded = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.contains("pg_guard]"));
    let names: Vec<String> = guarded
        .filter_map(|(number, _)| lines[number..].iter().take(REACH).find_map(name))
        .collect();
    let mut places = Vec::new();
    for (number, line) in numbered(&source.code.code) {
        let called = |name: &&String| {
            line.match_indices(&format!("{name}(")).any(|(at, _)| {
                let before = &line[..at];
                !before.ends_with("fn ")
                    && !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
            })
        };
        for name in names.iter().filter(called) {
            if !line.contains("called_as_by_server(") {
                places.push((
                    number,
                    format!("{name} is for the server to call: use called_as_by_server"),
                ));
            }
        }
    }
    places
}

/// Work that is not done is not merged: a mark in the source is where it would be forgotten.
fn nothing_is_left_to_do(source: &Source) -> Vec<(usize, String)> {
    // Put together here, so that this file passes its own rule.
    const WORDS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    const MACROS: [&str; 4] = ["todo!", "unimplemented!", "#[ignore", "should_panic"];
    let mut places = Vec::new();
    if !is_own_text(source) {
        return places;
    }
    for (number, line) in numbered(&source.text) {
        let words = WORDS.iter().filter(|word| has_word(line, word));
        places.extend(words.map(|word| (number, format!("{word}: do it, or open an issue"))));
    }
    for (number, line) in numbered(&source.code.code) {
        let macros = MACROS.iter().filter(|name| line.contains(*name));
        places.extend(macros.map(|name| (number, format!("{name}: do it, or open an issue"))));
    }
    places
}

/// The server frees a relation's triggers at any look at a catalog: who reads them gets a copy, or looks at nothing else.
fn kept_triggers_are_read_in_one_place(source: &Source) -> Vec<(usize, String)> {
    if !source.is_rust() || source.path == "ext/src/pg/own_trigger.rs" || !source.path.starts_with("ext/src/")
    {
        return Vec::new();
    }
    let reads = numbered(&source.code.code).filter(|(_, line)| has_word(line, "trigdesc"));
    reads
        .map(|(number, _)| (number, "trigdesc: use own_trigger::triggers".to_owned()))
        .collect()
}

/// A user's mistake or a surprise in the catalogue must become an error with SQLSTATE, detail and hint.
fn no_panics_in_the_extension(source: &Source) -> Vec<(usize, String)> {
    const CALLS: [&str; 5] = [
        ".unwrap()",
        ".expect(",
        "panic!(",
        "unreachable!(",
        ".unwrap_err()",
    ];
    if !source.path.starts_with("ext/src/") {
        return Vec::new();
    }
    let mut places = Vec::new();
    for (number, line) in numbered(&source.code.product) {
        let calls = CALLS.iter().filter(|call| line.contains(*call));
        places.extend(calls.map(|call| {
            (
                number,
                format!("{call}: raise an error that names the user's object"),
            )
        }));
    }
    places
}

/// A file that is longer has more than one subject.
fn files_have_one_subject(source: &Source) -> Vec<(usize, String)> {
    const LONGEST: usize = 600;
    let count = source.text.lines().count();
    if source.is_rust() && count > LONGEST {
        return vec![(
            count,
            format!("{count} lines; split files of more than {LONGEST}"),
        )];
    }
    Vec::new()
}

/// The pure crates build and test without PostgreSQL, and can be read from the bottom up.
fn dependencies_run_one_way(source: &Source) -> Vec<(usize, String)> {
    const OUR_PREFIX: &str = "pg_tviews";
    const PURE: [(&str, &[&str]); 7] = [
        ("crates/ir/Cargo.toml", &[]),
        ("crates/sqltext/Cargo.toml", &[]),
        ("crates/jsonb/Cargo.toml", &[]),
        ("crates/model/Cargo.toml", &[]),
        ("crates/notebook/Cargo.toml", &[]),
        ("crates/pgserver/Cargo.toml", &[]),
        (
            "crates/planner/Cargo.toml",
            &["pg_tviews_ir", "pg_tviews_sqltext"],
        ),
    ];
    if !source.path.ends_with("Cargo.toml") || source.path == "Cargo.toml" {
        return Vec::new();
    }
    let Ok(manifest) = source.text.parse::<toml::Table>() else {
        return vec![(1, "is not TOML".to_owned())];
    };
    let sections = ["dependencies", "dev-dependencies", "build-dependencies"];
    let names = sections
        .iter()
        .filter_map(|section| manifest.get(*section)?.as_table())
        .flat_map(toml::Table::keys);
    let allowed = PURE
        .iter()
        .find(|(path, _)| source.path == *path)
        .map(|(_, allowed)| *allowed);
    let mut places = Vec::new();
    for name in names {
        let line = numbered(&source.text).find(|(_, line)| line.trim_start().starts_with(name.as_str()));
        let line = line.map_or(1, |(number, _)| number);
        if name.starts_with("pgrx") && source.path != "ext/Cargo.toml" {
            places.push((line, "pgrx is for ext alone".to_owned()));
        }
        if allowed.is_some_and(|allowed| name.starts_with(OUR_PREFIX) && !allowed.contains(&name.as_str())) {
            places.push((
                line,
                format!("{name}: dependencies run ir <- planner -> sqltext; ext uses all"),
            ));
        }
        if name == OUR_PREFIX {
            places.push((line, "nothing depends on the extension's own crate".to_owned()));
        }
    }
    places
}

/// What works on one machine only does not work for the next.
fn no_paths_of_a_machine(source: &Source) -> Vec<(usize, String)> {
    // Put together here, so that this file passes its own rule.
    const PATHS: [&str; 4] = [
        concat!("/ho", "me/"),
        concat!("/ro", "ot/"),
        concat!("/Us", "ers/"),
        concat!("/wo", "rk/"),
    ];
    let mut places = Vec::new();
    for (number, line) in numbered(&source.text) {
        for path in PATHS {
            // At the start of a path only: docs/work/ would be fine.
            let absolute = |at: usize| {
                !line[..at].ends_with(|before: char| before.is_alphanumeric() || "._-}~".contains(before))
            };
            if line.match_indices(path).any(|(at, _)| absolute(at)) {
                places.push((number, format!("{path}: a path of one machine")));
            }
        }
    }
    places
}

/// Packages come through their clients as the user's machine configures them, mirrors included.
fn no_package_registries(source: &Source) -> Vec<(usize, String)> {
    const HOSTS: [&str; 11] = [
        "crates.io",
        "docs.rs",
        "static.rust-lang.org",
        "pypi.org",
        "pythonhosted.org",
        "registry.npmjs.org",
        "npmjs.com",
        "debian.org",
        "ubuntu.com",
        "postgresql.org",
        "docker.io",
    ];
    if source.path == "Cargo.lock" {
        return Vec::new();
    }
    let mut places = Vec::new();
    for (number, line) in numbered(&source.text) {
        for (at, mark) in line.match_indices("://") {
            let host = line[at + mark.len()..]
                .split(|end: char| !end.is_ascii_alphanumeric() && !".-".contains(end))
                .next();
            let host = host.unwrap_or_default();
            let listed = |known: &&&str| {
                host == **known || host.strip_suffix(**known).is_some_and(|rest| rest.ends_with('.'))
            };
            // The manual is documentation, not a registry.
            if let Some(known) = HOSTS.iter().find(listed).filter(|_| host != "www.postgresql.org") {
                places.push((
                    number,
                    format!("{known}: use the package client as the machine configures it"),
                ));
            }
        }
    }
    places
}

/// A reader of a file learns first what it is for.
fn modules_say_what_they_are(source: &Source) -> Vec<(usize, String)> {
    if !source.is_rust() {
        return Vec::new();
    }
    let mut lines = source.text.lines().filter(|line| !line.trim().is_empty());
    if lines.next().is_some_and(|line| line.starts_with("//!")) {
        return Vec::new();
    }
    vec![(
        1,
        "the file must begin with //! and say what it is for".to_owned(),
    )]
}

/// Whether a file is ours to word: not a lock file, not a licence.
fn is_own_text(source: &Source) -> bool {
    const EXTENSIONS: [&str; 9] = ["rs", "toml", "sql", "md", "sh", "yml", "yaml", "control", "spec"];
    let extension = source.path.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension)) || source.path == "Makefile"
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// The keyword `unsafe`, but neither the lints of similar name nor attributes such as `#[unsafe(no_mangle)]`.
fn has_unsafe(line: &str) -> bool {
    has_word(line, "unsafe") && !line.contains("#[unsafe(")
}

fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(part_of_word) && !line[at + word.len()..].starts_with(part_of_word)
    })
}

#[cfg(test)]
mod tests;
