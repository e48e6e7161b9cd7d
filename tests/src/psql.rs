//! Runs text through the server's own `psql`, the way a user types it.

use std::io::{Read, Write, pipe};
use std::process::{Command, Stdio};

use crate::server;

/// What `psql` prints, errors and notices included, in the order in which a terminal would show it.
///
/// `options` come after `-X -q`. Lines that tell the server's source file are left out: they differ between versions.
///
/// # Panics
/// When `psql` can't be started.
pub fn psql(database: &str, options: &[&str], script: &str) -> String {
    let server = server::server();
    let (mut output, writer) = pipe().expect("a pipe");
    let errors = writer.try_clone().expect("a pipe's other end");
    let mut command = Command::new(server.bin("psql"));
    command
        .args([
            "-X",
            "-q",
            "-d",
            &server.connection_string(server::SUPERUSER, database),
        ])
        .args(options)
        .env("PGCLIENTENCODING", "UTF8")
        .env("LC_ALL", "C")
        .env_remove("PGOPTIONS")
        .env_remove("PSQLRC")
        .stdin(Stdio::piped())
        .stdout(writer)
        .stderr(errors);
    let mut child = command.spawn().expect("psql starts");
    // The command holds the pipe's writing end: without it the reader sees the end when psql has gone.
    drop(command);
    let mut input = child.stdin.take().expect("psql's input");
    let script = script.to_owned();
    let feeder = std::thread::spawn(move || {
        // When psql stops early (`\q`) nobody reads the rest.
        let _ = input.write_all(script.as_bytes());
    });
    let mut bytes = vec![];
    output.read_to_end(&mut bytes).expect("psql's output");
    feeder.join().expect("the feeder");
    child.wait().expect("psql ends");
    String::from_utf8_lossy(&bytes)
        .lines()
        .filter_map(stable_line)
        .collect()
}

/// A line without what differs between runs and versions; none when nothing is left.
fn stable_line(line: &str) -> Option<String> {
    if line.starts_with("LOCATION: ") {
        return None;
    }
    Some(without_session_number(line.trim_end()) + "\n")
}

/// A text in which the session's temporary schema has no number.
pub fn without_session_number(text: &str) -> String {
    let mut parts = text.split("pg_temp_");
    let mut stable = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        stable.push_str("pg_temp_N");
        stable.push_str(part.trim_start_matches(|character: char| character.is_ascii_digit()));
    }
    stable
}

#[cfg(test)]
mod tests {
    use super::stable_line;

    #[test]
    fn unstable_parts_go() {
        assert_eq!(stable_line("LOCATION:  exec_simple_query, postgres.c:1"), None);
        assert_eq!(
            stable_line("a pg_temp_12.t, pg_temp_3.u  ").as_deref(),
            Some("a pg_temp_N.t, pg_temp_N.u\n")
        );
    }
}
