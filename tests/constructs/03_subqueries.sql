Subqueries
--- construct scalar, correlated
SELECT p.pk_product, (SELECT max(r.rating) FROM tb_review r WHERE r.fk_product = p.pk_product) AS best FROM tb_product p
--- construct scalar, not correlated
SELECT p.pk_product, (SELECT max(r.rating) FROM tb_review r) AS best FROM tb_product p
--- construct `EXISTS` in `WHERE`
SELECT p.pk_product FROM tb_product p WHERE EXISTS (SELECT 1 FROM tb_review r WHERE r.fk_product = p.pk_product AND r.rating > 3)
--- construct `NOT EXISTS`
SELECT p.pk_product FROM tb_product p WHERE NOT EXISTS (SELECT 1 FROM tb_review r WHERE r.fk_product = p.pk_product AND r.rating < 3)
--- construct `EXISTS` in the select list
SELECT p.pk_product, EXISTS (SELECT 1 FROM tb_tag t WHERE t.fk_product = p.pk_product) AS tagged FROM tb_product p
--- construct `EXISTS`, not correlated
SELECT p.pk_product FROM tb_product p WHERE EXISTS (SELECT 1 FROM tb_supplier s WHERE s.rating > 4)
--- construct `IN`
SELECT p.pk_product FROM tb_product p WHERE p.fk_supplier IN (SELECT s.pk_supplier FROM tb_supplier s WHERE s.region = 'EU')
--- construct `IN` with NULLs, in the select list
SELECT s.pk_supplier, s.code IN (SELECT l.supplier_code FROM tb_legacy l) AS known FROM tb_supplier s
--- construct `NOT IN` with NULLs
SELECT s.pk_supplier FROM tb_supplier s WHERE s.rating NOT IN (SELECT p.stock FROM tb_product p WHERE p.fk_category = 2)
--- construct `NOT IN`, correlated
SELECT p.pk_product FROM tb_product p WHERE p.stock NOT IN (SELECT r.rating FROM tb_review r WHERE r.fk_product = p.pk_product)
--- construct `= ANY`
SELECT p.pk_product FROM tb_product p WHERE p.stock = ANY (SELECT r.rating FROM tb_review r WHERE r.fk_product = p.pk_product)
--- construct `< SOME`, not correlated
SELECT p.pk_product FROM tb_product p WHERE p.price < SOME (SELECT b.low FROM tb_band b WHERE b.pk_band <> 3)
--- construct `> ALL`, correlated
SELECT p.pk_product FROM tb_product p WHERE p.stock > ALL (SELECT r.rating FROM tb_review r WHERE r.fk_product = p.pk_product AND r.rating < 4)
--- construct `<> ALL`, not correlated, with NULLs
SELECT p.pk_product FROM tb_product p WHERE p.stock <> ALL (SELECT s.rating FROM tb_supplier s)
--- construct row `IN`
SELECT t.fk_product, t.language FROM tb_title t WHERE (t.fk_product, t.language) IN (SELECT g.fk_product, CASE g.name WHEN 'new' THEN 'en' ELSE 'de' END FROM tb_tag g UNION ALL SELECT 3, 'de')
--- construct row `NOT IN` with NULLs
SELECT p.pk_product FROM tb_product p WHERE (p.fk_category, p.stock) NOT IN (SELECT s.pk_supplier, s.rating FROM tb_supplier s)
--- construct row compared with a scalar subquery
SELECT p.pk_product FROM tb_product p WHERE (p.fk_category, p.name) = (SELECT 1 + min(g.fk_product) % 5, 'Ball ' || p.pk_product FROM tb_tag g WHERE g.fk_product = p.pk_product)
--- construct `ARRAY (SELECT …)`
SELECT p.pk_product, ARRAY(SELECT t.name FROM tb_tag t WHERE t.fk_product = p.pk_product ORDER BY t.name) AS tags FROM tb_product p
--- construct in `ON`
SELECT p.pk_product, s.name FROM tb_product p LEFT JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier AND EXISTS (SELECT 1 FROM tb_tag t WHERE t.fk_product = p.pk_product)
--- construct in `HAVING`
SELECT r.fk_product, count(*) FROM tb_review r GROUP BY r.fk_product HAVING count(*) > (SELECT count(*) FROM tb_tag t WHERE t.fk_product = r.fk_product)
--- construct in `ORDER BY`
SELECT p.pk_product FROM tb_product p ORDER BY (SELECT count(*) FROM tb_review r WHERE r.fk_product = p.pk_product), 1
--- unchanging
--- construct in `CASE`, `COALESCE` and function arguments
SELECT p.pk_product, CASE WHEN p.price > 5 THEN (SELECT count(*) FROM tb_tag t WHERE t.fk_product = p.pk_product) END AS tags,
       coalesce((SELECT min(r.author) FROM tb_review r WHERE r.fk_product = p.pk_product), 'nobody') AS author,
       upper((SELECT c.name FROM tb_category c WHERE c.pk_category = p.fk_category)) AS category FROM tb_product p
--- construct in an aggregate's argument and `FILTER`
SELECT p.fk_category, sum((SELECT count(*) FROM tb_tag t WHERE t.fk_product = p.pk_product)) AS tags,
       count(*) FILTER (WHERE EXISTS (SELECT 1 FROM tb_review r WHERE r.fk_product = p.pk_product)) AS reviewed FROM tb_product p GROUP BY p.fk_category
--- construct in `LIMIT` of a subquery
SELECT p.pk_product, ARRAY(SELECT r.pk_review FROM tb_review r WHERE r.fk_product = p.pk_product ORDER BY 1 LIMIT (SELECT count(*) FROM tb_tag t WHERE t.fk_product = p.pk_product)) AS some FROM tb_product p
--- construct correlated over two levels
SELECT c.pk_category, (SELECT jsonb_agg((SELECT count(*) FROM tb_review r WHERE r.fk_product = p.pk_product) ORDER BY p.pk_product)
                         FROM tb_product p WHERE p.fk_category = c.pk_category) AS reviews FROM tb_category c
--- construct correlated with the query after the next
SELECT c.pk_category, EXISTS (SELECT 1 FROM tb_product p WHERE p.fk_category = c.pk_category
          AND EXISTS (SELECT 1 FROM tb_review r WHERE r.fk_product = p.pk_product AND r.rating > c.pk_category)) AS praised FROM tb_category c
--- construct aggregate of the outer query in a subquery
SELECT p.fk_category, (SELECT count(*) FROM tb_supplier s WHERE s.rating < max(p.stock)) AS below FROM tb_product p GROUP BY p.fk_category
--- construct derived table
SELECT x.pk_product, x.name, c.name AS category FROM (SELECT p.pk_product, p.name, p.fk_category FROM tb_product p WHERE p.price > 2) x JOIN tb_category c ON c.pk_category = x.fk_category
--- construct derived table with `GROUP BY`
SELECT p.pk_product, x.reviews FROM tb_product p LEFT JOIN (SELECT r.fk_product, count(*) AS reviews FROM tb_review r GROUP BY r.fk_product) x ON x.fk_product = p.pk_product
--- construct derived table with `DISTINCT`
SELECT p.pk_product, x.author FROM tb_product p JOIN (SELECT DISTINCT r.fk_product, r.author FROM tb_review r) x ON x.fk_product = p.pk_product
--- construct derived table with `LIMIT`
SELECT c.pk_category, p.name FROM tb_category c JOIN (SELECT * FROM tb_product ORDER BY price, pk_product LIMIT 5) p ON p.fk_category = c.pk_category
--- construct derived table with a window function
SELECT x.fk_product, x.pk_review, x.rating FROM (SELECT r.*, row_number() OVER (PARTITION BY r.fk_product ORDER BY r.created_at, r.pk_review) AS n FROM tb_review r) x WHERE x.n <= 2
--- construct derived table with `UNION ALL`
SELECT c.pk_category, x.name FROM tb_category c JOIN (SELECT p.fk_category AS k, p.name FROM tb_product p UNION ALL SELECT c2.fk_parent, c2.name FROM tb_category c2) x ON x.k = c.pk_category
--- construct derived table in a derived table
SELECT y.pk_product, y.n FROM (SELECT x.pk_product, x.n + 1 AS n FROM (SELECT p.pk_product, p.stock AS n FROM tb_product p WHERE p.stock IS NOT NULL) x WHERE x.n > 0) y
--- construct aggregate over a grouped derived table
SELECT x.fk_category, max(x.n) AS most FROM (SELECT p.fk_category, p.fk_supplier, count(*) AS n FROM tb_product p GROUP BY 1, 2) x GROUP BY x.fk_category
--- construct join of two grouped derived tables
SELECT a.fk_product, a.reviews, b.tags FROM (SELECT fk_product, count(*) AS reviews FROM tb_review GROUP BY 1) a
  FULL JOIN (SELECT fk_product, count(*) AS tags FROM tb_tag GROUP BY 1) b ON b.fk_product = a.fk_product
