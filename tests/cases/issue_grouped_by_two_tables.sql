A group whose key comes from two tables, and a statement that takes the rows of both away, or changes both.

--- schema
CREATE TABLE c (pk integer PRIMARY KEY, country text);
--- schema
CREATE TABLE o (pk integer PRIMARY KEY, fk integer REFERENCES c ON DELETE CASCADE ON UPDATE CASCADE, day integer);
--- schema
CREATE TABLE i (pk integer PRIMARY KEY, fk integer REFERENCES o ON DELETE CASCADE, kind text);
--- data
INSERT INTO c VALUES (1, 'UK'), (2, NULL), (3, 'FR');
--- data
INSERT INTO o VALUES (10, 1, 5), (11, 1, 6), (12, 2, 5), (13, 3, NULL), (14, NULL, 7);
--- data
INSERT INTO i VALUES (100, 10, 'a'), (101, 10, 'b'), (102, 11, 'a'), (103, 12, NULL), (104, 13, 'a');
--- tview tv_two
SELECT c.country, o.day, count(*) AS n FROM c JOIN o ON o.fk = c.pk GROUP BY c.country, o.day;
--- tview tv_three as
SELECT c.country, i.kind, count(*) AS n FROM c JOIN o ON o.fk = c.pk JOIN i ON i.fk = o.pk GROUP BY 1, 2;
--- tview tv_text
SELECT concat(c.country, '/', o.day, '/', i.kind) AS what, sum(o.day) FROM c JOIN o ON o.fk = c.pk JOIN i ON i.fk = o.pk GROUP BY 1;
--- tview tv_distinct as
SELECT DISTINCT c.country, o.day FROM c, o WHERE o.fk = c.pk;
--- step
DELETE FROM c WHERE pk = 1;
--- step
WITH gone AS (DELETE FROM o WHERE pk = 12 RETURNING 1) DELETE FROM i WHERE pk = 103;
--- step
INSERT INTO c VALUES (1, 'UK');
--- step
WITH a AS (INSERT INTO o VALUES (20, 1, 5), (21, 3, 5) RETURNING pk) INSERT INTO i SELECT 200 + pk, pk, 'new' FROM a;
--- step
WITH a AS (UPDATE c SET country = country || '!' RETURNING pk) UPDATE o SET day = o.day + 1 FROM a WHERE o.fk = a.pk;
--- step
WITH a AS (UPDATE c SET country = NULL WHERE pk = 3 RETURNING pk), b AS (UPDATE o SET day = 9 WHERE fk = 3 RETURNING pk) DELETE FROM i WHERE fk IN (SELECT pk FROM o WHERE fk = 3);
--- begin
--- step
UPDATE c SET pk = 30 WHERE pk = 3;
--- step
SAVEPOINT s;
--- step
DELETE FROM c;
--- step
ROLLBACK TO SAVEPOINT s;
--- step
WITH a AS (DELETE FROM i), b AS (DELETE FROM o) DELETE FROM c;
--- commit
