//! Doing: bringing units up to date.

use super::compiled::{Compiled, Statement};
use super::guard::Permit;
use super::locks::{self, Asked, Over};
use super::pending::{SearchNote, Work};
use super::{delta, leaf, patch, paths};
use crate::catalog::stale::Marks;
use crate::error::{Error, Result};
use crate::pg::attempt;
use crate::pg::keys::UnitSet;
use crate::pg::lock::snapshot_is_fixed;
use crate::pg::relation::expected_rows;
use crate::pg::spi::{Connection, SnapshotChoice, Value, result_into_units};
use pg_tviews_sqltext::{Batch, Event, Nulls, Search};
use pgrx::{PgSqlErrorCode, PgTryBuilder};
use std::panic::AssertUnwindSafe;

/// Units per statement: enough to amortise it, few enough to bound its memory.
const BATCH: usize = 10_000;

/// Locks what a transaction has to do for a tview. What has to be searched for that is among the units afterwards, if they could be
/// locked one by one.
pub fn lock(compiled: &Compiled, work: &mut Work) -> Result<()> {
    let searches = !work.searches.is_empty();
    work.everything |= work.searches.iter().any(|note| is_too_much(compiled, note));
    if !work.everything && paths::are_lockable(compiled, &work.searches) {
        for note in &work.searches {
            let mut units = UnitSet::of_transaction(&compiled.key_types);
            work.everything |= can_fail(compiled, note) && !searched(compiled, note, &[], &mut units)?;
        }
    }
    if work.everything
        || (searches && (snapshot_is_fixed() || !paths::are_lockable(compiled, &work.searches)))
    {
        compiled.lock_for_maintenance();
        return Ok(());
    }
    let mut asked = Asked {
        units: work.units.clone(),
        only_leaves: work.units.is_empty() && !searches,
        over: Over::Nothing,
        paths: work.paths.clone(),
        searches: &work.searches,
    };
    for note in &work.patches {
        match note.units() {
            Some(named) => asked.units.append(named),
            None => asked.over.add(note.targets(compiled)),
        }
    }
    for note in &work.deltas {
        asked.units.append(note.units());
        asked.only_leaves &= leaf::is_beside_links(compiled, delta::occurrences(compiled, note));
    }
    for note in &work.leaves {
        asked.units.append(note.units());
        asked.only_leaves &= leaf::is_beside_links(compiled, &[note.occurrence()]);
    }
    let Some(locked) = locks::take(compiled, asked)? else {
        return Ok(());
    };
    work.only_leaves = locked.only_leaves;
    if searches {
        work.searches.clear();
        for (occurrence, units) in locked.found {
            if leaf::serves(compiled, occurrence) {
                work.leaves.push(leaf::Note::new(occurrence, units));
            } else {
                work.units.append(&units);
            }
        }
        work.units.normalize();
    }
    Ok(())
}

/// Whether a search would compare so many changed rows with all rows of a table that computing everything costs less.
fn is_too_much(compiled: &Compiled, note: &SearchNote) -> bool {
    /// Comparing this many with the arrays of all rows takes about as long as computing what is shown of these rows.
    const MOST_CHANGED: i64 = 64;
    let search = compiled.search(note.occurrence);
    note.changed.count() > MOST_CHANGED && search.is_some_and(Search::compares_all_rows)
}

/// Does what a transaction has to do for a tview, which is locked for that.
pub fn work(compiled: &Compiled, work: Work) -> Result<()> {
    if work.everything {
        return all(compiled).map(drop);
    }
    let mut found = work.units;
    let changed: Vec<u32> = work
        .searches
        .iter()
        .filter_map(|note| compiled.plan.occurrences.get(note.occurrence))
        .map(|occurrence| occurrence.table)
        .collect();
    let named = found.len();
    if !patch::work(compiled, &work.patches, &mut found)? {
        compiled.lock_for_maintenance();
        return all(compiled).map(drop);
    }
    if found.len() > named {
        // What was to be written as single leaves can't be: the lock for that does not suffice for computing.
        compiled.lock_for_maintenance();
    }
    let (beside, deltas): (Vec<_>, Vec<_>) = work
        .deltas
        .into_iter()
        .partition(|note| leaf::takes(compiled, note));
    delta::work(compiled, &deltas, &mut found)?;
    let mut leaves = work.leaves;
    for note in &work.searches {
        let mut units = UnitSet::of_transaction(&compiled.key_types);
        if !searched(compiled, note, &changed, &mut units)? {
            compiled.lock_for_maintenance();
            return all(compiled).map(drop);
        }
        if leaf::serves(compiled, note.occurrence) {
            leaves.push(leaf::Note::new(note.occurrence, units));
        } else {
            found.append(&units);
        }
    }
    leaf::work(compiled, &leaves, &beside, &mut found)?;
    if found.is_empty() {
        return Ok(());
    }
    if work.only_leaves {
        // The same.
        compiled.lock_for_maintenance();
    }
    found.normalize();
    units(compiled, &found)
}

/// Whether a search computes something that can fail, perhaps for rows that a filter of the definition leaves out.
fn can_fail(compiled: &Compiled, note: &SearchNote) -> bool {
    compiled.search(note.occurrence).is_some_and(Search::can_fail)
}

/// The same as [`search`]; false if it fails for the values of some rows. The definition may leave these out: so everything has to be computed.
fn searched(compiled: &Compiled, note: &SearchNote, changed: &[u32], found: &mut UnitSet) -> Result<bool> {
    if !can_fail(compiled, note) {
        return search(compiled, note, changed, found).map(|()| true);
    }
    attempt::unless_data_fail(|| search(compiled, note, changed, found))
}

/// Adds the units to which changed rows lead. `changed` are the tables whose changed rows are searched from.
pub fn search(compiled: &Compiled, note: &SearchNote, changed: &[u32], found: &mut UnitSet) -> Result<()> {
    let scope = compiled.scope();
    let connection = scope.connect()?;
    note.changed.register()?;
    let plan = compiled.prepared(&connection, Statement::Search(note.occurrence, note.rows))?;
    let search = compiled.search(note.occurrence);
    let spread = search.is_some_and(Search::is_spread);
    let path_changed =
        spread && search.is_some_and(|search| changed.iter().any(|table| search.passes.contains(table)));
    plan.execute(&connection, &[], SnapshotChoice::Current)?;
    let mut unknown = result_into_units(found, spread);
    if snapshot_is_fixed() {
        // Rows that the transaction can't see may lead to further units: the flush will notice if they matter.
        plan.execute(&connection, &[], SnapshotChoice::Latest)?;
        unknown |= result_into_units(found, spread);
    }
    if unknown || path_changed {
        let plan = compiled.prepared(&connection, Statement::StoredUnits(note.occurrence, note.rows))?;
        plan.execute(&connection, &[], SnapshotChoice::Current)?;
        result_into_units(found, false);
        if snapshot_is_fixed() {
            // Units that others have stored since are as much affected.
            plan.execute(&connection, &[], SnapshotChoice::Latest)?;
            result_into_units(found, false);
        }
    }
    Ok(())
}

/// Computes units from the definition and writes what differs. The tview is locked for maintenance.
fn units(compiled: &Compiled, units: &UnitSet) -> Result<()> {
    let computed = compute(compiled, units);
    delta::computed(compiled.oid);
    computed
}

fn compute(compiled: &Compiled, units: &UnitSet) -> Result<()> {
    let scope = compiled.scope();
    let connection = scope.connect()?;
    if units.len() == 1 && compiled.text.single {
        if write(compiled, &connection, Statement::UpsertOne, units.unit(0))? == 0 {
            write(compiled, &connection, Statement::DeleteOne, units.unit(0))?;
        }
        if snapshot_is_fixed() {
            for (nulls, units) in units.by_nulls() {
                let batch = Batch { nulls, whole: false };
                check_snapshot(
                    compiled,
                    &connection,
                    Statement::DifferencesMany(batch),
                    &units.arrays(0..1),
                )?;
            }
        }
        return Ok(());
    }
    for (nulls, units) in units.by_nulls() {
        let whole = is_cheaper_as_a_whole(compiled, units.len(), nulls);
        let batch = Batch { nulls, whole };
        for start in (0..units.len()).step_by(BATCH) {
            many(
                compiled,
                &connection,
                &units,
                start..units.len().min(start + BATCH),
                batch,
            )?;
        }
    }
    Ok(())
}

/// Whether to compute the whole definition and join it with the units, rather than compute it unit by unit: if a
/// predicate on the key can't reach into it, and if the units are a good part of all.
fn is_cheaper_as_a_whole(compiled: &Compiled, units: usize, nulls: Nulls) -> bool {
    const GOOD_PART: f64 = 0.25;
    if !compiled.text.lateral || units <= 1 {
        return false;
    }
    let reaches_inside = compiled.text.restricted.is_some() && nulls == Nulls::default();
    (compiled.plan.opaque && !reaches_inside)
        || units as f64 >= GOOD_PART * expected_rows(compiled.oid).max(1000.0)
}

/// Units of a set that have their NULLs in the same places.
fn many(
    compiled: &Compiled,
    connection: &Connection<'_>,
    units: &UnitSet,
    range: std::ops::Range<usize>,
    batch: Batch,
) -> Result<()> {
    let count = range.len() as u64;
    let arrays = units.arrays(range);
    if !compiled.text.single {
        write(compiled, connection, Statement::ReplaceMany(batch), &arrays)?;
    } else if write(compiled, connection, Statement::UpsertMany(batch), &arrays)? < count {
        // Some units were unchanged, or have no row in the definition.
        write(compiled, connection, Statement::DeleteMany(batch), &arrays)?;
    }
    if snapshot_is_fixed() {
        check_snapshot(compiled, connection, Statement::DifferencesMany(batch), &arrays)?;
    }
    Ok(())
}

/// Compares the whole tview with its definition and writes what differs. The tview is locked for maintenance.
/// Returns the number of rows written. Marks that say that it may differ are taken away.
pub fn all(compiled: &Compiled) -> Result<u64> {
    let marks = Marks::see(compiled.oid)?;
    let written = compare_all(compiled)?;
    marks.remove()?;
    Ok(written)
}

fn compare_all(compiled: &Compiled) -> Result<u64> {
    let scope = compiled.scope();
    let connection = scope.connect()?;
    let written = if compiled.text.single {
        write(compiled, &connection, Statement::UpsertAll, &[])?
            + write(compiled, &connection, Statement::DeleteAll, &[])?
    } else {
        write(compiled, &connection, Statement::ReplaceAll, &[])?
    };
    delta::computed(compiled.oid);
    if snapshot_is_fixed() {
        check_snapshot(compiled, &connection, Statement::DifferencesAll, &[])?;
    }
    Ok(written)
}

/// Deletes all rows of a tview.
pub fn empty(compiled: &Compiled) -> Result<()> {
    let scope = compiled.scope();
    let connection = scope.connect()?;
    write(compiled, &connection, Statement::Empty, &[]).map(drop)
}

/// First fill of an empty tview, with everything committed up to now: its sources are locked against writes.
pub fn fill(compiled: &Compiled) -> Result<u64> {
    let scope = compiled.scope();
    let connection = scope.connect()?;
    let plan = compiled.prepared(&connection, Statement::Fill)?;
    let written = {
        let _permit = Permit::issue(compiled.oid, &[Event::Insert]);
        plan.execute(&connection, &[], SnapshotChoice::Latest)?
    };
    if snapshot_is_fixed() {
        check_snapshot(compiled, &connection, Statement::DifferencesAll, &[])?;
    }
    Ok(written)
}

fn write(
    compiled: &Compiled,
    connection: &Connection<'_>,
    statement: Statement,
    values: &[Value],
) -> Result<u64> {
    let events: &[Event] = match statement {
        Statement::UpsertOne | Statement::UpsertMany(_) | Statement::UpsertAll => {
            &[Event::Insert, Event::Update]
        }
        Statement::DeleteOne | Statement::DeleteMany(_) | Statement::DeleteAll | Statement::Empty => {
            &[Event::Delete]
        }
        _ => &[Event::Insert, Event::Delete],
    };
    let plan = compiled.prepared(connection, statement)?;
    let _permit = Permit::issue(compiled.oid, events);
    let execute = || plan.execute(connection, values, SnapshotChoice::Current);
    if !snapshot_is_fixed() {
        return execute();
    }
    // A row that another transaction has deleted since and a row that took its key are both there in this snapshot.
    let name = compiled.name.clone();
    PgTryBuilder::new(AssertUnwindSafe(execute))
        .catch_when(PgSqlErrorCode::ERRCODE_CARDINALITY_VIOLATION, move |_| {
            Err(conflict(&name))
        })
        .execute()
}

/// Under REPEATABLE READ and above the units were computed from the transaction's own snapshot, so that the transaction reads
/// what its other reads imply. What others have committed since must not matter for them: the tview has to equal its
/// definition in the latest state as well, else the stored rows would be wrong once this transaction has ended.
///
/// It has to equal it in the own snapshot too, which is not said by having written it: that snapshot still shows a row that others have
/// deleted since, and beside it the row of the same key that an upsert has inserted because the deleted one was not in its way.
fn check_snapshot(
    compiled: &Compiled,
    connection: &Connection<'_>,
    differences: Statement,
    arrays: &[Value],
) -> Result<()> {
    let plan = compiled.prepared(connection, differences)?;
    for snapshot in [SnapshotChoice::Latest, SnapshotChoice::Current] {
        if plan.execute(connection, arrays, snapshot)? > 0 {
            return Err(conflict(&compiled.name));
        }
    }
    Ok(())
}

fn conflict(tview: &str) -> Error {
    Error::new(
        PgSqlErrorCode::ERRCODE_T_R_SERIALIZATION_FAILURE,
        format!("could not serialize maintenance of tview \"{tview}\""),
    )
    .detail("Rows of it depend on changes that were committed after this transaction's snapshot was taken.")
    .hint("Retry the transaction.")
}
