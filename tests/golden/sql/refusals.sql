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

-- Conversions of text and JSON that can read the clock, wherever it says what they give; the same of other types is fine.
CREATE TABLE note (pk integer PRIMARY KEY, doc jsonb, text text);
CREATE TYPE moment AS (number integer, at timestamp);
SELECT pg_tviews_create('tv_x', $$SELECT pk, x.* FROM note, jsonb_to_record(doc) AS x(a integer, d date)$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, x.* FROM note, jsonb_to_recordset(doc) AS x(a integer, d tstzrange[])$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, x.* FROM note, jsonb_to_record(doc) AS x(a regclass)$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, (jsonb_populate_record(NULL::moment, doc)).number AS x FROM note$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, x.* FROM note, jsonb_populate_recordset(NULL::moment, doc) x$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, x.* FROM note, XMLTABLE('/a' PASSING (text::xml) COLUMNS d date PATH 'd') x$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, text::tstzrange AS x, text::date[] AS y FROM note$$);
SELECT pg_tviews_create('tv_note', $$SELECT pk, x.*, (jsonb_populate_record(NULL::note, doc)).text AS same FROM note, jsonb_to_record(doc) AS x(a integer, d text[])$$);
INSERT INTO note VALUES (1, '{"a": 1, "d": ["now"], "text": "x"}', NULL);
TABLE tv_note;
SELECT pg_tviews_drop('tv_note');

-- Where it stands in a clause of its own.
SELECT pg_tviews_create('tv_x', $$SELECT pk FROM item ORDER BY now()$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, row_number() OVER (ORDER BY random()) AS r FROM item$$);
SELECT pg_tviews_create('tv_x', $$SELECT count(*) FROM item GROUP BY age(at)$$);
SELECT pg_tviews_create('tv_x', $$SELECT DISTINCT ON (age(at)) pk FROM item ORDER BY age(at), pk$$);
SELECT pg_tviews_create('tv_x', $$SELECT i.pk, (SELECT j.pk FROM item j ORDER BY now() LIMIT 1) AS first FROM item i$$);

-- Equal values that are written differently: which one a group shows is up to chance, and what depends on it is refused wherever the
-- group stands. Passing it on and comparing it is fine, and so are types that have no such values.
CREATE TABLE amount (pk integer PRIMARY KEY, fk integer, exact numeric, fixed numeric(10, 2), text text);
SELECT pg_tviews_create('tv_x', $$SELECT exact, exact::text AS text, count(*) FROM amount GROUP BY exact$$);
SELECT pg_tviews_create('tv_x', $$SELECT exact::text AS text, count(*) FROM amount GROUP BY exact$$);
SELECT pg_tviews_create('tv_x', $$SELECT s.text FROM (SELECT exact::text AS text, count(*) FROM amount GROUP BY exact) s$$);
SELECT pg_tviews_create('tv_x', $$SELECT s.exact::text AS text FROM (SELECT exact, count(*) FROM amount GROUP BY exact) s$$);
SELECT pg_tviews_create('tv_x', $$SELECT s.exact FROM (SELECT DISTINCT exact FROM amount) s WHERE s.exact::text = '5.0'$$);
SELECT pg_tviews_create('tv_x', $$WITH s AS (SELECT exact FROM amount UNION SELECT fixed FROM amount) SELECT a.pk, s.exact FROM amount a JOIN s ON s.exact::text = a.text$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, (SELECT jsonb_agg(s.exact) FROM (SELECT DISTINCT b.exact FROM amount b WHERE b.fk = a.fk) s) AS list FROM amount a$$);
SELECT pg_tviews_create('tv_x', $$SELECT s AS row FROM (SELECT exact, count(*) FROM amount GROUP BY exact) s$$);
SELECT pg_tviews_create('tv_x', $$SELECT exact, count(*) FROM amount GROUP BY exact ORDER BY exact::text$$);
SELECT pg_tviews_create('tv_x', $$SELECT exact, count(*) FROM amount GROUP BY exact HAVING exact::text <> '5.0'$$);
SELECT kind, message FROM pg_tviews_analyze($$SELECT exact, exact > 3 AS much, count(*) FROM amount GROUP BY exact ORDER BY exact$$);
SELECT kind, message FROM pg_tviews_analyze($$SELECT s.fixed::text AS text FROM (SELECT DISTINCT fixed FROM amount) s$$);
SELECT kind, message FROM pg_tviews_analyze($$SELECT pk, (SELECT sum(s.exact) FROM (SELECT DISTINCT b.exact FROM amount b WHERE b.fk = a.fk) s WHERE s.exact IS NOT NULL) AS sum FROM amount a$$);

-- Sources.
SELECT pg_tviews_create('tv_x', $$SELECT pk FROM stored$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk FROM temporary_item$$);
SELECT pg_tviews_create('tv_x', $$SELECT oid, relname FROM pg_class$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk FROM item TABLESAMPLE BERNOULLI (10)$$);

CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE remote (pk integer) SERVER nowhere;
CREATE SEQUENCE numbers;
CREATE UNLOGGED TABLE visit (pk integer PRIMARY KEY);
SELECT pg_tviews_create('tv_x', $$SELECT pk FROM remote$$);
SELECT pg_tviews_create('tv_x', $$SELECT last_value FROM numbers$$);
SELECT pg_tviews_create('tv_x', $$SELECT i.pk FROM item i JOIN visit v ON v.pk = i.pk$$);
SELECT pg_tviews_create('tv_x', $$SELECT table_name FROM information_schema.tables$$);
CREATE VIEW shown AS SELECT s.pk, now() AS at FROM stored s;
SELECT pg_tviews_create('tv_x', $$SELECT pk, at FROM shown$$);

-- Row-level security that applies to the owner, tables that the owner may not read.
CREATE ROLE refused_reader;
GRANT USAGE, CREATE ON SCHEMA public TO refused_reader;
CREATE TABLE secret (pk integer PRIMARY KEY, name text);
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
GRANT SELECT, TRIGGER ON secret TO refused_reader;
SET ROLE refused_reader;
SELECT pg_tviews_create('tv_x', $$SELECT pk, name FROM secret$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, name FROM item$$);
RESET ROLE;
DROP OWNED BY refused_reader;
DROP ROLE refused_reader;

-- Clauses.
SELECT pg_tviews_create('tv_x', $$SELECT pk FROM item FOR UPDATE$$);
SELECT pg_tviews_create('tv_x', $$WITH d AS (DELETE FROM item RETURNING pk) SELECT pk FROM d$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, pk FROM item$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, $1 AS parameter FROM item$$);

SELECT pg_tviews_create('tv_x', $$SELECT price, price::text AS shown, count(*) FROM item GROUP BY price$$);
SELECT pg_tviews_create('tv_x', $$SELECT price, jsonb_build_object('price', price) AS shown, count(*) FROM item GROUP BY price$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, nextval('numbers') AS n FROM item$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, name::timetz AS day FROM item$$);
SELECT pg_tviews_create('tv_x', $$SELECT i.pk, (SELECT max(now() - p.at) FROM item p WHERE p.fk_parent = i.pk) AS oldest FROM item i$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk FROM item UNION ALL SELECT pk FROM stored WHERE random() < 0.5$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk, rank() OVER (ORDER BY random()) AS place FROM item$$);
SELECT pg_tviews_create('tv_x', $$SELECT fk_parent, count(*) FROM item GROUP BY fk_parent HAVING max(at) > now()$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk FROM item ORDER BY random() LIMIT 3$$);
SELECT pg_tviews_create('tv_x', $$SELECT pk FROM item LIMIT (random() * 10)::integer$$);
SELECT pg_tviews_create('tv_x', $$WITH RECURSIVE up AS (SELECT pk, fk_parent FROM item UNION ALL SELECT i.pk, i.fk_parent FROM up JOIN item i ON i.pk = up.fk_parent AND i.at < now()) SELECT pk FROM up$$);
SELECT pg_tviews_create('tv_x', $$SELECT i.pk, x.n FROM item i CROSS JOIN LATERAL own_stable(i.pk) AS x (n)$$);

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
SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgrelid <> 'tviews.tview'::regclass;
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
