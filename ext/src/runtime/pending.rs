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
use crate::error::Result;
use crate::pg::kept::KeptRows;
use crate::pg::keys::UnitSet;
use crate::pg::lock;
use crate::pg::transaction::{self, Horizon};
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

struct Note {
    level: u32,
    tview: Oid,
    /// In which the change was made: if it is undone, there is nothing to do.
    subtransaction: SubTransactionId,
    /// In which it was worked off: if that is undone, it is to be done again.
    flushed: Option<SubTransactionId>,
    work: Work,
}

thread_local! {
    static NOTES: RefCell<Vec<Note>> = const { RefCell::new(Vec::new()) };
    /// The tviews that notes concern, those that read them included; each with its readers when it was last looked at.
    static CONCERNED: RefCell<BTreeMap<u32, Rc<Vec<Reader>>>> = const { RefCell::new(BTreeMap::new()) };
    /// In which subtransaction a flush is running.
    static FLUSHING: Cell<Option<SubTransactionId>> = const { Cell::new(None) };
    /// What a statement saw after the last flush of this transaction.
    static FLUSHED: Cell<Option<Horizon>> = const { Cell::new(None) };
}

/// Whether something is to be done.
pub fn any() -> bool {
    NOTES.with_borrow(|notes| notes.iter().any(|note| note.flushed.is_none()))
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
    let subtransaction = transaction::current_subtransaction();
    NOTES.with_borrow_mut(|notes| {
        let same = |note: &&mut Note| {
            note.tview == compiled.oid && note.subtransaction == subtransaction && note.flushed.is_none()
        };
        match notes.iter_mut().find(same) {
            Some(note) => note.work.merge(&work),
            None => notes.push(Note {
                level: compiled.level,
                tview: compiled.oid,
                subtransaction,
                flushed: None,
                work,
            }),
        }
    });
    Ok(())
}

/// Units of a tview have been computed from all that has happened: differences that are still noted are in them already, and
/// their units are computed once more instead.
pub fn compute_deltas(tview: Oid) {
    NOTES.with_borrow_mut(|notes| {
        let open = notes
            .iter_mut()
            .filter(|note| note.tview == tview && note.flushed.is_none());
        for note in open {
            for delta in std::mem::take(&mut note.work.deltas) {
                note.work.units.append(delta.units());
            }
        }
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

    fn merge(&mut self, other: &Work) {
        self.everything |= other.everything;
        self.units.append(&other.units);
        self.searches.extend(other.searches.iter().cloned());
        self.paths.append(&other.paths);
        for note in &other.patches {
            if !self.patches.iter_mut().any(|known| known.merge(note)) {
                self.patches.push(note.clone());
            }
        }
        for note in &other.deltas {
            if !self.deltas.iter_mut().any(|known| known.merge(note)) {
                self.deltas.push(note.clone());
            }
        }
        for note in &other.leaves {
            if !self.leaves.iter_mut().any(|known| known.merge(note)) {
                self.leaves.push(note.clone());
            }
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

/// Works off all notes.
pub fn flush() -> Result<()> {
    if is_flushing() {
        return Ok(());
    }
    let _flushing = Flushing::begin();
    lock_definitions()?;
    let mut worked = false;
    while any() {
        worked = true;
        let mut ready = Vec::new();
        for (tview, mut work) in take_lowest() {
            lock::lock_for_writing(tview);
            let Some(compiled) = acquire(tview)? else { continue };
            work.compute_crowded();
            work.units.normalize();
            ready.push((compiled, work));
        }
        for (compiled, work) in &mut ready {
            let _context = compiled.context();
            flush::lock(compiled, work)?;
        }
        for (compiled, work) in ready {
            let _context = compiled.context();
            flush::work(&compiled, work)?;
        }
    }
    if worked {
        FLUSHED.set(Some(Horizon::now()));
    }
    Ok(())
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

/// Takes the notes of the tviews that read no other noted ones, in the order in which they are to be locked. They stay until
/// nothing can undo the flush any more.
fn take_lowest() -> Vec<(Oid, Work)> {
    let now = transaction::current_subtransaction();
    let mut merged: Vec<(Oid, Work)> = Vec::new();
    NOTES.with_borrow_mut(|notes| {
        let open = notes.iter().filter(|note| note.flushed.is_none());
        let lowest = open.map(|note| note.level).min();
        let taken = notes
            .iter_mut()
            .filter(|note| note.flushed.is_none() && Some(note.level) == lowest);
        for note in taken {
            note.flushed = Some(now);
            match merged.iter_mut().find(|(tview, _)| *tview == note.tview) {
                Some((_, work)) => work.merge(&note.work),
                None => merged.push((note.tview, note.work.clone())),
            }
        }
        drop_done(notes);
    });
    merged.sort_by_key(|(tview, _)| tview.to_u32());
    merged
}

/// What the top transaction itself has flushed is undone only together with the changes.
fn drop_done(notes: &mut Vec<Note>) {
    notes.retain(|note| note.flushed != Some(transaction::TOP_SUBTRANSACTION));
}

/// The transaction is over.
pub fn forget() {
    NOTES.with_borrow_mut(Vec::clear);
    CONCERNED.with_borrow_mut(BTreeMap::clear);
    FLUSHING.set(None);
    FLUSHED.set(None);
}

/// A subtransaction is undone, and with it the changes that it made and the flushes that ran in it.
pub fn roll_back(subtransaction: SubTransactionId) {
    NOTES.with_borrow_mut(|notes| {
        notes.retain(|note| note.subtransaction != subtransaction);
        for note in notes
            .iter_mut()
            .filter(|note| note.flushed == Some(subtransaction))
        {
            note.flushed = None;
        }
    });
    if FLUSHING.get() == Some(subtransaction) {
        // An error has ended the flush that was running in it.
        FLUSHING.set(None);
    }
}

/// A subtransaction's changes and flushes become those of its parent.
pub fn hand_up(subtransaction: SubTransactionId, parent: SubTransactionId) {
    NOTES.with_borrow_mut(|notes| {
        for note in notes.iter_mut() {
            if note.subtransaction == subtransaction {
                note.subtransaction = parent;
            }
            if note.flushed == Some(subtransaction) {
                note.flushed = Some(parent);
            }
        }
        drop_done(notes);
    });
}

/// While it lives, a flush is running: nothing that reads a tview starts another one.
pub struct Flushing(());

impl Flushing {
    /// Begins it.
    pub fn begin() -> Flushing {
        FLUSHING.set(Some(transaction::current_subtransaction()));
        Flushing(())
    }
}

impl Drop for Flushing {
    fn drop(&mut self) {
        FLUSHING.set(None);
    }
}
