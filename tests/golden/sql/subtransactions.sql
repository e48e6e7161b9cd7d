-- Savepoints and exception blocks: what they undo is not maintained, what they undo of maintenance is done again.
CREATE EXTENSION pg_tviews;
CREATE ROLE golden_subtransactions;
GRANT CREATE ON SCHEMA public TO golden_subtransactions;
GRANT USAGE ON SCHEMA test TO golden_subtransactions;
SET ROLE golden_subtransactions;
CREATE TABLE category (pk integer PRIMARY KEY, name text);
CREATE TABLE product (pk integer PRIMARY KEY, fk_category integer, price integer);
CREATE INDEX ON product (fk_category);
INSERT INTO category SELECT n, 'category ' || n FROM generate_series(0, 4) AS n;
CREATE VIEW v_product AS
  SELECT p.pk, p.fk_category, jsonb_build_object('price', p.price, 'category', c.name) AS data
    FROM product p LEFT JOIN category c ON c.pk = p.fk_category;
CREATE VIEW v_sum AS SELECT p.fk_category, count(*) AS products, sum(p.price) AS price FROM product p GROUP BY p.fk_category;
CREATE TABLE tv_product AS SELECT * FROM v_product;
CREATE TABLE tv_sum AS SELECT * FROM v_sum;
CREATE VIEW v_over AS SELECT c.pk, (SELECT jsonb_agg(t.data ORDER BY t.pk) FROM tv_product t WHERE t.fk_category = c.pk) AS all FROM category c;
CREATE TABLE tv_over AS SELECT * FROM v_over;
CREATE FUNCTION compared() RETURNS TABLE (tview text, outcome text) LANGUAGE sql AS
$$ SELECT t, test.compare('tv_' || t, 'TABLE v_' || t) FROM unnest('{product, sum, over}'::text[]) AS t $$;

-- Many blocks, one after the other; every third one fails.
DO $$
BEGIN
  FOR n IN 1..300 LOOP
    BEGIN
      INSERT INTO product VALUES (n, n % 5, n);
      UPDATE product SET price = price + 1 WHERE pk = n - 1;
      IF n % 3 = 0 THEN RAISE EXCEPTION USING ERRCODE = 'P0001'; END IF;
    EXCEPTION WHEN raise_exception THEN NULL;
    END;
  END LOOP;
END $$;
SELECT * FROM compared();

-- Blocks inside blocks: the inner ones fail or not, and so do the outer ones.
DO $$
BEGIN
  FOR n IN 301..360 LOOP
    BEGIN
      INSERT INTO product VALUES (n, n % 5, n);
      BEGIN
        UPDATE product SET price = -n WHERE pk = n;
        BEGIN
          DELETE FROM product WHERE pk = n - 300;
          IF n % 2 = 0 THEN RAISE EXCEPTION USING ERRCODE = 'P0001'; END IF;
        EXCEPTION WHEN raise_exception THEN NULL;
        END;
        IF n % 3 = 0 THEN RAISE EXCEPTION USING ERRCODE = 'P0001'; END IF;
      EXCEPTION WHEN raise_exception THEN NULL;
      END;
      IF n % 5 = 0 THEN RAISE EXCEPTION USING ERRCODE = 'P0001'; END IF;
    EXCEPTION WHEN raise_exception THEN NULL;
    END;
  END LOOP;
END $$;
SELECT * FROM compared();

-- A savepoint undoes a flush of what was noted before it.
BEGIN;
UPDATE product SET price = 1000 WHERE pk = 100;
SAVEPOINT a;
UPDATE product SET price = 2000 WHERE pk = 101;
SELECT data FROM tv_product WHERE pk IN (100, 101) ORDER BY pk;
ROLLBACK TO a;
SELECT data FROM tv_product WHERE pk IN (100, 101) ORDER BY pk;
SELECT * FROM compared();
ROLLBACK TO a;
COMMIT;
SELECT * FROM compared();

-- The flush is undone together with a savepoint that had taken it over from an inner one.
BEGIN;
UPDATE product SET price = price + 1 WHERE pk = 100;
SAVEPOINT a;
UPDATE product SET price = price + 10 WHERE pk = 100;
SAVEPOINT b;
UPDATE product SET price = price + 100 WHERE pk = 100;
SELECT data FROM tv_product WHERE pk = 100;
RELEASE b;
UPDATE product SET price = price + 1000 WHERE pk = 100;
SELECT products, price FROM tv_sum WHERE fk_category = 0;
ROLLBACK TO a;
SELECT data FROM tv_product WHERE pk = 100;
SELECT products, price FROM tv_sum WHERE fk_category = 0;
COMMIT;
SELECT * FROM compared();

-- Deep savepoints, read in every one, taken back to different depths.
BEGIN;
INSERT INTO product VALUES (1001, 1, 1);
SAVEPOINT a;
INSERT INTO product VALUES (1002, 1, 2);
SAVEPOINT b;
INSERT INTO product VALUES (1003, 1, 3);
SELECT count(*) FROM tv_product WHERE pk > 1000;
SAVEPOINT c;
INSERT INTO product VALUES (1004, 1, 4);
SELECT count(*) FROM tv_product WHERE pk > 1000;
ROLLBACK TO b;
SELECT count(*) FROM tv_product WHERE pk > 1000;
INSERT INTO product VALUES (1005, 1, 5);
RELEASE a;
SELECT count(*) FROM tv_product WHERE pk > 1000;
SELECT * FROM compared();
COMMIT;
SELECT * FROM compared();
RESET ROLE;
DROP OWNED BY golden_subtransactions;
DROP ROLE golden_subtransactions;
