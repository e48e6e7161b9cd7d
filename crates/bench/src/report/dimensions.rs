//! The tables about document sizes, fan-out, indexes and numbers of views.

use std::fmt::Write as _;

use super::figures::{Figures, NOTHING, grouped, milliseconds, or_nothing, times};
use crate::approach::Approach;
use crate::operation::Operation;
use crate::record::Record;
use crate::scale::Scale;

/// Who is compared.
const APPROACHES: [Approach; 3] = [Approach::NoView, Approach::Tviews, Approach::PatchTrigger];

/// What was found at a scale; nothing, if nothing was.
pub fn render(text: &mut String, figures: &Figures<'_>, scale: Scale) {
    let measured = |operation: &Operation| {
        operation.is_dimension() && figures.record(scale, *operation, Approach::Tviews).is_some()
    };
    let operations: Vec<Operation> = Operation::ALL.into_iter().filter(measured).collect();
    if operations.is_empty() {
        return;
    }
    text.push_str(
        "\n### Dimensions: document size, fan-out, indexes, number of views\n\n\
         On tables of their own, the same at every scale. Median milliseconds of one run; what pg_tviews adds, for each \
         document, and as a part of what the trigger adds; for each of them, bytes of the write-ahead log and pages looked \
         at:\n\n| | documents |",
    );
    for approach in APPROACHES {
        let _ = write!(text, " {} |", approach.title());
    }
    text.push_str(" µs added for each | of the trigger's |");
    for approach in &APPROACHES[1..] {
        let _ = write!(text, " {}: log, pages |", approach.title());
    }
    text.push_str("\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    for operation in operations {
        line(text, figures, scale, operation);
    }
}

fn line(text: &mut String, figures: &Figures<'_>, scale: Scale, operation: Operation) {
    let documents = operation.documents(&scale.size()) as f64;
    let _ = write!(text, "| {} | {} |", operation.title(), grouped(documents));
    for approach in APPROACHES {
        let _ = write!(text, " {} |", figures.shown(scale, operation, approach));
    }
    let added = figures.overhead(scale, operation, Approach::Tviews);
    let others = figures.overhead(scale, operation, Approach::PatchTrigger);
    let each = added.map(|added| added * 1e3 / documents);
    let ratio = added
        .zip(others.filter(|others| *others > 0.0))
        .map(|(added, others)| added / others);
    let _ = write!(
        text,
        " {} | {} |",
        or_nothing(each, milliseconds),
        or_nothing(ratio, times)
    );
    for approach in &APPROACHES[1..] {
        let shown = figures.record(scale, operation, *approach).and_then(costs);
        let _ = write!(text, " {} |", shown.as_deref().unwrap_or(NOTHING));
    }
    text.push('\n');
}

fn costs(record: &Record) -> Option<String> {
    Some(format!(
        "{} B, {}",
        grouped(record.wal_bytes?),
        grouped(record.buffers?)
    ))
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
    fn a_line_says_what_a_document_costs() {
        let (scale, fan) = (Scale::Small, Operation::Fan100);
        let own = Record {
            wal_bytes: Some(123_456.0),
            buffers: Some(410.4),
            ..measured(scale, fan, Approach::Tviews, 1, 1.1)
        };
        let results = Results {
            records: vec![
                measured(scale, fan, Approach::NoView, 1, 0.1),
                own,
                measured(scale, fan, Approach::PatchTrigger, 1, 2.1),
            ],
        };
        let mut text = String::new();
        render(&mut text, &Figures::new(&results), scale);
        let line = "| group renamed, 100 documents of 1 kB | 100 | 0.100 | 1.100 | 2.100 | 10.00 | 0.50 | 123,456 B, 410 | – |";
        assert!(text.contains(line), "{text}");
    }
}
