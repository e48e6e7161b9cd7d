--- tview tv_all
SELECT count(*), count(a) AS a, sum(a), avg(a), min(b), max(b), stddev_pop(a), var_samp(a) FROM aggtest
--- tview tv_grouped
SELECT ten, count(*), sum(four) AS four, max(unique1), min(stringu1) FROM onek GROUP BY ten
--- tview tv_having
SELECT ten, sum(DISTINCT four) AS sum FROM onek a GROUP BY ten HAVING EXISTS (SELECT FROM onek b WHERE sum(DISTINCT a.four) = b.four)
--- tview tv_expression
SELECT unique1 % 7 AS rest, string4, count(*) FROM onek GROUP BY unique1 % 7, string4 HAVING count(*) > 3
--- tview tv_null_groups
SELECT b, i, count(*) FROM bool_tbl GROUP BY b, i
--- tview tv_bool
SELECT bool_and(b), bool_or(i > 0) AS o, every(b OR i IS NULL) AS e FROM bool_tbl
--- tview tv_float_groups
SELECT f1 IS NULL AS none, f1 > 0 AS positive, count(*), min(f1), max(f1) FROM float8_tbl GROUP BY 1, 2
--- tview tv_numeric
SELECT round(val) AS whole, count(*), sum(val), min(val) AS least FROM num_data WHERE val <> 'NaN' GROUP BY round(val) HAVING count(*) < 5
--- tview tv_date
SELECT date_part('year', f1) AS year, count(*), max(f1) FROM date_tbl WHERE isfinite(f1) GROUP BY 1
--- tview tv_text_length
SELECT length(f1) AS length, string_agg(f1, '|' ORDER BY f1) AS list, array_agg(DISTINCT f1 ORDER BY f1) AS distinct FROM text_tbl GROUP BY length(f1)
--- tview tv_filter
SELECT four, count(*) FILTER (WHERE ten > 4) AS big, array_agg(unique1 ORDER BY unique1 DESC) FILTER (WHERE hundred = 3) AS list FROM onek GROUP BY four
--- tview tv_distinct
SELECT count(DISTINCT two), count(DISTINCT four) AS four, count(DISTINCT stringu1) AS strings FROM tenk1
--- tview tv_ordered_set
SELECT ten, percentile_disc(0.5) WITHIN GROUP (ORDER BY thousand) AS median, mode() WITHIN GROUP (ORDER BY four DESC), rank(20) WITHIN GROUP (ORDER BY unique1) FROM tenk1 GROUP BY ten
--- tview tv_grouping_sets
SELECT a.i, a.t, count(*), grouping(a.i, a.t) AS g FROM j1_tbl a GROUP BY GROUPING SETS ((a.i), (a.t), (a.i, a.t), ())
--- tview tv_rollup
SELECT four, ten, sum(hundred) FROM onek GROUP BY ROLLUP (four, ten) HAVING sum(hundred) > 50
--- tview tv_cube
SELECT b, i, count(*) FROM bool_tbl GROUP BY CUBE (b, i)
--- tview tv_join_groups
SELECT o.string4, t.four, count(*), sum(t.thousand) AS sum FROM onek o JOIN tenk1 t ON t.unique1 = o.unique1 GROUP BY o.string4, t.four
--- tview tv_dependent
SELECT d.id, d.name, count(e.id) AS below FROM department d LEFT JOIN department e ON e.parent_department = d.id GROUP BY d.id
--- tview tv_distinct_on
SELECT DISTINCT ON (string4, ten) string4, ten, unique1 FROM onek ORDER BY string4, ten, unique1
--- tview tv_distinct_rows
SELECT DISTINCT two, string4, ten FROM tenk1
