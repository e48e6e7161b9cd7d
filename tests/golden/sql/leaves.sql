-- Leaves made of subqueries: what is read and written for a change of the rows in them.
CREATE EXTENSION pg_tviews;
CREATE TABLE tb_category (pk_category integer PRIMARY KEY, name text);
CREATE TABLE tb_product (pk_product integer PRIMARY KEY, fk_category integer, name text, hidden boolean NOT NULL DEFAULT false);
CREATE TABLE tb_review (pk_review integer PRIMARY KEY, fk_product integer, stars integer);
CREATE TABLE tb_maker (pk_maker integer PRIMARY KEY, name text);
CREATE INDEX ON tb_review (fk_product);
INSERT INTO tb_category VALUES (1, 'tools'), (2, 'toys');
INSERT INTO tb_product SELECT n, 1 + n % 2, 'product ' || n FROM generate_series(1, 3) n;
INSERT INTO tb_review SELECT n, 1 + n % 3, n % 5 FROM generate_series(1, 20) n;
CREATE TABLE tv_product AS
SELECT p.pk_product,
       jsonb_build_object('name', p.name, 'category', c.name, 'reviews', jsonb_build_object(
         'count', (SELECT count(*) FROM tb_review r WHERE r.fk_product = p.pk_product),
         'latest', (SELECT jsonb_agg(x.stars ORDER BY x.pk_review DESC)
                      FROM (SELECT r.pk_review, r.stars FROM tb_review r WHERE r.fk_product = p.pk_product
                             ORDER BY r.pk_review DESC LIMIT 2) x))) AS data,
       (SELECT max(r.stars) FROM tb_review r WHERE r.fk_product = p.pk_product) AS best
  FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category
 WHERE NOT p.hidden;
SELECT source, event, strategy, locks FROM pg_tviews_explain('tv_product') WHERE source LIKE '%review%' AND event <> 'TRUNCATE';

-- The categories are not read, which the whole document would need.
CREATE FUNCTION rows_read() RETURNS bigint LANGUAGE sql AS
  $$ SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_xact_user_tables WHERE relname = 'tb_category' $$;
BEGIN;
CREATE TEMPORARY TABLE before AS SELECT rows_read() AS number;
INSERT INTO tb_review VALUES (21, 1, 9);
UPDATE tb_review SET fk_product = 2, stars = 7 WHERE pk_review = 20;
DELETE FROM tb_review WHERE pk_review = 1;
TABLE tv_product ORDER BY pk_product;
SELECT rows_read() - number AS read FROM before;
COMMIT;
DROP TABLE before;
BEGIN;
SET LOCAL pg_tviews.patching = off;
CREATE TEMPORARY TABLE before AS SELECT rows_read() AS number;
INSERT INTO tb_review VALUES (22, 1, 9);
SELECT count(*) FROM tv_product;
SELECT rows_read() - number > 0 AS reads FROM before;
COMMIT;
DROP TABLE before;

-- A product that the definition leaves out has no row; one that comes back has all that has happened.
UPDATE tb_product SET hidden = true WHERE pk_product = 1;
INSERT INTO tb_review VALUES (23, 1, 0);
SELECT count(*) FROM tv_product;
BEGIN;
DELETE FROM tb_review WHERE pk_review = 22;
UPDATE tb_product SET hidden = false WHERE pk_product = 1;
INSERT INTO tb_review VALUES (24, 1, 4);
COMMIT;
SELECT * FROM tv_product WHERE pk_product = 1;
SELECT * FROM pg_tviews_verify('tv_product');

-- Numbers beside a list: differences are added, and the list alone is computed. Where adding is not enough (no values before), so are they.
ALTER TABLE tb_review ALTER stars SET NOT NULL;
CREATE TABLE tv_rated AS
SELECT p.pk_product, jsonb_build_object(
         'count', (SELECT count(*) FROM tb_review r WHERE r.fk_product = p.pk_product),
         'average', (SELECT round(avg(r.stars), 2) FROM tb_review r WHERE r.fk_product = p.pk_product),
         'latest', (SELECT coalesce(jsonb_agg(x.stars ORDER BY x.pk_review DESC), '[]')
                      FROM (SELECT r.pk_review, r.stars FROM tb_review r WHERE r.fk_product = p.pk_product
                             ORDER BY r.pk_review DESC LIMIT 2) x)) AS data
  FROM tb_product p;
SELECT source, strategy, locks FROM pg_tviews_explain('tv_rated') WHERE source LIKE '%review%' AND event = 'INSERT';
BEGIN;
SELECT data FROM tv_rated WHERE pk_product = 3;
INSERT INTO tb_review VALUES (31, 3, 5);
UPDATE tb_review SET stars = stars - 1 WHERE pk_review = 31;
SELECT data FROM tv_rated WHERE pk_product = 3;
DELETE FROM tb_review WHERE fk_product = 3;
SELECT data FROM tv_rated WHERE pk_product = 3;
INSERT INTO tb_review VALUES (32, 3, 5), (33, 3, 4);
SELECT data FROM tv_rated WHERE pk_product = 3;
SELECT * FROM pg_tviews_verify('tv_rated');
ROLLBACK;
DROP TABLE tv_rated;

-- A tview whose table does more than to store rows is computed row by row.
CREATE TABLE tv_names AS SELECT t.pk_product, t.data ->> 'name' AS name, t.best FROM tv_product t;
SELECT source, strategy FROM pg_tviews_explain('tv_product') WHERE source LIKE '%review%' AND event = 'INSERT';
INSERT INTO tb_review VALUES (25, 2, 12);
TABLE tv_names ORDER BY pk_product;
SELECT pg_tviews_drop('tv_names');

-- A subquery that names a second table of the FROM clause is computed with the whole row; one in a condition decides which rows there are.
CREATE TABLE tv_other AS
SELECT p.pk_product,
       (SELECT count(*) FROM tb_review r WHERE r.fk_product = p.pk_product AND r.stars > c.pk_category) AS n,
       (SELECT string_agg(m.name, ',' ORDER BY m.pk_maker) FROM tb_maker m WHERE m.pk_maker < p.pk_product) AS makers
  FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category
 WHERE EXISTS (SELECT FROM tb_review e WHERE e.fk_product = p.pk_product);
SELECT source, strategy FROM pg_tviews_explain('tv_other') WHERE event = 'INSERT';
