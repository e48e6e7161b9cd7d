-- One document per order, with all its lines.
SELECT o.pk_order, o.id,
       jsonb_build_object(
         'id', o.id,
         'customer', o.customer,
         'ordered_at', o.ordered_at,
         'total', (SELECT sum(l.quantity * l.price) FROM tb_order_line l WHERE l.fk_order = o.pk_order),
         'lines', (SELECT coalesce(jsonb_agg(
                             jsonb_build_object('position', l.position, 'article', l.article, 'quantity', l.quantity,
                                                'price', l.price)
                             ORDER BY l.position), '[]'::jsonb)
                     FROM tb_order_line l
                    WHERE l.fk_order = o.pk_order)) AS data
  FROM tb_order o
