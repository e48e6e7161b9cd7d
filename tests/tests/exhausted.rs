//! Disk and memory that run out in the middle of maintenance: the transaction fails, nothing is lost, and afterwards every tview equals
//! its query.
//!
//! A full disk needs a small file system, which only root can mount; where that is not possible these tests say so and do nothing.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use pg_tviews_pgserver::{Server, ServerOptions};
use pg_tviews_tests::load::client::{Client, Conduct, Tally};
use pg_tviews_tests::load::shop::{self, Tview};
use pg_tviews_tests::load::{assert_exact, create, set_up};
use pg_tviews_tests::rng::Rng;
use pg_tviews_tests::server::{SUPERUSER, pg_config};
use pg_tviews_tests::session::{Outcome, Session};
use pg_tviews_tests::small_disk::SmallDisk;
use pg_tviews_tests::sure::{connect, execute, value};

const DISK_FULL: &str = "53100";
const OUT_OF_MEMORY: &str = "53200";

fn own_server() -> Server {
    let options = ServerOptions::new(pg_config())
        .setting("max_connections", "30")
        .setting("jit", "off");
    Server::start(&options).unwrap_or_else(|error| panic!("the private server does not start: {error}"))
}

/// Runs commands up to the first that fails.
fn run(session: &mut Session, commands: &[&str]) -> Outcome {
    let mut outcome = Outcome::Done { rows: 0 };
    for command in commands {
        outcome = session.run(command);
        if outcome.sqlstate().is_some() {
            break;
        }
    }
    outcome
}

const TABLES: &str = "
    CREATE EXTENSION pg_tviews;
    CREATE TABLE category (pk integer PRIMARY KEY, name text);
    CREATE TABLE product (pk integer PRIMARY KEY, fk_category integer, name text, price integer);
    CREATE INDEX ON product (fk_category);
    INSERT INTO category SELECT n, 'category ' || n FROM generate_series(1, 5) AS n;
    INSERT INTO product SELECT n, n % 5 + 1, 'product ' || n, n FROM generate_series(1, 2000) AS n;
    ANALYZE";

const TVIEWS: [Tview; 3] = [
    Tview {
        name: "tv_product",
        query: "SELECT p.pk, p.fk_category, jsonb_build_object('name', p.name, 'price', p.price, 'category', c.name) AS data
                  FROM product p LEFT JOIN category c ON c.pk = p.fk_category",
        reads: &[],
    },
    Tview {
        name: "tv_sum",
        query: "SELECT p.fk_category, sum(p.price) AS price, max(p.name) AS last FROM product p GROUP BY p.fk_category",
        reads: &[],
    },
    Tview {
        name: "tv_category",
        query: "SELECT c.pk, (SELECT jsonb_agg(p.data ORDER BY p.pk) FROM tv_product p WHERE p.fk_category = c.pk) AS products
                  FROM category c",
        reads: &["tv_product"],
    },
];

const MODES: [&str; 2] = ["transaction", "statement"];

/// A transaction fails where a tview has no room to grow, and succeeds once there is room. What needs none goes on.
#[test]
fn a_full_tablespace_loses_nothing() {
    const MORE: &str = "INSERT INTO product SELECT n, 2, 'more ' || repeat(md5(n::text), 4), n
                          FROM generate_series(10000, 12000) AS n";
    let server = own_server();
    let disk = match SmallDisk::mount(&server, 16) {
        Ok(disk) => disk,
        Err(reason) => return println!("not run: {reason}"),
    };
    let mut session = connect(&server);
    execute(&mut session, TABLES);
    execute(
        &mut session,
        &format!("CREATE TABLESPACE small LOCATION '{}'", disk.path().display()),
    );
    execute(&mut session, "SET default_tablespace = small");
    create(&mut session, &TVIEWS[..1]).unwrap_or_else(|failure| panic!("{failure}"));
    execute(&mut session, "RESET default_tablespace");
    create(&mut session, &TVIEWS[1..]).unwrap_or_else(|failure| panic!("{failure}"));
    let place = "SELECT spcname FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace WHERE relname = 'tv_product'";
    assert_eq!(value(&mut session, place), "small");
    for mode in MODES {
        execute(&mut session, &format!("SET pg_tviews.maintenance = '{mode}'"));
        disk.fill();
        for begin in ["BEGIN", "BEGIN ISOLATION LEVEL SERIALIZABLE"] {
            let full = run(&mut session, &[begin, MORE, "COMMIT"]);
            assert_eq!(full.sqlstate(), Some(DISK_FULL), "{mode}: {full}");
            assert!(
                full.to_string().contains("tv_product"),
                "no tview is named: {full}"
            );
            execute(&mut session, "ROLLBACK");
            assert_exact(&mut session, &TVIEWS);
            assert_eq!(
                value(&mut session, "SELECT count(*) FROM product WHERE pk >= 10000"),
                "0"
            );
        }
        if mode == "statement" {
            execute(
                &mut session,
                "BEGIN; DELETE FROM product WHERE pk = 2; SAVEPOINT s",
            );
            let full = session.run(MORE);
            assert_eq!(full.sqlstate(), Some(DISK_FULL), "{full}");
            execute(
                &mut session,
                "ROLLBACK TO s; DELETE FROM product WHERE pk = 3; COMMIT",
            );
        } else {
            execute(&mut session, "DELETE FROM product WHERE pk = 1");
        }
        assert_exact(&mut session, &TVIEWS);
        disk.free();
        execute(&mut session, MORE);
        assert_exact(&mut session, &TVIEWS);
        execute(&mut session, "DELETE FROM product WHERE pk >= 10000");
        execute(&mut session, "VACUUM FULL tv_product");
        assert_exact(&mut session, &TVIEWS);
    }
    assert_eq!(
        value(&mut session, "SELECT count(*) FROM product WHERE pk <= 3"),
        "0"
    );
}

/// Clients write to tviews of all kinds whose disk is full now and then.
#[test]
fn clients_meet_a_full_tablespace() {
    const CLIENTS: u64 = 4;
    const TRANSACTIONS: usize = 60;
    let server = own_server();
    let disk = match SmallDisk::mount(&server, 24) {
        Ok(disk) => disk,
        Err(reason) => return println!("not run: {reason}"),
    };
    let mut session = connect(&server);
    set_up(&mut session).unwrap_or_else(|failure| panic!("{failure}"));
    execute(
        &mut session,
        &format!("CREATE TABLESPACE small LOCATION '{}'", disk.path().display()),
    );
    execute(&mut session, "SET default_tablespace = small");
    create(&mut session, &shop::BY_UNIT).unwrap_or_else(|failure| panic!("{failure}"));
    let conduct = Conduct {
        may_be_full: true,
        ..Conduct::default()
    };
    let parameters = server.connection_string(SUPERUSER, "postgres");
    let over = AtomicBool::new(false);
    let tally = thread::scope(|scope| {
        let saboteur = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                disk.fill();
                thread::sleep(Duration::from_millis(400));
                disk.free();
                thread::sleep(Duration::from_millis(100));
            }
        });
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let parameters = &parameters;
                scope.spawn(move || {
                    let mut client = Client::connect(parameters, &shop::BY_UNIT, Rng::new(number), conduct)?;
                    (0..TRANSACTIONS).try_for_each(|_| client.transaction().map(drop))?;
                    Ok::<_, String>(client.tally)
                })
            })
            .collect();
        let growth = scope.spawn(|| grow(&server));
        let results: Vec<_> = clients.into_iter().map(|client| client.join()).collect();
        let failures = growth.join().expect("the client that grows");
        over.store(true, Ordering::Relaxed);
        saboteur.join().expect("the saboteur");
        let mut tally = Tally::default();
        for result in results {
            let own = result.unwrap_or_else(|_| Err("a client panicked".into()));
            tally.add(&own.unwrap_or_else(|problem| panic!("{problem}")));
        }
        tally.exhausted += failures;
        tally
    });
    assert_exact(&mut session, &shop::BY_UNIT);
    println!("{tally}");
    assert!(tally.exhausted > 0, "the disk was never full: {tally}");
    assert!(tally.committed > 0, "nothing was committed: {tally}");
}

/// Writes much and takes it back until it has met a full disk several times; how often it has.
fn grow(server: &Server) -> usize {
    const WANTED: usize = 5;
    const GROW: &str =
        "INSERT INTO tag SELECT n % 20, 'grown ' || md5(n::text) FROM generate_series(1, 20000) AS n";
    let mut session = connect(server);
    let mut failures = 0;
    while failures < WANTED {
        match run(&mut session, &["BEGIN", GROW, "COMMIT"]).sqlstate() {
            Some(DISK_FULL) => {
                failures += 1;
                execute(&mut session, "ROLLBACK");
            }
            Some("40P01") => execute(&mut session, "ROLLBACK"),
            Some(other) => panic!("unexpected: {other}"),
            None => execute(
                &mut session,
                "DELETE FROM tag WHERE word LIKE 'grown %'; VACUUM tag, tv_words, tv_full",
            ),
        }
    }
    failures
}

const LEDGER: Tview = Tview {
    name: "tv_ledger",
    query: "SELECT l.pk, l.pk * 2 AS twice FROM ledger l",
    reads: &[],
};

/// No room for the log: the server goes down in the middle of what it does, and comes back when there is room.
#[test]
fn a_full_disk_under_the_log_loses_no_commit() {
    const CLIENTS: u64 = 4;
    let mut server = own_server();
    let disk = match SmallDisk::mount(&server, 100) {
        Ok(disk) => disk,
        Err(reason) => return println!("not run: {reason}"),
    };
    move_log(&mut server, &disk);
    let mut tviews = shop::BY_UNIT.to_vec();
    tviews.push(LEDGER);
    let mut session = connect(&server);
    set_up(&mut session)
        .and_then(|()| session.execute(Client::LEDGER))
        .and_then(|()| create(&mut session, &tviews))
        .unwrap_or_else(|failure| panic!("{failure}"));
    let conduct = Conduct {
        ends_with_server: true,
        may_be_full: true,
        ..Conduct::default()
    };
    let parameters = server.connection_string(SUPERUSER, "postgres");
    disk.fill();
    let acknowledged = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (parameters, tviews) = (&parameters, &tviews);
                scope.spawn(move || {
                    let client = Client::connect(parameters, tviews, Rng::new(number), conduct)?;
                    let mut client = client.keep_ledger();
                    while client.transaction()? {}
                    Ok::<_, String>(client.acknowledged)
                })
            })
            .collect();
        let volume = scope.spawn(|| {
            let mut session = connect(&server);
            while session
                .run("CREATE TABLE volume AS SELECT repeat(md5(n::text), 20) FROM generate_series(1, 3000) AS n; DROP TABLE volume")
                .sqlstate()
                .is_none()
            {}
        });
        volume.join().expect("the client that writes much");
        let results = clients.into_iter().map(|client| client.join());
        let numbers = results.map(|result| result.unwrap_or_else(|_| Err("a client panicked".into())));
        numbers.collect::<Result<Vec<_>, _>>()
    })
    .unwrap_or_else(|problem| panic!("{problem}"))
    .concat();
    server.kill();
    assert!(
        server.log_text().contains("No space left on device"),
        "{}",
        server.log_text()
    );
    disk.free();
    server.restart().unwrap_or_else(|error| panic!("{error}"));
    let mut session = connect(&server);
    assert_exact(&mut session, &tviews);
    let list: Vec<String> = acknowledged.iter().map(u64::to_string).collect();
    let lost = format!(
        "SELECT count(*) FROM unnest('{{{}}}'::bigint[]) AS pk WHERE pk NOT IN (SELECT l.pk FROM tv_ledger l)",
        list.join(",")
    );
    assert_eq!(value(&mut session, &lost), "0", "acknowledged commits are lost");
    assert!(!acknowledged.is_empty(), "nothing was committed");
}

/// Has the server write its log to the small disk.
fn move_log(server: &mut Server, disk: &SmallDisk) {
    server.stop().unwrap_or_else(|error| panic!("{error}"));
    let (log, moved) = (server.data_dir().join("pg_wal"), disk.path().join("pg_wal"));
    let status = Command::new("cp").arg("-a").args([&log, &moved]).status();
    assert!(status.is_ok_and(|status| status.success()), "cp fails");
    fs::remove_dir_all(&log).expect("the old log goes");
    symlink(&moved, &log).expect("a link to the log");
    server.restart().unwrap_or_else(|error| panic!("{error}"));
}

/// Limits the address space of a backend; says why it can't.
fn limit_memory(pid: &str, bytes: Option<usize>) -> Result<(), String> {
    let limit = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
    let owner = fs::metadata(format!("/proc/{pid}")).map_err(|error| error.to_string())?;
    // Limits are for the process's own account to set. The colon leaves the hard limit alone, so that the soft one can be taken away.
    let output = Command::new("prlimit")
        .args(["--pid", pid, &format!("--as={limit}:")])
        .uid(owner.uid())
        .gid(owner.gid())
        .output()
        .map_err(|error| format!("prlimit does not start: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    output
        .status
        .success()
        .then_some(())
        .ok_or(format!("prlimit failed: {said}"))
}

/// The size of a process's address space.
fn size_of(pid: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let kilobytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<usize>().ok());
    kilobytes.expect("the size of a backend") * 1024
}

/// Transactions that need more memory than the backend may have.
#[test]
fn out_of_memory_leaves_nothing_behind() {
    const STATEMENTS: [&str; 4] = [
        "UPDATE product SET price = price + 1",
        "UPDATE category SET name = name || '+' WHERE pk = 2",
        "INSERT INTO product SELECT n, n % 5 + 1, 'many ' || n, n FROM generate_series(100000, 130000) AS n",
        "DELETE FROM product WHERE pk >= 100000",
    ];
    let server = own_server();
    let mut other = connect(&server);
    execute(&mut other, TABLES);
    execute(
        &mut other,
        "INSERT INTO product SELECT n, n % 5 + 1, 'product ' || n, n FROM generate_series(3000, 20000) AS n; ANALYZE",
    );
    create(&mut other, &TVIEWS).unwrap_or_else(|failure| panic!("{failure}"));
    let mut failures = 0;
    for mode in MODES {
        for statement in STATEMENTS {
            // From hardly anything to enough.
            for shift in (18..40).step_by(2) {
                let mut session = connect(&server);
                execute(&mut session, &format!("SET pg_tviews.maintenance = '{mode}'"));
                // The extension is there, and a stack that cannot grow would end the process: it grows first.
                execute(&mut session, "UPDATE product SET price = price + 1 WHERE pk = 7");
                let deep = format!("SELECT {}1{}", "abs(".repeat(1000), ")".repeat(1000));
                execute(&mut session, &deep);
                let pid = value(&mut session, "SELECT pg_backend_pid()");
                if let Err(reason) = limit_memory(&pid, Some(size_of(&pid) + (1 << shift))) {
                    return println!("not run: {reason}");
                }
                let outcome = run(&mut session, &["BEGIN", statement, "COMMIT"]);
                limit_memory(&pid, None).unwrap_or_else(|problem| panic!("{outcome}, {problem}"));
                let state = outcome.sqlstate();
                assert!(
                    matches!(state, None | Some(OUT_OF_MEMORY)),
                    "{statement}, {mode}, 2^{shift}: {outcome}"
                );
                failures += usize::from(state.is_some());
                execute(&mut session, "ROLLBACK");
                assert_exact(&mut other, &TVIEWS);
                execute(
                    &mut session,
                    "BEGIN; UPDATE product SET price = price + 1 WHERE pk = 7; COMMIT",
                );
                assert_exact(&mut session, &TVIEWS);
                if state.is_none() {
                    break;
                }
            }
        }
    }
    println!("{failures} transactions ran out of memory");
    assert!(failures > 0, "there was always enough memory");
}
