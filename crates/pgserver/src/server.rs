//! A running server.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::account::{Account, text_of};
use crate::guard::Guard;
use crate::options::{configuration_line, quote_keyword_value};
use crate::{Error, Installation, ServerOptions};

/// How long a start may take; crash recovery is part of it.
const START_SECONDS: u64 = 120;
/// How long a shutdown may take.
const STOP_SECONDS: u64 = 120;
/// Between two looks at the server's state.
const POLL: Duration = Duration::from_millis(10);
/// How many lines of the log an error shows.
const LOG_TAIL_LINES: usize = 40;
/// How often another port is tried when the chosen one was taken in the meantime.
const PORT_TRIES: usize = 5;

/// Settings of every private server; [`ServerOptions::settings`] come after them and win.
const DEFAULT_SETTINGS: [(&str, &str); 6] = [
    ("listen_addresses", "127.0.0.1"),
    ("fsync", "off"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("log_line_prefix", "%m [%p] %q%u@%d "),
    ("lc_messages", "C"),
];

/// A private PostgreSQL server. Dropping it stops the server and deletes its data.
#[derive(Debug)]
pub struct Server {
    child: Option<Child>,
    guard: Guard,
    account: Account,
    installation: Installation,
    directory: PathBuf,
    data: PathBuf,
    port: u16,
}

impl Server {
    /// Creates a cluster, and starts it.
    pub fn start(options: &ServerOptions) -> Result<Server, Error> {
        let installation = Installation::from_pg_config(&options.pg_config)?;
        let mut server = Server::new(Account::choose()?, installation)?;
        server.initialise(options)?;
        server.first_start(options)?;
        Ok(server)
    }

    /// A server without a cluster.
    fn new(account: Account, installation: Installation) -> Result<Server, Error> {
        let directory = make_directory(&account)?;
        let guard = Guard::new(&directory).map_err(Error::io("cannot run /bin/sh"))?;
        let server = Server {
            child: None,
            guard,
            account,
            installation,
            data: directory.join("data"),
            directory,
            port: 0,
        };
        server
            .account
            .check_can_run(&server.bin("postgres"), &server.directory)?;
        Ok(server)
    }

    /// Configures and starts a cluster, on another port if somebody takes the chosen one.
    fn first_start(&mut self, options: &ServerOptions) -> Result<(), Error> {
        let mut tries = 1;
        loop {
            self.configure(options)?;
            match self.launch() {
                Err(Error::Start { log, .. }) if tries < PORT_TRIES && log.contains("already in use") => {
                    tries += 1
                }
                result => return result,
            }
        }
    }

    /// Stops this server, and brings its databases into a new one, by the `pg_upgrade` of the new one's installation.
    pub fn upgrade(&mut self, options: &ServerOptions) -> Result<Server, Error> {
        let installation = Installation::from_pg_config(&options.pg_config)?;
        let mut upgraded = Server::new(self.account.clone(), installation)?;
        upgraded.initialise(options)?;
        self.stop()?;
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let old_programs = path(self.installation.bin_dir());
        let new_programs = path(upgraded.installation.bin_dir());
        let (old_data, new_data) = (path(&self.data), path(&upgraded.data));
        upgraded
            .run(
                "pg_upgrade",
                &[
                    "--old-bindir",
                    &old_programs,
                    "--new-bindir",
                    &new_programs,
                    "--old-datadir",
                    &old_data,
                    "--new-datadir",
                    &new_data,
                    "--username=postgres",
                    "--socketdir",
                    &path(&upgraded.directory),
                ],
            )
            .map_err(|error| with_logs(error, &upgraded.data.join("pg_upgrade_output.d")))?;
        upgraded.first_start(options)?;
        Ok(upgraded)
    }

    /// Starts a physical replica of this server: a copy by `pg_basebackup` that follows it. `options` are those of the server.
    pub fn replica(&self, options: &ServerOptions) -> Result<Server, Error> {
        let mut replica = Server::new(self.account.clone(), self.installation.clone())?;
        let source = self.connection_string("postgres", "postgres");
        let data = replica.data.to_string_lossy().into_owned();
        replica.run(
            "pg_basebackup",
            &["-d", &source, "-D", &data, "-X", "stream", "-c", "fast"],
        )?;
        let signal = replica.data.join("standby.signal");
        fs::write(&signal, "").map_err(Error::io(format!("cannot write {}", signal.display())))?;
        let options = options.clone().setting("primary_conninfo", source);
        replica.configure(&options)?;
        replica.launch()?;
        Ok(replica)
    }

    /// Makes a replica a server of its own, with `pg_ctl promote`.
    pub fn promote(&self) -> Result<(), Error> {
        let data = self.data.to_string_lossy().into_owned();
        self.run("pg_ctl", &["promote", "-w", "-D", &data])
    }

    /// Runs a program of the installation under the server's account.
    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), Error> {
        let program = self.bin(program);
        let mut command = self.account.command(&program, &self.directory);
        let output = command.args(arguments).output().map_err(|source| Error::Spawn {
            program: program.clone(),
            source,
        })?;
        if output.status.success() {
            return Ok(());
        }
        let output = text_of(&output);
        Err(Error::Program { program, output })
    }

    /// The TCP port on 127.0.0.1; it is also the number in the socket's name.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The directory of the Unix socket.
    pub fn socket_dir(&self) -> &Path {
        &self.directory
    }

    /// The data directory.
    pub fn data_dir(&self) -> &Path {
        &self.data
    }

    /// A libpq keyword string for a connection over the Unix socket.
    pub fn connection_string(&self, user: &str, database: &str) -> String {
        let host = self.directory.to_string_lossy();
        format!(
            "host={} port={} user={} dbname={}",
            quote_keyword_value(&host),
            self.port,
            quote_keyword_value(user),
            quote_keyword_value(database)
        )
    }

    /// The path of a program of this server's installation, such as `psql`.
    pub fn bin(&self, program: &str) -> PathBuf {
        self.installation.program(program)
    }

    /// The installation that the server runs from.
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// The major version.
    pub fn major(&self) -> u32 {
        self.installation.major()
    }

    /// All that the server has logged; bytes that are no UTF-8 are replaced.
    pub fn log_text(&self) -> String {
        fs::read(self.log_file())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Ends the postmaster with SIGKILL, as a crash would; [`Server::restart`] then goes through recovery.
    ///
    /// The backends end by themselves soon after, when they notice.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Either fails only where the process is gone already, which is what is wanted.
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = self.guard.watch(None);
    }

    /// Stops the server if it runs, and starts it on the same data, settings and port.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.stop()?;
        let deadline = Instant::now() + Duration::from_secs(START_SECONDS);
        loop {
            match self.launch() {
                // After a crash, backends that have not yet noticed it hold on to the shared memory or the
                // port.
                Err(Error::Start { log, .. })
                    if Instant::now() < deadline && log.contains("still in use") =>
                {
                    sleep(Duration::from_millis(200));
                }
                other => return other,
            }
        }
    }

    /// Stops the server in order (a "fast" shutdown: sessions are ended, and there is a checkpoint).
    pub fn stop(&mut self) -> Result<(), Error> {
        self.stop_with(Signal::SIGINT)
    }

    fn stop_with(&mut self, signal: Signal) -> Result<(), Error> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        send(&child, signal);
        let deadline = Instant::now() + Duration::from_secs(STOP_SECONDS);
        while exit_status(&mut child)?.is_none() {
            if Instant::now() > deadline {
                // Given back, so that another attempt and the destructor still know it.
                self.child = Some(child);
                return Err(Error::Stop {
                    seconds: STOP_SECONDS,
                    log: tail(&self.log_text()),
                });
            }
            sleep(POLL);
        }
        self.guard
            .watch(None)
            .map_err(Error::io("the server's guard is gone"))
    }

    /// Runs `initdb`, with locale `C` as the second choice when none was asked for.
    fn initialise(&self, options: &ServerOptions) -> Result<(), Error> {
        let locales = options
            .locale
            .as_deref()
            .map_or(vec!["C.UTF-8", "C"], |locale| vec![locale]);
        let mut failure = None;
        for locale in locales {
            let program = self.bin("initdb");
            let output = self
                .account
                .command(&program, &self.directory)
                .args([
                    "--username=postgres",
                    "--auth=trust",
                    "--encoding=UTF8",
                    "--no-sync",
                    "--no-instructions",
                ])
                .arg(format!("--locale={locale}"))
                .args(self.checksum_option(options))
                .arg("--pgdata")
                .arg(self.data_dir())
                .output()
                .map_err(|source| Error::Spawn {
                    program: program.clone(),
                    source,
                })?;
            if output.status.success() {
                return Ok(());
            }
            failure.get_or_insert(Error::Program {
                program,
                output: text_of(&output),
            });
        }
        failure.map_or(Ok(()), Err)
    }

    /// The option of `initdb` for checksums. Before version 18, which has them unless told otherwise, there was none for having none.
    fn checksum_option(&self, options: &ServerOptions) -> Option<&'static str> {
        const WITH_CHECKSUMS_BY_DEFAULT: u32 = 18;
        match options.checksums? {
            true => Some("--data-checksums"),
            false if self.major() >= WITH_CHECKSUMS_BY_DEFAULT => Some("--no-data-checksums"),
            false => None,
        }
    }

    /// Chooses a free port and writes the settings, as a file that `postgresql.conf` includes last.
    fn configure(&mut self, options: &ServerOptions) -> Result<(), Error> {
        self.port = free_port()?;
        let mut text = String::new();
        for (name, value) in DEFAULT_SETTINGS {
            text += &configuration_line(name, value);
        }
        text += &configuration_line("port", &self.port.to_string());
        text += &configuration_line("unix_socket_directories", &self.directory.to_string_lossy());
        for (name, value) in &options.settings {
            text += &configuration_line(name, value);
        }
        // This name is read after postgresql.conf and is PostgreSQL's own place for settings made by program.
        let file = self.data_dir().join("postgresql.auto.conf");
        fs::write(&file, text).map_err(Error::io(format!("cannot write {}", file.display())))
    }

    /// Starts `postgres`, and waits until it accepts connections.
    fn launch(&mut self) -> Result<(), Error> {
        let log_file = self.log_file();
        let what = format!("cannot write {}", log_file.display());
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log_file)
            .map_err(Error::io(&*what))?;
        let copy = log.try_clone().map_err(Error::io(what))?;
        let seen = self.log_text().len();
        let program = self.bin("postgres");
        let child = self
            .account
            .command(&program, &self.directory)
            .arg("-D")
            .arg(self.data_dir())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(copy)
            .spawn()
            .map_err(|source| Error::Spawn { program, source })?;
        let pid = child.id();
        self.child = Some(child);
        self.guard
            .watch(Some(pid))
            .map_err(Error::io("the server's guard is gone"))?;
        self.wait_until_ready(pid, seen)
    }

    /// Watches `postmaster.pid`, whose eighth line says "ready" once connections are accepted.
    fn wait_until_ready(&mut self, pid: u32, log_seen: usize) -> Result<(), Error> {
        let deadline = Instant::now() + Duration::from_secs(START_SECONDS);
        let state_file = self.data_dir().join("postmaster.pid");
        loop {
            let state = fs::read_to_string(&state_file).unwrap_or_default();
            let mut lines = state.lines();
            let own = lines.next().is_some_and(|line| line.trim() == pid.to_string());
            if own && lines.nth(6).is_some_and(|line| line.trim() == "ready") {
                return Ok(());
            }
            let exited = self.child.as_mut().map(exit_status).transpose()?.flatten();
            let reason = match exited {
                Some(status) => format!("it ended: {status}"),
                None if Instant::now() > deadline => format!("not ready within {START_SECONDS} seconds"),
                None => {
                    sleep(POLL);
                    continue;
                }
            };
            self.kill();
            let text = self.log_text();
            return Err(Error::Start {
                reason,
                log: tail(text.get(log_seen..).unwrap_or(&text)),
            });
        }
    }

    fn log_file(&self) -> PathBuf {
        self.directory.join("postgresql.log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing here panics, so it is safe while unwinding. The guard, dropped next, deletes the directory.
        if self.stop_with(Signal::SIGQUIT).is_err() {
            self.kill();
        }
    }
}

/// The error of a program with the last lines of the logs that it has left in a folder.
fn with_logs(error: Error, folder: &Path) -> Error {
    let Error::Program { program, mut output } = error else {
        return error;
    };
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "log") {
                let text = fs::read(&path).unwrap_or_default();
                output += &format!("\n{}:\n{}", path.display(), tail(&String::from_utf8_lossy(&text)));
            }
        }
    }
    Error::Program { program, output }
}

/// A temporary directory of the account's own, with a name short enough for a socket's path.
fn make_directory(account: &Account) -> Result<PathBuf, Error> {
    /// A socket's path has room for 107 bytes; this leaves enough for the names inside.
    const LONGEST_PARENT: usize = 60;
    let mut parent = std::env::temp_dir();
    if parent.as_os_str().len() > LONGEST_PARENT {
        parent = PathBuf::from("/tmp");
    }
    let directory = tempfile::Builder::new()
        .prefix("pg_tviews-server-")
        .permissions(fs::Permissions::from_mode(0o700))
        .disable_cleanup(true)
        .tempdir_in(&parent)
        .map_err(Error::io(format!(
            "cannot make a directory in {}",
            parent.display()
        )))?
        .keep();
    account
        .own(&directory)
        .inspect_err(|_| drop(fs::remove_dir(&directory)))?;
    Ok(directory)
}

/// A port that is free at this moment.
fn free_port() -> Result<u16, Error> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Error::io("no free port on 127.0.0.1"))
}

fn send(child: &Child, signal: Signal) {
    // Fails only where the process is gone already. A process id always fits.
    if let Ok(pid) = i32::try_from(child.id()) {
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

fn exit_status(child: &mut Child) -> Result<Option<ExitStatus>, Error> {
    child.try_wait().map_err(Error::io("cannot wait for the server"))
}

/// The last lines of a log.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
}
