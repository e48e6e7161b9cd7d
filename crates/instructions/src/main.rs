//! Cases of the pure crates for `cargo xtask instructions`, which runs each under callgrind and compares its instructions
//! with the committed baseline.
//!
//! Without an argument the names of the cases are printed; with one, that case is run. Only what happens below
//! [`counted`] is collected, so that making a case ready costs nothing.
//!
//! **Architecture invariant.** A case does the same each time: no clock, no random numbers, no hash tables with random
//! seeds.

mod documents;
mod views;

use std::hint::black_box;
use std::process::ExitCode;

/// A case: what it makes ready, and the work that is counted.
type Case = fn() -> Box<dyn Fn() -> usize>;

/// The cases, named by what they are about.
const CASES: &[(&str, Case)] = &[
    ("jsonb/read-1k", || documents::read(1)),
    ("jsonb/read-100k", || documents::read(100)),
    ("jsonb/patch-leaf-1k", || documents::patch_leaf(1)),
    ("jsonb/patch-leaf-10k", || documents::patch_leaf(10)),
    ("jsonb/patch-leaf-100k", || documents::patch_leaf(100)),
    ("jsonb/patch-unchanged-10k", || documents::patch_to_the_same(10)),
    ("jsonb/patch-element-10k", || documents::patch_element(10)),
    ("planner/plan-star", || views::plan(views::star())),
    ("planner/plan-chain", || views::plan(views::chain(8))),
    ("planner/patches-star", || views::patches(views::star())),
    ("planner/patches-chain", || views::patches(views::chain(8))),
    ("sqltext/search", || views::search_text(views::chain(8))),
    ("sqltext/maintenance", views::maintenance_text),
    ("sqltext/triggers", triggers),
];

/// The region that callgrind collects: found by its name.
#[inline(never)]
fn counted(work: &dyn Fn() -> usize) -> usize {
    black_box(work())
}

/// The statements that make the triggers on a source.
fn triggers() -> Box<dyn Fn() -> usize> {
    Box::new(|| {
        let source = pg_tviews_sqltext::qualified("public", "tb_product");
        pg_tviews_sqltext::SOURCE_TRIGGERS
            .into_iter()
            .map(|trigger| trigger.create(&source).len())
            .sum()
    })
}

fn main() -> ExitCode {
    let Some(wanted) = std::env::args().nth(1) else {
        for (name, _) in CASES {
            println!("{name}");
        }
        return ExitCode::SUCCESS;
    };
    let Some((_, case)) = CASES.iter().find(|(name, _)| *name == wanted) else {
        eprintln!("there is no case {wanted}");
        return ExitCode::FAILURE;
    };
    let work = case();
    // A case that makes nothing would count nothing.
    if counted(&work) == 0 {
        eprintln!("{wanted} made nothing");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use super::{CASES, counted};

    #[test]
    fn every_case_makes_something_and_always_the_same() {
        for (name, case) in CASES {
            let work = case();
            let made = counted(&work);
            assert!(made > 0, "{name}");
            assert_eq!(made, counted(&case()), "{name}");
        }
    }
}
