One-row changes of each table.
--- changes tb_category
--- step
UPDATE tb_category SET name = 'renamed' WHERE pk_category = 77
--- step
INSERT INTO tb_category VALUES (501, 77, 'new')
--- step
UPDATE tb_category SET fk_parent = 78 WHERE pk_category = 501
--- step
DELETE FROM tb_category WHERE pk_category = 77
--- changes tb_supplier
--- step
UPDATE tb_supplier SET name = 'renamed' WHERE pk_supplier = 14
--- step
UPDATE tb_supplier SET region = 'region 5' WHERE pk_supplier = 14
--- step
INSERT INTO tb_supplier VALUES (20001, 'region 7', 'new')
--- step
DELETE FROM tb_supplier WHERE pk_supplier = 27
--- changes tb_product
--- step
UPDATE tb_product SET price = 1000 WHERE pk_product = 1234
--- step
UPDATE tb_product SET name = 'product 1 again', stock = 17, tags = '{t1}' WHERE pk_product = 1235
--- step
UPDATE tb_product SET fk_category = 9, fk_supplier = 5 WHERE pk_product = 1236
--- step
UPDATE tb_product SET fk_supplier = 30000 WHERE pk_product = 1237
--- step
INSERT INTO tb_product VALUES (20001, 9, 14, 'new', 5, 3, '{t1,u7}')
--- step
DELETE FROM tb_product WHERE pk_product = 4321
--- changes tb_review
--- step
UPDATE tb_review SET rating = 9 WHERE pk_review = 777
--- step
UPDATE tb_review SET fk_product = 19000 WHERE pk_review = 778
--- step
UPDATE tb_review SET author = 'author new', day = '2026-02-02' WHERE pk_review = 779
--- step
INSERT INTO tb_review VALUES (40001, 1236, 1, 'author 8', '2026-02-03')
--- step
DELETE FROM tb_review WHERE pk_review = 780
--- changes tb_stock
--- step
INSERT INTO tb_stock VALUES (1235, 'warehouse 5', 3)
--- step
UPDATE tb_stock SET quantity = 77 WHERE fk_product = 1234
--- step
UPDATE tb_stock SET warehouse = 'warehouse 8' WHERE fk_product = 1237
--- step
DELETE FROM tb_stock WHERE fk_product = 1240
--- changes tb_node
--- step
UPDATE tb_node SET name = 'renamed' WHERE pk_node = 1777
--- step
INSERT INTO tb_node VALUES (20001, 1777, 'new')
--- step
UPDATE tb_node SET fk_parent = 1778 WHERE pk_node = 19999
--- step
DELETE FROM tb_node WHERE pk_node = 19998
