One statement or transaction touches a row again and again: by triggers, ON CONFLICT, upserts of the same key.
--- schema
CREATE TABLE item (pk integer PRIMARY KEY, fk_parent integer, n integer DEFAULT 0, name text);
CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN UPDATE item SET n = n + 1 WHERE pk = NEW.fk_parent; RETURN NULL; END $$;
CREATE TRIGGER bump AFTER INSERT OR UPDATE OF name ON item FOR EACH ROW EXECUTE FUNCTION bump();
--- data
INSERT INTO item VALUES (1, NULL, 0, 'root'), (2, 1, 0, 'child'), (3, 2, 0, 'leaf');
--- tview tv_item
SELECT i.pk, jsonb_build_object('n', i.n, 'parent', p.n, 'grand', g.name,
         'below', (SELECT coalesce(sum(c.n), 0) FROM item c WHERE c.fk_parent = i.pk)) AS data
  FROM item i LEFT JOIN item p ON p.pk = i.fk_parent LEFT JOIN item g ON g.pk = p.fk_parent
--- step
UPDATE item SET name = name || '1'
--- step
INSERT INTO item VALUES (4, 3, 0, 'x'), (5, 3, 0, 'y'), (6, 5, 0, 'z')
--- step
INSERT INTO item VALUES (4, 1, 9, 'up') ON CONFLICT (pk) DO UPDATE SET fk_parent = EXCLUDED.fk_parent, name = EXCLUDED.name
--- step
UPDATE item SET fk_parent = pk WHERE pk = 1
--- step
UPDATE item SET name = 'self' WHERE pk = 1
--- begin
--- step
UPDATE item SET n = 1
--- step
UPDATE item SET n = 2
--- step
DELETE FROM item WHERE pk = 2
--- step
INSERT INTO item VALUES (2, 1, 5, 'back')
--- step
UPDATE item SET fk_parent = 2 WHERE pk = 3
--- commit
--- step
DELETE FROM item
