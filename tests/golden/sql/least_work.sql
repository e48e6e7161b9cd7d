-- Rows that do not change are not written: what each statement rewrites in the tview.
CREATE EXTENSION pg_tviews;
CREATE TABLE tb_category (pk integer PRIMARY KEY, name text, unused text);
CREATE TABLE tb_product (pk integer PRIMARY KEY, fk_category integer, name text, unused text);
CREATE TABLE tb_review (pk integer PRIMARY KEY, fk_product integer, stars integer, unused text);
CREATE INDEX ON tb_product (fk_category);
CREATE INDEX ON tb_review (fk_product);
INSERT INTO tb_category SELECT n, 'category ' || n FROM generate_series(1, 3) AS n;
INSERT INTO tb_product SELECT n, 1 + n % 3, 'product ' || n FROM generate_series(1, 30) AS n;
INSERT INTO tb_review SELECT n, 1 + n % 30, n % 5 FROM generate_series(1, 90) AS n;
CREATE TABLE tv_product AS
  SELECT p.pk, jsonb_build_object('name', p.name, 'category', c.name,
           'best', (SELECT max(r.stars) FROM tb_review r WHERE r.fk_product = p.pk)) AS data
    FROM tb_product p JOIN tb_category c ON c.pk = p.fk_category;
CREATE TABLE seen (pk integer PRIMARY KEY, place tid, writer xid);
-- Rows written since the last call.
CREATE FUNCTION written() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  answer bigint;
BEGIN
  SELECT count(*) INTO answer FROM tv_product t FULL JOIN seen s USING (pk)
   WHERE (t.ctid, t.xmin) IS DISTINCT FROM (s.place, s.writer);
  DELETE FROM seen;
  INSERT INTO seen SELECT pk, ctid, xmin FROM tv_product;
  RETURN answer;
END $$;
SELECT written();
SELECT written();
-- Nothing that a document uses.
UPDATE tb_product SET unused = 'x';
UPDATE tb_category SET unused = 'x';
INSERT INTO tb_category VALUES (4, 'no product');
UPDATE tb_category SET name = 'still none' WHERE pk = 4;
DELETE FROM tb_category WHERE pk = 4;
UPDATE tb_product SET name = name;
UPDATE tb_product SET name = 'none' WHERE false;
INSERT INTO tb_review VALUES (1000, NULL, 5), (1001, 9999, 5);
SELECT written();
-- A lesser review does not change the best.
INSERT INTO tb_review VALUES (1002, 1, -1);
SELECT written();
-- One document, the documents of a category, all.
UPDATE tb_product SET name = 'changed' WHERE pk = 1;
SELECT written();
UPDATE tb_category SET name = 'changed' WHERE pk = 2;
SELECT written();
UPDATE tb_category SET name = name || '!';
SELECT written();
INSERT INTO tb_review VALUES (1003, 5, 100), (1004, 5, 101), (1005, 6, 100);
SELECT written();
UPDATE tb_product SET fk_category = 3 WHERE pk IN (1, 2, 3);
SELECT written();
SELECT pg_tviews_refresh('tv_product') IS NOT NULL AS refreshed;
SELECT written();
SELECT * FROM pg_tviews_verify('tv_product');
