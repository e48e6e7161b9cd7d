//! `jsonb_smart_patch_*`: what they do, and that every byte is as the server itself would have written it.

use std::fmt::Write as _;
use std::path::Path;

use pg_tviews_tests::rng::Rng;
use pg_tviews_tests::server;
use pg_tviews_tests::session::{Outcome, Session};

/// The same functions in PL/pgSQL.
fn reference() -> String {
    let file = "../test/sql/comprehensive_benchmarks/sql/jsonb_functions.sql";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `outcome(prefix, kind, …)` calls a native or a reference function and catches its error.
/// `same(a, b)`: whether two values have the same bytes.
const HELPERS: &str = r"
    CREATE FUNCTION outcome(prefix text, kind text, data jsonb, patch jsonb, path text[], key text,
                            OUT result jsonb, OUT state text)
    LANGUAGE plpgsql AS $$
    BEGIN
        CASE prefix || kind
            WHEN 'jsonb_smart_scalar' THEN result := jsonb_smart_patch_scalar(data, patch);
            WHEN 'jsonb_smart_nested' THEN result := jsonb_smart_patch_nested(data, patch, path);
            WHEN 'jsonb_smart_array' THEN result := jsonb_smart_patch_array(data, patch, path, key);
            WHEN 'reference_scalar' THEN result := reference_patch_scalar(data, patch);
            WHEN 'reference_nested' THEN result := reference_patch_nested(data, patch, path);
            WHEN 'reference_array' THEN result := reference_patch_array(data, patch, path, key);
        END CASE;
        state := '00000';
    EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
        state := SQLSTATE;
    END $$;
    CREATE FUNCTION same(a jsonb, b jsonb) RETURNS boolean LANGUAGE sql AS $$
        SELECT (ROW(a)::record *= ROW(b)::record) AND md5(jsonb_send(a)) = md5(jsonb_send(b)) AND a::text = b::text
    $$;
    CREATE TABLE cases (number integer PRIMARY KEY, data jsonb, patch jsonb, path text[], key text);
";

/// A session in a database of its own, with the extension, the reference and the helpers.
fn session() -> Session {
    let mut session = server::connect(server::SUPERUSER, &server::create_database("jsonb"));
    execute(&mut session, "CREATE EXTENSION pg_tviews");
    execute(&mut session, &reference());
    execute(&mut session, HELPERS);
    session
}

fn execute(session: &mut Session, sql: &str) {
    session
        .execute(sql)
        .unwrap_or_else(|failure| panic!("{failure}\n{sql}"));
}

fn value(session: &mut Session, sql: &str) -> Option<String> {
    session
        .value(sql)
        .unwrap_or_else(|failure| panic!("{failure}\n{sql}"))
}

fn rows(session: &mut Session, sql: &str) -> Vec<Vec<Option<String>>> {
    session
        .rows(sql)
        .unwrap_or_else(|failure| panic!("{failure}\n{sql}"))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Calls all functions, native and reference, on all cases; the cases in which they differ.
/// A result also has to have the bytes that the server makes of its text.
fn differences(session: &mut Session) -> Vec<Vec<Option<String>>> {
    let sql = "SELECT kind, data::text, patch::text, path::text, key, n.result::text, n.state, r.result::text, r.state
                 FROM cases
                CROSS JOIN (VALUES ('scalar'), ('nested'), ('array')) AS k (kind)
                CROSS JOIN LATERAL outcome('jsonb_smart_', kind, data, patch, path, key) AS n
                CROSS JOIN LATERAL outcome('reference_', kind, data, patch, path, key) AS r
                WHERE n.state <> r.state
                   OR n.state = '00000' AND (same(n.result, r.result) AND same(n.result, n.result::text::jsonb)) IS NOT TRUE
                ORDER BY length(data::text) LIMIT 3";
    rows(session, sql)
}

#[track_caller]
fn assert_same(session: &mut Session) {
    let differences = differences(session);
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn they_do_what_is_documented() {
    let mut session = session();
    let scalar = |data, patch| format!("jsonb_smart_patch_scalar('{data}', '{patch}')");
    let nested = |data, patch, path| format!("jsonb_smart_patch_nested('{data}', '{patch}', '{path}')");
    let array = |data, patch, path| format!("jsonb_smart_patch_array('{data}', '{patch}', '{path}')");
    let reviews =
        r#"{"r": [{"id": 1, "t": "a"}, {"id": 2.0, "t": "b"}, {"id": "2"}, 2, {"id": 2}, {"id": null}]}"#;
    let cases = [
        (
            scalar(r#"{"a": 1, "b": {"x": 1}}"#, r#"{"b": 2, "c": 3}"#),
            r#"{"a": 1, "b": 2, "c": 3}"#,
        ),
        (scalar(r#"{"a": 1}"#, "{}"), r#"{"a": 1}"#),
        (scalar("{}", r#"{"a": 1}"#), r#"{"a": 1}"#),
        (scalar(r#"{"a": 1}"#, r#"{"a": 1.0}"#), r#"{"a": 1.0}"#),
        (scalar("null", r#"{"a": 1}"#), r#"{"a": 1}"#),
        (
            nested(r#"{"a": {"x": 1}}"#, r#"{"y": 2}"#, "{a}"),
            r#"{"a": {"x": 1, "y": 2}}"#,
        ),
        (
            nested(r#"{"a": [0, {"x": 1}]}"#, r#"{"y": 2}"#, "{a,-1}"),
            r#"{"a": [0, {"x": 1, "y": 2}]}"#,
        ),
        (
            nested(r#"{"a": null}"#, r#"{"y": 2}"#, "{a}"),
            r#"{"a": {"y": 2}}"#,
        ),
        (
            nested(r#"{"a": 1}"#, r#"{"y": 2}"#, "{b}"),
            r#"{"a": 1, "b": {"y": 2}}"#,
        ),
        (nested(r#"{"a": 1}"#, r#"{"y": 2}"#, "{b,c}"), r#"{"a": 1}"#),
        (nested(r#"{"a": 1}"#, r#"{"y": 2}"#, "{a,c}"), r#"{"a": 1}"#),
        (nested(r#"{"a": [{}]}"#, r#"{"y": 2}"#, "{a,1}"), r#"{"a": [{}]}"#),
        (nested(r#"{"a": 1}"#, r#"{"y": 2}"#, "{}"), r#"{"a": 1, "y": 2}"#),
        (
            array(r#"[{"id": 1}]"#, r#"{"id": 1, "x": 0}"#, "{}"),
            r#"[{"x": 0, "id": 1}]"#,
        ),
        (array(reviews, r#"{"id": 3, "t": "c"}"#, "{r}"), reviews),
        (array(reviews, r#"{"id": null, "t": "c"}"#, "{r}"), reviews),
        (array(reviews, r#"{"id": 1, "t": "c"}"#, "{s}"), reviews),
        (
            array(r#"{"r": null}"#, r#"{"id": 1, "t": "c"}"#, "{r}"),
            r#"{"r": null}"#,
        ),
        (
            array(reviews, r#"{"id": 2, "t": "c"}"#, "{r}"),
            r#"{"r": [{"t": "a", "id": 1}, {"t": "c", "id": 2}, {"id": "2"}, 2, {"t": "c", "id": 2}, {"id": null}]}"#,
        ),
        (
            r#"jsonb_smart_patch_array('[{"k": "a"}, {"k": "b"}]', '{"k": "b", "x": 1}', '{}', 'k')"#
                .to_owned(),
            r#"[{"k": "a"}, {"k": "b", "x": 1}]"#,
        ),
    ];
    for (call, expected) in cases {
        let sql = format!("SELECT same({call}, {})", quoted(expected));
        assert_eq!(value(&mut session, &sql).as_deref(), Some("t"), "{call}");
    }
}

#[test]
fn mistakes_have_their_sqlstate() {
    let mut session = session();
    for (call, sqlstate) in [
        (r#"scalar('[]', '{"a": 1}')"#, "22023"),
        (r#"scalar('1', '{"a": 1}')"#, "22023"),
        (r"scalar('{}', '[]')", "22023"),
        (r"scalar('{}', 'null')", "22023"),
        (r#"nested('{"a": "x"}', '{"y": 2}', '{a}')"#, "22023"),
        (r#"nested('1', '{"y": 2}', '{a}')"#, "22023"),
        (r#"nested('{"a": []}', '{"y": 2}', '{a,b}')"#, "22P02"),
        (r#"nested('{"a": []}', '{"y": 2}', '{a,99999999999}')"#, "22P02"),
        (r#"nested('{"a": 1}', '{"y": 2}', ARRAY['a', NULL])"#, "22004"),
        (r#"nested('{"a": 1}', '{"y": 2}', '{{a},{b}}')"#, "2202E"),
        (
            r#"nested('{"a": 1}', '{"y": 2}', array_fill('a'::text, ARRAY[300]))"#,
            "54000",
        ),
        (r#"array('[]', '{"y": 2}', '{}')"#, "22023"),
        (r#"array('[]', '{"id": [1]}', '{}')"#, "22023"),
        (r#"array('{"a": {}}', '{"id": 1}', '{a}')"#, "22023"),
    ] {
        let sql = format!("SELECT jsonb_smart_patch_{call}");
        match session.run(&sql) {
            Outcome::Failed(failure) => assert_eq!(failure.sqlstate, sqlstate, "{call}: {failure}"),
            done => panic!("{call}: {done}"),
        }
    }
    let outcome = session.run(r#"SELECT jsonb_smart_patch_nested('{"a": {"b": 1}}', '{}', '{a,b}')"#);
    let Outcome::Failed(failure) = outcome else {
        panic!("{outcome}")
    };
    let message = "cannot merge an object into a number\n  detail: At the path \"a\", \"b\" is a number.";
    assert_eq!(failure.message, message);
}

#[test]
fn nothing_comes_of_nulls() {
    let mut session = session();
    for call in [
        "scalar(NULL, '{}')",
        "scalar('{}', NULL)",
        "nested(NULL, '{}', '{a}')",
        "nested('{}', NULL, '{a}')",
        "nested('{}', '{}', NULL)",
        "array(NULL, '{}', '{a}')",
        "array('[]', NULL, '{a}')",
        "array('[]', '{}', NULL)",
        "array('[]', '{}', '{a}', NULL)",
    ] {
        let sql = format!("SELECT jsonb_smart_patch_{call}");
        assert_eq!(value(&mut session, &sql), None, "{call}");
    }
    let sql = "SELECT count(*) FROM pg_proc
                WHERE proname LIKE 'jsonb\\_smart\\_patch\\_%' AND proisstrict AND provolatile = 'i' AND proparallel = 's'";
    assert_eq!(value(&mut session, sql).as_deref(), Some("3"));
}

/// Values of every kind, as a member beside others of every kind: whatever their lengths, what follows is moved right.
#[test]
fn values_of_every_shape() {
    let mut session = session();
    let numbers = "0 -0 1 -1 9999 10000 123456789 1.0 1.00 0.1 0.0001 0.00001 -12.345 1e5 1e-5 1E+20 1e-300 1e1000 \
                   12345678901234567890123456789012345678901234567890.12345678901234567890 99999999.99999999 0e5 0.000";
    let others = r#"null true false "" "a" "ab" "abc" "abcd" "日本語" "ключ" "\u0001\"\\/" "😀" [] {} [[]] [{}] [1,"x",2]
                    {"a":[]} {"ä":{"b":null}}"#;
    let shapes: Vec<&str> = numbers
        .split_whitespace()
        .chain(others.split_whitespace())
        .collect();
    let mut number = 0;
    let mut values = vec![];
    for (at, shape) in shapes.iter().enumerate() {
        let before = shapes[(at * 7 + 3) % shapes.len()];
        for after in shapes.iter().skip(at % 3).step_by(3) {
            number += 1;
            let data = format!(
                r#"{{"a": {before}, "b": "x", "c": {after}, "dd": 1, "e": {{"b": {after}, "z": 5}}}}"#
            );
            let patch = format!(r#"{{"b": {shape}, "ß": {shape}}}"#);
            let path = if number % 2 == 0 { "{e}" } else { "{}" };
            values.push(format!(
                "({number}, {}, {}, '{path}', 'b')",
                quoted(&data),
                quoted(&patch)
            ));
        }
    }
    assert!(values.len() > 300);
    execute(
        &mut session,
        &format!("INSERT INTO cases VALUES {}", values.join(", ")),
    );
    assert_same(&mut session);
}

/// Around the 32nd, 64th and 96th child, where entries hold ends instead of lengths.
#[test]
fn many_members_and_elements() {
    let mut session = session();
    let sql = r#"
        INSERT INTO cases
        SELECT row_number() OVER (), d.data, p.patch || jsonb_build_object('id', n.n % 7), '{list}', 'id'
          FROM generate_series(0, 100, 1) AS n (n)
         CROSS JOIN LATERAL (
           SELECT (SELECT coalesce(jsonb_object_agg(repeat('k', i % 3) || i, CASE i % 4 WHEN 0 THEN to_jsonb(i / 3.0)
                             WHEN 1 THEN to_jsonb(repeat('x', i % 9)) WHEN 2 THEN 'null' ELSE jsonb_build_array(i) END), '{}')
                     FROM generate_series(1, n.n) AS i)
               || jsonb_build_object('list', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', i % 7, 'x', repeat('y', i % 5))
                                                                         ORDER BY i), '[]')
                                                FROM generate_series(1, n.n) AS i)) AS data) AS d
         CROSS JOIN LATERAL (VALUES (jsonb '{}'), ('{"kk5": "longer than before"}'), ('{"k1": 1, "31": null, "33": [2.50]}'),
                                    ('{"new": "n", "x": 1}')) AS p (patch)"#;
    execute(&mut session, sql);
    assert_same(&mut session);
    // The other way round: a large patch.
    let swap = "UPDATE cases SET data = patch || '{\"list\": []}', patch = data || '{\"id\": 1}'";
    execute(&mut session, swap);
    assert_same(&mut session);
}

/// Random JSON text, with a walk into it.
struct Generator {
    rng: Rng,
}

const KEYS: [&str; 12] = [
    "a",
    "b",
    "id",
    "ab",
    "ba",
    "0",
    "-1",
    "",
    "日本",
    "ключ",
    "name",
    "a longer key than others",
];

enum Json {
    Scalar(String),
    Array(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
}

impl Generator {
    fn scalar(&mut self) -> Json {
        let number = self.rng.below(4);
        let digits = self.rng.below(5);
        Json::Scalar(match self.rng.below(7) {
            0 => "null".into(),
            1 => "true".into(),
            2 => "false".into(),
            3 => format!("{number}"),
            4 => format!("-{number}.{number:0digits$}1"),
            5 => format!("{number}e{}", self.rng.between(0, 60)),
            _ => format!("\"{}ü{}\"", "x".repeat(self.rng.below(6)), "日".repeat(digits)),
        })
    }

    fn json(&mut self, depth: usize) -> Json {
        let many = if self.rng.chance(10) { 40 } else { 5 };
        match self.rng.below(if depth == 0 { 1 } else { 4 }) {
            0 => self.scalar(),
            1 if self.rng.chance(60) => {
                Json::Array((0..self.rng.below(many)).map(|_| self.element()).collect())
            }
            1 => Json::Array((0..self.rng.below(many)).map(|_| self.json(depth - 1)).collect()),
            _ => self.object(depth, many),
        }
    }

    fn object(&mut self, depth: usize, many: usize) -> Json {
        let pairs = 0..self.rng.below(many);
        let pair = |_| (*self.rng.pick(&KEYS), self.json(depth.saturating_sub(1)));
        Json::Object(pairs.map(pair).collect())
    }

    /// An object that can be matched.
    fn element(&mut self) -> Json {
        let id = Json::Scalar(self.rng.below(4).to_string());
        let Json::Object(mut pairs) = self.object(1, 4) else {
            return id;
        };
        pairs.push(("id", id));
        Json::Object(pairs)
    }

    fn patch(&mut self) -> Json {
        match self.rng.below(20) {
            0 => self.json(2),
            1..8 => self.object(1, 5),
            _ => self.element(),
        }
    }

    /// A path that leads somewhere in most cases.
    fn path(&mut self, json: &Json, path: &mut Vec<String>) {
        if self.rng.chance(8) {
            path.push((*self.rng.pick(&KEYS)).to_owned());
        }
        let end = if matches!(json, Json::Array(_)) { 60 } else { 15 };
        if self.rng.chance(end) {
            return;
        }
        match json {
            Json::Array(elements) if !elements.is_empty() => {
                let at = self.rng.below(elements.len());
                let from_end = self.rng.chance(30);
                path.push(if from_end {
                    format!("-{}", elements.len() - at)
                } else {
                    at.to_string()
                });
                self.path(&elements[at], path);
            }
            Json::Object(pairs) if !pairs.is_empty() => {
                let (key, value) = self.rng.pick(pairs);
                path.push((*key).to_owned());
                self.path(value, path);
            }
            _ => {}
        }
    }
}

impl Json {
    fn text(&self) -> String {
        let list = |items: Vec<String>| items.join(", ");
        match self {
            Json::Scalar(text) => text.clone(),
            Json::Array(elements) => format!("[{}]", list(elements.iter().map(Json::text).collect())),
            Json::Object(pairs) => {
                let pair = |(key, value): &(&str, Json)| format!("\"{key}\": {}", value.text());
                format!("{{{}}}", list(pairs.iter().map(pair).collect()))
            }
        }
    }
}

#[test]
fn random_documents_and_patches() {
    let mut session = session();
    let mut generator = Generator {
        rng: Rng::new(20_240_229),
    };
    let mut sql = "INSERT INTO cases VALUES ".to_owned();
    for number in 0..3000 {
        let mut data = if number % 5 == 0 {
            generator.json(4)
        } else {
            generator.object(4, 5)
        };
        let patch = generator.patch();
        let mut path = vec![];
        match &mut data {
            Json::Object(pairs) if number % 3 == 0 => {
                let elements = (0..generator.rng.below(8)).map(|_| generator.element());
                pairs.push(("list", Json::Array(elements.collect())));
                path.push("list".to_owned());
            }
            _ => generator.path(&data, &mut path),
        }
        let path: Vec<String> = path.iter().map(|step| quoted(step)).collect();
        let (data, patch, key) = (
            data.text(),
            patch.text(),
            *generator.rng.pick(&["id", "id", "id", "a"]),
        );
        let comma = if number == 0 { "" } else { ", " };
        let (data, patch, path) = (quoted(&data), quoted(&patch), path.join(", "));
        write!(
            sql,
            "{comma}({number}, {data}, {patch}, ARRAY[{path}]::text[], '{key}')"
        )
        .expect("text");
    }
    execute(&mut session, &sql);
    assert_same(&mut session);
    // The cases are worth something: of each function many calls succeed and change the document.
    let changed = "SELECT kind, count(*) FILTER (WHERE n.result <> data) > 150, count(*) FILTER (WHERE n.state <> '00000') > 50
                     FROM cases
                    CROSS JOIN (VALUES ('scalar'), ('nested'), ('array')) AS k (kind)
                    CROSS JOIN LATERAL outcome('jsonb_smart_', kind, data, patch, path, key) AS n GROUP BY kind ORDER BY kind";
    let expected =
        ["array", "nested", "scalar"].map(|kind| [kind, "t", "t"].map(|text| Some(text.to_owned())).to_vec());
    assert_eq!(rows(&mut session, changed), expected);
}

/// Documents of 1 to 100 kB: short, compressed, out of line, both.
#[test]
fn stored_documents_of_every_kind() {
    let mut session = session();
    let sql = r#"
        CREATE TABLE stored (storage text, size integer, data jsonb, patch jsonb);
        ALTER TABLE stored ALTER COLUMN patch SET STORAGE EXTERNAL;
        DO $$
        DECLARE
            kind text;
        BEGIN
            FOREACH kind IN ARRAY ARRAY['plain', 'main', 'external', 'extended'] LOOP
                EXECUTE 'ALTER TABLE stored ALTER COLUMN data SET STORAGE ' || kind;
                INSERT INTO stored
                SELECT kind, size, benchmark_document(size) || p.more, p.patch || p.more
                  FROM (VALUES (700), (1000), (10000), (100000)) AS s (size)
                 CROSS JOIN (VALUES (jsonb '{"id": 1}', jsonb '{}'),
                                    ('{"id": 3, "text": "changed", "z": [1.5]}', '{}'),
                                    ('{"id": 7}', jsonb_build_object('large', repeat('large ', 10000)))) AS p (patch, more)
                 WHERE kind <> 'plain' OR size < 5000 AND p.more = '{}';
            END LOOP;
        END $$;
        INSERT INTO cases
        SELECT row_number() OVER (), data, patch, path, 'id'
          FROM stored CROSS JOIN (VALUES ('{reviews}'::text[]), ('{category}'), ('{reviews,-1}'), ('{new}')) AS p (path)"#;
    execute(&mut session, sql);
    assert_same(&mut session);
    let stored = "SELECT count(*) FILTER (WHERE storage = 'main' AND pg_column_size(data) < size * 0.9) > 0,
                         count(*) FILTER (WHERE storage = 'external' AND pg_column_size(data) > 90000) > 0,
                         count(*) FILTER (WHERE storage = 'extended' AND pg_column_size(data) < size * 0.9) > 0
                    FROM stored WHERE size > 5000";
    let expected = vec![vec![Some("t".to_owned()); 3]];
    assert_eq!(
        rows(&mut session, stored),
        expected,
        "documents are stored in all ways"
    );
    // Short headers: of small values in a table.
    execute(
        &mut session,
        "CREATE TABLE small AS SELECT jsonb '{\"a\": 1}' AS data, 'a'::text AS key, '{b}'::text[] AS path",
    );
    let sql = "SELECT same(jsonb_smart_patch_nested(data, data, path), '{\"a\": 1, \"b\": {\"a\": 1}}')
                  AND same(jsonb_smart_patch_array(jsonb_build_array(data), data || '{\"x\": 1}', '{}', key), '[{\"a\": 1, \"x\": 1}]')
                 FROM small";
    assert_eq!(value(&mut session, sql).as_deref(), Some("t"));
}

/// What a changed value takes in memory and on disk is what the server's own would.
#[test]
fn sizes_are_the_servers() {
    let mut session = session();
    let sql = "SELECT bool_and(pg_column_size(n.result) = pg_column_size(n.result::text::jsonb)
                               AND pg_column_size(n.result) = pg_column_size(reference_patch_array(data, patch, '{reviews}')))
                 FROM (SELECT size, benchmark_document(size) AS data, jsonb '{\"id\": 2, \"text\": \"x\", \"new\": 1}' AS patch
                         FROM (VALUES (1000), (10000), (100000)) AS s (size) OFFSET 0) AS d
                CROSS JOIN LATERAL (SELECT jsonb_smart_patch_array(data, patch, '{reviews}') AS result OFFSET 0) AS n";
    assert_eq!(value(&mut session, sql).as_deref(), Some("t"));
}

/// A document that stays as it is stays where it is: its TOAST rows are not written again.
#[test]
fn an_unchanged_document_is_not_written_again() {
    let mut session = session();
    let sql = "CREATE TABLE stored (data jsonb);
               ALTER TABLE stored ALTER COLUMN data SET STORAGE EXTERNAL;
               INSERT INTO stored SELECT benchmark_document(100000)";
    execute(&mut session, sql);
    let toast = "SELECT reltoastrelid::regclass FROM pg_class WHERE oid = 'stored'::regclass";
    let toast = value(&mut session, toast).expect("a TOAST table");
    let chunk = format!("SELECT DISTINCT chunk_id FROM {toast}");
    let before = value(&mut session, &chunk);
    assert!(before.is_some());
    for call in [
        "scalar(data, '{\"stock\": 17, \"price\": 129.90}')",
        "nested(data, '{\"name\": \"Garden tools\"}', '{category}')",
        "nested(data, '{\"x\": 1}', '{nowhere,to,be,found}')",
        "array(data, '{\"id\": 3, \"rating\": 4}', '{reviews}')",
    ] {
        execute(
            &mut session,
            &format!("UPDATE stored SET data = jsonb_smart_patch_{call}"),
        );
        assert_eq!(value(&mut session, &chunk), before, "{call}");
    }
    execute(
        &mut session,
        "UPDATE stored SET data = jsonb_smart_patch_scalar(data, '{\"stock\": 18}')",
    );
    assert_ne!(value(&mut session, &chunk), before);
}

/// In a database with another encoding text is neither read nor converted.
#[test]
fn other_encodings() {
    let mut admin = server::connect(server::SUPERUSER, "postgres");
    let sql = "CREATE DATABASE latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0";
    execute(&mut admin, sql);
    let mut session = server::connect(server::SUPERUSER, "latin1");
    execute(&mut session, "CREATE EXTENSION pg_tviews");
    let sql =
        "SELECT jsonb_smart_patch_array('{\"ü\": [{\"é\": \"ä\"}]}', '{\"é\": \"ä\", \"ß\": 1}', '{ü}', 'é')
                      = '{\"ü\": [{\"é\": \"ä\", \"ß\": 1}]}'";
    assert_eq!(value(&mut session, sql).as_deref(), Some("t"));
}
