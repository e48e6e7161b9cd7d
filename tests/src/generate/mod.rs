//! Random cases for the oracle: a schema, definitions over it, and what happens to its tables.
//!
//! Everything is determined by the seed. Values come from small pools, so that rows meet; statements are allowed to
//! fail, as long as they fail alike with and without tviews. Definitions have exactly one result for given data:
//! every aggregate that depends on order has a total one, every LIMIT too, and nothing reads a clock.

mod change;
mod documents;
mod expression;
mod grouped;
mod join;
mod membership;
mod program;
mod schema;
mod scope;
mod subquery;
mod types;
mod view;

pub use program::{Options, case, writers};

#[cfg(test)]
mod tests {
    use super::{Options, case};

    /// What has to turn up in a few hundred cases: a generator that no longer makes something is noticed.
    const EXPECTED: [&str; 73] = [
        " LEFT JOIN ",
        " JOIN ",
        " WHERE ",
        "CASE WHEN",
        "coalesce(",
        "nullif(",
        "jsonb_build_object(",
        "jsonb_build_array(",
        " || ",
        "to_jsonb(",
        "row_to_json(",
        "jsonb_agg(",
        "array_agg(",
        "string_agg(",
        "count(*)",
        "avg(",
        "sum(",
        "min(",
        "max(",
        "bool_or(",
        " LIMIT ",
        "(EXISTS (SELECT",
        "(NOT EXISTS (SELECT",
        " IN (SELECT",
        " NOT IN (SELECT",
        " <> ALL (SELECT",
        " = ANY (SELECT",
        " GROUP BY ",
        " HAVING ",
        "SELECT DISTINCT ",
        "count(DISTINCT ",
        "FILTER (WHERE ",
        "WITHIN GROUP",
        "jsonb_object_agg(",
        "string_agg(DISTINCT ",
        "RIGHT JOIN ",
        "LATERAL (SELECT",
        "LATERAL unnest(",
        "WITH ORDINALITY",
        "WITH w_0 AS ",
        "OVER (PARTITION BY ",
        "row_number() OVER",
        " <= ",
        " BETWEEN ",
        "ROW(",
        "::varchar",
        " IS NOT DISTINCT FROM ",
        " IS NOT TRUE",
        "to_char(",
        "FROM v_",
        "FROM tv_",
        "PRIMARY KEY (pk, pk_1)",
        "UNIQUE (pk)",
        "pk uuid",
        "pk bigint",
        "pk text",
        "ON DELETE CASCADE",
        "ON DELETE SET NULL",
        "ON UPDATE CASCADE",
        "DEFERRABLE INITIALLY DEFERRED",
        "CREATE TRIGGER",
        "ON CONFLICT DO NOTHING",
        "DO UPDATE SET",
        "MERGE INTO",
        "TRUNCATE ",
        "FROM STDIN",
        "WITH w0 AS",
        "SAVEPOINT",
        "ROLLBACK TO",
        "ISOLATION LEVEL SERIALIZABLE",
        "SET TimeZone",
        "ALTER TABLE",
        "pg_tviews_create(",
    ];

    #[test]
    fn everything_turns_up() {
        let scripts: Vec<String> = (0..400)
            .map(|seed| case(seed, &Options::default()).script())
            .collect();
        let missing: Vec<_> = EXPECTED
            .iter()
            .filter(|text| scripts.iter().all(|script| !script.contains(*text)))
            .collect();
        assert!(missing.is_empty(), "never generated: {missing:?}");
    }
}
