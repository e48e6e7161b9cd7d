A partition leaves and comes again, and a tview reads its table both directly and through another tview.

--- schema
CREATE TABLE t (pk integer NOT NULL UNIQUE) PARTITION BY RANGE (pk);
--- schema
CREATE TABLE t_rest PARTITION OF t DEFAULT;
--- schema
CREATE TABLE u (pk integer PRIMARY KEY);
--- data
INSERT INTO t VALUES (7), (8);
--- data
INSERT INTO u VALUES (7), (9);
--- tview tv_low
SELECT pk, 1 AS one FROM t;
--- tview tv_union
SELECT x.pk FROM t AS x UNION SELECT p.pk + 1 FROM tv_low AS p;
--- tview tv_all
SELECT y.pk FROM u AS y WHERE 1 = ALL (SELECT p.one FROM tv_low AS p, t);
--- step
ALTER TABLE t DETACH PARTITION t_rest;
--- step
INSERT INTO t_rest VALUES (9);
--- step
ALTER TABLE t ATTACH PARTITION t_rest DEFAULT;
