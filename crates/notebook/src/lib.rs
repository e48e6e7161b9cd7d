//! What a transaction has noted, by subtransaction.
//!
//! Work is noted in a subtransaction and worked off in the same one or in one inside it. If the first is undone, there is nothing to do any
//! more; if only the second one is, it is to be done again. A subtransaction that ends well hands both up to its parent.
//!
//! **Costs.** Nothing goes through all subtransactions that there were: each part of a note is handed up as it is, and merged once, the smaller
//! one into the larger. So what a transaction pays for its subtransactions is in proportion to their number, however they are nested.
//!
//! **Shortage of memory.** Merging needs memory and may end by unwinding. The end of a subtransaction is no place for that, so nothing is
//! merged there.

use std::collections::BTreeMap;

/// A subtransaction. Those that are in progress lie one inside the other, inner ones have greater numbers.
pub type Subtransaction = u32;

/// The outermost one, which is undone only with the transaction.
pub const TOP: Subtransaction = 1;

/// A tview, by its oid.
pub type Tview = u32;

/// What is to be done for a tview.
pub trait Work: Clone {
    /// Adds other work to this. If that ends by unwinding, this stands for more than both.
    fn merge(&mut self, other: Self);

    /// About what it costs to add this to other work.
    fn size(&self) -> usize;
}

#[derive(Clone)]
struct Note<W> {
    /// How many tviews stand below the tview, one on the other.
    level: u32,
    /// All of them are to be done.
    parts: Vec<W>,
}

impl<W: Work> Note<W> {
    /// Makes one part of all.
    fn merge(&mut self) {
        while self.parts.len() > 1
            && let Some(mut last) = self.parts.pop()
            && let Some(first) = self.parts.first_mut()
        {
            if last.size() > first.size() {
                std::mem::swap(first, &mut last);
            }
            first.merge(last);
        }
    }

    /// Adds the parts of another note, unmerged.
    fn append(&mut self, mut other: Note<W>) {
        if other.parts.len() > self.parts.len() {
            std::mem::swap(&mut self.parts, &mut other.parts);
        }
        self.parts.append(&mut other.parts);
    }
}

/// What was noted in one subtransaction.
type Open<W> = BTreeMap<Tview, Note<W>>;
/// What was worked off in one subtransaction, with the one in which it was noted: always an outer one, else nothing could bring it back.
type Done<W> = BTreeMap<(Subtransaction, Tview), Note<W>>;

/// The notes of a transaction.
pub struct Notebook<W> {
    /// What is to be done; no entry is empty.
    open: BTreeMap<Subtransaction, Open<W>>,
    /// What was done; no entry is empty.
    done: BTreeMap<Subtransaction, Done<W>>,
}

impl<W: Work> Notebook<W> {
    /// An empty one.
    pub const fn new() -> Notebook<W> {
        Notebook {
            open: BTreeMap::new(),
            done: BTreeMap::new(),
        }
    }

    /// Whether something is to be done.
    pub fn has_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Notes work for a tview of a level in the innermost subtransaction.
    pub fn add(&mut self, now: Subtransaction, level: u32, tview: Tview, work: W) {
        // What ended blocks have handed up to the one around is merged from time to time, so that it does not pile up.
        if let Some((_, around)) = self.open.range_mut(..now).next_back()
            && let Some(note) = around.get_mut(&tview)
        {
            note.merge();
        }
        let notes = self.open.entry(now).or_default();
        let parts = vec![work];
        append(notes, tview, Note { level, parts });
        if let Some(note) = notes.get_mut(&tview) {
            note.merge();
        }
    }

    /// Looks at all parts of what is to be done for a tview.
    pub fn for_each_open(&mut self, tview: Tview, mut change: impl FnMut(&mut W)) {
        let notes = self.open.values_mut();
        let of_tview = notes.filter_map(|notes| notes.get_mut(&tview));
        of_tview.flat_map(|note| &mut note.parts).for_each(&mut change);
    }

    /// Takes what is to be done for the tviews of the lowest level, in the order of their oids. It is worked off in the innermost
    /// subtransaction, `now`.
    pub fn take_lowest(&mut self, now: Subtransaction) -> Vec<(Tview, W)> {
        let levels = self.open.values().flat_map(Open::values).map(|note| note.level);
        let Some(lowest) = levels.min() else {
            return Vec::new();
        };
        let mut taken: Open<W> = BTreeMap::new();
        for (noted, notes) in &mut self.open {
            for (tview, note) in notes.extract_if(.., |_, note| note.level == lowest) {
                if *noted < now {
                    let done = self.done.entry(now).or_default();
                    append(done, (*noted, tview), note.clone());
                }
                append(&mut taken, tview, note);
            }
        }
        self.open.retain(|_, notes| !notes.is_empty());
        let whole = |(tview, mut note): (Tview, Note<W>)| {
            note.merge();
            Some((tview, note.parts.pop()?))
        };
        taken.into_iter().filter_map(whole).collect()
    }

    /// A subtransaction is undone, and with it what was noted and what was worked off in it.
    pub fn roll_back(&mut self, subtransaction: Subtransaction) {
        self.open.remove(&subtransaction);
        let done = self.done.remove(&subtransaction).unwrap_or_default();
        for ((noted, tview), note) in done {
            append(self.open.entry(noted).or_default(), tview, note);
        }
    }

    /// A subtransaction has ended well: what was noted and worked off in it belongs to its parent.
    pub fn hand_up(&mut self, subtransaction: Subtransaction, parent: Subtransaction) {
        if let Some(notes) = self.open.remove(&subtransaction) {
            let known = self.open.remove(&parent).unwrap_or_default();
            self.open.insert(parent, together(notes, known));
        }
        if let Some(mut done) = self.done.remove(&subtransaction) {
            // Only what was noted outside the parent comes back if that is undone.
            drop(done.split_off(&(parent, Tview::MIN)));
            let known = self.done.remove(&parent).unwrap_or_default();
            let done = together(done, known);
            if !done.is_empty() {
                self.done.insert(parent, done);
            }
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.open.clear();
        self.done.clear();
    }

    /// How many parts of notes there are, done ones included.
    pub fn len(&self) -> usize {
        let open = self.open.values().flat_map(Open::values);
        let done = self.done.values().flat_map(Done::values);
        open.chain(done).map(|note| note.parts.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty() && self.done.is_empty()
    }
}

impl<W: Work> Default for Notebook<W> {
    fn default() -> Notebook<W> {
        Notebook::new()
    }
}

fn append<K: Ord, W: Work>(notes: &mut BTreeMap<K, Note<W>>, key: K, note: Note<W>) {
    match notes.get_mut(&key) {
        Some(known) => known.append(note),
        None => {
            notes.insert(key, note);
        }
    }
}

/// The notes of both, at the cost of the smaller number of them.
fn together<K: Ord, W: Work>(one: BTreeMap<K, Note<W>>, other: BTreeMap<K, Note<W>>) -> BTreeMap<K, Note<W>> {
    let (smaller, mut larger) = if one.len() > other.len() {
        (other, one)
    } else {
        (one, other)
    };
    for (key, note) in smaller {
        append(&mut larger, key, note);
    }
    larger
}
