//! Runs other programs of the server's installation.

use std::path::Path;
use std::process::{Command, Stdio};

/// Runs a program to its end and returns what it printed.
///
/// # Panics
/// When it can't be started or fails, with what it printed.
pub fn output(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{} {arguments:?} failed:\n{}{}",
        program.display(),
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}
