//! A change of one row costs in proportion to what it changes: on tables of 20,000 rows and more, for each family of definitions
//! (`least_work/families.sql`) and each one-row change of each table it reads (`least_work/changes.sql`),
//!
//! * no row of the tview is written that the change does not change;
//! * no large table, the tview among them, is read in large part: neither as it happens, by the server's own counters, nor by
//!   the plans that EXPLAIN shows for the statements of `pg_tviews_explain`.
//!
//! `FAMILY=part` chooses families by their title.

use std::collections::BTreeMap;

use pg_tviews_tests::least_work::{self, Family, Findings};
use pg_tviews_tests::server;
use pg_tviews_tests::session::{Failure, Session};

#[test]
fn one_row_changes_cost_what_they_change() {
    let wanted = std::env::var("FAMILY").unwrap_or_default();
    let families = least_work::families();
    let changes = least_work::changes();
    let database = server::create_database("least_work");
    let mut session = server::connect(server::SUPERUSER, &database);
    least_work::prepare(&mut session);
    let mut problems = vec![];
    let mut tried = 0;
    for family in families.iter().filter(|family| family.title.contains(&wanted)) {
        tried += 1;
        let found = check(&mut session, family, &changes);
        problems.extend(
            found
                .into_iter()
                .map(|problem| format!("{}: {problem}", family.title)),
        );
        session.run("ROLLBACK");
        session.run("SELECT pg_tviews_drop('tv_x', true)");
    }
    assert!(tried > 0, "no family matches {wanted:?}");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn check(session: &mut Session, family: &Family, changes: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    if let Err(failure) = least_work::create(session, family) {
        return vec![format!("creation fails: {failure}")];
    }
    match found(session, family, changes) {
        Ok(findings) => findings.problems(family),
        Err(failure) => vec![failure.to_string()],
    }
}

fn found(
    session: &mut Session,
    family: &Family,
    changes: &BTreeMap<String, Vec<String>>,
) -> Result<Findings, Failure> {
    let plans = least_work::plans(session)?;
    let mut findings = least_work::effects(session, family, changes)?;
    findings.wrong.extend(plans.wrong);
    findings.reads.extend(plans.reads);
    Ok(findings)
}
