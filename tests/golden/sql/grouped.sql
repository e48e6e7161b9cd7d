-- Grouped definitions: a group is a unit.
CREATE EXTENSION pg_tviews;
CREATE TABLE tb_customer (pk_customer integer PRIMARY KEY, name text NOT NULL, country text);
CREATE TABLE tb_order (pk_order integer PRIMARY KEY, fk_customer integer, day date NOT NULL, amount numeric NOT NULL);
CREATE INDEX ON tb_order (fk_customer);
INSERT INTO tb_customer VALUES (1, 'Ada', 'UK'), (2, 'Bo', NULL), (3, 'Cy', NULL), (4, 'Di', 'UK');
INSERT INTO tb_order VALUES (10, 1, '2024-05-01', 5.0), (11, 1, '2024-05-02', 7), (12, 2, '2024-05-02', 1.50), (13, NULL, '2024-05-03', 9);

-- Created in both ways. A group column that can be NULL gets a unique index that counts NULLs as equal.
CREATE TABLE tv_spent AS
  SELECT o.fk_customer, count(*) AS orders, sum(o.amount) AS spent,
         jsonb_agg(o.pk_order ORDER BY o.pk_order) FILTER (WHERE o.amount > 2) AS large,
         (SELECT c.name FROM tb_customer c WHERE c.pk_customer = o.fk_customer) AS customer
    FROM tb_order o GROUP BY o.fk_customer;
SELECT pg_tviews_create('tv_country', $$
  SELECT c.country, count(DISTINCT c.pk_customer) AS customers, max(o.amount) AS most
    FROM tb_customer c JOIN tb_order o ON o.fk_customer = c.pk_customer GROUP BY 1 $$);
-- Groups of several tables: one statement could take away all rows that together name a group.
SELECT pg_tviews_create('tv_several', $$
  SELECT c.country, o.day, count(*) FROM tb_customer c JOIN tb_order o ON o.fk_customer = c.pk_customer GROUP BY 1, 2 $$);
CREATE TABLE tv_day AS SELECT o.day, string_agg(DISTINCT c.name, ', ' ORDER BY c.name) AS names
    FROM tb_order o LEFT JOIN tb_customer c ON c.pk_customer = o.fk_customer GROUP BY o.day HAVING count(*) > 1;
CREATE TABLE tv_total AS SELECT count(*) AS orders, sum(amount) AS spent, min(day) AS first FROM tb_order;
CREATE TABLE tv_kind AS SELECT DISTINCT c.country, c.pk_customer % 2 = 0 AS even FROM tb_customer c;
CREATE TABLE tv_spender AS
  SELECT s.orders, count(*) AS customers, jsonb_agg(s.customer ORDER BY s.customer) AS names FROM tv_spent s GROUP BY s.orders;
SELECT name, unit_key FROM tviews.views ORDER BY 1;
SELECT tablename, indexdef FROM pg_indexes WHERE tablename LIKE 'tv%' ORDER BY 1;
CREATE VIEW result AS
  SELECT name, test.compare(name, rtrim(definition, ';')) FROM tviews.views ORDER BY name;
TABLE result;
TABLE tv_spent ORDER BY 1;
TABLE tv_day;

-- A group comes, moves, grows and goes; the NULL group as well.
INSERT INTO tb_order VALUES (14, 3, '2024-05-04', 2);
TABLE result;
UPDATE tb_order SET fk_customer = NULL WHERE pk_order = 12;
TABLE result;
TABLE tv_spent ORDER BY 1;
UPDATE tb_order SET fk_customer = 4 WHERE fk_customer IS NULL;
TABLE result;
TABLE tv_spent ORDER BY 1;
DELETE FROM tb_order WHERE pk_order = 14;
SELECT count(*) FROM tv_spent WHERE fk_customer = 3;
TABLE result;

-- HAVING: a group appears with its second row and disappears with it.
INSERT INTO tb_order VALUES (15, 2, '2024-05-01', 4);
TABLE tv_day ORDER BY 1;
DELETE FROM tb_order WHERE pk_order IN (11, 12);
TABLE tv_day ORDER BY 1;
TABLE result;

-- What the groups refer to changes, and several groups at once.
UPDATE tb_customer SET name = name || '!', country = coalesce(country, 'FR');
TABLE result;
UPDATE tb_order SET day = day + 1;
TABLE result;
BEGIN;
UPDATE tb_customer SET pk_customer = 5 WHERE pk_customer = 1;
DELETE FROM tb_order;
TABLE result;
TABLE tv_total;
ROLLBACK;
TABLE result;

-- Nothing is written where nothing changes.
UPDATE tb_order SET amount = amount;
TABLE result;

-- An aggregate over everything has a row without any rows; groups have none.
TRUNCATE tb_order;
TABLE tv_total;
SELECT count(*) FROM tv_spent;
TABLE result;
INSERT INTO tb_order SELECT n, n % 4, date '2024-06-01' + n % 3, n FROM generate_series(1, 20) AS n;
TABLE result;

-- How it is done.
SELECT source, event, columns, strategy FROM pg_tviews_explain('tv_spent') WHERE event <> 'TRUNCATE';
SELECT source, event, strategy FROM pg_tviews_explain('tv_country') WHERE event = 'DELETE';
SELECT source, event, strategy FROM pg_tviews_explain('tv_total') WHERE event = 'DELETE';

-- Unit keys of other kinds, and what changes compare all rows.
CREATE TABLE tv_x_amount AS SELECT amount, count(*) FROM tb_order GROUP BY amount;
CREATE TABLE tv_x_distinct AS SELECT DISTINCT fk_customer, amount FROM tb_order;
CREATE TABLE tv_x_optional AS SELECT c.country, count(*) FROM tb_order o LEFT JOIN tb_customer c ON c.pk_customer = o.fk_customer GROUP BY 1;
CREATE TABLE tv_x_hidden AS SELECT count(*) FROM tb_order GROUP BY fk_customer;
CREATE TABLE tv_x_subquery AS SELECT (SELECT name FROM tb_customer WHERE pk_customer = o.fk_customer) AS name, count(*) FROM tb_order o GROUP BY 1;
CREATE TABLE tv_x_distinct_on AS SELECT DISTINCT ON (fk_customer) fk_customer, day FROM tb_order ORDER BY fk_customer, pk_order;
CREATE TABLE tv_x_rollup AS SELECT fk_customer, day, count(*) FROM tb_order GROUP BY ROLLUP (1, 2);
CREATE TABLE tv_x_window AS SELECT fk_customer, rank() OVER (ORDER BY count(*)) FROM tb_order GROUP BY 1;
CREATE TABLE tv_x_top AS SELECT fk_customer, count(*) FROM tb_order GROUP BY 1 ORDER BY 2 DESC LIMIT 3;
CREATE TABLE tv_x_cross AS SELECT c.country, count(*) FROM tb_customer c, tb_order o GROUP BY 1;
CREATE TABLE tv_x_uncorrelated AS SELECT fk_customer, (SELECT count(*) FROM tb_customer) FROM tb_order GROUP BY 1;
SELECT name, unit_key FROM tviews.views WHERE name LIKE 'tv\_x\_%' ORDER BY 1;
UPDATE tb_order SET amount = amount + 1 WHERE pk_order % 2 = 0;
UPDATE tb_customer SET country = 'NO' WHERE pk_customer = 1;
DELETE FROM tb_order WHERE pk_order % 3 = 0;
TABLE result;
SELECT count(*) AS different FROM tviews.views, pg_tviews_verify(name);

-- Verify, after damage by force.
SELECT * FROM pg_tviews_verify('tv_spent');
ALTER EVENT TRIGGER pg_tviews_ddl_end DISABLE;
ALTER TABLE tv_spent DISABLE TRIGGER ALL;
UPDATE tv_spent SET orders = 0 WHERE fk_customer = 1;
DELETE FROM tv_spent WHERE fk_customer = 2;
ALTER TABLE tv_spent ENABLE ALWAYS TRIGGER "00_pg_tviews_guard";
ALTER EVENT TRIGGER pg_tviews_ddl_end ENABLE;
SELECT * FROM pg_tviews_verify('tv_spent') ORDER BY key::text;
SELECT pg_tviews_refresh('tv_spent') IS NOT NULL AS refreshed;
TABLE result;


