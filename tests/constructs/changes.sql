What is done to each table that a construct reads. After every statement the tview has to equal its query.
--- changes tb_category
--- step
INSERT INTO tb_category VALUES (7, 2, 'Clubs')
--- step
INSERT INTO tb_category VALUES (8, 7, 'Small clubs'), (9, 1, 'Tools'), (10, NULL, 'Garden')
--- step
UPDATE tb_category SET name = 'Big saws' WHERE pk_category = 3
--- step
UPDATE tb_category SET fk_parent = 5 WHERE pk_category = 3
--- step
UPDATE tb_category SET fk_parent = NULL WHERE pk_category = 2
--- step
UPDATE tb_category SET name = name || '!' WHERE pk_category < 4
--- step
UPDATE tb_category SET pk_category = 11 WHERE pk_category = 5
--- step
DELETE FROM tb_category WHERE pk_category = 2
--- step
DELETE FROM tb_category WHERE pk_category IN (1, 4)
--- changes tb_supplier
--- step
INSERT INTO tb_supplier VALUES (6, 'ACME', 'AF', 'Zeta', 4)
--- step
INSERT INTO tb_supplier VALUES (7, 'ETA', NULL, 'Eta', 2), (8, NULL, 'EU', 'Theta', NULL)
--- step
UPDATE tb_supplier SET name = 'Acme Ltd' WHERE pk_supplier = 1
--- step
UPDATE tb_supplier SET code = 'NONE', region = 'US' WHERE pk_supplier = 2
--- step
UPDATE tb_supplier SET rating = 9 WHERE pk_supplier = 4
--- step
UPDATE tb_supplier SET rating = rating - 1
--- step
UPDATE tb_supplier SET pk_supplier = 3 + 20 WHERE pk_supplier = 3
--- step
DELETE FROM tb_supplier WHERE pk_supplier = 1
--- step
DELETE FROM tb_supplier WHERE region = 'EU'
--- changes tb_product
--- step
INSERT INTO tb_product (pk_product, id, fk_category, fk_supplier, name, price, discount, weight, stock, status, tags, attributes, available, created_at)
VALUES (20, '00000000-0000-0000-0000-000000000020', 2, 1, 'Nail 20', 2.5, 0.1, 0.75, 3, 'active', '{red,blue}', '{"color": 1, "sizes": [5, 6, 7]}',
        daterange('2026-01-05', '2026-02-01'), '2026-03-01 01:00+00')
--- step
INSERT INTO tb_product (pk_product, id, fk_category, fk_supplier, name, price, stock, status, created_at)
SELECT n, md5(n::text)::uuid, 1 + n % 3, CASE WHEN n > 21 THEN 2 END, 'Axe ' || n, 5, n % 2, 'draft', '2026-03-02 01:00+00'
  FROM generate_series(21, 23) AS n
--- step
UPDATE tb_product SET price = 5.00 WHERE pk_product = 3
--- step
UPDATE tb_product SET price = 99, discount = NULL, weight = 0.5, stock = 11 WHERE pk_product = 4
--- step
UPDATE tb_product SET fk_category = 2 WHERE pk_product = 4
--- step
UPDATE tb_product SET fk_category = 77, fk_supplier = NULL WHERE pk_product = 1
--- step
UPDATE tb_product SET fk_supplier = 4 WHERE fk_supplier IS NULL
--- step
UPDATE tb_product SET tags = '{red,sale}', attributes = '{"color": 2, "sizes": [9]}', status = 'retired', available = daterange('2026-01-02', NULL) WHERE pk_product IN (2, 5)
--- step
UPDATE tb_product SET name = 'Ball 9', created_at = created_at + interval '1 month', id = '00000000-0000-0000-0000-000000000007' WHERE pk_product = 7
--- step
UPDATE tb_product SET price = price + 1, stock = stock + 1
--- step
UPDATE tb_product SET pk_product = pk_product + 100 WHERE pk_product IN (5, 6)
--- step
DELETE FROM tb_product WHERE pk_product = 2
--- step
DELETE FROM tb_product WHERE fk_category IN (2, 3)
--- changes tb_review
--- step
INSERT INTO tb_review VALUES (30, 1, 5, 'Ann', 'text 1', '2026-04-01 00:00+00')
--- step
INSERT INTO tb_review VALUES (31, 2, NULL, NULL, NULL, '2026-04-02 00:00+00'), (32, 12, 1, 'Dan', 'new', '2026-01-02 00:00+00'), (33, 500, 3, 'Bob', '', '2026-04-03 00:00+00')
--- step
UPDATE tb_review SET rating = 5 WHERE pk_review = 7
--- step
UPDATE tb_review SET rating = 9 WHERE pk_review = 8
--- step
UPDATE tb_review SET rating = NULL, author = 'Ann' WHERE pk_review IN (2, 3)
--- step
UPDATE tb_review SET fk_product = 4 WHERE pk_review = 1
--- step
UPDATE tb_review SET body = 'other', created_at = created_at - interval '1 day' WHERE pk_review = 9
--- step
UPDATE tb_review SET rating = 6 - rating
--- step
UPDATE tb_review SET pk_review = pk_review + 100, fk_product = fk_product + 1 WHERE pk_review IN (4, 5)
--- step
DELETE FROM tb_review WHERE pk_review = 30
--- step
DELETE FROM tb_review WHERE fk_product IN (2, 4, 6)
--- changes tb_tag
--- step
INSERT INTO tb_tag VALUES (1, 'rare'), (60, 'red')
--- step
INSERT INTO tb_tag VALUES (9, 'new'), (9, 'sale'), (77, 'eco')
--- step
UPDATE tb_tag SET name = 'neo' WHERE name = 'new'
--- step
UPDATE tb_tag SET fk_product = 10 WHERE fk_product = 3
--- step
DELETE FROM tb_tag WHERE name = 'sale' AND fk_product < 5
--- step
DELETE FROM tb_tag WHERE name = 'eco'
--- changes tb_comment
--- step
INSERT INTO tb_comment VALUES (9, 1, 3, 'i')
--- step
INSERT INTO tb_comment VALUES (10, 3, 7, 'j'), (11, 3, 10, 'k'), (12, 4, NULL, 'l')
--- step
UPDATE tb_comment SET body = 'B' WHERE pk_comment = 2
--- step
UPDATE tb_comment SET fk_parent = 4 WHERE pk_comment = 2
--- step
UPDATE tb_comment SET fk_review = 2, fk_parent = 6 WHERE pk_comment = 4
--- step
UPDATE tb_comment SET body = body || body
--- step
DELETE FROM tb_comment WHERE pk_comment = 2
--- step
DELETE FROM tb_comment WHERE fk_parent IS NULL
--- changes tb_stock
--- step
INSERT INTO tb_stock VALUES (1, 'north', 3)
--- step
INSERT INTO tb_stock VALUES (NULL, NULL, NULL), (NULL, NULL, NULL), (4, 'east', 1)
--- step
UPDATE tb_stock SET quantity = 4 WHERE fk_product = 1 AND warehouse = 'south'
--- step
UPDATE tb_stock SET warehouse = 'west' WHERE fk_product = 3
--- step
UPDATE tb_stock SET fk_product = 1 WHERE fk_product IS NULL
--- step
DELETE FROM tb_stock WHERE ctid = (SELECT min(ctid) FROM tb_stock WHERE fk_product = 1 AND warehouse = 'north')
--- step
UPDATE tb_stock SET quantity = coalesce(quantity, 0) + 1
--- step
DELETE FROM tb_stock WHERE warehouse = 'north'
--- changes tb_band
--- step
INSERT INTO tb_band VALUES (5, 4, 6, 'middle')
--- step
UPDATE tb_band SET high = 12.5 WHERE pk_band = 2
--- step
UPDATE tb_band SET label = 'costly' WHERE pk_band = 3
--- step
UPDATE tb_band SET low = 0 WHERE low IS NULL
--- step
DELETE FROM tb_band WHERE pk_band = 1
--- changes tb_title
--- step
INSERT INTO tb_title VALUES (2, 'de', 'de zwei'), (7, 'fr', 'fr sept')
--- step
UPDATE tb_title SET title = upper(title) WHERE fk_product = 1
--- step
UPDATE tb_title SET language = 'it' WHERE (fk_product, language) = (3, 'de')
--- step
DELETE FROM tb_title WHERE language = 'en' AND fk_product < 4
--- changes tb_legacy
--- step
INSERT INTO tb_legacy VALUES (7, 4, 'BETA', 5.000)
--- step
INSERT INTO tb_legacy VALUES (8, 2, 'ECHO', NULL), (9, 1, NULL, 0)
--- step
UPDATE tb_legacy SET product_number = 5 WHERE pk_legacy = 3
--- step
UPDATE tb_legacy SET supplier_code = 'DELT', amount = 2.5 WHERE pk_legacy = 4
--- step
UPDATE tb_legacy SET amount = amount * 2
--- step
DELETE FROM tb_legacy WHERE product_number = 2
--- changes tb_event
--- step
INSERT INTO tb_event VALUES (30, '2026-05-01', 2, 'buy')
--- step
INSERT INTO tb_event_2025 VALUES (31, '2025-05-01', 2, 'view')
--- step
INSERT INTO tb_event VALUES (32, '2031-01-01', 3, NULL), (33, '2025-02-01', 1, 'view'), (34, '2026-02-01', NULL, 'buy')
--- step
UPDATE tb_event SET kind = 'like' WHERE pk_event = 3
--- step
UPDATE tb_event_2026 SET fk_product = 5 WHERE fk_product = 2
--- step
UPDATE tb_event SET on_day = on_day + 365 WHERE pk_event IN (1, 2, 31)
--- step
DELETE FROM tb_event WHERE fk_product = 3
--- step
DELETE FROM tb_event_2025 WHERE kind = 'view'
--- step
TRUNCATE tb_event_2026
--- step
ALTER TABLE tb_event DETACH PARTITION tb_event_2025
--- step
ALTER TABLE tb_event ATTACH PARTITION tb_event_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')
--- changes tb_event_2026
--- step
INSERT INTO tb_event VALUES (30, '2026-05-01', 2, 'buy')
--- step
UPDATE tb_event SET kind = 'like' WHERE fk_product = 2
--- step
UPDATE tb_event SET on_day = on_day + 365 WHERE pk_event IN (1, 2)
--- step
DELETE FROM tb_event_2026 WHERE kind = 'view'
--- changes tb_place
--- step
INSERT INTO tb_place VALUES (5, 'AT', 'Wien'), (6, 'DE', 'Köln')
--- step
UPDATE tb_place SET country = 'DE' WHERE name = 'Paris'
--- step
UPDATE tb_place_de SET name = 'München' WHERE pk_place = 2
--- step
DELETE FROM tb_place WHERE country = 'DE' AND pk_place > 2
--- changes tb_sample
--- step
INSERT INTO tb_sample VALUES (10, 1), (11, 2)
--- step
UPDATE tb_sample SET value = value + 1 WHERE pk_sample < 5
--- step
UPDATE tb_sample SET pk_sample = pk_sample + 20 WHERE pk_sample > 6
--- step
DELETE FROM tb_sample WHERE value = 1
--- changes tb_deep
--- step
INSERT INTO tb_deep VALUES (2, 'EU'), (20, 'EU'), (2, 'US')
--- step
UPDATE tb_deep_eu SET pk_deep = pk_deep + 9
--- step
UPDATE tb_deep SET region = 'US' WHERE pk_deep > 20
--- step
INSERT INTO tb_deep_eu_low VALUES (4, 'EU')
--- step
DELETE FROM tb_deep WHERE region = 'US'
--- changes tb_vehicle
--- step
INSERT INTO tb_vehicle VALUES (5, 'bike')
--- step
INSERT INTO tb_car VALUES (6, 'beetle', 2), (7, 'bus', 40)
--- step
UPDATE tb_vehicle SET name = upper(name) WHERE pk_vehicle IN (1, 3)
--- step
UPDATE tb_car SET seats = 5, name = 'limousine' WHERE pk_vehicle = 4
--- step
UPDATE ONLY tb_vehicle SET name = 'parent'
--- step
DELETE FROM tb_vehicle WHERE pk_vehicle IN (2, 3)
--- step
ALTER TABLE tb_car NO INHERIT tb_vehicle
--- changes tb_car
--- step
INSERT INTO tb_car VALUES (6, 'beetle', 2)
--- step
UPDATE tb_vehicle SET name = upper(name) WHERE pk_vehicle IN (1, 3)
--- step
DELETE FROM tb_vehicle WHERE pk_vehicle = 4
--- changes tb_visit
--- step
INSERT INTO tb_visit VALUES (4, 'shop'), (5, 'cart')
--- step
UPDATE tb_visit SET page = 'cart' WHERE pk_visit = 1
--- step
DELETE FROM tb_visit WHERE page = 'shop'
--- changes tb_identity
--- step
INSERT INTO tb_identity (name) VALUES ('three'), ('four')
--- step
UPDATE tb_identity SET name = upper(name) WHERE pk_identity = 1
--- step
DELETE FROM tb_identity WHERE pk_identity = 2
--- changes tb_generated
--- step
INSERT INTO tb_generated VALUES (4, 40)
--- step
UPDATE tb_generated SET net = net + 1
--- step
DELETE FROM tb_generated WHERE pk_generated = 2
--- changes tb_virtual
--- step
INSERT INTO tb_virtual VALUES (4, 40)
--- step
UPDATE tb_virtual SET net = net + 1
--- step
DELETE FROM tb_virtual WHERE pk_virtual = 2
--- changes tb_dropped
--- step
INSERT INTO tb_dropped VALUES (3, 'three')
--- step
UPDATE tb_dropped SET name = upper(name), later = pk_dropped WHERE pk_dropped < 3
--- step
DELETE FROM tb_dropped WHERE pk_dropped = 1
--- changes "Odd ""Name"
--- step
INSERT INTO "Other Schema"."Odd ""Name" VALUES (3, 'three')
--- step
UPDATE "Other Schema"."Odd ""Name" SET "Value" = upper("Value")
--- step
DELETE FROM "Other Schema"."Odd ""Name" WHERE "The Key" = 1
--- changes tb_secret
--- step
INSERT INTO tb_secret VALUES (3, 'three')
--- step
UPDATE tb_secret SET name = upper(name)
--- step
DELETE FROM tb_secret WHERE pk_secret = 1
--- changes tb_nullable
--- step
INSERT INTO tb_nullable VALUES ('c', 5), (NULL, 3)
--- step
UPDATE tb_nullable SET code = NULL WHERE code = 'a'
--- step
UPDATE tb_nullable SET code = 'd' WHERE value = 4
--- step
UPDATE tb_nullable SET value = value + 1
--- step
DELETE FROM tb_nullable WHERE code IS NULL AND value < 4
--- changes tb_deferred
--- step
INSERT INTO tb_deferred VALUES (3, 3)
--- step
UPDATE tb_deferred SET number = number + 1
--- step
DELETE FROM tb_deferred WHERE number = 3
--- changes tb_typed
--- step
INSERT INTO tb_typed (pk_typed, amount, exact, ratio) VALUES (20, 1, 1.000, 0), (21, NULL, NULL, NULL)
--- step
UPDATE tb_typed SET amount = 2, status = 'retired', numbers = '{7}', span = '[3,9)', spans = '{[1,2)}', size = ROW(5, 6), code = NULL, bytes = 'x', address = '10.0.0.9',
       took = '25 hours', cost = 3::money, flags = '11', words = 'new', doc = '{"m": 1}', docb = '{"m": 1}', place = '(5,5)', ratio = 2, exact = 2.0, letter = 'z',
       padded = 'q', at_time = '01:00', at_timetz = '09:00+01', at_timestamp = '2027-01-01', on_day = '2027-01-01', yes = NULL, big = 5, small = 9, mac = '08:00:2b:01:02:04',
       net = '10.9.0.0/16', real4 = 5.5
 WHERE pk_typed IN (3, 4)
--- step
UPDATE tb_typed SET numbers = numbers || 1, took = took + interval '1 hour', cost = cost * 2, ratio = ratio + 1, exact = exact * 1.0, yes = NOT yes, big = big + 1, real4 = real4 + 1,
       words = words || 'more', span = span * int4range(1, 4), docb = docb || '{"k": 2}' WHERE pk_typed > 5
--- step
UPDATE tb_typed SET pk_typed = pk_typed + 100 WHERE pk_typed = 2
--- step
DELETE FROM tb_typed WHERE pk_typed IN (1, 5)
--- step
DELETE FROM tb_typed WHERE amount = 1
--- changes tb_citext
--- step
INSERT INTO tb_citext VALUES (5, 'TWO'), (6, 'one')
--- step
UPDATE tb_citext SET name = 'Three' WHERE pk_citext = 1
--- step
UPDATE tb_citext SET name = upper(name::text) WHERE pk_citext = 3
--- step
DELETE FROM tb_citext WHERE name = 'ONE'
--- changes tb_hstore
--- step
INSERT INTO tb_hstore VALUES (4, 'a=>1, b=>2'), (5, '')
--- step
UPDATE tb_hstore SET pairs = pairs || 'c=>3' WHERE pk_hstore < 3
--- step
DELETE FROM tb_hstore WHERE pk_hstore = 2
--- changes tb_blind
--- step
INSERT INTO tb_blind VALUES (5, 'TWO'), (6, 'one')
--- step
UPDATE tb_blind SET name = 'Three' WHERE pk_blind = 1
--- step
UPDATE tb_blind SET name = upper(name) WHERE pk_blind = 3
--- step
DELETE FROM tb_blind WHERE name = 'ONE'
--- changes tv_category
--- step
INSERT INTO tb_category VALUES (17, 2, 'Clubs')
--- step
UPDATE tb_category SET name = 'Big saws' WHERE pk_category = 3
--- step
UPDATE tb_product SET fk_category = 2 WHERE pk_product = 4
--- step
DELETE FROM tb_product WHERE fk_category IN (2, 3)
--- step
DELETE FROM tb_category WHERE pk_category = 1
--- changes tv_shelf
--- step
UPDATE tb_category SET name = 'Cars' WHERE pk_category = 5
--- step
INSERT INTO tb_product (pk_product, id, fk_category, name, price, created_at) VALUES (31, md5('31')::uuid, 6, 'Saw 31', 3, '2026-03-01 01:00+00')
--- step
DELETE FROM tb_category WHERE pk_category = 3
--- changes tb_xml
--- step
INSERT INTO tb_xml VALUES (4, 2, '<n>4</n>')
--- step
UPDATE tb_xml SET mark = '<n>7</n>' WHERE pk_xml = 2
--- step
UPDATE tb_xml SET kind = 1 WHERE pk_xml = 3
--- step
DELETE FROM tb_xml WHERE pk_xml = 1
