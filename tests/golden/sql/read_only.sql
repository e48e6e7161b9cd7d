-- A transaction that becomes read-only after it has changed sources: what follows from the changes is done all the same.
CREATE EXTENSION pg_tviews;
CREATE ROLE golden_read_only;
GRANT CREATE ON SCHEMA public TO golden_read_only;
GRANT USAGE ON SCHEMA test TO golden_read_only;
SET ROLE golden_read_only;
CREATE TABLE category (pk integer PRIMARY KEY, name text);
CREATE TABLE product (pk integer PRIMARY KEY, fk_category integer, price integer);
INSERT INTO category VALUES (1, 'one'), (2, 'two');
INSERT INTO product SELECT n, n % 2 + 1, n FROM generate_series(1, 4) AS n;
CREATE TABLE tv_product AS SELECT p.pk, p.price, c.name FROM product p LEFT JOIN category c ON c.pk = p.fk_category;
CREATE TABLE tv_sum AS SELECT p.fk_category, sum(p.price) AS price, max(p.pk) AS last FROM product p GROUP BY p.fk_category;
CREATE FUNCTION compared() RETURNS TABLE (tview text, outcome text) LANGUAGE sql AS
$$ VALUES ('product', test.compare('tv_product', 'SELECT p.pk, p.price, c.name FROM product p LEFT JOIN category c ON c.pk = p.fk_category')),
          ('sum', test.compare('tv_sum', 'SELECT fk_category, sum(price), max(pk) FROM product GROUP BY fk_category')) $$;

BEGIN;
UPDATE product SET price = price + 10 WHERE pk = 1;
INSERT INTO product VALUES (5, 1, 5);
SET TRANSACTION READ ONLY;
COMMIT;
SELECT * FROM compared();

-- Before it reads; and it stays read-only.
BEGIN ISOLATION LEVEL REPEATABLE READ;
DELETE FROM product WHERE pk = 5;
SET transaction_read_only = on;
SELECT * FROM compared();
SHOW transaction_read_only;
UPDATE product SET price = 0;
ROLLBACK;

-- Only inside a savepoint.
BEGIN;
UPDATE product SET price = price + 10 WHERE pk = 2;
SAVEPOINT a;
SET TRANSACTION READ ONLY;
SELECT * FROM compared();
INSERT INTO product VALUES (6, 1, 6);
ROLLBACK TO a;
SHOW transaction_read_only;
INSERT INTO product VALUES (6, 1, 6);
SET TRANSACTION READ ONLY;
SAVEPOINT b;
COMMIT;
SELECT * FROM compared();

-- By a function, which an exception block undoes.
CREATE FUNCTION become_read_only() RETURNS void LANGUAGE sql AS $$ SELECT set_config('transaction_read_only', 'on', true) $$;
BEGIN;
UPDATE product SET price = price + 10 WHERE pk = 3;
DO $$
BEGIN
  PERFORM become_read_only();
  PERFORM FROM tv_product;
  UPDATE product SET price = 0;
EXCEPTION WHEN read_only_sql_transaction THEN
  RAISE NOTICE 'refused';
END $$;
UPDATE product SET price = price + 10 WHERE pk = 4;
COMMIT;
SELECT * FROM compared();

-- Maintenance that fails leaves the transaction read-only.
BEGIN;
ALTER TABLE tv_product ADD CONSTRAINT small CHECK (price < 100);
UPDATE product SET price = 100 WHERE pk = 1;
SET TRANSACTION READ ONLY;
DO $$
BEGIN
  PERFORM FROM tv_product;
EXCEPTION WHEN check_violation THEN
  RAISE NOTICE 'does not fit: %', current_setting('transaction_read_only');
END $$;
SHOW transaction_read_only;
ROLLBACK;

-- By default, until a transaction says otherwise.
SET default_transaction_read_only = on;
UPDATE product SET price = 0;
BEGIN READ WRITE;
UPDATE product SET price = price + 10 WHERE pk = 1;
COMMIT;
BEGIN;
SET TRANSACTION READ WRITE;
UPDATE product SET price = price + 10 WHERE pk = 1;
SET TRANSACTION READ ONLY;
COMMIT;
RESET default_transaction_read_only;
SELECT * FROM compared();
-- Writes to a tview are refused as ever.
BEGIN;
UPDATE product SET price = price + 10 WHERE pk = 1;
SET TRANSACTION READ ONLY;
SELECT pg_tviews_refresh('tv_product');
ROLLBACK;
RESET ROLE;
DROP OWNED BY golden_read_only;
DROP ROLE golden_read_only;
