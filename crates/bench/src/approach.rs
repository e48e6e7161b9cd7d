//! The ways to have product documents at hand that the benchmark compares.

use clap::ValueEnum;

/// One way of keeping the documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Approach {
    /// Plain tables without any view: what the operation itself costs.
    #[value(name = "none")]
    NoView,
    /// A tview.
    #[value(name = "pg_tviews")]
    Tviews,
    /// A table kept by hand-written triggers that patch the changed leaves with `jsonb_set`.
    #[value(name = "trigger_patch")]
    PatchTrigger,
    /// A table kept by hand-written triggers that rebuild the affected rows from the view.
    #[value(name = "trigger_rebuild")]
    RebuildTrigger,
    /// An incrementally maintained flat join.
    #[value(name = "pg_ivm")]
    PgIvm,
    /// A materialized view, refreshed after the operation.
    #[value(name = "refresh")]
    Refresh,
    /// The same with `REFRESH MATERIALIZED VIEW CONCURRENTLY`.
    #[value(name = "refresh_concurrently")]
    RefreshConcurrently,
}

impl Approach {
    /// All approaches, in the order of the report's columns.
    pub const ALL: [Approach; 7] = [
        Approach::NoView,
        Approach::Tviews,
        Approach::PatchTrigger,
        Approach::RebuildTrigger,
        Approach::PgIvm,
        Approach::Refresh,
        Approach::RefreshConcurrently,
    ];

    /// The name on the command line and in the results.
    pub fn name(self) -> &'static str {
        match self {
            Approach::NoView => "none",
            Approach::Tviews => "pg_tviews",
            Approach::PatchTrigger => "trigger_patch",
            Approach::RebuildTrigger => "trigger_rebuild",
            Approach::PgIvm => "pg_ivm",
            Approach::Refresh => "refresh",
            Approach::RefreshConcurrently => "refresh_concurrently",
        }
    }

    /// The approach with this name.
    pub fn from_name(name: &str) -> Option<Approach> {
        Approach::ALL.into_iter().find(|approach| approach.name() == name)
    }

    /// The column heading in reports.
    pub fn title(self) -> &'static str {
        match self {
            Approach::NoView => "no view",
            Approach::Tviews => "pg_tviews",
            Approach::PatchTrigger => "trigger, `jsonb_set`",
            Approach::RebuildTrigger => "trigger, row rebuilt",
            Approach::PgIvm => "pg_ivm (flat)",
            Approach::Refresh => "REFRESH",
            Approach::RefreshConcurrently => "REFRESH CONCURRENTLY",
        }
    }

    /// The schema with this approach's copy of the catalogue. Approaches without triggers on the base tables share one.
    pub fn schema(self) -> &'static str {
        match self {
            Approach::NoView | Approach::Refresh | Approach::RefreshConcurrently => "bench_plain",
            Approach::Tviews => "bench_tviews",
            Approach::PatchTrigger => "bench_trigger_patch",
            Approach::RebuildTrigger => "bench_trigger_rebuild",
            Approach::PgIvm => "bench_ivm",
        }
    }

    /// The statement that brings the view up to date after an operation, where that isn't automatic.
    pub fn refresh_statement(self) -> Option<&'static str> {
        match self {
            Approach::Refresh => Some("REFRESH MATERIALIZED VIEW product_document"),
            Approach::RefreshConcurrently => Some("REFRESH MATERIALIZED VIEW CONCURRENTLY product_document"),
            _ => None,
        }
    }

    /// The extension it needs.
    pub fn extension(self) -> Option<&'static str> {
        match self {
            Approach::Tviews => Some("pg_tviews"),
            Approach::PgIvm => Some("pg_ivm"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::Approach;

    #[test]
    fn the_command_line_uses_the_names_of_the_results() {
        for approach in Approach::ALL {
            let value = approach
                .to_possible_value()
                .map(|value| value.get_name().to_owned());
            assert_eq!(value.as_deref(), Some(approach.name()));
            assert_eq!(Approach::from_name(approach.name()), Some(approach));
        }
    }
}
