//! Better matches for what our own SQL uses, planted by mallory in the schema `public` before the extension comes: operators between types
//! for which PostgreSQL has none of its own (`oid = regclass`), functions for exactly these types, types, and tables.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::attack::{Stage, witness};
use crate::server::SUPERUSER;
use crate::sure::execute;

/// The types of what our SQL works with.
const TYPES: [&str; 23] = [
    "oid",
    "regclass",
    "regproc",
    "regtype",
    "regnamespace",
    "regrole",
    "name",
    "text",
    "int2",
    "int4",
    "int8",
    "bool",
    "\"char\"",
    "oid[]",
    "regclass[]",
    "int2[]",
    "int2vector",
    "oidvector",
    "name[]",
    "text[]",
    "aclitem[]",
    "timestamptz",
    "jsonb",
];

/// Those of them of which functions take two.
const PAIRED: [&str; 9] = [
    "oid", "regclass", "name", "text", "int2", "int4", "bool", "text[]", "int2[]",
];

/// Types whose names are no keywords of SQL.
const NAMED: [&str; 12] = [
    "oid",
    "regclass",
    "regproc",
    "regtype",
    "regnamespace",
    "name",
    "text",
    "jsonb",
    "int2",
    "int4",
    "int8",
    "bool",
];

const OPERATORS: [&str; 20] = [
    "=", "<>", "<", ">", "<=", ">=", "||", "&&", "@>", "<@", "->", "->>", "+", "-", "*", "~", "!~", "~~",
    "*=", "*<>",
];

/// What is called in our SQL and in the sources of the extension, and words that could be tables of the server.
fn words() -> BTreeSet<String> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders = vec![project.join("ext"), project.join("crates/sqltext/src")];
    let mut words = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "sql" || extension == "rs")
            {
                let text = fs::read_to_string(&path).unwrap_or_default();
                let ends = |character: char| {
                    !(character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_')
                };
                // Calls, and tables of the server.
                let calls = text.split('(').filter_map(|before| before.rsplit(ends).next());
                let tables = text.split(ends).filter(|word| word.starts_with("pg_"));
                words.extend(
                    calls
                        .chain(tables)
                        .filter(|word| word.len() > 2)
                        .map(str::to_owned),
                );
            }
        }
    }
    words
}

/// Plants all of it; how many there are.
///
/// # Panics
/// When nothing can be planted.
pub fn plant(stage: &Stage) -> usize {
    let list = words().into_iter().collect::<Vec<_>>().join(",");
    let named = |sql: &str| {
        let rows = stage.watcher().rows(&sql.replace("WORDS_", &list));
        let rows = rows.unwrap_or_else(|failure| panic!("{failure}"));
        rows.into_iter().flatten().flatten().collect::<Vec<String>>()
    };
    let functions = named(
        "SELECT DISTINCT proname FROM pg_catalog.pg_proc
          WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind IN ('f', 'a') AND proname = ANY (string_to_array('WORDS_', ','))",
    );
    let tables = named(
        "SELECT relname FROM pg_catalog.pg_class
          WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v') AND relname = ANY (string_to_array('WORDS_', ','))
            AND relname NOT IN ('pg_authid', 'pg_statistic', 'pg_subscription', 'pg_user_mapping')",
    );
    assert!(
        functions.len() > 20 && tables.len() > 5,
        "{functions:?} {tables:?}"
    );
    execute(&mut stage.watcher(), "GRANT CREATE ON SCHEMA public TO mallory");
    let places: BTreeSet<&str> = functions
        .iter()
        .chain(&tables)
        .map(String::as_str)
        .chain(NAMED)
        .chain(OPERATORS)
        .collect();
    witness::install(stage, places);
    let mut mallory = stage.session("mallory");
    // What is planted must not come in the way of planting.
    execute(&mut mallory, "SET search_path = pg_catalog");
    execute(&mut mallory, &script(&functions, &tables));
    let planted = stage.watcher().value(
        "SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_proc WHERE pronamespace = 'public'::regnamespace)
              + (SELECT pg_catalog.count(*) FROM pg_catalog.pg_operator WHERE oprnamespace = 'public'::regnamespace)",
    );
    planted
        .ok()
        .flatten()
        .and_then(|text| text.parse().ok())
        .unwrap_or_default()
}

/// The commands, as one block.
fn script(functions: &[String], tables: &[String]) -> String {
    let array = |items: &[&str]| {
        items
            .iter()
            .map(|item| format!("'{}'", item.replace('\'', "''")))
            .collect::<Vec<_>>()
            .join(",")
    };
    let owned = |items: &[String]| array(&items.iter().map(String::as_str).collect::<Vec<_>>());
    format!(
        r#"DO $plant$
        DECLARE
          types text[] := ARRAY[{types}]; paired text[] := ARRAY[{paired}];
          functions text[] := ARRAY[{functions}]; operators text[] := ARRAY[{operators}]; named text[] := ARRAY[{named}]; tables text[] := ARRAY[{tables}];
          l text; r text; f text; o text; n integer := 0;
        BEGIN
          FOREACH f IN ARRAY functions LOOP
            EXECUTE format('CREATE FUNCTION public.%I() RETURNS pg_catalog.text LANGUAGE plpgsql AS %L', f,
                           format('BEGIN PERFORM mal.inner_(%L); RETURN NULL; END', f));
            FOREACH l IN ARRAY types LOOP
              EXECUTE format('CREATE FUNCTION public.%I(pg_catalog.%s) RETURNS pg_catalog.text LANGUAGE plpgsql AS %L', f, l,
                             format('BEGIN PERFORM mal.inner_(%L); RETURN NULL; END', f));
            END LOOP;
            FOREACH l IN ARRAY paired LOOP
              FOREACH r IN ARRAY paired LOOP
                EXECUTE format('CREATE FUNCTION public.%I(pg_catalog.%s, pg_catalog.%s) RETURNS pg_catalog.text LANGUAGE plpgsql AS %L', f, l, r,
                               format('BEGIN PERFORM mal.inner_(%L); RETURN NULL; END', f));
              END LOOP;
            END LOOP;
          END LOOP;
          FOREACH l IN ARRAY types LOOP
            FOREACH r IN ARRAY types LOOP
              FOREACH o IN ARRAY operators LOOP
                IF o IN ('=', '||') OR l <> r THEN
                  n := n + 1;
                  IF o = operators[1] THEN
                    EXECUTE format('CREATE FUNCTION public.look_%s(pg_catalog.%s, pg_catalog.%s) RETURNS pg_catalog.bool LANGUAGE plpgsql AS %L', n, l, r,
                                   format('BEGIN PERFORM mal.inner_(%L); RETURN true; END', o));
                    f := 'look_' || n;
                  END IF;
                  EXECUTE format('CREATE OPERATOR public.%s (LEFTARG = pg_catalog.%s, RIGHTARG = pg_catalog.%s, FUNCTION = public.%I)', o, l, r, f);
                END IF;
              END LOOP;
            END LOOP;
          END LOOP;
          FOREACH f IN ARRAY named LOOP
            EXECUTE format('CREATE FUNCTION public.check_%s() RETURNS pg_catalog.bool LANGUAGE plpgsql AS %L', f,
                           format('BEGIN PERFORM mal.inner_(%L); RETURN true; END', f));
            EXECUTE format('CREATE DOMAIN public.%I AS pg_catalog.%s CHECK (public.check_%s())', f, f, f);
          END LOOP;
          FOREACH f IN ARRAY tables LOOP
            EXECUTE format('CREATE FUNCTION public.table_%s() RETURNS pg_catalog.bool LANGUAGE plpgsql AS %L', f,
                           format('BEGIN PERFORM mal.inner_(%L); RETURN true; END', f));
            SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO l FROM pg_attribute
             WHERE attrelid = f::regclass AND attnum > 0 AND NOT attisdropped AND atttypid <> 'anyarray'::regtype;
            EXECUTE format('CREATE VIEW public.%I AS SELECT %s FROM pg_catalog.%I WHERE public.table_%s()', f, l, f, f);
            EXECUTE format('GRANT SELECT ON public.%I TO PUBLIC', f);
          END LOOP;
        END $plant$"#,
        types = array(&TYPES),
        paired = array(&PAIRED),
        functions = owned(functions),
        operators = array(&OPERATORS),
        named = array(&NAMED),
        tables = owned(tables),
    )
}

/// Search paths under which a superuser may work.
pub const PATHS: [&str; 4] = [
    "public, pg_catalog",
    "mal, public, pg_catalog",
    "public",
    "pg_catalog, public",
];

/// Installs the extension where all of it is planted.
pub fn install_extension(stage: &Stage, search_path: &str) {
    let mut superuser = stage.session(SUPERUSER);
    execute(
        &mut superuser,
        &format!("SET search_path = {search_path}; CREATE EXTENSION pg_tviews SCHEMA public"),
    );
}
