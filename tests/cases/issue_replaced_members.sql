A member that another one of the same key replaces shows nothing of the rows that it is made of, nor does a group without aggregates: there is nothing to add
where they change, by no statement either.
--- schema
CREATE TABLE product (pk integer PRIMARY KEY, name text);
--- schema
CREATE TABLE review (pk integer PRIMARY KEY, fk_product integer, stars integer);
--- schema
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
--- data
INSERT INTO product VALUES (1, 'one'), (2, 'two');
--- data
INSERT INTO review VALUES (1, 1, 3), (2, 2, 4);
--- tview tv_counted as
SELECT p.pk, jsonb_build_object('a', (SELECT count(*) FROM review r WHERE r.fk_product = p.pk)) || jsonb_build_object('a', p.name) AS data FROM product p
--- tview tv_listed as
SELECT p.pk, jsonb_build_object('a', (SELECT jsonb_agg(jsonb_build_object('id', r.pk, 'stars', r.stars) ORDER BY r.pk) FROM review r WHERE r.fk_product = p.pk)) || jsonb_build_object('a', p.name) AS data FROM product p
--- tview tv_groups as
SELECT r.fk_product FROM review r GROUP BY r.fk_product
--- step
DO $$ DECLARE tview regclass; BEGIN FOR tview IN SELECT oid FROM pg_class WHERE relname IN ('tv_counted', 'tv_listed', 'tv_groups') AND relkind = 'r' LOOP EXECUTE format('CREATE OR REPLACE TRIGGER look AFTER UPDATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION look()', tview); END LOOP; END $$;
--- step
INSERT INTO review VALUES (3, 1, 5)
--- step
UPDATE review SET stars = 1
--- step
UPDATE review SET fk_product = 2 WHERE pk = 1
--- step
DELETE FROM review
--- step
UPDATE product SET name = 'new'
