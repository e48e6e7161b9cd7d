--- seed 236103931317786
--- schema
CREATE TABLE t0 (pk bigint NOT NULL, c1 bigint, c2 text, c3 text NOT NULL, UNIQUE (pk));
--- data
INSERT INTO t0 VALUES (2000000014, 0, 'Zürich', 'ä');
--- tview tv_2
SELECT p.pk AS id_pk, jsonb_build_object('id', p.c3) AS data FROM t0 AS p;
--- step
WITH w0 AS (UPDATE t0 AS x SET c1 = x.c1 + 1 RETURNING pk) UPDATE t0 AS x SET c2 = NULL, c3 = 'it''s'::text;
