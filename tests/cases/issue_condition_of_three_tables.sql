A condition of three tables leads from one of them to the unit only together with another one: rows of both change at once.

--- schema
CREATE TABLE a (pk integer PRIMARY KEY, g integer);
--- schema
CREATE TABLE d (pk integer PRIMARY KEY, f integer);
--- schema
CREATE TABLE t (pk integer PRIMARY KEY, f integer, s text);
--- data
INSERT INTO a VALUES (3, 9), (7, 8), (11, 7);
--- data
INSERT INTO d VALUES (1, 1), (2, 3);
--- data
INSERT INTO t VALUES (1, 2, 'a'), (2, 4, 'b');
--- tview tv_inner
SELECT a.pk, t.s FROM a, d, t WHERE a.pk = d.f + t.f AND d.pk = t.pk;
--- tview tv_left
SELECT a.pk, t.s FROM a LEFT JOIN (d JOIN t ON d.pk = t.pk) ON a.pk = d.f + t.f;
--- tview tv_or
SELECT a.g, t.s FROM a LEFT JOIN (d JOIN t USING (pk)) ON a.pk = d.f OR a.pk = t.f;
--- tview tv_subquery
SELECT a.pk, (SELECT string_agg(t.s, ',' ORDER BY t.pk) FROM d JOIN t ON d.pk = t.pk WHERE a.pk = d.f + t.f) AS all_s FROM a;
--- tview tv_untied
SELECT a.pk, t.s FROM a, d, t WHERE a.pk = d.f + t.f;
--- step
WITH w AS (UPDATE d SET f = f + 2 WHERE pk = 1) UPDATE t SET f = f + 2 WHERE pk = 1;
--- step
WITH w AS (DELETE FROM d WHERE pk = 1) DELETE FROM t WHERE pk = 1;
--- step
WITH w AS (INSERT INTO d VALUES (1, 5)) INSERT INTO t VALUES (1, 6, 'c');
--- quiet
--- begin
--- step
DELETE FROM d;
--- step
DELETE FROM t;
--- commit
