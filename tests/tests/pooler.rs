//! Sessions that are not one's own: PgBouncer in transaction mode, `DISCARD ALL`, prepared statements across DDL.

use std::thread;

use pg_tviews_tests::load::client::{Client, Conduct, Tally};
use pg_tviews_tests::load::shop::{self, Tview};
use pg_tviews_tests::load::{assert_exact, create, set_up};
use pg_tviews_tests::pooler::{self, Pooler};
use pg_tviews_tests::rng::Rng;
use pg_tviews_tests::server::{self, SUPERUSER};
use pg_tviews_tests::session::Session;
use pg_tviews_tests::sure::execute;

/// Six clients share three sessions, which are reset after each transaction, while tviews come and go.
#[test]
fn clients_of_a_pooler_leave_exact_tviews() {
    const CLIENTS: u64 = 6;
    let Some(program) = pooler::program() else {
        println!("not run: {} is set", pooler::NO_PGBOUNCER);
        return;
    };
    let database = server::create_database("pooled");
    let mut session = server::connect(SUPERUSER, &database);
    set_up(&mut session)
        .and_then(|()| create(&mut session, &shop::BY_UNIT))
        .unwrap_or_else(|failure| panic!("{failure}"));
    let pooler = Pooler::start(&program);
    let parameters = pooler.connection_string(&database);
    let conduct = Conduct {
        disturbed: false,
        ends_with_server: false,
        ..Conduct::default()
    };
    let mut total = Tally::default();
    for round in 0..2 {
        let tallies = thread::scope(|scope| {
            let parameters = &parameters;
            let clients: Vec<_> = (0..CLIENTS)
                .map(|number| {
                    scope.spawn(move || {
                        let rng = Rng::new(100 * round + number);
                        let mut client = Client::connect(parameters, &shop::BY_UNIT, rng, conduct)?;
                        (0..25).try_for_each(|_| client.transaction().map(drop))?;
                        Ok(client.tally)
                    })
                })
                .collect();
            let joined = clients.into_iter().map(|client| client.join());
            joined
                .map(|result| result.unwrap_or_else(|_| Err("a client panicked".to_owned())))
                .collect::<Result<Vec<Tally>, String>>()
        })
        .unwrap_or_else(|problem| panic!("{problem}"));
        tallies.iter().for_each(|tally| total.add(tally));
        assert_exact(&mut session, &shop::BY_UNIT);
        if round == 0 {
            let again = "DROP TABLE tv_category; DROP TABLE tv_product; DROP TABLE tv_names";
            let dropped: Vec<Tview> = shop::BY_UNIT
                .into_iter()
                .filter(|tview| ["tv_category", "tv_product", "tv_names"].contains(&tview.name))
                .collect();
            session
                .execute(again)
                .and_then(|()| create(&mut session, &dropped))
                .unwrap_or_else(|failure| panic!("{failure}"));
        }
    }
    println!("{total}");
    assert!(total.committed > 0, "nothing was committed: {total}");
}

const PRICED: Tview = Tview {
    name: "tv_priced",
    query: "SELECT p.pk, p.price, c.name FROM product p LEFT JOIN category c ON c.pk = p.fk_category",
    reads: &[],
};

const TWICE: Tview = Tview {
    name: "tv_priced",
    query: "SELECT p.pk, p.price * 2 AS price, p.name FROM product p",
    reads: &[],
};

/// The client's prepared statements and the plans of maintenance in its session outlive DDL of others.
#[test]
fn prepared_statements_outlive_ddl() {
    let database = server::create_database("prepared");
    let mut other = server::connect(SUPERUSER, &database);
    set_up(&mut other).unwrap_or_else(|failure| panic!("{failure}"));
    let mut session = server::connect(SUPERUSER, &database);
    execute(
        &mut session,
        "PREPARE price(numeric, integer) AS UPDATE product SET price = price + $1 WHERE pk = $2; \
         PREPARE rename(text) AS UPDATE category SET name = name || $1; EXECUTE price(1, 1); EXECUTE rename('a')",
    );
    let mut change = |other: &mut Session, ddl: &str, tview: &Tview| {
        execute(other, ddl);
        for _ in 0..2 {
            execute(
                &mut session,
                "BEGIN; EXECUTE price(2, 3); EXECUTE rename('b'); EXECUTE price(3, 4)",
            );
            assert_exact(&mut session, &[*tview]);
            execute(&mut session, "COMMIT; EXECUTE price(1, 2); EXECUTE rename('c')");
            assert_exact(other, &[*tview]);
        }
    };
    let created = |tview: &Tview| format!("CREATE TABLE {} AS {}", tview.name, tview.query);
    change(&mut other, &created(&PRICED), &PRICED);
    change(
        &mut other,
        "ALTER TABLE product ADD COLUMN extra integer DEFAULT 1",
        &PRICED,
    );
    change(
        &mut other,
        "CREATE INDEX ON tv_priced (price); ANALYZE tv_priced, product",
        &PRICED,
    );
    change(
        &mut other,
        &format!("DROP TABLE tv_priced; {}", created(&TWICE)),
        &TWICE,
    );
    change(
        &mut other,
        "ALTER TABLE product ALTER COLUMN fk_category TYPE bigint",
        &TWICE,
    );
    change(
        &mut other,
        &format!("DROP TABLE tv_priced; {}", created(&PRICED)),
        &PRICED,
    );
    execute(&mut other, "DROP TABLE tv_priced");
    execute(&mut session, "EXECUTE price(1, 2)");
}

/// `DISCARD` in all its forms, between transactions and within them, leaves nothing undone.
#[test]
fn discarding_a_sessions_state_leaves_tviews_exact() {
    let database = server::create_database("discarded");
    let mut session = server::connect(SUPERUSER, &database);
    set_up(&mut session)
        .and_then(|()| create(&mut session, &shop::BY_UNIT))
        .unwrap_or_else(|failure| panic!("{failure}"));
    for command in [
        "DISCARD ALL",
        "DISCARD PLANS",
        "DEALLOCATE ALL",
        "RESET ALL",
        "DISCARD TEMP",
        "DISCARD SEQUENCES",
    ] {
        execute(&mut session, "UPDATE product SET price = price + 1 WHERE pk < 5");
        if command != "DISCARD ALL" {
            execute(
                &mut session,
                &format!(
                    "BEGIN; UPDATE product SET name = name || '+' WHERE pk < 9; {command}; UPDATE review SET stars = 2; COMMIT"
                ),
            );
        }
        execute(&mut session, command);
        execute(
            &mut session,
            "UPDATE category SET name = name || '.'; DELETE FROM review WHERE pk % 9 = 1",
        );
        assert_exact(&mut session, &shop::BY_UNIT);
    }
}
