Set operations
--- construct `UNION`
SELECT p.fk_category AS k FROM tb_product p UNION SELECT c.fk_parent FROM tb_category c
--- construct `UNION ALL`
SELECT p.pk_product AS k, p.name FROM tb_product p UNION ALL SELECT c.pk_category, c.name FROM tb_category c
--- construct `UNION ALL` with a constant for each branch
SELECT 'product' AS kind, p.pk_product AS k, p.name FROM tb_product p UNION ALL SELECT 'category', c.pk_category, c.name FROM tb_category c
--- construct `UNION ALL` of one table with itself
SELECT p.pk_product, p.price FROM tb_product p UNION ALL SELECT p.pk_product, p.discount FROM tb_product p WHERE p.discount IS NOT NULL
--- construct `INTERSECT`
SELECT p.pk_product AS k FROM tb_product p INTERSECT SELECT r.fk_product FROM tb_review r
--- construct `INTERSECT ALL`
SELECT p.stock AS n FROM tb_product p INTERSECT ALL SELECT r.rating FROM tb_review r
--- construct `EXCEPT`
SELECT p.pk_product AS k FROM tb_product p EXCEPT SELECT r.fk_product FROM tb_review r
--- construct `EXCEPT ALL`
SELECT r.rating FROM tb_review r EXCEPT ALL SELECT p.stock FROM tb_product p
--- construct nested: `(a UNION b) EXCEPT (c INTERSECT d)`
(SELECT p.pk_product AS k FROM tb_product p UNION SELECT l.product_number FROM tb_legacy l) EXCEPT (SELECT r.fk_product FROM tb_review r INTERSECT SELECT t.fk_product FROM tb_tag t)
--- construct branches of different types (`integer`, `bigint`, `numeric`)
SELECT p.stock AS n FROM tb_product p UNION SELECT l.product_number FROM tb_legacy l UNION SELECT l.amount FROM tb_legacy l
--- by value
--- construct branches of different types (`text`, `varchar`, `char(n)`)
SELECT s.code AS code FROM tb_supplier s UNION SELECT l.supplier_code FROM tb_legacy l UNION ALL SELECT c.name FROM tb_category c
--- construct branches with `GROUP BY`
SELECT r.fk_product, count(*) FROM tb_review r GROUP BY r.fk_product UNION ALL SELECT t.fk_product, -count(*) FROM tb_tag t GROUP BY t.fk_product
--- construct branches with joins
SELECT p.pk_product, c.name FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category UNION SELECT p.pk_product, s.name FROM tb_product p JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier
--- construct branches with `LIMIT`
(SELECT p.pk_product AS k FROM tb_product p ORDER BY p.price, p.pk_product LIMIT 3) UNION ALL (SELECT r.pk_review FROM tb_review r ORDER BY r.pk_review DESC LIMIT 2)
--- construct a branch of constants
SELECT s.rating FROM tb_supplier s UNION SELECT 0 UNION ALL VALUES (1), (1)
--- construct `ORDER BY … LIMIT` over a `UNION`
SELECT p.pk_product AS k FROM tb_product p UNION SELECT r.pk_review FROM tb_review r ORDER BY 1 LIMIT 7
--- construct in a subquery
SELECT p.pk_product, (SELECT count(*) FROM (SELECT r.author FROM tb_review r WHERE r.fk_product = p.pk_product UNION SELECT t.name FROM tb_tag t WHERE t.fk_product = p.pk_product) x) AS words FROM tb_product p
--- construct in `EXISTS` and `IN`
SELECT p.pk_product FROM tb_product p WHERE p.pk_product IN (SELECT r.fk_product FROM tb_review r EXCEPT SELECT t.fk_product FROM tb_tag t)
