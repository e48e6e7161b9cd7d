//! A role with no more than the right to create a table wants the server.

use pg_tviews_tests::attack::paths::{self, Path};
use pg_tviews_tests::attack::stage::{allowed_or_refused, different, refused, settings};
use pg_tviews_tests::attack::vehicles::{self, Vehicle};
use pg_tviews_tests::attack::{Rule, Stage, lookalikes, witness};
use pg_tviews_tests::psql::psql;
use pg_tviews_tests::session::Outcome;
use pg_tviews_tests::sure::execute;
use pg_tviews_tests::{command, server};

/// Where no setting differs from what maintenance wants: what changes then was once kept.
const PINNED: &str = "SET jit = off; SET search_path = pg_catalog, pg_temp";

/// Puts hostile code into all places of definitions; the tviews that were accepted.
fn hide(stage: &Stage) -> Vec<String> {
    let version = server::major_version();
    let there: Vec<&Vehicle> = vehicles::HIDDEN
        .iter()
        .filter(|vehicle| vehicle.since <= version)
        .collect();
    witness::install(stage, there.iter().map(|vehicle| vehicle.name));
    let mut mallory = stage.session("mallory");
    execute(&mut mallory, vehicles::SOURCE);
    let mut accepted = Vec::new();
    let mut refused = Vec::new();
    for vehicle in there {
        execute(&mut mallory, vehicle.needs);
        let tview = vehicles::tview(vehicle);
        let sql = format!("CREATE TABLE {tview} AS {}", vehicle.query);
        if allowed_or_refused(&mut mallory, &sql, &["0A000"]) {
            accepted.push(tview);
        } else {
            refused.push(vehicle.name);
        }
    }
    println!("refused: {refused:?}");
    assert!(accepted.len() > vehicles::HIDDEN.len() / 2, "{refused:?}");
    accepted
}

/// Does all this as superuser, each in a session of its own; what hostile code has gained by it, and what failed.
fn walk(stage: &Stage, paths: &[Path], prelude: &str) -> Vec<String> {
    let mut watcher = stage.watcher();
    let mut found = Vec::new();
    for (label, sql) in paths {
        let mut superuser = stage.superuser();
        // Without that a superuser makes no tview over tables of others.
        execute(&mut superuser, "SET pg_tviews.source_privilege = 'trigger'");
        execute(&mut superuser, prelude);
        let before = settings(&mut superuser);
        if let Outcome::Failed(failure) = superuser.run(sql) {
            let text = failure.to_string();
            found.push(format!(
                "{label}: {}",
                text.chars().take(1000).collect::<String>()
            ));
        }
        superuser.run("ROLLBACK");
        let leaked = different(&before, &settings(&mut superuser));
        if !leaked.is_empty() {
            found.push(format!("{label}: settings have changed: {}", leaked.join(", ")));
        }
        let successes = witness::successes(&mut watcher);
        if !successes.is_empty() {
            found.push(format!(
                "{label}: hostile code ran as another, or free: {}",
                successes.join(", ")
            ));
            witness::forget(&mut watcher);
            execute(&mut watcher, "ALTER ROLE mallory NOSUPERUSER");
        }
    }
    found
}

fn assert_nothing(found: &[String]) {
    assert!(
        found.is_empty(),
        "{} findings:\n{}",
        found.len(),
        found.join("\n")
    );
}

/// Hostile code in a definition runs as the tview's owner, in a restricted operation, whatever a superuser does, and leaves no setting
/// behind.
#[test]
fn hostile_code_in_definitions_runs_as_its_owner_alone() {
    let stage = Stage::new(Rule::Owner);
    stage.run(server::SUPERUSER, paths::FURNITURE);
    let tviews = hide(&stage);
    let mut found = Vec::new();
    for prelude in ["", PINNED] {
        found.extend(walk(&stage, &paths::of(&paths::LOOKS), prelude));
    }
    for (number, tview) in tviews.iter().enumerate() {
        let prelude = if number % 2 == 0 { "" } else { PINNED };
        found.extend(walk(&stage, &paths::with_tview(tview), prelude));
    }
    found.extend(walk(&stage, &paths::of(&paths::ELSEWHERE), ""));
    found.extend(walk(&stage, &paths::of(&paths::AT_HIS), ""));
    found.extend(walk(&stage, &paths::writes("mal.t", "mal.tv_constant"), PINNED));
    let reached = witness::reached(&mut stage.watcher());
    assert!(
        reached.len() > 25,
        "hostile code is hardly ever reached: {reached:?}"
    );
    found.extend(stage.violations());
    found.extend(walk(&stage, &paths::of(&paths::ENDS), ""));
    found.extend(stage.changed_roles());
    assert_nothing(&found);
}

/// So it is with code that is attached to the tables of a tview: what is ours runs it as its owner, or not at all.
#[test]
fn hostile_code_around_tables_runs_as_its_owner_alone() {
    let stage = Stage::new(Rule::Owner);
    stage.run(server::SUPERUSER, paths::FURNITURE);
    witness::install(&stage, vehicles::ATTACHED_PLACES);
    stage.run("mallory", vehicles::ATTACHED);
    let mut found = Vec::new();
    for prelude in ["", PINNED] {
        found.extend(walk(&stage, &paths::of(&paths::LOOKS), prelude));
        found.extend(walk(&stage, &paths::with_tview("mal.tv_attached"), prelude));
        found.extend(walk(&stage, &paths::with_tview("mal.tv_parted"), prelude));
    }
    found.extend(walk(&stage, &paths::of(&paths::ELSEWHERE), ""));
    let on_tables = [
        "REVOKE SELECT ON mal.d FROM bob",
        "DROP INDEX mal.d_expression",
        "DROP INDEX mal.d_predicate",
        "ALTER TRIGGER evil ON mal.tv_attached RENAME TO still_evil",
        "ALTER TABLE mal.d DISABLE TRIGGER ALL",
        "ALTER TABLE mal.d ENABLE TRIGGER ALL",
        "ALTER TABLE mal.tv_attached RENAME TO tv_other",
        "DROP POLICY d_policy ON mal.d",
        "SELECT public.pg_tviews_drop('mal.tv_parted')",
        "DROP TABLE mal.tv_other",
    ];
    found.extend(walk(&stage, &paths::of(&on_tables), ""));
    found.extend(stage.violations());
    assert_nothing(&found);
}

/// Under the setting by which SELECT and TRIGGER are enough: who writes to a table runs nothing of those who have tviews over it.
#[test]
fn writers_run_nothing_of_those_who_watch() {
    let stage = Stage::new(Rule::Trigger);
    stage.run(
        "alice",
        "CREATE TABLE alice.t (i integer PRIMARY KEY, g integer NOT NULL, x integer, s text);
         INSERT INTO alice.t SELECT n, n % 3, n % 4, 'row ' || n FROM generate_series(1, 12) AS n;
         GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON alice.t TO bob; GRANT SELECT, TRIGGER ON alice.t TO mallory",
    );
    let places = [
        "constant",
        "group",
        "aggregate",
        "view",
        "check of the tview",
        "trigger of the tview",
        "index of the tview",
        "domain",
    ];
    witness::install(&stage, places);
    stage.run(
        "mallory",
        "CREATE FUNCTION mal.evil_step(bigint, integer) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$
           BEGIN PERFORM mal.inner_('aggregate'); RETURN $1; END $$;
         CREATE AGGREGATE mal.total(integer) (SFUNC = mal.evil_step, STYPE = bigint, INITCOND = '0');
         CREATE DOMAIN mal.checked AS integer CHECK (mal.evil_bool('domain') AND VALUE < 100000);
         CREATE VIEW mal.v AS SELECT i, mal.evil_int('view') AS e, x FROM alice.t;
         CREATE TABLE mal.tv_constant AS SELECT i, g, mal.evil_int('constant') AS c, mal.evil_of(x, 'constant') AS d FROM alice.t;
         CREATE TABLE mal.tv_group AS SELECT g + mal.evil_int('group') AS k, sum(x) AS s, mal.total(x) AS t FROM alice.t GROUP BY 1;
         CREATE TABLE mal.tv_view AS SELECT i, e, x::mal.checked AS x FROM mal.v;
         ALTER TABLE mal.tv_constant ADD CHECK (mal.evil_bool('check of the tview'));
         CREATE INDEX ON mal.tv_constant ((mal.evil_of(i, 'index of the tview')));
         CREATE TRIGGER evil AFTER INSERT OR UPDATE OR DELETE ON mal.tv_group FOR EACH ROW EXECUTE FUNCTION mal.evil_trigger('trigger of the tview')",
    );
    stage.run("mallory", "GRANT SELECT ON mal.tv_view TO bob");
    let mut found = walk(&stage, &paths::writes("alice.t", "mal.tv_view"), "");
    let mut by_bob = paths::writes("alice.t", "mal.tv_view");
    by_bob.retain(|(label, _)| !label.contains("replica"));
    found.extend(walk(&stage, &by_bob, &format!("SET ROLE bob; {PINNED}")));
    found.extend(walk(&stage, &paths::of(&paths::LOOKS), "SET ROLE alice"));
    let hers = [
        "ALTER TABLE alice.t ADD COLUMN later integer",
        "CREATE INDEX t_g ON alice.t (g)",
        "DROP INDEX alice.t_g",
        "REVOKE DELETE ON alice.t FROM bob",
        "ALTER TABLE alice.t DISABLE TRIGGER ALL",
        "ALTER TABLE alice.t ENABLE TRIGGER ALL",
        "ALTER TABLE alice.t RENAME TO u",
        "ALTER TABLE alice.u ALTER COLUMN s TYPE varchar(100)",
        "DROP TABLE alice.u CASCADE",
    ];
    found.extend(walk(&stage, &paths::of(&hers), "SET ROLE alice"));
    let reached = witness::reached(&mut stage.watcher());
    assert!(
        reached.len() == places.len(),
        "hostile code is not reached everywhere: {reached:?}"
    );
    found.extend(stage.violations());
    assert_nothing(&found);
}

/// A dump that a superuser restores runs nothing of a definition but as its owner.
#[test]
fn a_restored_dump_runs_nothing_as_the_superuser() {
    let stage = Stage::new(Rule::Owner);
    let mut tviews = hide(&stage);
    // Any view with a literal of an array has the server check its elements when it is restored, with us and without.
    stage.run("mallory", "DROP TABLE mal.tv_array_of_a_domain");
    tviews.retain(|tview| tview != "mal.tv_array_of_a_domain");
    let connection = server::server().connection_string(server::SUPERUSER, &stage.database);
    let dump = command::output(&server::server().bin("pg_dump"), &["-d", &connection]);
    let schema = command::output(&server::server().bin("pg_dump"), &["-s", "-d", &connection]);
    let data = command::output(
        &server::server().bin("pg_dump"),
        &["-a", "--disable-triggers", "-d", &connection],
    );
    let mut found = witness::successes(&mut stage.watcher());
    for parts in [vec![&dump], vec![&schema, &data]] {
        let copy = server::create_database("copy");
        for text in parts {
            // The public schema and such are there already.
            let printed = psql(&copy, &["-v", "ON_ERROR_STOP=0"], text);
            let errors: Vec<&str> = printed.lines().filter(|line| line.contains("ERROR")).collect();
            assert!(errors.is_empty(), "{errors:?}");
        }
        let mut superuser = server::connect(server::SUPERUSER, &copy);
        let count = superuser
            .value("SELECT count(*) FROM tviews.tview")
            .unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(count, Some(tviews.len().to_string()));
        for look in paths::LOOKS {
            execute(&mut superuser, look);
        }
        execute(&mut superuser, "UPDATE mal.t SET x = x + 1");
        found.extend(witness::successes(&mut superuser));
        drop(superuser);
        found.extend(stage.changed_roles());
        server::drop_database(&copy);
    }
    assert_nothing(&found);
}

/// What a superuser does by statements that use no operator.
const WORK: [&str; 12] = [
    "SELECT * FROM public.pg_tviews_analyze('SELECT pk, name FROM alice.item')",
    "INSERT INTO alice.item (pk, g, name) VALUES (500, 1, 'new')",
    "UPDATE alice.item SET g = 5",
    "BEGIN; UPDATE alice.item SET mood = 'wild'; TABLE alice.tv_item; COMMIT",
    "DELETE FROM alice.log",
    "TRUNCATE alice.log",
    "SELECT public.pg_tviews_create('alice.made', 'SELECT pk FROM alice.item')",
    "SELECT public.pg_tviews_drop('alice.made')",
    "CREATE TABLE alice.tv_made AS SELECT pk FROM alice.item; DROP TABLE alice.tv_made",
    "CREATE TABLE alice.converted (pk integer PRIMARY KEY); SELECT public.pg_tviews_convert_existing_table('alice.converted', 'SELECT pk FROM alice.item')",
    "DROP TABLE alice.converted",
    "DELETE FROM alice.item; INSERT INTO alice.item (pk, g, name) VALUES (1, 1, 'one'), (2, 2, 'two')",
];

/// Operators, functions, types and tables that were planted before the extension came are not what its SQL means.
#[test]
fn lookalikes_are_not_mistaken_for_the_servers() {
    let stage = Stage::without_extension();
    let planted = lookalikes::plant(&stage);
    println!("{planted} functions and operators");
    assert!(planted > 5000);
    lookalikes::install_extension(&stage, "public, pg_catalog");
    let furniture = format!("SET search_path = pg_catalog; {}", paths::FURNITURE);
    stage.run(server::SUPERUSER, &furniture);
    let mut found = Vec::new();
    let operates = |sql: &&str| {
        ["||", " < ", " > ", " text", "(VALUE"]
            .iter()
            .any(|part| sql.contains(part))
    };
    for search_path in lookalikes::PATHS {
        let prelude = format!("SET search_path = {search_path}");
        // PostgreSQL's pg_get_viewdef itself looks a view up by an operator that it does not qualify.
        let looks = match search_path.starts_with("pg_catalog") || search_path == "public" {
            true => paths::LOOKS.to_vec(),
            false => paths::LOOKS
                .into_iter()
                .filter(|sql| !sql.contains("tviews.views"))
                .collect(),
        };
        found.extend(walk(&stage, &paths::of(&looks), &prelude));
        found.extend(walk(
            &stage,
            &paths::of(&[
                "SELECT schema_name, name, owner, unit_key, settings, suspended, stale FROM tviews.views",
            ]),
            &prelude,
        ));
        for function in [
            "pg_tviews_explain",
            "pg_tviews_verify",
            "pg_tviews_refresh",
            "pg_tviews_suspend",
            "pg_tviews_resume",
        ] {
            let sql = format!("SELECT pg_catalog.count(*) FROM public.{function}('alice.tv_item')");
            found.extend(walk(&stage, &[(sql.clone(), sql)], &prelude));
        }
        found.extend(walk(&stage, &paths::of(&WORK), &prelude));
    }
    let statements: Vec<&str> = paths::ELSEWHERE
        .into_iter()
        .filter(|sql| !operates(sql))
        .collect();
    found.extend(walk(
        &stage,
        &paths::of(&statements),
        "SET search_path = public, pg_catalog",
    ));
    found.extend(stage.violations());
    found.extend(walk(
        &stage,
        &paths::of(&["DROP SCHEMA alice CASCADE", "DROP EXTENSION pg_tviews CASCADE"]),
        "SET search_path = public, pg_catalog",
    ));
    assert_nothing(&found);
}

/// What has one of our names before the extension comes is not taken for ours.
#[test]
fn what_is_there_before_is_not_adopted() {
    let plants = [
        "CREATE SCHEMA tviews",
        "CREATE FUNCTION public.pg_tviews_health_check() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM mal.inner_('elsewhere'); END $$",
        "CREATE FUNCTION public.pg_tviews_refresh(text) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN PERFORM mal.inner_('elsewhere'); RETURN 0; END $$",
        "CREATE FUNCTION public.pg_tviews_version() RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM mal.inner_('elsewhere'); RETURN ''; END $$",
    ];
    for plant in plants {
        let stage = Stage::without_extension();
        stage.run(
            server::SUPERUSER,
            &format!(
                "GRANT CREATE ON SCHEMA public TO mallory; GRANT CREATE ON DATABASE {} TO mallory",
                stage.database
            ),
        );
        witness::install(&stage, []);
        stage.run("mallory", plant);
        let mut superuser = stage.superuser();
        refused(
            &mut superuser,
            "CREATE EXTENSION pg_tviews",
            &["42P06", "42723", "55000"],
        );
        assert_nothing(&witness::successes(&mut stage.watcher()));
        assert_nothing(&stage.changed_roles());
    }
}
