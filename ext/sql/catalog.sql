-- While this runs, names of operators, functions, casts and types mean the server's: a role that may create objects in the extension's schema could have
-- planted better matches there (an operator between oid and regclass, say), which the views would call for ever.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- Catalogs. The rows name relations by regclass, so that they survive pg_dump (as names) and pg_upgrade (which keeps oids).
CREATE SCHEMA tviews;
GRANT USAGE ON SCHEMA tviews TO PUBLIC;

CREATE TABLE tviews.tview (
    tview       regclass PRIMARY KEY,
    definition  regclass NOT NULL UNIQUE,
    key_columns smallint[] NOT NULL,
    settings    text[] NOT NULL,
    suspended   boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE tviews.tview IS 'The tviews: their definition (a view), the positions of the unit key in their columns, and the settings under which they are computed (name, value, name, value, …). A suspended one is not maintained.';

CREATE TABLE tviews.source (
    source    regclass NOT NULL,
    tview     regclass NOT NULL,
    kind      text NOT NULL CHECK (kind IN ('table', 'view')),
    whole_row boolean NOT NULL,
    members   regclass[],
    relatives regclass[] NOT NULL,
    PRIMARY KEY (source, tview)
);
CREATE INDEX source_tview ON tviews.source (tview);
COMMENT ON TABLE tviews.source IS 'What each tview reads: tables, and views that were inlined. Members are the partitions and inheriting tables whose rows a table includes (NULL: it is read with ONLY), relatives the other tables through which a statement can change its rows.';

-- No key: whoever marks a tview waits for nobody. A mark that was made while the tview was dropped means nothing, and is not dumped.
CREATE TABLE tviews.stale (
    tview    regclass NOT NULL,
    since    timestamptz NOT NULL DEFAULT pg_catalog.now(),
    reason   text NOT NULL,
    disabled boolean NOT NULL DEFAULT false,
    restored boolean NOT NULL DEFAULT false
);
CREATE INDEX stale_tview ON tviews.stale (tview);
COMMENT ON TABLE tviews.stale IS 'Marks of tviews that may differ from their queries, because a command could not bring them up to date. The next write to one of their sources compares all of them, as does pg_tviews_refresh. Where triggers are disabled, the mark stays until they have been enabled again and the tview has been compared then.';

CREATE TABLE tviews.secret (value uuid NOT NULL);
REVOKE ALL ON tviews.secret FROM PUBLIC;
INSERT INTO tviews.secret VALUES (pg_catalog.gen_random_uuid());
COMMENT ON TABLE tviews.secret IS 'What hashes of values are mixed with before they are locked, so that nobody can guess the values of locks that all can see. It is in no dump: each database has its own. While writes go on it must not change.';

SELECT pg_catalog.pg_extension_config_dump('tviews.tview', '');
SELECT pg_catalog.pg_extension_config_dump('tviews.source', '');
SELECT pg_catalog.pg_extension_config_dump('tviews.stale', 'WHERE tview::pg_catalog.oid OPERATOR(pg_catalog.=) ANY (SELECT t.tview::pg_catalog.oid FROM tviews.tview t)');

CREATE VIEW tviews.views AS
SELECT n.nspname AS schema_name, c.relname AS name, pg_catalog.pg_get_userbyid(c.relowner) AS owner,
       (SELECT pg_catalog.array_agg(a.attname ORDER BY k.ordinality)
          FROM pg_catalog.unnest(t.key_columns) WITH ORDINALITY AS k (attnum, ordinality)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = t.tview AND a.attnum = k.attnum) AS unit_key,
       pg_catalog.pg_get_viewdef(t.definition) AS definition, t.settings, t.suspended,
       EXISTS (SELECT FROM tviews.stale m WHERE m.tview::pg_catalog.oid OPERATOR(pg_catalog.=) t.tview::pg_catalog.oid AND NOT m.restored) AS stale
  FROM tviews.tview t
  JOIN pg_catalog.pg_class c ON c.oid = t.tview
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace;
COMMENT ON VIEW tviews.views IS 'The tviews of this database.';

CREATE VIEW tviews.dependencies AS
SELECT tn.nspname AS schema_name, tc.relname AS name, sn.nspname AS source_schema, sc.relname AS source_name,
       s.kind, s.whole_row,
       (SELECT pg_catalog.array_agg(DISTINCT a.attname ORDER BY a.attname)
          FROM pg_catalog.pg_rewrite r
          JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
                          AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = s.source
          JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
         WHERE d.refobjsubid > 0
           AND (r.ev_class = t.definition
                OR r.ev_class IN (SELECT v.source FROM tviews.source v WHERE v.tview = t.tview AND v.kind = 'view'))) AS columns
  FROM tviews.source s
  JOIN tviews.tview t ON t.tview = s.tview
  JOIN pg_catalog.pg_class tc ON tc.oid = t.tview
  JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace
  JOIN pg_catalog.pg_class sc ON sc.oid = s.source
  JOIN pg_catalog.pg_namespace sn ON sn.oid = sc.relnamespace;
COMMENT ON VIEW tviews.dependencies IS 'Which tview reads which tables and views, and which of their columns.';

CREATE VIEW tviews.stats AS
SELECT n.nspname AS schema_name, c.relname AS name,
       greatest(c.reltuples, 0)::bigint AS estimated_rows,
       pg_catalog.pg_relation_size(c.oid) AS table_bytes,
       pg_catalog.pg_table_size(c.oid) - pg_catalog.pg_relation_size(c.oid) AS toast_bytes,
       pg_catalog.pg_indexes_size(c.oid) AS index_bytes,
       pg_catalog.pg_stat_get_numscans(c.oid) AS table_scans,
       coalesce((SELECT pg_catalog.sum(pg_catalog.pg_stat_get_numscans(i.indexrelid))
                   FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid), 0)::bigint AS index_scans,
       pg_catalog.pg_stat_get_tuples_inserted(c.oid) AS rows_inserted,
       pg_catalog.pg_stat_get_tuples_updated(c.oid) AS rows_updated,
       pg_catalog.pg_stat_get_tuples_hot_updated(c.oid) AS rows_hot_updated,
       pg_catalog.pg_stat_get_tuples_deleted(c.oid) AS rows_deleted,
       pg_catalog.pg_stat_get_dead_tuples(c.oid) AS dead_rows,
       greatest(pg_catalog.pg_stat_get_last_vacuum_time(c.oid),
                           pg_catalog.pg_stat_get_last_autovacuum_time(c.oid)) AS last_vacuum
  FROM tviews.tview t
  JOIN pg_catalog.pg_class c ON c.oid = t.tview
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace;
COMMENT ON VIEW tviews.stats IS 'Size of each tview, and what has been read from and written to it, as the cumulative statistics of the server have it.';

CREATE VIEW tviews.locks AS
SELECT t.tview, CASE WHEN l.locktype = 'object' THEN 'tview' WHEN l.objsubid = 0 THEN 'unit'
            WHEN l.objsubid > 0 THEN 'link' ELSE 'path' END AS kind,
       (SELECT a.attname FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.tview AND a.attnum = l.objsubid AND l.objsubid > 0) AS link,
       CASE l.locktype WHEN 'userlock' THEN l.objid END AS hash, l.mode, l.pid, l.granted, l.waitstart
  FROM pg_catalog.pg_locks l
  JOIN tviews.tview t
    ON CASE l.locktype
         WHEN 'object' THEN l.classid = 'tviews.tview'::regclass AND l.objid = t.tview
         WHEN 'userlock' THEN l.classid = t.tview
       END
 WHERE l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database());
COMMENT ON VIEW tviews.locks IS 'The locks of maintenance that are held or waited for: on whole tviews, on units, on values of the columns that show where rows are linked to, and on values over which searches go. Hashes of these are mixed with a secret of the database.';

-- Whoever may dump what is in a database dumps the entries of its tviews, too.
GRANT SELECT ON tviews.tview, tviews.source, tviews.stale TO PUBLIC;
GRANT SELECT ON tviews.views, tviews.dependencies, tviews.stats, tviews.locks TO PUBLIC;

-- Trigger functions. The first two are called by triggers that pg_tviews makes, the others by the event triggers below.
CREATE FUNCTION tviews.source_changed() RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_source_changed';
COMMENT ON FUNCTION tviews.source_changed() IS 'Maintains the tviews that read a table after a statement has changed it.';
CREATE FUNCTION tviews.refuse_write() RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_refuse_write';
COMMENT ON FUNCTION tviews.refuse_write() IS 'Lets nothing but maintenance write to a tview.';
CREATE FUNCTION tviews.on_ddl_start() RETURNS event_trigger LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_on_ddl_start';
CREATE FUNCTION tviews.on_ddl_end() RETURNS event_trigger LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_on_ddl_end';
CREATE FUNCTION tviews.on_drop() RETURNS event_trigger LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_on_drop';

CREATE FUNCTION tviews.restored() RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_restored';
CREATE TRIGGER restored AFTER INSERT ON tviews.tview FOR EACH STATEMENT EXECUTE FUNCTION tviews.restored();
ALTER TABLE tviews.tview ENABLE ALWAYS TRIGGER restored;
COMMENT ON FUNCTION tviews.restored() IS 'Compares tviews whose entries come from a dump with their queries, if their tables had triggers before.';

CREATE FUNCTION tviews.fixed_time(text) RETURNS text IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_fixed_time';
COMMENT ON FUNCTION tviews.fixed_time(text) IS 'A text that is to be read as a date or time, unchanged; an error if it means the clock (now, today, …).';

-- A dump that a plain role restores makes triggers on the first two functions, so these may be called by all; they do nothing for a trigger
-- that pg_tviews has not made. The others are for the triggers here alone.
REVOKE EXECUTE ON FUNCTION tviews.on_ddl_start(), tviews.on_ddl_end(), tviews.on_drop(), tviews.restored() FROM PUBLIC;

CREATE EVENT TRIGGER pg_tviews_ddl_start ON ddl_command_start
    WHEN TAG IN ('CREATE TABLE AS', 'SELECT INTO', 'CREATE VIEW', 'ALTER TABLE', 'DROP TABLE', 'DROP SCHEMA', 'DROP OWNED', 'DROP INDEX', 'DROP TRIGGER', 'REVOKE', 'ALTER SCHEMA') EXECUTE FUNCTION tviews.on_ddl_start();
CREATE EVENT TRIGGER pg_tviews_ddl_end ON ddl_command_end
    WHEN TAG IN ('CREATE TABLE AS', 'SELECT INTO', 'CREATE TABLE', 'ALTER TABLE', 'CREATE SCHEMA', 'CREATE FOREIGN TABLE', 'ALTER FOREIGN TABLE',
                 'CREATE VIEW', 'ALTER VIEW', 'ALTER TYPE', 'CREATE POLICY', 'ALTER POLICY', 'CREATE RULE', 'CREATE TRIGGER', 'ALTER TRIGGER', 'REVOKE', 'DROP OWNED',
                 'ALTER SCHEMA', 'ALTER DOMAIN', 'CREATE CAST',
                 'CREATE SUBSCRIPTION', 'ALTER SUBSCRIPTION', 'CREATE FUNCTION', 'ALTER FUNCTION', 'ALTER ROUTINE', 'CREATE AGGREGATE',
                 'ALTER TEXT SEARCH CONFIGURATION', 'ALTER TEXT SEARCH DICTIONARY')
    EXECUTE FUNCTION tviews.on_ddl_end();
CREATE EVENT TRIGGER pg_tviews_drop ON sql_drop EXECUTE FUNCTION tviews.on_drop();
-- A session that replicates (session_replication_role = replica) runs DDL, too.
ALTER EVENT TRIGGER pg_tviews_ddl_start ENABLE ALWAYS;
ALTER EVENT TRIGGER pg_tviews_ddl_end ENABLE ALWAYS;
ALTER EVENT TRIGGER pg_tviews_drop ENABLE ALWAYS;

-- What follows is created in the extension's schema.
SELECT pg_catalog.set_config('search_path', '@extschema@, pg_temp', true);
