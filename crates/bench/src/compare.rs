//! Two runs side by side: before and after a change, or two machines.
//!
//! Absolute times move from run to run, so what is compared is each cell's ratio to plain tables in its own run. A ratio
//! counts as worse (or better) when it moved by more than the noise: the confidence intervals of the four medians that
//! it is made of, and at least [`LEAST_NOISE`].

use std::fmt::Write as _;

use crate::approach::Approach;
use crate::record::{Cell, Record, Results, Status};
use crate::report::milliseconds;

/// Smaller changes are never marked.
const LEAST_NOISE: f64 = 0.05;

/// What became of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Worse,
    Better,
    Noise,
}

/// The comparison as a Markdown table.
pub fn render(before: &Results, after: &Results) -> String {
    let mut text = "Ratio to no view in the same run; for throughput the other way round, so that more is always worse.\n\n\
                    | scale | operation | approach | clients | before, ms | after, ms | ratio before | ratio after | \
                    change | noise | |\n|---|---|---|--:|--:|--:|--:|--:|--:|--:|---|\n"
        .to_owned();
    let (mut worse, mut compared) = (0, 0);
    for cell in cells(after) {
        if cell.approach == Approach::NoView {
            continue;
        }
        let (Some(old), Some(new)) = (ratio(before, cell), ratio(after, cell)) else {
            continue;
        };
        compared += 1;
        let change = new.value / old.value - 1.0;
        let noise = (old.noise.hypot(new.noise)).max(LEAST_NOISE);
        let verdict = judge(change, noise);
        worse += usize::from(verdict == Change::Worse);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {:.3} | {:.3} | {:+.1} % | ±{:.1} % | {} |",
            cell.scale,
            cell.operation.name(),
            cell.approach.name(),
            cell.clients,
            milliseconds(old.median),
            milliseconds(new.median),
            old.value,
            new.value,
            change * 100.0,
            noise * 100.0,
            match verdict {
                Change::Worse => "**worse**",
                Change::Better => "better",
                Change::Noise => "",
            }
        );
    }
    let _ = writeln!(
        text,
        "\n{compared} cells are in both runs; {worse} got worse by more than the noise."
    );
    text
}

fn cells(results: &Results) -> Vec<Cell> {
    let mut cells: Vec<Cell> = results.records.iter().filter_map(Record::cell).collect();
    cells.sort_unstable();
    cells.dedup();
    cells
}

struct Ratio {
    value: f64,
    /// Relative.
    noise: f64,
    median: f64,
}

/// A cell's ratio to plain tables; nothing where either was not measured.
fn ratio(results: &Results, cell: Cell) -> Option<Ratio> {
    let measured = |cell| {
        results
            .get(cell)
            .filter(|record| record.status == Some(Status::Ok))
    };
    let own = measured(cell)?;
    let plain = measured(Cell {
        approach: Approach::NoView,
        ..cell
    })?;
    let (own_median, plain_median) = (own.median_ms?, plain.median_ms?);
    let value = if cell.operation.is_traffic() {
        plain.tx_per_s? / own.tx_per_s?
    } else {
        own_median / plain_median
    };
    Some(Ratio {
        value,
        noise: spread(own).hypot(spread(plain)),
        median: own_median,
    })
}

/// Half the median's confidence interval, relative to the median.
fn spread(record: &Record) -> f64 {
    match (record.median_low_ms, record.median_high_ms, record.median_ms) {
        (Some(low), Some(high), Some(median)) if median > 0.0 => (high - low) / 2.0 / median,
        // Too few runs for an interval: only a large change means anything.
        _ => 0.2,
    }
}

fn judge(change: f64, noise: f64) -> Change {
    match change {
        change if change > noise => Change::Worse,
        change if change < -noise => Change::Better,
        _ => Change::Noise,
    }
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::approach::Approach;
    use crate::operation::Operation;
    use crate::record::Results;
    use crate::record::tests::measured;
    use crate::scale::Scale;

    fn run(machine: f64, price: f64, stock: f64) -> Results {
        let scale = Scale::Small;
        let cell =
            |operation, approach, median: f64| measured(scale, operation, approach, 1, median * machine);
        Results {
            records: vec![
                cell(Operation::Price1, Approach::NoView, 0.1),
                cell(Operation::Price1, Approach::Tviews, price),
                cell(Operation::Stock, Approach::NoView, 0.1),
                cell(Operation::Stock, Approach::Tviews, stock),
            ],
        }
    }

    #[test]
    fn a_slower_machine_is_no_regression() {
        let text = render(&run(1.0, 0.13, 0.14), &run(3.0, 0.13, 0.14));
        assert!(text.contains("2 cells are in both runs; 0 got worse"), "{text}");
        assert!(!text.contains("**worse**") && !text.contains("better"), "{text}");
    }

    #[test]
    fn worse_ratios_are_marked() {
        let text = render(&run(1.0, 0.13, 0.14), &run(1.0, 0.16, 0.11));
        let line = |name: &str| {
            text.lines()
                .find(|line| line.contains(name))
                .unwrap_or_default()
                .to_owned()
        };
        assert!(
            line("price-1").contains("+23.1 %") && line("price-1").contains("**worse**"),
            "{text}"
        );
        assert!(line("stock").contains("better"), "{text}");
        assert!(text.contains("1 got worse"), "{text}");
    }
}
