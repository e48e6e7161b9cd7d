//! Running other programs: quietly behind a spinner, or with their output on the terminal.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

/// How many lines of a failed program's output are shown.
const OUTPUT_LINES: usize = 40;

/// One step of a set-up: a spinner while it lasts, a line with its duration when it is done.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    bar.set_style(style);
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(120));
    if !std::io::stderr().is_terminal() {
        eprintln!("  {what} …");
    }
    let start = Instant::now();
    let result = work();
    bar.finish_and_clear();
    match &result {
        Ok(_) => eprintln!("  {what}: done in {}", seconds(start.elapsed())),
        Err(_) => eprintln!("  {what}: failed after {}", seconds(start.elapsed())),
    }
    result
}

/// Runs a program without showing its output; that is part of the error when it fails.
pub fn quietly(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command.output().with_context(|| format!("cannot run {shown}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let all = text + &String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = all.lines().collect();
    let tail = lines[lines.len().saturating_sub(OUTPUT_LINES)..].join("\n");
    bail!("{shown} failed ({}):\n{tail}", output.status)
}

/// Runs a program with its output on the terminal.
pub fn visibly(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command.status().with_context(|| format!("cannot run {shown}"))?;
    if status.success() {
        Ok(())
    } else {
        bail!("{shown} failed ({status})")
    }
}

/// Whether a program can be run and succeeds.
pub fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// The cargo that runs us, so that a toolchain chosen on the command line stays chosen.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Set by `cargo run` for this package; the commands we start are about others.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// A duration for people.
pub fn seconds(duration: Duration) -> String {
    let whole = duration.as_secs();
    if whole < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}

fn shown(command: &Command) -> String {
    let mut text = format!("`{}", command.get_program().to_string_lossy());
    for argument in command.get_args() {
        // Writing to a String cannot fail.
        let _ = write!(text, " {}", argument.to_string_lossy());
    }
    text + "`"
}
