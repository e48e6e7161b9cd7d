-- Rows joined to the elements of an array: a changed row leads to the rows whose arrays have its key.
CREATE EXTENSION pg_tviews;
CREATE TABLE tag (id integer PRIMARY KEY, name text, big bigint);
CREATE TABLE page (id integer PRIMARY KEY, ids integer[], names text[], nested integer[]);
INSERT INTO tag SELECT i, 't' || i, i FROM generate_series(1, 200) AS i;
INSERT INTO page SELECT i, ARRAY[i % 200 + 1, NULL, i * 7 % 200 + 1], ARRAY['t' || i % 50, 't1'], '{{1,2},{3,4}}' FROM generate_series(1, 300) AS i;
CREATE FUNCTION searches(tview text) RETURNS TABLE (source text, strategy text) LANGUAGE sql AS
  $$ SELECT source, strategy FROM pg_tviews_explain(tview) WHERE event = 'UPDATE' AND source LIKE '%tag%' $$;
\set ordered 'SELECT p.id, (SELECT jsonb_agg(t.name ORDER BY u.o) FROM unnest(p.ids) WITH ORDINALITY u (id, o) JOIN tag t ON t.id = u.id) AS tags FROM page p'
\set reversed 'SELECT p.id, t.id AS tag, t.name FROM page p, unnest(p.ids) AS u (id), tag t WHERE u.id = t.id GROUP BY p.id, t.id, t.name'
\set outer_join 'SELECT p.id, (SELECT count(t.name) FROM unnest(p.names) AS u (name) LEFT JOIN tag t ON t.name = u.name) AS n FROM page p'
\set wider 'SELECT p.id, (SELECT string_agg(t.name, '','' ORDER BY t.id) FROM tag t JOIN unnest(p.nested) AS u (id) ON t.big = u.id) AS names FROM page p'
SELECT pg_tviews_create('tv_ordered', :'ordered');
SELECT pg_tviews_create('tv_reversed', :'reversed');
SELECT pg_tviews_create('tv_outer', :'outer_join');
SELECT pg_tviews_create('tv_wider', :'wider');
SELECT * FROM searches('tv_ordered');
SELECT * FROM searches('tv_reversed');
SELECT * FROM searches('tv_outer');
SELECT * FROM searches('tv_wider');
-- So for other functions, by the condition itself.
ALTER TABLE page ADD doc jsonb;
UPDATE page SET doc = jsonb_build_object('tags', jsonb_build_array(id % 20, (id * 7 % 50)::text), 'objects', jsonb_build_array(jsonb_build_object('id', id % 20), '{}'));
SELECT pg_tviews_create('tv_texts', 'SELECT p.id, (SELECT jsonb_agg(t.name ORDER BY t.id) FROM jsonb_array_elements_text(p.doc->''tags'') u (tag) JOIN tag t ON t.id = u.tag::integer) AS tags FROM page p');
SELECT pg_tviews_create('tv_objects', 'SELECT p.id, (SELECT jsonb_agg(t.name ORDER BY u.n) FROM jsonb_array_elements(p.doc->''objects'') WITH ORDINALITY u (tag, n) LEFT JOIN tag t ON t.id = (u.tag->>''id'')::integer AND u.n = 1) AS tags FROM page p');
SELECT pg_tviews_create('tv_lists', 'SELECT p.id, t.id AS tag, t.name FROM page p, string_to_table(array_to_string(p.names, '',''), '','') u (tag) JOIN tag t ON upper(t.name) = upper(u.tag) GROUP BY p.id, t.id, t.name');
SELECT * FROM searches('tv_texts');
SELECT * FROM searches('tv_objects');
SELECT * FROM searches('tv_lists');
CREATE FUNCTION wrong() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM tviews.views v, pg_tviews_verify(v.name) $$;
UPDATE tag SET name = 'x' WHERE id = 3; SELECT wrong();
UPDATE tag SET name = 't1' WHERE id = 7; SELECT wrong();
UPDATE tag SET id = 1000 WHERE id = 2; SELECT wrong();
UPDATE tag SET big = -id WHERE id < 5; SELECT wrong();
DELETE FROM tag WHERE id IN (1, 9); SELECT wrong();
INSERT INTO tag VALUES (1, 't7', 2), (2, 't8', 3); SELECT wrong();
UPDATE page SET ids = ids || 7, names = NULL WHERE id % 2 = 0; SELECT wrong();
UPDATE page SET ids = '{{8,8},{9,8}}', nested = '{}' WHERE id = 5; SELECT wrong();
-- So many that all pages are computed.
UPDATE tag SET name = name || '!'; SELECT wrong();
UPDATE page SET doc = '{"tags": [3, "5"], "objects": [{"id": 3}, {"id": 4}]}' WHERE id < 9; SELECT wrong();
UPDATE tag SET id = id + 2000 WHERE id IN (3, 4); SELECT wrong();
UPDATE page SET doc = NULL WHERE id = 8; SELECT wrong();
BEGIN;
DELETE FROM tag WHERE id = 8;
UPDATE page SET ids = '{10,11}' WHERE id < 3;
UPDATE tag SET name = 'ten' WHERE id = 10;
SELECT wrong();
ROLLBACK;
SELECT wrong();
