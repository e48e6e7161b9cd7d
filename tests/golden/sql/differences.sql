-- Aggregates that are kept by differences: what is read for a change, and what is computed anew.
CREATE EXTENSION pg_tviews;
CREATE TABLE tb_product (pk_product integer PRIMARY KEY, name text);
CREATE TABLE tb_review (pk_review integer PRIMARY KEY, fk_product integer, stars integer NOT NULL, price numeric(10,2));
CREATE INDEX ON tb_review (fk_product);
INSERT INTO tb_product SELECT n, 'product ' || n FROM generate_series(1, 3) n;
INSERT INTO tb_review SELECT n, 1 + n % 2, n % 5, n / 4.0 FROM generate_series(1, 1000) n;
CREATE TABLE tv_sums AS
SELECT r.fk_product, count(*) AS reviews, avg(r.stars) AS average, sum(r.price) AS total
  FROM tb_review r GROUP BY r.fk_product;
CREATE TABLE tv_product AS
SELECT p.pk_product, jsonb_build_object(
         'name', p.name,
         'reviews', jsonb_build_object(
           'count', (SELECT count(*) FROM tb_review r WHERE r.fk_product = p.pk_product),
           'average', (SELECT round(avg(r.stars), 5) FROM tb_review r WHERE r.fk_product = p.pk_product),
           'total', (SELECT coalesce(sum(r.price), 0) FROM tb_review r WHERE r.fk_product = p.pk_product))) AS data
  FROM tb_product p;
SELECT source, event, strategy FROM pg_tviews_explain('tv_sums') WHERE event <> 'TRUNCATE';
SELECT source, event, strategy FROM pg_tviews_explain('tv_product') WHERE event = 'INSERT';

-- The rows of the source that were read.
CREATE FUNCTION rows_read() RETURNS bigint LANGUAGE sql AS
  $$ SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_xact_user_tables WHERE relname = 'tb_review' $$;

-- None, where groups have rows before and after.
INSERT INTO tb_review VALUES (2003, 3, 1, 1.00), (2004, NULL, 1, 1.00);
BEGIN;
CREATE TEMPORARY TABLE before AS SELECT rows_read() AS number;
INSERT INTO tb_review VALUES (2001, 1, 5, 0.50), (2002, 1, 4, NULL), (2005, 3, 1, 9.99);
TABLE tv_product ORDER BY pk_product;
SELECT rows_read() - number AS read FROM before;
COMMIT;
DROP TABLE before;
TABLE tv_sums ORDER BY fk_product;

-- A group that is new, or has lost its last row, is computed.
DELETE FROM tb_review WHERE fk_product = 3;
TABLE tv_product ORDER BY pk_product;
TABLE tv_sums ORDER BY fk_product;

-- What is no number has no difference; what was none has none either.
UPDATE tb_review SET price = 'NaN' WHERE pk_review = 2001;
SELECT data -> 'reviews' FROM tv_product WHERE pk_product = 1;
UPDATE tb_review SET price = 3 WHERE pk_review = 2001;
SELECT data -> 'reviews' FROM tv_product WHERE pk_product = 1;

-- From an average rounded to two places follows no sum of 500 numbers: the rows are read.
CREATE TABLE tv_rounded AS
SELECT r.fk_product, count(*) AS reviews, round(avg(r.stars), 2) AS average FROM tb_review r GROUP BY r.fk_product;
SELECT pg_tviews_drop('tv_sums');
SELECT pg_tviews_drop('tv_product');
BEGIN;
CREATE TEMPORARY TABLE before AS SELECT rows_read() AS number;
INSERT INTO tb_review VALUES (2006, 2, 5, 1);
SELECT * FROM tv_rounded WHERE fk_product = 2;
SELECT rows_read() - number > 400 AS reads_the_group FROM before;
COMMIT;

-- Where the definition does not show enough, units are computed.
CREATE TABLE tv_average AS SELECT r.fk_product, avg(r.stars) AS average FROM tb_review r GROUP BY r.fk_product;
CREATE TABLE tv_cost AS SELECT r.fk_product, count(*) AS n, sum(r.price * 2) AS total FROM tb_review r GROUP BY r.fk_product;
SELECT source, event, strategy FROM pg_tviews_explain('tv_average') WHERE event = 'INSERT'
UNION ALL SELECT source, event, strategy FROM pg_tviews_explain('tv_cost') WHERE event = 'INSERT';
