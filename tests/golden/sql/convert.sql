-- A table that already holds the rows becomes a tview.
CREATE EXTENSION pg_tviews;
CREATE TABLE category (pk integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE product (pk integer PRIMARY KEY, fk_category integer NOT NULL, name text NOT NULL);
CREATE INDEX ON product (fk_category);
INSERT INTO category VALUES (1, 'Tools'), (2, 'Toys');
INSERT INTO product VALUES (10, 1, 'Hammer'), (20, 2, 'Ball'), (30, 1, 'Saw');

-- One row is right, one is stale, one is missing, one should not be there.
CREATE TABLE document (pk integer PRIMARY KEY, data jsonb);
INSERT INTO document VALUES (10, '{"name": "Hammer", "category": "Tools"}'), (20, '{"name": "Doll", "category": "Toys"}'), (99, '{}');
CREATE INDEX by_data ON document USING gin (data);
SELECT pg_tviews_convert_existing_table('document', $$
  SELECT p.pk, jsonb_build_object('name', p.name, 'category', c.name) AS data
    FROM product p JOIN category c ON c.pk = p.fk_category $$);
SELECT * FROM document ORDER BY pk;
UPDATE category SET name = 'Playthings' WHERE pk = 2;
SELECT * FROM document WHERE data @> '{"category": "Playthings"}';
SELECT * FROM pg_tviews_verify('document');
DELETE FROM document;
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'document'::regclass ORDER BY indexrelid::regclass::text;

-- It gets the key that it lacks; mixed case, another schema.
CREATE SCHEMA "My Shop";
CREATE TABLE "My Shop"."Spent" ("Category" integer, products bigint);
SELECT pg_tviews_convert_existing_table('"My Shop"."Spent"',
  'SELECT fk_category AS "Category", count(*) AS products FROM product GROUP BY fk_category');
INSERT INTO product VALUES (40, 2, 'Kite');
SELECT * FROM "My Shop"."Spent" ORDER BY 1;
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = '"My Shop"."Spent"'::regclass;

-- Its own primary key is another one.
CREATE TABLE numbered (serial integer PRIMARY KEY, pk integer, name text);
SELECT pg_tviews_convert_existing_table('numbered', 'SELECT p.pk + 1000 AS serial, p.pk, p.name FROM product p');
SELECT * FROM pg_tviews_verify('numbered');
UPDATE product SET name = 'Axe' WHERE pk = 30;
SELECT * FROM numbered ORDER BY pk;

-- Rows that are not told apart by a key.
CREATE TABLE names (name text);
INSERT INTO names VALUES ('Axe'), ('Axe'), ('Nail');
SELECT pg_tviews_convert_existing_table('names', 'SELECT name FROM product');
SELECT * FROM names ORDER BY 1;

-- Refused, and nothing changes.
CREATE TABLE wrong (pk bigint, title varchar(10));
SELECT pg_tviews_convert_existing_table('wrong', 'SELECT pk, name FROM product');
CREATE TABLE rounding (pk integer, weight numeric(4,1));
CREATE TABLE measured (pk integer PRIMARY KEY, weight numeric(6,3));
INSERT INTO measured VALUES (1, 1.255);
SELECT pg_tviews_convert_existing_table('rounding', 'SELECT pk, weight FROM measured');
-- Without a scale of its own it holds every value as it is.
CREATE TABLE exact (pk integer, weight numeric);
SELECT pg_tviews_convert_existing_table('exact', 'SELECT pk, weight FROM measured');
UPDATE measured SET weight = 2.345;
SELECT * FROM exact;
SELECT * FROM pg_tviews_verify('exact');
CREATE TABLE twice (pk integer, name text);
INSERT INTO twice VALUES (10, 'Hammer'), (10, 'Hammer');
SELECT pg_tviews_convert_existing_table('twice', 'SELECT pk, name FROM product');
SELECT * FROM twice;
SELECT pg_tviews_convert_existing_table('document', 'SELECT pk, name FROM product');
SELECT pg_tviews_convert_existing_table('nothing', 'SELECT pk, name FROM product');
CREATE VIEW a_view AS SELECT pk, name FROM product;
SELECT pg_tviews_convert_existing_table('a_view', 'SELECT pk, name FROM product');
SELECT pg_tviews_convert_existing_table('product', 'SELECT pk, fk_category, name FROM product');
SELECT pg_tviews_convert_existing_table('product', 'SELECT pk, pk AS fk_category, name FROM numbered');
CREATE TABLE computed (pk integer, name text, more text GENERATED ALWAYS AS (name || '!') STORED);
SELECT pg_tviews_convert_existing_table('computed', $$SELECT pk, name, name || '!' AS more FROM product$$);
CREATE TABLE numbers (pk integer GENERATED ALWAYS AS IDENTITY, name text);
SELECT pg_tviews_convert_existing_table('numbers', 'SELECT pk, name FROM product');
CREATE UNLOGGED TABLE lost (pk integer, name text);
SELECT pg_tviews_convert_existing_table('lost', 'SELECT pk, name FROM product');
CREATE TEMPORARY TABLE passing (pk integer, name text);
SELECT pg_tviews_convert_existing_table('passing', 'SELECT pk, name FROM product');
SELECT pg_tviews_convert_existing_table('twice', 'SELECT pk, name, now() FROM product');
CREATE TABLE guarded (pk integer, name text);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT pg_tviews_convert_existing_table('guarded', 'SELECT pk, name FROM product');
CREATE ROLE convert_other;
GRANT ALL ON twice, product TO convert_other;
SET ROLE convert_other;
SELECT pg_tviews_convert_existing_table('twice', 'SELECT pk, name FROM product');
RESET ROLE;
DROP OWNED BY convert_other;
DROP ROLE convert_other;
SELECT name FROM tviews.views ORDER BY 1;
