Window functions
--- construct `row_number`, `PARTITION BY`
SELECT r.fk_product, r.pk_review, row_number() OVER (PARTITION BY r.fk_product ORDER BY r.created_at, r.pk_review) AS n FROM tb_review r
--- construct `rank`, `dense_rank`, `percent_rank`, `cume_dist`, `ntile`
SELECT p.fk_category, p.pk_product, rank() OVER w, dense_rank() OVER w, percent_rank() OVER w, cume_dist() OVER w, ntile(2) OVER (PARTITION BY p.fk_category ORDER BY p.price, p.pk_product)
  FROM tb_product p WINDOW w AS (PARTITION BY p.fk_category ORDER BY p.price)
--- construct `lag`, `lead`
SELECT r.fk_product, r.pk_review, lag(r.rating) OVER w AS before, lead(r.rating, 2, -1) OVER w AS after FROM tb_review r WINDOW w AS (PARTITION BY r.fk_product ORDER BY r.pk_review)
--- construct `first_value`, `last_value`, `nth_value`
SELECT r.fk_product, r.pk_review, first_value(r.author) OVER w AS first, last_value(r.author) OVER w AS last, nth_value(r.author, 2) OVER w AS second FROM tb_review r
WINDOW w AS (PARTITION BY r.fk_product ORDER BY r.pk_review ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
--- construct running sum (`ROWS` frame)
SELECT r.fk_product, r.pk_review, sum(r.rating) OVER (PARTITION BY r.fk_product ORDER BY r.pk_review ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS sum FROM tb_review r
--- construct `RANGE` frame with an offset
SELECT r.fk_product, r.pk_review, count(*) OVER (PARTITION BY r.fk_product ORDER BY r.created_at RANGE BETWEEN '1 day' PRECEDING AND '1 day' FOLLOWING) AS near FROM tb_review r
--- construct `GROUPS` frame, `EXCLUDE`
SELECT r.fk_product, r.pk_review, count(*) OVER (PARTITION BY r.fk_product ORDER BY r.rating GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES) AS near FROM tb_review r
--- construct aggregate as window function, `FILTER`
SELECT r.fk_product, r.pk_review, avg(r.rating) OVER (PARTITION BY r.fk_product) AS average, count(*) FILTER (WHERE r.rating > 3) OVER (PARTITION BY r.fk_product) AS good FROM tb_review r
--- construct several windows with the same `PARTITION BY`
SELECT r.fk_product, r.pk_review, rank() OVER (PARTITION BY r.fk_product ORDER BY r.rating), count(*) OVER (PARTITION BY r.fk_product) FROM tb_review r
--- construct several partitionings with a common column
SELECT p.fk_category, p.pk_product, count(*) OVER (PARTITION BY p.fk_category) AS a, count(*) OVER (PARTITION BY p.fk_category, p.fk_supplier) AS b FROM tb_product p
--- construct partitionings without a common column
SELECT p.fk_category, p.fk_supplier, p.pk_product, count(*) OVER (PARTITION BY p.fk_category) AS a, count(*) OVER (PARTITION BY p.fk_supplier) AS b FROM tb_product p
--- construct no `PARTITION BY`
SELECT p.pk_product, rank() OVER (ORDER BY p.price) FROM tb_product p
--- construct `PARTITION BY` a column that is not in the output
SELECT p.pk_product, count(*) OVER (PARTITION BY p.fk_category) AS same FROM tb_product p
--- construct `PARTITION BY` an expression
SELECT p.pk_product, p.pk_product % 3 AS class, max(p.price) OVER (PARTITION BY p.pk_product % 3) AS dearest FROM tb_product p
--- construct over a join
SELECT p.fk_category, p.pk_product, s.name, rank() OVER (PARTITION BY p.fk_category ORDER BY s.rating DESC NULLS LAST) FROM tb_product p LEFT JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier
--- construct over groups
SELECT p.fk_category, p.fk_supplier, count(*) AS products, rank() OVER (PARTITION BY p.fk_category ORDER BY count(*) DESC) FROM tb_product p GROUP BY p.fk_category, p.fk_supplier
--- construct window in `ORDER BY` only
SELECT r.pk_review FROM tb_review r ORDER BY row_number() OVER (PARTITION BY r.fk_product ORDER BY r.pk_review)
--- construct window over another table's window
SELECT c.pk_category, x.pk_product, x.n FROM tb_category c JOIN (SELECT p.pk_product, p.fk_category, row_number() OVER (PARTITION BY p.fk_category ORDER BY p.price, p.pk_product) AS n FROM tb_product p) x ON x.fk_category = c.pk_category
--- construct in a scalar subquery
SELECT c.pk_category, (SELECT max(x.n) FROM (SELECT dense_rank() OVER (ORDER BY p.price) AS n FROM tb_product p WHERE p.fk_category = c.pk_category) x) AS prices FROM tb_category c
