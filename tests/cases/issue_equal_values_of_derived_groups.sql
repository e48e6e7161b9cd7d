Groups of values that are equal but written differently, below the top.

--- schema
CREATE TABLE t (pk integer PRIMARY KEY, fk integer, exact numeric, ratio double precision, took interval);
CREATE INDEX ON t (fk);
CREATE TABLE rate (pk integer PRIMARY KEY, exact numeric, name text);
--- data
INSERT INTO t VALUES (1, 1, 5.0, 0, '1 day'), (2, 1, 5.00, '-0', '24 hours'), (3, 2, 7, 1.5, '1 hour'), (4, 2, 5, 0, NULL), (5, 2, NULL, NULL, '1 day');
INSERT INTO rate VALUES (1, 5.000, 'five'), (2, 7, 'seven'), (3, 8.0, 'eight');
--- tview tv_joined
SELECT r.pk, r.name, s.n, s.exact = 5 AS is_five FROM rate r LEFT JOIN (SELECT exact, count(*) AS n FROM t GROUP BY exact) s ON s.exact = r.exact;
--- tview tv_distinct
SELECT a.pk, (SELECT count(s.exact) FROM (SELECT DISTINCT b.exact FROM t b WHERE b.fk = a.fk) s WHERE s.exact > 5) AS n FROM t a;
--- tview tv_united
SELECT r.pk, count(u.v) AS n FROM rate r LEFT JOIN (SELECT exact AS v FROM t UNION SELECT ratio::numeric FROM t) u ON u.v <= r.exact GROUP BY r.pk;
--- tview tv_counts
SELECT s.n, count(*) AS times FROM (SELECT took, count(*) AS n FROM t GROUP BY took) s GROUP BY s.n;
--- tview tv_member
SELECT r.pk, r.exact IN (SELECT s.exact FROM (SELECT DISTINCT exact FROM t) s) AS known FROM rate r;
--- step
UPDATE t SET exact = 5.0000 WHERE pk = 4;
--- step
DELETE FROM t WHERE pk = 1;
--- step
UPDATE t SET exact = 8.00, ratio = '-0', took = '86400 seconds' WHERE pk IN (3, 5);
--- step
UPDATE rate SET exact = exact + 0.00;
--- step
UPDATE t SET exact = exact + 3, took = NULL;
--- step
DELETE FROM t WHERE exact = 8;
