-- A definition that raises an error for new data: the write fails, and the message names the tview.
CREATE EXTENSION pg_tviews;
CREATE TABLE item (pk integer PRIMARY KEY, amount integer, parts integer, code text);
INSERT INTO item VALUES (1, 10, 2, '1');
CREATE TABLE tv_item AS
  SELECT pk, jsonb_build_object('share', amount / parts, 'code', code::integer) AS data FROM item;
UPDATE item SET parts = 0;
UPDATE item SET code = 'none';
INSERT INTO item VALUES (2, 1, 1, '2'), (3, 1, 0, '3');
TABLE item ORDER BY 1;
TABLE tv_item ORDER BY 1;
BEGIN;
UPDATE item SET amount = 20;
SAVEPOINT s;
UPDATE item SET parts = 0;
ROLLBACK TO s;
TABLE tv_item ORDER BY 1;
COMMIT;
TABLE tv_item ORDER BY 1;
-- Two rows where a scalar subquery may have one.
CREATE TABLE detail (pk integer PRIMARY KEY, fk_item integer, text text);
CREATE TABLE tv_scalar AS SELECT i.pk, (SELECT d.text FROM detail d WHERE d.fk_item = i.pk) AS detail FROM item i;
INSERT INTO detail VALUES (1, 1, 'one');
INSERT INTO detail VALUES (2, 1, 'two');
TABLE tv_scalar;
-- Creation over data for which it fails leaves nothing behind.
CREATE TABLE tv_fails AS SELECT pk, 1 / (pk - 1) AS q FROM item;
SELECT to_regclass('tv_fails'), (SELECT count(*) FROM tviews.views);
