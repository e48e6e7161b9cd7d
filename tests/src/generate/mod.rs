//! Random cases for the oracle: a schema, definitions over it, and what happens to its tables.
//!
//! Everything is determined by the seed. Values come from small pools, so that rows meet; statements are allowed to
//! fail, as long as they fail alike with and without tviews. Definitions have exactly one result for given data:
//! every aggregate that depends on order has a total one, every LIMIT too, and nothing reads a clock.

mod aggregate;
mod change;
mod combined;
mod documents;
mod expression;
mod function;
mod grouped;
mod join;
mod kinds;
mod laterals;
mod leaves;
mod lists;
mod membership;
mod moves;
mod program;
mod query;
mod reader;
mod recursive;
mod schema;
mod scope;
mod subquery;
mod totals;
mod tree;
mod triggers;
mod types;
mod view;
mod window;

pub use program::{Options, case, writers};
pub use types::Extras;

#[cfg(test)]
mod tests {
    use super::{Extras, Options, case};

    /// What has to turn up in a few hundred cases: a generator that no longer makes something is noticed.
    const EXPECTED: [&str; 174] = [
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
        "NOT EXISTS (SELECT",
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
        " FULL JOIN ",
        " CROSS JOIN ",
        " NATURAL JOIN ",
        " NATURAL LEFT JOIN ",
        " NATURAL FULL JOIN ",
        " USING (pk)",
        "FULL JOIN (SELECT",
        "JOIN (VALUES ",
        "ROWS FROM (",
        "jsonb_array_elements(",
        "jsonb_each(",
        "generate_series(",
        "upto(",
        "regexp_split_to_table(",
        ") UNION ALL (",
        ") UNION (",
        ") INTERSECT (",
        ") INTERSECT ALL (",
        ") EXCEPT (",
        ") EXCEPT ALL (",
        "DISTINCT ON (",
        "ROLLUP (",
        "CUBE (",
        "GROUPING SETS (",
        "grouping(",
        "FETCH FIRST",
        "WITH TIES",
        " OFFSET ",
        "NULLS FIRST",
        "WITH RECURSIVE ",
        ") CYCLE k SET cycled USING way",
        " AS MATERIALIZED (",
        " AS NOT MATERIALIZED (",
        " WINDOW w AS (",
        " OVER w",
        "ROWS BETWEEN 1 PRECEDING",
        "RANGE BETWEEN 1 PRECEDING",
        "GROUPS BETWEEN 1 PRECEDING",
        "EXCLUDE GROUP",
        "rank() OVER",
        "ntile(3) OVER",
        "first_value(",
        "nth_value(",
        "cume_dist() OVER",
        "percentile_cont(",
        "mode() WITHIN GROUP",
        "rank(2) WITHIN GROUP",
        "stddev(",
        "bit_xor(",
        "regr_count(",
        "json_agg(",
        "json_object_agg(",
        "range_agg(",
        "sum_absolute(",
        "chain(",
        "count(DISTINCT (",
        "sum(DISTINCT ",
        "AS zz WHERE",
        " <> ANY (",
        " = ALL (",
        " > ANY (",
        "::char(3)",
        "smallint",
        "numeric(8,2)",
        "::mood",
        "::score",
        "int4range",
        " json",
        "WITH d AS (DELETE FROM",
        "RETURNING x.*) INSERT INTO",
        "WHERE NOT EXISTS (SELECT FROM",
        "WITH w AS (UPDATE ",
        "WHEN MATCHED AND",
        " PARTITION BY HASH (pk)",
        " PARTITION BY RANGE (pk)",
        " ATTACH PARTITION ",
        " DETACH PARTITION ",
        " INHERITS (",
        "FROM ONLY ",
        "UPDATE t1_p",
        "STORED",
        "DROP COLUMN",
        "; SELECT 1",
        "EXCEPTION WHEN others",
        "VALUES (",
        "::pair",
        "::marks",
        "::folded",
        "::citext",
        "::hstore",
        "pk citext",
        "pk folded",
        "UNLOGGED TABLE",
        "ON DELETE SET DEFAULT",
        "ON UPDATE SET NULL",
        "CONSTRAINT TRIGGER",
        "THEN RETURN NULL",
        "TO STDOUT",
        "CURSOR WITH HOLD",
        "FETCH ALL FROM held",
        "PREPARE TRANSACTION",
    ];

    #[test]
    fn everything_turns_up() {
        let options = Options {
            extras: Extras {
                citext: true,
                hstore: true,
                icu: true,
            },
            ..Options::default()
        };
        let scripts: Vec<String> = (0..700).map(|seed| case(seed, &options).script()).collect();
        let missing: Vec<_> = EXPECTED
            .iter()
            .filter(|text| scripts.iter().all(|script| !script.contains(*text)))
            .collect();
        assert!(missing.is_empty(), "never generated: {missing:?}");
    }
}
