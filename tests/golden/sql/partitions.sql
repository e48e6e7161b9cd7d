-- Partitioned tables as sources: every way to change rows, and partitions that come and go.
CREATE EXTENSION pg_tviews;
CREATE TABLE area (pk integer PRIMARY KEY, name text);
CREATE TABLE event (pk integer NOT NULL, region text NOT NULL, fk_area integer REFERENCES area ON DELETE CASCADE, note text,
  PRIMARY KEY (pk, region)) PARTITION BY LIST (region);
CREATE TABLE event_north PARTITION OF event FOR VALUES IN ('n');
-- Another order of columns, and gaps in their numbers.
CREATE TABLE event_south (gone integer, note text, region text NOT NULL, also integer, fk_area integer, pk integer NOT NULL);
ALTER TABLE event_south DROP COLUMN gone, DROP COLUMN also;
ALTER TABLE event ATTACH PARTITION event_south FOR VALUES IN ('s');
CREATE TABLE event_rest PARTITION OF event DEFAULT PARTITION BY HASH (pk);
CREATE TABLE event_rest_0 PARTITION OF event_rest FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE event_rest_1 (fk_area integer, pk integer NOT NULL, region text NOT NULL, note text);
ALTER TABLE event_rest ATTACH PARTITION event_rest_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE INDEX ON event (fk_area);
INSERT INTO area VALUES (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO event SELECT n, (ARRAY['n', 's', 'e', 'w'])[n % 4 + 1], n % 3 + 1, 'note ' || n FROM generate_series(1, 8) AS n;
CREATE TABLE tv_event AS
SELECT e.pk, e.region, jsonb_build_object('area', a.name, 'note', e.note) AS data FROM event e LEFT JOIN area a ON a.pk = e.fk_area;
CREATE TABLE tv_area AS
SELECT a.pk, a.name, (SELECT jsonb_agg(e.note ORDER BY e.pk, e.region) FROM event e WHERE e.fk_area = a.pk) AS notes FROM area a;
-- A partition, a partition with partitions, and both beside the parent.
CREATE TABLE tv_south AS SELECT s.pk, s.region, s.note FROM event_south s;
CREATE TABLE tv_rest AS SELECT r.pk, r.region, to_jsonb(r) AS data FROM event_rest r;
CREATE TABLE tv_both AS
SELECT e.pk, e.region, (SELECT count(*) FROM event_south s WHERE s.fk_area = e.fk_area) AS in_south FROM event e;
CREATE FUNCTION check_all() RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(name || ': ' || v::text, E'\n'), 'exact')
    FROM tviews.views, LATERAL pg_tviews_verify(name) AS v $$;
SELECT check_all();
SELECT c.relname, count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE tgname LIKE '00_pg_tviews_%' AND tgname NOT LIKE '%guard' AND tgenabled = 'A' GROUP BY 1 ORDER BY 1;
SELECT source, tview, members, relatives FROM tviews.source ORDER BY source::text, tview::text;
-- Through the parent.
INSERT INTO event VALUES (9, 'n', 1, 'new'), (9, 's', 2, 'new'), (9, 'e', 3, 'new'), (10, 'w', 1, 'new');
SELECT check_all();
UPDATE event SET note = note || '!' WHERE pk >= 7;
SELECT check_all();
DELETE FROM event WHERE pk = 10;
SELECT check_all();
-- Through partitions.
INSERT INTO event_north VALUES (11, 'n', 2, 'direct');
INSERT INTO event_south (pk, region, fk_area, note) VALUES (11, 's', 2, 'direct');
INSERT INTO event_rest VALUES (11, 'e', 2, 'direct'), (12, 'w', 3, 'direct');
SELECT check_all();
SELECT tableoid::regclass, pk FROM event WHERE region = 'w' ORDER BY pk;
UPDATE event_rest_0 SET note = 'zero', fk_area = 1;
UPDATE event_rest_1 SET note = 'one', fk_area = 2;
UPDATE event_south SET fk_area = 3, note = lower(note) WHERE pk > 8;
SELECT check_all();
DELETE FROM event_rest_1 WHERE region = 'w';
SELECT check_all();
-- Rows that move, through the parent and through a partition with partitions.
UPDATE event SET region = 's' WHERE region = 'n' AND pk = 8 OR region = 'e' AND pk < 9;
UPDATE event SET region = 'w', pk = pk + 100 WHERE region = 's' AND pk IN (1, 5);
UPDATE event_rest SET pk = pk + 1;
SELECT check_all();
TABLE tv_south ORDER BY 1;
-- MERGE, ON CONFLICT, COPY.
MERGE INTO event e USING (VALUES (9, 'n'), (9, 's'), (20, 'n'), (21, 'e')) AS v (pk, region) ON e.pk = v.pk AND e.region = v.region
 WHEN MATCHED AND e.region = 'n' THEN UPDATE SET region = 'w', note = 'merged'
 WHEN MATCHED THEN DELETE
 WHEN NOT MATCHED THEN INSERT VALUES (v.pk, v.region, 1, 'merged');
SELECT check_all();
INSERT INTO event VALUES (20, 'n', 2, 'x'), (22, 's', 2, 'x') ON CONFLICT (pk, region) DO UPDATE SET note = excluded.note, fk_area = 3;
INSERT INTO event_south (pk, region, note) VALUES (22, 's', 'again') ON CONFLICT (pk, region) DO UPDATE SET note = excluded.note;
SELECT check_all();
COPY event FROM stdin;
30	n	1	copied
31	s	2	copied
32	e	3	copied
\.
COPY event_south (pk, region, fk_area, note) FROM stdin;
33	s	2	copied
\.
SELECT check_all();
-- Cascades, one statement over several partitions, transactions.
DELETE FROM area WHERE pk = 2;
SELECT check_all();
WITH d AS (DELETE FROM event_north RETURNING *), i AS (INSERT INTO event SELECT pk, 's', fk_area, note FROM d ON CONFLICT DO NOTHING)
UPDATE area SET name = upper(name);
SELECT check_all();
BEGIN; SAVEPOINT s; UPDATE event SET region = 'n'; SELECT check_all(); ROLLBACK TO s; SELECT check_all(); COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ; UPDATE event SET note = 'rr'; SELECT check_all(); COMMIT;
-- TRUNCATE of a partition, and of all.
BEGIN; TRUNCATE event_south; SELECT check_all(); SELECT count(*) FROM tv_south; ROLLBACK;
BEGIN; TRUNCATE event_rest; SELECT check_all(); ROLLBACK;
BEGIN; TRUNCATE event; SELECT check_all(); INSERT INTO event VALUES (1, 's', 1, 'after'); TRUNCATE event; SELECT check_all();
SELECT count(*) FROM tv_event; ROLLBACK;
SELECT check_all();
-- It fires a trigger on each partition; the tview is compared with its query once.
SELECT pg_stat_force_next_flush();
SELECT seq_scan + idx_scan AS scans FROM pg_stat_user_tables WHERE relname = 'tv_event' \gset
SET pg_tviews.maintenance = 'statement';
TRUNCATE event;
RESET pg_tviews.maintenance;
SELECT pg_stat_force_next_flush();
SELECT seq_scan + idx_scan - :scans < 4 AS once FROM pg_stat_user_tables WHERE relname = 'tv_event';
INSERT INTO event SELECT n, (ARRAY['n', 's', 'e', 'w'])[n % 4 + 1], n % 3 + 1, 'note ' || n FROM generate_series(1, 8) AS n WHERE n % 3 <> 1;
-- Partitions come and go.
CREATE TABLE event_east PARTITION OF event FOR VALUES IN ('east');
INSERT INTO event_east VALUES (40, 'east', 1, 'new partition');
CREATE TABLE event_west (pk integer NOT NULL, note text, fk_area integer, region text NOT NULL);
INSERT INTO event_west VALUES (41, 'comes with rows', 1, 'west');
ALTER TABLE event ATTACH PARTITION event_west FOR VALUES IN ('west');
SELECT check_all();
UPDATE event_west SET note = 'changed';
SELECT check_all();
SELECT members FROM tviews.source WHERE source = 'event'::regclass AND tview = 'tv_event'::regclass;
ALTER TABLE event DETACH PARTITION event_west CONCURRENTLY;
ALTER TABLE event DETACH PARTITION event_west;
SELECT check_all();
SELECT count(*) AS triggers_left FROM pg_trigger WHERE tgrelid = 'event_west'::regclass AND NOT tgisinternal;
DROP TABLE event_east;
SELECT check_all();
ALTER TABLE event_rest DETACH PARTITION event_rest_1;
SELECT check_all();
UPDATE event_rest_1 SET note = 'apart';
SELECT check_all();
ALTER TABLE event_rest ATTACH PARTITION event_rest_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
SELECT check_all();
CREATE SCHEMA more CREATE TABLE event_up PARTITION OF public.event FOR VALUES IN ('up');
INSERT INTO more.event_up VALUES (51, 'up', 1, 'in another schema');
SELECT check_all();
DROP SCHEMA more CASCADE;
SELECT check_all();
-- A source that becomes a partition: statements on its new parent count from then on.
CREATE TABLE alone (pk integer PRIMARY KEY, note text);
INSERT INTO alone VALUES (1, 'alone');
CREATE TABLE tv_alone AS SELECT pk, note FROM alone;
CREATE TABLE roof (note text, pk integer) PARTITION BY RANGE (pk);
ALTER TABLE roof ATTACH PARTITION alone FOR VALUES FROM (0) TO (100);
INSERT INTO roof VALUES ('through the roof', 2);
UPDATE roof SET note = upper(note);
TABLE tv_alone ORDER BY 1;
ALTER TABLE roof DETACH PARTITION alone;
SELECT count(*) AS triggers_left FROM pg_trigger WHERE tgrelid = 'roof'::regclass;
-- DDL on the parent and on partitions.
ALTER TABLE event ADD COLUMN extra text DEFAULT 'x';
SELECT check_all();
UPDATE event_rest_0 SET note = 'after the new column';
UPDATE event SET extra = 'y' WHERE region = 's';
SELECT check_all();
ALTER TABLE event DROP COLUMN extra;
SELECT check_all();
ALTER TABLE event_south DISABLE TRIGGER ALL;
UPDATE event_south SET note = 'unseen';
ALTER TABLE event_south ENABLE TRIGGER ALL;
SELECT check_all();
BEGIN; DROP TRIGGER "00_pg_tviews_update" ON event_north; ROLLBACK;
ALTER TRIGGER "00_pg_tviews_update" ON event_north RENAME TO mine;
ALTER TABLE event DROP CONSTRAINT event_pkey;
DROP TABLE event_south;
-- Foreign tables change without triggers.
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE TABLE visit (fk_area integer) PARTITION BY RANGE (fk_area);
CREATE INDEX ON visit (fk_area);
CREATE TABLE tv_visits AS SELECT a.pk, (SELECT count(*) FROM visit v WHERE v.fk_area = a.pk) AS visits FROM area a;
CREATE FOREIGN TABLE visit_far PARTITION OF visit FOR VALUES FROM (0) TO (1) SERVER nowhere;
CREATE FOREIGN TABLE visit_far (fk_area integer) SERVER nowhere;
ALTER TABLE visit ATTACH PARTITION visit_far FOR VALUES FROM (0) TO (1);
DROP TABLE tv_visits;
ALTER TABLE visit ATTACH PARTITION visit_far FOR VALUES FROM (0) TO (1);
CREATE TABLE tv_visits AS SELECT a.pk, (SELECT count(*) FROM visit v WHERE v.fk_area = a.pk) AS visits FROM area a;
-- Detaching concurrently is all right where no tview looks.
CREATE TABLE visit_near PARTITION OF visit FOR VALUES FROM (1) TO (10);
ALTER TABLE visit DETACH PARTITION visit_near CONCURRENTLY;
CREATE TABLE tv_near AS SELECT a.pk, (SELECT count(*) FROM visit_near v WHERE v.fk_area = a.pk) AS visits FROM area a;
ALTER TABLE visit DETACH PARTITION visit_far;
ALTER TABLE visit ATTACH PARTITION visit_near FOR VALUES FROM (1) TO (10);
INSERT INTO visit VALUES (1), (1), (3);
SELECT check_all();
ALTER TABLE visit DETACH PARTITION visit_near CONCURRENTLY;
UPDATE visit_near SET fk_area = 3;
SELECT check_all();
SELECT count(*) AS triggers_left FROM pg_trigger WHERE tgrelid = 'visit'::regclass;
-- Privileges: triggers go on every partition.
CREATE ROLE maker;
CREATE SCHEMA made AUTHORIZATION maker;
GRANT SELECT ON event, event_rest TO maker;
GRANT TRIGGER ON event TO maker;
SET pg_tviews.source_privilege = 'trigger';
SET ROLE maker;
CREATE TABLE made.tv_event AS SELECT pk, region FROM event;
RESET ROLE;
RESET pg_tviews.source_privilege;
DROP SCHEMA made; DROP OWNED BY maker; DROP ROLE maker;
-- The last tview takes all triggers along.
DROP TABLE tv_event, tv_area, tv_both, tv_south, tv_rest, tv_alone, tv_near;
SELECT count(*) AS triggers_left FROM pg_trigger WHERE tgname LIKE '00_pg_tviews_%';
