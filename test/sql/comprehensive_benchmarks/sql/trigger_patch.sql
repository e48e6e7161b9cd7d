-- What an expert writes by hand to patch the documents: each trigger changes only the leaves that hang on its columns.
-- Row triggers where a row's own values are enough (WHEN keeps unrelated updates out before any function is called),
-- statement triggers with transition tables where other rows are needed.
-- Not covered, as hand-written triggers seldom do: changes of primary keys, TRUNCATE, and concurrent transactions that
-- can't see each other's rows.

CREATE FUNCTION patch_product_price() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE product_document
       SET data = jsonb_set(data, '{price}', jsonb_build_object(
             'current', NEW.current_price, 'base', NEW.base_price, 'currency', NEW.currency,
             'discount_percent', round(100 * (NEW.base_price - NEW.current_price) / NEW.base_price, 1)))
     WHERE pk_product = NEW.pk_product;
    RETURN NULL;
END $$;
CREATE TRIGGER patch_product_price AFTER UPDATE OF current_price, base_price, currency ON tb_product FOR EACH ROW
    WHEN (OLD.current_price <> NEW.current_price OR OLD.base_price <> NEW.base_price OR OLD.currency <> NEW.currency)
    EXECUTE FUNCTION patch_product_price();

CREATE FUNCTION patch_product_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE product_document
       SET data = jsonb_set(jsonb_set(data, '{name}', to_jsonb(NEW.name)), '{sku}', to_jsonb(NEW.sku))
     WHERE pk_product = NEW.pk_product;
    RETURN NULL;
END $$;
CREATE TRIGGER patch_product_name AFTER UPDATE OF name, sku ON tb_product FOR EACH ROW
    WHEN (OLD.name <> NEW.name OR OLD.sku <> NEW.sku)
    EXECUTE FUNCTION patch_product_name();

CREATE FUNCTION patch_product_category() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE product_document t
       SET fk_category = NEW.fk_category,
           data = jsonb_set(t.data, '{category}', (
                SELECT jsonb_build_object('id', c.id, 'name', c.name,
                          'parent', CASE WHEN pc.pk_category IS NOT NULL
                                         THEN jsonb_build_object('id', pc.id, 'name', pc.name) END)
                  FROM tb_category c LEFT JOIN tb_category pc ON pc.pk_category = c.fk_parent
                 WHERE c.pk_category = NEW.fk_category))
     WHERE t.pk_product = NEW.pk_product;
    RETURN NULL;
END $$;
CREATE TRIGGER patch_product_category AFTER UPDATE OF fk_category ON tb_product FOR EACH ROW
    WHEN (OLD.fk_category <> NEW.fk_category)
    EXECUTE FUNCTION patch_product_category();

CREATE FUNCTION patch_product_supplier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE product_document t
       SET fk_supplier = NEW.fk_supplier,
           data = jsonb_set(t.data, '{supplier}', coalesce(
                (SELECT jsonb_build_object('id', s.id, 'name', s.name, 'country', s.country)
                   FROM tb_supplier s WHERE s.pk_supplier = NEW.fk_supplier), 'null'::jsonb))
     WHERE t.pk_product = NEW.pk_product;
    RETURN NULL;
END $$;
CREATE TRIGGER patch_product_supplier AFTER UPDATE OF fk_supplier ON tb_product FOR EACH ROW
    WHEN (OLD.fk_supplier IS DISTINCT FROM NEW.fk_supplier)
    EXECUTE FUNCTION patch_product_supplier();

CREATE FUNCTION patch_product_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO product_document
    SELECT v.* FROM v_product v JOIN new_rows n ON n.pk_product = v.pk_product;
    RETURN NULL;
END $$;
CREATE TRIGGER patch_product_insert AFTER INSERT ON tb_product
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION patch_product_insert();

CREATE FUNCTION patch_product_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM product_document WHERE pk_product = OLD.pk_product;
    RETURN NULL;
END $$;
CREATE TRIGGER patch_product_delete AFTER DELETE ON tb_product FOR EACH ROW EXECUTE FUNCTION patch_product_delete();

CREATE FUNCTION patch_inventory() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE product_document
       SET data = jsonb_set(data, '{inventory}', jsonb_build_object(
             'quantity', NEW.quantity, 'reserved', NEW.reserved,
             'available', NEW.quantity - NEW.reserved, 'warehouse', NEW.warehouse))
     WHERE pk_product = NEW.fk_product;
    RETURN NULL;
END $$;
CREATE TRIGGER patch_inventory_insert AFTER INSERT ON tb_inventory FOR EACH ROW EXECUTE FUNCTION patch_inventory();
CREATE TRIGGER patch_inventory_update AFTER UPDATE ON tb_inventory FOR EACH ROW
    WHEN (OLD.quantity <> NEW.quantity OR OLD.reserved <> NEW.reserved OR OLD.warehouse <> NEW.warehouse)
    EXECUTE FUNCTION patch_inventory();

CREATE FUNCTION patch_inventory_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE product_document SET data = jsonb_set(data, '{inventory}', 'null') WHERE pk_product = OLD.fk_product;
    RETURN NULL;
END $$;
CREATE TRIGGER patch_inventory_delete AFTER DELETE ON tb_inventory FOR EACH ROW
    EXECUTE FUNCTION patch_inventory_delete();

CREATE FUNCTION reviews_of(product bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
      'count', (SELECT count(*) FROM tb_review r WHERE r.fk_product = product),
      'average', (SELECT round(avg(r.rating), 2) FROM tb_review r WHERE r.fk_product = product),
      'recent', (SELECT coalesce(jsonb_agg(
                          jsonb_build_object('id', x.id, 'rating', x.rating, 'author', x.author,
                                             'title', x.title, 'created_at', x.created_at)
                          ORDER BY x.created_at DESC, x.pk_review DESC), '[]'::jsonb)
                   FROM (SELECT r.pk_review, r.id, r.rating, r.author, r.title, r.created_at
                           FROM tb_review r
                          WHERE r.fk_product = product
                          ORDER BY r.created_at DESC, r.pk_review DESC
                          LIMIT 5) x))
$$;

CREATE FUNCTION patch_review_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE product_document SET data = jsonb_set(data, '{reviews}', reviews_of(pk_product))
     WHERE pk_product = ANY (ARRAY(SELECT DISTINCT fk_product FROM new_rows));
    RETURN NULL;
END $$;
CREATE FUNCTION patch_review_old() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE product_document SET data = jsonb_set(data, '{reviews}', reviews_of(pk_product))
     WHERE pk_product = ANY (ARRAY(SELECT DISTINCT fk_product FROM old_rows));
    RETURN NULL;
END $$;
CREATE FUNCTION patch_review_both() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE product_document SET data = jsonb_set(data, '{reviews}', reviews_of(pk_product))
     WHERE pk_product = ANY (ARRAY(SELECT fk_product FROM old_rows UNION SELECT fk_product FROM new_rows));
    RETURN NULL;
END $$;
CREATE TRIGGER patch_review_insert AFTER INSERT ON tb_review
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION patch_review_new();
CREATE TRIGGER patch_review_update AFTER UPDATE ON tb_review
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION patch_review_both();
CREATE TRIGGER patch_review_delete AFTER DELETE ON tb_review
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION patch_review_old();

CREATE FUNCTION patch_category() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    child record;
BEGIN
    UPDATE product_document SET data = jsonb_set(data, '{category,name}', to_jsonb(NEW.name))
     WHERE fk_category = NEW.pk_category;
    FOR child IN SELECT pk_category FROM tb_category WHERE fk_parent = NEW.pk_category LOOP
        UPDATE product_document SET data = jsonb_set(data, '{category,parent,name}', to_jsonb(NEW.name))
         WHERE fk_category = child.pk_category;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER patch_category AFTER UPDATE OF name ON tb_category FOR EACH ROW
    WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION patch_category();

CREATE FUNCTION patch_category_parent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE product_document t
       SET data = jsonb_set(t.data, '{category,parent}', coalesce(
             (SELECT jsonb_build_object('id', pc.id, 'name', pc.name)
                FROM tb_category pc WHERE pc.pk_category = NEW.fk_parent), 'null'::jsonb))
     WHERE t.fk_category = NEW.pk_category;
    RETURN NULL;
END $$;
CREATE TRIGGER patch_category_parent AFTER UPDATE OF fk_parent ON tb_category FOR EACH ROW
    WHEN (OLD.fk_parent IS DISTINCT FROM NEW.fk_parent) EXECUTE FUNCTION patch_category_parent();

CREATE FUNCTION patch_supplier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE product_document
       SET data = jsonb_set(data, '{supplier}',
                            jsonb_build_object('id', NEW.id, 'name', NEW.name, 'country', NEW.country))
     WHERE fk_supplier = NEW.pk_supplier;
    RETURN NULL;
END $$;
CREATE TRIGGER patch_supplier AFTER UPDATE OF name, country ON tb_supplier FOR EACH ROW
    WHEN (OLD.name <> NEW.name OR OLD.country <> NEW.country) EXECUTE FUNCTION patch_supplier();
