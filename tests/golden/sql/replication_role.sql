-- Sessions that apply changes with session_replication_role = replica don't fire ordinary triggers; what then holds.
CREATE EXTENSION pg_tviews;
CREATE TABLE item (pk integer PRIMARY KEY, name text);
CREATE TABLE tv_item AS SELECT pk, jsonb_build_object('name', name) AS data FROM item;
INSERT INTO item VALUES (1, 'one');
SET session_replication_role = replica;
INSERT INTO item VALUES (2, 'two');
UPDATE item SET name = 'uno' WHERE pk = 1;
RESET session_replication_role;
SELECT test.compare('tv_item', $$SELECT pk, jsonb_build_object('name', name) FROM item$$);
SET session_replication_role = local;
INSERT INTO item VALUES (3, 'three');
RESET session_replication_role;
SELECT test.compare('tv_item', $$SELECT pk, jsonb_build_object('name', name) FROM item$$);
-- DDL in such a session.
SET session_replication_role = replica;
CREATE TABLE tv_more AS SELECT pk, name FROM item;
CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE OR REPLACE TRIGGER "00_pg_tviews_insert" AFTER INSERT ON item FOR EACH STATEMENT EXECUTE FUNCTION noop();
BEGIN; DROP TRIGGER "00_pg_tviews_insert" ON item; ROLLBACK;
ALTER TABLE tv_item ADD COLUMN more integer;
INSERT INTO item VALUES (4, 'four');
RESET session_replication_role;
TABLE tv_more ORDER BY 1;
SET session_replication_role = replica;
DROP TABLE item CASCADE;
RESET session_replication_role;
SELECT name FROM tviews.views;
SELECT to_regclass('tv_item') AS item, to_regclass('tv_more') AS more;
