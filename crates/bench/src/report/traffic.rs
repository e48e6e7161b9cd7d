//! Tables of what several clients do at a time.

use std::fmt::Write as _;

use super::figures::{Figures, NOTHING, grouped, or_nothing};
use crate::approach::Approach;
use crate::operation::{Operation, STORM_CLIENTS};
use crate::record::{Record, Status};
use crate::scale::Scale;

/// Each kind of traffic, and what the clients do in it.
const KINDS: [(Operation, &str); 3] = [
    (
        Operation::Throughput,
        "each the price of one product, every client with its own products",
    ),
    (
        Operation::ThroughputRenames,
        "one statement each, on 100 products of one category: 83 % a price, 15 % a move between it and its neighbour, 2 % \
         one of the two is renamed",
    ),
    (
        Operation::ThroughputReviews,
        "one statement each: a review of one and the same product is written, or removed again",
    ),
];

/// All tables of a scale.
pub fn render(text: &mut String, figures: &Figures<'_>, scale: Scale) {
    for (operation, words) in KINDS {
        rates(text, figures, scale, operation, words);
    }
    storm(text, figures, scale);
}

/// The approaches that were measured in an operation.
fn approaches(figures: &Figures<'_>, scale: Scale, operation: Operation) -> Vec<Approach> {
    let counts = figures.client_counts(scale, operation);
    let measured = |approach: &Approach| {
        counts.iter().any(|&count| {
            let record = figures.traffic(scale, operation, *approach, count);
            record.is_some_and(|record| matches!(record.status, Some(Status::Ok | Status::Failed)))
        })
    };
    Approach::ALL.into_iter().filter(measured).collect()
}

fn rates(text: &mut String, figures: &Figures<'_>, scale: Scale, operation: Operation, words: &str) {
    let approaches = approaches(figures, scale, operation);
    if approaches.is_empty() {
        return;
    }
    let _ = write!(text, "\nTransactions per second, {words}");
    if operation == Operation::ThroughputRenames {
        text.push_str("; with the documents that were wrong at four looks in between, clients at rest");
    }
    text.push_str(":\n\n| clients |");
    for approach in &approaches {
        let _ = write!(text, " {} |", approach.title());
    }
    let _ = writeln!(text, "\n|---|{}", "--:|".repeat(approaches.len()));
    for count in figures.client_counts(scale, operation) {
        let _ = write!(text, "| {count} |");
        for &approach in &approaches {
            let record = figures.traffic(scale, operation, approach, count);
            let _ = write!(text, " {} |", record.map_or_else(|| NOTHING.to_owned(), rate));
        }
        text.push('\n');
    }
}

/// The rate, and what went wrong meanwhile.
fn rate(record: &Record) -> String {
    if record.status == Some(Status::Failed) {
        return "failed".to_owned();
    }
    let mut shown = or_nothing(record.tx_per_s, grouped);
    if let Some(wrong) = record.wrong {
        let _ = match wrong {
            0 => write!(shown, ", 0 wrong"),
            some => write!(shown, ", **{some} wrong**"),
        };
    }
    shown
}

fn storm(text: &mut String, figures: &Figures<'_>, scale: Scale) {
    let approaches = approaches(figures, scale, Operation::Storm);
    if approaches.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "\n{STORM_CLIENTS} clients, transactions of one to four random statements over 20 products, their stock and reviews, \
         and their 10 categories (which are renamed, too):\n\n| | transactions/s | of no view's | conflicts in 1,000 | |\n\
         |---|--:|--:|--:|---|"
    );
    let of = |approach| figures.traffic(scale, Operation::Storm, approach, STORM_CLIENTS);
    let plain = of(Approach::NoView).and_then(|record| record.tx_per_s);
    for approach in approaches {
        let Some(record) = of(approach) else { continue };
        let ratio = record.tx_per_s.zip(plain).map(|(own, plain)| own / plain);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            approach.title(),
            rate(record),
            or_nothing(ratio, |value| format!("{value:.3}")),
            or_nothing(record.conflicts, |value| format!("{value:.1}")),
            record.note.replace('|', "\\|"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::approach::Approach;
    use crate::operation::Operation;
    use crate::record::tests::measured;
    use crate::record::{Record, Results};
    use crate::report::Figures;
    use crate::scale::Scale;

    #[test]
    fn rates_come_with_wrong_documents_and_conflicts() {
        let scale = Scale::Small;
        let record = |operation, approach, clients, rate| Record {
            tx_per_s: Some(rate),
            conflicts: Some(2.5),
            ..measured(scale, operation, approach, clients, 1.0)
        };
        let (renames, storm) = (Operation::ThroughputRenames, Operation::Storm);
        let results = Results {
            records: vec![
                record(renames, Approach::NoView, 4, 20_000.0),
                Record {
                    wrong: Some(3),
                    ..record(renames, Approach::PatchTrigger, 4, 9_000.0)
                },
                record(storm, Approach::NoView, 8, 1_000.0),
                Record {
                    note: "deadlocks: 7, serialization failures: 0".to_owned(),
                    ..record(storm, Approach::Tviews, 8, 300.0)
                },
            ],
        };
        let mut text = String::new();
        render(&mut text, &Figures::new(&results), scale);
        for expected in [
            "| 4 | 20,000 | 9,000, **3 wrong** |",
            "| no view | 1,000 | 1.000 | 2.5 |  |",
            "| pg_tviews | 300 | 0.300 | 2.5 | deadlocks: 7, serialization failures: 0 |",
        ] {
            assert!(text.contains(expected), "no {expected:?} in\n{text}");
        }
    }
}
