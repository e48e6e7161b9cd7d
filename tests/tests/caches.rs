//! What a backend keeps between statements: never used when what it was made from has changed, and no more than is in use.

use pg_tviews_tests::server;
use pg_tviews_tests::session::Session;
use pg_tviews_tests::sure::execute;

const SET_UP: &str = "CREATE EXTENSION pg_tviews;
    CREATE SCHEMA shop;
    CREATE SCHEMA people;
    CREATE TYPE mood AS ENUM ('calm', 'wild');
    CREATE COLLATION german (locale = 'C');
    CREATE COLLATION other (locale = 'POSIX');
    CREATE FUNCTION label(integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'n' || $1 $$;
    CREATE TABLE shop.category (pk integer PRIMARY KEY, name text NOT NULL, mood mood);
    CREATE TABLE shop.product (pk integer PRIMARY KEY, fk_category integer REFERENCES shop.category, name text, price numeric, size integer);
    CREATE INDEX product_category ON shop.product (fk_category);
    INSERT INTO shop.category SELECT n, 'category ' || n, 'calm' FROM generate_series(1, 5) AS n;
    INSERT INTO shop.product SELECT n, 1 + n % 5, 'product ' || n, n, n FROM generate_series(1, 40) AS n;
    CREATE VIEW shop.priced AS SELECT pk, fk_category, price FROM shop.product WHERE price > 3;
    CREATE TABLE shop.tv_product AS
      SELECT p.pk, p.fk_category, jsonb_build_object('name', p.name, 'price', p.price, 'size', p.size, 'label', label(p.size),
               'category', jsonb_build_object('name', c.name, 'mood', c.mood)) AS data
        FROM shop.product p JOIN shop.category c ON c.pk = p.fk_category;
    CREATE TABLE shop.tv_category AS
      SELECT c.pk, to_jsonb(c) AS data, (SELECT sum(v.price) FROM shop.priced v WHERE v.fk_category = c.pk) AS total
        FROM shop.category c;
    CREATE TYPE address AS (street text, town text);
    CREATE TABLE people.label (pk integer);
    CREATE TABLE people.customer (pk integer PRIMARY KEY, mood mood, address address, kind regclass, note text COLLATE german);
    INSERT INTO people.customer SELECT n, 'calm', ('street ' || n, 'town ' || n)::address, 'people.label', 'note'
      FROM generate_series(1, 6) AS n;
    CREATE TABLE people.tv_customer AS
      SELECT c.pk, jsonb_build_object('calm', c.mood = 'calm', 'town', (c.address).town, 'label', c.kind = 'people.label'::regclass,
               'later', c.note > 'a' COLLATE german) AS data
        FROM people.customer c;
    CREATE TABLE shop.tv_stacked AS SELECT t.pk, t.data -> 'name' AS name, t.data -> 'category' AS category FROM shop.tv_product t;";

/// What another session changes, and what the session that has written before writes after it.
const CHANGES: &[(&str, &str)] = &[
    (
        "ALTER TABLE shop.product RENAME COLUMN price TO cost",
        "UPDATE shop.product SET cost = cost + 1",
    ),
    (
        "ALTER TABLE shop.product ADD COLUMN price numeric DEFAULT 7",
        "UPDATE shop.product SET price = 8, cost = cost + 1 WHERE pk < 9",
    ),
    (
        "ALTER TABLE shop.product RENAME TO item; CREATE TABLE shop.product AS SELECT pk, 'other' AS name FROM shop.item",
        "UPDATE shop.item SET name = name || '!'",
    ),
    (
        "ALTER TABLE shop.category ADD COLUMN colour text DEFAULT 'red'",
        "UPDATE shop.category SET colour = 'blue' WHERE pk < 3",
    ),
    (
        "ALTER TABLE shop.category ALTER COLUMN colour TYPE varchar(20)",
        "UPDATE shop.category SET colour = 'green', name = name || '+' WHERE pk > 3",
    ),
    (
        "ALTER TABLE shop.category DROP COLUMN colour",
        "UPDATE shop.category SET name = name || '-' WHERE pk > 2",
    ),
    (
        "DROP INDEX shop.product_category",
        "UPDATE shop.category SET name = name || '*' WHERE pk = 1",
    ),
    (
        "CREATE INDEX item_category ON shop.item (fk_category, pk)",
        "UPDATE shop.category SET name = name || '/' WHERE pk = 1",
    ),
    (
        "CREATE INDEX tv_product_category ON shop.tv_product (fk_category)",
        "UPDATE shop.category SET name = name || '=' WHERE pk = 1",
    ),
    (
        "DROP INDEX shop.tv_product_category",
        "UPDATE shop.category SET name = name || '(' WHERE pk = 1",
    ),
    (
        "ALTER TYPE mood ADD VALUE 'sad'",
        "UPDATE shop.category SET mood = 'sad' WHERE pk = 1",
    ),
    (
        "ALTER TYPE mood RENAME VALUE 'calm' TO 'quiet'; ALTER TYPE mood RENAME TO temper",
        "UPDATE shop.category SET mood = 'quiet' WHERE pk < 3",
    ),
    (
        "ALTER FUNCTION label(integer) RENAME TO caption; CREATE FUNCTION label(integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'wrong' $$",
        "UPDATE shop.item SET size = size + 1",
    ),
    (
        "ALTER FUNCTION caption(integer) SET SCHEMA shop",
        "UPDATE shop.item SET size = size + 1",
    ),
    (
        "ALTER SCHEMA shop RENAME TO store; CREATE SCHEMA shop",
        "UPDATE store.item SET name = name || '?', size = 3 WHERE pk < 20",
    ),
    (
        "ALTER TABLE store.tv_product RENAME TO tv_item; ALTER TABLE store.tv_item SET SCHEMA shop",
        "UPDATE store.item SET name = 'x' || name, fk_category = 2 WHERE pk < 10",
    ),
    (
        "ALTER TABLE shop.tv_item ADD CHECK (pk < 1000)",
        "UPDATE store.item SET name = 'y' || name WHERE pk < 10",
    ),
    (
        "CREATE TABLE store.tv_late AS SELECT i.pk, i.name, i.size FROM store.item i",
        "UPDATE store.item SET size = 100 + pk",
    ),
    (
        "ALTER TYPE temper RENAME VALUE 'quiet' TO 'x'; ALTER TYPE temper RENAME VALUE 'wild' TO 'quiet'; ALTER TYPE temper RENAME VALUE 'x' TO 'wild'",
        "UPDATE people.customer SET mood = CASE WHEN mood = 'quiet' THEN 'wild' ELSE 'quiet' END::temper",
    ),
    (
        "ALTER TYPE address RENAME ATTRIBUTE street TO x; ALTER TYPE address RENAME ATTRIBUTE town TO street; ALTER TYPE address RENAME ATTRIBUTE x TO town",
        "UPDATE people.customer SET address = ('road ' || pk, 'village ' || pk)::address",
    ),
    (
        "ALTER TABLE people.label RENAME TO old_label; CREATE TABLE people.label (pk integer)",
        "UPDATE people.customer SET kind = CASE kind WHEN 'people.label'::regclass THEN 'people.old_label' ELSE 'people.label' END::regclass",
    ),
    (
        "ALTER COLLATION german RENAME TO x; ALTER COLLATION other RENAME TO german",
        "UPDATE people.customer SET note = note || '!'",
    ),
    (
        "SELECT pg_tviews_drop('store.tv_stacked')",
        "UPDATE store.item SET name = 'z' || name, size = size + 1",
    ),
    (
        "ANALYZE; CREATE TEMPORARY TABLE passing (n integer)",
        "INSERT INTO store.item (pk, fk_category, name, cost, size) VALUES (50, 1, 'new', 5, 5)",
    ),
];

/// The tviews that differ from their queries.
fn differing(session: &mut Session) -> Vec<Vec<Option<String>>> {
    let names = session
        .rows("SELECT tview::text, definition::text FROM tviews.tview ORDER BY 1")
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert!(names.len() >= 3);
    let mut found = vec![];
    for name in names {
        let [Some(tview), Some(definition)] = name.as_slice() else {
            panic!("{name:?}");
        };
        let rows = |table: &str| format!("SELECT ROW(t.*)::text AS row FROM {table} AS t");
        let (left, right) = (rows(tview), rows(definition));
        let difference = format!(
            "SELECT * FROM (({left} EXCEPT ALL {right}) UNION ALL ({right} EXCEPT ALL {left})) AS difference"
        );
        found.extend(
            session
                .rows(&difference)
                .unwrap_or_else(|failure| panic!("{failure}")),
        );
    }
    found
}

/// One session writes, another one changes what its plans were made from, the first one writes again.
fn follows_changes(name: &str, settings: &str) {
    let database = server::create_database(name);
    let mut writer = server::connect(server::SUPERUSER, &database);
    let mut other = server::connect(server::SUPERUSER, &database);
    execute(&mut other, SET_UP);
    execute(&mut writer, settings);
    execute(
        &mut writer,
        "UPDATE shop.product SET name = name || '.', price = price + 1",
    );
    execute(&mut writer, "UPDATE shop.category SET name = name || '.'");
    // From then on it tells types that it knows from others.
    execute(&mut other, "CREATE TEMPORARY TABLE first (n integer)");
    execute(&mut writer, "UPDATE shop.category SET name = name || '.'");
    for (change, write) in CHANGES {
        execute(&mut writer, "UPDATE people.customer SET note = note || '.'");
        execute(&mut other, change);
        execute(&mut writer, write);
        let after = differing(&mut other);
        assert_eq!(after, Vec::<Vec<Option<String>>>::new(), "{change}\n{write}");
        // Once more with what is known now.
        execute(
            &mut writer,
            &write.replace("INSERT", "DELETE FROM store.item WHERE pk = 50; INSERT"),
        );
        let after = differing(&mut other);
        assert_eq!(
            after,
            Vec::<Vec<Option<String>>>::new(),
            "{change}\n{write} again"
        );
    }
}

#[test]
fn changes_of_another_session_are_followed() {
    follows_changes("caches", "");
}

#[test]
fn changes_of_another_session_are_followed_without_patching() {
    follows_changes("caches_whole", "SET pg_tviews.patching = off");
}

/// A session that creates and drops tviews for a long time keeps prepared plans of those only that are there.
#[test]
fn memory_of_dropped_tviews_is_given_back() {
    let database = server::create_database("memory");
    let mut session = server::connect(server::SUPERUSER, &database);
    execute(
        &mut session,
        "CREATE EXTENSION pg_tviews;
         CREATE TABLE item (pk integer PRIMARY KEY, n integer, m integer);
         INSERT INTO item SELECT n, n, n FROM generate_series(1, 10) AS n;
         CREATE TABLE tv_lasting AS SELECT pk, n FROM item;",
    );
    let mut turns = |count: u32| {
        for turn in 0..count {
            execute(
                &mut session,
                &format!(
                    "CREATE TABLE passing (pk integer PRIMARY KEY, fk_item integer);
                     INSERT INTO passing SELECT n, n FROM generate_series(1, 5) AS n;
                     CREATE TABLE tv_{turn} AS SELECT i.pk, i.n, i.m, (SELECT count(*) FROM passing p WHERE p.fk_item = i.pk) AS passing FROM item i"
                ),
            );
            for write in [
                "UPDATE item SET n = n + 1 WHERE pk = 1",
                "UPDATE item SET n = n + 1",
                "INSERT INTO item VALUES (99, 1, 1)",
                "DELETE FROM item WHERE pk = 99",
                "UPDATE passing SET fk_item = fk_item + 1",
            ] {
                execute(&mut session, write);
            }
            execute(
                &mut session,
                &format!("SELECT pg_tviews_drop('tv_{turn}', true); DROP TABLE passing"),
            );
        }
        execute(&mut session, "UPDATE item SET n = n + 1 WHERE pk = 1");
        let contexts = "SELECT pg_catalog.count(*)::text FROM pg_catalog.pg_backend_memory_contexts
             WHERE name IN ('pg_tviews', 'SPI Plan', 'CachedPlanSource', 'CachedPlanQuery', 'CachedPlan')";
        session
            .value(contexts)
            .unwrap_or_else(|failure| panic!("{failure}"))
            .and_then(|count| count.parse::<u32>().ok())
            .unwrap_or_default()
    };
    let few = turns(3);
    let many = turns(30);
    assert!(few > 0);
    assert_eq!(few, many);
}
