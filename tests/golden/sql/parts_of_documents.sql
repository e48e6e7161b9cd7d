-- What a changed value becomes in a document where it is put there as it is, without calling the server's general conversion: the same,
-- byte for byte, as in a document that is computed.
CREATE EXTENSION pg_tviews;
CREATE DOMAIN amount AS numeric CHECK (VALUE IS NULL OR VALUE <> 13);
CREATE TYPE mood AS ENUM ('bad', 'good');
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE thing (pk integer PRIMARY KEY,
                    n numeric, money numeric(12, 2), s smallint, i integer, b bigint, yes boolean, t text, v varchar(20), c char(5),
                    j jsonb, js json, f double precision, r real, u uuid, d date, ts timestamptz, dm amount, e mood, p pair, a integer[], x bytea,
                    iv interval, nm name);
CREATE VIEW definition AS
  SELECT pk, jsonb_build_object('number', jsonb_build_object('n', n, 'money', money, 's', s, 'i', i, 'b', b, 'sum', n + i, 'f', f, 'r', r, 'dm', dm),
           'text', jsonb_build_object('t', t, 'v', v, 'c', c, 'upper', upper(t), 'nm', nm, 'e', e, 'u', u, 'x', x),
           'other', jsonb_build_object('yes', yes, 'not', NOT yes, 'j', j, 'js', js, 'd', d, 'ts', ts, 'p', p, 'a', a, 'iv', iv,
                                       'in', j -> 'in', 'constant', CASE WHEN yes THEN 'both' END)) AS data
    FROM thing;
INSERT INTO thing (pk) SELECT generate_series(1, 3);
CREATE TABLE tv_thing AS TABLE definition;
SELECT DISTINCT strategy FROM pg_tviews_explain('tv_thing') WHERE event = 'UPDATE';
-- Documents are compared as they are stored: whether the bytes are the same shows in their hash and size.
CREATE FUNCTION differ() RETURNS TABLE (pk integer, stored jsonb, wanted jsonb) LANGUAGE sql AS $$
  SELECT d.pk, t.data, d.data FROM definition d LEFT JOIN tv_thing t USING (pk)
   WHERE t.data::text IS DISTINCT FROM d.data::text OR jsonb_send(t.data) IS DISTINCT FROM jsonb_send(d.data) $$;
-- Numbers: small, large, with zeros at the end, special ones, and no numbers.
UPDATE thing SET n = 1 WHERE pk = 1;
UPDATE thing SET n = -0.00100, i = 7 WHERE pk = 1;
UPDATE thing SET n = 1e300, money = 12.5 WHERE pk = 2;
UPDATE thing SET n = -12345678901234567890123456789.000000001 WHERE pk = 3;
SELECT * FROM differ();
UPDATE thing SET n = 1e-200 WHERE pk = 1;
UPDATE thing SET n = 'NaN' WHERE pk = 2;
UPDATE thing SET n = '-Infinity', dm = 'Infinity' WHERE pk = 3;
SELECT data -> 'number' AS number FROM tv_thing ORDER BY pk;
SELECT * FROM differ();
UPDATE thing SET n = 0, money = 0, s = -32768, i = -2147483648, b = -9223372036854775808 WHERE pk = 1;
UPDATE thing SET n = 10000, money = 100000000, s = 32767, i = 2147483647, b = 9223372036854775807 WHERE pk = 2;
UPDATE thing SET n = NULL, s = 0, i = 0, b = 10000, f = 'NaN', r = 1e30 WHERE pk = 3;
UPDATE thing SET f = 0.1, r = 0.1, dm = 5.0 WHERE pk = 1;
SELECT data -> 'number' AS number FROM tv_thing ORDER BY pk;
SELECT * FROM differ();
-- Strings.
UPDATE thing SET t = '', v = '', c = '' WHERE pk = 1;
UPDATE thing SET t = 'ünï"\ ' || chr(10), v = 'ünï', c = 'ü', nm = 'Name' WHERE pk = 2;
UPDATE thing SET t = repeat('long and compressed ', 5000), e = 'good' WHERE pk = 3;
UPDATE thing SET u = '00000000-0000-0000-0000-0000000000ff', x = '\x0102', e = 'bad' WHERE pk = 1;
SELECT pk, left(data ->> 'text', 150) AS text FROM tv_thing ORDER BY pk;
SELECT pk FROM differ();
-- Truth values, documents, and what only the server converts.
UPDATE thing SET yes = true, j = '{"in": [1, {"b": 2.50, "a": null}], "a": "x"}' WHERE pk = 1;
UPDATE thing SET yes = false, j = '"scalar"', js = '{"b": 1,  "a": [1.0]}', p = (1, 'one'), a = '{1,NULL,3}' WHERE pk = 2;
UPDATE thing SET j = '[]', d = '2026-02-03', ts = '2026-02-03 04:05:06+00', iv = '1 day 02:00' WHERE pk = 3;
SELECT data -> 'other' AS other FROM tv_thing ORDER BY pk;
SELECT * FROM differ();
-- What a value becomes may depend on settings: those of the tview's creation are in force.
SET timezone = 'Asia/Tokyo';
SET extra_float_digits = 0;
SET intervalstyle = 'iso_8601';
UPDATE thing SET ts = '2027-02-03 04:05:06+00', iv = '3 days', f = 1.0 / 3 WHERE pk = 3;
RESET timezone;
RESET extra_float_digits;
RESET intervalstyle;
SELECT data -> 'other' -> 'ts' AS ts, data -> 'other' -> 'iv' AS iv, data -> 'number' -> 'f' AS f FROM tv_thing WHERE pk = 3;
SELECT * FROM differ();
-- All at once, and of several rows; later at the end of a transaction.
UPDATE thing SET n = pk, t = 't' || pk, yes = NOT yes, j = to_jsonb(pk), ts = '2026-05-05 00:00+00', s = NULL, i = NULL, b = NULL;
SELECT * FROM differ();
BEGIN;
UPDATE thing SET n = n + 0.50, money = pk;
UPDATE thing SET v = 'v', dm = 1 WHERE pk > 1;
COMMIT;
SELECT * FROM differ();
-- A value that a document can't hold raises the server's error, and changes nothing.
UPDATE thing SET js = NULL, dm = 13 WHERE pk = 1;
SELECT * FROM differ();
SELECT * FROM pg_tviews_verify('tv_thing');
