//! Random queries of every shape: plain, grouped, windowed and recursive ones, DISTINCT, set operations, limits; as
//! definitions, derived tables, `WITH` queries and subqueries.

use std::rc::Rc;

use super::expression::Builder;
use super::function::{names, numbered};
use super::schema::{Column, Kind, Link, Relation};
use super::scope::{Scope, Source};
use super::subquery::Inner;
use super::tree::{Place, handles, moved_links};
use super::types::Ty;
use crate::fragment::Fragment;
use crate::{parts, sql};

/// What a query has to give.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Types of its columns; anything when there are none.
    pub types: Option<Vec<Ty>>,
    /// A table whose keys should be among the columns, the first ones if the types say so.
    pub about: Option<usize>,
}

impl Wanted {
    /// Columns of these types.
    pub fn types(types: &[Ty]) -> Self {
        Self {
            types: Some(types.to_vec()),
            about: None,
        }
    }

    /// Anything that holds the keys of a table.
    pub fn about(about: Option<usize>) -> Self {
        Self { types: None, about }
    }
}

/// A query, and what it gives.
pub struct Query {
    /// The text, without parentheses.
    pub text: Fragment,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Columns that hold keys of tables.
    pub links: Vec<Link>,
    /// Columns that are unique together.
    pub key: Vec<usize>,
    /// The table whose keys these are.
    pub entity: Option<usize>,
    /// About how many rows it has.
    pub size: usize,
}

impl Query {
    /// The relation that it is as a derived table.
    pub fn shape(&self) -> Rc<Relation> {
        Rc::new(self.relation("", Kind::Derived))
    }

    /// The relation that it is with this name.
    pub fn relation(&self, name: &str, kind: Kind) -> Relation {
        Relation {
            name: name.to_owned(),
            kind,
            columns: self.columns.clone(),
            key: self.key.clone(),
            links: self.links.clone(),
            entity: self.entity.unwrap_or(usize::MAX),
            primary: false,
            generated: false,
            parts: vec![],
            size: self.size,
        }
    }
}

/// FROM and WHERE of a query.
pub struct Block {
    /// ` FROM … WHERE …`
    pub body: Fragment,
    /// What can be referred to.
    pub inner: Inner,
    /// The sources.
    pub sources: Vec<Source>,
    /// About how many rows it has.
    pub size: usize,
}

/// A select list that grows.
#[derive(Default)]
pub struct List {
    items: Vec<Fragment>,
    /// The columns.
    pub columns: Vec<Column>,
    /// Those that hold keys of tables.
    pub links: Vec<Link>,
}

impl List {
    /// One more column.
    pub fn add(&mut self, value: Fragment, ty: Ty) {
        let name = format!("c{}", self.columns.len());
        self.items.push(sql![value, format!(" AS {name}")]);
        self.columns.push(Column {
            name,
            ty,
            nullable: true,
        });
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The list. Where its width is not given from outside, columns may be left out.
    pub fn text(&self, fixed: bool) -> Fragment {
        let items = self.items.clone();
        if !fixed {
            return Fragment::joined(items, ", ");
        }
        let comma = |(nth, item): (usize, Fragment)| sql![if nth > 0 { ", " } else { "" }, item];
        Fragment::Sequence(items.into_iter().enumerate().map(comma).collect())
    }
}

impl Builder<'_> {
    /// A query.
    pub fn query(&mut self, outer: &Scope, wanted: &Wanted, depth: usize) -> Query {
        self.budget = self.budget.saturating_sub(1);
        let nested = if depth > 0 && self.budget > 0 { 1 } else { 0 };
        match self.rng.weighted(&[
            (45, 0),
            (22, 1),
            (11, 2),
            (16 * nested, 3),
            (6 * nested, 4),
            (6, 5),
            (if self.tame { 1 } else { 5 }, 6),
            (if wanted.about.is_some() || self.tame { 0 } else { 2 }, 7),
        ]) {
            0 => self.plain(outer, wanted, depth),
            1 => self.grouped_block(outer, wanted, depth),
            2 => self.windowed(outer, wanted, depth),
            3 => self.set_operation(outer, wanted, depth),
            4 => self.recursive(outer, wanted, depth),
            5 => self.distinct_on(outer, wanted, depth),
            6 => self.limited(outer, wanted, depth),
            _ => self.constants(wanted),
        }
    }

    /// FROM and WHERE.
    pub fn block(&mut self, outer: &Scope, wanted: &Wanted, depth: usize) -> Block {
        let place = self.place(outer, wanted, depth);
        let count = match depth {
            0 => self.rng.weighted(&[(5, 1), (3, 2)]),
            _ => self.rng.weighted(&[(3, 1), (5, 2), (3, 3), (1, 4)]),
        };
        let first = match self.first.take() {
            Some((name, shape)) => {
                let alias = self.fresh(&place);
                self.shaped(format!("{name} AS {alias}").into(), &alias, shape)
            }
            None => self.item(&place),
        };
        let (tree, mut conditions) = self.tree_after(first, &place, count);
        let scope = outer.with(&tree.sources);
        if !outer.is_empty() && self.tamely(92, 55) {
            let around = outer.hiding(&tree.sources).all();
            let on = self.on(&Place::default(), &around, &tree.sources, false);
            if on.text.to_string() != "true" {
                conditions.push(on.text);
            }
        }
        if self.rng.chance(40) {
            conditions.push(self.condition(&scope, depth.min(2)));
        }
        let filter = if conditions.is_empty() {
            "".into()
        } else {
            Fragment::optional(parts![" WHERE ", Fragment::joined(conditions, " AND ")])
        };
        let order = self.order(&tree.sources);
        let keyed = |source: &Source| !source.relation(self.schema).key.is_empty();
        let exact = tree.sources.iter().all(keyed);
        Block {
            body: sql![" FROM ", tree.text, filter],
            inner: Inner {
                exact,
                ..Inner::of(scope, order)
            },
            sources: tree.sources,
            size: tree.size,
        }
    }

    fn place(&self, outer: &Scope, wanted: &Wanted, depth: usize) -> Place {
        Place {
            outer: outer.clone(),
            depth,
            about: wanted.about,
            ..Place::default()
        }
    }

    pub fn plain(&mut self, outer: &Scope, wanted: &Wanted, depth: usize) -> Query {
        let block = self.block(outer, wanted, depth);
        let mut list = self.plain_list(&block, wanted, depth);
        let free = wanted.types.is_none();
        if free && self.rng.chance(7) {
            let (value, ty) = self.rows_in_list(&block.inner.scope);
            list.add(value, ty);
            if self.rng.chance(25) {
                let (value, ty) = self.rows_in_list(&block.inner.scope);
                list.add(value, ty);
            }
        }
        let distinct = self.rng.chance(18) && list.columns.iter().all(|column| column.ty.is_its_text());
        let end = if !distinct && self.tamely(if outer.is_empty() { 2 } else { 10 }, 10) {
            self.limit(&block.inner, depth)
        } else {
            "".into()
        };
        let word = if distinct { "SELECT DISTINCT " } else { "SELECT " };
        self.finished(word, list, free, (block.body, end), block.size)
    }

    /// A query from its parts.
    pub fn finished(
        &mut self,
        word: &str,
        list: List,
        free: bool,
        (body, end): (Fragment, Fragment),
        size: usize,
    ) -> Query {
        Query {
            text: sql![word, list.text(!free), body, end],
            columns: list.columns,
            links: list.links,
            key: vec![],
            entity: None,
            size,
        }
    }

    /// Keys, links, columns and expressions over the sources.
    pub fn plain_list(&mut self, block: &Block, wanted: &Wanted, depth: usize) -> List {
        let mut list = List::default();
        if let Some(types) = &wanted.types {
            self.wanted_list(&mut list, block, (types, wanted.about), depth);
            return list;
        }
        for source in &block.sources {
            let relation = source.relation(self.schema).clone();
            let shown = self.shown_columns(&relation, wanted.about);
            let mut places: Vec<(usize, usize)> = vec![];
            for at in shown {
                let column = &relation.columns[at];
                let name = format!("{}.{}", source.alias, column.name);
                let (value, ty) = match column.ty {
                    _ if !self.rng.chance(5) => {
                        places.push((at, list.columns.len()));
                        (name, column.ty)
                    }
                    Ty::Int | Ty::Big => (format!("{name} * 2::bigint"), Ty::Big),
                    Ty::Text => (format!("lower({name})"), Ty::Text),
                    Ty::Json => (name, column.ty),
                    _ => (format!("{name}::text"), Ty::Text),
                };
                list.add(value.into(), ty);
            }
            let place = |wanted: usize| places.iter().find(|(at, _)| *at == wanted).map(|(_, nth)| *nth);
            list.links.extend(moved_links(&relation, place));
        }
        for _ in 0..self.rng.weighted(&[(3, 0), (4, 1), (2, 2)]) {
            let ty = self.any_type();
            let value = self.expression(&block.inner.scope, ty, depth.min(2));
            list.add(value, ty);
        }
        if list.is_empty() {
            let value = self.expression(&block.inner.scope, Ty::Text, 1);
            list.add(value, Ty::Text);
        }
        list
    }

    /// Which columns of a source to show: its keys and links mostly together, and some others.
    fn shown_columns(&mut self, relation: &Relation, about: Option<usize>) -> Vec<usize> {
        let mut shown: Vec<usize> = vec![];
        for (target, columns) in handles(relation) {
            let wanted = if self.tame { 65 } else { 30 };
            if self.rng.chance(if Some(target) == about { 92 } else { wanted }) {
                shown.extend(columns);
            }
        }
        for at in relation.data_columns() {
            if self.rng.chance(20) {
                shown.push(at);
            }
        }
        shown.sort_unstable();
        shown.dedup();
        shown
    }

    /// Values of these types; the first ones hold keys of the table if that is wanted and possible.
    fn wanted_list(
        &mut self,
        list: &mut List,
        block: &Block,
        (types, about): (&[Ty], Option<usize>),
        depth: usize,
    ) {
        if let Some(target) = about {
            for source in &block.sources {
                let relation = source.relation(self.schema);
                let fits = |columns: &Vec<usize>| {
                    columns.len() <= types.len()
                        && columns
                            .iter()
                            .zip(types)
                            .all(|(at, ty)| relation.columns[*at].ty == *ty)
                };
                let found = handles(relation)
                    .into_iter()
                    .find(|(to, columns)| *to == target && fits(columns));
                let Some((_, columns)) = found else { continue };
                for (at, name) in columns.iter().zip(relation.names(&source.alias, &columns)) {
                    list.add(name.into(), relation.columns[*at].ty);
                }
                list.links.push(Link {
                    columns: (0..columns.len()).collect(),
                    target,
                    types: types[..columns.len()].to_vec(),
                    enforced: false,
                });
                break;
            }
        }
        for ty in &types[list.columns.len()..] {
            let value = match self.rng.chance(65) {
                true => self.leaf(&block.inner.scope, *ty),
                false => self.expression(&block.inner.scope, *ty, depth.min(2)),
            };
            list.add(value, *ty);
        }
    }

    /// `DISTINCT ON`: the first row of each, in a total order.
    fn distinct_on(&mut self, outer: &Scope, wanted: &Wanted, depth: usize) -> Query {
        let block = self.block(outer, wanted, depth);
        let list = self.plain_list(&block, wanted, depth);
        let free = wanted.types.is_none();
        let plain: Vec<usize> = (0..list.columns.len())
            .filter(|at| list.columns[*at].ty != Ty::Json)
            .collect();
        let mut keys: Vec<String> = vec![];
        // Keys by position stand for what is shown; the list must not shrink then.
        let shown = !free && !plain.is_empty() && self.rng.chance(60);
        for _ in 0..self.rng.weighted(&[(4, 1), (2, 2)]) {
            let ty = self
                .rng
                .weighted(&[(3, Ty::Int), (3, Ty::Text), (1, Ty::Numeric), (1, Ty::Bool)]);
            let key = match shown {
                true => (self.rng.pick(&plain) + 1).to_string(),
                false => match self.linking_column(&block.sources) {
                    Some(column) if self.tamely(85, 50) => column,
                    _ => self.column_of(&block.inner.scope, ty),
                },
            };
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let first = self.leaf(&block.inner.scope, Ty::Int);
        let end = sql![
            format!(" ORDER BY {}, (", keys.join(", ")),
            first,
            format!(")::integer, {}", block.inner.order)
        ];
        let word = format!("SELECT DISTINCT ON ({}) ", keys.join(", "));
        self.finished(&word, list, free, (block.body, end), block.size)
    }

    /// A column of this type, or something in its place that is no constant.
    fn column_of(&mut self, scope: &Scope, ty: Ty) -> String {
        let own = Scope::default().with(scope.innermost());
        if let Some(column) = own.column(self.schema, ty, self.rng) {
            return column;
        }
        let source = &scope.innermost()[0];
        let column = &source.relation(self.schema).columns[0].name;
        format!("({}.{column} IS NULL)", source.alias)
    }

    /// A column that is a key or part of a link.
    pub fn linking_column(&mut self, sources: &[Source]) -> Option<String> {
        let mut found = vec![];
        for source in sources {
            let relation = source.relation(self.schema);
            for (_, columns) in handles(relation) {
                found.extend(relation.names(&source.alias, &columns));
            }
        }
        match found.is_empty() {
            true => None,
            false => Some(self.rng.pick(&found).clone()),
        }
    }

    /// A limit around another query.
    fn limited(&mut self, outer: &Scope, wanted: &Wanted, depth: usize) -> Query {
        let query = self.query(outer, wanted, depth.saturating_sub(1));
        let source = Source {
            shape: Some(query.shape()),
            ..Source::of(0, "z", false)
        };
        let order = "(z.*)::text COLLATE \"C\"".into();
        let inner = Inner::of(Scope::default().with(&[source]), order);
        let end = self.limit(&inner, 0);
        Query {
            text: Fragment::hoistable(parts!["SELECT * FROM (", query.text, ") AS z", end], &[1]),
            size: query.size.min(5),
            ..query
        }
    }

    /// ` ORDER BY … LIMIT …` and its like, with one result.
    pub fn limit(&mut self, inner: &Inner, depth: usize) -> Fragment {
        let ty = self
            .rng
            .weighted(&[(3, Ty::Int), (2, Ty::Text), (1, Ty::Numeric), (1, Ty::StampTz)]);
        let by = match self.rng.chance(75) {
            true => self.leaf(&inner.scope, ty),
            false => self.expression(&inner.scope, ty, depth.min(1)),
        };
        // A bare number would be a position.
        let by = sql![by, format!(")::{}", ty.name())];
        let direction = self.rng.weighted(&[
            (3, ""),
            (2, " DESC"),
            (1, " DESC NULLS LAST"),
            (1, " NULLS FIRST"),
        ]);
        let count = self.rng.between(1, 5);
        let skipped = self.rng.between(1, 3);
        let order = &inner.order;
        Fragment::optional(match self.rng.below(8) {
            0 | 1 => parts![
                " ORDER BY (",
                by,
                format!("{direction} FETCH FIRST {count} ROWS WITH TIES")
            ],
            2 => parts![
                " ORDER BY (",
                by,
                format!("{direction}, {order} OFFSET {skipped} ROWS FETCH NEXT {count} ROWS ONLY")
            ],
            3 => parts![
                " ORDER BY (",
                by,
                format!("{direction}, {order} OFFSET {skipped}")
            ],
            4 => parts![
                " ORDER BY (",
                by,
                format!("{direction}, {order} LIMIT {count} OFFSET {skipped}")
            ],
            5 => parts![format!(" ORDER BY {order} LIMIT {count}")],
            _ => parts![" ORDER BY (", by, format!("{direction}, {order} LIMIT {count}")],
        })
    }

    /// VALUES as a query.
    fn constants(&mut self, wanted: &Wanted) -> Query {
        let types = match &wanted.types {
            Some(types) => types.clone(),
            None => (0..self.rng.between(1, 3)).map(|_| self.any_type()).collect(),
        };
        let values = self.values(&types);
        let text = sql![
            "SELECT * FROM (",
            values,
            format!(") AS z({})", names(types.len()))
        ];
        Query {
            text,
            columns: numbered(&types, 3).columns.clone(),
            links: vec![],
            key: vec![],
            entity: None,
            size: 3,
        }
    }
}
