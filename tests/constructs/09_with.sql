`WITH` queries
--- construct used once
WITH dear AS (SELECT p.* FROM tb_product p WHERE p.price > 5) SELECT d.pk_product, d.name, c.name AS category FROM dear d JOIN tb_category c ON c.pk_category = d.fk_category
--- construct used several times
WITH dear AS (SELECT p.* FROM tb_product p WHERE p.price > 5) SELECT a.pk_product, (SELECT count(*) FROM dear b WHERE b.fk_category = a.fk_category) AS rivals FROM dear a
--- construct `MATERIALIZED`
WITH dear AS MATERIALIZED (SELECT p.* FROM tb_product p WHERE p.price > 5) SELECT d.pk_product, d.name FROM dear d
--- construct `NOT MATERIALIZED`
WITH dear AS NOT MATERIALIZED (SELECT p.* FROM tb_product p WHERE p.price > 5) SELECT a.pk_product, b.pk_product AS other FROM dear a JOIN dear b ON b.fk_category = a.fk_category
--- construct grouped, joined
WITH rating AS (SELECT r.fk_product, avg(r.rating) AS average FROM tb_review r GROUP BY 1) SELECT p.pk_product, rating.average FROM tb_product p LEFT JOIN rating ON rating.fk_product = p.pk_product
--- construct one that reads another
WITH a AS (SELECT r.fk_product, count(*) AS n FROM tb_review r GROUP BY 1), b AS (SELECT a.fk_product, a.n * 2 AS n FROM a WHERE a.n > 1) SELECT p.pk_product, b.n FROM tb_product p JOIN b ON b.fk_product = p.pk_product
--- construct in a subquery
SELECT p.pk_product, (WITH x AS (SELECT r.rating FROM tb_review r WHERE r.fk_product = p.pk_product) SELECT max(x.rating) FROM x) AS best FROM tb_product p
--- construct with a column list, and the name of a table
WITH tb_category (k, label) AS (SELECT c.pk_category, c.name FROM tb_category c) SELECT p.pk_product, tb_category.label FROM tb_product p JOIN tb_category ON tb_category.k = p.fk_category
--- construct not used at all
WITH unused AS (SELECT count(*) FROM tb_review) SELECT p.pk_product, p.name FROM tb_product p
--- unchanging tb_review
--- construct in a set operation
WITH x AS (SELECT r.rating FROM tb_review r) SELECT x.rating FROM x UNION SELECT x.rating + 1 FROM x
--- construct `RECURSIVE` in a correlated subquery: the path of a category
SELECT c.pk_category, c.name,
       (WITH RECURSIVE up AS (SELECT c.pk_category AS k, c.fk_parent AS parent, 1 AS depth
                              UNION ALL SELECT t.pk_category, t.fk_parent, up.depth + 1 FROM up JOIN tb_category t ON t.pk_category = up.parent WHERE up.depth < 9)
        SELECT string_agg(up.k::text, '/' ORDER BY up.depth DESC) FROM up) AS path
  FROM tb_category c
--- construct `RECURSIVE` with a key that starts the recursion
WITH RECURSIVE up AS (SELECT c.pk_category, c.fk_parent, c.name, 1 AS depth FROM tb_category c
                      UNION ALL SELECT up.pk_category, t.fk_parent, t.name, up.depth + 1 FROM up JOIN tb_category t ON t.pk_category = up.fk_parent WHERE up.depth < 9)
SELECT up.pk_category, up.depth, up.name FROM up
--- construct `RECURSIVE` from the roots
WITH RECURSIVE tree AS (SELECT c.pk_category, c.name AS path, 1 AS depth FROM tb_category c WHERE c.fk_parent IS NULL
                        UNION ALL SELECT c.pk_category, tree.path || '/' || c.name, tree.depth + 1 FROM tree JOIN tb_category c ON c.fk_parent = tree.pk_category)
SELECT tree.pk_category, tree.path, tree.depth FROM tree
--- construct `RECURSIVE`: comments of a review, threaded
SELECT r.pk_review,
       (WITH RECURSIVE thread AS (SELECT c.pk_comment, c.body, ARRAY[c.pk_comment] AS path FROM tb_comment c WHERE c.fk_review = r.pk_review AND c.fk_parent IS NULL
                                  UNION ALL SELECT c.pk_comment, c.body, thread.path || c.pk_comment FROM thread JOIN tb_comment c ON c.fk_parent = thread.pk_comment AND c.fk_review = r.pk_review WHERE cardinality(thread.path) < 9)
        SELECT jsonb_agg(thread.body ORDER BY thread.path) FROM thread) AS comments
  FROM tb_review r
--- construct `RECURSIVE … UNION`: all that can be reached
WITH RECURSIVE below AS (SELECT c.pk_category AS top, c.pk_category AS k FROM tb_category c UNION SELECT below.top, c.pk_category FROM below JOIN tb_category c ON c.fk_parent = below.k)
SELECT below.top, count(*) AS members FROM below GROUP BY below.top
--- construct `RECURSIVE`, joined
WITH RECURSIVE below AS (SELECT c.pk_category AS top, c.pk_category AS k FROM tb_category c UNION SELECT below.top, c.pk_category FROM below JOIN tb_category c ON c.fk_parent = below.k)
SELECT c.pk_category, c.name, count(p.pk_product) AS products FROM tb_category c JOIN below ON below.top = c.pk_category LEFT JOIN tb_product p ON p.fk_category = below.k GROUP BY c.pk_category
--- construct `RECURSIVE` with `SEARCH` and `CYCLE`
WITH RECURSIVE tree AS (SELECT c.pk_category, c.fk_parent FROM tb_category c WHERE c.fk_parent IS NULL UNION ALL SELECT c.pk_category, c.fk_parent FROM tree JOIN tb_category c ON c.fk_parent = tree.pk_category)
  SEARCH DEPTH FIRST BY pk_category SET place CYCLE pk_category SET looped USING path
SELECT tree.pk_category, tree.looped, tree.place::text AS place FROM tree
--- construct `RECURSIVE` over constants
WITH RECURSIVE n AS (SELECT 1 AS n UNION ALL SELECT n.n + 1 FROM n WHERE n.n < 4) SELECT p.pk_product, n.n FROM tb_product p JOIN n ON n.n <= p.stock
