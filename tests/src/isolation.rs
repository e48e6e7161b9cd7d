//! Interleavings of transactions, run with PostgreSQL's own `isolationtester`.
//!
//! `isolation/specs/NAME.spec` runs in a database of its own that has the extension; the output has to equal
//! `isolation/expected/NAME.out`. `UPDATE_GOLDEN=1` writes it.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::golden::Expected;
use crate::{command, server};

/// The folder with the specifications and their outputs.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("isolation")
}

/// A runnable `isolationtester`: the server's own, or a copy of it where it was installed without the run bit.
///
/// # Panics
/// When the installation has none.
pub fn tester() -> PathBuf {
    const ANY_RUN_BIT: u32 = 0o111;
    let libraries = command::output(&server::pg_config(), &["--pkglibdir"]);
    let program = Path::new(libraries.trim()).join("pgxs/src/test/isolation/isolationtester");
    let metadata = fs::metadata(&program).unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    if metadata.permissions().mode() & ANY_RUN_BIT != 0 {
        return program;
    }
    let copy = own_copy();
    fs::copy(&program, &copy).unwrap_or_else(|error| panic!("{}: {error}", copy.display()));
    fs::set_permissions(&copy, Permissions::from_mode(0o755)).expect("the run bit");
    copy
}

/// Where a copy is put: the server itself may be below the temporary folder as well.
fn own_copy() -> PathBuf {
    std::env::temp_dir().join(format!("pg_tviews_isolationtester_{}", std::process::id()))
}

/// Removes the tester if it is a copy, and never the server's own.
pub fn remove_copy(tester: &Path) {
    if tester == own_copy() {
        let _ = fs::remove_file(tester);
    }
}

/// Runs a specification; what differs, or nothing.
///
/// # Panics
/// When a file can't be read or a program does not start.
pub fn check(tester: &Path, name: &str) -> Option<String> {
    let database = server::create_database("isolation");
    server::connect(server::SUPERUSER, &database)
        .execute("CREATE EXTENSION pg_tviews")
        .unwrap_or_else(|failure| panic!("{failure}"));
    let spec = folder().join("specs").join(format!("{name}.spec"));
    let input = File::open(&spec).unwrap_or_else(|error| panic!("{}: {error}", spec.display()));
    let output = Command::new(tester)
        .arg(server::server().connection_string(server::SUPERUSER, &database))
        .stdin(Stdio::from(input))
        .output()
        .unwrap_or_else(|error| panic!("isolationtester does not start: {error}"));
    let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
    printed.push_str(&String::from_utf8_lossy(&output.stderr));
    Expected {
        folder: folder().join("expected"),
        name: name.to_owned(),
    }
    .check(&printed)
}
