Rows that the definition leaves out by a condition on them alone: conditions at every place, rows that pass, fail, begin and cease to pass.

--- schema
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE a (pk integer PRIMARY KEY, kind text, n numeric, d date, ok boolean, m mood, tags text[]);
CREATE TABLE b (pk integer PRIMARY KEY, fk_a integer, kind text, n integer, at timestamptz, c char(3));
CREATE INDEX ON b (fk_a);
--- data
INSERT INTO a SELECT i, (ARRAY['x', 'y', NULL])[1 + i % 3], i / 2.0, date '2020-01-01' + i, (ARRAY[true, false, NULL])[1 + i % 3], (ARRAY['sad', 'ok', 'happy'])[1 + i % 3]::mood, '{q}' FROM generate_series(1, 12) AS i;
INSERT INTO b SELECT i, i % 7, (ARRAY['x', 'y', NULL])[1 + i % 3], i % 5, '2020-01-01 00:00+00'::timestamptz + i * interval '1 day', 'c' || i % 3 FROM generate_series(1, 20) AS i;
--- tview tv_inner
SELECT b.pk, a.kind, b.n FROM a JOIN b ON b.fk_a = a.pk AND a.kind = 'x' WHERE b.n >= 2 AND b.kind IS NOT NULL;
--- tview tv_left
SELECT a.pk, a.kind, b.pk AS b, b.n FROM a LEFT JOIN b ON b.fk_a = a.pk AND b.n > 2 AND a.ok WHERE a.d < date '2020-01-01' + 9;
--- tview tv_above
SELECT a.pk, b.pk AS b, b.kind FROM a LEFT JOIN b ON b.fk_a = a.pk WHERE b.kind = 'x' OR b.kind IS NULL;
--- tview tv_strict
SELECT a.pk, b.pk AS b, b.kind FROM a LEFT JOIN b ON b.fk_a = a.pk WHERE b.kind = 'x' AND a.n > 1;
--- tview tv_full
SELECT a.pk AS a, b.pk AS b, a.kind FROM a FULL JOIN b ON b.fk_a = a.pk AND b.n > 1 AND a.kind = 'x' WHERE a.kind = 'x' OR b.n < 4;
--- tview tv_one
SELECT count(*) AS n, sum(b.n) AS sum FROM b WHERE b.at >= '2020-01-05 00:00+00' AND b.n IN (1, 3);
--- tview tv_grouped
SELECT b.kind, count(*) AS n FROM b WHERE NOT (b.c = 'c1') GROUP BY b.kind HAVING count(*) > 1;
--- tview tv_below
SELECT g.fk_a, g.n FROM (SELECT b.fk_a, count(*) AS n FROM b WHERE b.kind = 'y' GROUP BY b.fk_a) g WHERE g.fk_a > 1 AND g.n > 1;
--- tview tv_without
SELECT a.pk FROM a WHERE a.pk NOT IN (SELECT b.fk_a FROM b WHERE b.n > 1 AND b.fk_a IS NOT NULL) AND a.ok IS NOT FALSE;
--- tview tv_exists
SELECT a.pk, EXISTS (SELECT FROM b WHERE b.fk_a = a.pk AND b.kind = 'x' AND a.m >= 'ok') AS some FROM a;
--- tview tv_first
SELECT a.pk, x.pk AS b FROM a CROSS JOIN LATERAL (SELECT b.pk, b.n FROM b WHERE b.fk_a = a.pk AND b.n < 3 ORDER BY b.n, b.pk LIMIT 1) x WHERE x.n > 0;
--- tview tv_ranked
SELECT r.pk, r.place FROM (SELECT b.pk, b.kind, rank() OVER (PARTITION BY b.kind ORDER BY b.n) AS place FROM b) r WHERE r.kind = 'x' AND r.place < 3;
--- tview tv_united
SELECT a.pk AS k FROM a WHERE a.kind = 'x' UNION SELECT b.fk_a FROM b WHERE b.n = 2;
--- tview tv_except
SELECT a.pk AS k FROM a WHERE a.kind = 'x' EXCEPT SELECT b.fk_a FROM b WHERE b.n = 2;
--- tview tv_tree
WITH RECURSIVE r AS (SELECT a.pk, 0 AS depth FROM a WHERE a.kind = 'x' UNION SELECT b.n, r.depth + 1 FROM r JOIN b ON b.fk_a = r.pk AND b.kind = 'y' WHERE r.depth < 4) SELECT r.pk, r.depth FROM r;
--- step
UPDATE b SET n = n + 1;
--- step
UPDATE b SET kind = CASE kind WHEN 'x' THEN 'y' WHEN 'y' THEN NULL ELSE 'x' END WHERE pk % 2 = 0;
--- step
UPDATE a SET kind = CASE kind WHEN 'x' THEN 'y' WHEN 'y' THEN NULL ELSE 'x' END, ok = NOT ok WHERE pk < 7;
--- step
INSERT INTO b VALUES (30, 1, 'z', 9, NULL, NULL), (31, 2, 'x', 2, '2020-02-01', 'c2'), (32, NULL, 'x', 2, '2020-02-01', 'c1');
--- step
UPDATE b SET fk_a = NULL WHERE pk IN (2, 5);
--- step
UPDATE b SET c = 'c1', at = NULL WHERE n = 3;
--- step
UPDATE a SET d = d - 4, n = n - 2, m = 'sad';
--- step
DELETE FROM b WHERE kind = 'z' OR n = 2;
--- step
DELETE FROM a WHERE kind IS NULL;
--- step
TRUNCATE b;
