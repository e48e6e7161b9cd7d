-- All products' prices in a table of its own, so that an aggregate over it is the only view that a change concerns: made for
-- the operations group-small and group-large, dropped after them.
CREATE TABLE tb_offer (
    pk_offer    bigint PRIMARY KEY,
    fk_category bigint NOT NULL,
    price       numeric(10,2) NOT NULL
);
INSERT INTO tb_offer SELECT pk_product, fk_category, current_price FROM tb_product ORDER BY pk_product;
CREATE INDEX tb_offer_fk_category ON tb_offer (fk_category);
