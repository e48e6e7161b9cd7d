A virtual column whose expression is not strict, in a condition between tables that are optional together.

--- version 18
--- schema
CREATE TABLE a (pk integer PRIMARY KEY, f integer);
--- schema
CREATE TABLE b (pk integer PRIMARY KEY, f integer, h integer);
--- schema
ALTER TABLE b ADD COLUMN g integer GENERATED ALWAYS AS (coalesce(f, 0) * 2) VIRTUAL;
--- data
INSERT INTO b VALUES (1, 1, 5), (7, 2, 6);
--- tview tv_a
SELECT q.h FROM a LEFT JOIN (b AS q JOIN b AS p ON q.g < p.pk) ON a.f = p.f;
--- step
INSERT INTO a VALUES (1, 2);
--- step
UPDATE b SET f = 3 WHERE pk = 7;
--- step
UPDATE a SET f = 3;
--- step
DELETE FROM b;
