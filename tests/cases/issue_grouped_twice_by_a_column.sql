A definition that is grouped twice by the same column.

--- schema
CREATE TABLE t (pk integer PRIMARY KEY, fk integer, yes boolean);
--- data
INSERT INTO t VALUES (1, 0, NULL), (2, 0, false), (3, NULL, true), (4, NULL, NULL);
--- tview tv_twice
SELECT y.fk AS g0, y.fk AS g1, bool_and(y.yes) AS yes FROM t AS y GROUP BY 1, 2;
--- tview tv_distinct as
SELECT DISTINCT y.fk AS g0, y.yes, y.fk AS g1 FROM t AS y;
--- step
DELETE FROM t WHERE pk = 2;
--- step
UPDATE t SET yes = false WHERE pk = 4;
--- step
UPDATE t SET fk = 1 - coalesce(fk, 0);
--- step
UPDATE t SET fk = NULL, yes = NULL;
--- step
DELETE FROM t;
