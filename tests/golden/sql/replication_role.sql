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
