-- CREATE TABLE AS in all its forms.
CREATE EXTENSION pg_tviews;
CREATE SCHEMA app;
CREATE SCHEMA "Read Side";
CREATE TABLE app.item (pk integer PRIMARY KEY, name text, "Größe" numeric);
INSERT INTO app.item VALUES (1, 'one', 1.0), (2, NULL, 2);

-- Qualified and quoted names.
CREATE TABLE app.tv_item AS SELECT pk, jsonb_build_object('name', name) AS data FROM app.item;
CREATE TABLE "Read Side"."tv_Item ""x""" AS
  SELECT pk AS "Pk", jsonb_build_object('g', "Größe") AS "Data" FROM app.item AS "I";
UPDATE app.item SET name = 'uno', "Größe" = 1.50 WHERE pk = 1;
TABLE app.tv_item ORDER BY 1;
TABLE "Read Side"."tv_Item ""x""" ORDER BY 1;
-- A search_path that finds nothing, or something else.
SET search_path = '';
CREATE TABLE app.tv_elsewhere AS SELECT i.pk, pg_catalog.to_jsonb(i) AS data FROM app.item i;
UPDATE app.item SET name = 'eins' WHERE pk = 1;
TABLE app.tv_elsewhere ORDER BY 1;
SELECT * FROM public.pg_tviews_verify('app.tv_elsewhere');
RESET search_path;
SELECT schema_name, name FROM tviews.views ORDER BY 1, 2;

-- Columns get the names of a column list.
CREATE TABLE app.tv_named (key, document) AS SELECT pk, jsonb_build_object('name', name) FROM app.item;
DELETE FROM app.item WHERE pk = 2;
SELECT key, document FROM app.tv_named ORDER BY 1;

-- Made without data it is filled by a refresh.
CREATE TABLE app.tv_empty AS SELECT pk, jsonb_build_object('name', name) AS data FROM app.item WITH NO DATA;
TABLE app.tv_empty;

-- IF NOT EXISTS.
CREATE TABLE IF NOT EXISTS app.tv_item AS SELECT 1 AS other;
TABLE app.tv_item ORDER BY 1;
CREATE TABLE app.tv_item AS SELECT 1 AS other;
CREATE TABLE IF NOT EXISTS app.tv_new AS SELECT pk, jsonb_build_object('name', name) AS data FROM app.item;
INSERT INTO app.item VALUES (3, 'three', NULL);
TABLE app.tv_new ORDER BY 1;

-- Storage parameters and an access method are kept.
CREATE TABLE app.tv_storage USING heap WITH (fillfactor = 70) AS
  SELECT pk, jsonb_build_object('name', name) AS data FROM app.item;
SELECT reloptions FROM pg_class WHERE oid = 'app.tv_storage'::regclass;

-- Temporary tables are the session's own business, SELECT INTO and prepared statements make tviews, too, or say why not.
CREATE TEMP TABLE tv_temporary AS SELECT pk FROM app.item;
CREATE UNLOGGED TABLE app.tv_unlogged AS SELECT pk, jsonb_build_object('name', name) AS data FROM app.item;
SELECT pk, jsonb_build_object('name', name) AS data INTO app.tv_into FROM app.item;
PREPARE some_items AS SELECT pk, jsonb_build_object('name', name) AS data FROM app.item WHERE pk > $1;
CREATE TABLE app.tv_prepared AS EXECUTE some_items(1);
CREATE TABLE app.tv_values AS VALUES (1, 'a');
CREATE TABLE app.tv_whole AS TABLE app.item;
SELECT name FROM tviews.views ORDER BY 1;

-- Only the prefix makes a tview.
CREATE TABLE app.plain AS SELECT pk FROM app.item;
CREATE TABLE app.tvx AS SELECT pk FROM app.item;
CREATE TABLE app."TV_upper" AS SELECT pk FROM app.item;
SET pg_tviews.create_table_prefix = 'doc%';
CREATE TABLE app.tv_not AS SELECT pk FROM app.item;
CREATE TABLE app."doc%ument" AS SELECT pk, name FROM app.item;
SET pg_tviews.create_table_prefix = '';
CREATE TABLE app.tv_nor AS SELECT pk FROM app.item;
CREATE TABLE app.doc AS SELECT pk FROM app.item;
RESET pg_tviews.create_table_prefix;
SELECT name FROM tviews.views ORDER BY 1;
INSERT INTO app.plain VALUES (99);

-- A materialized view with the prefix stays one, and so does a view.
CREATE MATERIALIZED VIEW app.tv_materialized AS SELECT pk FROM app.item;
CREATE VIEW app.tv_view AS SELECT pk FROM app.item;
CREATE TABLE app.tv_defined (pk integer);
SELECT name FROM tviews.views ORDER BY 1;
-- EXPLAIN ANALYZE would make an ordinary table; EXPLAIN makes none.
SELECT pg_tviews_version() IS NOT NULL AS loaded;
EXPLAIN (COSTS off) CREATE TABLE tv_explained AS SELECT 1 AS one;
EXPLAIN (ANALYZE, COSTS off) CREATE TABLE tv_explained AS SELECT 1 AS one;
EXPLAIN ANALYZE CREATE TABLE tv_explained AS SELECT 1 AS one;
SELECT to_regclass('tv_explained');
