-- Maintenance is done once for a transaction: at its end, or before it reads what is concerned.
CREATE EXTENSION pg_tviews;
CREATE TABLE category (pk integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE product (pk integer PRIMARY KEY, fk_category integer, name text NOT NULL, price integer NOT NULL);
CREATE TABLE line (pk integer PRIMARY KEY, fk_product integer, amount integer NOT NULL);
CREATE INDEX ON product (fk_category);
CREATE INDEX ON line (fk_product);
INSERT INTO category VALUES (1, 'tools'), (2, 'toys');
INSERT INTO product VALUES (1, 1, 'hammer', 10), (2, 1, 'saw', 20), (3, 2, 'ball', 5);
CREATE TABLE tv_product AS
  SELECT p.pk, jsonb_build_object('name', p.name, 'price', p.price, 'category', c.name,
           'lines', (SELECT coalesce(sum(l.amount), 0) FROM line l WHERE l.fk_product = p.pk)) AS data
    FROM product p JOIN category c ON c.pk = p.fk_category;
CREATE TABLE tv_over AS SELECT t.pk, t.data ->> 'name' AS name, t.data ->> 'category' AS category FROM tv_product t;
CREATE TABLE written (pk integer, at text);
CREATE FUNCTION note_write() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO public.written VALUES (NEW.pk, TG_OP); RETURN NULL; END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE ON tv_product FOR EACH ROW EXECUTE FUNCTION note_write();
CREATE VIEW result AS SELECT name, test.compare(name, rtrim(definition, ';')) FROM tviews.views ORDER BY name;

-- Twenty statements on one document: one write.
BEGIN;
INSERT INTO product VALUES (4, 2, 'kite', 1);
DO $$ BEGIN FOR i IN 1..18 LOOP INSERT INTO line VALUES (i, 4, i); END LOOP; END $$;
UPDATE product SET price = 30 WHERE pk = 4;
SELECT count(*) FROM written;
COMMIT;
SELECT * FROM written;
TRUNCATE written;
TABLE tv_product;
TABLE result;

-- With one statement at a time each is followed up.
BEGIN;
SET LOCAL pg_tviews.maintenance = 'statement';
UPDATE product SET price = 31 WHERE pk = 4;
UPDATE product SET price = 32 WHERE pk = 4;
SELECT count(*) FROM written;
COMMIT;
TRUNCATE written;

-- Whatever reads a tview finds it up to date.
CREATE FUNCTION price_stable(integer) RETURNS text LANGUAGE sql STABLE AS 'SELECT data ->> ''price'' FROM tv_product WHERE pk = $1';
CREATE FUNCTION price_plpgsql(integer) RETURNS text LANGUAGE plpgsql STABLE AS
  $$ DECLARE found text; BEGIN SELECT data ->> 'price' INTO found FROM tv_product WHERE pk = $1; RETURN found; END $$;
CREATE FUNCTION price_volatile(integer) RETURNS text LANGUAGE plpgsql AS
  $$ BEGIN UPDATE product SET price = price + 1 WHERE pk = $1; RETURN (SELECT data ->> 'price' FROM tv_product WHERE pk = $1); END $$;
CREATE VIEW v_price AS SELECT pk, data ->> 'price' AS price FROM tv_product;
PREPARE price AS SELECT data ->> 'price' AS price FROM tv_product WHERE pk = $1;
CREATE TABLE copy_of (pk integer, data jsonb);
BEGIN;
UPDATE product SET price = 11 WHERE pk = 1;
SELECT data ->> 'price' AS price FROM tv_product WHERE pk = 1;
UPDATE product SET price = 12 WHERE pk = 1;
SELECT * FROM v_price WHERE pk = 1;
UPDATE product SET price = 13 WHERE pk = 1;
EXECUTE price(1);
UPDATE product SET price = 14 WHERE pk = 1;
SELECT price_stable(1), price_plpgsql(1);
UPDATE product SET price = 15 WHERE pk = 1;
SELECT p.price, price_stable(p.pk), price_plpgsql(p.pk), price_stable(p.pk) FROM product p WHERE p.pk = 1;
SELECT price_volatile(1), price_volatile(1), price_stable(1);
UPDATE product SET price = 16 WHERE pk = 1;
INSERT INTO copy_of SELECT * FROM tv_product WHERE pk = 1;
SELECT data ->> 'price' AS price FROM copy_of;
UPDATE product SET price = 17 WHERE pk = 1;
COPY tv_product (data) TO STDOUT;
UPDATE product SET price = 18 WHERE pk = 1;
DECLARE c CURSOR FOR SELECT data ->> 'price' AS price FROM tv_product WHERE pk = 1;
UPDATE product SET price = 19 WHERE pk = 1;
FETCH ALL FROM c;
CLOSE c;
UPDATE category SET name = 'Tools' WHERE pk = 1;
SELECT * FROM tv_over ORDER BY pk;
WITH changed AS (UPDATE product SET price = 20 WHERE pk = 1 RETURNING pk)
  SELECT t.data ->> 'price' AS before FROM tv_product t JOIN changed USING (pk);
SELECT count(*) FROM pg_tviews_verify('tv_product');
COMMIT;
TABLE result;

-- Savepoints: what they undo is not maintained; what was flushed inside them is done again.
BEGIN;
UPDATE product SET price = 21 WHERE pk = 2;
SAVEPOINT a;
UPDATE product SET price = 22 WHERE pk = 2;
UPDATE product SET name = 'Ball' WHERE pk = 3;
SELECT data ->> 'price' AS price FROM tv_product WHERE pk = 2;
ROLLBACK TO a;
SELECT data ->> 'price' AS price FROM tv_product WHERE pk = 2;
SAVEPOINT b;
UPDATE product SET price = 23 WHERE pk = 2;
SAVEPOINT c;
SELECT data ->> 'price' AS price FROM tv_product WHERE pk = 2;
RELEASE c;
ROLLBACK TO b;
COMMIT;
TABLE result;
BEGIN;
UPDATE category SET name = 'Toys' WHERE pk = 2;
SAVEPOINT a;
SELECT category FROM tv_over WHERE pk = 3;
ROLLBACK TO a;
COMMIT;
TABLE result;
DO $$ BEGIN
  UPDATE product SET price = 24 WHERE pk = 2;
  BEGIN
    UPDATE product SET price = 25 WHERE pk = 2;
    PERFORM data FROM tv_product;
    RAISE division_by_zero;
  EXCEPTION WHEN division_by_zero THEN NULL;
  END;
END $$;
TABLE result;

-- A failure at the end undoes all.
ALTER TABLE tv_product ADD CONSTRAINT cheap CHECK ((data ->> 'price')::integer < 100);
BEGIN;
UPDATE product SET price = 26 WHERE pk = 2;
UPDATE product SET price = 1000 WHERE pk = 3;
COMMIT;
SELECT pk, price FROM product WHERE pk IN (2, 3) ORDER BY pk;
TABLE result;
ALTER TABLE tv_product DROP CONSTRAINT cheap;

-- Deferred triggers that change sources; procedures that commit; a rollback; DDL and TRUNCATE in between.
CREATE FUNCTION raise_price() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN UPDATE product SET price = price + 100 WHERE pk = NEW.fk_product; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON line DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION raise_price();
BEGIN;
INSERT INTO line VALUES (100, 3, 1);
SELECT data FROM tv_product WHERE pk = 3;
COMMIT;
SELECT data FROM tv_product WHERE pk = 3;
CREATE PROCEDURE in_parts() LANGUAGE plpgsql AS
  $$ BEGIN UPDATE product SET price = 1 WHERE pk = 1; COMMIT; UPDATE product SET price = 2 WHERE pk = 2; ROLLBACK; UPDATE product SET price = 3 WHERE pk = 3; END $$;
CALL in_parts();
SELECT pk, data ->> 'price' AS price FROM tv_product ORDER BY pk;
BEGIN;
UPDATE product SET price = 4 WHERE pk = 1;
ALTER TABLE product ADD COLUMN note text DEFAULT 'x';
UPDATE product SET price = 5 WHERE pk = 2;
TRUNCATE line;
UPDATE category SET name = 'again' WHERE pk = 1;
ALTER TABLE category RENAME COLUMN name TO label;
COMMIT;
TABLE result;
BEGIN;
UPDATE product SET price = 6 WHERE pk = 1;
DROP VIEW v_price;
DROP TABLE tv_over;
DROP TABLE tv_product;
COMMIT;
SELECT count(*) FROM tviews.views;
