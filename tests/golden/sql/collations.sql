-- Non-deterministic collations: values that are equal and differ. They need ICU.
CREATE EXTENSION pg_tviews;
SELECT NOT EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i' AND collname LIKE 'de%') AS none \gset
\if :none
  \echo this server has no ICU collations
  \quit
\endif
CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE word (word text COLLATE folded PRIMARY KEY, note text);
CREATE TABLE usage (pk integer PRIMARY KEY, word text COLLATE folded, plain text);
CREATE INDEX ON usage (word);
CREATE INDEX ON usage (plain);
INSERT INTO word VALUES ('Apfel', 'apple'), ('birne', 'pear');
INSERT INTO usage VALUES (1, 'APFEL', 'x'), (2, 'apfel', 'x'), (3, 'Birne', 'y'), (4, 'kiwi', 'Y'), (5, NULL, NULL);
CREATE TABLE tv_usage AS SELECT u.pk, u.word, w.word AS entry, w.note FROM usage u LEFT JOIN word w ON w.word = u.word;
CREATE TABLE tv_word AS
SELECT w.word, (SELECT jsonb_agg(u.word ORDER BY u.pk) FROM usage u WHERE u.word = w.word) AS usages FROM word w;
-- The word that a group shows is any of its words, for the tview as for the query; what shows it in another way is refused.
CREATE TABLE tv_group AS SELECT u.word, count(*) FROM usage u GROUP BY u.word;
CREATE TABLE tv_shown AS SELECT u.word, upper(u.word) AS shown, count(*) FROM usage u GROUP BY u.word;
CREATE TABLE tv_lower AS SELECT lower(u.word) AS word, count(*) FROM usage u GROUP BY lower(u.word);
CREATE TABLE tv_ascii AS SELECT u.word COLLATE "C" AS word, count(*) FROM usage u GROUP BY 1;
CREATE TABLE tv_counts AS SELECT count(*) AS times, sum(u.pk) AS total FROM usage u GROUP BY u.word;
CREATE TABLE tv_distinct AS SELECT DISTINCT u.word FROM usage u;
CREATE TABLE tv_in AS SELECT u.pk, u.plain COLLATE folded IN (SELECT v.plain COLLATE folded FROM usage v WHERE v.pk > u.pk) AS again FROM usage u;
CREATE TABLE tv_rank AS SELECT u.pk, u.word, row_number() OVER (PARTITION BY u.word ORDER BY u.pk) AS place FROM usage u;
CREATE TABLE tv_bare AS SELECT u.word, u.plain FROM usage u;
CREATE FUNCTION check_all() RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(name || ': ' || v::text, E'\n'), 'exact')
    FROM tviews.views, LATERAL pg_tviews_verify(name) AS v $$;
SELECT name, unit_key FROM tviews.views ORDER BY 1;
SELECT check_all();
UPDATE word SET word = upper(word), note = note || '!';
SELECT check_all();
TABLE tv_usage ORDER BY 1;
UPDATE usage SET word = upper(word);
SELECT check_all();
UPDATE usage SET word = 'KIWI', plain = 'X' WHERE pk IN (1, 5);
INSERT INTO word VALUES ('Kiwi', 'kiwi');
INSERT INTO usage VALUES (6, 'Apfel', 'z'), (7, 'APFEL', 'Z'), (8, 'birnE', NULL);
SELECT check_all();
DELETE FROM usage WHERE word = 'apfel' AND pk < 7;
DELETE FROM word WHERE word = 'KIWI';
SELECT check_all();
UPDATE usage SET word = 'apfel';
SELECT check_all();
TABLE tv_word ORDER BY 1;

-- Elements of a list can be known by such a text, of which a unique key has one spelling only. What it orders is known only as far as it tells rows apart.
CREATE TABLE owner (pk integer PRIMARY KEY);
CREATE TABLE part (label text COLLATE folded NOT NULL UNIQUE, pk integer PRIMARY KEY, fk_owner integer, amount integer);
CREATE INDEX ON part (fk_owner);
INSERT INTO owner VALUES (1);
INSERT INTO part VALUES ('x', 1, 1, 1), ('Y', 2, 1, 2);
CREATE TABLE tv_owner AS
  SELECT o.pk, (SELECT jsonb_agg(jsonb_build_object('label', p.label, 'amount', p.amount) ORDER BY p.pk) FROM part p WHERE p.fk_owner = o.pk) AS by_pk FROM owner o;
CREATE TABLE tv_ordered AS
  SELECT o.pk, (SELECT jsonb_agg(jsonb_build_object('label', p.label, 'amount', p.amount) ORDER BY p.label) FROM part p WHERE p.fk_owner = o.pk) AS by_label FROM owner o;
SELECT source, strategy FROM pg_tviews_explain('tv_owner') WHERE event = 'UPDATE';
SELECT source, strategy FROM pg_tviews_explain('tv_ordered') WHERE event = 'UPDATE';
UPDATE part SET amount = 10 WHERE label = 'X';
UPDATE part SET label = 'X', amount = 11 WHERE label = 'X';
UPDATE part SET amount = 12 WHERE label = 'x';
SELECT by_pk, by_label FROM tv_owner JOIN tv_ordered USING (pk);
SELECT * FROM pg_tviews_verify('tv_owner');
SELECT * FROM pg_tviews_verify('tv_ordered');
