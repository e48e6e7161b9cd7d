//! Random readers of tviews within a program: what is left to the end of a transaction has to be done before they see it.

use super::schema::Schema;
use crate::oracle::Command;
use crate::rng::Rng;

/// Some rows of a tview: which ones depends on all their values, so that another content has another number of rows.
fn rows(schema: &Schema, rng: &mut Rng) -> String {
    // A view's own condition could come after this one, which cannot take each of the values.
    let tview = rng.below(schema.tviews);
    let (count, nth) = rng.weighted(&[(1, (1, 0)), (2, (2, 0)), (2, (2, 1)), (1, (3, 1))]);
    format!(
        "SELECT 1 FROM (SELECT * FROM tv_{tview} OFFSET 0) AS t WHERE abs(hash_record(t.*) % {count}) = {nth}"
    )
}

/// A command that reads a tview.
pub(super) fn command(schema: &Schema, rng: &mut Rng) -> Command {
    let rows = rows(schema, rng);
    let tview = rng.below(schema.tviews);
    Command::new(match rng.below(5) {
        0 => format!("COPY ({rows}) TO STDOUT"),
        1 => format!("DECLARE passing CURSOR FOR {rows}; FETCH 1 FROM passing; CLOSE passing"),
        2 => format!("PREPARE reader AS {rows}; EXECUTE reader; DEALLOCATE reader"),
        3 => format!(
            "EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT 1 FROM tv_{tview} LIMIT 0; {rows}"
        ),
        _ => rows,
    })
}

/// A cursor that outlives its transaction. It comes last: as long as it is open its tables cannot be truncated.
pub(super) fn hold(schema: &Schema, rng: &mut Rng) -> Command {
    let rows = rows(schema, rng);
    Command::new(match rng.chance(50) {
        true => format!("DECLARE held CURSOR WITH HOLD FOR {rows}"),
        false => format!("DECLARE held SCROLL CURSOR WITH HOLD FOR {rows}; FETCH 2 FROM held"),
    })
}

/// What is left of a cursor that outlived its transaction.
pub(super) fn held() -> Command {
    Command::new("FETCH ALL FROM held; CLOSE held")
}
