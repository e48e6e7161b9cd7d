//! Random definitions: views that tviews select from, and the tviews' own.

use super::expression::{Builder, simple};
use super::grouped::with_clause;
use super::query::Wanted;
use super::schema::{Column, Kind, Link, Relation, Schema};
use super::scope::{Scope, Source, fresh_alias, pick_relation};
use super::subquery::Inner;
use super::types::Ty;
use crate::fragment::Fragment;
use crate::rng::Rng;
use crate::{parts, sql};

/// A definition of any shape over tables, views and the tviews before it; it becomes a relation of its own.
pub fn query_view(schema: &mut Schema, name: &str, rng: &mut Rng) -> Fragment {
    let (text, relation) = any_query(schema, name, rng);
    schema.relations.push(Relation {
        kind: Kind::Tview,
        ..relation
    });
    text
}

fn any_query(schema: &Schema, name: &str, rng: &mut Rng) -> (Fragment, Relation) {
    let mut builder = Builder::new(schema, rng);
    builder.reads_dates = false;
    builder.budget = builder.rng.weighted(&[(2, 2), (3, 4), (3, 7), (1, 12)]);
    builder.tame = builder.rng.chance(70) || schema.tame;
    let named = builder.rng.weighted(&[(75, 0), (20, 1), (5, 2)]);
    let mut with = vec![];
    for nth in 0..named {
        let about = builder.rng.chance(70).then(|| builder.rng.below(nth + 2));
        let about = about.filter(|at| {
            builder
                .schema
                .relations
                .get(*at)
                .is_some_and(|table| !table.key.is_empty())
        });
        let query = builder.query(&Scope::default(), &Wanted::about(about), 1);
        let name = format!("w_{nth}");
        let word = builder
            .rng
            .weighted(&[(4, ""), (2, " MATERIALIZED"), (1, " NOT MATERIALIZED")]);
        with.push(sql![format!("{name} AS{word} ("), query.text.clone(), ")"]);
        builder.ctes.push((name, query.shape()));
    }
    let depth = builder.rng.weighted(&[(2, 1), (3, 2), (1, 3)]);
    let query = builder.query(&Scope::default(), &Wanted::default(), depth);
    let relation = query.relation(name, Kind::View);
    let text = match with.is_empty() {
        true => query.text,
        // A query that begins with WITH itself cannot have another one before it.
        false => Fragment::hoistable(
            parts![with_clause(with), "SELECT * FROM (", query.text, ") AS z"],
            &[2],
        ),
    };
    (text, relation)
}

/// Adds a view over tables and other views to the schema.
pub fn source_view(schema: &mut Schema, nth: usize, rng: &mut Rng) {
    if rng.chance(40) {
        let name = format!("v_{nth}");
        let (text, relation) = any_query(schema, &name, rng);
        schema
            .statements
            .push(sql![format!("CREATE VIEW {name} AS "), text]);
        schema.relations.push(relation);
        return;
    }
    let root = pick_relation(schema, false, rng);
    let base = schema.relations[root].clone();
    let mut builder = Builder::new(schema, rng);
    builder.reads_dates = false;
    let alias = fresh_alias(&[], "", builder.rng);
    let mut sources = vec![Source::of(root, &alias, false)];
    let mut from = parts![format!(" FROM {} AS {alias}", base.name)];
    if builder.rng.chance(40) {
        from.extend(builder.join(&mut sources, "", 0));
    }
    let scope = Scope::default().with(&sources);
    let all: Vec<usize> = (0..base.columns.len()).collect();
    let mut list: Vec<Fragment> = base.names(&alias, &all).into_iter().map(Fragment::from).collect();
    let mut columns = base.columns.clone();
    if builder.rng.chance(60) {
        let ty = builder.any_type();
        let value = builder.expression(&scope, ty, 2);
        list.push(sql![value, " AS computed"]);
        columns.push(Column {
            name: "computed".into(),
            ty,
            nullable: true,
        });
    }
    if columns.iter().filter(|column| column.name == "computed").count() > 1 {
        list.pop();
        columns.pop();
    }
    let filter = if builder.rng.chance(50) {
        Fragment::optional(parts![" WHERE ", builder.condition(&scope, 1)])
    } else {
        "".into()
    };
    let name = format!("v_{nth}");
    let list = Fragment::joined(list, ", ");
    let key = if builder.multiplied {
        vec![]
    } else {
        base.key.clone()
    };
    schema.statements.push(sql![
        format!("CREATE VIEW {name} AS SELECT "),
        list,
        Fragment::Sequence(from),
        filter
    ]);
    schema.relations.push(Relation {
        name,
        kind: Kind::View,
        columns,
        key,
        primary: false,
        generated: false,
        parts: vec![],
        ..base
    });
}

/// A document view over tables, views and the tviews before it; it becomes a relation of its own.
pub fn document_view(schema: &mut Schema, name: &str, rng: &mut Rng) -> Fragment {
    let root = pick_relation(schema, true, rng);
    let mut builder = Builder::new(schema, rng);
    let alias = fresh_alias(&[], "", builder.rng);
    let mut sources = vec![Source::of(root, &alias, false)];
    builder.tame = builder.rng.chance(60) || builder.schema.tame;
    let base = &builder.schema.relations[root];
    let several = builder.rng.chance(7);
    builder.with = Some(vec![]);
    let joins = builder.rng.weighted(&[(3, 0), (4, 1), (4, 2), (2, 3), (1, 4)]);
    let from = builder.root_clause(&mut sources, joins, if several { 40 } else { 0 });
    let with = builder.with.take().unwrap_or_default();
    let unique = !builder.multiplied;
    let scope = Scope::default().with(&sources);
    let mut filter = from.conditions;
    if builder.rng.chance(45) {
        filter.push(builder.condition(&scope, 2));
    }
    if builder.rng.chance(12) {
        filter.push(builder.condition(&scope, 1));
    }
    let mut output = Output::default();
    output.keys(&mut builder, &sources, several);
    output.extras(&mut builder, &scope);
    output.document(&mut builder, &scope);
    let filter = if filter.is_empty() {
        "".into()
    } else {
        Fragment::optional(parts![" WHERE ", Fragment::joined(filter, " AND ")])
    };
    let end = if builder.rng.chance(5) {
        builder.limit(&Inner::of(scope, builder.order(&sources)), 1)
    } else {
        "".into()
    };
    let query = sql![
        with_clause(with),
        "SELECT ",
        output.list(),
        Fragment::Sequence(from.text),
        filter,
        end
    ];
    let key = if several || !unique {
        vec![]
    } else {
        output.key.clone()
    };
    let entity = base.entity;
    let links = if several { vec![] } else { output.links };
    schema.relations.push(Relation {
        name: name.into(),
        kind: Kind::Tview,
        columns: output.columns,
        key,
        links,
        entity,
        primary: false,
        generated: false,
        parts: vec![],
        size: base.size,
    });
    query
}

/// The select list of a definition.
#[derive(Default)]
struct Output {
    required: Vec<Fragment>,
    optional: Vec<Fragment>,
    columns: Vec<Column>,
    key: Vec<usize>,
    links: Vec<Link>,
}

impl Output {
    fn add(&mut self, name: &str, value: Fragment, ty: Ty, required: bool) -> usize {
        let taken = |name: &str| self.columns.iter().any(|column| column.name == name);
        let mut unique = name.to_owned();
        while taken(&unique) {
            unique.push('x');
        }
        let item = sql![value, format!(" AS {unique}")];
        if required {
            self.required.push(item)
        } else {
            self.optional.push(item)
        };
        self.columns.push(Column {
            name: unique,
            ty,
            nullable: !required,
        });
        self.columns.len() - 1
    }

    /// The key of the root, or of all sources when joins find several rows, and some of the root's links.
    fn keys(&mut self, builder: &mut Builder<'_>, sources: &[Source], several: bool) {
        let prefix = builder.rng.weighted(&[(3, ""), (1, "id_")]);
        for (nth, source) in sources.iter().enumerate() {
            if nth > 0 && !several {
                break;
            }
            let relation = source.relation(builder.schema);
            for at in &relation.key {
                let column = &relation.columns[*at];
                let value = format!("{}.{}", source.alias, column.name).into();
                let position = self.add(&format!("{prefix}{}", column.name), value, column.ty, true);
                if nth == 0 {
                    self.key.push(position);
                }
            }
        }
        let root = &builder.schema.relations[sources[0].relation];
        for link in &root.links {
            if builder.rng.chance(50) {
                let mut columns = vec![];
                for at in &link.columns {
                    let column = &root.columns[*at];
                    let value = format!("{}.{}", sources[0].alias, column.name).into();
                    columns.push(self.add(&column.name, value, column.ty, true));
                }
                self.links.push(Link {
                    columns,
                    ..link.clone()
                });
            }
        }
    }

    fn document(&mut self, builder: &mut Builder<'_>, scope: &Scope) {
        let document = builder.object(scope, 3);
        let more = if builder.rng.chance(30) {
            builder.object(scope, 2)
        } else {
            "".into()
        };
        let data = match more.to_string().is_empty() {
            true => document,
            false => Fragment::reducible(
                parts!["(", document, " || ", more, ")"],
                simple(Ty::Jsonb),
                &[1, 3],
            ),
        };
        self.add("data", data, Ty::Jsonb, false);
    }

    fn extras(&mut self, builder: &mut Builder<'_>, scope: &Scope) {
        for nth in 0..builder.rng.weighted(&[(3, 0), (3, 1), (2, 2)]) {
            let ty = builder.any_type();
            let value = builder.expression(scope, ty, 2);
            self.add(&format!("e{nth}"), value, ty, false);
        }
    }

    /// The list; what is not needed to tell rows apart can be left out.
    fn list(&self) -> Fragment {
        let required = self.required.iter().cloned();
        let mut parts: Vec<Fragment> = vec![];
        for item in required {
            let comma = if parts.is_empty() { "" } else { ", " };
            parts.push(sql![comma, item]);
        }
        for item in &self.optional {
            parts.push(Fragment::optional(parts![", ", item.clone()]));
        }
        Fragment::Sequence(parts)
    }
}
