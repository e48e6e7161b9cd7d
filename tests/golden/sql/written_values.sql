-- Values that a definition writes as text or JSON: what their output functions and casts depend on.
CREATE EXTENSION pg_tviews;
CREATE ROLE wv_alice;
CREATE SCHEMA app AUTHORIZATION wv_alice;
SET ROLE wv_alice;
SET search_path = app, public;
CREATE TABLE app.thing (pk integer PRIMARY KEY, named regclass, kind regtype, many regclass[], n integer);
CREATE TABLE app.old_name (i integer);
CREATE TYPE app.holder AS (a integer, b regclass);
CREATE DOMAIN app.link AS regclass;
CREATE TYPE app.span AS RANGE (subtype = oid);
INSERT INTO app.thing VALUES (1, 'app.old_name', 'integer', '{app.old_name}', 1);
-- The text of a name of an object is what that is called at the moment: in each of the ways to write it.
\set VERBOSITY terse
CREATE TABLE app.tv_w AS SELECT pk, named::text AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, to_jsonb(named) AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, to_json(many) AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, to_jsonb(t) AS doc FROM app.thing t;
CREATE TABLE app.tv_w AS SELECT pk, row_to_json(t) AS doc FROM app.thing t;
CREATE TABLE app.tv_w AS SELECT pk, jsonb_build_object('named', named) AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, jsonb_build_array(pg_typeof(n)) AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, concat('x', kind) AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, concat_ws(',', VARIADIC many) AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, format('%s', named) AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, quote_literal(named) AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, 'x' || named AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, named || 'x' AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, array_to_string(many, ',') AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, many::text[] AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, many::text AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, ROW(1, named)::text AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, to_jsonb(ROW(1, named)) AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, to_jsonb(ROW(1, named)::app.holder) AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, to_jsonb(named::app.link) AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT s.pk, to_jsonb(s) AS doc FROM (SELECT pk, named FROM app.thing OFFSET 0) s;
CREATE TABLE app.tv_w AS SELECT s.pk, to_jsonb(s) AS doc FROM (SELECT pk, named FROM app.thing) s;
CREATE TABLE app.tv_w AS WITH s AS MATERIALIZED (SELECT pk, named FROM app.thing) SELECT s.pk, to_jsonb(s) AS doc FROM s;
CREATE TABLE app.tv_w AS SELECT n, jsonb_agg(named) AS doc FROM app.thing GROUP BY n;
CREATE TABLE app.tv_w AS SELECT n, jsonb_object_agg(pk, named) AS doc FROM app.thing GROUP BY n;
CREATE TABLE app.tv_w AS SELECT pk, json_agg(named) OVER (PARTITION BY n) AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, (SELECT jsonb_agg(s) FROM (SELECT o.named FROM app.thing o WHERE o.n = t.n) s) AS doc FROM app.thing t;
CREATE TABLE app.tv_w AS SELECT pk, XMLELEMENT(NAME x, named) AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, JSON_OBJECT('named': named) AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT pk, JSON_ARRAY(named) AS doc FROM app.thing;
CREATE TABLE app.tv_w AS SELECT n, JSON_OBJECTAGG(pk: named) AS doc FROM app.thing GROUP BY n;
CREATE TABLE app.tv_w AS SELECT pk, to_jsonb(makeaclitem(10, 10, 'SELECT', false)) AS doc FROM app.thing;
\set VERBOSITY default
CREATE TABLE app.tv_w AS SELECT pk, to_jsonb(named) AS doc FROM app.thing;
-- As it is, or as a number, it is what it was.
CREATE TABLE app.tv_named AS SELECT pk, named, kind, many, jsonb_build_object('named', named::oid, 'n', n, 'is integer', pg_typeof(n) = 'integer'::regtype) AS doc FROM app.thing;
ALTER TABLE app.old_name RENAME TO new_name;
SELECT pk, named, doc ->> 'n' AS n FROM app.tv_named;
SELECT * FROM pg_tviews_verify('app.tv_named');

-- A cast to json decides how values of a type are written into documents.
CREATE TYPE app.mood AS ENUM ('bad', 'good');
CREATE TYPE app.width AS RANGE (subtype = numeric);
CREATE TABLE app.day (pk integer PRIMARY KEY, mood app.mood, moods app.mood[], width app.width);
INSERT INTO app.day VALUES (1, 'bad', '{good}', '[1,2)');
CREATE TABLE app.tv_day AS SELECT pk, jsonb_build_object('mood', mood, 'moods', moods) AS doc FROM app.day;
CREATE TABLE app.tv_width AS SELECT pk, to_jsonb(width) AS doc FROM app.day;
CREATE FUNCTION app.mood_json(app.mood) RETURNS json IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN json_build_object('is', $1::text); END $$;
CREATE FUNCTION app.width_json(app.width) RETURNS json IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN json_build_array(lower($1), upper($1)); END $$;
CREATE CAST (app.mood AS json) WITH FUNCTION app.mood_json(app.mood);
CREATE CAST (app.width AS json) WITH FUNCTION app.width_json(app.width);
TABLE app.tv_day;
TABLE app.tv_width;
INSERT INTO app.day VALUES (2, 'good', '{bad,good}', '[3,4)');
TABLE app.tv_day;
SELECT * FROM pg_tviews_verify('app.tv_day');
-- Its function is followed, and the cast stays as long as it is used, by tviews that came after it too.
CREATE TABLE app.tv_after AS SELECT pk, to_jsonb(d) AS doc FROM app.day d;
CREATE OR REPLACE FUNCTION app.mood_json(app.mood) RETURNS json IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN json_build_object('was', $1::text); END $$;
TABLE app.tv_after;
SELECT * FROM pg_tviews_verify('app.tv_day');
DROP CAST (app.mood AS json);
DROP CAST (app.width AS json);
DROP TABLE app.tv_day, app.tv_after;
DROP CAST (app.mood AS json);
-- A function that may read tables can't be followed.
CREATE OR REPLACE FUNCTION app.mood_json(app.mood) RETURNS json STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT json_build_object('n', count(*)) FROM app.thing); END $$;
CREATE CAST (app.mood AS json) WITH FUNCTION app.mood_json(app.mood);
CREATE TABLE app.tv_day AS SELECT pk, jsonb_build_object('mood', mood) AS doc FROM app.day;
DROP CAST (app.mood AS json);
CREATE TABLE app.tv_day AS SELECT pk, jsonb_build_object('mood', mood) AS doc FROM app.day;
CREATE CAST (app.mood AS json) WITH FUNCTION app.mood_json(app.mood);
-- Other casts concern nobody.
CREATE FUNCTION app.mood_number(app.mood) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
CREATE CAST (app.mood AS integer) WITH FUNCTION app.mood_number(app.mood);
DROP CAST (app.mood AS integer);
TABLE app.tv_day ORDER BY pk;
