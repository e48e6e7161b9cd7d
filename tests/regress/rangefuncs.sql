--- schema
CREATE FUNCTION double_rows(integer) RETURNS SETOF integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 UNION ALL SELECT $1 * 2';
CREATE FUNCTION pair_of(integer) RETURNS TABLE (a integer, b text) LANGUAGE plpgsql IMMUTABLE AS 'BEGIN a := $1; b := ''p'' || $1; RETURN NEXT; a := NULL; RETURN NEXT; END';
--- tview tv_series
SELECT j.i, n FROM j1_tbl j, generate_series(j.i, j.j) AS n
--- tview tv_ordinality
SELECT a.id, x.v, x.ordinality FROM arr_tbl a, unnest(a.a) WITH ORDINALITY AS x (v, ordinality)
--- tview tv_two_arrays
SELECT a.id, x.n, x.t FROM arr_tbl a LEFT JOIN LATERAL unnest(a.a, a.t) AS x (n, t) ON true
--- tview tv_rows_from
SELECT a.id, x.* FROM arr_tbl a, ROWS FROM (unnest(a.a), generate_series(1, a.id)) WITH ORDINALITY AS x (v, n, o)
--- tview tv_own_rows
SELECT f1, n FROM int4_tbl, double_rows(f1 / 2) AS n WHERE f1 < 1000000 AND f1 > -1000000
--- tview tv_own_table
SELECT j.i, p.a, p.b FROM j2_tbl j CROSS JOIN pair_of(j.k) AS p
--- tview tv_select_list
SELECT id, unnest(a) AS v, unnest(t) AS t FROM arr_tbl
--- tview tv_grouped_elements
SELECT x AS word, count(*) AS n, array_agg(a.id ORDER BY a.id) AS ids FROM arr_tbl a, unnest(a.t) AS x GROUP BY x
--- tview tv_join_elements
SELECT a.id, o.unique1 FROM arr_tbl a CROSS JOIN unnest(a.a) AS x JOIN onek o ON o.unique2 = x
--- tview tv_characters
SELECT t.f1, c FROM text_tbl t CROSS JOIN LATERAL regexp_split_to_table(t.f1, '') AS c WHERE c > 'e'
--- tview tv_calendar
SELECT d::date AS day, count(x.f1) AS n FROM generate_series('1996-02-27'::timestamp, '1996-03-02', '1 day') AS d LEFT JOIN date_tbl x ON x.f1 = d::date GROUP BY d
--- tview tv_values
SELECT v.n, v.label, j.t FROM (VALUES (1, 'one'), (2, 'two'), (NULL, 'none')) AS v (n, label) LEFT JOIN j1_tbl j ON j.i IS NOT DISTINCT FROM v.n
--- tview tv_lateral_function
SELECT d.id, x.n FROM department d LEFT JOIN LATERAL (SELECT count(*) AS n FROM generate_series(1, d.id) AS g JOIN onek o ON o.ten = g) x ON true
