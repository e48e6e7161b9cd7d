//! Debian packages fetched and unpacked into a directory: no root, and nothing of the system's is changed.
//!
//! apt keeps lists of packages; ours are in the tools directory, so that a plain user can refresh them, and
//! so that suites newer than the machine's can be read without the machine ever installing from them. The
//! mirror is the one that the machine's own sources name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::system::on_path;
use crate::project::Project;
use crate::run::quietly;

/// A view of the package archive with lists of its own.
pub struct Archive {
    directory: PathBuf,
    other_source: Option<PathBuf>,
}

impl Archive {
    /// The archive as the machine's own sources describe it.
    pub fn own(project: &Project) -> Result<Archive> {
        Archive::open(project, "own", None)
    }

    /// A named suite of Debian, from the mirror of the machine's own sources.
    pub fn debian_suite(project: &Project, suite: &str) -> Result<Archive> {
        let own = Archive::own(project)?;
        let mirror = own.debian_mirror()?;
        let keyring = Path::new("/usr/share/keyrings/debian-archive-keyring.gpg");
        let signed_by = if keyring.exists() {
            format!(" signed-by={}", keyring.display())
        } else {
            String::new()
        };
        Archive::open(
            project,
            suite,
            Some(format!(
                "deb [target=Packages{signed_by}] {mirror} {suite} main\n"
            )),
        )
    }

    fn open(project: &Project, name: &str, source: Option<String>) -> Result<Archive> {
        ensure!(on_path("apt-get") && on_path("dpkg"), "this machine has no apt");
        let directory = project.tools.join("apt").join(name);
        fs::create_dir_all(directory.join("lists/partial"))?;
        fs::create_dir_all(directory.join("archives/partial"))?;
        let other_source = source.as_ref().map(|_| directory.join("sources.list"));
        if let (Some(text), Some(file)) = (source, &other_source) {
            fs::write(file, text)?;
        }
        let archive = Archive {
            directory,
            other_source,
        };
        quietly(archive.command().arg("update")).context("cannot read the list of packages")?;
        Ok(archive)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("apt-get");
        let mut option = |name: &str, value: &Path| {
            command.arg("-o").arg(format!("{name}={}", value.display()));
        };
        option("Dir::State::Lists", &self.directory.join("lists"));
        option("Dir::Cache", &self.directory);
        if let Some(file) = &self.other_source {
            option("Dir::Etc::SourceList", file);
            option("Dir::Etc::SourceParts", Path::new("/dev/null"));
        }
        command.args(["-o", "Debug::NoLocking=1", "-o", "Acquire::Languages=none"]);
        // Otherwise root's downloads would be made by a user that cannot write into our directory.
        command.args(["-o", "APT::Sandbox::User=root"]);
        command.env("LC_ALL", "C");
        command
    }

    /// The first address that the machine's sources give for Debian's main archive.
    fn debian_mirror(&self) -> Result<String> {
        let format = "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)";
        let lines =
            quietly(
                self.command()
                    .args(["indextargets", "--format", format, "Created-By: Packages"]),
            )?;
        let mirror = lines
            .lines()
            .find_map(|line| line.strip_prefix("Debian|Debian|main|"));
        mirror
            .map(str::to_owned)
            .context("the machine's package sources name no Debian archive")
    }

    /// Fetches packages; the files are named as the archive names them.
    pub fn download(&self, packages: &[&str]) -> Result<Vec<PathBuf>> {
        let directory = self.directory.join("debs");
        super::remove(&directory)?;
        fs::create_dir_all(&directory)?;
        quietly(
            self.command()
                .arg("download")
                .args(packages)
                .current_dir(&directory),
        )?;
        let files: Vec<PathBuf> = fs::read_dir(&directory)?
            .flatten()
            .map(|entry| entry.path())
            .collect();
        if files.len() != packages.len() {
            bail!("{} packages were asked for, {} came", packages.len(), files.len());
        }
        Ok(files)
    }
}

/// Unpacks a package's files.
pub fn unpack(package: &Path, into: &Path) -> Result<()> {
    quietly(Command::new("dpkg").arg("-x").arg(package).arg(into)).map(drop)
}

/// The libraries and data that packages depend on, as package names, first alternatives only.
pub fn library_dependencies(packages: &[PathBuf]) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for package in packages {
        let depends = quietly(Command::new("dpkg-deb").arg("-f").arg(package).arg("Depends"))?;
        for dependency in depends.split(',') {
            let name = dependency
                .split(['|', '(', ':'])
                .next()
                .unwrap_or_default()
                .trim();
            // LLVM is for just-in-time compilation only, and takes 100 MB.
            let wanted = (name.starts_with("lib") && !name.starts_with("libllvm") && !name.ends_with("-dev"))
                || name.starts_with("zlib")
                || name == "tzdata";
            if wanted {
                names.insert(name.to_owned());
            }
        }
    }
    Ok(names)
}
