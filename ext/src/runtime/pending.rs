//! What a transaction still has to maintain.
//!
//! Triggers *note* here what a statement asks for: units that changed rows name themselves, changed rows from which units have to
//! be searched, or everything. A *flush* works the notes off: at the end of a statement that is a transaction of its own; else
//! at the transaction's end, before it reads a tview that is concerned, and before commands that could change what is noted.
//!
//! Twenty statements on one document so cost one computation. And all locks are taken at once, in one order (lower tviews before
//! those that read them, then by oid), and are held for the length of the flush: transactions don't wait for each other while
//! their users think, and flushes at the end don't deadlock.

use super::compiled::{Compiled, RowsOf};
use super::paths::PathValues;
use super::{Reader, acquire, delta, flush, is_current, leaf, patch, readers_of};
use crate::error::{Error, Result};
use crate::pg::kept::KeptRows;
use crate::pg::keys::UnitSet;
use crate::pg::name;
use crate::pg::relation::Relation;
use crate::pg::transaction::{self, Horizon, Writable};
use crate::pg::{interrupts, lock};
use pg_tviews_notebook::Notebook;
use pg_tviews_sqltext::CATALOG_SCHEMA;
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::{Oid, SubTransactionId};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Changed rows, and an occurrence of their table from which they lead to units.
#[derive(Clone)]
pub struct SearchNote {
    /// The occurrence's number in the plan.
    pub occurrence: usize,
    /// Which rows there are.
    pub rows: RowsOf,
    /// The rows.
    pub changed: Rc<KeptRows>,
}

/// What is to be done for one tview.
#[derive(Clone)]
pub struct Work {
    /// Units that changed rows have named.
    pub units: UnitSet,
    /// Where to search for more.
    pub searches: Vec<SearchNote>,
    /// Rows of which single leaves are patched.
    pub patches: Vec<patch::Note>,
    /// Differences that are added to aggregates.
    pub deltas: Vec<delta::Note>,
    /// Over which values searches start or come to the changed rows.
    pub paths: PathValues,
    /// Units of which single leaves are computed.
    pub leaves: Vec<leaf::Note>,
    /// All of it.
    pub everything: bool,
    /// It has been locked for leaves of one row only: computing units takes a further lock.
    pub only_leaves: bool,
}

thread_local! {
    static NOTES: RefCell<Notebook<Work>> = const { RefCell::new(Notebook::new()) };
    /// The tviews that notes concern, those that read them included; each with its readers when it was last looked at.
    static CONCERNED: RefCell<BTreeMap<u32, Rc<Vec<Reader>>>> = const { RefCell::new(BTreeMap::new()) };
    /// In which subtransaction a flush is running.
    static FLUSHING: Cell<Option<SubTransactionId>> = const { Cell::new(None) };
    /// What a statement saw after the last flush of this transaction.
    static FLUSHED: Cell<Option<Horizon>> = const { Cell::new(None) };
}

/// So often a flush brings one tview up to date. What triggers on tviews set off comes to an end after a few rounds, or never. (Nothing
/// starts it all over again after a flush: the server lets no trigger be deferred in a security-restricted operation.)
const MOST_ROUNDS: u32 = 1_000;

/// Whether something is to be done.
pub fn any() -> bool {
    NOTES.with_borrow(Notebook::has_open)
}

/// Whether this transaction has noted anything, and no flush is running.
pub fn is_in_use() -> bool {
    !is_flushing() && CONCERNED.with_borrow(|concerned| !concerned.is_empty())
}

/// Whether a flush is running.
pub fn is_flushing() -> bool {
    FLUSHING.get().is_some()
}

/// Whether one of some relations is a tview that this transaction has to maintain or has maintained.
pub fn concerns_any(relations: &[Oid]) -> Result<bool> {
    if !name::is_schema(CATALOG_SCHEMA) {
        // The extension has been dropped since.
        return Ok(false);
    }
    if relations.iter().any(|relation| concerns(*relation)) {
        return Ok(true);
    }
    Ok(follow_new_readers()? && relations.iter().any(|relation| concerns(*relation)))
}

fn concerns(relation: Oid) -> bool {
    CONCERNED.with_borrow(|concerned| concerned.contains_key(&relation.to_u32()))
}

/// Others may have created tviews over a tview since it was noted. Whether there are new ones.
fn follow_new_readers() -> Result<bool> {
    let known: Vec<(u32, Rc<Vec<Reader>>)> = CONCERNED.with_borrow(|concerned| {
        let entries = concerned.iter();
        entries
            .map(|(tview, readers)| (*tview, Rc::clone(readers)))
            .collect()
    });
    if known
        .iter()
        .all(|(tview, readers)| is_current(Oid::from(*tview), readers))
    {
        return Ok(false);
    }
    // Reading the catalogs must not lead here again.
    let flushing = Flushing::begin();
    for (tview, _) in &known {
        let readers = readers_of(Oid::from(*tview))?;
        CONCERNED.with_borrow_mut(|concerned| concerned.insert(*tview, Rc::clone(&readers)));
        for reader in readers.iter() {
            concern(reader.tview)?;
        }
    }
    drop(flushing);
    Ok(true)
}

/// What a statement saw after the last flush of this transaction.
pub fn flushed() -> Option<Horizon> {
    FLUSHED.get()
}

/// Notes work for a tview.
pub fn add(compiled: &Compiled, work: Work) -> Result<()> {
    concern(compiled.oid)?;
    let now = transaction::current_subtransaction();
    let (level, tview) = (compiled.level, compiled.oid.to_u32());
    NOTES.with_borrow_mut(|notes| notes.add(now, level, tview, work));
    Ok(())
}

/// Units of a tview have been computed from all that has happened: differences that are still noted are in them already, and
/// their units are computed once more instead.
pub fn compute_deltas(tview: Oid) {
    NOTES.with_borrow_mut(|notes| {
        notes.for_each_open(tview.to_u32(), |work| {
            for delta in std::mem::take(&mut work.deltas) {
                work.units.append(delta.units());
            }
        });
    });
}

/// Adds a tview and all that read it to those whose readers must wait for a flush.
fn concern(tview: Oid) -> Result<()> {
    if concerns(tview) {
        return Ok(());
    }
    // First, because reading the catalogs for a tview that is already concerned would flush.
    let readers = readers_of(tview)?;
    CONCERNED.with_borrow_mut(|concerned| concerned.insert(tview.to_u32(), Rc::clone(&readers)));
    for reader in readers.iter() {
        concern(reader.tview)?;
    }
    Ok(())
}

impl Work {
    /// All of a tview.
    pub fn everything(compiled: &Compiled) -> Work {
        Work {
            everything: true,
            ..Work::nothing(compiled)
        }
    }

    /// Nothing yet.
    pub fn nothing(compiled: &Compiled) -> Work {
        Work {
            units: UnitSet::of_transaction(&compiled.key_types),
            searches: Vec::new(),
            patches: Vec::new(),
            deltas: Vec::new(),
            paths: PathValues::default(),
            leaves: Vec::new(),
            everything: false,
            only_leaves: false,
        }
    }

    /// Computes units of which so many elements have changed that computing is cheaper than patching.
    fn compute_crowded(&mut self) {
        self.patches.retain(|note| {
            let crowded = note.crowded();
            if let Some(units) = crowded {
                self.units.append(units);
            }
            crowded.is_none()
        });
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        !self.everything
            && self.units.is_empty()
            && self.searches.is_empty()
            && self.patches.is_empty()
            && self.deltas.is_empty()
            && self.leaves.is_empty()
    }
}

impl pg_tviews_notebook::Work for Work {
    fn merge(&mut self, other: Work) {
        // Memory may run out on the way: what is left then stands for all of the tview.
        let everything = std::mem::replace(&mut self.everything, true);
        self.units.append(&other.units);
        self.searches.extend(other.searches);
        self.paths.append(&other.paths);
        for note in other.patches {
            if !self.patches.iter_mut().any(|known| known.merge(&note)) {
                self.patches.push(note);
            }
        }
        for note in other.deltas {
            if !self.deltas.iter_mut().any(|known| known.merge(&note)) {
                self.deltas.push(note);
            }
        }
        for note in other.leaves {
            if !self.leaves.iter_mut().any(|known| known.merge(&note)) {
                self.leaves.push(note);
            }
        }
        self.everything = everything | other.everything;
    }

    fn size(&self) -> usize {
        let patches: usize = self.patches.iter().map(patch::Note::len).sum();
        let deltas: usize = self.deltas.iter().map(|note| note.units().len()).sum();
        let leaves: usize = self.leaves.iter().map(|note| note.units().len()).sum();
        self.units.len() + self.searches.len() + patches + deltas + leaves
    }
}

/// Works off all notes.
pub fn flush() -> Result<()> {
    if is_flushing() {
        return Ok(());
    }
    let _flushing = Flushing::begin();
    lock_definitions()?;
    let mut worked = false;
    let mut rounds: BTreeMap<u32, u32> = BTreeMap::new();
    while any() {
        interrupts::check();
        worked = true;
        let mut ready = Vec::new();
        for (tview, mut work) in take_lowest() {
            let round = rounds.entry(tview.to_u32()).or_default();
            *round += 1;
            if *round > MOST_ROUNDS {
                return Err(endless(&rounds));
            }
            lock::lock_for_writing(tview);
            let Some(compiled) = acquire(tview)? else { continue };
            work.everything |= compiled.stale;
            work.compute_crowded();
            work.units.normalize();
            ready.push((compiled, work));
        }
        for (compiled, work) in &mut ready {
            let _context = compiled.context();
            flush::lock(compiled, work)?;
        }
        for (compiled, work) in ready {
            let Some((compiled, work)) = as_it_is_now(compiled, work)? else {
                continue;
            };
            let _context = compiled.context();
            flush::work(&compiled, work)?;
        }
    }
    if worked {
        FLUSHED.set(Some(Horizon::now()));
    }
    Ok(())
}

/// A tview, which is locked, and what is to be done, once others that have held its lock are done. They may have replaced a function: no relation is locked
/// for that.
fn as_it_is_now(compiled: Rc<Compiled>, work: Work) -> Result<Option<(Rc<Compiled>, Work)>> {
    if compiled.is_valid() {
        return Ok(Some((compiled, work)));
    }
    let Some(fresh) = acquire(compiled.oid)? else {
        return Ok(None);
    };
    if format!("{:?}", fresh.plan) == format!("{:?}", compiled.plan) {
        return Ok(Some((fresh, work)));
    }
    // What was noted was noted for another plan.
    fresh.lock_for_maintenance();
    let work = Work::everything(&fresh);
    Ok(Some((fresh, work)))
}

/// Locks the definitions of all tviews that are concerned, before any of them is locked for maintenance: a transaction that keeps readers
/// out of a source of a higher tview is waited for by one that it does not wait for itself.
fn lock_definitions() -> Result<()> {
    let concerned: Vec<u32> = CONCERNED.with_borrow(|concerned| concerned.keys().copied().collect());
    if let [_] = concerned.as_slice() {
        return Ok(());
    }
    for tview in concerned {
        acquire(Oid::from(tview))?;
    }
    Ok(())
}

/// The same for the tviews over one that is brought up to date at once.
pub fn lock_definitions_above(tview: Oid) -> Result<()> {
    for reader in readers_of(tview)?.iter() {
        acquire(reader.tview)?;
        lock_definitions_above(reader.tview)?;
    }
    Ok(())
}

/// Takes the notes of the tviews that read no other noted ones, in the order in which they are to be locked. What can be undone without
/// undoing the changes stays noted.
fn take_lowest() -> Vec<(Oid, Work)> {
    let now = transaction::current_subtransaction();
    let taken = NOTES.with_borrow_mut(|notes| notes.take_lowest(now));
    let taken = taken.into_iter();
    taken.map(|(tview, work)| (Oid::from(tview), work)).collect()
}

/// Something that maintenance sets off changes sources again and again.
fn endless(rounds: &BTreeMap<u32, u32>) -> Error {
    let all = rounds.iter().filter(|(_, round)| **round >= MOST_ROUNDS);
    let tables = all.filter_map(|(tview, _)| Relation::try_open(Oid::from(*tview)));
    let names: Vec<String> = tables.map(|table| table.display_name()).collect();
    Error::new(
        PgSqlErrorCode::ERRCODE_STATEMENT_TOO_COMPLEX,
        "maintenance of tviews does not come to an end",
    )
    .detail(format!(
        "Brought up to date {MOST_ROUNDS} times, because each time something that this set off changed sources again: {}.",
        names.join(", ")
    ))
    .hint("Let triggers on tviews, and on tables that these write to, change sources only where that is still needed.")
}

/// The transaction is over.
pub fn forget() {
    NOTES.with_borrow_mut(Notebook::clear);
    CONCERNED.with_borrow_mut(BTreeMap::clear);
    FLUSHING.set(None);
    FLUSHED.set(None);
}

/// A subtransaction is undone, and with it the changes that it made and the flushes that ran in it.
pub fn roll_back(subtransaction: SubTransactionId) {
    NOTES.with_borrow_mut(|notes| notes.roll_back(subtransaction));
    if FLUSHING.get() == Some(subtransaction) {
        // An error has ended the flush that was running in it.
        FLUSHING.set(None);
    }
}

/// A subtransaction's changes and flushes become those of its parent.
pub fn hand_up(subtransaction: SubTransactionId, parent: SubTransactionId) {
    NOTES.with_borrow_mut(|notes| notes.hand_up(subtransaction, parent));
}

/// While it lives, a flush is running: nothing that reads a tview starts another one. The transaction may write, even if it has been made
/// read-only since the changes.
pub struct Flushing {
    _writable: Writable,
}

impl Flushing {
    /// Begins it.
    pub fn begin() -> Flushing {
        FLUSHING.set(Some(transaction::current_subtransaction()));
        Flushing {
            _writable: Writable::begin(),
        }
    }
}

impl Drop for Flushing {
    fn drop(&mut self) {
        FLUSHING.set(None);
    }
}
