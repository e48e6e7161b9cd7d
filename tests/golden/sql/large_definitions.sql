-- Definitions of very many parts: planned in time, refused from a number on, and with a way to give up.
CREATE EXTENSION pg_tviews;
CREATE ROLE golden_large;
GRANT CREATE ON SCHEMA public TO golden_large;
GRANT USAGE ON SCHEMA test TO golden_large;
SET ROLE golden_large;
CREATE TABLE t (pk integer PRIMARY KEY, a integer);
CREATE INDEX ON t (a);
INSERT INTO t SELECT n, nullif(n % 5, 0) FROM generate_series(1, 10) AS n;
-- Tables in a row; derived tables one in the other, each with a table beside it; subqueries beside and in each other; branches.
CREATE FUNCTION definition(kind text, count integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  sql text := 'SELECT t.pk, t.a FROM t';
BEGIN
  CASE kind
  WHEN 'chain' THEN
    RETURN 'SELECT t1.pk, t1.a FROM t t1 ' || (SELECT string_agg(format('LEFT JOIN t t%s ON t%s.pk = t%s.a', n, n, n - 1), ' ' ORDER BY n) FROM generate_series(2, count) AS n);
  WHEN 'nested' THEN
    FOR n IN 1..count LOOP
      sql := format('SELECT s%s.pk, s%s.a FROM (%s) AS s%s LEFT JOIN t AS j%s ON j%s.pk = s%s.a', n, n, sql, n, n, n, n);
    END LOOP;
    RETURN sql;
  WHEN 'subqueries' THEN
    RETURN 'SELECT t.pk, ARRAY[' || (SELECT string_agg(format('(SELECT max(s%s.a) FROM t s%s WHERE s%s.a = t.pk)', n, n, n), ', ') FROM generate_series(2, count) AS n) || '] AS found FROM t';
  WHEN 'branches' THEN
    RETURN (SELECT string_agg(format('SELECT t%s.pk, %s AS a FROM t AS t%s', n, n, n), ' UNION ALL ') FROM generate_series(1, count) AS n);
  WHEN 'doubled' THEN
    FOR n IN 1..count LOOP
      sql := format('SELECT s%s.pk, s%s.a + s%s.a AS a FROM (%s) AS s%s', n, n, n, sql, n);
    END LOOP;
    RETURN sql;
  WHEN 'common' THEN
    RETURN 'WITH c0 AS (' || sql || ')' || (SELECT string_agg(format(', c%s AS (SELECT x.pk, y.a FROM c%s x JOIN c%s y ON y.pk = x.a)', n, n - 1, n - 1), '') FROM generate_series(1, count) AS n) || ' SELECT pk, a FROM c' || count;
  END CASE;
END $$;

SELECT * FROM pg_tviews_analyze(definition('chain', 301));
SELECT * FROM pg_tviews_analyze(definition('common', 40));
SELECT what, count, (SELECT string_agg(DISTINCT a.kind, ', ') FROM pg_tviews_analyze(definition(what, count)) AS a)
  FROM (VALUES ('chain', 300), ('chain', 301), ('nested', 30), ('nested', 150), ('subqueries', 300), ('subqueries', 301), ('branches', 150), ('branches', 301),
               ('doubled', 30), ('common', 4)) AS v(what, count);

-- They are kept up to date.
CREATE FUNCTION made(kind text, count integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  outcome text;
BEGIN
  PERFORM pg_tviews_create('tv_large', definition(kind, count));
  UPDATE t SET a = 3 WHERE pk = 1;
  INSERT INTO t VALUES (11, 1);
  DELETE FROM t WHERE pk = 3;
  outcome := test.compare('tv_large', definition(kind, count));
  PERFORM pg_tviews_drop('tv_large');
  INSERT INTO t VALUES (3, 3);
  DELETE FROM t WHERE pk = 11;
  RETURN outcome;
END $$;
SET client_min_messages = warning;
SET join_collapse_limit = 1;
SET from_collapse_limit = 1;
SELECT made('chain', 30);
SELECT made('nested', 12);
SELECT made('subqueries', 30);
SELECT made('branches', 30);
SELECT made('doubled', 6);
-- Views that each read the one below twice.
CREATE VIEW v0 AS SELECT t.pk, t.a FROM t;
DO $$
BEGIN
  FOR n IN 1..30 LOOP
    EXECUTE format('CREATE VIEW v%s AS SELECT x.pk, y.a FROM v%s x JOIN v%s y ON y.pk = x.a', n, n - 1, n - 1);
  END LOOP;
END $$;
CREATE TABLE tv_large AS SELECT * FROM v30;
-- An error deep inside leaves nothing behind.
RESET ROLE;
SET max_stack_depth = '500kB';
DO $$
BEGIN
  PERFORM pg_tviews_analyze(definition('chain', 250));
EXCEPTION WHEN statement_too_complex THEN
  RAISE NOTICE 'too deep';
END $$;
SELECT count(*) FROM pg_tviews_analyze(definition('chain', 2));
RESET max_stack_depth;
DROP OWNED BY golden_large;
DROP ROLE golden_large;
