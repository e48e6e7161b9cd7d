//! The notebook compared with its simplest form, a list of all that was noted, and what it costs.

use std::cell::Cell;
use std::rc::Rc;

use pg_tviews_notebook::{Notebook, Subtransaction, TOP, Tview, Work};

/// Numbers of changes, each of which has to be worked off exactly once; and a counter of those that were moved by merging.
#[derive(Clone)]
struct Changes {
    numbers: Vec<u32>,
    moved: Rc<Cell<usize>>,
}

impl Work for Changes {
    fn merge(&mut self, other: Changes) {
        self.moved.set(self.moved.get() + other.numbers.len());
        self.numbers.extend(other.numbers);
    }

    fn size(&self) -> usize {
        self.numbers.len()
    }
}

/// A change as the list has it.
struct Listed {
    number: u32,
    tview: Tview,
    noted: Subtransaction,
    done: Option<Subtransaction>,
}

/// A transaction that keeps both.
struct Both {
    notebook: Notebook<Changes>,
    list: Vec<Listed>,
    /// The subtransactions in progress, the innermost last.
    inside: Vec<Subtransaction>,
    subtransactions: Subtransaction,
    changes: u32,
    moved: Rc<Cell<usize>>,
}

/// How high a tview of these tests stands.
fn level(tview: Tview) -> u32 {
    tview % 3
}

impl Both {
    fn new() -> Both {
        Both {
            notebook: Notebook::new(),
            list: vec![],
            inside: vec![TOP],
            subtransactions: TOP,
            changes: 0,
            moved: Rc::default(),
        }
    }

    fn now(&self) -> Subtransaction {
        *self.inside.last().expect("the transaction")
    }

    fn note(&mut self, tview: Tview) {
        self.changes += 1;
        let now = self.now();
        let changes = Changes {
            numbers: vec![self.changes],
            moved: Rc::clone(&self.moved),
        };
        self.notebook.add(now, level(tview), tview, changes);
        self.list.push(Listed {
            number: self.changes,
            tview,
            noted: now,
            done: None,
        });
    }

    fn begin(&mut self) {
        self.subtransactions += 1;
        self.inside.push(self.subtransactions);
    }

    fn commit(&mut self) {
        let [.., parent, own] = self.inside[..] else {
            return;
        };
        self.inside.pop();
        self.notebook.hand_up(own, parent);
        for change in &mut self.list {
            if change.noted == own {
                change.noted = parent;
            }
            if change.done == Some(own) {
                change.done = Some(parent);
            }
        }
    }

    fn undo(&mut self) {
        let [.., _, own] = self.inside[..] else { return };
        self.inside.pop();
        self.notebook.roll_back(own);
        self.list.retain(|change| change.noted != own);
        for change in &mut self.list {
            if change.done == Some(own) {
                change.done = None;
            }
        }
    }

    /// Works off the lowest level in both, and compares.
    fn flush_lowest(&mut self) {
        let now = self.now();
        let taken = self.notebook.take_lowest(now);
        let mut of_notebook: Vec<(Tview, u32)> = taken
            .iter()
            .flat_map(|(tview, work)| work.numbers.iter().map(|number| (*tview, *number)))
            .collect();
        let tviews: Vec<Tview> = taken.iter().map(|(tview, _)| *tview).collect();
        assert!(tviews.is_sorted(), "tviews are locked in order: {tviews:?}");
        let open = self.list.iter().filter(|change| change.done.is_none());
        let lowest = open.map(|change| level(change.tview)).min();
        let mut of_list = vec![];
        for change in &mut self.list {
            if change.done.is_none() && Some(level(change.tview)) == lowest {
                change.done = Some(now);
                of_list.push((change.tview, change.number));
            }
        }
        of_notebook.sort_unstable();
        of_list.sort_unstable();
        assert_eq!(of_notebook, of_list);
    }

    fn check(&self) {
        let open = self.list.iter().any(|change| change.done.is_none());
        assert_eq!(self.notebook.has_open(), open);
    }
}

/// Random numbers, the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[test]
fn every_change_is_worked_off_once_and_again_if_that_is_undone() {
    for seed in 0..400 {
        let mut random = Random(seed);
        let mut both = Both::new();
        for _ in 0..300 {
            match random.below(10) {
                0..=3 => both.note(random.below(5) as Tview),
                4 | 5 => both.begin(),
                6 => both.commit(),
                7 => both.undo(),
                8 => both.flush_lowest(),
                _ => (0..3).for_each(|_| both.flush_lowest()),
            }
            both.check();
        }
        while both.inside.len() > 1 {
            both.commit();
        }
        while both.notebook.has_open() {
            both.flush_lowest();
        }
        both.check();
        assert!(both.notebook.is_empty());
    }
}

/// Changes that merging moved, and the most parts of notes that there were.
fn cost(count: usize, step: impl Fn(&mut Both, usize), end: impl Fn(&mut Both)) -> (usize, usize) {
    let mut both = Both::new();
    let mut most = 0;
    for number in 0..count {
        step(&mut both, number);
        // Of the list only the end is needed here.
        both.list.clear();
        most = most.max(both.notebook.len());
    }
    end(&mut both);
    (both.moved.get(), most)
}

#[test]
fn blocks_one_after_the_other_do_not_pile_up() {
    let block = |both: &mut Both, _: usize| {
        both.begin();
        both.note(1);
        both.commit();
    };
    let (moved, most) = cost(20_000, block, |_| {});
    assert!(moved <= 20_000, "{moved} changes were moved");
    assert!(most <= 3, "{most} parts of notes were there at once");
}

#[test]
fn nested_savepoints_are_handed_up_in_proportion_to_their_number() {
    let count = 5_000;
    let savepoint = |both: &mut Both, _: usize| {
        both.begin();
        both.note(1);
    };
    let all = |both: &mut Both| {
        (0..count).for_each(|_| both.commit());
        assert_eq!(both.notebook.take_lowest(both.now()).len(), 1);
    };
    let (moved, most) = cost(count, savepoint, all);
    assert!(moved <= count, "{moved} changes were moved");
    assert_eq!(most, count);
}

#[test]
fn what_can_not_come_back_is_not_kept() {
    let block = |both: &mut Both, _: usize| {
        both.begin();
        both.note(1);
        // Only what was noted outside would have to come back.
        both.notebook.take_lowest(both.now());
        both.commit();
    };
    let (_, most) = cost(1_000, block, |_| {});
    assert_eq!(most, 0);
    let outside = |both: &mut Both, _: usize| {
        both.note(1);
        block(both, 0);
    };
    let (_, most) = cost(1_000, outside, |_| {});
    assert_eq!(most, 0, "the transaction itself is undone as a whole");
}
