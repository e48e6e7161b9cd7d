-- What an expert writes by hand for dimension_list.sql: a title goes to its place by jsonb_set, any other change makes the list anew.
CREATE FUNCTION patch_child() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.rating = NEW.rating THEN
        UPDATE item_1
           SET data = jsonb_set(data, ARRAY['children',
                                            (SELECT (n - 1)::text
                                               FROM jsonb_array_elements(data -> 'children') WITH ORDINALITY AS e (child, n)
                                              WHERE child -> 'id' = to_jsonb(NEW.pk_child)),
                                            'title'], to_jsonb(NEW.title))
         WHERE pk_item = NEW.fk_item;
    ELSE
        UPDATE item_1
           SET data = jsonb_set(data, '{children}',
                                (SELECT jsonb_agg(jsonb_build_object('id', c.pk_child, 'rating', c.rating, 'title', c.title)
                                                  ORDER BY c.rating DESC, c.pk_child)
                                   FROM tb_child c
                                  WHERE c.fk_item = NEW.fk_item))
         WHERE pk_item = NEW.fk_item;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER patch_child AFTER INSERT OR UPDATE ON tb_child FOR EACH ROW EXECUTE FUNCTION patch_child()
