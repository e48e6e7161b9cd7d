//! A real PgBouncer in transaction mode before the server under test.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::server;
use crate::session::Session;

/// The environment variable that names the program.
pub const PGBOUNCER: &str = "PG_TVIEWS_PGBOUNCER";
/// The environment variable that says that there is none, and that this is known.
pub const NO_PGBOUNCER: &str = "PG_TVIEWS_NO_PGBOUNCER";

/// Where Debian's package puts it.
const USUAL: &str = "/usr/sbin/pgbouncer";

/// Stops PgBouncer and deletes its directory when its standard input ends: with its owner, however that went.
const SCRIPT: &str = r#"
cd "$1" && "$2" pgbouncer.ini >log 2>&1 &
read -r _
kill "$!" 2>/dev/null
wait
rm -rf -- "$1"
"#;

/// A running PgBouncer; it ends when this is dropped.
pub struct Pooler {
    shell: Child,
    port: u16,
    directory: PathBuf,
}

/// The program; none where the environment says so.
///
/// # Panics
/// When it is missing.
pub fn program() -> Option<PathBuf> {
    if std::env::var_os(NO_PGBOUNCER).is_some_and(|value| !value.is_empty()) {
        return None;
    }
    let named = std::env::var_os(PGBOUNCER).filter(|value| !value.is_empty());
    let program = named.map_or_else(|| PathBuf::from(USUAL), PathBuf::from);
    assert!(
        program.is_file(),
        "{} is missing: install Debian's package pgbouncer, or name the program by {PGBOUNCER}; set {NO_PGBOUNCER}=1 to do \
         without these tests",
        program.display()
    );
    Some(program)
}

impl Pooler {
    /// Starts it before the server under test, with a few connections to the server for all clients. Between two transactions
    /// it discards all that a session holds.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(program: &Path) -> Self {
        let port = TcpListener::bind(("127.0.0.1", 0))
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let directory = std::env::temp_dir().join(format!("pg_tviews_pooler_{}_{port}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a temporary folder");
        let configuration = format!(
            "[databases]\n* = host=127.0.0.1 port={} user={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 3\nmax_client_conn = 50\n\
             server_reset_query = DISCARD ALL\nserver_reset_query_always = 1\nignore_startup_parameters = extra_float_digits\n{}",
            server::server().port(),
            server::SUPERUSER,
            // It refuses to run as root.
            if is_root() { "user = nobody\n" } else { "" }
        );
        std::fs::write(directory.join("pgbouncer.ini"), configuration).expect("the configuration");
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "pg_tviews-pooler"])
            .arg(&directory)
            .arg(program);
        let shell = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("/bin/sh does not start: {error}"));
        let pooler = Pooler {
            shell,
            port,
            directory,
        };
        pooler.wait_until_ready();
        pooler
    }

    /// A libpq connection string for a connection through it.
    pub fn connection_string(&self, database: &str) -> String {
        format!(
            "host=127.0.0.1 port={} user={} dbname={database}",
            self.port,
            server::SUPERUSER
        )
    }

    fn wait_until_ready(&self) {
        const ATTEMPTS: usize = 200;
        for _ in 0..ATTEMPTS {
            if Session::connect(&self.connection_string("postgres")).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("PgBouncer does not start:\n{}", self.log());
    }

    fn log(&self) -> String {
        match std::fs::read_to_string(self.directory.join("log")) {
            Ok(log) => log,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => error.to_string(),
        }
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // Its failure would leave a temporary folder, which is not worth a panic in a destructor.
        let _ = self.shell.wait();
    }
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}
