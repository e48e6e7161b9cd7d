//! The statements that read and write a tview, as text.

use super::*;

fn product() -> TviewText {
    TviewText {
        table: "\"public\".\"tv_p\"".into(),
        definition: "\"tviews\".\"public.tv_p\"".into(),
        columns: vec![("pk".into(), "pk".into()), ("doc".into(), "data".into())],
        key: vec![KeyColumn {
            position: 0,
            equals: "OPERATOR(\"pg_catalog\".=)".into(),
            nullable: false,
        }],
        single: true,
        composite: false,
        lateral: false,
        listed: false,
        restricted: None,
        loose: vec![],
    }
}

#[test]
fn upsert_compares_images_and_maps_renamed_columns() {
    assert_eq!(
        product().upsert_one(),
        "INSERT INTO \"public\".\"tv_p\" AS t (\"pk\", \"doc\")\n\
         SELECT d.\"pk\", d.\"data\"\n  FROM \"tviews\".\"public.tv_p\" AS d\n WHERE d.\"pk\" OPERATOR(\"pg_catalog\".=) $1\n\
         ON CONFLICT (\"pk\") DO UPDATE SET \"pk\" = EXCLUDED.\"pk\", \"doc\" = EXCLUDED.\"doc\"\n \
         WHERE ROW(t.\"pk\", t.\"doc\")::\"pg_catalog\".record OPERATOR(\"pg_catalog\".*<>) \
         ROW(EXCLUDED.\"pk\", EXCLUDED.\"doc\")::\"pg_catalog\".record"
    );
}

#[test]
fn many_units_come_as_arrays() {
    let delete = product().delete_many(Batch::default());
    assert!(
        delete.contains("USING unnest($1) AS \"pg_tviews unit\"(k1)"),
        "{delete}"
    );
    let lateral = TviewText {
        lateral: true,
        ..product()
    }
    .upsert_many(Batch::default());
    assert!(
        lateral.contains("CROSS JOIN LATERAL") && lateral.contains("OFFSET 0"),
        "{lateral}"
    );
}

#[test]
fn many_groups_are_computed_at_once_from_the_list_of_their_keys() {
    let text = TviewText {
        lateral: true,
        listed: true,
        ..product()
    };
    let upsert = text.upsert_many(Batch::default());
    assert!(
        upsert.contains("AS d\n WHERE d.\"pk\" OPERATOR(\"pg_catalog\".=) ANY ($1)\nON CONFLICT"),
        "{upsert}"
    );
    assert_eq!(
        text.delete_many(Batch::default()),
        "DELETE FROM \"public\".\"tv_p\" AS t\n WHERE t.\"pk\" OPERATOR(\"pg_catalog\".=) ANY ($1)\n   \
         AND NOT EXISTS (SELECT FROM \"tviews\".\"public.tv_p\" AS d WHERE d.\"pk\" OPERATOR(\"pg_catalog\".=) ANY ($1) \
         AND d.\"pk\" OPERATOR(\"pg_catalog\".=) t.\"pk\")"
    );
    let with_nulls = text.upsert_many(Batch {
        nulls: Nulls::at([0]),
        whole: false,
    });
    assert!(with_nulls.contains("LATERAL"), "{with_nulls}");
}

#[test]
fn null_keys_count_as_equal() {
    let mut text = product();
    text.key[0].nullable = true;
    assert!(text.delete_one().contains("OR (t.\"pk\" IS NULL AND $1 IS NULL)"));
    let many = text.delete_many(Batch {
        nulls: Nulls::at([0]),
        whole: false,
    });
    assert!(many.contains("WHERE t.\"pk\" IS NULL\n"), "{many}");
}

#[test]
fn differences_tell_two_rows_of_one_key_from_one() {
    let many = product().differences_many(Batch::default());
    // A unique key must not let PostgreSQL stop at the first row.
    let stored = "LATERAL (SELECT * FROM \"public\".\"tv_p\" AS t WHERE t.\"pk\" OPERATOR(\"pg_catalog\".=) \
                  \"pg_tviews unit\".k1 OFFSET 0) AS t";
    assert!(many.contains(stored), "{many}");
    assert!(
        many.contains("AND d.copy OPERATOR(\"pg_catalog\".=) t.copy\n"),
        "{many}"
    );
}

/// A tview whose key consists of this many columns, each of which can be NULL.
fn wide(columns: usize) -> TviewText {
    let names = (0..columns).map(|number| (format!("c{number}"), format!("c{number}")));
    let key = (0..columns).map(|position| KeyColumn {
        position,
        nullable: true,
        ..product().key[0].clone()
    });
    TviewText {
        columns: names.collect(),
        key: key.collect(),
        single: false,
        restricted: Some(vec![QueryPart::Key(0)]),
        ..product()
    }
}

#[test]
fn nulls_are_told_of_the_first_columns_and_compared_in_the_others() {
    let nulls = Nulls::at([1, Nulls::COLUMNS - 1, Nulls::COLUMNS]);
    assert_eq!(nulls, Nulls::at([1, Nulls::COLUMNS - 1]));
    assert_eq!(nulls.has(0), Some(false));
    assert_eq!(nulls.has(Nulls::COLUMNS - 1), Some(true));
    assert_eq!(nulls.has(Nulls::COLUMNS), None);
    let batch = Batch { nulls, whole: false };
    let sql = wide(Nulls::COLUMNS + 1).replace_many(batch);
    assert!(sql.contains("t.\"c1\" IS NULL AND"), "{sql}");
    assert!(sql.contains("t.\"c63\" IS NULL AND"), "{sql}");
    let last = "(t.\"c64\" OPERATOR(\"pg_catalog\".=) \"pg_tviews unit\".k65 OR (t.\"c64\" IS NULL AND \"pg_tviews unit\".k65 IS NULL))";
    assert!(sql.contains(last), "{sql}");
}

#[test]
fn a_condition_that_takes_no_nulls_is_put_inside_only_if_there_are_none() {
    let inside = |columns| {
        let sql = wide(columns).replace_many(Batch::default());
        sql.contains("LATERAL (\"pg_tviews unit\".k1)")
    };
    assert!(inside(Nulls::COLUMNS));
    assert!(!inside(Nulls::COLUMNS + 1));
}

#[test]
fn no_call_has_more_arguments_than_the_server_takes() {
    let calls = |columns| {
        let sql = wide(columns).verify();
        sql.matches("jsonb_build_object(").count()
    };
    // The key, the row as it should be and as it is.
    assert_eq!(calls(50), 3);
    assert_eq!(calls(51), 6);
}
