-- What errors of maintenance, and the functions that look at tviews, show to whom.
CREATE EXTENSION pg_tviews;
CREATE ROLE disclosure_alice;
CREATE ROLE disclosure_bob;
CREATE ROLE disclosure_carol;
CREATE SCHEMA shop AUTHORIZATION disclosure_alice;
GRANT USAGE ON SCHEMA shop TO PUBLIC;
SET ROLE disclosure_alice;
CREATE TABLE shop.account (pk integer PRIMARY KEY, secret text);
CREATE TABLE shop.sale (pk integer PRIMARY KEY, fk_account integer, amount text);
INSERT INTO shop.account VALUES (1, 'hunter1'), (2, '2');
CREATE TABLE shop.tv_sale AS
  SELECT s.pk, s.fk_account, a.secret, s.amount FROM shop.sale s JOIN shop.account a ON a.pk = s.fk_account;
GRANT SELECT, INSERT, UPDATE, DELETE ON shop.sale TO disclosure_bob, disclosure_carol;
GRANT UPDATE (pk) ON shop.account TO disclosure_bob;
GRANT SELECT ON shop.tv_sale TO disclosure_carol;

-- A CHECK, NOT NULL, a unique index, an exclusion constraint: the constraint is named, the row is not shown.
ALTER TABLE shop.tv_sale ADD CONSTRAINT not_first CHECK (fk_account <> 1);
SET ROLE disclosure_bob;
INSERT INTO shop.sale VALUES (10, 1, '5');
BEGIN;
INSERT INTO shop.sale VALUES (10, 1, '5');
SELECT 'later';
COMMIT;
SET ROLE disclosure_alice;
INSERT INTO shop.sale VALUES (10, 1, '5');
RESET ROLE;
INSERT INTO shop.sale VALUES (10, 1, '5');
SET ROLE disclosure_alice;
ALTER TABLE shop.tv_sale DROP CONSTRAINT not_first;
CREATE UNIQUE INDEX once ON shop.tv_sale (secret);
SET ROLE disclosure_bob;
INSERT INTO shop.sale VALUES (10, 1, '5');
INSERT INTO shop.sale VALUES (11, 1, '6');
SET ROLE disclosure_alice;
INSERT INTO shop.sale VALUES (11, 1, '6');
DROP INDEX shop.once;
DELETE FROM shop.sale;

-- A failing cast, a failing function.
CREATE TABLE shop.tv_number AS
  SELECT s.pk, s.fk_account, a.secret::integer + s.amount::integer AS sum FROM shop.sale s JOIN shop.account a ON a.pk = s.fk_account;
SET ROLE disclosure_bob;
INSERT INTO shop.sale VALUES (10, 1, '5');
-- Who may read the tview, but not all that it is made from, is not shown what it is made from.
SET ROLE disclosure_alice;
GRANT SELECT ON shop.tv_number TO disclosure_carol;
SET ROLE disclosure_carol;
INSERT INTO shop.sale VALUES (10, 1, '5');
SET ROLE disclosure_alice;
GRANT SELECT ON shop.account TO disclosure_carol;
SET ROLE disclosure_carol;
INSERT INTO shop.sale VALUES (10, 1, '5');
-- A handler sees no more, nor who calls a function of somebody who would.
SET ROLE disclosure_bob;
SET pg_tviews.maintenance = 'statement';
DO $$
DECLARE detail text;
BEGIN
  INSERT INTO shop.sale VALUES (10, 1, '5');
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
  RAISE NOTICE '% % (%)', SQLSTATE, SQLERRM, detail;
END $$;
RESET pg_tviews.maintenance;
SET ROLE disclosure_alice;
CREATE FUNCTION shop.sell() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$INSERT INTO shop.sale VALUES (10, 1, '5')$$;
SET ROLE disclosure_bob;
SELECT shop.sell();
SET pg_tviews.maintenance = 'statement';
SELECT shop.sell();
RESET pg_tviews.maintenance;
SET ROLE disclosure_alice;
SELECT shop.sell();
DROP TABLE shop.tv_number;

-- A filter is evaluated over a changed row, of which the writer may not read all columns.
CREATE TABLE shop.member (pk integer PRIMARY KEY, secret text);
CREATE TABLE shop.tv_filtered AS SELECT pk FROM shop.member WHERE CASE WHEN pk > 1 THEN secret::integer > 1 END;
INSERT INTO shop.member VALUES (1, 'hunter3');
GRANT UPDATE (pk) ON shop.member TO disclosure_bob;
SET ROLE disclosure_bob;
UPDATE shop.member SET pk = 2;
SET ROLE disclosure_alice;
UPDATE shop.member SET pk = 2;
DROP TABLE shop.tv_filtered;

-- Cascades, which run as the owner of the table.
CREATE TABLE shop.region (pk integer PRIMARY KEY);
CREATE TABLE shop.town (pk integer PRIMARY KEY, fk_region integer REFERENCES shop.region ON UPDATE CASCADE, secret text);
INSERT INTO shop.region VALUES (1);
INSERT INTO shop.town VALUES (1, 1, 'hunter2');
CREATE TABLE shop.tv_town AS SELECT pk, fk_region, CASE WHEN fk_region > 1 THEN secret::integer END AS number FROM shop.town;
GRANT SELECT, UPDATE ON shop.region TO disclosure_bob;
SET ROLE disclosure_bob;
UPDATE shop.region SET pk = 2;
BEGIN;
UPDATE shop.region SET pk = 2;
COMMIT;
SET ROLE disclosure_alice;
DROP TABLE shop.tv_town;

-- A tview over a tview of somebody else: neither the writer nor the lower one's owner is shown more than they may see.
GRANT SELECT, TRIGGER ON shop.tv_sale TO disclosure_carol;
SET ROLE disclosure_carol;
RESET ROLE;
CREATE SCHEMA carol AUTHORIZATION disclosure_carol;
SET pg_tviews.source_privilege = 'trigger';
SET ROLE disclosure_carol;
CREATE TABLE carol.tv_above AS SELECT pk, secret::integer AS number FROM shop.tv_sale;
SET ROLE disclosure_bob;
INSERT INTO shop.sale VALUES (10, 1, '5');
SET ROLE disclosure_alice;
INSERT INTO shop.sale VALUES (10, 1, '5');
RESET ROLE;
INSERT INTO shop.sale VALUES (10, 1, '5');
SET ROLE disclosure_carol;
INSERT INTO shop.sale VALUES (10, 1, '5');
DROP TABLE carol.tv_above;

-- What a function of the owner's raises, under whatever SQLSTATE; what it says by a notice, it says.
SET ROLE disclosure_alice;
CREATE FUNCTION shop.talk(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
  RAISE NOTICE 'looking at an account';
  RAISE LOG 'looking at account %', $1;
  IF $1 = 'hunter1' THEN
    RAISE EXCEPTION 'bad secret %', $1 USING ERRCODE = '40001', DETAIL = $1, HINT = $1;
  END IF;
  RETURN $1;
END $$;
CREATE TABLE shop.tv_talk AS SELECT s.pk, s.fk_account, shop.talk(a.secret) AS said FROM shop.sale s JOIN shop.account a ON a.pk = s.fk_account;
SET ROLE disclosure_bob;
INSERT INTO shop.sale VALUES (10, 1, '5');
-- Nor does the server tell how it works.
SET client_min_messages = log;
INSERT INTO shop.sale VALUES (10, 1, '5');
SET ROLE disclosure_alice;
INSERT INTO shop.sale VALUES (10, 1, '5');
RESET client_min_messages;
DROP TABLE shop.tv_talk;

CREATE TABLE shop.tv_plain AS SELECT pk, amount FROM shop.sale;

-- pg_tviews_verify shows rows.
SET ROLE disclosure_bob;
SELECT * FROM pg_tviews_verify('shop.tv_sale');
SELECT count(*) FROM pg_tviews_explain('shop.tv_sale');
SELECT tview, status FROM pg_tviews_health_check() WHERE tview IS NOT NULL;
SET ROLE disclosure_carol;
SELECT * FROM pg_tviews_verify('shop.tv_sale');
SELECT count(*) FROM pg_tviews_explain('shop.tv_sale');
SELECT tview, status FROM pg_tviews_health_check() WHERE tview IS NOT NULL;
SET ROLE disclosure_alice;
GRANT SELECT (pk) ON shop.tv_sale TO disclosure_bob;
ALTER TABLE shop.tv_sale ENABLE ROW LEVEL SECURITY;
CREATE POLICY first ON shop.tv_sale USING (pk = 1);
SELECT * FROM pg_tviews_verify('shop.tv_sale');
SET ROLE disclosure_bob;
SELECT * FROM pg_tviews_verify('shop.tv_sale');
SELECT count(*) FROM pg_tviews_explain('shop.tv_sale');
SET ROLE disclosure_carol;
SELECT * FROM pg_tviews_verify('shop.tv_sale');
SET row_security = off;
SELECT * FROM pg_tviews_verify('shop.tv_sale');
RESET row_security;
RESET ROLE;
ALTER ROLE disclosure_carol BYPASSRLS;
SET ROLE disclosure_carol;
SELECT * FROM pg_tviews_verify('shop.tv_sale');
RESET ROLE;
CREATE ROLE disclosure_monitor IN ROLE pg_monitor;
SET ROLE disclosure_monitor;
SELECT tview, status FROM pg_tviews_health_check() WHERE tview IS NOT NULL;
SELECT count(*) FROM pg_tviews_explain('shop.tv_sale');
SELECT * FROM pg_tviews_verify('shop.tv_sale');
RESET ROLE;

-- Who looks holds no lock afterwards.
CREATE VIEW shop.held AS
  SELECT l.relation::regclass AS held, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
   WHERE l.pid = pg_backend_pid() AND c.relnamespace IN ('shop'::regnamespace, 'tviews'::regnamespace) AND c.relname <> 'held';
GRANT SELECT ON shop.held TO PUBLIC;
SET ROLE disclosure_carol;
BEGIN;
SELECT count(*) FROM pg_tviews_verify('shop.tv_sale');
SELECT count(*) FROM pg_tviews_explain('shop.tv_sale');
SELECT count(*) FROM pg_tviews_analyze('SELECT pk, secret FROM shop.account');
SELECT count(*) FROM pg_tviews_analyze('SELECT pk, secret::integer / 0 AS a, now() FROM shop.tv_sale');
SELECT count(*) FROM pg_tviews_health_check();
TABLE shop.held;
SAVEPOINT before;
SELECT count(*) FROM pg_tviews_analyze('SELECT pk FROM shop.nothing');
ROLLBACK TO before;
SELECT count(*) FROM pg_tviews_verify('shop.tv_sale');
INSERT INTO shop.sale VALUES (20, 2, '7');
SELECT * FROM pg_tviews_verify('shop.tv_sale');
SELECT pk, secret FROM shop.tv_sale;
COMMIT;
SELECT pk, secret FROM shop.tv_sale;
DO $$
BEGIN
  PERFORM pg_tviews_analyze('SELECT pk FROM shop.nothing');
EXCEPTION WHEN undefined_table THEN
  RAISE NOTICE '%', SQLERRM;
END $$;
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA shop, carol CASCADE;
DROP ROLE disclosure_alice, disclosure_bob, disclosure_carol, disclosure_monitor;
