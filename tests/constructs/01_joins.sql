Joins
--- construct `INNER JOIN`
SELECT p.pk_product, p.name, c.name AS category FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category
--- construct `LEFT JOIN`
SELECT p.pk_product, p.name, p.fk_supplier, s.pk_supplier, s.name AS supplier FROM tb_product p LEFT JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier
--- construct `LEFT JOIN`, the columns of its condition not in the output
SELECT p.pk_product, p.name, s.name AS supplier FROM tb_product p LEFT JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier
--- construct `RIGHT JOIN`
SELECT p.pk_product, p.name, p.fk_supplier, s.pk_supplier, s.name AS supplier FROM tb_supplier s RIGHT JOIN tb_product p ON s.pk_supplier = p.fk_supplier
--- construct `FULL JOIN`
SELECT p.pk_product, p.fk_supplier, s.pk_supplier, s.name FROM tb_product p FULL JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier
--- construct `FULL JOIN … USING`, the merged column in the output
SELECT fk_product, t.title, g.name FROM tb_title t FULL JOIN tb_tag g USING (fk_product)
--- construct `CROSS JOIN`
SELECT p.pk_product, s.pk_supplier, p.price * s.rating AS score FROM tb_product p CROSS JOIN tb_supplier s
--- construct comma join
SELECT p.pk_product, c.name FROM tb_product p, tb_category c WHERE c.pk_category = p.fk_category AND c.name > 'C'
--- construct `NATURAL JOIN`
SELECT fk_product, t.language, g.name FROM tb_title t NATURAL JOIN tb_tag g
--- construct `JOIN … USING`
SELECT fk_product, t.language, t.title, g.name FROM tb_title t JOIN tb_tag g USING (fk_product)
--- construct join alias: `(a JOIN b USING (x)) AS j`
SELECT j.fk_product, j.language, j.name FROM (tb_title t JOIN tb_tag g USING (fk_product)) AS j
--- construct self-join along a foreign key
SELECT c.pk_category, c.fk_parent, c.name, parent.pk_category AS parent, parent.name AS parent_name FROM tb_category c LEFT JOIN tb_category parent ON parent.pk_category = c.fk_parent
--- construct self-join over an attribute
SELECT a.pk_supplier, b.pk_supplier AS other FROM tb_supplier a JOIN tb_supplier b ON b.rating = a.rating AND b.pk_supplier <> a.pk_supplier
--- construct one table joined twice
SELECT p.pk_product, p.fk_supplier, c.fk_parent, c.name, parent.pk_category AS parent, parent.name AS parent_name, s.pk_supplier, s.name AS supplier
  FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category
  LEFT JOIN tb_category parent ON parent.pk_category = c.fk_parent LEFT JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier
--- construct nested: `a LEFT JOIN (b JOIN c)`
SELECT p.pk_product, x.fk_product, x.title, g.fk_product AS tagged, g.name FROM tb_product p
  LEFT JOIN (tb_title x JOIN tb_tag g ON g.fk_product = x.fk_product) ON x.fk_product = p.pk_product
--- construct `LEFT JOIN` below a `RIGHT JOIN`
SELECT c.pk_category, p.pk_product, p.fk_category, p.fk_supplier, s.pk_supplier, s.name FROM tb_product p LEFT JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier
 RIGHT JOIN tb_category c ON c.pk_category = p.fk_category
--- construct `FULL JOIN` of joins
SELECT p.pk_product, p.fk_category, c.pk_category, r.pk_review, r.fk_product, r.rating
  FROM (tb_product p JOIN tb_category c ON c.pk_category = p.fk_category) FULL JOIN tb_review r ON r.fk_product = p.pk_product
--- construct condition in `ON` on the optional side
SELECT p.pk_product, r.pk_review, r.fk_product, r.rating FROM tb_product p LEFT JOIN tb_review r ON r.fk_product = p.pk_product AND r.rating > 3
--- construct condition in `ON` on the preserved side
SELECT p.pk_product, r.pk_review, r.fk_product FROM tb_product p LEFT JOIN tb_review r ON r.fk_product = p.pk_product AND p.price > 5
--- construct `LEFT JOIN … WHERE … IS NULL` (anti-join)
SELECT p.pk_product, r.fk_product, p.name FROM tb_product p LEFT JOIN tb_review r ON r.fk_product = p.pk_product WHERE r.pk_review IS NULL
--- construct range condition (`BETWEEN`)
SELECT p.pk_product, b.label FROM tb_product p JOIN tb_band b ON p.price BETWEEN b.low AND b.high
--- construct range condition in a `LEFT JOIN`
SELECT p.pk_product, b.label FROM tb_product p LEFT JOIN tb_band b ON p.price BETWEEN b.low AND b.high
--- construct inequality (`<>`)
SELECT p.pk_product, b.pk_band FROM tb_product p JOIN tb_band b ON p.price <> b.low
--- construct `OR` in the condition
SELECT p.pk_product, s.pk_supplier FROM tb_product p JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier OR s.rating = p.stock
--- construct equality of expressions
SELECT s.pk_supplier, p.pk_product FROM tb_supplier s JOIN tb_product p ON upper(left(p.name, 1)) = left(s.code, 1)
--- construct equality of a column with an expression
SELECT p.pk_product, c.name FROM tb_product p LEFT JOIN tb_category c ON c.pk_category = p.fk_category % 3
--- construct user-defined operator
SELECT p.pk_product, s.pk_supplier FROM tb_product p JOIN tb_supplier s ON s.pk_supplier ==% p.pk_product
--- construct several columns
SELECT t.fk_product, t.language, t.title, o.title AS other FROM tb_title t JOIN tb_title o ON (o.fk_product, o.language) = (t.fk_product, t.language)
--- construct `IS NOT DISTINCT FROM`
SELECT a.pk_supplier, b.pk_supplier AS same FROM tb_supplier a JOIN tb_supplier b ON b.code IS NOT DISTINCT FROM a.code
--- construct `ON true`
SELECT c.pk_category, s.pk_supplier FROM tb_category c LEFT JOIN tb_supplier s ON true
--- construct `integer = bigint`
SELECT l.pk_legacy, l.product_number, p.pk_product, p.name FROM tb_legacy l LEFT JOIN tb_product p ON p.pk_product = l.product_number
--- construct `varchar = char(n)`
SELECT s.pk_supplier, s.code, l.pk_legacy, l.supplier_code, l.amount FROM tb_supplier s LEFT JOIN tb_legacy l ON l.supplier_code = s.code
--- construct numbers of different scale
SELECT p.pk_product, p.price, l.pk_legacy, l.amount FROM tb_product p LEFT JOIN tb_legacy l ON l.amount = p.price
--- construct many to many, rows multiply
SELECT g.name, t.title FROM tb_tag g JOIN tb_title t ON t.fk_product = g.fk_product
--- construct `LATERAL` with `LIMIT`
SELECT p.pk_product, r.pk_review, r.rating FROM tb_product p
 CROSS JOIN LATERAL (SELECT r.* FROM tb_review r WHERE r.fk_product = p.pk_product ORDER BY r.created_at DESC, r.pk_review LIMIT 2) r
--- construct `LEFT JOIN LATERAL`
SELECT p.pk_product, best.rating FROM tb_product p
  LEFT JOIN LATERAL (SELECT max(r.rating) AS rating FROM tb_review r WHERE r.fk_product = p.pk_product HAVING count(*) > 1) best ON true
--- construct `LATERAL` over several tables
SELECT c.pk_category, p.pk_product, x.n FROM tb_category c JOIN tb_product p ON p.fk_category = c.pk_category
 CROSS JOIN LATERAL (SELECT count(*) AS n FROM tb_review r WHERE r.fk_product = p.pk_product AND r.rating >= c.pk_category) x
