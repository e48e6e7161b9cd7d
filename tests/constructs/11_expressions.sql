Documents and expressions
--- construct `jsonb_build_object`, nested
SELECT p.pk_product, jsonb_build_object('name', p.name, 'price', jsonb_build_object('now', p.price, 'off', p.discount), 'category', c.name) AS data
  FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category
--- construct `||` of documents
SELECT p.pk_product, jsonb_build_object('name', p.name) || coalesce(p.attributes, '{}') AS data FROM tb_product p
--- construct `jsonb_agg` of documents in a subquery
SELECT p.pk_product, jsonb_build_object('name', p.name, 'reviews', (SELECT coalesce(jsonb_agg(jsonb_build_object('rating', r.rating, 'by', r.author) ORDER BY r.pk_review), '[]')
         FROM tb_review r WHERE r.fk_product = p.pk_product)) AS data FROM tb_product p
--- construct the last five of a list
SELECT p.pk_product, (SELECT jsonb_agg(x.author ORDER BY x.created_at DESC, x.pk_review) FROM
         (SELECT r.* FROM tb_review r WHERE r.fk_product = p.pk_product ORDER BY r.created_at DESC, r.pk_review LIMIT 5) x) AS latest FROM tb_product p
--- construct `JSON_OBJECT`, `JSON_ARRAY`
SELECT p.pk_product, JSON_OBJECT('name' VALUE p.name, 'stock' VALUE p.stock ABSENT ON NULL RETURNING jsonb) AS data, JSON_ARRAY(p.price, p.stock RETURNING jsonb) AS list FROM tb_product p
--- since 16
--- construct `JSON_VALUE`, `JSON_QUERY`, `JSON_EXISTS`, `IS JSON`
SELECT p.pk_product, JSON_VALUE(p.attributes, '$.color') AS color, JSON_QUERY(p.attributes, '$.sizes') AS sizes, JSON_EXISTS(p.attributes, '$.note') AS has, p.name IS JSON AS json FROM tb_product p
--- since 17
--- construct JSON paths and subscripts
SELECT p.pk_product, p.attributes -> 'sizes' ->> 0 AS small, p.attributes #>> '{sizes,1}' AS large, p.attributes['color'] AS color, jsonb_path_query_array(p.attributes, '$.sizes[*] ? (@ > 5)') AS big FROM tb_product p
--- construct whole row: `to_jsonb(r)`, `row_to_json(r)`
SELECT r.pk_review, to_jsonb(r) AS data, row_to_json(r) AS json FROM tb_review r
--- construct whole row of the optional side
SELECT p.pk_product, to_jsonb(s) AS supplier, s IS NULL AS none FROM tb_product p LEFT JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier
--- construct whole row as a column
SELECT c.pk_category, c FROM tb_category c
--- construct `SELECT *`
SELECT * FROM tb_review r
--- note The columns of the moment of creation.
--- construct `SELECT p.*` of a join
SELECT c.*, p.pk_product FROM tb_category c LEFT JOIN tb_product p ON p.fk_category = c.pk_category
--- construct composite values and their fields
SELECT t.pk_typed, (t.size).width AS width, t.size, ROW(t.amount, 1)::dimensions AS pair, t.size = ROW(1, 2)::dimensions AS same FROM tb_typed t
--- construct arrays: constructor, subscript, slice
SELECT p.pk_product, ARRAY[p.stock, p.fk_category] AS pair, p.tags[1] AS first, p.tags[1:2] AS two, array_length(p.tags, 1) AS length FROM tb_product p
--- construct XML
SELECT p.pk_product, xmlelement(name product, xmlattributes(p.stock AS stock), xmlforest(p.name, p.price))::text AS data FROM tb_product p
--- requires xml
--- construct casts
SELECT p.pk_product, p.price::integer AS price, p.pk_product::text AS key, p.created_at::date AS day, '2026-01-01'::date + p.pk_product AS later, p.status::text AS status FROM tb_product p
--- construct dates and time zones
SELECT p.pk_product, p.created_at AT TIME ZONE 'Europe/Berlin' AS here, date_trunc('month', p.created_at) AS month, extract(dow FROM p.created_at) AS weekday,
       to_char(p.created_at, 'YYYY-MM-DD HH24:MI') AS text, p.created_at + interval '1 month' AS later FROM tb_product p
--- construct dates and times out of text and documents: `(doc->>'at')::timestamptz`
SELECT p.pk_product, ('2026-01-' || (p.pk_product % 28 + 1))::date AS day, (jsonb_build_object('at', p.created_at) ->> 'at')::timestamptz AS at, (p.pk_product % 24 || ':30')::time AS time FROM tb_product p
--- construct text: `format`, `concat_ws`, `substring`, `overlay`, `trim`, `position`
SELECT p.pk_product, format('%s: %s', p.name, p.price) AS line, concat_ws('-', p.name, p.stock) AS words, substring(p.name FROM 2 FOR 3) AS part, trim(both 'A' FROM p.name) AS rest, position('a' IN p.name) AS a FROM tb_product p
--- construct `COLLATE`
SELECT p.pk_product, p.name COLLATE "C" < 'B' AS early FROM tb_product p WHERE p.name COLLATE "C" > 'A'
--- construct full text search
SELECT p.pk_product, to_tsvector('english', p.name) AS words, to_tsvector('english', p.name) @@ to_tsquery('english', 'ball | axe') AS hit FROM tb_product p
--- construct ranges and multiranges
SELECT p.pk_product, lower(p.available) AS first, p.available * daterange('2026-01-05', '2026-01-20') AS part, isempty(p.available) AS none FROM tb_product p
--- construct own `IMMUTABLE` functions
SELECT p.pk_product, own_immutable(p.stock) AS twice, own_plpgsql(p.pk_product) AS rest FROM tb_product p
--- construct encryption, hashing, encoding
SELECT p.pk_product, md5(p.name) AS md5, encode(sha256(convert_to(p.name, 'UTF8')), 'hex') AS sha FROM tb_product p
