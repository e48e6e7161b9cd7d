-- Keys of groups whose equal values are written differently: where all rows of a group are written anew, the tview shows what they say now.
CREATE EXTENSION pg_tviews;
CREATE EXTENSION citext;
CREATE TABLE tagging (id integer PRIMARY KEY, tag citext, num numeric, label bpchar, doc jsonb, span interval, rate float8);
INSERT INTO tagging VALUES (1, 'postgresql', 5.0, 'a', '{"n": 1.0}', '1 day', 0), (2, 'postgresql', 5.0, 'a', '{"n": 1.0}', '1 day', 0), (3, 'other', 7, 'b', '1', '2 days', 1.5);
CREATE TABLE tv_tag AS SELECT tag, count(*) AS n FROM tagging GROUP BY tag;
CREATE TABLE tv_num AS SELECT num, count(*) AS n FROM tagging GROUP BY num;
CREATE TABLE tv_label AS SELECT label, count(*) AS n FROM tagging GROUP BY label;
CREATE TABLE tv_doc AS SELECT doc, count(*) AS n FROM tagging GROUP BY doc;
CREATE TABLE tv_span AS SELECT span, count(*) AS n FROM tagging GROUP BY span;
CREATE TABLE tv_rate AS SELECT rate, count(*) AS n FROM tagging GROUP BY rate;
CREATE TABLE tv_distinct AS SELECT DISTINCT tag, num FROM tagging;
CREATE TABLE tv_union AS SELECT tag, num FROM tagging UNION SELECT tag, num + 0.00 FROM tagging WHERE id > 1;
CREATE TABLE tv_several AS SELECT tag, label, sum(id) AS ids FROM tagging GROUP BY tag, label;
CREATE FUNCTION check_all() RETURNS TABLE (tview text, result text) LANGUAGE sql AS $$
  SELECT 'tv_tag', test.compare('tv_tag', 'SELECT tag, count(*) FROM tagging GROUP BY tag')
  UNION ALL SELECT 'tv_num', test.compare('tv_num', 'SELECT num, count(*) FROM tagging GROUP BY num')
  UNION ALL SELECT 'tv_label', test.compare('tv_label', 'SELECT label, count(*) FROM tagging GROUP BY label')
  UNION ALL SELECT 'tv_doc', test.compare('tv_doc', 'SELECT doc, count(*) FROM tagging GROUP BY doc')
  UNION ALL SELECT 'tv_span', test.compare('tv_span', 'SELECT span, count(*) FROM tagging GROUP BY span')
  UNION ALL SELECT 'tv_rate', test.compare('tv_rate', 'SELECT rate, count(*) FROM tagging GROUP BY rate')
  UNION ALL SELECT 'tv_distinct', test.compare('tv_distinct', 'SELECT DISTINCT tag, num FROM tagging')
  UNION ALL SELECT 'tv_several', test.compare('tv_several', 'SELECT tag, label, sum(id) FROM tagging GROUP BY tag, label') $$;
SELECT * FROM check_all();
UPDATE tagging SET tag = 'PostgreSQL', num = 5.000, label = 'a  ', doc = '{"n": 1.00}', span = '24 hours', rate = '-0' WHERE id < 3;
SELECT * FROM check_all();
TABLE tv_tag ORDER BY 1; TABLE tv_num ORDER BY 1; TABLE tv_span ORDER BY 1; TABLE tv_union ORDER BY 1, 2; TABLE tv_several ORDER BY 1, 2;
-- One of several: either writing is right.
UPDATE tagging SET tag = 'POSTGRESQL', num = 5 WHERE id = 1;
SELECT count(*) FROM tv_tag v WHERE NOT EXISTS (SELECT FROM tagging t WHERE t.tag::text = v.tag::text);
SELECT count(*) FROM tv_num v WHERE NOT EXISTS (SELECT FROM tagging t WHERE t.num::text = v.num::text);
DELETE FROM tagging WHERE id = 2;
SELECT * FROM check_all();
BEGIN; UPDATE tagging SET tag = 'PostGreSQL'; UPDATE tagging SET tag = 'Postgres' WHERE id = 3; COMMIT;
SELECT * FROM check_all();
SELECT pg_tviews_refresh('tv_tag'), pg_tviews_refresh('tv_num');
SELECT count(*) AS differences FROM pg_tviews_verify('tv_tag');
