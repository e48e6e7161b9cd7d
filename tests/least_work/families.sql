What is maintained unit by unit, family by family. `reads all: WHY` after a definition: its changes read whole tables.
--- family one row of a table
SELECT p.pk_product, p.name, p.price FROM tb_product p
--- family lookups
SELECT p.pk_product, p.name, c.name AS category, s.name AS supplier FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category LEFT JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier
--- family a document with lists
SELECT p.pk_product, jsonb_build_object('name', p.name, 'category', c.name, 'reviews', (SELECT jsonb_agg(r.rating ORDER BY r.pk_review) FROM tb_review r WHERE r.fk_product = p.pk_product)) AS data
  FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category
--- family one to many
SELECT p.pk_product, r.pk_review, r.rating, p.name FROM tb_product p JOIN tb_review r ON r.fk_product = p.pk_product
--- family left join, one to many
SELECT p.pk_product, r.rating FROM tb_product p LEFT JOIN tb_review r ON r.fk_product = p.pk_product
--- family full join
SELECT p.pk_product, s.pk_supplier, s.name FROM tb_product p FULL JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier
--- reads all: the unit without a product has all suppliers without one, and PostgreSQL finds it by the whole join
--- family anti-join
SELECT p.pk_product, p.name FROM tb_product p WHERE NOT EXISTS (SELECT 1 FROM tb_review r WHERE r.fk_product = p.pk_product)
--- family membership
SELECT p.pk_product FROM tb_product p WHERE p.fk_supplier IN (SELECT s.pk_supplier FROM tb_supplier s WHERE s.region = 'region 5')
--- family no key, duplicates
SELECT r.author, r.rating FROM tb_review r
--- family no key, over a join
SELECT r.author, c.name FROM tb_review r JOIN tb_product p ON p.pk_product = r.fk_product JOIN tb_category c ON c.pk_category = p.fk_category
--- family a table without a key
SELECT s.fk_product, s.warehouse, s.quantity FROM tb_stock s
--- family groups
SELECT r.fk_product, count(*), avg(r.rating) FROM tb_review r GROUP BY r.fk_product
--- family groups of a lookup's column
SELECT c.pk_category, c.name, count(*), sum(p.price) FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category GROUP BY c.pk_category, c.name
--- family groups of two columns
SELECT p.fk_category, p.fk_supplier, count(*) FROM tb_product p GROUP BY p.fk_category, p.fk_supplier
--- family groups over two tables
SELECT r.author, p.fk_category, count(*) FROM tb_review r JOIN tb_product p ON p.pk_product = r.fk_product GROUP BY r.author, p.fk_category
--- family groups of the optional side
SELECT s.region, count(*) FROM tb_product p LEFT JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier WHERE s.region IS NOT NULL GROUP BY s.region
--- family groups with having
SELECT r.author, count(*) FROM tb_review r GROUP BY r.author HAVING avg(r.rating) > 2.5
--- family distinct
SELECT DISTINCT r.author FROM tb_review r
--- family distinct on
SELECT DISTINCT ON (r.fk_product) r.fk_product, r.pk_review, r.rating FROM tb_review r ORDER BY r.fk_product, r.day DESC, r.pk_review
--- family rollup below a column
SELECT r.fk_product, r.rating, count(*) FROM tb_review r GROUP BY r.fk_product, ROLLUP (r.rating)
--- family window per partition
SELECT r.fk_product, r.pk_review, row_number() OVER (PARTITION BY r.fk_product ORDER BY r.day, r.pk_review) AS n FROM tb_review r
--- family the first of each partition
SELECT x.fk_product, x.pk_review FROM (SELECT r.*, row_number() OVER (PARTITION BY r.fk_product ORDER BY r.day, r.pk_review) AS n FROM tb_review r) x WHERE x.n = 1
--- family union all
SELECT 'product' AS kind, p.pk_product AS k, p.name FROM tb_product p UNION ALL SELECT 'supplier', s.pk_supplier, s.name FROM tb_supplier s
--- family union
SELECT p.fk_supplier AS k FROM tb_product p UNION SELECT s.pk_supplier FROM tb_supplier s
--- family except
SELECT p.pk_product AS k FROM tb_product p EXCEPT SELECT r.fk_product FROM tb_review r
--- family derived table with groups
SELECT p.pk_product, p.name, x.reviews FROM tb_product p LEFT JOIN (SELECT r.fk_product, count(*) AS reviews FROM tb_review r GROUP BY r.fk_product) x ON x.fk_product = p.pk_product
--- family derived tables, joined
SELECT a.fk_product, a.reviews, b.quantity FROM (SELECT fk_product, count(*) AS reviews FROM tb_review GROUP BY 1) a JOIN (SELECT fk_product, sum(quantity) AS quantity FROM tb_stock GROUP BY 1) b ON b.fk_product = a.fk_product
--- family lateral with limit
SELECT p.pk_product, r.pk_review FROM tb_product p CROSS JOIN LATERAL (SELECT r.pk_review FROM tb_review r WHERE r.fk_product = p.pk_product ORDER BY r.day DESC, r.pk_review LIMIT 1) r
--- family with, used once
WITH rating AS (SELECT r.fk_product, avg(r.rating) AS average FROM tb_review r GROUP BY 1) SELECT p.pk_product, rating.average FROM tb_product p JOIN rating ON rating.fk_product = p.pk_product
--- family with, used twice
WITH x AS (SELECT r.fk_product, count(*) AS n, max(r.rating) AS best FROM tb_review r GROUP BY 1) SELECT p.pk_product, a.n, b.best FROM tb_product p LEFT JOIN x a ON a.fk_product = p.pk_product LEFT JOIN x b ON b.fk_product = p.pk_product
--- family with, used twice, not materialized
WITH x AS NOT MATERIALIZED (SELECT r.fk_product, count(*) AS n, max(r.rating) AS best FROM tb_review r GROUP BY 1) SELECT p.pk_product, a.n, b.best FROM tb_product p LEFT JOIN x a ON a.fk_product = p.pk_product LEFT JOIN x b ON b.fk_product = p.pk_product
--- family derived union
SELECT p.pk_product, x.word FROM tb_product p JOIN (SELECT r.fk_product, r.author AS word FROM tb_review r UNION SELECT s.fk_product, s.warehouse FROM tb_stock s) x ON x.fk_product = p.pk_product
--- family recursion that starts from a key
SELECT n.pk_node, n.name,
       (WITH RECURSIVE up AS (SELECT n.pk_node AS k, n.fk_parent AS parent, 1 AS depth UNION ALL SELECT t.pk_node, t.fk_parent, up.depth + 1 FROM up JOIN tb_node t ON t.pk_node = up.parent)
        SELECT string_agg(up.k::text, '/' ORDER BY up.depth DESC) FROM up) AS path
  FROM tb_node n
--- reads all: PostgreSQL expects many steps of the recursion, and joins them with the table by hashing it
--- family a set-returning function over a column
SELECT p.pk_product, tag FROM tb_product p CROSS JOIN unnest(p.tags) AS tag
--- family a set-returning function in the select list
SELECT p.pk_product, unnest(p.tags) AS tag FROM tb_product p
