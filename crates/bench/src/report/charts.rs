//! Which charts a report has.

use super::figures::{Figures, grouped, milliseconds};
use super::svg::{Group, Plot, Series};
use crate::approach::Approach;
use crate::operation::Operation;
use crate::record::Results;
use crate::scale::Scale;

/// A chart's file.
pub struct Chart {
    /// The file's name, beside the report.
    pub file: String,
    /// What it shows, for readers who can't see it.
    pub caption: String,
    /// The file's content.
    pub svg: String,
}

/// All charts that the results are enough for; the first is the one on top of the report.
pub fn all(results: &Results, run: &str) -> Vec<Chart> {
    let figures = Figures::new(results);
    let mut charts = Vec::new();
    let mut add = |name: &str, plot: &Plot, svg: Option<String>| {
        if let Some(svg) = svg {
            let file = format!("BENCHMARK_REPORT_{run}_{name}.svg");
            charts.push(Chart {
                file,
                caption: plot.title.clone(),
                svg,
            });
        }
    };
    let single = single_update(&figures);
    add("single_update", &single, single.bars());
    for scale in results.scales() {
        let operations = operations(&figures, scale);
        add(&format!("operations_{scale}"), &operations, operations.dots());
        let throughput = throughput(&figures, scale);
        add(&format!("throughput_{scale}"), &throughput, throughput.bars());
    }
    charts
}

/// pg_tviews stands out; the others can be told apart without colour vision by their lightness.
fn colour(approach: Approach) -> &'static str {
    match approach {
        Approach::NoView => "#b8bcc2",
        Approach::Tviews => "#d1495b",
        Approach::PatchTrigger => "#2e6f9e",
        Approach::RebuildTrigger => "#7fb2d6",
        Approach::PgIvm => "#e0a030",
        Approach::Refresh => "#4a4e57",
        Approach::RefreshConcurrently => "#868b95",
    }
}

fn series(approaches: &[Approach]) -> Vec<Series> {
    let name = |approach: Approach| approach.title().replace('`', "");
    approaches
        .iter()
        .map(|&each| Series {
            name: name(each),
            colour: colour(each),
        })
        .collect()
}

/// Those that have a figure in any group: a legend names nothing that isn't drawn.
fn drawn(approaches: &[Approach], mut has: impl FnMut(Approach) -> bool) -> Vec<Approach> {
    approaches
        .iter()
        .copied()
        .filter(|&approach| has(approach))
        .collect()
}

fn single_update(figures: &Figures<'_>) -> Plot {
    let scales = figures.results.scales();
    let median = |scale, approach| figures.median(scale, Operation::Price1, approach);
    let approaches = drawn(&Approach::ALL, |approach| {
        scales.iter().any(|&scale| median(scale, approach).is_some())
    });
    let group = |&scale: &Scale| Group {
        label: format!("{} products", grouped(scale.size().products as f64)),
        values: approaches
            .iter()
            .map(|&approach| median(scale, approach))
            .collect(),
    };
    Plot {
        title: "One product's price changes, and its document is right".to_owned(),
        subtitle: "median milliseconds at the client, logarithmic; lower is better".to_owned(),
        series: series(&approaches),
        groups: scales.iter().map(group).collect(),
        shown: milliseconds,
    }
}

fn operations(figures: &Figures<'_>, scale: Scale) -> Plot {
    let operations = figures.operations(scale);
    let median = |operation, approach| figures.median(scale, operation, approach);
    let approaches = drawn(&figures.approaches(scale), |approach| {
        operations
            .iter()
            .any(|&operation| median(operation, approach).is_some())
    });
    let group = |&operation: &Operation| Group {
        label: operation.title().to_owned(),
        values: approaches
            .iter()
            .map(|&approach| median(operation, approach))
            .collect(),
    };
    Plot {
        title: format!(
            "All operations, {} products",
            grouped(scale.size().products as f64)
        ),
        subtitle: "median milliseconds at the client, logarithmic; further left is better".to_owned(),
        series: series(&approaches),
        groups: operations.iter().map(group).collect(),
        shown: milliseconds,
    }
}

fn throughput(figures: &Figures<'_>, scale: Scale) -> Plot {
    let counts = figures.client_counts(scale, Operation::Throughput);
    let approaches = drawn(&figures.approaches(scale), |approach| {
        counts.iter().any(|&count| {
            figures
                .rate(scale, Operation::Throughput, approach, count)
                .is_some()
        })
    });
    let group = |&count: &u32| Group {
        label: format!("{count} {}", if count == 1 { "client" } else { "clients" }),
        values: approaches
            .iter()
            .map(|&approach| figures.rate(scale, Operation::Throughput, approach, count))
            .collect(),
    };
    Plot {
        title: format!("Throughput, {} products", grouped(scale.size().products as f64)),
        subtitle:
            "transactions per second, each the price of a product of its own, logarithmic; higher is better"
                .to_owned(),
        series: series(&approaches),
        groups: counts.iter().map(group).collect(),
        shown: grouped,
    }
}
