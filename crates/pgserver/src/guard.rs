//! The supervising shell: stops the server and deletes its directory when the owner is gone, however it went.

use std::fs;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// Reads process ids from standard input, one a line, `-` for "none now". At the end of input it ends the
/// last process named (SIGQUIT is PostgreSQL's immediate shutdown) and deletes the directory given as `$1`.
const SCRIPT: &str = r#"
pid=-
while read -r line; do pid=$line; done
if [ "$pid" != - ] && kill -QUIT "$pid" 2>/dev/null; then
    tries=0
    while kill -0 "$pid" 2>/dev/null && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
    kill -KILL "$pid" 2>/dev/null
fi
rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }
"#;

/// Owner of a server's directory. Dropping it deletes the directory, and so does the end of this process.
#[derive(Debug)]
pub(crate) struct Guard {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Guard {
    /// Takes over `directory`.
    pub(crate) fn new(directory: &Path) -> io::Result<Guard> {
        let mut shell = Command::new("/bin/sh")
            .arg("-c")
            .arg(SCRIPT)
            .arg("pg_tviews-server-guard")
            .arg(directory)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .inspect_err(|_| drop(fs::remove_dir_all(directory)))?;
        let pipe = shell.stdin.take();
        Ok(Guard { shell, pipe })
    }

    /// Names the process to end, or says that there is none.
    pub(crate) fn watch(&mut self, pid: Option<u32>) -> io::Result<()> {
        let line = pid.map_or_else(|| "-\n".to_owned(), |pid| format!("{pid}\n"));
        match &mut self.pipe {
            Some(pipe) => pipe.write_all(line.as_bytes()),
            None => Ok(()),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.pipe.take());
        // The shell's failure would leave a temporary directory, which is not worth a panic in a destructor.
        let _ = self.shell.wait();
    }
}
