-- Functions that read tviews in processes that work in parallel, after changes of the same transaction.
CREATE EXTENSION pg_tviews;
CREATE ROLE golden_parallel;
GRANT CREATE ON SCHEMA public TO golden_parallel;
SET ROLE golden_parallel;
CREATE TABLE product (pk integer PRIMARY KEY, price integer);
INSERT INTO product SELECT n, n FROM generate_series(1, 200) AS n;
CREATE TABLE tv_product AS SELECT p.pk, p.price * 10 AS price FROM product p;
CREATE TABLE numbers AS SELECT n FROM generate_series(1, 200) AS n;
ANALYZE product, tv_product, numbers;
CREATE FUNCTION price(wanted integer) RETURNS integer STABLE PARALLEL SAFE LANGUAGE plpgsql AS
$$ BEGIN RETURN (SELECT t.price FROM tv_product t WHERE t.pk = wanted); END $$;
CREATE FUNCTION present_price(wanted integer) RETURNS integer VOLATILE PARALLEL SAFE LANGUAGE plpgsql AS
$$ BEGIN RETURN (SELECT t.price FROM tv_product t WHERE t.pk = wanted); END $$;
SET max_parallel_workers_per_gather = 2;
SET parallel_leader_participation = off;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS off) SELECT sum(price(n)) FROM numbers;
SELECT sum(price(n)), sum(present_price(n)) FROM numbers;

BEGIN;
UPDATE product SET price = price + 1;
SELECT sum(price(n)), sum(present_price(n)) FROM numbers;
INSERT INTO product VALUES (0, 5);
UPDATE product SET price = 1 WHERE pk = 1;
SELECT set_config(name, 'on', true) FROM pg_settings WHERE name IN ('debug_parallel_query', 'force_parallel_mode');
SELECT price(0), price(1);
SELECT sum(price(n)) FROM numbers WHERE n < 10;
COMMIT;
SELECT sum(price(n)), sum(present_price(n)) FROM numbers;

-- A change in the snapshot of the transaction.
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE product SET price = 0 WHERE pk <= 100;
SELECT sum(price(n)), sum(present_price(n)) FROM numbers;
ROLLBACK;

-- What a savepoint undoes.
BEGIN;
UPDATE product SET price = 0 WHERE pk <= 100;
SAVEPOINT s;
UPDATE product SET price = 0;
SELECT sum(price(n)) FROM numbers;
ROLLBACK TO s;
SELECT sum(price(n)) FROM numbers;
COMMIT;
SELECT sum(price(n)) FROM numbers;

-- The result of a query becomes a table; a function runs the query.
BEGIN;
UPDATE product SET price = 1;
CREATE TABLE copied AS SELECT price(n) AS price FROM numbers;
SELECT sum(price) FROM copied;
UPDATE product SET price = 2;
DO $$ BEGIN RAISE NOTICE '%', (SELECT sum(price(n)) FROM numbers); END $$;
COPY (SELECT sum(price(n)) FROM numbers) TO STDOUT;
ROLLBACK;
RESET ROLE;
DROP OWNED BY golden_parallel;
DROP ROLE golden_parallel;
