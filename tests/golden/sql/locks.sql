-- What maintenance locks, and says that it locks.
CREATE EXTENSION pg_tviews;
CREATE TABLE tb_category (pk_category integer PRIMARY KEY, name text);
CREATE TABLE tb_product (pk_product integer PRIMARY KEY, fk_category integer, name text);
CREATE INDEX ON tb_product (fk_category);
INSERT INTO tb_category VALUES (1, 'Tools'), (2, 'Toys');
INSERT INTO tb_product VALUES (10, 1, 'Hammer'), (11, 2, 'Ball');
CREATE TABLE tv_product AS
  SELECT p.pk_product, p.fk_category, p.name, upper(c.name) AS category FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category;
CREATE ROLE locks_reader;
CREATE VIEW own_locks AS
  SELECT l.tview, l.kind, l.link, l.hash IS NOT NULL AS has_hash, l.mode, l.granted, l.waitstart FROM tviews.locks l WHERE l.pid = pg_backend_pid();
GRANT SELECT ON own_locks, tv_product TO locks_reader;

SELECT source, event, locks FROM pg_tviews_explain('tv_product');

-- Noting locks nothing. Advisory locks, with the same numbers too, are others.
BEGIN;
INSERT INTO tb_product VALUES (12, 1, 'Saw');
TABLE own_locks;
SELECT count(*) FROM tv_product;
TABLE own_locks ORDER BY kind, mode;
SELECT count(pg_advisory_xact_lock(l.tview::oid::integer, l.hash::bigint::bit(32)::integer)) FROM tviews.locks l WHERE l.kind = 'unit';
SELECT count(*) FROM own_locks;
-- A move, and a rename.
UPDATE tb_product SET fk_category = 2 WHERE pk_product = 12;
UPDATE tb_category SET name = name || '!' WHERE pk_category = 1;
SELECT count(*) FROM tv_product;
SET LOCAL ROLE locks_reader;
SELECT kind, link, mode FROM tviews.locks WHERE pid = pg_backend_pid() ORDER BY kind, mode;
RESET ROLE;
-- A search.
INSERT INTO tb_category VALUES (3, 'Garden');
SELECT count(*) FROM tv_product;
SELECT kind, link, mode FROM tviews.locks WHERE pid = pg_backend_pid() ORDER BY kind, mode;
ROLLBACK;
TABLE own_locks;
DROP OWNED BY locks_reader;
DROP ROLE locks_reader;
