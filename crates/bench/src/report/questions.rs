//! The questions that a reader comes with, answered from the figures.

use std::fmt::Write as _;

use super::figures::{Figures, NOTHING, grouped, milliseconds, or_nothing, times};
use crate::approach::Approach;
use crate::operation::Operation;
use crate::record::{Record, Status};
use crate::scale::Scale;

/// Up to this ratio between the scales a cost counts as constant.
const CONSTANT: f64 = 1.25;

/// All questions with their answers.
pub fn render(figures: &Figures<'_>) -> String {
    let mut text = String::new();
    constant(&mut text, figures);
    linear(&mut text, figures);
    faster(&mut text, figures);
    pg_ivm(&mut text, figures);
    exact(&mut text, figures);
    text
}

fn constant(text: &mut String, figures: &Figures<'_>) {
    let scales = figures.results.scales();
    text.push_str("### Is a single update constant over the scales?\n\n");
    let overheads: Vec<(Scale, f64)> = scales
        .iter()
        .filter_map(|&scale| {
            Some((
                scale,
                figures.overhead(scale, Operation::Price1, Approach::Tviews)?,
            ))
        })
        .collect();
    if overheads.len() < 2 {
        text.push_str("This run has figures of pg_tviews for fewer than two scales.\n\n");
        return;
    }
    let low = overheads
        .iter()
        .map(|(_, overhead)| *overhead)
        .fold(f64::INFINITY, f64::min);
    let high = overheads
        .iter()
        .map(|(_, overhead)| *overhead)
        .fold(f64::NEG_INFINITY, f64::max);
    let list: Vec<String> = overheads
        .iter()
        .map(|(scale, overhead)| format!("{scale} {} ms", milliseconds(*overhead)))
        .collect();
    let answer = if low > 0.0 && high / low <= CONSTANT {
        "Yes"
    } else {
        "No"
    };
    let _ = writeln!(
        text,
        "{answer}. What pg_tviews adds to one price change: {} (largest over smallest: {}).\n",
        list.join(", "),
        if low > 0.0 {
            times(high / low)
        } else {
            NOTHING.to_owned()
        }
    );
}

/// Operations on one and on many documents, one first.
const BY_DOCUMENTS: [Operation; 4] = [
    Operation::Price1,
    Operation::Price100,
    Operation::Price1000,
    Operation::Category,
];

fn linear(text: &mut String, figures: &Figures<'_>) {
    text.push_str("### Does cost grow with the documents touched, and with nothing else?\n\n");
    linear_answer(text, figures);
    text.push_str("Microseconds that pg_tviews adds, for each document touched:\n\n| scale |");
    for operation in BY_DOCUMENTS {
        let _ = write!(text, " {} |", operation.title());
    }
    text.push_str("\n|---|--:|--:|--:|--:|\n");
    for scale in figures.results.scales() {
        let _ = write!(text, "| {scale} |");
        for operation in BY_DOCUMENTS {
            let each = microseconds_each(figures, scale, operation);
            let _ = write!(text, " {} |", or_nothing(each, |value| format!("{value:.1}")));
        }
        text.push('\n');
    }
    text.push('\n');
}

/// What pg_tviews adds for each document that the operation touches.
fn microseconds_each(figures: &Figures<'_>, scale: Scale, operation: Operation) -> Option<f64> {
    let documents = operation.documents(&scale.size()) as f64;
    let overhead = figures.overhead(scale, operation, Approach::Tviews)?;
    Some(overhead * 1e3 / documents)
}

/// The dearest document of an operation on many, in terms of a single update at the same scale.
fn linear_answer(text: &mut String, figures: &Figures<'_>) {
    let mut dearest: Option<(f64, Operation, Scale)> = None;
    for scale in figures.results.scales() {
        let single = microseconds_each(figures, scale, BY_DOCUMENTS[0]).filter(|single| *single > 0.0);
        for operation in &BY_DOCUMENTS[1..] {
            let ratio = microseconds_each(figures, scale, *operation)
                .zip(single)
                .map(|(each, single)| each / single);
            if let Some(ratio) = ratio
                && dearest.is_none_or(|(most, ..)| ratio > most)
            {
                dearest = Some((ratio, *operation, scale));
            }
        }
    }
    let Some((ratio, operation, scale)) = dearest else {
        return;
    };
    let answer = if ratio <= CONSTANT {
        "Yes, at most linearly"
    } else {
        "No"
    };
    let _ = writeln!(
        text,
        "{answer}. A document that changes together with others costs at most {} times a single update ({}, {scale}).\n",
        times(ratio),
        operation.title()
    );
}

fn faster(text: &mut String, figures: &Figures<'_>) {
    text.push_str(
        "### How many times faster than full refresh, than pg_ivm, than triggers written by hand?\n\n\
         Time of the other approach over that of pg_tviews, the whole operation:\n\n",
    );
    for scale in figures.results.scales() {
        let others: Vec<Approach> = figures
            .approaches(scale)
            .into_iter()
            .filter(|approach| !matches!(approach, Approach::NoView | Approach::Tviews))
            .collect();
        let operations: Vec<Operation> = figures
            .operations(scale)
            .into_iter()
            .filter(|&operation| figures.median(scale, operation, Approach::Tviews).is_some())
            .collect();
        if operations.is_empty() {
            let _ = writeln!(text, "{scale}: no figures of pg_tviews.\n");
            continue;
        }
        let _ = write!(text, "| {scale} |");
        for approach in &others {
            let _ = write!(text, " {} |", approach.title());
        }
        let _ = writeln!(text, "\n|---|{}", "--:|".repeat(others.len()));
        for operation in operations {
            let _ = write!(text, "| {} |", operation.title());
            for &other in &others {
                let ratio = figures
                    .median(scale, operation, other)
                    .zip(figures.median(scale, operation, Approach::Tviews))
                    .map(|(other, own)| other / own);
                let _ = write!(text, " {} |", or_nothing(ratio, times));
            }
            text.push('\n');
        }
        text.push('\n');
    }
}

fn pg_ivm(text: &mut String, figures: &Figures<'_>) {
    text.push_str("### What can pg_ivm not express, and what did its line leave out?\n\n");
    let records = || {
        figures
            .results
            .records
            .iter()
            .filter(|record| record.approach == Approach::PgIvm.name())
    };
    if let Some(missing) = records().find(|record| record.status == Some(Status::Unavailable)) {
        let _ = writeln!(text, "pg_ivm was not measured: {}.\n", missing.note);
        return;
    }
    let mut refused: Vec<&str> = records()
        .filter(|record| record.status == Some(Status::NotExpressible))
        .filter_map(Record::cell)
        .map(|cell| cell.operation.title())
        .collect();
    refused.sort_unstable();
    refused.dedup();
    text.push_str(
        "pg_ivm refuses the document view: it takes only IMMUTABLE functions, so no JSON builder, and neither subqueries \
         in the select list nor LIMIT. Its line is the nearest view that it accepts, \
         `test/sql/comprehensive_benchmarks/sql/flat_query.sql`: the same tables but reviews, joined, with plain columns. \
         Left out: the document itself, the reviews' count, average and five most recent, and products without stock (with a \
         second outer join it accepts the view but fails when it has to maintain it).",
    );
    if !refused.is_empty() {
        let _ = write!(text, " So it has no figures for: {}.", refused.join(", "));
    }
    text.push_str("\n\n");
}

fn exact(text: &mut String, figures: &Figures<'_>) {
    text.push_str(
        "### Were the documents right?\n\n\
         After each operation the tview was compared with its query (EXCEPT ALL both ways), and every maintained table once \
         more at the end of each scale, the tview by `pg_tviews_verify` too:\n\n| scale | approach | equal to its query |\n|---|---|---|\n",
    );
    for scale in figures.results.scales() {
        for approach in Approach::ALL {
            if let Some(outcome) = figures
                .results
                .fact(Some(scale), &format!("exact: {}", approach.name()))
            {
                let _ = writeln!(text, "| {scale} | {} | {outcome} |", approach.title());
            }
        }
    }
    let wrong: Vec<&Record> = figures
        .results
        .records
        .iter()
        .filter(|record| record.exact == "no")
        .collect();
    for record in &wrong {
        let _ = writeln!(
            text,
            "| {} | {} | **no**, after {}: {} |",
            record.scale, record.approach, record.operation, record.note
        );
    }
    let checks = figures
        .results
        .records
        .iter()
        .filter(|record| record.exact == "yes")
        .count();
    let _ = writeln!(
        text,
        "\n{} checks after operations found no difference.\n",
        grouped(checks as f64)
    );
}
