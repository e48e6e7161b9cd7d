Order and limit
--- construct `ORDER BY`
SELECT p.pk_product, p.name FROM tb_product p ORDER BY p.price DESC NULLS LAST, p.name COLLATE "C", 1
--- note Allowed, and means nothing: a table has no order.
--- construct `ORDER BY … LIMIT`
SELECT p.pk_product, p.price FROM tb_product p ORDER BY p.price DESC, p.pk_product LIMIT 3
--- construct `OFFSET`
SELECT p.pk_product FROM tb_product p ORDER BY p.pk_product OFFSET 10
--- construct `LIMIT` and `OFFSET`
SELECT r.pk_review, r.rating FROM tb_review r ORDER BY r.rating DESC NULLS LAST, r.pk_review LIMIT 4 OFFSET 2
--- construct `FETCH FIRST … ROWS ONLY`
SELECT p.pk_product FROM tb_product p ORDER BY p.price, p.pk_product FETCH FIRST 2 ROWS ONLY
--- construct `FETCH FIRST … WITH TIES`
SELECT p.pk_product, p.price FROM tb_product p ORDER BY p.price DESC FETCH FIRST 2 ROWS WITH TIES
--- construct `LIMIT ALL`, `LIMIT NULL`
SELECT p.pk_product FROM tb_product p LIMIT NULL
--- construct `LIMIT` by an expression
SELECT p.pk_product FROM tb_product p ORDER BY p.pk_product LIMIT 1 + (SELECT count(*) FROM tb_supplier s)
--- construct `LIMIT` over groups
SELECT r.fk_product, count(*) AS reviews FROM tb_review r GROUP BY r.fk_product ORDER BY reviews DESC, r.fk_product LIMIT 3
--- construct `LIMIT` over a join
SELECT r.pk_review, p.name FROM tb_review r JOIN tb_product p ON p.pk_product = r.fk_product ORDER BY r.created_at DESC, r.pk_review LIMIT 5
--- construct `LIMIT` in a scalar subquery
SELECT p.pk_product, (SELECT r.author FROM tb_review r WHERE r.fk_product = p.pk_product ORDER BY r.created_at DESC, r.pk_review LIMIT 1) AS latest FROM tb_product p
