//! Expressions over aggregates, for maintenance by differences.

use super::{Analyzer, Scope};
use crate::pg::node::{Node, NodeKind, Visit, rewrite};
use pg_tviews_ir::{Aggregate, AggregateFunction, Part, Shape, Summary, Template};

impl Analyzer {
    /// What an expression sums up; `None` if it is made of anything but aggregates that follow from numbers of rows and sums, values
    /// of subqueries, constants and functions.
    pub(super) fn summary(&self, node: Node, scope: &Scope) -> Option<Summary> {
        let mut parts: Vec<Part> = Vec::new();
        let mut complete = true;
        let rewritten = rewrite(node, &mut |visited| {
            let part = match visited.kind() {
                NodeKind::Other => return Visit::Descend,
                NodeKind::Aggregate => self.aggregate(visited, scope).map(Part::Aggregate),
                _ => self.shown_subquery(visited).map(Part::Subquery),
            };
            let Some(part) = part else {
                complete = false;
                return Visit::Keep;
            };
            parts.push(part);
            Visit::Replace(visited.parameter(parts.len()))
        });
        if !complete || parts.is_empty() {
            return None;
        }
        Some(Summary {
            template: Template::parse(&rewritten.deparse(), parts.len()).ok()?,
            shape: if parts.len() == 1 {
                shape(rewritten)
            } else {
                Shape::Other
            },
            parts,
        })
    }

    fn aggregate(&self, node: Node, scope: &Scope) -> Option<Aggregate> {
        let call = node.aggregate_call()?;
        let number = || Node::exact_number(call.argument?);
        let function = match call.function.as_str() {
            "count" => AggregateFunction::Count,
            "sum" => AggregateFunction::Sum(number()?),
            "avg" => AggregateFunction::Average(number()?),
            _ => return None,
        };
        let expression = |node: Option<Node>| match node {
            None => Some(None),
            Some(node) => self.leaf(node, scope).value.map(Some),
        };
        Some(Aggregate {
            function,
            argument: expression(call.argument)?,
            filter: expression(call.filter)?,
        })
    }
}

/// How an expression shows its only parameter.
fn shape(node: Node) -> Shape {
    if node.is_parameter() {
        return Shape::Itself;
    }
    let or_zero = node.parameter_or_zero().map(Shape::OrZero);
    let rounded = || node.parameter_rounded().map(Shape::Rounded);
    or_zero.or_else(rounded).unwrap_or(Shape::Other)
}
