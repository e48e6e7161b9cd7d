A unit is named by columns of two tables that are joined by more than one row on each side, and rows of both go at once: what is left of one side
says nothing about the combinations with those that are gone.

--- schema
CREATE TABLE t (pk integer PRIMARY KEY, a text, b integer);
--- data
INSERT INTO t VALUES (1, 'z', 2), (10, 'A', 42), (11, 'b', 3);
--- tview tv_distinct
SELECT DISTINCT c.a AS a, r.b AS b FROM t AS c LEFT JOIN t AS r ON c.pk < r.pk;
--- tview tv_grouped
SELECT c.a AS a, r.b AS b, count(*) AS n FROM t AS c LEFT JOIN t AS r ON c.pk < r.pk GROUP BY c.a, r.b;
--- tview tv_full
SELECT DISTINCT c.a AS a, r.b AS b FROM t AS c FULL JOIN t AS r ON c.b = r.b AND c.pk < r.pk;
--- tview tv_inner
SELECT DISTINCT c.a AS a, r.b AS b FROM t AS c JOIN t AS r ON c.pk < r.pk;
--- step
DELETE FROM t WHERE pk > 1;
--- step
INSERT INTO t VALUES (10, 'A', 42), (11, 'b', 3), (12, NULL, NULL);
--- step
UPDATE t SET a = lower(a), b = b + 1 WHERE pk > 1;
--- quiet
--- begin
--- step
DELETE FROM t WHERE pk = 10;
--- step
DELETE FROM t WHERE pk = 11;
--- commit
