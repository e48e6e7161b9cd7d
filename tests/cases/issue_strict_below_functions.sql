A condition is strict only if the NULL arrives: `(a IS NOT NULL)::text = 'false'` is true for NULL; and other ways to be NULL, or not.
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
SELECT c.k FROM c LEFT JOIN p ON p.n = c.k JOIN g ON g.name = (p.name IS NOT NULL)::text
--- tview tv_2
SELECT pk.id, g.k FROM pk LEFT JOIN p ON p.n = pk.k JOIN g ON length(g.name) = (p.name IS NOT NULL)::int
--- tview tv_3
SELECT pk.id, g.k FROM pk LEFT JOIN p ON p.n = pk.k JOIN g ON (g.name = p.name AND p.n > 0) = false
--- tview tv_4
SELECT pk.id, g.k FROM pk LEFT JOIN p ON p.n = pk.k JOIN g ON (g.k = 3 AND p.name IS NOT NULL)::text = 'false'
--- tview tv_5
SELECT pk.id, (SELECT count(*) FROM g WHERE (g.k = pk.k AND g.name IS NOT NULL) = false) FROM pk
--- tview tv_6
SELECT pk.id, (SELECT count(*) FROM g WHERE (g.k = pk.k) IS NOT TRUE) FROM pk
--- tview tv_7
SELECT pk.id FROM pk WHERE (pk.k, pk.v) NOT IN (SELECT g.k, g.name FROM g)
--- tview tv_8
SELECT pk.id FROM pk WHERE pk.k NOT IN (SELECT g.k FROM g LEFT JOIN t ON t.k = g.k WHERE t.title IS NULL)
--- tview tv_9
SELECT pk.id FROM pk WHERE NOT (pk.k IN (SELECT g.k FROM g WHERE g.name = pk.v))
--- tview tv_10
SELECT pk.id, pk.k = ALL (SELECT g.k FROM g) FROM pk
--- tview tv_11
SELECT pk.id, pk.k = ANY (SELECT g.k FROM g WHERE g.name IS DISTINCT FROM pk.v) AS x FROM pk
--- tview tv_12
SELECT c.k FROM c WHERE c.k IN (SELECT t.k FROM t EXCEPT SELECT g.k FROM g)
--- tview tv_13
SELECT c.k FROM c WHERE c.k NOT IN (SELECT t.k FROM t INTERSECT SELECT g.k FROM g)
--- tview tv_14
SELECT c.k, x.k AS xk FROM c LEFT JOIN (SELECT t.k FROM t INTERSECT SELECT g.k FROM g) x ON x.k = c.k
--- tview tv_15
SELECT x.k FROM c LEFT JOIN (SELECT t.k FROM t EXCEPT ALL SELECT g.k FROM g) x ON x.k = c.k
--- tview tv_16
SELECT x.k, count(*) FROM (SELECT t.k, g.name FROM t LEFT JOIN g ON g.k = t.k UNION ALL SELECT c.k, NULL FROM c) x GROUP BY x.k
--- tview tv_17
SELECT x.name, count(*) FROM (SELECT t.k, g.name FROM t LEFT JOIN g ON g.k = t.k UNION ALL SELECT c.k, NULL FROM c) x GROUP BY x.name
--- tview tv_18
SELECT x.name FROM (SELECT t.k, g.name FROM t LEFT JOIN g ON g.k = t.k UNION SELECT c.k, NULL FROM c) x
--- tview tv_19
SELECT t.title, max(x.n) FROM t LEFT JOIN (SELECT g.k, count(*) AS n FROM g GROUP BY g.k) x USING (k) GROUP BY t.title
--- tview tv_20
SELECT k, title, n FROM t FULL JOIN (SELECT g.k, count(*) AS n FROM g GROUP BY g.k) x USING (k)
--- tview tv_21
SELECT k, m, n FROM (SELECT k, count(*) AS m FROM t GROUP BY k) y FULL JOIN (SELECT g.k, count(*) AS n FROM g GROUP BY g.k) x USING (k)
--- tview tv_22
SELECT k, m, n, c.k AS ck FROM (SELECT k, count(*) AS m FROM t GROUP BY k) y FULL JOIN (SELECT g.k, count(*) AS n FROM g GROUP BY g.k) x USING (k) LEFT JOIN c USING (k)
--- tview tv_23
SELECT v.k, v.title FROM (SELECT t.k, t.title, row_number() OVER (PARTITION BY t.k ORDER BY t.lang) AS n FROM t) v RIGHT JOIN c ON c.k = v.k AND v.n = 1
--- tview tv_24
SELECT v.k, count(*) FROM (SELECT DISTINCT ON (t.k) t.k, t.title FROM t ORDER BY t.k, t.lang) v FULL JOIN c ON c.k = v.k GROUP BY v.k
--- tview tv_25
SELECT coalesce(t.k, g.k) AS k, count(*) FROM t FULL JOIN g ON g.k = t.k GROUP BY 1
--- tview tv_26
SELECT coalesce(t.k, g.k) AS k, t.title, g.name FROM t FULL JOIN g ON g.k = t.k
--- tview tv_27
SELECT coalesce(g.k, -1) AS k, count(*) FROM t LEFT JOIN g ON g.k = t.k GROUP BY 1
--- tview tv_28
SELECT CASE WHEN g.k IS NULL THEN 'none' ELSE g.name END AS label, count(*) FROM t LEFT JOIN g ON g.k = t.k GROUP BY 1
--- tview tv_29
SELECT g.k IS NULL AS none, t.title FROM t LEFT JOIN g ON g.k = t.k
--- tview tv_30
SELECT g IS NULL AS none, count(*) FROM t LEFT JOIN g ON g.k = t.k GROUP BY 1
--- tview tv_31
SELECT to_jsonb(g) AS doc FROM t LEFT JOIN g ON g.k = t.k
--- tview tv_32
SELECT ROW(g.k, g.name)::text AS r, count(*) FROM t LEFT JOIN g ON g.k = t.k GROUP BY 1
--- tview tv_33
SELECT DISTINCT coalesce(g.name, t.title) AS label FROM t LEFT JOIN g ON g.k = t.k
--- tview tv_34
SELECT DISTINCT t.title, g.name FROM t FULL JOIN g ON g.k = t.k AND t.lang <> 'b'
--- tview tv_35
SELECT t.k, g.k AS gk FROM t FULL JOIN g ON g.k = t.k WHERE t.k IS NULL OR g.k IS NULL
--- tview tv_36
SELECT t.title, g.name, c.k FROM (t LEFT JOIN g ON g.k = t.k) FULL JOIN c ON c.k = g.k
--- tview tv_37
SELECT g.name FROM (t LEFT JOIN g ON g.k = t.k) FULL JOIN c ON c.k = t.k
--- tview tv_38
SELECT DISTINCT g.name, c.k FROM (t LEFT JOIN g ON g.k = t.k) LEFT JOIN c ON c.k = g.k
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
