//! The files of a run: log, CSV, report. The CSV grows line by line, so that an interrupted run keeps what it has.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::cli::Format;
use crate::record::{Cell, Record, Results, Status};
use crate::report;

/// A run's files and what has been found so far.
pub struct Output {
    run: String,
    directory: PathBuf,
    csv: csv::Writer<File>,
    log: BufWriter<File>,
    progress: MultiProgress,
    results: Results,
}

/// The name of a run's CSV.
fn csv_name(run: &str) -> String {
    format!("benchmark_results_{run}.csv")
}

/// The newest CSV in a directory.
pub fn newest_csv(directory: &Path) -> Result<PathBuf> {
    let entries = fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| run_of(path).is_some() && path.extension().is_some_and(|extension| extension == "csv"))
        .collect();
    found.sort();
    found
        .pop()
        .with_context(|| format!("there is no benchmark_results_*.csv in {}", directory.display()))
}

/// The run that a CSV belongs to, from its name.
pub fn run_of(csv: &Path) -> Option<String> {
    Some(
        csv.file_stem()?
            .to_str()?
            .strip_prefix("benchmark_results_")?
            .to_owned(),
    )
}

impl Output {
    /// Starts the files of a new run.
    pub fn create(directory: &Path) -> Result<Output> {
        let run = chrono::Local::now().format("%Y%m%d_%H%M%S").to_string();
        fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        if directory.join(csv_name(&run)).exists() {
            bail!("a run started this very second: try again");
        }
        Output::open(directory, run, Results::default())
    }

    /// Goes on with the newest run in the directory.
    pub fn resume(directory: &Path) -> Result<Output> {
        let csv = newest_csv(directory).context("nothing to resume")?;
        let results = Results::from_file(&csv)?;
        let run = run_of(&csv).with_context(|| format!("{} has no run in its name", csv.display()))?;
        Output::open(directory, run, results)
    }

    fn open(directory: &Path, run: String, results: Results) -> Result<Output> {
        let path = directory.join(csv_name(&run));
        let file = append(&path)?;
        let csv = csv::WriterBuilder::new()
            .has_headers(results.records.is_empty())
            .from_writer(file);
        let log = BufWriter::new(append(&directory.join(format!("benchmark_run_{run}.log")))?);
        let progress = MultiProgress::new();
        Ok(Output {
            run,
            directory: directory.to_owned(),
            csv,
            log,
            progress,
            results,
        })
    }

    /// The run's name, which is the time of its start.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Everything found so far.
    pub fn results(&self) -> &Results {
        &self.results
    }

    /// Whether the cell has its result already; what failed may be tried again.
    pub fn has(&self, cell: Cell) -> bool {
        self.results
            .get(cell)
            .is_some_and(|record| record.status != Some(Status::Failed))
    }

    /// Keeps a record.
    pub fn push(&mut self, record: Record) -> Result<()> {
        self.csv.serialize(&record).context("cannot write the CSV")?;
        self.csv.flush().context("cannot write the CSV")?;
        self.results.records.push(record);
        Ok(())
    }

    /// Keeps a fact, unless it is known already.
    pub fn push_fact(&mut self, record: Record) -> Result<()> {
        if self.results.records.contains(&record) {
            Ok(())
        } else {
            self.push(record)
        }
    }

    /// Tells the user something, and keeps it in the log.
    pub fn say(&mut self, line: &str) {
        let time = chrono::Local::now().format("%H:%M:%S");
        // A log on a full disk must not end a run whose figures can still be shown.
        let _ = writeln!(self.log, "{time} {line}").and_then(|()| self.log.flush());
        self.progress.suspend(|| eprintln!("{time} {line}"));
    }

    /// A progress bar of `length` steps; hidden where there is no terminal.
    pub fn bar(&self, length: u64) -> ProgressBar {
        let bar = self.progress.add(ProgressBar::new(length));
        if let Ok(style) = ProgressStyle::with_template("{msg:44} {wide_bar} {percent:>3}% {elapsed}") {
            bar.set_style(style);
        }
        bar
    }

    /// Writes the reports, and names the files.
    pub fn write_reports(&self, formats: &[Format]) -> Result<Vec<PathBuf>> {
        let mut written = report::write(&self.results, &self.run, &self.directory, formats)?;
        written.push(self.directory.join(csv_name(&self.run)));
        Ok(written)
    }
}

fn append(path: &Path) -> Result<File> {
    let options = OpenOptions::new().create(true).append(true).open(path);
    options.with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::{Output, newest_csv, run_of};
    use crate::approach::Approach;
    use crate::operation::Operation;
    use crate::record::{Cell, tests::measured};
    use crate::scale::Scale;

    #[test]
    fn a_resumed_run_knows_what_it_has_and_adds_to_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let (scale, approach) = (Scale::Small, Approach::NoView);
        let cell = |operation| Cell {
            scale,
            operation,
            approach,
            clients: 1,
        };
        let mut output = Output::create(directory.path()).expect("created");
        output
            .push(measured(scale, Operation::Price1, approach, 1, 0.1))
            .expect("pushed");
        let run = output.run().to_owned();
        drop(output);

        let mut output = Output::resume(directory.path()).expect("resumed");
        assert_eq!(output.run(), run);
        assert!(output.has(cell(Operation::Price1)) && !output.has(cell(Operation::Stock)));
        output
            .push(measured(scale, Operation::Stock, approach, 1, 0.2))
            .expect("pushed");
        drop(output);
        let output = Output::resume(directory.path()).expect("resumed again");
        assert!(output.has(cell(Operation::Stock)));
        assert_eq!(output.results().records.len(), 2);
    }

    #[test]
    fn there_is_nothing_to_resume_in_an_empty_directory() {
        let directory = tempfile::tempdir().expect("a directory");
        let Err(error) = Output::resume(directory.path()) else {
            panic!("resumed nothing")
        };
        assert!(format!("{error:#}").starts_with("nothing to resume"), "{error:#}");
    }

    #[test]
    fn the_newest_run_is_the_last_by_name() {
        let directory = tempfile::tempdir().expect("a directory");
        for name in [
            "benchmark_results_20250101_000000.csv",
            "benchmark_results_20250601_120000.csv",
            "z.csv",
        ] {
            std::fs::write(directory.path().join(name), "").expect("written");
        }
        let newest = newest_csv(directory.path()).expect("found");
        assert_eq!(run_of(&newest).as_deref(), Some("20250601_120000"));
    }
}
