//! Expressions: what they use, and their templates.

use super::{Analyzer, Scope, functions};
use crate::pg::node::{Node, NodeKind, Operand, SublinkKind, Variable, Visit, rewrite};
use crate::pg::relation::Relation;
use crate::pg::tree::Query;
use pg_tviews_ir::{
    BlockId, Column, Condition, Equality, Expression, Parent, Role, SourceId, SourceKind, Template, Use,
    WHOLE_ROW,
};
use pgrx::pg_sys;
use std::collections::BTreeSet;

/// A subquery found in an expression.
struct Sublink {
    kind: SublinkKind,
    test: Option<Node>,
    query: Query,
}

/// What fills a hole while the test of a subquery (`x IN (SELECT y …)`) is taken apart.
#[derive(Clone, Copy, PartialEq)]
enum Filling {
    Column(Column),
    Output(usize),
}

impl Analyzer {
    /// Notes what an expression uses, refuses what it may not contain, and returns it as a template if it is one over plain
    /// columns: without subqueries, aggregates and window functions.
    pub(super) fn expression(
        &mut self,
        node: Node,
        scope: &mut Scope,
        role: Role,
        place: &str,
    ) -> Option<Expression> {
        self.walk(node, scope, role, place, false)
    }

    /// The same for a conjunct of WHERE or ON, which only has to be true, so that a subquery in it need not tell false from
    /// NULL.
    pub(super) fn conjunct(&mut self, node: Node, scope: &mut Scope, place: &str) -> Option<Expression> {
        let positive = matches!(
            node.kind(),
            NodeKind::Sublink {
                kind: SublinkKind::Any,
                ..
            }
        );
        let expression = self.walk(node, scope, Role::Link, place, positive)?;
        Some(Expression {
            strict: columns_of(self.expanded(node, scope).strict_operands(), scope),
            ..expression
        })
    }

    fn walk(
        &mut self,
        node: Node,
        scope: &mut Scope,
        role: Role,
        place: &str,
        positive: bool,
    ) -> Option<Expression> {
        let node = self.expanded(node, scope);
        let mut columns: Vec<Column> = Vec::new();
        let mut sublinks: Vec<Sublink> = Vec::new();
        let mut plain = true;
        let rewritten = rewrite(node, &mut |visited| match self.noted_kind(visited, place) {
            NodeKind::Variable(variable) => match self.use_column(variable, visited, scope, role, place) {
                Some(column) => {
                    let number = columns
                        .iter()
                        .position(|known| *known == column)
                        .unwrap_or_else(|| {
                            columns.push(column);
                            columns.len() - 1
                        });
                    Visit::Replace(visited.parameter(number + 1))
                }
                None => {
                    plain = false;
                    Visit::Keep
                }
            },
            NodeKind::Sublink { kind, test, query } => {
                plain = false;
                sublinks.push(Sublink { kind, test, query });
                Visit::Keep
            }
            NodeKind::Query => Visit::Keep,
            other => {
                plain &= self.check_node(&other, visited, place);
                Visit::Descend
            }
        });
        for sublink in sublinks {
            self.note_subquery(sublink.query, role);
            self.sublink(sublink, scope, positive, place);
        }
        self.refuse_loose(node, scope, place);
        if !plain {
            return None;
        }
        let template = Template::parse(&rewritten.deparse(), columns.len()).ok()?;
        let merged = node.merged_variables().unwrap_or_default();
        let merges: Option<Vec<Column>> = merged
            .into_iter()
            .map(|variable| column_of(variable, scope))
            .collect();
        Some(Expression {
            template,
            strict: columns_of(node.null_operands(), scope),
            columns,
            merges: merges.filter(|merged| merged.len() > 1).unwrap_or_default(),
        })
    }

    /// What a node is, once the objects that it names have been noted.
    fn noted_kind(&mut self, node: Node, place: &str) -> NodeKind {
        self.note_objects(node, place);
        node.kind()
    }

    /// Refuses what no definition may contain; false if the expression can't be a template.
    fn check_node(&mut self, kind: &NodeKind, node: Node, place: &str) -> bool {
        match kind {
            NodeKind::Parameter => {
                self.object(place, Some(node), "a parameter has no value when a tview is maintained", "Write the value itself.");
            }
            NodeKind::SessionValue => self.object(
                place,
                Some(node),
                "CURRENT_DATE, CURRENT_TIMESTAMP, CURRENT_USER and their like depend on the clock or the session",
                "Their result changes without any change of a source table: compute it in the query that reads the tview.",
            ),
            NodeKind::Sequence => {
                self.object(place, Some(node), "a sequence gives another value each time", "Store the value in a source table.");
            }
            _ => {}
        }
        for relation in node.named_relations() {
            // Opening it locks it: the text that is made of the node stays true until somebody watches the relation.
            if Relation::try_open(relation).is_some() {
                self.named_relations.insert(relation.to_u32());
            }
        }
        if let Some((message, hint)) = functions::objection(node) {
            self.object(place, Some(node), message, hint);
        }
        if let Some((construct, hint)) = node.unnameable_operator() {
            self.object(place, Some(node), operator_lost(construct), hint);
        }
        !matches!(
            kind,
            NodeKind::Aggregate | NodeKind::Window | NodeKind::SetReturning | NodeKind::Parameter
        )
    }

    /// Notes the use of a column.
    fn use_column(
        &mut self,
        variable: Variable,
        node: Node,
        scope: &Scope,
        role: Role,
        place: &str,
    ) -> Option<Column> {
        let column = column_of(variable, scope)?;
        self.note_reference(scope, variable.levels_up);
        if variable.attnum < WHOLE_ROW {
            self.object(
                place,
                Some(node),
                "system columns (ctid, xmin, tableoid, …) change without any change of the row",
                "Use a column of your own.",
            );
            return None;
        }
        self.note_mention(column, role, scope);
        if matches!(self.view.source(column.source).kind, SourceKind::Table(_)) {
            self.view.uses.insert(Use { column, role });
        }
        self.refuse_unwritable_row(variable, node, scope, place);
        if !self.is_virtual(column) {
            return Some(column);
        }
        // The whole rows that a trigger sees lack virtual columns: no condition over them leads anywhere.
        if column.attnum != WHOLE_ROW {
            self.object(
                place,
                Some(node),
                "the expression of a virtual column can't be looked into here",
                "Write it into the definition.",
            );
        }
        None
    }

    /// Refuses a whole row of a derived table, or of its like, that has a field which may not be written: the row's type tells nothing of
    /// its fields where the row is written.
    fn refuse_unwritable_row(&mut self, variable: Variable, node: Node, scope: &Scope, place: &str) {
        if variable.attnum != WHOLE_ROW || node.type_oid() != pg_sys::RECORDOID {
            return;
        }
        let depth = scope.len().checked_sub(1 + variable.levels_up);
        let entry = depth.and_then(|depth| scope.get(depth)?.query.range_entry(variable.range_index));
        let types = entry.map(|entry| entry.made_types()).unwrap_or_default();
        types.iter().for_each(|written| self.note_written(*written));
        if let Some((message, hint)) = types.into_iter().find_map(functions::writing_objection) {
            self.object(place, Some(node), message, hint);
        }
    }

    /// The columns that an expression shows outside of aggregates.
    pub(super) fn shown_columns(node: Node, scope: &Scope) -> Vec<Column> {
        let mut shown = Vec::new();
        rewrite(node, &mut |visited| match visited.kind() {
            NodeKind::Variable(variable) => {
                shown.extend(column_of(variable, scope));
                Visit::Keep
            }
            NodeKind::Aggregate | NodeKind::Query => Visit::Keep,
            _ => Visit::Descend,
        });
        shown
    }

    /// Notes that the innermost block refers to something of the query this many levels further out: the blocks in between
    /// can't be computed on their own.
    pub(super) fn note_reference(&mut self, scope: &Scope, levels_up: usize) {
        let inner = scope.len().saturating_sub(levels_up);
        self.open.extend(scope[inner..].iter().map(|frame| frame.block));
    }

    /// Analyses a subquery in an expression. What ties it to the outer rows besides its own WHERE clause is the test of IN, ANY and
    /// ALL.
    fn sublink(&mut self, sublink: Sublink, scope: &mut Scope, positive: bool, place: &str) {
        let Some(outer) = scope.last().map(|frame| frame.block) else {
            return;
        };
        let inside = if place.starts_with("subquery") {
            place.to_owned()
        } else {
            format!("subquery in {place}")
        };
        let block = self.block(sublink.query, Some(Parent::Sublink(outer)), scope, &inside);
        let Some(test) = sublink.test.map(|test| self.expanded(test, scope)) else {
            return;
        };
        if test.is_conjunction() && test.has_foreign_operator() {
            let message = operator_lost("a test of several columns by IN, ANY or ALL");
            self.object(
                place,
                Some(test),
                message,
                "Write EXISTS with one comparison for each column.",
            );
        }
        // Notes what the test uses; its template is made below, with the subquery's outputs in it.
        self.walk(test, scope, Role::Link, place, false);
        for leaf in self.passing_leaves(block) {
            for part in tested_parts(sublink.kind, test) {
                if let Some(condition) = self.tested_condition(&sublink, part, leaf, scope, positive) {
                    self.view.blocks[leaf.0].conditions.push(condition);
                }
            }
        }
    }

    /// The SELECTs that a subquery consists of, where each row of them can influence only rows of the subquery that have its values: not
    /// below the LIMIT of a set operation.
    fn passing_leaves(&self, block: BlockId) -> Vec<BlockId> {
        let known = self.view.block(block);
        if known.branches.is_empty() {
            return vec![block];
        }
        if !known.passes_values {
            return vec![];
        }
        let branches = known.branches.iter();
        branches.flat_map(|branch| self.passing_leaves(*branch)).collect()
    }

    /// The test as a condition between the outer row and a row of the subquery: only rows for which it holds can matter.
    /// * `x IN (…)` as a conjunct: rows for which the test is true.
    /// * `x IN (…)`, `x NOT IN (…)` elsewhere: rows for which it is true or NULL.
    /// * `x > ALL (…)`: rows for which it is false or NULL.
    fn tested_condition(
        &self,
        sublink: &Sublink,
        test: Node,
        block: BlockId,
        scope: &Scope,
        positive: bool,
    ) -> Option<Condition> {
        let any = sublink.kind == SublinkKind::Any;
        let equality = self.tested_equality(test, block, scope);
        let never_null = equality
            .is_some_and(|equality| self.is_never_null(equality.left) && self.is_never_null(equality.right));
        let exact = any && (positive || never_null);
        let wanted = if exact { test } else { test.is_not(!any) };
        let expression = self.tested_expression(wanted, block, scope, exact.then_some(test))?;
        let nullable = self.view.source_ids().filter(|source| {
            let source = self.view.source(*source);
            source.block == block && source.nullable
        });
        Some(Condition {
            expression,
            guard: None,
            nullable: nullable.collect(),
            equality: equality.filter(|_| exact),
            harmless: false,
        })
    }

    fn tested_equality(&self, test: Node, block: BlockId, scope: &Scope) -> Option<Equality> {
        let (left, right, same_type) = test.column_equality()?;
        let column = |operand| match operand {
            Operand::Variable(variable) => column_of(variable, scope),
            Operand::Output(number) => self.output_expression(block, number)?.as_column(),
        };
        Some(Equality {
            left: column(left)?,
            right: column(right)?,
            same_type,
        })
    }

    fn output_expression(&self, block: BlockId, number: usize) -> Option<&Expression> {
        self.view
            .block(block)
            .outputs
            .get(number.checked_sub(1)?)?
            .as_ref()
    }

    fn is_never_null(&self, column: Column) -> bool {
        let source = self.view.source(column.source);
        let SourceKind::Table(table) = &source.kind else {
            return false;
        };
        !source.nullable && table.column(column.attnum).is_some_and(|known| known.not_null)
    }

    fn tested_expression(
        &self,
        node: Node,
        block: BlockId,
        scope: &Scope,
        strict_in: Option<Node>,
    ) -> Option<Expression> {
        let mut fillings: Vec<Filling> = Vec::new();
        let mut plain = true;
        let rewritten = rewrite(node, &mut |visited| {
            let filling = match visited.kind() {
                NodeKind::Variable(variable) => column_of(variable, scope)
                    .filter(|column| !self.is_virtual(*column))
                    .map(Filling::Column),
                NodeKind::SublinkOutput(number) => Some(Filling::Output(number)),
                NodeKind::Sublink { .. } | NodeKind::Aggregate | NodeKind::Window => None,
                _ => return Visit::Descend,
            };
            let Some(filling) = filling else {
                plain = false;
                return Visit::Keep;
            };
            let number = fillings
                .iter()
                .position(|known| *known == filling)
                .unwrap_or_else(|| {
                    fillings.push(filling);
                    fillings.len() - 1
                });
            Visit::Replace(visited.parameter(number + 1))
        });
        if !plain {
            return None;
        }
        let outer = Template::parse(&rewritten.deparse(), fillings.len()).ok()?;
        let mut columns: Vec<Column> = Vec::new();
        let mut fills = Vec::new();
        for filling in &fillings {
            let (template, inner) = match filling {
                Filling::Column(column) => (Template::single_hole(), vec![*column]),
                Filling::Output(number) => {
                    let output = self.output_expression(block, *number)?;
                    (output.template.clone(), output.columns.clone())
                }
            };
            let numbers: Vec<usize> = (columns.len()..columns.len() + inner.len()).collect();
            columns.extend(inner);
            fills.push((template, numbers));
        }
        let template = outer.substitute(|hole| fills[hole].clone());
        let mut strict = BTreeSet::new();
        for operand in strict_in.map(Node::strict_operands).unwrap_or_default() {
            match operand {
                Operand::Variable(variable) => strict.extend(column_of(variable, scope)),
                Operand::Output(number) => {
                    strict.extend(self.output_expression(block, number)?.strict.iter())
                }
            }
        }
        Some(Expression {
            template,
            columns,
            strict,
            merges: vec![],
        })
    }
}

/// The parts of a test that have to hold one by one: a row of an IN list matters only if no comparison of its columns is false.
fn tested_parts(kind: SublinkKind, test: Node) -> Vec<Node> {
    if kind == SublinkKind::Any {
        test.conjuncts()
    } else {
        vec![test]
    }
}

/// The equality that a conjunct is, if any.
pub(super) fn equality(node: Node, scope: &Scope) -> Option<Equality> {
    match node.column_equality()? {
        (Operand::Variable(left), Operand::Variable(right), same_type) => Some(Equality {
            left: column_of(left, scope)?,
            right: column_of(right, scope)?,
            same_type,
        }),
        _ => None,
    }
}

/// The column that a variable refers to.
pub(super) fn column_of(variable: Variable, scope: &Scope) -> Option<Column> {
    let depth = scope.len().checked_sub(1 + variable.levels_up)?;
    let source: SourceId = *scope.get(depth)?.sources.get(&variable.range_index)?;
    Some(Column {
        source,
        attnum: variable.attnum,
    })
}

fn columns_of(operands: Vec<Operand>, scope: &Scope) -> BTreeSet<Column> {
    operands
        .into_iter()
        .filter_map(|operand| match operand {
            Operand::Variable(variable) => column_of(variable, scope),
            Operand::Output(_) => None,
        })
        .collect()
}

/// Why a construct whose text does not name its operator is refused.
pub(super) fn operator_lost(construct: &str) -> String {
    format!(
        "{construct} uses an operator outside of pg_catalog, which its text can't name: it would be read as another one"
    )
}
