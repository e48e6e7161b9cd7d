//! Runs random cases until enough statements have been tried or one fails, and shrinks what fails.

use super::case::Case;
use super::file;
use super::keeper::Keeper;
use super::run::{Oracle, Problem, Tally};
use super::shrink::shrink;
use crate::generate::{self, Options};
use crate::rng::Rng;
use crate::server;

/// Runs spent on making a failing case smaller.
const SHRINK_BUDGET: usize = 1500;

/// How long and where to hunt.
#[derive(Clone, Debug)]
pub struct Hunt {
    /// Seed of the first case.
    pub seed: u64,
    /// Statements to try at least.
    pub statements: usize,
    /// Failures after which to stop.
    pub failures: usize,
    /// What to generate.
    pub options: Options,
}

impl Hunt {
    /// `ORACLE_SEED`, `ORACLE_STATEMENTS` and `ORACLE_FAILURES` (1) from the environment, or these.
    ///
    /// # Panics
    /// When one of them is no number.
    pub fn from_environment(seed: u64, statements: usize, options: Options) -> Self {
        let number = |name: &str, default: u64| {
            std::env::var(name).map_or(default, |text| {
                text.parse()
                    .unwrap_or_else(|_| panic!("{name} has to be a number, and is {text:?}"))
            })
        };
        Self {
            seed: number("ORACLE_SEED", seed),
            statements: number("ORACLE_STATEMENTS", statements as u64) as usize,
            failures: number("ORACLE_FAILURES", 1) as usize,
            options,
        }
    }
}

impl Hunt {
    /// Hunts in a new database of this program's server, in sessions with these options, where all definitions are accepted.
    ///
    /// # Panics
    /// On a difference, with the report, and if a definition or statement is refused.
    pub fn finds_nothing(&self, label: &str, keeper: &dyn Keeper, session: &str) {
        let database = server::create_database(label);
        let server = server::server().connection_string(server::SUPERUSER, &database);
        let parameters = format!("{server} options='{session}'");
        let outcome = hunt(self, &parameters, keeper);
        server::check_given_back();
        match outcome {
            Err(report) => panic!("{report}"),
            Ok(tally) => {
                println!("seed {}: {tally}", self.seed);
                assert_eq!(tally.refused + tally.invalid, 0, "{tally}");
            }
        }
    }
}

/// Hunts; what was tried, or for each failure a report with its script and the shrunk case.
pub fn hunt(hunt: &Hunt, parameters: &str, keeper: &dyn Keeper) -> Result<Tally, String> {
    let mut oracle =
        Oracle::new(parameters, keeper).map_err(|failure| format!("cannot set up: {failure}"))?;
    let mut seeds = Rng::new(hunt.seed);
    // The first case has the seed itself, so that a printed seed gives its case at once.
    let mut seed = hunt.seed;
    let mut reports = vec![];
    while oracle.tally.commands < hunt.statements && reports.len() < hunt.failures {
        let case = generate::case(seed, &hunt.options);
        let before = oracle.tally.clone();
        if let Err(problem) = oracle.run(&case) {
            let found = report(&mut oracle, &case, &problem);
            // A long hunt shows what it has caught so far.
            if hunt.failures > 1 {
                eprintln!("{found}");
            }
            reports.push(found);
            // What the shrinker tried does not count.
            oracle.tally = before;
            oracle.tally.commands += case.commands();
        }
        seed = seeds.next_u64() >> 16;
        if hunt.failures > 1 && oracle.tally.cases.is_multiple_of(100) {
            eprintln!("{}", oracle.tally);
        }
    }
    if reports.is_empty() {
        Ok(oracle.tally)
    } else {
        Err(reports.join("\n"))
    }
}

fn report(oracle: &mut Oracle<'_>, case: &Case, problem: &Problem) -> String {
    let tally = oracle.tally.clone();
    let mut last = problem.clone();
    let (small, runs) = shrink(
        case,
        SHRINK_BUDGET,
        &mut |candidate| match oracle.run(candidate) {
            Err(found) if found.kind == problem.kind => {
                last = found;
                true
            }
            _ => false,
        },
    );
    format!(
        "{problem}\n\nreproduce with: ORACLE_SEED={} ORACLE_STATEMENTS=1\nafter {tally}\n\n\
         === full script ===\n{}\n=== shrunk in {runs} runs: {last} ===\n{}
         === as a file for tests/cases ===\n{}",
        case.seed,
        case.script(),
        small.script(),
        file::print(&small)
    )
}
