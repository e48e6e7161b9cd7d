-- The nearest view that pg_ivm accepts and keeps: plain columns of the joined tables, one row per product.
-- pg_ivm wants the columns of every outer join's condition in the select list (pk_supplier beside fk_supplier).
-- Parent category and inventory are joined with inner joins: with more than one outer join, pg_ivm 1.17 accepts the view
-- and then fails on DELETE and on changes of the category ("wrong varnullingrels"). So a product without stock is not in it.
SELECT p.pk_product, p.id, p.fk_category, p.fk_supplier, p.name, p.sku,
       p.current_price, p.base_price, p.currency,
       round(100 * (p.base_price - p.current_price) / p.base_price, 1) AS discount_percent,
       c.pk_category, c.id AS category_id, c.name AS category_name,
       pc.pk_category AS pk_parent, pc.id AS parent_id, pc.name AS parent_name,
       s.pk_supplier, s.id AS supplier_id, s.name AS supplier_name, s.country AS supplier_country,
       i.pk_inventory, i.quantity, i.reserved, i.quantity - i.reserved AS available, i.warehouse
  FROM tb_product p
  JOIN tb_category c ON c.pk_category = p.fk_category
  JOIN tb_category pc ON pc.pk_category = c.fk_parent
  LEFT JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier
  JOIN tb_inventory i ON i.fk_product = p.pk_product
