Refused for good
--- construct the clock: `now()`
SELECT p.pk_product, now() - p.created_at AS age FROM tb_product p
--- construct `CURRENT_DATE`, `CURRENT_USER`
SELECT p.pk_product, CURRENT_DATE AS today, CURRENT_USER AS me FROM tb_product p
--- construct text to time with time zone, arrays of dates (`'today'`)
SELECT p.pk_product, p.name::timetz AS at, p.name::date[] AS days FROM tb_product p WHERE p.name < 'A'
--- construct text of what names an object: `regclass`, `regtype`
SELECT p.pk_product, jsonb_build_object('type', pg_typeof(p.name)) AS data FROM tb_product p
--- construct settings: `current_setting`
SELECT p.pk_product, current_setting('TimeZone') AS zone FROM tb_product p
--- construct chance: `random()`, `gen_random_uuid()`
SELECT p.pk_product, random() AS r, gen_random_uuid() AS id FROM tb_product p
--- construct `nextval`
SELECT p.pk_product, nextval('sq_number') AS n FROM tb_product p
--- construct own `VOLATILE` function
SELECT p.pk_product, own_volatile(p.stock) AS v FROM tb_product p
--- construct own `STABLE` function
SELECT p.pk_product, own_stable(p.stock) AS v FROM tb_product p
--- construct catalog lookups: `to_regclass`, `pg_get_viewdef`
SELECT p.pk_product, to_regclass(p.name) AS class FROM tb_product p
--- construct `TABLESAMPLE`
SELECT p.pk_product FROM tb_product p TABLESAMPLE BERNOULLI (50)
--- construct `FOR UPDATE`, `FOR SHARE`
SELECT p.pk_product FROM tb_product p FOR UPDATE
--- construct data-modifying `WITH`
WITH gone AS (DELETE FROM tb_tag RETURNING fk_product) SELECT gone.fk_product FROM gone
--- construct parameters
SELECT p.pk_product FROM tb_product p WHERE p.price > $1
--- construct system columns: `ctid`, `xmin`, `tableoid`
SELECT p.pk_product, p.ctid, p.tableoid FROM tb_product p
--- construct two output columns of one name
SELECT p.pk_product, p.name, c.name FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category
--- construct no output column
SELECT FROM tb_product p
