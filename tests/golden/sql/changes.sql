-- Every way to change a source.
CREATE EXTENSION pg_tviews;
CREATE TABLE tb_category (
  pk_category integer PRIMARY KEY,
  fk_parent integer REFERENCES tb_category ON DELETE SET NULL ON UPDATE CASCADE,
  name text);
CREATE TABLE tb_product (
  pk_product integer PRIMARY KEY,
  fk_category integer REFERENCES tb_category ON DELETE CASCADE ON UPDATE CASCADE,
  name text,
  price numeric);
CREATE TABLE tb_review (
  pk_review integer PRIMARY KEY,
  fk_product integer REFERENCES tb_product ON DELETE CASCADE ON UPDATE CASCADE,
  stars integer);
INSERT INTO tb_category VALUES (1, NULL, 'All'), (2, 1, 'Tools'), (3, 1, 'Toys');
INSERT INTO tb_product VALUES (10, 2, 'Hammer', 5.0), (11, 3, 'Ball', 1), (12, NULL, 'Odd', NULL);
INSERT INTO tb_review VALUES (100, 10, 5), (101, 10, 3), (102, 11, 1);
CREATE VIEW v_product AS
  SELECT p.pk_product, p.price, c.name AS category,
         jsonb_build_object(
           'name', p.name, 'price', p.price,
           'category', CASE WHEN c.pk_category IS NOT NULL
                            THEN jsonb_build_object('name', c.name, 'parent', u.name) END,
           'stars', (SELECT coalesce(jsonb_agg(r.stars ORDER BY r.pk_review), '[]')
                       FROM tb_review r WHERE r.fk_product = p.pk_product)) AS data
    FROM tb_product p
    LEFT JOIN tb_category c ON c.pk_category = p.fk_category
    LEFT JOIN tb_category u ON u.pk_category = c.fk_parent;
CREATE TABLE tv_product AS SELECT * FROM v_product;
CREATE VIEW result AS SELECT test.compare('tv_product', 'TABLE v_product');

-- INSERT: one row, many, from a query, with conflicts.
INSERT INTO tb_product VALUES (13, 2, 'Saw', 7.50);
TABLE tv_product ORDER BY 1;
INSERT INTO tb_review SELECT n, 10 + n % 4, n % 5 FROM generate_series(200, 220) AS n;
TABLE result;
INSERT INTO tb_product VALUES (10, 2, 'Hammer', 6), (14, 3, 'Kite', 2)
  ON CONFLICT (pk_product) DO UPDATE SET price = EXCLUDED.price;
TABLE result;
INSERT INTO tb_product VALUES (10, 2, 'Other', 6) ON CONFLICT DO NOTHING;
TABLE result;
INSERT INTO tb_product VALUES (10, 2, 'Other', 6);

-- UPDATE: leaf, link, key, nothing.
UPDATE tb_product SET price = price * 1.0;
SELECT pk_product, price, data->'price' AS in_document FROM tv_product ORDER BY 1;
UPDATE tb_product SET fk_category = 3 WHERE pk_product = 10;
TABLE result;
UPDATE tb_category SET name = upper(name) WHERE pk_category = 1;
TABLE result;
UPDATE tb_category SET pk_category = 30 WHERE pk_category = 3;
TABLE result;
UPDATE tb_product SET pk_product = pk_product + 1000;
TABLE result;
UPDATE tb_product SET pk_product = 3000 - pk_product, name = name || '!' WHERE pk_product > 1011;
TABLE result;
UPDATE tb_product SET price = price;
UPDATE tb_product SET price = 0 WHERE false;
TABLE result;
UPDATE tb_review SET fk_product = (SELECT min(pk_product) FROM tb_product) WHERE pk_review = 100;
TABLE result;

-- MERGE.
MERGE INTO tb_product p USING (VALUES (1010, 9.99), (2000, 1)) AS s(pk, price) ON p.pk_product = s.pk
  WHEN MATCHED THEN UPDATE SET price = s.price
  WHEN NOT MATCHED THEN INSERT VALUES (s.pk, 2, 'Merged', s.price);
MERGE INTO tb_product p USING (VALUES (2000)) AS s(pk) ON p.pk_product = s.pk WHEN MATCHED THEN DELETE;
TABLE result;

-- COPY.
COPY tb_review FROM STDIN;
300	1010	4
301	\N	2
\.
TABLE result;

-- Several sources in one statement.
WITH moved AS (UPDATE tb_product SET fk_category = 2 WHERE fk_category = 30 RETURNING pk_product),
     gone AS (DELETE FROM tb_review USING moved WHERE fk_product = moved.pk_product RETURNING pk_review),
     renamed AS (UPDATE tb_category SET name = 'Both' WHERE pk_category = 2 RETURNING 1)
INSERT INTO tb_review SELECT 400 + pk_product, pk_product, 5 FROM moved;
TABLE result;

-- Transactions and savepoints: what the transaction itself reads is exact, and so is what is left.
BEGIN;
UPDATE tb_category SET name = 'In transaction' WHERE pk_category = 2;
TABLE result;
SAVEPOINT s;
DELETE FROM tb_category WHERE pk_category = 2;
TABLE result;
ROLLBACK TO s;
TABLE result;
INSERT INTO tb_category VALUES (2, NULL, 'twice');
ROLLBACK TO s;
TABLE result;
COMMIT;
TABLE result;
BEGIN;
DELETE FROM tb_product;
TABLE result;
ROLLBACK;
TABLE result;

-- A procedure that commits in the middle, and a block that catches an error.
CREATE PROCEDURE steps() LANGUAGE plpgsql AS $$
BEGIN
  UPDATE tb_category SET name = 'step 1' WHERE pk_category = 2;
  COMMIT;
  UPDATE tb_category SET name = 'step 2' WHERE pk_category = 2;
  BEGIN
    UPDATE tb_category SET name = 'step 3' WHERE pk_category = 2;
    RAISE EXCEPTION 'no';
  EXCEPTION WHEN raise_exception THEN NULL;
  END;
END $$;
CALL steps();
TABLE result;
SELECT DISTINCT category FROM tv_product WHERE category LIKE 'step%';

-- Cursors, prepared statements and functions read what is there.
PREPARE rename(text) AS UPDATE tb_category SET name = $1 WHERE pk_category = 2;
EXECUTE rename('a'); EXECUTE rename('b'); EXECUTE rename('c'); EXECUTE rename('d'); EXECUTE rename('e');
EXECUTE rename('f'); EXECUTE rename('g');
TABLE result;
DISCARD PLANS;
EXECUTE rename('h');
TABLE result;

-- DELETE with cascades, TRUNCATE.
DELETE FROM tb_category WHERE pk_category = 1;
TABLE result;
DELETE FROM tb_category WHERE pk_category = 2;
TABLE result;
SELECT count(*) FROM tv_product;
TRUNCATE tb_product;
TRUNCATE tb_review;
TABLE result;
TRUNCATE tb_category CASCADE;
TABLE result;
SELECT count(*) FROM tv_product;
INSERT INTO tb_product VALUES (1, NULL, 'First', 1);
TABLE result;
SELECT * FROM pg_tviews_verify('tv_product');
