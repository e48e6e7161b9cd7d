//! System packages: installed by apt where we may, otherwise named, so that someone who may can install them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use nix::unistd::geteuid;

use super::apt::{self, Archive};
use crate::project::Project;
use crate::run::{quietly, step, succeeds};

/// What the build of the extension and the set-up itself need.
pub fn require_build_packages(project: &Project) -> Result<()> {
    let mut missing = Vec::new();
    if !has_libclang() {
        missing.push("libclang-dev");
    }
    for (program, package) in [("clang", "clang"), ("pkg-config", "pkg-config"), ("cc", "gcc")] {
        if !on_path(program) {
            missing.push(package);
        }
    }
    if project.own_server.is_none() && !succeeds(Command::new("python3").args(["-m", "pip", "--version"])) {
        missing.push("python3-pip");
    }
    install(&missing)
}

/// PgBouncer, for the tests through a pooler: the machine's own, or Debian's package unpacked. Without it those tests fail and say
/// what to do, so that set-up goes on.
pub fn require_pgbouncer(project: &Project) {
    if std::env::var_os("PG_TVIEWS_NO_PGBOUNCER").is_some() || pgbouncer(project).is_some() {
        return;
    }
    let unpacked = super::part(project, PGBOUNCER, "Debian's package pgbouncer", |draft| {
        let packages = Archive::own(project)?.download(&[PGBOUNCER])?;
        packages
            .iter()
            .try_for_each(|package| apt::unpack(package, draft))?;
        let program = draft.join(PGBOUNCER_PROGRAM);
        if quietly(Command::new("ldd").arg(&program))?.contains("not found") {
            let dependencies: Vec<String> = apt::library_dependencies(&packages)?.into_iter().collect();
            install(&dependencies)?;
        }
        Ok(())
    });
    if let Err(error) = unpacked {
        eprintln!("  PgBouncer is left out: {error:#}");
    }
}

const PGBOUNCER: &str = "pgbouncer";
const PGBOUNCER_PROGRAM: &str = "usr/sbin/pgbouncer";

/// The program that was set up, or the machine's own.
pub fn pgbouncer(project: &Project) -> Option<PathBuf> {
    let places = [project.tools.join(PGBOUNCER), PathBuf::from("/")];
    places
        .into_iter()
        .map(|place| place.join(PGBOUNCER_PROGRAM))
        .find(|program| program.is_file())
}

/// Valgrind, for instruction counts: the machine's own, or Debian's package unpacked. Without it they are not compared.
pub fn require_valgrind(project: &Project) {
    if valgrind(project).is_some() {
        return;
    }
    let unpacked = super::part(project, VALGRIND, "Debian's package valgrind", |draft| {
        let packages = Archive::own(project)?.download(&[VALGRIND])?;
        packages
            .iter()
            .try_for_each(|package| apt::unpack(package, draft))
    });
    if let Err(error) = unpacked {
        eprintln!("  valgrind is left out: {error:#}");
    }
}

const VALGRIND: &str = "valgrind";

/// A valgrind that can be run.
pub struct Valgrind {
    program: PathBuf,
    /// Where its tools are, if it was not installed where it expects to be.
    tools: Option<PathBuf>,
}

impl Valgrind {
    /// A command that runs it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        if let Some(tools) = &self.tools {
            command.env("VALGRIND_LIB", tools);
        }
        command
    }
}

/// The machine's own, or the one that was set up.
pub fn valgrind(project: &Project) -> Option<Valgrind> {
    if on_path(VALGRIND) {
        return Some(Valgrind {
            program: VALGRIND.into(),
            tools: None,
        });
    }
    let unpacked = project.tools.join(VALGRIND).join("usr");
    // Debian's `valgrind` is a script around this one.
    let program = unpacked.join("bin/valgrind.bin");
    program.is_file().then(|| Valgrind {
        program,
        tools: Some(unpacked.join("libexec/valgrind")),
    })
}

/// Installs Debian packages, or says what to install.
pub fn install(packages: &[impl AsRef<str>]) -> Result<()> {
    let names: Vec<&str> = packages.iter().map(AsRef::as_ref).collect();
    if names.is_empty() {
        return Ok(());
    }
    let list = names.join(" ");
    let prefix: &[&str] = match () {
        () if !on_path("apt-get") => bail!("please install (names as in Debian): {list}"),
        () if geteuid().is_root() => &[],
        () if succeeds(Command::new("sudo").args(["-n", "true"])) => &["sudo", "-n"],
        () => bail!(
            "please install these packages, or have someone do it who may:\n    sudo apt-get install {list}"
        ),
    };
    let apt = |arguments: &[&str]| {
        let words: Vec<&str> = [
            prefix,
            &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y"],
            arguments,
        ]
        .concat();
        quietly(Command::new(words[0]).args(&words[1..])).map(drop)
    };
    step(&format!("system packages: {list}"), || {
        let arguments = [&["install", "--no-install-recommends"], &names[..]].concat();
        // Lists that are missing or out of date are fetched only when they are in the way.
        apt(&arguments).or_else(|_| apt(&["update"]).and_then(|()| apt(&arguments)))
    })
}

/// Whether a program is on the PATH.
pub fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// bindgen loads libclang while the extension's bindings are built.
fn has_libclang() -> bool {
    if std::env::var_os("LIBCLANG_PATH").is_some() {
        return true;
    }
    let cached =
        quietly(Command::new("/sbin/ldconfig").arg("-p")).is_ok_and(|list| list.contains("libclang.so"));
    cached
        || llvm_directories()
            .iter()
            .any(|directory| contains_libclang(directory))
}

fn llvm_directories() -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("llvm"));
    named
        .map(|entry| entry.path().join("lib"))
        .chain(["/usr/lib64".into(), "/usr/lib".into()])
        .collect()
}

fn contains_libclang(directory: &Path) -> bool {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name())
        .any(|name| name.to_string_lossy().starts_with("libclang.so"))
}
