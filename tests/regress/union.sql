--- tview tv_union
SELECT f1 FROM float8_tbl WHERE f1 <> 0 UNION SELECT f1 FROM int4_tbl WHERE f1 <> 0
--- tview tv_union_all
SELECT f1 FROM int4_tbl UNION ALL SELECT q1 FROM int8_tbl UNION ALL SELECT q1 FROM int8_tbl
--- tview tv_intersect
SELECT q2 FROM int8_tbl INTERSECT SELECT q1 FROM int8_tbl
--- tview tv_intersect_all
SELECT q2 FROM int8_tbl INTERSECT ALL SELECT q1 FROM int8_tbl
--- tview tv_except
SELECT q2 FROM int8_tbl EXCEPT SELECT q1 FROM int8_tbl
--- tview tv_except_all
SELECT q1 FROM int8_tbl EXCEPT ALL SELECT DISTINCT q2 FROM int8_tbl
--- tview tv_mixed
(SELECT 1 AS n, f1 FROM int4_tbl EXCEPT SELECT 1, i FROM j1_tbl) UNION ALL (SELECT 2, i FROM j2_tbl INTERSECT SELECT 2, i FROM j1_tbl)
--- tview tv_char
SELECT CAST(f1 AS char(4)) AS c FROM varchar_tbl UNION SELECT f1 FROM char_tbl
--- tview tv_ordered
SELECT q1 FROM int8_tbl EXCEPT (((SELECT q2 FROM int8_tbl ORDER BY q2 LIMIT 1))) ORDER BY q1
--- tview tv_limit
SELECT unique1 FROM onek UNION SELECT unique2 FROM tenk1 ORDER BY 1 DESC LIMIT 5
--- tview tv_grouped
SELECT two AS k, count(*) FROM onek GROUP BY two UNION ALL SELECT ten, count(*) FROM tenk1 GROUP BY ten
--- tview tv_joined
SELECT d.id, x.n FROM department d JOIN (SELECT two AS n FROM onek UNION SELECT four FROM tenk1) x ON x.n = d.id
--- tview tv_group_of_union
SELECT x.n, count(*) FROM (SELECT ten AS n FROM onek UNION ALL SELECT four FROM tenk1) x GROUP BY x.n
--- tview tv_in
SELECT o.unique1 FROM onek o WHERE o.unique2 IN (SELECT i FROM j1_tbl UNION SELECT k FROM j2_tbl)
--- tview tv_values
VALUES (1, 2), (3, 4) UNION ALL SELECT i, k FROM j2_tbl UNION ALL SELECT f1, f2 FROM subselect_tbl
