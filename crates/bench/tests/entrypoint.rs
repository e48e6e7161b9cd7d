//! The container's entrypoint against a private PostgreSQL, without a container.
//!
//! Everything from the empty data directory to the restart after a crash. Run by `cargo xtask test --tier docker`, which
//! installs the extension into the server of `PG_TVIEWS_PG_CONFIG` first; behind a feature, because plain `cargo test` has no
//! such server.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, chown, geteuid};

const PATIENCE: Duration = Duration::from_secs(120);

/// A directory with the entrypoint, the harness and the data, all of which the server's account can read.
struct Place {
    directory: tempfile::TempDir,
    path: String,
    port: u16,
}

impl Place {
    fn new(pg_config: &Path) -> Place {
        let directory = tempfile::tempdir_in("/tmp").expect("a directory");
        let root = directory.path();
        fs::set_permissions(root, fs::Permissions::from_mode(0o755)).expect("permissions");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docker/benchmark-entrypoint.sh");
        fs::copy(script, root.join("benchmark-entrypoint.sh")).expect("the entrypoint");
        fs::copy(
            env!("CARGO_BIN_EXE_pg_tviews_bench"),
            root.join("pg_tviews_bench"),
        )
        .expect("the harness");
        for name in ["volume", "sockets"] {
            fs::create_dir(root.join(name)).expect("a directory");
            if let Some(account) = stand_in_account() {
                chown(&root.join(name), Some(account.uid), Some(account.gid)).expect("given away");
            }
        }
        let programs = pg_config.parent().expect("pg_config is in a directory");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        Place {
            path: format!(
                "{}:{}:{}",
                root.display(),
                programs.display(),
                std::env::var("PATH").unwrap_or_default()
            ),
            port: port.expect("a port").port(),
            directory,
        }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("volume/data")
    }

    /// A command in the surroundings that the image gives the entrypoint.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("PATH", &self.path)
            .env("PGDATA", self.data())
            .env("PGHOST", self.directory.path().join("sockets"))
            .env("PGPORT", self.port.to_string())
            .env("LISTEN_ADDRESSES", "127.0.0.1")
            .env("POSTGRES_PASSWORD", "it's a 'secret'")
            .env_remove("PGPASSWORD")
            .current_dir(self.directory.path());
        if let Some(account) = stand_in_account() {
            command.uid(account.uid.as_raw()).gid(account.gid.as_raw());
        }
        command
    }

    fn start(&self) -> Entrypoint {
        // A shell that runs the tests in the background has them ignore SIGINT, and bash can't trap what it has been told to ignore.
        let mut child = self
            .command("env")
            .args(["--default-signal=INT", "bash", "benchmark-entrypoint.sh"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("bash runs");
        let (sender, lines) = channel();
        let streams: [Box<dyn std::io::Read + Send>; 2] = [
            Box::new(child.stdout.take().expect("piped")),
            Box::new(child.stderr.take().expect("piped")),
        ];
        for stream in streams {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    // Nobody listens any more when the test has failed.
                    let _ = sender.send(line);
                }
            });
        }
        Entrypoint {
            child,
            lines,
            seen: Vec::new(),
        }
    }

    fn sql(&self, statement: &str) -> String {
        let output = self.psql(&[], statement);
        assert!(output.status.success(), "{statement}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn psql(&self, arguments: &[&str], statement: &str) -> Output {
        self.command("psql")
            .args([
                "-X",
                "-A",
                "-t",
                "-w",
                "-U",
                "postgres",
                "-d",
                "pg_tviews_benchmark",
            ])
            .args(arguments)
            .args(["-c", statement])
            .output()
            .expect("psql runs")
    }

    fn is_healthy(&self) -> bool {
        let status = self
            .command("bash")
            .args(["benchmark-entrypoint.sh", "healthy"])
            .status();
        status.is_ok_and(|status| status.success())
    }
}

/// Root without an account `postgres`, which the entrypoint asks for, starts it as this one.
fn stand_in_account() -> Option<User> {
    let named = |name| User::from_name(name).ok().flatten();
    if !geteuid().is_root() || named("postgres").is_some() {
        return None;
    }
    named("nobody")
}

/// A running entrypoint.
struct Entrypoint {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Entrypoint {
    fn until(&mut self, wanted: &str) {
        let end = Instant::now() + PATIENCE;
        while let Ok(line) = self
            .lines
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            let found = line.contains(wanted);
            self.seen.push(line);
            if found {
                return;
            }
        }
        panic!("no {wanted:?} in:\n{}", self.seen.join("\n"));
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a process number");
        kill(Pid::from_raw(pid), signal).expect("signalled");
    }

    /// How it ended, and all it said.
    fn end(mut self) -> (ExitStatus, String) {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("waited for") {
                break status;
            }
            assert!(Instant::now() < end, "still running:\n{}", self.seen.join("\n"));
            std::thread::sleep(Duration::from_millis(20));
        };
        // The streams close with the last process that has them.
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(5)) {
            self.seen.push(line);
        }
        (status, std::mem::take(&mut self.seen).join("\n"))
    }
}

impl Drop for Entrypoint {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::SIGTERM);
            // The entrypoint stops the server before it ends.
            let _ = self.child.wait();
        }
    }
}

#[test]
fn the_entrypoint_makes_a_server_ready_stops_in_order_and_can_be_repeated() {
    let pg_config = std::env::var("PG_TVIEWS_PG_CONFIG").expect("PG_TVIEWS_PG_CONFIG names the server");
    let place = Place::new(Path::new(&pg_config));

    first_start(&place);
    restart(&place);
    crash(&place);
    other_version(&place);
}

fn first_start(place: &Place) {
    assert!(!place.is_healthy(), "nothing is started yet");
    let mut entrypoint = place.start();
    entrypoint.until("Ready.");
    let shown = entrypoint.seen.join("\n");
    assert!(
        shown.contains("List of installed extensions") && shown.contains("pg_tviews |"),
        "{shown}"
    );
    assert!(place.is_healthy());
    assert_eq!(place.sql("SHOW autovacuum"), "off", "the harness's settings");
    place.sql("CREATE TABLE kept AS SELECT 42 AS answer");
    passwords(place);

    // A client that stays must not hold up the end.
    let mut client = place
        .command("psql")
        .args([
            "-X",
            "-U",
            "postgres",
            "-d",
            "pg_tviews_benchmark",
            "-c",
            "SELECT pg_sleep(600)",
        ])
        .stderr(Stdio::null())
        .spawn()
        .expect("psql runs");
    entrypoint.signal(Signal::SIGTERM);
    let (status, log) = entrypoint.end();
    let _ = client.wait();
    assert!(status.success(), "{status}:\n{log}");
    assert!(log.contains("database system is shut down"), "{log}");
    assert!(!place.data().join("postmaster.pid").exists(), "{log}");
    assert!(
        !log.contains("secret"),
        "the password is nobody's business:\n{log}"
    );
}

/// Connections over the socket need none, all others do.
fn passwords(place: &Place) {
    let refused = place.psql(&["-h", "127.0.0.1"], "SELECT 1");
    let complaint = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && complaint.contains("password"),
        "{complaint}"
    );
    let admitted = place
        .command("psql")
        .env("PGPASSWORD", "it's a 'secret'")
        .args([
            "-X",
            "-w",
            "-h",
            "127.0.0.1",
            "-U",
            "postgres",
            "-d",
            "postgres",
            "-c",
            "SELECT 1",
        ])
        .output()
        .expect("psql runs");
    assert!(admitted.status.success(), "{admitted:?}");
}

fn restart(place: &Place) {
    let mut entrypoint = place.start();
    entrypoint.until("Ready.");
    assert_eq!(place.sql("SELECT answer FROM kept"), "42");
    let includes = fs::read_to_string(place.data().join("postgresql.conf")).expect("readable");
    assert_eq!(includes.matches("include = 'pg_tviews_bench.conf'").count(), 1);
    entrypoint.signal(Signal::SIGINT);
    assert!(entrypoint.end().0.success());
}

fn crash(place: &Place) {
    let mut entrypoint = place.start();
    entrypoint.until("Ready.");
    let pid = fs::read_to_string(place.data().join("postmaster.pid")).expect("readable");
    let server: i32 = pid
        .lines()
        .next()
        .and_then(|line| line.parse().ok())
        .expect("a process number");
    kill(Pid::from_raw(server), Signal::SIGKILL).expect("killed");
    let (status, log) = entrypoint.end();
    assert!(
        !status.success() && log.contains("PostgreSQL ended by itself"),
        "{log}"
    );

    let mut entrypoint = place.start();
    entrypoint.until("Ready.");
    assert_eq!(place.sql("SELECT answer FROM kept"), "42");
    entrypoint.signal(Signal::SIGTERM);
    assert!(entrypoint.end().0.success());
}

fn other_version(place: &Place) {
    fs::write(place.data().join("PG_VERSION"), "9\n").expect("written");
    let (status, log) = place.start().end();
    assert!(
        !status.success() && log.contains("was made by PostgreSQL 9"),
        "{log}"
    );
}
