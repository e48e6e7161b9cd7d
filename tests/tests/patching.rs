//! Documents of lookups, and changes of single columns: whether leaves are patched or rows computed anew, every tview equals its
//! defining query after each statement.
//!
//! `ORACLE_SEED`, `ORACLE_STATEMENTS` and `ORACLE_FAILURES` as for the oracle.

use pg_tviews_tests::generate::Options;
use pg_tviews_tests::oracle::Hunt;
use pg_tviews_tests::oracle::keeper::{Extension, Keeper, PlainView};
use pg_tviews_tests::server;
use pg_tviews_tests::session::{Failure, Session};

fn documents(name: &str, statements: usize, keeper: &dyn Keeper, session: &str) {
    let options = Options {
        documents: true,
        ..Options::for_server()
    };
    Hunt::from_environment(20_260_201, statements, options).finds_nothing(name, keeper, session);
}

#[test]
fn patched_documents_equal_their_queries() {
    documents("patching", 800, &Extension, "");
}

/// The same statements with patching turned off: the content is the same.
#[test]
fn documents_computed_as_a_whole_equal_their_queries() {
    documents("whole", 200, &Extension, "-c pg_tviews.patching=off");
}

/// The same, maintained after each statement.
#[test]
fn documents_patched_after_each_statement_equal_their_queries() {
    documents("statement", 200, &Extension, "-c pg_tviews.maintenance=statement");
}

/// The generated definitions have one result on the same data.
#[test]
fn the_documents_make_sense() {
    documents("documents", 200, &PlainView, "");
}

/// What the server has counted for a table, everything before included.
fn counted(session: &mut Session, what: &str, table: &str) -> Result<i64, Failure> {
    session.execute("SELECT pg_stat_force_next_flush()")?;
    let sql = format!(
        "SELECT sum({what}) FROM pg_stat_user_tables t JOIN pg_statio_user_tables USING (relid)
          WHERE t.relname = '{table}'"
    );
    let count = session.value(&sql)?;
    Ok(count.and_then(|count| count.parse().ok()).unwrap_or(-1))
}

/// Documents of 100 to 2,000 bytes: changes of one leaf, each a transaction, make no index entries, and values that are stored out of line and
/// stay as they are aren't read.
#[test]
fn a_patch_stays_in_its_page_and_fetches_nothing() -> Result<(), Failure> {
    let database = server::create_database("pages");
    let mut session = server::connect(server::SUPERUSER, &database);
    session.execute(
        "CREATE EXTENSION pg_tviews;
         CREATE TABLE tb_item (pk integer PRIMARY KEY, price numeric, note text, attributes jsonb);
         ALTER TABLE tb_item ALTER attributes SET STORAGE EXTERNAL;
         INSERT INTO tb_item
         SELECT i, i, repeat('x', i * 8), to_jsonb(repeat(md5(i::text), 200)) FROM generate_series(1, 200) i",
    )?;
    for columns in ["'note', note", "'attributes', attributes"] {
        session.execute(&format!(
            "CREATE TABLE tv_item AS
             SELECT pk, jsonb_build_object('price', price, {columns}) AS data FROM tb_item"
        ))?;
        let fetched = counted(&mut session, "toast_blks_hit + toast_blks_read", "tb_item")?;
        for item in (1..200).step_by(10) {
            session.execute(&format!("UPDATE tb_item SET price = price + 1 WHERE pk = {item}"))?;
        }
        assert_eq!(counted(&mut session, "n_tup_upd", "tv_item")?, 20, "{columns}");
        assert_eq!(
            counted(&mut session, "n_tup_hot_upd", "tv_item")?,
            20,
            "{columns}"
        );
        let later = counted(&mut session, "toast_blks_hit + toast_blks_read", "tb_item")?;
        assert_eq!(later, fetched, "{columns}");
        assert_eq!(
            session.rows("SELECT * FROM pg_tviews_verify('tv_item')")?.len(),
            0
        );
        session.execute("DROP TABLE tv_item")?;
    }
    Ok(())
}
