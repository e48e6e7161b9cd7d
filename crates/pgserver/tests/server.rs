//! The life of a server: start, use, crash, restart, stop; and that nothing is left of it.
//!
//! Needs an installation: the environment variable `PG_TVIEWS_PG_CONFIG` names its `pg_config`, as `make
//! test` sets it; `PG_CONFIG` is the second choice, `pg_config` on the PATH the last.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use pg_tviews_pgserver::{Error, Server, ServerOptions};

fn options() -> ServerOptions {
    let name = ["PG_TVIEWS_PG_CONFIG", "PG_CONFIG"]
        .into_iter()
        .find_map(std::env::var_os);
    ServerOptions::new(name.map_or_else(|| PathBuf::from("pg_config"), PathBuf::from))
}

fn query(server: &Server, sql: &str) -> String {
    let output = Command::new(server.bin("psql"))
        .args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql])
        .arg("-d")
        .arg(server.connection_string("postgres", "postgres"))
        .output()
        .expect("psql runs");
    assert!(
        output.status.success(),
        "{sql}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn gone(path: &std::path::Path) -> bool {
    let deadline = Instant::now() + Duration::from_secs(20);
    while path.exists() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    !path.exists()
}

#[test]
fn settings_are_applied_and_the_directory_is_deleted() {
    let server = Server::start(
        &options()
            .setting("work_mem", "5MB")
            .setting("search_path", "it's, public"),
    )
    .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(query(&server, "SHOW work_mem"), "5MB");
    assert_eq!(query(&server, "SHOW search_path"), "it's, public");
    assert_eq!(query(&server, "SHOW fsync"), "off");
    let version = query(&server, "SHOW server_version_num");
    assert!(version.starts_with(&server.major().to_string()), "{version}");
    let directory = server.socket_dir().to_owned();
    assert!(directory.exists());
    drop(server);
    assert!(gone(&directory), "{} is left", directory.display());
}

#[test]
fn committed_data_survive_a_crash() {
    let mut server = Server::start(&options()).unwrap_or_else(|error| panic!("{error}"));
    query(&server, "CREATE TABLE t AS SELECT 42 AS answer");
    let port = server.port();
    server.kill();
    server.restart().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(server.port(), port);
    assert_eq!(query(&server, "SELECT answer FROM t"), "42");
    server.restart().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(query(&server, "SELECT answer FROM t"), "42");
    server.stop().unwrap_or_else(|error| panic!("{error}"));
    server.stop().unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_bad_setting_is_reported_with_the_log() {
    let error = Server::start(&options().setting("shared_buffers", "many")).expect_err("no such size");
    let Error::Start { log, .. } = &error else {
        panic!("{error}")
    };
    assert!(log.contains("shared_buffers"), "{error}");
}

#[test]
fn a_missing_pg_config_is_reported_by_name() {
    let error = Server::start(&ServerOptions::new("/nowhere/pg_config")).expect_err("no such program");
    assert!(error.to_string().contains("/nowhere/pg_config"), "{error}");
}

#[test]
fn a_panicking_test_leaves_nothing() {
    let directory = std::sync::Mutex::new(PathBuf::new());
    let result = std::panic::catch_unwind(|| {
        let server = Server::start(&options()).unwrap_or_else(|error| panic!("{error}"));
        *directory.lock().expect("not poisoned") = server.socket_dir().to_owned();
        let start = Instant::now();
        drop(std::panic::catch_unwind(move || {
            let _server = server;
            panic!("as a failed assertion does");
        }));
        assert!(
            start.elapsed() < Duration::from_secs(8),
            "the guard had to wait for its time limit"
        );
    });
    assert!(result.is_ok());
    let directory = directory.into_inner().expect("not poisoned");
    assert!(
        directory.starts_with(std::env::temp_dir()) && gone(&directory),
        "{} is left",
        directory.display()
    );
}

/// Set in the second process of [`a_killed_program_leaves_nothing`].
const CHILD: &str = "PG_TVIEWS_SERVER_TEST_CHILD";

#[test]
fn a_killed_program_leaves_nothing() {
    if std::env::var_os(CHILD).is_some() {
        let server = Server::start(&options()).unwrap_or_else(|error| panic!("{error}"));
        println!("directory={}", server.socket_dir().display());
        std::thread::sleep(Duration::from_secs(60));
        return;
    }
    let this = std::env::current_exe().expect("own path");
    let mut child = Command::new(this)
        .args(["--exact", "a_killed_program_leaves_nothing", "--nocapture"])
        .env(CHILD, "1")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("own program runs");
    let output = std::io::BufReader::new(child.stdout.take().expect("piped"));
    let directory = std::io::BufRead::lines(output)
        .map_while(Result::ok)
        .find_map(|line| line.split_once("directory=").map(|(_, path)| PathBuf::from(path)))
        .expect("the child names its directory");
    assert!(directory.join("data/postmaster.pid").exists());
    child.kill().expect("SIGKILL");
    child.wait().expect("ended");
    assert!(gone(&directory), "{} is left", directory.display());
}
