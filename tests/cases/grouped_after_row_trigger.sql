A group whose key comes from two tables, and a trigger on one that changes the other for each row.

--- schema
CREATE TABLE c (pk integer PRIMARY KEY, country text);
--- schema
CREATE TABLE o (pk integer PRIMARY KEY, fk integer, day integer);
--- schema
CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN DELETE FROM o WHERE fk = OLD.pk; UPDATE o SET day = day + 1 WHERE fk = OLD.pk + 1; RETURN NULL; END $$;
CREATE TRIGGER follow AFTER DELETE OR UPDATE ON c FOR EACH ROW EXECUTE FUNCTION follow()
--- data
INSERT INTO c VALUES (1, 'UK'), (2, NULL), (3, 'FR'), (4, 'UK');
--- data
INSERT INTO o VALUES (10, 1, 5), (11, 1, 6), (12, 2, 5), (13, 3, NULL), (14, NULL, 7), (15, 4, 5), (16, 4, 8);
--- tview tv_two
SELECT c.country, o.day, count(*) AS n FROM c JOIN o ON o.fk = c.pk GROUP BY c.country, o.day;
--- tview tv_sum as
SELECT c.country, sum((SELECT count(*) FROM o AS z WHERE z.day = o.day)) AS n FROM c JOIN o ON o.fk = c.pk GROUP BY c.country;
--- tview tv_over
SELECT t.n, count(*) AS groups FROM tv_two AS t GROUP BY t.n;
--- step
DELETE FROM c WHERE pk = 1;
--- step
UPDATE c SET country = 'DE' WHERE pk > 1;
--- step
INSERT INTO o VALUES (20, 2, 5), (21, 3, 5), (22, 4, 5);
--- step
DELETE FROM c;
