//! The SQL in README.md and docs/ does what the documents say.

use std::fs;

use pg_tviews_tests::docs;

#[test]
fn documented_sql_runs() {
    let mut problems = vec![];
    for path in docs::documents() {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        problems.extend(
            docs::check(&text)
                .into_iter()
                .map(|problem| format!("{}: {problem}", path.display())),
        );
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

/// The executor notices errors, missing errors and wrong output.
#[test]
fn wrong_documents_are_noticed() {
    let create = "<!-- sql\nSELECT 'CREATE EXTENSION is not wanted here' AS note;\n-->\n";
    let check = |text: &str| docs::check(&format!("{create}{text}")).len();
    assert_eq!(
        check("```sql\nSELECT 1 AS x;\n```\n```text\n x\n---\n 1\n(1 row)\n```\n"),
        0
    );
    assert_eq!(
        check("```sql\nSELECT 1 AS x;\n```\n```text\n x\n---\n 2\n(1 row)\n```\n"),
        1
    );
    assert_eq!(check("```sql\nSELECT nothing;\n```\n"), 1);
    assert_eq!(check("```sql error\nSELECT 1;\n```\n"), 1);
    assert_eq!(
        check("```sql error 42703\nSELECT nothing;\n```\n```sql\nSELECT 1;\n```\n"),
        0
    );
    assert_eq!(check("```sql error 0A000\nSELECT nothing;\n```\n"), 1);
}
