//! The locks of the protocol: which exclude each other, and which ones a flush takes.

use crate::schema::Table;
use crate::transaction::Work;
use crate::{Rule, Rules};
use std::collections::BTreeSet;

/// A lock of a tview, of one of its units or of a value of its link.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Lock {
    /// For a leaf of one row.
    Leaves(Table),
    /// For units.
    Weak(Table),
    /// For leaves of rows with some values of the link.
    Values(Table),
    Whole(Table),
    Unit(Table, i8),
    /// A value of the link, for those who change what it leads to.
    Target(Table, i8),
    /// The same, for those who compute rows that have it.
    Rows(Table, i8),
}

/// What a flush waits for next, in locking.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Wanted {
    Lock(Lock),
    /// The values of the links of these units; they are looked up.
    Links(Table, Vec<i8>, BTreeSet<i8>),
}

impl Lock {
    /// Whether both can't be held by two transactions at once.
    pub(crate) fn excludes(self, other: Lock) -> bool {
        use Lock::{Leaves, Rows, Target, Unit, Values, Weak, Whole};
        match (self, other) {
            (Whole(own), Whole(tview) | Values(tview) | Weak(tview) | Leaves(tview))
            | (Leaves(own) | Weak(own) | Values(own), Whole(tview))
            | (Values(own), Values(tview)) => own == tview,
            (Target(own, value), Target(tview, other) | Rows(tview, other))
            | (Rows(own, value), Target(tview, other)) => own == tview && value == other,
            (Unit(..), Unit(..)) => self == other,
            _ => false,
        }
    }
}

impl Work {
    /// What a flush locks for it, in this order.
    pub(crate) fn locks(&self, tview: Table, rules: Rules) -> Vec<Wanted> {
        /// More units than this are not locked one by one.
        const MOST: usize = 2;
        let of = |table: Table| self.patches.iter().filter(move |key| key.0 == table);
        let mut units = self.units.clone();
        units.extend(of(Table::Product).map(|key| key.1));
        if rules.has(Rule::OrderOfUnits) {
            units.sort_unstable();
        }
        units.dedup();
        if self.everything || !self.searches.is_empty() || units.len() > MOST {
            return vec![Wanted::Lock(if rules.has(Rule::WholeLock) {
                Lock::Whole(tview)
            } else {
                Lock::Weak(tview)
            })];
        }
        let targets: BTreeSet<i8> = of(Table::Category).map(|key| key.1).collect();
        let only_leaves = self.units.is_empty();
        let mode = if !targets.is_empty() {
            Lock::Values(tview)
        } else if only_leaves && (units.len() == 1 || !rules.has(Rule::OneRow)) {
            Lock::Leaves(tview)
        } else {
            Lock::Weak(tview)
        };
        let has_links = tview == Table::TvProduct && rules.writes_leaves();
        let links = has_links && mode != Lock::Leaves(tview) && rules.has(Rule::LinkValues);
        let mut wanted = vec![Wanted::Lock(mode)];
        if rules.has(Rule::UnitLock) {
            let locks = units.iter().map(|unit| Lock::Unit(tview, *unit));
            wanted.extend(locks.map(Wanted::Lock));
        }
        if links {
            wanted.push(Wanted::Links(tview, units, targets));
        }
        wanted
    }
}

impl Rules {
    /// Leaves are written row by row unless there is a tview over this one.
    pub(crate) fn writes_leaves(self) -> bool {
        !self.tviews.contains(&Table::TvShelf)
    }
}
