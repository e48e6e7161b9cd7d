//! How much data a run has, and how often each kind of operation is repeated on it.

use std::fmt;
use std::time::Duration;

use clap::ValueEnum;

/// A size of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Scale {
    /// 1,000 products; the whole run takes about five minutes.
    Small,
    /// 100,000 products; about a quarter of an hour.
    Medium,
    /// 1,000,000 products; less than an hour.
    Large,
}

/// How many rows the tables have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Rows of `tb_product`; also the number of documents.
    pub products: u64,
    /// Rows of `tb_category`, the root categories among them.
    pub categories: u64,
    /// Rows of `tb_supplier`.
    pub suppliers: u64,
    /// Products of the category that is renamed.
    pub category_documents: u64,
    /// Products of the supplier that is renamed.
    pub supplier_documents: u64,
    /// Products that are inserted, updated and deleted in one statement.
    pub bulk_rows: u64,
}

/// How long and how often to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Repetitions of an operation on one row, after as many for warm-up as `warm_up` says.
    pub single: usize,
    /// Unmeasured runs before them.
    pub warm_up: usize,
    /// Repetitions of an operation on about a hundred rows.
    pub hundred: usize,
    /// Repetitions of an operation on about a thousand rows.
    pub thousand: usize,
    /// Repetitions of an operation on many thousands of rows.
    pub bulk: usize,
    /// Repetitions of an operation followed by REFRESH MATERIALIZED VIEW.
    pub refresh: usize,
    /// Whether every operation is measured with REFRESH; else only one stands for all, as its cost does not depend
    /// on what changed.
    pub refresh_everywhere: bool,
    /// Repetitions of creating the view.
    pub create: usize,
    /// One approach's time for one operation; a slow approach stops here with fewer repetitions.
    pub cell_limit: Duration,
    /// Length of one throughput measurement.
    pub throughput: Duration,
    /// Whether tview and query are compared as whole texts; else as digests of the same texts, which need less memory.
    pub compare_texts: bool,
    /// Whether the yardsticks' tables are compared with their query after each operation too, not only at the end.
    pub check_yardsticks: bool,
    /// Whether `pg_tviews_verify` runs after each operation, besides the comparison from outside, which always does.
    pub verify_each: bool,
}

impl Scale {
    /// The name used on the command line and in the results.
    pub fn name(self) -> &'static str {
        match self {
            Scale::Small => "small",
            Scale::Medium => "medium",
            Scale::Large => "large",
        }
    }

    /// The scale with this name.
    pub fn from_name(name: &str) -> Option<Scale> {
        Scale::value_variants()
            .iter()
            .copied()
            .find(|scale| scale.name() == name)
    }

    /// The number of rows.
    pub fn size(self) -> Size {
        match self {
            Scale::Small => Size {
                products: 1_000,
                categories: 20,
                suppliers: 10,
                category_documents: 200,
                supplier_documents: 100,
                bulk_rows: 5_000,
            },
            Scale::Medium => Size {
                products: 100_000,
                categories: 100,
                suppliers: 50,
                category_documents: 1_000,
                supplier_documents: 1_000,
                bulk_rows: 50_000,
            },
            Scale::Large => Size {
                products: 1_000_000,
                categories: 1_000,
                suppliers: 500,
                category_documents: 1_000,
                supplier_documents: 1_000,
                bulk_rows: 50_000,
            },
        }
    }

    /// Repetitions and time limits.
    pub fn effort(self) -> Effort {
        match self {
            Scale::Small => Effort {
                single: 300,
                warm_up: 100,
                hundred: 40,
                thousand: 15,
                bulk: 3,
                refresh: 3,
                refresh_everywhere: true,
                create: 3,
                cell_limit: Duration::from_secs(2),
                throughput: Duration::from_millis(1_200),
                compare_texts: true,
                check_yardsticks: true,
                verify_each: true,
            },
            Scale::Medium => Effort {
                single: 500,
                warm_up: 500,
                hundred: 50,
                thousand: 20,
                bulk: 2,
                refresh: 2,
                refresh_everywhere: false,
                create: 2,
                cell_limit: Duration::from_secs(10),
                throughput: Duration::from_secs(4),
                compare_texts: false,
                check_yardsticks: false,
                verify_each: true,
            },
            Scale::Large => Effort {
                single: 500,
                warm_up: 500,
                hundred: 50,
                thousand: 20,
                bulk: 2,
                refresh: 2,
                refresh_everywhere: false,
                create: 1,
                cell_limit: Duration::from_secs(15),
                throughput: Duration::from_secs(5),
                compare_texts: false,
                check_yardsticks: false,
                verify_each: false,
            },
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::Scale;

    #[test]
    fn the_cascades_are_even_parts_of_the_products() {
        for scale in Scale::value_variants() {
            let size = scale.size();
            assert_eq!(size.products % size.category_documents, 0, "{scale}");
            assert_eq!(size.products % size.supplier_documents, 0, "{scale}");
            assert!(size.products / size.category_documents > 1, "{scale}");
            assert!(size.products / size.supplier_documents > 1, "{scale}");
        }
    }

    #[test]
    fn names_lead_back_to_scales() {
        for scale in Scale::value_variants() {
            assert_eq!(Scale::from_name(scale.name()), Some(*scale));
        }
        assert_eq!(Scale::from_name("huge"), None);
    }
}
