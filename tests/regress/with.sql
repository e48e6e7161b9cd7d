--- tview tv_plain
WITH q1 (x, y) AS (SELECT unique1, ten FROM onek WHERE thousand < 10) SELECT x, y, (SELECT count(*) FROM q1 b WHERE b.y = a.y) AS n FROM q1 a
--- tview tv_materialized
WITH q AS MATERIALIZED (SELECT i, k FROM j2_tbl WHERE k IS NOT NULL) SELECT a.i, b.k FROM q a JOIN q b ON a.i = b.i
--- tview tv_chain
WITH a AS (SELECT four, count(*) AS n FROM onek GROUP BY four), b AS (SELECT max(n) AS n FROM a) SELECT a.four, a.n, a.n = b.n AS most FROM a, b
--- tview tv_numbers
WITH RECURSIVE t (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT t.n, j.t FROM t LEFT JOIN j1_tbl j ON j.i = t.n
--- tview tv_subtree
WITH RECURSIVE sub AS (SELECT id, name FROM department WHERE name = 'A' UNION ALL SELECT d.id, d.name FROM department d JOIN sub ON d.parent_department = sub.id) SELECT id, name FROM sub
--- tview tv_levels
WITH RECURSIVE sub (level, id, name, top) AS (SELECT 1, id, name, id FROM department WHERE parent_department IS NULL UNION ALL SELECT sub.level + 1, d.id, d.name, sub.top FROM department d JOIN sub ON d.parent_department = sub.id)
SELECT top, level, count(*), string_agg(name, ',' ORDER BY id) AS names FROM sub GROUP BY top, level
--- tview tv_ancestors
SELECT d.id, d.name, (WITH RECURSIVE up AS (SELECT d.parent_department AS p, 1 AS n UNION ALL SELECT e.parent_department, n + 1 FROM up JOIN department e ON e.id = up.p) SELECT max(n) FROM up) AS depth FROM department d
--- tview tv_each_subtree
WITH RECURSIVE sub AS (SELECT id AS root, id FROM department UNION ALL SELECT sub.root, d.id FROM department d JOIN sub ON d.parent_department = sub.id) SELECT root, count(*) AS size FROM sub GROUP BY root
--- tview tv_reach
WITH RECURSIVE r (f, t) AS (SELECT f, t FROM graph UNION SELECT r.f, g.t FROM r JOIN graph g ON g.f = r.t) SELECT f, t FROM r
--- tview tv_cycle
WITH RECURSIVE walk (f, t, path, looped) AS (SELECT f, t, ARRAY[f], false FROM graph WHERE f = 1 UNION ALL SELECT g.f, g.t, path || g.f, g.f = ANY (path) FROM graph g JOIN walk ON g.f = walk.t AND NOT looped) SELECT f, t, path, looped FROM walk
--- tview tv_two
WITH RECURSIVE a AS (SELECT id FROM department WHERE id = 1 UNION ALL SELECT d.id FROM a JOIN department d ON d.parent_department = a.id), b AS (SELECT id FROM department WHERE id = 5 UNION ALL SELECT d.id FROM b JOIN department d ON d.parent_department = b.id)
SELECT 'a' AS side, id FROM a UNION ALL SELECT 'b', id FROM b
--- tview tv_in_exists
SELECT o.unique1 FROM onek o WHERE EXISTS (WITH RECURSIVE up AS (SELECT id, parent_department AS p FROM department WHERE id = o.ten UNION ALL SELECT d.id, d.parent_department FROM up JOIN department d ON d.id = up.p) SELECT FROM up WHERE up.id = 4)
