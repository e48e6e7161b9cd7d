Grouping
--- construct `GROUP BY` a column
SELECT p.fk_category, count(*) FROM tb_product p GROUP BY p.fk_category
--- construct several columns, NULLs too
SELECT p.fk_category, p.fk_supplier, count(*), sum(p.stock) FROM tb_product p GROUP BY p.fk_category, p.fk_supplier
--- construct an expression
SELECT date_trunc('day', r.created_at, 'UTC') AS day, count(*) FROM tb_review r GROUP BY 1
--- construct a primary key, with columns that depend on it
SELECT c.pk_category, c.name, count(p.pk_product) AS products FROM tb_category c LEFT JOIN tb_product p ON p.fk_category = c.pk_category GROUP BY c.pk_category
--- construct columns of several tables
SELECT r.rating, p.fk_supplier, count(*) FROM tb_review r JOIN tb_product p ON p.pk_product = r.fk_product GROUP BY 1, 2
--- construct a column of a lookup
SELECT c.name, count(*) FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category GROUP BY c.name
--- construct a column of the optional side of an outer join
SELECT s.name, count(*) FROM tb_product p LEFT JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier GROUP BY s.name
--- construct an expression over several tables
SELECT p.stock + r.rating AS sum, count(*) FROM tb_review r JOIN tb_product p ON p.pk_product = r.fk_product GROUP BY 1
--- construct a subquery
SELECT (SELECT c.name FROM tb_category c WHERE c.pk_category = p.fk_category) AS category, count(*) FROM tb_product p GROUP BY 1
--- construct columns that are not in the output
SELECT count(*) AS products, min(p.name) AS first FROM tb_product p GROUP BY p.fk_category
--- construct some columns in the output, some not
SELECT p.fk_category, count(*) FROM tb_product p GROUP BY p.fk_category, p.fk_supplier
--- construct a constant or nothing: `GROUP BY ()`
SELECT count(*), max(p.price) FROM tb_product p GROUP BY ()
--- construct `numeric` (5.0 = 5.00)
SELECT p.price, count(*) FROM tb_product p GROUP BY p.price
--- by value
--- construct `jsonb`
SELECT p.attributes -> 'color' AS color, count(*) FROM tb_product p GROUP BY 1
--- construct an array
SELECT p.tags, count(*) FROM tb_product p GROUP BY p.tags
--- construct `GROUP BY` without aggregates
SELECT r.author, r.rating FROM tb_review r GROUP BY r.author, r.rating
--- construct `WHERE` and `GROUP BY`
SELECT r.fk_product, avg(r.rating) FROM tb_review r WHERE r.author IS NOT NULL GROUP BY r.fk_product
--- construct `HAVING`
SELECT r.fk_product, count(*) FROM tb_review r GROUP BY r.fk_product HAVING count(*) > 2 AND min(r.rating) < 3
--- construct `HAVING` without `GROUP BY`
SELECT count(*) AS products FROM tb_product p HAVING sum(p.stock) > 15
--- construct aggregates without `GROUP BY`
SELECT count(*), sum(p.price), min(p.name), max(p.created_at) FROM tb_product p
--- construct aggregates over a join, without `GROUP BY`
SELECT count(*), min(c.name) AS first, sum(p.stock) FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category WHERE c.name <> 'Toys'
--- construct `SELECT DISTINCT`
SELECT DISTINCT r.author FROM tb_review r
--- construct `SELECT DISTINCT` over a join
SELECT DISTINCT c.name, r.author FROM tb_review r JOIN tb_product p ON p.pk_product = r.fk_product JOIN tb_category c ON c.pk_category = p.fk_category
--- construct `SELECT DISTINCT` over groups
SELECT DISTINCT count(*) AS reviews FROM tb_review r GROUP BY r.fk_product
--- construct `DISTINCT ON`
SELECT DISTINCT ON (r.fk_product) r.fk_product, r.pk_review, r.rating FROM tb_review r ORDER BY r.fk_product, r.created_at DESC, r.pk_review
--- construct `DISTINCT ON` several columns and expressions
SELECT DISTINCT ON (p.fk_category, p.stock % 2) p.fk_category, p.stock % 2 AS odd, p.pk_product FROM tb_product p ORDER BY 1, 2, p.price, p.pk_product
--- construct `DISTINCT ON`, the column not in the output
SELECT DISTINCT ON (r.fk_product) r.pk_review, r.rating FROM tb_review r ORDER BY r.fk_product, r.pk_review DESC
--- construct `GROUPING SETS`
SELECT p.fk_category, p.fk_supplier, count(*) FROM tb_product p GROUP BY GROUPING SETS ((p.fk_category), (p.fk_supplier), ())
--- construct `ROLLUP`
SELECT p.fk_category, p.status, count(*), grouping(p.fk_category, p.status) FROM tb_product p GROUP BY ROLLUP (p.fk_category, p.status)
--- construct `CUBE`
SELECT p.fk_category, p.fk_supplier, sum(p.stock) FROM tb_product p GROUP BY CUBE (p.fk_category, p.fk_supplier)
--- construct a column and `ROLLUP`
SELECT p.fk_category, p.status, p.stock, count(*) FROM tb_product p GROUP BY p.fk_category, ROLLUP (p.status, p.stock)
--- construct `GROUP BY DISTINCT`
SELECT p.fk_category, p.status, count(*) FROM tb_product p GROUP BY DISTINCT ROLLUP (p.fk_category, p.status), ROLLUP (p.fk_category)
--- construct `FILTER`
SELECT r.fk_product, count(*) FILTER (WHERE r.rating > 3) AS good, avg(r.rating) FILTER (WHERE r.author = 'Ann') AS ann FROM tb_review r GROUP BY r.fk_product
--- construct `count(DISTINCT …)`, `sum(DISTINCT …)`
SELECT r.fk_product, count(DISTINCT r.author) AS authors, sum(DISTINCT r.rating) AS ratings FROM tb_review r GROUP BY r.fk_product
--- construct `count(DISTINCT (a, b))`
SELECT r.fk_product, count(DISTINCT (r.author, r.rating)) AS pairs FROM tb_review r GROUP BY r.fk_product
--- construct `ORDER BY` in an aggregate
SELECT r.fk_product, string_agg(r.author, ',' ORDER BY r.created_at DESC, r.pk_review) AS authors FROM tb_review r GROUP BY r.fk_product
--- construct grouped by a key and joined again
SELECT p.pk_product, p.name, count(r.pk_review) AS reviews, avg(r.rating) AS average FROM tb_product p LEFT JOIN tb_review r ON r.fk_product = p.pk_product GROUP BY p.pk_product, p.name
--- construct one group for each row of a join of lookups
SELECT c.name, s.name AS supplier, count(*) FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category LEFT JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier GROUP BY c.name, s.name
