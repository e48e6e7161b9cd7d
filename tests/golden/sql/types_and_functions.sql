-- Commands that change what tviews hold without touching a row of a table: types, functions, text search. Whose tviews are looked at, and by whom.
CREATE EXTENSION pg_tviews;
CREATE ROLE taf_alice; CREATE ROLE taf_mallory; CREATE ROLE taf_bob;
CREATE SCHEMA app AUTHORIZATION taf_alice; CREATE SCHEMA mal AUTHORIZATION taf_mallory;
GRANT USAGE ON SCHEMA app, mal TO PUBLIC;
-- What has been wrong, and which tviews are marked.
CREATE FUNCTION public.wrong() RETURNS TABLE (name text, differences bigint, stale boolean) LANGUAGE sql AS $$
  SELECT schema_name || '.' || name, (SELECT count(*) FROM pg_tviews_verify(quote_ident(schema_name) || '.' || quote_ident(name))), stale
    FROM tviews.views WHERE stale OR EXISTS (SELECT FROM pg_tviews_verify(quote_ident(schema_name) || '.' || quote_ident(name))) ORDER BY 1 $$;

-- The tviews that this transaction has compared: those that it has locked for it.
CREATE FUNCTION public.compared() RETURNS TABLE (tview text) LANGUAGE sql AS $$
  SELECT DISTINCT tview::text FROM tviews.locks WHERE kind = 'tview' AND pid = pg_backend_pid() ORDER BY 1 $$;

SET ROLE taf_alice;
CREATE TYPE app.mood AS ENUM ('bad', 'good');
CREATE TYPE app.other AS ENUM ('x', 'y');
CREATE TYPE app.pair AS (a integer, b app.mood);
CREATE DOMAIN app.feeling AS app.mood;
CREATE DOMAIN app.small AS integer CHECK (VALUE < 1000);
CREATE TABLE app.thing (pk integer PRIMARY KEY, mood app.mood, moods app.mood[], feeling app.feeling, both_of app.pair, unused app.other, n integer);
CREATE TABLE app.holder (pk integer PRIMARY KEY, thing app.thing);
INSERT INTO app.thing VALUES (1, 'bad', '{good,bad}', 'good', '(1,bad)', 'x', 5);
INSERT INTO app.holder SELECT 1, t FROM app.thing t;
CREATE VIEW app.v_thing AS SELECT pk, mood AS state FROM app.thing;
CREATE FUNCTION app.twice(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 * 2; END';
CREATE FUNCTION app.plus(integer, integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 + $2; END';
CREATE OPERATOR app.@+ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = app.plus);
CREATE AGGREGATE app.total(integer) (SFUNC = app.plus, STYPE = integer, INITCOND = '0');
CREATE FUNCTION app.check_small(integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 < 1000; END';
CREATE DOMAIN app.checked AS integer CHECK (app.check_small(VALUE));
CREATE TEXT SEARCH CONFIGURATION app.words (COPY = pg_catalog.simple);
CREATE TEXT SEARCH CONFIGURATION app.words_too (COPY = pg_catalog.simple);
CREATE TEXT SEARCH DICTIONARY app.plain (TEMPLATE = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION app.words ALTER MAPPING FOR asciiword WITH app.plain;
CREATE TABLE app.tv_column AS SELECT pk, mood::text AS mood FROM app.thing;
CREATE TABLE app.tv_array AS SELECT pk, moods::text AS moods FROM app.thing;
CREATE TABLE app.tv_domain AS SELECT pk, feeling::text AS feeling FROM app.thing;
CREATE TABLE app.tv_pair AS SELECT pk, both_of::text AS pair FROM app.thing;
CREATE TABLE app.tv_row AS SELECT pk, to_jsonb(t) AS doc FROM app.thing t;
CREATE TABLE app.tv_view AS SELECT pk, state::text AS state FROM app.v_thing;
CREATE TABLE app.tv_label AS SELECT pk, 'bad'::app.mood::text AS label FROM app.thing;
CREATE TABLE app.tv_holder AS SELECT pk, thing::text AS thing FROM app.holder;
CREATE TABLE app.tv_none AS SELECT pk, n FROM app.thing;
CREATE TABLE app.tv_twice AS SELECT pk, app.twice(n) AS n FROM app.thing;
CREATE TABLE app.tv_plus AS SELECT pk, n OPERATOR(app.@+) 1 AS n FROM app.thing;
CREATE TABLE app.tv_total AS SELECT pk, app.total(n) AS n FROM app.thing GROUP BY pk;
CREATE TABLE app.tv_checked AS SELECT pk, n::app.checked AS n FROM app.thing;
CREATE TABLE app.tv_words AS SELECT pk, to_tsvector('app.words', 'The ' || pk) AS words FROM app.thing;
SET default_text_search_config = 'app.words_too';
CREATE TABLE app.tv_words_too AS SELECT pk, to_tsvector('The ' || pk) AS words FROM app.thing;
RESET default_text_search_config;
SELECT * FROM wrong();
-- Which tviews each of these commands compares.
BEGIN; ALTER TYPE app.mood RENAME VALUE 'bad' TO 'worse'; SELECT * FROM compared(); SELECT * FROM wrong(); ROLLBACK;
BEGIN; ALTER TYPE app.mood ADD VALUE 'fair'; SELECT * FROM compared(); ROLLBACK;
BEGIN; ALTER TYPE app.mood RENAME TO humour; SELECT * FROM compared(); SELECT * FROM wrong(); ROLLBACK;
BEGIN; ALTER TYPE app.other RENAME VALUE 'x' TO 'z'; SELECT * FROM compared(); SELECT * FROM wrong(); ROLLBACK;
BEGIN; ALTER TYPE app.pair RENAME ATTRIBUTE a TO c; SELECT * FROM compared(); SELECT * FROM wrong(); ROLLBACK;
BEGIN; ALTER TYPE app.pair ADD ATTRIBUTE c text; SELECT * FROM compared(); SELECT * FROM wrong(); ROLLBACK;
BEGIN; ALTER TYPE app.pair DROP ATTRIBUTE a; SELECT * FROM compared(); SELECT * FROM wrong(); ROLLBACK;
-- The rows of a table are values of a type, too.
BEGIN; ALTER TABLE app.thing RENAME COLUMN n TO m; SELECT * FROM compared(); SELECT * FROM wrong(); ROLLBACK;
BEGIN; ALTER TABLE app.thing ADD COLUMN more text; SELECT * FROM compared(); SELECT * FROM wrong(); ROLLBACK;
BEGIN; ALTER TABLE app.thing DROP COLUMN unused; SELECT * FROM compared(); SELECT * FROM wrong(); ROLLBACK;
BEGIN; ALTER TABLE app.thing ALTER COLUMN n SET STATISTICS 5; SELECT * FROM compared(); ROLLBACK;
-- Functions, used directly, by an operator, by an aggregate, by a domain.
BEGIN; CREATE OR REPLACE FUNCTION app.twice(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 * 3; END';
SELECT * FROM compared(); SELECT * FROM wrong(); TABLE app.tv_twice; ROLLBACK;
BEGIN; CREATE OR REPLACE FUNCTION app.plus(integer, integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 + $2 + 1; END';
SELECT * FROM compared(); SELECT * FROM wrong(); ROLLBACK;
BEGIN; CREATE OR REPLACE AGGREGATE app.total(integer) (SFUNC = app.plus, STYPE = integer, INITCOND = '10');
SELECT * FROM compared(); SELECT * FROM wrong(); ROLLBACK;
CREATE OR REPLACE FUNCTION app.check_small(integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 < 3; END';
ALTER DOMAIN app.checked ADD CHECK (VALUE < 3) NOT VALID;
BEGIN; ALTER DOMAIN app.checked ADD CHECK (VALUE > 0); SELECT * FROM compared(); ROLLBACK;
BEGIN; ALTER DOMAIN app.checked SET DEFAULT 3; ALTER DOMAIN app.checked DROP CONSTRAINT checked_check; SELECT * FROM compared(); ROLLBACK;
BEGIN; ALTER FUNCTION app.twice(integer) STRICT; SELECT * FROM compared(); ROLLBACK;
BEGIN; ALTER FUNCTION app.twice(integer) COST 5; ALTER FUNCTION app.twice(integer) RENAME TO two; SELECT * FROM compared(); ROLLBACK;
ALTER FUNCTION app.twice(integer) VOLATILE;
ALTER FUNCTION app.twice(integer) SET search_path = app;
SELECT * FROM compared();
-- A function by which values are sorted and grouped, of an operator class of the own.
RESET ROLE;
CREATE TYPE app.card AS (n integer);
CREATE FUNCTION app.card_less(app.card, app.card) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1.n < $2.n';
CREATE FUNCTION app.card_compare(app.card, app.card) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN sign($1.n - $2.n); END';
CREATE OPERATOR app.@< (LEFTARG = app.card, RIGHTARG = app.card, FUNCTION = app.card_less);
CREATE FUNCTION app.card_same(app.card, app.card) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1.n = $2.n';
CREATE OPERATOR app.@= (LEFTARG = app.card, RIGHTARG = app.card, FUNCTION = app.card_same);
CREATE FUNCTION app.card_more(app.card, app.card) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1.n > $2.n';
CREATE OPERATOR app.@> (LEFTARG = app.card, RIGHTARG = app.card, FUNCTION = app.card_more);
CREATE OPERATOR CLASS app.cards DEFAULT FOR TYPE app.card USING btree AS OPERATOR 1 app.@<, OPERATOR 3 app.@=, OPERATOR 5 app.@>, FUNCTION 1 app.card_compare(app.card, app.card);
CREATE TABLE app.hand (pk integer PRIMARY KEY, card app.card);
INSERT INTO app.hand VALUES (1, '(1)'), (2, '(2)');
CREATE TABLE app.tv_hand AS SELECT 1 AS one, array_agg(pk ORDER BY card) AS pks FROM app.hand;
CREATE OR REPLACE FUNCTION app.card_compare(app.card, app.card) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN sign($2.n - $1.n); END';
TABLE app.tv_hand;
DROP TABLE app.hand CASCADE;
SET ROLE taf_alice;
-- Text search: by name, and as the configuration that is fixed for the tview.
BEGIN; ALTER TEXT SEARCH CONFIGURATION app.words ALTER MAPPING FOR asciiword WITH pg_catalog.english_stem; SELECT * FROM compared(); SELECT * FROM wrong(); ROLLBACK;
BEGIN; ALTER TEXT SEARCH CONFIGURATION app.words_too ALTER MAPPING FOR asciiword WITH pg_catalog.english_stem; SELECT * FROM compared(); SELECT * FROM wrong(); ROLLBACK;
BEGIN; ALTER TEXT SEARCH DICTIONARY app.plain (Accept = false); SELECT * FROM compared(); SELECT * FROM wrong(); ROLLBACK;
BEGIN; ALTER TEXT SEARCH CONFIGURATION app.words RENAME TO terms; SELECT * FROM compared(); ROLLBACK;
-- A type of one's own in a temporary schema, and a new function, concern nobody.
BEGIN; CREATE TYPE pg_temp.m AS ENUM ('a'); ALTER TYPE pg_temp.m RENAME VALUE 'a' TO 'b';
CREATE FUNCTION app.new() RETURNS integer LANGUAGE sql AS 'SELECT 1'; SELECT * FROM compared(); ROLLBACK;
-- Changes that come back leave nothing behind.
ALTER TYPE app.mood RENAME VALUE 'bad' TO 'worse';
ALTER TYPE app.pair ADD ATTRIBUTE c text;
SELECT * FROM wrong();
TABLE app.tv_label;
TABLE app.tv_holder;

-- A stranger's tview: nothing of it is run, and it is marked.
RESET ROLE;
CREATE TABLE public.shared (pk integer PRIMARY KEY, mood app.mood);
ALTER TABLE public.shared OWNER TO taf_mallory;
INSERT INTO public.shared VALUES (1, 'worse'), (2, 'good');
GRANT CREATE ON SCHEMA mal TO taf_mallory;
SET ROLE taf_mallory;
CREATE FUNCTION mal.spy(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'spy as %', current_user; RETURN $1; END $$;
CREATE TABLE mal.tv_spy AS SELECT pk, mal.spy(mood::text) AS mood FROM public.shared;
CREATE TABLE mal.tv_own AS SELECT pk, mood::text AS mood FROM public.shared;
SET ROLE taf_alice;
ALTER TYPE app.mood RENAME VALUE 'worse' TO 'bad';
RESET ROLE;
SELECT * FROM wrong();
SELECT tview, status, message FROM pg_tviews_health_check() WHERE tview LIKE 'mal.%';
GRANT ALL ON public.shared TO taf_bob;
SET ROLE taf_bob;
UPDATE public.shared SET pk = 3 WHERE pk = 2;
RESET ROLE;
SELECT * FROM wrong();
TABLE mal.tv_own;
-- A member of its owner is no stranger, and neither is a superuser, for whom it runs as its owner.
SET ROLE taf_alice;
ALTER TYPE app.mood RENAME VALUE 'bad' TO 'worse';
RESET ROLE;
SELECT * FROM wrong();
SELECT pg_tviews_refresh('mal.tv_spy'), pg_tviews_refresh('mal.tv_own');
SELECT * FROM wrong();
ALTER TYPE app.mood RENAME VALUE 'worse' TO 'bad';
SELECT * FROM wrong();
GRANT taf_mallory TO taf_alice;
SET ROLE taf_alice;
ALTER TYPE app.mood RENAME VALUE 'bad' TO 'worse';
RESET ROLE;
REVOKE taf_mallory FROM taf_alice;
SELECT * FROM wrong();

-- Tviews that can't be looked at: their function raises, sleeps, has become VOLATILE.
SET pg_tviews.patience = '3s';
SET ROLE taf_mallory;
CREATE OR REPLACE FUNCTION mal.spy(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE 'no entry'; END $$;
RESET ROLE;
ALTER EVENT TRIGGER pg_tviews_ddl_end DISABLE;
SET ROLE taf_mallory;
CREATE OR REPLACE FUNCTION mal.spy(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE 'no entry'; END $$;
RESET ROLE;
ALTER EVENT TRIGGER pg_tviews_ddl_end ENABLE;
ALTER TYPE app.mood RENAME VALUE 'worse' TO 'bad';
SET ROLE taf_alice;
ALTER TYPE app.mood RENAME VALUE 'bad' TO 'worse';
RESET ROLE;
SELECT name, stale FROM tviews.views WHERE schema_name = 'mal' ORDER BY 1;
ALTER EVENT TRIGGER pg_tviews_ddl_end DISABLE;
SET ROLE taf_mallory;
CREATE OR REPLACE FUNCTION mal.spy(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1000); RETURN $1; END $$;
RESET ROLE;
ALTER EVENT TRIGGER pg_tviews_ddl_end ENABLE;
ALTER TYPE app.mood RENAME VALUE 'worse' TO 'bad';
SET statement_timeout = '2s'; SET pg_tviews.patience = '100s';
-- The user's own timeout is an error as always.
ALTER TYPE app.mood RENAME VALUE 'bad' TO 'worse';
RESET statement_timeout; SET pg_tviews.patience = '3s';
SET ROLE taf_alice;
ALTER TYPE app.mood RENAME VALUE 'bad' TO 'worse';
RESET ROLE;
ALTER EVENT TRIGGER pg_tviews_ddl_end DISABLE;
SET ROLE taf_mallory;
ALTER FUNCTION mal.spy(text) VOLATILE;
RESET ROLE;
ALTER EVENT TRIGGER pg_tviews_ddl_end ENABLE;
ALTER TYPE app.mood RENAME VALUE 'worse' TO 'bad';
SET ROLE taf_alice;
ALTER TYPE app.mood RENAME VALUE 'bad' TO 'worse';
RESET ROLE;
RESET pg_tviews.patience;
SELECT name, stale FROM tviews.views WHERE schema_name = 'mal' ORDER BY 1;
-- Its owner may not do that to a function of the own tview, nor to what stands above it.
SET ROLE taf_mallory;
DROP TABLE mal.tv_spy;
CREATE OR REPLACE FUNCTION mal.spy(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$;
ALTER FUNCTION mal.spy(text) IMMUTABLE;
CREATE TABLE mal.tv_spy AS SELECT pk, mal.spy(mood::text) AS mood FROM public.shared;
ALTER FUNCTION mal.spy(text) VOLATILE;
CREATE OR REPLACE FUNCTION mal.spy(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE 'no entry'; END $$;
CREATE OR REPLACE FUNCTION mal.spy(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN upper($1); END $$;
TABLE mal.tv_spy;
RESET ROLE;
-- A function of the server's: nobody knows who uses it, so that all tviews are compared.
BEGIN; ALTER FUNCTION pg_catalog.upper(text) STRICT; SELECT count(*) > 10 AS all_of_them FROM compared(); ROLLBACK;
SELECT * FROM wrong();
DROP OWNED BY taf_alice, taf_mallory, taf_bob CASCADE;
DROP ROLE taf_alice, taf_mallory, taf_bob;
