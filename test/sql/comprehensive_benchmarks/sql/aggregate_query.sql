-- One row per category; pg_ivm accepts it as it is.
SELECT o.fk_category, count(*) AS offers, sum(o.price) AS total, avg(o.price) AS average
  FROM tb_offer o
 GROUP BY o.fk_category
