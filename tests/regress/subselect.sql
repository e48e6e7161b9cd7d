--- tview tv_in_uncorrelated
SELECT f1, f2 FROM subselect_tbl WHERE f1 IN (SELECT f2 FROM subselect_tbl WHERE f2 IN (SELECT f1 FROM subselect_tbl))
--- tview tv_in_correlated
SELECT f1 AS up, f2 AS second FROM subselect_tbl upper WHERE f1 IN (SELECT f2 FROM subselect_tbl WHERE f1 = upper.f1)
--- tview tv_in_cast
SELECT f1, f3 FROM subselect_tbl upper WHERE f1 IN (SELECT f2 FROM subselect_tbl WHERE CAST(upper.f2 AS float) = f3)
--- tview tv_row_in
SELECT f1, f2, f3 FROM subselect_tbl upper WHERE (f1, f2) IN (SELECT f2, CAST(f3 AS int4) FROM subselect_tbl WHERE f3 IS NOT NULL)
--- tview tv_row_not_in
SELECT f1, f2 FROM subselect_tbl WHERE (f1, f2) NOT IN (SELECT i, k FROM j2_tbl)
--- tview tv_not_in
SELECT f1 FROM int4_tbl WHERE f1 NOT IN (SELECT i FROM j1_tbl)
--- tview tv_in_target
SELECT q1, q1 IN (SELECT f1 FROM int4_tbl) AS known, q2 NOT IN (SELECT q1 FROM int8_tbl) AS strange FROM int8_tbl
--- tview tv_all
SELECT i, k FROM j2_tbl WHERE k >= ALL (SELECT j FROM j1_tbl WHERE j1_tbl.i = j2_tbl.i)
--- tview tv_some
SELECT i, k FROM j2_tbl WHERE NOT k < SOME (SELECT f2 FROM subselect_tbl WHERE f1 = i)
--- tview tv_exists_or
SELECT o.unique1, o.ten FROM onek o WHERE o.thousand < 15 AND (EXISTS (SELECT FROM tenk1 t WHERE t.unique1 = o.unique1 AND t.four = 2) OR o.hundred = (SELECT min(b.i) FROM j2_tbl b WHERE b.k > 0))
--- tview tv_scalar
SELECT o.unique1, (SELECT count(*) FROM tenk1 t WHERE t.thousand = o.thousand) AS n, (SELECT max(f1) FROM int4_tbl) AS top FROM onek o WHERE o.unique1 < 30
--- tview tv_nested_scalar
SELECT d.id, (SELECT string_agg(e.name || (SELECT count(*) FROM department g WHERE g.parent_department = e.id), ',' ORDER BY e.id) FROM department e WHERE e.parent_department = d.id) AS below FROM department d
--- tview tv_array
SELECT f1, ARRAY(SELECT q2 FROM int8_tbl WHERE q1 = f1 ORDER BY q2) AS list FROM int4_tbl
--- tview tv_distinct_derived
SELECT count(*) FROM (SELECT DISTINCT f1 FROM text_tbl) x
--- tview tv_limit_derived
SELECT x.f1, j.t FROM (SELECT f1 FROM int4_tbl WHERE f1 >= 0 ORDER BY f1 LIMIT 2) x LEFT JOIN j1_tbl j ON j.i = x.f1
--- tview tv_outer_aggregate
SELECT four, (SELECT max(b.k + sum(a.unique2)) FROM j2_tbl b) AS most FROM onek a GROUP BY four
--- tview tv_case
SELECT f1, CASE WHEN f1 IN (SELECT i FROM j2_tbl) THEN 'j2' WHEN EXISTS (SELECT FROM j1_tbl WHERE i = f1) THEN 'j1' ELSE 'none' END AS place FROM int4_tbl
