-- Operators of extensions' types, and constructs whose text can't name them.
CREATE EXTENSION pg_tviews;
CREATE EXTENSION citext;
CREATE TABLE t (pk integer PRIMARY KEY, a citext, b citext);
INSERT INTO t VALUES (1, 'x', 'X'), (2, 'x', 'y'), (3, NULL, 'y');

-- Written so that the text names them: exact.
CREATE TABLE tv_exact AS
SELECT pk, a = b AS equal, a LIKE 'X%' AS alike, a IN ('X', 'Z') AS one_of, a BETWEEN 'A' AND 'X' AS between,
       CASE WHEN a = 'X' THEN 1 ELSE 2 END AS kind, CASE WHEN a = b THEN NULL ELSE a END AS other,
       coalesce(a <> b, (a IS NULL) <> (b IS NULL)) AS different
  FROM t;
CREATE TABLE tv_joined AS SELECT t.pk, u.pk AS other FROM t JOIN t AS u ON u.b = t.a;
UPDATE t SET a = 'Y' WHERE pk = 2;
INSERT INTO t VALUES (4, 'q', 'Q');
SELECT * FROM tv_exact ORDER BY pk;
SELECT * FROM tv_joined ORDER BY 1, 2;
SELECT * FROM pg_tviews_verify('tv_exact');

-- All refused, with a way to write it.
SELECT kind, place, message, hint FROM pg_tviews_analyze($$
  SELECT t.pk, nullif(a, b) AS n, a IS DISTINCT FROM b AS d, a IS NOT DISTINCT FROM b AS nd,
         CASE a WHEN 'X' THEN 1 END AS c, (a, pk) < (b, 2) AS r, (a, b) IS NOT DISTINCT FROM (b, a) AS rd,
         (a, pk) IN (SELECT b, pk FROM t AS u) AS i
    FROM t $$);
SELECT kind, place, message FROM pg_tviews_analyze('SELECT t.pk FROM t JOIN (SELECT b AS a FROM t) AS u USING (a)');
SELECT kind, place, message FROM pg_tviews_analyze('SELECT t.pk, u.p FROM t NATURAL JOIN (SELECT pk AS p, b AS a FROM t) AS u');
SELECT kind, place, message FROM pg_tviews_analyze('SELECT a, t.pk FROM t FULL JOIN (SELECT pk AS p, b AS a FROM t) AS u USING (a)');
CREATE TABLE tv_refused AS SELECT pk, nullif(a, b) AS n FROM t;

-- Over the server's own types they are fine, and over what is cast to them.
CREATE TABLE tv_cast AS
SELECT pk, nullif(a::text, b::text) AS n, a::text IS DISTINCT FROM b::text AS d, (pk, 1) < (2, 2) AS r FROM t;
SELECT * FROM tv_cast ORDER BY pk;
