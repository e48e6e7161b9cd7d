Leaves made of subqueries are computed on their own, and the rest of the row stands: rows that move between documents, come with a new root,
go with it, are written by cascades, and roots whose rows the definition leaves out. One leaf is named through a join that is not there when it is computed
alone, another one's subquery has the root's alias inside.
--- schema
CREATE TABLE category (pk integer PRIMARY KEY, name text);
CREATE TABLE product (code text PRIMARY KEY, pk integer UNIQUE, fk_category integer, name text, hidden boolean NOT NULL DEFAULT false);
CREATE TABLE review (pk integer PRIMARY KEY, code text REFERENCES product ON DELETE CASCADE ON UPDATE CASCADE, stars integer);
CREATE VIEW best AS SELECT r.code, max(r.stars) AS stars FROM review r GROUP BY r.code
--- data
INSERT INTO category VALUES (1, 'a'), (2, 'b');
INSERT INTO product VALUES ('x', 1, 1, 'one', false), ('y', 2, 2, 'two', false), ('z', 3, 1, 'three', true);
INSERT INTO review VALUES (1, 'x', 5), (2, 'x', 1), (3, 'y', 3), (4, 'z', 2)
--- tview tv_product
SELECT p.code, p.name, c.name AS category,
       jsonb_build_object('name', p.name, 'reviews', jsonb_build_object(
         'n', (SELECT count(*) FROM review r WHERE r.code = p.code),
         'latest', (SELECT jsonb_agg(x.stars ORDER BY x.pk DESC)
                      FROM (SELECT r.pk, r.stars FROM review r WHERE r.code = p.code ORDER BY r.pk DESC LIMIT 2) x),
         'best', (SELECT b.stars FROM best b WHERE b.code = p.code))) AS data,
       (SELECT string_agg(p.stars::text, ',' ORDER BY p.pk) FROM review p WHERE p.code = code) AS own
  FROM category c JOIN product p ON p.fk_category = c.pk
 WHERE NOT p.hidden
--- tview tv_using
SELECT code, s.name AS other, (SELECT jsonb_agg(r.stars ORDER BY r.pk) FROM review r WHERE r.code = product.code) AS stars
  FROM product JOIN (SELECT q.code, q.name FROM product q) s USING (code)
--- step
INSERT INTO review VALUES (5, 'y', 4), (6, 'z', 9), (7, NULL, 7)
--- step
UPDATE review SET code = 'y' WHERE pk = 1
--- step
UPDATE review SET stars = stars + 1
--- step
UPDATE product SET hidden = NOT hidden
--- begin
--- step
INSERT INTO product VALUES ('w', 4, 2, 'four')
--- step
INSERT INTO review VALUES (8, 'w', 1), (9, 'x', 1)
--- step
UPDATE category SET name = name || '!'
--- step
SAVEPOINT s
--- step
DELETE FROM review WHERE code = 'w'
--- step
ROLLBACK TO s
--- step
UPDATE product SET code = code || '1', hidden = false
--- step
UPDATE review SET stars = 0 WHERE pk = 9
--- commit
--- step
DELETE FROM product WHERE code = 'y1'
--- step
SET pg_tviews.maintenance = 'statement'
--- step
WITH a AS (UPDATE review SET stars = stars + 1 WHERE pk = 9 RETURNING 1) UPDATE product SET name = name || '?' WHERE code = 'x1'
--- step
TRUNCATE review
