-- Sources with triggers that change rows again, and with rules.
CREATE EXTENSION pg_tviews;
CREATE TABLE item (pk integer PRIMARY KEY, name text, slug text, touched integer NOT NULL DEFAULT 0);
CREATE TABLE note (pk integer PRIMARY KEY, fk_item integer, text text);
CREATE TABLE log (pk integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, fk_item integer, what text);
CREATE FUNCTION before_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.name = 'keep' THEN RETURN NULL; END IF;
    RETURN OLD;
  END IF;
  NEW.slug := lower(NEW.name);
  RETURN NEW;
END $$;
CREATE FUNCTION after_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO log (fk_item, what) VALUES (coalesce(NEW.pk, OLD.pk), TG_OP);
  IF TG_OP = 'UPDATE' AND NEW.touched = OLD.touched THEN
    UPDATE item SET touched = touched + 1 WHERE pk = NEW.pk;
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION after_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE item SET name = name || '*' WHERE pk IN (SELECT fk_item FROM new_rows);
  RETURN NULL;
END $$;
CREATE TRIGGER before_item BEFORE INSERT OR UPDATE OR DELETE ON item FOR EACH ROW EXECUTE FUNCTION before_item();
CREATE TRIGGER after_item AFTER INSERT OR UPDATE OR DELETE ON item FOR EACH ROW EXECUTE FUNCTION after_item();
CREATE TRIGGER a_note AFTER INSERT ON note REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION after_note();
CREATE VIEW v_item AS
  SELECT i.pk, jsonb_build_object(
           'slug', i.slug, 'touched', i.touched,
           'notes', (SELECT jsonb_agg(n.text ORDER BY n.pk) FROM note n WHERE n.fk_item = i.pk),
           'log', (SELECT count(*) FROM log l WHERE l.fk_item = i.pk)) AS data
    FROM item i;
CREATE TABLE tv_item AS TABLE v_item;
INSERT INTO item (pk, name) VALUES (1, 'One'), (2, 'keep');
TABLE tv_item ORDER BY 1;
-- The column list names only "name", the trigger changes "slug".
UPDATE item SET name = 'UNO' WHERE pk = 1;
TABLE tv_item ORDER BY 1;
INSERT INTO note VALUES (1, 1, 'a'), (2, 2, 'b');
TABLE tv_item ORDER BY 1;
SELECT test.compare('tv_item', 'TABLE v_item');
INSERT INTO item (pk, name) VALUES (9, 'keep');
DELETE FROM item;
TABLE tv_item ORDER BY 1;
SELECT test.compare('tv_item', 'TABLE v_item');
-- A trigger made after the tview, and one that sorts before every other.
CREATE TRIGGER "  first" BEFORE UPDATE ON item FOR EACH ROW EXECUTE FUNCTION before_item();
CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.slug := NEW.slug || '!'; RETURN NEW; END $$;
CREATE TRIGGER zzz BEFORE INSERT OR UPDATE ON item FOR EACH ROW EXECUTE FUNCTION shout();
UPDATE item SET touched = 100;
TABLE tv_item ORDER BY 1;
SELECT test.compare('tv_item', 'TABLE v_item');
-- Deferred constraint triggers write at commit.
CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO note VALUES ((SELECT max(pk) + 1 FROM note), NEW.pk, 'at commit');
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON item DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION at_commit();
BEGIN;
INSERT INTO item (pk, name) VALUES (3, 'Three');
SELECT test.compare('tv_item', 'TABLE v_item');
COMMIT;
TABLE tv_item ORDER BY 1;
SELECT test.compare('tv_item', 'TABLE v_item');
-- Rules: a write becomes another, or one more.
CREATE TABLE inbox (pk integer, name text);
CREATE RULE inbox_insert AS ON INSERT TO inbox DO INSTEAD INSERT INTO item (pk, name) VALUES (NEW.pk, NEW.name);
INSERT INTO inbox VALUES (4, 'Four'), (5, 'Five');
SELECT test.compare('tv_item', 'TABLE v_item');
CREATE RULE note_delete AS ON DELETE TO note DO ALSO UPDATE item SET touched = -1 WHERE pk = OLD.fk_item;
DELETE FROM note WHERE pk = 2;
SELECT test.compare('tv_item', 'TABLE v_item');
-- Writes through an updatable view and through INSTEAD OF.
CREATE VIEW some_item AS SELECT pk, name FROM item WHERE pk > 2;
UPDATE some_item SET name = 'via view';
INSERT INTO some_item VALUES (6, 'Six');
DELETE FROM some_item WHERE pk = 4;
SELECT test.compare('tv_item', 'TABLE v_item');
-- Disabled triggers of the user's are no business of ours.
ALTER TABLE item DISABLE TRIGGER after_item;
UPDATE item SET name = 'quiet' WHERE pk = 1;
SELECT test.compare('tv_item', 'TABLE v_item');
SELECT * FROM pg_tviews_verify('tv_item');
