A group whose key comes from two tables, and a function in the statement that changes the other.

--- schema
CREATE TABLE c (pk integer PRIMARY KEY, country text);
--- schema
CREATE TABLE o (pk integer PRIMARY KEY, fk integer, day integer);
--- schema
CREATE FUNCTION clear(integer) RETURNS boolean LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN DELETE FROM o WHERE fk < $1; UPDATE o SET day = day + 1, fk = fk - 1 WHERE fk = $1 + 1; RETURN true; END $$
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
DELETE FROM c WHERE clear(pk);
--- step
INSERT INTO c VALUES (1, 'UK'), (2, NULL), (3, 'FR'), (4, 'UK');
--- step
INSERT INTO o VALUES (20, 2, 5), (21, 3, 5), (22, 4, 5), (30, 1, 5), (31, 2, 6);
--- step
UPDATE c SET country = 'x' WHERE pk <> 2 AND clear(pk);
--- step
DELETE FROM c WHERE NOT clear(pk) OR pk = 4;
