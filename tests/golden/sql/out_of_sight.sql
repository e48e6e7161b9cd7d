-- What would keep pg_tviews from seeing commands, or from finding its own catalogs.
CREATE EXTENSION pg_tviews;
CREATE TABLE item (pk integer PRIMARY KEY, n integer);
CREATE TABLE tv_item AS SELECT pk, n FROM item;
ALTER SCHEMA tviews RENAME TO other;
-- Event triggers that are switched off (from version 17).
SET event_triggers = off;
SELECT tview, status, message, hint FROM pg_tviews_health_check();
RESET event_triggers;
SELECT tview, status, message, hint FROM pg_tviews_health_check();
-- The extension may go after a write of the same transaction: what was a tview is an ordinary table, as the write left it.
BEGIN;
INSERT INTO item VALUES (1, 1);
\set VERBOSITY terse
DROP EXTENSION pg_tviews CASCADE;
SELECT count(*) FROM tv_item;
INSERT INTO item VALUES (3, 3);
DELETE FROM item WHERE pk = 3;
COMMIT;
TABLE tv_item;
INSERT INTO item VALUES (2, 2);
CREATE EXTENSION pg_tviews;
SELECT pg_tviews_convert_existing_table('tv_item', 'SELECT pk, n FROM item');
TABLE tv_item;
-- A dump that lacks a table brings entries of tviews, but not what they read.
DELETE FROM tviews.source;
SELECT tview, status, message, hint FROM pg_tviews_health_check();
INSERT INTO item VALUES (4, 4);
SELECT pg_tviews_adopt('"public"."tv_item"');
SELECT tview, status, message, hint FROM pg_tviews_health_check();
INSERT INTO item VALUES (5, 5);
TABLE tv_item;
