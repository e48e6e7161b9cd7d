-- What can be seen of locks does not tell for which values they are.
CREATE EXTENSION pg_tviews;
CREATE ROLE secrets_stranger;
CREATE TABLE item (pk integer PRIMARY KEY, name text);
CREATE TABLE tv_item AS SELECT pk, name FROM item;
CREATE TABLE tv_other AS SELECT pk, upper(name) AS name FROM item;
GRANT SELECT ON tv_item TO secrets_stranger;

-- Whose hash is known can be tried.
CREATE TABLE seen (round integer, tview regclass, hash oid);
BEGIN;
INSERT INTO item VALUES (42, 'x');
SELECT count(*) FROM tv_item;
INSERT INTO seen SELECT 1, tview, hash FROM tviews.locks WHERE kind = 'unit' AND pid = pg_backend_pid();
DELETE FROM item;
COMMIT;
\c
BEGIN;
INSERT INTO item VALUES (42, 'y');
SELECT count(*) FROM tv_item;
INSERT INTO seen SELECT 2, tview, hash FROM tviews.locks WHERE kind = 'unit' AND pid = pg_backend_pid();
ROLLBACK;
BEGIN;
INSERT INTO item VALUES (42, 'y');
SELECT count(*) FROM tv_item;
INSERT INTO seen SELECT 3, tview, hash FROM tviews.locks WHERE kind = 'unit' AND pid = pg_backend_pid();
COMMIT;
SELECT tview, bool_or(hash::bigint & 4294967295 = hashint4(42)::bigint & 4294967295) AS guessed, count(DISTINCT hash) FROM seen GROUP BY tview ORDER BY 1;
SELECT count(DISTINCT hash) AS hashes FROM seen;

-- Nobody reads the secret, and it is in no dump.
SET ROLE secrets_stranger;
TABLE tviews.secret;
SELECT count(*) > 0 AS sees_locks FROM tviews.locks;
RESET ROLE;
SELECT count(*) FROM tviews.secret;
SELECT 'tviews.secret'::regclass::oid = ANY (extconfig) AS dumped FROM pg_extension WHERE extname = 'pg_tviews';
DROP OWNED BY secrets_stranger;
DROP ROLE secrets_stranger;
