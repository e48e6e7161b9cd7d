//! `pg_upgrade`: the new server has the same tviews with the same rows, and maintains them.
//!
//! `PG_TVIEWS_OLD_PG_CONFIG` names the installation to upgrade from; without it, a server is upgraded to its own version.

use std::path::PathBuf;

use pg_tviews_pgserver::{Server, ServerOptions};
use pg_tviews_tests::load::client::{Client, Conduct};
use pg_tviews_tests::load::shop::{self, Tview};
use pg_tviews_tests::load::{assert_exact, create, set_up};
use pg_tviews_tests::rng::Rng;
use pg_tviews_tests::server::{OLD_PG_CONFIG, SUPERUSER, pg_config};
use pg_tviews_tests::session::Session;

/// What the shop lacks: names that have to be quoted, a tview with an index, partitions of another order, settings that a text depends on,
/// a suspended tview.
const MORE: &str = r#"
    CREATE SCHEMA "Odd ""schema""";
    SET TimeZone = 'Asia/Kathmandu';
    CREATE TABLE "Odd ""schema"""."source $$" ("select" text PRIMARY KEY, at timestamptz);
    INSERT INTO "Odd ""schema"""."source $$" VALUES ('it''s', '2024-01-01 12:00:00+00');
    CREATE TABLE "Odd ""schema"""."tv_Odd" AS SELECT "select", at::text AS text FROM "Odd ""schema"""."source $$";
    RESET TimeZone;
    CREATE INDEX ON tv_product ((data ->> 'name'));
    CREATE TABLE tv_asleep AS SELECT pk, name FROM customer;
    SELECT pg_tviews_suspend('tv_asleep');
    UPDATE customer SET name = name || '!' WHERE pk = 1;
    DROP TABLE event_north"#;

/// Some distributions' servers put options of their own on columns, which no other server takes, with tviews or without.
const FOREIGN_OPTIONS: &str =
    "UPDATE pg_catalog.pg_attribute SET attoptions = NULL WHERE attoptions IS NOT NULL";

const CHANGE: &str = r#"UPDATE "Odd ""schema"""."source $$" SET at = at + interval '1 day'"#;

const ODD: &str = r#"SELECT "select" || ' ' || text FROM "Odd ""schema"""."tv_Odd""#;

fn connect(server: &Server) -> Session {
    let parameters = server.connection_string(SUPERUSER, "postgres");
    Session::connect(&parameters).unwrap_or_else(|failure| panic!("{failure}"))
}

fn value(session: &mut Session, sql: &str) -> String {
    let value = session
        .value(sql)
        .unwrap_or_else(|failure| panic!("{sql}: {failure}"));
    value.unwrap_or_default()
}

fn execute(session: &mut Session, sql: &str) {
    session
        .execute(sql)
        .unwrap_or_else(|failure| panic!("{sql}: {failure}"));
}

/// Random transactions.
fn write(server: &Server, tviews: &[Tview], seed: u64) {
    let parameters = server.connection_string(SUPERUSER, "postgres");
    let mut client = Client::connect(&parameters, tviews, Rng::new(seed), Conduct::default())
        .unwrap_or_else(|problem| panic!("{problem}"));
    for _ in 0..60 {
        client.transaction().unwrap_or_else(|problem| panic!("{problem}"));
    }
}

#[test]
fn an_upgraded_server_maintains_its_tviews() {
    let old = std::env::var_os(OLD_PG_CONFIG).map_or_else(pg_config, PathBuf::from);
    let options = |pg_config: PathBuf| ServerOptions::new(pg_config).checksums(true);
    let mut server =
        Server::start(&options(old)).unwrap_or_else(|error| panic!("the old server does not start: {error}"));
    let tviews: Vec<Tview> = shop::BY_UNIT.into_iter().chain(shop::AS_A_WHOLE).collect();
    let mut session = connect(&server);
    set_up(&mut session)
        .and_then(|()| create(&mut session, &tviews))
        .and_then(|()| session.execute(MORE))
        .unwrap_or_else(|failure| panic!("{failure}"));
    write(&server, &tviews, 1);
    execute(&mut session, FOREIGN_OPTIONS);
    drop(session);

    let upgraded = server
        .upgrade(&options(pg_config()))
        .unwrap_or_else(|error| panic!("{error}"));
    drop(server);
    let mut session = connect(&upgraded);
    assert_exact(&mut session, &tviews);
    assert_eq!(value(&mut session, ODD), "it's 2024-01-01 17:45:00+05:45");
    execute(&mut session, CHANGE);
    assert_eq!(value(&mut session, ODD), "it's 2024-01-02 17:45:00+05:45");
    write(&upgraded, &tviews, 2);
    assert_exact(&mut session, &tviews);
    let asleep = "SELECT bool_or(name LIKE '%!') FROM tv_asleep";
    assert_eq!(value(&mut session, asleep), "f", "maintained though suspended");
    execute(&mut session, "SELECT pg_tviews_resume('tv_asleep')");
    assert_exact(
        &mut session,
        &[Tview {
            name: "tv_asleep",
            query: "SELECT pk, name FROM customer",
            reads: &[],
        }],
    );
    let refused = session.run("DELETE FROM tv_product");
    assert!(
        refused.sqlstate().is_some(),
        "an upgraded tview takes direct writes"
    );
    // Its event triggers fire in each session, as before.
    let health = "SELECT string_agg(h::text, ' ') FROM pg_tviews_health_check() AS h
                   WHERE h.status = 'error' OR h.message LIKE 'event trigger%'";
    assert_eq!(value(&mut session, health), "");
    execute(&mut session, "DROP TABLE product, category, customer CASCADE");
}
