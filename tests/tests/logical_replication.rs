//! Logical replication: a published tview arrives at a subscriber as a table does; a subscriber maintains its own tviews over subscribed
//! tables, though what it applies fires no triggers of statements.

use std::thread;
use std::time::Duration;

use pg_tviews_pgserver::{Server, ServerOptions};
use pg_tviews_tests::load::client::{Client, Conduct};
use pg_tviews_tests::load::shop::{self, Tview};
use pg_tviews_tests::load::{assert_exact, create, differences, set_up};
use pg_tviews_tests::rng::Rng;
use pg_tviews_tests::server::{SUPERUSER, pg_config};
use pg_tviews_tests::session::Session;

/// Publisher and subscriber are databases of one server, so that slots are made by hand.
const PUBLISHER: &str = "postgres";

const PUBLISH: &str = "
    CREATE TABLE plain (pk integer PRIMARY KEY, name text);
    ALTER TABLE tag REPLICA IDENTITY FULL;
    ALTER TABLE hidden REPLICA IDENTITY FULL;
    CREATE PUBLICATION sources FOR TABLE country, customer, category, product, review, orders, line, tag, hidden, rate, event, plain
      WITH (publish_via_partition_root = true);
    CREATE PUBLICATION tviews FOR TABLE tv_product, tv_stars";

fn start() -> Server {
    let options = ServerOptions::new(pg_config())
        .setting("wal_level", "logical")
        .setting("max_logical_replication_workers", "12")
        .setting("max_worker_processes", "20");
    Server::start(&options).unwrap_or_else(|error| panic!("the private server does not start: {error}"))
}

fn connect(server: &Server, database: &str) -> Session {
    let parameters = server.connection_string(SUPERUSER, database);
    Session::connect(&parameters).unwrap_or_else(|failure| panic!("{failure}"))
}

fn execute(session: &mut Session, sql: &str) {
    session
        .execute(sql)
        .unwrap_or_else(|failure| panic!("{sql}: {failure}"));
}

fn value(session: &mut Session, sql: &str) -> String {
    let value = session
        .value(sql)
        .unwrap_or_else(|failure| panic!("{sql}: {failure}"));
    value.unwrap_or_default()
}

/// Creates a database and connects to it.
fn database(server: &Server, name: &str) -> Session {
    execute(
        &mut connect(server, PUBLISHER),
        &format!("CREATE DATABASE {name} TEMPLATE template0"),
    );
    connect(server, name)
}

/// Subscribes to a publication of the publisher.
fn subscribe(server: &Server, session: &mut Session, publication: &str, options: &str) {
    let name = value(session, "SELECT current_database()");
    let slot = format!("{name}_{publication}");
    let mut publisher = connect(server, PUBLISHER);
    value(
        &mut publisher,
        &format!("SELECT pg_create_logical_replication_slot('{slot}', 'pgoutput')"),
    );
    let parameters = server.connection_string(SUPERUSER, PUBLISHER).replace('\'', "''");
    execute(
        session,
        &format!(
            "CREATE SUBSCRIPTION {slot} CONNECTION '{parameters}' PUBLICATION {publication} \
             WITH (create_slot = false, slot_name = {slot}{options})"
        ),
    );
}

/// Waits until a condition holds.
fn wait_for(server: &Server, session: &mut Session, condition: &str) {
    for _ in 0..3000 {
        if value(session, &format!("SELECT {condition}")) == "t" {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!(
        "{condition} does not come true; the server's log:\n{}",
        server.log_text()
    );
}

/// Waits until the tables have been copied, and all that the publisher has committed has been applied.
fn wait_until_applied(server: &Server, subscriber: &mut Session) {
    wait_for(
        server,
        subscriber,
        "(SELECT coalesce(bool_and(srsubstate = 'r'), false) FROM pg_subscription_rel)",
    );
    let written = value(&mut connect(server, PUBLISHER), "SELECT pg_current_wal_lsn()");
    let applied = format!(
        "(SELECT bool_and(confirmed_flush_lsn >= '{written}') FROM pg_replication_slots \
           WHERE slot_name LIKE current_database() || '%')"
    );
    wait_for(server, subscriber, &applied);
}

fn write(server: &Server, seed: u64, transactions: usize) {
    let parameters = server.connection_string(SUPERUSER, PUBLISHER);
    let mut client = Client::connect(&parameters, &[], Rng::new(seed), Conduct::default())
        .unwrap_or_else(|problem| panic!("{problem}"));
    for _ in 0..transactions {
        client.transaction().unwrap_or_else(|problem| panic!("{problem}"));
    }
}

/// A publisher with the shop, its tviews and publications.
fn publisher(server: &Server, tviews: &[Tview]) -> Session {
    let mut session = connect(server, PUBLISHER);
    set_up(&mut session)
        .and_then(|()| create(&mut session, tviews))
        .and_then(|()| session.execute(PUBLISH))
        .unwrap_or_else(|failure| panic!("{failure}"));
    session
}

/// Tables without rows, as the subscriber has them.
fn empty_tables() -> String {
    let tables = shop::TABLES.lines().filter(|line| !line.starts_with("INSERT"));
    tables.collect::<Vec<_>>().join("\n")
}

fn rows(session: &mut Session, table: &str) -> String {
    value(
        session,
        &format!("SELECT string_agg(t::text, ' ' ORDER BY t::text) FROM {table} AS t"),
    )
}

#[test]
fn a_published_tview_arrives_as_a_table() {
    let server = start();
    let mut session = publisher(&server, &shop::BY_UNIT);
    let mut subscriber = database(&server, "reader");
    execute(
        &mut subscriber,
        "CREATE TABLE tv_product (pk integer PRIMARY KEY, fk_category integer, data jsonb);
         CREATE TABLE tv_stars (fk_product integer PRIMARY KEY, reviews bigint, stars bigint)",
    );
    subscribe(&server, &mut subscriber, "tviews", "");
    wait_until_applied(&server, &mut subscriber);
    for seed in [1, 2] {
        for table in ["tv_product", "tv_stars"] {
            assert_eq!(rows(&mut subscriber, table), rows(&mut session, table), "{table}");
        }
        write(&server, seed, 60);
        wait_until_applied(&server, &mut subscriber);
    }
}

#[test]
fn a_subscriber_maintains_tviews_over_what_is_applied() {
    let server = start();
    let mut session = publisher(&server, &shop::BY_UNIT);
    let tviews: Vec<Tview> = shop::BY_UNIT.into_iter().chain(shop::AS_A_WHOLE).collect();
    // Some tviews are there before the subscription, some come afterwards.
    let (before, after) = tviews.split_at(8);
    let mut subscriber = database(&server, "maintainer");
    execute(&mut subscriber, "CREATE EXTENSION pg_tviews");
    execute(&mut subscriber, &empty_tables());
    execute(
        &mut subscriber,
        "CREATE TABLE plain (pk integer PRIMARY KEY, name text)",
    );
    create(&mut subscriber, before).unwrap_or_else(|failure| panic!("{failure}"));
    subscribe(&server, &mut subscriber, "sources", "");
    wait_until_applied(&server, &mut subscriber);
    assert_exact(&mut subscriber, before);
    assert_ne!(value(&mut subscriber, "SELECT count(*) FROM tv_product"), "0");
    write(&server, 3, 60);
    wait_until_applied(&server, &mut subscriber);
    assert_exact(&mut subscriber, before);

    create(&mut subscriber, after).unwrap_or_else(|failure| panic!("{failure}"));
    execute(
        &mut subscriber,
        "CREATE TABLE event_new PARTITION OF event FOR VALUES IN ('far');
         CREATE TABLE tv_plain AS SELECT p.pk, upper(p.name) AS name FROM plain p;
         ALTER TABLE product DISABLE TRIGGER ALL; ALTER TABLE product ENABLE TRIGGER ALL",
    );
    write(&server, 4, 120);
    execute(
        &mut session,
        "INSERT INTO plain SELECT n, 'name ' || n FROM generate_series(1, 3) AS n; TRUNCATE tag;
         UPDATE event SET region = 'far' WHERE region = 'north'",
    );
    wait_until_applied(&server, &mut subscriber);
    assert_exact(&mut subscriber, &tviews);
    assert_eq!(
        rows(&mut subscriber, "tv_plain"),
        "(1,\"NAME 1\") (2,\"NAME 2\") (3,\"NAME 3\")"
    );
    assert_eq!(
        rows(&mut subscriber, "tv_product"),
        rows(&mut session, "tv_product")
    );
    let errors =
        "SELECT string_agg(h::text, ' ') FROM pg_tviews_health_check() AS h WHERE h.status = 'error'";
    assert_eq!(value(&mut subscriber, errors), "");

    // The subscriber's own writes are maintained as ever, and none is counted twice.
    execute(
        &mut subscriber,
        "INSERT INTO review VALUES (-1, 1, 5); UPDATE product SET price = price + 1 WHERE pk = 2;
         SET session_replication_role = replica; INSERT INTO review VALUES (-2, 1, 4)",
    );
    assert_exact(&mut subscriber, &tviews);
}

/// A tview that is itself subscribed to would be written by two: replication stops, and the tview stays as it is.
#[test]
fn nothing_is_applied_to_a_tview() {
    let server = start();
    let mut session = publisher(&server, &shop::BY_UNIT);
    let mut subscriber = database(&server, "target");
    let tviews = [shop::BY_UNIT[0]];
    set_up(&mut subscriber)
        .and_then(|()| create(&mut subscriber, &tviews))
        .and_then(|()| {
            subscriber.execute(
                "CREATE TABLE tv_stars (fk_product integer PRIMARY KEY, reviews bigint, stars bigint)",
            )
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    subscribe(
        &server,
        &mut subscriber,
        "tviews",
        ", copy_data = false, disable_on_error = true",
    );
    execute(&mut session, "UPDATE product SET price = price + 1000");
    wait_for(
        &server,
        &mut subscriber,
        "(SELECT NOT subenabled FROM pg_subscription)",
    );
    assert!(
        server
            .log_text()
            .contains("cannot write to tview \"public.tv_product\" by logical replication"),
        "{}",
        server.log_text()
    );
    assert_eq!(differences(&mut subscriber, &tviews), Ok(vec![]));
    execute(&mut subscriber, "UPDATE product SET price = price + 1");
    assert_exact(&mut subscriber, &tviews);
}
