Keys that change, swap, disappear and come back, in one statement too.
--- schema
CREATE TABLE head (a integer, b text, name text, PRIMARY KEY (a, b) DEFERRABLE);
CREATE TABLE part (pk integer PRIMARY KEY DEFERRABLE, fk_a integer, fk_b text, n integer);
--- data
INSERT INTO head VALUES (1, 'x', 'one'), (2, 'x', 'two'), (3, 'y', 'three');
INSERT INTO part VALUES (1, 1, 'x', 10), (2, 2, 'x', 20), (3, 3, 'y', 30), (4, 1, 'x', 40);
--- tview tv_head
SELECT h.b, h.a, jsonb_build_object('name', h.name,
         'parts', (SELECT jsonb_agg(p.n ORDER BY p.pk) FROM part p WHERE (p.fk_a, p.fk_b) = (h.a, h.b))) AS data
  FROM head h
--- tview tv_part
SELECT p.pk, p.n, to_jsonb(h) AS head FROM part p LEFT JOIN head h ON h.a = p.fk_a AND h.b = p.fk_b
--- step
UPDATE head SET a = 3 - a WHERE a < 3
--- step
UPDATE part SET pk = pk % 4 + 1
--- step
UPDATE head SET b = CASE b WHEN 'x' THEN 'y' ELSE 'x' END
--- step
UPDATE part SET fk_b = CASE fk_b WHEN 'x' THEN 'y' ELSE 'x' END, fk_a = fk_a % 3 + 1
--- step
WITH gone AS (DELETE FROM head WHERE a = 1 RETURNING *) INSERT INTO head SELECT a + 10, b, name FROM gone
--- step
WITH gone AS (DELETE FROM part WHERE n = 10 RETURNING *), more AS (INSERT INTO head VALUES (20, 'q', 'new') RETURNING a, b)
INSERT INTO part SELECT 100, more.a, more.b, gone.n FROM gone, more
--- begin
--- step
DELETE FROM head
--- step
INSERT INTO head VALUES (1, 'x', 'again')
--- step
UPDATE part SET fk_a = 1, fk_b = 'x'
--- commit
--- begin
--- step
SET CONSTRAINTS ALL DEFERRED
--- step
INSERT INTO head VALUES (1, 'x', 'twice for a while')
--- step
UPDATE head SET a = 2 WHERE name = 'again'
--- commit
--- begin
--- step
SET CONSTRAINTS ALL DEFERRED
--- step
INSERT INTO part SELECT pk + 1, fk_a, fk_b, n FROM part
--- step
DELETE FROM part
--- commit
