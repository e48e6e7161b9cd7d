//! Nobody but maintenance writes to a tview, whatever has happened in the session before.

use pg_tviews_tests::server;

/// A statement of maintenance that fails before its first row leaves no permission behind.
#[test]
fn a_failed_statement_leaves_no_permission() {
    let database = server::create_database("guard");
    let mut writer = server::connect(server::SUPERUSER, &database);
    let mut other = server::connect(server::SUPERUSER, &database);
    let set_up = "CREATE EXTENSION pg_tviews;
        CREATE TABLE item (pk integer PRIMARY KEY, n integer);
        INSERT INTO item VALUES (1, 1);
        CREATE TABLE tv_item AS SELECT pk, n FROM item;
        UPDATE item SET n = 5;";
    writer
        .execute(set_up)
        .unwrap_or_else(|failure| panic!("{failure}"));
    other
        .execute("BEGIN; LOCK TABLE tv_item IN SHARE MODE")
        .unwrap_or_else(|failure| panic!("{failure}"));
    let blocked = writer.run("SET lock_timeout = '100ms'; UPDATE item SET n = 2");
    assert_eq!(blocked.sqlstate(), Some("55P03"));
    other
        .execute("COMMIT")
        .unwrap_or_else(|failure| panic!("{failure}"));
    for write in [
        "UPDATE tv_item SET n = 99",
        "INSERT INTO tv_item VALUES (7, 7)",
        "DELETE FROM tv_item",
    ] {
        assert_eq!(writer.run(write).sqlstate(), Some("55000"), "{write}");
    }
    let row = writer
        .value("SELECT n::text FROM tv_item")
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(row.as_deref(), Some("5"));
}
