-- Code of a user runs within the restricted operation of the tview's owner, and nowhere else: not in analysis, not in planning, whoever asks.
CREATE EXTENSION pg_tviews;
CREATE ROLE op_mallory;
CREATE ROLE op_writer;
CREATE SCHEMA mal AUTHORIZATION op_mallory;
GRANT USAGE ON SCHEMA mal TO op_writer;

SET ROLE op_mallory;
CREATE TABLE mal.seen (what text, who name);
-- Who runs it. What the server itself evaluates for a writer's rows (defaults, generated columns, indexes) runs as the writer.
CREATE FUNCTION mal.note(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF current_user = 'op_writer' AND what IN ('positive', 'double') THEN RETURN; END IF;
  IF current_user <> 'op_mallory' THEN RAISE WARNING '% runs as %', what, current_user; END IF;
  INSERT INTO mal.seen VALUES (what, current_user);
END $$;
CREATE FUNCTION mal.zero() RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM mal.note('zero'); RETURN 0; END $$;
CREATE FUNCTION mal.places() RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM mal.note('places'); RETURN 2; END $$;
CREATE FUNCTION mal.nothing() RETURNS jsonb IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM mal.note('nothing'); RETURN '[]'; END $$;
CREATE FUNCTION mal.positive(i integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM mal.note('positive'); RETURN i > 0; END $$;
CREATE FUNCTION mal.double(i integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM mal.note('double'); RETURN 2 * i; END $$;
CREATE FUNCTION mal.equal(integer, integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM mal.note('equal'); RETURN $1 = $2; END $$;
CREATE OPERATOR mal.=== (LEFTARG = integer, RIGHTARG = integer, FUNCTION = mal.equal, RESTRICT = eqsel, JOIN = eqjoinsel);
CREATE DOMAIN mal.number AS integer CHECK (mal.positive(1) AND mal.positive(VALUE));
CREATE TABLE mal.t (
  i integer PRIMARY KEY, g integer NOT NULL, x integer, n mal.number DEFAULT mal.double(2),
  d integer GENERATED ALWAYS AS (mal.double(g)) STORED
);
CREATE INDEX ON mal.t ((mal.double(3) + g)) WHERE mal.positive(7) AND g > 0;
INSERT INTO mal.t (i, g, x) VALUES (1, 1, 5), (2, 1, 6), (3, 2, 7);
GRANT SELECT, INSERT, UPDATE, DELETE ON mal.t TO op_writer;
CREATE TABLE mal.tv_sum AS SELECT g, count(*) AS n, coalesce(sum(x), mal.zero()) AS s FROM mal.t GROUP BY g;
CREATE TABLE mal.tv_avg AS SELECT g, count(*) AS n, count(x) AS c, round(avg(x), mal.places()) AS a FROM mal.t GROUP BY g;
CREATE TABLE mal.tv_list AS SELECT DISTINCT o.g, (SELECT coalesce(jsonb_agg(i.x ORDER BY i.i), mal.nothing()) FROM mal.t i WHERE i.g = o.g) AS list FROM mal.t o;
CREATE TABLE mal.tv_row AS SELECT i, mal.double(g) AS twice, n, d, '7'::mal.number AS seven, x::mal.number AS cast FROM mal.t WHERE g OPERATOR(mal.===) mal.double(1) OR x > 0;
SELECT DISTINCT who FROM mal.seen;
RESET ROLE;
TRUNCATE mal.seen;

-- A superuser, in a backend that knows nothing of these tviews.
\c
SELECT tview, status FROM pg_tviews_health_check() ORDER BY 1, 2;
SELECT count(*) > 0 AS explained FROM pg_tviews_explain('mal.tv_sum');
SELECT count(*) > 0 AS explained FROM pg_tviews_explain('mal.tv_list');
SELECT * FROM pg_tviews_verify('mal.tv_row');
SELECT pg_tviews_refresh('mal.tv_avg');
SELECT pg_tviews_refresh('mal.tv_row');
CREATE TYPE op_mood AS ENUM ('sad'); ALTER TYPE op_mood RENAME VALUE 'sad' TO 'glad'; DROP TYPE op_mood;
CREATE TABLE op_own (a integer); CREATE INDEX op_index ON op_own (a); DROP INDEX op_index; GRANT SELECT ON op_own TO op_writer; REVOKE SELECT ON op_own FROM op_writer; DROP TABLE op_own;
ALTER TABLE mal.t ADD COLUMN more integer;
SELECT count(*) > 0 AS named FROM tviews.views;
SELECT count(*) > 0 AS named FROM tviews.dependencies;
SELECT DISTINCT who FROM mal.seen;

-- A writer's statements.
\c
SET ROLE op_writer;
UPDATE mal.t SET x = 9 WHERE i = 1;
UPDATE mal.t SET g = 2 WHERE i = 2;
RESET ROLE;
SELECT DISTINCT who FROM mal.seen;
SELECT * FROM pg_tviews_verify('mal.tv_sum');
SELECT * FROM pg_tviews_verify('mal.tv_row');

-- Settings of the code are lost when it ends, whether or not the session's differ from the tview's.
SET ROLE op_mallory;
CREATE FUNCTION mal.leak(i integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN PERFORM set_config('search_path', 'mal, pg_catalog', false), set_config('op.mine', 'set', false), set_config('work_mem', '64kB', true); RETURN i; END $$;
CREATE TABLE mal.s (i integer PRIMARY KEY, x integer);
CREATE TABLE mal.tv_leak AS SELECT i, mal.leak(x) AS x FROM mal.s;
RESET ROLE;
SET jit = off; SET search_path = pg_catalog, pg_temp; SET work_mem = '5MB';
INSERT INTO mal.s VALUES (1, 1);
UPDATE mal.s SET x = 2;
SELECT * FROM public.pg_tviews_verify('mal.tv_leak');
SELECT public.pg_tviews_refresh('mal.tv_leak');
SHOW search_path; SHOW work_mem; SELECT pg_catalog.current_setting('op.mine', true) AS mine;
RESET search_path; RESET jit; RESET work_mem;

-- DDL of code that runs within maintenance is not taken for ours: what it makes is a tview, and what it must not do is refused.
SET ROLE op_mallory;
CREATE TABLE mal.parent (i integer PRIMARY KEY, x integer);
CREATE FUNCTION mal.makes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF to_regclass('mal.tv_made') IS NULL THEN EXECUTE 'CREATE TABLE mal.tv_made AS SELECT i, x FROM mal.parent'; END IF;
  RETURN NULL;
END $$;
CREATE TABLE mal.tv_first AS SELECT i, x FROM mal.s;
CREATE TRIGGER makes AFTER INSERT OR UPDATE ON mal.tv_first FOR EACH STATEMENT EXECUTE FUNCTION mal.makes();
SELECT pg_tviews_suspend('mal.tv_first');
UPDATE mal.s SET x = 3;
SELECT pg_tviews_resume('mal.tv_first');
SELECT name FROM tviews.views WHERE name = 'tv_made';
INSERT INTO mal.parent VALUES (1, 1);
TABLE mal.tv_made;
RESET ROLE;

-- A command that makes a table within the creation of another one: both are tviews.
CREATE FUNCTION op_nested() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  IF to_regclass('mal.tv_inner') IS NULL AND tg_tag = 'CREATE TABLE AS' AND current_setting('op.nested', true) = 'on' THEN
    PERFORM set_config('op.nested', 'off', false);
    EXECUTE 'CREATE TABLE mal.tv_inner AS SELECT i, x FROM mal.parent';
  END IF;
END $$;
CREATE EVENT TRIGGER op_nested ON ddl_command_start EXECUTE FUNCTION op_nested();
CREATE EVENT TRIGGER zz_nested ON ddl_command_start EXECUTE FUNCTION op_nested();
SET op.nested = 'on';
-- A superuser would run whatever the owner of the table puts on it.
CREATE TABLE mal.tv_outer AS SELECT i, x FROM mal.parent;
SET op.nested = 'on';
SET ROLE op_mallory;
CREATE TABLE mal.tv_outer AS SELECT i, x FROM mal.parent;
RESET ROLE;
SELECT name FROM tviews.views WHERE name IN ('tv_inner', 'tv_outer') ORDER BY 1;
DROP EVENT TRIGGER op_nested; DROP EVENT TRIGGER zz_nested;

-- Code that alters tables whenever it runs: analysis does not run it, and so comes to an end.
SET ROLE op_mallory;
CREATE TABLE mal.other (i integer);
CREATE FUNCTION mal.alters() RETURNS void LANGUAGE plpgsql AS $$
BEGIN EXECUTE 'ALTER TABLE mal.other SET (fillfactor = ' || 50 + (random() * 40)::integer || ')'; END $$;
CREATE FUNCTION mal.restless() RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM mal.alters(); RETURN 0; END $$;
CREATE TABLE mal.tv_restless AS SELECT g, count(*) AS n, coalesce(sum(x), mal.restless()) AS s FROM mal.t GROUP BY g;
UPDATE mal.t SET x = x + 1;
SELECT * FROM pg_tviews_verify('mal.tv_restless');
RESET ROLE;
SELECT rolname, rolsuper FROM pg_roles WHERE rolname LIKE 'op\_%' ORDER BY 1;
SET client_min_messages = error;
DROP OWNED BY op_mallory CASCADE; DROP OWNED BY op_writer; DROP ROLE op_mallory, op_writer;
