//! Conditions with subqueries, and the ways to say that two values are equal, or nearly.

use super::expression::Builder;
use super::query::Wanted;
use super::scope::Scope;
use super::types::Ty;
use crate::fragment::Fragment;
use crate::sql;

impl Builder<'_> {
    /// `a = b`, seldom in other words or with another meaning. Columns of all key types go.
    pub fn equal(&mut self, a: &str, b: &str) -> String {
        let (a, b) = if self.rng.chance(50) { (a, b) } else { (b, a) };
        if !self.rng.chance(14) {
            return format!("{a} = {b}");
        }
        self.multiplied = true;
        match self.rng.below(12) {
            0 | 1 => format!("{a} IS NOT DISTINCT FROM {b}"),
            2 => format!("{a}::text = {b}::text"),
            3 => format!("coalesce({a}::text, '') = coalesce({b}::text, '')"),
            4 => format!("{a}::text::varchar(40) = {b}::text"),
            5 => format!("left({a}::text, 1) = left({b}::text, 1)"),
            6 => format!("{a} BETWEEN {b} AND {b}"),
            7 => format!("{a} <= {b}"),
            8 => format!("{a} = ANY (ARRAY[{b}, NULL])"),
            9 => format!("ROW({a}, 1) = ROW({b}, 1)"),
            10 => format!("NOT {a} <> {b}"),
            _ => format!("({a} = {b} OR {a}::text = '1')"),
        }
    }

    /// EXISTS, IN, ANY and ALL, and what negates them.
    pub fn existence(&mut self, scope: &Scope, depth: usize) -> Option<Fragment> {
        if scope.depth() >= 3 || self.budget == 0 {
            return None;
        }
        let ty = self.rng.weighted(&[
            (4, Ty::Int),
            (4, Ty::Text),
            (1, Ty::Big),
            (1, Ty::Numeric),
            (1, Ty::Char),
        ]);
        let several = self.rng.chance(25);
        let exists = self.rng.chance(45);
        let query = if depth > 0 && self.rng.chance(22) {
            let types = match several {
                true => vec![ty, Ty::Int],
                false => vec![ty],
            };
            self.query(scope, &Wanted::types(&types), depth - 1).text
        } else {
            let inner = self.inner(scope, depth)?;
            let value = match (exists, several) {
                (true, _) => "1".into(),
                (_, true) => sql![
                    self.leaf(&inner.scope, ty),
                    ", ",
                    self.leaf(&inner.scope, Ty::Int)
                ],
                _ => self.leaf(&inner.scope, ty),
            };
            sql!["SELECT ", value, " ", inner.body]
        };
        if exists {
            let word = self.rng.weighted(&[(3, "EXISTS"), (2, "NOT EXISTS")]);
            return Some(sql![word, " (", query, ")"]);
        }
        Some(self.membership_test(scope, ty, (several, query)))
    }

    fn membership_test(&mut self, scope: &Scope, ty: Ty, (several, query): (bool, Fragment)) -> Fragment {
        let word = self.rng.weighted(&[
            (3, " IN "),
            (3, " NOT IN "),
            (1, " = ANY "),
            (1, " <> ALL "),
            (1, " > ANY "),
            (1, " <= ALL "),
            (1, " = ALL "),
            (1, " <> ANY "),
        ]);
        let left = self.leaf(scope, ty);
        if several {
            let more = self.leaf(scope, Ty::Int);
            return sql!["((", left, ", ", more, ")", word, "(", query, "))"];
        }
        // Types that differ: the operator of the two decides.
        let left = match ty {
            Ty::Int if self.rng.chance(20) => sql![left, "::bigint"],
            Ty::Int if self.rng.chance(10) => sql![left, "::numeric"],
            Ty::Text if self.rng.chance(20) => sql![left, "::varchar"],
            Ty::Text | Ty::Char if self.rng.chance(10) => sql![left, "::char(3)"],
            _ => left,
        };
        sql!["(", left, word, "(", query, "))"]
    }
}
