-- One document per item; its attributes make it as large as it is.
SELECT i.pk_item, i.fk_group, i.name, i.code, i.price,
       jsonb_build_object('id', i.pk_item, 'name', i.name, 'price', i.price,
                          'group', jsonb_build_object('name', g.name), 'attributes', i.attributes) AS data
  FROM tb_item i
  JOIN tb_group g ON g.pk_group = i.fk_group
