Differences whose statement was called up by another one, whose own rows are noted later: no state in between may be lost, and what
was computed in between has the outer statement's rows already. Two subqueries over the same rows use different columns.
--- schema
CREATE TABLE category (pk integer PRIMARY KEY, name text);
CREATE TABLE offer (pk integer PRIMARY KEY, fk_category integer, amount integer, active boolean);
CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN UPDATE offer SET amount = amount + 1 WHERE pk = NEW.pk AND amount < 4;
   IF to_regclass('tv_group') IS NOT NULL THEN PERFORM count(*) FROM tv_group, tv_category; END IF; RETURN NULL; END $$;
CREATE TRIGGER more AFTER INSERT OR UPDATE OF amount ON offer FOR EACH ROW EXECUTE FUNCTION more()
--- data
INSERT INTO category VALUES (1, 'a'), (2, 'b');
INSERT INTO offer VALUES (1, 1, 5, false), (2, 1, 6, NULL)
--- tview tv_group
SELECT o.fk_category, count(*) AS n, sum(o.amount) FILTER (WHERE o.active) AS active FROM offer o GROUP BY o.fk_category
--- tview tv_category
SELECT c.pk, jsonb_build_object('n', (SELECT count(*) FROM offer o WHERE o.fk_category = c.pk),
         'average', (SELECT round(avg(o.pk), 2) FROM offer o WHERE o.fk_category = c.pk),
         'total', (SELECT coalesce(sum(o.amount), 0) FROM offer o WHERE o.fk_category = c.pk)) AS data
  FROM category c
--- step
INSERT INTO offer VALUES (3, 1, 1, true)
--- step
INSERT INTO offer VALUES (4, 2, 1, true), (5, 2, 2, true), (6, 3, 9, true)
--- step
UPDATE offer SET amount = 2, active = true
--- begin
--- step
INSERT INTO offer VALUES (7, 1, 1, true)
--- step
SAVEPOINT s
--- step
UPDATE offer SET pk = pk + 10 WHERE fk_category = 1
--- step
ROLLBACK TO s
--- step
UPDATE offer SET pk = pk + 20 WHERE pk = 7
--- commit
--- step
SET pg_tviews.maintenance = 'statement'
--- step
INSERT INTO offer VALUES (8, 4, 1, true), (9, 1, 3, NULL)
--- step
WITH gone AS (DELETE FROM offer WHERE amount = 4 RETURNING *), moved AS (UPDATE offer SET fk_category = 2 WHERE pk = 2)
INSERT INTO offer SELECT pk + 100, fk_category, 1, active FROM gone
--- step
DELETE FROM offer
