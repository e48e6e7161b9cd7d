//! The report: the answer on top, then the questions, then all figures.

use std::fmt::Write as _;

use super::charts::Chart;
use super::figures::{Figures, NOTHING, grouped, milliseconds, or_nothing, times};
use super::{dimensions, goals, questions, traffic};
use crate::approach::Approach;
use crate::operation::Operation;
use crate::record::{Record, Results, Status};
use crate::scale::Scale;

/// The whole report.
pub fn render(results: &Results, run: &str, charts: &[Chart]) -> String {
    let figures = Figures::new(results);
    let mut text = format!(
        "# pg_tviews benchmark {run}\n\n\
         One product's price changes. How long until its document is right again? (Median milliseconds at the client; \
         in brackets how many times pg_tviews.)\n\n"
    );
    text.push_str(&answer_table(&figures));
    text.push('\n');
    missing(&mut text, results);
    let mut charts = charts.iter();
    if let Some(chart) = charts.next() {
        image(&mut text, chart);
    }
    text.push_str("## Questions\n\n");
    text.push_str(&questions::render(&figures));
    text.push_str("## Goals\n\n");
    goal_table(&mut text, &figures);
    for scale in results.scales() {
        let size = scale.size();
        let _ = writeln!(
            text,
            "## All figures, {scale}: {} products\n",
            grouped(size.products as f64)
        );
        scale_tables(&mut text, &figures, scale);
    }
    charts.for_each(|chart| image(&mut text, chart));
    environment(&mut text, results);
    text
}

/// Names what could not be measured at all.
fn missing(text: &mut String, results: &Results) {
    let mut told: Vec<&str> = Vec::new();
    for record in results
        .records
        .iter()
        .filter(|record| record.status == Some(Status::Unavailable))
    {
        if !told.contains(&record.approach.as_str()) {
            told.push(&record.approach);
            let _ = writeln!(text, "**Not measured:** {}: {}.\n", record.approach, record.note);
        }
    }
}

/// One price change by approach and scale.
pub fn answer_table(figures: &Figures<'_>) -> String {
    let scales = figures.results.scales();
    let mut text = "| approach |".to_owned();
    for scale in &scales {
        let _ = write!(
            text,
            " {scale}, {} products |",
            grouped(scale.size().products as f64)
        );
    }
    let _ = writeln!(text, "\n|---|{}", "--:|".repeat(scales.len()));
    for approach in Approach::ALL {
        if !scales
            .iter()
            .any(|&scale| figures.record(scale, Operation::Price1, approach).is_some())
        {
            continue;
        }
        let _ = write!(text, "| {} |", approach.title());
        for &scale in &scales {
            let shown = figures.shown(scale, Operation::Price1, approach);
            let own = figures.median(scale, Operation::Price1, Approach::Tviews);
            let ratio = figures.median(scale, Operation::Price1, approach).zip(own);
            match ratio.filter(|_| approach != Approach::Tviews) {
                Some((other, own)) => {
                    let _ = write!(text, " {shown} ({}) |", times(other / own));
                }
                None => {
                    let _ = write!(text, " {shown} |");
                }
            }
        }
        text.push('\n');
    }
    text
}

fn image(text: &mut String, chart: &Chart) {
    let _ = writeln!(text, "![{}]({})\n", chart.caption, chart.file);
}

fn goal_table(text: &mut String, figures: &Figures<'_>) {
    let scales = figures.results.scales();
    text.push_str(
        "Ratios of pg_tviews to a yardstick of the same run, where nothing else is said.\n\n| ratio | goal |",
    );
    for scale in &scales {
        let _ = write!(text, " {scale} |");
    }
    let _ = writeln!(text, "\n|---|---|{}", "--:|".repeat(scales.len()));
    let by_scale: Vec<Vec<goals::Goal>> = scales
        .iter()
        .map(|&scale| goals::of_scale(figures, scale))
        .collect();
    let Some(first) = by_scale.first() else { return };
    for (index, goal) in first.iter().enumerate() {
        let bound = if goal.at_least { "at least" } else { "at most" };
        let _ = write!(text, "| {} | {bound} {} |", goal.subject, goal.bound);
        for goals in &by_scale {
            let mark = match goals[index].reached() {
                Some(true) => " ✓",
                Some(false) => " ✗",
                None => "",
            };
            let _ = write!(text, " {}{mark} |", or_nothing(goals[index].found, times));
        }
        text.push('\n');
    }
    text.push('\n');
}

fn scale_tables(text: &mut String, figures: &Figures<'_>, scale: Scale) {
    let approaches = figures.approaches(scale);
    let operations = figures.operations(scale);
    text.push_str("Median milliseconds of one run:\n\n");
    heading(text, "operation | documents", &approaches);
    for &operation in &operations {
        let documents = grouped(operation.documents(&scale.size()) as f64);
        let _ = write!(text, "| {} | {documents} |", operation.title());
        for &approach in &approaches {
            let _ = write!(text, " {} |", figures.shown(scale, operation, approach));
        }
        text.push('\n');
    }
    text.push_str(
        "\n\"can't\": the approach's view has nothing of what changes. In brackets: not measured here, as a refresh costs \
         the same whatever changed. A dash: not one of this comparison. Creation under \"no view\" is CREATE TABLE AS with its indexes. REFRESH includes the \
         operation itself.\n\nMilliseconds over no view:\n\n",
    );
    let others: Vec<Approach> = approaches
        .iter()
        .copied()
        .filter(|&approach| approach != Approach::NoView)
        .collect();
    heading(text, "operation | documents", &others);
    for &operation in operations
        .iter()
        .filter(|&&operation| operation != Operation::Create)
    {
        let documents = grouped(operation.documents(&scale.size()) as f64);
        let _ = write!(text, "| {} | {documents} |", operation.title());
        for &approach in &others {
            let overhead = figures.overhead(scale, operation, approach);
            let _ = write!(text, " {} |", or_nothing(overhead, milliseconds));
        }
        text.push('\n');
    }
    writes(text, figures, scale);
    dimensions::render(text, figures, scale);
    traffic::render(text, figures, scale);
    percentiles(text, figures.results, scale);
}

/// What one run writes, to the log and to tables.
fn writes(text: &mut String, figures: &Figures<'_>, scale: Scale) {
    let counted = |operation: Operation, approach: Approach| {
        let record = figures.record(scale, operation, approach)?;
        Some((
            record.wal_bytes?,
            record.rows_written()?,
            record.rows_updated_hot?,
            record.buffers,
        ))
    };
    let operations: Vec<Operation> = figures
        .operations(scale)
        .into_iter()
        .filter(|&operation| {
            Approach::ALL
                .iter()
                .any(|&approach| counted(operation, approach).is_some())
        })
        .collect();
    if operations.is_empty() {
        return;
    }
    text.push_str(
        "\nBytes of the write-ahead log that one run writes; rows inserted, updated and deleted in the tables of the \
         approach; how many of them were HOT updates, without a new entry in any index; pages of tables, indexes and TOAST \
         looked at:\n\n",
    );
    let approaches: Vec<Approach> = figures
        .approaches(scale)
        .into_iter()
        .filter(|&approach| {
            operations
                .iter()
                .any(|&operation| counted(operation, approach).is_some())
        })
        .collect();
    heading(text, "operation | documents", &approaches);
    for &operation in &operations {
        let documents = grouped(operation.documents(&scale.size()) as f64);
        let _ = write!(text, "| {} | {documents} |", operation.title());
        for &approach in &approaches {
            let shown = counted(operation, approach).map_or_else(
                || NOTHING.to_owned(),
                |(bytes, rows, hot, buffers)| {
                    let pages =
                        buffers.map_or_else(String::new, |pages| format!(", {} pages", rounded(pages)));
                    format!(
                        "{} B, {}, {} HOT{pages}",
                        grouped(bytes),
                        rounded(rows),
                        rounded(hot)
                    )
                },
            );
            let _ = write!(text, " {shown} |");
        }
        text.push('\n');
    }
}

/// A mean of counts: whole where it is.
fn rounded(value: f64) -> String {
    if value.fract() == 0.0 || value >= 100.0 {
        grouped(value)
    } else {
        format!("{value:.1}")
    }
}

fn heading(text: &mut String, first: &str, approaches: &[Approach]) {
    let _ = write!(text, "| {first} |");
    for approach in approaches {
        let _ = write!(text, " {} |", approach.title());
    }
    let _ = writeln!(text, "\n|---|--:|{}", "--:|".repeat(approaches.len()));
}

fn percentiles(text: &mut String, results: &Results, scale: Scale) {
    text.push_str(
        "\n<details><summary>All cells with percentiles</summary>\n\n\
         | operation | approach | clients | runs | median | 95 % interval | p95 | p99 | min | max | exact | note |\n\
         |---|---|--:|--:|--:|---|--:|--:|--:|--:|---|---|\n",
    );
    let of_scale = |record: &&Record| record.cell().is_some_and(|cell| cell.scale == scale);
    for record in results.records.iter().filter(of_scale) {
        let interval = match (record.median_low_ms, record.median_high_ms) {
            (Some(low), Some(high)) => format!("{}–{}", milliseconds(low), milliseconds(high)),
            _ => NOTHING.to_owned(),
        };
        let shown = |value| or_nothing(value, milliseconds);
        let number = |value: Option<f64>| or_nothing(value, grouped);
        let note = match record.status {
            Some(Status::Ok) | None => record.note.clone(),
            Some(status) => format!("{} {}", status_words(status), record.note)
                .trim()
                .to_owned(),
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {interval} | {} | {} | {} | {} | {} | {} |",
            record.operation,
            record.approach,
            number(record.clients.map(f64::from)),
            number(record.repetitions.map(|count| count as f64)),
            shown(record.median_ms),
            shown(record.p95_ms),
            shown(record.p99_ms),
            shown(record.min_ms),
            shown(record.max_ms),
            record.exact,
            note.replace('|', "\\|"),
        );
    }
    text.push_str("\n</details>\n\n");
}

fn status_words(status: Status) -> &'static str {
    match status {
        Status::Ok => "",
        Status::NotExpressible => "can't be expressed",
        Status::Unavailable => "unavailable:",
        Status::NotMeasured => "not measured:",
        Status::Failed => "failed:",
    }
}

fn environment(text: &mut String, results: &Results) {
    text.push_str("## Machine, versions, settings\n\n| | |\n|---|---|\n");
    for (name, value) in results.facts() {
        let _ = writeln!(text, "| {name} | {} |", value.replace('|', "\\|"));
    }
    for scale in results.scales() {
        let size = scale.size();
        let _ = writeln!(
            text,
            "| {scale} | {} products in {} categories from {} suppliers{}{} |",
            grouped(size.products as f64),
            grouped(size.categories as f64),
            grouped(size.suppliers as f64),
            fact_words(
                results,
                scale,
                "average document (bytes)",
                ", documents of ",
                " bytes on average"
            ),
            fact_words(results, scale, "run time (s)", ", measured in ", " s"),
        );
    }
}

fn fact_words(results: &Results, scale: Scale, name: &str, before: &str, after: &str) -> String {
    let value = results.fact(Some(scale), name).filter(|value| !value.is_empty());
    value.map_or_else(String::new, |value| format!("{before}{value}{after}"))
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::approach::Approach;
    use crate::operation::Operation;
    use crate::record::tests::measured;
    use crate::record::{Cell, Record, Results, Status};
    use crate::report::charts;
    use crate::scale::Scale;

    fn results() -> Results {
        let mut records = vec![Record::fact(None, "processor", "2 × Test CPU")];
        for (scale, factor) in [(Scale::Small, 1.0), (Scale::Large, 1.1)] {
            let price = Operation::Price1;
            records.push(measured(scale, price, Approach::NoView, 1, 0.07));
            records.push(measured(scale, price, Approach::Tviews, 1, 0.07 + 0.03 * factor));
            records.push(measured(scale, price, Approach::PatchTrigger, 1, 0.14));
            records.push(measured(scale, price, Approach::Refresh, 1, 40.0 * factor));
            let cell = Cell {
                scale,
                operation: Operation::ReviewInsert,
                approach: Approach::PgIvm,
                clients: 1,
            };
            records.push(Record::result(cell, Status::NotExpressible));
        }
        Results { records }
    }

    #[test]
    fn the_report_answers_on_top() {
        let results = results();
        let charts = charts::all(&results, "20250101_000000");
        let text = render(&results, "20250101_000000", &charts);
        for expected in [
            "| pg_tviews | 0.100 | 0.103 |",
            "| REFRESH | 40.00 (400) | 44.00 (427) |",
            "(BENCHMARK_REPORT_20250101_000000_single_update.svg)",
            "Yes. What pg_tviews adds to one price change: small 0.030 ms, large 0.033 ms",
            "So it has no figures for: review inserted.",
            "| one price: overhead, of the `jsonb_set` trigger's | at most 0.5 | 0.43 ✓ | 0.47 ✓ |",
            "| processor | 2 × Test CPU |",
        ] {
            assert!(text.contains(expected), "no {expected:?} in\n{text}");
        }
    }

    #[test]
    fn tables_have_as_many_columns_in_every_line() {
        let results = results();
        let text = render(&results, "20250101_000000", &[]);
        let mut columns = None;
        for line in text.lines() {
            if !line.starts_with('|') {
                columns = None;
                continue;
            }
            let bars = line.matches('|').count() - line.matches("\\|").count();
            assert_eq!(*columns.get_or_insert(bars), bars, "{line}");
        }
    }
}
