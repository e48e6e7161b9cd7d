-- Triggers of users on tviews, which fire in the middle of a flush.
CREATE EXTENSION pg_tviews;
CREATE TABLE item (pk integer PRIMARY KEY, price integer);
INSERT INTO item VALUES (1, 10);
CREATE TABLE tv_a AS SELECT i.pk, i.price FROM item i;
CREATE TABLE tv_b AS SELECT i.pk, i.price FROM item i;
CREATE TABLE tv_both AS SELECT a.pk, a.price AS a, b.price AS b FROM tv_a a JOIN tv_b b ON b.pk = a.pk;
CREATE TABLE log (n integer GENERATED ALWAYS AS IDENTITY, what text);
CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.log (what) VALUES (TG_TABLE_NAME || ' ' || NEW);
  RETURN NULL;
END $$;
-- An exception that a trigger catches does not end the flush that it fires in: a tview over two others is computed once, from both.
CREATE FUNCTION careful() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  BEGIN
    PERFORM 1 / 0;
  EXCEPTION WHEN division_by_zero THEN
    INSERT INTO public.log (what) SELECT 'tv_both was ' || t FROM public.tv_both t;
  END;
  RETURN NULL;
END $$;
CREATE TRIGGER careful AFTER UPDATE ON tv_a FOR EACH STATEMENT EXECUTE FUNCTION careful();
CREATE TRIGGER seen AFTER UPDATE ON tv_both FOR EACH ROW EXECUTE FUNCTION seen();
SET pg_tviews.patching = off;
UPDATE item SET price = 20;
BEGIN;
UPDATE item SET price = 30;
COMMIT;
SELECT what FROM log ORDER BY n;
TABLE tv_both;
