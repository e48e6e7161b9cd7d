//! Noting: from a changed source to the units that are affected.

use super::applied;
use super::compiled::{Compiled, RowsOf};
use super::patch::{self, Outcome};
use super::pending::{self, SearchNote, Work};
use super::{acquire, delta, leaf, paths, readers_of, single, used_columns};
use crate::error::{Error, Result};
use crate::pg::kept::KeptRows;
use crate::pg::related::Converted;
use crate::pg::relation::Relation;
use crate::pg::trigger::{Firing, UpdatedRows};
use crate::pg::{lock, moved, settings, transaction};
use pg_tviews_planner::{ColumnSet, Finding};
use pg_tviews_sqltext::{self as sqltext, Event, OwnTrigger};
use pgrx::PgSqlErrorCode;
use std::rc::Rc;

/// The trigger on a source, or on a table through which a statement can change rows of one: maintains every tview that reads
/// them.
pub fn source_changed(firing: &Firing) -> Result<()> {
    match firing.own(&[OwnTrigger::Source(firing.event()), OwnTrigger::Applied]) {
        Some(OwnTrigger::Applied) => applied::row_changed(firing),
        Some(_) if applied::is_told_by_row(firing)? => Ok(()),
        Some(_) => rows_changed(firing),
        None => refuse_stranger(firing),
    }
}

/// A trigger that we have not made calls our function. On a table that no tview reads there is nothing to do: a trigger that was
/// forgotten there must not make writes fail. On a source it would count changes twice, or stands in the place of one of ours, and the tviews
/// would become wrong without anyone noticing.
fn refuse_stranger(firing: &Firing) -> Result<()> {
    if readers_of(firing.relation_oid())?.is_empty() {
        return Ok(());
    }
    let table = Relation::open(firing.relation_oid())?;
    let trigger = firing.name();
    Err(Error::new(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!(
            "trigger \"{trigger}\" on {} is not one that pg_tviews makes",
            table.display_name()
        ),
    )
    .detail("It calls the function by which tviews are maintained.")
    .hint(format!(
        "DROP TRIGGER {} ON {}; pg_tviews_health_check() says whether the triggers of pg_tviews are there.",
        sqltext::identifier(&trigger),
        table.quoted()
    )))
}

/// What [`source_changed`] does for a statement.
pub(super) fn rows_changed(firing: &Firing) -> Result<()> {
    let event = firing.event();
    if event == Event::Truncate {
        return truncated(firing);
    }
    if moved::may_be_unseen(firing) || moved::is_mixed_up(firing) {
        return compare_readers(firing);
    }
    if !firing.has_rows() {
        return Ok(());
    }
    // A row that was to move to another partition, and that a trigger there has not let in, has no version after the UPDATE: nothing tells then which
    // versions belong together.
    let uneven = event == Event::Update && firing.is_uneven();
    if event == Event::Update
        && !uneven
        && let Some(mut rows) = firing.updated_rows()
    {
        if concerns_nobody(firing, &mut rows)? {
            return if !pending::any() || can_wait(firing) {
                Ok(())
            } else {
                pending::flush()
            };
        }
        patch::note_change(firing.relation_oid());
        if !pending::any()
            && (single::patched(firing, &mut rows)? || (!can_wait(firing) && patched(firing, &mut rows)?))
        {
            return Ok(());
        }
    } else {
        patch::note_change(firing.relation_oid());
    }
    for reader in readers_of(firing.relation_oid())?.iter() {
        // A row that is inserted through a table from which the source inherits stays in that table.
        if event == Event::Insert && !reader.holds && !firing.is_partitioned() {
            continue;
        }
        let Some(compiled) = acquire(reader.tview)? else {
            continue;
        };
        let _context = compiled.context();
        if reader.source == firing.relation_oid() && !firing.is_incomplete() && !uneven {
            maintain(&compiled, firing, event)?;
        } else if compiled.lost_columns(reader.source, &reader.mapping).is_empty() {
            let source = Relation::open(reader.source)?;
            let moves = uneven || (!reader.holds && firing.is_partitioned());
            let mut converted = {
                let scope = compiled.scope();
                Converted::new(firing, source, &reader.mapping, moves, scope.operation())
            };
            for firing in converted.firings() {
                maintain(&compiled, &firing, firing.event())?;
            }
        } else {
            // The changed rows do not show what the tview reads of them: columns that inheriting tables have added.
            pending::add(&compiled, Work::everything(&compiled))?;
        }
    }
    if can_wait(firing) {
        Ok(())
    } else {
        pending::flush()
    }
}

/// After a statement whose changed rows its transition tables may not show: compares the tviews over the table with their queries.
fn compare_readers(firing: &Firing) -> Result<()> {
    patch::note_change(firing.relation_oid());
    for reader in readers_of(firing.relation_oid())?.iter() {
        if let Some(compiled) = acquire(reader.tview)? {
            let _context = compiled.context();
            pending::add(&compiled, Work::everything(&compiled))?;
        }
    }
    if can_wait(firing) {
        Ok(())
    } else {
        pending::flush()
    }
}

/// Whether no tview uses a column that an UPDATE has changed.
fn concerns_nobody(firing: &Firing, rows: &mut UpdatedRows) -> Result<bool> {
    let Some(used) = used_columns(firing.relation_oid(), firing.function())? else {
        return Ok(false);
    };
    rows.rewind();
    while rows.advance() {
        if rows.any_changed(&used) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Patches the changes of a statement that is a transaction of its own, if that can be done at once for all tviews. Locks are taken
/// in the order in which a flush takes them.
fn patched(firing: &Firing, rows: &mut UpdatedRows) -> Result<bool> {
    let readers = readers_of(firing.relation_oid())?;
    let mut tviews = Vec::with_capacity(readers.len());
    for reader in readers.iter() {
        if reader.source != firing.relation_oid() {
            return Ok(false);
        }
        lock::lock_for_writing(reader.tview);
        tviews.extend(acquire(reader.tview)?);
    }
    tviews.sort_by_key(|compiled| (compiled.level, compiled.oid.to_u32()));
    for compiled in &tviews {
        pending::lock_definitions_above(compiled.oid)?;
    }
    let mut ready = Vec::with_capacity(tviews.len());
    for compiled in &tviews {
        let _context = compiled.context();
        let Some(tview) = patch::ready(compiled, firing.relation_oid(), rows)? else {
            return Ok(false);
        };
        ready.push(tview);
    }
    // What a lower tview's change asks for of a higher one waits until this is over, even where rows of the higher one are written by
    // a statement, which is something that reads it: it would write what was made from the rows as they were before.
    let flushing = pending::Flushing::begin();
    for level in ready.chunk_by(|one, other| one.tview().level == other.tview().level) {
        for tview in level {
            let _context = tview.tview().context();
            tview.lock(rows)?;
        }
        if level.iter().any(|tview| !tview.tview().is_valid()) {
            // Somebody who held a lock has replaced a function: no relation is locked for that.
            return Ok(false);
        }
        for tview in level {
            let _context = tview.tview().context();
            if tview.write(rows)? == Outcome::Recompute {
                return Ok(false);
            }
        }
    }
    drop(flushing);
    pending::flush()?;
    Ok(true)
}

/// After TRUNCATE, which fires the triggers of all tables that it empties. The work waits in any case, so that it is done once for
/// all of them.
fn truncated(firing: &Firing) -> Result<()> {
    if firing.is_partitioned() {
        // It has no rows of its own.
        return Ok(());
    }
    let readers = readers_of(firing.relation_oid())?;
    for reader in readers.iter().filter(|reader| reader.holds) {
        let Some(compiled) = acquire(reader.tview)? else {
            continue;
        };
        let _context = compiled.context();
        maintain(&compiled, firing, Event::Truncate)?;
    }
    Ok(())
}

/// Notes what a change asks for of one tview.
fn maintain(compiled: &Compiled, firing: &Firing, event: Event) -> Result<()> {
    if compiled.stale {
        return pending::add(compiled, Work::everything(compiled));
    }
    let mut work = Work::nothing(compiled);
    if event == Event::Update
        && let Some(patches) = patch::notes(compiled, firing)?
    {
        work.patches = patches;
        return if work.is_empty() {
            Ok(())
        } else {
            pending::add(compiled, work)
        };
    }
    match RowsOf::event(event) {
        // A truncated table has no transition tables, and every unit may have lost something.
        None => work.everything = true,
        Some(rows) => {
            let (deltas, served) = delta::notes(compiled, firing, &mut work.units)?;
            work.deltas = deltas;
            let mut occurrences = compiled.occurrences(firing.relation_oid());
            occurrences.retain(|(number, ..)| !served.contains(number));
            let noted = note_rows(compiled, firing, &occurrences, &mut work)?;
            work.everything = noted.everything;
            if !noted.everything {
                paths::note(compiled, firing, &mut work.paths)?;
            }
            if !noted.everything && !noted.searches.is_empty() {
                let changed = Rc::new(KeptRows::copy(firing));
                work.searches
                    .extend(noted.searches.into_iter().map(|occurrence| SearchNote {
                        occurrence,
                        rows,
                        changed: Rc::clone(&changed),
                    }));
            }
        }
    }
    if work.is_empty() {
        return Ok(());
    }
    pending::add(compiled, work)
}

/// Whether what was noted can wait for the end of the transaction.
fn can_wait(firing: &Firing) -> bool {
    /// More changed rows than this are worked on at once, so that memory stays bounded.
    const MOST_ROWS: i64 = 5_000;
    if pending::is_flushing() {
        return true;
    }
    let goes_on = || transaction::in_block() || !firing.is_clients_statement();
    settings::waits_for_commit() && firing.row_count() <= MOST_ROWS && goes_on()
}

/// What the changed rows ask for beyond the units that they name themselves.
#[derive(Default)]
struct Noted {
    /// Occurrences whose units have to be searched.
    searches: Vec<usize>,
    /// All rows of the tview are one unit, and it is affected.
    everything: bool,
}

impl Noted {
    /// Whether nothing more can be asked for by rows of this occurrence.
    fn asks(&self, occurrence: usize) -> bool {
        self.everything || self.searches.contains(&occurrence)
    }
}

/// Looks at the changed rows: units that they name themselves are added, what else they ask for is returned. A row whose
/// used columns have not changed affects nothing, nor does a version of it that does not pass the filter. Values are compared, because the columns that the statement sets
/// (`tg_updatedcols`) do not tell: BEFORE triggers and generated columns change others, and where data-modifying WITH queries
/// update one table several times, the one firing for all of them has the columns of one.
fn note_rows(
    compiled: &Compiled,
    firing: &Firing,
    occurrences: &[(usize, &ColumnSet, &Finding)],
    work: &mut Work,
) -> Result<Noted> {
    let mut noted = Noted::default();
    let mut leaves: Vec<Option<leaf::Note>> = occurrences
        .iter()
        .map(|(number, ..)| leaf::serves(compiled, *number).then(|| leaf::Note::of_rows(compiled, *number)))
        .collect();
    firing.for_each_row(|old, new| {
        for ((number, used, finding), leaves) in occurrences.iter().zip(&mut leaves) {
            if let (Some(old), Some(new)) = (old, new)
                && !new.differs(old, used)
            {
                continue;
            }
            if !matches!(finding, Finding::Direct(_)) && noted.asks(*number) {
                continue;
            }
            let filter = compiled.filters.of(compiled, *number)?;
            for row in [old, new].into_iter().flatten() {
                if filter.as_ref().is_some_and(|filter| !filter.passes(row)) {
                    continue;
                }
                match finding {
                    Finding::Direct(attnums) => match leaves {
                        Some(leaves) => leaves.add(compiled, row, attnums),
                        None => row.add_unit(attnums, &mut work.units),
                    },
                    Finding::Search(_) if !noted.searches.contains(number) => noted.searches.push(*number),
                    Finding::Search(_) => {}
                    Finding::Everything => noted.everything = true,
                }
            }
        }
        Ok(())
    })?;
    let leaves = leaves.into_iter().flatten();
    work.leaves.extend(leaves.filter(|note| !note.units().is_empty()));
    Ok(noted)
}
