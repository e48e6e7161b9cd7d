-- Triggers on tviews that change sources again: rounds that come to an end, and rounds that don't.
CREATE EXTENSION pg_tviews;
CREATE ROLE golden_rounds;
GRANT CREATE ON SCHEMA public TO golden_rounds;
GRANT USAGE ON SCHEMA test TO golden_rounds;
SET ROLE golden_rounds;
CREATE TABLE counter (pk integer PRIMARY KEY, value integer);
INSERT INTO counter VALUES (1, 0);
CREATE TABLE tv_counter AS SELECT c.pk, c.value FROM counter c;
CREATE TABLE tv_over AS SELECT t.value, count(*) AS counters FROM tv_counter t GROUP BY t.value;
CREATE TABLE bound (rounds integer);
INSERT INTO bound VALUES (999);
CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE public.counter SET value = value + 1 WHERE value < (SELECT rounds FROM public.bound);
  RETURN NULL;
END $$;

-- As many rounds as there may be: the first change, and 999 that follow from it.
CREATE TRIGGER again AFTER UPDATE ON tv_counter FOR EACH ROW EXECUTE FUNCTION again();
UPDATE counter SET value = 0;
BEGIN;
UPDATE counter SET value = 1;
COMMIT;
SELECT t.value, o.counters, (SELECT c.value FROM counter c) FROM tv_counter t JOIN tv_over o ON o.value = t.value;
BEGIN;
UPDATE counter SET value = 0;
SELECT t.value FROM tv_counter t;
COMMIT;

-- One more.
UPDATE bound SET rounds = 1000;
UPDATE counter SET value = 0;
BEGIN;
UPDATE counter SET value = 0;
COMMIT;
BEGIN;
UPDATE counter SET value = 0;
SELECT t.value FROM tv_counter t;
ROLLBACK;
SELECT t.value, o.counters, (SELECT c.value FROM counter c) FROM tv_counter t JOIN tv_over o ON o.value = t.value;

-- A trigger for the statement fires whether or not rows differ.
DROP TRIGGER again ON tv_counter;
CREATE OR REPLACE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE public.counter SET value = 1 - value;
  RETURN NULL;
END $$;
CREATE TRIGGER again BEFORE INSERT OR UPDATE OR DELETE ON tv_over FOR EACH STATEMENT EXECUTE FUNCTION again();
UPDATE counter SET value = 0;
BEGIN;
UPDATE counter SET value = 0;
COMMIT;
SET pg_tviews.maintenance = 'statement';
UPDATE counter SET value = 0;
RESET pg_tviews.maintenance;
DROP TRIGGER again ON tv_over;
UPDATE counter SET value = 0;

-- Two tviews that call each other up.
CREATE TABLE other (pk integer PRIMARY KEY, value integer);
INSERT INTO other VALUES (1, 0);
CREATE TABLE tv_other AS SELECT o.pk, o.value FROM other o;
CREATE FUNCTION to_other() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN UPDATE public.other SET value = value + 1; RETURN NULL; END $$;
CREATE FUNCTION to_counter() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN UPDATE public.counter SET value = value + 1; RETURN NULL; END $$;
CREATE TRIGGER to_other AFTER UPDATE ON tv_counter FOR EACH STATEMENT EXECUTE FUNCTION to_other();
UPDATE counter SET value = 7;
SELECT (SELECT value FROM tv_counter) AS counter, (SELECT value FROM tv_other) AS other;
CREATE TRIGGER to_counter AFTER UPDATE ON tv_other FOR EACH STATEMENT EXECUTE FUNCTION to_counter();
UPDATE counter SET value = 8;
DROP TRIGGER to_counter ON tv_other;

-- Many flushes of one transaction are no rounds.
DROP TRIGGER to_other ON tv_counter;
DO $$
BEGIN
  FOR n IN 1..1100 LOOP
    UPDATE counter SET value = n;
    PERFORM FROM tv_counter;
  END LOOP;
END $$;
SELECT t.value, o.counters, (SELECT c.value FROM counter c) FROM tv_counter t JOIN tv_over o ON o.value = t.value;
RESET ROLE;
DROP OWNED BY golden_rounds;
DROP ROLE golden_rounds;
