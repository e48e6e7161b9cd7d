-- Suspending and resuming maintenance.
CREATE EXTENSION pg_tviews;
CREATE TABLE category (pk integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE product (pk integer PRIMARY KEY, fk_category integer NOT NULL, name text NOT NULL);
CREATE INDEX ON product (fk_category);
INSERT INTO category VALUES (1, 'Tools'), (2, 'Toys');
INSERT INTO product VALUES (10, 1, 'Hammer'), (20, 2, 'Ball');
CREATE TABLE tv_product AS
SELECT p.pk, p.name, c.name AS category FROM product p JOIN category c ON c.pk = p.fk_category;
CREATE TABLE tv_category AS
SELECT c.pk, (SELECT jsonb_agg(t.name ORDER BY t.pk) FROM tv_product t JOIN product p ON p.pk = t.pk WHERE p.fk_category = c.pk) AS products
  FROM category c;

-- What the transaction has changed before is part of the content that is kept.
BEGIN;
UPDATE product SET name = 'Mallet' WHERE pk = 10;
SELECT pg_tviews_suspend('tv_product');
INSERT INTO product VALUES (30, 1, 'Saw');
COMMIT;
SELECT * FROM tv_product ORDER BY pk;
SELECT name, suspended FROM tviews.views ORDER BY 1;
SELECT pg_tviews_suspend('tv_product');
SELECT tview, status, message FROM pg_tviews_health_check() WHERE tview = 'public.tv_product';
SELECT count(*) FROM pg_tviews_verify('tv_product');

-- Triggers stay where another tview needs them: tv_category is still exact.
UPDATE category SET name = 'Playthings' WHERE pk = 2;
INSERT INTO category VALUES (3, 'Empty');
SELECT count(*) FROM pg_tviews_verify('tv_category');
SELECT tgrelid::regclass AS on_table, count(*) FROM pg_trigger WHERE tgname LIKE '00\_pg\_tviews%' AND tgname NOT LIKE '%guard' GROUP BY 1 ORDER BY tgrelid::regclass::text;

-- Commands that would compare it leave it alone; it stays guarded.
ALTER TABLE product ADD COLUMN note text;
TRUNCATE tv_product;
DELETE FROM product WHERE pk = 20;
SELECT * FROM tv_product ORDER BY pk;

SELECT pg_tviews_resume('tv_product');
SELECT * FROM tv_product ORDER BY pk;
SELECT * FROM pg_tviews_verify('tv_product');
SELECT * FROM pg_tviews_verify('tv_category');
SELECT pg_tviews_resume('tv_product');

-- A rollback brings back what was; a savepoint too.
BEGIN;
SELECT pg_tviews_suspend('tv_product');
ROLLBACK;
BEGIN;
SAVEPOINT one;
SELECT pg_tviews_suspend('tv_product');
UPDATE product SET name = 'Lost' WHERE pk = 30;
ROLLBACK TO one;
UPDATE product SET name = 'Kept' WHERE pk = 30;
COMMIT;
SELECT * FROM tv_product ORDER BY pk;

-- The only tview of its sources: loading is as fast as without it.
SELECT pg_tviews_drop('tv_category');
SELECT pg_tviews_suspend('tv_product');
SELECT count(*) FROM pg_trigger WHERE tgname LIKE '00\_pg\_tviews%' AND tgname NOT LIKE '%guard';
INSERT INTO product SELECT n, n % 3 + 1, 'product ' || n FROM generate_series(100, 199) AS n;
SELECT pg_tviews_resume('tv_product');
SELECT count(*) FROM tv_product;
UPDATE product SET name = 'seen' WHERE pk = 100;
SELECT * FROM tv_product WHERE pk = 100;
SELECT tview, status, message FROM pg_tviews_health_check();

-- A suspended tview can be dropped.
SELECT pg_tviews_suspend('tv_product');
DROP TABLE tv_product;
INSERT INTO product VALUES (500, 1, 'last');

-- For the owner.
CREATE TABLE tv_product AS SELECT pk, name FROM product;
CREATE ROLE suspend_other;
GRANT SELECT ON tv_product TO suspend_other;
SET ROLE suspend_other;
SELECT pg_tviews_suspend('tv_product');
SELECT pg_tviews_resume('tv_product');
RESET ROLE;
SELECT pg_tviews_suspend('product');
SELECT pg_tviews_resume('nothing');
DROP OWNED BY suspend_other;
DROP ROLE suspend_other;
