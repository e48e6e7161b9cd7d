//! What a superuser does in a database with hostile code in it.

/// What is there for the superuser to work on; run by alice and, where it takes one, by the superuser.
pub const FURNITURE: &str = "
    SET ROLE alice;
    CREATE TYPE alice.mood AS ENUM ('calm', 'wild');
    CREATE TYPE alice.address AS (street text, town text);
    CREATE DOMAIN alice.positive AS integer CHECK (VALUE > 0);
    CREATE TABLE alice.item (pk integer PRIMARY KEY, g integer, name text, mood alice.mood DEFAULT 'calm', address alice.address);
    INSERT INTO alice.item (pk, g, name) SELECT n, n % 3, 'item ' || n FROM generate_series(1, 20) AS n;
    CREATE INDEX item_g ON alice.item (g);
    CREATE UNIQUE INDEX item_name ON alice.item (name);
    CREATE TABLE alice.tv_item AS SELECT pk, jsonb_build_object('name', name, 'mood', mood) AS data FROM alice.item;
    CREATE FUNCTION alice.label(integer) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'label ' || $1 $$;
    CREATE FUNCTION alice.nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
    CREATE TRIGGER mine AFTER INSERT ON alice.item FOR EACH STATEMENT EXECUTE FUNCTION alice.nothing();
    CREATE VIEW alice.v AS SELECT pk FROM alice.item;
    CREATE TEXT SEARCH CONFIGURATION alice.words (COPY = simple);
    CREATE TABLE alice.log (pk integer PRIMARY KEY, line text) PARTITION BY RANGE (pk);
    CREATE TABLE alice.log_1 PARTITION OF alice.log FOR VALUES FROM (1) TO (100);
    CREATE TABLE alice.tv_log AS SELECT pk, upper(line) AS line FROM alice.log;
    GRANT SELECT, INSERT, UPDATE, DELETE ON alice.item, alice.log TO bob;
    RESET ROLE;";

/// A label for what is done, and the statements.
pub type Path = (String, String);

fn path(label: &str, sql: &str) -> Path {
    (label.to_owned(), sql.to_owned())
}

/// What is done with each tview by name.
pub fn with_tview(tview: &str) -> Vec<Path> {
    let function = |name: &str| {
        (
            format!("{name} of {tview}"),
            format!("SELECT count(*) FROM public.{name}('{tview}')"),
        )
    };
    let mut paths: Vec<Path> = [
        "pg_tviews_explain",
        "pg_tviews_verify",
        "pg_tviews_refresh",
        "pg_tviews_suspend",
        "pg_tviews_resume",
    ]
    .map(function)
    .into();
    // The server reads a literal of an array when it parses it, and an element of a domain is checked then: a statement is parsed as who
    // wrote it, here as elsewhere.
    if tview.contains("array_of_a_domain") {
        return paths;
    }
    let query =
        format!("SELECT pg_get_viewdef(definition) FROM tviews.tview WHERE tview = '{tview}'::regclass");
    paths.push((
        format!("pg_tviews_analyze of the query of {tview}"),
        format!("SELECT count(*) FROM public.pg_tviews_analyze(({query}))"),
    ));
    paths
}

/// What is looked at.
pub const LOOKS: [&str; 6] = [
    "SELECT * FROM public.pg_tviews_health_check()",
    "SELECT * FROM tviews.views",
    "SELECT * FROM tviews.dependencies",
    "SELECT * FROM tviews.stats",
    "SELECT * FROM tviews.locks",
    "SELECT public.pg_tviews_version()",
];

/// Commands that have nothing to do with the attacker.
pub const ELSEWHERE: [&str; 44] = [
    "REVOKE DELETE ON alice.item FROM bob",
    "REVOKE ALL ON alice.log FROM bob",
    "GRANT SELECT ON alice.item TO bob",
    "REVOKE ALL ON SCHEMA carol FROM carol",
    "REVOKE EXECUTE ON FUNCTION alice.label(integer) FROM PUBLIC",
    "DROP INDEX alice.item_g",
    "DROP INDEX alice.item_name",
    "CREATE INDEX item_g ON alice.item (g)",
    "REINDEX TABLE alice.item",
    "ALTER TYPE alice.mood RENAME VALUE 'calm' TO 'quiet'",
    "ALTER TYPE alice.mood ADD VALUE 'sad'",
    "ALTER TYPE alice.address RENAME ATTRIBUTE town TO city",
    "ALTER TYPE alice.mood OWNER TO alice",
    "ALTER DOMAIN alice.positive ADD CHECK (VALUE < 1000)",
    "ALTER TABLE alice.item ADD COLUMN note integer",
    "ALTER TABLE alice.item ALTER COLUMN g SET DEFAULT 5",
    "ALTER TABLE alice.item RENAME COLUMN note TO remark",
    "ALTER TABLE alice.item DROP COLUMN remark",
    "ALTER TABLE alice.item DISABLE TRIGGER ALL; ALTER TABLE alice.item ENABLE TRIGGER ALL",
    "ALTER TABLE alice.item ENABLE ALWAYS TRIGGER mine",
    "ALTER TRIGGER mine ON alice.item RENAME TO yours",
    "DROP TRIGGER yours ON alice.item",
    "CREATE TRIGGER another AFTER UPDATE ON alice.item FOR EACH ROW EXECUTE FUNCTION alice.nothing()",
    "CREATE POLICY all_of_it ON alice.item USING (true); ALTER POLICY all_of_it ON alice.item USING (pk > 0); DROP POLICY all_of_it ON alice.item",
    "CREATE OR REPLACE VIEW alice.v AS SELECT pk, g FROM alice.item",
    "ALTER VIEW alice.v RENAME TO w",
    "DROP VIEW alice.w",
    "CREATE OR REPLACE FUNCTION alice.label(integer) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'other ' || $1 $$",
    "ALTER FUNCTION alice.label(integer) STABLE",
    "DROP FUNCTION alice.label(integer)",
    "ALTER TEXT SEARCH CONFIGURATION alice.words ALTER MAPPING FOR asciiword WITH english_stem",
    "CREATE TABLE alice.log_2 PARTITION OF alice.log FOR VALUES FROM (100) TO (200)",
    "ALTER TABLE alice.log DETACH PARTITION alice.log_2",
    "DROP TABLE alice.log_2",
    "CREATE SCHEMA passing CREATE TABLE passing.t (i integer PRIMARY KEY)",
    "SET pg_tviews.create_table_prefix = 'tv_'; CREATE TABLE passing.tv_t AS SELECT i FROM passing.t; RESET pg_tviews.create_table_prefix",
    "DROP SCHEMA passing CASCADE",
    "CREATE ROLE passing; CREATE SCHEMA AUTHORIZATION passing; DROP OWNED BY passing; DROP ROLE passing",
    "CREATE EVENT TRIGGER others ON ddl_command_end EXECUTE FUNCTION tviews.on_ddl_end(); DROP EVENT TRIGGER others",
    "CREATE SUBSCRIPTION passing CONNECTION 'dbname=nowhere' PUBLICATION nothing WITH (connect = false, slot_name = NONE); DROP SUBSCRIPTION passing",
    "CREATE STATISTICS alice.together ON pk, g FROM alice.item; ANALYZE alice.item; DROP STATISTICS alice.together",
    "SELECT 1 AS n INTO alice.passing; DROP TABLE alice.passing",
    "UPDATE alice.item SET name = name || '!'; TABLE alice.tv_item",
    "TRUNCATE alice.log",
];

/// Commands on what is the attacker's, which run nothing of it in a PostgreSQL without us.
pub const AT_HIS: [&str; 23] = [
    "ALTER TABLE mal.t ADD COLUMN later integer",
    "ALTER TABLE mal.t ALTER COLUMN x SET NOT NULL; ALTER TABLE mal.t ALTER COLUMN x DROP NOT NULL",
    "CREATE INDEX t_x ON mal.t (x)",
    "DROP INDEX mal.t_x",
    "DROP INDEX mal.t_g_idx",
    "REVOKE DELETE ON mal.t FROM bob",
    "REVOKE EXECUTE ON FUNCTION mal.evil_int(text) FROM carol",
    "ALTER TYPE mal.label RENAME VALUE 'b' TO 'c'",
    "ALTER TYPE mal.label ADD VALUE 'd'",
    "ALTER TYPE mal.pair RENAME ATTRIBUTE b TO c",
    "ALTER VIEW mal.v RENAME TO w",
    "ALTER TABLE mal.t DISABLE TRIGGER ALL",
    "ALTER TABLE mal.t ENABLE TRIGGER ALL",
    "ALTER TABLE mal.t DISABLE TRIGGER USER; ALTER TABLE mal.t ENABLE TRIGGER USER",
    "CREATE POLICY none ON mal.t USING (true); DROP POLICY none ON mal.t",
    "CREATE TRIGGER later AFTER INSERT ON mal.t FOR EACH STATEMENT EXECUTE FUNCTION alice.nothing()",
    "ALTER TRIGGER later ON mal.t RENAME TO latest; DROP TRIGGER latest ON mal.t",
    "ALTER TABLE mal.tv_constant SET (fillfactor = 80)",
    "ALTER TABLE mal.tv_constant RENAME TO tv_constant_2; ALTER TABLE mal.tv_constant_2 RENAME TO tv_constant",
    "ALTER TABLE mal.tv_limit SET SCHEMA carol; ALTER TABLE carol.tv_limit SET SCHEMA mal",
    "ANALYZE mal.t",
    "VACUUM mal.t",
    "COMMENT ON TABLE mal.tv_constant IS 'seen'",
];

/// Writes to a table with the columns of `mal.t` and reads of a tview over it.
pub fn writes(table: &str, tview: &str) -> Vec<Path> {
    let write = |label: &str, sql: &str| {
        path(
            &format!("{label} of {table}"),
            &sql.replace("TABLE_", table).replace("TVIEW_", tview),
        )
    };
    vec![
        write(
            "INSERT",
            "INSERT INTO TABLE_ (i, g, x, s) VALUES (1001, 1, 2, 'new')",
        ),
        write("UPDATE", "UPDATE TABLE_ SET x = x + 1 WHERE i > 8"),
        write(
            "UPDATE of keys",
            "UPDATE TABLE_ SET i = i + 5000, g = g + 1 WHERE i = 12",
        ),
        write("DELETE", "DELETE FROM TABLE_ WHERE i = 1001"),
        write(
            "MERGE",
            "MERGE INTO TABLE_ AS t USING (VALUES (7)) AS v (i) ON t.i = v.i WHEN MATCHED THEN UPDATE SET x = 9",
        ),
        write(
            "write and read",
            "BEGIN; UPDATE TABLE_ SET x = 3 WHERE i < 5; SELECT count(*) FROM TVIEW_; COMMIT",
        ),
        write(
            "write at REPEATABLE READ",
            "BEGIN ISOLATION LEVEL REPEATABLE READ; UPDATE TABLE_ SET x = 2 WHERE i < 5; SELECT count(*) FROM TVIEW_; COMMIT",
        ),
        write(
            "write with savepoints",
            "BEGIN; SAVEPOINT a; UPDATE TABLE_ SET x = 1 WHERE i < 5; ROLLBACK TO a; UPDATE TABLE_ SET x = 4 WHERE i < 5; COMMIT",
        ),
        write(
            "write of a prepared transaction",
            "SET mal.quiet = on; BEGIN; UPDATE TABLE_ SET x = 5 WHERE i < 3; PREPARE TRANSACTION 'path'",
        ),
        path("COMMIT PREPARED", "COMMIT PREPARED 'path'"),
        write(
            "write followed up at once",
            "SET pg_tviews.maintenance = 'statement'; UPDATE TABLE_ SET x = 6 WHERE i < 3; RESET pg_tviews.maintenance",
        ),
        write(
            "write without patching",
            "SET pg_tviews.patching = off; UPDATE TABLE_ SET x = 7 WHERE i < 3; RESET pg_tviews.patching",
        ),
        write(
            "write of a replica",
            "SET session_replication_role = replica; UPDATE TABLE_ SET x = 8 WHERE i < 3; RESET session_replication_role",
        ),
        write(
            "many rows",
            "INSERT INTO TABLE_ (i, g, x, s) SELECT n, n % 3, n % 5, 'many' FROM generate_series(20000, 20050) AS n",
        ),
        write("TRUNCATE", "TRUNCATE TABLE_"),
        write(
            "INSERT after TRUNCATE",
            "INSERT INTO TABLE_ (i, g, x, s) SELECT n, n % 3, n % 5, 'again' FROM generate_series(1, 20) AS n",
        ),
    ]
}

/// What ends it: nothing is left for those that come after.
pub const ENDS: [&str; 7] = [
    "SELECT public.pg_tviews_drop('mal.tv_having')",
    "DROP TABLE mal.tv_limit",
    "DROP FUNCTION mal.inlined() CASCADE",
    "DROP VIEW mal.w CASCADE",
    "DROP TABLE mal.t CASCADE",
    "DROP SCHEMA mal CASCADE",
    "DROP EXTENSION pg_tviews CASCADE",
];

/// The paths of a list of statements.
pub fn of(statements: &[&str]) -> Vec<Path> {
    statements.iter().map(|sql| path(sql, sql)).collect()
}
