//! A crash of the server: afterwards every tview equals its query, and is maintained. Unlogged tables are empty then, and so are the
//! tviews over them.

use pg_tviews_pgserver::{Server, ServerOptions};
use pg_tviews_tests::server::pg_config;
use pg_tviews_tests::session::Session;
use pg_tviews_tests::sure::connect;

const BEFORE: &str = "
    CREATE EXTENSION pg_tviews;
    CREATE TABLE page (pk integer PRIMARY KEY, name text);
    CREATE UNLOGGED TABLE page_view (pk integer PRIMARY KEY, fk_page integer);
    CREATE INDEX ON page_view (fk_page);
    CREATE TABLE tv_page AS SELECT pk, upper(name) AS name FROM page;
    CREATE TABLE tv_views AS SELECT fk_page, count(*) AS views FROM page_view GROUP BY fk_page;
    CREATE TABLE tv_again AS SELECT fk_page, views * 2 AS twice FROM tv_views;
    INSERT INTO page VALUES (1, 'home'), (2, 'help');
    INSERT INTO page_view SELECT n, n % 2 + 1 FROM generate_series(1, 10) AS n;
    CHECKPOINT;
    UPDATE page SET name = 'start' WHERE pk = 1;
    DELETE FROM page_view WHERE pk = 10";

const AFTER: &str = "
    INSERT INTO page VALUES (3, 'new');
    INSERT INTO page_view VALUES (1, 1), (2, 1)";

fn server() -> Server {
    let options = ServerOptions::new(pg_config()).setting("autovacuum", "off");
    Server::start(&options).unwrap_or_else(|error| panic!("the private server does not start: {error}"))
}

fn text(session: &mut Session, query: &str) -> String {
    let sql = format!("SELECT coalesce(string_agg(q::text, ' ' ORDER BY q::text), '') FROM ({query}) AS q");
    session.value(&sql).unwrap().unwrap_or_default()
}

fn assert_exact(session: &mut Session) {
    let differences = "SELECT v.name, d.key FROM tviews.views AS v, LATERAL pg_tviews_verify(v.name) AS d";
    assert_eq!(text(session, differences), "");
}

#[test]
fn a_crash_empties_unlogged_tviews_with_their_sources() {
    let mut server = server();
    let mut session = connect(&server);
    session
        .execute(BEFORE)
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert_exact(&mut session);
    assert_eq!(text(&mut session, "TABLE tv_again"), "(1,8) (2,10)");
    server.kill();
    server.restart().unwrap_or_else(|error| panic!("{error}"));
    let mut session = connect(&server);
    assert_exact(&mut session);
    assert_eq!(text(&mut session, "TABLE tv_page"), "(1,START) (2,HELP)");
    for emptied in ["page_view", "tv_views", "tv_again"] {
        assert_eq!(text(&mut session, &format!("TABLE {emptied}")), "", "{emptied}");
    }
    session
        .execute(AFTER)
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert_exact(&mut session);
    assert_eq!(text(&mut session, "TABLE tv_again"), "(1,4)");
}
