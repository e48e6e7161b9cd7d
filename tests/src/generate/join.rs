//! Random FROM clauses: joins to tables by links, and to derived tables, functions and `WITH` queries.

use std::rc::Rc;

use super::expression::Builder;
use super::schema::{Column, Kind, Link, Relation, TABLE_SIZE};
use super::scope::{Scope, Source, fresh_alias};
use super::subquery::Inner;
use super::tree::{Place, Tree};
use super::types::Ty;
use crate::fragment::Fragment;
use crate::{parts, sql};

/// A source to be joined.
struct Joined {
    left: bool,
    item: String,
    on: Fragment,
}

/// A FROM clause.
#[derive(Default)]
pub struct From {
    /// ` FROM …`
    pub text: Vec<Fragment>,
    /// Conditions that belong into WHERE.
    pub conditions: Vec<Fragment>,
}

/// The relation that a derived table with these columns is.
fn shape(columns: Vec<(String, Ty)>, key: Vec<usize>, links: Vec<Link>) -> Option<Rc<Relation>> {
    let columns = columns.into_iter().map(|(name, ty)| Column {
        name,
        ty,
        nullable: true,
    });
    Some(Rc::new(Relation {
        name: String::new(),
        kind: Kind::Derived,
        columns: columns.collect(),
        key,
        links,
        entity: usize::MAX,
        primary: false,
        generated: false,
        parts: vec![],
        size: TABLE_SIZE,
    }))
}

impl Builder<'_> {
    /// An order in which no two combinations of rows that differ are equal.
    pub fn order(&self, sources: &[Source]) -> String {
        let orders = sources
            .iter()
            .map(|source| source.relation(self.schema).total_order(&source.alias));
        orders.collect::<Vec<_>>().join(", ")
    }

    /// The FROM clause of a definition that begins with the one source that is there already.
    pub fn root_clause(&mut self, sources: &mut Vec<Source>, joins: usize, reverse: usize) -> From {
        let start = format!(
            "{} AS {}",
            self.schema.relations[sources[0].relation].name, sources[0].alias
        );
        let mut from = From::default();
        if joins > 0 && self.rng.chance(15) {
            return self.tree_clause(sources, start, joins);
        }
        let mut left = joins;
        if joins > 0
            && self.rng.chance(8)
            && let Some(joined) = self.joined(sources, "", reverse, Some(true))
        {
            left -= 1;
            let parts = parts![format!(" FROM {} RIGHT JOIN {start} ON ", joined.item), joined.on];
            from.text
                .push(Fragment::reducible(parts, format!(" FROM {start}"), &[]));
        } else {
            from.text.push(format!(" FROM {start}").into());
        }
        for _ in 0..left {
            from.text.extend(self.join(sources, "", reverse));
        }
        if self.rng.chance(8)
            && let Some(joined) = self.joined(sources, "", reverse, Some(false))
        {
            from.text.push(format!(", {}", joined.item).into());
            from.conditions.push(joined.on);
        }
        from
    }

    /// A join tree that begins with the one source that is there already.
    fn tree_clause(&mut self, sources: &mut Vec<Source>, start: String, joins: usize) -> From {
        self.multiplied = true;
        let first = Tree {
            text: start.into(),
            sources: sources.clone(),
            size: TABLE_SIZE,
        };
        let place = Place {
            depth: 1,
            ..Place::default()
        };
        let (tree, conditions) = self.tree_after(first, &place, joins + 1);
        *sources = tree.sources;
        From {
            text: parts![" FROM ", tree.text],
            conditions,
        }
    }

    /// A join to one more source; `reverse` percent are joins that may find several rows.
    pub fn join(&mut self, sources: &mut Vec<Source>, kept: &str, reverse: usize) -> Option<Fragment> {
        if self.rng.chance(14)
            && let Some(join) = self.derived(sources, kept)
        {
            return Some(join);
        }
        let joined = self.joined(sources, kept, reverse, None)?;
        let word = if joined.left { " LEFT JOIN " } else { " JOIN " };
        Some(Fragment::optional(parts![word, joined.item, " ON ", joined.on]))
    }

    fn joined(
        &mut self,
        sources: &mut Vec<Source>,
        kept: &str,
        reverse: usize,
        left: Option<bool>,
    ) -> Option<Joined> {
        let from = self.rng.pick(sources).clone();
        let relation = from.relation(self.schema);
        let backwards = self.rng.chance(reverse);
        let mut candidates: Vec<(usize, Vec<usize>, Vec<usize>)> = vec![];
        for (at, other) in self.schema.relations.iter().enumerate() {
            if backwards && !relation.key.is_empty() {
                let links = other.links.iter().filter(|link| link.target == relation.entity);
                candidates.extend(links.map(|link| (at, link.columns.clone(), relation.key.clone())));
            }
            if !backwards && !other.key.is_empty() {
                let links = relation.links.iter().filter(|link| link.target == other.entity);
                candidates.extend(links.map(|link| (at, other.key.clone(), link.columns.clone())));
            }
        }
        let (at, there, here) = if candidates.is_empty() {
            return None;
        } else {
            self.rng.pick(&candidates).clone()
        };
        self.multiplied |= backwards;
        let other = &self.schema.relations[at];
        let alias = fresh_alias(sources, kept, self.rng);
        let pairs = other
            .names(&alias, &there)
            .into_iter()
            .zip(relation.names(&from.alias, &here));
        let condition: Vec<String> = pairs.map(|(a, b)| self.equal(&a, &b)).collect();
        let left = left.unwrap_or(from.nullable || self.rng.chance(55));
        sources.push(Source::of(at, &alias, left));
        let extra = if self.rng.chance(15) {
            let on = self.condition(&Scope::default().with(sources), 0);
            Fragment::optional(parts![" AND ", on])
        } else {
            "".into()
        };
        let item = format!("{} AS {alias}", other.name);
        let on = sql![condition.join(" AND "), extra];
        Some(Joined { left, item, on })
    }

    /// A join to a derived table or a function.
    fn derived(&mut self, sources: &mut Vec<Source>, kept: &str) -> Option<Fragment> {
        type Make<'a> = fn(&mut Builder<'a>, &mut Vec<Source>, &str) -> Option<Fragment>;
        let make: Make<'_> = self.rng.weighted(&[
            (5, Builder::lateral as Make<'_>),
            (4, Builder::grouped),
            (2, Builder::unnested),
        ]);
        make(self, sources, kept)
    }

    /// A correlated derived table: with a limit, aggregates, or window functions.
    fn lateral(&mut self, sources: &mut Vec<Source>, kept: &str) -> Option<Fragment> {
        let scope = Scope::default().with(sources);
        let inner = self.inner(&scope, 1)?;
        let kind = self.rng.below(3);
        let mut columns: Vec<(String, Ty)> = vec![];
        let mut list = vec![];
        for nth in 0..self.rng.between(1, 3) {
            let (value, ty) = match kind {
                0 => self.any_value(&inner),
                1 => self.any_aggregate(&inner),
                _ => self.window(&inner),
            };
            list.push(sql![value, format!(" AS d{nth}")]);
            columns.push((format!("d{nth}"), ty));
        }
        let order = &inner.order;
        let end = match kind {
            0 => {
                let limit = self.rng.between(1, 3);
                self.multiplied |= limit > 1;
                let by = self.leaf(&inner.scope, Ty::Int);
                sql![" ORDER BY (", by, format!(")::integer, {order} LIMIT {limit}")]
            }
            1 => "".into(),
            _ => {
                self.multiplied = true;
                "".into()
            }
        };
        let query = sql![
            "(SELECT ",
            Fragment::joined(list, ", "),
            " ",
            inner.body,
            end,
            ")"
        ];
        let alias = fresh_alias(sources, kept, self.rng);
        let nullable = self.rng.chance(60);
        let (word, on) = if nullable {
            (" LEFT JOIN LATERAL ", " ON true")
        } else {
            (" CROSS JOIN LATERAL ", "")
        };
        sources.push(Source {
            shape: shape(columns, vec![], vec![]),
            ..Source::of(0, &alias, nullable)
        });
        Some(Fragment::optional(parts![
            word,
            query,
            format!(" AS {alias}{on}")
        ]))
    }

    /// An expression over a subquery's rows, and its type.
    fn any_value(&mut self, inner: &Inner) -> (Fragment, Ty) {
        let ty = self.any_type();
        (self.expression(&inner.scope, ty, 1), ty)
    }

    /// A window function over a subquery's rows, and its type; sometimes a plain value.
    fn window(&mut self, inner: &Inner) -> (Fragment, Ty) {
        let order = &inner.order;
        let by = self.leaf(&inner.scope, Ty::Text);
        match self.rng.below(5) {
            0 => (sql![format!("row_number() OVER (ORDER BY {order})")], Ty::Big),
            1 => (sql!["count(*) OVER (PARTITION BY ", by, ")"], Ty::Big),
            2 => {
                let value = self.leaf(&inner.scope, Ty::Int);
                (
                    sql![
                        "sum(",
                        value,
                        ") OVER (PARTITION BY ",
                        by,
                        format!(" ORDER BY {order})")
                    ],
                    Ty::Big,
                )
            }
            3 => {
                let value = self.leaf(&inner.scope, Ty::Text);
                (
                    sql!["lag(", value, format!(") OVER (ORDER BY {order})")],
                    Ty::Text,
                )
            }
            _ => self.any_value(inner),
        }
    }

    /// A derived table, or a `WITH` query, that is grouped by what links it to a source.
    fn grouped(&mut self, sources: &mut Vec<Source>, kept: &str) -> Option<Fragment> {
        let from = self.rng.pick(sources).clone();
        let outer = from.relation(self.schema);
        let links = |at: usize| self.schema.relations[at].links.iter().map(move |link| (at, link));
        let candidates: Vec<(usize, &Link)> = (0..self.schema.relations.len())
            .flat_map(links)
            .filter(|(_, link)| link.target == outer.entity && !outer.key.is_empty())
            .collect();
        if candidates.is_empty() {
            return None;
        }
        let (at, link) = *self.rng.pick(&candidates);
        let relation = &self.schema.relations[at];
        let alias = fresh_alias(sources, kept, self.rng);
        let own = vec![Source::of(at, "z", false)];
        let distinct = self.rng.chance(35);
        let mut columns: Vec<(String, Ty)> = vec![];
        let mut groups = relation.names("z", &link.columns);
        for at in &link.columns {
            columns.push((format!("g{}", columns.len()), relation.columns[*at].ty));
        }
        let width = columns.len();
        for at in relation.data_columns() {
            if relation.columns[at].ty.is_its_text() && self.rng.chance(if distinct { 35 } else { 12 }) {
                self.multiplied = true;
                groups.push(format!("z.{}", relation.columns[at].name));
                columns.push((format!("g{}", columns.len()), relation.columns[at].ty));
            }
        }
        let mut list: Vec<Fragment> = vec![];
        for (value, (name, _)) in groups.iter().zip(&columns) {
            list.push(format!("{value} AS {name}").into());
        }
        let (query, more) = self.grouped_query(relation, own, (list, groups), distinct);
        columns.extend(more);
        let on: Vec<String> = (0..width)
            .map(|nth| {
                let key = &outer.columns[outer.key[nth]].name;
                self.equal(&format!("{alias}.g{nth}"), &format!("{}.{key}", from.alias))
            })
            .collect();
        let nullable = from.nullable || self.rng.chance(60);
        let links = vec![Link {
            columns: (0..width).collect(),
            ..link.clone()
        }];
        sources.push(Source {
            shape: shape(columns, vec![], links),
            ..Source::of(0, &alias, nullable)
        });
        let word = if nullable { " LEFT JOIN " } else { " JOIN " };
        let item = self.named_or_inline(query);
        let end = format!(" AS {alias} ON {}", on.join(" AND "));
        Some(Fragment::optional(parts![word, item, end]))
    }

    /// `SELECT … FROM relation AS z GROUP BY …`, with aggregates, or DISTINCT; and the columns of the aggregates.
    fn grouped_query(
        &mut self,
        relation: &Relation,
        own: Vec<Source>,
        (mut list, groups): (Vec<Fragment>, Vec<String>),
        distinct: bool,
    ) -> (Fragment, Vec<(String, Ty)>) {
        let scope = Scope::default().with(&own);
        let filter = if self.rng.chance(30) {
            Fragment::optional(parts![" WHERE ", self.condition(&scope, 0)])
        } else {
            "".into()
        };
        let mut columns = vec![];
        let from = format!(" FROM {} AS z", relation.name);
        let mut end: Fragment = "".into();
        if !distinct {
            let inner = Inner::of(scope, self.order(&own));
            for nth in 0..self.rng.between(1, 2) {
                let (value, ty) = self.any_aggregate(&inner);
                list.push(sql![value, format!(" AS d{nth}")]);
                columns.push((format!("d{nth}"), ty));
            }
            let having = if self.rng.chance(25) {
                Fragment::optional(parts![" HAVING count(*) > 1"])
            } else {
                "".into()
            };
            end = sql![format!(" GROUP BY {}", groups.join(", ")), having];
        }
        let word = if distinct { "SELECT DISTINCT " } else { "SELECT " };
        let list = list.into_iter().enumerate().map(|(nth, item)| {
            let comma = if nth > 0 { ", " } else { "" };
            sql![comma, item]
        });
        let list = Fragment::Sequence(list.collect());
        (sql![word, list, from, filter, end], columns)
    }

    fn named_or_inline(&mut self, query: Fragment) -> Fragment {
        let named = self.rng.chance(40);
        match &mut self.with {
            Some(with) if named => {
                let name = format!("w_{}", with.len());
                let word = self.rng.weighted(&[(5, " AS "), (1, " AS NOT MATERIALIZED ")]);
                with.push(sql![name.as_str(), word, "(", query, ")"]);
                name.into()
            }
            _ => sql!["(", query, ")"],
        }
    }

    /// The elements of an array column.
    fn unnested(&mut self, sources: &mut Vec<Source>, kept: &str) -> Option<Fragment> {
        let scope = Scope::default().with(sources);
        let (array, element) = self
            .rng
            .weighted(&[(2, (Ty::Ints, Ty::Int)), (1, (Ty::Texts, Ty::Text))]);
        let column = scope.column(self.schema, array, self.rng)?;
        let alias = fresh_alias(sources, kept, self.rng);
        let nullable = self.rng.chance(60);
        self.multiplied = true;
        let (word, on) = if nullable {
            (" LEFT JOIN LATERAL ", " ON true")
        } else {
            (" CROSS JOIN LATERAL ", "")
        };
        let mut columns = vec![("v".to_owned(), element)];
        let (ordinality, names) = if self.rng.chance(50) {
            columns.push(("n".to_owned(), Ty::Big));
            (" WITH ORDINALITY", "v, n")
        } else {
            ("", "v")
        };
        sources.push(Source {
            shape: shape(columns, vec![], vec![]),
            ..Source::of(0, &alias, nullable)
        });
        let elements = format!("{word}unnest({column}){ordinality} AS {alias}({names}){on}");
        let joined = match self.rng.chance(60) {
            true => self.member(sources, kept, &alias, element),
            false => None,
        };
        Some(Fragment::optional(parts![elements, joined.unwrap_or_default()]))
    }

    /// The rows that have an element of an array in a column.
    fn member(
        &mut self,
        sources: &mut Vec<Source>,
        kept: &str,
        elements: &str,
        element: Ty,
    ) -> Option<String> {
        let relations = self.schema.relations.iter().enumerate();
        let candidates: Vec<(usize, String)> = relations
            .flat_map(|(at, relation)| {
                let columns = relation.columns.iter().filter(|column| column.ty == element);
                columns.map(move |column| (at, column.name.clone()))
            })
            .collect();
        if candidates.is_empty() {
            return None;
        }
        let (at, column) = self.rng.pick(&candidates).clone();
        let alias = fresh_alias(sources, kept, self.rng);
        let nullable = self.rng.chance(60);
        let name = &self.schema.relations[at].name;
        sources.push(Source::of(at, &alias, nullable));
        let word = if nullable { " LEFT JOIN " } else { " JOIN " };
        let column = format!("{alias}.{column}");
        let element = format!("{elements}.v");
        let (left, right) = match self.rng.chance(50) {
            true => (column, element),
            false => (element, column),
        };
        Some(format!("{word}{name} AS {alias} ON {left} = {right}"))
    }
}
