//! Looking up figures and bringing them into readable form.

use crate::approach::Approach;
use crate::operation::Operation;
use crate::record::{Cell, Record, Results, Status};
use crate::scale::Scale;

/// What stands where there is no figure.
pub const NOTHING: &str = "–";

/// The results, by cell.
pub struct Figures<'r> {
    /// All of them.
    pub results: &'r Results,
}

impl<'r> Figures<'r> {
    /// Looks into these results.
    pub fn new(results: &'r Results) -> Self {
        Figures { results }
    }

    /// The record of an operation with one client.
    pub fn record(&self, scale: Scale, operation: Operation, approach: Approach) -> Option<&'r Record> {
        self.results.get(Cell {
            scale,
            operation,
            approach,
            clients: 1,
        })
    }

    /// The median in milliseconds. A refresh that is not measured because it costs the same everywhere is that of `price-1`.
    pub fn median(&self, scale: Scale, operation: Operation, approach: Approach) -> Option<f64> {
        let record = self.record(scale, operation, approach)?;
        match record.status? {
            Status::Ok => record.median_ms,
            Status::NotMeasured if operation.refreshes_documents(approach) => {
                self.record(scale, Operation::Price1, approach)?.median_ms
            }
            _ => None,
        }
    }

    /// The median over that of plain tables.
    pub fn overhead(&self, scale: Scale, operation: Operation, approach: Approach) -> Option<f64> {
        let plain = self.median(scale, operation, Approach::NoView)?;
        Some(self.median(scale, operation, approach)? - plain)
    }

    /// What came of an operation with several clients.
    pub fn traffic(
        &self,
        scale: Scale,
        operation: Operation,
        approach: Approach,
        clients: u32,
    ) -> Option<&'r Record> {
        self.results.get(Cell {
            scale,
            operation,
            approach,
            clients,
        })
    }

    /// Transactions per second.
    pub fn rate(&self, scale: Scale, operation: Operation, approach: Approach, clients: u32) -> Option<f64> {
        self.traffic(scale, operation, approach, clients)?.tx_per_s
    }

    /// The numbers of clients measured at a scale.
    pub fn client_counts(&self, scale: Scale, operation: Operation) -> Vec<u32> {
        let cells = self.results.records.iter().filter_map(Record::cell);
        let mut counts: Vec<u32> = cells
            .filter(|cell| cell.scale == scale && cell.operation == operation)
            .map(|cell| cell.clients)
            .collect();
        counts.sort_unstable();
        counts.dedup();
        counts
    }

    /// The approaches that have any result at a scale, in the order of the columns.
    pub fn approaches(&self, scale: Scale) -> Vec<Approach> {
        let known = |approach: &Approach| {
            self.results.records.iter().filter_map(Record::cell).any(|cell| {
                cell.scale == scale && cell.approach == *approach && {
                    let status = self.results.get(cell).and_then(|record| record.status);
                    status != Some(Status::Unavailable)
                }
            })
        };
        Approach::ALL.into_iter().filter(known).collect()
    }

    /// The operations that have any result at a scale, in the order in which they ran; without those of several clients.
    pub fn operations(&self, scale: Scale) -> Vec<Operation> {
        let cells: Vec<Cell> = self.results.records.iter().filter_map(Record::cell).collect();
        let known = |operation: &Operation| {
            !operation.is_traffic()
                && !operation.is_dimension()
                && cells
                    .iter()
                    .any(|cell| cell.scale == scale && cell.operation == *operation)
        };
        Operation::ALL.into_iter().filter(known).collect()
    }

    /// What stands in the cell of a table of medians.
    pub fn shown(&self, scale: Scale, operation: Operation, approach: Approach) -> String {
        let Some(record) = self.record(scale, operation, approach) else {
            return NOTHING.to_owned();
        };
        match record.status {
            Some(Status::Ok) => record.median_ms.map_or_else(|| NOTHING.to_owned(), milliseconds),
            Some(Status::NotMeasured) => self.median(scale, operation, approach).map_or_else(
                || {
                    if operation == Operation::Create {
                        "as left"
                    } else {
                        NOTHING
                    }
                    .to_owned()
                },
                |median| format!("({})", milliseconds(median)),
            ),
            Some(Status::NotExpressible) => "can't".to_owned(),
            Some(Status::Failed) => "failed".to_owned(),
            Some(Status::Unavailable) | None => NOTHING.to_owned(),
        }
    }
}

/// Milliseconds with three significant digits or more.
pub fn milliseconds(value: f64) -> String {
    match value.abs() {
        size if size < 10.0 => format!("{value:.3}"),
        size if size < 100.0 => format!("{value:.2}"),
        size if size < 1_000.0 => format!("{value:.1}"),
        _ => grouped(value),
    }
}

/// A whole number with commas between the thousands.
pub fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}

/// How many times: with as many digits as make sense.
pub fn times(ratio: f64) -> String {
    match ratio {
        ratio if ratio < 10.0 => format!("{ratio:.2}"),
        ratio if ratio < 100.0 => format!("{ratio:.1}"),
        ratio => grouped(ratio),
    }
}

/// A figure or a dash.
pub fn or_nothing(value: Option<f64>, shown: fn(f64) -> String) -> String {
    value.map_or_else(|| NOTHING.to_owned(), shown)
}

#[cfg(test)]
mod tests {
    use super::{Figures, grouped, milliseconds, times};
    use crate::approach::Approach;
    use crate::operation::Operation;
    use crate::record::tests::measured;
    use crate::record::{Cell, Record, Results, Status};
    use crate::scale::Scale;

    #[test]
    fn numbers_are_shown_with_sensible_digits() {
        assert_eq!(milliseconds(0.0744), "0.074");
        assert_eq!(milliseconds(13.456), "13.46");
        assert_eq!(milliseconds(3903.6), "3,904");
        assert_eq!(grouped(1_234_567.0), "1,234,567");
        assert_eq!(grouped(-1_000.0), "-1,000");
        assert_eq!(times(52_756.8), "52,757");
        assert_eq!(times(1.6), "1.60");
    }

    #[test]
    fn a_refresh_that_was_not_measured_costs_what_the_measured_one_did() {
        let (scale, approach) = (Scale::Large, Approach::Refresh);
        let cell = Cell {
            scale,
            operation: Operation::Stock,
            approach,
            clients: 1,
        };
        let results = Results {
            records: vec![
                measured(scale, Operation::Price1, approach, 1, 40_000.0),
                Record::result(cell, Status::NotMeasured),
            ],
        };
        let figures = Figures::new(&results);
        assert_eq!(figures.median(scale, Operation::Stock, approach), Some(40_000.0));
        assert_eq!(figures.shown(scale, Operation::Stock, approach), "(40,000)");
    }
}
