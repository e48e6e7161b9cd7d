//! The results of a run, and their CSV.
//!
//! # Columns of the CSV
//!
//! These names and meanings stay; new columns are added at the end.
//!
//! | column | meaning |
//! |---|---|
//! | `record` | `environment`: one fact about the run, its name in `operation`, its value in `note`; `result`: one cell |
//! | `scale` | `small`, `medium`, `large`; for facts about one scale too |
//! | `operation` | as on the command line, e.g. `price-1` |
//! | `approach` | as on the command line, e.g. `trigger_patch` |
//! | `clients` | concurrent connections |
//! | `status` | `ok`; `not_expressible`: the approach's view can't show what changes; `unavailable`: the extension is missing; `not_measured`: the cost is that of another operation, or the approach is not one of the comparison, see `note`; `failed` |
//! | `documents` | documents that one run touches |
//! | `repetitions` | measured runs |
//! | `median_ms`, `p95_ms`, `p99_ms`, `mean_ms`, `min_ms`, `max_ms` | time of one run at the client; empty where there were too few runs |
//! | `median_low_ms`, `median_high_ms` | 95 % confidence interval of the median |
//! | `tx_per_s` | transactions per second; only for `throughput` and its like, and `storm` |
//! | `exact` | `yes` or `no`: whether the view equalled its query after the operation; empty when not checked |
//! | `note` | anything else, in words |
//! | `wal_bytes` | bytes of the log that one run writes |
//! | `rows_inserted`, `rows_updated`, `rows_updated_hot`, `rows_deleted` | rows that one run writes, to all tables of the approach |
//! | `conflicts` | transactions that ended with a deadlock or a serialization failure, per 1,000; only where several clients run |
//! | `wrong` | documents that were wrong at the ends of the measurement's parts, all together; only for `throughput-renames` |
//! | `buffers` | pages of tables, indexes and TOAST that one run looks at, in memory or not; without the catalogs' |

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::approach::Approach;
use crate::operation::Operation;
use crate::scale::Scale;
use crate::stats::Summary;
use crate::writes::Counted;

/// What came of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It was measured.
    #[default]
    Ok,
    /// The approach's view can't show what the operation changes.
    NotExpressible,
    /// The extension isn't installed.
    Unavailable,
    /// It costs what another operation costs, or the approach is not one of the comparison.
    NotMeasured,
    /// It raised an error.
    Failed,
}

/// One line of the CSV. Everything is optional in one of the two kinds of line, so numbers are options.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// `environment` or `result`.
    pub record: String,
    /// The scale's name.
    pub scale: String,
    /// The operation's name, or the name of a fact.
    pub operation: String,
    /// The approach's name.
    pub approach: String,
    /// Concurrent connections.
    pub clients: Option<u32>,
    /// What came of it.
    pub status: Option<Status>,
    /// Documents that one run touches.
    pub documents: Option<u64>,
    /// Measured runs.
    pub repetitions: Option<u64>,
    /// Median.
    pub median_ms: Option<f64>,
    /// 95th percentile.
    pub p95_ms: Option<f64>,
    /// 99th percentile.
    pub p99_ms: Option<f64>,
    /// Mean.
    pub mean_ms: Option<f64>,
    /// Fastest run.
    pub min_ms: Option<f64>,
    /// Slowest run.
    pub max_ms: Option<f64>,
    /// Lower end of the median's confidence interval.
    pub median_low_ms: Option<f64>,
    /// Upper end of the median's confidence interval.
    pub median_high_ms: Option<f64>,
    /// Transactions per second.
    pub tx_per_s: Option<f64>,
    /// Whether the view was right afterwards.
    pub exact: String,
    /// Anything else.
    pub note: String,
    /// Bytes of the log.
    pub wal_bytes: Option<f64>,
    /// Rows inserted.
    pub rows_inserted: Option<f64>,
    /// Rows updated.
    pub rows_updated: Option<f64>,
    /// Rows updated without a new entry in any index.
    pub rows_updated_hot: Option<f64>,
    /// Rows deleted.
    pub rows_deleted: Option<f64>,
    /// Conflicts among 1,000 transactions.
    pub conflicts: Option<f64>,
    /// Wrong documents.
    pub wrong: Option<u64>,
    /// Pages looked at.
    pub buffers: Option<f64>,
}

/// Which cell a result belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// How much data.
    pub scale: Scale,
    /// What was done.
    pub operation: Operation,
    /// Who kept the documents.
    pub approach: Approach,
    /// By how many clients at a time.
    pub clients: u32,
}

const ENVIRONMENT: &str = "environment";
const RESULT: &str = "result";

impl Record {
    /// A fact about the run, or about one scale of it.
    pub fn fact(scale: Option<Scale>, name: &str, value: &str) -> Record {
        Record {
            record: ENVIRONMENT.to_owned(),
            scale: scale.map(|scale| scale.name().to_owned()).unwrap_or_default(),
            operation: name.to_owned(),
            note: value.to_owned(),
            ..Record::default()
        }
    }

    /// A cell that has a status and no figures yet.
    pub fn result(cell: Cell, status: Status) -> Record {
        Record {
            record: RESULT.to_owned(),
            scale: cell.scale.name().to_owned(),
            operation: cell.operation.name().to_owned(),
            approach: cell.approach.name().to_owned(),
            clients: Some(cell.clients),
            documents: Some(cell.operation.documents(&cell.scale.size())),
            status: Some(status),
            ..Record::default()
        }
    }

    /// The same record with these timings.
    pub fn with_summary(mut self, summary: &Summary) -> Record {
        self.repetitions = Some(summary.repetitions as u64);
        self.median_ms = Some(rounded(summary.median));
        self.p95_ms = summary.p95.map(rounded);
        self.p99_ms = summary.p99.map(rounded);
        self.mean_ms = Some(rounded(summary.mean));
        self.min_ms = Some(rounded(summary.min));
        self.max_ms = Some(rounded(summary.max));
        self.median_low_ms = summary.median_interval.map(|(low, _)| rounded(low));
        self.median_high_ms = summary.median_interval.map(|(_, high)| rounded(high));
        self
    }

    /// The same record with what was written.
    pub fn with_writes(mut self, counted: &Counted) -> Record {
        if counted.runs == 0 {
            return self;
        }
        let each = |total| Some((counted.each(total) * 100.0).round() / 100.0);
        let writes = counted.writes;
        self.wal_bytes = each(writes.wal_bytes);
        self.rows_inserted = each(writes.inserted);
        self.rows_updated = each(writes.updated);
        self.rows_updated_hot = each(writes.updated_hot);
        self.rows_deleted = each(writes.deleted);
        self.buffers = each(writes.buffers);
        self
    }

    /// All rows that one run writes.
    pub fn rows_written(&self) -> Option<f64> {
        Some(self.rows_inserted? + self.rows_updated? + self.rows_deleted?)
    }

    /// The cell, if this is a result with known names.
    pub fn cell(&self) -> Option<Cell> {
        if self.record != RESULT {
            return None;
        }
        Some(Cell {
            scale: Scale::from_name(&self.scale)?,
            operation: Operation::from_name(&self.operation)?,
            approach: Approach::from_name(&self.approach)?,
            clients: self.clients?,
        })
    }
}

/// A tenth of a microsecond is below what the clock tells.
fn rounded(milliseconds: f64) -> f64 {
    (milliseconds * 1e4).round() / 1e4
}

/// All that a run has found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// In the order in which they were found.
    pub records: Vec<Record>,
}

impl Results {
    /// Reads a CSV.
    pub fn from_csv(reader: impl Read) -> Result<Results> {
        let mut csv = csv::Reader::from_reader(reader);
        let records = csv
            .deserialize()
            .collect::<std::result::Result<Vec<Record>, csv::Error>>()?;
        Ok(Results { records })
    }

    /// Reads a CSV file.
    pub fn from_file(path: &Path) -> Result<Results> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        Results::from_csv(file).with_context(|| format!("{} is not a CSV of results", path.display()))
    }

    /// Writes the CSV.
    pub fn to_csv(&self, writer: impl Write) -> Result<()> {
        let mut csv = csv::Writer::from_writer(writer);
        for record in &self.records {
            csv.serialize(record)?;
        }
        csv.flush()?;
        Ok(())
    }

    /// The result in a cell; the last one, if there are several.
    pub fn get(&self, cell: Cell) -> Option<&Record> {
        self.records
            .iter()
            .rev()
            .find(|record| record.cell() == Some(cell))
    }

    /// A fact about the run or a scale of it; the last one, if there are several.
    pub fn fact(&self, scale: Option<Scale>, name: &str) -> Option<&str> {
        let scale = scale.map(Scale::name).unwrap_or_default();
        let same = |record: &&Record| {
            record.record == ENVIRONMENT && record.scale == scale && record.operation == name
        };
        self.records
            .iter()
            .rev()
            .find(same)
            .map(|record| record.note.as_str())
    }

    /// The facts about the whole run, by name, in the order of their first mention.
    pub fn facts(&self) -> Vec<(&str, &str)> {
        let mut names: Vec<&str> = Vec::new();
        for record in &self.records {
            let name = record.operation.as_str();
            if record.record == ENVIRONMENT && record.scale.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
        names
            .into_iter()
            .filter_map(|name| Some((name, self.fact(None, name)?)))
            .collect()
    }

    /// The scales that have results, small ones first.
    pub fn scales(&self) -> Vec<Scale> {
        let mut scales: Vec<Scale> = self
            .records
            .iter()
            .filter_map(Record::cell)
            .map(|cell| cell.scale)
            .collect();
        scales.sort_unstable();
        scales.dedup();
        scales
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Cell, Record, Results, Status};
    use crate::approach::Approach;
    use crate::operation::Operation;
    use crate::scale::Scale;

    /// A measured cell with a median and nothing else.
    pub(crate) fn measured(
        scale: Scale,
        operation: Operation,
        approach: Approach,
        clients: u32,
        median: f64,
    ) -> Record {
        let mut record = Record::result(
            Cell {
                scale,
                operation,
                approach,
                clients,
            },
            Status::Ok,
        );
        record.median_ms = Some(median);
        record.median_low_ms = Some(median * 0.98);
        record.median_high_ms = Some(median * 1.02);
        record.repetitions = Some(300);
        record
    }

    #[test]
    fn the_csv_gives_back_what_was_written() {
        let mut failed = measured(Scale::Small, Operation::Price1, Approach::Tviews, 1, 0.1034);
        failed.note = "a \"quoted\", note\nof two lines".to_owned();
        let results = Results {
            records: vec![
                Record::fact(None, "machine", "2 × Xeon, 24 GB"),
                failed,
                Record::result(
                    Cell {
                        scale: Scale::Large,
                        operation: Operation::ReviewInsert,
                        approach: Approach::PgIvm,
                        clients: 1,
                    },
                    Status::NotExpressible,
                ),
            ],
        };
        let mut text = Vec::new();
        results.to_csv(&mut text).expect("written");
        assert_eq!(Results::from_csv(text.as_slice()).expect("read"), results);
        assert_eq!(results.fact(None, "machine"), Some("2 × Xeon, 24 GB"));
        assert_eq!(results.scales(), [Scale::Small, Scale::Large]);
    }

    #[test]
    fn the_columns_are_the_documented_ones() {
        let results = Results {
            records: vec![Record::fact(None, "seed", "42")],
        };
        let mut text = Vec::new();
        results.to_csv(&mut text).expect("written");
        let text = String::from_utf8(text).expect("text");
        assert_eq!(
            text.lines().next(),
            Some(
                "record,scale,operation,approach,clients,status,documents,repetitions,median_ms,p95_ms,p99_ms,\
                 mean_ms,min_ms,max_ms,median_low_ms,median_high_ms,tx_per_s,exact,note,wal_bytes,rows_inserted,\
                 rows_updated,rows_updated_hot,rows_deleted,conflicts,wrong,buffers"
            )
        );
    }

    #[test]
    fn runs_of_before_the_newer_columns_are_read() {
        let header = "record,scale,operation,approach,clients,status,documents,repetitions,median_ms,p95_ms,p99_ms,\
                      mean_ms,min_ms,max_ms,median_low_ms,median_high_ms,tx_per_s,exact,note";
        let text = format!("{header}\nenvironment,,seed,,,,,,,,,,,,,,,,42\n");
        let results = Results::from_csv(text.as_bytes()).expect("read");
        assert_eq!(results.fact(None, "seed"), Some("42"));
    }

    #[test]
    fn something_else_is_no_csv_of_results() {
        assert!(Results::from_csv("a,b\n1,2\n".as_bytes()).is_err());
    }
}
