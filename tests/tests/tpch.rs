//! All 22 queries of TPC-H as tviews: under the refresh streams and random statements on all eight tables each equals its query after
//! each statement, through roll-backs, too.
//!
//! Variables: see [`pg_tviews_tests::tpch`].

use std::fs;
use std::path::{Path, PathBuf};

use pg_tviews_tests::oracle::CreateForm;
use pg_tviews_tests::oracle::keeper::{Extension, FrozenTable, PlainView};
use pg_tviews_tests::server;
use pg_tviews_tests::tpch::report::{self, Plan};
use pg_tviews_tests::tpch::run::{self, Options, Summary};
use pg_tviews_tests::tpch::{queries, storm, watch::Watched};

/// For the plans: they do not depend on the data.
const SMALL: f64 = 0.001;
/// For measurements.
const LARGE: f64 = 0.1;

fn exact(options: &Options) -> Summary {
    let summary =
        run::run(options, &Extension).unwrap_or_else(|failure| panic!("seed {}: {failure}", options.seed));
    println!("{summary}");
    assert!(summary.problems.is_empty(), "{summary}");
    summary
}

/// The larger data.
#[test]
fn all_queries_are_exact() {
    let options = Options::from_environment(20_260_401, 0.01, 30, true);
    exact(&options);
}

/// Small data, on which many statements can be tried. Each result has to change, or it would not matter who maintains it.
#[test]
fn small_tables_and_many_statements_are_exact() {
    let options = Options::from_environment(20_260_402, SMALL, 300, false);
    let summary = exact(&options);
    for watched in &summary.watched {
        assert!(watched.with_rows > 0 && watched.changes > 0, "{watched}");
    }
}

/// Several clients write at once.
#[test]
fn tviews_are_exact_when_the_writers_rest() {
    let options = Options::from_environment(20_260_405, SMALL, 160, false);
    let outcomes = storm::storm(&options, &Extension).unwrap_or_else(|failure| panic!("{failure}"));
    println!(
        "seed {}: {} statements succeeded, failed: {:?}",
        options.seed, outcomes.succeeded, outcomes.failed
    );
    assert!(
        outcomes.problems.is_empty(),
        "seed {}: {}",
        options.seed,
        outcomes.problems.join("\n")
    );
    assert!(outcomes.succeeded > 0, "nothing was written");
}

/// With plain views, which are always exact, nothing differs: the queries have one result, and the statements run.
#[test]
fn plain_views_are_exact() {
    let options = Options::from_environment(20_260_403, SMALL, 60, false);
    let summary = run::run(&options, &PlainView).unwrap_or_else(|failure| panic!("{failure}"));
    println!("{summary}");
    assert!(summary.problems.is_empty(), "{summary}");
    assert!(
        summary.failed * 5 <= summary.statements,
        "too many statements fail: {summary}"
    );
}

/// Tables that nobody maintains are found out.
#[test]
fn frozen_tables_are_found_out() {
    let options = Options::from_environment(20_260_404, SMALL, 30, false);
    let summary = run::run(&options, &FrozenTable).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(
        summary.watched.iter().any(|watched| watched.differences > 0),
        "{summary}"
    );
}

fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tpch.md")
}

fn plans() -> Vec<Plan> {
    let database =
        run::prepare("plans", SMALL, false, &Extension).unwrap_or_else(|failure| panic!("{failure}"));
    let mut session = server::connect(server::SUPERUSER, &database);
    let plan = |query: queries::Query| {
        Watched::create(query, CreateForm::Function, &Extension, &mut session)
            .and_then(|watched| report::plan(&mut session, &watched.query))
            .unwrap_or_else(|failure| panic!("{failure}"))
    };
    queries::all(SMALL, false).into_iter().map(plan).collect()
}

/// `docs/tpch.md` says how each query is maintained; `UPDATE_GOLDEN=1` writes that anew.
#[test]
fn documented_plans_are_those_in_use() {
    let plans = plans();
    for plan in &plans {
        assert!(
            plan.missing.is_empty(),
            "{}: missing indexes {:?}",
            plan.query,
            plan.missing
        );
    }
    let path = document();
    let text = fs::read_to_string(&path).expect("docs/tpch.md");
    let table = report::plans_table(&plans);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let text = report::with_part(&text, "plans", &table).expect("a place for the plans");
        fs::write(&path, text).expect("docs/tpch.md can be written");
        return;
    }
    assert_eq!(
        report::part(&text, "plans"),
        Some(table.as_str()),
        "run with UPDATE_GOLDEN=1"
    );
}

/// The costs in `docs/tpch.md` are measured: written anew when `TPCH_TABLE` names the document, else one query is measured for the
/// measuring's sake.
#[test]
fn costs_are_measured() {
    let path = std::env::var_os("TPCH_TABLE").map(PathBuf::from);
    let scale = if path.is_some() { LARGE } else { SMALL };
    let database = run::prepare("costs", scale, path.is_none(), &Extension)
        .unwrap_or_else(|failure| panic!("{failure}"));
    let mut session = server::connect(server::SUPERUSER, &database);
    let mut all = queries::all(scale, path.is_none());
    if path.is_none() {
        all.truncate(1);
    }
    let measured = all.iter().map(|query| {
        let cost = report::measure(&mut session, query)
            .unwrap_or_else(|failure| panic!("{}: {failure}", query.name));
        println!("{cost:?}");
        assert!(!cost.maintained.is_zero(), "{}: nothing was changed", query.name);
        cost
    });
    let table = report::costs_table(&measured.collect::<Vec<_>>());
    assert_eq!(table.lines().count(), all.len() + 2, "{table}");
    if let Some(path) = path {
        let text = fs::read_to_string(&path).expect("the document");
        let text = report::with_part(&text, "costs", &table).expect("a place for the costs");
        fs::write(&path, text).expect("the document can be written");
    }
}
