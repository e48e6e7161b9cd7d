-- Items in groups, whose documents are as large as the benchmark wants: made for the operations size-*, fan-*, index-*,
-- tviews-* and list-*, dropped after each.
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
-- Children of items, for list-*.
CREATE TABLE tb_child (
    pk_child integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fk_item  integer NOT NULL REFERENCES tb_item,
    rating   integer NOT NULL,
    title    text NOT NULL
);
CREATE INDEX tb_child_fk_item ON tb_child (fk_item);
INSERT INTO tb_group VALUES (1, 'Group 1'), (2, 'Group 2');
