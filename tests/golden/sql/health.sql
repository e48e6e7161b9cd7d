-- pg_tviews_health_check and tviews.stats.
CREATE EXTENSION pg_tviews;
CREATE TABLE category (pk integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE product (pk integer PRIMARY KEY, fk_category integer NOT NULL, name text NOT NULL);
SELECT * FROM pg_tviews_health_check();
CREATE TABLE tv_product AS SELECT p.pk, c.name AS category FROM product p JOIN category c ON c.pk = p.fk_category;
SELECT * FROM pg_tviews_health_check();
CREATE INDEX ON product (fk_category);
SELECT * FROM pg_tviews_health_check();

ALTER TABLE category DISABLE TRIGGER ALL;
ALTER TABLE product DISABLE TRIGGER "00_pg_tviews_delete";
SELECT * FROM pg_tviews_health_check();
ALTER TABLE category ENABLE TRIGGER ALL;
ALTER TABLE product ENABLE TRIGGER ALL;
ALTER TABLE tv_product DISABLE TRIGGER ALL;
SELECT * FROM pg_tviews_health_check();
ALTER TABLE tv_product ENABLE TRIGGER ALL;
SELECT * FROM pg_tviews_health_check();

ALTER EVENT TRIGGER pg_tviews_drop DISABLE;
SELECT * FROM pg_tviews_health_check();
ALTER TABLE tv_product DROP CONSTRAINT tv_product_pkey;
ALTER EVENT TRIGGER pg_tviews_drop ENABLE ALWAYS;
SELECT * FROM pg_tviews_health_check();
ALTER TABLE tv_product ADD PRIMARY KEY (pk);
CREATE TABLE tv_all AS SELECT count(*) AS products FROM product p, category c;
SELECT * FROM pg_tviews_health_check();

-- Anyone may ask.
CREATE ROLE health_other;
SET ROLE health_other;
SELECT tview, status FROM pg_tviews_health_check();
SELECT name FROM tviews.stats ORDER BY 1;
RESET ROLE;
DROP ROLE health_other;

-- What has been written to a tview.
INSERT INTO category VALUES (1, 'Tools');
INSERT INTO product VALUES (10, 1, 'Hammer');
UPDATE category SET name = 'Toys';
SELECT pg_stat_force_next_flush();
SELECT name, table_bytes > 0 AS stored, index_bytes > 0 AS indexed, rows_inserted, rows_updated, rows_hot_updated, rows_deleted
  FROM tviews.stats ORDER BY 1;
