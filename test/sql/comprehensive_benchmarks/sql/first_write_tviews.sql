-- Five tviews that a change of an article's price concerns: flat, with one, two and three joins, and with a subquery.
SELECT pg_tviews_create('tv_article_flat', $query$
SELECT a.pk_article, a.id, a.name, a.price FROM tb_article a
$query$);
SELECT pg_tviews_create('tv_article_category', $query$
SELECT a.pk_article, jsonb_build_object('id', a.id, 'price', a.price, 'category', c.name) AS data
  FROM tb_article a JOIN tb_category c ON c.pk_category = a.fk_category
$query$);
SELECT pg_tviews_create('tv_article_supplier', $query$
SELECT a.pk_article, jsonb_build_object('id', a.id, 'price', a.price,
         'supplier', CASE WHEN s.pk_supplier IS NOT NULL THEN jsonb_build_object('name', s.name, 'country', s.country) END) AS data
  FROM tb_article a LEFT JOIN tb_supplier s ON s.pk_supplier = a.fk_supplier
$query$);
SELECT pg_tviews_create('tv_article_full', $query$
SELECT a.pk_article, jsonb_build_object('id', a.id, 'name', a.name, 'price', a.price,
         'category', jsonb_build_object('name', c.name, 'parent', pc.name), 'supplier', s.name) AS data
  FROM tb_article a
  JOIN tb_category c ON c.pk_category = a.fk_category
  LEFT JOIN tb_category pc ON pc.pk_category = c.fk_parent
  LEFT JOIN tb_supplier s ON s.pk_supplier = a.fk_supplier
$query$);
SELECT pg_tviews_create('tv_article_reviews', $query$
SELECT a.pk_article, jsonb_build_object('id', a.id, 'price', a.price,
         'reviews', (SELECT count(*) FROM tb_review r WHERE r.fk_product = a.pk_article)) AS data
  FROM tb_article a
$query$);
