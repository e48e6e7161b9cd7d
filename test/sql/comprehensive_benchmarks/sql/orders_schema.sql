-- Orders and their lines, beside the catalogue: made for the operations order-statement and order-lines, dropped after them.
CREATE TABLE tb_order (
    pk_order   bigint PRIMARY KEY,
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    customer   text NOT NULL,
    ordered_at timestamptz NOT NULL
);
CREATE TABLE tb_order_line (
    pk_order_line bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fk_order      bigint NOT NULL REFERENCES tb_order ON DELETE CASCADE,
    position      integer NOT NULL,
    article       text NOT NULL,
    quantity      integer NOT NULL CHECK (quantity > 0),
    price         numeric(10,2) NOT NULL,
    UNIQUE (fk_order, position)
);
INSERT INTO tb_order (pk_order, customer, ordered_at)
SELECT k, 'Customer ' || k % 997, timestamptz '2025-07-01 00:00:00+00' + make_interval(mins => k::integer)
  FROM generate_series(1, 5000) k;
