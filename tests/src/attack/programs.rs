//! Random programs of three roles at once: privileges come and go, tviews, triggers, functions, types and tables change, transactions are
//! left open.
//!
//! A program is a list of steps, each of one role. Its steps run one after the other in three sessions, so that a seed means the same each
//! time, or all at once. Nobody ever gets a privilege on what is private; so nobody may be in the way of its owner.

use std::fmt;

use crate::attack::stage::{ROLES, schema_of};
use crate::attack::{Rule, Stage};
use crate::rng::Rng;
use crate::server::SUPERUSER;
use crate::session::{CONNECTION_LOST, Failure, Outcome, Session};
use crate::sure::execute;

/// Who takes part.
const ACTORS: [&str; 3] = ["alice", "bob", "mallory"];

/// What one role does.
#[derive(Clone, Debug)]
pub struct Step {
    /// The role.
    pub role: &'static str,
    /// The statement.
    pub sql: String,
}

/// What went wrong, and where.
#[derive(Debug)]
pub struct Finding {
    /// The number of the step after which it was seen.
    pub step: usize,
    /// What it is.
    pub text: String,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.role, self.sql)
    }
}

/// What each role begins with; `S_` is its schema.
const BEGINNING: &str = "
    CREATE TABLE S_.private (pk integer PRIMARY KEY, n integer);
    INSERT INTO S_.private VALUES (1, 1), (2, 2);
    CREATE TABLE S_.tv_private AS SELECT pk, n FROM S_.private;
    CREATE TYPE S_.mood AS ENUM ('calm', 'wild');
    CREATE TABLE S_.shared (pk integer PRIMARY KEY, g integer, n integer, s text, mood S_.mood DEFAULT 'calm');
    CREATE INDEX shared_g ON S_.shared (g);
    INSERT INTO S_.shared (pk, g, n, s) SELECT i, i % 3, i, 'row ' || i FROM generate_series(1, 8) AS i;
    CREATE TABLE S_.more (pk integer PRIMARY KEY, g integer, n integer, s text);
    INSERT INTO S_.more SELECT pk, g, n, s FROM S_.shared;
    CREATE VIEW S_.v AS SELECT pk, g, n FROM S_.shared WHERE n > 2;
    CREATE FUNCTION S_.f(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1 + 1; END $$;
    CREATE FUNCTION S_.t() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
    CREATE TABLE S_.tv_0 AS SELECT pk, n, s FROM S_.shared;";

/// Definitions; `T_` is a table, `O_` another role's schema.
const DEFINITIONS: [&str; 9] = [
    "SELECT pk, n, s FROM T_",
    "SELECT g, count(*) AS c, sum(n) AS t FROM T_ GROUP BY g",
    "SELECT pk, S_.f(n) AS f, S_.f(3) AS c FROM T_",
    "SELECT pk, O_.f(n) AS f FROM T_",
    "SELECT pk, mood::text AS m FROM S_.shared",
    "SELECT pk, n FROM S_.v",
    "SELECT a.pk, b.n FROM T_ a LEFT JOIN S_.more b ON b.pk = a.g",
    "SELECT a.pk, jsonb_build_object('n', a.n, 'l', (SELECT jsonb_agg(b.n ORDER BY b.pk) FROM O_.shared b WHERE b.g = a.pk)) AS data FROM T_ a",
    "SELECT pk, n FROM S_.tv_0",
];

/// Statements; besides, `V_` is the name of a tview, `W_` a tview of anybody, `R_` another role, `K_` a small number.
const STATEMENTS: [(usize, &str); 62] = [
    (9, "UPDATE S_.shared SET n = n + K_, g = K_ WHERE pk > K_"),
    (5, "UPDATE T_ SET n = n + 1, s = s || '!' WHERE pk = K_"),
    (
        5,
        "INSERT INTO T_ (pk, g, n, s) SELECT coalesce(max(pk), 0) + 1, K_, K_, 'new' FROM T_",
    ),
    (3, "DELETE FROM T_ WHERE pk = K_"),
    (1, "TRUNCATE S_.shared"),
    (3, "SELECT count(*) FROM W_"),
    (4, "GRANT SELECT, TRIGGER ON S_.shared TO R_"),
    (
        3,
        "GRANT SELECT, INSERT, UPDATE, DELETE ON S_.shared, S_.more TO R_",
    ),
    (2, "GRANT ALL ON S_.shared, S_.more TO nobody_"),
    (2, "GRANT SELECT ON V_ TO R_"),
    (2, "GRANT TRIGGER ON V_ TO R_"),
    (3, "REVOKE ALL ON S_.shared FROM R_"),
    (1, "REVOKE SELECT ON S_.shared FROM SELF_"),
    (1, "GRANT SELECT ON S_.shared TO SELF_"),
    (2, "REVOKE EXECUTE ON FUNCTION S_.f(integer) FROM PUBLIC, R_"),
    (2, "GRANT EXECUTE ON FUNCTION S_.f(integer) TO PUBLIC"),
    (8, "CREATE TABLE V_ AS D_"),
    (2, "SELECT pg_tviews_create('V_', $q$D_$q$)"),
    (4, "DROP TABLE W_"),
    (2, "SELECT pg_tviews_drop('W_')"),
    (2, "SELECT pg_tviews_suspend('W_')"),
    (2, "SELECT pg_tviews_resume('W_')"),
    (2, "SELECT pg_tviews_refresh('W_')"),
    (1, "SELECT * FROM pg_tviews_verify('W_')"),
    (1, "SELECT * FROM pg_tviews_explain('W_')"),
    (2, "SELECT * FROM pg_tviews_health_check()"),
    (1, "SELECT * FROM pg_tviews_analyze($q$D_$q$)"),
    (
        3,
        "CREATE OR REPLACE FUNCTION S_.f(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1 + K_; END $$",
    ),
    (
        2,
        "CREATE OR REPLACE FUNCTION S_.f(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$",
    ),
    (
        1,
        "CREATE OR REPLACE FUNCTION S_.f(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN 1; END $$",
    ),
    (1, "ALTER FUNCTION S_.f(integer) VOLATILE"),
    (1, "ALTER FUNCTION S_.f(integer) IMMUTABLE"),
    (1, "DROP FUNCTION S_.f(integer) CASCADE"),
    (2, "ALTER TYPE S_.mood RENAME VALUE 'calm' TO 'quiet'"),
    (2, "ALTER TYPE S_.mood RENAME VALUE 'quiet' TO 'calm'"),
    (1, "ALTER TYPE S_.mood ADD VALUE IF NOT EXISTS 'sad'"),
    (
        2,
        "CREATE OR REPLACE VIEW S_.v AS SELECT pk, g, n FROM S_.shared WHERE n > K_",
    ),
    (
        1,
        "CREATE OR REPLACE RULE \"_RETURN\" AS ON SELECT TO S_.v DO INSTEAD SELECT pk, g, n FROM S_.shared WHERE n = K_",
    ),
    (1, "ALTER VIEW S_.v SET (security_invoker = true)"),
    (1, "CREATE RULE r AS ON UPDATE TO S_.shared DO INSTEAD NOTHING"),
    (1, "DROP RULE r ON S_.shared"),
    (
        2,
        "CREATE OR REPLACE TRIGGER \"00_pg_tviews_update\" AFTER UPDATE ON T_ FOR EACH STATEMENT EXECUTE FUNCTION S_.t()",
    ),
    (
        2,
        "CREATE OR REPLACE TRIGGER x AFTER INSERT OR UPDATE ON T_ FOR EACH ROW EXECUTE FUNCTION S_.t()",
    ),
    (
        1,
        "CREATE TRIGGER y AFTER UPDATE ON T_ FOR EACH STATEMENT EXECUTE FUNCTION tviews.source_changed()",
    ),
    (
        1,
        "CREATE TRIGGER z AFTER UPDATE ON W_ FOR EACH STATEMENT EXECUTE FUNCTION S_.t()",
    ),
    (1, "DROP TRIGGER x ON T_"),
    (2, "ALTER TABLE S_.shared DISABLE TRIGGER USER"),
    (1, "ALTER TABLE S_.shared DISABLE TRIGGER \"00_pg_tviews_update\""),
    (
        1,
        "ALTER TABLE S_.shared ENABLE REPLICA TRIGGER \"00_pg_tviews_update\"",
    ),
    (
        1,
        "ALTER TABLE S_.shared ENABLE ALWAYS TRIGGER \"00_pg_tviews_update\"",
    ),
    (3, "ALTER TABLE S_.shared ENABLE TRIGGER USER"),
    (1, "ALTER TABLE V_ DISABLE TRIGGER USER"),
    (2, "ALTER TABLE V_ ENABLE TRIGGER USER"),
    (
        2,
        "ALTER TABLE S_.shared ADD COLUMN IF NOT EXISTS extra integer DEFAULT K_",
    ),
    (1, "ALTER TABLE S_.shared DROP COLUMN IF EXISTS extra"),
    (2, "ALTER TABLE S_.shared RENAME TO renamed"),
    (3, "ALTER TABLE S_.renamed RENAME TO shared"),
    (1, "GRANT CREATE ON SCHEMA S_ TO R_"),
    (2, "ALTER TABLE S_.more SET SCHEMA O_"),
    (
        2,
        "DROP INDEX IF EXISTS S_.shared_g; CREATE INDEX shared_g ON S_.shared (g)",
    ),
    (
        1,
        "ALTER TABLE S_.shared ENABLE ROW LEVEL SECURITY; ALTER TABLE S_.shared FORCE ROW LEVEL SECURITY",
    ),
    (
        1,
        "ALTER TABLE S_.shared NO FORCE ROW LEVEL SECURITY; ALTER TABLE S_.shared DISABLE ROW LEVEL SECURITY",
    ),
];

/// Ways to begin and end a transaction.
const TRANSACTIONS: [(usize, &str); 7] = [
    (5, "BEGIN"),
    (1, "BEGIN ISOLATION LEVEL REPEATABLE READ"),
    (1, "BEGIN ISOLATION LEVEL SERIALIZABLE"),
    (5, "COMMIT"),
    (3, "ROLLBACK"),
    (1, "SAVEPOINT a"),
    (1, "ROLLBACK TO a"),
];

/// The program of a seed.
pub fn program(seed: u64, length: usize) -> Vec<Step> {
    let mut rng = Rng::new(seed);
    (0..length).map(|_| step(&mut rng)).collect()
}

fn step(rng: &mut Rng) -> Step {
    let role = *rng.pick(&ACTORS);
    if rng.chance(14) {
        return Step {
            role,
            sql: rng.weighted(&TRANSACTIONS).to_owned(),
        };
    }
    let others: Vec<&str> = ACTORS.into_iter().filter(|other| *other != role).collect();
    let other = *rng.pick(&others);
    let definition = *rng.pick(&DEFINITIONS);
    let own = rng.chance(70);
    let table = format!(
        "{}.{}",
        if own { "S_" } else { "O_" },
        rng.weighted(&[(3, "shared"), (1, "more")])
    );
    let tview = format!("S_.tv_{}", rng.below(3));
    let any = format!("{}.tv_{}", if rng.chance(60) { "S_" } else { "O_" }, rng.below(3));
    let mut sql = rng.weighted(&STATEMENTS).replace("D_", definition);
    for (name, value) in [
        ("T_", table.as_str()),
        ("V_", &tview),
        ("W_", &any),
        ("S_", schema_of(role)),
        ("O_", schema_of(other)),
        ("R_", other),
        ("SELF_", role),
        ("nobody_", "carol"),
    ] {
        sql = sql.replace(name, value);
    }
    while sql.contains("K_") {
        sql = sql.replacen("K_", &rng.below(9).to_string(), 1);
    }
    Step { role, sql }
}

fn prepare(rule: Rule) -> Stage {
    let stage = Stage::new(rule);
    for role in ACTORS {
        stage.run(role, &BEGINNING.replace("S_", schema_of(role)));
    }
    stage
}

fn session(stage: &Stage, role: &str) -> Session {
    let mut session = stage.session(role);
    execute(
        &mut session,
        "SET lock_timeout = '120ms'; SET statement_timeout = '2s'",
    );
    session
}

/// Runs a program step by step: how many steps succeeded, or what went wrong first.
pub fn run(rule: Rule, steps: &[Step]) -> Result<usize, Finding> {
    /// How many steps lie between two looks at what is private.
    const PACE: usize = 10;
    let stage = prepare(rule);
    let mut sessions = ACTORS.map(|role| (role, session(&stage, role)));
    let mut done = 0;
    for (number, step) in steps.iter().enumerate() {
        let acting = sessions.iter_mut().find(|(role, _)| *role == step.role);
        if let Some((_, session)) = acting {
            let outcome = session.run(&step.sql);
            done += usize::from(outcome.sqlstate().is_none());
            judge(rule, step, outcome).map_err(|text| Finding { step: number, text })?;
        }
        if number % PACE == PACE - 1 || number + 1 == steps.len() {
            undisturbed(&stage).map_err(|text| Finding { step: number, text })?;
        }
    }
    drop(sessions);
    at_rest(&stage).map_err(|text| Finding {
        step: steps.len(),
        text,
    })?;
    Ok(done)
}

/// Runs the parts of the roles at the same time; what was wrong at rest, or an error that should never be.
pub fn run_at_once(rule: Rule, steps: &[Step]) -> Result<(), Finding> {
    let stage = prepare(rule);
    let texts: Vec<String> = std::thread::scope(|scope| {
        let actors = ACTORS.map(|role| {
            let stage = &stage;
            scope.spawn(move || {
                let mut session = session(stage, role);
                let own = steps.iter().filter(|step| step.role == role);
                own.filter_map(|step| judge(rule, step, session.run(&step.sql)).err())
                    .next()
            })
        });
        actors
            .into_iter()
            .filter_map(|actor| actor.join().unwrap_or_else(|_| Some("a client panicked".into())))
            .collect()
    });
    let finding = |text| Finding {
        step: steps.len(),
        text,
    };
    if let Some(text) = texts.into_iter().next() {
        return Err(finding(text));
    }
    at_rest(&stage).map_err(finding)
}

/// Whether an outcome is one that may be.
fn judge(rule: Rule, step: &Step, outcome: Outcome) -> Result<(), String> {
    let Outcome::Failed(failure) = outcome else {
        return Ok(());
    };
    let never = ["XX000", "XX001", "XX002", "0A001", CONNECTION_LOST];
    if never.contains(&failure.sqlstate.as_str()) || failure.message.contains("panicked") {
        return Err(format!("{step}\n{failure}"));
    }
    if rule == Rule::Owner && writes_own(step) && fails_for_another(step, &failure) {
        return Err(format!(
            "a write to one's own table fails because of a tview of another role: {step}\n{failure}"
        ));
    }
    Ok(())
}

fn writes_own(step: &Step) -> bool {
    let schema = schema_of(step.role);
    ["INSERT INTO", "UPDATE", "DELETE FROM", "TRUNCATE"]
        .iter()
        .any(|word| step.sql.starts_with(&format!("{word} {schema}.")))
}

fn fails_for_another(step: &Step, failure: &Failure) -> bool {
    let others = ROLES.into_iter().filter(|role| *role != step.role);
    others
        .map(schema_of)
        .any(|schema| failure.message.contains(&format!("tview {schema}.")))
}

/// Whether each role can do with its private tables whatever it likes, at once.
fn undisturbed(stage: &Stage) -> Result<(), String> {
    for role in ACTORS {
        let schema = schema_of(role);
        let mut session = stage.session(role);
        let sql = format!(
            "BEGIN; LOCK TABLE {schema}.private, {schema}.tv_private IN ACCESS EXCLUSIVE MODE NOWAIT;
             UPDATE {schema}.private SET n = n + 1; SELECT * FROM {schema}.tv_private;
             ALTER TABLE {schema}.private ADD COLUMN x integer; ROLLBACK"
        );
        if let Outcome::Failed(failure) = session.run(&sql) {
            return Err(format!("{role} is disturbed in what is private: {failure}"));
        }
    }
    Ok(())
}

fn at_rest(stage: &Stage) -> Result<(), String> {
    // Sessions that have been closed end their transactions a moment later.
    let mut watcher = stage.session(SUPERUSER);
    for _ in 0..100 {
        let left = watcher.value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
        );
        if left.is_ok_and(|left| left.as_deref() == Some("0")) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    undisturbed(stage)?;
    let found = stage.violations();
    if found.is_empty() {
        Ok(())
    } else {
        Err(found.join("\n"))
    }
}

/// Leaves out what is not needed for a finding, as far as a few runs go.
pub fn shrunk(rule: Rule, steps: &[Step], runs: usize) -> Vec<Step> {
    let mut steps = steps.to_vec();
    let mut left = runs;
    let mut size = steps.len() / 2;
    while size > 0 && left > 0 {
        let mut at = 0;
        while at < steps.len() && left > 0 {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + size).min(steps.len()));
            left -= 1;
            if run(rule, &fewer).is_err() {
                steps = fewer;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    steps
}
