//! Reports: Markdown with charts, JSON, CSV, and a few lines for the terminal. All of it comes from the results alone.

mod charts;
mod dimensions;
mod figures;
mod goals;
mod markdown;
mod questions;
mod svg;
mod traffic;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub use self::figures::{Figures, milliseconds};
use crate::cli::Format;
use crate::record::Results;

/// Writes the chosen forms of a run's results, and names the files.
pub fn write(results: &Results, run: &str, directory: &Path, formats: &[Format]) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    let charts = charts::all(results, run);
    let mut written = Vec::new();
    for format in formats {
        match format {
            Format::Markdown => {
                let shown = if formats.contains(&Format::Svg) {
                    &charts[..]
                } else {
                    &[]
                };
                let path = directory.join(format!("BENCHMARK_REPORT_{run}.md"));
                written.push(save(path, &markdown::render(results, run, shown))?);
            }
            Format::Svg => {
                for chart in &charts {
                    written.push(save(directory.join(&chart.file), &chart.svg)?);
                }
            }
            Format::Json => {
                let path = directory.join(format!("benchmark_results_{run}.json"));
                written.push(save(path, &serde_json::to_string_pretty(&results.records)?)?);
            }
            Format::Csv => {
                let path = directory.join(format!("benchmark_results_{run}.csv"));
                // A run has written its CSV already, line by line.
                if !path.exists() {
                    let what = || format!("cannot write {}", path.display());
                    results.to_csv(File::create(&path).with_context(what)?)?;
                    written.push(path);
                }
            }
        }
    }
    Ok(written)
}

/// The first table of the report, for the terminal; nothing if the run has no figure for it.
pub fn terminal_summary(results: &Results) -> Option<String> {
    let table = markdown::answer_table(&Figures::new(results));
    (table.lines().count() > 2).then_some(table)
}

fn save(path: PathBuf, text: &str) -> Result<PathBuf> {
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
