-- Triggers of others that take the names or the functions of ours: refused, ignored, found.
CREATE ROLE alice;
CREATE ROLE mallory;
CREATE ROLE bob;
CREATE SCHEMA app AUTHORIZATION alice;
CREATE SCHEMA mal AUTHORIZATION mallory;
GRANT USAGE ON SCHEMA app TO mallory, bob;
SET ROLE mallory;
CREATE FUNCTION mal.noop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
GRANT USAGE ON SCHEMA mal TO alice;
SET ROLE alice;
CREATE TABLE app.item (pk integer PRIMARY KEY, n integer);
CREATE TABLE app.sold (pk integer PRIMARY KEY, fk_item integer, n integer);
INSERT INTO app.item VALUES (1, 1), (2, 2);
GRANT SELECT, TRIGGER ON app.item, app.sold TO mallory;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON app.item, app.sold TO bob;
-- Planted before the extension is there: whoever makes a tview is told.
SET ROLE mallory;
CREATE TRIGGER "00_pg_tviews_delete" AFTER DELETE ON app.item FOR EACH STATEMENT EXECUTE FUNCTION mal.noop();
CREATE TRIGGER "00_pg_tviews_guard" AFTER DELETE ON app.sold FOR EACH STATEMENT EXECUTE FUNCTION mal.noop();
RESET ROLE;
CREATE EXTENSION pg_tviews;
SET ROLE alice;
CREATE TABLE app.tv_item AS SELECT pk, n FROM app.item;
CREATE TABLE app.tv_sold AS SELECT pk, n FROM app.sold;
SELECT pg_tviews_convert_existing_table('app.sold', 'SELECT pk, 0 AS fk_item, n FROM app.item');
DROP TRIGGER "00_pg_tviews_guard" ON app.sold;
DROP TRIGGER "00_pg_tviews_delete" ON app.item;
-- A trigger like ours before there is a tview: it is made use of only if all of it is ours.
SET ROLE mallory;
CREATE TRIGGER "00_pg_tviews_insert" AFTER INSERT ON app.item FOR EACH STATEMENT EXECUTE FUNCTION mal.noop();
CREATE TRIGGER "00_pg_tviews_update" AFTER UPDATE ON app.item
  REFERENCING OLD TABLE AS pg_tviews_old NEW TABLE AS pg_tviews_new
  FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION tviews.source_changed();
CREATE TRIGGER "00_pg_tviews_delete" AFTER DELETE ON app.item FOR EACH STATEMENT EXECUTE FUNCTION tviews.source_changed();
CREATE TRIGGER "00_pg_tviews_truncate" BEFORE TRUNCATE ON app.item FOR EACH STATEMENT EXECUTE FUNCTION tviews.source_changed();
CREATE TRIGGER "00_pg_tviews_guard" BEFORE INSERT ON app.item FOR EACH ROW EXECUTE FUNCTION tviews.refuse_write('x');
CREATE TRIGGER "00_pg_tviews_other" AFTER INSERT ON app.item FOR EACH STATEMENT EXECUTE FUNCTION mal.noop();
CREATE TRIGGER twice AFTER INSERT ON app.item REFERENCING NEW TABLE AS pg_tviews_new
  FOR EACH STATEMENT EXECUTE FUNCTION tviews.source_changed();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON app.item FOR EACH STATEMENT EXECUTE FUNCTION tviews.refuse_write();
CREATE CONSTRAINT TRIGGER "00_pg_tviews_applied" AFTER INSERT OR UPDATE OR DELETE ON app.item
  FOR EACH ROW EXECUTE FUNCTION tviews.source_changed();
CREATE TRIGGER r AFTER INSERT ON app.item FOR EACH STATEMENT EXECUTE FUNCTION tviews.restored();
-- Exactly ours, for the owner alone: it does nothing where there is no tview, and a guard says so.
CREATE TRIGGER "00_pg_tviews_insert" AFTER INSERT ON app.item REFERENCING NEW TABLE AS pg_tviews_new
  FOR EACH STATEMENT EXECUTE FUNCTION tviews.source_changed();
SET ROLE alice;
CREATE TRIGGER "00_pg_tviews_insert" AFTER INSERT ON app.item REFERENCING NEW TABLE AS pg_tviews_new
  FOR EACH STATEMENT EXECUTE FUNCTION tviews.source_changed();
CREATE TRIGGER "00_pg_tviews_guard" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON app.item
  FOR EACH STATEMENT EXECUTE FUNCTION tviews.refuse_write();
SET ROLE bob;
INSERT INTO app.item VALUES (3, 3);
RESET ROLE;
SELECT message, hint FROM pg_tviews_health_check();
SET ROLE alice;
DROP TRIGGER "00_pg_tviews_guard" ON app.item;
CREATE TABLE app.tv_item AS SELECT pk, n FROM app.item;
CREATE TABLE app.tv_sum AS SELECT n % 2 AS odd, count(*) AS items, sum(n) AS total FROM app.item GROUP BY 1;
SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'app.item'::regclass AND NOT tgisinternal ORDER BY 1;

-- Replaced, renamed, put beside ours: refused. What is exactly ours may be made again, and fires always.
SET ROLE mallory;
CREATE OR REPLACE TRIGGER "00_pg_tviews_insert" AFTER INSERT ON app.item FOR EACH STATEMENT EXECUTE FUNCTION mal.noop();
CREATE OR REPLACE TRIGGER "00_pg_tviews_insert" AFTER INSERT ON app.item REFERENCING NEW TABLE AS pg_tviews_new
  FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION tviews.source_changed();
CREATE OR REPLACE TRIGGER "00_pg_tviews_update" AFTER UPDATE OF pk ON app.item
  FOR EACH STATEMENT EXECUTE FUNCTION tviews.source_changed();
CREATE OR REPLACE TRIGGER "00_pg_tviews_insert" AFTER INSERT ON app.item REFERENCING NEW TABLE AS pg_tviews_new
  FOR EACH STATEMENT EXECUTE FUNCTION tviews.source_changed();
CREATE TRIGGER twice AFTER INSERT ON app.item REFERENCING NEW TABLE AS pg_tviews_new
  FOR EACH STATEMENT EXECUTE FUNCTION tviews.source_changed();
SET ROLE alice;
SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'app.item'::regclass AND NOT tgisinternal ORDER BY 1;
CREATE TRIGGER mine AFTER INSERT ON app.item FOR EACH STATEMENT EXECUTE FUNCTION mal.noop();
ALTER TRIGGER mine ON app.item RENAME TO "00_pg_tviews_applied";
ALTER TRIGGER mine ON app.item RENAME TO "00_pg_tviews_";
ALTER TRIGGER mine ON app.item RENAME TO yours;
ALTER TRIGGER "00_pg_tviews_insert" ON app.item RENAME TO mine;
CREATE OR REPLACE TRIGGER "00_pg_tviews_guard" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON app.tv_item
  FOR EACH STATEMENT EXECUTE FUNCTION mal.noop();
ALTER TRIGGER "00_pg_tviews_guard" ON app.tv_item RENAME TO mine;
BEGIN; DROP TRIGGER "00_pg_tviews_guard" ON app.tv_item; ROLLBACK;
RESET ROLE;
CREATE SCHEMA planted CREATE TABLE t (i integer)
  CREATE TRIGGER twice AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION tviews.source_changed();
ALTER TRIGGER "00_pg_tviews_insert" ON app.item DEPENDS ON EXTENSION plpgsql;
ALTER TRIGGER "00_pg_tviews_guard" ON app.tv_item DEPENDS ON EXTENSION plpgsql;
DROP FUNCTION tviews.source_changed CASCADE;
-- A row trigger of a partitioned table is copied to its partitions.
CREATE TABLE app.parted (pk integer) PARTITION BY LIST (pk);
CREATE TABLE app.part PARTITION OF app.parted DEFAULT;
CREATE TRIGGER "00_pg_tviews_applied" AFTER INSERT OR UPDATE OR DELETE ON app.parted FOR EACH ROW EXECUTE FUNCTION tviews.source_changed();
CREATE TRIGGER "00_pg_tviews_applied" AFTER INSERT OR UPDATE OR DELETE ON app.part FOR EACH ROW EXECUTE FUNCTION tviews.source_changed();
CREATE TRIGGER a AFTER INSERT ON app.parted FOR EACH ROW EXECUTE FUNCTION mal.noop();
ALTER TRIGGER a ON app.parted RENAME TO "00_pg_tviews_insert";
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgrelid IN ('app.parted'::regclass, 'app.part'::regclass) ORDER BY 1, 2;
SET ROLE bob;
INSERT INTO app.item VALUES (4, 4);
UPDATE app.item SET n = n + 10 WHERE pk = 1;
DELETE FROM app.item WHERE pk = 2;
RESET ROLE;
SELECT test.compare('app.tv_item', 'SELECT pk, n FROM app.item');
SELECT test.compare('app.tv_sum', 'SELECT n % 2 AS odd, count(*) AS items, sum(n) AS total FROM app.item GROUP BY 1');
SELECT tview, status, message FROM pg_tviews_health_check() WHERE status <> 'ok';

-- Where nobody watched: the health check says what differs, and ours come back when the foreign triggers go.
ALTER EVENT TRIGGER pg_tviews_ddl_end DISABLE;
CREATE OR REPLACE TRIGGER "00_pg_tviews_insert" AFTER INSERT ON app.item FOR EACH STATEMENT EXECUTE FUNCTION mal.noop();
CREATE OR REPLACE TRIGGER "00_pg_tviews_guard" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON app.tv_item
  FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION tviews.refuse_write();
CREATE TRIGGER twice AFTER UPDATE ON app.item REFERENCING OLD TABLE AS pg_tviews_old NEW TABLE AS pg_tviews_new
  FOR EACH STATEMENT EXECUTE FUNCTION tviews.source_changed();
ALTER EVENT TRIGGER pg_tviews_ddl_end ENABLE;
SELECT * FROM pg_tviews_health_check() WHERE status <> 'ok';
ALTER EVENT TRIGGER pg_tviews_ddl_end ENABLE ALWAYS;
SET ROLE bob;
INSERT INTO app.item VALUES (5, 5);
UPDATE app.item SET n = n + 10 WHERE pk = 1;
RESET ROLE;
SET ROLE alice; CREATE TABLE app.tv_more AS SELECT pk FROM app.item; RESET ROLE;
DROP TRIGGER twice ON app.item;
SET ROLE alice; CREATE TABLE app.tv_more AS SELECT pk FROM app.item; RESET ROLE;
ALTER TRIGGER "00_pg_tviews_insert" ON app.item RENAME TO theirs;
ALTER TRIGGER "00_pg_tviews_guard" ON app.tv_item RENAME TO theirs;
DELETE FROM app.tv_item;
DROP TRIGGER "00_pg_tviews_guard" ON app.tv_item;
DELETE FROM app.tv_item;
SELECT test.compare('app.tv_item', 'SELECT pk, n FROM app.item');
SELECT * FROM pg_tviews_health_check() WHERE status <> 'ok';
-- One that goes with its function.
ALTER EVENT TRIGGER pg_tviews_ddl_end DISABLE;
CREATE OR REPLACE TRIGGER "00_pg_tviews_insert" AFTER INSERT ON app.item FOR EACH STATEMENT EXECUTE FUNCTION mal.noop();
ALTER EVENT TRIGGER pg_tviews_ddl_end ENABLE ALWAYS;
INSERT INTO app.item VALUES (6, 6);
DROP FUNCTION mal.noop CASCADE;
SELECT test.compare('app.tv_item', 'SELECT pk, n FROM app.item');
-- Dropped where nobody watched.
ALTER EVENT TRIGGER pg_tviews_ddl_start DISABLE;
ALTER EVENT TRIGGER pg_tviews_drop DISABLE;
DROP TRIGGER "00_pg_tviews_update" ON app.item;
ALTER EVENT TRIGGER pg_tviews_ddl_start ENABLE ALWAYS;
ALTER EVENT TRIGGER pg_tviews_drop ENABLE ALWAYS;
UPDATE app.item SET n = n + 1;
SELECT * FROM pg_tviews_health_check() WHERE status <> 'ok';
SELECT pg_tviews_refresh('app.tv_item');
SELECT tview, message FROM pg_tviews_health_check() WHERE status <> 'ok';
UPDATE app.item SET n = n + 1 WHERE pk = 1;
SELECT test.compare('app.tv_item', 'SELECT pk, n FROM app.item');
SELECT test.compare('app.tv_sum', 'SELECT n % 2 AS odd, count(*) AS items, sum(n) AS total FROM app.item GROUP BY 1');
SELECT * FROM pg_tviews_health_check() WHERE status <> 'ok';

-- A user's trigger whose function has the name of ours is fired.
CREATE FUNCTION app.refuse_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no writes today'; END $$;
CREATE TRIGGER frozen BEFORE UPDATE ON app.tv_item FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_write();
UPDATE app.item SET n = 0 WHERE pk = 6;
DROP OWNED BY alice, mallory, bob CASCADE;
DROP ROLE alice, mallory, bob;
