-- Lists of children in documents, in an order that their elements show: a child that comes, goes or moves is written at its place, without
-- reading the others.
CREATE EXTENSION pg_tviews;
CREATE TABLE tb_product (pk_product integer PRIMARY KEY, name text);
CREATE TABLE tb_review (pk_review integer PRIMARY KEY, fk_product integer, rating integer, title text COLLATE "C",
                        written timestamptz, hidden boolean NOT NULL DEFAULT false);
CREATE INDEX ON tb_review (fk_product);
CREATE UNIQUE INDEX ON tb_review (pk_review, fk_product);
INSERT INTO tb_product VALUES (1, 'Hammer'), (2, 'Saw'), (3, 'Nails');
INSERT INTO tb_review
SELECT n, 1 + n % 2, nullif(n % 5, 0), 'title ' || n % 3, '2026-01-01 00:00+00'::timestamptz + n % 4 * interval '1 day' FROM generate_series(1, 12) n;
-- Says which elements are made.
CREATE FUNCTION made(pk integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS
  $$ BEGIN RAISE NOTICE 'element % is made', pk; RETURN pk; END $$;
CREATE VIEW definition AS
SELECT p.pk_product, jsonb_build_object(
         'name', p.name,
         'reviews', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.pk_review, 'made', made(r.pk_review), 'rating', r.rating, 'title', r.title)
                                               ORDER BY r.rating DESC, r.title, r.pk_review), '[]')
                       FROM tb_review r WHERE r.fk_product = p.pk_product AND NOT r.hidden)) AS data
  FROM tb_product p;
\set QUIET on
SET client_min_messages = warning;
CREATE TABLE tv_product AS TABLE definition;
RESET client_min_messages;
SELECT source, event, strategy FROM pg_tviews_explain('tv_product') WHERE source LIKE '%review%';
CREATE FUNCTION test.differ() RETURNS bigint LANGUAGE sql SET client_min_messages = warning AS
  $$ SELECT count(*) FROM ((TABLE definition EXCEPT ALL TABLE tv_product) UNION ALL (TABLE tv_product EXCEPT ALL TABLE definition)) AS d $$;
CREATE FUNCTION test.list(pk integer) RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg(concat_ws(' ', e ->> 'id', e ->> 'rating', e ->> 'title'), ', ' ORDER BY n)
       FROM tv_product, jsonb_array_elements(data -> 'reviews') WITH ORDINALITY AS l (e, n) WHERE pk_product = pk $$;
SELECT test.list(1), test.list(2), test.list(3);

-- One comes: first, in the middle, last, into an empty list.
INSERT INTO tb_review VALUES (20, 1, 9, 'a');
INSERT INTO tb_review VALUES (21, 1, 2, 'title 1');
INSERT INTO tb_review VALUES (22, 1, NULL, 'NULLs come first');
INSERT INTO tb_review VALUES (23, 1, -1, 'z');
INSERT INTO tb_review VALUES (24, 3, 1, 'a');
SELECT test.list(1), test.list(3), test.differ();
-- One goes, and the only one.
DELETE FROM tb_review WHERE pk_review = 21;
DELETE FROM tb_review WHERE pk_review = 24;
SELECT test.list(1), test.list(3), test.differ();
-- One moves: in its list, to another list, out of all lists and back.
UPDATE tb_review SET rating = 3 WHERE pk_review = 20;
UPDATE tb_review SET title = 'Z' WHERE pk_review = 20;
SELECT test.list(1), test.differ();
UPDATE tb_review SET fk_product = 3 WHERE pk_review = 20;
SELECT test.list(1), test.list(3), test.differ();
UPDATE tb_review SET hidden = true WHERE pk_review = 20;
UPDATE tb_review SET hidden = false, fk_product = 1 WHERE pk_review = 20;
SELECT test.list(1), test.list(3), test.differ();
-- Its key changes, twice in one transaction.
BEGIN;
UPDATE tb_review SET pk_review = 40 WHERE pk_review = 20;
UPDATE tb_review SET pk_review = 41 WHERE pk_review = 40;
COMMIT;
SELECT test.list(1), test.differ();
-- Several statements and several elements: each is made once. More than four of one list: the list is computed.
BEGIN;
INSERT INTO tb_review VALUES (50, 2, 1, 'new');
UPDATE tb_review SET rating = 2 WHERE pk_review = 50;
UPDATE tb_review SET title = 'newer' WHERE pk_review = 50;
DELETE FROM tb_review WHERE pk_review = 1;
INSERT INTO tb_review VALUES (51, 3, 1, 'other');
COMMIT;
SELECT test.list(2), test.list(3), test.differ();
SET client_min_messages = warning;
INSERT INTO tb_review SELECT n, 3, 1, 'many' FROM generate_series(60, 64) n;
RESET client_min_messages;
SELECT test.list(3), test.differ();
-- What is undone is not noted; what is read in mid-transaction is there.
BEGIN;
SAVEPOINT s;
INSERT INTO tb_review VALUES (70, 1, 5, 'never');
SELECT test.list(1);
ROLLBACK TO s;
DELETE FROM tb_review WHERE pk_review = 41;
SELECT test.list(1);
COMMIT;
SELECT test.differ();
-- Beside changes of the document, of its row, and where there is none.
BEGIN;
UPDATE tb_product SET name = 'Hammers' WHERE pk_product = 1;
INSERT INTO tb_review VALUES (71, 1, 5, 'beside'), (72, 99, 5, 'no product'), (73, NULL, 5, 'no product');
INSERT INTO tb_product VALUES (99, 'New');
DELETE FROM tb_product WHERE pk_product = 3;
INSERT INTO tb_review VALUES (74, 3, 1, 'late');
COMMIT;
SELECT test.list(1), test.list(99), test.differ();

-- Everything that elements can be ordered by. What is wrong once stays wrong, so that one look at the end suffices.
SET client_min_messages = warning;
CREATE TABLE tb_thing (pk bigint PRIMARY KEY, owner integer, n numeric, u uuid, b boolean, v varchar(20) COLLATE "C", d date, t timestamp, z timestamptz);
INSERT INTO tb_thing
SELECT i, i % 2, CASE i % 4 WHEN 1 THEN i / 7.0 WHEN 2 THEN -i * 1e20 WHEN 3 THEN 'NaN' END, md5(i::text)::uuid, i % 3 = 0, chr(90 + (i % 20)::int),
       '2026-02-01'::date - (i % 5)::int * 365000, '2026-02-01 10:00:00.25'::timestamp + (i % 3) * interval '1.000001 s',
       CASE i % 6 WHEN 0 THEN 'infinity' WHEN 1 THEN '0044-03-15 12:00+00 BC' ELSE '1890-06-01 00:00+00'::timestamptz + (i % 7) * interval '100 years' END
  FROM generate_series(1, 30) i;
SET TimeZone = 'Europe/Amsterdam';
CREATE TABLE tb_owner (owner integer PRIMARY KEY);
INSERT INTO tb_owner VALUES (0), (1);
CREATE VIEW things AS
SELECT o.owner,
       (SELECT jsonb_agg(jsonb_build_object('n', n, 'pk', pk) ORDER BY n, pk) FROM tb_thing x WHERE x.owner = o.owner) AS by_number,
       (SELECT jsonb_agg(jsonb_build_object('pk', pk, 'u', u) ORDER BY u, pk) FROM tb_thing x WHERE x.owner = o.owner) AS by_uuid,
       (SELECT jsonb_agg(jsonb_build_object('pk', pk, 'b', b, 'v', v) ORDER BY b DESC, v DESC NULLS LAST, pk) FROM tb_thing x WHERE x.owner = o.owner) AS by_text,
       (SELECT jsonb_agg(jsonb_build_object('pk', pk, 'd', d) ORDER BY d NULLS FIRST, pk DESC) FROM tb_thing x WHERE x.owner = o.owner) AS by_date,
       (SELECT jsonb_agg(jsonb_build_object('pk', pk, 't', t) ORDER BY t DESC NULLS LAST, pk) FROM tb_thing x WHERE x.owner = o.owner) AS by_time,
       (SELECT jsonb_agg(jsonb_build_object('pk', pk, 'z', z) ORDER BY z, pk) FROM tb_thing x WHERE x.owner = o.owner) AS by_zoned
  FROM tb_owner o;
CREATE TABLE tv_things AS TABLE things;
SELECT source, event, strategy FROM pg_tviews_explain('tv_things') WHERE event = 'INSERT' AND source LIKE '%thing%';
CREATE FUNCTION test.differing() RETURNS bigint LANGUAGE sql SET TimeZone = 'Europe/Amsterdam' AS
  $$ SELECT count(*) FROM ((TABLE things EXCEPT ALL TABLE tv_things) UNION ALL (TABLE tv_things EXCEPT ALL TABLE things)) AS d $$;
CREATE TABLE kept AS TABLE tb_thing;
SET TimeZone = 'Asia/Tokyo';
SET DateStyle = 'SQL, DMY';
\t on
SELECT format('DELETE FROM tb_thing WHERE pk = %s', pk) FROM kept ORDER BY pk * 7 % 31 \gexec
SELECT * FROM tv_things;
SELECT format('INSERT INTO tb_thing SELECT * FROM kept WHERE pk = %s', pk) FROM kept ORDER BY pk * 11 % 31 \gexec
SELECT test.differing();
SELECT format('UPDATE tb_thing AS x SET (n, u, b, v, d, t, z) = (SELECT n, u, b, v, d, t, z FROM kept AS k WHERE k.pk = x.pk * 13 %% 31) WHERE pk = %s', pk)
  FROM kept ORDER BY pk * 5 % 31 \gexec
SELECT test.differing();
\t off

-- All at once: the lists are computed, and written as the server would write them, with values of all types.
CREATE TABLE tb_member (pk bigint PRIMARY KEY, owner integer, s smallint, n numeric(8,2), x numeric, c char(5), e text, j jsonb, u uuid, b boolean,
                        d date, t timestamp, z timestamptz);
CREATE VIEW members AS
SELECT o.owner, jsonb_build_object('a', (SELECT coalesce(jsonb_agg(jsonb_build_object('zone', z, 's', s, 'n', n, 'x', x, 'c', c, 'text', e, 'j', j, 'u', u,
                                                                   'b', b, 'd', d, 't', t, 'pk', pk, '', e IS NULL) ORDER BY x DESC, pk) FILTER (WHERE pk <> 5), '[]')
                                           FROM tb_member m WHERE m.owner = o.owner), 'b', 1) AS data,
       (SELECT jsonb_agg(jsonb_build_object('more', j -> 'a', 'sum', s + pk) ORDER BY z NULLS FIRST, pk) FROM tb_member m WHERE m.owner = o.owner) AS plain
  FROM tb_owner o;
CREATE TABLE tv_members AS TABLE members;
SET TimeZone = 'America/New_York';
SELECT strategy, statement FROM pg_tviews_explain('tv_members') WHERE event = 'INSERT' AND source LIKE '%member%';
CREATE FUNCTION test.written_otherwise() RETURNS bigint LANGUAGE sql SET TimeZone = 'Asia/Tokyo' AS
  $$ SELECT count(*) FROM members m FULL JOIN tv_members v USING (owner) WHERE m::text IS DISTINCT FROM v::text $$;
INSERT INTO tb_member
SELECT i, i % 2, nullif(i % 5, 3), i * 1.5, CASE i % 5 WHEN 0 THEN 1e30 WHEN 1 THEN -0.00001200 WHEN 2 THEN 'NaN' WHEN 3 THEN 'Infinity' END,
       CASE i % 3 WHEN 0 THEN 'ab' WHEN 1 THEN '' END, CASE i % 4 WHEN 0 THEN E'"\\\t\u00fc' WHEN 1 THEN repeat('long ', 900) WHEN 2 THEN '' END,
       CASE i % 4 WHEN 0 THEN '{"a": [1, 2.50]}' WHEN 1 THEN 'null' WHEN 2 THEN '"x"'::jsonb END, md5(i::text)::uuid, nullif(i % 3, 0) = 1,
       CASE i % 3 WHEN 0 THEN 'infinity' WHEN 1 THEN '0044-03-15 BC' WHEN 2 THEN '2026-02-28'::date END,
       CASE i % 3 WHEN 0 THEN '-infinity' WHEN 1 THEN '2026-02-28 10:00:00.120000'::timestamp END,
       CASE i % 3 WHEN 0 THEN '1890-06-01 00:00+00' WHEN 1 THEN '12026-07-01 12:00:00.000001+00'::timestamptz END
  FROM generate_series(1, 40) i;
SELECT test.written_otherwise();
UPDATE tb_member SET n = n + 1, z = z + interval '1 hour';
SELECT test.written_otherwise();
DELETE FROM tb_member WHERE owner = 1;
DELETE FROM tb_member WHERE pk <> 5;
SELECT test.written_otherwise();
DELETE FROM tb_member;
SELECT test.written_otherwise();
SELECT * FROM tv_members;

-- Where the order is not shown, where the elements' key is not in it, and where elements are left out, the list is computed.
CREATE TABLE tv_computed AS
SELECT p.pk_product,
       (SELECT jsonb_agg(jsonb_build_object('id', pk_review) ORDER BY rating, pk_review) FROM tb_review hidden WHERE fk_product = p.pk_product) AS a,
       (SELECT jsonb_agg(jsonb_build_object('id', pk_review, 'r', rating) ORDER BY rating) FROM tb_review chance WHERE fk_product = p.pk_product) AS b,
       (SELECT jsonb_agg(jsonb_build_object('id', pk_review) ORDER BY pk_review) FROM
          (SELECT * FROM tb_review cut WHERE fk_product = p.pk_product ORDER BY pk_review LIMIT 3) x) AS c,
       (SELECT jsonb_agg(jsonb_build_object('id', pk_review) ORDER BY pk_review) FROM tb_review counted WHERE fk_product = p.pk_product HAVING count(*) < 3) AS d,
       (SELECT jsonb_agg(jsonb_build_object('id', pk_review) ORDER BY pk_review USING OPERATOR(pg_catalog.>)) FROM tb_review fine WHERE fk_product = p.pk_product) AS e
  FROM tb_product p;
SELECT source, strategy FROM pg_tviews_explain('tv_computed') WHERE event = 'DELETE' AND source LIKE '%review%';
