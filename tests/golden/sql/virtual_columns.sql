-- Virtual generated columns (PostgreSQL 18) as sources: a change of what they are computed from is a change of them.
CREATE EXTENSION pg_tviews;
SELECT current_setting('server_version_num')::integer < 180000 AS old \gset
\if :old
  \echo virtual columns are new in PostgreSQL 18
  \quit
\endif
CREATE TABLE rate (code text, factor numeric, label text GENERATED ALWAYS AS (coalesce(code, '?') || '!'), PRIMARY KEY (code));
CREATE TABLE line (
  pk integer PRIMARY KEY, code text, amount numeric, quantity integer,
  upper_code text GENERATED ALWAYS AS (upper(code)),
  total numeric GENERATED ALWAYS AS (amount * quantity) VIRTUAL,
  twice numeric GENERATED ALWAYS AS (amount * 2) STORED,
  size text GENERATED ALWAYS AS (CASE WHEN quantity > 5 THEN 'large' ELSE 'small' END));
CREATE TABLE size (name text PRIMARY KEY, text text);
CREATE INDEX ON line (upper(code));
INSERT INTO rate VALUES ('A', 2), ('B', 3);
INSERT INTO line VALUES (1, 'a', 1.5, 2), (2, 'b', 2, 10), (3, NULL, 3, 3), (4, 'c', NULL, 4);
INSERT INTO size VALUES ('large', 'many'), ('small', 'few');
-- As values, links, filters, whole rows; on the optional side, where NULL is NULL and the expression is not.
CREATE TABLE tv_line AS SELECT l.pk, l.total, l.twice, l.size FROM line l;
CREATE TABLE tv_rated AS
SELECT l.pk, jsonb_build_object('total', l.total * r.factor, 'label', r.label) AS data
  FROM line l LEFT JOIN rate r ON r.code = l.upper_code;
CREATE TABLE tv_rate AS
SELECT r.code, r.label, (SELECT sum(l.total) FROM line l WHERE l.upper_code = r.code) AS total FROM rate r;
CREATE TABLE tv_labelled AS
SELECT l.pk, r.label, s.text FROM line l LEFT JOIN rate r ON r.code = l.upper_code LEFT JOIN size s ON s.name = l.size
 WHERE r.label IS NULL OR r.label <> 'A!';
CREATE TABLE tv_whole AS SELECT l.pk, to_jsonb(l) AS data FROM line l WHERE l.total > 1;
CREATE TABLE tv_size AS
SELECT l.pk, l.pk IN (SELECT s.pk FROM line s WHERE s.size = l.size) AS own,
       (SELECT s.text FROM size s WHERE s.name = l.size) AS text, EXISTS (SELECT FROM line o WHERE o.total = l.twice) AS twin FROM line l;
CREATE TABLE tv_grouped AS SELECT l.size, count(*), sum(l.total) AS total FROM line l GROUP BY l.size;
CREATE TABLE tv_optional AS
SELECT r.label, count(*), min(l.size) AS size FROM line l LEFT JOIN rate r ON r.code = l.upper_code GROUP BY r.label;
CREATE TABLE tv_full AS SELECT l.pk, r.code, l.size, r.label FROM line l FULL JOIN rate r ON r.code = l.upper_code;
CREATE TABLE tv_using AS SELECT size, l.pk, s.text FROM line l FULL JOIN (SELECT name AS size, text FROM size) s USING (size);
CREATE TABLE tv_both AS SELECT upper_code, a.pk, b.pk AS other FROM line a FULL JOIN line b USING (upper_code);
CREATE TABLE tv_window AS SELECT l.size, l.total, rank() OVER (PARTITION BY l.size ORDER BY l.total, l.pk) AS place FROM line l;
CREATE TABLE tv_united AS SELECT l.size AS name FROM line l UNION SELECT s.name FROM size s;
CREATE TABLE tv_lateral AS
SELECT r.code, x.part FROM rate r LEFT JOIN line l ON l.upper_code = r.code
 CROSS JOIN LATERAL (SELECT l.size || ' ' || r.label AS part UNION ALL SELECT word FROM regexp_split_to_table(l.size, 'a') AS word) x;
CREATE FUNCTION check_all() RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(name || ': ' || v::text, E'\n'), 'exact')
    FROM tviews.views, LATERAL pg_tviews_verify(name) AS v $$;
SELECT check_all();
SELECT source, columns FROM pg_tviews_explain('tv_rated') WHERE event = 'UPDATE';
TABLE tv_rated ORDER BY 1;
TABLE tv_labelled ORDER BY 1;
UPDATE line SET quantity = 7 WHERE pk = 1;
SELECT check_all();
UPDATE line SET code = 'A' WHERE pk IN (2, 3);
SELECT check_all();
UPDATE line SET amount = amount + 1;
SELECT check_all();
INSERT INTO line VALUES (5, 'B', 9, 9);
DELETE FROM rate WHERE code = 'B';
SELECT check_all();
INSERT INTO rate VALUES ('B', 4), ('C', 5);
UPDATE rate SET code = 'D' WHERE code = 'A';
UPDATE size SET text = upper(text);
SELECT check_all();
DELETE FROM line WHERE pk = 2;
SELECT check_all();
-- Another expression is another value in every row.
ALTER TABLE line ALTER COLUMN total SET EXPRESSION AS (amount * quantity + 1);
ALTER TABLE line ALTER COLUMN twice SET EXPRESSION AS (amount * 2 + 2);
SELECT check_all();
TABLE tv_line ORDER BY 1;
ALTER TABLE line ALTER COLUMN upper_code SET EXPRESSION AS (upper(code || ''));
UPDATE line SET code = 'd' WHERE pk = 3;
SELECT check_all();
ALTER TABLE line ADD COLUMN half numeric GENERATED ALWAYS AS (amount / 2);
SELECT check_all();
ALTER TABLE line ALTER COLUMN half SET EXPRESSION AS (amount / 4);
UPDATE line SET amount = 8 WHERE pk = 1;
SELECT check_all();
-- Partitions, too: the expression of the table that is named counts.
CREATE TABLE p (pk integer PRIMARY KEY, n integer, m integer GENERATED ALWAYS AS (n + 1)) PARTITION BY RANGE (pk);
CREATE TABLE p1 (m integer GENERATED ALWAYS AS (n + 100), n integer, pk integer NOT NULL);
ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM (0) TO (100);
CREATE TABLE tv_p AS SELECT pk, m FROM p;
CREATE TABLE tv_p1 AS SELECT pk, m FROM p1;
INSERT INTO p VALUES (1, 1);
INSERT INTO p1 (pk, n) VALUES (2, 2);
UPDATE p SET n = n * 2;
UPDATE p1 SET n = n * 2;
SELECT check_all();
SELECT p.pk, p.m, p1.m AS of_partition FROM tv_p p JOIN tv_p1 p1 USING (pk) ORDER BY 1;
