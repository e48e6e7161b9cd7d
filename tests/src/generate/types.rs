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
    /// `smallint`
    Small,
    /// `numeric(8,2)`
    Scaled,
    /// `varchar(20)`
    Varchar,
    /// `char(3)`
    Char,
    /// `date`
    Date,
    /// An enum of the schema.
    Mood,
    /// A domain of the schema over `integer`.
    Score,
    /// `int4range`
    Range,
    /// `json`, which has no equality.
    Json,
    /// A composite type of the schema.
    Pair,
    /// A domain of the schema over `integer[]`.
    Marks,
    /// A domain of the schema over `text` with a collation that takes small and capital letters for equal.
    Folded,
    /// `citext`
    Citext,
    /// `hstore`
    Hstore,
}

/// What types there are beyond those that every server has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// Whether there is `citext`.
    pub citext: bool,
    /// Whether there is `hstore`.
    pub hstore: bool,
    /// Whether there are collations of ICU, which need not tell different texts apart.
    pub icu: bool,
}

impl Extras {
    /// Types of columns that the server has, by weight.
    pub fn data_types(self) -> Vec<(usize, Ty)> {
        let mut types = DATA_TYPES.to_vec();
        let more = [
            (self.citext, Ty::Citext),
            (self.hstore, Ty::Hstore),
            (self.icu, Ty::Folded),
        ];
        types.extend(more.iter().filter(|(there, _)| *there).map(|(_, ty)| (4, *ty)));
        types
    }

    /// What makes them.
    pub fn statements(self) -> Vec<&'static str> {
        let all: [(bool, &'static [&'static str]); 3] = [
            (
                self.citext,
                &["CREATE EXTENSION IF NOT EXISTS citext SCHEMA public"],
            ),
            (
                self.hstore,
                &["CREATE EXTENSION IF NOT EXISTS hstore SCHEMA public"],
            ),
            (
                self.icu,
                &[
                    "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
                    "CREATE DOMAIN folded AS text COLLATE nocase",
                ],
            ),
        ];
        let there = all.iter().filter(|(there, _)| *there);
        there
            .flat_map(|(_, statements)| statements.iter().copied())
            .collect()
    }
}

/// Types of columns that are neither key nor link, by weight.
const DATA_TYPES: [(usize, Ty); 23] = [
    (15, Ty::Int),
    (6, Ty::Big),
    (12, Ty::Numeric),
    (6, Ty::Float),
    (18, Ty::Text),
    (9, Ty::Bool),
    (6, Ty::Stamp),
    (6, Ty::StampTz),
    (3, Ty::Interval),
    (3, Ty::Bytea),
    (9, Ty::Jsonb),
    (6, Ty::Ints),
    (3, Ty::Texts),
    (2, Ty::Small),
    (2, Ty::Scaled),
    (2, Ty::Varchar),
    (2, Ty::Char),
    (2, Ty::Date),
    (1, Ty::Mood),
    (1, Ty::Score),
    (1, Ty::Range),
    (2, Ty::Pair),
    (2, Ty::Marks),
];

/// What makes the types of the schema, and the functions that definitions call.
pub const ROUTINES: [&str; 8] = [
    "CREATE TYPE mood AS ENUM ('sad', 'ok', 'Ok', 'happy')",
    "CREATE DOMAIN score AS integer CHECK (VALUE > -100)",
    "CREATE TYPE pair AS (a integer, b text)",
    "CREATE DOMAIN marks AS integer[] CHECK (cardinality(VALUE) < 9)",
    "CREATE FUNCTION plus_absolute(bigint, integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS \
     'SELECT $1 + coalesce(abs($2), 1)'",
    "CREATE FUNCTION upto(integer) RETURNS SETOF integer LANGUAGE sql IMMUTABLE AS \
     'SELECT n FROM generate_series(1, least($1, 3)) AS n'",
    "CREATE AGGREGATE sum_absolute(integer) (SFUNC = plus_absolute, STYPE = bigint, INITCOND = '0')",
    "CREATE AGGREGATE chain(text) (SFUNC = textcat, STYPE = text, INITCOND = '>')",
];

/// How many different keys of a table there are.
pub const KEYS: usize = 14;

impl Ty {
    /// Whether there are operators that say which of two values is the smaller one.
    pub fn is_compared(self) -> bool {
        self != Ty::Hstore
    }

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
            Ty::Small => "smallint",
            Ty::Scaled => "numeric(8,2)",
            Ty::Varchar => "varchar(20)",
            Ty::Char => "char(3)",
            Ty::Date => "date",
            Ty::Mood => "mood",
            Ty::Score => "score",
            Ty::Range => "int4range",
            Ty::Json => "json",
            Ty::Pair => "pair",
            Ty::Marks => "marks",
            Ty::Folded => "folded",
            Ty::Citext => "citext",
            Ty::Hstore => "hstore",
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
            Ty::Small => &["0", "1", "2", "5", "-7", "42"],
            Ty::Scaled => &["0", "5", "5.00", "-1.5", "19.99", "0.10"],
            Ty::Varchar => &["a", "A", "a ", "", "b", "null"],
            Ty::Char => &["a", "A", "ab", "", "b"],
            Ty::Date => &["2024-01-31", "2024-02-29", "1999-12-31", "infinity"],
            Ty::Mood => &["sad", "ok", "Ok", "happy"],
            Ty::Score => &["0", "1", "2", "5", "-7", "42"],
            Ty::Range => &["empty", "[1,3)", "[2,6)", "(,2)", "[5,)"],
            _ => self.unusual_values(),
        }
    }

    /// Values of the types that are seldom met.
    fn unusual_values(self) -> &'static [&'static str] {
        match self {
            Ty::Json => &["{}", "{\"x\": 1, \"x\": 2}", "[1,2]", "null", "7"],
            Ty::Pair => &["(1,a)", "(1,A)", "(2,\"it's\")", "(,)", "(,b)", "(0,\"\")"],
            Ty::Marks => &["{}", "{1}", "{1,2,3}", "{NULL}", "[0:1]={3,1}"],
            Ty::Folded | Ty::Citext => &["a", "A", "b", "B", "", "ä", "Ä", "it's"],
            Ty::Hstore => &["", "x=>1", "x=>NULL", "y=>\"it's\", x=>1", "x=>2"],
            _ => &[],
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
            Ty::Numeric => format!("{n}.5"),
            _ => [
                "k", "K", "k'", "ü", "\"", "k ", "$1", ";", "k\\", "0", "null", "k1", "kk", "(",
            ][n % 14]
                .to_owned(),
        }
    }

    /// A key for each number, as an expression over it.
    pub fn numbered_key(self, n: &str) -> String {
        match self {
            Ty::Int => n.to_owned(),
            Ty::Big => format!("{n} * 1000000007::bigint"),
            Ty::Uuid => format!("('00000000-0000-4000-8000-' || lpad({n}::text, 12, '0'))::uuid"),
            Ty::Numeric => format!("{n} + 0.5"),
            ty => format!("('m' || {n})::{}", ty.name()),
        }
    }

    /// The same key, where equal keys can be written in several ways sometimes in another one.
    pub fn link(self, n: usize, rng: &mut Rng) -> String {
        match self {
            Ty::Numeric if rng.chance(25) => format!("{n}.50"),
            Ty::Citext | Ty::Folded if rng.chance(40) => self.key(n).to_uppercase(),
            ty => ty.key(n),
        }
    }

    /// Whether `min` and `max` exist, and equal values have equal text, so that they have one result.
    pub fn has_plain_order(self) -> bool {
        matches!(
            self,
            Ty::Int
                | Ty::Big
                | Ty::Small
                | Ty::Score
                | Ty::Text
                | Ty::Varchar
                | Ty::Char
                | Ty::Stamp
                | Ty::StampTz
                | Ty::Date
                | Ty::Mood
        )
    }

    /// Whether equal values are written alike, so that a group has one value to show.
    pub fn is_its_text(self) -> bool {
        self.has_plain_order() || matches!(self, Ty::Bool | Ty::Bytea | Ty::Uuid | Ty::Range)
    }

    /// Whether `sum` and `avg` exist and do not depend on the order of rows.
    pub fn has_exact_sum(self) -> bool {
        matches!(self, Ty::Int | Ty::Big | Ty::Numeric)
    }
}

/// Whether there is an `=` between columns of these types that a hash join can use.
pub fn comparable(a: Ty, b: Ty) -> bool {
    let number = |ty: Ty| {
        matches!(
            ty,
            Ty::Int | Ty::Big | Ty::Small | Ty::Score | Ty::Numeric | Ty::Scaled
        )
    };
    let string = |ty: Ty| matches!(ty, Ty::Text | Ty::Varchar | Ty::Char | Ty::Citext | Ty::Folded);
    let day = |ty: Ty| matches!(ty, Ty::Date | Ty::Stamp);
    (a == b && a != Ty::Json) || [number, string, day].iter().any(|family| family(a) && family(b))
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
