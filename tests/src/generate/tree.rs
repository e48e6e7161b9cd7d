//! Random join trees: every kind of join, nested, over tables, derived tables, functions and `WITH` queries.

use super::expression::Builder;
use super::schema::{Link, Relation};
use super::scope::{Scope, Source, fresh_alias, pick_relation};
use super::types::{Ty, comparable};
use crate::fragment::Fragment;
use crate::{parts, sql};

/// Rows that a join may have at most, as far as one can tell.
const MOST_ROWS: usize = 900;

/// A FROM item.
#[derive(Clone)]
pub struct Tree {
    /// Its text.
    pub text: Fragment,
    /// What can be referred to in it.
    pub sources: Vec<Source>,
    /// About how many rows it has.
    pub size: usize,
}

/// Where in a FROM clause an item stands.
#[derive(Clone, Default)]
pub struct Place {
    /// The queries around.
    pub outer: Scope,
    /// Sources of the same clause: their aliases are taken, and the item had better join to one of them.
    pub taken: Vec<Source>,
    /// Those that LATERAL sees.
    pub visible: Vec<Source>,
    /// How deep derived tables may nest.
    pub depth: usize,
    /// A relation whose keys the item should hold.
    pub about: Option<usize>,
}

/// How two items are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Inner,
    Left,
    Right,
    Full,
    Cross,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Inner => " JOIN ",
            Kind::Left => " LEFT JOIN ",
            Kind::Right => " RIGHT JOIN ",
            Kind::Full => " FULL JOIN ",
            Kind::Cross => " CROSS JOIN ",
        }
    }
}

/// A join condition.
pub struct On {
    /// The condition.
    pub text: Fragment,
    /// Whether it leaves few of the combinations.
    selective: bool,
}

/// Columns that hold keys of a table: that table's own, or a link.
pub fn handles(relation: &Relation) -> Vec<(usize, Vec<usize>)> {
    let links = relation.links.iter();
    let mut found: Vec<(usize, Vec<usize>)> = links.map(|link| (link.target, link.columns.clone())).collect();
    if !relation.key.is_empty() && relation.entity != usize::MAX {
        found.push((relation.entity, relation.key.clone()));
    }
    found
}

impl Builder<'_> {
    /// A FROM clause with about `count` sources, without the word, and the conditions of its commas.
    pub fn tree_after(&mut self, first: Tree, place: &Place, count: usize) -> (Tree, Vec<Fragment>) {
        let comma = count > 1 && self.rng.chance(14);
        let mut tree = first;
        for _ in 1..count - usize::from(comma) {
            tree = self.grown(tree, place);
        }
        let mut conditions = vec![];
        if comma {
            let mut next = place.clone();
            next.taken.extend(tree.sources.clone());
            next.visible.extend(tree.sources.clone());
            let right = self.item(&next);
            let on = self.on(place, &tree.sources, &right.sources, false);
            if on.selective || tree.size * right.size <= MOST_ROWS {
                conditions.push(on.text);
                tree = Tree {
                    size: joined_size(&tree, &right, on.selective),
                    text: sql![tree.text, ", ", right.text],
                    sources: [tree.sources, right.sources].concat(),
                };
            }
        }
        (tree, conditions)
    }

    /// The tree joined to one more item, or to another tree.
    fn grown(&mut self, left: Tree, place: &Place) -> Tree {
        let mut kind = self.rng.weighted(&[
            (36, Kind::Inner),
            (34, Kind::Left),
            (9, Kind::Right),
            (10, Kind::Full),
            (4, Kind::Cross),
        ]);
        let mut inside = place.clone();
        inside.taken.extend(left.sources.clone());
        if matches!(kind, Kind::Inner | Kind::Left | Kind::Cross) {
            inside.visible.extend(left.sources.clone());
        }
        let mut right = self.item(&inside);
        if self.rng.chance(14) {
            right = self.grown(right, &inside);
        }
        if self.rng.chance(16)
            && kind != Kind::Cross
            && let Some(join) = self.merged(&left, &right, kind)
        {
            return join;
        }
        let on = self.on(place, &left.sources, &right.sources, kind == Kind::Full);
        if left.size * right.size > MOST_ROWS && (!on.selective || kind == Kind::Cross) {
            if !on.selective {
                return left;
            }
            kind = Kind::Inner;
        }
        let selective = on.selective && kind != Kind::Cross;
        let on = match kind {
            Kind::Cross => "".into(),
            _ => sql![" ON ", on.text],
        };
        combined(left, right, (kind, kind.word()), on, selective)
    }

    /// A join by USING or NATURAL, where both sides have columns of the same names.
    fn merged(&mut self, left: &Tree, right: &Tree, kind: Kind) -> Option<Tree> {
        let ([a], [b]) = (left.sources.as_slice(), right.sources.as_slice()) else {
            return None;
        };
        let (a, b) = (a.relation(self.schema), b.relation(self.schema));
        let same = |column: &super::schema::Column| {
            b.columns
                .iter()
                .find(|other| other.name == column.name)
                .map(|other| (column.name.clone(), column.ty, other.ty))
        };
        let common: Vec<(String, Ty, Ty)> = a.columns.iter().filter_map(same).collect();
        let fits = |(_, a, b): &&(String, Ty, Ty)| a == b && *a != Ty::Json;
        let fitting: Vec<&(String, Ty, Ty)> = common.iter().filter(fits).collect();
        if fitting.is_empty() {
            return None;
        }
        if fitting.len() == common.len() && self.rng.chance(40) {
            let word = format!(" NATURAL{}", kind.word());
            return Some(combined(
                left.clone(),
                right.clone(),
                (kind, &word),
                "".into(),
                true,
            ));
        }
        let (name, ..) = *self.rng.pick(&fitting);
        let using = format!(" USING ({name})").into();
        Some(combined(
            left.clone(),
            right.clone(),
            (kind, kind.word()),
            using,
            true,
        ))
    }

    /// A condition between sources of two sides; for a full join one that PostgreSQL can do.
    pub fn on(&mut self, place: &Place, left: &[Source], right: &[Source], full: bool) -> On {
        let base = self.base_condition(left, right, full);
        let extra = if self.rng.chance(14) {
            let both = [left, right].concat();
            let depth = usize::from(place.depth > 0 && self.rng.chance(40));
            let scope = place.outer.with(&both);
            Fragment::optional(parts![" AND ", self.condition(&scope, depth)])
        } else {
            "".into()
        };
        let constant = base.text.to_string() == "true";
        On {
            text: match full && constant {
                true => base.text,
                false => sql![base.text, extra],
            },
            ..base
        }
    }

    fn base_condition(&mut self, left: &[Source], right: &[Source], full: bool) -> On {
        let links = self.linked_columns(left, right);
        let pairs = self.comparable_columns(left, right, full);
        if !links.is_empty() && (pairs.is_empty() || self.tamely(90, 55)) {
            let columns = self.rng.pick(&links).clone();
            let equal: Vec<String> = columns
                .iter()
                .map(|(a, b)| match full {
                    true => format!("{a} = {b}"),
                    false => self.equal(a, b),
                })
                .collect();
            return On {
                text: equal.join(" AND ").into(),
                selective: true,
            };
        }
        if pairs.is_empty() {
            return On {
                text: "true".into(),
                selective: false,
            };
        }
        let (a, b, ty) = self.rng.pick(&pairs).clone();
        let (other, another, _) = self.rng.pick(&pairs).clone();
        let number = matches!(ty, Ty::Int | Ty::Big | Ty::Small | Ty::Score | Ty::Numeric);
        let text = match self.rng.below(if full { 5 } else { 12 }) {
            0..=2 => format!("{a} = {b}"),
            3 if number => format!("{a} + 1 = {b}"),
            3 if ty == Ty::Text => format!("lower({a}) = {b}"),
            4 => format!("{a} = {b} AND {other} = {another}"),
            5 | 6 if ty.is_compared() => format!("{a} < {b}"),
            7 if number => format!("{a} BETWEEN {b} - 1 AND {b} + 1"),
            8 => format!("({a} = {b} OR {other} = {another})"),
            9 => format!("{a} IS NOT DISTINCT FROM {b}"),
            10 => format!("{a} <> {b}"),
            11 if ty.is_compared() => format!("({a} >= {b}) IS NOT FALSE"),
            _ => format!("{a} = {b}"),
        };
        // Columns with few values: an equality leaves a third of the combinations.
        On {
            text: text.into(),
            selective: false,
        }
    }

    /// Pairs of columns that hold keys of one table.
    fn linked_columns(&self, left: &[Source], right: &[Source]) -> Vec<Vec<(String, String)>> {
        let mut found = vec![];
        for (a, b) in left.iter().flat_map(|a| right.iter().map(move |b| (a, b))) {
            let (first, second) = (a.relation(self.schema), b.relation(self.schema));
            for (target, columns) in handles(first) {
                for (_, others) in handles(second).into_iter().filter(|(other, _)| *other == target) {
                    let names = first.names(&a.alias, &columns);
                    let pairs: Vec<(String, String)> =
                        names.into_iter().zip(second.names(&b.alias, &others)).collect();
                    found.push(pairs);
                }
            }
        }
        found
    }

    /// Pairs of columns with an equality, and the type of the first.
    fn comparable_columns(&self, left: &[Source], right: &[Source], full: bool) -> Vec<(String, String, Ty)> {
        let mut found = vec![];
        for (a, b) in left.iter().flat_map(|a| right.iter().map(move |b| (a, b))) {
            for first in &a.relation(self.schema).columns {
                for second in &b.relation(self.schema).columns {
                    let days = first.ty != second.ty && (first.ty == Ty::Date || second.ty == Ty::Date);
                    if comparable(first.ty, second.ty) && first.ty != Ty::Bool && !(full && days) {
                        found.push((
                            format!("{}.{}", a.alias, first.name),
                            format!("{}.{}", b.alias, second.name),
                            first.ty,
                        ));
                    }
                }
            }
        }
        found
    }

    /// One FROM item; mostly one that has to do with what stands there already.
    pub fn item(&mut self, place: &Place) -> Tree {
        let derived = if place.depth > 0 && self.budget > 0 { 13 } else { 0 };
        let lateral = if place.visible.is_empty() { 0 } else { derived };
        let named = if self.ctes.is_empty() { 0 } else { 40 };
        match self
            .rng
            .weighted(&[(72, 0), (derived, 1), (lateral, 2), (7, 3), (named, 4)])
        {
            1 => self.derived_item(place, false),
            2 => self.derived_item(place, true),
            3 => self.function_item(place),
            4 => {
                let (name, shape) = self.rng.pick(&self.ctes).clone();
                let alias = self.fresh(place);
                self.shaped(format!("{name} AS {alias}").into(), &alias, shape)
            }
            _ => {
                let at = self.related(place);
                self.relation_item(place, at)
            }
        }
    }

    /// A relation as an item.
    pub fn relation_item(&mut self, place: &Place, at: usize) -> Tree {
        let alias = self.fresh(place);
        let relation = &self.schema.relations[at];
        let mut name = relation.name.clone();
        if let [part, ..] = relation.parts.as_slice()
            && self.rng.chance(8)
        {
            name = match part.bound.is_empty() && self.rng.chance(50) {
                true => format!("ONLY {name}"),
                false => part.name.clone(),
            };
        }
        Tree {
            text: format!("{name} AS {alias}").into(),
            sources: vec![Source::of(at, &alias, false)],
            size: relation.size,
        }
    }

    /// An alias for an item there. It hides none that something there may refer to.
    pub fn fresh(&mut self, place: &Place) -> String {
        fresh_alias(&place.taken, "", self.rng)
    }

    /// An item that is no relation of the schema.
    pub fn shaped(&mut self, text: Fragment, alias: &str, shape: std::rc::Rc<Relation>) -> Tree {
        Tree {
            text,
            size: shape.size,
            sources: vec![Source {
                shape: Some(shape),
                ..Source::of(0, alias, false)
            }],
        }
    }

    fn derived_item(&mut self, place: &Place, lateral: bool) -> Tree {
        let scope = match lateral {
            true => place.outer.hiding(&place.taken).with(&place.visible),
            false => place.outer.clone(),
        };
        let mut wanted = self.related_handle(place);
        if lateral && self.tamely(20, 50) {
            wanted = None;
        }
        let query = self.query(&scope, &super::query::Wanted::about(wanted), place.depth - 1);
        let alias = self.fresh(place);
        let word = if lateral { "LATERAL (" } else { "(" };
        let shape = query.shape();
        self.shaped(sql![word, query.text, format!(") AS {alias}")], &alias, shape)
    }

    /// A table whose keys are in what stands there, so that something can be joined to it.
    fn related_handle(&mut self, place: &Place) -> Option<usize> {
        if place.taken.is_empty() {
            return place.about;
        }
        let source = self.rng.pick(&place.taken);
        let found = handles(source.relation(self.schema));
        if found.is_empty() {
            return None;
        }
        Some(self.rng.pick(&found).0)
    }

    /// A relation that holds keys which are also in what stands there.
    fn related(&mut self, place: &Place) -> usize {
        if self.tamely(98, 70)
            && let Some(target) = self.related_handle(place)
        {
            let holds = |relation: &Relation| handles(relation).iter().any(|(other, _)| *other == target);
            let found: Vec<usize> = (0..self.schema.relations.len())
                .filter(|at| holds(&self.schema.relations[*at]))
                .collect();
            if !found.is_empty() {
                return *self.rng.pick(&found);
            }
        }
        pick_relation(self.schema, false, self.rng)
    }
}

/// Two trees joined.
fn combined(left: Tree, right: Tree, (kind, word): (Kind, &str), on: Fragment, selective: bool) -> Tree {
    let size = joined_size(&left, &right, selective);
    let (mut a, mut b) = (left.sources, right.sources);
    if matches!(kind, Kind::Right | Kind::Full) {
        a.iter_mut().for_each(|source| source.nullable = true);
    }
    if matches!(kind, Kind::Left | Kind::Full) {
        b.iter_mut().for_each(|source| source.nullable = true);
    }
    let parts = parts!["(", left.text, word, right.text, on, ")"];
    Tree {
        text: Fragment::hoistable(parts, &[1, 3]),
        sources: [a, b].concat(),
        size,
    }
}

fn joined_size(left: &Tree, right: &Tree, selective: bool) -> usize {
    if selective {
        left.size.max(right.size) + left.size.min(right.size) / 2
    } else {
        left.size * right.size
    }
}

/// The links that stay when columns are taken out of a relation: `place` says where a column is afterwards.
pub fn moved_links(relation: &Relation, place: impl Fn(usize) -> Option<usize>) -> Vec<Link> {
    let mut links = vec![];
    for (target, columns) in handles(relation) {
        let moved: Option<Vec<usize>> = columns.iter().map(|at| place(*at)).collect();
        let types = columns.iter().map(|at| relation.columns[*at].ty).collect();
        links.extend(moved.map(|columns| Link {
            columns,
            target,
            types,
            enforced: false,
        }));
    }
    links
}
