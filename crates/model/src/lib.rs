//! A model of the concurrency protocol (docs/design/concurrency.md): all interleavings of small sets of transactions are explored, and after
//! each step every tview has to equal its query in the committed state. Any one rule can be left out, to see that it is needed.
//!
//! [`schema`] has the tables, the tviews with their queries, and what their changed rows ask for; [`transaction`] the steps of one
//! transaction.

mod locks;
pub mod schema;
pub mod transaction;

use schema::{Db, TVIEWS, Table};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use transaction::{Program, Step, Transaction};

/// A rule of the protocol that can be left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// Changes whose rows name their units lock these units.
    UnitLock,
    /// A change that affects everything, and a search at REPEATABLE READ, exclude all others of the tview.
    WholeLock,
    /// Who searches locks the values over which it goes from row to row,
    PassingValues,
    /// also those that it learns on its way,
    LaterValues,
    /// for which it gives back the ones that it has, to lock all in one order;
    LocksTogether,
    /// and who changes rows to which searches come locks the values over which they do.
    MovedValues,
    /// Locks are taken before the snapshot under which is read.
    LockBeforeSnapshot,
    /// Locks on units are taken in one order.
    OrderOfUnits,
    /// Tviews of a lower level are locked and worked on before those that read them.
    OrderOfLevels,
    /// Locks are held to the end of the transaction.
    LocksToTheEnd,
    /// A row that has moved names the unit that it has left.
    OldUnits,
    /// Notes that a flush has worked off come back when the flush is undone.
    NotesRestored,
    /// At REPEATABLE READ the search looks at the latest state as well.
    SearchUnderLatest,
    /// At REPEATABLE READ the units are compared with their query in the latest state,
    CheckUnderLatest,
    /// and in what the transaction sees.
    CheckUnderOwn,
    /// Who writes a leaf takes up the newest version of the row.
    NewestVersion,
    /// Who writes leaves of several rows locks as those do who compute them.
    OneRow,
    /// Only leaves are computed beside those who write behind links, and only such as are made of nothing that these write.
    OwnLeaves,
    /// Who computes units locks the values that their links have, and who writes leaves of the rows with a value locks that.
    LinkValues,
    /// These are the values in the stored rows,
    OldValues,
    /// and those in the rows of the root.
    NewValues,
}

/// Which rules are followed, and which tviews there are.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    omitted: Option<Rule>,
    tviews: &'static [Table],
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            omitted: None,
            tviews: &TVIEWS,
        }
    }
}

impl Rules {
    /// All rules for some of the tviews. With many of them, the locks of one also keep the transactions of others apart.
    pub fn only(tviews: &'static [Table]) -> Rules {
        Rules {
            omitted: None,
            tviews,
        }
    }

    /// All but one.
    pub fn without(self, rule: Rule) -> Rules {
        Rules {
            omitted: Some(rule),
            ..self
        }
    }

    pub(crate) fn has(self, rule: Rule) -> bool {
        self.omitted != Some(rule)
    }
}

/// What all transactions together have come to.
#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    committed: Db,
    transactions: Vec<Transaction>,
}

/// What an exploration has found.
#[derive(Default, Debug)]
pub struct Report {
    /// How many states there are.
    pub states: usize,
    /// The steps that lead to a committed row that differs from the query, or to a transaction that reads such a row.
    pub wrong: Option<Vec<String>>,
    /// The steps that lead to transactions that wait for each other.
    pub deadlock: Option<Vec<String>>,
    /// How often a transaction ended with a serialization failure.
    pub failures: usize,
    /// How often all transactions came to their end.
    pub ends: usize,
}

/// Explores all interleavings of some transactions.
pub fn explore(rules: Rules, programs: &[Program]) -> Report {
    let state = State {
        committed: schema::initial(),
        transactions: programs.iter().map(|_| Transaction::default()).collect(),
    };
    let mut exploration = Exploration {
        rules,
        programs,
        seen: HashSet::new(),
        path: Vec::new(),
        report: Report::default(),
    };
    exploration.visit(&state);
    exploration.report
}

struct Exploration<'a> {
    rules: Rules,
    programs: &'a [Program],
    seen: HashSet<u64>,
    path: Vec<String>,
    report: Report,
}

impl Exploration<'_> {
    fn visit(&mut self, state: &State) {
        let mut hasher = DefaultHasher::new();
        state.hash(&mut hasher);
        if !self.seen.insert(hasher.finish()) {
            return;
        }
        self.report.states += 1;
        let is_wrong = |tview: &Table| !schema::is_right(&state.committed, *tview);
        if self.rules.tviews.iter().any(is_wrong) {
            self.wrong();
        }
        let mut waiting = Vec::new();
        let mut moved = false;
        for number in 0..self.programs.len() {
            match self.step(state, number) {
                Step::Moved => moved = true,
                Step::Waits => waiting.push(number),
                Step::Ended => {}
            }
        }
        if moved {
            return;
        }
        if waiting.is_empty() {
            self.report.ends += 1;
            return;
        }
        if self.report.deadlock.is_none() {
            self.report.deadlock = Some(self.path.clone());
        }
        // The server ends one of them.
        for number in waiting {
            let mut next = state.clone();
            next.transactions[number].abort();
            self.go(&next, format!("{number}: ended because of the deadlock"));
        }
    }

    /// Lets one transaction make a step, and explores what can follow.
    fn step(&mut self, state: &State, number: usize) -> Step {
        let mut next = state.clone();
        let mut own = std::mem::take(&mut next.transactions[number]);
        let others: Vec<&Transaction> = state.others(number).collect();
        let before = own.to_string();
        let mut world = transaction::World {
            rules: self.rules,
            committed: &mut next.committed,
            others: &others,
        };
        let failed = own.has_failed();
        let step = own.step(&self.programs[number], &mut world);
        self.report.failures += usize::from(own.has_failed() && !failed);
        if own.has_read_wrong() {
            self.wrong();
        }
        next.transactions[number] = own;
        if step == Step::Moved {
            self.go(&next, format!("{number}: {before}"));
        }
        step
    }

    fn go(&mut self, state: &State, step: String) {
        self.path.push(step);
        self.visit(state);
        self.path.pop();
    }

    fn wrong(&mut self) {
        if self.report.wrong.is_none() {
            self.report.wrong = Some(self.path.clone());
        }
    }
}

impl State {
    fn others(&self, number: usize) -> impl Iterator<Item = &Transaction> {
        let all = self.transactions.iter().enumerate();
        all.filter(move |(other, _)| *other != number)
            .map(|(_, transaction)| transaction)
    }
}
