-- A function or operator that others put beside the one that a definition calls, and that its text would call instead.
CREATE EXTENSION pg_tviews;
CREATE ROLE mis_alice; CREATE ROLE mis_mallory;
CREATE SCHEMA app AUTHORIZATION mis_alice; CREATE SCHEMA shared; GRANT USAGE, CREATE ON SCHEMA shared TO mis_alice, mis_mallory;
SET ROLE mis_alice;
CREATE FUNCTION shared.nice(anyelement) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'nice ' || $1::text $$;
CREATE FUNCTION shared.dflt(integer, integer DEFAULT 7) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'dflt ' || $1 || $2 $$;
CREATE FUNCTION shared.vari(VARIADIC integer[]) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'vari ' || array_length($1, 1) $$;
CREATE FUNCTION shared.wide(bigint) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'wide ' || $1 $$;
CREATE FUNCTION shared.same(anyelement, anyelement) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT $1::text = $2::text $$;
CREATE OPERATOR shared.=== (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = shared.same);
CREATE AGGREGATE shared.most (anycompatible) (SFUNC = array_append, STYPE = anycompatiblearray, INITCOND = '{}');
CREATE TABLE app.par (pk integer PRIMARY KEY, n text);
CREATE TABLE app.item (pk integer PRIMARY KEY, g integer NOT NULL REFERENCES app.par, x integer, y text);
INSERT INTO app.par SELECT n, 'p' || n FROM generate_series(0, 5) AS n;
INSERT INTO app.item SELECT n, n % 3, n, 'y' FROM generate_series(1, 6) AS n;
CREATE TABLE app.tv_item AS SELECT pk, shared.nice(x) AS n, jsonb_build_object('f', shared.dflt(x), 'v', shared.vari(x, pk), 'w', shared.wide(x), 'y', y) AS data FROM app.item;
CREATE TABLE app.tv_where AS SELECT pk, y FROM app.item WHERE shared.nice(x) IS NOT NULL AND x OPERATOR(shared.===) x;
CREATE TABLE app.tv_group AS SELECT g, count(*) AS n, max(shared.nice(x)) AS m FROM app.item GROUP BY g;
CREATE TABLE app.tv_join AS SELECT i.pk, p.n, shared.wide(i.x) AS w FROM app.item i JOIN app.par p ON p.pk = i.g;
CREATE TABLE app.tv_list AS SELECT p.pk, p.n, (SELECT jsonb_agg(jsonb_build_object('n', shared.nice(i.x), 'y', i.y) ORDER BY i.pk) FROM app.item i WHERE i.g = p.pk) AS list FROM app.par p;
CREATE TABLE app.tv_most AS SELECT g, shared.most(x ORDER BY pk)::text AS xs FROM app.item GROUP BY g;
CREATE FUNCTION app.wrong() RETURNS TABLE (tview text, difference text) LANGUAGE sql AS $$
  SELECT name, v::text FROM tviews.views, LATERAL pg_tviews_verify(schema_name || '.' || name) AS v $$;
CREATE PROCEDURE app.changes() LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO app.item SELECT max(pk) + 1, 1, 11, 'n' FROM app.item;
  UPDATE app.item SET x = x + 1; UPDATE app.item SET y = y || 'z'; UPDATE app.item SET x = 2 WHERE pk = 4; UPDATE app.par SET n = n || '!' WHERE pk = 1;
  UPDATE app.item SET g = 2 WHERE pk = 1; DELETE FROM app.item WHERE pk = (SELECT max(pk) FROM app.item);
END $$;
CALL app.changes();
SELECT * FROM app.wrong();
RESET ROLE;
SET ROLE mis_mallory;
CREATE FUNCTION shared.planted(what text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '% runs as %', what, current_user; RETURN 'planted'; END $$;
CREATE FUNCTION shared.nice(integer) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN shared.planted('nice'); END $$;
CREATE FUNCTION shared.dflt(integer) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN shared.planted('dflt'); END $$;
CREATE FUNCTION shared.vari(integer, integer) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN shared.planted('vari'); END $$;
CREATE FUNCTION shared.wide(integer) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN shared.planted('wide'); END $$;
CREATE FUNCTION shared.other(integer, integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN shared.planted('===') IS NULL; END $$;
CREATE OPERATOR shared.=== (LEFTARG = integer, RIGHTARG = integer, FUNCTION = shared.other);
CREATE AGGREGATE shared.most (integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
RESET ROLE;
-- In a backend that knows the tviews, and in a new one.
CALL app.changes();
SELECT * FROM app.wrong();
\c
SET ROLE mis_alice;
CALL app.changes();
SELECT * FROM app.wrong();
RESET ROLE;
SELECT tview, status, message FROM pg_tviews_health_check() WHERE message LIKE '%would be called%' ORDER BY 1;
-- When they are gone all is as before.
DROP FUNCTION shared.nice(integer), shared.dflt(integer), shared.vari(integer, integer), shared.wide(integer); DROP OPERATOR shared.=== (integer, integer); DROP AGGREGATE shared.most (integer);
CALL app.changes();
SELECT * FROM app.wrong();
SELECT count(*) FROM pg_tviews_health_check() WHERE message LIKE '%would be called%';
SET client_min_messages = error;
DROP SCHEMA app CASCADE; DROP OWNED BY mis_alice, mis_mallory CASCADE; DROP ROLE mis_alice, mis_mallory;
