Conditions
--- construct `AND`, `OR`, `NOT`, comparisons
SELECT p.pk_product FROM tb_product p WHERE p.price > 5 AND (p.stock < 2 OR NOT p.weight > 1)
--- construct `IS NULL`, `IS NOT NULL`
SELECT p.pk_product, p.stock IS NULL AS unknown FROM tb_product p WHERE p.fk_supplier IS NOT NULL
--- construct `IS DISTINCT FROM`
SELECT p.pk_product FROM tb_product p WHERE p.discount IS DISTINCT FROM 0.5
--- construct `IS TRUE`, `IS NOT FALSE`, `IS UNKNOWN`
SELECT p.pk_product, (p.stock > 1) IS UNKNOWN AS unknown FROM tb_product p WHERE (p.discount > 0.1) IS NOT TRUE AND (p.weight > 1) IS NOT FALSE
--- construct `BETWEEN`, `BETWEEN SYMMETRIC`, `IN` list
SELECT p.pk_product FROM tb_product p WHERE p.price BETWEEN 2 AND 8 AND p.stock BETWEEN SYMMETRIC 3 AND 1 AND p.fk_category IN (1, 2, NULL)
--- construct `NOT IN` list
SELECT p.pk_product FROM tb_product p WHERE p.fk_supplier NOT IN (1, 2)
--- construct `LIKE`, `ILIKE`, `SIMILAR TO`, regular expressions
SELECT p.pk_product FROM tb_product p WHERE p.name LIKE '%l%' AND p.name ILIKE 'b%' OR p.name SIMILAR TO '(Axe|Saw)%' OR p.name ~ '^F.*[0-9]$'
--- construct row comparison
SELECT p.pk_product FROM tb_product p WHERE (p.fk_category, p.stock) = (2, 1) OR (p.fk_category, p.stock, p.pk_product) < (2, 3, 4)
--- construct `= ANY (array)`, `<> ALL (array)`
SELECT p.pk_product, 'red' = ANY (p.tags) AS red FROM tb_product p WHERE p.fk_category = ANY ('{1,2,3}') AND p.stock <> ALL (ARRAY[1, 7])
--- construct array, range and JSON operators
SELECT p.pk_product FROM tb_product p WHERE p.tags && '{red}' OR p.available @> date '2026-01-12' OR p.attributes @> '{"color": 1}'
--- construct `OVERLAPS`
SELECT p.pk_product FROM tb_product p WHERE (lower(p.available), upper(p.available)) OVERLAPS (date '2026-01-05', date '2026-01-09')
--- construct `CASE`, `COALESCE`, `NULLIF`, `GREATEST`, `LEAST`
SELECT p.pk_product, CASE WHEN p.stock > 2 THEN 'many' WHEN p.stock IS NULL THEN 'unknown' ELSE 'few' END AS state,
       CASE p.fk_category WHEN 1 THEN 'one' END AS one, coalesce(p.discount, 0) AS discount, nullif(p.stock, 0) AS some, greatest(p.stock, 2) AS high, least(p.price, 5) AS low
  FROM tb_product p
--- construct constant condition
SELECT p.pk_product FROM tb_product p WHERE true AND 1 < 2
--- construct condition that nothing fulfils
SELECT p.pk_product FROM tb_product p WHERE false
--- unchanging
