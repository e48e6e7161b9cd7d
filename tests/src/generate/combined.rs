//! Random set operations.

use super::expression::Builder;
use super::query::{Query, Wanted};
use super::schema::Link;
use super::scope::Scope;
use super::types::Ty;
use crate::fragment::Fragment;
use crate::{parts, sql};

impl Builder<'_> {
    /// UNION, INTERSECT or EXCEPT of two or three queries.
    pub fn set_operation(&mut self, outer: &Scope, wanted: &Wanted, depth: usize) -> Query {
        let all = self.rng.chance(45);
        let wanted = match wanted.types {
            Some(_) => wanted.clone(),
            None => self.branch_columns(wanted.about, all),
        };
        let types = wanted.types.clone().unwrap_or_default();
        // Equal values that are written otherwise: one of them would stay, and which one is not determined.
        let certain = types.iter().all(|ty| ty.is_its_text());
        let mut left = self.query(outer, &wanted, depth - 1);
        for _ in 0..self.rng.weighted(&[(6, 1), (1, 2)]) {
            let other = Wanted {
                types: Some(types.iter().map(|ty| self.varied(*ty)).collect()),
                ..wanted
            };
            let right = self.query(outer, &other, depth - 1);
            let word = match (all, certain) {
                (true, _) | (_, false) => self.rng.weighted(&[(1, "UNION ALL")]),
                _ => self.rng.weighted(&[
                    (5, "UNION"),
                    (3, "INTERSECT"),
                    (4, "EXCEPT"),
                    (2, "INTERSECT ALL"),
                    (2, "EXCEPT ALL"),
                ]),
            };
            left = both(left, right, word);
        }
        if certain && self.rng.chance(8) {
            let order: Vec<String> = (1..=types.len()).map(|nth| nth.to_string()).collect();
            let end = self.rng.weighted(&[
                (2, " LIMIT 4"),
                (1, " OFFSET 1"),
                (1, " FETCH FIRST 2 ROWS WITH TIES"),
            ]);
            let end = Fragment::optional(parts![format!(" ORDER BY {}{end}", order.join(", "))]);
            left.text = sql![left.text, end];
        }
        left
    }

    /// What the branches have to give: often the keys of a table first.
    fn branch_columns(&mut self, about: Option<usize>, all: bool) -> Wanted {
        let mut types = vec![];
        let about = about.or_else(|| self.keyed_table());
        if let Some(target) = about {
            let relation = &self.schema.relations[target];
            types.extend(relation.key.iter().map(|at| relation.columns[*at].ty));
        }
        let first = usize::from(types.is_empty());
        for _ in 0..self.rng.between(first, 2) {
            let ty = self.any_type();
            if all || ty.is_its_text() {
                types.push(ty);
            }
        }
        if types.is_empty() {
            types.push(Ty::Text);
        }
        Wanted {
            types: Some(types),
            about,
        }
    }

    fn keyed_table(&mut self) -> Option<usize> {
        let all: Vec<usize> = (0..self.schema.relations.len())
            .filter(|at| {
                let relation = &self.schema.relations[*at];
                relation.entity == *at && !relation.key.is_empty()
            })
            .collect();
        match all.is_empty() || self.tamely(5, 35) {
            true => None,
            false => Some(*self.rng.pick(&all)),
        }
    }

    /// A type whose values PostgreSQL makes this type's in a set operation.
    fn varied(&mut self, ty: Ty) -> Ty {
        match ty {
            Ty::Big if self.rng.chance(40) => Ty::Int,
            Ty::Int if self.rng.chance(15) => Ty::Small,
            Ty::Numeric if self.rng.chance(40) => self.rng.weighted(&[(1, Ty::Int), (1, Ty::Big)]),
            Ty::Text if self.rng.chance(20) => Ty::Varchar,
            ty => ty,
        }
    }
}

fn both(left: Query, right: Query, word: &str) -> Query {
    let same = |link: &&Link| {
        right
            .links
            .iter()
            .any(|other| other.target == link.target && other.columns == link.columns)
    };
    let links = left.links.iter().filter(same).cloned().collect();
    Query {
        text: Fragment::hoistable(
            parts!["(", left.text, format!(") {word} ("), right.text, ")"],
            &[1, 3],
        ),
        columns: left.columns,
        links,
        key: vec![],
        entity: None,
        size: left.size + right.size,
    }
}
