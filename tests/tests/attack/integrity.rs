//! A role wants a tview to be wrong while the health check says that all is well.

use pg_tviews_tests::attack::stage::{allowed_or_refused, refused};
use pg_tviews_tests::attack::{Rule, Stage};
use pg_tviews_tests::server::SUPERUSER;
use pg_tviews_tests::sure::{execute, value};

const ALICES: &str = "
    CREATE TABLE alice.item (pk integer PRIMARY KEY, g integer, name text);
    CREATE TABLE alice.part (pk integer PRIMARY KEY, fk integer NOT NULL REFERENCES alice.item, n integer);
    CREATE INDEX ON alice.part (fk);
    INSERT INTO alice.item SELECT n, n % 3, 'item ' || n FROM generate_series(1, 10) AS n;
    INSERT INTO alice.part SELECT n, 1 + n % 10, n FROM generate_series(1, 30) AS n;
    CREATE VIEW alice.v AS SELECT pk, name FROM alice.item WHERE g > 0;
    CREATE TABLE alice.tv_item AS SELECT i.pk, jsonb_build_object('name', i.name, 'parts', (SELECT sum(p.n) FROM alice.part p WHERE p.fk = i.pk)) AS data
      FROM alice.item i;
    CREATE TABLE alice.tv_group AS SELECT g, count(*) AS n, sum(pk) AS s FROM alice.item GROUP BY g;
    CREATE TABLE alice.tv_v AS SELECT pk, name FROM alice.v;
    GRANT SELECT, INSERT, UPDATE, DELETE ON alice.item, alice.part TO bob;
    GRANT TRIGGER ON alice.item, alice.part, alice.tv_item, alice.tv_group TO mallory;
    CREATE FUNCTION alice.noop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;";

/// What bob does, so that a tview that is not maintained differs.
const WRITES: &str = "
    UPDATE alice.item SET name = name || '!', g = g + 1 WHERE pk < 6;
    INSERT INTO alice.item SELECT coalesce(max(pk), 0) + 1, 7, 'new' FROM alice.item;
    UPDATE alice.part SET n = n + 1;
    DELETE FROM alice.part WHERE pk = (SELECT max(pk) FROM alice.part);";

fn stage() -> Stage {
    let stage = Stage::new(Rule::Owner);
    stage.run("alice", ALICES);
    stage.run(
        "mallory",
        "CREATE FUNCTION mal.noop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;",
    );
    stage
}

/// SQLSTATEs of refusals.
const REFUSED: [&str; 9] = [
    "0A000", "2BP01", "42501", "42710", "55000", "42P17", "42939", "42704", "42809",
];

/// Does this as a role; then bob writes, and each tview is right or known to be wrong.
fn assert_seen(stage: &Stage, role: &str, command: &str) {
    allowed_or_refused(&mut stage.session(role), command, &REFUSED);
    execute(&mut stage.session("bob"), WRITES);
    let found = stage.violations();
    assert!(found.is_empty(), "{role}: {command}\n{}", found.join("\n"));
}

/// Triggers of ours are known by more than their names.
#[test]
fn triggers_are_not_replaced() {
    let functions = ["mal.noop()", "tviews.source_changed()", "tviews.refuse_write()"];
    let shapes = [
        "CREATE OR REPLACE TRIGGER \"00_pg_tviews_EVENT_\" AFTER EVENT_ ON alice.item FOR EACH STATEMENT EXECUTE FUNCTION F_",
        "CREATE OR REPLACE TRIGGER \"00_pg_tviews_EVENT_\" AFTER EVENT_ ON alice.item FOR EACH ROW EXECUTE FUNCTION F_",
        "CREATE OR REPLACE TRIGGER \"00_pg_tviews_EVENT_\" AFTER EVENT_ ON alice.item FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION F_",
        "CREATE OR REPLACE TRIGGER \"00_pg_tviews_EVENT_\" BEFORE EVENT_ ON alice.item FOR EACH STATEMENT EXECUTE FUNCTION F_",
        "CREATE TRIGGER another AFTER EVENT_ ON alice.item FOR EACH STATEMENT EXECUTE FUNCTION F_",
        "CREATE TRIGGER another AFTER EVENT_ ON alice.part REFERENCING NEW TABLE AS pg_tviews_new FOR EACH STATEMENT EXECUTE FUNCTION F_",
        "CREATE TRIGGER \"00_pg_tviews_unknown\" AFTER EVENT_ ON alice.item FOR EACH STATEMENT EXECUTE FUNCTION F_",
    ];
    let stage = stage();
    for function in functions {
        for event in ["insert", "update"] {
            for shape in shapes {
                let sql = shape.replace("EVENT_", event).replace("F_", function);
                assert_seen(&stage, "mallory", &sql);
            }
        }
    }
    // The owner of the tables, who may do more.
    for command in [
        "CREATE OR REPLACE TRIGGER \"00_pg_tviews_update\" AFTER UPDATE ON alice.item FOR EACH STATEMENT EXECUTE FUNCTION alice.noop()",
        "CREATE OR REPLACE TRIGGER \"00_pg_tviews_update\" AFTER UPDATE OF pk ON alice.item REFERENCING OLD TABLE AS pg_tviews_old NEW TABLE AS pg_tviews_new FOR EACH STATEMENT EXECUTE FUNCTION tviews.source_changed()",
        "CREATE OR REPLACE TRIGGER \"00_pg_tviews_guard\" BEFORE INSERT ON alice.tv_item FOR EACH STATEMENT EXECUTE FUNCTION alice.noop()",
        "DROP TRIGGER \"00_pg_tviews_update\" ON alice.item",
        "DROP TRIGGER \"00_pg_tviews_insert\" ON alice.item CASCADE",
        "ALTER TRIGGER \"00_pg_tviews_update\" ON alice.item RENAME TO something",
        "ALTER TRIGGER \"00_pg_tviews_update\" ON alice.item DEPENDS ON EXTENSION plpgsql",
        "CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON alice.item DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tviews.source_changed()",
        "ALTER FUNCTION tviews.source_changed() RENAME TO other",
        "DO $$ DECLARE g record; BEGIN FOR g IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'alice.tv_item'::regclass AND NOT tgisinternal LOOP EXECUTE format('DROP TRIGGER %I ON alice.tv_item', g.tgname); END LOOP; END $$",
        "DO $$ DECLARE g record; BEGIN FOR g IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'alice.item'::regclass AND NOT tgisinternal LOOP EXECUTE format('DROP TRIGGER %I ON alice.item', g.tgname); END LOOP; END $$",
    ] {
        assert_seen(&stage, "alice", command);
    }
    stage.run("bob", "SELECT 1");
}

/// A trigger that is planted before there is a tview is not relied on.
#[test]
fn triggers_are_not_planted() {
    for event in ["update", "truncate"] {
        for (function, shape) in [
            ("mal.noop()", "STATEMENT"),
            ("mal.noop()", "STATEMENT WHEN (false)"),
            ("tviews.source_changed()", "STATEMENT WHEN (false)"),
        ] {
            for early in [false, true] {
                let stage = if early {
                    Stage::without_extension()
                } else {
                    Stage::new(Rule::Owner)
                };
                stage.run("mallory", "CREATE FUNCTION mal.noop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;");
                stage.run("alice", "CREATE TABLE alice.item (pk integer PRIMARY KEY, g integer, name text); GRANT TRIGGER ON alice.item TO mallory;
                    INSERT INTO alice.item VALUES (1, 1, 'one')");
                let plant = format!(
                    "CREATE TRIGGER \"00_pg_tviews_{event}\" AFTER {event} ON alice.item FOR EACH {shape} EXECUTE FUNCTION {function}"
                );
                if early && function.starts_with("tviews") {
                    continue;
                }
                allowed_or_refused(&mut stage.session("mallory"), &plant, &REFUSED);
                if early {
                    stage.run(SUPERUSER, "CREATE EXTENSION pg_tviews");
                }
                let create = "CREATE TABLE alice.tv_item AS SELECT pk, name FROM alice.item";
                allowed_or_refused(&mut stage.session("alice"), create, &REFUSED);
                stage.run("alice", "INSERT INTO alice.item VALUES (2, 2, 'two'); UPDATE alice.item SET name = name || '!'; DELETE FROM alice.item WHERE pk = 1");
                stage.assert_sound();
                stage.run("alice", "TRUNCATE alice.item");
                stage.assert_sound();
            }
        }
    }
}

/// Switching triggers off and on again by name, and for replicas, is followed like all other ways.
#[test]
fn disabled_triggers_are_remembered() {
    let stage = stage();
    for (off, on) in [
        (
            "DISABLE TRIGGER \"00_pg_tviews_update\"",
            "ENABLE ALWAYS TRIGGER \"00_pg_tviews_update\"",
        ),
        (
            "DISABLE TRIGGER \"00_pg_tviews_insert\"",
            "ENABLE TRIGGER \"00_pg_tviews_insert\"",
        ),
        (
            "DISABLE TRIGGER ALL",
            "ENABLE ALWAYS TRIGGER \"00_pg_tviews_update\"",
        ),
        ("DISABLE TRIGGER ALL", "ENABLE TRIGGER ALL"),
        ("DISABLE TRIGGER USER", "ENABLE TRIGGER USER"),
        (
            "ENABLE REPLICA TRIGGER \"00_pg_tviews_update\"",
            "ENABLE ALWAYS TRIGGER \"00_pg_tviews_update\"",
        ),
        (
            "ENABLE REPLICA TRIGGER \"00_pg_tviews_update\"",
            "ENABLE TRIGGER \"00_pg_tviews_update\"",
        ),
    ] {
        for role in ["alice", SUPERUSER] {
            assert_seen(&stage, role, &format!("ALTER TABLE alice.item {off}"));
            assert_seen(&stage, role, &format!("ALTER TABLE alice.item {on}"));
            assert_seen(&stage, role, "ALTER TABLE alice.item ENABLE TRIGGER ALL");
        }
    }
}

/// So it is with the guard of a tview, and a write in between.
#[test]
fn a_disabled_guard_is_remembered() {
    let stage = stage();
    for (off, on) in [
        ("DISABLE TRIGGER ALL", "ENABLE ALWAYS TRIGGER"),
        ("DISABLE TRIGGER", "ENABLE ALWAYS TRIGGER"),
        ("ENABLE REPLICA TRIGGER", "ENABLE ALWAYS TRIGGER"),
        ("DISABLE TRIGGER", "ENABLE TRIGGER"),
    ] {
        let mut superuser = stage.superuser();
        let guard = value(
            &mut superuser,
            "SELECT quote_ident(tgname) FROM pg_trigger WHERE tgrelid = 'alice.tv_item'::regclass AND NOT tgisinternal AND tgname LIKE '00%' ORDER BY 1 LIMIT 1",
        );
        let name = |command: &str| {
            if command.ends_with("ALL") {
                String::new()
            } else {
                guard.clone()
            }
        };
        assert_seen(
            &stage,
            "alice",
            &format!("ALTER TABLE alice.tv_item {off} {}", name(off)),
        );
        allowed_or_refused(
            &mut stage.session("alice"),
            "UPDATE alice.tv_item SET data = '{}'",
            &REFUSED,
        );
        allowed_or_refused(
            &mut stage.session("alice"),
            "DELETE FROM alice.tv_item WHERE pk = 2",
            &REFUSED,
        );
        assert_seen(
            &stage,
            "alice",
            &format!("ALTER TABLE alice.tv_item {on} {}", name(on)),
        );
        assert_seen(&stage, "alice", "ALTER TABLE alice.tv_item ENABLE TRIGGER ALL");
    }
    stage.run("alice", "SELECT pg_tviews_refresh('alice.tv_item')");
}

/// What could give a tview, or a view that it reads, another query.
const OTHER_QUERIES: [&str; 30] = [
    "CREATE OR REPLACE VIEW alice.v AS SELECT pk, 'other'::text AS name FROM alice.item",
    "CREATE OR REPLACE RULE \"_RETURN\" AS ON SELECT TO alice.v DO INSTEAD SELECT pk, 'other'::text AS name FROM alice.item",
    "CREATE OR REPLACE RULE \"_RETURN\" AS ON SELECT TO tviews.\"alice.tv_v\" DO INSTEAD SELECT pk, 'other'::text AS name FROM alice.item",
    "CREATE OR REPLACE VIEW tviews.\"alice.tv_v\" AS SELECT pk, 'other'::text AS name FROM alice.item",
    "ALTER VIEW tviews.\"alice.tv_v\" RENAME TO renamed",
    "ALTER TABLE tviews.\"alice.tv_v\" RENAME TO renamed",
    "ALTER VIEW tviews.\"alice.tv_v\" SET SCHEMA alice",
    "ALTER TABLE tviews.\"alice.tv_v\" SET SCHEMA alice",
    "ALTER VIEW tviews.\"alice.tv_v\" RENAME COLUMN name TO title",
    "ALTER VIEW tviews.\"alice.tv_v\" OWNER TO bob",
    "ALTER VIEW tviews.\"alice.tv_v\" SET (security_invoker = true)",
    "ALTER VIEW tviews.\"alice.tv_v\" ALTER COLUMN name SET DEFAULT 'x'",
    "DROP VIEW tviews.\"alice.tv_v\"",
    "DROP VIEW tviews.\"alice.tv_v\" CASCADE",
    "DROP RULE \"_RETURN\" ON tviews.\"alice.tv_v\"",
    "ALTER RULE \"_RETURN\" ON tviews.\"alice.tv_v\" RENAME TO other",
    "CREATE RULE r AS ON INSERT TO tviews.\"alice.tv_v\" DO INSTEAD NOTHING",
    "CREATE RULE r AS ON INSERT TO alice.tv_v DO INSTEAD NOTHING",
    "CREATE RULE r AS ON UPDATE TO alice.item DO INSTEAD NOTHING",
    "DROP RULE r ON alice.item",
    "ALTER VIEW alice.v RENAME TO w",
    "ALTER VIEW alice.w RENAME TO v",
    "ALTER VIEW alice.v SET SCHEMA bob",
    "ALTER VIEW bob.v SET SCHEMA alice",
    "ALTER VIEW alice.v RENAME COLUMN name TO title",
    "ALTER VIEW alice.v SET (security_invoker = true)",
    "ALTER VIEW alice.v RESET (security_invoker)",
    "ALTER VIEW alice.v OWNER TO bob",
    "ALTER VIEW alice.v OWNER TO alice",
    "DROP VIEW alice.v",
];

/// The query of a tview is what it was.
#[test]
fn definitions_are_not_replaced() {
    let stage = stage();
    for role in ["alice", SUPERUSER] {
        for command in OTHER_QUERIES {
            let mut session = stage.session(role);
            session.run(command);
            // What alice takes from herself makes writes to her own tables fail.
            stage.session("bob").run(WRITES);
            let found = stage.violations();
            assert!(found.is_empty(), "{role}: {command}\n{}", found.join("\n"));
        }
    }
    stage.assert_sound();
}

/// What a definition needs lives as long as it.
#[test]
fn nothing_temporary_is_needed() {
    let stage = Stage::new(Rule::Owner);
    stage.run(
        "alice",
        "CREATE TABLE alice.item (pk integer PRIMARY KEY, n integer, s text)",
    );
    let mut alice = stage.session("alice");
    execute(
        &mut alice,
        "CREATE TYPE pg_temp.mood AS ENUM ('a', 'b'); CREATE DOMAIN pg_temp.small AS integer CHECK (VALUE < 10);
         CREATE TYPE pg_temp.pair AS (a integer, b integer); CREATE TYPE pg_temp.span AS RANGE (SUBTYPE = integer);
         CREATE FUNCTION pg_temp.f(integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT $1';
         CREATE FUNCTION pg_temp.plus(integer, integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT $1 + $2';
         CREATE OPERATOR pg_temp.@@@ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = pg_temp.plus);
         CREATE AGGREGATE pg_temp.total(integer) (SFUNC = pg_temp.plus, STYPE = integer);
         CREATE COLLATION pg_temp.c (locale = 'C');
         CREATE TEMPORARY TABLE t (pk integer PRIMARY KEY); CREATE TEMPORARY VIEW v AS SELECT pk, n FROM alice.item;
         CREATE DOMAIN alice.over AS pg_temp.small",
    );
    for (number, query) in [
        "SELECT pk, 'a'::pg_temp.mood::text AS m FROM alice.item",
        "SELECT pk, n::pg_temp.small AS m FROM alice.item",
        "SELECT pk, (n::pg_temp.small)::integer AS m FROM alice.item",
        "SELECT pk, ARRAY[n]::pg_temp.small[]::integer[] AS m FROM alice.item",
        "SELECT pk, (ROW(n, n)::pg_temp.pair).a AS m FROM alice.item",
        "SELECT pk, '[1,2]'::pg_temp.span @> n AS m FROM alice.item",
        "SELECT pk, pg_temp.f(n) AS m FROM alice.item",
        "SELECT pk, n OPERATOR(pg_temp.@@@) 1 AS m FROM alice.item",
        "SELECT n, pg_temp.total(pk) AS m FROM alice.item GROUP BY n",
        "SELECT pk, s < 'a' COLLATE pg_temp.c AS m FROM alice.item",
        "SELECT pk FROM t",
        "SELECT pk, n FROM v",
        "SELECT i.pk, (SELECT count(*) FROM t WHERE t.pk = i.pk) AS m FROM alice.item i",
        "SELECT pk, (n::alice.over)::integer AS m FROM alice.item",
    ]
    .into_iter()
    .enumerate()
    {
        allowed_or_refused(
            &mut alice,
            &format!("CREATE TABLE alice.tv_{number} AS {query}"),
            &["0A000", "42P16"],
        );
    }
    drop(alice);
    let mut again = stage.session("alice");
    execute(
        &mut again,
        "INSERT INTO alice.item VALUES (1, 1, 'a'), (2, 2, 'b'); UPDATE alice.item SET n = n + 1; DELETE FROM alice.item WHERE pk = 1",
    );
    stage.assert_sound();
}

/// DDL within DDL, and user code within ours: what we do about commands is done about all of them.
#[test]
fn nested_commands_are_seen() {
    let stage = stage();
    stage.run(
        SUPERUSER,
        "CREATE FUNCTION public.nested() RETURNS event_trigger LANGUAGE plpgsql AS $$
         BEGIN
           IF TG_TAG = 'CREATE TABLE AS' AND to_regclass('alice.nested_now') IS NULL THEN
             PERFORM set_config('my.depth', (coalesce(nullif(current_setting('my.depth', true), ''), '0')::integer + 1)::text, true);
             IF current_setting('my.depth')::integer = 1 THEN
               EXECUTE 'CREATE TABLE alice.nested_now AS SELECT 1 AS one';
               EXECUTE 'DROP TABLE alice.nested_now';
             END IF;
           END IF;
         END $$;
         CREATE EVENT TRIGGER a_nested ON ddl_command_start EXECUTE FUNCTION public.nested();
         CREATE EVENT TRIGGER z_nested ON ddl_command_start EXECUTE FUNCTION public.nested()",
    );
    stage.run(
        "alice",
        "CREATE TABLE alice.tv_nested AS SELECT pk, name FROM alice.item",
    );
    let known = value(
        &mut stage.superuser(),
        "SELECT count(*) FROM tviews.tview WHERE tview::text LIKE '%tv_nested'",
    );
    assert_eq!(known, "1");
    stage.run(
        SUPERUSER,
        "DROP EVENT TRIGGER a_nested; DROP EVENT TRIGGER z_nested",
    );
    // DDL by a trigger of the tview's owner in the middle of our work.
    stage.run(
        "alice",
        "CREATE FUNCTION alice.meddle() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
           IF to_regclass('alice.meddled') IS NULL THEN
             CREATE TABLE alice.meddled (i integer PRIMARY KEY);
             INSERT INTO alice.meddled VALUES (1);
             CREATE TABLE alice.tv_meddled AS SELECT i FROM alice.meddled;
             INSERT INTO alice.meddled VALUES (2);
             ALTER TABLE alice.part DISABLE TRIGGER ALL;
             UPDATE alice.part SET n = n + 100;
             ALTER TABLE alice.part ENABLE TRIGGER ALL;
           END IF;
           RETURN NULL;
         END $$;
         CREATE TRIGGER meddle AFTER INSERT OR UPDATE ON alice.tv_nested FOR EACH STATEMENT EXECUTE FUNCTION alice.meddle();
         SELECT pg_tviews_suspend('alice.tv_nested')",
    );
    stage.run("bob", WRITES);
    let mut alice = stage.session("alice");
    allowed_or_refused(
        &mut alice,
        "SELECT pg_tviews_resume('alice.tv_nested')",
        &["0A000", "55006", "42501", "2BP01", "55000"],
    );
    stage.session("bob").run(WRITES);
    stage.assert_sound();
}

/// Configurations of text search, functions, types: what a definition uses and changes is followed.
#[test]
fn what_a_definition_uses_is_followed() {
    let stage = stage();
    stage.run(
        "alice",
        "CREATE TEXT SEARCH DICTIONARY alice.words (TEMPLATE = simple);
         CREATE TEXT SEARCH CONFIGURATION alice.conf (COPY = simple);
         ALTER TEXT SEARCH CONFIGURATION alice.conf ALTER MAPPING FOR asciiword, word WITH alice.words;
         CREATE FUNCTION alice.label(integer) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'label ' || $1 $$;
         CREATE FUNCTION alice.outer_label(integer) RETURNS text IMMUTABLE LANGUAGE sql BEGIN ATOMIC SELECT alice.label($1) || '!'; END;
         CREATE FUNCTION alice.plus(integer, integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT $1 + coalesce($2, 0)';
         CREATE OPERATOR alice.+ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = alice.plus);
         CREATE AGGREGATE alice.total(integer) (SFUNC = alice.plus, STYPE = integer, INITCOND = '0');
         CREATE TYPE alice.mood AS ENUM ('calm', 'wild');
         CREATE TYPE alice.pair AS (a integer, b integer);
         CREATE DOMAIN alice.positive AS integer CHECK (VALUE > -1000);
         CREATE TABLE alice.used (pk integer PRIMARY KEY, g integer, s text, mood alice.mood, pair alice.pair);
         INSERT INTO alice.used SELECT n, n % 2, 'the running cats ' || n, 'calm', ROW(n, n)::alice.pair FROM generate_series(1, 6) AS n;
         CREATE TABLE alice.tv_search AS SELECT pk, to_tsvector('alice.conf', s)::text AS v FROM alice.used;
         CREATE TABLE alice.tv_label AS SELECT pk, alice.label(g) AS l, alice.outer_label(pk) AS o, g OPERATOR(alice.+) 1 AS p FROM alice.used;
         CREATE TABLE alice.tv_total AS SELECT g, alice.total(pk) AS t FROM alice.used GROUP BY g;
         CREATE TABLE alice.tv_type AS SELECT pk, mood::text AS m, to_jsonb(pair) AS p, (g::alice.positive)::integer AS d FROM alice.used;
         GRANT SELECT, INSERT, UPDATE, DELETE ON alice.used TO bob",
    );
    for role in ["alice", SUPERUSER] {
        for command in [
            "ALTER TEXT SEARCH CONFIGURATION alice.conf ALTER MAPPING FOR asciiword, word WITH english_stem",
            "ALTER TEXT SEARCH CONFIGURATION alice.conf DROP MAPPING FOR word",
            "ALTER TEXT SEARCH CONFIGURATION alice.conf ALTER MAPPING FOR asciiword WITH alice.words",
            "ALTER TEXT SEARCH DICTIONARY alice.words (STOPWORDS = english)",
            "ALTER TEXT SEARCH DICTIONARY alice.words (STOPWORDS)",
            "CREATE OR REPLACE FUNCTION alice.label(integer) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'another ' || $1 $$",
            "CREATE OR REPLACE FUNCTION alice.outer_label(integer) RETURNS text IMMUTABLE LANGUAGE sql BEGIN ATOMIC SELECT alice.label($1) || '?'; END",
            "CREATE OR REPLACE FUNCTION alice.plus(integer, integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT $1 + coalesce($2, 0) + 10'",
            "ALTER FUNCTION alice.label(integer) STRICT",
            "ALTER FUNCTION alice.label(integer) SET extra_float_digits = 0",
            "ALTER FUNCTION alice.label(integer) STABLE",
            "ALTER FUNCTION alice.label(integer) IMMUTABLE",
            "CREATE OR REPLACE FUNCTION alice.label(integer) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'label ' || $1 $$",
            "ALTER TYPE alice.mood RENAME VALUE 'calm' TO 'quiet'",
            "ALTER TYPE alice.mood RENAME VALUE 'quiet' TO 'calm'",
            "ALTER TYPE alice.pair RENAME ATTRIBUTE b TO c",
            "ALTER TYPE alice.pair RENAME ATTRIBUTE c TO b",
            "ALTER TYPE alice.pair ADD ATTRIBUTE d integer",
            "ALTER TYPE alice.pair DROP ATTRIBUTE d",
            "ALTER TABLE alice.used RENAME COLUMN s TO t",
            "ALTER TABLE alice.used RENAME COLUMN t TO s",
            "ALTER DOMAIN alice.positive DROP CONSTRAINT positive_check",
            "ALTER DOMAIN alice.positive ADD CONSTRAINT positive_check CHECK (VALUE > -500)",
            "CREATE OR REPLACE AGGREGATE alice.total(integer) (SFUNC = alice.plus, STYPE = integer, INITCOND = '1000')",
        ] {
            stage.session(role).run(command);
            let found = stage.violations();
            assert!(found.is_empty(), "{role}: {command}\n{}", found.join("\n"));
            // A definition that has become unfit makes its writers fail, and says so.
            stage
                .session("bob")
                .run("UPDATE alice.used SET g = g + 1 WHERE pk = 1");
            let found = stage.violations();
            assert!(
                found.is_empty(),
                "{role}: write after {command}\n{}",
                found.join("\n")
            );
        }
    }
}

/// Nobody writes to a tview, or to our catalogs, by a way around.
#[test]
fn nobody_writes_beside_maintenance() {
    let stage = stage();
    stage.run(
        "alice",
        "GRANT ALL ON alice.tv_item, alice.tv_group TO mallory, bob",
    );
    for role in ["mallory", "bob", "alice", SUPERUSER] {
        let mut session = stage.session(role);
        for command in [
            "INSERT INTO alice.tv_item VALUES (1000, '{}')",
            "UPDATE alice.tv_item SET data = '{}'",
            "DELETE FROM alice.tv_item",
            "TRUNCATE alice.tv_item",
            "MERGE INTO alice.tv_item t USING (VALUES (1)) AS v (i) ON t.pk = v.i WHEN MATCHED THEN DELETE",
            "SET session_replication_role = replica; UPDATE alice.tv_item SET data = '{}'",
            "RESET session_replication_role; WITH w AS (DELETE FROM alice.tv_item RETURNING *) SELECT * FROM w",
            "SELECT 1 FROM alice.tv_item FOR UPDATE",
            "CREATE TABLE alice.child () INHERITS (alice.tv_item)",
            "CREATE TABLE mal.child () INHERITS (alice.tv_item)",
            "ALTER TABLE alice.tv_item INHERIT alice.item",
            "ALTER TABLE alice.tv_item ADD COLUMN more integer",
            "ALTER TABLE alice.tv_item ALTER COLUMN data SET DEFAULT '{}'",
            "ALTER TABLE alice.tv_item ALTER COLUMN pk ADD GENERATED ALWAYS AS IDENTITY",
            "ALTER TABLE alice.tv_item ADD CONSTRAINT late UNIQUE (data) DEFERRABLE INITIALLY DEFERRED",
            "ALTER TABLE alice.tv_item ADD FOREIGN KEY (pk) REFERENCES alice.item ON DELETE CASCADE",
            "ALTER TABLE alice.tv_item ADD FOREIGN KEY (pk) REFERENCES alice.item DEFERRABLE INITIALLY DEFERRED",
            "ALTER TABLE alice.tv_item ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE alice.tv_item FORCE ROW LEVEL SECURITY",
            "CREATE TABLE mal.refers (pk integer REFERENCES alice.tv_item DEFERRABLE INITIALLY DEFERRED)",
            "CREATE TABLE alice.refers (pk integer REFERENCES alice.tv_item DEFERRABLE INITIALLY DEFERRED)",
            "CREATE TRIGGER b BEFORE UPDATE ON alice.tv_item FOR EACH ROW EXECUTE FUNCTION alice.noop()",
            "CREATE TRIGGER b BEFORE UPDATE ON alice.tv_group FOR EACH ROW EXECUTE FUNCTION mal.noop()",
        ] {
            session.run(command);
            stage.session("bob").run(WRITES);
            let found = stage.violations();
            assert!(found.is_empty(), "{role}: {command}\n{}", found.join("\n"));
        }
        if role != SUPERUSER {
            for command in [
                "DELETE FROM tviews.tview",
                "UPDATE tviews.tview SET suspended = true",
                "INSERT INTO tviews.stale VALUES ('alice.tv_item', now(), 'because')",
                "DELETE FROM tviews.stale",
                "DELETE FROM tviews.source",
                "CREATE TABLE tviews.mine (i integer)",
                "DROP EXTENSION pg_tviews CASCADE",
                "ALTER EXTENSION pg_tviews DROP FUNCTION tviews.source_changed()",
                "ALTER EVENT TRIGGER pg_tviews_drop DISABLE",
                "DROP EVENT TRIGGER pg_tviews_ddl_end",
                "SET event_triggers = off; DROP TRIGGER \"00_pg_tviews_update\" ON alice.item",
                "CREATE OR REPLACE FUNCTION public.pg_tviews_version() RETURNS text LANGUAGE sql AS 'SELECT NULL'",
                "DO $$ BEGIN LOCK TABLE tviews.tview IN ACCESS EXCLUSIVE MODE; END $$",
                "COMMENT ON TABLE tviews.tview IS 'mine'",
            ] {
                refused(&mut session, command, &["42501", "42704", "55P02", "3F000"]);
            }
        }
    }
    stage.assert_sound();
}
