-- What a reader and a cascade need of a table of documents; the same for every approach that has one.
-- (The table is called tv_product in the schema of the tview.)
CREATE UNIQUE INDEX product_document_pk_product ON product_document (pk_product);
CREATE UNIQUE INDEX product_document_id ON product_document (id);
CREATE INDEX product_document_fk_category ON product_document (fk_category);
CREATE INDEX product_document_fk_supplier ON product_document (fk_supplier);
