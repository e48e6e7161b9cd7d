--- seed 170860518488159
--- schema
CREATE TABLE t0 (pk integer NOT NULL, n integer, PRIMARY KEY (pk));
--- data
INSERT INTO t0 VALUES (1, 1), (2, 1), (3, NULL), (4, NULL);
--- tview tv_3
SELECT DISTINCT ON (2) b.pk AS c0, b.pk AS c1 FROM t0 AS b ORDER BY 2, (b.pk)::integer, b.pk;
--- tview tv_4
SELECT DISTINCT ON (3) b.n AS c0, b.pk AS least, b.n AS c1 FROM t0 AS b ORDER BY 3, b.pk;
--- tview tv_5
SELECT b.n AS c0, count(*) AS rows, b.n AS c1 FROM t0 AS b GROUP BY 3;
--- tview tv_6
SELECT DISTINCT n AS a, n AS b FROM t0;
--- step
INSERT INTO t0 VALUES (5, 2), (0, 1);
--- step
UPDATE t0 SET n = 3 WHERE pk IN (0, 3);
--- step
DELETE FROM t0 WHERE pk < 3;
