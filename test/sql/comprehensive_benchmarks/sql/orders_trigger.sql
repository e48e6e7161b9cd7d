-- The hand-written trigger on order lines: it rebuilds the documents of the orders that a statement's new lines belong to.
-- (The operations only insert lines.)
CREATE FUNCTION rebuild_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE order_document t SET data = v.data
      FROM v_order v
     WHERE v.pk_order = t.pk_order AND t.pk_order = ANY (ARRAY(SELECT DISTINCT fk_order FROM new_rows));
    RETURN NULL;
END $$;
CREATE TRIGGER rebuild_order AFTER INSERT ON tb_order_line
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION rebuild_order();
