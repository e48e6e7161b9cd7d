//! `pg_dump` and `pg_restore`: the copy has the same tviews with the same rows, and maintains them.

use std::path::PathBuf;

use pg_tviews_tests::psql::psql;
use pg_tviews_tests::session::{Failure, Session};
use pg_tviews_tests::{command, server};

/// Tables with data, and tviews of several kinds over them.
const SOURCE: &str = r#"
    CREATE EXTENSION pg_tviews;
    CREATE SCHEMA app;
    CREATE TABLE app.category (pk integer PRIMARY KEY, name text);
    CREATE TABLE app.product (pk integer PRIMARY KEY, fk_category integer REFERENCES app.category, name text, price numeric);
    CREATE TABLE app."Odd ""name""; $$" ("select" text PRIMARY KEY, at timestamptz);
    INSERT INTO app.category VALUES (1, 'Tools'), (2, 'Toys');
    INSERT INTO app.product SELECT n, n % 3, 'product ' || n, n / 7.0 FROM generate_series(1, 2) AS n;
    INSERT INTO app."Odd ""name""; $$" VALUES ('it''s', '2024-01-01 12:00:00+00');
    CREATE VIEW app.v_product AS
      SELECT p.pk, jsonb_build_object('name', p.name, 'price', p.price, 'category', c.name) AS data
        FROM app.product p LEFT JOIN app.category c ON c.pk = p.fk_category;
    CREATE TABLE app.tv_product AS SELECT * FROM app.v_product;
    CREATE TABLE app.tv_whole AS SELECT c.pk, to_jsonb(c) AS data FROM app.category c;
    CREATE TABLE app.tv_stacked AS
      SELECT c.pk, (SELECT jsonb_agg(p.data ORDER BY p.pk) FROM app.tv_product p
                     WHERE p.data->>'category' = c.name) AS data
        FROM app.category c;
    SET TimeZone = 'Asia/Kathmandu';
    CREATE TABLE app."tv_Odd" AS SELECT "select", at::text AS text FROM app."Odd ""name""; $$";
    RESET TimeZone;
    CREATE TABLE app.event (pk integer, region text, fk_category integer, PRIMARY KEY (pk, region)) PARTITION BY LIST (region);
    CREATE TABLE app.event_n PARTITION OF app.event FOR VALUES IN ('n');
    CREATE TABLE app.event_s (region text NOT NULL, fk_category integer, pk integer NOT NULL);
    ALTER TABLE app.event ATTACH PARTITION app.event_s FOR VALUES IN ('s');
    -- A dump makes them in another order than they were made in.
    CREATE TABLE app.event_a PARTITION OF app.event FOR VALUES IN ('a');
    CREATE TABLE app.event_more (n integer);
    CREATE TABLE app.event_most () INHERITS (app.event_more);
    CREATE TABLE app.event_least () INHERITS (app.event_more);
    CREATE TABLE app.event_both () INHERITS (app.event_most, app.event_least);
    INSERT INTO app.event VALUES (1, 'n', 1), (2, 's', 2);
    INSERT INTO app.event_most VALUES (9);
    CREATE TABLE app.tv_event AS
      SELECT e.pk, e.region, (SELECT count(*) FROM app.event_more m WHERE m.n = e.pk) AS more FROM app.event e;
    -- Views that a dump can only make when the primary keys are there.
    CREATE VIEW app.v_count AS
      SELECT c.pk, c.name, count(p.pk) AS products FROM app.category c LEFT JOIN app.product p ON p.fk_category = c.pk GROUP BY c.pk;
    CREATE TABLE app.tv_count AS SELECT pk, products, name COLLATE "C" AS name FROM app.v_count;
    CREATE TABLE app.tv_grouped AS
      SELECT c.pk, c.name, max(p.price) AS dearest FROM app.category c LEFT JOIN app.product p ON p.fk_category = c.pk GROUP BY c.pk;
    CREATE INDEX tv_product_name ON app.tv_product ((data->>'name'));
    COMMENT ON TABLE app.tv_product IS 'kept up to date';
"#;

const TVIEWS: [&str; 7] = [
    "app.tv_count",
    "app.tv_grouped",
    "app.tv_product",
    "app.tv_event",
    "app.tv_whole",
    "app.tv_stacked",
    "app.\"tv_Odd\"",
];

/// What changes in the copy, and in the original for comparison.
const CHANGES: &str = r#"
    UPDATE app.category SET name = name || '!' WHERE pk = 1;
    INSERT INTO app.product VALUES (100, 2, 'new', 5.00);
    DELETE FROM app.product WHERE pk = 1;
    UPDATE app."Odd ""name""; $$" SET at = at + interval '1 day';
    INSERT INTO app."Odd ""name""; $$" VALUES ('$$', '2024-06-01 12:00:00+00');
    SET session_replication_role = replica;
    UPDATE app.category SET name = name || '?' WHERE pk = 2;
    RESET session_replication_role;
    INSERT INTO app.event VALUES (3, 's', 1);
    INSERT INTO app.event_s VALUES ('s', 2, 4);
    INSERT INTO app.event_most VALUES (1), (3);
    DROP TABLE app.event_n;
    CREATE TABLE app.event_w PARTITION OF app.event FOR VALUES IN ('w');
    INSERT INTO app.event_w VALUES (5, 'w', 2);
    DELETE FROM app.event_more WHERE n = 1;
    INSERT INTO app.event_a VALUES (6, 'a', 1);
    INSERT INTO app.event_both VALUES (2), (6);
    DELETE FROM app.event_least WHERE n = 2;
"#;

fn original() -> String {
    original_in("app")
}

fn original_in(schema: &str) -> String {
    let name = server::create_database("original");
    let mut session = server::connect(server::SUPERUSER, &name);
    session
        .execute(&renamed(SOURCE, schema))
        .unwrap_or_else(|failure| panic!("{failure}"));
    name
}

fn rows(session: &mut Session, relation: &str) -> Result<Vec<Vec<Option<String>>>, Failure> {
    session.rows(&format!("SELECT t::text FROM {relation} AS t ORDER BY 1"))
}

/// The statements with the tables in another schema.
fn renamed(sql: &str, schema: &str) -> String {
    sql.replace("app.", &format!("{schema}."))
        .replace("SCHEMA app", &format!("SCHEMA {schema}"))
}

fn assert_alive(original: &str, copy: &str) {
    assert_alive_in("app", original, copy);
}

/// Changes both databases alike and compares every tview.
fn assert_alive_in(schema: &str, original: &str, copy: &str) {
    let mut sessions = [original, copy].map(|name| server::connect(server::SUPERUSER, name));
    for step in ["SELECT 1", CHANGES] {
        for session in &mut sessions {
            session
                .execute(&renamed(step, schema))
                .unwrap_or_else(|failure| panic!("{failure}"));
        }
        for tview in TVIEWS.map(|name| renamed(name, schema)) {
            let [expected, actual] = sessions.each_mut().map(|session| rows(session, &tview).unwrap());
            assert_eq!(expected, actual, "{tview}");
            let verify = format!("SELECT v::text FROM pg_tviews_verify('{tview}') AS v");
            assert_eq!(
                sessions[1].rows(&verify).unwrap(),
                Vec::<Vec<_>>::new(),
                "{tview}"
            );
        }
    }
    let refused = sessions[1].run(&renamed("DELETE FROM app.tv_product", schema));
    assert!(
        refused.sqlstate().is_some(),
        "a restored tview takes direct writes"
    );
    let sql = "SELECT count(*) FROM pg_class WHERE relname = 'tv_product_name'";
    assert_eq!(sessions[1].value(sql).unwrap().as_deref(), Some("1"));
    let dropped = "DROP TABLE app.tv_stacked; DROP SCHEMA app CASCADE; DROP EXTENSION pg_tviews";
    sessions[1]
        .execute(&renamed(dropped, schema))
        .unwrap_or_else(|failure| panic!("{failure}"));
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("pg_tviews_dump_{}_{name}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    folder
}

fn dump(database: &str, options: &[&str]) -> String {
    let server = server::server();
    let connection = server.connection_string(server::SUPERUSER, database);
    let arguments: Vec<&str> = options.iter().copied().chain(["-d", &connection]).collect();
    command::output(&server.bin("pg_dump"), &arguments)
}

fn restore(file: &str, options: &[&str]) -> String {
    let copy = server::create_database("copy");
    restore_into(&copy, file, options);
    copy
}

fn restore_into(copy: &str, file: &str, options: &[&str]) {
    let server = server::server();
    let connection = server.connection_string(server::SUPERUSER, copy);
    let arguments: Vec<&str> = options
        .iter()
        .copied()
        .chain(["--exit-on-error", "-d", &connection, file])
        .collect();
    command::output(&server.bin("pg_restore"), &arguments);
}

fn restore_text(text: &str) -> String {
    let copy = server::create_database("copy");
    let printed = psql(&copy, &["-v", "ON_ERROR_STOP=1"], text);
    assert!(!printed.contains("ERROR"), "{printed}");
    copy
}

#[test]
fn a_plain_dump_goes_on_living() {
    let original = original();
    let copy = restore_text(&dump(&original, &[]));
    assert_alive(&original, &copy);
}

#[test]
fn a_dump_with_inserts_goes_on_living() {
    let original = original();
    let copy = restore_text(&dump(&original, &["--inserts"]));
    assert_alive(&original, &copy);
}

#[test]
fn archives_go_on_living() {
    let dumped = original();
    let folder = folder("archives");
    let archive = folder.join("archive").display().to_string();
    let directory = folder.join("directory").display().to_string();
    dump(&dumped, &["-Fc", "-f", &archive]);
    dump(&dumped, &["-Fd", "-j", "2", "-f", &directory]);
    let copies = [
        restore(&archive, &[]),
        restore(&directory, &["-j", "2"]),
        restore(&archive, &["--single-transaction"]),
    ];
    std::fs::remove_dir_all(&folder).expect("the temporary folder goes");
    for copy in copies {
        // The comparison changes both: each copy gets an original of its own.
        assert_alive(&original(), &copy);
    }
}

/// Schema first, data afterwards, as one does for bulk loads.
#[test]
fn schema_and_data_apart_go_on_living() {
    apart("app", &["--disable-triggers"]);
}

/// The same, where the tables' schema is restored after the extension's own.
#[test]
fn schema_and_data_apart_go_on_living_in_another_order() {
    apart("zebra", &["--disable-triggers"]);
}

fn apart(schema: &str, options: &[&str]) {
    let original = original_in(schema);
    let copy = restore_text(&dump(&original, &["--schema-only"]));
    let data = dump(&original, &[&["--data-only"], options].concat());
    let printed = psql(&copy, &["-v", "ON_ERROR_STOP=1"], &data);
    assert!(!printed.contains("ERROR"), "{printed}");
    assert_alive_in(schema, &original, &copy);
}

/// Section by section, the last ones in parallel.
#[test]
fn sections_apart_go_on_living() {
    let original = original();
    let folder = folder("sections");
    let archive = folder.join("archive").display().to_string();
    dump(&original, &["-Fc", "-f", &archive]);
    let copy = server::create_database("copy");
    for options in [
        &["--section=pre-data"][..],
        &["--section=data", "-j", "4"],
        &["--section=post-data", "-j", "4"],
    ] {
        restore_into(&copy, &archive, options);
    }
    std::fs::remove_dir_all(&folder).expect("the temporary folder goes");
    assert_alive(&original, &copy);
}

/// As parallel workers may come to it: a tview has its triggers, and is known as one, before its sources have their rows.
#[test]
fn a_tview_ready_before_its_sources_goes_on_living() {
    let original = original();
    let folder = folder("order");
    let archive = folder.join("archive").display().to_string();
    dump(&original, &["-Fc", "-f", &archive]);
    let bin = server::server().bin("pg_restore");
    let list = command::output(&bin, &["-l", &archive]);
    let early = |line: &&str| {
        line.ends_with(';') || line.starts_with(';') || {
            let of_tview = line.contains(" tv_stacked ") && !line.contains(" FK CONSTRAINT ");
            of_tview || line.contains(" TABLE DATA tviews ")
        }
    };
    let is_data = |line: &&str| line.contains(" TABLE DATA ");
    let (before, after): (Vec<&str>, Vec<&str>) = {
        let first = list.lines().position(|line| is_data(&line)).expect("data");
        let all: Vec<&str> = list.lines().collect();
        (all[..first].to_vec(), all[first..].to_vec())
    };
    let (mut first, rest): (Vec<&str>, Vec<&str>) = after.into_iter().partition(early);
    // The tview's rows, its triggers, and then the entries of tviews.
    first.sort_by_key(|line| (line.contains(" TABLE DATA tviews "), !is_data(line)));
    assert!(
        first.iter().any(|line| line.contains(" TRIGGER app tv_stacked ")),
        "{first:?}"
    );
    let file = folder.join("list").display().to_string();
    std::fs::write(&file, [before, first, rest].concat().join("\n")).expect("a file");
    let copy = restore(&archive, &["-L", &file]);
    std::fs::remove_dir_all(&folder).expect("the temporary folder goes");
    assert_alive(&original, &copy);
}

/// One schema, with the extension and the schema that its definitions are in.
#[test]
fn a_schema_goes_on_living() {
    let original = original();
    let options = ["--schema=app", "--schema=tviews", "--extension=pg_tviews"];
    let copy = restore_text(&dump(&original, &options));
    assert_alive(&original, &copy);
}

/// One schema without what makes its tviews: tables that nobody maintains, and the health check says so.
#[test]
fn a_schema_alone_has_no_tviews() {
    let text = dump(&original(), &["--schema=app"]);
    let copy = server::create_database("copy");
    let mut session = server::connect(server::SUPERUSER, &copy);
    session.execute("CREATE EXTENSION pg_tviews").unwrap();
    let printed = psql(&copy, &["-v", "ON_ERROR_STOP=1"], &text);
    assert!(!printed.contains("ERROR"), "{printed}");
    assert_eq!(
        session.value("SELECT count(*) FROM tviews.views"),
        Ok(Some("0".into()))
    );
    let errors = "SELECT count(*) FROM pg_tviews_health_check() AS h WHERE h.status = 'error' AND h.message LIKE '%but is none%'";
    assert_eq!(session.value(errors), Ok(Some(TVIEWS.len().to_string())));
}

/// Data alone, into tables whose triggers are on. Rows of a table that is known as a tview are refused, and it is computed; those that come
/// in before are compared with the query.
#[test]
fn data_alone_are_computed_from() {
    for schema in ["app", "zebra"] {
        let original = original_in(schema);
        let copy = restore_text(&dump(&original, &["--schema-only"]));
        let printed = psql(&copy, &[], &dump(&original, &["--data-only"]));
        let [refused, warned] =
            ["ERROR", "has the trigger of a tview"].map(|text| printed.matches(text).count());
        let known_before = schema > "tviews";
        let expected = if known_before {
            (TVIEWS.len(), 0)
        } else {
            (0, TVIEWS.len())
        };
        assert_eq!((refused, warned), expected, "{printed}");
        assert_alive_in(schema, &original, &copy);
    }
}

/// What a dump holds of a tview that is marked may be wrong, and so is marked in the copy.
#[test]
fn a_marked_tview_is_restored_marked() {
    let original = original();
    let mut session = server::connect(server::SUPERUSER, &original);
    let mark = "INSERT INTO tviews.stale (tview, reason) VALUES ('app.tv_whole', 'test'), (4294967295, 'of a tview that is gone')";
    session
        .execute(mark)
        .unwrap_or_else(|failure| panic!("{failure}"));
    let copy = restore_text(&dump(&original, &[]));
    let mut restored = server::connect(server::SUPERUSER, &copy);
    let marked =
        "SELECT string_agg(name, ',') || (SELECT count(*) FROM tviews.stale) FROM tviews.views WHERE stale";
    assert_eq!(restored.value(marked).unwrap().as_deref(), Some("tv_whole1"));
    for session in [&mut session, &mut restored] {
        session
            .execute("UPDATE app.category SET name = name || '.'")
            .unwrap_or_else(|failure| panic!("{failure}"));
    }
    assert_eq!(restored.value(marked).unwrap(), None);
    assert_alive(&original, &copy);
}

/// A copied database (`CREATE DATABASE … TEMPLATE`).
#[test]
fn a_template_copy_goes_on_living() {
    let original = original();
    let mut session = server::connect(server::SUPERUSER, "postgres");
    session
        .execute(&format!("CREATE DATABASE template_copy TEMPLATE {original}"))
        .unwrap();
    assert_alive(&original, "template_copy");
}

/// Tables and tviews of different owners, whose privileges come last in a dump.
#[test]
fn a_dump_of_several_owners_goes_on_living() {
    let original = server::create_database("owners");
    let mut session = server::connect(server::SUPERUSER, &original);
    let made = session.execute(
        r"
        CREATE ROLE dump_owner; CREATE ROLE dump_member IN ROLE dump_owner; CREATE ROLE dump_trigger;
        CREATE EXTENSION pg_tviews;
        CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO dump_owner, dump_trigger; GRANT CREATE ON SCHEMA app TO dump_owner;
        CREATE SCHEMA rep AUTHORIZATION dump_trigger;
        CREATE FUNCTION app.twice(integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT 2 * $1';
        REVOKE EXECUTE ON FUNCTION app.twice FROM PUBLIC; GRANT EXECUTE ON FUNCTION app.twice TO dump_owner, dump_trigger;
        SET ROLE dump_owner;
        CREATE TABLE app.item (pk integer PRIMARY KEY, g integer NOT NULL, x integer);
        INSERT INTO app.item SELECT n, n % 3, n FROM generate_series(1, 9) AS n;
        GRANT SELECT, TRIGGER ON app.item TO dump_trigger;
        SET ROLE dump_member;
        CREATE TABLE app.tv_item AS SELECT pk, app.twice(x) AS x FROM app.item;
        RESET ROLE;
        SET pg_tviews.source_privilege = 'trigger';
        SET ROLE dump_trigger;
        CREATE TABLE rep.tv_group AS SELECT g, count(*) AS n, jsonb_agg(app.twice(x) ORDER BY pk) AS list FROM app.item GROUP BY g;
        RESET ROLE",
    );
    made.unwrap_or_else(|failure| panic!("{failure}"));
    let copy = server::create_database("copy");
    let printed = psql(&copy, &["-v", "ON_ERROR_STOP=1"], &dump(&original, &[]));
    assert!(!printed.contains("ERROR"), "{printed}");
    let mut copied = server::connect(server::SUPERUSER, &copy);
    let changes = "SET ROLE dump_owner; UPDATE app.item SET x = x + 1, g = 1 WHERE pk < 4; DELETE FROM app.item WHERE pk = 9; RESET ROLE";
    for session in [&mut session, &mut copied] {
        session
            .execute(changes)
            .unwrap_or_else(|failure| panic!("{failure}"));
    }
    for tview in ["app.tv_item", "rep.tv_group"] {
        assert_eq!(rows(&mut session, tview), rows(&mut copied, tview), "{tview}");
        let verify = format!("SELECT v::text FROM pg_tviews_verify('{tview}') AS v");
        assert_eq!(copied.rows(&verify).unwrap(), Vec::<Vec<_>>::new(), "{tview}");
    }
    let unwell = "SELECT h::text FROM pg_tviews_health_check() AS h WHERE h.status = 'error'";
    assert_eq!(copied.rows(unwell).unwrap(), Vec::<Vec<_>>::new());
}

/// The schema without any data, as one has it for development: what were tviews are adopted, and the data come in as one likes.
#[test]
fn tviews_of_a_schema_alone_are_adopted() {
    let original = original();
    let copy = restore_text(&dump(&original, &["--schema-only"]));
    let mut session = server::connect(server::SUPERUSER, &copy);
    let told = session.rows("SELECT hint FROM pg_tviews_health_check() WHERE hint LIKE '%pg_tviews_adopt(%'");
    assert_eq!(told.unwrap().len(), TVIEWS.len());
    session
        .execute("INSERT INTO app.category VALUES (1, 'Tools')")
        .unwrap();
    for tview in TVIEWS {
        let adopted = session.rows(&format!(
            "SELECT pg_tviews_adopt('{}')",
            tview.replace('\'', "''")
        ));
        adopted.unwrap_or_else(|failure| panic!("{tview}: {failure}"));
    }
    assert_eq!(
        session.value("SELECT count(*) FROM tviews.views"),
        Ok(Some(TVIEWS.len().to_string()))
    );
    let changes = "
        INSERT INTO app.category VALUES (2, 'Toys');
        INSERT INTO app.product SELECT n, n % 2 + 1, 'product ' || n, n / 7.0 FROM generate_series(1, 5) AS n;
        INSERT INTO app.event VALUES (1, 'n', 1), (2, 's', 2);
        INSERT INTO app.event_most VALUES (1);
        UPDATE app.product SET price = price + 1";
    session
        .execute(changes)
        .unwrap_or_else(|failure| panic!("{failure}"));
    for tview in TVIEWS {
        let verify = format!("SELECT v::text FROM pg_tviews_verify('{tview}') AS v");
        assert_eq!(session.rows(&verify).unwrap(), Vec::<Vec<_>>::new(), "{tview}");
    }
    assert_eq!(
        session.value("SELECT count(*) FROM app.tv_product"),
        Ok(Some("5".into()))
    );
    let again = session.run("SELECT pg_tviews_adopt('app.tv_product')");
    assert_eq!(again.sqlstate(), Some("42710"));
}

/// Who owns a database dumps it without being a superuser.
#[test]
fn the_owner_of_a_database_dumps_it() {
    let original = server::create_database("owned");
    let mut session = server::connect(server::SUPERUSER, &original);
    let owner = "CREATE ROLE dump_database LOGIN; CREATE EXTENSION pg_tviews; CREATE SCHEMA app AUTHORIZATION dump_database; SET ROLE dump_database";
    session.execute(owner).unwrap();
    let made = "
        CREATE TABLE app.item (pk integer PRIMARY KEY, g integer, x integer);
        INSERT INTO app.item VALUES (1, 1, 5), (2, 1, 6);
        CREATE TABLE app.tv_group AS SELECT g, count(*) AS n, sum(x) AS x FROM app.item GROUP BY g";
    session.execute(made).unwrap();
    let server = server::server();
    let connection = server.connection_string("dump_database", &original);
    let text = command::output(&server.bin("pg_dump"), &["-d", &connection]);
    let copy = restore_text(&text);
    let mut session = server::connect(server::SUPERUSER, &copy);
    session
        .execute("UPDATE app.item SET x = 7, g = 2 WHERE pk = 1")
        .unwrap();
    let rows = session.rows("SELECT t::text FROM app.tv_group AS t ORDER BY g");
    let expected = [["(1,1,6)"], ["(2,1,7)"]].map(|row| row.map(|text| Some(text.to_owned())).to_vec());
    assert_eq!(rows.unwrap(), expected.to_vec());
}

/// What `pg_dump --clean` can take apart. (It drops the keys of partitions, which the server refuses, with tviews or without.)
const CLEANED: &str = "
    CREATE EXTENSION pg_tviews;
    CREATE SCHEMA app;
    CREATE TABLE app.category (pk integer PRIMARY KEY, name text);
    CREATE TABLE app.product (pk integer PRIMARY KEY, fk_category integer REFERENCES app.category, name text);
    INSERT INTO app.category VALUES (1, 'Tools'), (2, 'Toys');
    INSERT INTO app.product SELECT n, n % 2 + 1, 'product ' || n FROM generate_series(1, 5) AS n;
    CREATE TABLE app.tv_product AS SELECT p.pk, jsonb_build_object('name', p.name, 'category', c.name) AS data FROM app.product p JOIN app.category c ON c.pk = p.fk_category;
    CREATE TABLE app.tv_over AS SELECT c.pk, (SELECT jsonb_agg(p.data ORDER BY p.pk) FROM app.tv_product p WHERE p.data->>'category' = c.name) AS list FROM app.category c;
    CREATE TABLE app.\"tv_Grouped\" AS SELECT c.pk, c.name, count(p.pk) AS n FROM app.category c LEFT JOIN app.product p ON p.fk_category = c.pk GROUP BY c.pk";

/// A dump that takes apart what is there before it makes it anew.
#[test]
fn a_dump_cleans_what_is_there() {
    let original = server::create_database("cleaned");
    server::connect(server::SUPERUSER, &original)
        .execute(CLEANED)
        .unwrap_or_else(|failure| panic!("{failure}"));
    let folder = folder("clean");
    let archive = folder.join("archive").display().to_string();
    dump(&original, &["-Fc", "-f", &archive]);
    for (options, by_psql) in [
        (&["--clean"][..], true),
        (&["--clean", "--if-exists"], true),
        (&["--clean", "--if-exists", "--single-transaction"], false),
        (&["--clean"], false),
    ] {
        let copy = restore_text(&dump(&original, &[]));
        let mut session = server::connect(server::SUPERUSER, &copy);
        session
            .execute("UPDATE app.product SET name = 'changed'; INSERT INTO app.category VALUES (77, 'more')")
            .unwrap();
        drop(session);
        if by_psql {
            let printed = psql(&copy, &["-v", "ON_ERROR_STOP=1"], &dump(&original, options));
            assert!(!printed.contains("ERROR"), "{options:?}: {printed}");
        } else {
            restore_into(&copy, &archive, options);
        }
        let mut session = server::connect(server::SUPERUSER, &copy);
        assert_eq!(
            session.value("SELECT count(*) FROM app.category"),
            Ok(Some("2".into())),
            "{options:?}"
        );
        assert_eq!(
            session.value("SELECT count(*) FROM tviews.views WHERE NOT stale"),
            Ok(Some("3".into())),
            "{options:?}"
        );
        session.execute("UPDATE app.product SET name = name || '!'; UPDATE app.category SET name = 'x' WHERE pk = 2; DELETE FROM app.product WHERE pk = 3").unwrap();
        let wrong = "SELECT name, v::text FROM tviews.views, LATERAL pg_tviews_verify(format('%I.%I', schema_name, name)) AS v";
        assert_eq!(session.rows(wrong).unwrap(), Vec::<Vec<_>>::new(), "{options:?}");
        let unwell = "SELECT h::text FROM pg_tviews_health_check() AS h WHERE h.status = 'error'";
        assert_eq!(session.rows(unwell).unwrap(), Vec::<Vec<_>>::new(), "{options:?}");
    }
    std::fs::remove_dir_all(&folder).expect("the temporary folder goes");
}

/// A dump without the rows of a source, or of a tview: the tview is marked, and compared before it is written to.
#[test]
fn a_dump_without_some_rows_is_noticed() {
    for left_out in ["app.product", "app.tv_product", "app.event_n"] {
        let original = original();
        let copy = restore_text(&dump(&original, &[&format!("--exclude-table-data={left_out}")]));
        let mut session = server::connect(server::SUPERUSER, &copy);
        let marked = "SELECT count(*) > 0 FROM pg_tviews_health_check() AS h WHERE h.status = 'warning' AND h.tview = 'app.tv_product' AND h.message LIKE '%restored without rows%'";
        let expected = left_out != "app.event_n";
        assert_eq!(
            session.value(marked),
            Ok(Some(if expected { "t" } else { "f" }.into())),
            "{left_out}"
        );
        session
            .execute("INSERT INTO app.product VALUES (500, 1, 'first', 1)")
            .unwrap();
        if expected {
            let verify = "SELECT v::text FROM pg_tviews_verify('app.tv_product') AS v";
            assert_eq!(session.rows(verify).unwrap(), Vec::<Vec<_>>::new(), "{left_out}");
        }
    }
}
