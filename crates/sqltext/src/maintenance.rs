//! Statements that read and write a tview.

mod nulls;

pub use nulls::Nulls;

use crate::{column, identifier, join, literal};

/// A column of the unit key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyColumn {
    /// Position in the tview's columns, from 0.
    pub position: usize,
    /// The type's equality as an operator to put between two values: `OPERATOR("pg_catalog".=)`.
    pub equals: String,
    /// Whether the key can be NULL, which then counts as equal to NULL.
    pub nullable: bool,
}

impl KeyColumn {
    /// A stored value is the same as another one: NULL as NULL, if it can be that.
    fn compared(&self, stored: &str, value: &str) -> String {
        if self.nullable {
            format!(
                "({stored} {} {value} OR ({stored} IS NULL AND {value} IS NULL))",
                self.equals
            )
        } else {
            format!("{stored} {} {value}", self.equals)
        }
    }
}

/// What the statements need to know about a tview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TviewText {
    /// Quoted, qualified name of the tview.
    pub table: String,
    /// Quoted, qualified name of the view that holds its definition.
    pub definition: String,
    /// (column of the tview, column of the definition), in order.
    pub columns: Vec<(String, String)>,
    /// The unit key.
    pub key: Vec<KeyColumn>,
    /// A unit never has more than one row, and the tview has a unique index on the key.
    pub single: bool,
    /// A key column is of a composite type, whose arrays `unnest` would take apart.
    pub composite: bool,
    /// Few units must be computed one by one: a predicate on the key would not reach into the definition through a join.
    pub lateral: bool,
    /// Many units, where they would be computed one by one, are computed by one comparison with the array of their keys instead, because
    /// that reaches as far.
    pub listed: bool,
    /// The definition's query with the key compared inside, where PostgreSQL would not take a condition from outside: below EXCEPT,
    /// grouping sets. Its holes are the key's values, none of them NULL.
    pub restricted: Option<Vec<QueryPart>>,
    /// Grouping columns (positions from 0) whose equal values can be written in several ways, with the hash function of their
    /// type, quoted: rows are told apart by the hash there.
    pub loose: Vec<(usize, String)>,
}

/// A part of a query that is restricted to a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryPart {
    /// Text.
    Text(String),
    /// The value of the key column with this number, from 0.
    Key(usize),
}

/// How many units are brought up to date by one statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Batch {
    /// Where their keys have NULLs.
    pub nulls: Nulls,
    /// The definition is computed as a whole and joined with them; else, where it matters, unit by unit.
    pub whole: bool,
}

/// Which units a statement works on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Units {
    /// The one whose key is `$1`, `$2` …
    One,
    /// Those whose keys are the arrays `$1`, `$2` …
    Many(Batch),
    /// All of them.
    All,
}

impl TviewText {
    /// Brings one unit's row up to date; `$n` is the key.
    pub fn upsert_one(&self) -> String {
        self.upsert(Units::One)
    }

    /// Brings the rows of many units up to date; `$n` are arrays of key columns.
    pub fn upsert_many(&self, batch: Batch) -> String {
        self.upsert(Units::Many(batch))
    }

    /// Brings all rows up to date.
    pub fn upsert_all(&self) -> String {
        self.upsert(Units::All)
    }

    /// ```sql
    /// INSERT INTO "public"."tv_product" AS t ("pk_product", "data")
    /// SELECT d."pk_product", d."data" FROM "tviews"."public.tv_product" AS d WHERE d."pk_product" OPERATOR(pg_catalog.=) $1
    /// ON CONFLICT ("pk_product") DO UPDATE SET "pk_product" = EXCLUDED."pk_product", "data" = EXCLUDED."data"
    ///  WHERE ROW(t."pk_product", t."data")::record OPERATOR(pg_catalog.*<>) ROW(EXCLUDED."pk_product", EXCLUDED."data")::record
    /// ```
    /// The comparison is by binary image: `5.0` and `5.00` are equal numbers but different documents.
    fn upsert(&self, units: Units) -> String {
        let key = join(&self.key, ", ", |key| identifier(&self.columns[key.position].0));
        let set = join(&self.columns, ", ", |(name, _)| {
            format!("{0} = EXCLUDED.{0}", identifier(name))
        });
        format!(
            "INSERT INTO {} AS t ({})\nSELECT {}\n  FROM {}\nON CONFLICT ({key}) DO UPDATE SET {set}\n WHERE {} \
             OPERATOR(\"pg_catalog\".*<>) {}",
            self.table,
            self.stored_columns(),
            self.defined_columns("d"),
            self.restricted(units),
            self.stored_row("t"),
            self.stored_row("EXCLUDED"),
        )
    }

    /// Deletes one unit's row if the definition has none; `$n` is the key.
    pub fn delete_one(&self) -> String {
        self.delete(Units::One)
    }

    /// Deletes the rows of those units for which the definition has none; `$n` are arrays of key columns.
    pub fn delete_many(&self, batch: Batch) -> String {
        self.delete(Units::Many(batch))
    }

    /// Deletes all rows that the definition does not have.
    pub fn delete_all(&self) -> String {
        self.delete(Units::All)
    }

    /// ```sql
    /// DELETE FROM "public"."tv_product" AS t USING unnest($1) AS u(k1)
    ///  WHERE t."pk_product" OPERATOR(pg_catalog.=) u.k1
    ///    AND NOT EXISTS (SELECT FROM "tviews"."public.tv_product" AS d WHERE d."pk_product" OPERATOR(pg_catalog.=) u.k1)
    /// ```
    fn delete(&self, units: Units) -> String {
        let (using, stored, defined) = match units {
            Units::Many(batch) if self.takes_list(batch) => (
                String::new(),
                self.key_in_list("t", Side::Stored),
                format!(
                    "{} AND {}",
                    self.key_in_list("d", Side::Defined),
                    join(&self.key, " AND ", |key| {
                        let (stored, defined) = &self.columns[key.position];
                        format!("{} {} {}", column("d", defined), key.equals, column("t", stored))
                    })
                ),
            ),
            Units::One => (
                String::new(),
                self.key_is("t", Side::Stored, parameter),
                self.key_is("d", Side::Defined, parameter),
            ),
            Units::Many(batch) => (
                format!(" USING {}", self.unnested()),
                self.unit_is("t", Side::Stored, batch.nulls),
                // OFFSET keeps PostgreSQL from turning this into a join with all of the definition.
                format!(
                    "{}{}",
                    self.unit_is("d", Side::Defined, batch.nulls),
                    if self.lateral && !batch.whole {
                        " OFFSET 0"
                    } else {
                        ""
                    }
                ),
            ),
            Units::All => (
                String::new(),
                "true".into(),
                self.key_is("d", Side::Defined, |number| {
                    column("t", &self.columns[self.key[number].position].0)
                }),
            ),
        };
        format!(
            "DELETE FROM {} AS t{using}\n WHERE {stored}\n   AND {}",
            self.table,
            self.defines_nothing(units, &defined)
        )
    }

    /// Brings the rows of many units up to date where a unit may have any number of rows, duplicates included; `$n` are
    /// arrays of key columns.
    pub fn replace_many(&self, batch: Batch) -> String {
        self.replace(Units::Many(batch))
    }

    /// Brings all rows up to date, duplicates included.
    pub fn replace_all(&self) -> String {
        self.replace(Units::All)
    }

    /// Rows are told apart by their text (see [`TviewText::exact_image`]) and, among equal ones, by their number. What is on one side only, is written:
    /// ```sql
    /// WITH x AS MATERIALIZED (
    ///   SELECT *, count(*) OVER (PARTITION BY image, copy) AS sides FROM (
    ///     SELECT c1, …, NULL::tid AS row, image, row_number() OVER (PARTITION BY image) AS copy FROM definition of the units
    ///     UNION ALL SELECT NULL, …, ctid, image, row_number() OVER (PARTITION BY image) FROM tview's rows of the units) AS b),
    ///   gone AS (DELETE FROM tview AS t USING x WHERE t.ctid = x.row AND x.sides = 1)
    /// INSERT INTO tview SELECT c1, … FROM x WHERE x.row IS NULL AND x.sides = 1
    /// ```
    /// Sorting takes the same time whatever the planner expects; a join of the two sides would not.
    fn replace(&self, units: Units) -> String {
        let numbers: Vec<usize> = (1..=self.columns.len()).collect();
        let defined = self.columns.iter().zip(&numbers);
        let defined: Vec<String> = defined
            .map(|((_, name), number)| format!("{} AS c{number}", column("d", name)))
            .collect();
        let (stored_from, stored_filter) = match units {
            Units::Many(batch) => (
                format!(", {}", self.unnested()),
                format!(" WHERE {}", self.unit_is("t", Side::Stored, batch.nulls)),
            ),
            Units::One | Units::All => (String::new(), String::new()),
        };
        format!(
            "WITH x AS MATERIALIZED (\n  SELECT b.*, count(*) OVER (PARTITION BY image, copy) AS sides FROM (\n    \
             SELECT {}, NULL::\"pg_catalog\".tid AS row, {new_image} AS image, row_number() OVER (PARTITION BY {new_image}) AS copy\n    \
             FROM {}\n    UNION ALL\n    \
             SELECT {}, t.ctid, {old_image}, row_number() OVER (PARTITION BY {old_image})\n    \
             FROM {table} AS t{stored_from}{stored_filter}) AS b),\n \
             gone AS (\n  DELETE FROM {table} AS t USING x WHERE t.ctid OPERATOR(\"pg_catalog\".=) x.row \
             AND x.sides OPERATOR(\"pg_catalog\".=) 1)\n\
             INSERT INTO {table} ({})\nSELECT {} FROM x WHERE x.row IS NULL AND x.sides OPERATOR(\"pg_catalog\".=) 1",
            defined.join(", "),
            self.restricted(units),
            join(&numbers, ", ", |_| "NULL".into()),
            self.stored_columns(),
            join(&numbers, ", ", |number| format!("x.c{number}")),
            new_image = self.exact_image("d", Side::Defined),
            old_image = self.exact_image("t", Side::Stored),
            table = self.table,
        )
    }

    /// `DELETE FROM tview`
    pub fn empty(&self) -> String {
        format!("DELETE FROM {}", self.table)
    }

    /// First fill: `INSERT INTO tview (…) SELECT … FROM definition AS d`.
    pub fn fill(&self) -> String {
        format!(
            "INSERT INTO {} ({})\nSELECT {} FROM {} AS d",
            self.table,
            self.stored_columns(),
            self.defined_columns("d"),
            self.definition
        )
    }

    /// The rows of given units (`$n` are arrays) in which tview and definition differ: one row per difference, for the check
    /// of a snapshot. See [`TviewText::verify`] for its columns.
    pub fn differences_many(&self, batch: Batch) -> String {
        self.differences(Units::Many(batch))
    }

    /// All rows in which tview and definition differ: (key jsonb, expected jsonb, actual jsonb).
    /// ```sql
    /// SELECT jsonb_build_object('pk_product', coalesce(d.c1, t.c1)), to_jsonb(d row), to_jsonb(t row)
    ///   FROM (definition rows, image, copy) AS d FULL JOIN (tview rows, image, copy) AS t ON same key or same image
    ///  WHERE they differ
    /// ```
    pub fn verify(&self) -> String {
        self.differences(Units::All)
    }

    fn differences(&self, units: Units) -> String {
        let part = |alias: &str, side: Side, from: String| {
            let columns: Vec<String> = self
                .columns
                .iter()
                .enumerate()
                .map(|(number, names)| format!("{} AS c{}", column(alias, side.name(names)), number + 1))
                .collect();
            let image = self.image(alias, side);
            format!(
                "(SELECT {}, {image} AS image, row_number() OVER (PARTITION BY {image}) AS copy FROM {from})",
                columns.join(", ")
            )
        };
        let stored = match units {
            Units::All | Units::One => format!("{} AS t", self.table),
            // OFFSET keeps PostgreSQL from concluding from the unique key that there can't be two rows.
            Units::Many(batch) if self.single => format!(
                "{} CROSS JOIN LATERAL (SELECT * FROM {} AS t WHERE {} OFFSET 0) AS t",
                self.unnested(),
                self.table,
                self.unit_is("t", Side::Stored, batch.nulls)
            ),
            Units::Many(batch) => format!(
                "{} AS t, {} WHERE {}",
                self.table,
                self.unnested(),
                self.unit_is("t", Side::Stored, batch.nulls)
            ),
        };
        let same = self.same_unit();
        let key = self.key.iter().map(|key| {
            let name = format!("c{}", key.position + 1);
            format!(
                "{}, coalesce(d.{name}, t.{name})",
                literal(&self.columns[key.position].0)
            )
        });
        let key = object(&key.collect::<Vec<_>>());
        format!(
            "SELECT {key} AS key,\n       CASE WHEN d.copy IS NOT NULL THEN {} END AS expected,\n       \
             CASE WHEN t.copy IS NOT NULL THEN {} END AS actual\n  FROM {} AS d\n  FULL JOIN {} AS t ON {same}\n WHERE d.copy IS NULL \
             OR t.copy IS NULL OR d.image OPERATOR(\"pg_catalog\".<>) t.image",
            self.json_row("d"),
            self.json_row("t"),
            part("d", Side::Defined, self.restricted(units)),
            part("t", Side::Stored, stored),
        )
    }

    /// The condition under which a computed and a stored row are set against each other: the same key where a unit has one row, else
    /// the same image; and in either case the same number among rows of that image. A snapshot can show two rows of one
    /// key, even equal ones: one that was deleted since and one that the transaction has inserted.
    fn same_unit(&self) -> String {
        let copy = "d.copy OPERATOR(\"pg_catalog\".=) t.copy";
        let column = |alias: &str, key: &KeyColumn| format!("{alias}.c{}", key.position + 1);
        if !self.single {
            return format!("d.image OPERATOR(\"pg_catalog\".=) t.image AND {copy}");
        }
        if self.key.iter().all(|key| !key.nullable) {
            let same = join(&self.key, " AND ", |key| {
                format!("{} {} {}", column("d", key), key.equals, column("t", key))
            });
            return format!("{same} AND {copy}");
        }
        // A full join needs an equality, and NULL keys equal nothing: but their text does.
        let text = |alias: &str| {
            format!(
                "ROW({})::\"pg_catalog\".text",
                join(&self.key, ", ", |key| column(alias, key))
            )
        };
        format!(
            "{} OPERATOR(\"pg_catalog\".=) {} AND {copy}",
            text("d"),
            text("t")
        )
    }

    fn json_row(&self, alias: &str) -> String {
        let pairs: Vec<String> = self
            .columns
            .iter()
            .enumerate()
            .map(|(number, (name, _))| format!("{}, {alias}.c{}", literal(name), number + 1))
            .collect();
        object(&pairs)
    }

    fn stored_columns(&self) -> String {
        join(&self.columns, ", ", |(name, _)| identifier(name))
    }

    fn defined_columns(&self, alias: &str) -> String {
        join(&self.columns, ", ", |(_, name)| column(alias, name))
    }

    fn stored_row(&self, alias: &str) -> String {
        format!("{}::\"pg_catalog\".record", self.row(alias, Side::Stored))
    }

    /// The text by which rows are told apart when they are written: of equal values of a grouping column, which can be written in several ways, the
    /// computed one is stored. The one that was stored before may be in no row of the sources any more.
    fn exact_image(&self, alias: &str, side: Side) -> String {
        format!(
            "{}::\"pg_catalog\".text COLLATE \"pg_catalog\".\"C\"",
            self.row(alias, side)
        )
    }

    /// The text by which rows are told apart when they are compared: either of equal values will do.
    fn image(&self, alias: &str, side: Side) -> String {
        let cells: Vec<String> = self
            .columns
            .iter()
            .enumerate()
            .map(|(position, names)| {
                let cell = column(alias, side.name(names));
                match self.loose.iter().find(|(loose, _)| *loose == position) {
                    Some((_, hash)) => format!("{hash}({cell}, 0)"),
                    None => cell,
                }
            })
            .collect();
        format!(
            "ROW({})::\"pg_catalog\".text COLLATE \"pg_catalog\".\"C\"",
            cells.join(", ")
        )
    }

    fn row(&self, alias: &str, side: Side) -> String {
        format!(
            "ROW({})",
            join(&self.columns, ", ", |names| column(alias, side.name(names)))
        )
    }

    /// The definition's query for one unit, if it has to be restricted from inside.
    fn restricted_inside(&self, units: Units) -> Option<String> {
        let parts = self.restricted.as_ref()?;
        let value = match units {
            Units::One if self.key.iter().all(|key| !key.nullable) => parameter,
            Units::Many(batch) if batch == Batch::default() && self.tells_nulls() => unit_column,
            Units::One | Units::Many(_) | Units::All => return None,
        };
        Some(join(parts, "", |part| match part {
            QueryPart::Text(text) => text.clone(),
            QueryPart::Key(number) => value(*number),
        }))
    }

    /// Whether [`Nulls`] says of all NULLs where they are.
    fn tells_nulls(&self) -> bool {
        self.key.iter().skip(Nulls::COLUMNS).all(|key| !key.nullable)
    }

    /// Names of the definition's columns.
    fn defined_names(&self) -> String {
        join(&self.columns, ", ", |(_, name)| identifier(name))
    }

    /// The condition that the definition has no row of a unit.
    fn defines_nothing(&self, units: Units, condition: &str) -> String {
        match self.restricted_inside(units) {
            Some(query) => format!("NOT EXISTS (SELECT FROM ({query}) AS d OFFSET 0)"),
            None => format!(
                "NOT EXISTS (SELECT FROM {} AS d WHERE {condition})",
                self.definition
            ),
        }
    }

    /// The FROM clause (and WHERE clause) that yields the definition's rows `d` of the units.
    fn restricted(&self, units: Units) -> String {
        if let Some(query) = self.restricted_inside(units) {
            let named = format!("({query}) AS d({})", self.defined_names());
            return match units {
                Units::Many(_) => format!("{} CROSS JOIN LATERAL {named}", self.unnested()),
                Units::One | Units::All => named,
            };
        }
        match units {
            Units::All => format!("{} AS d", self.definition),
            Units::One => {
                format!(
                    "{} AS d\n WHERE {}",
                    self.definition,
                    self.key_is("d", Side::Defined, parameter)
                )
            }
            Units::Many(batch) if self.takes_list(batch) => format!(
                "{} AS d\n WHERE {}",
                self.definition,
                self.key_in_list("d", Side::Defined)
            ),
            Units::Many(batch) if self.lateral && !batch.whole => format!(
                "{} CROSS JOIN LATERAL (SELECT * FROM {} AS d WHERE {} OFFSET 0) AS d",
                self.unnested(),
                self.definition,
                self.unit_is("d", Side::Defined, batch.nulls)
            ),
            Units::Many(batch) => format!(
                "{} JOIN {} AS d ON {}",
                self.unnested(),
                self.definition,
                self.unit_is("d", Side::Defined, batch.nulls)
            ),
        }
    }

    /// `unnest($1, $2) AS u(k1, k2)`; with several arguments only the unqualified name is understood.
    fn unnested(&self) -> String {
        let numbers: Vec<usize> = (1..=self.key.len()).collect();
        if self.composite {
            return format!(
                "(SELECT {} FROM generate_series(1, cardinality($1)) AS i) AS {UNIT}",
                join(&numbers, ", ", |number| format!("(${number})[i] AS k{number}"))
            );
        }
        format!(
            "unnest({}) AS {UNIT}({})",
            join(&numbers, ", ", |number| format!("${number}")),
            join(&numbers, ", ", |number| format!("k{number}"))
        )
    }

    /// Whether many units are given as a list of keys.
    fn takes_list(&self, batch: Batch) -> bool {
        self.lateral
            && self.listed
            && !self.composite
            && self.restricted.is_none()
            && self.key.len() == 1
            && batch == Batch::default()
    }

    /// `d."year" = ANY ($1)`
    fn key_in_list(&self, alias: &str, side: Side) -> String {
        join(&self.key, " AND ", |key| {
            let name = side.name(&self.columns[key.position]);
            format!("{} {} ANY ($1)", column(alias, name), key.equals)
        })
    }

    /// The key is that of a row of `u`, whose NULLs are in known places.
    fn unit_is(&self, alias: &str, side: Side, nulls: Nulls) -> String {
        let numbered: Vec<(usize, &KeyColumn)> = self.key.iter().enumerate().collect();
        join(&numbered, " AND ", |(number, key)| {
            let stored = column(alias, side.name(&self.columns[key.position]));
            match nulls.has(*number) {
                Some(true) => format!("{stored} IS NULL"),
                Some(false) => format!("{stored} {} {}", key.equals, unit_column(*number)),
                None => key.compared(&stored, &unit_column(*number)),
            }
        })
    }

    fn key_is(&self, alias: &str, side: Side, value: impl Fn(usize) -> String) -> String {
        let numbered: Vec<(usize, &KeyColumn)> = self.key.iter().enumerate().collect();
        join(&numbered, " AND ", |(number, key)| {
            let stored = column(alias, side.name(&self.columns[key.position]));
            key.compared(&stored, &value(*number))
        })
    }
}

/// Whose column names to use.
#[derive(Clone, Copy)]
enum Side {
    Stored,
    Defined,
}

impl Side {
    fn name(self, (stored, defined): &(String, String)) -> &str {
        match self {
            Side::Stored => stored,
            Side::Defined => defined,
        }
    }
}

fn parameter(number: usize) -> String {
    format!("${}", number + 1)
}

/// A document of pairs, each of a key and a value.
fn object(pairs: &[String]) -> String {
    /// A function call has at most 100 arguments (`FUNC_MAX_ARGS`): chunks are put together with `||`.
    const MOST_PAIRS: usize = 50;
    if pairs.is_empty() {
        return "\"pg_catalog\".jsonb_build_object()".into();
    }
    let chunks: Vec<String> = pairs
        .chunks(MOST_PAIRS)
        .map(|chunk| format!("\"pg_catalog\".jsonb_build_object({})", chunk.join(", ")))
        .collect();
    chunks.join(" OPERATOR(\"pg_catalog\".||) ")
}

/// Alias of the units: the definition's query may be within its reach, and no alias of that must hide it.
const UNIT: &str = "\"pg_tviews unit\"";

fn unit_column(number: usize) -> String {
    format!("{UNIT}.k{}", number + 1)
}

#[cfg(test)]
mod tests;
