The tables that the constructs read: a small catalogue with NULLs, duplicates, ties and rows without a partner, and tables of every kind.
--- schema
CREATE TYPE product_status AS ENUM ('draft', 'active', 'retired');
CREATE TYPE dimensions AS (width integer, height integer);
CREATE DOMAIN quantity AS integer CHECK (VALUE >= 0);

CREATE TABLE tb_category (pk_category integer PRIMARY KEY, fk_parent integer, name text NOT NULL);
CREATE INDEX ON tb_category (fk_parent);
CREATE TABLE tb_supplier (pk_supplier integer PRIMARY KEY, code varchar(8), region char(4), name text NOT NULL, rating integer);
CREATE INDEX ON tb_supplier (code);
CREATE TABLE tb_product (
  pk_product integer PRIMARY KEY, id uuid NOT NULL UNIQUE, fk_category integer NOT NULL, fk_supplier integer, name text NOT NULL,
  price numeric NOT NULL, discount numeric, weight double precision, stock integer, status product_status, tags text[],
  attributes jsonb, available daterange, created_at timestamptz NOT NULL);
CREATE INDEX ON tb_product (fk_category);
CREATE INDEX ON tb_product (fk_supplier);
CREATE TABLE tb_review (
  pk_review integer PRIMARY KEY, fk_product integer NOT NULL, rating integer, author text, body text, created_at timestamptz NOT NULL);
CREATE INDEX ON tb_review (fk_product);
CREATE INDEX ON tb_review (author);
CREATE TABLE tb_tag (fk_product integer, name text, PRIMARY KEY (fk_product, name));
CREATE INDEX ON tb_tag (name);
CREATE TABLE tb_comment (pk_comment integer PRIMARY KEY, fk_review integer NOT NULL, fk_parent integer, body text NOT NULL);
CREATE INDEX ON tb_comment (fk_review);
CREATE INDEX ON tb_comment (fk_parent);
CREATE TABLE tb_stock (fk_product integer, warehouse text, quantity integer);
CREATE INDEX ON tb_stock (fk_product);
CREATE INDEX ON tb_stock (warehouse);
CREATE TABLE tb_band (pk_band integer PRIMARY KEY, low numeric, high numeric, label text);
CREATE TABLE tb_title (fk_product integer, language char(2), title text, PRIMARY KEY (fk_product, language));
CREATE TABLE tb_legacy (pk_legacy bigint PRIMARY KEY, product_number bigint, supplier_code char(8), amount numeric);
CREATE INDEX ON tb_legacy (product_number);
CREATE INDEX ON tb_legacy (supplier_code);

INSERT INTO tb_category VALUES (1, NULL, 'Tools'), (2, 1, 'Hammers'), (3, 1, 'Saws'), (4, 3, 'Chainsaws'), (5, NULL, 'Toys'), (6, 5, 'Empty');
INSERT INTO tb_supplier VALUES
  (1, 'ACME', 'EU', 'Acme', 5), (2, 'BETA', 'US', 'Beta', 3), (3, NULL, NULL, 'Gamma', NULL), (4, 'DELT', 'EU', 'Delta', 3), (5, 'ECHO', 'AS', 'Acme', 1);
INSERT INTO tb_product
SELECT n, md5(n::text)::uuid, 1 + n % 5, CASE WHEN n % 4 <> 3 THEN 1 + n % 5 END, (ARRAY['Axe', 'Ball', 'Drill', 'File'])[1 + n % 4] || ' ' || n,
       (n % 6) * 2.50, CASE WHEN n % 3 = 0 THEN 0.5 END, CASE WHEN n % 5 <> 0 THEN n * 0.25 END, CASE WHEN n % 7 <> 0 THEN n % 4 END,
       (ARRAY['draft', 'active', 'retired', NULL]::product_status[])[1 + n % 4],
       CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN '{}' WHEN 2 THEN '{red}' ELSE '{red,green}' END::text[],
       CASE WHEN n % 4 <> 0 THEN jsonb_build_object('color', n % 3, 'sizes', jsonb_build_array(n, n + 1), 'note', NULL) END,
       CASE WHEN n % 5 <> 1 THEN daterange('2026-01-01'::date + n, '2026-01-11'::date + n) END,
       '2026-01-01 12:00+00'::timestamptz + n * interval '7 hours'
  FROM generate_series(1, 14) AS n;
INSERT INTO tb_review
SELECT n, 1 + n * 5 % 11, CASE WHEN n % 6 <> 0 THEN 1 + n % 5 END, (ARRAY['Ann', 'Bob', NULL, 'Cid'])[1 + n % 4],
       CASE WHEN n % 3 <> 0 THEN 'text ' || n % 4 END, '2026-02-01 08:00+00'::timestamptz + (n % 9) * interval '5 hours'
  FROM generate_series(1, 24) AS n;
INSERT INTO tb_tag SELECT 1 + n % 8, (ARRAY['new', 'sale', 'eco'])[1 + n % 3] FROM generate_series(1, 15) AS n ON CONFLICT DO NOTHING;
INSERT INTO tb_comment VALUES
  (1, 1, NULL, 'a'), (2, 1, 1, 'b'), (3, 1, 2, 'c'), (4, 1, 1, 'd'), (5, 2, NULL, 'e'), (6, 2, 5, 'f'), (7, 3, NULL, 'g'), (8, 9, NULL, 'h');
INSERT INTO tb_stock VALUES
  (1, 'north', 3), (1, 'north', 3), (1, 'south', 2), (2, 'north', NULL), (2, NULL, 5), (3, 'south', 1), (3, 'south', 1), (NULL, 'north', 7), (99, 'south', 4);
INSERT INTO tb_band VALUES (1, 0, 2.5, 'cheap'), (2, 2.5, 10, 'fair'), (3, 5, 100, 'dear'), (4, NULL, 1, 'open');
INSERT INTO tb_title SELECT n, l, l || ' ' || n FROM generate_series(1, 6) AS n, unnest(ARRAY['de', 'en']) AS l WHERE (n, l) <> (2, 'de');
INSERT INTO tb_legacy VALUES (1, 1, 'ACME', 2.5), (2, 2, 'BETA', 2.50), (3, 2, 'NONE', 5), (4, NULL, NULL, NULL), (5, 50, 'DELT', 5.0), (6, 3, 'ACME', 7.5);

--- schema
CREATE VIEW v_product AS SELECT pk_product, fk_category, name, price FROM tb_product WHERE stock IS NOT NULL;
CREATE VIEW v_product_category AS
SELECT p.pk_product, p.name, c.pk_category, c.name AS category FROM v_product p JOIN tb_category c ON c.pk_category = p.fk_category;
CREATE VIEW v_barrier WITH (security_barrier) AS SELECT pk_product, name FROM tb_product WHERE price > 0;
CREATE VIEW v_review_count AS SELECT fk_product, count(*) AS reviews, avg(rating) AS average FROM tb_review GROUP BY fk_product;
CREATE MATERIALIZED VIEW mv_product AS SELECT pk_product, name FROM tb_product;
CREATE SEQUENCE sq_number;

CREATE TABLE tb_event (pk_event integer, on_day date NOT NULL, fk_product integer, kind text, PRIMARY KEY (pk_event, on_day)) PARTITION BY RANGE (on_day);
CREATE TABLE tb_event_2025 PARTITION OF tb_event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE tb_event_2026 PARTITION OF tb_event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE tb_event_rest PARTITION OF tb_event DEFAULT;
CREATE INDEX ON tb_event (fk_product);
INSERT INTO tb_event SELECT n, '2025-11-01'::date + n * 9, 1 + n % 6, (ARRAY['view', 'buy'])[1 + n % 2] FROM generate_series(1, 14) AS n;
CREATE TABLE tb_place (pk_place integer, country text, name text, PRIMARY KEY (pk_place, country)) PARTITION BY LIST (country);
CREATE TABLE tb_place_de PARTITION OF tb_place FOR VALUES IN ('DE');
CREATE TABLE tb_place_other PARTITION OF tb_place DEFAULT;
INSERT INTO tb_place VALUES (1, 'DE', 'Berlin'), (2, 'DE', 'Bonn'), (3, 'FR', 'Paris'), (4, 'US', 'Paris');
CREATE TABLE tb_sample (pk_sample integer PRIMARY KEY, value integer) PARTITION BY HASH (pk_sample);
CREATE TABLE tb_sample_0 PARTITION OF tb_sample FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE tb_sample_1 PARTITION OF tb_sample FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO tb_sample SELECT n, n % 3 FROM generate_series(1, 9) AS n;
CREATE TABLE tb_deep (pk_deep integer, region text, PRIMARY KEY (pk_deep, region)) PARTITION BY LIST (region);
CREATE TABLE tb_deep_eu PARTITION OF tb_deep FOR VALUES IN ('EU') PARTITION BY RANGE (pk_deep);
CREATE TABLE tb_deep_eu_low PARTITION OF tb_deep_eu FOR VALUES FROM (MINVALUE) TO (10);
CREATE TABLE tb_deep_eu_high PARTITION OF tb_deep_eu FOR VALUES FROM (10) TO (MAXVALUE);
CREATE TABLE tb_deep_us PARTITION OF tb_deep FOR VALUES IN ('US');
INSERT INTO tb_deep VALUES (1, 'EU'), (12, 'EU'), (3, 'US');

CREATE TABLE tb_vehicle (pk_vehicle integer PRIMARY KEY, name text);
CREATE TABLE tb_car (seats integer) INHERITS (tb_vehicle);
INSERT INTO tb_vehicle VALUES (1, 'sledge'), (2, 'cart');
INSERT INTO tb_car VALUES (3, 'beetle', 4), (4, 'van', 7);

CREATE UNLOGGED TABLE tb_visit (pk_visit integer PRIMARY KEY, page text);
INSERT INTO tb_visit VALUES (1, 'home'), (2, 'home'), (3, 'shop');
CREATE TABLE tb_identity (pk_identity integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text);
INSERT INTO tb_identity (name) VALUES ('one'), ('two');
CREATE TABLE tb_generated (pk_generated integer PRIMARY KEY, net numeric, gross numeric GENERATED ALWAYS AS (net * 1.19) STORED);
INSERT INTO tb_generated VALUES (1, 10), (2, 20), (3, NULL);
CREATE TABLE tb_dropped (gone integer, pk_dropped integer PRIMARY KEY, gone_too text, name text);
ALTER TABLE tb_dropped DROP COLUMN gone, DROP COLUMN gone_too, ADD COLUMN later integer DEFAULT 7;
INSERT INTO tb_dropped VALUES (1, 'one', 1), (2, 'two', NULL);
CREATE SCHEMA "Other Schema";
CREATE TABLE "Other Schema"."Odd ""Name" ("The Key" integer PRIMARY KEY, "Value" text);
INSERT INTO "Other Schema"."Odd ""Name" VALUES (1, 'one'), (2, 'two');
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE tb_remote (pk_remote integer) SERVER nowhere;
CREATE TABLE tb_secret (pk_secret integer PRIMARY KEY, name text);
ALTER TABLE tb_secret ENABLE ROW LEVEL SECURITY;
INSERT INTO tb_secret VALUES (1, 'one'), (2, 'two');
-- Databases of one server share it.
DO $$ BEGIN CREATE ROLE matrix_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
GRANT USAGE, CREATE ON SCHEMA public TO matrix_reader;
GRANT SELECT, TRIGGER ON tb_secret TO matrix_reader;

CREATE TABLE tb_nullable (code text UNIQUE, value integer);
INSERT INTO tb_nullable VALUES ('a', 1), ('b', 2), (NULL, 3), (NULL, 4);
CREATE TABLE tb_deferred (number integer UNIQUE DEFERRABLE INITIALLY IMMEDIATE NOT NULL, value integer);
INSERT INTO tb_deferred VALUES (1, 1), (2, 2);
CREATE TABLE tb_typed (
  pk_typed integer PRIMARY KEY, amount quantity, status product_status, numbers integer[], span int4range, spans int4multirange, size dimensions,
  code uuid, bytes bytea, address inet, took interval, cost money, flags bit varying, words tsvector, doc json, docb jsonb, place point,
  ratio double precision, exact numeric, letter "char", padded char(5), at_time time, at_timetz timetz, at_timestamp timestamp, on_day date, yes boolean, big bigint,
  small smallint, mac macaddr, net cidr, real4 real);
INSERT INTO tb_typed
SELECT n, n % 3, (ARRAY['draft', 'active', NULL]::product_status[])[1 + n % 3], ARRAY[n % 2, NULL, 1], int4range(n % 3, n % 3 + 5), int4multirange(int4range(n % 2, 4)),
       ROW(n % 2, NULL)::dimensions, md5((n % 3)::text)::uuid, convert_to('b' || n % 2, 'UTF8'), ('10.0.0.' || n % 3)::inet, n % 3 * interval '1 day', (n % 2)::text::money,
       (n % 2)::bit(3)::varbit, to_tsvector('simple', 'word' || n % 2), json_build_object('n', n % 2), jsonb_build_object('n', n % 2),
       point(n % 2, 1), (ARRAY['NaN', '0', '-0', '1.5'])[1 + n % 4]::float8, (ARRAY['1.0', '1.00', '2', 'NaN'])[1 + n % 4]::numeric,
       chr(97 + n % 2)::"char", 'p' || n % 2, '10:00'::time + (n % 2) * interval '1 hour', '10:00+02'::timetz, '2026-01-01'::timestamp + (n % 2) * interval '1 day',
       '2026-01-01'::date + n % 2, n % 2 = 0, n % 2 * 10000000000, n % 3, '08:00:2b:01:02:03', ('10.' || n % 2 || '.0.0/16')::cidr, n % 2 + 0.1
  FROM generate_series(1, 8) AS n;

CREATE FUNCTION own_immutable(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE FUNCTION own_plpgsql(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 % 3; END';
CREATE FUNCTION own_stable(integer) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM tb_product WHERE pk_product < $1';
CREATE FUNCTION own_volatile(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION own_rows(integer) RETURNS SETOF integer LANGUAGE sql IMMUTABLE AS 'SELECT generate_series(1, $1)';
CREATE FUNCTION own_table(integer) RETURNS TABLE (half integer, rest integer) LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2, $1 % 2';
CREATE FUNCTION own_step(numeric, numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT coalesce($1, 1) * coalesce($2, 1)';
CREATE AGGREGATE own_product(numeric) (SFUNC = own_step, STYPE = numeric);
CREATE FUNCTION own_operator(integer, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 % 10 = $2 % 10';
CREATE OPERATOR ==% (LEFTARG = integer, RIGHTARG = integer, FUNCTION = own_operator);

--- schema requires citext
CREATE EXTENSION citext;
CREATE TABLE tb_citext (pk_citext integer PRIMARY KEY, name citext);
CREATE INDEX ON tb_citext (name);
INSERT INTO tb_citext VALUES (1, 'One'), (2, 'ONE'), (3, 'two'), (4, NULL);

--- schema requires hstore
CREATE EXTENSION hstore;
CREATE TABLE tb_hstore (pk_hstore integer PRIMARY KEY, pairs hstore);
INSERT INTO tb_hstore VALUES (1, 'a=>1, b=>2'), (2, 'a=>1'), (3, NULL);

--- schema requires icu
CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE tb_blind (pk_blind integer PRIMARY KEY, name text COLLATE blind);
CREATE INDEX ON tb_blind (name);
INSERT INTO tb_blind VALUES (1, 'One'), (2, 'ONE'), (3, 'two'), (4, NULL);

--- schema requires xml
CREATE TABLE tb_xml (pk_xml integer PRIMARY KEY, kind integer, mark xml);
INSERT INTO tb_xml VALUES (1, 1, '<n>1</n>'), (2, 1, '<n>2</n><n>3</n>'), (3, 2, NULL);

--- schema since 18
CREATE TABLE tb_virtual (pk_virtual integer PRIMARY KEY, net numeric, gross numeric GENERATED ALWAYS AS (net * 1.19) VIRTUAL);
INSERT INTO tb_virtual VALUES (1, 10), (2, 20), (3, NULL);

--- tview tv_category
SELECT c.pk_category, c.name, count(*) AS products FROM tb_category c JOIN tb_product p ON p.fk_category = c.pk_category GROUP BY c.pk_category, c.name

--- tview tv_shelf
SELECT t.pk_category, upper(t.name) AS shelf, t.products FROM tv_category t
