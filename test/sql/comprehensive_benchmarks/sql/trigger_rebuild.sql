-- What an expert writes by hand to rebuild the affected documents from the view: statement triggers with transition
-- tables, one function that rebuilds a list of products, and WHEN or UPDATE OF wherever they can keep a trigger quiet.
-- Not covered, as hand-written triggers seldom do: TRUNCATE, and concurrent transactions that can't see each other's
-- rows.

-- One product has a statement of its own: with "= ANY" of an array of unknown length PostgreSQL plans anew in each call.
CREATE FUNCTION rebuild_products(products bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(products) = 1 THEN
        INSERT INTO product_document AS t
        SELECT * FROM v_product v WHERE v.pk_product = products[1]
        ON CONFLICT (pk_product) DO UPDATE
           SET id = excluded.id, fk_category = excluded.fk_category, fk_supplier = excluded.fk_supplier,
               data = excluded.data;
    ELSIF cardinality(products) > 1 THEN
        INSERT INTO product_document AS t
        SELECT * FROM v_product v WHERE v.pk_product = ANY (products)
        ON CONFLICT (pk_product) DO UPDATE
           SET id = excluded.id, fk_category = excluded.fk_category, fk_supplier = excluded.fk_supplier,
               data = excluded.data;
    END IF;
END $$;

CREATE FUNCTION rebuild_product_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM rebuild_products(ARRAY(SELECT pk_product FROM new_rows));
    RETURN NULL;
END $$;
CREATE FUNCTION rebuild_product_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM rebuild_products(ARRAY(
        SELECT n.pk_product FROM new_rows n JOIN old_rows o USING (pk_product)
         WHERE (n.id, n.fk_category, n.fk_supplier, n.sku, n.name, n.base_price, n.current_price, n.currency)
               IS DISTINCT FROM
               (o.id, o.fk_category, o.fk_supplier, o.sku, o.name, o.base_price, o.current_price, o.currency)));
    RETURN NULL;
END $$;
CREATE FUNCTION rebuild_product_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM product_document WHERE pk_product = ANY (ARRAY(SELECT pk_product FROM old_rows));
    RETURN NULL;
END $$;
CREATE TRIGGER rebuild_product_insert AFTER INSERT ON tb_product
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION rebuild_product_changed();
CREATE TRIGGER rebuild_product_update AFTER UPDATE ON tb_product
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION rebuild_product_updated();
CREATE TRIGGER rebuild_product_delete AFTER DELETE ON tb_product
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION rebuild_product_deleted();

CREATE FUNCTION rebuild_by_product_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM rebuild_products(ARRAY(SELECT DISTINCT fk_product FROM new_rows));
    RETURN NULL;
END $$;
CREATE FUNCTION rebuild_by_product_old() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM rebuild_products(ARRAY(SELECT DISTINCT fk_product FROM old_rows));
    RETURN NULL;
END $$;
CREATE FUNCTION rebuild_by_product_both() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM rebuild_products(ARRAY(SELECT fk_product FROM old_rows UNION SELECT fk_product FROM new_rows));
    RETURN NULL;
END $$;
CREATE TRIGGER rebuild_review_insert AFTER INSERT ON tb_review
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION rebuild_by_product_new();
CREATE TRIGGER rebuild_review_update AFTER UPDATE ON tb_review
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION rebuild_by_product_both();
CREATE TRIGGER rebuild_review_delete AFTER DELETE ON tb_review
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION rebuild_by_product_old();
CREATE TRIGGER rebuild_inventory_insert AFTER INSERT ON tb_inventory
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION rebuild_by_product_new();
CREATE TRIGGER rebuild_inventory_update AFTER UPDATE ON tb_inventory
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION rebuild_by_product_both();
CREATE TRIGGER rebuild_inventory_delete AFTER DELETE ON tb_inventory
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION rebuild_by_product_old();

CREATE FUNCTION rebuild_category() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM rebuild_products(ARRAY(
        SELECT p.pk_product FROM tb_product p
         WHERE p.fk_category IN (SELECT pk_category FROM new_rows
                                  UNION SELECT c.pk_category FROM tb_category c
                                          JOIN new_rows n ON c.fk_parent = n.pk_category)));
    RETURN NULL;
END $$;
CREATE TRIGGER rebuild_category AFTER UPDATE ON tb_category
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION rebuild_category();

CREATE FUNCTION rebuild_supplier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM rebuild_products(ARRAY(
        SELECT p.pk_product FROM tb_product p JOIN new_rows n ON n.pk_supplier = p.fk_supplier));
    RETURN NULL;
END $$;
CREATE TRIGGER rebuild_supplier AFTER UPDATE ON tb_supplier
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION rebuild_supplier();
