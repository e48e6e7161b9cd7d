//! From single timings to the figures of the report.

use std::time::Duration;

/// What is told of one cell's timings, in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// How many runs were measured.
    pub repetitions: usize,
    /// Half of the runs took no longer.
    pub median: f64,
    /// 95 % of the runs took no longer; none when there were fewer than 20 runs.
    pub p95: Option<f64>,
    /// 99 % of the runs took no longer; none when there were fewer than 100 runs.
    pub p99: Option<f64>,
    /// The mean.
    pub mean: f64,
    /// The fastest run.
    pub min: f64,
    /// The slowest run.
    pub max: f64,
    /// The median's 95 % confidence interval, from the order of the timings; none with fewer than 6 runs.
    pub median_interval: Option<(f64, f64)>,
}

/// Fewest runs for which a 95th percentile says anything.
const RUNS_FOR_P95: usize = 20;
/// Fewest runs for which a 99th percentile says anything.
const RUNS_FOR_P99: usize = 100;
/// Fewest runs of which the extremes enclose the median with 95 % confidence.
const RUNS_FOR_INTERVAL: usize = 6;

/// Summarises timings; none when there are none.
pub fn summarise(timings: &[Duration]) -> Option<Summary> {
    let mut sorted: Vec<f64> = timings.iter().map(|timing| timing.as_secs_f64() * 1e3).collect();
    sorted.sort_by(f64::total_cmp);
    let (min, max) = (*sorted.first()?, *sorted.last()?);
    let count = sorted.len();
    Some(Summary {
        repetitions: count,
        median: quantile(&sorted, 0.5),
        p95: (count >= RUNS_FOR_P95).then(|| quantile(&sorted, 0.95)),
        p99: (count >= RUNS_FOR_P99).then(|| quantile(&sorted, 0.99)),
        mean: sorted.iter().sum::<f64>() / count as f64,
        min,
        max,
        median_interval: median_interval(&sorted),
    })
}

/// The quantile of sorted values, between neighbours by linear interpolation.
fn quantile(sorted: &[f64], fraction: f64) -> f64 {
    let position = fraction * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * position.fract()
}

/// The order statistics between which the median lies with 95 % confidence, whatever the distribution.
fn median_interval(sorted: &[f64]) -> Option<(f64, f64)> {
    if sorted.len() < RUNS_FOR_INTERVAL {
        return None;
    }
    let count = sorted.len() as f64;
    let margin = 1.96 * count.sqrt() / 2.0;
    let low = (count / 2.0 - margin).floor().max(0.0) as usize;
    let high = ((count / 2.0 + margin).ceil() as usize).min(sorted.len() - 1);
    Some((sorted[low], sorted[high]))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::summarise;

    fn milliseconds(values: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        values.into_iter().map(Duration::from_millis).collect()
    }

    #[test]
    fn nothing_measured_gives_no_summary() {
        assert_eq!(summarise(&[]), None);
    }

    #[test]
    fn percentiles_of_a_hundred_and_one_values() {
        let summary = summarise(&milliseconds((0..=100).rev())).expect("values");
        assert_eq!((summary.repetitions, summary.median), (101, 50.0));
        assert_eq!((summary.p95, summary.p99), (Some(95.0), Some(99.0)));
        assert_eq!((summary.min, summary.max), (0.0, 100.0));
        assert!((summary.mean - 50.0).abs() < 1e-9);
        assert_eq!(summary.median_interval, Some((40.0, 61.0)));
    }

    #[test]
    fn few_values_claim_no_tail() {
        let summary = summarise(&milliseconds([4, 2])).expect("values");
        assert_eq!(summary.median, 3.0);
        assert_eq!(
            (summary.p95, summary.p99, summary.median_interval),
            (None, None, None)
        );
        let twenty = summarise(&milliseconds(1..=20)).expect("values");
        assert!(twenty.p95.is_some() && twenty.p99.is_none());
    }
}
