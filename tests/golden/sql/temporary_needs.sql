-- What a definition needs lasts as long as the tview: nothing that goes with a session.
CREATE EXTENSION pg_tviews;
CREATE TABLE item (pk integer PRIMARY KEY, name text, amount integer, words text);
CREATE TABLE other (pk integer PRIMARY KEY, name text);

CREATE TYPE pg_temp.mood AS ENUM ('good', 'bad');
CREATE DOMAIN pg_temp.short AS text CHECK (length(value) < 10);
CREATE DOMAIN moody AS pg_temp.mood;
CREATE TYPE pg_temp.pair AS (a integer, b integer);
CREATE TYPE holder AS (pair pg_temp.pair, n integer);
CREATE TYPE pg_temp.span AS RANGE (subtype = integer);
CREATE FUNCTION pg_temp.twice(integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2';
CREATE FUNCTION feeling(text) RETURNS pg_temp.mood IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN $1; END$$;
CREATE FUNCTION felt(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN $1; END$$;
CREATE FUNCTION four_times(integer) RETURNS integer IMMUTABLE LANGUAGE sql BEGIN ATOMIC SELECT pg_temp.twice(pg_temp.twice($1)); END;
CREATE FUNCTION plus(integer, integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT $1 + $2';
CREATE OPERATOR pg_temp.<+> (LEFTARG = integer, RIGHTARG = integer, FUNCTION = plus);
CREATE FUNCTION pg_temp.sum_of(integer, integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT $1 + $2';
CREATE OPERATOR <*> (LEFTARG = integer, RIGHTARG = integer, FUNCTION = pg_temp.sum_of);
CREATE AGGREGATE pg_temp.total (integer) (SFUNC = int4pl, STYPE = integer);
CREATE AGGREGATE total (integer) (SFUNC = pg_temp.sum_of, STYPE = integer);
CREATE COLLATION pg_temp.plain (LOCALE = 'C');
CREATE TEXT SEARCH CONFIGURATION pg_temp.words (COPY = simple);
CREATE TEXT SEARCH DICTIONARY pg_temp.dictionary (TEMPLATE = simple);
CREATE TEXT SEARCH CONFIGURATION lasting (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION lasting ALTER MAPPING FOR asciiword WITH pg_temp.dictionary;
CREATE TEMPORARY TABLE passing (a integer, b integer);
CREATE TABLE mixed (pk integer PRIMARY KEY, mood pg_temp.mood, moods pg_temp.mood[], name text);
CREATE VIEW v_mixed AS SELECT pk, mood, name FROM mixed;
CREATE VIEW v_felt AS SELECT pk, feeling(name)::text AS mood FROM other;

-- All at once, beside other objections.
SELECT place, message, hint FROM pg_tviews_analyze($$
  SELECT i.pk, i.name::pg_temp.mood AS a, ARRAY[i.name]::pg_temp.mood[] AS b, i.name::pg_temp.short AS c, i.name::moody AS d,
         ROW(1, 2)::pg_temp.pair AS e, (ROW(ROW(1, 2), 3)::holder).n AS f, pg_temp.span(1, i.amount) AS g, pg_temp.twice(i.amount) AS h,
         feeling(i.name)::text AS i, four_times(i.amount) AS j, i.amount OPERATOR(pg_temp.<+>) 1 AS k, i.amount <*> 1 AS l,
         i.name COLLATE pg_temp.plain AS m, to_tsvector('pg_temp.words', i.words) AS n, to_tsvector('lasting', i.words) AS o, now() AS p,
         (SELECT pg_temp.total(amount) FROM item) AS q, (SELECT total(amount) FROM item) AS r
    FROM item i$$);

-- One by one.
CREATE TABLE tv_a AS SELECT pk, name::pg_temp.mood AS mood FROM item;
CREATE TABLE tv_a AS SELECT pk FROM item WHERE name::pg_temp.mood = 'good';
CREATE TABLE tv_a AS SELECT pk FROM item WHERE EXISTS (SELECT FROM other o WHERE o.pk = pg_temp.twice(item.pk));
CREATE TABLE tv_a AS SELECT pk, f.mood FROM item, LATERAL (SELECT item.name::moody::text AS mood) f;
CREATE TABLE tv_a AS SELECT pk, mood FROM mixed;
CREATE TABLE tv_a AS SELECT pk, cardinality(moods) AS n FROM mixed;
CREATE TABLE tv_a AS SELECT pk, mood::text FROM v_mixed;
CREATE TABLE tv_a AS SELECT * FROM v_felt;
CREATE TABLE tv_a AS SELECT pk, to_jsonb(m) AS data FROM mixed m;
CREATE TABLE tv_a AS SELECT pk, r.a FROM item, json_to_record('{}') AS r (a pg_temp.mood);
CREATE FUNCTION lower_than(integer, integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 < $2';
CREATE OPERATOR pg_temp.<<< (LEFTARG = integer, RIGHTARG = integer, FUNCTION = lower_than);
CREATE OPERATOR CLASS odd FOR TYPE integer USING btree AS
  OPERATOR 1 pg_temp.<<<, OPERATOR 3 pg_catalog.=, FUNCTION 1 btint4cmp(integer, integer);
CREATE TABLE tv_a AS SELECT pk FROM item ORDER BY amount USING OPERATOR(pg_temp.<<<) LIMIT 1;
CREATE TABLE tv_a AS SELECT pk, 'pg_temp.twice(integer)'::regprocedure::oid::integer AS f, 'passing'::regclass::oid::integer AS r FROM item;
SELECT pg_tviews_create('tv_a', 'SELECT pk, pg_temp.twice(pk) AS twice FROM item');
CREATE TABLE ready (pk integer PRIMARY KEY, twice integer);
SELECT pg_tviews_convert_existing_table('ready', 'SELECT pk, pg_temp.twice(pk) AS twice FROM item');

-- Not needed, so not in the way.
CREATE TABLE tv_name AS SELECT pk, name FROM mixed;
CREATE TABLE tv_other AS SELECT pk, felt(name) AS felt FROM other;
INSERT INTO mixed VALUES (1, 'good', '{bad}', 'x');
INSERT INTO other VALUES (1, 'good');

-- What is needed comes to need something temporary.
CREATE OR REPLACE FUNCTION felt(text) RETURNS text IMMUTABLE LANGUAGE sql BEGIN ATOMIC SELECT pg_temp.twice(length($1))::text; END;

-- The session ends; the tables can be written.
\c
DO $$
BEGIN
  WHILE EXISTS (SELECT FROM pg_type WHERE typname = 'mood') LOOP
    PERFORM pg_sleep(0.01);
    COMMIT;
  END LOOP;
END $$;
INSERT INTO mixed VALUES (2, 'y');
INSERT INTO other VALUES (2, 'bad');
TABLE tv_name ORDER BY 1;
TABLE tv_other ORDER BY 1;
SELECT tview, status, message FROM pg_tviews_health_check();

-- What is needed is dropped, by whatever means: the tview goes along, or the command is refused.
CREATE SCHEMA lib;
CREATE TYPE lib.color AS ENUM ('red', 'blue');
CREATE DOMAIN lib.code AS text CHECK (value <> '');
CREATE FUNCTION lib.f(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN $1; END$$;
CREATE FUNCTION lib.g(text, text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN $1 || $2; END$$;
CREATE OPERATOR lib.<+> (LEFTARG = text, RIGHTARG = text, FUNCTION = lib.g);
CREATE COLLATION lib.plain (LOCALE = 'C');
CREATE TEXT SEARCH CONFIGURATION lib.words (COPY = simple);
CREATE TABLE tv_color AS SELECT pk, name::lib.color AS color FROM other WHERE name IN ('red', 'blue');
CREATE TABLE tv_code AS SELECT pk, name::lib.code AS code FROM other;
CREATE TABLE tv_f AS SELECT pk, lib.f(name) AS f FROM other;
CREATE TABLE tv_op AS SELECT pk, name OPERATOR(lib.<+>) name AS twice FROM other;
CREATE TABLE tv_plain AS SELECT pk FROM other WHERE name < 'x' COLLATE lib.plain;
CREATE TABLE tv_words AS SELECT pk, to_tsvector('lib.words', name) AS words FROM other;
DROP TYPE lib.color;
DROP TYPE lib.color CASCADE;
DROP DOMAIN lib.code CASCADE;
DROP FUNCTION lib.f CASCADE;
DROP OPERATOR lib.<+> (text, text) CASCADE;
DROP COLLATION lib.plain CASCADE;
DROP TEXT SEARCH CONFIGURATION lib.words;
DROP SCHEMA lib CASCADE;
SELECT name FROM tviews.views ORDER BY 1;
INSERT INTO other VALUES (3, 'red');
SELECT relname FROM pg_class WHERE relname LIKE 'tv\_%' AND relkind = 'r' ORDER BY 1;

-- The default configuration of text search is needed by those that use it, and by no others.
CREATE TEXT SEARCH CONFIGURATION pg_temp.passing (COPY = simple);
CREATE TEXT SEARCH CONFIGURATION staying (COPY = simple);
SET default_text_search_config = 'pg_temp.passing';
CREATE TABLE tv_found AS SELECT pk, to_tsvector(name) AS words FROM other;
CREATE TABLE tv_found AS SELECT pk FROM other WHERE name @@ 'x'::tsquery;
CREATE TABLE tv_plain AS SELECT pk, to_tsvector('simple', name) AS words FROM other;
SET default_text_search_config = 'staying';
CREATE TABLE tv_found AS SELECT pk, to_tsvector(name) AS words FROM other;
CREATE TABLE tv_unused AS SELECT pk, name FROM other;
SELECT name, settings[array_position(settings, 'default_text_search_config') + 1] FROM tviews.views WHERE name IN ('tv_found', 'tv_plain', 'tv_unused') ORDER BY 1;
RESET default_text_search_config;
ALTER TEXT SEARCH CONFIGURATION staying RENAME TO "Staying on";
INSERT INTO other VALUES (5, 'the words');
ALTER TEXT SEARCH CONFIGURATION "Staying on" ALTER MAPPING FOR asciiword WITH english_stem;
TABLE tv_found;
DROP TEXT SEARCH CONFIGURATION "Staying on";
DROP TEXT SEARCH CONFIGURATION "Staying on" CASCADE;
INSERT INTO other VALUES (4, 'a word');
SELECT name FROM tviews.views ORDER BY 1;
