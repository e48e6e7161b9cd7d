//! Random subqueries: scalar, aggregated, limited, EXISTS and IN, mostly correlated with a query around them.

use super::expression::Builder;
use super::query::Wanted;
use super::scope::{Scope, Source, fresh_alias, pick_relation};
use super::types::{Ty, comparable};
use crate::fragment::Fragment;
use crate::{parts, sql};

/// The inside of a subquery.
pub struct Inner {
    /// `FROM … WHERE …`
    pub body: Fragment,
    /// What can be referred to in it.
    pub scope: Scope,
    /// An order in which no two rows that differ are equal.
    pub order: String,
    /// Whether no two rows are equal in it.
    pub exact: bool,
}

impl Inner {
    /// The rows of a query, whose FROM stands elsewhere.
    pub fn of(scope: Scope, order: String) -> Self {
        Self {
            body: "".into(),
            scope,
            order,
            exact: false,
        }
    }
}

/// A relation, the alias of the source that it hangs on, and the columns that are equal: its own, and that source's.
type Correlation = (usize, String, Vec<(String, String)>);

impl Builder<'_> {
    /// A relation that hangs on a visible source: by a link in either direction, or now and then by just two columns
    /// of one type.
    fn correlation(&mut self, scope: &Scope) -> Option<Correlation> {
        let outer = scope.source(self.rng)?.clone();
        let relation = outer.relation(self.schema);
        let mut candidates: Vec<(usize, Vec<(String, String)>)> = vec![];
        for (at, other) in self.schema.relations.iter().enumerate() {
            for link in &other.links {
                if link.target == relation.entity && !relation.key.is_empty() {
                    let pairs = other
                        .names("", &link.columns)
                        .into_iter()
                        .zip(relation.names("", &relation.key));
                    // What points here is what documents collect: more often than the rest.
                    candidates.extend(std::iter::repeat_n((at, pairs.collect()), 3));
                }
            }
            for link in &relation.links {
                if link.target == other.entity && !other.key.is_empty() {
                    let pairs = other
                        .names("", &other.key)
                        .into_iter()
                        .zip(relation.names("", &link.columns));
                    candidates.push((at, pairs.collect()));
                }
            }
        }
        if candidates.is_empty() || self.rng.chance(8) {
            let at = pick_relation(self.schema, false, self.rng);
            let other = self.schema.relations[at].data_columns();
            let mut pairs = vec![];
            for (here, there) in other
                .iter()
                .flat_map(|h| relation.data_columns().into_iter().map(move |t| (*h, t)))
            {
                let (a, b) = (&self.schema.relations[at].columns[here], &relation.columns[there]);
                if comparable(a.ty, b.ty) {
                    pairs.push((a.name.clone(), b.name.clone()));
                }
            }
            let pair = if pairs.is_empty() {
                return None;
            } else {
                self.rng.pick(&pairs).clone()
            };
            return Some((at, outer.alias, vec![pair]));
        }
        let (at, pairs) = self.rng.pick(&candidates).clone();
        Some((at, outer.alias, pairs))
    }

    /// `FROM … WHERE …`, mostly correlated.
    pub fn inner(&mut self, scope: &Scope, depth: usize) -> Option<Inner> {
        if self.budget == 0 {
            return None;
        }
        self.budget -= 1;
        if self.tamely(1, 10) {
            return Some(self.uncorrelated(scope, depth));
        }
        match self.rng.below(100) {
            0..=11 if depth > 0 => Some(self.over_query(scope, depth)),
            _ => self.correlated(scope, depth),
        }
    }

    /// Rows of another query.
    fn over_query(&mut self, scope: &Scope, depth: usize) -> Inner {
        let query = self.query(scope, &Wanted::default(), depth - 1);
        let source = Source {
            shape: Some(query.shape()),
            ..Source::of(0, "q", false)
        };
        let sources = vec![source];
        let within = scope.with(&sources);
        let body = sql!["FROM (", query.text, ") AS q WHERE ", self.condition(&within, 0)];
        Inner {
            body,
            order: self.order(&sources),
            scope: within,
            exact: false,
        }
    }

    /// Rows that have nothing to do with the query around.
    fn uncorrelated(&mut self, scope: &Scope, depth: usize) -> Inner {
        let at = pick_relation(self.schema, false, self.rng);
        let alias = fresh_alias(&[], "", self.rng);
        let sources = vec![Source::of(at, &alias, false)];
        let own = Scope::default().with(&sources);
        let condition = self.condition(&own, depth.min(1));
        Inner {
            body: sql![
                format!("FROM {} AS {alias} WHERE ", self.schema.relations[at].name),
                condition
            ],
            order: self.order(&sources),
            scope: scope.with(&sources),
            exact: false,
        }
    }

    fn correlated(&mut self, scope: &Scope, depth: usize) -> Option<Inner> {
        let (relation, outer, pairs) = self.correlation(scope)?;
        let state = (self.multiplied, self.with.take());
        let alias = fresh_alias(&[], &outer, self.rng);
        let condition: Vec<String> = pairs
            .iter()
            .map(|(inner, other)| self.equal(&format!("{alias}.{inner}"), &format!("{outer}.{other}")))
            .collect();
        let mut from = parts![format!(
            "FROM {} AS {alias}",
            self.schema.relations[relation].name
        )];
        let mut sources = vec![Source::of(relation, &alias, false)];
        if self.rng.chance(25)
            && let Some(join) = self.join(&mut sources, &outer, 10)
        {
            from.push(join);
        }
        (self.multiplied, self.with) = state;
        let within = scope.with(&sources);
        from.push(sql![" WHERE ", condition.join(" AND ")]);
        if self.rng.chance(30) {
            let extra = self.condition(&within, depth.min(1));
            from.push(Fragment::optional(parts![" AND ", extra]));
        }
        let order = self.order(&sources);
        Some(Inner {
            body: Fragment::Sequence(from),
            scope: within,
            order,
            exact: false,
        })
    }

    /// A subquery with one value of this type.
    pub fn scalar_subquery(&mut self, scope: &Scope, ty: Ty, depth: usize) -> Option<Fragment> {
        let inner = self.inner(scope, depth)?;
        if self.rng.chance(20) {
            if ty == Ty::Jsonb {
                return Some(self.limited_documents(inner, depth));
            }
        } else if ty == Ty::Jsonb && self.rng.chance(15) {
            return Some(self.grouped_documents(&inner, depth));
        } else if let Some(select) = self.aggregate(&inner, ty, depth) {
            return Some(sql!["(SELECT ", select, " ", inner.body, ")"]);
        }
        let value = self.expression(&inner.scope, ty, depth);
        let order = inner.order;
        Some(sql![
            "(SELECT ",
            value,
            " ",
            inner.body,
            " ORDER BY ",
            order,
            " LIMIT 1)"
        ])
    }

    /// A subquery's aggregate with a value of this type, if there is one.
    pub fn aggregate(&mut self, inner: &Inner, ty: Ty, depth: usize) -> Option<Fragment> {
        Some(match ty {
            Ty::Int | Ty::Big | Ty::Numeric => self.number_aggregate(inner, ty, depth),
            Ty::Jsonb => {
                let value = self.expression(&inner.scope, Ty::Jsonb, depth);
                self.collected("jsonb_agg(", value, inner, "'[]'::jsonb", "")
            }
            Ty::Ints | Ty::Texts => {
                let element = if ty == Ty::Ints { Ty::Int } else { Ty::Text };
                let value = self.expression(&inner.scope, element, depth);
                self.collected("array_agg(", value, inner, "'{}'", "")
            }
            Ty::Text if self.rng.chance(60) => {
                let value = self.expression(&inner.scope, Ty::Text, depth);
                self.collected("string_agg(", value, inner, "''", ", ','")
            }
            ty if ty.has_plain_order() => self.extreme(inner, ty, depth),
            Ty::Bool => {
                let value = self.argument(inner, ty, depth.min(1));
                sql![
                    self.rng.weighted(&[(1, "bool_or("), (1, "bool_and(")]),
                    value,
                    ")"
                ]
            }
            _ => return None,
        })
    }

    /// An aggregate's argument. It names a column of the subquery: an aggregate over outer columns only would belong
    /// to the query around it.
    pub fn argument(&mut self, inner: &Inner, ty: Ty, depth: usize) -> Fragment {
        if self.rng.chance(45) {
            let own = Scope::default().with(inner.scope.innermost());
            if let Some(column) = own.column(self.schema, ty, self.rng) {
                return column.into();
            }
        }
        let source = &inner.scope.innermost()[0];
        let column = &source.relation(self.schema).columns[0].name;
        let test = format!("CASE WHEN {}.{column} IS NOT NULL THEN ", source.alias);
        sql![test, self.expression(&inner.scope, ty, depth), " END"]
    }

    fn number_aggregate(&mut self, inner: &Inner, ty: Ty, depth: usize) -> Fragment {
        let cast = format!(")::{}", ty.name());
        match self.rng.below(6) {
            0 | 1 => sql!["count(*", cast],
            2 => {
                let any = self.any_type();
                sql!["count(", self.argument(inner, any, depth), cast]
            }
            3 if ty == Ty::Numeric => sql!["avg(", self.argument(inner, Ty::Int, depth), ")"],
            4 if ty.has_plain_order() => self.extreme(inner, ty, depth),
            _ => {
                debug_assert!(ty.has_exact_sum());
                sql!["coalesce(sum(", self.argument(inner, ty, depth), "), 0", cast]
            }
        }
    }

    fn extreme(&mut self, inner: &Inner, ty: Ty, depth: usize) -> Fragment {
        let function = self.rng.weighted(&[(1, "min("), (1, "max(")]);
        sql![function, self.argument(inner, ty, depth), ")"]
    }

    /// An aggregate that keeps every value, in an order of its own.
    fn collected(
        &mut self,
        function: &str,
        value: Fragment,
        inner: &Inner,
        empty: &str,
        more: &str,
    ) -> Fragment {
        let first = if self.rng.chance(40) {
            let ty = self
                .rng
                .weighted(&[(1, Ty::Int), (1, Ty::Text), (1, Ty::Numeric), (1, Ty::StampTz)]);
            let end = self.rng.weighted(&[
                (2, ", "),
                (1, " DESC, "),
                (1, " NULLS FIRST, "),
                (1, " DESC NULLS LAST, "),
            ]);
            Fragment::optional(parts!["(", self.leaf(&inner.scope, ty), ")", end])
        } else {
            "".into()
        };
        let call = sql![
            function,
            value,
            more,
            " ORDER BY ",
            first,
            inner.order.as_str(),
            ")"
        ];
        if self.rng.chance(50) {
            sql!["coalesce(", call, ", ", empty, ")"]
        } else {
            call
        }
    }

    /// The first few documents: an aggregate over a subselect with ORDER BY and LIMIT.
    fn limited_documents(&mut self, inner: Inner, depth: usize) -> Fragment {
        let ty = self
            .rng
            .weighted(&[(1, Ty::Int), (1, Ty::Text), (1, Ty::StampTz)]);
        let by = self.leaf(&inner.scope, ty);
        let direction = self
            .rng
            .weighted(&[(1, ""), (1, " DESC"), (1, " DESC NULLS LAST")]);
        let document = self.document(&inner.scope, depth);
        let order = inner.order;
        let keys: Vec<String> = order
            .split(", ")
            .enumerate()
            .map(|(nth, key)| format!(", {key} AS o{nth}"))
            .collect();
        let again: Vec<String> = (0..keys.len()).map(|nth| format!(", z.o{nth}")).collect();
        let limit = self.rng.between(0, 4);
        let offset = self.rng.weighted(&[(4, ""), (1, " OFFSET 1")]);
        sql![
            "(SELECT coalesce(jsonb_agg(z.doc ORDER BY z.ranked",
            direction,
            again.join(""),
            "), '[]'::jsonb) FROM (SELECT ",
            document,
            " AS doc, ",
            by.clone(),
            " AS ranked",
            keys.join(""),
            " ",
            inner.body,
            " ORDER BY (",
            by,
            ")",
            format!("::{}{direction}, {order} LIMIT {limit}{offset}) AS z)", ty.name())
        ]
    }
}

impl Builder<'_> {
    /// The documents of groups within a subquery.
    fn grouped_documents(&mut self, inner: &Inner, depth: usize) -> Fragment {
        let ty = self
            .rng
            .weighted(&[(2, Ty::Int), (2, Ty::Text), (1, Ty::StampTz)]);
        let key = self.argument(inner, ty, 0);
        let (value, _) = self.any_aggregate(inner);
        let having = if self.rng.chance(25) {
            Fragment::optional(parts![" HAVING count(*) < 3"])
        } else {
            "".into()
        };
        let _ = depth;
        sql![
            "(SELECT jsonb_agg(to_jsonb(z) ORDER BY z.k) FROM (SELECT ",
            key,
            " AS k, ",
            value,
            " AS n ",
            inner.body.clone(),
            " GROUP BY 1",
            having,
            ") AS z)"
        ]
    }
}
