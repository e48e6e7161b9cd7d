A column that FULL JOIN USING merges, and columns of a join with an alias, used in LATERAL items.
--- schema
CREATE TABLE a (k integer PRIMARY KEY, x integer);
CREATE TABLE b (k integer PRIMARY KEY, y integer);
CREATE TABLE c (pk integer PRIMARY KEY, k integer, n integer);
--- data
INSERT INTO a VALUES (1, 10), (2, 20), (3, 30);
INSERT INTO b VALUES (2, 200), (3, 300), (4, 400);
INSERT INTO c VALUES (1, 1, 1), (2, 2, 2), (3, 4, 3), (4, 4, 4);
--- tview tv_derived
SELECT j.k, j.x, j.y, l.n FROM (a FULL JOIN b USING (k)) AS j LEFT JOIN LATERAL (SELECT count(*) AS n FROM c WHERE c.k = j.k) l ON true
--- tview tv_nested
SELECT m.pk, l.n FROM (c AS c1 FULL JOIN c AS c2 USING (pk)) AS m CROSS JOIN LATERAL (SELECT (SELECT sum(c.n) FROM c WHERE c.pk < m.pk) AS n) l
--- tview tv_function
SELECT j.k, g FROM (a FULL JOIN b USING (k)) AS j CROSS JOIN LATERAL generate_series(1, j.k) AS g
--- tview tv_alias
SELECT j.k, l.n FROM (a JOIN b USING (k)) AS j CROSS JOIN LATERAL (SELECT count(*) AS n FROM c WHERE c.k = j.k AND c.n < j.y) l
--- step
INSERT INTO c VALUES (5, 3, 5), (6, 1, 6)
--- step
UPDATE c SET k = 2 WHERE pk IN (1, 3)
--- step
UPDATE a SET k = 5 WHERE k = 1
--- step
UPDATE b SET y = 3
--- step
DELETE FROM b WHERE k = 3
--- step
UPDATE c SET n = n + 1
