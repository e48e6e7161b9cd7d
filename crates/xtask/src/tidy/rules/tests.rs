//! One test per rule: what it finds, and what it lets pass. Forbidden text is put together, so that this file
//! passes.

use super::check;
use crate::tidy::Source;

/// The findings in a file, as "line: first word of the message".
fn found(path: &str, text: &str) -> Vec<String> {
    let findings = check(&Source::new(path, text));
    findings
        .iter()
        .map(|finding| format!("{}: {}", finding.line, finding.message))
        .collect()
}

#[track_caller]
fn passes(path: &str, text: &str) {
    assert_eq!(found(path, text), Vec::<String>::new(), "{path}: {text}");
}

#[track_caller]
fn fails(path: &str, text: &str, expect: &str) {
    let findings = found(path, text);
    assert_eq!(findings.len(), 1, "{path}: {findings:?}");
    assert!(findings[0].starts_with(expect), "{path}: {findings:?}");
}

#[test]
fn unsafe_code_is_in_one_place() {
    let text = "//! A.\n// SAFETY: it is a test.\nunsafe { a() }\n";
    passes("ext/src/pg/a.rs", text);
    fails("ext/src/a.rs", text, "3: unsafe code");
    fails("crates/ir/src/a.rs", text, "3: unsafe code");
    passes(
        "crates/ir/src/a.rs",
        "//! unsafe\n#![deny(unsafe_code)]\nfn a() { b(\"unsafe\") }\n",
    );
}

#[test]
fn unsafe_blocks_are_justified() {
    fails("ext/src/pg/a.rs", "//! A.\nunsafe { a() }\n", "2: no SAFETY");
    fails(
        "ext/src/pg/a.rs",
        "//! A.\n// SAFETY: far.\n\n\n\n\nunsafe { a() }\n",
        "7: no SAFETY",
    );
    fails(
        "ext/src/pg/a.rs",
        "//! A.\nunsafe impl Send for A {}\n",
        "2: no SAFETY",
    );
    passes("ext/src/pg/a.rs", "//! A.\nunsafe fn a() {}\n");
    passes(
        "ext/src/pg/a.rs",
        "//! A.\nlet a = unsafe { a() }; // SAFETY: near.\n",
    );
}

#[test]
fn callbacks_are_called_as_by_the_server() {
    let callback = "//! A.\n#[pgrx::pg_guard]\nunsafe extern \"C-unwind\" fn seen(node: i32) -> bool {\n    walk(node, seen, 1)\n}\n";
    passes("ext/src/pg/a.rs", callback);
    let called = format!("{callback}fn a() {{ seen(1); }}\n");
    fails("ext/src/pg/a.rs", &called, "6: seen is for the server");
    passes("ext/src/pg/hooks.rs", &called);
    passes(
        "ext/src/pg/a.rs",
        &format!("{callback}fn a() {{ called_as_by_server(|| seen(1)); b::seen(1); unseen(1); }}\n"),
    );
}

#[test]
fn kept_triggers_are_read_in_one_place() {
    let read = "//! A.\nfn a() { b((*relation).trigdesc) }\n";
    fails("ext/src/pg/a.rs", read, "2: trigdesc");
    passes("ext/src/pg/own_trigger.rs", read);
    passes(
        "ext/src/pg/a.rs",
        "//! A.\n// The trigdesc.\nfn a() { own_trigger::triggers(relation) }\n",
    );
}

#[test]
fn nothing_is_left_to_do() {
    fails(
        "crates/ir/src/a.rs",
        concat!("//! A.\n// TO", "DO: more\n"),
        "2: TO",
    );
    fails("docs/a.md", concat!("FIX", "ME\n"), "1: FIX");
    fails("crates/ir/src/a.rs", "//! A.\nfn a() { todo!() }\n", "2: todo!");
    fails("crates/ir/src/a.rs", "//! A.\n#[ignore]\n", "2: #[ignore");
    fails(
        "crates/ir/src/a.rs",
        "//! A.\n#[should_panic]\n",
        "2: should_panic",
    );
    passes("crates/ir/src/a.rs", "//! A.\nlet todo = \"todo!()\";\n");
}

#[test]
fn no_panics_in_the_extension() {
    for call in ["a.unwrap()", "a.expect(\"b\")", "panic!(\"b\")", "unreachable!()"] {
        let text = format!("//! A.\nfn a() {{ {call} }}\n");
        assert_eq!(found("ext/src/a.rs", &text).len(), 1, "{call}");
        passes("crates/ir/src/a.rs", &text);
        passes(
            "ext/src/a.rs",
            &format!("//! A.\n#[cfg(test)]\nmod tests {{ fn a() {{ {call} }} }}\n"),
        );
        passes("ext/src/a.rs", &format!("//! A.\n// {call}\n"));
    }
    passes("ext/src/a.rs", "//! A.\nfn a() { b.unwrap_or_default() }\n");
}

#[test]
fn files_have_one_subject() {
    passes("crates/ir/src/a.rs", &"//! A.\n".repeat(600));
    fails("crates/ir/src/a.rs", &"//! A.\n".repeat(601), "601: 601 lines");
}

#[test]
fn dependencies_run_one_way() {
    passes(
        "crates/planner/Cargo.toml",
        "[dependencies]\npg_tviews_ir.workspace = true\nserde = \"1\"\n",
    );
    fails(
        "crates/ir/Cargo.toml",
        "[dependencies]\npg_tviews_planner.workspace = true\n",
        "2: pg_tviews_planner",
    );
    fails(
        "crates/ir/Cargo.toml",
        "[dev-dependencies]\npgrx = \"1\"\n",
        "2: pgrx is for ext",
    );
    fails(
        "crates/bench/Cargo.toml",
        "[dependencies]\npg_tviews = { path = \"../../ext\" }\n",
        "2: nothing depends",
    );
    passes(
        "ext/Cargo.toml",
        "[dependencies]\npgrx = \"1\"\npg_tviews_planner.workspace = true\n",
    );
}

#[test]
fn no_paths_of_a_machine() {
    fails("README.md", concat!("cd /ho", "me/ada/src\n"), "1: /ho");
    fails("Makefile", concat!("A = /ro", "ot/.cargo\n"), "1: /ro");
    passes(
        "README.md",
        concat!("docs/wo", "rk/plan and $x/wo", "rk/\n")
            .replace("$x", "${x}")
            .as_str(),
    );
}

#[test]
fn no_package_registries() {
    fails(
        "README.md",
        concat!("https:", "//crates.io/crates/a\n"),
        "1: crates.io",
    );
    fails(
        "a.sh",
        concat!("deb http:", "//deb.debian.org/debian sid main\n"),
        "1: debian.org",
    );
    passes(
        "Cargo.lock",
        concat!(
            "source = \"registry+https:",
            "//github.com/rust-lang/crates.io-index\"\n"
        ),
    );
    passes(
        "README.md",
        concat!(
            "see https:",
            "//www.postgresql.org/docs/18/ and https:",
            "//example.org\n"
        ),
    );
}

#[test]
fn modules_say_what_they_are() {
    fails("crates/ir/src/a.rs", "use a;\n", "1: the file must begin");
    passes("crates/ir/src/a.rs", "\n//! A.\nuse a;\n");
}
