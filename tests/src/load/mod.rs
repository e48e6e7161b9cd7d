//! Clients that write to a small shop at the same time, in transactions, with tviews of all kinds over it.
//!
//! [`shop`] has tables, tviews and statements; [`client`] runs transactions as an application does, and repeats those that
//! failed for no fault of theirs; [`storm`] lets many clients run, and compares at rest; [`compared`] lets them run without tviews too.

pub mod client;
pub mod compared;
pub mod shop;
pub mod storm;

use crate::session::{Failure, Session};
use shop::Tview;

/// Makes an empty database ready: the extension and the tables.
pub fn set_up(session: &mut Session) -> Result<(), Failure> {
    session.execute("CREATE EXTENSION pg_tviews")?;
    session.execute(shop::TABLES)
}

/// Creates tviews.
pub fn create(session: &mut Session, tviews: &[Tview]) -> Result<(), Failure> {
    session.execute("SET client_min_messages = warning")?;
    tviews
        .iter()
        .try_for_each(|tview| session.execute(&format!("CREATE TABLE {} AS {}", tview.name, tview.query)))
}

/// What is wrong with the tviews: where they differ from their queries, by our own comparison and by the extension's.
pub fn differences(session: &mut Session, tviews: &[Tview]) -> Result<Vec<String>, Failure> {
    let mut found = vec![];
    for tview in tviews {
        let verify = format!(
            "SELECT 'verify: ' || v::text FROM pg_tviews_verify('{}') AS v",
            tview.name
        );
        for query in [shop::comparison(tview), verify] {
            let rows = session.rows(&query)?;
            let lines = rows.into_iter().flatten().flatten();
            found.extend(lines.map(|line| format!("{}: {line}", tview.name)));
        }
    }
    Ok(found)
}

/// Checks that the tviews equal their queries.
///
/// # Panics
/// With the differences.
pub fn assert_exact(session: &mut Session, tviews: &[Tview]) {
    let found = differences(session, tviews).unwrap_or_else(|failure| panic!("cannot compare: {failure}"));
    assert!(found.is_empty(), "wrong tviews:\n{}", found.join("\n"));
}
