//! The shop: tables, tviews of all kinds over them, and random statements on them.

use crate::rng::Rng;

/// A tview: its name, its query, and the tviews that it reads.
#[derive(Clone, Copy, Debug)]
pub struct Tview {
    /// Its name.
    pub name: &'static str,
    /// Its query.
    pub query: &'static str,
    /// The other tviews that its query reads.
    pub reads: &'static [&'static str],
}

/// The tables.
pub const TABLES: &str = "
CREATE TABLE country (pk integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE customer (pk integer PRIMARY KEY, fk_country integer, name text NOT NULL, tier integer);
CREATE TABLE category (pk integer PRIMARY KEY, fk_parent integer, name text NOT NULL);
CREATE TABLE product (pk integer PRIMARY KEY, fk_category integer, name text NOT NULL, price numeric NOT NULL, grade numeric);
CREATE TABLE review (pk integer PRIMARY KEY, fk_product integer NOT NULL, stars integer NOT NULL);
CREATE TABLE orders (pk integer PRIMARY KEY, fk_customer integer, year integer NOT NULL, state text NOT NULL);
CREATE TABLE line (fk_order integer NOT NULL REFERENCES orders ON DELETE CASCADE, number integer NOT NULL, fk_product integer,
                   quantity integer NOT NULL, PRIMARY KEY (fk_order, number));
CREATE TABLE tag (fk_product integer, word text);
CREATE TABLE hidden (fk_product integer);
CREATE TABLE rate (pk integer PRIMARY KEY, factor integer NOT NULL);
CREATE TABLE event (pk integer NOT NULL, region text NOT NULL, fk_product integer, PRIMARY KEY (pk, region)) PARTITION BY LIST (region);
CREATE TABLE event_north PARTITION OF event FOR VALUES IN ('north');
CREATE TABLE event_south (fk_product integer, region text NOT NULL, pk integer NOT NULL);
ALTER TABLE event ATTACH PARTITION event_south FOR VALUES IN ('south');
CREATE TABLE event_other PARTITION OF event DEFAULT;
CREATE INDEX ON customer (fk_country); CREATE INDEX ON category (fk_parent); CREATE INDEX ON product (fk_category);
CREATE INDEX ON product (grade); CREATE INDEX ON review (fk_product); CREATE INDEX ON orders (fk_customer); CREATE INDEX ON orders (year);
CREATE INDEX ON line (fk_product); CREATE INDEX ON tag (fk_product); CREATE INDEX ON event (fk_product);
INSERT INTO country SELECT n, 'country ' || n FROM generate_series(1, 4) AS n;
INSERT INTO customer SELECT n, n % 5, 'customer ' || n, n % 3 FROM generate_series(1, 12) AS n;
INSERT INTO category SELECT n, nullif(n / 2, 0), 'category ' || n FROM generate_series(1, 6) AS n;
INSERT INTO product SELECT n, n % 7, 'product ' || n, n * 1.5, n % 4 FROM generate_series(1, 20) AS n;
INSERT INTO review SELECT n, n % 21, n % 5 FROM generate_series(1, 40) AS n;
INSERT INTO orders SELECT n, n % 13, 2020 + n % 3, 'open' FROM generate_series(1, 15) AS n;
INSERT INTO line SELECT o, n, (o * n) % 20 + 1, n FROM generate_series(1, 15) AS o, generate_series(1, 3) AS n;
INSERT INTO tag SELECT n % 12, 'word ' || n % 3 FROM generate_series(1, 15) AS n;
INSERT INTO hidden VALUES (3), (5);
INSERT INTO rate VALUES (1, 10), (2, 20);
INSERT INTO event SELECT n, (ARRAY['north', 'south', 'east'])[n % 3 + 1], n % 20 FROM generate_series(1, 20) AS n;
";

/// Tviews whose every unit is named or found: a single document, a group, rows without a key, windows, set operations, optional
/// sides, partitions, a recursion, and tviews over tviews.
pub const BY_UNIT: [Tview; 16] = [
    tview("tv_product", "SELECT p.pk, p.fk_category, jsonb_build_object('name', p.name, 'price', p.price, 'category', c.name,
        'stars', (SELECT avg(r.stars) FROM review r WHERE r.fk_product = p.pk)) AS data
        FROM product p LEFT JOIN category c ON c.pk = p.fk_category"),
    tview("tv_card", "SELECT p.pk, p.fk_category, jsonb_build_object('name', p.name, 'price', p.price, 'category', c.name) AS data
        FROM product p JOIN category c ON c.pk = p.fk_category"),
    tview("tv_line", "SELECT l.fk_order, l.number, l.fk_product, l.quantity, p.name, p.price, o.state
        FROM line l JOIN orders o ON o.pk = l.fk_order LEFT JOIN product p ON p.pk = l.fk_product"),
    tview("tv_order", "SELECT o.pk, jsonb_build_object('state', o.state, 'customer', u.name, 'country', n.name, 'lines',
        (SELECT jsonb_agg(jsonb_build_object('n', l.number, 'q', l.quantity, 'product', p.name) ORDER BY l.number)
           FROM line l LEFT JOIN product p ON p.pk = l.fk_product WHERE l.fk_order = o.pk)) AS data
        FROM orders o LEFT JOIN customer u ON u.pk = o.fk_customer LEFT JOIN country n ON n.pk = u.fk_country"),
    tview("tv_spent", "SELECT o.fk_customer, count(DISTINCT o.pk) AS orders, sum(l.quantity * p.price) AS spent
        FROM orders o JOIN line l ON l.fk_order = o.pk JOIN product p ON p.pk = l.fk_product GROUP BY o.fk_customer"),
    tview("tv_stars", "SELECT fk_product, count(*) AS reviews, sum(stars) AS stars FROM review GROUP BY fk_product"),
    tview("tv_grade", "SELECT p.grade::integer AS grade, count(*) AS products, max(p.price) AS top FROM product p GROUP BY p.grade::integer"),
    tview("tv_names", "SELECT c.name AS category, p.grade FROM product p JOIN category c ON c.pk = p.fk_category"),
    tview("tv_rank", "SELECT p.fk_category, p.name, rank() OVER (PARTITION BY p.fk_category ORDER BY p.price, p.pk) AS place FROM product p"),
    tview("tv_words", "SELECT t.fk_product, t.word FROM tag t UNION SELECT r.fk_product, 'stars ' || r.stars FROM review r"),
    tview("tv_full", "SELECT t.word, p.pk, p.name FROM tag t FULL JOIN product p ON p.pk = t.fk_product"),
    tview("tv_country_year", "SELECT n.name, o.year, count(*) AS orders FROM orders o JOIN customer u ON u.pk = o.fk_customer
        JOIN country n ON n.pk = u.fk_country GROUP BY n.name, o.year"),
    tview("tv_event", "SELECT e.pk, e.region, e.fk_product, p.name FROM event e LEFT JOIN product p ON p.pk = e.fk_product"),
    tview("tv_path", "SELECT c.pk, (WITH RECURSIVE up AS (SELECT d.pk, d.fk_parent, d.name FROM category d WHERE d.pk = c.pk
        UNION SELECT e.pk, e.fk_parent, e.name FROM up JOIN category e ON e.pk = up.fk_parent)
        SELECT string_agg(up.name, '/' ORDER BY up.pk) FROM up) AS path FROM category c"),
    over("tv_category", "SELECT c.pk, c.name, (SELECT jsonb_agg(p.data ORDER BY p.pk) FROM tv_product p WHERE p.fk_category = c.pk) AS products
        FROM category c", &["tv_product"]),
    over("tv_customer", "SELECT u.pk, u.name, s.orders, s.spent FROM customer u LEFT JOIN tv_spent s ON s.fk_customer = u.pk", &["tv_spent"]),
];

/// Tviews of which some change concerns all rows.
pub const AS_A_WHOLE: [Tview; 5] = [
    tview(
        "tv_top",
        "SELECT p.pk, p.name, p.price FROM product p ORDER BY p.price DESC, p.pk LIMIT 5",
    ),
    tview(
        "tv_total",
        "SELECT count(*) AS products, sum(p.price) AS price, max(p.name) AS last FROM product p",
    ),
    tview(
        "tv_priced",
        "SELECT p.pk, p.price * (SELECT max(r.factor) FROM rate r) AS price FROM product p",
    ),
    tview(
        "tv_visible",
        "SELECT p.pk, p.name FROM product p WHERE p.pk NOT IN (SELECT h.fk_product FROM hidden h)",
    ),
    over(
        "tv_best",
        "SELECT s.grade, s.products FROM tv_grade s ORDER BY s.products DESC, s.grade LIMIT 2",
        &["tv_grade"],
    ),
];

const fn tview(name: &'static str, query: &'static str) -> Tview {
    over(name, query, &[])
}

const fn over(name: &'static str, query: &'static str, reads: &'static [&'static str]) -> Tview {
    Tview { name, query, reads }
}

/// A dozen or so of them, those that are read before those that read them. Half of the choices have none that is maintained as a
/// whole: these make writers wait for each other, and would hide that others don't.
pub fn choose(rng: &mut Rng) -> Vec<Tview> {
    let mut all = BY_UNIT.to_vec();
    if rng.chance(50) {
        all.extend(AS_A_WHOLE);
    }
    let mut chosen: Vec<Tview> = vec![];
    for tview in &all {
        let possible = tview
            .reads
            .iter()
            .all(|read| chosen.iter().any(|other| other.name == *read));
        if possible && rng.chance(80) {
            chosen.push(*tview);
        }
    }
    chosen
}

/// A query that compares a tview with its query, both ways: no rows.
pub fn comparison(tview: &Tview) -> String {
    let (name, query) = (tview.name, tview.query);
    format!(
        "WITH t AS MATERIALIZED (SELECT ROW(t.*)::text AS row FROM {name} AS t), \
         q AS MATERIALIZED (SELECT ROW(q.*)::text AS row FROM ({query}) AS q) \
         SELECT 'only in the tview: ' || d.row FROM (TABLE t EXCEPT ALL TABLE q) AS d UNION ALL \
         SELECT 'only in the query: ' || d.row FROM (TABLE q EXCEPT ALL TABLE t) AS d"
    )
}

/// The numbers that a random statement is made of.
struct Draw {
    product: usize,
    other: usize,
    category: usize,
    customer: usize,
    order: usize,
    value: usize,
    few: usize,
    new: u64,
}

/// A random statement that changes something; `fresh` gives numbers that nobody has used.
pub fn statement(rng: &mut Rng, fresh: &mut impl FnMut() -> u64) -> String {
    let draw = Draw {
        product: rng.skewed(21) + 1,
        other: rng.below(20) + 1,
        category: rng.skewed(7),
        customer: rng.skewed(13),
        order: rng.skewed(16) + 1,
        value: rng.below(100),
        few: rng.below(4),
        new: fresh(),
    };
    match rng.below(38) {
        kind @ 0..=13 => of_catalogue(rng, &draw, kind),
        kind @ 14..=29 => of_orders(rng, &draw, kind),
        kind => of_the_rest(&draw, kind),
    }
}

/// Changes of products and categories.
fn of_catalogue(rng: &mut Rng, draw: &Draw, kind: usize) -> String {
    let Draw {
        product,
        other,
        category,
        value,
        few,
        ..
    } = *draw;
    match kind {
        0..=2 => format!("UPDATE product SET price = {value}.5 WHERE pk = {product}"),
        3 => format!("UPDATE product SET name = 'product {value}' WHERE pk = {product}"),
        4 => format!("UPDATE product SET fk_category = {category} WHERE pk = {product}"),
        5 => format!("UPDATE product SET fk_category = {category} WHERE fk_category = {few}"),
        6 => format!(
            "UPDATE product SET grade = {few}.{} WHERE pk IN ({product}, {other})",
            rng.below(3)
        ),
        7 => format!("DELETE FROM product WHERE pk = {other}"),
        8 | 9 => format!(
            "INSERT INTO product VALUES ({other}, {category}, 'new {value}', {value}, {few}) \
             ON CONFLICT (pk) DO UPDATE SET price = excluded.price, grade = product.grade + 1"
        ),
        10 => format!("UPDATE category SET name = 'category {value}' WHERE pk = {category}"),
        11 => format!("UPDATE category SET fk_parent = nullif({few}, 0) WHERE pk = {category}"),
        12 => format!("DELETE FROM category WHERE pk = {category} AND pk > 3"),
        _ => format!(
            "INSERT INTO category VALUES ({}, {few}, 'born {value}') ON CONFLICT DO NOTHING",
            category.max(1)
        ),
    }
}

/// Changes of reviews, customers and orders.
fn of_orders(rng: &mut Rng, draw: &Draw, kind: usize) -> String {
    let Draw {
        product,
        other,
        customer,
        order,
        value,
        few,
        new,
        ..
    } = *draw;
    match kind {
        14..=16 => format!("INSERT INTO review VALUES ({}, {product}, {few})", 1000 + new),
        17 => format!(
            "UPDATE review SET stars = {few}, fk_product = {other} WHERE pk % 17 = {few} AND fk_product = {product}"
        ),
        18 => format!(
            "DELETE FROM review WHERE fk_product = {product} AND pk % 2 = {}",
            few % 2
        ),
        19 => format!("UPDATE customer SET name = 'customer {value}' WHERE pk = {customer}"),
        20 => format!(
            "UPDATE customer SET fk_country = {} WHERE pk = {customer}",
            few + 1
        ),
        21 => format!(
            "UPDATE country SET name = 'country {few}' WHERE pk = {}",
            rng.below(5)
        ),
        22 => format!("UPDATE orders SET state = 'state {value}' WHERE pk = {order}"),
        23 => format!(
            "UPDATE orders SET fk_customer = {customer}, year = {} WHERE pk = {order}",
            2020 + few
        ),
        24 => format!("DELETE FROM orders WHERE pk = {order}"),
        25 => format!(
            "INSERT INTO orders VALUES ({order}, {customer}, {}, 'new') ON CONFLICT DO NOTHING",
            2020 + few
        ),
        26 | 27 => format!(
            "INSERT INTO line SELECT o.pk, {}, {product}, {few} FROM orders o WHERE o.pk = {order}",
            1000 + new
        ),
        28 => format!("UPDATE line SET quantity = {value}, fk_product = {product} WHERE fk_order = {order}"),
        _ => format!("DELETE FROM line WHERE fk_order = {order} AND number > {few}"),
    }
}

/// Changes of tags, hidden products, rates and events.
fn of_the_rest(draw: &Draw, kind: usize) -> String {
    let Draw {
        product,
        other,
        value,
        few,
        new,
        ..
    } = *draw;
    match kind {
        30 => format!("INSERT INTO tag VALUES ({product}, 'word {few}'), (NULL, 'word {value}')"),
        31 => format!("DELETE FROM tag WHERE word = 'word {value}' OR fk_product = {product}"),
        32 => format!("UPDATE tag SET fk_product = {other} WHERE fk_product = {product}"),
        33 => format!(
            "INSERT INTO hidden VALUES ({})",
            if few == 0 {
                "NULL".into()
            } else {
                product.to_string()
            }
        ),
        34 => format!("DELETE FROM hidden WHERE fk_product = {product} OR fk_product IS NULL"),
        35 => format!("UPDATE rate SET factor = {value} WHERE pk = {}", 1 + few % 2),
        36 => format!(
            "INSERT INTO event VALUES ({}, '{}', {product})",
            1000 + new,
            region(few)
        ),
        _ => format!(
            "UPDATE event SET region = '{}', fk_product = {other} WHERE fk_product = {product}",
            region(few)
        ),
    }
}

fn region(number: usize) -> &'static str {
    ["north", "south", "east", "west"][number % 4]
}
