//! A database with the roles of an attack, and what has to hold in it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::server::{self, SUPERUSER};
use crate::session::{Outcome, Session};
use crate::sure::{execute, value};

/// Who may create tviews over a table: the setting `pg_tviews.source_privilege`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Roles with the privileges of its owner; the default.
    Owner,
    /// Roles with SELECT and TRIGGER on it.
    Trigger,
}

/// A database with the roles and a schema for each of them.
///
/// Roles belong to the whole server, so that one attack at a time is on stage.
pub struct Stage {
    /// The database.
    pub database: String,
    roles: Vec<Vec<Option<String>>>,
    _turn: MutexGuard<'static, ()>,
}

/// The plain roles.
pub const ROLES: [&str; 4] = ["alice", "bob", "carol", "mallory"];

/// The schema of a role.
pub fn schema_of(role: &str) -> &str {
    if role == "mallory" { "mal" } else { role }
}

const SCHEMAS: &str = "
    CREATE SCHEMA mal AUTHORIZATION mallory;
    CREATE SCHEMA alice AUTHORIZATION alice;
    CREATE SCHEMA bob AUTHORIZATION bob;
    CREATE SCHEMA carol AUTHORIZATION carol;
    GRANT USAGE ON SCHEMA mal, alice, bob, carol TO PUBLIC;";

/// Attributes and memberships of all roles.
const ROLE_FACTS: &str = "
    SELECT 'role', rolname::text, pg_catalog.concat_ws(' ', rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin,
             rolreplication, rolbypassrls, rolconnlimit, rolpassword, rolvaliduntil)
      FROM pg_catalog.pg_authid
    UNION ALL
    SELECT 'member', roleid::regrole::text, pg_catalog.concat_ws(' ', member::regrole, admin_option) FROM pg_catalog.pg_auth_members
    UNION ALL
    SELECT 'setting', setdatabase::text || ' ' || setrole::text, setconfig::text FROM pg_catalog.pg_db_role_setting
     WHERE setrole <> 0
    ORDER BY 1, 2, 3";

fn create_roles() {
    static CREATED: OnceLock<()> = OnceLock::new();
    CREATED.get_or_init(|| {
        let mut session = server::connect(SUPERUSER, "postgres");
        for role in ROLES {
            execute(&mut session, &format!("CREATE ROLE {role} LOGIN"));
        }
    });
}

impl Stage {
    /// A stage with the extension installed.
    pub fn new(rule: Rule) -> Stage {
        let stage = Stage::without_extension();
        let mut superuser = stage.superuser();
        execute(&mut superuser, "CREATE EXTENSION pg_tviews");
        stage.set_rule(rule);
        stage
    }

    /// A stage on which the extension is not installed yet.
    pub fn without_extension() -> Stage {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        create_roles();
        let database = server::create_database("attack");
        let mut session = server::connect(SUPERUSER, &database);
        execute(&mut session, SCHEMAS);
        let roles = facts(&mut session, ROLE_FACTS);
        Stage {
            database,
            roles,
            _turn: turn,
        }
    }

    /// Says who may create tviews over whose tables in sessions to come.
    pub fn set_rule(&self, rule: Rule) {
        let value = match rule {
            Rule::Owner => "owner",
            Rule::Trigger => "trigger",
        };
        let sql = format!(
            "ALTER DATABASE {} SET pg_tviews.source_privilege = '{value}'",
            self.database
        );
        execute(&mut self.superuser(), &sql);
    }

    /// A session of a role that waits for no lock for long.
    pub fn session(&self, role: &str) -> Session {
        let mut session = server::connect(role, &self.database);
        execute(
            &mut session,
            "SET client_min_messages = 'error'; SET lock_timeout = '2s'; SET statement_timeout = '15s'",
        );
        session
    }

    /// A session of the superuser, who tries what is another's for a short time.
    pub fn superuser(&self) -> Session {
        let mut session = self.session(SUPERUSER);
        execute(&mut session, "SET pg_tviews.patience = '250ms'");
        session
    }

    /// A session of the superuser that looks at what has become of things, and runs nothing that anybody has planted.
    pub fn watcher(&self) -> Session {
        let mut session = self.superuser();
        execute(&mut session, "SET search_path = pg_catalog");
        session
    }

    /// Runs statements, which have to succeed, in a new session of a role.
    pub fn run(&self, role: &str, sql: &str) {
        execute(&mut self.session(role), sql);
    }

    /// What should hold whatever anybody does, and does not.
    pub fn violations(&self) -> Vec<String> {
        let mut found = self.changed_roles();
        found.extend(self.unsound());
        found
    }

    /// Asserts that all holds that should, whatever anybody has done.
    ///
    /// # Panics
    /// When something does not.
    pub fn assert_sound(&self) {
        let found = self.violations();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    /// How roles differ from what they were.
    pub fn changed_roles(&self) -> Vec<String> {
        let now = facts(&mut self.watcher(), ROLE_FACTS);
        let changed = now.iter().filter(|fact| !self.roles.contains(fact));
        let gone = self.roles.iter().filter(|fact| !now.contains(fact));
        let text = |word: &str, fact: &Vec<Option<String>>| format!("a role has changed, {word}: {fact:?}");
        changed
            .map(|fact| text("now", fact))
            .chain(gone.map(|fact| text("no longer", fact)))
            .collect()
    }

    /// Tviews that differ from their queries, or can't be compared, although the health check says nothing of them.
    fn unsound(&self) -> Vec<String> {
        let mut superuser = self.watcher();
        let tviews = facts(
            &mut superuser,
            "SELECT n.nspname || '.' || c.relname, tview::text, definition::text, pg_catalog.pg_get_userbyid(c.relowner)
               FROM tviews.tview JOIN pg_catalog.pg_class c ON c.oid = tview
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ORDER BY 1",
        );
        // A look that fails tells nobody anything.
        let health = match superuser.rows(
            "SELECT tview FROM public.pg_tviews_health_check()
              WHERE status = 'error' OR status = 'warning' AND message LIKE 'suspended%'",
        ) {
            Ok(rows) => rows,
            Err(failure) => return vec![format!("the health check fails: {failure}")],
        };
        let mut found = Vec::new();
        let mut owners: BTreeMap<&str, Session> = BTreeMap::new();
        for row in &tviews {
            let [Some(name), Some(tview), Some(definition), Some(owner)] = &row[..] else {
                continue;
            };
            let session = owners.entry(owner).or_insert_with(|| self.session(owner));
            let problem = compare(session, tview, definition);
            let told = health.iter().any(|row| row[0].as_deref() == Some(name));
            if let (Some(problem), false) = (problem, told) {
                found.push(format!(
                    "{name} is wrong, and the health check says nothing: {problem}"
                ));
            }
        }
        found
    }

    /// Locks of a role on what is in the schemas of others, and strong ones on our catalogs.
    pub fn locks_on_others(&self, role: &str) -> Vec<String> {
        let sql = format!(
            "SELECT a.usename || ' holds or wants ' || l.mode || ' on ' || coalesce(l.relation::regclass::text, 'tview ' || l.objid::regclass)
               FROM pg_catalog.pg_locks l
               JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
               JOIN pg_catalog.pg_class c
                 ON c.oid = CASE WHEN l.locktype = 'relation' THEN l.relation
                                 WHEN l.locktype = 'object' AND l.classid = 'tviews.tview'::regclass THEN l.objid
                                 WHEN l.locktype = 'userlock' THEN l.classid END
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              WHERE a.datname = pg_catalog.current_database() AND a.usename = '{role}'
                AND (n.nspname IN ('mal', 'alice', 'bob', 'carol') AND c.relowner <> a.usesysid
                     OR n.nspname = 'tviews' AND c.relkind = 'v' AND c.relname LIKE '%.tv_%' AND c.relowner <> a.usesysid
                     OR n.nspname = 'tviews' AND c.relkind IN ('r', 'i') AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock'))"
        );
        texts(facts(&mut self.watcher(), &sql))
    }

    /// Asserts that a role holds no lock on what belongs to others after it has done something.
    ///
    /// # Panics
    /// When it does.
    pub fn assert_in_nobodys_way(&self, role: &str, after: &str) {
        let locks = self.locks_on_others(role);
        assert!(locks.is_empty(), "after {after}:\n{}", locks.join("\n"));
    }
}

/// Compares as the owner, whose session it is: nobody else runs what is in a definition.
fn compare(session: &mut Session, tview: &str, definition: &str) -> Option<String> {
    let rows = |relation: &str| format!("SELECT ROW(t.*)::text AS row FROM {relation} AS t");
    let (left, right) = (rows(tview), rows(definition));
    let difference = format!(
        "SELECT pg_catalog.count(*), pg_catalog.min(row)
           FROM (({left} EXCEPT ALL {right}) UNION ALL ({right} EXCEPT ALL {left})) AS difference"
    );
    execute(session, "SET search_path = pg_catalog");
    match session.rows(&difference) {
        Ok(rows) if rows[0][0].as_deref() == Some("0") => None,
        Ok(rows) => Some(format!("{:?} rows differ: {:?}", rows[0][0], rows[0][1])),
        Err(failure) => Some(failure.to_string()),
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // The next attack begins with what roles were, even if this one has succeeded.
        let mut session = server::connect(SUPERUSER, "postgres");
        for role in ROLES {
            session.run(&format!(
                "ALTER ROLE {role} NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS; ALTER ROLE {role} RESET ALL"
            ));
        }
        session.run(&format!("DROP DATABASE \"{}\" WITH (FORCE)", self.database));
    }
}

fn facts(session: &mut Session, sql: &str) -> Vec<Vec<Option<String>>> {
    session
        .rows(sql)
        .unwrap_or_else(|failure| panic!("{sql}: {failure}"))
}

fn texts(rows: Vec<Vec<Option<String>>>) -> Vec<String> {
    rows.into_iter().flatten().flatten().collect()
}

/// Asserts that a statement fails in one of these ways; the message.
///
/// # Panics
/// When it succeeds, or fails otherwise.
pub fn refused(session: &mut Session, sql: &str, sqlstates: &[&str]) -> String {
    match session.run(sql) {
        Outcome::Failed(failure) if sqlstates.contains(&failure.sqlstate.as_str()) => failure.message,
        other => panic!("{sql}\nshould be refused with one of {sqlstates:?}, but: {other}"),
    }
}

/// Runs a statement that may be refused in these ways; whether it succeeded.
///
/// # Panics
/// When it fails otherwise.
pub fn allowed_or_refused(session: &mut Session, sql: &str, sqlstates: &[&str]) -> bool {
    match session.run(sql) {
        Outcome::Done { .. } => true,
        Outcome::Failed(failure) if sqlstates.contains(&failure.sqlstate.as_str()) => false,
        Outcome::Failed(failure) => {
            panic!("{sql}\nshould succeed, or be refused with one of {sqlstates:?}: {failure}")
        }
    }
}

/// All settings of a session, and who it is.
pub fn settings(session: &mut Session) -> Vec<Vec<Option<String>>> {
    facts(
        session,
        "SELECT name, setting FROM pg_catalog.pg_settings
         UNION ALL SELECT 'current_user', current_user::pg_catalog.text
         UNION ALL SELECT 'session_user', session_user::pg_catalog.text
         UNION ALL SELECT 'schemas', pg_catalog.current_schemas(true)::pg_catalog.text
         ORDER BY 1",
    )
}

/// What settings have become different.
pub fn different(before: &[Vec<Option<String>>], after: &[Vec<Option<String>>]) -> Vec<String> {
    let changed = after.iter().filter(|row| !before.contains(row));
    // A setting of a library is there once it has been loaded.
    let known = |row: &&Vec<Option<String>>| before.iter().any(|other| other[0] == row[0]);
    changed.filter(known).map(|row| format!("{row:?}")).collect()
}

/// The one value of a query.
pub fn one(session: &mut Session, sql: &str) -> String {
    value(session, sql)
}
