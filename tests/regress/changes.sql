What is done to the tables, after every set of definitions.
--- step
INSERT INTO int4_tbl VALUES (123), (0)
--- step
UPDATE int4_tbl SET f1 = 456 WHERE f1 = -123456
--- step
DELETE FROM int4_tbl WHERE f1 IS NULL
--- step
INSERT INTO int8_tbl VALUES (123, 456), (456, NULL)
--- step
UPDATE int8_tbl SET q2 = q1 WHERE q1 = 123
--- step
UPDATE int8_tbl SET q1 = NULL WHERE q2 = -4567890123456789
--- step
DELETE FROM int8_tbl WHERE q1 = 4567890123456789
--- step
INSERT INTO float8_tbl VALUES (0), ('Infinity')
--- step
UPDATE float8_tbl SET f1 = -f1 WHERE f1 < 10
--- step
INSERT INTO text_tbl VALUES ('doh!'), ('456')
--- step
UPDATE text_tbl SET f1 = upper(f1)
--- step
DELETE FROM text_tbl WHERE ctid IN (SELECT min(ctid) FROM text_tbl GROUP BY f1 HAVING count(*) > 1)
--- step
UPDATE char_tbl SET f1 = 'ab' WHERE f1 = 'a'
--- step
INSERT INTO varchar_tbl VALUES ('ab'), ('A')
--- step
DELETE FROM char_tbl WHERE f1 = 'abcd'
--- step
UPDATE bool_tbl SET b = NOT b
--- step
UPDATE bool_tbl SET i = NULL WHERE i = 0
--- step
INSERT INTO bool_tbl VALUES (NULL, NULL), (false, 5)
--- step
UPDATE num_data SET val = val * 1.00 WHERE id < 4
--- step
INSERT INTO num_data VALUES (3, 4.3100), (10, NULL), (NULL, 1)
--- step
DELETE FROM num_data WHERE val = 4.31
--- step
UPDATE date_tbl SET f1 = f1 + 1 WHERE isfinite(f1)
--- step
INSERT INTO date_tbl VALUES ('-infinity'), ('1996-03-01')
--- step
UPDATE arr_tbl SET a = a || 7, t = array_append(t, 'ZZZ') WHERE id <> 3
--- step
INSERT INTO arr_tbl VALUES (6, '{92}', '{BBB,AAA}')
--- step
UPDATE arr_tbl SET id = id + 10 WHERE id > 3
--- step
INSERT INTO j1_tbl VALUES (2, 2, 'deux'), (NULL, 4, NULL)
--- step
UPDATE j1_tbl SET i = NULL WHERE i = 3
--- step
UPDATE j2_tbl SET i = i + 1
--- step
UPDATE j2_tbl SET k = NULL WHERE k = -5
--- step
DELETE FROM j1_tbl WHERE j = 0 OR i = 2
--- step
INSERT INTO j2_tbl SELECT i, j FROM j1_tbl
--- step
DELETE FROM j2_tbl WHERE i IS NULL
--- step
UPDATE subselect_tbl SET f2 = f1 WHERE f3 > 3
--- step
INSERT INTO subselect_tbl VALUES (1, 3, NULL), (NULL, 2, 1)
--- step
DELETE FROM subselect_tbl WHERE f1 = 3
--- step
UPDATE aggtest SET b = b + 1, a = 100 WHERE a = 42
--- step
INSERT INTO aggtest VALUES (56, 7.75), (NULL, NULL)
--- step
UPDATE empsalary SET salary = salary + 300 WHERE depname = 'sales'
--- step
UPDATE empsalary SET depname = 'sales' WHERE empno IN (8, 12)
--- step
INSERT INTO empsalary VALUES ('develop', 13, 4800, '2009-01-01'), ('legal', 14, NULL, '2009-02-01')
--- step
DELETE FROM empsalary WHERE depname = 'personnel'
--- step
INSERT INTO department VALUES (8, 6, 'H'), (9, NULL, 'I')
--- step
UPDATE department SET parent_department = 5 WHERE id = 2
--- step
UPDATE department SET name = name || name WHERE id IN (1, 4)
--- step
DELETE FROM department WHERE id = 5
--- step
INSERT INTO graph VALUES (3, 6, 'arc 3 -> 6'), (6, 1, 'arc 6 -> 1')
--- step
DELETE FROM graph WHERE f = 2
--- step
UPDATE graph SET t = 2 WHERE f = 1 AND t = 3
--- step
UPDATE onek SET ten = 11 WHERE unique1 = 5
--- step
UPDATE onek SET hundred = NULL, twenty = 3 WHERE unique2 BETWEEN 10 AND 13
--- step
INSERT INTO onek SELECT 1000 + n, NULL, n, n, n, n, n, n, n, n, 'new', 'AAAA' FROM generate_series(1, 4) AS n
--- step
UPDATE onek SET unique1 = unique1 + 5000 WHERE unique1 < 6
--- step
DELETE FROM onek WHERE hundred = 7
--- step
UPDATE onek SET string4 = 'AAAA', four = 0 WHERE unique1 % 50 = 3
--- step
INSERT INTO tenk1 VALUES (7, 1000, NULL, 1, NULL, 7, 8, NULL, 'AAAA'), (7, 1001, 1, 1, 1, 7, 9, 'S1', NULL)
--- step
UPDATE tenk1 SET thousand = thousand + 1 WHERE unique2 = 40
--- step
UPDATE tenk1 SET hundred = hundred + 1, four = 3 WHERE unique1 < 20
--- step
DELETE FROM tenk1 WHERE ten = 4
--- begin
--- step
DELETE FROM tenk1 WHERE unique1 < 50
--- step
UPDATE onek SET hundred = 1
--- step
TRUNCATE int4_tbl, j1_tbl
--- rollback
--- step
UPDATE tenk1 SET unique2 = unique2 + 10000
--- step
WITH a AS (DELETE FROM j1_tbl WHERE i > 5 RETURNING i), b AS (UPDATE j2_tbl SET k = 9 WHERE k > 0) INSERT INTO int4_tbl SELECT i FROM a
--- step
TRUNCATE j2_tbl, subselect_tbl, aggtest
--- step
TRUNCATE int8_tbl, text_tbl, onek
