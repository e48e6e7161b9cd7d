//! Definitions of very many sources: how the work grows with their number.

use super::Builder;
use crate::{Plan, missing_indexes, patches, plan};
use pg_tviews_ir::set_checkpoint;
use std::cell::Cell;

thread_local! {
    /// How often this thread has looked whether to give up: about as often as it has done something.
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

/// `count` derived tables, one inside the other, each of which joins a further table.
fn nested(count: usize, join: &str) -> String {
    let mut text = "from (\n".repeat(count) + "from product p\nselect p.pk, p.fk_category\n";
    for number in 0..count {
        text.push_str(&format!(
            ") d{number} on true\n{join} product j{number} on j{number}.pk = d{number}.fk_category\n\
             select d{number}.pk, d{number}.fk_category\n"
        ));
    }
    text
}

/// `count` tables, each joined with the one before.
fn chain(count: usize, join: &str) -> String {
    let mut text = String::from("from product p0\n");
    for number in 1..count {
        let before = number - 1;
        text.push_str(&format!(
            "{join} product p{number} on p{number}.pk = p{before}.fk_category\n"
        ));
    }
    text + "select p0.pk, p0.fk_category\n"
}

/// `count` tables, each joined with the first.
fn star(count: usize, join: &str) -> String {
    let mut text = String::from("from product p0\n");
    for number in 1..count {
        text.push_str(&format!(
            "{join} product p{number} on p{number}.pk = p0.fk_category\n"
        ));
    }
    text + "select p0.pk, p0.fk_category\n"
}

fn planned(text: &str) -> Plan {
    let built = Builder::read(text);
    let plan = plan(&built.view, None).expect("a plan");
    let _ = missing_indexes(&built.view, &plan);
    for occurrence in &plan.occurrences {
        let _ = patches(&built.view, &plan.key, occurrence.source);
    }
    plan
}

fn steps(text: &str) -> u64 {
    set_checkpoint(|| STEPS.set(STEPS.get() + 1));
    STEPS.set(0);
    planned(text);
    STEPS.get()
}

#[test]
fn the_work_for_each_source_is_in_proportion_to_their_number() {
    type Shape = fn(usize, &str) -> String;
    let shapes: [(&str, Shape); 3] = [("nested", nested), ("chain", chain), ("star", star)];
    for (name, shape) in shapes {
        for join in ["join", "left"] {
            let (few, many) = (steps(&shape(30, join)), steps(&shape(60, join)));
            assert!(few > 0, "{name} {join}");
            assert!(
                many <= few * 9 / 2,
                "{name} {join}: {few} steps for 30 sources, {many} for 60"
            );
        }
    }
}

#[test]
fn expressions_that_double_from_one_to_the_next_come_to_an_end() {
    let mut text = "from (\n".repeat(80) + "from product p\nselect p.pk, p.name, p.fk_category\n";
    for number in 0..80 {
        text.push_str(&format!(
            ") d{number} on true\nselect d{number}.pk, d{number}.name || d{number}.fk_category as name, \
             d{number}.fk_category || d{number}.name as fk_category\n"
        ));
    }
    let plan = planned(&text);
    assert_eq!(plan.occurrences.len(), 1);
    assert_eq!(plan.key.columns.len(), 1);
}
