//! Expressions for aggregates that are kept by differences: what a changed row contributes, and what becomes of a stored row.
//!
//! Differences are integers and come as `$1`, `$2` …: numbers of rows, and sums in units of the last decimal place. After them come the
//! numbers that are read from the stored row: each is used several times, and is read once.

use crate::{column, join, literal};

/// The stored row's alias.
pub const STORED: &str = "t";
/// The changed row's alias.
pub const CHANGED: &str = "r";

const PLUS: &str = "OPERATOR(\"pg_catalog\".+)";
const MINUS: &str = "OPERATOR(\"pg_catalog\".-)";
const TIMES: &str = "OPERATOR(\"pg_catalog\".*)";
const DIVIDED: &str = "OPERATOR(\"pg_catalog\"./)";
const EQUAL: &str = "OPERATOR(\"pg_catalog\".=)";
const DIFFERS: &str = "OPERATOR(\"pg_catalog\".<>)";
const GREATER: &str = "OPERATOR(\"pg_catalog\".>)";
const LESS: &str = "OPERATOR(\"pg_catalog\".<)";
const AT_LEAST: &str = "OPERATOR(\"pg_catalog\".>=)";
const NUMERIC: &str = "\"pg_catalog\".numeric";
const BIGINT: &str = "\"pg_catalog\".int8";

/// 1 if a row counts, else 0: `CASE WHEN (c1) AND (c2) THEN 1 ELSE 0 END`
pub fn measure_of_rows(conditions: &[String]) -> String {
    format!(
        "CASE WHEN {} THEN 1::{BIGINT} ELSE 0::{BIGINT} END",
        all_of(conditions)
    )
}

/// A value in units of its last decimal place (`None`: an integer); 0 for rows that don't count, NULL for what is no number:
/// `CASE WHEN (c1) AND (x) IS NOT NULL THEN CASE WHEN (x) <> 'NaN' THEN ((x) * 100)::int8 END ELSE 0 END`
pub fn measure_of_sum(value: &str, scale: Option<u16>, conditions: &[String]) -> String {
    let counted = all_of(&[conditions, &[format!("({value}) IS NOT NULL")]].concat());
    let measured = match scale {
        None => format!("({value})::{BIGINT}"),
        Some(scale) => format!(
            "CASE WHEN ({value}) {DIFFERS} 'NaN'::{NUMERIC} THEN (({value}) {TIMES} {}::{NUMERIC})::{BIGINT} END",
            power(scale)
        ),
    };
    format!("CASE WHEN {counted} THEN {measured} ELSE 0::{BIGINT} END")
}

/// A number of rows, whose difference is `$number`, has not become less.
pub fn not_less(number: usize) -> String {
    format!("${number} {AT_LEAST} 0")
}

/// `(c1) AND (c2)`, or `true`.
pub fn all_of(conditions: &[String]) -> String {
    if conditions.is_empty() {
        return "true".into();
    }
    join(conditions, " AND ", |text| format!("({text})"))
}

/// 100 for two decimal places.
fn power(scale: u16) -> String {
    format!("1{}", "0".repeat(usize::from(scale)))
}

/// 0.01 for two decimal places.
fn unit(scale: u16) -> String {
    match scale {
        0 => "1".into(),
        _ => format!("0.{}1", "0".repeat(usize::from(scale) - 1)),
    }
}

/// A value in a stored row: a column, or what stands at a path in its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredValue {
    /// The column's name.
    pub column: String,
    /// The keys that lead to it.
    pub path: Vec<String>,
    /// Number of the parameter as which it comes, from 1.
    pub parameter: usize,
}

impl StoredValue {
    /// The number, NULL included: `$3`
    pub fn number(&self) -> String {
        format!("(${})", self.parameter)
    }

    /// How the number is read: `(t."total")::numeric`, `((t."data" -> 'reviews') ->> 'count')::numeric`
    pub fn read(&self) -> String {
        let mut text = column(STORED, &self.column);
        for (place, key) in self.path.iter().enumerate() {
            let last = place + 1 == self.path.len();
            let arrow = if last { "->>" } else { "->" };
            text = format!(
                "({text} OPERATOR(\"pg_catalog\".{arrow}) {}::\"pg_catalog\".text)",
                literal(key)
            );
        }
        format!("({text})::{NUMERIC}")
    }
}

/// How many rows are counted now: what was stored and the difference `$number`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCount {
    /// Where the number is stored.
    pub stored: StoredValue,
    /// Number of the difference, from 1.
    pub number: usize,
}

impl NewCount {
    /// `($3) + ($1)::numeric`
    pub fn numeric(&self) -> String {
        format!("({} {PLUS} (${})::{NUMERIC})", self.stored.number(), self.number)
    }

    /// The value of `count`.
    pub fn value(&self) -> String {
        format!("({})::{BIGINT}", self.numeric())
    }

    /// The number can't be negative; `present`: nor zero.
    pub fn fits(&self, present: bool) -> String {
        let test = if present { GREATER } else { AT_LEAST };
        format!("{} {test} 0", self.numeric())
    }
}

/// Whether values remain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holding {
    /// Their number says so.
    Counted(NewCount),
    /// There were some if the stored sum is not NULL, and their number, whose difference this is, has not become less.
    NotLess(usize),
    /// The same, where a zero with another number of decimal places is stored in place of NULL.
    NotLessThanShown(usize),
    /// What is stored where there are none is what is stored where their sum is zero.
    NoMatter,
}

/// The average from which a sum follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AverageOf {
    /// The number of values.
    pub count: NewCount,
    /// It is rounded to so many decimal places.
    pub places: Option<u16>,
}

/// What a sum is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSum {
    /// Where the sum is stored, or an average.
    pub stored: StoredValue,
    /// An average is stored.
    pub average: Option<AverageOf>,
    /// Decimal places of the values.
    pub scale: u16,
    /// Number of the difference, from 1.
    pub number: usize,
    /// Whether values remain.
    pub holding: Holding,
}

/// An average has at least so many correct decimal places, as long as it is less than [`LARGEST_AVERAGE`].
const CORRECT_PLACES: u16 = 11;
const LARGEST_AVERAGE: &str = "10000000";

impl NewSum {
    /// What was stored as a sum, 0 for NULL. From an average: the multiple of the unit that is nearest to average times number.
    fn before(&self) -> String {
        let Some(average) = &self.average else {
            return format!("COALESCE({}, 0::{NUMERIC})", self.stored.number());
        };
        let count = average.count.stored.number();
        format!(
            "CASE WHEN {count} {GREATER} 0 THEN \"pg_catalog\".round({} {TIMES} {count}, {}) ELSE 0::{NUMERIC} END",
            self.stored.number(),
            self.scale
        )
    }

    /// The sum as a number with as many decimal places as its values have.
    pub fn numeric(&self) -> String {
        format!(
            "\"pg_catalog\".round({} {PLUS} ((${})::{NUMERIC} {TIMES} {}::{NUMERIC}), {})",
            self.before(),
            self.number,
            unit(self.scale),
            self.scale
        )
    }

    fn is_there(&self) -> String {
        match &self.holding {
            Holding::Counted(count) => count.fits(true),
            Holding::NotLess(number) => {
                format!("({} IS NOT NULL OR ${number} {GREATER} 0)", self.stored.number())
            }
            Holding::NotLessThanShown(number) => format!(
                "(\"pg_catalog\".scale({}) {EQUAL} {} OR ${number} {GREATER} 0)",
                self.stored.number(),
                self.scale
            ),
            Holding::NoMatter => "true".into(),
        }
    }

    /// The value of `sum`: `CASE WHEN there are values THEN sum END`.
    pub fn value(&self, is_bigint: bool) -> String {
        let wanted = if is_bigint { BIGINT } else { NUMERIC };
        format!(
            "CASE WHEN {} THEN ({})::{wanted} END",
            self.is_there(),
            self.numeric()
        )
    }

    /// The value of `avg`, which PostgreSQL itself gets by this division.
    pub fn average(&self, count: &NewCount) -> String {
        format!(
            "CASE WHEN {} THEN {} {DIVIDED} {} END",
            count.fits(true),
            self.numeric(),
            count.numeric()
        )
    }

    /// What was stored is a number, and the only one that it can have been. What is stored then is one, too: no values have no sum, unless
    /// a statement that another one has called up did less than its caller, whose rows are noted later.
    pub fn fits(&self) -> Vec<String> {
        let stored = self.stored.number();
        let mut tests = vec![
            format!("({stored} {DIFFERS} 'NaN'::{NUMERIC}) IS NOT FALSE"),
            format!("{} OR {} {EQUAL} 0", self.is_there(), self.numeric()),
        ];
        match &self.holding {
            Holding::Counted(count) => tests.push(count.fits(false)),
            Holding::NotLess(number) | Holding::NotLessThanShown(number) => {
                tests.push(not_less(*number));
            }
            Holding::NoMatter => {}
        }
        let Some(AverageOf { count, places }) = &self.average else {
            return tests;
        };
        let count = count.stored.number();
        let quotient = format!("{} {DIVIDED} {count}", self.before());
        let again = match places {
            None => quotient,
            Some(places) => format!("\"pg_catalog\".round({quotient}, {places})"),
        };
        let rounding = places.map_or(String::new(), |places| {
            format!(" {PLUS} {}::{NUMERIC}", unit(places))
        });
        tests.push(format!(
            "CASE WHEN {count} {GREATER} 0 THEN {again} {EQUAL} {stored} \
             AND {stored} {LESS} {LARGEST_AVERAGE} AND {stored} {GREATER} (0 {MINUS} {LARGEST_AVERAGE}) \
             AND {count} {TIMES} ({}::{NUMERIC}{rounding}) {LESS} {}::{NUMERIC} ELSE true END",
            unit(CORRECT_PLACES),
            unit(self.scale)
        ));
        tests
    }
}
