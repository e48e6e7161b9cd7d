//! Random expressions of a wanted type.

use std::rc::Rc;

use super::schema::{Kind, Relation, Schema};
use super::scope::Scope;
use super::types::Ty;
use crate::fragment::Fragment;
use crate::rng::Rng;
use crate::{parts, sql};

/// Writes expressions and queries over a schema.
pub struct Builder<'a> {
    /// What can be selected from.
    pub schema: &'a Schema,
    /// Random numbers.
    pub rng: &'a mut Rng,
    /// Whether a join so far can find several rows.
    pub multiplied: bool,
    /// `WITH` queries; `None` where none can be added.
    pub with: Option<Vec<Fragment>>,
    /// Names of `WITH` queries that can be selected from, and what they are.
    pub ctes: Vec<(String, Rc<Relation>)>,
    /// What the next query begins with.
    pub first: Option<(String, Rc<Relation>)>,
    /// How many more queries there may be in the definition.
    pub budget: usize,
    /// Whether sources hang together by their links, so that changes affect few rows.
    pub tame: bool,
    /// PostgreSQL's major version.
    pub version: u32,
    /// Whether text may be read as dates: not in views.
    pub reads_dates: bool,
    names: usize,
}

/// A text that an expression of this type may be reduced to.
pub fn simple(ty: Ty) -> String {
    match ty {
        Ty::Bool => "true".into(),
        Ty::Int => "0".into(),
        ty => format!("NULL::{}", ty.name()),
    }
}

impl<'a> Builder<'a> {
    /// A builder that has not written anything.
    pub fn new(schema: &'a Schema, rng: &'a mut Rng) -> Self {
        Self {
            schema,
            rng,
            multiplied: false,
            with: None,
            ctes: vec![],
            first: None,
            budget: 8,
            tame: false,
            version: schema.version,
            reads_dates: true,
            names: 0,
        }
    }

    /// One chance where sources hang together, and another one where they need not.
    pub fn tamely(&mut self, tame: usize, wild: usize) -> bool {
        let percent = if self.tame { tame } else { wild };
        self.rng.chance(percent)
    }

    /// A number that no name has yet.
    pub fn next_name(&mut self) -> usize {
        self.names += 1;
        self.names
    }
}

impl Builder<'_> {
    /// An expression of this type; `depth` bounds its nesting.
    pub fn expression(&mut self, scope: &Scope, ty: Ty, depth: usize) -> Fragment {
        if depth == 0 || self.rng.chance(if ty == Ty::Jsonb { 15 } else { 45 }) {
            return self.leaf(scope, ty);
        }
        if self.rng.chance(14) {
            return self.general(scope, ty, depth - 1);
        }
        if scope.depth() < 3
            && self.rng.chance(22)
            && let Some(query) = self.scalar_subquery(scope, ty, depth - 1)
        {
            return Fragment::reducible(vec![query], simple(ty), &[]);
        }
        match ty {
            Ty::Int | Ty::Big => self.integer(scope, ty, depth - 1),
            Ty::Numeric => self.numeric(scope, depth - 1),
            Ty::Text => self.text(scope, depth - 1),
            Ty::Bool => self.condition(scope, depth - 1),
            Ty::Jsonb => self.document(scope, depth - 1),
            Ty::Ints => self.array(scope, ty, Ty::Int, depth - 1),
            Ty::Texts => self.array(scope, ty, Ty::Text, depth - 1),
            Ty::StampTz | Ty::Stamp => {
                let inner = self.expression(scope, ty, depth - 1);
                if self.reads_dates && self.rng.chance(30) {
                    // Read from text, as dates in documents are.
                    let name = ty.name();
                    return Fragment::reducible(parts!["(", inner, ")::text::", name], simple(ty), &[1]);
                }
                Fragment::reducible(
                    parts!["(", inner, " + interval '1 day 1 hour')"],
                    simple(ty),
                    &[1],
                )
            }
            _ => self.leaf(scope, ty),
        }
    }

    /// A column, or a literal when there is none.
    pub fn leaf(&mut self, scope: &Scope, ty: Ty) -> Fragment {
        match scope.column(self.schema, ty, self.rng) {
            Some(column) if self.rng.chance(92) => column.into(),
            _ => ty.literal(self.rng).into(),
        }
    }

    /// A type that columns have; mostly one that some column of the schema has.
    pub fn any_type(&mut self) -> Ty {
        if self.rng.chance(65) {
            let relation = self.rng.pick(&self.schema.relations);
            let column = self.rng.pick(&relation.columns);
            if column.ty != Ty::Json {
                return column.ty;
            }
        }
        let types = self.schema.extras.data_types();
        self.rng.weighted(&types)
    }

    /// CASE, COALESCE and the like, of any type.
    fn general(&mut self, scope: &Scope, ty: Ty, depth: usize) -> Fragment {
        let (a, b) = (
            self.expression(scope, ty, depth),
            self.expression(scope, ty, depth),
        );
        match self.rng.below(5) {
            0 | 1 => Fragment::reducible(parts!["coalesce(", a, ", ", b, ")"], simple(ty), &[1, 3]),
            2 if ty != Ty::Jsonb => {
                Fragment::reducible(parts!["nullif(", a, ", ", b, ")"], simple(ty), &[1, 3])
            }
            3 => {
                let subject = self.leaf(scope, Ty::Text);
                let parts = parts![
                    "CASE ",
                    subject,
                    " WHEN 'a' THEN ",
                    a,
                    " WHEN 'b' THEN ",
                    b,
                    " END"
                ];
                Fragment::reducible(parts, simple(ty), &[3, 5])
            }
            _ => {
                let when = self.condition(scope, depth.min(1));
                let parts = parts!["CASE WHEN ", when, " THEN ", a, " ELSE ", b, " END"];
                Fragment::reducible(parts, simple(ty), &[3, 5])
            }
        }
    }

    fn integer(&mut self, scope: &Scope, ty: Ty, depth: usize) -> Fragment {
        if self.rng.chance(1) {
            // An error for some rows: the write that makes one fails.
            let (a, b) = (self.leaf(scope, ty), self.leaf(scope, Ty::Int));
            return Fragment::reducible(parts!["(", a, " / ", b, ")"], simple(ty), &[1]);
        }
        match self.rng.below(4) {
            0 => {
                let text = self.expression(scope, Ty::Text, depth);
                Fragment::reducible(parts!["length(", text, ")::", ty.name()], simple(ty), &[])
            }
            1 => {
                let ints = self.expression(scope, Ty::Ints, depth);
                Fragment::reducible(parts!["cardinality(", ints, ")::", ty.name()], simple(ty), &[])
            }
            _ => {
                let (a, b) = (self.expression(scope, ty, depth), self.leaf(scope, ty));
                let operator = self.rng.weighted(&[(3, " + "), (2, " - ")]);
                Fragment::reducible(parts!["(", a, operator, b, ")"], simple(ty), &[1, 3])
            }
        }
    }

    fn numeric(&mut self, scope: &Scope, depth: usize) -> Fragment {
        let a = self.expression(scope, Ty::Numeric, depth);
        match self.rng.below(4) {
            0 => Fragment::reducible(parts!["round(", a, ", 1)"], simple(Ty::Numeric), &[1]),
            1 => {
                let b = self.leaf(scope, Ty::Numeric);
                Fragment::reducible(parts!["(", a, " * ", b, ")"], simple(Ty::Numeric), &[1, 3])
            }
            2 => {
                let b = self.expression(scope, Ty::Int, depth);
                Fragment::reducible(
                    parts!["(", a, " / nullif(", b, ", 0))"],
                    simple(Ty::Numeric),
                    &[1],
                )
            }
            _ => {
                let b = self.leaf(scope, Ty::Big);
                Fragment::reducible(parts!["(", a, " - ", b, ")"], simple(Ty::Numeric), &[1])
            }
        }
    }

    fn text(&mut self, scope: &Scope, depth: usize) -> Fragment {
        let kind = self.rng.below(6);
        if kind < 2 {
            let (a, b) = (
                self.expression(scope, Ty::Text, depth),
                self.expression(scope, Ty::Text, depth),
            );
            return Fragment::reducible(parts!["(", a, " || ", b, ")"], simple(Ty::Text), &[1, 3]);
        }
        if kind == 2 {
            let function = self.rng.weighted(&[
                (1, "upper("),
                (1, "md5("),
                (1, "concat('<', "),
                (1, "format('%s', "),
            ]);
            let a = self.expression(scope, Ty::Text, depth);
            return Fragment::reducible(parts![function, a, ")"], simple(Ty::Text), &[1]);
        }
        let ty = self.any_type();
        let a = self.expression(scope, ty, depth);
        let parts = match ty {
            Ty::Stamp | Ty::StampTz if self.rng.chance(40) => {
                parts!["to_char(", a, ", 'YYYY-MM-DD HH24 TMMonth')"]
            }
            // The text keeps the collation, and its greatest value were one of several.
            Ty::Folded => parts!["(", a, ")::text COLLATE \"C\""],
            _ => parts!["(", a, ")::text"],
        };
        Fragment::reducible(parts, simple(Ty::Text), &[])
    }

    fn array(&mut self, scope: &Scope, ty: Ty, element: Ty, depth: usize) -> Fragment {
        let a = self.expression(scope, element, depth);
        if self.rng.chance(50) {
            let b = self.leaf(scope, element);
            return Fragment::reducible(parts!["ARRAY[", a, ", ", b, "]"], simple(ty), &[]);
        }
        let rest = self.expression(scope, ty, depth);
        Fragment::reducible(parts!["(", rest, " || ", a, ")"], simple(ty), &[1])
    }

    /// A condition, three-valued logic included.
    pub fn condition(&mut self, scope: &Scope, depth: usize) -> Fragment {
        let parts = match self.rng.below(if depth == 0 { 7 } else { 13 }) {
            0..=2 => return self.comparison(scope, depth),
            3 => {
                let ty = self.any_type();
                let end = self.rng.weighted(&[(1, " IS NULL)"), (1, " IS NOT NULL)")]);
                parts!["(", self.expression(scope, ty, depth), end]
            }
            4 => {
                let end = self
                    .rng
                    .weighted(&[(1, " IS TRUE)"), (1, " IS NOT TRUE)"), (1, " IS UNKNOWN)")]);
                parts!["(", self.comparison(scope, depth), end]
            }
            5 => self.membership(scope, depth),
            6 => parts![
                "(",
                self.leaf(scope, Ty::Int),
                " = ANY (",
                self.leaf(scope, Ty::Ints),
                "))"
            ],
            7 => parts!["(NOT ", self.condition(scope, depth - 1), ")"],
            8 => parts!["coalesce(", self.condition(scope, depth - 1), ", false)"],
            9 | 10 => {
                let word = self.rng.weighted(&[(1, " AND "), (1, " OR ")]);
                let (a, b) = (self.condition(scope, depth - 1), self.condition(scope, depth - 1));
                return Fragment::reducible(parts!["(", a, word, b, ")"], "true", &[1, 3]);
            }
            _ => match self.existence(scope, depth - 1) {
                Some(fragment) => vec![fragment],
                None => return self.comparison(scope, depth),
            },
        };
        Fragment::reducible(parts, "true", &[])
    }

    fn comparison(&mut self, scope: &Scope, depth: usize) -> Fragment {
        let mut ty = self.rng.weighted(&[
            (4, Ty::Int),
            (4, Ty::Text),
            (2, Ty::Numeric),
            (1, Ty::Stamp),
            (1, Ty::Bool),
            (1, Ty::Float),
            (1, Ty::Uuid),
            (1, Ty::Jsonb),
        ]);
        if self.rng.chance(12) {
            ty = self.any_type();
        }
        let operator = match self.rng.weighted(&[
            (5, " = "),
            (2, " <> "),
            (2, " < "),
            (2, " >= "),
            (2, " IS DISTINCT FROM "),
            (2, " IS NOT DISTINCT FROM "),
        ]) {
            " < " | " >= " if !ty.is_compared() => " = ",
            operator => operator,
        };
        let a = self.expression(scope, ty, depth.min(1));
        let b = if self.rng.chance(50) {
            self.leaf(scope, ty)
        } else {
            ty.literal(self.rng).into()
        };
        Fragment::reducible(parts!["(", a, operator, b, ")"], "true", &[])
    }

    fn membership(&mut self, scope: &Scope, depth: usize) -> Vec<Fragment> {
        let ty = self
            .rng
            .weighted(&[(2, Ty::Int), (2, Ty::Text), (1, Ty::Numeric)]);
        let list: Vec<String> = (0..self.rng.between(1, 3))
            .map(|_| ty.literal(self.rng))
            .collect();
        let word = self.rng.weighted(&[(2, " IN ("), (2, " NOT IN (")]);
        parts![
            "(",
            self.expression(scope, ty, depth.min(1)),
            word,
            list.join(", "),
            "))"
        ]
    }

    /// A JSONB value that is no plain column.
    pub fn document(&mut self, scope: &Scope, depth: usize) -> Fragment {
        let parts = match self.rng.below(9) {
            0..=3 => return self.object(scope, depth),
            4 => {
                let items = (0..self.rng.between(0, 3))
                    .map(|_| {
                        let ty = self.any_type();
                        self.expression(scope, ty, depth)
                    })
                    .collect();
                parts!["jsonb_build_array(", Fragment::joined(items, ", "), ")"]
            }
            5 => {
                let (a, b) = (self.object(scope, depth), self.object(scope, depth));
                return Fragment::reducible(parts!["(", a, " || ", b, ")"], simple(Ty::Jsonb), &[1, 3]);
            }
            6 => match scope.source(self.rng).cloned() {
                Some(source) if source.relation(self.schema).kind != Kind::Groups => {
                    self.whole_row(&source.alias)
                }
                _ => parts!["'{}'::jsonb"],
            },
            7 => {
                let object = self.object(scope, depth);
                return Fragment::reducible(
                    parts!["jsonb_strip_nulls(", object, ")"],
                    simple(Ty::Jsonb),
                    &[1],
                );
            }
            _ => {
                let ty = self.any_type();
                parts!["to_jsonb(", self.expression(scope, ty, depth), ")"]
            }
        };
        Fragment::reducible(parts, simple(Ty::Jsonb), &[])
    }

    fn whole_row(&mut self, alias: &str) -> Vec<Fragment> {
        match self.rng.below(3) {
            0 => parts!["row_to_json(", alias, ".*)::jsonb"],
            1 if !matches!(alias, "data" | "pk") => parts!["to_jsonb(", alias, ")"],
            _ => parts!["to_jsonb(", alias, ".*)"],
        }
    }

    /// `jsonb_build_object`, sometimes only where an outer join has found a row.
    pub fn object(&mut self, scope: &Scope, depth: usize) -> Fragment {
        const NAMES: [&str; 8] = [
            "'id'", "'name'", "'a.b'", "'it''s'", "'ä'", "''", "'x'", "'count'",
        ];
        let mut entries = vec![];
        let first = self.rng.below(NAMES.len());
        for nth in 0..self.rng.between(1, 4) {
            let ty = self.any_type();
            let value = self.expression(scope, ty, depth);
            entries.push(sql![NAMES[(first + nth) % NAMES.len()], ", ", value]);
        }
        let object = sql!["jsonb_build_object(", Fragment::joined(entries, ", "), ")"];
        let nullable: Vec<_> = scope
            .innermost()
            .iter()
            .filter(|source| source.nullable)
            .collect();
        if nullable.is_empty() || self.rng.chance(50) {
            return Fragment::reducible(vec![object], simple(Ty::Jsonb), &[]);
        }
        let source = self.rng.pick(&nullable);
        let relation = source.relation(self.schema);
        let Some(key) = relation.key.first() else {
            return object;
        };
        let key = &relation.columns[*key].name;
        let parts = parts![
            format!("CASE WHEN {}.{key} IS NOT NULL THEN ", source.alias),
            object,
            " END"
        ];
        Fragment::reducible(parts, simple(Ty::Jsonb), &[1])
    }
}
