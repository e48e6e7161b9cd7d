-- Who may do what: maintenance acts as the tview's owner, writers need nothing, nobody writes to the tview itself.
CREATE EXTENSION pg_tviews;
CREATE ROLE priv_owner;
CREATE ROLE priv_writer;
CREATE ROLE priv_reader;
CREATE ROLE priv_stranger;
CREATE SCHEMA app AUTHORIZATION priv_owner;
GRANT USAGE ON SCHEMA app TO priv_writer, priv_reader, priv_stranger;

SET ROLE priv_owner;
CREATE TABLE app.category (pk integer PRIMARY KEY, name text);
CREATE TABLE app.product (pk integer PRIMARY KEY, fk_category integer, name text);
INSERT INTO app.category VALUES (1, 'Tools');
INSERT INTO app.product VALUES (10, 1, 'Hammer');
-- A plain role makes a tview from what it may read.
CREATE TABLE app.tv_product AS
  SELECT p.pk, jsonb_build_object('name', p.name, 'category', c.name) AS data
    FROM app.product p LEFT JOIN app.category c ON c.pk = p.fk_category;
SELECT pg_tviews_create('app.tv_category', 'SELECT pk, to_jsonb(c) AS data FROM app.category c');
SELECT relname, relowner::regrole FROM pg_class WHERE relname IN ('tv_product', 'tv_category') ORDER BY 1;
GRANT SELECT ON app.tv_product TO priv_reader;
GRANT INSERT, UPDATE, DELETE, SELECT ON app.product TO priv_writer;
GRANT ALL ON app.tv_product TO priv_stranger;
RESET ROLE;

-- A writer that may not read the tview, nor the other sources.
SET ROLE priv_writer;
UPDATE app.product SET name = 'Mallet' WHERE pk = 10;
INSERT INTO app.product VALUES (11, 1, 'Saw');
TABLE app.tv_product;
TABLE app.category;
RESET ROLE;
SET ROLE priv_reader;
TABLE app.tv_product ORDER BY 1;
RESET ROLE;

-- Direct writes: the owner, a role with every privilege, the superuser.
SET ROLE priv_owner;
INSERT INTO app.tv_product VALUES (1, '{}');
UPDATE app.tv_product SET data = '{}';
DELETE FROM app.tv_product;
DELETE FROM app.tv_product WHERE false;
TRUNCATE app.tv_product;
COPY app.tv_product FROM STDIN;
7	{}
\.
MERGE INTO app.tv_product t USING (VALUES (10)) AS s(pk) ON t.pk = s.pk WHEN MATCHED THEN DELETE;
RESET ROLE;
SET ROLE priv_stranger;
UPDATE app.tv_product SET data = '{}';
RESET ROLE;
UPDATE app.tv_product SET data = '{}';
TRUNCATE app.tv_product, app.product;
TABLE app.tv_product ORDER BY 1;
SELECT test.compare('app.tv_product', $$
  SELECT p.pk, jsonb_build_object('name', p.name, 'category', c.name) AS data
    FROM app.product p LEFT JOIN app.category c ON c.pk = p.fk_category$$);

-- A role can't make a tview from what it may not read, nor where it may not create, nor drop or refresh another's.
SET ROLE priv_stranger;
SELECT pg_tviews_create('app.tv_mine', 'SELECT pk FROM app.product');
SELECT pg_tviews_drop('app.tv_product');
DROP TABLE app.tv_product;
SELECT pg_tviews_refresh('app.tv_product');
RESET ROLE;
CREATE SCHEMA stranger AUTHORIZATION priv_stranger;
SET ROLE priv_stranger;
SELECT pg_tviews_create('stranger.tv_mine', 'SELECT pk FROM app.category');
-- Reading is not enough to put triggers on somebody else's table.
RESET ROLE;
GRANT SELECT ON app.category TO priv_stranger;
SET ROLE priv_stranger;
SELECT pg_tviews_create('stranger.tv_mine', 'SELECT pk FROM app.category');
RESET ROLE;
-- Nor is TRIGGER, unless a superuser says so: every write to the table would wait for the tview.
GRANT TRIGGER ON app.category TO priv_stranger;
SET ROLE priv_stranger;
SELECT pg_tviews_create('stranger.tv_mine', 'SELECT pk FROM app.category');
SET pg_tviews.source_privilege = 'trigger';
RESET ROLE;
SET pg_tviews.source_privilege = 'trigger';
SET ROLE priv_stranger;
SELECT pg_tviews_create('stranger.tv_mine', 'SELECT pk FROM app.category');
RESET ROLE;
DROP TABLE stranger.tv_mine;
REVOKE TRIGGER ON app.category FROM priv_stranger;
SET ROLE priv_stranger;
SELECT pg_tviews_create('stranger.tv_mine', 'SELECT pk FROM app.category');
RESET ROLE;
RESET pg_tviews.source_privilege;
SELECT schema_name, name FROM tviews.views ORDER BY 1, 2;

-- The catalog is not for everybody to write.
SET ROLE priv_stranger;
CREATE TABLE tviews.intruder (x integer);
DELETE FROM tviews.views;
RESET ROLE;

-- A function that somebody else puts into the writer's search_path is not run.
CREATE SCHEMA evil AUTHORIZATION priv_stranger;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
SET ROLE priv_stranger;
CREATE FUNCTION evil.jsonb_build_object(VARIADIC "any") RETURNS jsonb LANGUAGE internal AS 'jsonb_build_object';
CREATE FUNCTION evil.jsonb_build_object(text, text, text, text) RETURNS jsonb LANGUAGE plpgsql
  AS $$ BEGIN RAISE WARNING 'evil as %', current_user; RETURN '{"evil": true}'; END $$;
CREATE FUNCTION evil.int4eq(integer, integer) RETURNS boolean LANGUAGE plpgsql
  AS $$ BEGIN RAISE WARNING 'evil as %', current_user; RETURN true; END $$;
CREATE OPERATOR evil.= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = evil.int4eq);
CREATE TABLE evil.category (pk integer, name text);
INSERT INTO evil.category VALUES (1, 'evil');
RESET ROLE;
GRANT ALL ON evil.category TO PUBLIC;
SET ROLE priv_writer;
SET search_path = evil, pg_catalog, app;
UPDATE app.product SET name = 'Drill', fk_category = 1 WHERE pg_catalog.int4eq(pk, 10);
RESET search_path;
RESET ROLE;
TABLE app.tv_product ORDER BY 1;

-- What the definition calls runs as the owner, inside a restricted operation.
SET ROLE priv_owner;
CREATE FUNCTION app.whoami(integer) RETURNS text LANGUAGE plpgsql IMMUTABLE
  AS $$ BEGIN RETURN pg_catalog.concat(current_user); END $$;
CREATE TABLE app.tv_who AS SELECT pk, app.whoami(pk) AS who FROM app.product;
RESET ROLE;
SET ROLE priv_writer;
UPDATE app.product SET pk = 12 WHERE pk = 11;
RESET ROLE;
SELECT * FROM app.tv_who ORDER BY 1;
UPDATE app.product SET pk = 13 WHERE pk = 12;
SELECT * FROM app.tv_who ORDER BY 1;
SET ROLE priv_owner;
CREATE OR REPLACE FUNCTION app.whoami(integer) RETURNS text LANGUAGE plpgsql IMMUTABLE
  AS $$ BEGIN SET ROLE NONE; RETURN 'free'; END $$;
RESET ROLE;
UPDATE app.product SET pk = 14 WHERE pk = 13;

-- Row security of the sources counts for the owner, and changes of ownership are followed.
DROP TABLE app.tv_who;
ALTER TABLE app.tv_product OWNER TO priv_reader;
SET ROLE priv_writer;
UPDATE app.product SET name = 'Chisel' WHERE pk = 10;
RESET ROLE;
TABLE app.tv_product ORDER BY 1;
DROP SCHEMA app, stranger, evil CASCADE;
DROP ROLE priv_owner, priv_writer, priv_reader, priv_stranger;
