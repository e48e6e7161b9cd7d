//! Random grouped definitions: GROUP BY, DISTINCT, and aggregates over everything.

use std::rc::Rc;

use super::expression::Builder;
use super::schema::{Column, Kind, Link, Relation, Schema};
use super::scope::{Scope, Source, fresh_alias, pick_relation};
use super::subquery::Inner;
use super::types::Ty;
use crate::fragment::Fragment;
use crate::rng::Rng;
use crate::{parts, sql};

/// What a definition is grouped by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grouping {
    GroupBy,
    Distinct,
    Everything,
}

/// Something to group by.
struct Group {
    value: Fragment,
    ty: Ty,
    /// The source and its column, if it is nothing else.
    column: Option<(usize, usize)>,
}

/// A grouped definition over tables, views and the tviews before it; it becomes a relation of its own.
pub fn grouped_view(schema: &mut Schema, name: &str, rng: &mut Rng) -> Fragment {
    let mut builder = Builder::new(schema, rng);
    let root = pick_relation(builder.schema, false, builder.rng);
    let alias = fresh_alias(&[], "", builder.rng);
    let mut sources = vec![Source::of(root, &alias, false)];
    builder.with = Some(vec![]);
    let joins = builder.rng.weighted(&[(4, 0), (4, 1), (3, 2), (1, 3)]);
    let mut from = builder.root_clause(&mut sources, joins, 25);
    let with = builder.with.take().unwrap_or_default();
    let scope = Scope::default().with(&sources);
    if builder.rng.chance(40) {
        from.conditions.push(builder.condition(&scope, 1));
    }
    let grouping = builder.rng.weighted(&[
        (70, Grouping::GroupBy),
        (15, Grouping::Distinct),
        (15, Grouping::Everything),
    ]);
    let groups = match grouping {
        Grouping::GroupBy => builder.groups(&sources, &[(5, 1), (3, 2), (1, 3)]),
        Grouping::Distinct => builder.groups(&sources, &[(2, 1), (3, 2), (2, 3), (1, 4)]),
        Grouping::Everything => vec![],
    };
    let (list, columns, end) = builder.grouped_list(&sources, &groups, grouping);
    let filter = if from.conditions.is_empty() {
        "".into()
    } else {
        Fragment::optional(parts![" WHERE ", Fragment::joined(from.conditions, " AND ")])
    };
    let word = match grouping {
        Grouping::Distinct => "SELECT DISTINCT ",
        Grouping::GroupBy | Grouping::Everything => "SELECT ",
    };
    let query = sql![
        with_clause(with),
        word,
        list,
        Fragment::Sequence(from.text),
        filter,
        end
    ];
    let relation = result(schema, name, (columns, &groups), &sources);
    schema.relations.push(relation);
    query
}

/// ` WITH …`
pub fn with_clause(queries: Vec<Fragment>) -> Fragment {
    if queries.is_empty() {
        return "".into();
    }
    sql!["WITH ", Fragment::joined(queries, ", "), " "]
}

/// The relation that the tview is: its groups are its key, and those that are links stay links.
fn result(
    schema: &Schema,
    name: &str,
    (columns, groups): (Vec<Column>, &[Group]),
    sources: &[Source],
) -> Relation {
    let mut links = vec![];
    for (at, source) in sources.iter().enumerate() {
        for link in &source.relation(schema).links {
            let place = |wanted: &usize| {
                groups
                    .iter()
                    .position(|group| group.column == Some((at, *wanted)))
            };
            let places: Option<Vec<usize>> = link.columns.iter().map(place).collect();
            links.extend(places.map(|columns| Link {
                columns,
                ..link.clone()
            }));
        }
    }
    let key: Vec<usize> = (0..groups.len()).collect();
    // Groups by one link stand for the row that it leads to.
    let entity = links
        .iter()
        .find(|link| link.columns == key)
        .map(|link| link.target);
    Relation {
        name: name.into(),
        kind: Kind::Tview,
        columns,
        key,
        links,
        entity: entity.unwrap_or(usize::MAX),
    }
}

impl Builder<'_> {
    fn groups(&mut self, sources: &[Source], counts: &[(usize, usize)]) -> Vec<Group> {
        let mut groups: Vec<Group> = vec![];
        for _ in 0..self.rng.weighted(counts) {
            groups.extend(self.group(sources));
        }
        if groups.is_empty() {
            groups.extend(self.column_group(sources, 0));
        }
        groups
    }

    /// A column or an expression; mostly one that can be grouped by.
    fn group(&mut self, sources: &[Source]) -> Option<Group> {
        let certain: Vec<usize> = (0..sources.len()).filter(|at| !sources[*at].nullable).collect();
        if certain.is_empty() || self.rng.chance(3) {
            let at = self.rng.below(sources.len());
            return self.column_group(sources, at);
        }
        let at = *self.rng.pick(&certain);
        if self.rng.chance(65) {
            return self.column_group(sources, at);
        }
        let fitting: Vec<Source> = certain.iter().map(|at| sources[*at].clone()).collect();
        let scope = Scope::default().with(&fitting);
        let (ty, wanted) = self.rng.weighted(&[
            (3, (Ty::Text, Ty::Text)),
            (3, (Ty::Int, Ty::Int)),
            (1, (Ty::Stamp, Ty::Stamp)),
            (2, (Ty::Bool, Ty::Jsonb)),
            (1, (Ty::Text, Ty::Numeric)),
        ]);
        let column = scope.column(self.schema, wanted, self.rng)?;
        let other = self.leaf(&scope, Ty::Int);
        let value = match (ty, wanted) {
            (Ty::Text, Ty::Text) => {
                let form = self.rng.below(3);
                sql![
                    ["lower(", "coalesce(left(", "concat("][form],
                    column,
                    [")", ", 1), '-')", ", '|')"][form]
                ]
            }
            (Ty::Int, _) if self.rng.chance(50) => sql!["(", column, " + ", other, ")"],
            (Ty::Int, _) => sql!["abs(", column, ") % 3"],
            (Ty::Stamp, _) => sql!["date_trunc('month', ", column, ")"],
            (Ty::Bool, _) => sql!["(", column, " IS NULL)"],
            _ => sql![column, "::text"],
        };
        Some(Group {
            value,
            ty,
            column: None,
        })
    }

    fn column_group(&mut self, sources: &[Source], at: usize) -> Option<Group> {
        let relation = sources[at].relation(self.schema);
        let any = self.rng.chance(2);
        let linked = |at: &usize| relation.links.iter().any(|link| link.columns.contains(at));
        let fits = |at: &usize| any || relation.columns[*at].ty.is_its_text();
        let all: Vec<usize> = (0..relation.columns.len()).filter(fits).collect();
        let links: Vec<usize> = all.iter().copied().filter(linked).collect();
        let chosen = if !links.is_empty() && self.rng.chance(45) {
            *self.rng.pick(&links)
        } else if all.is_empty() {
            0
        } else {
            *self.rng.pick(&all)
        };
        Some(Group {
            value: format!("{}.{}", sources[at].alias, relation.columns[chosen].name).into(),
            ty: relation.columns[chosen].ty,
            column: Some((at, chosen)),
        })
    }

    /// The select list, its columns, and GROUP BY with HAVING.
    fn grouped_list(
        &mut self,
        sources: &[Source],
        groups: &[Group],
        grouping: Grouping,
    ) -> (Fragment, Vec<Column>, Fragment) {
        let mut list: Vec<Fragment> = vec![];
        let mut columns: Vec<Column> = vec![];
        for (nth, group) in groups.iter().enumerate() {
            list.push(sql![group.value.clone(), format!(" AS g{nth}")]);
            columns.push(column(format!("g{nth}"), group.ty));
        }
        if grouping == Grouping::Distinct {
            return (Fragment::joined(list, ", "), columns, "".into());
        }
        let inner = Inner {
            body: "".into(),
            scope: Scope::default().with(sources),
            order: self.order(sources),
        };
        let visible = Scope::default().with(&self.visible(sources, groups));
        let first = list.len();
        for nth in 0..self.rng.between(1, 4) {
            let (value, ty) = if grouping == Grouping::GroupBy && self.rng.chance(25) {
                let ty = self
                    .rng
                    .weighted(&[(2, Ty::Jsonb), (1, Ty::Int), (1, Ty::Text), (1, Ty::Bool)]);
                (self.expression(&visible, ty, 2), ty)
            } else {
                self.any_top_aggregate(&inner)
            };
            list.push(sql![value, format!(" AS d{nth}")]);
            columns.push(column(format!("d{nth}"), ty));
        }
        let parts = list.into_iter().enumerate().map(|(nth, item)| match nth {
            0 => item,
            nth if nth < first.max(1) => sql![", ", item],
            _ => Fragment::optional(parts![", ", item]),
        });
        let list = Fragment::Sequence(parts.collect());
        let by = match grouping {
            Grouping::GroupBy => self.group_by(groups),
            Grouping::Distinct | Grouping::Everything => "".into(),
        };
        let having = if self.rng.chance(30) {
            Fragment::optional(parts![" HAVING ", self.having(&inner, &visible)])
        } else {
            "".into()
        };
        (list, columns, sql![by, having])
    }

    fn group_by(&mut self, groups: &[Group]) -> Fragment {
        let positions = self.rng.chance(40);
        let mut items: Vec<String> = vec![];
        for (nth, group) in groups.iter().enumerate() {
            items.push(if positions {
                (nth + 1).to_string()
            } else {
                group.value.to_string()
            });
        }
        format!(" GROUP BY {}", items.join(", ")).into()
    }

    /// An aggregate with FILTER and DISTINCT, which subqueries get more seldom.
    fn any_top_aggregate(&mut self, inner: &Inner) -> (Fragment, Ty) {
        let (text, int, any) = (
            self.argument(inner, Ty::Text, 0),
            self.argument(inner, Ty::Int, 1),
            self.any_type(),
        );
        let order = &inner.order;
        match self.rng.below(16) {
            0 => ("count(*)".into(), Ty::Big),
            1 => {
                let filter = self.condition(&inner.scope, 1);
                (sql!["count(*) FILTER (WHERE ", filter, ")"], Ty::Big)
            }
            2 => (
                sql![
                    "sum(",
                    int,
                    ") FILTER (WHERE ",
                    self.condition(&inner.scope, 0),
                    ")"
                ],
                Ty::Big,
            ),
            3 => (
                sql!["count(DISTINCT ", self.argument(inner, any, 0), ")"],
                Ty::Big,
            ),
            4 => (
                sql!["string_agg(DISTINCT ", text.clone(), ", ',' ORDER BY ", text, ")"],
                Ty::Text,
            ),
            5 => (
                sql!["array_agg(DISTINCT ", int.clone(), " ORDER BY ", int, " DESC)"],
                Ty::Ints,
            ),
            6 => (
                sql![
                    "jsonb_object_agg(coalesce(",
                    text,
                    ", '-'), ",
                    int,
                    format!(" ORDER BY {order})")
                ],
                Ty::Jsonb,
            ),
            7 => (
                sql!["percentile_disc(0.5) WITHIN GROUP (ORDER BY ", int, ")"],
                Ty::Int,
            ),
            8 => (sql!["mode() WITHIN GROUP (ORDER BY ", text, ")"], Ty::Text),
            9 => {
                let by = self.argument(inner, Ty::Numeric, 0);
                (sql!["avg(", by, ")"], Ty::Numeric)
            }
            _ => self.any_aggregate(inner),
        }
    }

    fn having(&mut self, inner: &Inner, visible: &Scope) -> Fragment {
        let int = self.argument(inner, Ty::Int, 0);
        match self.rng.below(6) {
            0 | 1 => "count(*) > 1".into(),
            2 => sql!["sum(", int, ") > 2"],
            3 => sql!["max(", int, ") IS NOT NULL"],
            4 => sql!["bool_or(", self.condition(&inner.scope, 0), ")"],
            _ if visible.innermost().is_empty() => "min(1) = 1".into(),
            _ => self.condition(visible, 1),
        }
    }

    /// The sources with only those columns that the query is grouped by.
    fn visible(&self, sources: &[Source], groups: &[Group]) -> Vec<Source> {
        let mut left = vec![];
        for (at, source) in sources.iter().enumerate() {
            let relation = source.relation(self.schema);
            let own = groups
                .iter()
                .filter_map(|group| group.column.filter(|(of, _)| *of == at));
            let mut places: Vec<usize> = own.map(|(_, column)| column).collect();
            places.sort_unstable();
            places.dedup();
            if places.is_empty() {
                continue;
            }
            let moved = |columns: &[usize]| -> Option<Vec<usize>> {
                columns
                    .iter()
                    .map(|at| places.iter().position(|place| place == at))
                    .collect()
            };
            let links = relation.links.iter();
            let shape = Relation {
                name: String::new(),
                kind: Kind::Groups,
                columns: places.iter().map(|at| relation.columns[*at].clone()).collect(),
                key: moved(&relation.key).unwrap_or_default(),
                links: links
                    .filter_map(|link| {
                        let columns = moved(&link.columns)?;
                        Some(Link {
                            columns,
                            ..link.clone()
                        })
                    })
                    .collect(),
                entity: relation.entity,
            };
            left.push(Source {
                shape: Some(Rc::new(shape)),
                ..source.clone()
            });
        }
        left
    }
}

fn column(name: String, ty: Ty) -> Column {
    Column {
        name,
        ty,
        nullable: true,
    }
}
