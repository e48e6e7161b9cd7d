-- Dates and times out of stored text: read as they are written, and refused where they mean the clock.
CREATE EXTENSION pg_tviews;
CREATE ROLE ft_alice;
CREATE SCHEMA app AUTHORIZATION ft_alice;
SET ROLE ft_alice;
SET search_path = app, public;
SET TimeZone = 'Europe/Berlin';
CREATE DOMAIN app.day AS date;
CREATE DOMAIN app.words AS text;
CREATE TABLE app.doc (pk integer PRIMARY KEY, doc jsonb, t text, v varchar(40), c char(30), w app.words, many text[]);
INSERT INTO app.doc VALUES (1, '{"at": "2020-02-03 10:00"}', '2020-01-02', '10:00', '2020-05-06 07:08', 'Jan 8, 1999', '{2020-01-02}'), (2, '{}', NULL, NULL, NULL, NULL, NULL);
\set definition 'SELECT pk, (doc->>\'at\')::timestamptz AS at, t::date AS t, v::time AS v, c::timestamp(0) AS c, w::date AS w, t::app.day AS d, lower(t)::date - 1 AS l FROM app.doc'
CREATE TABLE app.tv_doc AS SELECT pk, (doc->>'at')::timestamptz AS at, t::date AS t, v::time AS v, c::timestamp(0) AS c, w::date AS w, t::app.day AS d, lower(t)::date - 1 AS l FROM app.doc;
SELECT * FROM app.tv_doc ORDER BY pk;
SELECT test.compare('app.tv_doc', :'definition');
-- Whoever writes, in whatever time zone.
SET TimeZone = 'America/New_York';
INSERT INTO app.doc (pk, doc) VALUES (3, '{"at": "2020-07-03 10:00"}');
UPDATE app.doc SET doc = '{"at": "infinity"}', t = 'epoch', v = '10:00 PM', w = '2020-01-01 AD' WHERE pk = 1;
SET TimeZone = 'Europe/Berlin';
SELECT * FROM app.tv_doc ORDER BY pk;
SELECT test.compare('app.tv_doc', :'definition');
-- By the clock.
INSERT INTO app.doc (pk, t) VALUES (4, 'today');
UPDATE app.doc SET doc = '{"at": "now"}';
UPDATE app.doc SET w = ' Tomorrow ';
UPDATE app.doc SET v = 'NOW';
-- No date at all.
UPDATE app.doc SET t = 'soon';
SELECT test.compare('app.tv_doc', :'definition');
-- In conditions, groups, joins, subqueries.
CREATE TABLE app.tv_day AS SELECT (doc->>'at')::date AS day, count(*) AS n FROM app.doc WHERE (doc->>'at')::timestamptz < '2030-01-01' GROUP BY 1;
CREATE TABLE app.tv_same AS SELECT d.pk, (SELECT jsonb_agg(o.pk ORDER BY o.pk) FROM app.doc o WHERE (o.doc->>'at')::date = d.t::date) AS others FROM app.doc d;
UPDATE app.doc SET t = '2020-07-03', doc = '{"at": "2020-07-03 12:00"}' WHERE pk = 2;
TABLE app.tv_day ORDER BY 1;
TABLE app.tv_same ORDER BY 1;
SELECT test.compare('app.tv_same', 'SELECT d.pk, (SELECT jsonb_agg(o.pk ORDER BY o.pk) FROM app.doc o WHERE (o.doc->>''at'')::date = d.t::date) AS others FROM app.doc d');
-- What stays refused: times with a zone, whose offset is that of today; elements of arrays; views of others.
CREATE TABLE app.tv_x AS SELECT pk, t::timetz AS t FROM app.doc;
CREATE TABLE app.tv_x AS SELECT pk, many::date[] AS t FROM app.doc;
CREATE TABLE app.tv_x AS SELECT pk, ('{' || t || '}')::date[] AS t FROM app.doc;
CREATE TABLE app.tv_x AS SELECT pk, tviews.fixed_time(t)::timetz AS t FROM app.doc;
CREATE TABLE app.tv_x AS SELECT pk, tviews.fixed_time('{' || t || '}')::date[] AS t FROM app.doc;
CREATE TABLE app.tv_x AS SELECT pk, JSON_VALUE(doc, '$.at' RETURNING date) AS t FROM app.doc;
CREATE TABLE app.tv_x AS SELECT d.pk, r.at FROM app.doc d, jsonb_to_record(d.doc) AS r (at date);
CREATE VIEW app.v_doc AS SELECT pk, t::date AS t FROM app.doc;
CREATE TABLE app.tv_x AS SELECT pk, t FROM app.v_doc;
CREATE OR REPLACE VIEW app.v_doc AS SELECT pk, tviews.fixed_time(t)::date AS t FROM app.doc;
CREATE TABLE app.tv_x AS SELECT pk, t FROM app.v_doc;
SELECT * FROM app.tv_x ORDER BY pk;
CREATE TABLE app.tv_y AS SELECT d.pk, array_agg(u.one::date) AS many FROM app.doc d, unnest(d.many) AS u (one) GROUP BY d.pk;
SELECT * FROM app.tv_y;
SELECT tviews.fixed_time('x now x');
