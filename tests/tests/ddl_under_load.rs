//! Tviews are created, refreshed and dropped while others write to their sources: each is exact from its creation on.
//!
//! `DDL_ROUNDS` and `DDL_SEED` extend or vary a run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use pg_tviews_tests::load::client::{Client, Conduct, Tally};
use pg_tviews_tests::load::shop::{self, Tview};
use pg_tviews_tests::load::{assert_exact, create, set_up};
use pg_tviews_tests::rng::Rng;
use pg_tviews_tests::server::{self, SUPERUSER};
use pg_tviews_tests::session::{Failure, Session};

const CLIENTS: usize = 4;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name} is no number"))
    })
}

#[test]
fn tviews_come_and_go_while_others_write() {
    let mut rng = Rng::new(number("DDL_SEED", 20_260_108));
    let database = server::create_database("ddl");
    let parameters = server::server().connection_string(SUPERUSER, &database);
    let mut session = server::connect(SUPERUSER, &database);
    set_up(&mut session).unwrap_or_else(|failure| panic!("{failure}"));
    let over = AtomicBool::new(false);
    let conduct = Conduct::default();
    let tallies = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| rng.fork())
            .map(|rng| scope.spawn(|| write(&parameters, rng, conduct, &over)))
            .collect();
        let came_and_went = thread::Builder::new()
            .spawn_scoped(scope, || {
                (0..number("DDL_ROUNDS", 3)).for_each(|_| come_and_go(&mut session, &mut rng));
            })
            .map(|thread| thread.join());
        over.store(true, Ordering::Relaxed);
        let tallies: Vec<_> = clients
            .into_iter()
            .map(|client| client.join().unwrap_or_else(|_| Err("a client panicked".into())))
            .collect();
        if let Ok(Err(panic)) = came_and_went {
            std::panic::resume_unwind(panic);
        }
        tallies
    });
    let mut total = Tally::default();
    for tally in tallies {
        total.add(&tally.unwrap_or_else(|problem| panic!("{problem}")));
    }
    println!("{total}");
    assert!(total.committed > 0, "nothing was written: {total}");
}

fn write(parameters: &str, rng: Rng, conduct: Conduct, over: &AtomicBool) -> Result<Tally, String> {
    // Which tviews there are changes all the time, so that the clients don't read them.
    let mut client = Client::connect(parameters, &[], rng, conduct)?;
    while !over.load(Ordering::Relaxed) {
        client.transaction()?;
    }
    Ok(client.tally)
}

/// Creates some tviews, each in a transaction of its own or all in one; refreshes them, and drops them.
fn come_and_go(session: &mut Session, rng: &mut Rng) {
    let tviews = shop::choose(rng);
    let names: Vec<&str> = tviews.iter().map(|tview| tview.name).collect();
    for tview in &tviews {
        repeated(|| create(session, &[*tview]));
        assert_exact(session, &[*tview]);
    }
    for tview in &tviews {
        repeated(|| session.execute(&format!("SELECT pg_tviews_refresh('{}')", tview.name)));
    }
    assert_exact(session, &tviews);
    if rng.chance(50) {
        let list = names.join(", ");
        repeated(|| session.execute(&format!("DROP TABLE {list} CASCADE")));
    } else {
        for name in names.iter().rev() {
            repeated(|| session.execute(&format!("SELECT pg_tviews_drop('{name}')")));
        }
    }
    let none: [Tview; 0] = [];
    assert_exact(session, &none);
}

/// Repeats what ends in a deadlock: DDL locks tables in its own order.
fn repeated(mut run: impl FnMut() -> Result<(), Failure>) {
    const ATTEMPTS: usize = 50;
    let mut last = None;
    for _ in 0..ATTEMPTS {
        match run() {
            Ok(()) => return,
            Err(failure) if failure.sqlstate == "40P01" => last = Some(failure),
            Err(failure) => panic!("{failure}"),
        }
    }
    panic!("only deadlocks: {last:?}");
}

/// Whoever drops tviews by CASCADE waits for writers of their sources without keeping these from the tviews.
#[test]
fn drops_of_all_at_once_wait_with_nothing_in_their_hands() {
    let database = server::create_database("wholesale");
    let connect = || server::connect(SUPERUSER, &database);
    let mut session = connect();
    set_up(&mut session).unwrap_or_else(|failure| panic!("{failure}"));
    let role = format!("keeper_of_{database}");
    for drop in [
        "DROP SCHEMA shown CASCADE".into(),
        format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}; DROP SCHEMA shown"),
    ] {
        let prepare =
            "CREATE SCHEMA shown; CREATE TABLE shown.tv_order AS SELECT o.pk, o.state, u.name FROM orders o LEFT JOIN customer u
               ON u.pk = o.fk_customer";
        execute(&mut session, prepare);
        if drop.contains(&role) {
            let give = format!(
                "SET pg_tviews.source_privilege = 'trigger'; CREATE ROLE {role}; GRANT USAGE, CREATE ON SCHEMA shown TO {role};
                 GRANT SELECT, TRIGGER ON ALL TABLES IN SCHEMA public TO {role}; ALTER TABLE shown.tv_order OWNER TO {role}"
            );
            execute(&mut session, &give);
        }
        execute(&mut session, "BEGIN; LOCK TABLE orders IN ROW EXCLUSIVE MODE");
        thread::scope(|scope| {
            let dropping = scope.spawn(|| connect().run(&drop));
            let waits = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                            AND query LIKE 'DROP%'";
            let mut watcher = connect();
            while watcher.value(waits) != Ok(Some("t".into())) {
                thread::sleep(std::time::Duration::from_millis(20));
            }
            // What is to be done is noted by the definition.
            execute(&mut session, "UPDATE orders SET state = state || '+'; COMMIT");
            let dropped = dropping.join().expect("the one who drops");
            assert_eq!(dropped.sqlstate(), None, "{dropped}");
        });
        assert_eq!(session.value("SELECT to_regclass('shown.tv_order')"), Ok(None));
    }
}

fn execute(session: &mut Session, sql: &str) {
    session
        .execute(sql)
        .unwrap_or_else(|failure| panic!("{sql}: {failure}"));
}
