-- What can't be maintained is refused at creation: all objections at once, each with its place and a hint.
CREATE EXTENSION pg_tviews;
CREATE TABLE item (pk integer PRIMARY KEY, fk_parent integer, name text, price numeric, at timestamptz);
CREATE TABLE keyless (name text);
CREATE MATERIALIZED VIEW stored AS SELECT pk FROM item;
CREATE TEMP TABLE temporary_item (pk integer PRIMARY KEY);
CREATE FUNCTION own_volatile(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION own_stable(integer) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM item WHERE pk < $1';

-- The clock and the session.
SELECT pg_tviews_create('tv_x', $$SELECT pk, now() AS at FROM item$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, current_user AS me FROM item$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, current_setting('TimeZone') AS tz FROM item$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, age(at) AS age FROM item$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, current_date - at AS age FROM item$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, 'now'::text::timestamptz AS at FROM item$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, random() AS r FROM item$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk FROM item WHERE at > clock_timestamp()$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, own_volatile(pk) AS v FROM item$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, own_stable(pk) AS v FROM item$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, ctid AS place FROM item$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, xmin AS x FROM item$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, tableoid AS x FROM item$$);

-- Sources.
SELECT pg_tviews_create('tv_x', $$SELECT pk FROM stored$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk FROM temporary_item$$);
SELECT pg_tviews_create('tv_x', $$SELECT oid, relname FROM pg_class$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk FROM item TABLESAMPLE BERNOULLI (10)$$);

-- Clauses.
SELECT pg_tviews_create('tv_x', $$SELECT pk FROM item FOR UPDATE$$);
SELECT pg_tviews_create('tv_x', $$WITH d AS (DELETE FROM item RETURNING pk) SELECT pk FROM d$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, pk FROM item$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, $1 AS parameter FROM item$$);

-- Several at once, nested deep.
SELECT pg_tviews_create('tv_x', $$
  SELECT i.pk,
         jsonb_build_object(
           'now', now(),
           'parts', (SELECT jsonb_agg(jsonb_build_object('random', random()) ORDER BY p.pk)
                       FROM item p WHERE p.fk_parent = i.pk AND p.at < clock_timestamp())) AS data
    FROM item i TABLESAMPLE SYSTEM (5)
    JOIN stored s ON s.pk = i.fk_parent
   WHERE i.name <> current_user
$$);
CREATE TABLE tv_x AS SELECT pk, now() AS at, random() AS r FROM item;

-- Nothing is left behind.
SELECT count(*) FROM tviews.views;
SELECT count(*) FROM tviews.dependencies;
SELECT to_regclass('tv_x');
SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal;
SELECT relname FROM pg_class WHERE relname LIKE 'tv%' AND relnamespace <> 'pg_toast'::regnamespace ORDER BY 1;

-- The transaction that tried goes on after a savepoint.
BEGIN;
SAVEPOINT s;
CREATE TABLE tv_x AS SELECT pk, now() AS at FROM item;
ROLLBACK TO s;
CREATE TABLE tv_x AS SELECT pk, jsonb_build_object('name', name) AS data FROM item;
COMMIT;
INSERT INTO item VALUES (1, NULL, 'one');
TABLE tv_x;

-- Analysis says the same without creating anything.
SELECT * FROM pg_tviews_analyze($$SELECT pk, now() AS at, random() AS r FROM item$$);
