--- tview tv_cross
SELECT j1.i, j1.t, j2.k FROM j1_tbl j1 CROSS JOIN j2_tbl j2
--- tview tv_using
SELECT i, j, t, k FROM j1_tbl INNER JOIN j2_tbl USING (i)
--- tview tv_natural
SELECT * FROM j1_tbl NATURAL JOIN j2_tbl
--- tview tv_renamed
SELECT * FROM j1_tbl t1 (a, b, c) JOIN j2_tbl t2 (a, d) USING (a) WHERE d IS DISTINCT FROM 0
--- tview tv_on
SELECT j1.i AS i1, j2.i AS i2, j, t, k FROM j1_tbl j1 JOIN j2_tbl j2 ON (j1.i <= j2.k)
--- tview tv_left
SELECT i, j, t, k FROM j1_tbl LEFT OUTER JOIN j2_tbl USING (i)
--- tview tv_right
SELECT i, j, t, k FROM j1_tbl RIGHT OUTER JOIN j2_tbl USING (i)
--- tview tv_full
SELECT i, j, t, k FROM j1_tbl FULL OUTER JOIN j2_tbl USING (i)
--- tview tv_full_twice
SELECT i, j, j2.k, k3 FROM j1_tbl FULL JOIN j2_tbl j2 USING (i) FULL JOIN (SELECT i, k AS k3 FROM j2_tbl WHERE k > 0) x USING (i)
--- tview tv_left_filter
SELECT i, j, t, k FROM j1_tbl LEFT JOIN j2_tbl USING (i) WHERE (k = 1 OR k IS NULL)
--- tview tv_non_strict
SELECT a.f1, b.q1, coalesce(b.q2, -1) AS q2, c.f1 AS f FROM int4_tbl a LEFT JOIN int8_tbl b ON a.f1 = b.q1 LEFT JOIN int4_tbl c ON coalesce(b.q2, 123456) = c.f1
--- tview tv_int4_int8
SELECT a.f1, b.q1, b.q2 FROM int4_tbl a JOIN int8_tbl b ON a.f1 = b.q1 OR a.f1 = b.q2
--- tview tv_char_varchar
SELECT c.f1, v.f1 AS v, length(v.f1) FROM char_tbl c FULL JOIN varchar_tbl v ON c.f1 = v.f1
--- tview tv_nested
SELECT t1.unique2, t1.stringu1, t2.unique1, t3.f1 FROM tenk1 t1 LEFT JOIN (onek t2 JOIN int4_tbl t3 ON t2.two = t3.f1 OR t3.f1 > 400) ON t2.unique1 = t1.unique1 AND t1.hundred < 3 WHERE t1.thousand < 20
--- tview tv_lateral
SELECT a.q1, x.* FROM int8_tbl a CROSS JOIN LATERAL (SELECT b.q2, a.q1 + b.q1 AS sum FROM int8_tbl b WHERE b.q1 = a.q1 OR b.q2 = a.q2) x
--- tview tv_lateral_left
SELECT o.unique1, o.hundred, x.unique2, x.n FROM onek o LEFT JOIN LATERAL (SELECT t.unique2, row_number() OVER (ORDER BY t.unique2) AS n FROM tenk1 t WHERE t.hundred = o.hundred ORDER BY t.unique2 LIMIT 2) x ON o.four < 2 WHERE o.thousand < 9
--- tview tv_anti
SELECT o.unique1 FROM onek o LEFT JOIN tenk1 t ON t.unique1 = o.unique1 AND t.ten <> o.ten WHERE t.unique1 IS NULL
--- tview tv_three
SELECT o.unique1, t.unique2, d.name FROM onek o JOIN tenk1 t ON t.unique1 = o.unique2 JOIN department d ON d.id = t.ten WHERE o.hundred IN (1, 2, 3)
--- tview tv_whole_row
SELECT j1 AS a, j2 AS b, (j1 IS NULL) AS none FROM j1_tbl j1 RIGHT JOIN j2_tbl j2 ON j1.i = j2.i
