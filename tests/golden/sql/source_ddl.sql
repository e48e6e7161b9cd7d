-- Sources change their shape and their names; maintenance goes on.
CREATE EXTENSION pg_tviews;
CREATE SCHEMA app;
CREATE TABLE app.category (pk integer PRIMARY KEY, name text);
CREATE TABLE app.product (pk integer PRIMARY KEY, fk_category integer, name text, unused text, unused_too text);
INSERT INTO app.category VALUES (1, 'Tools'), (2, 'Toys');
INSERT INTO app.product VALUES (10, 1, 'Hammer', 'x'), (11, 2, 'Ball', 'y');
CREATE TABLE app.tv_product AS
  SELECT p.pk, jsonb_build_object('name', p.name, 'category', c.name) AS data
    FROM app.product p JOIN app.category c ON c.pk = p.fk_category;
CREATE TABLE app.tv_whole AS SELECT c.pk, to_jsonb(c) AS data FROM app.category c;
CREATE TABLE app.tv_list AS
  SELECT c.pk, (SELECT jsonb_agg(p ORDER BY p.pk) FROM app.product p WHERE p.fk_category = c.pk) AS data
    FROM app.category c;

-- A column that did not exist when the definition was made, used by whole rows.
ALTER TABLE app.category ADD COLUMN color text;
TABLE app.tv_whole ORDER BY 1;
UPDATE app.category SET color = 'red' WHERE pk = 1;
TABLE app.tv_whole ORDER BY 1;
ALTER TABLE app.category ADD COLUMN size integer DEFAULT 3;
TABLE app.tv_whole ORDER BY 1;
SELECT * FROM pg_tviews_verify('app.tv_whole');
ALTER TABLE app.category ALTER COLUMN size TYPE numeric USING size / 2.0;
TABLE app.tv_whole ORDER BY 1;
ALTER TABLE app.category DROP COLUMN size;
TABLE app.tv_whole ORDER BY 1;
UPDATE app.category SET color = 'blue' WHERE pk = 2;
TABLE app.tv_whole ORDER BY 1;

-- Renames: of a column, in whole rows too, of a table, of a schema.
ALTER TABLE app.category RENAME COLUMN color TO "Colour";
TABLE app.tv_whole ORDER BY 1;
ALTER TABLE app.category RENAME COLUMN name TO title;
UPDATE app.category SET title = 'Hand tools' WHERE pk = 1;
TABLE app.tv_product ORDER BY 1;
TABLE app.tv_whole ORDER BY 1;
ALTER TABLE app.product RENAME TO "Product";
UPDATE app."Product" SET name = 'Mallet' WHERE pk = 10;
TABLE app.tv_product ORDER BY 1;
TABLE app.tv_list ORDER BY 1;
ALTER SCHEMA app RENAME TO "App";
INSERT INTO "App"."Product" VALUES (12, 1, 'Saw');
TABLE "App".tv_product ORDER BY 1;
CREATE SCHEMA other;
ALTER TABLE "App".category SET SCHEMA other;
UPDATE other.category SET title = 'Games' WHERE pk = 2;
TABLE "App".tv_product ORDER BY 1;
ALTER TABLE "App".tv_product RENAME TO tv_renamed;
UPDATE other.category SET title = 'Fun' WHERE pk = 2;
TABLE "App".tv_renamed ORDER BY 1;
SELECT * FROM pg_tviews_verify('"App".tv_renamed');
SELECT * FROM pg_tviews_verify('"App".tv_whole');
SELECT * FROM pg_tviews_verify('"App".tv_list');

-- Columns go: an unused one may, a used one only with what uses it.
ALTER TABLE other.category DROP COLUMN title;
DROP TABLE "App".tv_list;
ALTER TABLE "App"."Product" DROP COLUMN unused;
UPDATE "App"."Product" SET name = 'Ball 2' WHERE pk = 11;
TABLE "App".tv_renamed ORDER BY 1;
ALTER TABLE "App"."Product" DROP COLUMN name;
ALTER TABLE "App"."Product" ALTER COLUMN name TYPE varchar(100);
ALTER TABLE "App"."Product" ALTER COLUMN unused_too TYPE varchar(100);
UPDATE "App"."Product" SET name = 'Ball 3' WHERE pk = 11;
TABLE "App".tv_renamed ORDER BY 1;

-- The tview's own shape is not for the user to change.
ALTER TABLE "App".tv_renamed ADD COLUMN extra integer;
ALTER TABLE "App".tv_renamed DROP COLUMN data;
ALTER TABLE "App".tv_renamed ALTER COLUMN pk TYPE bigint;
-- Indexes on it are.
CREATE INDEX ON "App".tv_renamed ((data->>'name'));
CREATE UNIQUE INDEX ON "App".tv_renamed (pk);
UPDATE "App"."Product" SET name = 'Ball 4' WHERE pk = 11;
TABLE "App".tv_renamed ORDER BY 1;

-- Dropped sources.
DROP TABLE other.category;
DROP TABLE other.category CASCADE;
SELECT name FROM tviews.views ORDER BY 1;
SELECT to_regclass('"App".tv_renamed') AS tview, to_regclass('"App".tv_whole') AS whole;
INSERT INTO "App"."Product" VALUES (13, 1, 'Drill');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = '"App"."Product"'::regclass AND NOT tgisinternal;
DROP SCHEMA "App" CASCADE;
SELECT count(*) FROM tviews.views;
