Types
--- construct domain
SELECT t.amount, count(*) FROM tb_typed t GROUP BY t.amount
--- construct enum
SELECT t.status, count(*) FROM tb_typed t GROUP BY t.status
--- construct array
SELECT t.numbers, count(*) FROM tb_typed t GROUP BY t.numbers
--- construct range
SELECT t.span, count(*) FROM tb_typed t GROUP BY t.span
--- construct multirange
SELECT t.spans, count(*) FROM tb_typed t GROUP BY t.spans
--- construct composite
SELECT t.size, count(*) FROM tb_typed t GROUP BY t.size
--- construct `uuid`, `bytea`
SELECT t.code, t.bytes, count(*) FROM tb_typed t GROUP BY t.code, t.bytes
--- construct `inet`, `cidr`, `macaddr`
SELECT t.address, t.net, t.mac, count(*) FROM tb_typed t GROUP BY t.address, t.net, t.mac
--- construct `interval` (1 day = 24 hours)
SELECT t.took, count(*) FROM tb_typed t GROUP BY t.took
--- by value
--- construct `date`, `time`, `timetz`, `timestamp`
SELECT t.on_day, t.at_time, t.at_timetz, t.at_timestamp, count(*) FROM tb_typed t GROUP BY 1, 2, 3, 4
--- construct `boolean`, `smallint`, `bigint`, `"char"`
SELECT t.yes, t.small, t.big, t.letter, count(*) FROM tb_typed t GROUP BY 1, 2, 3, 4
--- construct `money`, `bit varying`
SELECT t.cost, t.flags, count(*) FROM tb_typed t GROUP BY 1, 2
--- construct `char(n)`
SELECT t.padded, count(*) FROM tb_typed t GROUP BY t.padded
--- construct `double precision`, `real` (NaN, 0 = -0)
SELECT t.ratio, t.real4, count(*) FROM tb_typed t GROUP BY t.ratio, t.real4
--- by value
--- construct `numeric` (1.0 = 1.00, NaN)
SELECT t.exact, count(*) FROM tb_typed t GROUP BY t.exact
--- by value
--- construct `numeric` group whose text is shown
SELECT t.exact, t.exact::text AS text, count(*) FROM tb_typed t GROUP BY t.exact
--- by value
--- construct `tsvector`
SELECT t.words, count(*) FROM tb_typed t GROUP BY t.words
--- construct `jsonb` group
SELECT t.docb, count(*) FROM tb_typed t GROUP BY t.docb
--- construct `json`, `point` beside a key
SELECT t.pk_typed, t.doc, t.place FROM tb_typed t
--- construct `xml` beside a key
SELECT x.pk_xml, x.mark FROM tb_xml x
--- requires xml
--- construct `DISTINCT` over `numeric`
SELECT DISTINCT t.exact, t.amount FROM tb_typed t
--- by value
--- construct every type beside a key
SELECT * FROM tb_typed t
--- construct `citext` group
SELECT t.name, count(*) FROM tb_citext t GROUP BY t.name
--- requires citext
--- by value
--- construct `citext` join
SELECT a.pk_citext, b.pk_citext AS same FROM tb_citext a LEFT JOIN tb_citext b ON b.name = a.name
--- requires citext
--- construct `hstore`
SELECT t.pk_hstore, t.pairs, x.key, x.value FROM tb_hstore t LEFT JOIN LATERAL each(t.pairs) AS x ON true
--- requires hstore
--- construct `hstore` group
SELECT t.pairs, count(*) FROM tb_hstore t GROUP BY t.pairs
--- requires hstore
--- construct non-deterministic collation, group
SELECT t.name, count(*) FROM tb_blind t GROUP BY t.name
--- requires icu
--- by value
--- construct non-deterministic collation, join
SELECT a.pk_blind, b.pk_blind AS same FROM tb_blind a LEFT JOIN tb_blind b ON b.name = a.name
--- requires icu
