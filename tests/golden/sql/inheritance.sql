-- Tables with inheritance as sources: a statement on one table changes rows of others.
CREATE EXTENSION pg_tviews;
CREATE TABLE shelf (pk integer PRIMARY KEY, name text);
CREATE TABLE item (fk_shelf integer, title text);
CREATE TABLE book (pages integer, pk_book integer PRIMARY KEY) INHERITS (item);
CREATE TABLE novel (hero text) INHERITS (book);
CREATE TABLE dated (on_day date, title text);
CREATE TABLE diary (pk_diary integer PRIMARY KEY) INHERITS (item, dated);
CREATE INDEX ON item (fk_shelf);
CREATE INDEX ON book (fk_shelf);
CREATE INDEX ON novel (fk_shelf);
CREATE INDEX ON diary (fk_shelf);
INSERT INTO shelf VALUES (1, 'low'), (2, 'high');
INSERT INTO item VALUES (1, 'thing'), (2, 'other thing');
INSERT INTO book VALUES (1, 'book', 100, 1), (2, 'other book', 200, 2);
INSERT INTO novel VALUES (1, 'novel', 300, 3, 'Emma');
INSERT INTO diary (fk_shelf, title, on_day, pk_diary) VALUES (2, 'diary', '2024-01-01', 1);
-- The parent with all that inherits from it, the parent alone, and a child.
CREATE TABLE tv_shelf AS
SELECT s.pk, s.name, (SELECT jsonb_agg(i.title ORDER BY i.title) FROM item i WHERE i.fk_shelf = s.pk) AS items FROM shelf s;
CREATE TABLE tv_only AS
SELECT s.pk, (SELECT jsonb_agg(i.title ORDER BY i.title) FROM ONLY item i WHERE i.fk_shelf = s.pk) AS items FROM shelf s;
CREATE TABLE tv_dated AS SELECT s.pk, (SELECT count(*) FROM dated d WHERE d.title = s.name) AS same FROM shelf s;
CREATE TABLE tv_book AS SELECT b.pk_book, b.title, b.pages FROM ONLY book b;
CREATE TABLE tv_diary AS SELECT d.pk_diary, d.title, d.on_day FROM diary d;
CREATE FUNCTION check_all() RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(name || ': ' || v::text, E'\n'), 'exact')
    FROM tviews.views, LATERAL pg_tviews_verify(name) AS v $$;
SELECT check_all();
SELECT tview, source, members, relatives FROM tviews.source WHERE source <> 'shelf'::regclass ORDER BY tview::text, source::text;
SELECT source, event, columns, strategy FROM pg_tviews_explain('tv_diary') WHERE event IN ('UPDATE', 'DELETE');
-- Through the parent: rows of all children change.
UPDATE item SET title = title || '!';
SELECT check_all();
UPDATE ONLY item SET title = upper(title);
SELECT check_all();
UPDATE item SET fk_shelf = 2 WHERE title LIKE 'novel%';
DELETE FROM item WHERE title LIKE 'other book%';
SELECT check_all();
UPDATE dated SET title = 'low', on_day = '2025-01-01';
SELECT check_all();
MERGE INTO item i USING shelf s ON i.fk_shelf = s.pk AND i.title = 'book!'
 WHEN MATCHED THEN UPDATE SET title = 'merged' WHEN NOT MATCHED THEN INSERT VALUES (s.pk, 'merged');
SELECT check_all();
TABLE tv_book;
TABLE tv_diary;
-- Through children.
INSERT INTO novel VALUES (1, 'sequel', 10, 4, 'Emma');
UPDATE novel SET hero = 'Anne';
UPDATE book SET title = 'any', pages = pages + 1;
UPDATE diary SET on_day = on_day + 1, fk_shelf = 1;
SELECT check_all();
DELETE FROM novel WHERE pk_book = 3;
INSERT INTO item VALUES (1, 'in the parent');
INSERT INTO dated VALUES ('2024-12-24', 'high');
SELECT check_all();
-- TRUNCATE.
BEGIN; TRUNCATE ONLY item; SELECT check_all(); TRUNCATE book; SELECT check_all(); TRUNCATE item; SELECT check_all(); ROLLBACK;
SELECT check_all();
-- Children come and go.
CREATE TABLE map (scale integer, title text, fk_shelf integer);
INSERT INTO map VALUES (1, 'map', 1);
ALTER TABLE map INHERIT item;
SELECT check_all();
UPDATE map SET title = 'plan';
SELECT check_all();
ALTER TABLE map NO INHERIT item;
SELECT check_all();
SELECT count(*) AS triggers_left FROM pg_trigger WHERE tgrelid = 'map'::regclass;
CREATE TABLE poem () INHERITS (book);
INSERT INTO poem VALUES (2, 'poem', 1, 5);
SELECT check_all();
DROP TABLE poem;
SELECT check_all();
ALTER TABLE diary NO INHERIT item;
UPDATE item SET title = 'not the diary';
SELECT check_all();
ALTER TABLE diary INHERIT item;
SELECT check_all();
DROP TABLE novel;
SELECT check_all();
-- A key of the parent says nothing about its children.
CREATE TABLE tv_keyed AS SELECT pk_diary, title FROM diary;
CREATE TABLE secret () INHERITS (diary);
ALTER TABLE map ADD COLUMN on_day date, ADD COLUMN pk_diary integer NOT NULL DEFAULT 1;
ALTER TABLE map INHERIT diary;
DROP TABLE tv_keyed, tv_diary;
CREATE TABLE secret () INHERITS (diary);
CREATE TABLE tv_keyed AS SELECT pk_diary, title FROM ONLY diary;
INSERT INTO secret (pk_diary, title, fk_shelf) VALUES (1, 'secret', 1);
UPDATE diary SET title = 'open';
UPDATE dated SET title = 'closed';
SELECT check_all();
-- Other kinds of tables.
CREATE TEMPORARY TABLE passing () INHERITS (item);
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE far () INHERITS (item) SERVER nowhere;
CREATE FOREIGN TABLE above (title text) SERVER nowhere;
ALTER TABLE item INHERIT above;
CREATE FOREIGN TABLE far (fk_shelf integer, title text) SERVER nowhere;
ALTER FOREIGN TABLE far INHERIT item;
CREATE TABLE below () INHERITS (above);
CREATE TABLE tv_below AS SELECT s.pk, (SELECT count(*) FROM below b WHERE b.title = s.name) AS same FROM shelf s;
CREATE TABLE plain (title text);
CREATE INDEX ON plain (title);
CREATE TEMPORARY TABLE plain_temp () INHERITS (plain);
CREATE TABLE tv_plain AS SELECT s.pk, (SELECT count(*) FROM plain p WHERE p.title = s.name) AS same FROM shelf s;
CREATE TABLE tv_plain AS SELECT s.pk, (SELECT count(*) FROM ONLY plain p WHERE p.title = s.name) AS same FROM shelf s;
-- The last tview takes all triggers along.
SELECT check_all();
DROP TABLE tv_shelf, tv_only, tv_dated, tv_book, tv_keyed, tv_plain;
SELECT count(*) AS triggers_left FROM pg_trigger WHERE tgname LIKE '00_pg_tviews_%';
