-- Triggers of ours that are disabled and enabled again, by whatever command: what happened meanwhile is found.
CREATE EXTENSION pg_tviews;
CREATE ROLE alice;
CREATE ROLE bob;
CREATE ROLE carol;
CREATE SCHEMA app AUTHORIZATION alice;
CREATE SCHEMA hers AUTHORIZATION carol;
GRANT USAGE ON SCHEMA app TO bob, carol;
GRANT alice TO carol;
SET ROLE alice;
CREATE TABLE app.item (pk integer PRIMARY KEY, n integer);
CREATE TABLE app.kind (n integer PRIMARY KEY, name text);
INSERT INTO app.item VALUES (1, 1), (2, 2);
INSERT INTO app.kind VALUES (1, 'one'), (2, 'two');
CREATE TABLE app.tv_item AS SELECT i.pk, i.n, k.name FROM app.item i LEFT JOIN app.kind k ON k.n = i.n;
CREATE TABLE app.tv_plain AS SELECT pk, n FROM app.item;
GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER ON app.item, app.kind TO bob;
-- One by one, enabled by name.
ALTER TABLE app.item DISABLE TRIGGER "00_pg_tviews_insert";
INSERT INTO app.item VALUES (3, 3);
SELECT tview, status, message FROM pg_tviews_health_check();
ALTER TABLE app.item ENABLE ALWAYS TRIGGER "00_pg_tviews_insert";
SELECT test.compare('app.tv_plain', 'SELECT pk, n FROM app.item');
ALTER TABLE app.item ENABLE REPLICA TRIGGER "00_pg_tviews_update";
UPDATE app.item SET n = n + 10;
ALTER TABLE app.item ENABLE ALWAYS TRIGGER "00_pg_tviews_update";
SELECT test.compare('app.tv_plain', 'SELECT pk, n FROM app.item');
ALTER TABLE app.item DISABLE TRIGGER "00_pg_tviews_delete", DISABLE TRIGGER "00_pg_tviews_insert";
DELETE FROM app.item WHERE pk = 3;
ALTER TABLE app.item ENABLE TRIGGER "00_pg_tviews_delete";
-- Another one is still disabled.
SELECT test.compare('app.tv_plain', 'SELECT pk, n FROM app.item');
SELECT name, stale FROM tviews.views;
ALTER TABLE app.item ENABLE REPLICA TRIGGER "00_pg_tviews_insert", ENABLE ALWAYS TRIGGER "00_pg_tviews_insert";
SELECT test.compare('app.tv_plain', 'SELECT pk, n FROM app.item');

-- A comparison while they are disabled does not end it, nor does a write to another source.
ALTER TABLE app.item DISABLE TRIGGER USER;
UPDATE app.item SET n = 1 WHERE pk = 2;
SELECT pg_tviews_refresh('app.tv_item');
UPDATE app.item SET n = 2 WHERE pk = 2;
UPDATE app.kind SET name = 'uno' WHERE n = 1;
SELECT tview, status, message FROM pg_tviews_health_check();
SELECT * FROM pg_tviews_verify('app.tv_item');
CREATE TABLE app.tv_late AS SELECT pk FROM app.item;
ALTER TABLE app.item ENABLE ALWAYS TRIGGER "00_pg_tviews_insert", ENABLE ALWAYS TRIGGER "00_pg_tviews_update",
  ENABLE ALWAYS TRIGGER "00_pg_tviews_delete", ENABLE ALWAYS TRIGGER "00_pg_tviews_truncate";
SELECT * FROM pg_tviews_verify('app.tv_item');
SELECT tview, status, message FROM pg_tviews_health_check();

-- Made again instead of enabled.
ALTER TABLE app.item DISABLE TRIGGER "00_pg_tviews_truncate";
TRUNCATE app.item;
SET ROLE bob;
CREATE OR REPLACE TRIGGER "00_pg_tviews_truncate" AFTER TRUNCATE ON app.item FOR EACH STATEMENT EXECUTE FUNCTION tviews.source_changed();
SET ROLE alice;
CREATE OR REPLACE TRIGGER "00_pg_tviews_truncate" AFTER TRUNCATE ON app.item FOR EACH STATEMENT EXECUTE FUNCTION tviews.source_changed();
SET ROLE bob;
INSERT INTO app.item VALUES (4, 4);
SET ROLE alice;
SELECT test.compare('app.tv_plain', 'SELECT pk, n FROM app.item');
SELECT tview, status, message FROM pg_tviews_health_check();

-- The guard.
ALTER TABLE app.tv_item DISABLE TRIGGER "00_pg_tviews_guard";
INSERT INTO app.tv_item VALUES (77, 7, 'forged');
SELECT tview, status, message FROM pg_tviews_health_check();
ALTER TABLE app.tv_item ENABLE ALWAYS TRIGGER "00_pg_tviews_guard";
TABLE app.tv_item;
ALTER TABLE app.tv_item ENABLE REPLICA TRIGGER "00_pg_tviews_guard";
INSERT INTO app.tv_item VALUES (78, 7, 'forged');
UPDATE app.item SET n = 5 WHERE pk = 4;
CREATE OR REPLACE TRIGGER "00_pg_tviews_guard" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON app.tv_item
  FOR EACH STATEMENT EXECUTE FUNCTION tviews.refuse_write();
TABLE app.tv_item;
SELECT tview, status, message FROM pg_tviews_health_check();
-- Rolled back.
BEGIN;
ALTER TABLE app.item DISABLE TRIGGER ALL;
INSERT INTO app.item VALUES (5, 5);
ROLLBACK;
SELECT tview, status, message FROM pg_tviews_health_check();
SELECT test.compare('app.tv_plain', 'SELECT pk, n FROM app.item');

-- A tview of a role for which the table's owner does not act: what enables the triggers runs nothing of it.
SET ROLE carol;
CREATE TABLE hers.tv_item AS SELECT pk, n FROM app.item;
SET ROLE alice;
ALTER TABLE app.item DISABLE TRIGGER ALL;
INSERT INTO app.item VALUES (6, 6);
ALTER TABLE app.item ENABLE TRIGGER ALL;
SELECT tview, status, message FROM pg_tviews_health_check();
SET ROLE bob;
INSERT INTO app.item VALUES (7, 7);
RESET ROLE;
SELECT test.compare('hers.tv_item', 'SELECT pk, n FROM app.item');
SELECT tview, status, message FROM pg_tviews_health_check();
-- Enabled where nobody watched: the next write compares.
ALTER TABLE app.item DISABLE TRIGGER ALL;
INSERT INTO app.item VALUES (8, 8);
ALTER EVENT TRIGGER pg_tviews_ddl_end DISABLE;
ALTER TABLE app.item ENABLE ALWAYS TRIGGER "00_pg_tviews_insert", ENABLE ALWAYS TRIGGER "00_pg_tviews_update",
  ENABLE ALWAYS TRIGGER "00_pg_tviews_delete", ENABLE ALWAYS TRIGGER "00_pg_tviews_truncate";
ALTER EVENT TRIGGER pg_tviews_ddl_end ENABLE ALWAYS;
SELECT tview, status, message FROM pg_tviews_health_check();
INSERT INTO app.item VALUES (9, 9);
SELECT test.compare('app.tv_plain', 'SELECT pk, n FROM app.item');
SELECT tview, status, message FROM pg_tviews_health_check();
-- Partitions.
SET ROLE alice;
CREATE TABLE app.event (pk integer, n integer) PARTITION BY LIST (n);
CREATE TABLE app.event_1 PARTITION OF app.event FOR VALUES IN (1);
CREATE TABLE app.tv_event AS SELECT n, count(*) AS events FROM app.event GROUP BY n;
ALTER TABLE app.event_1 DISABLE TRIGGER "00_pg_tviews_insert";
INSERT INTO app.event_1 VALUES (1, 1);
ALTER TABLE app.event_1 ENABLE ALWAYS TRIGGER "00_pg_tviews_insert";
TABLE app.tv_event;
RESET ROLE;
DROP OWNED BY alice, bob, carol CASCADE;
DROP ROLE alice, bob, carol;
