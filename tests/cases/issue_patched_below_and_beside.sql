A row is patched into a tview, into one that reads it and that has a reader itself: what the lower one brings is not lost.

--- schema
CREATE TABLE category (pk integer PRIMARY KEY, name text);
CREATE TABLE product (pk integer PRIMARY KEY, fk_category integer, more jsonb);
CREATE TABLE review (pk integer PRIMARY KEY, fk_product integer, stars integer);
--- data
INSERT INTO category VALUES (1, 'one');
INSERT INTO product VALUES (4, 1, '{"k": 4}');
INSERT INTO review VALUES (1, 4, 1);
--- tview tv_low
SELECT p.pk, jsonb_build_object('price', p.more || '{"x": 1}') AS data FROM product p
--- tview tv_high
SELECT p.pk, jsonb_build_object('name', c.name, 'low', t.data, 'more', p.more) AS data FROM product p JOIN category c ON c.pk = p.fk_category LEFT JOIN tv_low t ON t.pk = p.pk
--- tview tv_top
SELECT p.pk FROM product p LEFT JOIN tv_high t ON t.pk = p.pk
--- step
WITH a AS (UPDATE product SET more = jsonb_build_object('long', repeat('x', 3000)) WHERE pk = 4 RETURNING 1) UPDATE review SET stars = 3 WHERE pk IN (1, 2, 3)
--- step
UPDATE product SET more = jsonb_build_object('long', repeat('y', 3000))
