//! The oracle under test: it finds nothing where nothing is wrong, and finds what is.
//!
//! These need a server, but not the extension.

use pg_tviews_tests::generate::{self, Options};
use pg_tviews_tests::oracle::keeper::{FrozenTable, Keeper, OtherPlan, PlainView};
use pg_tviews_tests::oracle::{
    Case, Command, CreateForm, Definition, End, Hunt, Oracle, ProblemKind, Step, hunt,
};
use pg_tviews_tests::server;
use pg_tviews_tests::session::{Failure, Session};

fn database() -> String {
    let name = server::create_database("itself");
    server::server().connection_string(server::SUPERUSER, &name)
}

fn run(keeper: &dyn Keeper, case: &Case) -> Option<ProblemKind> {
    let mut oracle = Oracle::new(&database(), keeper).unwrap();
    oracle.run(case).err().map(|problem| problem.kind)
}

fn sample(steps: Vec<Step>) -> Case {
    Case {
        seed: 0,
        schema: vec!["CREATE TABLE t (pk integer PRIMARY KEY, n numeric)".into()],
        data: vec!["INSERT INTO t VALUES (1, 5.0), (2, 7)".into()],
        tviews: vec![Definition {
            name: "tv_t".into(),
            query: "SELECT pk, jsonb_build_object('n', n) AS data FROM t".into(),
            form: CreateForm::CreateTableAs,
        }],
        steps,
    }
}

/// A plain view is always exact: no random case differs, and hardly any definition is nonsense.
#[test]
fn a_plain_view_is_exact() {
    let wanted = Hunt::from_environment(7, 2000, Options::for_server());
    let tally = hunt(&wanted, &database(), &PlainView).unwrap_or_else(|report| panic!("{report}"));
    println!("{tally}");
    assert!(
        tally.invalid * 50 <= tally.definitions,
        "more than 2 % of the definitions are nonsense: {tally}"
    );
    assert!(
        tally.failed * 3 <= tally.commands,
        "more than a third of the commands fail: {tally}"
    );
}

/// Definitions have one result on the same data, whatever the plan.
#[test]
fn definitions_have_one_result() {
    let wanted = Hunt::from_environment(8, 1000, Options::for_server());
    let tally = hunt(&wanted, &database(), &OtherPlan).unwrap_or_else(|report| panic!("{report}"));
    println!("{tally}");
}

/// A table that nobody maintains is found out, and what finds it is small.
#[test]
fn a_frozen_table_is_found_out() {
    let wanted = Hunt {
        seed: 11,
        statements: 2000,
        failures: 1,
        options: Options::for_server(),
    };
    let report = hunt(&wanted, &database(), &FrozenTable).expect_err("the oracle saw no difference");
    assert!(report.starts_with("Difference"), "{report}");
    let shrunk = report
        .split("=== ")
        .find(|part| part.starts_with("shrunk"))
        .expect("a shrunk case");
    assert!(shrunk.lines().count() < 30, "not shrunk: {shrunk}");
}

/// `5.0` and `5.00` are equal numbers and different documents.
#[test]
fn scale_counts() {
    let case = sample(vec![Step::single("UPDATE t SET n = 5.00 WHERE pk = 1")]);
    assert_eq!(run(&FrozenTable, &case), Some(ProblemKind::Difference));
    assert_eq!(run(&PlainView, &case), None);
}

/// A difference inside a transaction counts, although it is gone at its end.
#[test]
fn differences_inside_a_transaction_count() {
    let commands = vec![Command::new("DELETE FROM t")];
    let case = sample(vec![Step::Transaction {
        begin: "BEGIN".into(),
        commands,
        end: End::Rollback,
        quiet: false,
    }]);
    assert_eq!(run(&FrozenTable, &case), Some(ProblemKind::Difference));
}

/// A write that fails only where the tview is.
#[test]
fn outcomes_are_compared() {
    let mut case = sample(vec![Step::single("INSERT INTO t VALUES (3, 1)")]);
    case.schema.push(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN IF TG_TABLE_SCHEMA = 'app' THEN RAISE 'no'; END IF; RETURN NEW; END $$"
            .into(),
    );
    case.schema
        .push("CREATE TRIGGER refuse BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION refuse()".into());
    case.data.clear();
    assert_eq!(run(&PlainView, &case), Some(ProblemKind::Outcome("P0001".into())));
}

/// A write may fail where the definition itself raises an error for the new data; the case ends there.
#[test]
fn errors_of_the_definition_are_allowed() {
    let mut case = sample(vec![
        Step::single("UPDATE t SET n = 0"),
        Step::single("SELECT nothing"),
    ]);
    case.tviews[0].query = "SELECT pk, 1 / n AS data FROM t".into();
    case.schema.push(
        "CREATE FUNCTION divide() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN IF TG_TABLE_SCHEMA = 'app' THEN NEW.n := NEW.n + 0 * (1 / NEW.n); END IF; RETURN NEW; END $$"
            .into(),
    );
    case.schema
        .push("CREATE TRIGGER divide BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION divide()".into());
    let mut oracle = Oracle::new(&database(), &PlainView).unwrap();
    oracle.run(&case).unwrap_or_else(|problem| panic!("{problem}"));
    assert_eq!(oracle.tally.raised, 1);
}

/// A maintenance that changes the sources.
#[test]
fn sources_are_compared() {
    let mut case = sample(vec![]);
    case.data
        .push("UPDATE t SET n = 9 WHERE current_schema() = 'app' AND pk = 2".into());
    assert_eq!(run(&PlainView, &case), Some(ProblemKind::Sources));
}

/// A keeper that leaves a function behind.
#[test]
fn leftovers_are_found() {
    struct Untidy;
    impl Keeper for Untidy {
        fn install(&self, _: &mut Session) -> Result<(), Failure> {
            Ok(())
        }
        fn create(&self, session: &mut Session, tview: &Definition) -> Result<(), Failure> {
            session.execute("CREATE FUNCTION app.left_over() RETURNS integer LANGUAGE sql AS 'SELECT 1'")?;
            PlainView.create(session, tview)
        }
        fn drop(&self, session: &mut Session, tview: &Definition, nth: usize) -> Result<(), Failure> {
            PlainView.drop(session, tview, nth)
        }
        fn verify(&self, _: &mut Session, _: &Definition) -> Result<Vec<String>, Failure> {
            Ok(vec![])
        }
    }
    assert_eq!(run(&Untidy, &sample(vec![])), Some(ProblemKind::LeftBehind));
}

/// The same seed is the same case, and another seed another.
#[test]
fn seeds_determine_cases() {
    let options = Options::default();
    assert_eq!(
        generate::case(5, &options).script(),
        generate::case(5, &options).script()
    );
    assert_ne!(
        generate::case(5, &options).script(),
        generate::case(6, &options).script()
    );
}
