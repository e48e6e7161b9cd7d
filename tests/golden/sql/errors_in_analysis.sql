-- An error in the middle of the analysis of a definition ends the command, and nothing else: what the session knows of its own statements, and an
-- attempt's subtransaction, end with it.
CREATE EXTENSION pg_tviews;
CREATE ROLE eia_owner;
CREATE SCHEMA app AUTHORIZATION eia_owner;
CREATE TABLE app.thing (pk integer PRIMARY KEY, x integer);
ALTER TABLE app.thing OWNER TO eia_owner;
SET ROLE eia_owner;
DO $$ BEGIN EXECUTE format('CREATE TABLE app.tv_deep AS SELECT pk, x %s AS x FROM app.thing', repeat('+ abs(', 50) || 'x' || repeat(')', 50)); END $$;
\set VERBOSITY terse
RESET ROLE;
SET max_stack_depth = '350kB';
SET ROLE eia_owner;
ALTER TABLE app.thing ALTER COLUMN x SET NOT NULL;
RESET ROLE;
RESET max_stack_depth;
SET ROLE eia_owner;
-- DDL is seen as before.
CREATE TABLE app.tv_after AS SELECT pk FROM app.thing;
SELECT name FROM tviews.views ORDER BY 1;
RESET ROLE;
-- A superuser who is not the owner goes on.
SET max_stack_depth = '350kB';
ALTER TABLE app.thing ALTER COLUMN x SET NOT NULL;
SELECT tview, status FROM pg_tviews_health_check();
SELECT 1 AS goes_on;
RESET max_stack_depth;
DROP SCHEMA app CASCADE;
DROP ROLE eia_owner;
