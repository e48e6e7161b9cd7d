//! Random FROM items that are no tables: functions that return rows, alone and several together, and VALUES.

use std::rc::Rc;

use super::expression::Builder;
use super::schema::{Column, Kind, Relation};
use super::scope::Scope;
use super::tree::{Place, Tree};
use super::types::Ty;
use crate::fragment::Fragment;
use crate::{parts, sql};

/// A call that returns rows: its text, and the types of its columns.
type Call = (Fragment, Vec<Ty>);

/// The relation that columns of these types are, with the names `c0`, `c1` and so on.
pub fn numbered(types: &[Ty], size: usize) -> Rc<Relation> {
    let columns = types.iter().enumerate().map(|(nth, ty)| Column {
        name: format!("c{nth}"),
        ty: *ty,
        nullable: true,
    });
    Rc::new(Relation {
        name: String::new(),
        kind: Kind::Derived,
        columns: columns.collect(),
        key: vec![],
        links: vec![],
        entity: usize::MAX,
        primary: false,
        generated: false,
        parts: vec![],
        size,
    })
}

/// `c0, c1, …`
pub fn names(count: usize) -> String {
    let names: Vec<String> = (0..count).map(|nth| format!("c{nth}")).collect();
    names.join(", ")
}

impl Builder<'_> {
    /// A function or VALUES as an item.
    pub fn function_item(&mut self, place: &Place) -> Tree {
        let alias = self.fresh(place);
        if self.rng.chance(25) {
            let types: Vec<Ty> = (0..self.rng.between(1, 3)).map(|_| self.any_type()).collect();
            let values = self.values(&types);
            let text = sql!["(", values, format!(") AS {alias}({})", names(types.len()))];
            return self.shaped(text, &alias, numbered(&types, 3));
        }
        let scope = place.outer.hiding(&place.taken).with(&place.visible);
        if self.version >= 17
            && self.rng.chance(12)
            && let Some(column) = scope.column(self.schema, Ty::Jsonb, self.rng)
        {
            let text = format!(
                "JSON_TABLE({column}, '$' COLUMNS (c0 FOR ORDINALITY, c1 text PATH '$.x', \
                 NESTED PATH '$.y.z[*]' COLUMNS (c2 integer PATH '$'))) AS {alias}"
            );
            return self.shaped(text.into(), &alias, numbered(&[Ty::Int, Ty::Text, Ty::Int], 2));
        }
        let (call, mut types) = self.call(&scope);
        let call = if self.rng.chance(20) {
            let (other, more) = self.call(&scope);
            types.extend(more);
            sql!["ROWS FROM (", call, ", ", other, ")"]
        } else {
            call
        };
        let ordinality = self.rng.chance(35);
        if ordinality {
            types.push(Ty::Big);
        }
        let end = format!(
            "{} AS {alias}({})",
            if ordinality { " WITH ORDINALITY" } else { "" },
            names(types.len())
        );
        let word = if self.rng.chance(50) { "LATERAL " } else { "" };
        self.shaped(sql![word, call, end], &alias, numbered(&types, 3))
    }

    /// `VALUES …` with a few rows.
    pub fn values(&mut self, types: &[Ty]) -> Fragment {
        let mut rows = vec![];
        for _ in 0..self.rng.between(1, 4) {
            let row: Vec<String> = types.iter().map(|ty| ty.literal(self.rng)).collect();
            let row = format!("({})", row.join(", "));
            rows.push(Fragment::from(row));
        }
        sql!["VALUES ", Fragment::joined(rows, ", ")]
    }

    /// A function over a visible column, or over constants.
    pub fn call(&mut self, scope: &Scope) -> Call {
        let series: Call = ("generate_series(1, 2)".into(), vec![Ty::Int]);
        let kinds = [
            (3, (Ty::Ints, Ty::Int)),
            (2, (Ty::Texts, Ty::Text)),
            (3, (Ty::Int, Ty::Int)),
            (4, (Ty::Jsonb, Ty::Jsonb)),
            (2, (Ty::Text, Ty::Text)),
        ];
        let mut found = None;
        for _ in 0..3 {
            let (wanted, ty) = self.rng.weighted(&kinds);
            let column = scope.column(self.schema, wanted, self.rng);
            found = found.or(column.map(|column| (wanted, ty, column)));
        }
        let Some((wanted, ty, column)) = found else {
            return series;
        };
        let is = |ty: &str, other: &str| {
            format!("CASE WHEN jsonb_typeof({column}) = '{ty}' THEN {column} ELSE '{other}' END")
        };
        let (text, types) = match wanted {
            Ty::Ints | Ty::Texts => (format!("unnest({column})"), vec![ty]),
            Ty::Int => match self.rng.below(3) {
                0 => (format!("generate_series(1, least({column}, 3))"), vec![ty]),
                1 => (format!("generate_series({column}, {column} + 2, 2)"), vec![ty]),
                _ => (format!("upto({column})"), vec![ty]),
            },
            Ty::Jsonb => match self.rng.below(4) {
                0 => (format!("jsonb_array_elements({})", is("array", "[]")), vec![ty]),
                1 => (
                    format!("jsonb_array_elements_text({})", is("array", "[1]")),
                    vec![Ty::Text],
                ),
                2 => (format!("jsonb_each({})", is("object", "{}")), vec![Ty::Text, ty]),
                _ => (
                    format!("jsonb_object_keys({})", is("object", "{}")),
                    vec![Ty::Text],
                ),
            },
            _ => match self.rng.below(2) {
                0 => (format!("string_to_table({column}, ' ')"), vec![ty]),
                _ => (format!("regexp_split_to_table({column}, '[a-b]')"), vec![ty]),
            },
        };
        (text.into(), types)
    }

    /// A function that returns rows, in the select list.
    pub fn rows_in_list(&mut self, scope: &Scope) -> (Fragment, Ty) {
        let (call, types) = self.call(scope);
        match types.as_slice() {
            [Ty::Int] if self.rng.chance(30) => (sql!["(", call, " + 1)"], Ty::Int),
            [ty] => (Fragment::reducible(parts![call], "1", &[]), *ty),
            _ => ("generate_series(1, 2)".into(), Ty::Int),
        }
    }
}
