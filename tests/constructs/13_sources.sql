Sources
--- construct table of another schema, names that need quotes
SELECT o."The Key", o."Value" AS "a ""column""" FROM "Other Schema"."Odd ""Name" o
--- construct table with dropped and added columns
SELECT d.pk_dropped, d.name, d.later, to_jsonb(d) AS data FROM tb_dropped d
--- construct view
SELECT v.pk_product, v.name FROM v_product v
--- construct view over a view
SELECT v.pk_product, v.name, v.category FROM v_product_category v
--- construct view with `GROUP BY`, joined
SELECT p.pk_product, v.reviews, v.average FROM tb_product p LEFT JOIN v_review_count v ON v.fk_product = p.pk_product
--- construct view with `security_barrier`
SELECT v.pk_product, v.name FROM v_barrier v
--- construct partitioned table, by range
SELECT e.pk_event, e.on_day, e.kind FROM tb_event e
--- construct partitioned table, by list
SELECT x.pk_place, x.country, x.name FROM tb_place x
--- construct partitioned table, by hash
SELECT s.pk_sample, s.value FROM tb_sample s
--- construct partitions that are partitioned
SELECT d.region, count(*) FROM tb_deep d GROUP BY d.region
--- construct partitioned table, joined
SELECT p.pk_product, (SELECT count(*) FROM tb_event e WHERE e.fk_product = p.pk_product AND e.kind = 'buy') AS sold FROM tb_product p
--- construct one partition
SELECT e.pk_event, e.on_day, e.kind FROM tb_event_2026 e
--- construct inheritance: the parent
SELECT v.pk_vehicle, v.name FROM tb_vehicle v
--- construct inheritance: `ONLY` the parent
SELECT v.pk_vehicle, v.name FROM ONLY tb_vehicle v
--- construct inheritance: a child
SELECT c.pk_vehicle, c.name, c.seats FROM tb_car c
--- construct another tview
SELECT t.pk_category, t.name, t.products FROM tv_category t
--- construct a tview over another tview, joined
SELECT c.pk_category, c.name, s.shelf, s.products FROM tb_category c LEFT JOIN tv_shelf s ON s.pk_category = c.pk_category
--- construct unlogged table
SELECT v.pk_visit, v.page FROM tb_visit v
--- construct unlogged table, joined with a logged one
SELECT p.pk_product, (SELECT count(*) FROM tb_visit v WHERE v.pk_visit = p.pk_product) AS visits FROM tb_product p
--- construct identity column
SELECT i.pk_identity, i.name FROM tb_identity i
--- construct generated column, stored
SELECT g.pk_generated, g.gross FROM tb_generated g
--- construct generated column, virtual
SELECT v.pk_virtual, v.gross FROM tb_virtual v
--- since 18
--- construct row-level security from which the owner is exempt
SELECT s.pk_secret, s.name FROM tb_secret s
--- construct row-level security that applies to the owner
SELECT s.pk_secret, s.name FROM tb_secret s
--- as matrix_reader
--- construct temporary table
SELECT s.pk_scratch FROM tb_scratch s
--- before CREATE TEMPORARY TABLE tb_scratch (pk_scratch integer PRIMARY KEY)
--- after DROP TABLE tb_scratch
--- construct foreign table
SELECT r.pk_remote FROM tb_remote r
--- construct materialized view
SELECT m.pk_product, m.name FROM mv_product m
--- construct system catalog
SELECT c.oid, c.relname FROM pg_class c
--- construct `information_schema`
SELECT t.table_name FROM information_schema.tables t
--- construct sequence
SELECT s.last_value FROM sq_number s
