-- A MERGE whose UPDATE moves rows to other partitions, with every subset of the other actions.
CREATE EXTENSION pg_tviews;
CREATE TABLE part (id integer, k integer, v text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE part1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part2 PARTITION OF part FOR VALUES IN (2, 3) PARTITION BY LIST (k);
CREATE TABLE part2a PARTITION OF part2 FOR VALUES IN (2);
CREATE TABLE part2b PARTITION OF part2 FOR VALUES IN (3);
INSERT INTO part VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c'), (4, 3, 'd');
CREATE TABLE tv_row AS SELECT id, k, v FROM part;
CREATE TABLE tv_part AS SELECT k, count(*) AS n, jsonb_agg(v ORDER BY id) AS v FROM part GROUP BY k;
CREATE TABLE tv_below AS SELECT id, v FROM part2;
CREATE FUNCTION check_all() RETURNS TABLE (tview text, result text) LANGUAGE sql AS $$
  SELECT 'tv_row', test.compare('tv_row', 'SELECT id, k, v FROM part')
  UNION ALL SELECT 'tv_part', test.compare('tv_part', 'SELECT k, count(*), jsonb_agg(v ORDER BY id) FROM part GROUP BY k')
  UNION ALL SELECT 'tv_below', test.compare('tv_below', 'SELECT id, v FROM part2') $$;
-- The command that loads the library.
\c
MERGE INTO part USING (VALUES (1)) s (id) ON s.id = part.id WHEN MATCHED THEN UPDATE SET k = 2;
SELECT * FROM check_all();
-- And those after it.
MERGE INTO part USING (VALUES (2)) s (id) ON s.id = part.id WHEN MATCHED THEN UPDATE SET k = 3, v = 'B';
SELECT * FROM check_all();
MERGE INTO part USING (VALUES (1), (9)) s (id) ON s.id = part.id WHEN MATCHED THEN UPDATE SET k = 1 WHEN NOT MATCHED THEN INSERT VALUES (s.id, 1, 'new');
SELECT * FROM check_all();
MERGE INTO part USING (VALUES (1), (9)) s (id) ON s.id = part.id WHEN MATCHED AND s.id = 9 THEN DELETE WHEN MATCHED THEN UPDATE SET k = 3;
SELECT * FROM check_all();
MERGE INTO part USING (VALUES (1), (2), (8)) s (id) ON s.id = part.id WHEN MATCHED AND s.id = 2 THEN DELETE WHEN MATCHED THEN UPDATE SET k = 1 WHEN NOT MATCHED THEN INSERT VALUES (s.id, 2, 'more');
SELECT * FROM check_all();
-- Rows that move beside rows that stay.
MERGE INTO part USING (VALUES (1, 2), (3, 2), (4, 1)) s (id, k) ON s.id = part.id WHEN MATCHED THEN UPDATE SET k = s.k, v = upper(v);
SELECT * FROM check_all();
-- A partition that has partitions itself, named by the command.
MERGE INTO part2 USING (VALUES (1)) s (id) ON s.id = part2.id WHEN MATCHED THEN UPDATE SET k = 3;
SELECT * FROM check_all();
-- In a function, in a backend that has not loaded the library; the same without rows that move.
CREATE FUNCTION moves(which integer, target integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN MERGE INTO part USING (VALUES (which)) s (id) ON s.id = part.id WHEN MATCHED THEN UPDATE SET k = target; END $$;
\c
SELECT moves(1, 1);
SELECT * FROM check_all();
\c
BEGIN; SELECT moves(1, 1); SELECT moves(1, 2); SELECT moves(1, 3); COMMIT;
SELECT * FROM check_all();
\c
SET track_counts = off;
SELECT moves(1, 1);
SELECT * FROM check_all();
-- Triggers of others fire as without us.
CREATE FUNCTION tells() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '% % %', tg_name, tg_when, tg_op; RETURN NULL; END $$;
CREATE TRIGGER before_i BEFORE INSERT ON part FOR EACH STATEMENT EXECUTE FUNCTION tells();
CREATE TRIGGER before_d BEFORE DELETE ON part FOR EACH STATEMENT EXECUTE FUNCTION tells();
CREATE TRIGGER after_i AFTER INSERT ON part REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION tells();
CREATE TRIGGER after_d AFTER DELETE ON part REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION tells();
CREATE TRIGGER after_u AFTER UPDATE ON part FOR EACH STATEMENT EXECUTE FUNCTION tells();
MERGE INTO part USING (VALUES (1)) s (id) ON s.id = part.id WHEN MATCHED THEN UPDATE SET k = 2;
MERGE INTO part USING (VALUES (1)) s (id) ON s.id = part.id WHEN MATCHED THEN UPDATE SET k = 3 WHEN NOT MATCHED THEN INSERT VALUES (7, 1, 'x');
SELECT * FROM check_all();
DROP TABLE part CASCADE;
-- One that was to move, and that a trigger of its new partition does not let in.
CREATE TABLE gate (id integer, k integer, v text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE gate1 PARTITION OF gate FOR VALUES IN (1); CREATE TABLE gate2 PARTITION OF gate FOR VALUES IN (2);
CREATE FUNCTION closed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN NEW.v <> 'skip' THEN NEW END; END $$;
CREATE TRIGGER closed BEFORE INSERT ON gate2 FOR EACH ROW EXECUTE FUNCTION closed();
INSERT INTO gate SELECT n, 1, CASE WHEN n % 2 = 0 THEN 'skip' ELSE 'go' END FROM generate_series(1, 8) AS n;
CREATE TABLE tv_gate AS SELECT id, k, v FROM gate;
CREATE TABLE tv_gates AS SELECT k, count(*) AS n, jsonb_agg(v ORDER BY id) AS v FROM gate GROUP BY k;
UPDATE gate SET k = 2 WHERE id = 2;
SELECT test.compare('tv_gate', 'SELECT id, k, v FROM gate'), test.compare('tv_gates', 'SELECT k, count(*), jsonb_agg(v ORDER BY id) FROM gate GROUP BY k');
UPDATE gate SET k = 2, v = v WHERE id IN (1, 3, 4, 5);
SELECT test.compare('tv_gate', 'SELECT id, k, v FROM gate'), test.compare('tv_gates', 'SELECT k, count(*), jsonb_agg(v ORDER BY id) FROM gate GROUP BY k');
MERGE INTO gate USING (VALUES (6), (7)) s (id) ON s.id = gate.id WHEN MATCHED THEN UPDATE SET k = 2;
SELECT test.compare('tv_gate', 'SELECT id, k, v FROM gate'), test.compare('tv_gates', 'SELECT k, count(*), jsonb_agg(v ORDER BY id) FROM gate GROUP BY k');
-- One that inserts a row and then updates another one.
CREATE TABLE ranged (id integer PRIMARY KEY, ten integer, prio text DEFAULT 'low') PARTITION BY RANGE (id); CREATE TABLE ranged0 PARTITION OF ranged DEFAULT;
INSERT INTO ranged VALUES (5, 1);
CREATE TABLE tv_ten AS SELECT ten, count(*) AS n, jsonb_agg(prio ORDER BY id) AS prios FROM ranged GROUP BY ten;
SET enable_hashjoin = off; SET enable_mergejoin = off;
MERGE INTO ranged USING (VALUES (4), (5)) x (g) ON ranged.id = x.g WHEN MATCHED THEN UPDATE SET ten = 2 WHEN NOT MATCHED THEN INSERT (id, ten) VALUES (x.g, 1);
SELECT test.compare('tv_ten', 'SELECT ten, count(*), jsonb_agg(prio ORDER BY id) FROM ranged GROUP BY ten');
-- Triggers of several events fire for those that the command has.
CREATE TRIGGER several AFTER INSERT OR UPDATE OR DELETE ON ranged FOR EACH STATEMENT EXECUTE FUNCTION tells();
CREATE TRIGGER before_several BEFORE INSERT OR UPDATE OR DELETE ON ranged FOR EACH STATEMENT EXECUTE FUNCTION tells();
MERGE INTO ranged USING (VALUES (4), (6)) x (g) ON ranged.id = x.g WHEN MATCHED THEN UPDATE SET ten = 3 WHEN NOT MATCHED THEN INSERT (id, ten) VALUES (x.g, 1);
MERGE INTO ranged USING (VALUES (4)) x (g) ON ranged.id = x.g WHEN MATCHED THEN UPDATE SET ten = 4;
SELECT test.compare('tv_ten', 'SELECT ten, count(*), jsonb_agg(prio ORDER BY id) FROM ranged GROUP BY ten');
