-- Settings that reach into the text of values are those of the creation, whoever writes.
CREATE EXTENSION pg_tviews;
CREATE TABLE moment (
  pk integer PRIMARY KEY,
  at timestamptz,
  on_day date,
  lasts interval,
  ratio double precision,
  single real,
  raw bytea,
  price money,
  doc xml);
SET TimeZone = 'Asia/Tokyo';
SET DateStyle = 'German, DMY';
SET IntervalStyle = 'iso_8601';
SET extra_float_digits = -3;
SET bytea_output = 'escape';
CREATE TABLE tv_moment AS
  SELECT pk,
         jsonb_build_object('at', at, 'day', on_day, 'lasts', lasts, 'ratio', ratio, 'raw', raw) AS data,
         at::text AS at_text, on_day::text AS day_text, lasts::text AS lasts_text, ratio::text AS ratio_text,
         single::text AS single_text, raw::text AS raw_text, to_char(at, 'HH24:MI TZ') AS formatted,
         date '03.02.2024' = on_day AS same_day, extract(hour FROM at) AS hour, at::date AS local_day
    FROM moment;
RESET ALL;
INSERT INTO moment VALUES (1, '2024-03-02 22:30:00+00', '2024-02-03', '1 day 2 hours', 0.1::float8 + 0.2, 0.1, '\x00ff61', NULL);
SET TimeZone = 'America/New_York';
SET DateStyle = 'SQL, MDY';
SET IntervalStyle = 'postgres_verbose';
SET extra_float_digits = 3;
SET bytea_output = 'hex';
INSERT INTO moment VALUES (2, '2024-03-02 22:30:00+00', '2024-02-03', '1 day 2 hours', 0.1::float8 + 0.2, 0.1, '\x00ff61', NULL);
UPDATE moment SET ratio = ratio + 0 WHERE pk = 1;
SHOW TimeZone;
SHOW DateStyle;
\x on
SELECT data, at_text, day_text, lasts_text, ratio_text, single_text, raw_text, formatted, same_day, hour,
       local_day = '2024-03-03' AS local_day
  FROM tv_moment ORDER BY pk;
\x off
-- Verify and refresh use them, too.
SELECT * FROM pg_tviews_verify('tv_moment');
SELECT pg_tviews_refresh('tv_moment') IS NOT NULL AS refreshed;
SELECT * FROM pg_tviews_verify('tv_moment');
SELECT count(DISTINCT (data, at_text, day_text, lasts_text, ratio_text, single_text, raw_text, formatted)) FROM tv_moment;
-- The writer's settings are back afterwards, after an error, too.
SHOW TimeZone;
INSERT INTO moment VALUES (1);
SHOW TimeZone;
BEGIN;
SET LOCAL TimeZone = 'UTC';
UPDATE moment SET at = at + interval '1 day' WHERE pk = 1;
SHOW TimeZone;
COMMIT;
SHOW TimeZone;
SELECT * FROM pg_tviews_verify('tv_moment');

-- Planner settings and search_path change no result.
SET enable_seqscan = off;
SET search_path = pg_catalog;
SET plan_cache_mode = force_generic_plan;
UPDATE public.moment SET lasts = '3 days' WHERE pk = 2;
SELECT * FROM public.pg_tviews_verify('public.tv_moment');
SET check_function_bodies = off;
SET row_security = off;
SET default_transaction_read_only = off;
SET transform_null_equals = on;
SET standard_conforming_strings = off;
SET backslash_quote = on;
SET array_nulls = off;
SET xmloption = document;
SET lc_monetary = 'C';
UPDATE public.moment SET lasts = '4 days' WHERE pk = 2;
SELECT * FROM public.pg_tviews_verify('public.tv_moment');
