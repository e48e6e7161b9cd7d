-- Both ways to make a tview, both ways to remove it, and nothing left behind.
CREATE EXTENSION pg_tviews;
SELECT extname, extversion, nspname
  FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_tviews';
SELECT pg_tviews_version();
SELECT obj_description(oid, 'pg_extension') FROM pg_extension WHERE extname = 'pg_tviews';

CREATE TABLE tb_category (pk_category integer PRIMARY KEY, id uuid, name text NOT NULL);
CREATE TABLE tb_product (
  pk_product integer PRIMARY KEY,
  id uuid,
  fk_category integer REFERENCES tb_category ON DELETE CASCADE,
  name text NOT NULL,
  price numeric);
INSERT INTO tb_category VALUES (1, '00000000-0000-0000-0000-000000000001', 'Tools'), (2, NULL, 'Toys');
INSERT INTO tb_product VALUES (10, NULL, 1, 'Hammer', 5.00), (11, NULL, 1, 'Saw', NULL), (12, NULL, NULL, 'Odd', 0);

CREATE TEMPORARY VIEW catalog_size AS
SELECT (SELECT count(*) FROM pg_class WHERE relpersistence <> 't') AS relations,
       (SELECT count(*) FROM pg_proc) AS functions,
       (SELECT count(*) FROM pg_trigger) AS triggers,
       (SELECT count(*) FROM pg_type) AS types,
       (SELECT count(*) FROM pg_rewrite) AS rules,
       (SELECT count(*) FROM tviews.views) AS tviews,
       (SELECT count(*) FROM tviews.dependencies) AS dependencies;
CREATE TEMPORARY TABLE before AS TABLE catalog_size WITH NO DATA;
INSERT INTO before TABLE catalog_size;

-- The function.
SELECT pg_tviews_create('tv_product', $$
  SELECT p.pk_product, p.id,
         jsonb_build_object('name', p.name, 'price', p.price, 'category', c.name) AS data
    FROM tb_product p LEFT JOIN tb_category c ON c.pk_category = p.fk_category
$$) IS NOT NULL AS created;
TABLE tv_product ORDER BY 1;
SELECT relname, relkind, relpersistence FROM pg_class WHERE relname = 'tv_product';
UPDATE tb_category SET name = 'Tools & more' WHERE pk_category = 1;
TABLE tv_product ORDER BY 1;
SELECT * FROM pg_tviews_verify('tv_product');
SELECT pg_tviews_drop('tv_product');
SELECT to_regclass('tv_product');
TABLE before EXCEPT TABLE catalog_size;

-- CREATE TABLE AS and DROP TABLE.
CREATE TABLE tv_product AS
  SELECT p.pk_product, jsonb_build_object('name', p.name, 'category', c.name) AS data
    FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category;
TABLE tv_product ORDER BY 1;
UPDATE tb_product SET name = 'Sledgehammer' WHERE pk_product = 10;
TABLE tv_product ORDER BY 1;
DROP TABLE tv_product;
TABLE before EXCEPT TABLE catalog_size;

-- DROP TABLE … CASCADE takes along what depends on it.
CREATE TABLE tv_product AS SELECT pk_product, jsonb_build_object('name', name) AS data FROM tb_product;
CREATE VIEW on_top AS SELECT count(*) FROM tv_product;
DROP TABLE tv_product;
DROP TABLE tv_product CASCADE;
SELECT to_regclass('on_top');
TABLE before EXCEPT TABLE catalog_size;

-- What is not there, and what is there already.
SELECT pg_tviews_drop('tv_product');
SELECT pg_tviews_drop('tv_product', true);
SELECT pg_tviews_drop('tb_product');
SELECT pg_tviews_create('tb_product', 'SELECT pk_category FROM tb_category');
SELECT pg_tviews_create('tv_x', 'SELECT 1 AS one; DROP TABLE tb_product');
SELECT pg_tviews_create('tv_x', 'SELECT pk_category FROM');
SELECT pg_tviews_create('tv_x', 'SELECT pk_category FROM nowhere');
SELECT pg_tviews_create('tv_x', 'DELETE FROM tb_product RETURNING pk_product');
SELECT pg_tviews_create('tv_x', '');
SELECT pg_tviews_create(NULL, 'SELECT 1');
SELECT pg_tviews_verify('tb_product');
TABLE before EXCEPT TABLE catalog_size;

-- Creation and removal follow the transaction and its savepoints.
BEGIN;
CREATE TABLE tv_product AS SELECT pk_product, jsonb_build_object('name', name) AS data FROM tb_product;
ROLLBACK;
TABLE before EXCEPT TABLE catalog_size;
BEGIN;
SAVEPOINT s;
CREATE TABLE tv_product AS SELECT pk_product, jsonb_build_object('name', name) AS data FROM tb_product;
ROLLBACK TO s;
UPDATE tb_product SET price = 1 WHERE pk_product = 10;
CREATE TABLE tv_product AS SELECT pk_product, jsonb_build_object('name', name) AS data FROM tb_product;
UPDATE tb_product SET name = 'Club' WHERE pk_product = 10;
TABLE tv_product ORDER BY 1;
SAVEPOINT t;
DROP TABLE tv_product;
ROLLBACK TO t;
UPDATE tb_product SET name = 'Mallet' WHERE pk_product = 10;
COMMIT;
TABLE tv_product ORDER BY 1;

-- The extension's end: base tables and their data stay as they were.
DROP EXTENSION pg_tviews;
DROP EXTENSION pg_tviews CASCADE;
UPDATE tb_product SET name = 'Axe' WHERE pk_product = 10;
TABLE tb_product ORDER BY 1;
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'tb_product'::regclass AND NOT tgisinternal;
