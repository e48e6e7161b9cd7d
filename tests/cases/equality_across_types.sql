Links between columns of different types, scales, paddings and collations: equal is what PostgreSQL says is equal.
--- schema
CREATE TABLE price (pk numeric PRIMARY KEY, label char(6), note varchar(10));
CREATE TABLE line (pk bigint PRIMARY KEY, fk_price integer, label varchar(8), small smallint);
CREATE TABLE word (pk text COLLATE "C" PRIMARY KEY, n integer);
--- data
INSERT INTO price VALUES (5.00, 'ab', 'five'), (6, 'cd ', 'six'), (7.5, 'ef', 'broken');
INSERT INTO line VALUES (1, 5, 'ab', 1), (2, 6, 'cd', 2), (3, 7, 'ef', 3), (4, NULL, 'ab  ', 4);
INSERT INTO word VALUES ('ab', 1), ('AB', 2), ('ab ', 3);
--- tview tv_line
SELECT l.pk, p.pk AS price, jsonb_build_object('note', p.note, 'label', p.label) AS data
  FROM line l LEFT JOIN price p ON p.pk = l.fk_price
--- tview tv_price
SELECT p.pk, p.label,
       (SELECT jsonb_agg(l.pk ORDER BY l.pk) FROM line l WHERE l.fk_price = p.pk) AS lines,
       (SELECT jsonb_agg(l.pk ORDER BY l.pk) FROM line l WHERE l.label = p.label) AS by_label,
       (SELECT count(*) FROM word w WHERE w.pk = p.label) AS words,
       (SELECT count(*) FROM word w WHERE w.pk = p.label::text) AS words_as_text
  FROM price p
--- step
UPDATE price SET pk = 5.000 WHERE pk = 5
--- step
UPDATE price SET pk = 7.0 WHERE pk = 7.5
--- step
UPDATE price SET label = 'ab   ' WHERE pk = 6
--- step
UPDATE line SET label = 'ab     ' WHERE pk = 2
--- step
UPDATE line SET fk_price = small + 4
--- step
INSERT INTO word VALUES ('cd', 1), ('ef  ', 2)
--- step
UPDATE price SET note = upper(note)
--- step
DELETE FROM price WHERE pk = 5.0
