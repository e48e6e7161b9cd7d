`VALUES` and functions in `FROM`
--- construct `VALUES`, joined
SELECT p.pk_product, v.label FROM tb_product p JOIN (VALUES (0, 'none'), (1, 'one'), (2, 'two')) v (n, label) ON v.n = p.stock
--- construct `VALUES` over columns (`LATERAL`)
SELECT p.pk_product, v.name, v.value FROM tb_product p CROSS JOIN LATERAL (VALUES ('price', p.price), ('discount', p.discount)) v (name, value)
--- construct `generate_series`
SELECT n, (SELECT count(*) FROM tb_product p WHERE p.stock = n) AS products FROM generate_series(0, 3) AS n
--- construct `generate_series` over a column
SELECT p.pk_product, n FROM tb_product p CROSS JOIN generate_series(1, p.stock) AS n
--- construct a calendar, left-joined
SELECT d::date AS day, count(r.pk_review) AS reviews FROM generate_series(timestamp '2026-02-01', timestamp '2026-02-03', '1 day') AS d
  LEFT JOIN tb_review r ON (r.created_at AT TIME ZONE 'UTC')::date = d::date GROUP BY 1
--- construct `unnest` of a column
SELECT p.pk_product, tag FROM tb_product p CROSS JOIN unnest(p.tags) AS tag
--- construct `unnest` of several arrays, `WITH ORDINALITY`
SELECT p.pk_product, x.tag, x.n, x.ordinality FROM tb_product p LEFT JOIN LATERAL unnest(p.tags, ARRAY[1, 2, 3]) WITH ORDINALITY AS x (tag, n, ordinality) ON true
--- construct `ROWS FROM`
SELECT p.pk_product, x.a, x.b FROM tb_product p, ROWS FROM (generate_series(1, p.stock), unnest(p.tags)) AS x (a, b)
--- construct `jsonb_array_elements`
SELECT p.pk_product, size.value FROM tb_product p CROSS JOIN jsonb_array_elements(p.attributes -> 'sizes') AS size
--- construct `jsonb_each_text`
SELECT p.pk_product, x.key, x.value FROM tb_product p CROSS JOIN jsonb_each_text(p.attributes) AS x
--- construct `jsonb_to_record`
SELECT p.pk_product, x.color FROM tb_product p LEFT JOIN LATERAL jsonb_to_record(p.attributes) AS x (color integer, note text) ON true
--- construct `JSON_TABLE`
SELECT p.pk_product, x.n, x.size FROM tb_product p, JSON_TABLE(p.attributes, '$.sizes[*]' COLUMNS (n FOR ORDINALITY, size integer PATH '$')) AS x
--- since 17
--- construct `XMLTABLE`
SELECT t.pk_xml, x.n FROM tb_xml t, XMLTABLE('/r/n' PASSING xmlelement(name r, t.mark) COLUMNS n integer PATH 'text()') AS x
--- requires xml
--- construct `regexp_split_to_table`, `string_to_table`, `regexp_matches`
SELECT p.pk_product, w.word, m.found FROM tb_product p CROSS JOIN regexp_split_to_table(p.name, ' ') AS w (word) LEFT JOIN LATERAL regexp_matches(p.name, '[aeiou]', 'g') AS m (found) ON true
--- construct own function that returns a set
SELECT p.pk_product, n FROM tb_product p CROSS JOIN own_rows(p.stock) AS n
--- construct own function that returns a table
SELECT p.pk_product, x.half, x.rest FROM tb_product p CROSS JOIN own_table(p.stock) AS x
--- construct a set-returning function in the select list
SELECT p.pk_product, unnest(p.tags) AS tag FROM tb_product p
--- construct a set-returning function in the select list of groups
SELECT p.fk_category, generate_series(1, count(*)) AS n FROM tb_product p GROUP BY p.fk_category
--- construct `DISTINCT` over a set-returning function
SELECT DISTINCT unnest(p.tags) AS tag FROM tb_product p
--- construct group over elements of arrays
SELECT tag, count(*) FROM tb_product p CROSS JOIN unnest(p.tags) AS tag GROUP BY tag
--- construct join over elements of arrays
SELECT p.pk_product, t.fk_product AS other FROM tb_product p CROSS JOIN unnest(p.tags) AS tag JOIN tb_tag t ON t.name = tag
--- construct constants only
SELECT * FROM (VALUES (1, 'one')) AS v (n, name)
--- unchanging
--- construct no `FROM` clause
SELECT 1 AS one
--- unchanging
