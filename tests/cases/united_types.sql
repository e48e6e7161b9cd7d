--- schema
CREATE TABLE a (code char(4) PRIMARY KEY, bits bit(4), vbits varbit(6), num numeric(6,2), t time(2), name varchar(5));
CREATE TABLE h (id int PRIMARY KEY, via text, bits varbit, num int, name char(7));
--- data
INSERT INTO a VALUES ('AB', B'1010', B'101', 1.50, '10:00:00.25', 'abc');
INSERT INTO h VALUES (2, 'CDEF', B'1100', 7, 'x'), (3, NULL, NULL, NULL, NULL);
--- tview tv_u
SELECT code AS c FROM a UNION ALL SELECT via FROM h
--- tview tv_bits
SELECT bits AS b, 0 AS id FROM a UNION ALL SELECT bits, id FROM h
--- tview tv_num
SELECT num AS n, 0 AS id FROM a UNION ALL SELECT num, id FROM h
--- tview tv_distinct
SELECT code AS c FROM a UNION SELECT via FROM h UNION SELECT name FROM h
--- tview tv_except
SELECT via AS c FROM h EXCEPT ALL SELECT code FROM a
--- tview tv_name
SELECT name AS c, 0 AS id FROM a UNION ALL SELECT name, id FROM h
--- step
UPDATE h SET via = 'XYZW' WHERE id = 2
--- step
UPDATE a SET code = 'WXYZ', bits = B'0011', num = 2.25, name = 'vwxyz'
--- step
INSERT INTO h VALUES (4, 'WXYZ', B'1', 3, 'seven77')
--- step
UPDATE h SET via = 'AB', bits = B'101010', num = -1, name = 'seven78' WHERE id = 3
--- step
DELETE FROM h WHERE via = 'WXYZ'
