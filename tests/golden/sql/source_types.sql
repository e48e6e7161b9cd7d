-- Columns of all kinds of types: as keys, links, groups and values; tables without keys; row-level security.
CREATE EXTENSION pg_tviews;
CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE TYPE mood AS ENUM ('bad', 'fair', 'good');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN short_text AS varchar(5) NOT NULL;
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE thing (
  pk positive PRIMARY KEY, code short_text, state mood, tags text[], span int4range, spans int4multirange, both_of pair,
  mail citext, attributes hstore, doc json, markup xml, place point, flags bit(3), money numeric(6, 2), fixed char(4), at timestamptz);
CREATE TABLE state (state mood PRIMARY KEY, label text);
CREATE TABLE tag (tag text PRIMARY KEY, label text);
CREATE TABLE person (mail citext PRIMARY KEY, name text);
CREATE INDEX ON thing (state);
CREATE INDEX ON thing (mail);
CREATE INDEX ON thing (span);
INSERT INTO state VALUES ('bad', 'B'), ('good', 'G');
INSERT INTO tag VALUES ('x', 'ex'), ('y', 'why');
INSERT INTO person VALUES ('Ann@x.org', 'Ann'), ('bob@x.org', 'Bob');
INSERT INTO thing SELECT n, 'c' || n, (ARRAY['bad', 'fair', 'good']::mood[])[n % 3 + 1], (ARRAY['x', 'y'])[1:n % 3], int4range(n, n + 2),
  int4multirange(int4range(n, n + 1), int4range(n + 5, n + 6)), (n, 'b' || n)::pair, (ARRAY['ann@X.org', 'BOB@x.org'])[n % 2 + 1],
  hstore('k', n::text), json_build_object('n', n), NULL, point(n, n), n::bit(3), n / 3.0, 'f' || n, '2024-01-01 12:00:00+00'
  FROM generate_series(1, 6) AS n;
CREATE TABLE tv_thing AS
SELECT t.pk, t.code, t.state, t.tags, t.span, t.spans, t.both_of, t.mail, t.attributes, t.doc, t.markup, t.place, t.flags, t.money, t.fixed, t.at,
       s.label, p.name
  FROM thing t LEFT JOIN state s USING (state) LEFT JOIN person p ON p.mail = t.mail;
CREATE TABLE tv_tag AS
SELECT g.tag, (SELECT jsonb_agg(t.pk ORDER BY t.pk) FROM thing t WHERE g.tag = ANY (t.tags)) AS things FROM tag g;
CREATE TABLE tv_state AS SELECT state, count(*), max(money) AS most FROM thing GROUP BY state;
CREATE TABLE tv_span AS SELECT span, count(*) FROM thing GROUP BY span;
CREATE TABLE tv_pair AS SELECT both_of, count(*) FROM thing GROUP BY both_of;
CREATE TABLE tv_tags AS SELECT tags, spans, flags, count(*) FROM thing GROUP BY tags, spans, flags;
CREATE TABLE tv_mail AS SELECT p.mail, p.name, (SELECT count(*) FROM thing t WHERE t.mail = p.mail) AS things FROM person p;
CREATE TABLE tv_fixed AS SELECT fixed, count(*) FROM thing GROUP BY fixed;
CREATE TABLE tv_by_mail AS SELECT lower(mail) AS mail, count(*) FROM thing GROUP BY lower(mail);
CREATE TABLE tv_unnested AS SELECT t.pk, u.tag, g.label FROM thing t CROSS JOIN unnest(t.tags) AS u (tag) LEFT JOIN tag g USING (tag);
CREATE TABLE tv_doc AS SELECT doc, place FROM thing;
CREATE FUNCTION check_all() RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(name || ': ' || v::text, E'\n'), 'exact')
    FROM tviews.views, LATERAL pg_tviews_verify(name) AS v $$;
SELECT name, unit_key FROM tviews.views ORDER BY 1;
SELECT check_all();
UPDATE thing SET state = 'good', tags = tags || 'y'::text, span = int4range(9, 9), both_of.b = 'z', mail = 'BOB@X.ORG' WHERE pk < 3;
SELECT check_all();
UPDATE thing SET doc = '{"n": 1.0}', place = point(0, 1), attributes = attributes || 'l=>1', money = 1.5 WHERE pk IN (1, 4);
SELECT check_all();
-- Equal, and written in another way.
UPDATE thing SET mail = upper(mail::text), fixed = fixed::text || ' ', doc = '{"n" : 1.0}' WHERE pk = 1;
UPDATE person SET mail = lower(mail::text), name = upper(name);
SELECT check_all();
TABLE tv_mail ORDER BY 1;
UPDATE tag SET tag = 'z' WHERE tag = 'x';
UPDATE state SET state = 'fair' WHERE state = 'bad';
DELETE FROM thing WHERE pk = 5;
INSERT INTO thing (pk, code, span) VALUES (7, 'new', NULL), (8, 'newer', 'empty');
SELECT check_all();
UPDATE thing SET pk = pk + 10;
SELECT check_all();
ALTER TYPE mood RENAME VALUE 'good' TO 'fine';
ALTER TYPE mood ADD VALUE 'awful' BEFORE 'bad';
UPDATE thing SET state = 'awful' WHERE pk = 11;
SELECT check_all();
-- Without a key: duplicates count, NULLs are values.
CREATE TABLE entry (who text, amount integer);
CREATE TABLE alias (who text, full_name text);
INSERT INTO entry VALUES ('a', 1), ('a', 1), ('b', 2), (NULL, 3), (NULL, 3);
INSERT INTO alias VALUES ('a', 'A'), ('a', 'A'), ('b', 'B'), (NULL, 'N');
CREATE TABLE tv_entry AS SELECT who, amount FROM entry;
CREATE TABLE tv_named AS SELECT e.amount, a.full_name FROM entry e LEFT JOIN alias a USING (who);
INSERT INTO entry SELECT * FROM entry;
SELECT check_all();
DELETE FROM entry WHERE ctid = (SELECT min(ctid) FROM entry WHERE who = 'a');
DELETE FROM entry WHERE ctid = (SELECT min(ctid) FROM entry WHERE who IS NULL);
UPDATE entry SET amount = 2 WHERE ctid = (SELECT max(ctid) FROM entry WHERE who = 'a');
DELETE FROM alias WHERE ctid = (SELECT min(ctid) FROM alias);
SELECT check_all();
SELECT who, amount, count(*) FROM tv_entry GROUP BY 1, 2 ORDER BY 1, 2;
-- Row-level security: all right where it does not apply to the owner of the tview.
CREATE ROLE keeper; CREATE ROLE guest;
GRANT CREATE ON SCHEMA public TO keeper, guest;
CREATE TABLE secret (pk integer PRIMARY KEY, reader text);
ALTER TABLE secret OWNER TO keeper;
INSERT INTO secret VALUES (1, 'guest'), (2, 'keeper');
CREATE POLICY own ON secret USING (reader = current_user);
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
GRANT ALL ON secret TO guest;
SET ROLE guest;
CREATE TABLE tv_guest AS SELECT pk, reader FROM secret;
SET ROLE keeper;
CREATE TABLE tv_secret AS SELECT pk, reader FROM secret;
SET ROLE guest;
UPDATE secret SET pk = pk + 10;
SET ROLE keeper;
TABLE tv_secret ORDER BY 1;
ALTER TABLE secret FORCE ROW LEVEL SECURITY;
RESET ROLE;
-- A superuser is not kept from it, and is told what becomes of it.
BEGIN;
ALTER TABLE secret OWNER TO guest;
ROLLBACK;
SET ROLE keeper;
-- On a tview it filters what others read.
CREATE POLICY own ON tv_secret USING (reader = current_user);
ALTER TABLE tv_secret ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON tv_secret TO guest;
UPDATE secret SET pk = pk + 10;
SET ROLE guest;
TABLE tv_secret;
SET ROLE keeper;
TABLE tv_secret ORDER BY 1;
ALTER TABLE tv_secret FORCE ROW LEVEL SECURITY;
RESET ROLE;
SELECT check_all();
-- A role that bypasses it, for as long as it does.
CREATE ROLE passer BYPASSRLS;
GRANT CREATE ON SCHEMA public TO passer;
GRANT SELECT, TRIGGER ON secret TO passer;
SET pg_tviews.source_privilege = 'trigger';
SET ROLE passer;
CREATE TABLE tv_passed AS SELECT pk, reader FROM secret;
RESET ROLE;
RESET pg_tviews.source_privilege;
UPDATE secret SET pk = pk + 10;
TABLE tv_passed ORDER BY 1;
ALTER ROLE passer NOBYPASSRLS;
UPDATE secret SET pk = pk + 10;
ALTER ROLE passer BYPASSRLS;
UPDATE secret SET pk = pk + 10;
SELECT check_all();
DROP TABLE secret CASCADE;
DROP OWNED BY keeper, guest, passer; DROP ROLE keeper, guest, passer;
