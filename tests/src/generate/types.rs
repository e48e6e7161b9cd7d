//! Types of columns and the values they get: few enough that equal values, NULLs and conflicts are frequent, odd
//! enough that text form, equality and order differ.

use crate::oracle::case::quote;
use crate::rng::Rng;

/// Type of a column or an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ty {
    /// `integer`
    Int,
    /// `bigint`
    Big,
    /// `numeric`
    Numeric,
    /// `double precision`
    Float,
    /// `text`
    Text,
    /// `boolean`
    Bool,
    /// `timestamp`
    Stamp,
    /// `timestamptz`
    StampTz,
    /// `interval`
    Interval,
    /// `bytea`
    Bytea,
    /// `uuid`
    Uuid,
    /// `jsonb`
    Jsonb,
    /// `integer[]`
    Ints,
    /// `text[]`
    Texts,
}

/// Types of columns that are neither key nor link, by weight.
pub const DATA_TYPES: [(usize, Ty); 13] = [
    (5, Ty::Int),
    (2, Ty::Big),
    (4, Ty::Numeric),
    (2, Ty::Float),
    (6, Ty::Text),
    (3, Ty::Bool),
    (2, Ty::Stamp),
    (2, Ty::StampTz),
    (1, Ty::Interval),
    (1, Ty::Bytea),
    (3, Ty::Jsonb),
    (2, Ty::Ints),
    (1, Ty::Texts),
];

/// How many different keys of a table there are.
pub const KEYS: usize = 14;

impl Ty {
    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Ty::Int => "integer",
            Ty::Big => "bigint",
            Ty::Numeric => "numeric",
            Ty::Float => "double precision",
            Ty::Text => "text",
            Ty::Bool => "boolean",
            Ty::Stamp => "timestamp",
            Ty::StampTz => "timestamptz",
            Ty::Interval => "interval",
            Ty::Bytea => "bytea",
            Ty::Uuid => "uuid",
            Ty::Jsonb => "jsonb",
            Ty::Ints => "integer[]",
            Ty::Texts => "text[]",
        }
    }

    /// Values in their text form.
    fn values(self) -> &'static [&'static str] {
        match self {
            Ty::Int => &["0", "1", "2", "3", "-7", "42", "100"],
            Ty::Big => &["0", "1", "5", "-5", "9000000000", "100"],
            Ty::Numeric => &["0", "5", "5.0", "5.00", "-1.5", "19.99", "1e3", "0.10", "100"],
            Ty::Float => &[
                "0",
                "0.1",
                "1.5",
                "-2.25",
                "1e-7",
                "0.30000000000000004",
                "NaN",
                "Infinity",
            ],
            Ty::Text => &[
                "a",
                "A",
                "b",
                "",
                " ",
                "ä",
                "it's",
                "null",
                "{\"x\": 1}",
                "$$;--",
                "a\\b",
                "Zürich",
                "a",
            ],
            Ty::Bool => &["t", "f"],
            Ty::Stamp => &[
                "2024-01-31 12:00:00",
                "2024-01-31 12:00:00.5",
                "1999-12-31",
                "infinity",
            ],
            Ty::StampTz => &[
                "2024-01-31 12:00:00+00",
                "2024-07-01 00:30:00+02",
                "1999-12-31 23:59:59+00",
                "-infinity",
            ],
            Ty::Interval => &["1 day", "24 hours", "1 mon 2 days 03:04:05", "-1 day", "0"],
            Ty::Bytea => &["\\x", "\\x00ff", "\\x6162", "\\x5c27"],
            Ty::Uuid => &[
                "00000000-0000-0000-0000-000000000001",
                "ffffffff-ffff-4fff-8fff-ffffffffffff",
            ],
            Ty::Jsonb => &[
                "{}",
                "{\"x\": 1}",
                "{\"x\": null, \"y\": {\"z\": [1, 2]}}",
                "[]",
                "[1, \"two\"]",
                "null",
                "7",
                "\"s\"",
            ],
            Ty::Ints => &["{}", "{1}", "{1,2,3}", "{NULL}", "{3,1}"],
            Ty::Texts => &["{}", "{a}", "{\"it's\",NULL}", "{a,b}"],
        }
    }

    /// A value's text form, or `None` for NULL.
    pub fn value(self, rng: &mut Rng, nulls: usize) -> Option<String> {
        if rng.chance(nulls) {
            None
        } else {
            Some((*rng.pick(self.values())).to_owned())
        }
    }

    /// A literal with its type.
    pub fn literal(self, rng: &mut Rng) -> String {
        let value = self.value(rng, 8);
        self.constant(value.as_deref())
    }

    /// This value as an expression.
    pub fn constant(self, value: Option<&str>) -> String {
        match value {
            None => format!("NULL::{}", self.name()),
            Some(text) if matches!(self, Ty::Int) && !text.starts_with('-') => text.to_owned(),
            Some(text) => format!("{}::{}", quote(text), self.name()),
        }
    }

    /// The `n`th key of this type, in text form.
    pub fn key(self, n: usize) -> String {
        match self {
            Ty::Int => n.to_string(),
            Ty::Big => (n * 1_000_000_007).to_string(),
            Ty::Uuid => format!("00000000-0000-4000-8000-{n:012}"),
            _ => [
                "k", "K", "k'", "ü", "\"", "k ", "$1", ";", "k\\", "0", "null", "k1", "kk", "(",
            ][n % 14]
                .to_owned(),
        }
    }

    /// Whether `min` and `max` exist, and equal values have equal text, so that they have one result.
    pub fn has_plain_order(self) -> bool {
        matches!(self, Ty::Int | Ty::Big | Ty::Text | Ty::Stamp | Ty::StampTz)
    }

    /// Whether equal values are written alike, so that a group has one value to show.
    pub fn is_its_text(self) -> bool {
        self.has_plain_order() || matches!(self, Ty::Bool | Ty::Bytea | Ty::Uuid)
    }

    /// Whether `sum` and `avg` exist and do not depend on the order of rows.
    pub fn has_exact_sum(self) -> bool {
        matches!(self, Ty::Int | Ty::Big | Ty::Numeric)
    }
}

/// Whether `=` between columns of these types is plain and exact.
pub fn comparable(a: Ty, b: Ty) -> bool {
    let whole = |ty: Ty| matches!(ty, Ty::Int | Ty::Big);
    (a == b && a.has_plain_order()) || (whole(a) && whole(b))
}

/// The value as a line of `COPY` holds it.
pub fn copy_text(value: Option<&str>) -> String {
    match value {
        None => "\\N".to_owned(),
        Some(text) => text
            .replace('\\', "\\\\")
            .replace('\t', "\\t")
            .replace('\n', "\\n"),
    }
}
