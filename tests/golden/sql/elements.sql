-- Lists of children in documents: a changed child is written at its element, without reading the others or computing the document.
CREATE EXTENSION pg_tviews;
CREATE TABLE tb_product (pk_product integer PRIMARY KEY, name text);
CREATE TABLE tb_review (pk_review integer PRIMARY KEY, id uuid NOT NULL UNIQUE, fk_product integer, rating integer, title text,
                        written timestamptz NOT NULL DEFAULT '2026-01-01 00:00+00', hidden boolean NOT NULL DEFAULT false);
CREATE INDEX ON tb_review (fk_product);
INSERT INTO tb_product VALUES (1, 'Hammer'), (2, 'Saw'), (3, 'Nails');
INSERT INTO tb_review (pk_review, id, fk_product, rating, title)
SELECT n, ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 1 + n % 2, n % 5, 'title ' || n FROM generate_series(1, 12) n;
-- Says when a product's name is computed, which is whenever its document is.
CREATE FUNCTION computed(name text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
  $$ BEGIN RAISE NOTICE 'the document of % is computed', name; RETURN name; END $$;
CREATE VIEW definition AS
SELECT p.pk_product, jsonb_build_object(
         'name', computed(p.name),
         'reviews', (SELECT jsonb_agg(jsonb_build_object('id', r.pk_review, 'rating', r.rating, 'title', upper(r.title)) ORDER BY r.pk_review)
                       FROM tb_review r WHERE r.fk_product = p.pk_product AND NOT r.hidden),
         'recent', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'text', jsonb_build_object('title', x.title, 'at', x.written))
                                              ORDER BY x.written DESC, x.pk_review DESC), '[]')
                      FROM (SELECT * FROM tb_review r WHERE r.fk_product = p.pk_product
                             ORDER BY r.written DESC, r.pk_review DESC LIMIT 2) x)) AS data
  FROM tb_product p;
\set QUIET on
SET client_min_messages = warning;
CREATE TABLE tv_product AS TABLE definition;
RESET client_min_messages;
SELECT source, event, strategy, locks FROM pg_tviews_explain('tv_product') WHERE event = 'UPDATE';
CREATE FUNCTION test.differ() RETURNS bigint LANGUAGE sql SET client_min_messages = warning AS
  $$ SELECT count(*) FROM ((TABLE definition EXCEPT ALL TABLE tv_product) UNION ALL (TABLE tv_product EXCEPT ALL TABLE definition)) AS d $$;

-- In one list, in both, in none: the second one shows the last two.
UPDATE tb_review SET rating = 9 WHERE pk_review = 4;
UPDATE tb_review SET title = 'new' WHERE pk_review = 12;
UPDATE tb_review SET title = 'old' WHERE pk_review = 2;
SELECT jsonb_pretty(data) FROM tv_product WHERE pk_product = 1;
SELECT test.differ();
-- A hidden one, one of no product, one of an unknown product.
BEGIN;
INSERT INTO tb_review VALUES (20, '00000000-0000-0000-0000-000000000020', NULL), (21, '00000000-0000-0000-0000-000000000021', 99);
UPDATE tb_review SET hidden = true WHERE pk_review = 6;
COMMIT;
UPDATE tb_review SET rating = 1 WHERE pk_review IN (6, 20, 21);
SELECT test.differ();
-- Several at once, of several products; NULL is a value.
UPDATE tb_review SET rating = NULL WHERE pk_review IN (3, 4, 5, 8);
SELECT test.differ();
-- So many that computing is cheaper.
UPDATE tb_review SET rating = coalesce(rating, 0) + 1 WHERE fk_product = 1;
SELECT test.differ();
-- In transactions, also with other changes of the same documents.
BEGIN;
UPDATE tb_review SET rating = 3 WHERE pk_review = 4;
UPDATE tb_review SET title = 'again' WHERE pk_review = 4;
SELECT data -> 'reviews' -> 1 AS review FROM tv_product WHERE pk_product = 1;
SAVEPOINT s;
UPDATE tb_review SET title = 'never' WHERE pk_review = 4;
ROLLBACK TO s;
UPDATE tb_review SET title = 'moved' WHERE pk_review = 8;
UPDATE tb_review SET fk_product = 2 WHERE pk_review = 8;
UPDATE tb_review SET title = 'gone' WHERE pk_review = 10;
DELETE FROM tb_review WHERE pk_review = 10;
COMMIT;
SELECT test.differ();
-- What places an element, or tells it from others, is computed.
UPDATE tb_review SET written = '2026-02-02' WHERE pk_review = 4;
UPDATE tb_review SET id = '00000000-0000-0000-0000-000000000099' WHERE pk_review = 4;
UPDATE tb_review SET hidden = true WHERE pk_review = 4;
SELECT test.differ();
-- Without the key that tells elements apart, or without patching.
SET pg_tviews.patching = off;
UPDATE tb_review SET title = 'off' WHERE pk_review = 2;
RESET pg_tviews.patching;
ALTER TABLE tb_review DROP CONSTRAINT tb_review_id_key;
UPDATE tb_review SET title = 'no key' WHERE pk_review = 2;
SELECT test.differ();
SELECT source, strategy FROM pg_tviews_explain('tv_product') WHERE event = 'UPDATE';

-- Known by a text.
CREATE TABLE part (code varchar(20) COLLATE "C" PRIMARY KEY, label text COLLATE "C" NOT NULL UNIQUE, fk_product integer, amount integer);
INSERT INTO part VALUES ('a', 'x', 1, 1), ('A', 'Y', 1, 2), ('b ', 'z', 2, 3), ('b', 'ü', 1, 4);
CREATE TABLE tv_parts AS
  SELECT p.pk_product,
         jsonb_build_object('parts', (SELECT jsonb_agg(jsonb_build_object('code', t.code, 'amount', t.amount) ORDER BY t.code)
                                        FROM part t WHERE t.fk_product = p.pk_product),
                            'labels', (SELECT jsonb_agg(jsonb_build_object('label', t.label, 'amount', t.amount) ORDER BY t.amount % 2, t.code DESC)
                                         FROM part t WHERE t.fk_product = p.pk_product)) AS by_code,
         (SELECT jsonb_agg(jsonb_build_object('label', t.label, 'amount', t.amount) ORDER BY t.label) FROM part t WHERE t.fk_product = p.pk_product) AS by_label
    FROM tb_product p;
SELECT source, event, strategy FROM pg_tviews_explain('tv_parts') WHERE event = 'UPDATE' AND source LIKE '%part%';
UPDATE part SET amount = amount + 10 WHERE code = 'A';
UPDATE part SET amount = amount + 100 WHERE code IN ('b', 'b ');
UPDATE part SET label = 'X' WHERE code = 'a';
UPDATE part SET code = 'aa' WHERE code = 'a';
SELECT pk_product, by_code, by_label FROM tv_parts ORDER BY 1;
SELECT * FROM pg_tviews_verify('tv_parts');
