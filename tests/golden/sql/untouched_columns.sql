-- An UPDATE that sets no column which a tview uses does not even fire the trigger, once the session knows which columns these are.
CREATE EXTENSION pg_tviews;
CREATE TABLE thing (pk integer PRIMARY KEY, shown integer, note text, doubled integer GENERATED ALWAYS AS (shown * 2) STORED,
                    length integer GENERATED ALWAYS AS (length(note)) STORED);
INSERT INTO thing SELECT n, n, 'note' FROM generate_series(1, 3) AS n;
CREATE VIEW definition AS SELECT pk, jsonb_build_object('shown', shown) AS data FROM thing;
CREATE TABLE tv_thing AS TABLE definition;
CREATE FUNCTION differ() RETURNS bigint LANGUAGE sql AS
  $$ SELECT count(*) FROM ((TABLE definition EXCEPT ALL TABLE tv_thing) UNION ALL (TABLE tv_thing EXCEPT ALL TABLE definition)) AS d $$;
-- The triggers that a statement fires.
CREATE FUNCTION fired(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) ' || statement LOOP
    IF line LIKE 'Trigger%' THEN
      RETURN NEXT line;
    END IF;
  END LOOP;
END $$;
SELECT fired('UPDATE thing SET shown = shown + 1 WHERE pk = 1');
SELECT fired('UPDATE thing SET note = ''a'' WHERE pk = 1');
SELECT fired('UPDATE thing SET note = ''b'', shown = shown WHERE pk = 1');
SELECT fired('UPDATE thing SET note = note');
SELECT fired('WITH other AS (UPDATE thing SET shown = 9 WHERE pk = 2) UPDATE thing SET note = ''c'' WHERE pk = 3');
SELECT fired('INSERT INTO thing VALUES (1, 5, ''d'') ON CONFLICT (pk) DO UPDATE SET note = excluded.note');
SELECT fired('MERGE INTO thing USING (VALUES (1)) AS v (pk) ON v.pk = thing.pk WHEN MATCHED THEN UPDATE SET note = ''e''');
SELECT differ();
-- Through a view.
CREATE VIEW notes AS SELECT pk AS number, note AS remark, shown AS seen FROM thing;
UPDATE thing SET note = 'known again';
SELECT fired('UPDATE notes SET remark = ''f'' WHERE number = 1');
SELECT fired('UPDATE notes SET seen = 3 WHERE number = 1');
SELECT differ();
-- Another tview uses further columns, also one that follows from others.
CREATE TABLE tv_length AS SELECT pk, length FROM thing;
SELECT fired('UPDATE thing SET note = ''longer'' WHERE pk = 1');
SELECT fired('UPDATE thing SET note = ''longest'' WHERE pk = 1');
SELECT * FROM tv_length ORDER BY pk;
DROP TABLE tv_length;
SELECT fired('UPDATE thing SET note = ''x'' WHERE pk = 1');
SELECT fired('UPDATE thing SET note = ''y'' WHERE pk = 1');
-- Triggers of others get what they want.
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE NOTICE '% rows', (SELECT count(*) FROM changed); RETURN NULL; END $$;
CREATE TRIGGER tell AFTER UPDATE ON thing REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tell();
SELECT fired('UPDATE thing SET note = ''z'' WHERE pk < 3');
SELECT fired('UPDATE thing SET note = ''z'' WHERE pk < 3');
DROP TRIGGER tell ON thing;
-- A trigger that fires before a row is written can set other columns than the statement.
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.shown := NEW.shown + 100; RETURN NEW; END $$;
CREATE TRIGGER meddle BEFORE UPDATE ON thing FOR EACH ROW EXECUTE FUNCTION meddle();
SELECT fired('UPDATE thing SET note = ''m'' WHERE pk = 1');
SELECT fired('UPDATE thing SET note = ''n'' WHERE pk = 1');
SELECT differ();
DROP TRIGGER meddle ON thing;
-- One that fires after it may update the row again.
CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN UPDATE thing SET shown = shown + 1000 WHERE pk = NEW.pk; RETURN NULL; END $$;
CREATE TRIGGER follow AFTER UPDATE OF note ON thing FOR EACH ROW EXECUTE FUNCTION follow();
UPDATE thing SET note = 'o' WHERE pk = 1;
UPDATE thing SET note = 'p' WHERE pk < 3;
SELECT differ();
TABLE tv_thing ORDER BY pk;
DROP TRIGGER follow ON thing;
-- Tables that others create and drop don't make it forget what it knows: not once it has seen that there are such.
CREATE TEMPORARY TABLE passing (n integer);
UPDATE thing SET shown = 5 WHERE pk = 3;
SELECT fired('UPDATE thing SET note = ''q'' WHERE pk = 3');
CREATE TEMPORARY TABLE other (n integer, t thing);
SELECT fired('UPDATE thing SET note = ''r'' WHERE pk = 3');
DROP TABLE passing, other;
CREATE TABLE lasting (n integer);
SELECT fired('UPDATE thing SET note = ''s'' WHERE pk = 3');
SELECT differ();
-- Partitions and inheriting tables.
CREATE TABLE parted (pk integer PRIMARY KEY, shown integer, note text) PARTITION BY RANGE (pk);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
INSERT INTO parted VALUES (1, 1, 'a'), (2, 2, 'b');
CREATE TABLE tv_parted AS SELECT pk, shown FROM parted;
UPDATE parted SET note = 'c';
UPDATE parted_1 SET note = 'd';
UPDATE parted_1 SET shown = 7 WHERE pk = 1;
UPDATE parted SET shown = 8 WHERE pk = 2;
TABLE tv_parted ORDER BY pk;
