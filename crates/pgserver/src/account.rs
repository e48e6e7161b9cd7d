//! The account that the server runs under, and commands under that account.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

use nix::unistd::{Gid, Uid, User, chown, geteuid};

use crate::Error;

/// Who runs `initdb` and `postgres`.
#[derive(Debug, Clone)]
pub(crate) enum Account {
    /// This program's own user, which is not root.
    Own,
    /// This program runs as root: another user takes its place.
    Other { name: String, uid: Uid, gid: Gid },
}

impl Account {
    /// The account to use: our own, unless that is root.
    pub(crate) fn choose() -> Result<Account, Error> {
        if !geteuid().is_root() {
            return Ok(Account::Own);
        }
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .map(|user| Account::Other {
                name: user.name,
                uid: user.uid,
                gid: user.gid,
            })
            .ok_or(Error::NoUnprivilegedUser)
    }

    /// A command under this account, in its own process group, without the caller's `PG*` variables.
    ///
    /// The own process group keeps a Ctrl-C at the terminal from the server, so that it is stopped in order.
    pub(crate) fn command(&self, program: &Path, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(directory)
            .process_group(0)
            .env("LC_MESSAGES", "C")
            .env_remove("LC_ALL")
            // The extension would put backtraces into the details of errors.
            .env_remove("RUST_BACKTRACE");
        for (name, _) in std::env::vars_os() {
            if is_postgres_variable(&name) {
                command.env_remove(&name);
            }
        }
        if let Account::Other { uid, gid, .. } = self {
            // The standard library drops root's supplementary groups together with the user.
            command.uid(uid.as_raw()).gid(gid.as_raw()).env("HOME", directory);
        }
        command
    }

    /// Gives a path to this account.
    pub(crate) fn own(&self, path: &Path) -> Result<(), Error> {
        match self {
            Account::Own => Ok(()),
            Account::Other { uid, gid, .. } => chown(path, Some(*uid), Some(*gid))
                .map_err(|errno| Error::io(format!("cannot give away {}", path.display()))(errno.into())),
        }
    }

    /// Refuses early, with the remedy, when this account cannot run `program`.
    pub(crate) fn check_can_run(&self, program: &Path, directory: &Path) -> Result<(), Error> {
        let result = self.command(program, directory).arg("--version").output();
        let output = match &result {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => text_of(output),
            Err(error) => error.to_string(),
        };
        match (self, result) {
            (Account::Other { name, .. }, _) => Err(Error::Unreadable {
                user: name.clone(),
                program: program.to_owned(),
                output,
            }),
            (Account::Own, Ok(_)) => Err(Error::Program {
                program: program.to_owned(),
                output,
            }),
            (Account::Own, Err(source)) => Err(Error::Spawn {
                program: program.to_owned(),
                source,
            }),
        }
    }
}

/// Whether a variable would change what PostgreSQL's programs do, such as `PGDATA` or `PGHOST`.
fn is_postgres_variable(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.strip_prefix("PG")
        .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('_'))
}

/// Standard output and error of a finished program.
pub(crate) fn text_of(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    text.trim_end().to_owned()
}
