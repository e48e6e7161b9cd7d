-- The indexes of document_indexes.sql for the tview, less those that pg_tviews has made itself.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['pk_product', 'id', 'fk_category', 'fk_supplier'] LOOP
        IF NOT EXISTS (SELECT FROM pg_index i
                         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                        WHERE i.indrelid = 'tv_product'::regclass AND i.indnatts = 1 AND a.attname = wanted) THEN
            EXECUTE format('CREATE INDEX ON tv_product (%I)', wanted);
        END IF;
    END LOOP;
END $$;
