-- One document per item, with a list of its children in an order that they show.
SELECT i.pk_item, i.fk_group, i.name,
       jsonb_build_object('id', i.pk_item, 'name', i.name, 'price', i.price,
                          'group', jsonb_build_object('name', g.name),
                          'children', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', c.pk_child, 'rating', c.rating, 'title', c.title)
                                                                 ORDER BY c.rating DESC, c.pk_child), '[]')
                                         FROM tb_child c
                                        WHERE c.fk_item = i.pk_item)) AS data
  FROM tb_item i
  JOIN tb_group g ON g.pk_group = i.fk_group
