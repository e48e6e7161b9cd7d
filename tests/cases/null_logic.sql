Three-valued logic: NOT IN over NULLs, IS NOT DISTINCT FROM, filters that are unknown.
--- schema
CREATE TABLE a (pk integer PRIMARY KEY, x integer, y integer);
CREATE TABLE b (pk integer PRIMARY KEY, fk integer, x integer);
--- data
INSERT INTO a VALUES (1, 1, NULL), (2, NULL, 2), (3, 3, 3), (4, NULL, NULL);
INSERT INTO b VALUES (1, 1, 1), (2, 2, NULL), (3, 3, 4);
--- tview tv_not_in
SELECT a.pk, a.x NOT IN (SELECT b.x FROM b WHERE b.fk = a.pk) AS unknown,
       jsonb_build_object('in', a.x IN (SELECT b.x FROM b WHERE b.fk = a.pk), 'row', (a.x, a.y) = (a.y, a.x)) AS data
  FROM a WHERE a.x NOT IN (SELECT b.x FROM b WHERE b.fk = a.pk) IS NOT FALSE
--- tview tv_distinct
SELECT a.pk, (SELECT jsonb_agg(b.pk ORDER BY b.pk) FROM b WHERE b.x IS NOT DISTINCT FROM a.x) AS same
  FROM a WHERE (a.x = a.y) IS NOT TRUE
--- tview tv_all
SELECT a.pk, NOT EXISTS (SELECT FROM b WHERE b.fk = a.pk AND b.x > 1) AS none,
       EXISTS (SELECT FROM b WHERE b.fk = a.pk AND (b.x > 1) IS UNKNOWN) AS maybe
  FROM a WHERE NOT (a.x = 3) OR a.y IS NOT NULL
--- step
UPDATE b SET x = NULL WHERE pk = 1
--- step
UPDATE b SET x = 1 WHERE pk = 2
--- step
INSERT INTO b VALUES (4, 4, 7), (5, 4, NULL), (6, NULL, NULL)
--- step
UPDATE a SET x = NULL
--- step
UPDATE a SET x = pk, y = CASE WHEN pk > 2 THEN pk END
--- step
UPDATE b SET fk = NULL WHERE x IS NULL
--- step
DELETE FROM b WHERE fk IS NULL
--- step
TRUNCATE b
