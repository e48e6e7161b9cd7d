Keys and units
--- construct the primary key in the output
SELECT p.pk_product, p.name FROM tb_product p
--- construct another unique key in the output
SELECT p.id, p.name FROM tb_product p
--- construct a key of several columns
SELECT t.language, t.fk_product, upper(t.title) AS title FROM tb_title t
--- construct a part of a key
SELECT t.fk_product, t.title FROM tb_title t
--- construct a unique key with NULLs
SELECT n.code, n.value FROM tb_nullable n
--- construct a deferrable key
SELECT d.number, d.value FROM tb_deferred d
--- construct the foreign key in place of the key that it refers to
SELECT p.fk_category, c.name FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category
--- construct the key of the many in a one-to-many join
SELECT r.pk_review, r.rating, p.name FROM tb_review r JOIN tb_product p ON p.pk_product = r.fk_product
--- construct the key of the one in a one-to-many join
SELECT p.pk_product, r.rating FROM tb_product p JOIN tb_review r ON r.fk_product = p.pk_product
--- construct no key: duplicates count
SELECT r.author, r.rating FROM tb_review r
--- construct no key, over a join
SELECT p.name, c.name AS category FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category
--- construct no column of a table, only expressions
SELECT p.price * 2 AS twice, upper(p.name) AS name FROM tb_product p
--- construct constants only, one row for each row
SELECT 'x' AS x FROM tb_review r WHERE r.rating > 3
--- construct a document only
SELECT jsonb_build_object('name', p.name, 'price', p.price) AS data FROM tb_product p
--- construct a type without equality and no key
SELECT t.doc, t.place FROM tb_typed t
--- construct a table without a primary key
SELECT s.fk_product, s.warehouse, s.quantity FROM tb_stock s
--- construct a table without a primary key, joined
SELECT p.pk_product, s.warehouse, s.quantity FROM tb_product p LEFT JOIN tb_stock s ON s.fk_product = p.pk_product
--- construct a table without a primary key, grouped
SELECT s.warehouse, sum(s.quantity) AS quantity, count(*) FROM tb_stock s GROUP BY s.warehouse
