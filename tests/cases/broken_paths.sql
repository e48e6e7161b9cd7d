Several tables change in one statement, so that no path from the old row to its document is whole any more.
--- schema
CREATE TABLE region (pk integer PRIMARY KEY, name text);
CREATE TABLE country (pk integer PRIMARY KEY, fk_region integer REFERENCES region ON DELETE CASCADE ON UPDATE CASCADE, name text);
CREATE TABLE city (pk integer PRIMARY KEY, fk_country integer REFERENCES country ON DELETE SET NULL ON UPDATE CASCADE, name text);
CREATE TABLE street (pk integer PRIMARY KEY, fk_city integer REFERENCES city ON DELETE CASCADE ON UPDATE CASCADE, name text);
--- data
INSERT INTO region VALUES (1, 'r1'), (2, 'r2');
INSERT INTO country VALUES (1, 1, 'c1'), (2, 1, 'c2'), (3, 2, 'c3');
INSERT INTO city VALUES (1, 1, 'y1'), (2, 2, 'y2'), (3, 3, 'y3'), (4, NULL, 'y4');
INSERT INTO street VALUES (1, 1, 's1'), (2, 1, 's2'), (3, 2, 's3'), (4, 3, 's4'), (5, NULL, 's5');
--- tview tv_street
SELECT s.pk, jsonb_build_object('name', s.name, 'city', y.name, 'country', c.name, 'region', r.name) AS data
  FROM street s LEFT JOIN city y ON y.pk = s.fk_city LEFT JOIN country c ON c.pk = y.fk_country
  LEFT JOIN region r ON r.pk = c.fk_region
--- tview tv_inner
SELECT s.pk, jsonb_build_object('region', r.name) AS data
  FROM street s JOIN city y ON y.pk = s.fk_city JOIN country c ON c.pk = y.fk_country JOIN region r ON r.pk = c.fk_region
--- tview tv_region
SELECT r.pk, jsonb_build_object('name', r.name, 'countries',
  (SELECT jsonb_agg(jsonb_build_object('name', c.name, 'cities',
     (SELECT jsonb_agg(jsonb_build_object('name', y.name, 'streets',
        (SELECT count(*) FROM street s WHERE s.fk_city = y.pk)) ORDER BY y.pk) FROM city y WHERE y.fk_country = c.pk)) ORDER BY c.pk)
     FROM country c WHERE c.fk_region = r.pk)) AS data
  FROM region r
--- tview tv_flat
SELECT r.pk, (SELECT count(*) FROM country c JOIN city y ON y.fk_country = c.pk JOIN street s ON s.fk_city = y.pk
               WHERE c.fk_region = r.pk) AS streets FROM region r
--- begin
--- step
WITH a AS (UPDATE street SET fk_city = 3 WHERE fk_city = 1), b AS (UPDATE city SET fk_country = 3 WHERE pk = 1),
     c AS (UPDATE country SET fk_region = 2 WHERE pk = 1) UPDATE region SET name = name || '!'
--- rollback
--- step
WITH a AS (UPDATE city SET fk_country = 2 WHERE pk = 1), b AS (DELETE FROM country WHERE pk = 1) UPDATE region SET name = 'R'
--- step
WITH a AS (INSERT INTO region VALUES (7, 'new') RETURNING pk), b AS (INSERT INTO country SELECT 7, pk, 'new' FROM a RETURNING pk),
     c AS (INSERT INTO city SELECT 7, pk, 'new' FROM b RETURNING pk) INSERT INTO street SELECT 7, pk, 'new' FROM c
--- step
UPDATE region SET pk = pk + 100
--- step
UPDATE country SET pk = pk + 100, fk_region = 101
--- step
DELETE FROM region WHERE pk = 107
--- step
DELETE FROM country WHERE fk_region = 101
--- begin
--- step
DELETE FROM city
--- step
SAVEPOINT s
--- step
TRUNCATE region CASCADE
--- step
ROLLBACK TO s
--- commit
--- step
TRUNCATE street, city
