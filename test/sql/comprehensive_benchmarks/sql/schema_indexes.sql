-- Keys, foreign keys and their indexes, built after the rows are in.

ALTER TABLE tb_category  ADD PRIMARY KEY (pk_category), ADD UNIQUE (id),
                         ADD FOREIGN KEY (fk_parent) REFERENCES tb_category;
ALTER TABLE tb_supplier  ADD PRIMARY KEY (pk_supplier), ADD UNIQUE (id);
ALTER TABLE tb_product   ADD PRIMARY KEY (pk_product), ADD UNIQUE (id),
                         ADD FOREIGN KEY (fk_category) REFERENCES tb_category,
                         ADD FOREIGN KEY (fk_supplier) REFERENCES tb_supplier;
ALTER TABLE tb_review    ADD PRIMARY KEY (pk_review),
                         ADD FOREIGN KEY (fk_product) REFERENCES tb_product ON DELETE CASCADE;
ALTER TABLE tb_inventory ADD PRIMARY KEY (pk_inventory), ADD UNIQUE (fk_product),
                         ADD FOREIGN KEY (fk_product) REFERENCES tb_product ON DELETE CASCADE;

CREATE INDEX tb_category_fk_parent ON tb_category (fk_parent);
CREATE INDEX tb_product_fk_category ON tb_product (fk_category);
CREATE INDEX tb_product_fk_supplier ON tb_product (fk_supplier);
CREATE INDEX tb_review_fk_product ON tb_review (fk_product, created_at DESC);
