//! Instruction counts of the pure crates, compared with a committed baseline: time differs from run to run and from machine to
//! machine, the number of instructions of the same program hardly.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::project::Project;
use crate::run::{cargo, quietly, visibly};
use crate::setup;

const PACKAGE: &str = "pg_tviews_instructions";
const BASELINE: &str = "crates/instructions/baseline.txt";

/// By how much a case may grow, in percent.
const TOLERANCE: f64 = 10.0;

/// What counts; the region is a function of the program's.
const CALLGRIND: [&str; 4] = [
    "--tool=callgrind",
    "--callgrind-out-file=/dev/null",
    "--collect-atstart=no",
    "--toggle-collect=*counted*",
];

/// The C library picks its copying routines by processor; these exist on every one of this architecture.
const COPYING: (&str, &str) = ("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX2,-AVX512F,-ERMS,-FSRM");

/// Numbers of instructions by case.
type Counts = BTreeMap<String, u64>;

/// Why the counts can't be compared here, if they can't.
pub fn obstacle(project: &Project) -> Option<String> {
    let (baseline, _) = match baseline(project) {
        Ok(baseline) => baseline,
        Err(error) => return Some(format!("{error:#}")),
    };
    match environment() {
        Err(error) => Some(format!("{error:#}")),
        Ok(here) if here != baseline => Some(format!("the baseline is of {baseline}, this is {here}")),
        Ok(_) if setup::valgrind(project).is_none() => Some("valgrind is not installed".to_owned()),
        Ok(_) => None,
    }
}

/// Counts, and fails if a case has grown too much; with `write`, makes what is counted the baseline instead.
pub fn run(project: &Project, write: bool) -> Result<()> {
    setup::require_valgrind(project);
    let counts = count(project)?;
    if write {
        let mut text = format!("# {}\n", environment()?);
        for (case, count) in &counts {
            let _ = writeln!(text, "{case} {count}");
        }
        fs::write(project.root.join(BASELINE), text)?;
        println!("wrote {BASELINE}");
        return Ok(());
    }
    let (of, before) = baseline(project)?;
    let here = environment()?;
    ensure!(of == here, "the baseline is of {of}, this is {here}");
    let comparison = compare(&before, &counts);
    print!("{}", comparison.table);
    ensure!(
        comparison.grown.is_empty(),
        "more than {TOLERANCE} % over {BASELINE}: {} (if that is meant: cargo xtask instructions --write)",
        comparison.grown.join(", ")
    );
    ensure!(
        comparison.unknown.is_empty(),
        "in only one of {BASELINE} and the program: {} (cargo xtask instructions --write)",
        comparison.unknown.join(", ")
    );
    Ok(())
}

/// What the counts depend on besides the program.
fn environment() -> Result<String> {
    let version = quietly(Command::new("rustc").arg("--version"))?;
    let number = version.split(' ').nth(1).context("rustc has no version")?;
    Ok(format!("rustc {number} on {}", std::env::consts::ARCH))
}

/// What the baseline is of, and its counts.
fn baseline(project: &Project) -> Result<(String, Counts)> {
    let text = fs::read_to_string(project.root.join(BASELINE)).with_context(|| format!("no {BASELINE}"))?;
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let of = first.trim_start_matches("# ").to_owned();
    let counts = rest
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(case, count)| Ok((case.to_owned(), count.parse()?)))
        .collect::<Result<Counts>>();
    Ok((of, counts.with_context(|| format!("{BASELINE} is damaged"))?))
}

fn count(project: &Project) -> Result<Counts> {
    let valgrind = setup::valgrind(project).context("valgrind is not installed")?;
    let mut build = cargo();
    build
        .args(["build", "--release", "--package", PACKAGE])
        .current_dir(&project.root);
    visibly(&mut build)?;
    let program = target_directory(project)?.join("release").join(PACKAGE);
    let cases = quietly(&mut Command::new(&program))?;
    let counted = |case: &str| Ok((case.to_owned(), count_case(&valgrind, &program, case)?));
    cases.lines().map(counted).collect()
}

fn target_directory(project: &Project) -> Result<PathBuf> {
    let mut metadata = cargo();
    metadata
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(&project.root);
    let text = quietly(&mut metadata)?;
    let (_, rest) = text
        .split_once("\"target_directory\":\"")
        .context("cargo names no target directory")?;
    let (directory, _) = rest.split_once('"').context("cargo names no target directory")?;
    Ok(PathBuf::from(directory))
}

fn count_case(valgrind: &setup::Valgrind, program: &Path, case: &str) -> Result<u64> {
    let mut command = valgrind.command();
    command
        .args(CALLGRIND)
        .arg(program)
        .arg(case)
        .env(COPYING.0, COPYING.1);
    let output = command.output().context("cannot run valgrind")?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{case} failed under valgrind:\n{told}");
    collected(&told)
        .filter(|count| *count > 0)
        .with_context(|| format!("valgrind has counted nothing of {case}:\n{told}"))
}

/// The sum that callgrind tells at the end: `==1234== Collected : 4187`.
fn collected(told: &str) -> Option<u64> {
    let line = told.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// What came of a comparison.
struct Comparison {
    table: String,
    grown: Vec<String>,
    /// Cases that only one side has.
    unknown: Vec<String>,
}

fn compare(before: &Counts, now: &Counts) -> Comparison {
    let mut comparison = Comparison {
        table: String::new(),
        grown: Vec::new(),
        unknown: before
            .keys()
            .filter(|case| !now.contains_key(*case))
            .cloned()
            .collect(),
    };
    for (case, &count) in now {
        let Some(&before) = before.get(case) else {
            comparison.unknown.push(case.clone());
            continue;
        };
        let change = (count as f64 / before as f64 - 1.0) * 100.0;
        let _ = writeln!(
            comparison.table,
            "{case:28} {before:>10} -> {count:>10}  {change:+.1} %"
        );
        if change > TOLERANCE {
            comparison.grown.push(format!("{case} {change:+.1} %"));
        }
    }
    comparison
}

#[cfg(test)]
mod tests {
    use super::{Counts, collected, compare};

    #[test]
    fn growth_beyond_the_tolerance_is_told() {
        let counts = |list: &[(&str, u64)]| -> Counts {
            list.iter()
                .map(|(case, count)| ((*case).to_owned(), *count))
                .collect()
        };
        let before = counts(&[("a", 1_000), ("b", 1_000), ("c", 1_000), ("gone", 1)]);
        let now = counts(&[("a", 1_099), ("b", 1_101), ("c", 500), ("new", 1)]);
        let comparison = compare(&before, &now);
        assert_eq!(comparison.grown, ["b +10.1 %"]);
        assert_eq!(comparison.unknown, ["gone", "new"]);
    }

    #[test]
    fn the_sum_is_found_in_what_callgrind_tells() {
        let told = "==7105== Callgrind, a call-graph\n==7105== \n==7105== Collected : 4187\n==7105== \n";
        assert_eq!(collected(told), Some(4187));
        assert_eq!(collected("no valgrind"), None);
    }
}
