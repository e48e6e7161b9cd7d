Derived tables and merged columns that an outer join replaces by NULLs as a whole: rows without them are units, too, and what is made of NULLs inside is NULL outside.
--- schema
CREATE TABLE t (k int, lang text, title text);
CREATE TABLE g (k int, name text);
CREATE TABLE c (k int);
CREATE TABLE p (name text, n int);
CREATE TABLE pk (id int PRIMARY KEY, k int, v text);
--- data
INSERT INTO t VALUES (1, 'a', 'x'), (2, 'b', 'y'), (2, 'c', 'y'), (4, NULL, 'w');
INSERT INTO g VALUES (1, 'n'), (3, 'm'), (3, 'm'), (2, 'false'), (5, 'none');
INSERT INTO c VALUES (1), (2), (3), (9), (NULL);
INSERT INTO p VALUES ('1', 1), ('3', 3), (NULL, 4), ('none', 2);
INSERT INTO pk VALUES (1, 1, 'one'), (2, 2, 'two'), (3, 3, NULL), (5, 1, 'five');
--- tview tv_1
SELECT c.k AS ck, x.k, x.title, x.name FROM (SELECT k, t.title, g.name FROM t FULL JOIN g USING (k)) x FULL JOIN c ON x.k = c.k
--- tview tv_2
SELECT x.k, x.title, x.name FROM (SELECT k, t.title, g.name FROM t FULL JOIN g USING (k)) x RIGHT JOIN c ON x.k = c.k
--- tview tv_3
SELECT k, t.title, g.name FROM c c1 (ck) LEFT JOIN (t FULL JOIN g USING (k)) ON ck = t.k
--- tview tv_4
SELECT k, title, name, ck FROM (t FULL JOIN g USING (k)) RIGHT JOIN c c1 (ck) ON ck = k
--- tview tv_5
SELECT k, title, name FROM t FULL JOIN g USING (k) FULL JOIN c USING (k)
--- tview tv_6
SELECT k, count(*) FROM t FULL JOIN g USING (k) FULL JOIN c USING (k) GROUP BY k
--- tview tv_7
SELECT k, v, name FROM g FULL JOIN pk USING (k)
--- tview tv_8
SELECT id, k, v, name FROM g FULL JOIN pk USING (k)
--- tview tv_9
SELECT pk.id, g.k FROM pk FULL JOIN g ON g.k = pk.k FULL JOIN c ON c.k = g.k
--- tview tv_10
SELECT c.k, x.d FROM (SELECT jsonb_build_object('a', p.name) AS d, p.n FROM p) x FULL JOIN c ON x.n = c.k
--- tview tv_11
SELECT x.d FROM (SELECT coalesce(p.name, 'none') AS d, p.n FROM p) x RIGHT JOIN c ON x.n = c.k
--- tview tv_12
SELECT x.d, count(*) FROM (SELECT coalesce(p.name, 'none') AS d, p.n FROM p) x RIGHT JOIN c ON x.n = c.k GROUP BY x.d
--- tview tv_13
SELECT x.d, c.k FROM c LEFT JOIN (SELECT p.name IS NULL AS d, p.n FROM p) x ON x.n = c.k
--- tview tv_14
SELECT x.d FROM c LEFT JOIN (SELECT p.name IS NULL AS d, p.n FROM p) x ON x.n = c.k
--- tview tv_15
SELECT coalesce(x.d, 'q') AS d FROM c LEFT JOIN (SELECT coalesce(p.name, 'none') AS d, p.n FROM p) x ON x.n = c.k
--- tview tv_16
SELECT c.k FROM c LEFT JOIN (SELECT coalesce(p.name, 'none') AS d, p.n FROM p) x ON x.n = c.k WHERE x.d = 'none'
--- tview tv_17
SELECT c.k, g.name FROM c LEFT JOIN (SELECT coalesce(p.name, 'none') AS d, p.n FROM p) x ON x.n = c.k JOIN g ON g.name = x.d
--- tview tv_18
SELECT c.k, g.name FROM c LEFT JOIN (SELECT coalesce(p.name, 'm') AS d, p.n FROM p) x ON x.n = c.k LEFT JOIN g ON g.name = x.d
--- tview tv_19
SELECT x.one, c.k FROM c LEFT JOIN (SELECT 1 AS one, p.n FROM p) x ON x.n = c.k
--- tview tv_20
SELECT x.one, count(*) FROM c LEFT JOIN (SELECT 1 AS one, p.n FROM p) x ON x.n = c.k GROUP BY x.one
--- tview tv_21
SELECT x.n, x.m FROM c LEFT JOIN (SELECT p.n, count(*) AS m FROM p GROUP BY p.n) x ON x.n = c.k
--- tview tv_22
SELECT x.m FROM c LEFT JOIN (SELECT p.n, coalesce(max(p.name), 'none') AS m FROM p GROUP BY p.n) x ON x.n = c.k
--- tview tv_23
SELECT DISTINCT x.k, y.name FROM (SELECT k FROM t UNION SELECT k FROM c) x LEFT JOIN (SELECT DISTINCT k, name FROM g) y ON y.k = x.k
--- tview tv_24
SELECT y.name, row_number() OVER (PARTITION BY y.name) AS n FROM c LEFT JOIN (SELECT k, name FROM g) y ON y.k = c.k
--- tview tv_25
SELECT y.name FROM c LEFT JOIN LATERAL (SELECT g.name FROM g WHERE g.k = c.k LIMIT 1) y ON true
--- tview tv_26
SELECT y.n FROM c LEFT JOIN LATERAL (SELECT count(*) AS n FROM g WHERE g.k = c.k) y ON true
--- tview tv_27
SELECT y.n, c.k FROM c CROSS JOIN LATERAL (SELECT count(*) AS n FROM g WHERE g.k = c.k HAVING count(*) > 1) y
--- tview tv_28
SELECT pk.id, t.title FROM pk LEFT JOIN (t JOIN g ON g.k = t.k) ON t.k = pk.k
--- tview tv_29
SELECT t.title, g.name FROM pk LEFT JOIN (t JOIN g ON g.k = t.k) ON t.k = pk.k
--- tview tv_30
SELECT t.title, g.name FROM pk LEFT JOIN (t LEFT JOIN g ON g.k = t.k) ON t.k = pk.k
--- tview tv_31
SELECT g.name FROM pk LEFT JOIN (t LEFT JOIN g ON g.k = t.k) ON t.k = pk.k
--- tview tv_32
SELECT g.name, count(*) FROM pk LEFT JOIN (t LEFT JOIN g ON g.k = t.k) ON t.k = pk.k GROUP BY g.name
--- tview tv_33
SELECT g.name, t.title, count(*) FROM pk LEFT JOIN t ON t.k = pk.k LEFT JOIN g ON g.k = t.k GROUP BY g.name, t.title
--- tview tv_34
SELECT g.name, t.title, count(*) FROM pk FULL JOIN t ON t.k = pk.k FULL JOIN g ON g.k = t.k GROUP BY g.name, t.title
--- tview tv_35
SELECT g.name, t.title, c.k FROM c FULL JOIN t ON t.k = c.k FULL JOIN g ON g.k = coalesce(t.k, c.k)
--- step
INSERT INTO t VALUES (9, 'z', 'new')
--- step
INSERT INTO g VALUES (9, 'z'), (2, 'q'), (NULL, NULL)
--- step
INSERT INTO c VALUES (7), (4), (1)
--- step
INSERT INTO p VALUES ('9', 9), ('none', 7), (NULL, NULL)
--- step
INSERT INTO pk VALUES (9, 9, 'nine'), (7, NULL, NULL), (8, 3, 'one')
--- step
DELETE FROM t WHERE k = 1
--- step
DELETE FROM p WHERE n = 1
--- step
UPDATE g SET k = 4 WHERE k = 3
--- step
UPDATE c SET k = 3 WHERE k = 9
--- step
UPDATE p SET name = NULL WHERE n = 2
--- step
UPDATE t SET k = NULL WHERE k = 9
--- step
UPDATE g SET name = 'none' WHERE k = 2
--- step
INSERT INTO g VALUES (6, 'false'), (7, 'true')
--- step
DELETE FROM g WHERE name = 'false'
--- step
UPDATE pk SET k = 9 WHERE id = 2
--- step
DELETE FROM c WHERE k = 3
--- step
DELETE FROM g WHERE k = 2
--- step
DELETE FROM p
--- step
UPDATE c SET k = NULL
--- step
DELETE FROM t
--- step
TRUNCATE g
