//! What is large, or ends badly: keys of many columns, nested queries, parallel plans, transactions that become read-only, triggers that
//! never come to rest.

use std::time::{Duration, Instant};

use pg_tviews_tests::attack::stage::{allowed_or_refused, refused};
use pg_tviews_tests::attack::{Rule, Stage};
use pg_tviews_tests::server;
use pg_tviews_tests::session::Outcome;
use pg_tviews_tests::sure::{execute, value};

/// Keys of many columns, up to what is refused: no row is lost or taken for another one.
#[test]
fn wide_keys_lose_no_rows() {
    let stage = Stage::new(Rule::Owner);
    let mut alice = stage.session("alice");
    for width in [1, 31, 32, 33, 49, 50, 51, 63, 64, 65, 66, 100, 128, 129, 200] {
        let columns: Vec<String> = (0..width).map(|n| format!("c{n}")).collect();
        let list = columns.join(", ");
        execute(
            &mut alice,
            &format!(
                "CREATE TABLE alice.wide_{width} (pk integer PRIMARY KEY, {}, x integer)",
                columns
                    .iter()
                    .map(|c| format!("{c} integer"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        );
        let create = format!(
            "CREATE TABLE alice.tv_wide_{width} AS SELECT {list}, count(*) AS n, sum(x) AS s FROM alice.wide_{width} GROUP BY {list}"
        );
        if !allowed_or_refused(&mut alice, &create, &["0A000", "54011", "54000"]) {
            println!("refused at {width} columns");
            continue;
        }
        let rows: Vec<String> = (0..6)
            .map(|row| {
                let nulls =
                    |n: usize| (n + row).is_multiple_of(width.min(7)) || n == width - 1 && row % 2 == 0;
                let values: Vec<String> = (0..width)
                    .map(|n| {
                        if nulls(n) {
                            "NULL".into()
                        } else {
                            (n % 3).to_string()
                        }
                    })
                    .collect();
                format!("({row}, {}, 1)", values.join(", "))
            })
            .collect();
        execute(
            &mut alice,
            &format!("INSERT INTO alice.wide_{width} VALUES {}", rows.join(", ")),
        );
        execute(
            &mut alice,
            &format!(
                "UPDATE alice.wide_{width} SET c0 = NULL, x = x + 1 WHERE pk < 3; DELETE FROM alice.wide_{width} WHERE pk = 4"
            ),
        );
        execute(
            &mut alice,
            &format!(
                "BEGIN ISOLATION LEVEL REPEATABLE READ; UPDATE alice.wide_{width} SET c{last} = 5 WHERE pk = 1;
                 UPDATE alice.wide_{width} SET c{last} = NULL WHERE pk = 2; SELECT count(*) FROM alice.tv_wide_{width}; COMMIT",
                last = width - 1
            ),
        );
        let differences = value(
            &mut alice,
            &format!("SELECT count(*) FROM pg_tviews_verify('alice.tv_wide_{width}')"),
        );
        assert_eq!(differences, "0", "{width} columns");
        execute(
            &mut alice,
            &format!("SELECT pg_tviews_refresh('alice.tv_wide_{width}')"),
        );
    }
    stage.assert_sound();
}

/// A parallel plan sees what its transaction has written before.
#[test]
fn parallel_workers_read_the_state_of_their_transaction() {
    let stage = Stage::new(Rule::Owner);
    stage.run(
        "alice",
        "CREATE TABLE alice.item (pk integer PRIMARY KEY, n integer);
         INSERT INTO alice.item SELECT n, n FROM generate_series(1, 2000) AS n;
         CREATE TABLE alice.big AS SELECT n FROM generate_series(1, 20000) AS n;
         CREATE TABLE alice.tv_item AS SELECT pk, n FROM alice.item;
         CREATE FUNCTION alice.read() RETURNS bigint PARALLEL SAFE STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT sum(n) FROM alice.tv_item); END $$;
         CREATE FUNCTION alice.of(integer) RETURNS integer PARALLEL SAFE STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT n FROM alice.tv_item WHERE pk = $1); END $$;
         ANALYZE",
    );
    let force = if server::major_version() >= 16 {
        "debug_parallel_query"
    } else {
        "force_parallel_mode"
    };
    let mut alice = stage.session("alice");
    execute(
        &mut alice,
        &format!(
            "SET {force} = on; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2"
        ),
    );
    for (query, expected) in [
        ("SELECT alice.read()", "2003000"),
        ("SELECT max(alice.of(1)) FROM alice.big WHERE n < 100", "2"),
        (
            "SELECT sum(alice.of(b.n) - b.n) FROM alice.big b WHERE b.n <= 2000",
            "2000",
        ),
        ("SELECT sum(n) FROM alice.tv_item", "2003000"),
    ] {
        execute(&mut alice, "BEGIN; UPDATE alice.item SET n = n + 1");
        let found = value(&mut alice, query);
        let found_by_read = value(&mut alice, "SELECT sum(n) FROM alice.tv_item");
        execute(&mut alice, "ROLLBACK");
        assert_eq!(found_by_read, "2003000");
        assert_eq!(found, expected, "{query}");
    }
    stage.assert_sound();
}

/// Nested queries cost what they cost, and a cancel is heard.
#[test]
fn analysis_hears_a_cancel() {
    let stage = Stage::new(Rule::Owner);
    stage.run("mallory", "CREATE TABLE mal.n (i integer PRIMARY KEY, x integer)");
    let derived = |depth: usize| {
        (0..depth).fold("SELECT i, x FROM mal.n".to_owned(), |inner, level| {
            format!("SELECT d{level}.i, d{level}.x FROM ({inner}) AS d{level} JOIN mal.n n{level} ON n{level}.i = d{level}.i")
        })
    };
    let joined = |count: usize| {
        (1..count).fold("SELECT n0.i FROM mal.n n0".to_owned(), |text, level| {
            format!("{text} JOIN mal.n n{level} ON n{level}.i = n{}.x", level - 1)
        })
    };
    let unions = |count: usize| vec!["SELECT i, x FROM mal.n"; count].join(" UNION ALL ");
    let subqueries = |count: usize| {
        let parts: Vec<String> = (0..count)
            .map(|n| format!("(SELECT max(x) FROM mal.n n{n} WHERE n{n}.i = a.x) AS c{n}"))
            .collect();
        format!("SELECT a.i, {} FROM mal.n a", parts.join(", "))
    };
    let mut mallory = stage.session("mallory");
    execute(&mut mallory, "SET statement_timeout = '700ms'");
    for query in [
        derived(120),
        derived(256),
        joined(256),
        unions(300),
        subqueries(300),
    ] {
        let begin = Instant::now();
        let outcome = mallory.run(&format!("SELECT * FROM pg_tviews_analyze('{query}')"));
        let took = begin.elapsed();
        assert!(took < Duration::from_secs(5), "a cancel is not heard: {took:?}");
        if let Outcome::Failed(failure) = outcome {
            assert!(
                ["57014", "0A000", "54001", "54000", "54011"].contains(&failure.sqlstate.as_str()),
                "{failure}"
            );
        }
    }
}

/// What was written before a transaction became read-only is followed up all the same.
#[test]
fn a_transaction_may_become_read_only() {
    let stage = Stage::new(Rule::Owner);
    stage.run(
        "alice",
        "CREATE TABLE alice.item (pk integer PRIMARY KEY, n integer); INSERT INTO alice.item VALUES (1, 1);
         CREATE TABLE alice.tv_item AS SELECT pk, n FROM alice.item",
    );
    for end in [
        "SET TRANSACTION READ ONLY",
        "SET transaction_read_only = on",
        "SET LOCAL transaction_read_only = on",
        "SAVEPOINT a; SET TRANSACTION READ ONLY; RELEASE a",
        "SET TRANSACTION READ ONLY; TABLE alice.tv_item",
        "SET default_transaction_read_only = on",
    ] {
        let mut alice = stage.session("alice");
        execute(
            &mut alice,
            &format!("BEGIN; UPDATE alice.item SET n = n + 1; {end}; COMMIT"),
        );
        stage.assert_sound();
    }
}

/// A trigger that writes a source of its own tview again and again is stopped, and told why.
#[test]
fn triggers_that_never_come_to_rest_are_stopped() {
    for kind in ["BEFORE INSERT OR UPDATE", "AFTER INSERT OR UPDATE"] {
        let stage = Stage::new(Rule::Owner);
        stage.run(
            "alice",
            &format!(
                "CREATE TABLE alice.item (pk integer PRIMARY KEY, n integer); INSERT INTO alice.item VALUES (1, 1);
                 CREATE TABLE alice.tv_item AS SELECT pk, n FROM alice.item;
                 CREATE FUNCTION alice.again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE alice.item SET n = n + 1; RETURN NULL; END $$;
                 CREATE TRIGGER again {kind} ON alice.tv_item FOR EACH STATEMENT EXECUTE FUNCTION alice.again();
                 GRANT SELECT, UPDATE ON alice.item TO bob"
            ),
        );
        let mut bob = stage.session("bob");
        if let Outcome::Failed(failure) = bob.run("UPDATE alice.item SET n = 5") {
            assert!(
                !["57014", "XX000", "LOST"].contains(&failure.sqlstate.as_str()),
                "{failure}"
            );
        }
        stage.assert_sound();
    }
}

/// Constraints that are checked later, and columns that have values of their own, can't be added to a tview.
#[test]
fn what_makes_maintenance_fail_later_is_refused() {
    let stage = Stage::new(Rule::Owner);
    stage.run(
        "alice",
        "CREATE TABLE alice.item (pk integer PRIMARY KEY, n integer NOT NULL); INSERT INTO alice.item VALUES (1, 1);
         CREATE TABLE alice.tv_item AS SELECT pk, n FROM alice.item",
    );
    let mut alice = stage.session("alice");
    for command in [
        "ALTER TABLE alice.tv_item ADD CONSTRAINT late UNIQUE (n) DEFERRABLE INITIALLY DEFERRED",
        "ALTER TABLE alice.tv_item ADD FOREIGN KEY (n) REFERENCES alice.item DEFERRABLE INITIALLY DEFERRED",
        "ALTER TABLE alice.tv_item ALTER COLUMN pk ADD GENERATED ALWAYS AS IDENTITY",
        "CREATE TABLE alice.refers (pk integer REFERENCES alice.tv_item ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED)",
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON alice.tv_item DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    ] {
        refused(&mut alice, command, &["0A000", "55000", "2BP01"]);
        execute(
            &mut alice,
            "UPDATE alice.item SET n = n + 1; INSERT INTO alice.item SELECT max(pk) + 1, 1 FROM alice.item",
        );
        stage.assert_sound();
    }
}

/// A cancel that comes at any moment of an analysis leaves a session that goes on.
#[test]
fn a_cancel_at_any_moment_leaves_the_session() {
    let stage = Stage::new(Rule::Owner);
    stage.run("mallory", "CREATE TABLE mal.n (i integer PRIMARY KEY, x integer)");
    let nested = (0..60).fold("SELECT i, x FROM mal.n".to_owned(), |inner, level| {
        format!("SELECT d{level}.i, d{level}.x FROM ({inner}) AS d{level} JOIN mal.n n{level} ON n{level}.i = d{level}.i")
    });
    let mut mallory = stage.session("mallory");
    for step in 2..60 {
        execute(&mut mallory, &format!("SET statement_timeout = '{}ms'", step * 2));
        mallory.run(&format!("SELECT * FROM pg_tviews_analyze('{nested}')"));
        mallory.run(&format!("CREATE TABLE mal.tv_n AS {nested}"));
        execute(
            &mut mallory,
            "SET statement_timeout = 0; DROP TABLE IF EXISTS mal.tv_n",
        );
    }
    stage.assert_sound();
}
