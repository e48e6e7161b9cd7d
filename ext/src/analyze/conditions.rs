//! Conditions, and what follows from those on rows that functions make.
//!
//! `jsonb_array_elements_text(p.doc->'tags') AS u (tag) JOIN tag t ON t.id = u.tag::integer`: no way leads back from a row that a function has made. But a
//! row of `tag` that is joined to a row of `page` satisfies the condition together with some row that the function makes of this page:
//! `EXISTS (SELECT FROM jsonb_array_elements_text(p.doc->'tags') AS e (c1) WHERE t.id = e.c1::integer)`. That is a condition on two tables.

use super::{Analyzer, Scope, condition_place, expression};
use crate::pg::node::Node;
use pg_tviews_ir::{Column, Condition, Expression, SourceId, Template};
use std::collections::BTreeSet;

/// The call of a function in a FROM clause.
pub struct Call {
    /// The call.
    pub expression: Expression,
    /// Number of columns of its rows.
    pub width: usize,
    /// The rows are numbered.
    pub ordinality: bool,
}

impl Analyzer {
    /// Takes the conjuncts of a condition, and what follows from them, as conditions of the innermost block.
    pub(super) fn conditions(
        &mut self,
        quals: Option<Node>,
        scope: &mut Scope,
        guard: Option<&BTreeSet<SourceId>>,
        nullable: &BTreeSet<SourceId>,
        within: &str,
        clause: &str,
    ) {
        let (Some(quals), Some(frame)) = (quals, scope.last()) else {
            return;
        };
        let block = frame.block;
        let query = frame.query;
        let quals = query.flattened(quals);
        let place = condition_place(within, clause);
        let mut conjuncts: Vec<(Node, bool)> = Vec::new();
        for conjunct in quals.conjuncts() {
            let conjunct = self.expanded(conjunct, scope);
            conjuncts.push((conjunct, false));
            conjuncts.extend(conjunct.membership(query).map(|implied| (implied, true)));
        }
        for (conjunct, implied) in conjuncts {
            let Some(expression) = self.conjunct(conjunct, scope, &place) else {
                if !implied {
                    self.note_opaque_condition(guard);
                    self.view.blocks[block.0].hides_conditions = true;
                }
                continue;
            };
            let equality = expression::equality(conjunct, scope);
            let condition = Condition {
                expression,
                guard: guard.cloned(),
                nullable: nullable.clone(),
                equality,
                harmless: conjunct.is_harmless(),
            };
            // What follows from membership costs less to look at.
            let further = match implied || conjunct.membership(query).is_some() {
                true => None,
                false => self.through_call(&condition),
            };
            let conditions = &mut self.view.blocks[block.0].conditions;
            conditions.push(condition);
            conditions.extend(further);
        }
    }

    /// What follows from a condition on the rows of one function, and on other columns.
    fn through_call(&self, condition: &Condition) -> Option<Condition> {
        let expression = &condition.expression;
        let sources: BTreeSet<SourceId> = expression.columns.iter().map(|column| column.source).collect();
        let mut made = sources.iter().filter(|source| self.calls.contains_key(*source));
        let (Some(source), None) = (made.next(), made.next()) else {
            return None;
        };
        let is_made = |column: &&Column| column.source == *source;
        let is_real = !condition.nullable.contains(source);
        // With no row of the function, which an outer join may have replaced by NULLs, nothing follows.
        if sources.len() < 2
            || !(is_real || expression.strict.iter().any(|column| is_made(&column)))
            || expression
                .columns
                .iter()
                .filter(is_made)
                .any(|column| column.attnum < 1)
        {
            return None;
        }
        Some(Condition {
            expression: exists(self.calls.get(source)?, *source, expression)?,
            guard: condition.guard.clone(),
            nullable: condition.nullable.clone(),
            equality: None,
            harmless: false,
        })
    }
}

/// `EXISTS (SELECT FROM call AS e (c1, …) WHERE condition)`
fn exists(call: &Call, source: SourceId, condition: &Expression) -> Option<Expression> {
    let mut columns: Vec<Column> = Vec::new();
    let mut hole = |column: Column| {
        let known = columns.iter().position(|known| *known == column);
        let number = known.unwrap_or_else(|| {
            columns.push(column);
            columns.len() - 1
        });
        format!("${}", number + 1)
    };
    let arguments: Vec<String> = call
        .expression
        .columns
        .iter()
        .map(|column| hole(*column))
        .collect();
    let operands: Vec<String> = condition
        .columns
        .iter()
        .map(|column| match column.source == source {
            true => format!("e.c{}", column.attnum),
            false => hole(*column),
        })
        .collect();
    let names: Vec<String> = (1..=call.width).map(|number| format!("c{number}")).collect();
    let text = format!(
        "EXISTS (SELECT FROM {}{} AS e ({}) WHERE {})",
        call.expression.template.render(|hole| arguments[hole].clone()),
        if call.ordinality { " WITH ORDINALITY" } else { "" },
        names.join(", "),
        condition.template.render(|hole| operands[hole].clone()),
    );
    let strict = condition.strict.iter().filter(|column| column.source != source);
    Some(Expression {
        template: Template::parse(&text, columns.len()).ok()?,
        strict: strict.chain(&call.expression.strict).copied().collect(),
        columns,
        merges: Vec::new(),
    })
}
