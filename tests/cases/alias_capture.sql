Aliases that repeat in subqueries, hide each other, and are names of tables and columns: nothing is captured.
--- schema
CREATE TABLE a (pk integer PRIMARY KEY, b integer, c integer, a integer);
CREATE TABLE b (pk integer PRIMARY KEY, a integer, b integer, c text);
--- data
INSERT INTO a VALUES (1, 1, 1, 1), (2, 1, NULL, 2), (3, 2, 1, 9);
INSERT INTO b VALUES (1, 1, 1, 'x'), (2, 2, 1, 'y'), (3, 1, 2, 'z');
--- tview tv_a
SELECT b.pk, b.a, jsonb_build_object(
         'same', (SELECT jsonb_agg(a.c ORDER BY a.pk) FROM b a WHERE a.a = b.pk AND a.b = b.b),
         'deep', (SELECT jsonb_agg((SELECT count(*) FROM a c WHERE c.b = a.pk AND c.a > b.a) ORDER BY a.pk)
                    FROM b a WHERE a.b = b.c),
         'hidden', (SELECT jsonb_agg(x.pk ORDER BY x.pk) FROM (SELECT b.pk, b.a FROM b b WHERE b.c <> 'q') x WHERE x.a = b.a),
         'column', (SELECT jsonb_agg(a ORDER BY a, q.pk) FROM b AS q WHERE b.b = a)) AS data
  FROM a b
--- tview tv_columns
SELECT a.a, a.pk, (SELECT max(x.b) FROM (SELECT a.b, a.a AS y FROM b AS a) AS x WHERE y = a.a) AS renamed, (SELECT sum(b.b) FROM b WHERE b.a = a.a) AS outer_too FROM a
--- step
UPDATE b SET a = 3, c = 'changed' WHERE pk = 1
--- step
UPDATE a SET a = a + 1
--- step
UPDATE a SET b = 2, c = 2 WHERE pk = 1
--- step
INSERT INTO b VALUES (4, 3, 3, NULL), (5, 10, 10, 'q')
--- step
UPDATE b SET b = a
--- step
DELETE FROM b WHERE a = 3
