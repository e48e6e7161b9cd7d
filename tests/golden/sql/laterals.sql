-- Derived tables that always have one row are looked at as subqueries: what a document shows of them are leaves.
CREATE EXTENSION pg_tviews;
CREATE TABLE tb_product (pk_product integer PRIMARY KEY, name text);
CREATE TABLE tb_review (pk_review integer PRIMARY KEY, fk_product integer, rating integer NOT NULL, title text);
CREATE INDEX ON tb_review (fk_product);
INSERT INTO tb_product VALUES (1, 'Hammer'), (2, 'Saw');
INSERT INTO tb_review SELECT n, 1 + n % 2, n % 5, 'title ' || n FROM generate_series(1, 6) n;
-- Says when a document, and when an element is computed.
CREATE FUNCTION computed(name text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '% is computed', name; RETURN name; END $$;
\set QUIET on
SET client_min_messages = warning;
CREATE TABLE tv_product AS
SELECT p.pk_product, jsonb_build_object('name', computed(p.name), 'reviews', jsonb_build_object('count', r.n, 'average', r.average, 'all', r.list),
                                        'best', b.rating) AS data
  FROM tb_product p
  LEFT JOIN LATERAL (SELECT count(*) AS n, round(avg(x.rating), 2) AS average,
                            jsonb_agg(jsonb_build_object('id', x.pk_review, 'title', computed(x.title)) ORDER BY x.pk_review) AS list
                       FROM tb_review x WHERE x.fk_product = p.pk_product) r ON true
 CROSS JOIN LATERAL (SELECT max(y.rating) AS rating FROM tb_review y WHERE y.fk_product = p.pk_product) b;
RESET client_min_messages;
SELECT source, strategy FROM pg_tviews_explain('tv_product') WHERE event = 'INSERT';
INSERT INTO tb_review VALUES (10, 1, 5, 'new');
UPDATE tb_review SET title = 'changed' WHERE pk_review = 10;
UPDATE tb_review SET fk_product = 2 WHERE pk_review = 10;
DELETE FROM tb_review WHERE pk_review = 2;
SELECT pk_product, jsonb_pretty(data) FROM tv_product ORDER BY 1;
SET client_min_messages = warning;
SELECT * FROM pg_tviews_verify('tv_product');
-- With a row that need not be there, a column that decides, or one that another item uses, they stay what they are.
CREATE TABLE tv_having AS SELECT p.pk_product, r.n FROM tb_product p
  LEFT JOIN LATERAL (SELECT count(*) AS n FROM tb_review x WHERE x.fk_product = p.pk_product HAVING count(*) > 2) r ON true;
CREATE TABLE tv_filter AS SELECT p.pk_product, r.n FROM tb_product p
 CROSS JOIN LATERAL (SELECT count(*) AS n FROM tb_review x WHERE x.fk_product = p.pk_product) r WHERE r.n > 2;
CREATE TABLE tv_condition AS SELECT p.pk_product, r.n FROM tb_product p
  LEFT JOIN LATERAL (SELECT count(*) AS n FROM tb_review x WHERE x.fk_product = p.pk_product) r ON p.name <> 'Saw';
CREATE TABLE tv_nullable AS SELECT p.pk_product, q.name, r.n FROM tb_product p
  LEFT JOIN (tb_product q CROSS JOIN LATERAL (SELECT count(*) AS n FROM tb_review x WHERE x.fk_product = q.pk_product) r) ON q.pk_product = p.pk_product + 1;
CREATE TABLE tv_used AS SELECT p.pk_product, r.n, s.m FROM tb_product p
 CROSS JOIN LATERAL (SELECT count(*) AS n FROM tb_review x WHERE x.fk_product = p.pk_product) r
 CROSS JOIN LATERAL (SELECT max(y.rating) + r.n AS m FROM tb_review y WHERE y.fk_product = p.pk_product) s;
CREATE TABLE tv_constant AS SELECT p.pk_product, r.n, r.one FROM tb_product p
 CROSS JOIN LATERAL (SELECT count(*) AS n, 1 AS one FROM tb_review x WHERE x.fk_product = p.pk_product) r;
CREATE TABLE tv_row AS SELECT p.pk_product, to_jsonb(r) AS r FROM tb_product p
 CROSS JOIN LATERAL (SELECT count(*) AS n FROM tb_review x WHERE x.fk_product = p.pk_product) r;
CREATE TABLE tv_using AS SELECT pk_product, r.n FROM (tb_product p JOIN (SELECT pk_product, name AS other FROM tb_product) q USING (pk_product))
 CROSS JOIN LATERAL (SELECT count(*) AS n FROM tb_review x WHERE x.fk_product = pk_product) r;
SELECT v.name, e.source, e.strategy FROM tviews.views v, pg_tviews_explain(v.name) e
 WHERE e.event = 'DELETE' AND e.source LIKE '%review%' AND v.name <> 'tv_product' ORDER BY v.name, e.source;
INSERT INTO tb_review VALUES (11, 1, 3, 'a'), (12, 2, 4, 'b'), (13, 1, 2, 'c');
DELETE FROM tb_review WHERE pk_review IN (1, 4);
UPDATE tb_review SET rating = 0 WHERE pk_review = 12;
SELECT v.name, c.* FROM tviews.views v, pg_tviews_verify(v.name) c;
