Tables after the manner of PostgreSQL's own regression suite: most without a key, with NULLs, duplicates and extreme values.
--- seed 0
--- schema
CREATE TABLE int4_tbl (f1 int4);
CREATE TABLE int8_tbl (q1 int8, q2 int8);
CREATE TABLE float8_tbl (f1 float8);
CREATE TABLE text_tbl (f1 text);
CREATE TABLE char_tbl (f1 char(4));
CREATE TABLE varchar_tbl (f1 varchar(4));
CREATE TABLE bool_tbl (b bool, i int4);
CREATE TABLE num_data (id int4, val numeric);
CREATE TABLE date_tbl (f1 date);
CREATE TABLE arr_tbl (id int4 PRIMARY KEY, a int4[], t text[]);
CREATE TABLE j1_tbl (i int4, j int4, t text);
CREATE TABLE j2_tbl (i int4, k int4);
CREATE TABLE subselect_tbl (f1 int4, f2 int4, f3 float8);
CREATE TABLE aggtest (a int2, b float4);
CREATE TABLE empsalary (depname text, empno int8, salary int4, enroll_date date);
CREATE TABLE department (id int4 PRIMARY KEY, parent_department int4, name text);
CREATE TABLE graph (f int4, t int4, label text);
CREATE TABLE onek (
  unique1 int4 PRIMARY KEY, unique2 int4, two int4, four int4, ten int4, twenty int4, hundred int4, thousand int4, odd int4, even int4,
  stringu1 text, string4 text);
CREATE INDEX ON onek (unique2);
CREATE INDEX ON onek (hundred);
CREATE INDEX ON onek (thousand);
CREATE INDEX ON onek (twenty);
CREATE TABLE tenk1 (
  unique1 int4 NOT NULL, unique2 int4 NOT NULL, two int4, four int4, ten int4, hundred int4, thousand int4, stringu1 text, string4 text);
CREATE INDEX ON tenk1 (unique1);
CREATE UNIQUE INDEX ON tenk1 (unique2);
CREATE INDEX ON tenk1 (hundred);
CREATE INDEX ON tenk1 (thousand);
--- data
INSERT INTO int4_tbl VALUES (0), (123456), (-123456), (2147483647), (-2147483647), (NULL), (0);
INSERT INTO int8_tbl VALUES (123, 456), (123, 4567890123456789), (4567890123456789, 123), (4567890123456789, 4567890123456789), (4567890123456789, -4567890123456789), (NULL, 123), (0, NULL);
INSERT INTO float8_tbl VALUES (0), (-34.5), (1004.5), (1e200), ('NaN'), ('-Infinity'), (NULL), (-0.0);
INSERT INTO text_tbl VALUES ('doh!'), ('hi de ho neighbor'), (NULL), (''), ('doh!');
INSERT INTO char_tbl VALUES ('a'), ('ab'), ('abcd'), ('abcd'), (NULL), ('A');
INSERT INTO varchar_tbl VALUES ('a'), ('ab'), ('abcd'), ('ab '), (NULL);
INSERT INTO bool_tbl VALUES (true, 1), (false, 0), (NULL, 2), (true, NULL), (true, 1);
INSERT INTO num_data VALUES (0, 0), (1, 0.00), (2, -34338492.215397047), (3, 4.31), (4, 7799461.4119), (5, 16397.038491), (6, 4.310), (7, NULL), (8, 'NaN'), (9, 100000000000000000000);
INSERT INTO date_tbl VALUES ('1957-04-09'), ('1996-02-28'), ('1996-02-29'), ('2000-04-01'), ('infinity'), (NULL), ('2039-04-09 BC'), ('1996-02-28');
INSERT INTO arr_tbl VALUES (1, '{92,75,71}', '{AAA,BBB}'), (2, '{}', NULL), (3, NULL, '{CCC,NULL}'), (4, '{3,3,3}', '{}'), (5, '{NULL,1}', '{AAA}');
INSERT INTO j1_tbl VALUES (1, 4, 'one'), (2, 3, 'two'), (3, 2, 'three'), (4, 1, 'four'), (5, 0, 'five'), (6, 6, 'six'), (7, 7, 'seven'), (8, 8, 'eight'), (0, NULL, 'zero'), (NULL, NULL, 'null'), (NULL, 0, 'zero');
INSERT INTO j2_tbl VALUES (1, -1), (2, 2), (3, -3), (2, 4), (5, -5), (5, -5), (0, NULL), (NULL, NULL), (NULL, 0);
INSERT INTO subselect_tbl VALUES (1, 2, 3), (2, 3, 4), (3, 4, 5), (1, 1, 1), (2, 2, 2), (3, 3, 3), (6, 7, 8), (8, 9, NULL);
INSERT INTO aggtest VALUES (56, 7.75), (100, 99.125), (0, 0.0625), (42, 324.75), (42, NULL), (NULL, 1);
INSERT INTO empsalary VALUES
  ('develop', 10, 5200, '2007-08-01'), ('sales', 1, 5000, '2006-10-01'), ('personnel', 5, 3500, '2007-12-10'), ('sales', 4, 4800, '2007-08-08'), ('personnel', 2, 3900, '2006-12-23'),
  ('develop', 7, 4200, '2008-01-01'), ('develop', 9, 4500, '2008-01-01'), ('sales', 3, 4800, '2007-08-01'), ('develop', 8, 6000, '2006-10-01'), ('develop', 11, 5200, '2007-08-15'), (NULL, 12, NULL, NULL);
INSERT INTO department VALUES (0, NULL, 'ROOT'), (1, 0, 'A'), (2, 1, 'B'), (3, 2, 'C'), (4, 2, 'D'), (5, 0, 'E'), (6, 4, 'F'), (7, 5, 'G');
INSERT INTO graph VALUES (1, 2, 'arc 1 -> 2'), (1, 3, 'arc 1 -> 3'), (2, 3, 'arc 2 -> 3'), (1, 4, 'arc 1 -> 4'), (4, 5, 'arc 4 -> 5'), (5, 1, 'arc 5 -> 1');
INSERT INTO onek
SELECT n * 7 % 200, n, n % 2, n % 4, n % 10, n % 20, n % 25, n % 50, n * 2 % 30 + 1, n * 2 % 30, 'S' || n % 40, (ARRAY['AAAA', 'HHHH', 'OOOO', 'VVVV'])[1 + n % 4]
  FROM generate_series(0, 199) AS n;
INSERT INTO tenk1
SELECT n * 11 % 400, n, n % 2, n % 4, n % 10, n % 25, n % 80, 'S' || n % 60, (ARRAY['AAAA', 'HHHH', 'OOOO', 'VVVV'])[1 + n % 4] FROM generate_series(0, 399) AS n;
