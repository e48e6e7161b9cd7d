A list and the numbers beside it, for a good part of all documents at once: they are computed together.
--- schema
CREATE TABLE product (pk integer PRIMARY KEY, name text);
CREATE TABLE review (pk integer PRIMARY KEY, fk_product integer NOT NULL, stars integer NOT NULL);
--- data
INSERT INTO product SELECT i, 'p' || i FROM generate_series(1, 400) i;
INSERT INTO review SELECT i, 1 + i % 350, i % 5 FROM generate_series(1, 600) i;
--- tview tv_product
SELECT p.pk, jsonb_build_object('name', p.name,
         'count', (SELECT count(*) FROM review r WHERE r.fk_product = p.pk),
         'average', (SELECT round(avg(r.stars), 2) FROM review r WHERE r.fk_product = p.pk),
         'latest', (SELECT jsonb_agg(x.stars ORDER BY x.pk) FROM
           (SELECT r.pk, r.stars FROM review r WHERE r.fk_product = p.pk ORDER BY r.pk DESC LIMIT 2) x)) AS data
  FROM product p
--- step
INSERT INTO review SELECT i, 1 + i % 300, i % 5 FROM generate_series(1001, 2000) i
--- step
INSERT INTO review SELECT i, 1 + i % 100, i % 5 FROM generate_series(3001, 3100) i
--- step
UPDATE review SET stars = stars + 1
--- step
DELETE FROM review WHERE fk_product < 280
--- step
DELETE FROM review WHERE fk_product = 290
