//! Makes a failing case smaller as long as it still fails.
//!
//! Delta debugging over the lists (steps, tviews, rows, tables), then the reductions of every [`Fragment`]. It ends
//! when nothing helps any more or when its budget of runs is spent.

use super::case::{Case, Step};
use crate::fragment::Fragment;

/// The smallest failing case found, with the number of runs it took.
///
/// `fails` says whether a case still fails in the same way.
pub fn shrink(case: &Case, budget: usize, fails: &mut dyn FnMut(&Case) -> bool) -> (Case, usize) {
    let mut shrinker = Shrinker {
        best: case.clone(),
        runs: 0,
        budget,
        fails,
    };
    loop {
        let before = shrinker.best.clone();
        shrinker.list(|case| &mut case.steps);
        shrinker.list(|case| &mut case.tviews);
        shrinker.transactions();
        shrinker.list(|case| &mut case.data);
        shrinker.fragments();
        shrinker.list(|case| &mut case.schema);
        if shrinker.spent() || before.script() == shrinker.best.script() {
            return (shrinker.best, shrinker.runs);
        }
    }
}

struct Shrinker<'a> {
    best: Case,
    runs: usize,
    budget: usize,
    fails: &'a mut dyn FnMut(&Case) -> bool,
}

impl Shrinker<'_> {
    fn spent(&self) -> bool {
        self.runs >= self.budget
    }

    /// Keeps the candidate if it still fails.
    fn try_case(&mut self, candidate: Case) -> bool {
        if self.spent() {
            return false;
        }
        self.runs += 1;
        let keep = (self.fails)(&candidate);
        if keep {
            self.best = candidate;
        }
        keep
    }

    /// Removes runs of elements, long ones first, from the end to the beginning: what follows the failing step goes
    /// at once.
    fn list<T>(&mut self, list: impl Fn(&mut Case) -> &mut Vec<T>) {
        let mut chunk = list(&mut self.best).len();
        while chunk > 0 {
            let mut end = list(&mut self.best).len();
            while end > 0 {
                let start = end.saturating_sub(chunk);
                let mut candidate = self.best.clone();
                list(&mut candidate).drain(start..end);
                self.try_case(candidate);
                end = start;
            }
            chunk /= 2;
        }
    }

    /// Takes commands out of transactions, and replaces a transaction by its only command.
    fn transactions(&mut self) {
        let mut number = 0;
        while number < self.best.steps.len() {
            let commands = self.best.steps[number].commands().len();
            for at in (0..commands).rev() {
                let mut candidate = self.best.clone();
                if let Step::Transaction { commands, .. } = &mut candidate.steps[number]
                    && commands.len() > 1
                {
                    commands.remove(at);
                    self.try_case(candidate);
                }
            }
            let mut candidate = self.best.clone();
            if let Step::Transaction { commands, .. } = &candidate.steps[number]
                && let [only] = commands.as_slice()
            {
                candidate.steps[number] = Step::Single(only.clone());
                self.try_case(candidate);
            }
            number += 1;
        }
    }

    fn fragments(&mut self) {
        for place in 0..places(&mut self.best).len() {
            let mut next = 0;
            loop {
                let reductions = places(&mut self.best)[place].reductions();
                let Some(reduced) = reductions.get(next) else {
                    break;
                };
                let mut candidate = self.best.clone();
                *places(&mut candidate)[place] = reduced.clone();
                // After a success the list is another one; what stood before this position has failed already.
                if !self.try_case(candidate) {
                    next += 1;
                }
                if self.spent() {
                    return;
                }
            }
        }
    }
}

/// Every fragment of a case: definitions first, they are what one wants to see small.
fn places(case: &mut Case) -> Vec<&mut Fragment> {
    let mut out: Vec<&mut Fragment> = case.tviews.iter_mut().map(|tview| &mut tview.query).collect();
    for step in &mut case.steps {
        match step {
            Step::Single(command) => out.push(&mut command.text),
            Step::Transaction { commands, .. } => {
                out.extend(commands.iter_mut().map(|command| &mut command.text));
            }
        }
    }
    out.extend(case.data.iter_mut());
    out.extend(case.schema.iter_mut());
    out
}

#[cfg(test)]
mod tests {
    use super::shrink;
    use crate::fragment::Fragment;
    use crate::oracle::{Case, Command, CreateForm, Definition, End, Step};
    use crate::sql;

    fn sample() -> Case {
        let entries = ["a", "b", "c"].map(|name| sql!["'", name, "', ", name]);
        Case {
            seed: 1,
            schema: vec!["CREATE TABLE t(a int)".into(), "CREATE TABLE u(b int)".into()],
            data: (0..8)
                .map(|n| format!("INSERT INTO t VALUES ({n})").into())
                .collect(),
            tviews: vec![Definition {
                name: "tv_a".into(),
                query: sql![
                    "SELECT jsonb_build_object(",
                    Fragment::joined(entries.to_vec(), ", "),
                    ") FROM t"
                ],
                form: CreateForm::CreateTableAs,
            }],
            steps: (0..9)
                .map(|n| Step::Transaction {
                    begin: "BEGIN".into(),
                    commands: (0..3)
                        .map(|m| Command::new(format!("UPDATE t SET a = {n}{m}")))
                        .collect(),
                    end: End::Commit,
                    quiet: false,
                })
                .collect(),
        }
    }

    /// A defect that needs one row, one update and one entry of the document is shrunk to exactly these.
    #[test]
    fn finds_the_essential_parts() {
        let needs = ["CREATE TABLE t(", "VALUES (5)", "SET a = 71", "'c', c"];
        let mut fails = |case: &Case| needs.iter().all(|part| case.script().contains(part));
        let (small, _) = shrink(&sample(), 1000, &mut fails);
        assert_eq!(
            (small.schema.len(), small.data.len(), small.steps.len()),
            (1, 1, 1)
        );
        assert!(
            matches!(&small.steps[0], Step::Single(command) if command.text.to_string() == "UPDATE t SET a = 71")
        );
        assert!(!small.script().contains("'b', b"), "{}", small.script());
    }

    #[test]
    fn stops_when_the_budget_is_spent() {
        let (small, runs) = shrink(&sample(), 3, &mut |_| true);
        assert!(runs <= 3);
        assert!(small.script().len() <= sample().script().len());
    }
}
