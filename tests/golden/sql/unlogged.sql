-- Unlogged tables: a crash empties them without triggers, which is all right where it empties all that a tview reads, and it.
CREATE EXTENSION pg_tviews;
CREATE UNLOGGED TABLE visitor (pk integer PRIMARY KEY, name text);
CREATE UNLOGGED TABLE page_view (pk integer PRIMARY KEY, fk_visitor integer, page text);
CREATE INDEX ON page_view (fk_visitor);
CREATE TABLE page (name text PRIMARY KEY);
INSERT INTO visitor VALUES (1, 'Ann'), (2, 'Bob');
INSERT INTO page_view VALUES (1, 1, 'home'), (2, 1, 'help');
CREATE TABLE tv_visitor AS
SELECT v.pk, v.name, (SELECT jsonb_agg(p.page ORDER BY p.pk) FROM page_view p WHERE p.fk_visitor = v.pk) AS pages FROM visitor v;
CREATE UNLOGGED TABLE tv_view AS SELECT p.pk, v.name FROM page_view p LEFT JOIN visitor v ON v.pk = p.fk_visitor;
SELECT pg_tviews_create('per_page', 'SELECT page, count(*) FROM page_view GROUP BY page');
SELECT relname, relpersistence FROM pg_class WHERE relname IN ('tv_visitor', 'tv_visitor_pkey', 'tv_view', 'per_page') ORDER BY 1;
INSERT INTO page_view VALUES (3, 2, 'home');
SELECT * FROM pg_tviews_verify('tv_visitor') UNION ALL SELECT * FROM pg_tviews_verify('per_page');
TABLE tv_visitor ORDER BY 1;
-- Mixtures, and rows out of nothing.
CREATE TABLE tv_mixed AS SELECT p.pk, p.page, q.name FROM page_view p JOIN page q ON q.name = p.page;
CREATE UNLOGGED TABLE tv_page AS SELECT name FROM page;
CREATE TABLE tv_count AS SELECT count(*) AS views FROM page_view;
CREATE TABLE tv_constant AS
SELECT g.n, (SELECT count(*) FROM page_view p WHERE p.pk = g.n) AS views FROM page_view v RIGHT JOIN generate_series(1, 3) AS g (n) ON v.pk = g.n;
BEGIN;
CREATE TABLE tv_derived AS SELECT d.page, d.views FROM (SELECT page, count(*) AS views FROM page_view GROUP BY page) AS d;
ROLLBACK;
-- A partition counts by itself.
CREATE TABLE reading (pk integer PRIMARY KEY) PARTITION BY RANGE (pk);
CREATE UNLOGGED TABLE reading_old PARTITION OF reading FOR VALUES FROM (0) TO (10);
CREATE TABLE tv_reading AS SELECT pk FROM reading;
CREATE TABLE reading_new PARTITION OF reading FOR VALUES FROM (10) TO (20);
DROP TABLE tv_reading;
CREATE TABLE reading_new PARTITION OF reading FOR VALUES FROM (10) TO (20);
CREATE TABLE tv_reading AS SELECT pk FROM reading;
-- What would make a difference between a tview and what it reads.
ALTER TABLE visitor SET LOGGED;
ALTER TABLE page_view SET LOGGED;
ALTER TABLE tv_visitor SET LOGGED;
DROP TABLE tv_visitor, tv_view;
ALTER TABLE page_view SET LOGGED;
DROP TABLE per_page;
ALTER TABLE page_view SET LOGGED;
CREATE TABLE tv_page_view AS SELECT pk, page FROM page_view;
ALTER TABLE page_view SET UNLOGGED;
ALTER TABLE tv_page_view SET UNLOGGED;
-- A tview over an unlogged one is unlogged.
CREATE TABLE tv_name AS SELECT pk, name FROM visitor;
CREATE TABLE tv_name_again AS SELECT pk, upper(name) AS name FROM tv_name;
SELECT relpersistence FROM pg_class WHERE relname = 'tv_name_again';
