//! Marks under load: types and functions of one role change while the tables of another are written to. At rest every tview equals its query, or is
//! marked; and the next write makes it equal.
//!
//! `MARKS_ROUNDS` and `MARKS_SEED` extend or vary a run.

use std::thread;

use pg_tviews_tests::rng::Rng;
use pg_tviews_tests::server::{self, SUPERUSER};
use pg_tviews_tests::session::Session;

const SET_UP: &str = "
    CREATE EXTENSION pg_tviews;
    CREATE ROLE {alice} LOGIN; CREATE ROLE {keeper} LOGIN;
    CREATE SCHEMA app AUTHORIZATION {alice}; CREATE SCHEMA kept AUTHORIZATION {keeper};
    GRANT USAGE ON SCHEMA app, kept TO PUBLIC;
    SET ROLE {alice};
    CREATE TYPE app.mood AS ENUM ('calm', 'wild');
    CREATE FUNCTION app.loud(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 || 0; END';
    RESET ROLE;
    CREATE TYPE app.state AS ENUM ('first', 'last');
    SET ROLE {keeper};
    CREATE TABLE kept.thing (pk integer PRIMARY KEY, mood app.mood, state app.state, n integer);
    INSERT INTO kept.thing SELECT n, (ARRAY['calm', 'wild'])[n % 2 + 1]::app.mood, (ARRAY['first', 'last'])[n % 2 + 1]::app.state, n
      FROM generate_series(1, 20) AS n;
    CREATE TABLE kept.tv_thing AS SELECT pk, n, app.loud(mood::text) AS mood, state::text AS state FROM kept.thing;
    CREATE TABLE kept.tv_mood AS SELECT mood::text AS mood, count(*) AS things, sum(n) AS n FROM kept.thing GROUP BY mood::text;
    CREATE TABLE kept.tv_above AS SELECT pk, upper(mood) AS mood FROM kept.tv_thing WHERE n % 3 <> 0;
    RESET ROLE;";

const TVIEWS: [&str; 3] = ["kept.tv_thing", "kept.tv_mood", "kept.tv_above"];

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name} is no number"))
    })
}

/// Runs statements; what others do at the same time may fail them.
fn try_each(session: &mut Session, statements: impl IntoIterator<Item = String>) {
    const BECAUSE_OF_OTHERS: [&str; 3] = ["40001", "40P01", "23505"];
    for sql in statements {
        if let Err(failure) = session.execute(&sql) {
            assert!(
                BECAUSE_OF_OTHERS.contains(&failure.sqlstate.as_str()),
                "{sql}: {failure}"
            );
            session
                .execute("ROLLBACK")
                .unwrap_or_else(|failure| panic!("{failure}"));
        }
    }
}

fn writes(mut rng: Rng) -> Vec<String> {
    let row = |rng: &mut Rng| 1 + rng.below(24);
    let label = "(enum_range(NULL::app.mood))[1 + floor(random() * 2)::int]";
    (0..7)
        .map(|_| match rng.below(5) {
            0 => format!(
                "INSERT INTO kept.thing VALUES ({}, {label}, 'first', 1) ON CONFLICT (pk) DO UPDATE SET n = kept.thing.n + 1",
                row(&mut rng)
            )
            .replace("'first'", "(enum_range(NULL::app.state))[1]"),
            1 => format!("DELETE FROM kept.thing WHERE pk = {}", row(&mut rng)),
            2 => format!("BEGIN; UPDATE kept.thing SET n = n + 1 WHERE pk = {}; TABLE kept.tv_mood; ROLLBACK", row(&mut rng)),
            3 => format!(
                "BEGIN; UPDATE kept.thing SET mood = {label} WHERE pk = {}; UPDATE kept.thing SET n = n + 1 WHERE pk = {}; COMMIT",
                row(&mut rng),
                row(&mut rng)
            ),
            _ => format!("UPDATE kept.thing SET n = n + 1 WHERE pk = {}", row(&mut rng)),
        })
        .collect()
}

/// Commands of the owner of the type and the function, or of a superuser, as they follow each other.
fn commands(mut rng: Rng, of_superuser: bool) -> Vec<String> {
    let rename = |kind: &str, place: usize| {
        format!(
            "DO $$ BEGIN EXECUTE format('ALTER TYPE app.{kind} RENAME VALUE %L TO %L', (enum_range(NULL::app.{kind}))[{}],
                      substr((enum_range(NULL::app.{kind}))[{}]::text, 1, 4) || floor(random() * 1000000)); END $$",
            place + 1,
            place + 1
        )
    };
    (0..16)
        .map(|number| {
            let command = match rng.below(3) {
                _ if of_superuser => rename("state", rng.below(2)),
                0 => format!(
                    "CREATE OR REPLACE FUNCTION app.loud(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 || {number}; END'"
                ),
                _ => rename("mood", rng.below(2)),
            };
            match rng.below(3) {
                0 => format!("BEGIN; {command}; SELECT pg_sleep(0.01); ROLLBACK"),
                1 => format!("BEGIN; {command}; SELECT pg_sleep(0.01); COMMIT"),
                _ => command,
            }
        })
        .collect()
}

#[test]
fn marks_are_not_lost() {
    let mut rng = Rng::new(number("MARKS_SEED", 20_261_201));
    let database = server::create_database("marks");
    let (alice, keeper) = (format!("alice_of_{database}"), format!("keeper_of_{database}"));
    let mut session = server::connect(SUPERUSER, &database);
    let set_up = SET_UP.replace("{alice}", &alice).replace("{keeper}", &keeper);
    session
        .execute(&set_up)
        .unwrap_or_else(|failure| panic!("{failure}"));
    let connect = |role: &str| {
        let mut session = server::connect(role, &database);
        session
            .execute("SET client_min_messages = error; SET pg_tviews.patience = '100ms'")
            .unwrap_or_else(|failure| panic!("{failure}"));
        session
    };
    let mut marked = 0;
    for round in 0..number("MARKS_ROUNDS", 6) {
        thread::scope(|scope| {
            for _ in 0..3 {
                let rng = rng.fork();
                scope.spawn(|| try_each(&mut connect(&keeper), writes(rng)));
            }
            let rng_of = [rng.fork(), rng.fork()];
            let [own, other] = rng_of;
            scope.spawn(|| try_each(&mut connect(&alice), commands(own, false)));
            scope.spawn(|| try_each(&mut connect(SUPERUSER), commands(other, true)));
        });
        marked += at_rest(&mut session, round);
    }
    println!("{marked} tviews were marked at rest");
}

/// Looks at all tviews: what is not marked equals its query, and after a write all do, and none is marked. Returns how many were marked.
fn at_rest(session: &mut Session, round: u64) -> usize {
    let is_marked = |session: &mut Session, tview: &str| {
        let sql = format!("SELECT count(*) > 0 FROM tviews.stale WHERE tview = '{tview}'::regclass");
        session
            .value(&sql)
            .unwrap_or_else(|failure| panic!("{failure}"))
            .as_deref()
            == Some("t")
    };
    let differs = |session: &mut Session, tview: &str| {
        let sql = format!("SELECT v::text FROM pg_tviews_verify('{tview}') AS v");
        session.rows(&sql).unwrap_or_else(|failure| panic!("{failure}"))
    };
    // What stands above a marked tview equals its query, made from what is marked.
    let mut marked = 0;
    for tview in TVIEWS {
        if is_marked(session, tview) {
            marked += 1;
        } else {
            let differences = differs(session, tview);
            assert!(
                differences.is_empty(),
                "round {round}: {tview} is not marked: {differences:?}"
            );
        }
    }
    session
        .execute("UPDATE kept.thing SET n = n + 1 WHERE pk = (SELECT min(pk) FROM kept.thing)")
        .unwrap_or_else(|failure| panic!("{failure}"));
    for tview in TVIEWS {
        assert!(
            !is_marked(session, tview),
            "round {round}: {tview} is still marked"
        );
        let differences = differs(session, tview);
        assert!(differences.is_empty(), "round {round}: {tview}: {differences:?}");
    }
    marked
}
