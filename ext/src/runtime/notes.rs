//! Noting: from a changed source to the units that are affected.

use super::compiled::{Compiled, RowsOf, Statement};
use super::truncation::{self, Moment};
use super::{acquire, flush, readers_of};
use crate::error::Result;
use crate::pg::context::ErrorContext;
use crate::pg::keys::UnitSet;
use crate::pg::lock::snapshot_is_fixed;
use crate::pg::related::Converted;
use crate::pg::relation::Relation;
use crate::pg::settings::Scope;
use crate::pg::spi::{Connection, SnapshotChoice, result_into_units};
use crate::pg::trigger::Firing;
use pg_tviews_planner::{ColumnSet, Finding};
use pg_tviews_sqltext::{Event, Search};

/// The trigger on a source, or on a table through which a statement can change rows of one: maintains every tview that reads
/// them.
pub fn source_changed(firing: &Firing) -> Result<()> {
    if !firing.is_maintenance() {
        return Ok(());
    }
    let event = firing.event();
    if event == Event::Truncate {
        return truncated(firing);
    }
    if !firing.has_rows() {
        return Ok(());
    }
    for reader in readers_of(firing.relation_oid())?.iter() {
        // A row that is inserted through a table from which the source inherits stays in that table.
        if event == Event::Insert && !reader.holds && !firing.is_partitioned() {
            continue;
        }
        let Some(compiled) = acquire(reader.tview)? else {
            continue;
        };
        let _context = ErrorContext::new(format!("maintenance of tview {}", compiled.name));
        if reader.source == firing.relation_oid() && !firing.is_incomplete() {
            maintain(&compiled, firing, event)?;
        } else if compiled.lost_columns(reader.source, &reader.mapping).is_empty() {
            let source = Relation::open(reader.source)?;
            let moves = !reader.holds && firing.is_partitioned();
            let mut converted = Converted::new(firing, source, &reader.mapping, moves);
            for firing in converted.firings() {
                maintain(&compiled, &firing, firing.event())?;
            }
        } else {
            // The changed rows do not show what the tview reads of them: columns that inheriting tables have added.
            compiled.lock_for_maintenance();
            flush::all(&compiled)?;
        }
    }
    Ok(())
}

/// After TRUNCATE, which fires the triggers of all tables that it empties.
fn truncated(firing: &Firing) -> Result<()> {
    if firing.is_partitioned() {
        // It has no rows of its own.
        return Ok(());
    }
    let now = Moment::now();
    let mut compared = Vec::new();
    for reader in readers_of(firing.relation_oid())?
        .iter()
        .filter(|reader| reader.holds)
    {
        if compared.contains(&reader.tview) {
            continue;
        }
        if !truncation::compared(reader.tview, now) {
            let Some(compiled) = acquire(reader.tview)? else {
                continue;
            };
            let _context = ErrorContext::new(format!("maintenance of tview {}", compiled.name));
            maintain(&compiled, firing, Event::Truncate)?;
        }
        compared.push(reader.tview);
    }
    truncation::note(&compared);
    Ok(())
}

fn maintain(compiled: &Compiled, firing: &Firing, event: Event) -> Result<()> {
    let Some(rows) = RowsOf::event(event) else {
        // A truncated table has no transition tables, and every unit may have lost something.
        compiled.lock_for_maintenance();
        return flush::all(compiled).map(drop);
    };
    let occurrences = compiled.occurrences(firing.relation_oid());
    let mut units = UnitSet::new(&compiled.key_types);
    let Noted { searches, everything } = note_rows(firing, &occurrences, &mut units)?;
    if everything {
        compiled.lock_for_maintenance();
        return flush::all(compiled).map(drop);
    }
    if units.is_empty() && searches.is_empty() {
        return Ok(());
    }
    // The lock comes before the first look at anything but the changed rows: what is read after it includes all that earlier
    // holders of the lock have committed.
    compiled.lock_for_maintenance();
    if !searches.is_empty() {
        search(compiled, firing, rows, &searches, &mut units)?;
    }
    units.normalize();
    flush::units(compiled, &units)
}

/// What the changed rows ask for beyond the units that they name themselves.
#[derive(Default)]
struct Noted {
    /// Occurrences whose units have to be searched.
    searches: Vec<usize>,
    /// All rows of the tview are one unit, and it is affected.
    everything: bool,
}

/// Looks at the changed rows: units that they name themselves are added, what else they ask for is returned. A row whose
/// used columns have not changed affects nothing. Values are compared, because the columns that the statement sets
/// (`tg_updatedcols`) do not tell: BEFORE triggers and generated columns change others, and where data-modifying WITH queries
/// update one table several times, the one firing for all of them has the columns of one.
fn note_rows(
    firing: &Firing,
    occurrences: &[(usize, &ColumnSet, &Finding)],
    units: &mut UnitSet,
) -> Result<Noted> {
    let mut noted = Noted::default();
    firing.for_each_row(|old, new| {
        for (number, used, finding) in occurrences {
            if let (Some(old), Some(new)) = (old, new)
                && !new.differs(old, used)
            {
                continue;
            }
            match finding {
                Finding::Direct(attnums) => {
                    for row in [old, new].into_iter().flatten() {
                        row.add_unit(attnums, units);
                    }
                }
                Finding::Search(_) if !noted.searches.contains(number) => noted.searches.push(*number),
                Finding::Search(_) => {}
                Finding::Everything => noted.everything = true,
            }
        }
        Ok(())
    })?;
    Ok(noted)
}

fn search(
    compiled: &Compiled,
    firing: &Firing,
    rows: RowsOf,
    occurrences: &[usize],
    units: &mut UnitSet,
) -> Result<()> {
    let _scope = Scope::owner(compiled.owner, &compiled.settings);
    let _connection = Connection::open()?;
    firing.register_transition_tables()?;
    for number in occurrences {
        let plan = compiled.prepared(Statement::Search(*number, rows))?;
        let spread = compiled.search(*number).is_some_and(Search::is_spread);
        plan.execute(&[], SnapshotChoice::Current)?;
        let mut unknown = result_into_units(units, spread);
        if snapshot_is_fixed() {
            // Rows that the transaction can't see may lead to further units: the flush will notice if they matter.
            plan.execute(&[], SnapshotChoice::Latest)?;
            unknown |= result_into_units(units, spread);
        }
        if unknown {
            let plan = compiled.prepared(Statement::StoredUnits(*number, rows))?;
            plan.execute(&[], SnapshotChoice::Current)?;
            result_into_units(units, false);
        }
    }
    Ok(())
}
