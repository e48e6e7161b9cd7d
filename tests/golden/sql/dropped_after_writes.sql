-- What a transaction has changed is dropped by it, with all tviews over it.
CREATE EXTENSION pg_tviews;
CREATE TABLE a (pk integer PRIMARY KEY, g integer, v text);
INSERT INTO a SELECT n, n % 5, 'v' FROM generate_series(1, 20) AS n;
CREATE FUNCTION f(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN $1 || '1';
CREATE TABLE tv_f AS SELECT pk, f(v) FROM a;
CREATE TABLE tv_g AS SELECT g, string_agg(f(v), ',' ORDER BY pk) AS s FROM a GROUP BY g;
CREATE TABLE tv_over AS SELECT g, s FROM tv_g;
SET client_min_messages = warning;
BEGIN; UPDATE a SET v = 'x' WHERE pk = 1; DROP FUNCTION f(text) CASCADE; SELECT name FROM tviews.views; ROLLBACK;
BEGIN; UPDATE a SET v = 'x' WHERE pk = 1; ALTER TABLE a DROP COLUMN v CASCADE; SELECT name FROM tviews.views; ROLLBACK;
BEGIN; UPDATE a SET v = 'x' WHERE pk = 1; DROP TABLE a CASCADE; SELECT name FROM tviews.views; COMMIT;
SELECT count(*) FROM pg_tviews_health_check();
