-- Marks of tviews that may differ from their queries: who takes them away, and who sees them.
CREATE EXTENSION pg_tviews;
CREATE TABLE category (pk integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE product (pk integer PRIMARY KEY, fk_category integer NOT NULL, name text NOT NULL, note text);
CREATE INDEX ON product (fk_category);
INSERT INTO category VALUES (1, 'Tools'), (2, 'Toys');
INSERT INTO product VALUES (10, 1, 'Hammer'), (11, 2, 'Kite');
CREATE TABLE tv_product AS SELECT p.pk, p.name, c.name AS category FROM product p JOIN category c ON c.pk = p.fk_category;
CREATE TABLE tv_name AS SELECT pk, name FROM product WHERE name <> 'Kite';
CREATE TABLE tv_count AS SELECT fk_category, count(*) FROM product GROUP BY fk_category;
-- Rows go wrong, as by a command that could not bring them up to date.
ALTER EVENT TRIGGER pg_tviews_ddl_end DISABLE;
ALTER TABLE tv_product DISABLE TRIGGER ALL; ALTER TABLE tv_name DISABLE TRIGGER ALL; ALTER TABLE tv_count DISABLE TRIGGER ALL;
UPDATE tv_product SET category = 'wrong'; DELETE FROM tv_name; UPDATE tv_count SET count = 7;
ALTER TABLE tv_product ENABLE ALWAYS TRIGGER "00_pg_tviews_guard";
ALTER TABLE tv_name ENABLE ALWAYS TRIGGER "00_pg_tviews_guard";
ALTER TABLE tv_count ENABLE ALWAYS TRIGGER "00_pg_tviews_guard";
ALTER EVENT TRIGGER pg_tviews_ddl_end ENABLE ALWAYS;
INSERT INTO tviews.stale (tview, reason) VALUES ('tv_product', 'spoilt'), ('tv_product', 'spoilt'), ('tv_name', 'spoilt'), ('tv_count', 'spoilt');
\c -
SELECT name, stale FROM tviews.views ORDER BY 1;
SELECT tview, status, message, hint FROM pg_tviews_health_check();

-- A change that concerns nothing that the tviews show leaves all as it is.
UPDATE product SET note = 'new';
SELECT name, stale FROM tviews.views ORDER BY 1;
-- A price patched into one row would leave the others wrong; a row that fails a condition would not be looked at.
BEGIN;
UPDATE product SET name = 'Dragon' WHERE pk = 11;
ROLLBACK;
SELECT name, stale FROM tviews.views ORDER BY 1;
BEGIN;
SAVEPOINT one;
UPDATE product SET name = 'Dragon' WHERE pk = 11;
TABLE tv_product ORDER BY 1;
TABLE tv_count ORDER BY 1;
SELECT name, stale FROM tviews.views ORDER BY 1;
ROLLBACK TO one;
SELECT name, stale FROM tviews.views ORDER BY 1;
TABLE tv_count ORDER BY 1;
COMMIT;
UPDATE product SET name = 'Kite' WHERE pk = 11;
UPDATE product SET name = 'Mallet' WHERE pk = 10;
TABLE tv_product ORDER BY 1;
TABLE tv_name ORDER BY 1;
TABLE tv_count ORDER BY 1;
SELECT name, stale FROM tviews.views ORDER BY 1;
SELECT * FROM pg_tviews_health_check();
UPDATE product SET name = 'Hammer' WHERE pk = 10;
TABLE tv_name;

-- A refresh takes marks away, and so does the end of a suspension. Marks of a suspended tview say nothing.
INSERT INTO tviews.stale (tview, reason) VALUES ('tv_product', 'spoilt'), ('tv_count', 'spoilt');
SELECT pg_tviews_suspend('tv_count');
\c -
SELECT name, stale FROM tviews.views ORDER BY 1;
SELECT tview, status, message FROM pg_tviews_health_check();
SELECT pg_tviews_refresh('tv_product');
SELECT pg_tviews_resume('tv_count');
SELECT name, stale FROM tviews.views ORDER BY 1;

-- At REPEATABLE READ, and by TRUNCATE.
INSERT INTO tviews.stale (tview, reason) VALUES ('tv_product', 'spoilt'), ('tv_count', 'spoilt');
\c -
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM tv_count;
UPDATE category SET name = 'Tool' WHERE pk = 1;
COMMIT;
SELECT name, stale FROM tviews.views ORDER BY 1;
TRUNCATE product;
SELECT name, stale FROM tviews.views ORDER BY 1;

-- Marks go with their tview.
INSERT INTO tviews.stale (tview, reason) VALUES ('tv_product', 'spoilt'), ('tv_name', 'spoilt'), ('tv_count', 'spoilt');
DROP TABLE tv_name;
DROP TABLE category CASCADE;
SELECT tview, reason FROM tviews.stale;
SELECT pg_tviews_drop('tv_count');
SELECT count(*) FROM tviews.stale;
-- They are nobody's to make but the installation's.
CREATE ROLE stale_other;
SET ROLE stale_other;
TABLE tviews.stale;
SELECT name, stale FROM tviews.views;
RESET ROLE;
DROP ROLE stale_other;
