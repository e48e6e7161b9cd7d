Tables that are large enough for a scan of one of them to be seen, with the indexes that maintenance asks for.
--- schema
CREATE TABLE tb_category (pk_category integer PRIMARY KEY, fk_parent integer, name text);
CREATE TABLE tb_supplier (pk_supplier integer PRIMARY KEY, region text, name text);
CREATE TABLE tb_product (pk_product integer PRIMARY KEY, fk_category integer, fk_supplier integer, name text, price numeric, stock integer, tags text[]);
CREATE TABLE tb_review (pk_review integer PRIMARY KEY, fk_product integer, rating integer, author text, day date);
CREATE TABLE tb_stock (fk_product integer, warehouse text, quantity integer);
CREATE TABLE tb_node (pk_node integer PRIMARY KEY, fk_parent integer, name text);
INSERT INTO tb_category SELECT n, nullif(n / 10, 0), 'category ' || n FROM generate_series(1, 500) AS n;
INSERT INTO tb_supplier SELECT n, 'region ' || n % 2000, 'supplier ' || n FROM generate_series(1, 20000) AS n;
INSERT INTO tb_product
SELECT n, 1 + n * 7 % 500, CASE WHEN n % 10 <> 0 THEN 1 + n * 13 % 20000 END, 'product ' || n, n % 90 + 0.5, n % 300, ARRAY['t' || n % 3000, 'u' || n % 2000] FROM generate_series(1, 20000) AS n;
INSERT INTO tb_review SELECT n, 1 + n * 11 % 16000, 1 + n % 5, 'author ' || n % 4000, '2026-01-01'::date + n % 1000 FROM generate_series(1, 40000) AS n;
INSERT INTO tb_stock SELECT 1 + n * 3 % 20000, 'warehouse ' || n % 2000, n % 9 FROM generate_series(1, 30000) AS n;
INSERT INTO tb_node SELECT n, nullif(n / 10, 0), 'node ' || n FROM generate_series(1, 20000) AS n;
CREATE INDEX ON tb_category (fk_parent);
CREATE INDEX ON tb_supplier (region);
CREATE INDEX ON tb_product (fk_category);
CREATE INDEX ON tb_product (fk_supplier);
CREATE INDEX ON tb_product (fk_category, fk_supplier);
CREATE INDEX ON tb_review (fk_product);
CREATE INDEX ON tb_review (author);
CREATE INDEX ON tb_stock (fk_product);
CREATE INDEX ON tb_stock (warehouse);
CREATE INDEX ON tb_node (fk_parent);
VACUUM ANALYZE
