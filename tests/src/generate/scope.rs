//! What an expression may refer to: the sources of its query and of the queries around it.

use std::rc::Rc;

use super::schema::{Kind, Relation, Schema};
use super::types::Ty;
use crate::rng::Rng;

/// A relation in a FROM list.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its alias.
    pub alias: String,
    /// Its position in the schema.
    pub relation: usize,
    /// Whether an outer join can make its columns NULL.
    pub nullable: bool,
    /// What can be seen of it instead: a derived table, or the columns that a grouped query has left.
    pub shape: Option<Rc<Relation>>,
}

impl Source {
    /// A source that is a relation of the schema.
    pub fn of(relation: usize, alias: &str, nullable: bool) -> Self {
        Self {
            alias: alias.to_owned(),
            relation,
            nullable,
            shape: None,
        }
    }

    /// What can be seen of it.
    pub fn relation<'a>(&'a self, schema: &'a Schema) -> &'a Relation {
        match &self.shape {
            Some(shape) => shape,
            None => &schema.relations[self.relation],
        }
    }
}

/// The visible sources: the innermost query's last.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    levels: Vec<Vec<Source>>,
}

impl Scope {
    /// This scope with another query's sources inside. Equal aliases hide those outside.
    pub fn with(&self, sources: &[Source]) -> Self {
        let mut inside = self.hiding(sources);
        inside.levels.push(sources.to_vec());
        inside
    }

    /// This scope without what has the same alias as one of these.
    pub fn hiding(&self, sources: &[Source]) -> Self {
        let mut levels = self.levels.clone();
        for level in &mut levels {
            level.retain(|outer| sources.iter().all(|inner| inner.alias != outer.alias));
        }
        Self { levels }
    }

    /// Whether nothing is visible.
    pub fn is_empty(&self) -> bool {
        self.levels.iter().all(Vec::is_empty)
    }

    /// All visible sources.
    pub fn all(&self) -> Vec<Source> {
        self.levels.concat()
    }

    /// The innermost query's sources.
    pub fn innermost(&self) -> &[Source] {
        self.levels.last().map_or(&[], Vec::as_slice)
    }

    /// Number of queries around the innermost one.
    pub fn depth(&self) -> usize {
        self.levels.len().saturating_sub(1)
    }

    /// Some visible source; mostly one of the innermost query.
    pub fn source(&self, rng: &mut Rng) -> Option<&Source> {
        let all: Vec<&Source> = self.levels.iter().flatten().collect();
        if all.is_empty() {
            return None;
        }
        let inner = self.innermost();
        Some(if !inner.is_empty() && rng.chance(75) {
            rng.pick(inner)
        } else {
            *rng.pick(&all)
        })
    }

    /// A visible column of this type.
    pub fn column(&self, schema: &Schema, ty: Ty, rng: &mut Rng) -> Option<String> {
        let columns = |source: &Source| -> Vec<String> {
            let columns = &source.relation(schema).columns;
            columns
                .iter()
                .filter(|c| c.ty == ty)
                .map(|c| format!("{}.{}", source.alias, c.name))
                .collect()
        };
        let inner: Vec<String> = self.innermost().iter().flat_map(columns).collect();
        if !inner.is_empty() && rng.chance(75) {
            return Some(rng.pick(&inner).clone());
        }
        let all: Vec<String> = self.levels.iter().flatten().flat_map(columns).collect();
        if all.is_empty() {
            None
        } else {
            Some(rng.pick(&all).clone())
        }
    }
}

/// Names that are not taken among `sources`, and are not `kept`. They repeat in other queries of a definition, and
/// some are names of tables and columns, too: an alias has to be resolved, not guessed.
pub fn fresh_alias(sources: &[Source], kept: &str, rng: &mut Rng) -> String {
    const POOL: [&str; 12] = [
        "a", "b", "c", "x", "y", "r", "p", "t0", "t1", "data", "pk", "\"A b\"",
    ];
    let free = |alias: &&&str| **alias != kept && sources.iter().all(|source| source.alias != **alias);
    let names: Vec<&&str> = POOL.iter().filter(free).collect();
    (**rng.pick(&names)).to_owned()
}

/// A relation to select from: mostly a table.
pub fn pick_relation(schema: &Schema, keyed: bool, rng: &mut Rng) -> usize {
    let kind = rng.weighted(&[(12, Kind::Table), (3, Kind::View), (2, Kind::Tview)]);
    let fits = |at: &usize| !keyed || !schema.relations[*at].key.is_empty();
    let candidates: Vec<usize> = schema.of_kind(kind).into_iter().filter(fits).collect();
    if !candidates.is_empty() {
        return *rng.pick(&candidates);
    }
    let tables: Vec<usize> = schema.of_kind(Kind::Table).into_iter().filter(fits).collect();
    *rng.pick(&tables)
}
