//! A PostgreSQL installation, as its `pg_config` describes it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

/// Where an installation keeps its parts.
#[derive(Debug, Clone)]
pub struct Installation {
    bin_dir: PathBuf,
    library_dir: PathBuf,
    share_dir: PathBuf,
    version: String,
    major: u32,
}

impl Installation {
    /// Asks `pg_config`.
    pub fn from_pg_config(pg_config: &Path) -> Result<Installation, Error> {
        let output = Command::new(pg_config)
            .args(["--version", "--bindir", "--pkglibdir", "--sharedir"])
            .output()
            .map_err(|source| Error::Spawn {
                program: pg_config.to_owned(),
                source,
            })?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        let [version, bin_dir, library_dir, share_dir] = lines[..] else {
            let output = text + &String::from_utf8_lossy(&output.stderr);
            return Err(Error::Program {
                program: pg_config.to_owned(),
                output,
            });
        };
        let unknown = || Error::Version {
            pg_config: pg_config.to_owned(),
            text: version.to_owned(),
        };
        Ok(Installation {
            bin_dir: bin_dir.into(),
            library_dir: library_dir.into(),
            share_dir: share_dir.into(),
            version: version.to_owned(),
            major: major_version(version).ok_or_else(unknown)?,
        })
    }

    /// The path of a program such as `psql` or `pgbench`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin_dir.join(name)
    }

    /// Where programs are.
    pub fn bin_dir(&self) -> &Path {
        &self.bin_dir
    }

    /// Where loadable modules (`*.so`) are.
    pub fn library_dir(&self) -> &Path {
        &self.library_dir
    }

    /// Where control files and SQL scripts of extensions are.
    pub fn extension_dir(&self) -> PathBuf {
        self.share_dir.join("extension")
    }

    /// Whether `CREATE EXTENSION name` finds a control file.
    pub fn has_extension(&self, name: &str) -> bool {
        self.extension_dir().join(format!("{name}.control")).is_file()
    }

    /// The version in full, as `pg_config --version` prints it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The major version.
    pub fn major(&self) -> u32 {
        self.major
    }
}

/// The major version in "PostgreSQL 18.6", "PostgreSQL 19beta1" and the like.
fn major_version(text: &str) -> Option<u32> {
    let number = text.split_whitespace().nth(1)?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major_version;

    #[test]
    fn versions_are_understood() {
        assert_eq!(major_version("PostgreSQL 18.6"), Some(18));
        assert_eq!(
            major_version("PostgreSQL 15.20 (Debian 15.20-0+deb12u1)"),
            Some(15)
        );
        assert_eq!(major_version("PostgreSQL 19beta1"), Some(19));
        assert_eq!(major_version("something else"), None);
    }
}
