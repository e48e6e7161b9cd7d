//! Random grouped queries: GROUP BY with sets, DISTINCT, and aggregates over everything.

use std::rc::Rc;

use super::expression::Builder;
use super::query::{Block, List, Query, Wanted};
use super::schema::{Kind, Relation};
use super::scope::{Scope, Source};
use super::subquery::Inner;
use super::tree::{handles, moved_links};
use super::types::Ty;
use crate::fragment::Fragment;
use crate::{parts, sql};

/// What a query is grouped by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grouping {
    By,
    Sets,
    Everything,
}

/// Something to group by.
struct Group {
    value: Fragment,
    ty: Ty,
    /// The source and its column, if it is nothing else.
    column: Option<(usize, usize)>,
}

impl Group {
    /// The value in a form that is the same for all rows of the group, if there is one.
    fn shown(&self) -> Option<(Fragment, Ty)> {
        match self.ty {
            Ty::Numeric | Ty::Scaled => Some((sql!["trim_scale(", self.value.clone(), ")"], Ty::Numeric)),
            ty if ty.is_its_text() => Some((self.value.clone(), ty)),
            _ => None,
        }
    }
}

/// A group's columns, which are unique together, and the table whose keys they are.
#[derive(Default)]
pub struct Identity {
    /// Positions of the columns.
    pub key: Vec<usize>,
    /// The table.
    pub entity: Option<usize>,
}

/// ` WITH …`
pub fn with_clause(queries: Vec<Fragment>) -> Fragment {
    if queries.is_empty() {
        return "".into();
    }
    sql!["WITH ", Fragment::joined(queries, ", "), " "]
}

impl Builder<'_> {
    fn groups(&mut self, sources: &[Source], about: Option<usize>, counts: &[(usize, usize)]) -> Vec<Group> {
        let mut groups: Vec<Group> = vec![];
        if let Some(target) = about {
            groups.extend(self.key_groups(sources, target));
        }
        for _ in usize::from(!groups.is_empty())..self.rng.weighted(counts) {
            groups.push(self.group(sources));
        }
        if groups.is_empty() {
            groups.push(self.column_group(sources, 0));
        }
        groups
    }

    /// The columns of some source that hold keys of this table.
    fn key_groups(&mut self, sources: &[Source], target: usize) -> Vec<Group> {
        for (at, source) in sources.iter().enumerate() {
            let relation = source.relation(self.schema);
            let found = handles(relation).into_iter().find(|(to, _)| *to == target);
            let Some((_, columns)) = found else { continue };
            let names = relation.names(&source.alias, &columns);
            return columns
                .iter()
                .zip(names)
                .map(|(column, name)| Group {
                    value: name.into(),
                    ty: relation.columns[*column].ty,
                    column: Some((at, *column)),
                })
                .collect();
        }
        vec![]
    }

    /// A column or an expression.
    fn group(&mut self, sources: &[Source]) -> Group {
        let at = self.rng.below(sources.len());
        if self.rng.chance(65) {
            return self.column_group(sources, at);
        }
        match self.expression_group(sources) {
            Some(group) => group,
            None => self.column_group(sources, at),
        }
    }

    fn expression_group(&mut self, sources: &[Source]) -> Option<Group> {
        let scope = Scope::default().with(sources);
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

    fn column_group(&mut self, sources: &[Source], at: usize) -> Group {
        let relation = sources[at].relation(self.schema);
        // Equal numbers are written in several ways: such groups are not shown as they are.
        let any = self.rng.chance(10);
        let linked = |at: &usize| relation.links.iter().any(|link| link.columns.contains(at));
        let fits = |at: &usize| {
            let ty = relation.columns[*at].ty;
            ty != Ty::Json && (any || ty.is_its_text())
        };
        let all: Vec<usize> = (0..relation.columns.len()).filter(fits).collect();
        let links: Vec<usize> = all.iter().copied().filter(linked).collect();
        let chosen = if !links.is_empty() && self.tamely(65, 35) {
            *self.rng.pick(&links)
        } else if all.is_empty() {
            // Something that every column has.
            return Group {
                value: format!("({}.{} IS NULL)", sources[at].alias, relation.columns[0].name).into(),
                ty: Ty::Bool,
                column: None,
            };
        } else {
            *self.rng.pick(&all)
        };
        Group {
            value: format!("{}.{}", sources[at].alias, relation.columns[chosen].name).into(),
            ty: relation.columns[chosen].ty,
            column: Some((at, chosen)),
        }
    }

    /// A grouped query.
    pub fn grouped_block(&mut self, outer: &Scope, wanted: &Wanted, depth: usize) -> Query {
        let block = self.block(outer, wanted, depth);
        let grouping = self.rng.weighted(&[
            (70, Grouping::By),
            (15, Grouping::Sets),
            (
                if wanted.about.is_some() || self.tame {
                    2
                } else {
                    18
                },
                Grouping::Everything,
            ),
        ]);
        let groups = match grouping {
            Grouping::By => self.groups(&block.sources, wanted.about, &[(6, 1), (4, 2), (1, 3)]),
            Grouping::Sets => self.groups(&block.sources, wanted.about, &[(2, 1), (4, 2), (1, 3)]),
            Grouping::Everything => vec![],
        };
        let with_all = grouping == Grouping::By;
        let left = self.visible(&block.sources, &groups, with_all);
        // What is not grouped by still hides what is outside.
        let visible = outer.hiding(&block.sources).with(&left);
        let mut list = List::default();
        let identity = match &wanted.types {
            Some(types) => {
                self.wanted_groups(&mut list, &block, (&groups, &visible), types);
                Identity::default()
            }
            None => self.free_groups(&mut list, &block, (&groups, &visible), grouping),
        };
        let by = match grouping {
            Grouping::By => self.group_by(&groups),
            Grouping::Sets => self.grouping_sets(&groups),
            Grouping::Everything => "".into(),
        };
        let having = if self.rng.chance(28) {
            Fragment::optional(parts![" HAVING ", self.having(&block.inner, &visible)])
        } else {
            "".into()
        };
        let end = match self.rng.chance(5) && grouping == Grouping::By && identity.key.len() == groups.len() {
            true => {
                let order: Vec<String> = identity.key.iter().map(|at| (at + 1).to_string()).collect();
                Fragment::optional(parts![format!(" ORDER BY {} LIMIT 3", order.join(", "))])
            }
            false => "".into(),
        };
        let size = if groups.is_empty() { 1 } else { block.size };
        let body = sql![block.body, by, having];
        let query = self.finished("SELECT ", list, wanted.types.is_none(), (body, end), size);
        Query {
            key: identity.key,
            entity: identity.entity,
            ..query
        }
    }

    /// Groups, if they can be shown, and aggregates.
    fn free_groups(
        &mut self,
        list: &mut List,
        block: &Block,
        (groups, visible): (&[Group], &Scope),
        grouping: Grouping,
    ) -> Identity {
        let mut places: Vec<Option<usize>> = vec![];
        for group in groups {
            let shown = match self.tamely(90, 70) {
                true => group.shown(),
                false => None,
            };
            places.push(shown.map(|(value, ty)| {
                list.add(value, ty);
                list.columns.len() - 1
            }));
        }
        for _ in 0..self.rng.between(usize::from(list.is_empty()), 3) {
            let (value, ty) = self.grouped_value(block, visible, grouping);
            list.add(value, ty);
        }
        if grouping == Grouping::Sets && self.rng.chance(70) {
            let values: Vec<String> = groups.iter().map(|group| group.value.to_string()).collect();
            list.add(format!("grouping({})", values.join(", ")).into(), Ty::Int);
        }
        for (at, source) in block.sources.iter().enumerate() {
            let place = |wanted: usize| {
                let nth = groups
                    .iter()
                    .position(|group| group.column == Some((at, wanted)) && group.ty.is_its_text())?;
                places[nth]
            };
            let links = moved_links(source.relation(self.schema), place);
            list.links.extend(links);
        }
        let key: Option<Vec<usize>> = places.into_iter().collect();
        let key = match grouping {
            Grouping::By => key.unwrap_or_default(),
            Grouping::Sets | Grouping::Everything => vec![],
        };
        // Groups by one link stand for the row that it leads to.
        let entity = list
            .links
            .iter()
            .find(|link| !key.is_empty() && link.columns == key)
            .map(|link| link.target);
        Identity { key, entity }
    }

    /// An aggregate, or an expression over the groups.
    fn grouped_value(&mut self, block: &Block, visible: &Scope, grouping: Grouping) -> (Fragment, Ty) {
        if self.rng.chance(4) {
            return (self.outer_aggregate(&block.inner), Ty::Big);
        }
        if grouping == Grouping::Everything || !self.rng.chance(22) {
            return self.any_top_aggregate(&block.inner);
        }
        let ty = self
            .rng
            .weighted(&[(2, Ty::Jsonb), (1, Ty::Int), (1, Ty::Text), (1, Ty::Bool)]);
        (self.expression(visible, ty, 2), ty)
    }

    /// A subquery that uses an aggregate of the query around it.
    fn outer_aggregate(&mut self, inner: &Inner) -> Fragment {
        let value = self.argument(inner, Ty::Int, 0);
        let tables = self.schema.of_kind(Kind::Table);
        let table = &self.schema.relations[*self.rng.pick(&tables)];
        let column = table.columns.iter().find(|column| column.ty == Ty::Int);
        let condition = match column {
            Some(column) => sql![format!("zz.{} < max(", column.name), value, ")"],
            None => sql!["min(", value, ") > 0"],
        };
        let body = format!("(SELECT count(*) FROM {} AS zz WHERE ", table.name);
        sql![body, condition, ")"]
    }

    /// Values of these types: a group, an aggregate, or an expression over the groups.
    fn wanted_groups(
        &mut self,
        list: &mut List,
        block: &Block,
        (groups, visible): (&[Group], &Scope),
        types: &[Ty],
    ) {
        for ty in types {
            let fits = |group: &&Group| group.ty == *ty && group.ty.is_its_text();
            let group = groups.iter().find(fits);
            let aggregate = self.rng.chance(60);
            let value = match group {
                Some(group) if self.rng.chance(70) => group.value.clone(),
                _ if aggregate => match self.aggregate(&block.inner, *ty, 1) {
                    Some(value) => value,
                    None => self.leaf(visible, *ty),
                },
                _ => self.leaf(visible, *ty),
            };
            list.add(value, *ty);
        }
    }

    fn group_by(&mut self, groups: &[Group]) -> Fragment {
        let items: Vec<String> = groups.iter().map(|group| group.value.to_string()).collect();
        format!(" GROUP BY {}", items.join(", ")).into()
    }

    fn grouping_sets(&mut self, groups: &[Group]) -> Fragment {
        let items: Vec<String> = groups.iter().map(|group| group.value.to_string()).collect();
        let (first, all) = (&items[0], items.join(", "));
        let text = match self.rng.below(7) {
            0 | 1 => format!("ROLLUP ({all})"),
            2 => format!("CUBE ({all})"),
            3 => format!("GROUPING SETS (({all}), ({first}))"),
            4 => format!("GROUPING SETS (({all}), ())"),
            5 => format!("{first}, ROLLUP ({all})"),
            _ => format!("DISTINCT ROLLUP ({all}), CUBE ({first})"),
        };
        Fragment::reducible(
            parts![format!(" GROUP BY {text}")],
            format!(" GROUP BY {all}"),
            &[],
        )
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

    /// The sources with only those columns that the query is grouped by, or that a primary key among them determines.
    fn visible(&self, sources: &[Source], groups: &[Group], determined: bool) -> Vec<Source> {
        let mut left = vec![];
        for (at, source) in sources.iter().enumerate() {
            let relation = source.relation(self.schema);
            let own = groups
                .iter()
                .filter(|group| group.ty.is_its_text())
                .filter_map(|group| group.column.filter(|(of, _)| *of == at));
            let mut places: Vec<usize> = own.map(|(_, column)| column).collect();
            if determined && relation.primary && relation.key.iter().all(|key| places.contains(key)) {
                places = (0..relation.columns.len()).collect();
            }
            places.sort_unstable();
            places.dedup();
            if places.is_empty() {
                continue;
            }
            let moved = |at: usize| places.iter().position(|place| *place == at);
            let key: Option<Vec<usize>> = relation.key.iter().map(|at| moved(*at)).collect();
            let shape = Relation {
                name: String::new(),
                kind: Kind::Groups,
                columns: places.iter().map(|at| relation.columns[*at].clone()).collect(),
                links: moved_links(relation, moved),
                key: key.unwrap_or_default(),
                entity: relation.entity,
                primary: false,
                generated: false,
                parts: vec![],
                size: relation.size,
            };
            left.push(Source {
                shape: Some(Rc::new(shape)),
                ..source.clone()
            });
        }
        left
    }
}
