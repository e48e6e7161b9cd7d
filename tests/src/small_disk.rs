//! A small file system for a server to fill.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use pg_tviews_pgserver::Server;

/// Mounts it, and takes it away when its standard input ends: with its owner, however that went.
const SCRIPT: &str = r#"
mkdir -p "$1" && mount -t tmpfs -o "$2" tmpfs "$1" && echo mounted
read -r _
umount -l "$1" 2>/dev/null
rmdir "$1"
"#;

/// A mounted file system of a few megabytes that belongs to the server's account; it goes when this is dropped.
pub struct SmallDisk {
    shell: Child,
    path: PathBuf,
}

impl SmallDisk {
    /// Mounts it; or says why that is not possible here, as it is not for those who are not root.
    pub fn mount(server: &Server, megabytes: usize) -> Result<Self, String> {
        let owner = fs::metadata(server.data_dir()).map_err(|error| error.to_string())?;
        let path = server.socket_dir().with_extension("small");
        let options = format!(
            "size={megabytes}m,mode=0700,uid={},gid={}",
            owner.uid(),
            owner.gid()
        );
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "small_disk"])
            .arg(&path)
            .arg(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("/bin/sh does not start: {error}"))?;
        let mut said = String::new();
        if let Some(output) = shell.stdout.take() {
            // What cannot be read is not "mounted".
            let _ = BufReader::new(output).read_line(&mut said);
        }
        if said.trim() == "mounted" {
            return Ok(Self { shell, path });
        }
        drop(shell.stdin.take());
        let output = shell.wait_with_output().map_err(|error| error.to_string())?;
        let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(format!("no file system can be mounted here: {reason}"))
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes all room that is left.
    ///
    /// # Panics
    /// When something else goes wrong before it is full.
    pub fn fill(&self) {
        const BLOCK: usize = 4096;
        let file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.filler());
        let mut file = file.expect("a file that fills the small disk");
        loop {
            match file.write_all(&[0; BLOCK]) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return,
                Err(error) => panic!("the small disk cannot be filled: {error}"),
            }
        }
    }

    /// Gives the room back.
    ///
    /// # Panics
    /// When it was not filled.
    pub fn free(&self) {
        fs::remove_file(self.filler()).expect("the small disk was filled");
    }

    fn filler(&self) -> PathBuf {
        self.path.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}
