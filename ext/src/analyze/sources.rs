//! The sources of a FROM clause.

use super::conditions::Call;
use super::{Analyzer, Frame, Scope, functions};
use crate::catalog::tree;
use crate::error::or_raise;
use crate::pg::node::{function_name, reads_records};
use crate::pg::relation::{Relation, SELECT, role_name};
use crate::pg::tree::{Query, RangeEntry, RangeKind};
use pg_tviews_ir::{Parent, Role, Source, SourceId, SourceKind, Table, TableColumn};
use pgrx::pg_sys;

impl Analyzer {
    /// Makes a source for a range-table entry, so that variables can refer to it before it is analysed itself.
    pub(super) fn register_source(&mut self, frame: &mut Frame, index: usize) {
        let Some(entry) = frame.query.range_entry(index) else {
            return;
        };
        let id = SourceId(self.view.sources.len());
        self.view.sources.push(Source {
            block: frame.block,
            alias: entry.alias(),
            nullable: false,
            kind: SourceKind::Computed,
        });
        frame.sources.insert(index, id);
    }

    /// Analyses a source of the innermost query of `scope`.
    pub(super) fn analyze_source(&mut self, scope: &mut Scope, index: usize, within: &str) {
        let Some(frame) = scope.last() else { return };
        let (Some(entry), Some(id)) = (frame.query.range_entry(index), frame.sources.get(&index).copied())
        else {
            return;
        };
        let place = place(within, &entry.alias());
        match entry.kind() {
            RangeKind::Relation { sampled: true, .. } => {
                self.object(
                    &place,
                    None,
                    "TABLESAMPLE gives other rows each time",
                    "Leave it out.",
                );
            }
            RangeKind::Relation { oid, kind, only, .. } => self.relation(id, oid, kind, only, &place),
            RangeKind::Subquery(query) => {
                let query = frame.query.flattened_item(query);
                let block = self.block(query, Some(Parent::Derived(id)), scope, &place);
                self.view.sources[id.0].kind = SourceKind::Derived(block);
            }
            RangeKind::CommonTable {
                name,
                levels_up,
                self_reference,
            } => {
                self.note_reference(scope, levels_up);
                if self_reference {
                    self.self_reference(id, &name);
                } else {
                    self.common_table(scope, id, &name, levels_up, &place);
                }
            }
            RangeKind::Function | RangeKind::Values => {
                let around = frame.query;
                for (call, types) in entry.described_calls() {
                    let reads = call
                        .called_function()
                        .is_some_and(|function| reads_records(&function_name(function)));
                    for part in &types {
                        self.note_object((pg_sys::TypeRelationId, *part), call.location(), &place);
                    }
                    let objection = types
                        .into_iter()
                        .filter(|_| reads)
                        .find_map(functions::reading_objection);
                    if let Some((message, hint)) = objection {
                        self.object(&place, Some(call), message, hint);
                    }
                }
                self.note_call(id, &entry, around, scope, &place);
                for expression in entry.computed_expressions() {
                    self.expression(around.flattened(expression), scope, Role::Link, &place);
                }
            }
            RangeKind::Other(what) => {
                self.object(
                    &place,
                    None,
                    format!("{what} is not supported as a source"),
                    "Use a table, a view or a subquery.",
                );
            }
        }
    }

    /// Notes the call that makes the rows of a source, if it is a single one whose columns have the types that the function says.
    fn note_call(&mut self, id: SourceId, entry: &RangeEntry, around: Query, scope: &mut Scope, place: &str) {
        if let [(call, types)] = &entry.described_calls()[..]
            && types.is_empty()
            && let Some(scalar) = around.flattened(*call).as_scalar_call()
            && let Some(expression) = self.expression(scalar, scope, Role::Link, place)
        {
            let call = Call {
                expression,
                width: entry.width(),
                ordinality: entry.is_numbered(),
            };
            self.calls.insert(id, call);
        }
    }

    fn common_table(&mut self, scope: &mut Scope, id: SourceId, name: &str, levels_up: usize, place: &str) {
        let Some(depth) = scope.len().checked_sub(1 + levels_up) else {
            return;
        };
        let Some(table) = scope[depth].query.common_table(name) else {
            return;
        };
        // Its variables see the queries around the one that defines it.
        let inner: Vec<Frame> = scope.split_off(depth + 1);
        let block = if table.recursive {
            self.recursions.push((name.to_owned(), None));
            let block = self.block(table.query, Some(Parent::Derived(id)), scope, place);
            self.recursions.pop();
            // A changed row can influence rows with any values; and the text is nothing without the WITH clause around it.
            self.view.blocks[block.0].passes_values = false;
            self.view.blocks[block.0].text = None;
            block
        } else {
            self.block(table.query, Some(Parent::Derived(id)), scope, place)
        };
        scope.extend(inner);
        self.view.sources[id.0].kind = SourceKind::Derived(block);
    }

    /// A reference to a recursive WITH query inside itself.
    fn self_reference(&mut self, id: SourceId, name: &str) {
        let known = self.recursions.iter().rev().find(|(known, _)| known == name);
        if let Some((_, Some(block))) = known {
            self.view.sources[id.0].kind = SourceKind::Recursion(*block);
        }
    }

    fn relation(&mut self, id: SourceId, oid: pg_sys::Oid, kind: u8, only: bool, place: &str) {
        let Some(relation) = Relation::try_open(oid) else {
            return;
        };
        let name = relation.display_name();
        if kind == pg_sys::RELKIND_VIEW {
            return self.inlined_view(id, &relation, place);
        }
        let reason = match kind {
            pg_sys::RELKIND_RELATION | pg_sys::RELKIND_PARTITIONED_TABLE => {
                self.tree_objections(&relation, only, place);
                self.table_objection(&relation)
            }
            pg_sys::RELKIND_MATVIEW => Some((
                "a materialized view changes without triggers",
                "Use its query as a subquery, or make it a tview.",
            )),
            pg_sys::RELKIND_FOREIGN_TABLE => Some((
                "a foreign table changes without triggers",
                "Copy it into a table of this database.",
            )),
            _ => Some(("this kind of relation can't have triggers", "Use a table.")),
        };
        if let Some((message, hint)) = reason {
            self.object(place, None, format!("{name}: {message}"), hint);
        }
        if !relation.schema_allows(self.owner) {
            let (role, schema) = (role_name(self.owner), relation.schema());
            self.object_privilege(
                place,
                format!("role \"{role}\", as whom the tview is maintained, may not use schema {schema}"),
                format!(
                    "GRANT USAGE ON SCHEMA {} TO {}.",
                    pg_tviews_sqltext::identifier(&schema),
                    pg_tviews_sqltext::identifier(&role)
                ),
            );
        }
        self.refuse_unreadable(&relation, place);
        if !only {
            self.view.with_members.insert(oid.to_u32());
        }
        self.view.sources[id.0].kind = SourceKind::Table(describe(&relation, only));
    }

    /// Maintenance reads all tables as the tview's owner, and the definition reads those of a view as the view's owner.
    fn refuse_unreadable(&mut self, relation: &Relation, place: &str) {
        let (role, as_whom) = if !relation.is_view() && !relation.allows(self.owner, SELECT) {
            (self.owner, "as whom the tview is maintained")
        } else if !relation.allows_reading_some(self.reader) {
            let as_whom = if self.reader == self.owner {
                "as whom the tview is maintained"
            } else {
                "as whom the view is read"
            };
            (self.reader, as_whom)
        } else {
            return;
        };
        let role = role_name(role);
        self.object_privilege(
            place,
            format!(
                "role \"{role}\", {as_whom}, may not read {}",
                relation.display_name()
            ),
            format!(
                "GRANT SELECT ON {} TO {}.",
                relation.quoted(),
                pg_tviews_sqltext::identifier(&role)
            ),
        );
    }

    /// From here on tables are those of a view. Returns as whom they were read before.
    pub(super) fn enter_view(&mut self, view: &Relation, place: &str) -> pg_sys::Oid {
        self.refuse_unreadable(view, place);
        std::mem::replace(&mut self.reader, view.reads_as(self.owner))
    }

    /// What may not be among the partitions and inheriting tables around a source.
    fn tree_objections(&mut self, relation: &Relation, only: bool, place: &str) {
        if !relation.has_parents() && (only || !relation.has_children()) {
            return;
        }
        let name = relation.display_name();
        let kinds = or_raise(tree::kinds(relation.oid(), !only));
        let found = [
            (
                kinds.foreign_member,
                "is a foreign table and changes without triggers",
                "Detach it, or read the other partitions or children by themselves.",
            ),
            (
                kinds.temporary_member,
                "is a temporary table: the rows would depend on the session",
                "Drop it, or read the parent with ONLY.",
            ),
            (
                kinds.foreign_relative,
                "is a foreign table, through which rows change without triggers",
                "Let the table no longer inherit from it.",
            ),
        ];
        for (other, message, hint) in found {
            if let Some(other) = other {
                self.object(place, None, format!("{name}: {other} {message}"), hint);
            }
        }
    }

    fn table_objection(&self, relation: &Relation) -> Option<(&'static str, &'static str)> {
        if relation.is_temporary() {
            Some((
                "a temporary table exists in one session only",
                "Use a permanent table.",
            ))
        } else if relation.is_system() {
            Some((
                "system catalogs change without triggers",
                "Leave it out of the definition.",
            ))
        } else if relation.has_row_security_for(self.owner) {
            Some((
                "row-level security applies to the owner of the tview, so that the rows depend on the session",
                "Let the table's owner, or a role with BYPASSRLS, create the tview.",
            ))
        } else if relation.has_row_security_for(self.reader) {
            Some((
                "row-level security applies to the owner of the view, so that the rows depend on the session",
                "Let the table's owner, or a role with BYPASSRLS, own the view.",
            ))
        } else {
            None
        }
    }

    fn inlined_view(&mut self, id: SourceId, view: &Relation, place: &str) {
        self.view
            .inlined_views
            .push((view.oid().to_u32(), view.display_name()));
        let query: Query = view.view_query();
        let within = format!("{place}, view {}", view.display_name());
        let before = self.enter_view(view, place);
        let block = self.block(query, Some(Parent::Derived(id)), &mut Vec::new(), &within);
        self.reader = before;
        self.view.sources[id.0].kind = SourceKind::Derived(block);
    }
}

/// Where a FROM item stands.
pub(super) fn place(within: &str, alias: &str) -> String {
    match within {
        "" => format!("FROM item \"{alias}\""),
        _ => format!("{within}, FROM item \"{alias}\""),
    }
}

fn describe(relation: &Relation, only: bool) -> Table {
    let mut attributes = relation.attributes();
    let mut indexes = relation.indexes();
    if !only && !relation.is_partitioned() && relation.has_children() {
        // Neither keys nor NOT NULL need hold for the rows of inheriting tables.
        attributes
            .iter_mut()
            .for_each(|attribute| attribute.not_null = false);
        indexes.iter_mut().for_each(|index| {
            (index.unique, index.deferrable, index.primary) = (false, false, false);
        });
    }
    let not_null = |attnum: &i16| {
        attributes
            .iter()
            .any(|attribute| attribute.attnum == *attnum && attribute.not_null)
    };
    let mut unique: Vec<Vec<i16>> = indexes
        .iter()
        .filter(|index| index.unique)
        .map(|index| index.attnums.clone())
        .collect();
    // The primary key comes first already; after it prefer keys without NULLs, and short ones.
    unique.sort_by_key(|key| (!key.iter().all(not_null), key.len()));
    if let Some(primary) = indexes.iter().find(|index| index.primary)
        && let Some(position) = unique.iter().position(|key| *key == primary.attnums)
    {
        unique[..=position].rotate_right(1);
    }
    Table {
        oid: relation.oid().to_u32(),
        schema: relation.schema(),
        name: relation.name(),
        columns: attributes
            .iter()
            .map(|attribute| TableColumn {
                attnum: attribute.attnum,
                name: attribute.name.clone(),
                not_null: attribute.not_null,
            })
            .collect(),
        unique_keys: unique,
        deferrable_keys: indexes
            .iter()
            .filter(|index| index.deferrable)
            .map(|index| index.attnums.clone())
            .collect(),
        indexes: indexes.into_iter().map(|index| index.attnums).collect(),
    }
}
