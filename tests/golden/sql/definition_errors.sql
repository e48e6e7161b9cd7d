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

-- What does not parse, or has no meaning, gives PostgreSQL's own error with its place.
SELECT pg_tviews_create('tv_x', 'SELECT pk, amount FROM item WHER amount > 1');
SELECT pg_tviews_create('tv_x', 'SELEC pk FROM item');
SELECT pg_tviews_create('tv_x', 'SELECT pk, (amount FROM item');
SELECT pg_tviews_create('tv_x', 'SELECT pk, ''open FROM item');
SELECT pg_tviews_create('tv_x', E'SELECT pk,\n       nothing\n  FROM item');
SELECT pg_tviews_create('tv_x', 'SELECT pk FROM no_such_table');
SELECT pg_tviews_create('tv_x', 'SELECT pk, no_such_function(amount) FROM item');
SELECT pg_tviews_create('tv_x', 'SELECT pk, amount || parts AS text FROM item');
SELECT pg_tviews_create('tv_x', 'SELECT pk, count(*) FROM item');
SELECT pg_tviews_create('tv_x', 'SELECT pk FROM item i JOIN item j ON i.pk = j.parts');
SELECT pg_tviews_create('tv_x', 'SELECT pk FROM item UNION SELECT pk, amount FROM item');
CREATE TABLE tv_x AS SELECT pk, nothing FROM item;
CREATE TABLE tv_x AS SELECT pk FROM item WHER amount > 1;
SELECT * FROM pg_tviews_analyze('SELECT pk, nothing FROM item');

-- What is no query, or more than one.
SELECT pg_tviews_create('tv_x', '');
SELECT pg_tviews_create('tv_x', '   -- nothing');
SELECT pg_tviews_create('tv_x', 'SELECT pk FROM item; SELECT pk FROM item');
SELECT pg_tviews_create('tv_x', 'SELECT pk FROM item;');
SELECT pg_tviews_drop('tv_x');
SELECT pg_tviews_create('tv_x', 'DELETE FROM item');
SELECT pg_tviews_create('tv_x', 'SELECT pk INTO other FROM item');
SELECT pg_tviews_create('tv_x', NULL);
SELECT pg_tviews_create(NULL, 'SELECT pk FROM item');

-- Output columns: without a name, of one name, of no type, too many, in other numbers than given.
SELECT pg_tviews_create('tv_x', 'SELECT pk, amount, amount FROM item');
SELECT pg_tviews_create('tv_x', 'SELECT pk, amount + 1, parts + 1 FROM item');
SELECT pg_tviews_create('tv_x', 'SELECT i.*, j.* FROM item i JOIN item j ON j.pk = i.parts');
CREATE TABLE tv_x (a, a) AS SELECT pk, amount FROM item;
CREATE TABLE tv_x (a, b, c) AS SELECT pk, amount FROM item;
SELECT pg_tviews_create('tv_x', 'SELECT pk, NULL AS nothing FROM item');
\d tv_x
SELECT pg_tviews_drop('tv_x');
SELECT pg_tviews_create('tv_x', 'SELECT pk, ROW(amount, parts) AS pair FROM item');
SELECT pg_tviews_create('tv_x', 'SELECT pk, ' || string_agg('amount AS c' || n, ', ') || ' FROM item') FROM generate_series(1, 1600) AS n;
SELECT pg_tviews_create('tv_x', 'SELECT pk, ' || string_agg('amount AS c' || n, ', ') || ' FROM item') FROM generate_series(1, 1663) AS n;
SELECT pg_tviews_create('tv_x', 'SELECT pk, ' || string_agg('amount AS c' || n, ', ') || ' FROM item') FROM generate_series(1, 1664) AS n;
SELECT pg_tviews_create('tv_x', 'SELECT pk, ' || string_agg('amount AS c' || n, ', ') || ' FROM item') FROM generate_series(1, 1598) AS n;
UPDATE item SET amount = 21;
SELECT pk, c1, c1598 FROM tv_x ORDER BY 1;
SELECT * FROM pg_tviews_verify('tv_x');
SELECT pg_tviews_drop('tv_x');

-- Names longer than PostgreSQL's 63 bytes are shortened as PostgreSQL does it, and two that become one are refused.
SELECT pg_tviews_create('tv_' || repeat('x', 70), 'SELECT pk, amount FROM item');
SELECT relname, length(relname) FROM pg_class WHERE relname LIKE 'tv\_xxx%' AND relkind = 'r';
SELECT pg_tviews_create('tv_' || repeat('x', 60), 'SELECT pk, amount FROM item');
UPDATE item SET amount = 22;
SELECT * FROM pg_tviews_verify('tv_' || repeat('x', 60));
SELECT pg_tviews_drop('tv_' || repeat('x', 70));
SELECT pg_tviews_create('tv_' || repeat('ä', 40), 'SELECT pk, amount AS ' || repeat('ö', 40) || ' FROM item');
SELECT name, octet_length(name) FROM tviews.views WHERE name LIKE 'tv\_ä%';
UPDATE item SET amount = 23;
SELECT * FROM pg_tviews_verify('tv_' || repeat('ä', 30));
SELECT pg_tviews_drop('tv_' || repeat('ä', 30));
SELECT pg_tviews_create('tv_x', 'SELECT pk, amount AS ' || repeat('a', 70) || ', parts AS ' || repeat('a', 75) || ' FROM item');
CREATE TABLE tv_yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy AS SELECT pk, amount FROM item;
SELECT name, length(name) FROM tviews.views WHERE name LIKE 'tv\_yy%';
DROP TABLE tv_yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy;

-- A definition that reads its own tview: there is none yet, or the name is taken.
SELECT pg_tviews_create('tv_self', 'SELECT pk, (SELECT count(*) FROM tv_self) AS n FROM item');
CREATE TABLE tv_self AS SELECT pk FROM tv_self;
SELECT pg_tviews_create('tv_self', 'WITH RECURSIVE tv_self AS (SELECT pk FROM item) SELECT pk FROM tv_self');
SELECT pg_tviews_create('tv_self', 'SELECT pk FROM tv_self');
SELECT pg_tviews_drop('tv_self');
SELECT pg_tviews_create('item', 'SELECT pk, amount FROM item');
SELECT pg_tviews_create('no_such_schema.tv_x', 'SELECT pk, amount FROM item');
SELECT pg_tviews_create('a.b.c.d', 'SELECT pk, amount FROM item');
SELECT pg_tviews_create('', 'SELECT pk, amount FROM item');
SELECT pg_tviews_create('"', 'SELECT pk, amount FROM item');

-- Nesting is fine as long as it is humane; beyond what the stack holds it is an error, and the session lives on.
SELECT pg_tviews_create('tv_x', 'SELECT pk, ' || repeat('(', 2000) || 'amount' || repeat(')', 2000) || ' AS n FROM item');
SELECT pg_tviews_drop('tv_x');
SELECT pg_tviews_create('tv_x', 'SELECT pk, ' || repeat('abs(', 100) || 'amount' || repeat(')', 100) || ' AS n FROM item');
UPDATE item SET amount = 24;
SELECT pk, n FROM tv_x ORDER BY 1;
SELECT pg_tviews_drop('tv_x');
SELECT pg_tviews_create('tv_x', 'SELECT pk, ' || repeat('CASE WHEN amount > 0 THEN ', 60) || '1' || repeat(' END', 60) || ' AS n FROM item');
SELECT pg_tviews_drop('tv_x');
SELECT pg_tviews_create('tv_x', 'SELECT pk, n FROM ' || repeat('(SELECT * FROM ', 100) || '(SELECT pk, amount AS n FROM item) AS x0' || string_agg(') AS x' || n, '' ORDER BY n)) FROM generate_series(1, 100) AS n;
UPDATE item SET amount = 25;
SELECT pk, n FROM tv_x ORDER BY 1;
SELECT pg_tviews_drop('tv_x');
SELECT pg_tviews_create('tv_x', 'SELECT pk, amount' || repeat(' + 1', 150) || ' AS n FROM item');
SELECT pg_tviews_drop('tv_x');
SELECT pg_tviews_create('tv_x', 'SELECT pk FROM item WHERE amount = 1' || string_agg(' OR amount = ' || n, '') || '') FROM generate_series(1, 2000) AS n;
SELECT pg_tviews_drop('tv_x');
\set VERBOSITY sqlstate
-- Too deep for the parser, and for what comes after it.
SELECT pg_tviews_create('tv_x', 'SELECT pk, ' || repeat('abs(', 100000) || 'amount' || repeat(')', 100000) || ' AS n FROM item');
SELECT pg_tviews_create('tv_x', 'SELECT pk, ' || repeat('(SELECT ', 50000) || '1' || repeat(')', 50000) || ' AS n FROM item');
SELECT pg_tviews_create('tv_x', 'SELECT pk, ' || repeat('CASE WHEN amount > 0 THEN ', 50000) || '1' || repeat(' END', 50000) || ' AS n FROM item');
SELECT kind FROM pg_tviews_analyze('SELECT pk, ' || repeat('abs(', 100000) || 'amount' || repeat(')', 100000) || ' AS n FROM item');
SELECT pg_tviews_create('tv_x', 'SELECT pk, amount' || repeat(' + 1', 100000) || ' AS n FROM item');
SELECT pg_tviews_create('tv_x', repeat('SELECT pk FROM item UNION ', 20000) || 'SELECT pk FROM item');
\set VERBOSITY verbose
SELECT 'alive' AS session, count(*) FROM item;
SELECT name FROM tviews.views ORDER BY 1;
