-- Functions that find what they call in the search path of the session: refused when the tview is made, not when the first row comes.
CREATE EXTENSION pg_tviews;
CREATE ROLE bn_alice;
CREATE SCHEMA app AUTHORIZATION bn_alice;
SET ROLE bn_alice;
SET search_path = app, public;
CREATE TYPE app.mood AS ENUM ('bad', 'good');
CREATE TABLE app.item (pk integer PRIMARY KEY, v text, mood app.mood, n numeric, at timestamp, many integer[], doc jsonb, span int4range, flag boolean, wait interval);
CREATE TABLE app.other (pk integer PRIMARY KEY, factor integer);
CREATE FUNCTION app.base(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower($1)';
CREATE FUNCTION app.first(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN base($1); END';
CREATE TABLE app.tv_item AS SELECT pk, first(v) AS v FROM app.item;
-- Strict, with all kinds of arguments.
CREATE FUNCTION app.many(a text, app.mood, numeric, timestamp, integer[], jsonb, int4range, boolean, interval, app.item) RETURNS text STRICT IMMUTABLE LANGUAGE plpgsql
  AS 'BEGIN RETURN base(a); END';
CREATE TABLE app.tv_item AS SELECT pk, app.many(v, mood, n, at, many, doc, span, flag, wait, i) AS v FROM app.item i;
-- Types and tables, by way of an operator, a view, a condition.
CREATE FUNCTION app.typed(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'DECLARE x mood; BEGIN x := $1; RETURN x; EXCEPTION WHEN invalid_text_representation THEN RETURN NULL; END';
CREATE TABLE app.tv_item AS SELECT pk, typed(v) AS v FROM app.item;
CREATE FUNCTION app.tabled(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT min(factor)::text FROM other); END';
CREATE OPERATOR app.@@@ (RIGHTARG = text, FUNCTION = app.tabled);
CREATE VIEW app.v_item AS SELECT pk, OPERATOR(app.@@@) v AS v FROM app.item;
CREATE TABLE app.tv_item AS SELECT pk, v FROM app.v_item;
CREATE TABLE app.tv_item AS SELECT pk, v FROM app.item WHERE first(v) = 'x';
SELECT pg_tviews_create('app.tv_item', 'SELECT pk, first(v) AS v FROM app.item');
-- What it refuses for reasons of its own is its own business, and nobody hears of the trial.
CREATE FUNCTION app.picky(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'called'; RAISE EXCEPTION 'not %', $1; END $$;
CREATE TABLE app.tv_picky AS SELECT pk, picky(v) AS v FROM app.item;
DROP TABLE app.tv_picky;
-- With its own search path, it is fine.
ALTER FUNCTION app.first(text) SET search_path = app;
CREATE TABLE app.tv_item AS SELECT pk, first(v) AS v FROM app.item;
INSERT INTO app.item VALUES (1, 'ONE');
SELECT * FROM app.tv_item;
-- Where there are rows, they try it. Later, the error says what it is about.
ALTER FUNCTION app.many(text, app.mood, numeric, timestamp, integer[], jsonb, int4range, boolean, interval, app.item) CALLED ON NULL INPUT;
CREATE TABLE app.tv_many AS SELECT pk, app.many(v, mood, n, at, many, doc, span, flag, wait, i) AS v FROM app.item i;
CREATE FUNCTION app.sometimes(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN IF $1 = 'NOW' THEN RETURN base($1); END IF; RETURN $1; END $$;
CREATE TABLE app.tv_sometimes AS SELECT pk, sometimes(v) AS v FROM app.item;
UPDATE app.item SET v = 'NOW';
-- A function of an extension that is not IMMUTABLE.
RESET ROLE;
CREATE FUNCTION public.of_extension(text) RETURNS text STABLE LANGUAGE sql AS 'SELECT $1';
ALTER EXTENSION plpgsql ADD FUNCTION public.of_extension(text);
SET ROLE bn_alice;
CREATE TABLE app.tv_extension AS SELECT pk, of_extension(v) AS v FROM app.item;
