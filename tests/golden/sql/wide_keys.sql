-- Unit keys of many columns: up to as many as NULLs are told apart by, one more, and more than a function call has arguments.
CREATE EXTENSION pg_tviews;
CREATE ROLE golden_wide;
GRANT CREATE ON SCHEMA public TO golden_wide;
GRANT USAGE ON SCHEMA test TO golden_wide;
SET ROLE golden_wide;
CREATE FUNCTION wide(columns integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  names text := (SELECT string_agg('c' || n, ', ' ORDER BY n) FROM generate_series(1, columns) AS n);
  query text := 'SELECT ' || names || ', count(*) AS rows FROM source GROUP BY ' || names;
  outcome text;
BEGIN
  EXECUTE 'CREATE TABLE source (pk integer PRIMARY KEY, ' || (SELECT string_agg('c' || n || ' integer', ', ' ORDER BY n) FROM generate_series(1, columns) AS n) || ')';
  EXECUTE 'INSERT INTO source (pk, c1, c2) VALUES (0, 0, NULL)';
  PERFORM pg_tviews_create('tv_wide', query);
  -- NULLs everywhere but in one place each, several times; rows that differ in their last column alone.
  FOR n IN 1..columns LOOP
    EXECUTE format('INSERT INTO source (pk, c%s) VALUES (%s, %s), (%s, %s)', n, n * 2, n, n * 2 + 1, n);
  END LOOP;
  outcome := test.compare('tv_wide', query);
  EXECUTE format('UPDATE source SET c%s = NULL WHERE pk %% 3 = 0', columns);
  EXECUTE format('UPDATE source SET c1 = 1, c%s = pk WHERE pk %% 5 = 0', columns);
  outcome := outcome || '; ' || test.compare('tv_wide', query);
  EXECUTE format('DELETE FROM source WHERE c%s IS NULL AND pk %% 2 = 0', columns);
  outcome := outcome || '; ' || test.compare('tv_wide', query);
  RETURN outcome || '; ' || (SELECT count(*) FROM pg_tviews_verify('tv_wide')) || ' differences';
END $$;
CREATE PROCEDURE forget() LANGUAGE sql AS $$ SELECT pg_tviews_drop('tv_wide'); DROP TABLE source; $$;
SELECT wide(50);
CALL forget();
SELECT wide(51);
CALL forget();
SELECT wide(64);
CALL forget();
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT wide(64);
ROLLBACK;
SELECT wide(65);
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE source SET c65 = NULL WHERE pk < 50;
UPDATE source SET c65 = 65, c64 = NULL WHERE pk > 100;
COMMIT;
SELECT count(*) FROM pg_tviews_verify('tv_wide');
CALL forget();
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT wide(130);
COMMIT;
SELECT count(*) FROM pg_tviews_verify('tv_wide');
CALL forget();
-- Rows without a unique key, and no NULLs at the end.
CREATE TABLE source (pk integer PRIMARY KEY, v integer);
SELECT pg_tviews_create('tv_wide', 'SELECT DISTINCT ' || (SELECT string_agg(CASE n WHEN 1 THEN 'v' ELSE 'v + ' || n END || ' AS c' || n, ', ') FROM generate_series(1, 70) AS n) || ' FROM source');
INSERT INTO source SELECT n, nullif(n % 3, 0) FROM generate_series(1, 10) AS n;
SELECT c1, c70 FROM tv_wide ORDER BY c1;
DELETE FROM source WHERE v IS NULL;
UPDATE source SET v = v + 1;
SELECT c1, c70 FROM tv_wide ORDER BY c1;
SELECT count(*) FROM pg_tviews_verify('tv_wide');
CALL forget();

-- As many used columns, and as many subqueries, as are told apart for writing single parts; and one more.
CREATE FUNCTION parts(columns integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  query text := 'SELECT s.pk, ' || (SELECT string_agg('s.c' || n, ', ' ORDER BY n) FROM generate_series(1, columns) AS n) || ' FROM source s';
BEGIN
  EXECUTE 'CREATE TABLE source (pk integer PRIMARY KEY, ' || (SELECT string_agg('c' || n || ' integer', ', ' ORDER BY n) FROM generate_series(1, columns) AS n) || ')';
  INSERT INTO source SELECT n FROM generate_series(1, 100) AS n;
  PERFORM pg_tviews_create('tv_wide', query);
  FOR n IN 1..columns LOOP
    EXECUTE format('UPDATE source SET c%s = pk WHERE pk %% 10 = %s', n, n % 10);
  END LOOP;
  EXECUTE format('UPDATE source SET c1 = 1, c%s = 2 WHERE pk = 1', columns);
  RETURN test.compare('tv_wide', query);
END $$;
SELECT parts(63);
CALL forget();
SELECT parts(64);
CALL forget();
SELECT parts(65);
CALL forget();
CREATE FUNCTION subqueries(count integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  query text := 'SELECT s.pk, ' || (SELECT string_agg(format('(SELECT sum(p.v + %s) FROM part p WHERE p.fk = s.pk) AS c%s', n, n), ', ' ORDER BY n) FROM generate_series(1, count) AS n) || ' FROM source s';
BEGIN
  CREATE TABLE source (pk integer PRIMARY KEY);
  CREATE TABLE part (pk integer PRIMARY KEY, fk integer, v integer);
  INSERT INTO source VALUES (1), (2);
  INSERT INTO part SELECT n, n % 2 + 1, n FROM generate_series(1, 4) AS n;
  PERFORM pg_tviews_create('tv_wide', query);
  UPDATE part SET v = 10 WHERE pk = 1;
  INSERT INTO part VALUES (5, 2, 5);
  UPDATE part SET fk = 1 WHERE pk = 2;
  RETURN test.compare('tv_wide', query);
END $$;
SELECT subqueries(64);
CALL forget();
DROP TABLE part;
SELECT subqueries(65);
CALL forget();
RESET ROLE;
DROP OWNED BY golden_wide;
DROP ROLE golden_wide;
