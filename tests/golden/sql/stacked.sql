-- Tviews over tviews.
CREATE EXTENSION pg_tviews;
CREATE TABLE tb_category (pk integer PRIMARY KEY, fk_parent integer, name text);
CREATE TABLE tb_product (pk integer PRIMARY KEY, fk_category integer, name text);
INSERT INTO tb_category VALUES (1, NULL, 'All'), (2, 1, 'Tools');
INSERT INTO tb_product VALUES (10, 2, 'Hammer'), (11, 1, 'Thing');
CREATE VIEW v_category AS
  SELECT c.pk, c.fk_parent, jsonb_build_object('name', c.name, 'parent', p.name) AS data
    FROM tb_category c LEFT JOIN tb_category p ON p.pk = c.fk_parent;
CREATE TABLE tv_category AS TABLE v_category;
CREATE VIEW v_product AS
  SELECT p.pk, p.fk_category, jsonb_build_object('name', p.name, 'category', c.data) AS data
    FROM tb_product p LEFT JOIN tv_category c ON c.pk = p.fk_category;
CREATE TABLE tv_product AS TABLE v_product;
CREATE VIEW v_tree AS
  SELECT c.pk, c.data || jsonb_build_object(
           'products', (SELECT coalesce(jsonb_agg(p.data ORDER BY p.pk), '[]') FROM tv_product p WHERE p.fk_category = c.pk),
           'below', (SELECT count(*) FROM tv_category d WHERE d.fk_parent = c.pk)) AS data
    FROM tv_category c;
SELECT pg_tviews_create('tv_tree', 'TABLE v_tree');
CREATE VIEW result AS
  SELECT test.compare('tv_category', 'TABLE v_category') AS category,
         test.compare('tv_product', 'TABLE v_product') AS product,
         test.compare('tv_tree', 'TABLE v_tree') AS tree;
UPDATE tb_category SET name = 'Everything' WHERE pk = 1;
TABLE result;
TABLE tv_tree ORDER BY 1;
UPDATE tb_product SET name = 'Mallet' WHERE pk = 10;
TABLE result;
INSERT INTO tb_category VALUES (3, 2, 'Hand tools');
UPDATE tb_product SET fk_category = 3 WHERE pk = 10;
TABLE result;
BEGIN;
DELETE FROM tb_category WHERE pk = 1;
TABLE result;
ROLLBACK;
TABLE result;
TRUNCATE tb_category;
TABLE result;
WITH c AS (INSERT INTO tb_category VALUES (1, NULL, 'New'), (2, 1, 'Newer') RETURNING 1)
UPDATE tb_product SET fk_category = 2, name = name || '+';
TABLE result;
SELECT * FROM pg_tviews_verify('tv_tree');
-- The lower one can't go alone, nor refer to the upper one.
DROP TABLE tv_category;
SELECT pg_tviews_drop('tv_category');
SELECT name FROM tviews.views ORDER BY 1;
DROP TABLE tv_category CASCADE;
SELECT name FROM tviews.views ORDER BY 1;
UPDATE tb_product SET name = 'Free';
