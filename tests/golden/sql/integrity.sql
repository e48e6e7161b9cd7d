-- What could come between a tview and its query, and is refused or followed.
CREATE EXTENSION pg_tviews;
CREATE TABLE item (pk integer PRIMARY KEY, n integer);
INSERT INTO item VALUES (1, 1), (2, 2);
CREATE TABLE tv_item AS SELECT pk, n FROM item;
-- A crash empties unlogged tables.
CREATE UNLOGGED TABLE tv_unlogged AS SELECT pk FROM item;
CREATE UNLOGGED TABLE fleeting (pk integer PRIMARY KEY);
CREATE TABLE tv_fleeting AS SELECT pk FROM fleeting;
ALTER TABLE tv_item SET UNLOGGED;
ALTER TABLE item SET UNLOGGED;
-- Rows of other tables would show, or rows would come in past the guard.
CREATE TABLE child () INHERITS (tv_item);
CREATE TABLE parted (pk integer NOT NULL, n integer) PARTITION BY LIST (n);
ALTER TABLE parted ATTACH PARTITION tv_item DEFAULT;
CREATE TABLE more () INHERITS (item);
-- Rows changed by DDL.
ALTER TABLE tv_item ALTER COLUMN n TYPE integer USING n + 1;
TABLE tv_item ORDER BY 1;
-- Triggers keep their names.
ALTER TRIGGER "00_pg_tviews_update" ON item RENAME TO mine;
ALTER TRIGGER "00_pg_tviews_guard" ON tv_item RENAME TO mine;
-- Without one of them nothing is maintained, until the table is adopted.
DROP TRIGGER "00_pg_tviews_update" ON item;
UPDATE item SET n = n + 1;
SELECT name FROM tviews.views WHERE name = 'tv_item';
SELECT pg_tviews_adopt('tv_item') > 0 AS adopted;
UPDATE item SET n = n - 1;
SELECT * FROM pg_tviews_verify('tv_item');
-- Triggers and rules that could change what maintenance writes.
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER before_row BEFORE INSERT OR UPDATE ON tv_item FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER after_row AFTER INSERT OR UPDATE ON tv_item FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE RULE instead AS ON UPDATE TO tv_item DO INSTEAD NOTHING;
-- A key whose arrays unnest() takes apart.
CREATE TYPE pair AS (a integer, b integer);
CREATE TABLE place (k integer, p pair, name text, PRIMARY KEY (k, p));
INSERT INTO place VALUES (1, (1, 1), 'x'), (2, (2, 2), 'y');
CREATE TABLE tv_place AS SELECT k, p, name FROM place;
UPDATE place SET p = (9, k);
TABLE tv_place ORDER BY 1;
-- Keys that can't be.
CREATE TABLE listed (k integer[] PRIMARY KEY);
CREATE TABLE tv_listed AS SELECT k FROM listed;
CREATE TABLE tv_twice AS SELECT pk, pk FROM item;
CREATE TABLE tv_twice (a, b) AS SELECT pk, pk FROM item;
-- Text that is rounded does not tell rows apart.
SET extra_float_digits = -3;
CREATE TABLE tv_pairs AS SELECT x.pk, y.n FROM item x JOIN item y ON y.n >= x.n;
RESET extra_float_digits;
CREATE TABLE tv_pairs AS SELECT x.pk, y.n FROM item x JOIN item y ON y.n >= x.n;
INSERT INTO item VALUES (3, 2);
TABLE tv_pairs ORDER BY 1, 2;
SELECT * FROM pg_tviews_verify('tv_pairs');

-- A column of a tview that can't hold every value as it is would round, cut off or pad.
CREATE TABLE measured (pk integer PRIMARY KEY, weight numeric(6,3), size numeric, code varchar(9));
INSERT INTO measured VALUES (1, 1.255, 2.75, 'abc');
CREATE TABLE tv_measured AS SELECT pk, weight, size, code FROM measured;
ALTER TABLE tv_measured ALTER COLUMN weight TYPE numeric(6,1);
ALTER TABLE tv_measured ALTER COLUMN size TYPE numeric(6,1);
ALTER TABLE tv_measured ALTER COLUMN code TYPE varchar(2) USING 'x';
ALTER TABLE tv_measured ALTER COLUMN weight TYPE numeric;
UPDATE measured SET weight = 7.125, size = 7.125;
SELECT * FROM tv_measured;
SELECT * FROM pg_tviews_verify('tv_measured');
