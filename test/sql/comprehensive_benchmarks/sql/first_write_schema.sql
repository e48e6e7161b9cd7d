-- A thousand articles with five tviews: made for the operation first-write, dropped after it.
CREATE TABLE tb_article (
    pk_article  bigint PRIMARY KEY,
    id          uuid NOT NULL,
    fk_category bigint NOT NULL,
    fk_supplier bigint,
    name        text NOT NULL,
    price       numeric(10,2) NOT NULL
);
INSERT INTO tb_article
SELECT pk_product, id, fk_category, fk_supplier, name, current_price FROM tb_product WHERE pk_product <= 1000;
CREATE INDEX tb_article_fk_category ON tb_article (fk_category);
CREATE INDEX tb_article_fk_supplier ON tb_article (fk_supplier);
