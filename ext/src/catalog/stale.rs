//! Marks of tviews that may differ from their queries: the catalog `tviews.stale`.
//!
//! A command of one role must neither fail nor wait because of another role's tview. Where it can't, or may not, bring a tview up to date
//! it marks it instead. The next write to a source of a marked tview compares all of it with its query, and takes the marks away.
//!
//! A mark is a row of its own, and there is no key: whoever marks waits for nobody, whatever others have marked and not committed.
//! Whoever takes marks away holds the tview's lock for maintenance, and takes only those that it has seen before it compared. A
//! mark that another transaction commits later stays, because what it is about may not have been seen.

use super::{Place, field, oid_text, parse, read};
use crate::error::Result;
use crate::pg::{invalidation, lock};
use pg_tviews_sqltext::{OwnTrigger, SOURCE_TRIGGERS};
use pgrx::pg_sys::Oid;

const STALE_BY_TVIEW: Place = Place {
    table: "stale",
    index: "stale_tview",
};

/// Columns of `tviews.stale`.
const TVIEW: i16 = 1;
const DISABLED: i16 = 4;
const RESTORED: i16 = 5;

/// The reason of marks of tviews that were restored without rows.
pub const RESTORED_EMPTY: &str = "it was restored without rows of its own, or of a table that it reads";

/// What a mark is about.
#[derive(Clone, Copy, Default)]
struct Mark {
    /// Triggers were disabled.
    disabled: bool,
    /// The tview's entry comes from a dump, which may have been without the rows of a table.
    restored: bool,
}

/// Marks that have been seen.
pub struct Marks {
    tview: Oid,
    /// Where they are stored (`ctid`).
    places: Vec<String>,
}

/// Marks a tview: it may differ from its query. `reason` is for those who look at its health. A mark of this transaction's own, which nobody else
/// can take away before its end, is enough for all that it does for this reason.
pub fn mark(tview: Oid, reason: &str) -> Result<()> {
    read(
        "INSERT INTO tviews.stale (tview, reason) SELECT $1::oid, $2
          WHERE NOT EXISTS (SELECT FROM tviews.stale WHERE tview = $1::oid AND reason = $2
                               AND xmin = pg_catalog.pg_current_xact_id()::pg_catalog.xid)",
        &[&oid_text(tview), reason],
    )?;
    invalidation::send(tview);
    Ok(())
}

/// Marks a tview because triggers that it needs are disabled. The mark stays while they are.
pub fn mark_disabled(tview: Oid, reason: &str) -> Result<()> {
    read(
        "INSERT INTO tviews.stale (tview, reason, disabled)
         SELECT $1::oid, $2, true
          WHERE NOT EXISTS (SELECT FROM tviews.stale s WHERE s.tview = $1::oid AND s.reason = $2 AND s.disabled)",
        &[&oid_text(tview), reason],
    )
    .map(drop)
}

/// Marks a tview whose entry comes from a dump, until all its triggers have come from it, too.
pub fn mark_restored(tview: Oid) -> Result<()> {
    read(
        "INSERT INTO tviews.stale (tview, reason, restored) SELECT $1::oid, $2, true
          WHERE NOT EXISTS (SELECT FROM tviews.stale s WHERE s.tview = $1::oid AND s.restored)",
        &[&oid_text(tview), RESTORED_EMPTY],
    )
    .map(drop)
}

/// After a trigger of a tview or of one of its sources has come from a dump. When all have come, the tview is marked if it, or one of its sources, has no
/// rows: a dump without the data of a table (`pg_dump --exclude-table-data`) brings the entry and not the rows. Nothing is locked, because several
/// workers may restore tables one beside the other.
pub fn settle_restored(tview: Oid) -> Result<()> {
    if !marks(tview)?.iter().any(|mark| mark.restored) {
        return Ok(());
    }
    let rows = read(
        "WITH needed AS (
           SELECT DISTINCT t.oid, t.holds, s.source::oid AS source
             FROM tviews.source s
             CROSS JOIN LATERAL (SELECT s.source::oid AS oid, true AS holds
                                 UNION SELECT m, true FROM pg_catalog.unnest(s.members::oid[]) AS m
                                 UNION SELECT r, false FROM pg_catalog.unnest(s.relatives::oid[]) AS r) AS t
            WHERE s.tview = $1::oid AND s.kind = 'table')
         SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = $1::oid AND g.tgname = $2)
                AND NOT EXISTS (SELECT FROM needed n
                                 WHERE (SELECT count(*) FROM pg_catalog.pg_trigger g
                                         WHERE g.tgrelid = n.oid AND g.tgname = ANY (pg_catalog.string_to_array($3, ',')))
                                       < pg_catalog.cardinality(pg_catalog.string_to_array($3, ','))),
                (pg_catalog.pg_stat_file(pg_catalog.pg_relation_filepath($1::oid), true)).size > 0
                AND NOT EXISTS (SELECT FROM needed n WHERE n.holds GROUP BY n.source
                                HAVING coalesce(pg_catalog.sum((SELECT f.size FROM pg_catalog.pg_stat_file(pg_catalog.pg_relation_filepath(n.oid), true) AS f)), 0) = 0)",
        &[
            &oid_text(tview),
            OwnTrigger::Guard.name(),
            &SOURCE_TRIGGERS.map(OwnTrigger::name).join(","),
        ],
    )?;
    let truth = |number: usize| {
        rows.first()
            .and_then(|row| row.get(number)?.as_deref())
            .is_some_and(|value| value == "t")
    };
    let settled = match (truth(0), truth(1)) {
        (false, _) => return Ok(()),
        (true, true) => "DELETE FROM tviews.stale WHERE tview = $1::oid AND restored",
        (true, false) => "UPDATE tviews.stale SET restored = false WHERE tview = $1::oid AND restored",
    };
    read(settled, &[&oid_text(tview)])?;
    invalidation::send(tview);
    Ok(())
}

/// Whether a tview is marked so that the next change that concerns it compares all of it. A mark because of disabled triggers does not ask for
/// that while they are: what they do not see would be missing again.
pub fn is_marked(tview: Oid) -> Result<bool> {
    let marks = marks(tview)?;
    let any = |is_one: fn(&Mark) -> bool| marks.iter().any(is_one);
    Ok(any(|mark| !mark.disabled && !mark.restored)
        || (any(|mark| mark.disabled) && !has_disabled_triggers(tview)?))
}

/// Whether a tview is marked because triggers that it needs are, or were, disabled.
pub fn is_marked_disabled(tview: Oid) -> Result<bool> {
    Ok(marks(tview)?.iter().any(|mark| mark.disabled))
}

/// The marks of a tview.
fn marks(tview: Oid) -> Result<Vec<Mark>> {
    STALE_BY_TVIEW.rows((TVIEW, tview), |row| {
        Ok(Mark {
            disabled: row.truth(DISABLED)?,
            restored: row.truth(RESTORED)?,
        })
    })
}

/// Whether one of the triggers that a tview needs is disabled. The catalogs alone are looked at: others may have locked the tview.
pub fn has_disabled_triggers(tview: Oid) -> Result<bool> {
    let rows = read(
        "SELECT FROM pg_catalog.pg_trigger g
          WHERE g.tgfoid IN ('tviews.source_changed()'::regprocedure, 'tviews.refuse_write()'::regprocedure)
            AND g.tgname = ANY (pg_catalog.string_to_array($2, ' ')) AND g.tgenabled IN ('D', 'R')
            AND (g.tgrelid = $1::oid
                 OR EXISTS (SELECT FROM tviews.source s
                             WHERE s.tview = $1::oid AND s.kind = 'table'
                               AND (s.source = g.tgrelid OR g.tgrelid = ANY (s.members::oid[]) OR g.tgrelid = ANY (s.relatives::oid[]))))
          LIMIT 1",
        &[&oid_text(tview), &OwnTrigger::ALL.map(OwnTrigger::name).join(" ")],
    )?;
    Ok(!rows.is_empty())
}

/// Why a tview is marked: each reason once. Triggers that are disabled now are none of them.
pub fn reasons(tview: Oid) -> Result<Vec<String>> {
    let disabled = has_disabled_triggers(tview)?;
    let rows = read(
        "SELECT reason FROM tviews.stale WHERE tview = $1::oid AND NOT restored AND NOT (disabled AND $2::boolean)
          GROUP BY reason ORDER BY pg_catalog.min(since), reason",
        &[&oid_text(tview), if disabled { "t" } else { "f" }],
    )?;
    rows.iter().map(|row| Ok(field(row, 0)?.to_owned())).collect()
}

impl Marks {
    /// Looks at the marks of a tview, whose lock for maintenance is held. What they are about is known to this backend when this returns:
    /// the transactions that have made them may still be about to tell it to others when their marks are seen, and are waited for.
    pub fn see(tview: Oid) -> Result<Marks> {
        let mut places = Vec::new();
        if !marks(tview)?.is_empty() {
            let rows = read(
                "SELECT ctid, xmin, disabled FROM tviews.stale WHERE tview = $1::oid",
                &[&oid_text(tview)],
            )?;
            for row in &rows {
                lock::wait_for_end(parse(field(row, 1)?)?);
                places.push((field(row, 0)?.to_owned(), field(row, 2)? == "t"));
            }
            lock::take_notice();
            let stays = places.iter().any(|(_, disabled)| *disabled) && has_disabled_triggers(tview)?;
            places.retain(|(_, disabled)| !(stays && *disabled));
        }
        let places = places.into_iter().map(|(place, _)| place).collect();
        Ok(Marks { tview, places })
    }

    /// Takes them away: the tview has been compared with its query since they were seen.
    pub fn remove(self) -> Result<()> {
        if self.places.is_empty() {
            return Ok(());
        }
        read(
            "DELETE FROM tviews.stale WHERE ctid = ANY (pg_catalog.string_to_array($1, ' ')::tid[]) AND tview = $2::oid",
            &[&self.places.join(" "), &oid_text(self.tview)],
        )?;
        invalidation::send(self.tview);
        Ok(())
    }
}

/// Takes away all marks of a tview that is gone, or that is new.
pub(super) fn forget(tview: Oid) -> Result<()> {
    if !marks(tview)?.is_empty() {
        read(
            "DELETE FROM tviews.stale WHERE tview = $1::oid",
            &[&oid_text(tview)],
        )?;
    }
    Ok(())
}
