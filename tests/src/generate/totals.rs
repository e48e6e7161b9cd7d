//! Cases for differences: groups and subqueries whose aggregates are kept without reading their rows, next to ones that can't be.
//!
//! The schema is always the same: exact numbers of all kinds, with and without NULLs, with a fixed scale and without, a table that counts
//! rows of its own, and triggers that change rows once more, before and after maintenance, or read a tview in between.

use crate::fragment::Fragment;
use crate::oracle::{Case, Command, CreateForm, Definition, End, Step};
use crate::rng::Rng;

use super::Options;

const SCHEMA: &[&str] = &[
    "CREATE TABLE category (pk integer PRIMARY KEY, name text, fk_parent integer)",
    "CREATE TABLE offer (pk integer PRIMARY KEY, fk_category integer, kind text COLLATE \"C\" NOT NULL DEFAULT 'a', \
     price numeric(10,2), weight numeric(6,3) NOT NULL DEFAULT 1, cost numeric, quantity integer NOT NULL DEFAULT 1, \
     small smallint, big bigint, active boolean)",
    "CREATE INDEX ON offer (fk_category)",
    "CREATE TABLE remark (pk integer PRIMARY KEY, fk_remark integer, fk_category integer, stars integer)",
    "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM count(*) FROM changed; RETURN NULL; END $$",
];

/// Triggers that change rows of a source again, before or after the statement's own maintenance, or have a tview read in between.
const TRIGGERS: &[&str] = &[
    "CREATE FUNCTION round_price() RETURNS trigger LANGUAGE plpgsql AS \
     $$ BEGIN NEW.price := round(NEW.price, 1); RETURN NEW; END $$; \
     CREATE TRIGGER round_price BEFORE INSERT OR UPDATE ON offer FOR EACH ROW EXECUTE FUNCTION round_price()",
    "CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS \
     $$ BEGIN UPDATE offer SET quantity = quantity + 1, price = price + 0.5 WHERE pk = NEW.pk AND quantity < 4; RETURN NULL; END $$; \
     CREATE TRIGGER more AFTER INSERT OR UPDATE OF price ON offer FOR EACH ROW EXECUTE FUNCTION more()",
    "CREATE FUNCTION read_between() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS \
     $$ BEGIN UPDATE offer SET small = small + 1 WHERE pk = NEW.pk + 1; IF to_regclass('tv_0') IS NOT NULL THEN PERFORM count(*) FROM tv_0; END IF; RETURN NULL; END $$; \
     CREATE TRIGGER read_between AFTER UPDATE OF quantity ON offer FOR EACH ROW WHEN (NEW.quantity > 2) EXECUTE FUNCTION read_between()",
    "CREATE FUNCTION recount() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS \
     $$ BEGIN INSERT INTO offer VALUES (1000 + NEW.pk, NEW.fk_category) ON CONFLICT DO NOTHING; \
     DELETE FROM offer WHERE pk = 1000 + NEW.pk AND quantity > 1; IF to_regclass('tv_0') IS NOT NULL THEN PERFORM count(*) FROM tv_0; END IF; RETURN NULL; END $$; \
     CREATE TRIGGER recount AFTER UPDATE ON offer FOR EACH ROW WHEN (NEW.pk < 4) EXECUTE FUNCTION recount()",
];

/// What may be done with a tview's table, and a function that brings it up to date at some moment.
const ON_TVIEW: &[&str] = &[
    "CREATE INDEX ON {tview} ((data ->> ''n''))",
    "CREATE INDEX ON {tview} USING gin (data)",
    "ALTER TABLE {tview} ADD CHECK (data IS NOT NULL)",
    "CREATE TRIGGER log AFTER UPDATE ON {tview} REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION look()",
];

/// Aggregates over an offer. Most can be kept by differences.
const AGGREGATES: &[&str] = &[
    "count(*)",
    "count(*)",
    "count(o.price)",
    "sum(o.price)",
    "avg(o.price)",
    "round(avg(o.price), 2)",
    "coalesce(sum(o.price), 0)",
    "coalesce(sum(o.price), 0.00)",
    "coalesce(sum(o.price), 0.000)",
    "sum(o.weight)",
    "avg(o.weight)",
    "sum(o.quantity)",
    "avg(o.quantity)",
    "round(avg(o.quantity), 1)",
    "round(avg(o.quantity), 4)",
    "sum(o.small)",
    "count(o.small)",
    "coalesce(sum(o.small), 0)",
    "sum(o.big)",
    "avg(o.big)",
    "coalesce(sum(o.big), 0)",
    "count(o.big)",
    "count(*) FILTER (WHERE o.active)",
    "sum(o.quantity) FILTER (WHERE o.active)",
    "sum(o.price) FILTER (WHERE o.price > 2)",
    "count(o.price) FILTER (WHERE o.price > 2)",
    "sum(CASE WHEN o.kind = 'a' THEN 1 ELSE 0 END)",
    "sum(o.quantity * o.small)",
    "sum(o.price)::text",
    "sum(o.price) / nullif(count(*), 0)",
    "CASE WHEN count(*) > 2 THEN 'many' ELSE 'few' END",
    "round(sum(o.price), 1)",
    "coalesce(avg(o.quantity), 0)",
    "coalesce(sum(o.quantity), -1)",
];

/// Aggregates that can't.
const OTHERS: &[&str] = &[
    "sum(o.cost)",
    "max(o.price)",
    "string_agg(o.kind, ',' ORDER BY o.pk)",
    "count(DISTINCT o.kind)",
    "bool_or(o.active)",
];

const FILTERS: &[&str] = &[
    "o.quantity > 1",
    "o.active",
    "o.kind <> 'b'",
    "o.price IS NOT NULL",
    "EXISTS (SELECT FROM category x WHERE x.pk = o.fk_category)",
];

/// The case that this seed stands for.
pub fn case(seed: u64, options: &Options) -> Case {
    writers(seed, options, 0).0
}

/// A case, and what `count` writers do at the same time in place of its own steps; the first one makes indexes and triggers first.
pub fn writers(seed: u64, options: &Options, count: usize) -> (Case, Vec<Vec<Step>>) {
    let mut rng = Rng::new(seed);
    let mut schema: Vec<Fragment> = SCHEMA.iter().map(|text| Fragment::from(*text)).collect();
    for trigger in TRIGGERS {
        // Writers at the same time would run into each other's early flushes.
        if count == 0 && rng.chance(20) {
            schema.push((*trigger).into());
        }
    }
    let mut tviews = vec![];
    for nth in 0..rng.between(1, options.tviews) {
        let below = (nth > 0 && rng.chance(20)).then(|| format!("tv_{}", nth - 1));
        tviews.push(Definition {
            name: format!("tv_{nth}"),
            query: definition(&mut rng, below.as_deref()),
            form: CreateForm::CreateTableAs,
        });
    }
    let mut steps = vec![];
    for tview in &tviews {
        for text in ON_TVIEW {
            if rng.chance(15) {
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
        steps.extend((0..options.steps).map(|_| step(&mut rng)));
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
        "INSERT INTO category VALUES (1, 'tools', NULL), (2, 'saws', 1), (3, 'empty', 2), (4, NULL, 1)"
            .to_owned(),
    ];
    for pk in 1..=12 {
        rows.push(format!("INSERT INTO offer VALUES ({pk}, {})", values(rng)));
    }
    for pk in 1..=8 {
        rows.push(format!(
            "INSERT INTO remark VALUES ({pk}, {}, {}, {})",
            rng.pick(&["NULL", "1", "2", "5"]),
            rng.pick(&["NULL", "1", "2"]),
            rng.pick(&["NULL", "1", "4", "5"])
        ));
    }
    rows.into_iter().map(Fragment::from).collect()
}

/// All columns of an offer after its key.
fn values(rng: &mut Rng) -> String {
    let pools: [&[&str]; 9] = [
        &["1", "1", "2", "2", "4", "NULL", "9"],
        &["'a'", "'a'", "'b'"],
        &["1.25", "0", "2.50", "NULL", "-3", "1000000.01", "7.777"],
        &["1", "0.125", "99.999", "2.5"],
        &["1.0", "1.00", "NULL"],
        &["1", "2", "3", "0", "-5"],
        &["NULL", "1", "7", "-2"],
        &["NULL", "1", "9007199254740993", "-4611686018427387904"],
        &["true", "false", "NULL"],
    ];
    pools.map(|pool| (*rng.pick(pool)).to_owned()).join(", ")
}

// --- Definitions.

fn definition(rng: &mut Rng, below: Option<&str>) -> Fragment {
    if let Some(tview) = below {
        return format!(
            "SELECT t.n, jsonb_build_object('n', count(*), 'sum', sum(t.n)) AS data FROM {tview} t GROUP BY t.n"
        )
        .into();
    }
    match rng.below(10) {
        0..=3 => groups(rng),
        4 => remarks(rng),
        _ => rows(rng),
    }
}

fn aggregate(rng: &mut Rng) -> &'static str {
    if rng.chance(4) {
        return rng.pick::<&str>(OTHERS);
    }
    rng.pick::<&str>(AGGREGATES)
}

fn object(rng: &mut Rng, depth: usize, mut value: impl FnMut(&mut Rng) -> Fragment) -> Fragment {
    const KEYS: [&str; 6] = ["n", "total", "it''s", "ä", "", "a.b"];
    let first = rng.below(KEYS.len());
    let mut members = vec![];
    for nth in 0..rng.between(1, 4) {
        let member = if depth > 1 && rng.chance(25) {
            let inner = value(rng);
            Fragment::Sequence(vec!["jsonb_build_object('inner', ".into(), inner, ")".into()])
        } else {
            value(rng)
        };
        let key = format!("'{}', ", KEYS[(first + nth) % KEYS.len()]);
        members.push(Fragment::Sequence(vec![key.into(), member]));
    }
    let members = Fragment::joined(members, ", ");
    Fragment::Sequence(vec!["jsonb_build_object(".into(), members, ")".into()])
}

fn filter(rng: &mut Rng, word: &str, percent: usize) -> String {
    if rng.chance(percent) {
        format!(" {word} {}", rng.pick(FILTERS))
    } else {
        String::new()
    }
}

fn groups(rng: &mut Rng) -> Fragment {
    let key = rng.pick(&[
        "o.fk_category",
        "o.fk_category",
        "o.kind",
        "o.fk_category, o.kind",
        "o.quantity % 2",
    ]);
    let mut list = vec![format!("{key}, count(*) AS n")];
    if rng.chance(30) {
        // The number of rows is not shown. What stands there may be summed up by another tview.
        let number = rng.pick(&[
            "sum(o.price)",
            "avg(o.quantity)",
            "max(o.price)",
            "count(o.price)",
        ]);
        list = vec![format!("{key}, {number} AS n")];
    }
    for nth in 0..rng.below(4) {
        list.push(format!("{} AS plain_{nth}", aggregate(rng)));
    }
    let mut list: Vec<Fragment> = list.into_iter().map(Fragment::from).collect();
    let document = object(rng, 2, |rng| aggregate(rng).into());
    list.push(Fragment::Sequence(vec![document, " AS data".into()]));
    let having = if rng.chance(8) { " HAVING count(*) > 1" } else { "" };
    Fragment::Sequence(vec![
        "SELECT ".into(),
        Fragment::joined(list, ", "),
        format!(" FROM offer o{} GROUP BY {key}{having}", filter(rng, "WHERE", 30)).into(),
    ])
}

fn subquery(rng: &mut Rng, filter: &str, shown: Fragment) -> Fragment {
    let tie = rng.pick(&[
        "o.fk_category = c.pk",
        "o.fk_category = c.pk",
        "c.pk = o.fk_category",
    ]);
    Fragment::Sequence(vec![
        "(SELECT ".into(),
        shown,
        format!(" FROM offer o WHERE {tie}{filter})").into(),
    ])
}

/// Documents with subqueries over the same rows, and over others.
fn rows(rng: &mut Rng) -> Fragment {
    let usual = filter(rng, "AND", 25);
    let value = |rng: &mut Rng| {
        if rng.chance(10) {
            return (*rng.pick(&["c.name", "c.pk + 1", "upper(c.name)"])).into();
        }
        let filter = if rng.chance(85) {
            usual.clone()
        } else {
            filter(rng, "AND", 50)
        };
        let shown = if rng.chance(20) {
            object(rng, 1, |rng| aggregate(rng).into())
        } else {
            aggregate(rng).into()
        };
        let value = subquery(rng, &filter, shown);
        if rng.chance(8) {
            return Fragment::Sequence(vec!["to_jsonb(".into(), value, ")".into()]);
        }
        value
    };
    let n = subquery(rng, &usual, "count(*)".into());
    let mut list = vec!["c.pk, c.name".into(), Fragment::Sequence(vec![n, " AS n".into()])];
    for nth in 0..rng.below(3) {
        let plain = value(rng);
        list.push(Fragment::Sequence(vec![plain, format!(" AS plain_{nth}").into()]));
    }
    let document = object(rng, 2, value);
    list.push(Fragment::Sequence(vec![document, " AS data".into()]));
    let from = rng.pick(&[
        " FROM category c",
        " FROM category c LEFT JOIN category d ON d.pk = c.fk_parent",
        " FROM category c WHERE c.name IS NOT NULL",
    ]);
    Fragment::Sequence(vec![
        "SELECT ".into(),
        Fragment::joined(list, ", "),
        (*from).into(),
    ])
}

/// Rows that count rows of their own table.
fn remarks(rng: &mut Rng) -> Fragment {
    let tie = rng.pick(&["r.fk_remark = m.pk", "r.fk_remark = m.pk", "r.fk_category = m.pk"]);
    let stars = rng.pick(&[
        "avg(r.stars)",
        "sum(r.stars)",
        "count(r.stars)",
        "round(avg(r.stars), 1)",
    ]);
    format!(
        "SELECT m.pk, (SELECT count(*) FROM remark r WHERE {tie}) AS n, \
         (SELECT jsonb_build_object('n', count(r.stars), 'stars', {stars}) FROM remark r WHERE {tie}) AS data FROM remark m"
    )
    .into()
}

// --- Changes.

const ASSIGNMENTS: &[&str] = &[
    "price = price + 0.5",
    "price = 2.00",
    "price = NULL",
    "price = 'NaN'",
    "price = pk",
    "weight = weight * 2 % 900",
    "weight = 0.001",
    "cost = 3.000",
    "quantity = quantity + 1",
    "quantity = -quantity",
    "small = small + 1",
    "small = NULL",
    "big = big / 2",
    "big = 5",
    "active = NOT active",
    "active = NULL",
    "kind = 'b'",
    "kind = CASE kind WHEN 'a' THEN 'b' ELSE 'a' END",
    "fk_category = 2",
    "fk_category = 1 + pk % 3",
    "fk_category = NULL",
    "fk_category = 3 - fk_category",
    "pk = pk + 50",
];

fn update(rng: &mut Rng) -> String {
    let mut chosen: Vec<&str> = vec![];
    for _ in 0..rng.weighted(&[(6, 1), (2, 2), (1, 3)]) {
        let next = rng.pick(ASSIGNMENTS);
        let column = |text: &str| text.split(' ').next().unwrap_or_default().to_owned();
        if chosen.iter().all(|known| column(known) != column(next)) {
            chosen.push(next);
        }
    }
    format!("UPDATE offer SET {}{}", chosen.join(", "), some(rng))
}

fn some(rng: &mut Rng) -> String {
    match rng.below(8) {
        0 => String::new(),
        1 => " WHERE pk IN (1, 2, 3)".to_owned(),
        2 => " WHERE pk > 4".to_owned(),
        3 => format!(" WHERE fk_category = {}", rng.between(1, 2)),
        _ => format!(" WHERE pk = {}", rng.between(1, 14)),
    }
}

fn change(rng: &mut Rng) -> String {
    let pk = rng.between(1, 30);
    match rng.below(24) {
        0..=8 => update(rng),
        9..=12 => format!(
            "INSERT INTO offer VALUES ({pk}, {}) ON CONFLICT DO NOTHING",
            values(rng)
        ),
        13 => format!(
            "INSERT INTO offer VALUES ({pk}, {}), ({}, {}) ON CONFLICT (pk) DO UPDATE SET price = EXCLUDED.price, \
             fk_category = EXCLUDED.fk_category",
            values(rng),
            pk + 1,
            values(rng)
        ),
        14 | 15 => format!("DELETE FROM offer{}", some(rng)),
        16 => format!(
            "MERGE INTO offer o USING (VALUES ({pk}), (3), (77)) AS v (pk) ON o.pk = v.pk WHEN MATCHED AND o.quantity > 2 THEN DELETE \
             WHEN MATCHED THEN UPDATE SET quantity = o.quantity + 1, price = o.price * 2 \
             WHEN NOT MATCHED THEN INSERT (pk, fk_category, price) VALUES (v.pk, 1, 2)"
        ),
        17 => format!(
            "INSERT INTO offer (pk, fk_category, price, small, big) SELECT g, g % 5, g / 4.0, g, g FROM generate_series(100, {}) g \
             ON CONFLICT DO NOTHING",
            100 + pk * 4
        ),
        18 => "DELETE FROM offer WHERE pk >= 100".to_owned(),
        19 => format!(
            "INSERT INTO remark VALUES ({pk}, 1, 2, 3), ({pk} + 1, {pk}, {pk}, NULL) ON CONFLICT DO NOTHING"
        ),
        20 => format!(
            "UPDATE remark SET {} WHERE pk < {pk}",
            rng.pick(&[
                "stars = 2",
                "fk_remark = 2",
                "stars = stars + 1",
                "fk_category = pk",
                "pk = pk + 100"
            ])
        ),
        21 => format!("DELETE FROM remark WHERE pk = {pk} OR fk_remark = {pk}"),
        22 => (*rng.pick(&[
            "UPDATE category SET name = 'n' || pk",
            "DELETE FROM category WHERE pk = 2",
            "INSERT INTO category VALUES (2, 'again', 1), (5, 'five', 2) ON CONFLICT DO NOTHING",
            "UPDATE category SET pk = 10 - pk WHERE pk > 3",
        ]))
        .to_owned(),
        _ => (*rng.pick(&["TRUNCATE offer", "TRUNCATE offer", "TRUNCATE remark, offer"])).to_owned(),
    }
}

fn command(rng: &mut Rng) -> Command {
    match rng.below(20) {
        0 | 1 => Command::new(format!("WITH a AS ({} RETURNING 1) {}", update(rng), update(rng))),
        2 => Command::new(format!(
            "WITH a AS (DELETE FROM offer{} RETURNING *) INSERT INTO offer SELECT pk + 200, fk_category, kind, price FROM a",
            some(rng)
        )),
        3 => {
            let texts: Vec<String> = (0..rng.between(2, 3)).map(|_| change(rng)).collect();
            Command::new(format!("DO $$ BEGIN {}; END $$", texts.join("; ")))
        }
        4 => Command::new(format!(
            "DO $$ BEGIN {}; BEGIN {}; RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN {}; END; END $$",
            change(rng),
            change(rng),
            change(rng)
        )),
        _ => Command::new(change(rng)),
    }
}

/// Brings a tview up to date in the middle of something, where there are tviews.
fn refresh() -> Command {
    Command::new(
        "DO $$ BEGIN IF to_regprocedure('pg_tviews_refresh(text)') IS NOT NULL AND \
         (SELECT relkind = 'r' FROM pg_class WHERE oid = to_regclass('tv_0')) THEN \
         PERFORM pg_tviews_refresh((SELECT oid::regclass::text FROM pg_class WHERE oid = to_regclass('tv_0'))); END IF; END $$",
    )
}

fn step(rng: &mut Rng) -> Step {
    if !rng.chance(30) {
        return Step::Single(command(rng));
    }
    let mut commands = vec![];
    for _ in 0..rng.between(2, 6) {
        match rng.below(12) {
            0 | 1 => commands.push(Command::new("SAVEPOINT s")),
            2 | 3 if commands.iter().any(|known| known.text == "SAVEPOINT s".into()) => {
                commands.push(Command::new("ROLLBACK TO s"));
            }
            4 => commands.push(Command::new("SELECT count(*) FROM tv_0")),
            5 => commands.push(refresh()),
            _ => commands.push(command(rng)),
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
