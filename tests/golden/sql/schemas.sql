-- The same names in several schemas are different things.
CREATE EXTENSION pg_tviews;
CREATE SCHEMA red;
CREATE SCHEMA blue;
CREATE TABLE red.item (pk integer PRIMARY KEY, name text);
CREATE TABLE blue.item (pk integer PRIMARY KEY, name text);
SET search_path = red, public;
CREATE TABLE tv_item AS SELECT pk, jsonb_build_object('red', name) AS data FROM item;
SET search_path = blue, public;
SELECT pg_tviews_create('tv_item', $$SELECT pk, jsonb_build_object('blue', name) AS data FROM item$$);
RESET search_path;
INSERT INTO red.item VALUES (1, 'r');
INSERT INTO blue.item VALUES (1, 'b'), (2, 'bb');
TABLE red.tv_item ORDER BY 1;
TABLE blue.tv_item ORDER BY 1;
SET search_path = blue;
SELECT * FROM public.pg_tviews_verify('tv_item');
INSERT INTO red.item VALUES (3, 'rrr');
SELECT public.pg_tviews_drop('tv_item');
RESET search_path;
SELECT schema_name, name FROM tviews.views ORDER BY 1;
UPDATE red.item SET name = 'R';
TABLE red.tv_item ORDER BY 1;
INSERT INTO blue.item VALUES (3, 'bbb');
-- A definition over both.
CREATE TABLE public.tv_both AS
  SELECT r.pk, jsonb_build_object('red', r.name, 'blue', b.name) AS data
    FROM red.item r JOIN blue.item b USING (pk);
UPDATE blue.item SET name = 'B' WHERE pk = 1;
TABLE tv_both ORDER BY 1;
DROP SCHEMA blue CASCADE;
SELECT schema_name, name FROM tviews.views ORDER BY 1;
INSERT INTO red.item VALUES (4, 'still');
SELECT count(*) FROM red.tv_item;
