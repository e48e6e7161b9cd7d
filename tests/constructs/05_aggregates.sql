Aggregates
--- construct `count(*)`, `count(x)`
SELECT r.fk_product, count(*), count(r.rating) AS rated FROM tb_review r GROUP BY r.fk_product
--- construct `sum`, `avg` of integers
SELECT p.fk_category, sum(p.stock), avg(p.stock) FROM tb_product p GROUP BY p.fk_category
--- construct `sum`, `avg` of `numeric`
SELECT p.fk_category, sum(p.price), avg(p.price) FROM tb_product p GROUP BY p.fk_category
--- construct `sum`, `avg` of floats
SELECT p.fk_category, sum(p.weight), avg(p.weight) FROM tb_product p GROUP BY p.fk_category
--- construct `sum`, `avg` of intervals and money
SELECT t.amount, sum(t.took), avg(t.took), sum(t.cost) AS cost FROM tb_typed t GROUP BY t.amount
--- construct `min`, `max`
SELECT p.fk_category, min(p.price), max(p.name), min(p.created_at) AS first, max(p.weight) AS heaviest FROM tb_product p GROUP BY p.fk_category
--- construct `min`, `max` of enums, arrays, addresses, dates
SELECT t.amount, min(t.status), max(t.numbers), min(t.address) AS address, max(t.on_day) AS day FROM tb_typed t GROUP BY t.amount
--- construct `bool_and`, `bool_or`, `every`
SELECT p.fk_category, bool_and(p.stock > 0), bool_or(p.price > 10), every(p.weight IS NULL) FROM tb_product p GROUP BY p.fk_category
--- construct `bit_and`, `bit_or`, `bit_xor`
SELECT p.fk_category, bit_and(p.stock), bit_or(p.stock), bit_xor(p.stock) FROM tb_product p GROUP BY p.fk_category
--- construct `string_agg`
SELECT t.fk_product, string_agg(t.name, ', ' ORDER BY t.name) AS tags FROM tb_tag t GROUP BY t.fk_product
--- construct `string_agg` of `bytea`
SELECT t.amount, string_agg(t.bytes, '\x00'::bytea ORDER BY t.pk_typed) AS bytes FROM tb_typed t GROUP BY t.amount
--- construct `array_agg`
SELECT r.fk_product, array_agg(r.rating ORDER BY r.pk_review) AS ratings FROM tb_review r GROUP BY r.fk_product
--- construct `array_agg` of arrays
SELECT r.fk_product, array_agg(ARRAY[r.pk_review, r.rating] ORDER BY r.pk_review) AS pairs FROM tb_review r GROUP BY r.fk_product
--- construct `json_agg`, `jsonb_agg`
SELECT r.fk_product, json_agg(r.rating ORDER BY r.pk_review) AS json, jsonb_agg(r.author ORDER BY r.pk_review) AS jsonb FROM tb_review r GROUP BY r.fk_product
--- construct `json_object_agg`, `jsonb_object_agg`
SELECT r.fk_product, json_object_agg(r.pk_review, r.rating ORDER BY r.pk_review) AS json, jsonb_object_agg(r.pk_review, r.author) AS jsonb FROM tb_review r GROUP BY r.fk_product
--- construct `jsonb_agg_strict`, `jsonb_object_agg_unique`, `…_strict`
SELECT r.fk_product, jsonb_agg_strict(r.rating ORDER BY r.pk_review) AS list, jsonb_object_agg_unique_strict(r.pk_review, r.rating) AS object FROM tb_review r GROUP BY r.fk_product
--- since 16
--- construct `JSON_ARRAYAGG`, `JSON_OBJECTAGG`
SELECT r.fk_product, JSON_ARRAYAGG(r.rating ORDER BY r.pk_review NULL ON NULL RETURNING jsonb) AS list,
       JSON_OBJECTAGG(r.pk_review VALUE r.author ABSENT ON NULL RETURNING jsonb) AS object FROM tb_review r GROUP BY r.fk_product
--- since 16
--- construct `range_agg`, `range_intersect_agg`
SELECT p.fk_category, range_agg(p.available) AS days, range_intersect_agg(p.available) AS always FROM tb_product p GROUP BY p.fk_category
--- construct `xmlagg`
SELECT t.kind, xmlagg(t.mark ORDER BY t.pk_xml)::text AS marks FROM tb_xml t GROUP BY t.kind
--- requires xml
--- construct `stddev`, `variance` and their `_pop`, `_samp` forms
SELECT p.fk_category, stddev(p.price), stddev_pop(p.stock), variance(p.price), var_pop(p.stock), var_samp(p.price) AS samp FROM tb_product p GROUP BY p.fk_category
--- construct `corr`, `covar_pop`, `regr_…`
SELECT r.fk_product, regr_count(r.rating, r.pk_review), round(corr(r.rating, r.pk_review)::numeric, 6) AS corr, round(covar_pop(r.rating, r.pk_review)::numeric, 6) AS covar,
       round(regr_slope(r.rating, r.pk_review)::numeric, 6) AS slope FROM tb_review r GROUP BY r.fk_product
--- construct `percentile_cont`, `percentile_disc`, `mode`
SELECT p.fk_category, percentile_cont(0.5) WITHIN GROUP (ORDER BY p.price) AS median, percentile_disc(0.25) WITHIN GROUP (ORDER BY p.stock) AS quarter,
       mode() WITHIN GROUP (ORDER BY p.stock) AS mode FROM tb_product p GROUP BY p.fk_category
--- construct `percentile_cont` with an array
SELECT p.fk_category, percentile_cont(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY p.weight) AS quartiles FROM tb_product p GROUP BY p.fk_category
--- construct hypothetical `rank`, `dense_rank`, `percent_rank`, `cume_dist`
SELECT p.fk_category, rank(5) WITHIN GROUP (ORDER BY p.price), dense_rank(5) WITHIN GROUP (ORDER BY p.price),
       percent_rank(5) WITHIN GROUP (ORDER BY p.price), cume_dist(5) WITHIN GROUP (ORDER BY p.price) FROM tb_product p GROUP BY p.fk_category
--- construct `any_value`
SELECT p.fk_category, any_value(c.name) AS category FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category GROUP BY p.fk_category
--- since 16
--- construct user-defined aggregate
SELECT r.fk_product, own_product(r.rating) AS product FROM tb_review r GROUP BY r.fk_product
--- construct aggregate of an expression over several tables
SELECT c.pk_category, sum(p.price * r.rating) AS weight FROM tb_category c JOIN tb_product p ON p.fk_category = c.pk_category JOIN tb_review r ON r.fk_product = p.pk_product GROUP BY c.pk_category
