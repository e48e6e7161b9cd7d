Recursions that start from a key, up and down a tree: a changed row is followed against the direction of the recursion.
--- schema
CREATE TABLE node (pk integer PRIMARY KEY, parent integer, name text);
CREATE TABLE item (pk integer PRIMARY KEY, fk_node integer, name text);
--- data
INSERT INTO node SELECT i, CASE WHEN i > 1 THEN i / 2 END, 'n' || i FROM generate_series(1, 12) AS i;
INSERT INTO item SELECT i, 1 + i % 12, 'i' || i FROM generate_series(1, 20) AS i;
--- tview tv_path
SELECT n.pk, (WITH RECURSIVE up AS (SELECT n.parent AS above, n.name, 1 AS level
                UNION ALL SELECT a.parent, a.name, level + 1 FROM node a JOIN up ON a.pk = up.above)
              SELECT string_agg(name, '/' ORDER BY level DESC) FROM up) AS path FROM node n
--- tview tv_below
SELECT n.pk, (WITH RECURSIVE down AS (SELECT x.pk FROM node x WHERE x.pk = n.pk
                UNION ALL SELECT b.pk FROM node b JOIN down ON b.parent = down.pk)
              SELECT jsonb_agg(i.name ORDER BY i.pk) FROM down JOIN item i ON i.fk_node = down.pk) AS items FROM node n
--- tview tv_root_passed_on
SELECT n.pk, (WITH RECURSIVE down AS (SELECT n.pk AS root, n.pk
                UNION ALL SELECT down.root, b.pk FROM node b JOIN down ON b.parent = down.pk)
              SELECT jsonb_agg(jsonb_build_array(r.name, down.pk) ORDER BY down.pk) FROM down JOIN node r ON r.pk = down.root) AS below
  FROM node n
--- tview tv_item
SELECT i.pk, (WITH RECURSIVE up AS (SELECT x.pk, x.parent FROM node x WHERE x.pk = i.fk_node
                UNION ALL SELECT a.pk, a.parent FROM node a, up WHERE a.pk = up.parent)
              SELECT jsonb_agg(y.name ORDER BY y.pk) FROM up LEFT JOIN node y ON y.pk = up.pk) AS names FROM item i
--- tview tv_depth
SELECT n.pk, l.depth, l.pk AS below
  FROM node n CROSS JOIN LATERAL (WITH RECURSIVE down AS (SELECT n.pk, 0 AS depth
         UNION ALL SELECT b.pk, depth + 1 FROM node b JOIN down ON b.parent = down.pk WHERE depth < 2)
       SELECT * FROM down) l
--- tview tv_with_items_only
SELECT n.pk, (WITH RECURSIVE down AS (SELECT n.pk
                UNION ALL SELECT b.pk FROM node b JOIN down ON b.parent = down.pk JOIN item i ON i.fk_node = b.pk AND i.name < 'i3')
              SELECT count(*) FROM down) AS count FROM node n
--- step
UPDATE node SET name = 'renamed' WHERE pk = 2
--- step
UPDATE node SET parent = 3 WHERE pk = 4
--- step
UPDATE node SET pk = 40 WHERE pk = 4
--- step
INSERT INTO node VALUES (4, 40, 'back'), (41, 4, 'leaf')
--- step
UPDATE item SET fk_node = 41 WHERE pk IN (1, 2, 3)
--- step
WITH a AS (UPDATE node SET parent = 7 WHERE pk = 40), b AS (DELETE FROM node WHERE pk = 3) UPDATE item SET name = 'i0' WHERE pk < 9
--- begin
--- step
DELETE FROM node WHERE pk IN (2, 7)
--- step
UPDATE node SET parent = 1 WHERE pk = 40
--- rollback
--- step
INSERT INTO node VALUES (3, 1, 'again')
--- step
DELETE FROM item WHERE fk_node = 41
--- step
UPDATE node SET parent = NULL WHERE pk % 2 = 0
--- step
TRUNCATE item
