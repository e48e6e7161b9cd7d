//! Cases for patching: documents of a product and its lookups, as applications write them, and changes of single columns.
//!
//! The schema is always the same, so that definitions can be rich: lookups in a chain, optional ones, one-to-one, a child table,
//! views with documents of their own, collations, types whose text depends on settings, triggers that change rows again.

use crate::fragment::Fragment;
use crate::oracle::{Case, Command, CreateForm, Definition, End, Step};
use crate::rng::Rng;

use super::{Options, laterals, leaves, lists};

const SCHEMA: &[&str] = &[
    "CREATE TABLE region (pk integer PRIMARY KEY, name text NOT NULL, weight numeric, opened date)",
    "CREATE TABLE maker (pk bigint PRIMARY KEY, id uuid UNIQUE, fk_region integer REFERENCES region ON UPDATE CASCADE, \
     name text COLLATE \"C\", rating numeric(6,2), active boolean NOT NULL DEFAULT true, doc jsonb)",
    "CREATE TABLE category (pk integer PRIMARY KEY, fk_parent integer, name varchar(20), slug text COLLATE \"C\", depth smallint)",
    "CREATE TABLE product (pk integer PRIMARY KEY, code text NOT NULL UNIQUE, fk_category integer NOT NULL, \
     fk_maker bigint REFERENCES maker ON DELETE SET NULL, name text, price numeric(10,2), cost numeric, made timestamptz, \
     tags text[], more jsonb, note text, touched integer NOT NULL DEFAULT 0)",
    "CREATE TABLE stock (pk integer PRIMARY KEY, fk_product integer UNIQUE REFERENCES product ON DELETE CASCADE ON UPDATE CASCADE, \
     amount integer, place char(4), \"at\" timestamp)",
    "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM count(*) FROM changed; RETURN NULL; END $$",
    "CREATE VIEW v_category AS SELECT c.pk, c.fk_parent, \
     jsonb_build_object('name', c.name, 'slug', upper(c.slug), 'deep', c.depth > 1) AS data FROM category c",
    "CREATE VIEW v_maker AS SELECT m.pk, m.name, jsonb_build_object('name', m.name, 'region', \
     jsonb_build_object('name', r.name, 'opened', r.opened)) AS data FROM maker m LEFT JOIN region r ON r.pk = m.fk_region",
];

/// Triggers that change rows of a source again, before or after the statement's own maintenance.
const TRIGGERS: &[&str] = &[
    "CREATE FUNCTION round_price() RETURNS trigger LANGUAGE plpgsql AS \
     $$ BEGIN NEW.price := round(NEW.price, 1); RETURN NEW; END $$; \
     CREATE TRIGGER round_price BEFORE INSERT OR UPDATE ON product FOR EACH ROW EXECUTE FUNCTION round_price()",
    "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS \
     $$ BEGIN UPDATE product SET touched = touched + 1, name = name || '~' WHERE pk = NEW.pk AND touched < 3; RETURN NULL; END $$; \
     CREATE TRIGGER touch AFTER UPDATE OF price ON product FOR EACH ROW EXECUTE FUNCTION touch()",
    "CREATE FUNCTION rename_maker() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS \
     $$ BEGIN UPDATE maker SET name = NEW.name || pk WHERE pk = NEW.pk AND name = NEW.name AND length(name) < 12; \
     UPDATE product SET note = NEW.name WHERE fk_maker = NEW.pk; RETURN NULL; END $$; \
     CREATE TRIGGER rename_maker AFTER UPDATE ON maker FOR EACH ROW EXECUTE FUNCTION rename_maker()",
    "CREATE FUNCTION sell() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS \
     $$ BEGIN UPDATE product SET price = price + 1, fk_category = 2 WHERE pk = NEW.fk_product; RETURN NULL; END $$; \
     CREATE TRIGGER sell AFTER UPDATE OF amount ON stock FOR EACH ROW WHEN (NEW.amount = 0) EXECUTE FUNCTION sell()",
];

/// What may be on a tview's table.
const ON_TVIEW: &[&str] = &[
    "CREATE INDEX ON {tview} (category)",
    "CREATE INDEX ON {tview} (maker)",
    "CREATE INDEX ON {tview} (maker, category)",
    "CREATE INDEX ON {tview} USING gin (data)",
    "CREATE INDEX ON {tview} ((data ->> ''name''))",
    "CREATE INDEX ON {tview} USING brin (pk)",
    "ALTER TABLE {tview} SET (fillfactor = 50)",
    "ALTER TABLE {tview} ADD CHECK (pk > -100)",
    "CREATE TRIGGER log AFTER UPDATE ON {tview} REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION look()",
];

/// The case that this seed stands for.
pub fn case(seed: u64, options: &Options) -> Case {
    writers(seed, options, 0).0
}

/// A case, and what `count` writers do at the same time in place of its own steps; the first one makes indexes and triggers first.
pub fn writers(seed: u64, options: &Options, count: usize) -> (Case, Vec<Vec<Step>>) {
    let mut rng = Rng::new(seed);
    let tables = SCHEMA.iter().chain(lists::SCHEMA);
    let mut schema: Vec<Fragment> = tables.map(|text| Fragment::from(*text)).collect();
    for trigger in TRIGGERS.iter().chain([&lists::TRIGGER]) {
        if rng.chance(25) {
            schema.push((*trigger).into());
        }
    }
    let mut tviews = vec![];
    for nth in 0..rng.between(1, options.tviews) {
        let below = (nth > 0 && rng.chance(25)).then(|| format!("tv_{}", nth - 1));
        tviews.push(Definition {
            name: format!("tv_{nth}"),
            query: definition(&mut rng, below.as_deref(), options.leaves),
            form: CreateForm::CreateTableAs,
        });
    }
    let mut steps = vec![];
    for tview in &tviews {
        for text in ON_TVIEW {
            if rng.chance(20) {
                // Where the same is done without tviews there is no such table.
                let text = text.replace("{tview}", &tview.name);
                steps.push(Step::single(format!(
                    "DO $$ BEGIN IF EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('{}') AND relkind = 'r') \
                     THEN EXECUTE '{text}'; END IF; END $$",
                    tview.name
                )));
            }
        }
    }
    let mut others: Vec<Vec<Step>> = vec![vec![]; count];
    if let Some(first) = others.first_mut() {
        first.append(&mut steps);
    }
    for steps in others.iter_mut().chain([&mut steps]) {
        steps.extend((0..options.steps).map(|_| step(&mut rng, options.leaves)));
    }
    let case = Case {
        seed,
        schema,
        data: data(&mut rng),
        tviews,
        steps,
    };
    (case, others)
}

fn data(rng: &mut Rng) -> Vec<Fragment> {
    let mut rows = vec![
        "INSERT INTO region VALUES (1, 'North', 1.50, '2020-01-02'), (2, 'South', NULL, NULL)".to_owned(),
        "INSERT INTO maker VALUES (1, '00000000-0000-0000-0000-000000000001', 1, 'Acme', 3.50, true, '{\"a\": [1, 2]}'), \
         (2, NULL, 2, 'bolt', NULL, false, NULL), (3, NULL, NULL, NULL, 1, true, '5')"
            .to_owned(),
        "INSERT INTO category VALUES (1, NULL, 'root', 'root', 0), (2, 1, 'tools', 'tools', 1), (3, 2, 'saws', NULL, 2), (4, 4, 'self', 's', 9)"
            .to_owned(),
    ];
    for pk in 1..=6 {
        let maker = rng.pick(&["1", "2", "3", "NULL"]);
        rows.push(format!(
            "INSERT INTO product VALUES ({pk}, 'c{pk}', {}, {maker}, 'product {pk}', {pk}.25, NULL, \
             '2024-0{pk}-01 12:00+00', '{{a,b}}', '{{\"k\": {pk}}}', 'note')",
            rng.between(1, 4)
        ));
        if rng.chance(60) {
            rows.push(format!("INSERT INTO stock VALUES ({pk}, {pk}, {pk}, 'ab', NULL)"));
        }
    }
    rows.extend(lists::DATA.iter().map(|text| (*text).to_owned()));
    rows.into_iter().map(Fragment::from).collect()
}

// --- Definitions.

/// A joined table: its alias, the join, and expressions over it alone.
struct Lookup {
    alias: &'static str,
    joins: &'static [&'static str],
    values: &'static [&'static str],
}

const ROOT_VALUES: &[&str] = &[
    "p.name",
    "p.price",
    "p.cost",
    "p.made",
    "p.tags",
    "p.more",
    "p.note",
    "p.code",
    "p.touched",
    "round(100 * (p.price - p.cost) / nullif(p.price, 0), 1)",
    "CASE WHEN p.price > 5 THEN jsonb_build_object('price', p.price, 'note', p.note) END",
    "coalesce(p.note, p.name)",
    "to_char(p.made, 'YYYY-MM-DD HH24:MI TZ')",
    "p.more || '{\"x\": 1}'",
    "p.more -> 'k'",
    "jsonb_build_array(p.name, p.price)",
    "upper(p.name) || p.code",
    "p.name < 'q'",
    "to_jsonb(p.tags)",
    "p.made::text",
    "jsonb_build_object('a', p.name, 'a', p.note)",
    "jsonb_build_object('a', p.name) || coalesce(p.more, '{}')",
    "(SELECT count(*) FROM review r WHERE r.fk_product = p.pk)",
    "(SELECT jsonb_agg(jsonb_build_object('stars', r.stars, 'of', p.name) ORDER BY r.pk) FROM review r WHERE r.fk_product = p.pk)",
    "(SELECT jsonb_build_object('note', p.note))",
    "(SELECT max(q.price) FROM product q WHERE q.fk_category = p.fk_category)",
];

const LOOKUPS: &[Lookup] = &[
    Lookup {
        alias: "c",
        joins: &[
            "JOIN category c ON c.pk = p.fk_category",
            "LEFT JOIN category c ON c.pk = p.fk_category",
            "LEFT JOIN category c ON c.pk = p.fk_category AND c.depth < 2",
            "JOIN (SELECT * FROM category WHERE depth IS NOT NULL) c ON c.pk = p.fk_category",
            "LEFT JOIN (SELECT x.* FROM category x) c ON c.pk = p.fk_category",
        ],
        values: &[
            "c.name",
            "c.slug",
            "c.depth",
            "c.name || ' ' || c.depth",
            "lower(c.slug)",
            "c.slug < 'root'",
            "CASE WHEN c.pk IS NOT NULL THEN jsonb_build_object('name', c.name, 'slug', c.slug) END",
            "CASE WHEN c.name = 'tools' THEN 'yes' ELSE 'no' END",
            "coalesce(c.name, 'none')",
            "c.name || p.name",
        ],
    },
    Lookup {
        alias: "pc",
        joins: &[
            "LEFT JOIN category pc ON pc.pk = c.fk_parent",
            "JOIN category pc ON pc.pk = c.fk_parent",
            "LEFT JOIN category pc ON pc.pk = c.fk_parent AND EXISTS (SELECT FROM review r WHERE r.stars > pc.depth)",
        ],
        values: &[
            "pc.name",
            "pc.depth + 1",
            "CASE WHEN pc.pk IS NOT NULL THEN jsonb_build_object('name', pc.name, 'own', pc.slug) END",
        ],
    },
    Lookup {
        alias: "m",
        joins: &[
            "LEFT JOIN maker m ON m.pk = p.fk_maker",
            "JOIN maker m ON m.pk = p.fk_maker",
            "LEFT JOIN maker m ON m.pk = p.fk_maker AND m.active",
            "LEFT JOIN (maker m JOIN region mr ON mr.pk = m.fk_region) ON m.pk = p.fk_maker",
        ],
        values: &[
            "m.name",
            "m.rating",
            "m.doc",
            "m.name || m.rating",
            "CASE WHEN m.active THEN m.name END",
            "m.rating * 2",
            "m.rating || p.note",
            "CASE WHEN m.pk IS NOT NULL THEN jsonb_build_object('id', m.id, 'name', m.name, 'doc', m.doc) END",
        ],
    },
    Lookup {
        alias: "g",
        joins: &[
            "LEFT JOIN region g ON g.pk = m.fk_region",
            "JOIN region g ON m.fk_region = g.pk",
        ],
        values: &[
            "g.name",
            "g.weight",
            "g.opened",
            "round(g.weight, 1)",
            "g.name || m.name",
        ],
    },
    Lookup {
        alias: "s",
        joins: &[
            "LEFT JOIN stock s ON s.fk_product = p.pk",
            "JOIN stock s ON p.pk = s.fk_product",
        ],
        values: &[
            "s.amount",
            "s.place",
            "s.\"at\"",
            "s.amount * 2 + 1",
            "CASE WHEN s.pk IS NOT NULL THEN jsonb_build_object('n', s.amount) END",
        ],
    },
    Lookup {
        alias: "vc",
        joins: &[
            "JOIN v_category vc ON vc.pk = p.fk_category",
            "LEFT JOIN v_category vc ON vc.pk = p.fk_category",
        ],
        values: &[
            "vc.data",
            "vc.data || jsonb_build_object('x', 1)",
            "vc.data ->> 'name'",
        ],
    },
    Lookup {
        alias: "vm",
        joins: &[
            "JOIN v_maker vm ON vm.pk = p.fk_maker",
            "LEFT JOIN v_maker vm ON vm.pk = p.fk_maker",
        ],
        values: &["vm.data", "vm.name", "jsonb_build_object('maker', vm.data)"],
    },
];

/// `below` is a tview that this one reads besides.
fn definition(rng: &mut Rng, below: Option<&str>, subqueries: bool) -> Fragment {
    let mut aliases: Vec<&str> = vec![];
    let mut from = vec![Fragment::from(" FROM product p")];
    let mut values: Vec<&str> = ROOT_VALUES.to_vec();
    for lookup in LOOKUPS {
        let needs = match lookup.alias {
            "pc" => "c",
            "g" => "m",
            _ => "",
        };
        if (needs.is_empty() || aliases.contains(&needs)) && rng.chance(45) {
            aliases.push(lookup.alias);
            // The first form is the most usual one.
            let nth = if rng.chance(50) {
                0
            } else {
                rng.below(lookup.joins.len())
            };
            from.push(Fragment::optional(vec![" ".into(), lookup.joins[nth].into()]));
            values.extend(lookup.values);
            values.extend(lookup.values);
        }
    }
    if subqueries {
        (0..4).for_each(|_| values.extend(leaves::OF_ROOT));
        if aliases.contains(&"c") {
            values.extend(leaves::OF_CATEGORY);
        }
    }
    // Values that a changed row alone can't renew come rarely, so that a document of a list often has nothing else of its children.
    for _ in 0..rng.below(4) {
        let list = *rng.pick(lists::VALUES);
        values.extend([list; 6]);
    }
    laterals::add(rng, subqueries, &mut from, &mut values);
    let stacked = below.map(|tview| format!(" LEFT JOIN {tview} t ON t.pk = p.pk"));
    if let Some(join) = &stacked {
        from.push(Fragment::optional(vec![join.clone().into()]));
        values.extend(["t.data", "t.data", "t.data ->> 'name'", "t.name"]);
    }
    if rng.chance(30) {
        let filters = [
            "p.price > 1",
            "p.note IS NOT NULL",
            "p.touched < 2",
            "p.fk_category <> 3",
            "p.code <> 'c9'",
        ];
        from.push(Fragment::optional(vec![
            " WHERE ".into(),
            (*rng.pick(&filters)).into(),
        ]));
    }
    let mut list = vec![Fragment::from(
        "p.pk, p.name, p.fk_category AS category, p.fk_maker AS maker",
    )];
    for nth in 0..rng.below(3) {
        list.push(format!("{} AS plain_{nth}", rng.pick(&values)).into());
    }
    let document = if rng.chance(20) {
        let (left, right) = (object(rng, &values, 2), object(rng, &values, 2));
        Fragment::Sequence(vec![left, " || ".into(), right])
    } else {
        object(rng, &values, 3)
    };
    list.push(Fragment::Sequence(vec![document, " AS data".into()]));
    let mut all = vec!["SELECT ".into(), Fragment::joined(list, ", ")];
    all.extend(from);
    Fragment::Sequence(all)
}

fn object(rng: &mut Rng, values: &[&str], depth: usize) -> Fragment {
    const KEYS: [&str; 7] = ["name", "price", "it''s", "ä", "", "deep", "a.b"];
    let first = rng.below(KEYS.len());
    let members = (0..rng.between(1, 5)).map(|nth| {
        let value = if depth > 1 && rng.chance(30) {
            object(rng, values, depth - 1)
        } else {
            (*rng.pick(values)).into()
        };
        Fragment::Sequence(vec![
            format!("'{}', ", KEYS[(first + nth) % KEYS.len()]).into(),
            value,
        ])
    });
    let members = Fragment::joined(members.collect(), ", ");
    Fragment::Sequence(vec!["jsonb_build_object(".into(), members, ")".into()])
}

// --- Changes.

const ASSIGNMENTS: &[(&str, &[&str])] = &[
    (
        "product",
        &[
            "price = price + 0.5",
            "price = 2.00",
            "name = name || '!'",
            "name = NULL",
            "cost = price / 2",
            "note = 'n' || pk",
            "note = NULL",
            "made = made + interval '1 hour'",
            "tags = tags || '{z}'",
            "more = '{\"k\": null}'",
            "more = jsonb_build_object('long', repeat('x', 3000))",
            "touched = touched + 1",
            "fk_category = 1 + (pk + 1) % 4",
            "fk_maker = 2",
            "fk_maker = NULL",
            "code = code || 'x'",
            "pk = pk + 10",
        ],
    ),
    (
        "category",
        &[
            "name = 'n' || pk",
            "slug = upper(slug)",
            "slug = 'x'",
            "depth = depth + 1",
            "depth = NULL",
            "fk_parent = 1",
            "name = name",
        ],
    ),
    (
        "maker",
        &[
            "name = 'm' || pk",
            "name = NULL",
            "rating = rating + 0.1",
            "rating = 2",
            "active = NOT active",
            "doc = '[]'",
            "fk_region = 2",
        ],
    ),
    (
        "region",
        &[
            "name = name || '.'",
            "weight = 7.00",
            "weight = 7.0",
            "opened = opened + 1",
        ],
    ),
    (
        "stock",
        &[
            "amount = amount + 1",
            "amount = 0",
            "place = 'zz'",
            "\"at\" = '2024-05-05 10:00'",
            "fk_product = NULL",
        ],
    ),
];

fn update(rng: &mut Rng) -> String {
    let (table, assignments) = rng.weighted(&[
        (6, ASSIGNMENTS[0]),
        (3, ASSIGNMENTS[1]),
        (3, ASSIGNMENTS[2]),
        (2, ASSIGNMENTS[3]),
        (2, ASSIGNMENTS[4]),
        (5, lists::ASSIGNMENTS[0]),
        (1, lists::ASSIGNMENTS[1]),
    ]);
    let mut chosen: Vec<&str> = vec![];
    for _ in 0..rng.weighted(&[(6, 1), (2, 2), (1, 3)]) {
        let next = rng.pick(assignments);
        let column = |text: &str| text.split(' ').next().unwrap_or_default().to_owned();
        if chosen.iter().all(|known| column(known) != column(next)) {
            chosen.push(next);
        }
    }
    let filter = match rng.below(6) {
        0 => String::new(),
        1 => " WHERE pk IN (1, 2, 3)".to_owned(),
        2 => " WHERE pk > 2".to_owned(),
        _ => format!(" WHERE pk = {}", rng.between(1, 4)),
    };
    format!("UPDATE {table} SET {}{filter}", chosen.join(", "))
}

fn command(rng: &mut Rng, subqueries: bool) -> Command {
    if subqueries && rng.chance(60) {
        return Command::new(leaves::change(rng));
    }
    let others = [
        "DELETE FROM product WHERE pk = 2",
        "INSERT INTO product VALUES (2, 'c2', 2, 1, 'again', 3.00, 1, NULL, NULL, NULL, NULL)",
        "DELETE FROM stock WHERE pk = 1",
        "INSERT INTO stock VALUES (1, 1, 5, 'xy', NULL) ON CONFLICT DO NOTHING",
        "INSERT INTO product (pk, code, fk_category, name) VALUES (3, 'n', 1, 'up') ON CONFLICT (pk) DO UPDATE SET name = EXCLUDED.name",
        "DELETE FROM maker WHERE pk = 3",
        "INSERT INTO maker VALUES (3, NULL, 1, 'back') ON CONFLICT DO NOTHING",
        "UPDATE region SET pk = 3 - pk WHERE pk = 7",
    ];
    match rng.below(20) {
        0..=12 => Command::new(update(rng)),
        14 | 15 => Command::new(format!("WITH a AS ({} RETURNING 1) {}", update(rng), update(rng))),
        16 => Command::new(format!("DO $$ BEGIN {}; {}; END $$", update(rng), update(rng))),
        13 | 17 => Command::new(*rng.pick(lists::COMMANDS)),
        _ => Command::new(*rng.pick(&others)),
    }
}

fn step(rng: &mut Rng, subqueries: bool) -> Step {
    if rng.chance(4) {
        let settings = [
            "TimeZone = 'America/New_York'",
            "TimeZone = 'UTC'",
            "DateStyle = 'SQL, DMY'",
            "extra_float_digits = 0",
        ];
        return Step::single(format!("SET {}", rng.pick(&settings)));
    }
    if !rng.chance(20) {
        return Step::Single(command(rng, subqueries));
    }
    let mut commands = vec![];
    for _ in 0..rng.between(2, 5) {
        match rng.below(6) {
            0 => commands.push(Command::new("SAVEPOINT s")),
            1 if commands.iter().any(|known| known.text == "SAVEPOINT s".into()) => {
                commands.push(Command::new("ROLLBACK TO s"));
            }
            _ => commands.push(command(rng, subqueries)),
        }
    }
    Step::Transaction {
        begin: rng
            .weighted(&[(8, "BEGIN"), (1, "BEGIN ISOLATION LEVEL REPEATABLE READ")])
            .to_owned(),
        commands,
        end: End::of(rng.chance(75)),
        quiet: rng.chance(60),
    }
}
