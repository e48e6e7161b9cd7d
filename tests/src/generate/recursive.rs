//! Random recursive queries: trees downwards and upwards, from roots, from a key, or from everywhere.

use super::expression::Builder;
use super::query::{Query, Wanted};
use super::schema::{Column, Kind, Link, Relation};
use super::scope::Scope;
use super::types::Ty;
use crate::fragment::Fragment;
use crate::{parts, sql};

/// A table whose rows refer to rows of the same table.
struct TreeTable {
    relation: Relation,
    /// The key.
    key: String,
    /// What refers to it.
    parent: String,
    ty: Ty,
}

/// How a recursion ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// After a few levels.
    Depth,
    /// When there is nothing new.
    Distinct,
    /// Where a row comes again.
    Cycle,
}

impl Builder<'_> {
    /// A query over a recursive one.
    pub fn recursive(&mut self, outer: &Scope, wanted: &Wanted, depth: usize) -> Query {
        let name = format!("r_{}", self.next_name());
        let (with, shape) = match self.tree_table() {
            Some(table) => self.walk(&table, outer, &name),
            None => self.counter(&name),
        };
        let shape = std::rc::Rc::new(shape);
        self.first = Some((name.clone(), shape.clone()));
        self.ctes.push((name, shape));
        let query = match self.rng.below(4) {
            0 => self.grouped_block(outer, wanted, depth - 1),
            _ => self.plain(outer, wanted, depth - 1),
        };
        self.ctes.pop();
        Query {
            text: sql!["WITH RECURSIVE ", with, " ", query.text],
            ..query
        }
    }

    fn tree_table(&mut self) -> Option<TreeTable> {
        let tables = self.schema.of_kind(Kind::Table).into_iter();
        let links = tables.flat_map(|at| self.schema.relations[at].links.iter().map(move |link| (at, link)));
        let own: Vec<(usize, String)> = links
            .filter(|(at, link)| link.target == *at && link.columns.len() == 1)
            .map(|(at, link)| {
                (
                    at,
                    self.schema.relations[at].columns[link.columns[0]].name.clone(),
                )
            })
            .collect();
        if own.is_empty() {
            return None;
        }
        let (at, parent) = self.rng.pick(&own).clone();
        let relation = self.schema.relations[at].clone();
        let key = &relation.columns[relation.key[0]];
        Some(TreeTable {
            key: key.name.clone(),
            ty: key.ty,
            parent,
            relation,
        })
    }

    /// A recursion along the links of a tree. Its columns: where it began (`s`), where it is (`k`), its level, and
    /// the way there.
    fn walk(&mut self, table: &TreeTable, outer: &Scope, name: &str) -> (Fragment, Relation) {
        let TreeTable {
            relation,
            key,
            parent,
            ty,
        } = table;
        let down = self.rng.chance(65);
        let end = self
            .rng
            .weighted(&[(4, End::Depth), (3, End::Distinct), (3, End::Cycle)]);
        let text = self.rng.chance(45) && end != End::Distinct;
        let own = Scope::default().with(&[super::scope::Source::of(relation.entity, "x", false)]);
        let label = own
            .column(self.schema, Ty::Text, self.rng)
            .unwrap_or_else(|| format!("x.{key}::text"));
        let mut first = vec![format!("x.{key} AS s"), format!("x.{key} AS k")];
        let mut next = vec!["r.s".to_owned(), format!("y.{key}")];
        let mut columns = vec![column("s", *ty), column("k", *ty)];
        if !down {
            first.push(format!("x.{parent} AS p"));
            next.push(format!("y.{parent}"));
            columns.push(column("p", *ty));
        }
        if end == End::Depth {
            first.push("0 AS n".to_owned());
            next.push("r.n + 1".to_owned());
            columns.push(column("n", Ty::Int));
        }
        if text {
            first.push(format!("coalesce({label}, '-') AS w"));
            let label = format!("y{}", label.trim_start_matches('x'));
            next.push(format!("r.w || '/' || coalesce({label}, '-')"));
            columns.push(column("w", Ty::Text));
        }
        let start = self.walk_start(table, outer);
        let link = match down {
            true => format!("y.{parent} = r.k"),
            false => format!("y.{key} = r.p"),
        };
        let stop = match end {
            End::Depth => format!(" AND r.n < {}", self.rng.between(1, 4)),
            _ => String::new(),
        };
        let inside = Scope::default().with(&[super::scope::Source::of(relation.entity, "y", false)]);
        let filter = match self.rng.chance(25) {
            true => Fragment::optional(parts![" AND ", self.condition(&inside, 0)]),
            false => "".into(),
        };
        let (union, cycle) = match end {
            End::Depth => (" UNION ALL ", ""),
            End::Distinct => (" UNION ", ""),
            End::Cycle => (" UNION ALL ", " CYCLE k SET cycled USING way"),
        };
        if end == End::Cycle {
            columns.push(column("cycled", Ty::Bool));
        }
        let table = &relation.name;
        let step = match self.rng.below(3) {
            0 => format!(" FROM {name} AS r, {table} AS y WHERE {link}{stop}"),
            1 => format!(" FROM {table} AS y JOIN {name} AS r ON {link} WHERE true{stop}"),
            _ => format!(" FROM {name} AS r JOIN {table} AS y ON {link}{stop} WHERE true"),
        };
        let with = sql![
            format!("{name} AS (SELECT {} FROM {table} AS x", first.join(", ")),
            start,
            format!("{union}SELECT {}{step}", next.join(", ")),
            filter,
            format!("){cycle}")
        ];
        (with, shape(columns, relation.entity, *ty))
    }

    /// Where a walk begins.
    fn walk_start(&mut self, table: &TreeTable, outer: &Scope) -> Fragment {
        let TreeTable {
            relation,
            key,
            parent,
            ty,
        } = table;
        let entity = relation.entity;
        let scope = Scope::default().with(&[super::scope::Source::of(entity, "x", false)]);
        let around: Vec<String> = outer
            .all()
            .iter()
            .filter(|source| source.alias != "x")
            .flat_map(|source| {
                let other = source.relation(self.schema);
                let found = super::tree::handles(other).into_iter();
                found
                    .filter(|(target, columns)| *target == entity && columns.len() == 1)
                    .flat_map(|(_, columns)| other.names(&source.alias, &columns))
                    .collect::<Vec<_>>()
            })
            .collect();
        if !around.is_empty() && self.rng.chance(75) {
            return format!(" WHERE x.{key} = {}", self.rng.pick(&around)).into();
        }
        let nth = self.rng.skewed(super::types::KEYS);
        Fragment::optional(match self.rng.below(5) {
            0 | 1 => parts![format!(" WHERE x.{parent} IS NULL")],
            2 => parts![format!(" WHERE x.{key} = {}", ty.constant(Some(&ty.key(nth))))],
            3 => parts![" WHERE ", self.condition(&scope, 1)],
            _ => parts![""],
        })
    }

    /// A recursion over no table.
    fn counter(&mut self, name: &str) -> (Fragment, Relation) {
        let most = self.rng.between(2, 5);
        let with =
            format!("{name} AS (SELECT 1 AS n UNION ALL SELECT r.n + 1 FROM {name} AS r WHERE r.n < {most})");
        let mut shape = shape(vec![column("n", Ty::Int)], usize::MAX, Ty::Int);
        shape.links.clear();
        (with.into(), shape)
    }
}

fn column(name: &str, ty: Ty) -> Column {
    Column {
        name: name.to_owned(),
        ty,
        nullable: true,
    }
}

/// What a recursive query is: its first two columns hold keys of the table.
fn shape(columns: Vec<Column>, target: usize, ty: Ty) -> Relation {
    let link = |at: usize| Link {
        columns: vec![at],
        target,
        types: vec![ty],
        enforced: false,
    };
    Relation {
        name: String::new(),
        kind: Kind::Derived,
        columns,
        key: vec![],
        links: vec![link(0), link(1)],
        entity: usize::MAX,
        primary: false,
        generated: false,
        parts: vec![],
        size: 30,
    }
}
