//! Random programs of three roles at once: no role changes, no content is wrong in silence, nobody is in the way of a stranger.
//!
//! `PROGRAMS_SEED` and `PROGRAMS_COUNT` say which, `PROGRAMS_STEPS` how long; a finding is shrunk by `PROGRAMS_SHRINKING` runs at most.

use pg_tviews_tests::attack::Rule;
use pg_tviews_tests::attack::programs::{program, run, run_at_once, shrunk};
use pg_tviews_tests::sure::number;

#[test]
fn programs_of_three_roles_do_no_harm() {
    let first = number("PROGRAMS_SEED", 20_261_201);
    let steps = number("PROGRAMS_STEPS", 80) as usize;
    let runs = number("PROGRAMS_SHRINKING", 30) as usize;
    for seed in first..first + number("PROGRAMS_COUNT", 6) {
        let rule = if seed % 3 == 2 { Rule::Trigger } else { Rule::Owner };
        let steps = program(seed, steps);
        if seed % 4 == 3 {
            println!("seed {seed}, {rule:?}, all at once");
            if let Err(finding) = run_at_once(rule, &steps) {
                panic!("seed {seed}, {rule:?}: {}", finding.text);
            }
            continue;
        }
        let finding = match run(rule, &steps) {
            Err(finding) => finding,
            Ok(done) => {
                println!("seed {seed}, {rule:?}: {done} of {} steps succeeded", steps.len());
                assert!(done * 5 > steps.len(), "hardly anything succeeds");
                continue;
            }
        };
        let needed = shrunk(rule, &steps[..steps.len().min(finding.step + 1)], runs);
        let text: Vec<String> = needed.iter().map(ToString::to_string).collect();
        panic!(
            "seed {seed}, {rule:?}, after step {}: {}\n\n{}",
            finding.step,
            finding.text,
            text.join(";\n")
        );
    }
}
