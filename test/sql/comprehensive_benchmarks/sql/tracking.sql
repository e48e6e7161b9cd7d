-- Results of all runs in this database; the columns are those of the CSV (see crates/bench/src/record.rs).
CREATE SCHEMA IF NOT EXISTS bench_results;

DO $$
BEGIN
    IF to_regtype('bench_results.result') IS NULL THEN
        CREATE TYPE bench_results.result AS (
            record text, scale text, operation text, approach text, clients integer, status text,
            documents bigint, repetitions bigint, median_ms float8, p95_ms float8, p99_ms float8, mean_ms float8,
            min_ms float8, max_ms float8, median_low_ms float8, median_high_ms float8, tx_per_s float8,
            exact text, note text);
    END IF;
END $$;

CREATE TABLE IF NOT EXISTS bench_results.results (
    run text NOT NULL,
    line integer NOT NULL,
    record text, scale text, operation text, approach text, clients integer, status text,
    documents bigint, repetitions bigint, median_ms float8, p95_ms float8, p99_ms float8, mean_ms float8,
    min_ms float8, max_ms float8, median_low_ms float8, median_high_ms float8, tx_per_s float8,
    exact text, note text,
    PRIMARY KEY (run, line)
);

-- Columns that came later, at the end as in the CSV.
DO $$
DECLARE
    added text[];
BEGIN
    FOREACH added SLICE 1 IN ARRAY ARRAY[
        ['wal_bytes', 'float8'], ['rows_inserted', 'float8'], ['rows_updated', 'float8'], ['rows_updated_hot', 'float8'],
        ['rows_deleted', 'float8'], ['conflicts', 'float8'], ['wrong', 'bigint'],
        ['buffers', 'float8']] LOOP
        IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = (SELECT typrelid FROM pg_type
                                                                   WHERE oid = 'bench_results.result'::regtype)
                                                  AND attname = added[1] AND NOT attisdropped) THEN
            EXECUTE format('ALTER TYPE bench_results.result ADD ATTRIBUTE %I %s', added[1], added[2]);
        END IF;
        EXECUTE format('ALTER TABLE bench_results.results ADD COLUMN IF NOT EXISTS %I %s', added[1], added[2]);
    END LOOP;
END $$;
