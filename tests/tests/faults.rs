//! A server that is killed under load, two-phase commit, statements that are interrupted in the middle of maintenance: afterwards every
//! tview equals its query, and no acknowledged commit is lost.
//!
//! `FAULTS_KILLS` is how often the server is killed, `FAULTS_SEED` varies what the clients do.

use std::thread;
use std::time::Duration;

use pg_tviews_pgserver::{Server, ServerOptions};
use pg_tviews_tests::load::client::{Client, Conduct, Tally};
use pg_tviews_tests::load::shop::{self, Tview};
use pg_tviews_tests::load::{assert_exact, create, set_up};
use pg_tviews_tests::rng::Rng;
use pg_tviews_tests::server::{self, SUPERUSER, pg_config};
use pg_tviews_tests::session::Session;
use pg_tviews_tests::sure::{execute, number, value};

const LEDGER: Tview = Tview {
    name: "tv_ledger",
    query: "SELECT l.pk, l.pk * 2 AS twice FROM ledger l",
    reads: &[],
};

/// A server of its own, which can be killed.
fn own_server() -> Server {
    let options = ServerOptions::new(pg_config())
        .setting("max_prepared_transactions", "10")
        .setting("max_connections", "40");
    Server::start(&options).unwrap_or_else(|error| panic!("the private server does not start: {error}"))
}

fn connect(parameters: &str) -> Session {
    Session::connect(parameters).unwrap_or_else(|failure| panic!("{failure}"))
}

#[test]
fn a_killed_server_comes_back_with_exact_tviews() {
    const CLIENTS: usize = 6;
    let mut rng = Rng::new(number("FAULTS_SEED", 20_260_107));
    let mut server = own_server();
    let parameters = server.connection_string(SUPERUSER, "postgres");
    let mut tviews = shop::BY_UNIT.to_vec();
    tviews.push(LEDGER);
    let mut session = connect(&parameters);
    set_up(&mut session)
        .and_then(|()| session.execute(Client::LEDGER))
        .and_then(|()| create(&mut session, &tviews))
        .unwrap_or_else(|failure| panic!("{failure}"));
    let conduct = Conduct {
        disturbed: false,
        ends_with_server: true,
        ..Conduct::default()
    };
    let mut acknowledged = vec![];
    let mut tally = Tally::default();
    for _ in 0..number("FAULTS_KILLS", 4) {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| Client::connect(&parameters, &tviews, rng.fork(), conduct).map(Client::keep_ledger))
            .collect::<Result<_, String>>()
            .unwrap_or_else(|problem| panic!("{problem}"));
        let ended = thread::scope(|scope| {
            let clients: Vec<_> = clients
                .into_iter()
                .map(|client| scope.spawn(|| work_until_the_server_is_gone(client)))
                .collect();
            thread::sleep(Duration::from_millis(rng.between(100, 900) as u64));
            server.kill();
            clients
                .into_iter()
                .map(|client| client.join().unwrap_or_else(|_| Err("a client panicked".into())))
                .collect::<Result<Vec<_>, String>>()
        })
        .unwrap_or_else(|problem| panic!("{problem}"));
        for (own, numbers) in ended {
            tally.add(&own);
            acknowledged.extend(numbers);
        }
        server.restart().unwrap_or_else(|error| panic!("{error}"));
        let mut session = connect(&parameters);
        assert_exact(&mut session, &tviews);
        let list: Vec<String> = acknowledged.iter().map(u64::to_string).collect();
        let lost = format!(
            "SELECT count(*) FROM unnest('{{{}}}'::bigint[]) AS pk WHERE pk NOT IN (SELECT l.pk FROM tv_ledger l)",
            list.join(",")
        );
        assert_eq!(value(&mut session, &lost), "0", "acknowledged commits are lost");
    }
    println!("{tally}");
    assert!(!acknowledged.is_empty(), "nothing was committed: {tally}");
}

/// How a client's transactions ended, and the numbers of those that it knows to be committed.
fn work_until_the_server_is_gone(mut client: Client) -> Result<(Tally, Vec<u64>), String> {
    while client.transaction()? {}
    Ok((client.tally, client.acknowledged))
}

const SMALL: &str = "
    CREATE EXTENSION pg_tviews;
    CREATE TABLE category (pk integer PRIMARY KEY, name text);
    CREATE TABLE product (pk integer PRIMARY KEY, fk_category integer, price integer);
    CREATE INDEX ON product (fk_category);
    INSERT INTO category VALUES (1, 'one'), (2, 'two');
    INSERT INTO product SELECT n, n % 2 + 1, n FROM generate_series(1, 6) AS n;";

const SMALL_TVIEWS: [Tview; 3] = [
    Tview {
        name: "tv_product",
        query: "SELECT p.pk, p.fk_category, p.price, c.name FROM product p LEFT JOIN category c ON c.pk = p.fk_category",
        reads: &[],
    },
    Tview {
        name: "tv_sum",
        query: "SELECT p.fk_category, sum(p.price) AS price FROM product p GROUP BY p.fk_category",
        reads: &[],
    },
    Tview {
        name: "tv_category",
        query: "SELECT c.pk, (SELECT jsonb_agg(p.name || p.price ORDER BY p.pk) FROM tv_product p WHERE p.fk_category = c.pk) AS all
                  FROM category c",
        reads: &["tv_product"],
    },
];

fn small(session: &mut Session) {
    execute(session, SMALL);
    create(session, &SMALL_TVIEWS).unwrap_or_else(|failure| panic!("{failure}"));
}

/// A prepared transaction has done its maintenance, keeps its locks, across a crash too, and shows nothing before its commit.
#[test]
fn prepared_transactions_survive_a_crash() {
    const PREPARE: &str = "
        BEGIN;
        UPDATE product SET price = 100 WHERE pk = 1;
        SAVEPOINT s;
        UPDATE product SET price = 200 WHERE pk = 2;
        ROLLBACK TO s;
        PREPARE TRANSACTION 'kept';
        BEGIN;
        INSERT INTO product VALUES (10, 3, 10);
        PREPARE TRANSACTION 'dropped'";
    const SUM: &str =
        "SELECT string_agg(concat_ws(' ', fk_category, price), ', ' ORDER BY fk_category) FROM tv_sum";
    let mut server = own_server();
    let parameters = server.connection_string(SUPERUSER, "postgres");
    let mut session = connect(&parameters);
    small(&mut session);
    execute(&mut session, PREPARE);
    for crashes in [false, true] {
        if crashes {
            server.kill();
            server.restart().unwrap_or_else(|error| panic!("{error}"));
        }
        let mut session = connect(&parameters);
        assert_exact(&mut session, &SMALL_TVIEWS);
        assert_eq!(value(&mut session, SUM), "1 12, 2 9");
        let blocked = session.run("SET lock_timeout = '200ms'; UPDATE product SET price = 7 WHERE pk = 3");
        assert_eq!(blocked.sqlstate(), Some("55P03"), "{blocked}");
    }
    let mut session = connect(&parameters);
    execute(&mut session, "ROLLBACK PREPARED 'dropped'");
    execute(&mut session, "COMMIT PREPARED 'kept'");
    assert_exact(&mut session, &SMALL_TVIEWS);
    assert_eq!(value(&mut session, SUM), "1 12, 2 108");
    execute(&mut session, "UPDATE product SET price = 7 WHERE pk = 3");
    assert_exact(&mut session, &SMALL_TVIEWS);
    assert_eq!(value(&mut session, SUM), "1 12, 2 112");
}

/// A transaction whose maintenance is interrupted is rolled back, and leaves nothing behind in its session.
#[test]
fn interrupted_maintenance_leaves_nothing_behind() {
    let database = server::create_database("interrupted");
    let connect = || server::connect(SUPERUSER, &database);
    let mut holder = connect();
    small(&mut holder);
    let mut writer = connect();
    // The plans of maintenance are made by the first change.
    execute(
        &mut writer,
        "UPDATE product SET price = 0 WHERE pk = 1; UPDATE product SET price = 1 WHERE pk = 1",
    );
    let pid = value(&mut writer, "SELECT pg_backend_pid()");
    let settings = [
        "statement_timeout = '300ms'",
        "lock_timeout = '300ms'",
        "statement_timeout = 0",
    ];
    for (setting, expected) in settings.into_iter().zip(["57014", "55P03", "57014"]) {
        for mode in ["transaction", "statement"] {
            execute(
                &mut holder,
                "BEGIN; UPDATE category SET name = name || '+' WHERE pk = 1; TABLE tv_category",
            );
            execute(
                &mut writer,
                &format!(
                    "RESET ALL; SET pg_tviews.maintenance = '{mode}'; SET {setting}; BEGIN; SAVEPOINT s"
                ),
            );
            let cancels = setting.ends_with("= 0");
            let failed = thread::scope(|scope| {
                let canceller = cancels.then(|| scope.spawn(|| cancel_when_waiting(&mut connect(), &pid)));
                let update = writer.run("UPDATE product SET price = price + 1 WHERE pk = 2");
                let outcome = if mode == "statement" {
                    update
                } else {
                    assert_eq!(update.sqlstate(), None, "{update}");
                    // A statement's time does not include the work of COMMIT, as with deferred constraints.
                    let end = if expected == "57014" && !cancels {
                        "TABLE tv_category"
                    } else {
                        "COMMIT"
                    };
                    writer.run(end)
                };
                if let Some(canceller) = canceller {
                    canceller.join().expect("the canceller");
                }
                outcome
            });
            assert_eq!(failed.sqlstate(), Some(expected), "{setting}, {mode}: {failed}");
            if mode == "statement" {
                // What the savepoint undoes is not maintained; what comes after it is.
                execute(
                    &mut writer,
                    "ROLLBACK TO s; SET LOCAL pg_tviews.maintenance = 'transaction'",
                );
                execute(&mut writer, "UPDATE product SET price = price + 10 WHERE pk = 4");
                execute(&mut holder, "COMMIT");
                execute(&mut writer, "COMMIT");
            } else {
                execute(&mut writer, "ROLLBACK");
                execute(&mut holder, "COMMIT");
            }
            execute(
                &mut writer,
                "BEGIN; UPDATE product SET price = price + 100 WHERE pk = 6; COMMIT",
            );
            assert_exact(&mut writer, &SMALL_TVIEWS);
        }
    }
    // Three times in two modes; 10 only in one of them, and nothing of what was interrupted.
    let prices = "SELECT string_agg(price::text, ' ' ORDER BY pk) FROM product WHERE pk IN (2, 4, 6)";
    assert_eq!(value(&mut writer, prices), "2 34 606");
}

/// Cancels what a backend does once it waits for a lock.
fn cancel_when_waiting(session: &mut Session, pid: &str) {
    let sql = format!(
        "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE pid = {pid} AND wait_event_type = 'Lock'"
    );
    while value(session, &sql) == "0" {
        thread::sleep(Duration::from_millis(20));
    }
}
