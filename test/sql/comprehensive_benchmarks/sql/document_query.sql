-- One document per product: the defining query of every approach that keeps documents.
SELECT p.pk_product, p.id, p.fk_category, p.fk_supplier,
       jsonb_build_object(
         'id', p.id,
         'name', p.name,
         'sku', p.sku,
         'price', jsonb_build_object(
            'current', p.current_price,
            'base', p.base_price,
            'currency', p.currency,
            'discount_percent', round(100 * (p.base_price - p.current_price) / p.base_price, 1)),
         'category', jsonb_build_object(
            'id', c.id,
            'name', c.name,
            'parent', CASE WHEN pc.pk_category IS NOT NULL
                           THEN jsonb_build_object('id', pc.id, 'name', pc.name) END),
         'supplier', CASE WHEN s.pk_supplier IS NOT NULL
                          THEN jsonb_build_object('id', s.id, 'name', s.name, 'country', s.country) END,
         'inventory', CASE WHEN i.pk_inventory IS NOT NULL
                           THEN jsonb_build_object(
                                  'quantity', i.quantity,
                                  'reserved', i.reserved,
                                  'available', i.quantity - i.reserved,
                                  'warehouse', i.warehouse) END,
         'reviews', jsonb_build_object(
            'count', (SELECT count(*) FROM tb_review r WHERE r.fk_product = p.pk_product),
            'average', (SELECT round(avg(r.rating), 2) FROM tb_review r WHERE r.fk_product = p.pk_product),
            'recent', (SELECT coalesce(jsonb_agg(
                                jsonb_build_object('id', x.id, 'rating', x.rating, 'author', x.author,
                                                   'title', x.title, 'created_at', x.created_at)
                                ORDER BY x.created_at DESC, x.pk_review DESC), '[]'::jsonb)
                         FROM (SELECT r.pk_review, r.id, r.rating, r.author, r.title, r.created_at
                                 FROM tb_review r
                                WHERE r.fk_product = p.pk_product
                                ORDER BY r.created_at DESC, r.pk_review DESC
                                LIMIT 5) x))) AS data
  FROM tb_product p
  JOIN tb_category c ON c.pk_category = p.fk_category
  LEFT JOIN tb_category pc ON pc.pk_category = c.fk_parent
  LEFT JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier
  LEFT JOIN tb_inventory i ON i.fk_product = p.pk_product
