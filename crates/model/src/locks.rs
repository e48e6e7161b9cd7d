//! The locks of the protocol: which exclude each other, and which ones a flush takes.

use crate::schema::{PathValue, Table};
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
    /// A value over which searches pass, for those who search.
    Passing(Table, PathValue),
    /// The same, for those who change a row to which it leads.
    Moved(Table, PathValue),
    /// The same, for those who do both.
    Both(Table, PathValue),
}

/// What a flush waits for next, in locking.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Wanted {
    Lock(Lock),
    /// What is searched for, and then locked together with these units.
    Found(Table, Vec<i8>, BTreeSet<i8>),
    /// The values of the links of these units; they are looked up.
    Links(Table, Vec<i8>, BTreeSet<i8>),
}

/// More units than this are not locked one by one.
const MOST: usize = 2;

impl Lock {
    /// Whether it is the first one that a flush takes for a tview.
    pub(crate) fn is_of_tview(self) -> bool {
        use Lock::{Leaves, Values, Weak, Whole};
        matches!(self, Leaves(_) | Values(_) | Weak(_) | Whole(_))
    }

    /// Whether both can't be held by two transactions at once.
    pub(crate) fn excludes(self, other: Lock) -> bool {
        use Lock::{Both, Leaves, Moved, Passing, Rows, Target, Unit, Values, Weak, Whole};
        match (self, other) {
            (Whole(own), Whole(tview) | Values(tview) | Weak(tview) | Leaves(tview))
            | (Leaves(own) | Weak(own) | Values(own), Whole(tview))
            | (Values(own), Values(tview)) => own == tview,
            (Target(own, value), Target(tview, other) | Rows(tview, other))
            | (Rows(own, value), Target(tview, other)) => own == tview && value == other,
            (Passing(own, value), Moved(tview, other) | Both(tview, other))
            | (Moved(own, value), Passing(tview, other) | Both(tview, other))
            | (Both(own, value), Passing(tview, other) | Moved(tview, other) | Both(tview, other)) => {
                own == tview && value == other
            }
            (Unit(..), Unit(..)) => self == other,
            _ => false,
        }
    }
}

impl Work {
    /// What a flush locks for it, in this order. `fixed`: at REPEATABLE READ.
    pub(crate) fn locks(&self, tview: Table, fixed: bool, rules: Rules) -> Vec<Wanted> {
        let of = |table: Table| self.patches.iter().filter(move |key| key.0 == table);
        let mut units = self.units.clone();
        units.extend(of(Table::Product).map(|key| key.1));
        units.extend(&self.leaves);
        let searches = !self.searches.is_empty();
        if self.everything || (searches && fixed) || is_many(&units) {
            return vec![Wanted::Lock(if rules.has(Rule::WholeLock) {
                Lock::Whole(tview)
            } else {
                Lock::Weak(tview)
            })];
        }
        let targets: BTreeSet<i8> = of(Table::Category).map(|key| key.1).collect();
        let only_leaves = (self.units.is_empty() || !rules.has(Rule::OwnLeaves)) && !searches;
        let one = units.iter().all(|unit| units.first() == Some(unit));
        let mode = if !targets.is_empty() {
            Lock::Values(tview)
        } else if only_leaves && (one || !rules.has(Rule::OneRow)) {
            Lock::Leaves(tview)
        } else {
            Lock::Weak(tview)
        };
        let mut wanted = vec![Wanted::Lock(mode)];
        if searches {
            wanted.extend(self.search_locks(tview, units, targets, rules));
        } else {
            wanted.extend(self.path_locks(tview, rules).map(Wanted::Lock));
            let of_leaves = mode == Lock::Leaves(tview);
            wanted.extend(unit_locks(tview, units, targets, of_leaves, rules));
        }
        wanted
    }

    /// What is locked for a search, and the search, after the lock of the tview.
    pub(crate) fn search_locks(
        &self,
        tview: Table,
        units: Vec<i8>,
        targets: BTreeSet<i8>,
        rules: Rules,
    ) -> Vec<Wanted> {
        let paths = self.path_locks(tview, rules).map(Wanted::Lock);
        paths.chain([Wanted::Found(tview, units, targets)]).collect()
    }

    /// The values over which this searches, and those over which others search for rows that this changes.
    fn path_locks(&self, tview: Table, rules: Rules) -> impl Iterator<Item = Lock> + use<> {
        let kept = |values: &BTreeSet<PathValue>, rule| match rules.has(rule) {
            true => values.clone(),
            false => BTreeSet::new(),
        };
        let passing = kept(&self.passing, Rule::PassingValues);
        let moved = kept(&self.moved, Rule::MovedValues);
        let all: BTreeSet<PathValue> = passing.union(&moved).copied().collect();
        all.into_iter().map(
            move |value| match (passing.contains(&value), moved.contains(&value)) {
                (true, false) => Lock::Passing(tview, value),
                (false, _) => Lock::Moved(tview, value),
                (true, true) => Lock::Both(tview, value),
            },
        )
    }
}

fn is_many(units: &[i8]) -> bool {
    units.iter().collect::<BTreeSet<_>>().len() > MOST
}

/// The locks of units, and of what their links lead to, after that of the tview.
pub(crate) fn unit_locks(
    tview: Table,
    mut units: Vec<i8>,
    targets: BTreeSet<i8>,
    of_leaves: bool,
    rules: Rules,
) -> Vec<Wanted> {
    if is_many(&units) {
        return vec![Wanted::Lock(Lock::Whole(tview))];
    }
    if rules.has(Rule::OrderOfUnits) {
        units.sort_unstable();
    }
    units.dedup();
    let mut wanted = Vec::new();
    if rules.has(Rule::UnitLock) {
        let locks = units.iter().map(|unit| Lock::Unit(tview, *unit));
        wanted.extend(locks.map(Wanted::Lock));
    }
    let has_links = tview == Table::TvProduct && rules.writes_leaves();
    if has_links && !of_leaves && rules.has(Rule::LinkValues) {
        wanted.push(Wanted::Links(tview, units, targets));
    }
    wanted
}

impl Rules {
    /// Leaves are written row by row unless there is a tview over this one.
    pub(crate) fn writes_leaves(self) -> bool {
        !self.tviews.contains(&Table::TvShelf)
    }
}
