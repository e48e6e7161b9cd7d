-- Items in groups, whose documents are as large as the benchmark wants: made for the operations size-*, fan-*, index-* and
-- tviews-*, dropped after each.
CREATE TABLE tb_group (
    pk_group integer PRIMARY KEY,
    name     text NOT NULL
);
CREATE TABLE tb_item (
    pk_item    integer PRIMARY KEY,
    fk_group   integer NOT NULL REFERENCES tb_group,
    name       text NOT NULL,
    code       text NOT NULL,
    price      numeric(10,2) NOT NULL,
    attributes jsonb NOT NULL
);
CREATE INDEX tb_item_fk_group ON tb_item (fk_group);
INSERT INTO tb_group VALUES (1, 'Group 1'), (2, 'Group 2');
