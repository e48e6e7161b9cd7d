//! A physical replica shows the tviews of its primary, and maintains them once it is promoted.

use std::thread;
use std::time::Duration;

use pg_tviews_pgserver::{Server, ServerOptions};
use pg_tviews_tests::load::client::{Client, Conduct};
use pg_tviews_tests::load::shop::{self, Tview};
use pg_tviews_tests::load::{assert_exact, create, set_up};
use pg_tviews_tests::rng::Rng;
use pg_tviews_tests::server::{SUPERUSER, pg_config};
use pg_tviews_tests::session::Session;
use pg_tviews_tests::sure::{connect, value};

/// The rows of all tviews as text.
fn rows(session: &mut Session, tviews: &[Tview]) -> Vec<String> {
    let text = |tview: &Tview| {
        format!(
            "SELECT string_agg(t::text, ' ' ORDER BY t::text) FROM {} AS t",
            tview.name
        )
    };
    tviews.iter().map(|tview| value(session, &text(tview))).collect()
}

fn write(server: &Server, tviews: &[Tview], seed: u64) {
    let parameters = server.connection_string(SUPERUSER, "postgres");
    let conduct = Conduct {
        disturbed: false,
        ends_with_server: false,
        ..Conduct::default()
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..3)
            .map(|number| {
                let parameters = &parameters;
                scope.spawn(move || {
                    let mut client = Client::connect(parameters, tviews, Rng::new(seed + number), conduct)?;
                    (0..30).try_for_each(|_| client.transaction().map(drop))
                })
            })
            .collect();
        for client in clients {
            let result = client.join().unwrap_or_else(|_| Err("a client panicked".into()));
            result.unwrap_or_else(|problem| panic!("{problem}"));
        }
    });
}

#[test]
fn a_replica_shows_tviews_and_maintains_them_after_promotion() {
    let options = ServerOptions::new(pg_config()).setting("max_prepared_transactions", "10");
    let mut primary =
        Server::start(&options).unwrap_or_else(|error| panic!("the private server does not start: {error}"));
    let tviews: Vec<Tview> = shop::BY_UNIT.into_iter().chain(shop::AS_A_WHOLE).collect();
    let mut session = connect(&primary);
    set_up(&mut session)
        .and_then(|()| create(&mut session, &tviews))
        .unwrap_or_else(|failure| panic!("{failure}"));
    // The copy is made while others write.
    let replica = thread::scope(|scope| {
        let writers = scope.spawn(|| write(&primary, &tviews, 1));
        let replica = primary.replica(&options);
        writers.join().expect("the writers");
        replica
    })
    .unwrap_or_else(|error| panic!("the replica does not start: {error}"));
    session
        .execute("BEGIN; UPDATE product SET price = 77 WHERE pk = 3; UPDATE tag SET word = 'x'; PREPARE TRANSACTION 'open'")
        .unwrap_or_else(|failure| panic!("{failure}"));
    let written = value(&mut session, "SELECT pg_current_wal_flush_lsn()");
    let expected = rows(&mut session, &tviews);

    let mut reader = connect(&replica);
    while value(
        &mut reader,
        &format!("SELECT pg_last_wal_replay_lsn() >= '{written}'"),
    ) != "t"
    {
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(value(&mut reader, "SELECT pg_is_in_recovery()"), "t");
    assert_eq!(rows(&mut reader, &tviews), expected);
    assert_exact(&mut reader, &tviews);
    let refused = reader.run("UPDATE product SET price = 1");
    assert_eq!(refused.sqlstate(), Some("25006"), "{refused}");

    primary.kill();
    replica.promote().unwrap_or_else(|error| panic!("{error}"));
    let mut session = connect(&replica);
    assert_exact(&mut session, &tviews);
    session
        .execute("COMMIT PREPARED 'open'")
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert_exact(&mut session, &tviews);
    assert_ne!(rows(&mut session, &tviews), expected);
    write(&replica, &tviews, 100);
    assert_exact(&mut session, &tviews);
    let refused = session.run("DELETE FROM tv_product");
    assert!(
        refused.sqlstate().is_some(),
        "a promoted tview takes direct writes"
    );
}
