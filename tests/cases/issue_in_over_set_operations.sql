IN, NOT IN and ANY over set operations, and of several columns at once: each branch and each column leads to the rows.

--- schema
CREATE TABLE a (pk integer PRIMARY KEY, x integer, y bigint, z text);
CREATE TABLE b (pk integer PRIMARY KEY, x integer NOT NULL, y integer, z varchar(5));
CREATE TABLE c (x integer, y bigint, z text);
CREATE INDEX ON a (x);
CREATE INDEX ON b (x);
CREATE INDEX ON c (x);
--- data
INSERT INTO a SELECT i, i % 5, i % 3, CASE WHEN i % 4 > 0 THEN (i % 4)::text END FROM generate_series(1, 12) AS i;
INSERT INTO b SELECT i, i % 6, CASE WHEN i % 3 > 0 THEN i % 3 END, (i % 4)::text FROM generate_series(1, 8) AS i;
INSERT INTO c VALUES (1, 1, '1'), (3, 2, NULL), (4, 0, '2');
--- tview tv_union
SELECT a.pk FROM a WHERE a.x IN (SELECT b.x FROM b WHERE b.z <> '3' UNION SELECT c.x FROM c);
--- tview tv_not_in
SELECT a.pk FROM a WHERE a.x NOT IN (SELECT b.x FROM b UNION ALL SELECT c.x FROM c);
--- tview tv_types
SELECT a.pk, a.y IN (SELECT b.y FROM b UNION SELECT c.y FROM c) AS found FROM a;
--- tview tv_except
SELECT a.pk FROM a WHERE a.x IN (SELECT b.x FROM b EXCEPT SELECT c.x FROM c);
--- tview tv_intersect
SELECT a.pk, a.x NOT IN (SELECT b.x FROM b INTERSECT ALL SELECT c.x FROM c) AS missing FROM a;
--- tview tv_limited
SELECT a.pk FROM a WHERE a.x IN ((SELECT b.x FROM b ORDER BY b.pk LIMIT 2) UNION (SELECT c.x FROM c));
--- tview tv_limited_union
SELECT a.pk FROM a WHERE a.x IN (SELECT b.x FROM b UNION SELECT c.x FROM c ORDER BY 1 LIMIT 3);
--- tview tv_correlated
SELECT a.pk, a.x = ANY (SELECT b.x FROM b WHERE b.y = a.y UNION SELECT c.x FROM c WHERE c.z = a.z) AS found FROM a;
--- tview tv_all
SELECT a.pk, a.x >= ALL (SELECT b.x FROM b UNION SELECT c.x FROM c WHERE c.y = a.y) AS most FROM a;
--- tview tv_row
SELECT a.pk FROM a WHERE (a.x, a.y) IN (SELECT b.x, b.y FROM b);
--- tview tv_not_row
SELECT a.pk, (a.x, a.z) NOT IN (SELECT b.x, b.z FROM b) AS missing FROM a;
--- tview tv_row_union
SELECT a.pk FROM a WHERE (a.x, a.y, a.z) IN (SELECT b.x, b.y, b.z FROM b UNION SELECT c.x, c.y, c.z FROM c);
--- tview tv_no_limit
SELECT a.pk, a.z, x.n FROM a LEFT JOIN LATERAL (SELECT count(*) AS n FROM b WHERE b.x = a.x LIMIT ALL OFFSET 0) x ON true ORDER BY a.pk LIMIT NULL OFFSET 0;
--- step
UPDATE b SET x = x + 1 WHERE pk % 2 = 0;
--- step
UPDATE c SET x = 2, y = NULL WHERE z IS NULL;
--- step
INSERT INTO c VALUES (NULL, 1, '1'), (0, 0, '0');
--- step
UPDATE b SET y = NULL, z = NULL WHERE pk < 3;
--- step
DELETE FROM c WHERE x IS NULL;
--- step
UPDATE a SET x = x + 1, y = NULL WHERE pk % 3 = 0;
--- step
UPDATE b SET y = 1, z = '1';
--- step
DELETE FROM b WHERE pk > 4;
--- step
TRUNCATE c;
