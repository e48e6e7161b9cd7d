NULLIF, IS DISTINCT FROM, CASE … WHEN and joins with USING have operators that no text of theirs can name.
Those of `citext` are not in pg_catalog: looked up there, the words would mean the operators of `text`.

--- schema
CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;
--- schema
CREATE TABLE t (pk integer PRIMARY KEY, a citext, b citext);
--- data
INSERT INTO t VALUES (1, 'x', 'X'), (2, 'x', 'y'), (3, NULL, 'y');
--- tview tv_nullif
SELECT pk, nullif(a, b) AS v FROM t;
--- tview tv_distinct
SELECT pk, a IS DISTINCT FROM b AS v FROM t;
--- tview tv_not_distinct
SELECT pk, a IS NOT DISTINCT FROM b AS v FROM t;
--- tview tv_case as
SELECT pk, CASE a WHEN 'X'::citext THEN 1 ELSE 2 END AS v FROM t;
--- tview tv_row
SELECT pk, (a, b) IS NOT DISTINCT FROM (b, a) AS v FROM t;
--- tview tv_using
SELECT t.pk, count(*) AS v FROM t JOIN (SELECT b AS a FROM t) AS u USING (a) GROUP BY t.pk;
--- tview tv_natural
SELECT t.pk, u.p FROM t NATURAL JOIN (SELECT pk AS p, b AS a FROM t) AS u;
--- tview tv_full
SELECT a, t.pk, u.p FROM t FULL JOIN (SELECT pk AS p, b AS a FROM t) AS u USING (a);
--- step
UPDATE t SET a = 'Y' WHERE pk = 2;
--- step
INSERT INTO t VALUES (4, 'q', 'Q'), (5, 'z', 'X');
