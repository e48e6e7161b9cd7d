-- What a tview tells about itself.
CREATE EXTENSION pg_tviews;
CREATE TABLE tb_category (pk_category integer PRIMARY KEY, name text);
CREATE TABLE tb_product (pk_product integer PRIMARY KEY, fk_category integer, name text, unused text);
CREATE TABLE tb_review (pk_review integer PRIMARY KEY, fk_product integer, stars integer);
CREATE INDEX ON tb_review (fk_product);
INSERT INTO tb_category VALUES (1, 'Tools'), (2, 'Toys');
INSERT INTO tb_product VALUES (10, 1, 'Hammer'), (11, 2, 'Ball');
INSERT INTO tb_review VALUES (100, 10, 5), (101, 10, 3);
CREATE TABLE tv_product AS
  SELECT p.pk_product, p.fk_category,
         jsonb_build_object(
           'name', p.name, 'category', c.name,
           'reviews', (SELECT jsonb_build_object('count', count(*), 'average', avg(r.stars))
                         FROM tb_review r WHERE r.fk_product = p.pk_product)) AS data
    FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category;

-- The catalog views.
SELECT schema_name, name, owner, unit_key, definition ~ 'tb_review r' AS has_definition, settings[1:10] FROM tviews.views;
SELECT * FROM tviews.dependencies ORDER BY 1, 2, 3, 4;

-- What each change costs, and which index is missing.
SELECT source, event, columns, strategy, locks FROM pg_tviews_explain('tv_product');
SELECT source, statement FROM pg_tviews_explain('tv_product') WHERE event = 'DELETE';
SELECT * FROM pg_tviews_analyze($$SELECT c.pk_category, c.name FROM tb_category c$$);

-- Verify finds what is damaged by force: wrong, missing and surplus rows.
SELECT * FROM pg_tviews_verify('tv_product');
SET session_replication_role = replica;
UPDATE tv_product SET data = '{}';
RESET session_replication_role;
ALTER TABLE tv_product DISABLE TRIGGER ALL;
ALTER TABLE tv_product ENABLE TRIGGER ALL;
ALTER TABLE tb_product DISABLE TRIGGER USER;
ALTER TABLE tb_product ENABLE TRIGGER USER;
ALTER EVENT TRIGGER pg_tviews_ddl_end DISABLE;
ALTER TABLE tv_product DISABLE TRIGGER ALL;
UPDATE tv_product SET data = jsonb_set(data, '{name}', '"Nail"') WHERE pk_product = 10;
DELETE FROM tv_product WHERE pk_product = 11;
INSERT INTO tv_product VALUES (12, 1, '{}');
ALTER TABLE tv_product ENABLE ALWAYS TRIGGER "00_pg_tviews_guard";
ALTER EVENT TRIGGER pg_tviews_ddl_end ENABLE;
SELECT * FROM pg_tviews_verify('tv_product') ORDER BY key::text;
-- A refresh repairs it.
SELECT pg_tviews_refresh('tv_product') IS NOT NULL AS refreshed;
SELECT * FROM pg_tviews_verify('tv_product');
TABLE tv_product ORDER BY 1;

-- Names that are no tview.
SELECT * FROM pg_tviews_verify('nothing');
SELECT * FROM pg_tviews_explain('tb_product');
SELECT pg_tviews_refresh('tb_product');
SELECT * FROM pg_tviews_analyze('SELECT');
