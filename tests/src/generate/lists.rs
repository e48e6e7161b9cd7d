//! Lists of children in documents: subqueries that aggregate objects, with and without what lets a changed child be patched at its
//! element. Each gives one result on the same data: where chance orders the elements, all of them are alike.

/// Children of a product, and children of these.
pub const SCHEMA: &[&str] = &[
    "CREATE TABLE review (pk integer PRIMARY KEY, fk_product integer, stars integer, author text, \
     id uuid NOT NULL UNIQUE, code bigint UNIQUE, hidden boolean NOT NULL DEFAULT false, \
     \"at\" timestamptz, note jsonb)",
    "CREATE TABLE answer (pk integer PRIMARY KEY, fk_review integer, body text)",
    "CREATE VIEW v_review AS SELECT r.pk, r.fk_product AS product, r.stars, upper(r.author) AS author, r.hidden FROM review r",
    "CREATE FUNCTION answer_back() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS \
     $$ BEGIN UPDATE review SET note = to_jsonb(NEW.author), stars = stars - 1 WHERE pk = NEW.pk AND stars > 8; RETURN NULL; END $$",
];

/// A trigger that changes a child again.
pub const TRIGGER: &str = "CREATE TRIGGER answer_back AFTER UPDATE OF stars ON review FOR EACH ROW \
                           WHEN (NEW.stars > 8) EXECUTE FUNCTION answer_back()";

/// Values of a document of `product p`.
pub const VALUES: &[&str] = &[
    "(SELECT jsonb_agg(jsonb_build_object('id', r.pk, 'stars', r.stars, 'author', r.author) ORDER BY r.pk) \
      FROM review r WHERE r.fk_product = p.pk)",
    "(SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'stars', r.stars, 'note', r.note, 'at', r.\"at\") \
      ORDER BY r.pk DESC), '[]') FROM review r WHERE r.fk_product = p.pk)",
    "coalesce((SELECT jsonb_agg(jsonb_build_object('pk', r.pk, 'of', jsonb_build_object('author', r.author, 'more', r.stars * 2)) \
      ORDER BY r.\"at\", r.pk) FROM review r WHERE p.pk = r.fk_product), '[]'::jsonb)",
    "(SELECT coalesce(jsonb_agg(jsonb_build_object('id', x.pk, 'stars', x.stars, 'author', lower(x.author), 'at', x.\"at\") \
      ORDER BY x.\"at\" DESC, x.pk DESC), '[]'::jsonb) FROM (SELECT r.pk, r.stars, r.author, r.\"at\" FROM review r \
      WHERE r.fk_product = p.pk ORDER BY r.\"at\" DESC, r.pk DESC LIMIT 3) x)",
    "(SELECT jsonb_agg(jsonb_build_object('id', x.pk, 'author', x.author) ORDER BY x.pk) FROM \
      (SELECT * FROM review r WHERE r.fk_product = p.pk ORDER BY r.stars, r.pk LIMIT 2 OFFSET 1) x)",
    "(SELECT jsonb_agg(jsonb_build_object('id', r.pk, 'author', r.author) ORDER BY r.pk) FILTER (WHERE NOT r.hidden) \
      FROM review r WHERE r.fk_product = p.pk)",
    "(SELECT jsonb_agg(jsonb_build_object('id', r.pk, 'author', r.author, 'stars', r.stars) ORDER BY r.pk) \
      FROM review r WHERE r.fk_product = p.pk AND r.stars > 2)",
    "(SELECT jsonb_agg(jsonb_build_object('id', r.pk, 'stars', r.stars, 'author', r.author) ORDER BY r.stars DESC, r.pk) \
      FROM review r WHERE r.fk_product = p.pk)",
    "(SELECT jsonb_agg(jsonb_build_object('code', r.code, 'stars', r.stars) ORDER BY r.pk) FROM review r WHERE r.fk_product = p.pk)",
    "(SELECT jsonb_agg(jsonb_build_object('id', r.pk, 'author', r.author, 'both', r.author || p.name) ORDER BY r.pk) \
      FROM review r WHERE r.fk_product = p.pk)",
    "(SELECT jsonb_agg(jsonb_build_object('id', r.pk, 'author', r.author, 'answers', (SELECT coalesce(jsonb_agg(jsonb_build_object( \
      'id', a.pk, 'body', a.body) ORDER BY a.pk), '[]') FROM answer a WHERE a.fk_review = r.pk)) ORDER BY r.pk) \
      FROM review r WHERE r.fk_product = p.pk)",
    "(SELECT jsonb_agg(jsonb_build_object('id', v.pk, 'stars', v.stars, 'author', v.author) ORDER BY v.pk) \
      FROM v_review v WHERE v.product = p.pk AND NOT v.hidden)",
    "(SELECT jsonb_agg(jsonb_build_object('id', r.pk, 'author', r.author) || jsonb_build_object('stars', r.stars) ORDER BY r.pk) \
      FROM review r WHERE r.fk_product = p.pk)",
    "(SELECT jsonb_agg(jsonb_build_object('id', r.pk, 'author', r.author) ORDER BY r.pk) FROM review r \
      WHERE r.fk_product = p.pk AND EXISTS (SELECT FROM answer a WHERE a.fk_review = r.pk))",
    "(SELECT jsonb_agg(jsonb_build_object('id', r.pk, 'answers', a.n) ORDER BY r.pk) FROM review r \
      LEFT JOIN (SELECT fk_review, count(*) AS n FROM answer GROUP BY fk_review) a ON a.fk_review = r.pk WHERE r.fk_product = p.pk)",
    "(SELECT jsonb_agg(jsonb_build_object('n', r.stars)) FROM review r WHERE r.fk_product = p.pk AND r.stars = 3)",
    "coalesce((SELECT jsonb_agg(jsonb_build_object('id', r.pk, 'author', r.author) ORDER BY r.pk) FROM review r \
      WHERE r.fk_product = p.pk), '[{\"id\": 1, \"author\": \"nobody\"}]')",
    "(SELECT jsonb_agg(jsonb_build_object('id', r.pk, 'stars', r.stars) ORDER BY r.pk) FROM review r WHERE r.fk_product = 1)",
    "(SELECT coalesce(jsonb_agg(jsonb_build_object('stars', r.stars, 'pk', r.pk, 'author', r.author) \
      ORDER BY r.stars NULLS FIRST, r.author DESC, r.pk), '[]') FROM review r WHERE r.fk_product = p.pk AND NOT r.hidden)",
    "(SELECT jsonb_agg(jsonb_build_object('at', r.\"at\", 'hidden', r.hidden, 'id', r.id, 'note', r.note) \
      ORDER BY r.hidden DESC, r.\"at\" DESC NULLS LAST, r.id) FROM review r WHERE r.fk_product = p.pk)",
    "(SELECT jsonb_agg(jsonb_build_object('a', lower(x.author), 'id', x.pk) ORDER BY lower(x.author) COLLATE \"C\", x.pk DESC) \
      FROM (SELECT * FROM review r WHERE r.stars IS DISTINCT FROM 3) x WHERE x.fk_product = p.pk)",
    "(SELECT jsonb_agg(jsonb_build_object('id', r.pk, 'n', (SELECT count(*) FROM answer a WHERE a.fk_review = r.pk)) ORDER BY r.pk DESC) \
      FILTER (WHERE r.author IS NOT NULL) FROM review r WHERE r.fk_product = p.pk)",
    "(SELECT jsonb_agg(jsonb_build_object('id', r.pk, 'stars', r.stars) ORDER BY r.pk) FROM review r WHERE r.fk_product = p.pk \
      HAVING count(*) <> 3)",
    "(SELECT jsonb_agg(DISTINCT jsonb_build_object('id', r.pk, 'stars', r.stars)) FROM review r WHERE r.fk_product = p.pk)",
    "(SELECT json_agg(json_build_object('id', r.pk, 'stars', r.stars) ORDER BY r.pk) FROM review r WHERE r.fk_product = p.pk)::jsonb",
];

/// What is done to children.
pub const ASSIGNMENTS: &[(&str, &[&str])] = &[
    (
        "review",
        &[
            "stars = stars + 1",
            "stars = 3",
            "author = author || '+'",
            "author = 'y' || pk",
            "author = NULL",
            "note = '{\"a\": [1]}'",
            "note = to_jsonb(repeat('long', 600))",
            "\"at\" = '2024-02-03 10:00+00'",
            "code = pk * 7",
            "hidden = NOT hidden",
            "fk_product = 2",
            "fk_product = NULL",
            "id = ('00000000-0000-0000-0000-' || lpad((pk + 100)::text, 12, '0'))::uuid",
            "pk = pk + 40",
        ],
    ),
    (
        "answer",
        &[
            "body = 'b' || pk",
            "fk_review = 1 + pk % 6",
            "body = body || body",
        ],
    ),
];

/// Single children that come and go.
pub const COMMANDS: &[&str] = &[
    "INSERT INTO review VALUES (100, 1, 5, 'new', '00000000-0000-0000-0000-000000000200') ON CONFLICT (pk) DO UPDATE SET stars = review.stars + 1",
    "INSERT INTO review VALUES (101, 1, 4, 'other', '00000000-0000-0000-0000-000000000201') ON CONFLICT (pk) DO UPDATE SET author = 'again'",
    "DELETE FROM review WHERE pk = 2",
    "INSERT INTO review VALUES (2, 1, 1, 'two', '00000000-0000-0000-0000-000000000202') ON CONFLICT DO NOTHING",
    "DELETE FROM review WHERE pk IN (100, 101, 102)",
    "DELETE FROM review WHERE pk % 4 = 1",
    "INSERT INTO review VALUES (102, 2, NULL, NULL, '00000000-0000-0000-0000-000000000203') ON CONFLICT DO NOTHING",
    "INSERT INTO review SELECT pk + 50, fk_product, stars + 1, upper(author), md5(pk::text)::uuid, NULL, pk % 2 = 0, \"at\" \
     FROM review WHERE pk < 4 ON CONFLICT DO NOTHING",
    "DELETE FROM answer WHERE pk = 1",
    "INSERT INTO answer VALUES (1, 1, 'yes') ON CONFLICT DO NOTHING",
];

/// The first children.
pub const DATA: &[&str] = &[
    "INSERT INTO review (pk, fk_product, stars, author, id, \"at\") SELECT i, CASE WHEN i > 6 THEN 1 ELSE 1 + i % 3 END, i % 5, 'a' || i, \
     ('00000000-0000-0000-0000-' || lpad(i::text, 12, '0'))::uuid, '2024-01-01 00:00+00'::timestamptz + i % 4 * interval '1 day' \
     FROM generate_series(1, 10) i",
    "INSERT INTO answer SELECT i, 1 + i % 4, 'text' FROM generate_series(1, 5) i",
];
