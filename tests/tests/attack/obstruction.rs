//! A role wants to stop the work of others: by locks that it holds, by tviews that are broken, by work that it gives them.

use pg_tviews_tests::attack::stage::{allowed_or_refused, one, refused};
use pg_tviews_tests::attack::{Rule, Stage};
use pg_tviews_tests::server;
use pg_tviews_tests::session::{Outcome, Session};
use pg_tviews_tests::sure::execute;

/// What alice has, and bob may write to. Mallory has no privilege on any of it.
const ALICES: &str = "
    CREATE TYPE alice.mood AS ENUM ('calm', 'wild');
    CREATE TYPE alice.other AS ENUM ('one', 'two');
    CREATE TABLE alice.item (pk integer PRIMARY KEY, g integer, name text, mood alice.mood DEFAULT 'calm');
    CREATE INDEX item_g ON alice.item (g);
    CREATE TABLE alice.spare (pk integer PRIMARY KEY, n integer);
    CREATE INDEX spare_n ON alice.spare (n);
    INSERT INTO alice.item SELECT n, n % 3, 'item ' || n FROM generate_series(1, 20) AS n;
    CREATE TABLE alice.tv_item AS SELECT pk, jsonb_build_object('name', name, 'mood', mood) AS data FROM alice.item;
    CREATE TABLE alice.tv_group AS SELECT g, count(*) AS n FROM alice.item GROUP BY g;
    GRANT SELECT, INSERT, UPDATE, DELETE ON alice.item, alice.spare TO bob;
    GRANT SELECT ON alice.tv_item TO bob;";

fn stage(rule: Rule) -> Stage {
    let stage = Stage::new(rule);
    stage.run("alice", ALICES);
    stage
}

/// What alice and bob do, each within the time that their sessions give a lock.
fn assert_everybody_works(stage: &Stage) {
    let mut bob = stage.session("bob");
    execute(
        &mut bob,
        "UPDATE alice.item SET name = name || '.' WHERE pk < 5; SELECT * FROM alice.tv_item",
    );
    execute(
        &mut bob,
        "INSERT INTO alice.item (pk, g, name) VALUES (1000, 1, 'bob''s'); DELETE FROM alice.item WHERE pk = 1000",
    );
    let mut alice = stage.session("alice");
    execute(&mut alice, "UPDATE alice.item SET g = g + 1 WHERE pk < 5");
    for statement in [
        "LOCK TABLE alice.item, alice.spare, alice.tv_item, alice.tv_group IN ACCESS EXCLUSIVE MODE NOWAIT",
        "ALTER TABLE alice.item ADD COLUMN note text",
        "CREATE INDEX ON alice.tv_item ((data ->> 'name'))",
        "DROP INDEX alice.item_g",
        "DROP INDEX alice.spare_n",
        "ALTER TYPE alice.mood RENAME VALUE 'calm' TO 'quiet'",
        "ALTER TYPE alice.other RENAME VALUE 'one' TO 'first'",
        "ALTER TYPE alice.mood OWNER TO alice",
        "REVOKE DELETE ON alice.item FROM bob",
        "REVOKE ALL ON alice.spare FROM bob",
        "CREATE TABLE alice.tv_more AS SELECT pk, n FROM alice.spare",
        "SELECT pg_tviews_refresh('alice.tv_item')",
        "SELECT pg_tviews_suspend('alice.tv_item'), pg_tviews_resume('alice.tv_item')",
        "SELECT pg_tviews_drop('alice.tv_item')",
        "DROP TABLE alice.item CASCADE",
        "CREATE FUNCTION alice.f() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1'; DROP FUNCTION alice.f()",
        "CREATE VIEW alice.v AS SELECT 1; CREATE OR REPLACE VIEW alice.v AS SELECT 1",
    ] {
        execute(&mut alice, &format!("BEGIN; {statement}; ROLLBACK"));
    }
}

/// What a superuser does about alice's things while others are in the way.
fn assert_superuser_works(stage: &Stage) {
    let mut superuser = stage.superuser();
    for statement in [
        "ALTER TYPE alice.mood RENAME VALUE 'calm' TO 'quiet'",
        "REVOKE DELETE ON alice.item FROM bob",
        "DROP INDEX alice.item_g",
        "DROP INDEX alice.spare_n",
        "UPDATE alice.item SET name = name || '!'",
    ] {
        execute(&mut superuser, &format!("BEGIN; {statement}; ROLLBACK"));
    }
}

/// `tviews.restored()` once compared all tviews of the database, for the trigger of anybody.
#[test]
fn trigger_functions_serve_our_triggers_alone() {
    let stage = stage(Rule::Owner);
    for function in ["restored", "source_changed", "refuse_write"] {
        for kind in [
            "AFTER INSERT ON t_ FOR EACH STATEMENT",
            "BEFORE INSERT ON t_ FOR EACH ROW",
            "AFTER INSERT ON t_ FOR EACH ROW",
        ] {
            for table in ["TEMPORARY TABLE t_ (i integer)", "TABLE mal.t_ (i integer)"] {
                let mut mallory = stage.session("mallory");
                execute(&mut mallory, "SET search_path = mal, public; BEGIN");
                execute(&mut mallory, &format!("CREATE {table}"));
                let sql = format!("CREATE TRIGGER r {kind} EXECUTE FUNCTION tviews.{function}()");
                if let Outcome::Done { .. } = mallory.run(&sql) {
                    mallory.run("INSERT INTO t_ VALUES (1)");
                }
                stage.assert_in_nobodys_way("mallory", &sql);
                assert_everybody_works(&stage);
            }
        }
    }
    stage.assert_sound();
}

/// A forgotten trigger of ours on an ordinary table: nobody else's writes suffer from it.
#[test]
fn event_trigger_functions_are_not_for_everybody() {
    let stage = stage(Rule::Owner);
    let mut mallory = stage.session("mallory");
    for function in ["on_ddl_start", "on_ddl_end", "on_drop"] {
        refused(
            &mut mallory,
            &format!("SELECT tviews.{function}()"),
            &["0A000", "42501", "39P03"],
        );
        refused(
            &mut mallory,
            &format!("CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION tviews.{function}()"),
            &["42501"],
        );
    }
    stage.assert_sound();
}

/// A change of a type concerns what depends on the type, and nothing else.
#[test]
fn a_type_of_ones_own_locks_nobody() {
    let stage = stage(Rule::Owner);
    let commands = [
        "CREATE TYPE pg_temp.m AS ENUM ('a'); ALTER TYPE pg_temp.m RENAME VALUE 'a' TO 'b'",
        "CREATE TYPE mal.m AS ENUM ('a'); ALTER TYPE mal.m RENAME VALUE 'a' TO 'b'; ALTER TYPE mal.m ADD VALUE 'c'",
        "CREATE TYPE mal.c AS (a integer); ALTER TYPE mal.c RENAME ATTRIBUTE a TO b; ALTER TYPE mal.c ADD ATTRIBUTE d text",
        "CREATE FUNCTION mal.f() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1'; \
         CREATE OR REPLACE FUNCTION mal.f() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 2'; ALTER FUNCTION mal.f() STABLE",
        "CREATE TEXT SEARCH CONFIGURATION mal.w (COPY = simple); ALTER TEXT SEARCH CONFIGURATION mal.w ALTER MAPPING FOR word WITH simple",
        "CREATE TABLE mal.r (i integer PRIMARY KEY); GRANT SELECT ON mal.r TO bob; REVOKE SELECT ON mal.r FROM bob",
        "CREATE TABLE mal.r (i integer PRIMARY KEY, j integer); CREATE INDEX ON mal.r (j); DROP INDEX mal.r_j_idx",
        "CREATE TABLE mal.r (i integer PRIMARY KEY); CREATE TABLE mal.tv_r AS SELECT i FROM mal.r; INSERT INTO mal.r VALUES (1)",
        "CREATE TABLE mal.r (i integer PRIMARY KEY); CREATE TABLE mal.tv_r AS SELECT i FROM mal.r; DROP TABLE mal.tv_r; DROP TABLE mal.r",
        "CREATE SCHEMA AUTHORIZATION mallory; DROP SCHEMA mallory CASCADE",
        "CREATE VIEW mal.v AS SELECT 1 AS a; CREATE OR REPLACE VIEW mal.v AS SELECT 2 AS a; DROP VIEW mal.v",
    ];
    stage.run(
        server::SUPERUSER,
        &format!("GRANT CREATE ON DATABASE {} TO mallory", stage.database),
    );
    for command in commands {
        let mut mallory = stage.session("mallory");
        execute(&mut mallory, "BEGIN");
        execute(&mut mallory, command);
        stage.assert_in_nobodys_way("mallory", command);
        assert_everybody_works(&stage);
        execute(&mut mallory, "ROLLBACK");
    }
    stage.assert_sound();
}

/// Looking at all tviews is for everybody, and leaves no lock behind. (Parsing a query does, in `PREPARE` as in `pg_tviews_analyze`.)
#[test]
fn looks_lock_nobody() {
    let stage = stage(Rule::Owner);
    let looks = [
        "SELECT * FROM pg_tviews_health_check()",
        // The definition is written by PostgreSQL's pg_get_viewdef, which locks what a view reads for whoever asks.
        "SELECT schema_name, name, owner, unit_key, settings, suspended, stale FROM tviews.views",
        "SELECT * FROM tviews.dependencies",
        "SELECT * FROM tviews.stats",
        "SELECT * FROM tviews.locks",
        "SELECT * FROM pg_tviews_explain('alice.tv_item')",
        "SELECT * FROM pg_tviews_verify('alice.tv_item')",
        "SELECT pg_tviews_refresh('alice.tv_item')",
        "SELECT pg_tviews_suspend('alice.tv_item')",
        "SELECT pg_tviews_resume('alice.tv_item')",
        "SELECT pg_tviews_drop('alice.tv_item')",
        "DROP TABLE alice.tv_item",
        "DROP TABLE alice.item CASCADE",
        "DROP SCHEMA alice CASCADE",
        "DROP OWNED BY alice CASCADE",
        "SELECT pg_tviews_create('mal.tv_x', 'SELECT pk FROM alice.item')",
        "CREATE TABLE mal.tv_x AS SELECT pk FROM alice.item",
        "SELECT pg_tviews_convert_existing_table('mal.x', 'SELECT pk FROM alice.item')",
        "SELECT pg_tviews_convert_existing_table('alice.spare', 'SELECT 1 AS pk, 2 AS n')",
        "ALTER TABLE alice.item DISABLE TRIGGER ALL",
        "DROP INDEX alice.item_g",
        "REVOKE SELECT ON alice.item FROM bob",
        "CREATE OR REPLACE TRIGGER \"00_pg_tviews_insert\" AFTER INSERT ON alice.item FOR EACH STATEMENT EXECUTE FUNCTION tviews.source_changed()",
        "ALTER TYPE alice.mood RENAME VALUE 'calm' TO 'quiet'",
    ];
    // Those that may succeed, and those that may not: an error ends a transaction, but not a savepoint's one.
    stage.run("mallory", "CREATE TABLE mal.x (pk integer PRIMARY KEY)");
    for look in looks {
        let mut mallory = stage.session("mallory");
        execute(&mut mallory, "BEGIN; SAVEPOINT s");
        if let Outcome::Failed(failure) = mallory.run(look) {
            let known = ["42501", "42809", "42P01", "0A000", "2BP01", "42P16"];
            assert!(known.contains(&failure.sqlstate.as_str()), "{look}: {failure}");
            // In a savepoint that is undone PostgreSQL gives its locks back; in a block of PL/pgSQL that goes on, too.
            execute(&mut mallory, "ROLLBACK TO s");
        }
        stage.assert_in_nobodys_way("mallory", look);
        assert_everybody_works(&stage);
    }
    stage.assert_sound();
}

/// What a broken tview is.
const BROKEN: [(&str, &str); 6] = [
    (
        "its function raises",
        "CREATE OR REPLACE FUNCTION mal.f(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$",
    ),
    (
        "its function sleeps",
        "CREATE OR REPLACE FUNCTION mal.f(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN 1; END $$",
    ),
    (
        "its function never ends",
        "CREATE OR REPLACE FUNCTION mal.f(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN LOOP NULL; END LOOP; END $$",
    ),
    (
        "its function has become VOLATILE",
        "ALTER FUNCTION mal.f(integer) VOLATILE",
    ),
    (
        "its owner may not call its function",
        "REVOKE ALL ON FUNCTION mal.f(integer) FROM PUBLIC, mallory",
    ),
    (
        "its owner may not read its source",
        "REVOKE ALL ON mal.t FROM mallory",
    ),
];

const MALLORYS: &str = "
    CREATE TABLE mal.t (i integer PRIMARY KEY, x integer, mood alice.mood);
    CREATE TABLE mal.open (i integer PRIMARY KEY, x integer);
    INSERT INTO mal.t SELECT n, n, 'calm' FROM generate_series(1, 5) AS n;
    INSERT INTO mal.open SELECT n, n FROM generate_series(1, 5) AS n;
    CREATE FUNCTION mal.f(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$;
    CREATE TABLE mal.tv_t AS SELECT i, mal.f(3) AS c, mal.f(x) AS x, mood::text AS mood FROM mal.t;
    CREATE TABLE mal.tv_sum AS SELECT x, sum(i) AS s, mal.f(4) AS c FROM mal.t GROUP BY x HAVING mal.f(1) > 0;
    CREATE TABLE mal.tv_open AS SELECT i, x FROM mal.open;";

/// A tview of mallory's over a type of alice's that can't be computed any more is nobody's obstacle but its own sources'.
#[test]
fn a_broken_tview_is_its_owners_problem() {
    for (_, command) in BROKEN {
        for locked in [false, true] {
            let stage = stage(Rule::Owner);
            stage.run("mallory", MALLORYS);
            // An event trigger may refuse it; then there is no such obstacle.
            stage.session("mallory").run(command);
            let mut mallory = stage.session("mallory");
            if locked {
                execute(
                    &mut mallory,
                    "BEGIN; LOCK TABLE mal.t, mal.tv_t, mal.tv_sum, mal.open, mal.tv_open IN ACCESS EXCLUSIVE MODE",
                );
            }
            assert_everybody_works(&stage);
            assert_superuser_works(&stage);
            let mut superuser = stage.superuser();
            execute(&mut superuser, "SELECT * FROM pg_tviews_health_check()");
            // What really happens, not only within a transaction that is undone.
            execute(
                &mut stage.session("alice"),
                "ALTER TYPE alice.mood RENAME VALUE 'calm' TO 'quiet'; DROP INDEX alice.item_g",
            );
            execute(
                &mut superuser,
                "ALTER TYPE alice.mood RENAME VALUE 'wild' TO 'loud'; REVOKE INSERT ON alice.item FROM bob",
            );
            execute(&mut mallory, "ROLLBACK");
            stage.assert_sound();
        }
    }
}

/// By default a table's triggers, and so its writers, are for tviews of its owner alone.
#[test]
fn nobody_makes_tviews_over_a_strangers_table() {
    let stage = stage(Rule::Owner);
    stage.run("alice", "GRANT ALL ON ALL TABLES IN SCHEMA alice TO mallory; CREATE VIEW alice.v AS SELECT pk, name FROM alice.item; GRANT ALL ON alice.v TO mallory; \
        CREATE TABLE alice.log (pk integer PRIMARY KEY) PARTITION BY RANGE (pk); CREATE TABLE alice.log_1 PARTITION OF alice.log DEFAULT; \
        CREATE TABLE alice.parent (i integer); CREATE TABLE alice.child () INHERITS (alice.parent); \
        GRANT ALL ON alice.log, alice.log_1, alice.parent, alice.child TO mallory");
    let mut mallory = stage.session("mallory");
    execute(
        &mut mallory,
        "CREATE TABLE mal.own (pk integer PRIMARY KEY, fk integer); CREATE VIEW mal.v AS SELECT i.pk, i.name FROM alice.item i; CREATE TABLE mal.x (pk integer PRIMARY KEY)",
    );
    for query in [
        "SELECT pk, name FROM alice.item",
        "SELECT pk, name FROM alice.v",
        "SELECT pk, name FROM mal.v",
        "SELECT pk FROM alice.tv_item",
        "SELECT pk FROM alice.log",
        "SELECT pk FROM alice.log_1",
        "SELECT i FROM alice.parent",
        "SELECT i FROM alice.child",
        "SELECT i FROM ONLY alice.child",
        "SELECT o.pk, (SELECT count(*) FROM alice.item i WHERE i.pk = o.fk) AS n FROM mal.own o",
        "SELECT o.pk FROM mal.own o WHERE EXISTS (SELECT FROM alice.spare s WHERE s.pk = o.fk)",
        "SELECT pk FROM mal.own UNION ALL SELECT pk FROM alice.item",
        "WITH w AS (SELECT pk FROM alice.item) SELECT pk FROM w",
    ] {
        for form in [
            format!("CREATE TABLE mal.tv_x AS {query}"),
            format!("SELECT pg_tviews_create('mal.whatever', '{query}')"),
            format!("SELECT pg_tviews_convert_existing_table('mal.x', '{query}')"),
        ] {
            refused(&mut mallory, &form, &["42501"]);
        }
    }
    for way in [
        "SET pg_tviews.source_privilege = 'trigger'",
        "SELECT set_config('pg_tviews.source_privilege', 'trigger', false)",
        "ALTER ROLE mallory SET pg_tviews.source_privilege = 'trigger'",
        "CREATE FUNCTION mal.opened() RETURNS integer LANGUAGE sql SET pg_tviews.source_privilege = 'trigger' AS 'SELECT 1'; SELECT mal.opened()",
    ] {
        // A session that has not loaded the library yet knows no such setting: what it is told then must not count later.
        let mut fresh = stage.session("mallory");
        fresh.run(way);
        refused(
            &mut fresh,
            "CREATE TABLE mal.tv_x AS SELECT pk, name FROM alice.item",
            &["42501"],
        );
        refused(&mut mallory, way, &["42501"]);
        let mut again = stage.session("mallory");
        refused(
            &mut again,
            "CREATE TABLE mal.tv_x AS SELECT pk, name FROM alice.item",
            &["42501"],
        );
    }
    // A superuser would run what the owner puts on the table: no tview of a superuser's over it, either.
    let mut superuser = stage.session(server::SUPERUSER);
    refused(
        &mut superuser,
        "CREATE TABLE public.tv_supers AS SELECT pk, name FROM alice.item",
        &["42501"],
    );
    stage.run(server::SUPERUSER, "GRANT CREATE ON SCHEMA public TO alice");
    stage.run(
        "alice",
        "CREATE TABLE public.tv_alices AS SELECT pk, name FROM alice.item",
    );
    stage.assert_sound();
}

/// With the setting that allows it, the owner of a table gets rid of a stranger's tview that is in the way.
#[test]
fn the_owner_of_a_source_gets_rid_of_a_strangers_tview() {
    for broken in ["SELECT 1", BROKEN[0].1, BROKEN[3].1] {
        let stage = stage(Rule::Trigger);
        stage.run("alice", "GRANT SELECT, TRIGGER ON alice.item TO mallory");
        stage.run(
            "mallory",
            "CREATE FUNCTION mal.f(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$;
             CREATE TABLE mal.tv_x AS SELECT pk, mal.f(g) AS g FROM alice.item",
        );
        stage.session("mallory").run(broken);
        let mut alice = stage.session("alice");
        execute(&mut alice, "REVOKE SELECT ON alice.item FROM mallory");
        execute(&mut alice, "SELECT pg_tviews_drop('mal.tv_x')");
        execute(&mut stage.session("bob"), "UPDATE alice.item SET g = g + 1");
        stage.assert_sound();
    }
}

/// A transaction that is left open after it has made or dropped a tview over one's own tables is nobody else's business.
#[test]
fn open_transactions_lock_what_is_ones_own() {
    let stage = stage(Rule::Owner);
    stage.run("mallory", MALLORYS);
    for command in [
        "DROP TABLE mal.tv_t",
        "SELECT pg_tviews_drop('mal.tv_sum')",
        "SELECT pg_tviews_suspend('mal.tv_t')",
        "SELECT pg_tviews_refresh('mal.tv_t')",
        "UPDATE mal.t SET x = x + 1; TABLE mal.tv_t",
        "TRUNCATE mal.t",
        "ALTER TABLE mal.t ADD COLUMN y integer",
        "ALTER TABLE mal.t DISABLE TRIGGER ALL; ALTER TABLE mal.t ENABLE TRIGGER ALL",
        "CREATE TABLE mal.tv_y AS SELECT i FROM mal.t",
        "DROP TABLE mal.t CASCADE",
        "DROP SCHEMA mal CASCADE",
        "DROP OWNED BY mallory",
        "CREATE OR REPLACE FUNCTION mal.f(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN 2; END $$",
    ] {
        let mut mallory: Session = stage.session("mallory");
        execute(&mut mallory, "BEGIN");
        allowed_or_refused(&mut mallory, command, &["2BP01", "42501"]);
        stage.assert_in_nobodys_way("mallory", command);
        assert_everybody_works(&stage);
        // Others make and drop their own.
        stage.run("bob", "CREATE TABLE bob.t (i integer PRIMARY KEY); CREATE TABLE bob.tv_t AS SELECT i FROM bob.t; INSERT INTO bob.t VALUES (1); DROP TABLE bob.t CASCADE");
        execute(&mut mallory, "ROLLBACK");
    }
    assert_eq!(one(&mut stage.superuser(), "SELECT count(*) FROM mal.tv_t"), "5");
    stage.assert_sound();
}
