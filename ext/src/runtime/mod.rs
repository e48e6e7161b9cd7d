//! Maintenance at run time.
//!
//! A trigger *notes* which units a change affects ([`notes`]); a *flush* brings them up to date ([`flush`]). Both work with a
//! tview's compiled form ([`compiled`]), which is kept per backend.

pub mod applied;
pub mod compiled;
pub mod delta;
mod filter;
pub mod flush;
pub mod guard;
pub mod leaf;
pub mod locks;
pub mod notes;
pub mod patch;
mod paths;
pub mod pending;
mod row;
mod single;
mod target;

use crate::catalog;
use crate::error::{Error, Result};
use crate::pg::invalidation::{self, Validity, watch};
use crate::pg::known_types::while_compiling;
use crate::pg::related::Mapping;
use crate::pg::relation::Relation;
use compiled::Compiled;
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::Oid;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// A tview that reads rows which a statement on some table can change.
pub struct Reader {
    /// The tview.
    pub tview: Oid,
    /// What it reads: the table itself, or another one in its tree of partitions or inheriting tables.
    pub source: Oid,
    /// The table's own rows are rows of the source.
    pub holds: bool,
    /// How a changed row becomes a row of the source.
    pub mapping: Mapping,
}

/// The tviews that a statement on a table can affect.
struct TableEntry {
    readers: Rc<Vec<Reader>>,
    validity: Validity,
    used: Option<UsedColumns>,
}

/// The columns of a table that any tview uses.
struct UsedColumns {
    attnums: Rc<Vec<i16>>,
    /// The function that statements' triggers call.
    function: Oid,
    /// The tviews are still as they were.
    tviews: Vec<Validity>,
}

thread_local! {
    static COMPILED: RefCell<HashMap<u32, Rc<Compiled>>> = RefCell::new(HashMap::new());
    static TABLES: RefCell<HashMap<u32, TableEntry>> = RefCell::new(HashMap::new());
}

/// The tviews that a statement on a table can affect, lower ones first.
fn readers_of(table: Oid) -> Result<Rc<Vec<Reader>>> {
    let known = TABLES.with_borrow(|tables| {
        let entry = tables.get(&table.to_u32()).filter(|entry| entry.validity.get());
        entry.map(|entry| Rc::clone(&entry.readers))
    });
    if let Some(readers) = known {
        return Ok(readers);
    }
    let validity = watch(&[table]);
    let mut readers = Vec::new();
    for reader in catalog::readers(table)? {
        invalidation::add(&validity, &[reader.source]);
        if reader.suspended {
            continue;
        }
        readers.push(Reader {
            tview: reader.tview,
            source: reader.source,
            holds: reader.holds,
            mapping: Mapping::between(&Relation::open(table)?, &Relation::open(reader.source)?),
        });
    }
    let readers = Rc::new(readers);
    let entry = TableEntry {
        readers: Rc::clone(&readers),
        validity,
        used: None,
    };
    forget_stale();
    TABLES.with_borrow_mut(|tables| tables.insert(table.to_u32(), entry));
    Ok(readers)
}

/// Whether what [`readers_of`] has said of a table is still so.
fn is_current(table: Oid, readers: &Rc<Vec<Reader>>) -> bool {
    TABLES.with_borrow(|tables| {
        let entry = tables.get(&table.to_u32()).filter(|entry| entry.validity.get());
        entry.is_some_and(|entry| Rc::ptr_eq(&entry.readers, readers))
    })
}

/// The columns of a table that any tview uses: an UPDATE that leaves them as they are affects none. `None` if they are not known one by
/// one.
///
/// No lock is taken on the way. The statement holds a lock of the table, and whatever makes further columns be used (a new tview,
/// a new column where whole rows are used) has to exclude writers of the table, and sends an invalidation that is processed when the
/// lock is granted.
fn used_columns(table: Oid, function: Oid) -> Result<Option<Rc<Vec<i16>>>> {
    let known = known_columns(table, |used| Rc::clone(&used.attnums));
    if known.is_some() {
        return Ok(known);
    }
    let mut attnums = BTreeSet::new();
    let mut tviews = Vec::new();
    for reader in readers_of(table)?.iter() {
        let Some(compiled) = acquire(reader.tview)? else {
            return Ok(None);
        };
        for (_, used, _) in compiled.occurrences(table) {
            attnums.extend(&used.attnums);
            if used.whole_row {
                return Ok(None);
            }
        }
        if reader.source != table {
            return Ok(None);
        }
        tviews.push(compiled.validity());
    }
    let attnums = Rc::new(attnums.into_iter().collect::<Vec<i16>>());
    TABLES.with_borrow_mut(|tables| {
        if let Some(entry) = tables.get_mut(&table.to_u32()) {
            let attnums = Rc::clone(&attnums);
            entry.used = Some(UsedColumns {
                attnums,
                function,
                tviews,
            });
        }
    });
    Ok(Some(attnums))
}

/// What is known of the columns of a table that any tview uses, if nothing has changed since.
fn known_columns<T>(table: Oid, look: impl FnOnce(&UsedColumns) -> T) -> Option<T> {
    TABLES.with_borrow(|tables| {
        let entry = tables.get(&table.to_u32()).filter(|entry| entry.validity.get())?;
        let used = entry.used.as_ref()?;
        let valid = used.tviews.iter().all(|validity| validity.get());
        valid.then(|| look(used))
    })
}

/// The function that our triggers on a table call, if it is known that an UPDATE concerns no tview which sets `none` of the columns that
/// tviews use. Looks at nothing but what earlier statements have found out.
pub fn unconcerned(table: Oid, none: impl FnOnce(&[i16]) -> bool) -> Option<Oid> {
    known_columns(table, |used| none(&used.attnums).then_some(used.function)).flatten()
}

/// Where a change through another table does not show what a tview uses: for each such table (source, table, missing columns).
/// Inheriting tables can have columns that their parents do not have.
pub fn blind_spots(compiled: &Compiled) -> Result<Vec<(Oid, Oid, Vec<String>)>> {
    let mut spots = Vec::new();
    for row in catalog::sources(compiled.oid)? {
        for relative in row.tree.relatives {
            let mapping = Mapping::between(&Relation::open(relative)?, &Relation::open(row.oid)?);
            let lost = compiled.lost_columns(row.oid, &mapping);
            if !lost.is_empty() {
                spots.push((row.oid, relative, lost));
            }
        }
    }
    Ok(spots)
}

/// Lets go of what has changed since it was made, tviews included that have been dropped and that nobody will ask for again. To be called
/// when something is made anew: so no more is kept than was once in use at the same time.
fn forget_stale() {
    let stale: Vec<Rc<Compiled>> = COMPILED.with_borrow_mut(|compiled| {
        let is_stale = |_: &u32, known: &mut Rc<Compiled>| !known.is_valid();
        compiled.extract_if(is_stale).map(|(_, known)| known).collect()
    });
    TABLES.with_borrow_mut(|tables| tables.retain(|_, entry| entry.validity.get()));
    // Freeing prepared plans calls the server: nothing may be borrowed then.
    drop(stale);
}

/// A tview's compiled form, if there is one from which nothing has changed. Its definition is not locked.
fn known(tview: Oid) -> Option<Rc<Compiled>> {
    let known = COMPILED.with_borrow(|compiled| compiled.get(&tview.to_u32()).cloned());
    known.filter(|compiled| compiled.is_valid())
}

/// A tview's compiled form, made from what the catalogs say now. Its definition can't change until the end of the
/// transaction. `None` if it is no tview (any more).
///
/// # Errors
/// If it can't be maintained any more, or if its definition changes each time it is looked at.
pub fn acquire(tview: Oid) -> Result<Option<Rc<Compiled>>> {
    const MOST_ATTEMPTS: usize = 64;
    for _ in 0..MOST_ATTEMPTS {
        let compiled = match known(tview) {
            Some(compiled) => compiled,
            None => {
                let Some(fresh) = while_compiling(|| Compiled::build(tview))? else {
                    COMPILED.with_borrow_mut(|compiled| compiled.remove(&tview.to_u32()));
                    return Ok(None);
                };
                let fresh = Rc::new(fresh);
                forget_stale();
                COMPILED.with_borrow_mut(|compiled| compiled.insert(tview.to_u32(), Rc::clone(&fresh)));
                fresh
            }
        };
        // Taking the locks processes invalidations: only a form that is still valid then may be used.
        compiled.lock_definition();
        if compiled.is_valid() {
            return Ok(Some(compiled));
        }
    }
    let name = Relation::open(tview)?.display_name();
    Err(Error::new(
        PgSqlErrorCode::ERRCODE_OBJECT_IN_USE,
        format!("the definition of tview \"{name}\" changes all the time"),
    )
    .detail("Whenever it had been looked at, something that it is made from had changed.")
    .hint("Retry when those who change the tables, types and functions that it uses are done."))
}
