--- tview tv_sum
SELECT depname, empno, salary, sum(salary) OVER (PARTITION BY depname) FROM empsalary
--- tview tv_rank
SELECT depname, empno, salary, rank() OVER (PARTITION BY depname ORDER BY salary), dense_rank() OVER (PARTITION BY depname ORDER BY salary DESC NULLS LAST) AS down FROM empsalary
--- tview tv_named
SELECT depname, empno, sum(salary) OVER w, avg(salary) OVER w, count(*) OVER (w ORDER BY enroll_date) AS n FROM empsalary WINDOW w AS (PARTITION BY depname)
--- tview tv_no_partition
SELECT empno, sum(salary) OVER (ORDER BY enroll_date, empno ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS moving, ntile(3) OVER (ORDER BY empno) FROM empsalary
--- tview tv_lag
SELECT ten, unique1, lag(unique1) OVER (PARTITION BY ten ORDER BY unique1) AS before, lead(unique1 * 2, 1, -1) OVER (PARTITION BY ten ORDER BY unique1) AS after FROM onek WHERE unique2 < 60
--- tview tv_values
SELECT four, ten, unique1, first_value(ten) OVER w, last_value(unique1) OVER w, nth_value(ten, four + 1) OVER w FROM tenk1 WHERE unique2 < 40 WINDOW w AS (PARTITION BY four ORDER BY ten, unique2)
--- tview tv_range
SELECT depname, empno, sum(salary) OVER (PARTITION BY depname ORDER BY salary RANGE BETWEEN 500 PRECEDING AND 500 FOLLOWING) FROM empsalary
--- tview tv_groups
SELECT depname, empno, sum(salary) OVER (PARTITION BY depname ORDER BY enroll_date GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE GROUP) FROM empsalary
--- tview tv_over_groups
SELECT four, ten, sum(hundred) AS hundreds, rank() OVER (PARTITION BY four ORDER BY sum(hundred) DESC, ten) FROM onek GROUP BY four, ten
--- tview tv_several
SELECT ten, four, unique2, count(*) OVER (PARTITION BY ten) AS a, max(unique1) OVER (PARTITION BY ten, four) AS b FROM tenk1 WHERE thousand < 30
--- tview tv_disjoint
SELECT i, j, count(*) OVER (PARTITION BY i) AS a, count(*) OVER (PARTITION BY j) AS b FROM j1_tbl
--- tview tv_top
SELECT depname, empno, salary FROM (SELECT *, row_number() OVER (PARTITION BY depname ORDER BY salary DESC NULLS LAST, empno) AS n FROM empsalary) x WHERE n < 3
--- tview tv_filter
SELECT string4, unique1, count(*) FILTER (WHERE ten > 5) OVER (PARTITION BY string4 ORDER BY unique1) FROM onek WHERE hundred < 4
--- tview tv_join
SELECT d.name, t.unique2, row_number() OVER (PARTITION BY d.name ORDER BY t.unique2) FROM department d JOIN tenk1 t ON t.ten = d.id WHERE t.hundred = 3
