//! A role wants to see what it may not read.

use pg_tviews_tests::attack::stage::refused;
use pg_tviews_tests::attack::{Rule, Stage};
use pg_tviews_tests::session::Outcome;
use pg_tviews_tests::sure::execute;

const SECRET: &str = "hidden4711";

fn stage() -> Stage {
    let stage = Stage::new(Rule::Owner);
    stage.run(
        "alice",
        &format!(
            "CREATE TABLE alice.secret (pk integer PRIMARY KEY, word text NOT NULL);
             CREATE TABLE alice.open (pk integer PRIMARY KEY, fk integer, n integer);
             INSERT INTO alice.secret VALUES (1, '{SECRET}'), (2, '{SECRET} too');
             INSERT INTO alice.open VALUES (1, 1, 1), (2, 2, 2);
             CREATE TABLE alice.tv_both AS SELECT o.pk, o.n, s.word FROM alice.open o LEFT JOIN alice.secret s ON s.pk = o.fk;
             CREATE TABLE alice.tv_number AS SELECT o.pk, o.n / (length(s.word) - 10) AS q, (CASE WHEN o.n > 50 THEN s.word ELSE '1' END)::integer AS c
               FROM alice.open o JOIN alice.secret s ON s.pk = o.fk WHERE o.n > 10;
             GRANT SELECT, INSERT, UPDATE, DELETE ON alice.open TO mallory"
        ),
    );
    stage
}

/// An error of maintenance shows a writer no values that the writer may not read.
#[test]
fn errors_tell_writers_no_values() {
    let constraints = [
        "ALTER TABLE alice.tv_both ADD CONSTRAINT c CHECK (n < 10)",
        "CREATE UNIQUE INDEX u ON alice.tv_both (word)",
        "ALTER TABLE alice.tv_both ADD CONSTRAINT e EXCLUDE USING btree (word WITH =)",
        "CREATE FUNCTION alice.tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'row %', NEW; END $$;
         CREATE TRIGGER t AFTER UPDATE ON alice.tv_both FOR EACH ROW EXECUTE FUNCTION alice.tell()",
        "CREATE INDEX i ON alice.tv_both ((CASE WHEN n > 3 THEN word::integer END))",
        "ALTER TABLE alice.tv_both ALTER COLUMN word SET NOT NULL",
        "SELECT 1",
    ];
    let writes = [
        "UPDATE alice.open SET n = 20",
        "UPDATE alice.open SET fk = 1",
        "INSERT INTO alice.open VALUES (3, 1, 60)",
        "INSERT INTO alice.open VALUES (4, 99, 4)",
        "UPDATE alice.open SET n = 70; SELECT 1",
        "BEGIN; UPDATE alice.open SET n = 71; COMMIT",
        "BEGIN ISOLATION LEVEL SERIALIZABLE; UPDATE alice.open SET n = 72; COMMIT",
        "SET pg_tviews.maintenance = 'statement'; UPDATE alice.open SET n = 73",
        "DO $$ BEGIN UPDATE alice.open SET n = 74; SET CONSTRAINTS ALL IMMEDIATE; EXCEPTION WHEN OTHERS THEN RAISE '% %', SQLERRM, SQLSTATE; END $$",
    ];
    let mut failures = 0;
    for constraint in constraints {
        let stage = stage();
        // A part of these is refused, which is well.
        stage.session("alice").run(constraint);
        for write in writes {
            let mut mallory = stage.session("mallory");
            execute(&mut mallory, "SET client_min_messages = 'debug1'");
            if let Outcome::Failed(failure) = mallory.run(write) {
                failures += 1;
                assert!(
                    !failure.to_string().contains("hidden"),
                    "{constraint}\n{write}\n{failure}"
                );
            }
        }
        stage.assert_sound();
    }
    assert!(failures > 15, "only {failures} writes fail");
}

/// Looking at a tview shows what SELECT would, and nothing else.
#[test]
fn looks_show_what_select_shows() {
    let stage = stage();
    stage.run(
        "alice",
        "CREATE TABLE alice.tv_rows AS SELECT pk, word FROM alice.secret;
         ALTER TABLE alice.tv_rows ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON alice.tv_rows USING (pk > 100);
         GRANT SELECT ON alice.tv_rows TO mallory;
         CREATE TABLE alice.tv_columns AS SELECT pk, word FROM alice.secret; GRANT SELECT (pk) ON alice.tv_columns TO mallory;
         ALTER TABLE alice.tv_columns DISABLE TRIGGER ALL",
    );
    let mut mallory = stage.session("mallory");
    for tview in [
        "alice.tv_rows",
        "alice.tv_columns",
        "alice.tv_both",
        "alice.secret",
        "alice.nothing",
    ] {
        for function in [
            "pg_tviews_verify",
            "pg_tviews_refresh",
            "pg_tviews_suspend",
            "pg_tviews_resume",
            "pg_tviews_drop",
        ] {
            refused(
                &mut mallory,
                &format!("SELECT * FROM {function}('{tview}')"),
                &["42501", "42809", "42P01"],
            );
        }
        for look in [
            format!("SELECT * FROM pg_tviews_explain('{tview}')"),
            "SELECT * FROM pg_tviews_health_check()".to_owned(),
            "SELECT * FROM tviews.locks".to_owned(),
            format!("SELECT * FROM {tview}"),
        ] {
            if let Ok(rows) = mallory.rows(&look) {
                assert!(!format!("{rows:?}").contains("hidden"), "{look}: {rows:?}");
            }
        }
    }
    stage.assert_sound();
}

/// What is locked tells no values: the tags are not a function of the key that anybody can compute.
#[test]
fn locks_tell_no_values() {
    let hashes: Vec<Vec<Vec<Option<String>>>> = (0..2)
        .map(|_| {
            let stage = stage();
            let mut bob = stage.session("bob");
            refused(&mut bob, "SELECT * FROM tviews.secret", &["42501", "42P01"]);
            let mut alice = stage.session("alice");
            execute(
                &mut alice,
                "BEGIN; UPDATE alice.open SET n = n + 1 WHERE pk = 1; TABLE alice.tv_both",
            );
            let rows = stage
                .session("mallory")
                .rows("SELECT objid FROM pg_locks WHERE locktype = 'userlock' ORDER BY 1");
            rows.unwrap_or_else(|failure| panic!("{failure}"))
        })
        .collect();
    assert!(!hashes[0].is_empty());
    assert_ne!(
        hashes[0], hashes[1],
        "the same keys have the same hashes in another database"
    );
}
