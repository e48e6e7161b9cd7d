-- Names that would break anything that builds SQL from text.
CREATE EXTENSION pg_tviews;
CREATE SCHEMA "select";
CREATE SCHEMA "it's; DROP SCHEMA ""select""; --";
CREATE TABLE "select"."table" (
  "order" integer PRIMARY KEY,
  "it's" text,
  "a""b" text,
  "$$" text,
  "$1" text,
  "Ünï.cödé 表" text,
  "); DROP TABLE x; --" text,
  "c\d" text,
  "  " text,
  "user" integer,
  "ctid_" integer,
  "old" integer,
  "new" integer);
CREATE TABLE "it's; DROP SCHEMA ""select""; --"."user" (
  "primary" text PRIMARY KEY, "order" integer, "data" text, "%s %I %L" text, "{}" text);
INSERT INTO "select"."table" VALUES (1, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 1, 2, 3, 4);
INSERT INTO "it's; DROP SCHEMA ""select""; --"."user" VALUES ('k''', 1, 'one', '%s', '{}'), ('"', 1, 'two', '%%', NULL);

CREATE TABLE "select"."tv_""from""; $$ --" AS
  SELECT "group"."order" AS "where", "group"."a""b" AS "a""b",
         jsonb_build_object(
           'it''s', "group"."it's", '$$', "group"."$$", '$1', "group"."$1", 'ü"', "group"."Ünï.cödé 表",
           '); --', "group"."); DROP TABLE x; --", 'c\d', "group"."c\d", '', "group"."  ",
           'whole', to_jsonb("group"),
           'new', "group"."new" + "group"."old",
           'users', (SELECT jsonb_agg(jsonb_build_object('%', "having"."%s %I %L", 'k', "having"."primary", '{}', "having"."{}")
                                      ORDER BY "having"."primary" COLLATE "C")
                       FROM "it's; DROP SCHEMA ""select""; --"."user" AS "having"
                      WHERE "having"."order" = "group"."order")) AS "$$; '"
    FROM "select"."table" AS "group";
TABLE "select"."tv_""from""; $$ --";
UPDATE "select"."table" SET "it's" = 'x''; DROP TABLE y; --', "$$" = '$$', "$1" = '$1', "c\d" = '\';
INSERT INTO "it's; DROP SCHEMA ""select""; --"."user" VALUES ('$tviews$', 1, '%I', '$_$', '\\');
UPDATE "it's; DROP SCHEMA ""select""; --"."user" SET "primary" = E'\\'' OR true --' WHERE "primary" = '"';
TABLE "select"."tv_""from""; $$ --";
DELETE FROM "it's; DROP SCHEMA ""select""; --"."user" WHERE "primary" = 'k''';
SELECT * FROM pg_tviews_verify('"select"."tv_""from""; $$ --"');
SELECT count(*) > 0 AS explained FROM pg_tviews_explain('"select"."tv_""from""; $$ --"');
SELECT schema_name, name FROM tviews.views;
SELECT pg_tviews_refresh('"select"."tv_""from""; $$ --"') IS NOT NULL AS refreshed;
TRUNCATE "it's; DROP SCHEMA ""select""; --"."user";
TABLE "select"."tv_""from""; $$ --";
SELECT pg_tviews_drop('"select"."tv_""from""; $$ --"');

-- The same through the function, with names as arguments.
SELECT pg_tviews_create('"select"."tv_'' || ''"', $q$
  SELECT t."order", jsonb_build_object('$$', t."$$", 'q', $$it's$$) AS data FROM "select"."table" AS t $q$);
UPDATE "select"."table" SET "$$" = '$q$';
TABLE "select"."tv_' || '";
SELECT pg_tviews_create('tv_x; DROP TABLE "select"."table"', 'SELECT "order" FROM "select"."table"');
SELECT pg_tviews_create('a.b.c.d', 'SELECT "order" FROM "select"."table"');
SELECT pg_tviews_create('"unfinished', 'SELECT "order" FROM "select"."table"');
SELECT pg_tviews_create('', 'SELECT "order" FROM "select"."table"');
SELECT pg_tviews_create('nowhere.tv_x', 'SELECT "order" FROM "select"."table"');

-- Names of 63 bytes everywhere, and of 64.
CREATE SCHEMA "s23456789_123456789_123456789_123456789_123456789_123456789_123";
CREATE TABLE "s23456789_123456789_123456789_123456789_123456789_123456789_123"."t23456789_123456789_123456789_123456789_123456789_123456789_123" (
  "k23456789_123456789_123456789_123456789_123456789_123456789_123" integer PRIMARY KEY,
  "ä_äääääääääääääääääääääääääääää1" text);
CREATE TABLE "s23456789_123456789_123456789_123456789_123456789_123456789_123"."tv_456789_123456789_123456789_123456789_123456789_123456789_123" AS
  SELECT "a23456789_123456789_123456789_123456789_123456789_123456789_123"."k23456789_123456789_123456789_123456789_123456789_123456789_123",
         to_jsonb("a23456789_123456789_123456789_123456789_123456789_123456789_123") AS "d23456789_123456789_123456789_123456789_123456789_123456789_123"
    FROM "s23456789_123456789_123456789_123456789_123456789_123456789_123"."t23456789_123456789_123456789_123456789_123456789_123456789_123"
      AS "a23456789_123456789_123456789_123456789_123456789_123456789_123";
CREATE TABLE "s23456789_123456789_123456789_123456789_123456789_123456789_123"."tv_456789_123456789_123456789_123456789_123456789_123456789_124" AS
  SELECT "k23456789_123456789_123456789_123456789_123456789_123456789_123" AS k
    FROM "s23456789_123456789_123456789_123456789_123456789_123456789_123"."t23456789_123456789_123456789_123456789_123456789_123456789_123";
INSERT INTO "s23456789_123456789_123456789_123456789_123456789_123456789_123"."t23456789_123456789_123456789_123456789_123456789_123456789_123" VALUES (1, 'ä');
TABLE "s23456789_123456789_123456789_123456789_123456789_123456789_123"."tv_456789_123456789_123456789_123456789_123456789_123456789_123";
TABLE "s23456789_123456789_123456789_123456789_123456789_123456789_123"."tv_456789_123456789_123456789_123456789_123456789_123456789_124";
SELECT pg_tviews_create(
  'public.tv_456789_123456789_123456789_123456789_123456789_123456789_1234', 'SELECT "order" FROM "select"."table"');
DROP SCHEMA "select", "it's; DROP SCHEMA ""select""; --",
  "s23456789_123456789_123456789_123456789_123456789_123456789_123" CASCADE;
SELECT count(*) FROM tviews.views;
