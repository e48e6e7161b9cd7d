//! What an event trigger is told.

use super::list::pointers;
use super::name::{RelationName, strings};
use super::text::owned;
use super::tree::Query;
use super::version;
use crate::error::{Error, Result};
use pgrx::{is_a, pg_sys};

/// A call of an event trigger.
pub struct DdlEvent(*mut pg_sys::EventTriggerData);

/// CREATE TABLE … AS, or SELECT … INTO.
#[derive(Clone, Copy)]
pub struct CreateTableAs(*mut pg_sys::CreateTableAsStmt);

/// What a command drops without naming it.
pub enum Wholesale {
    /// All that these schemas hold.
    Schemas(Vec<pg_sys::Oid>),
    /// All that these roles own in the database.
    Owners(Vec<pg_sys::Oid>),
}

impl DdlEvent {
    /// The event of a function call.
    ///
    /// # Safety
    /// `fcinfo` is the argument of a version-1 function.
    pub(super) unsafe fn new(fcinfo: pg_sys::FunctionCallInfo) -> Result<DdlEvent> {
        // SAFETY: see the function's contract; the context of an event trigger's call is its EventTriggerData.
        unsafe {
            let context = (*fcinfo).context;
            if context.is_null() || !is_a(context, pg_sys::NodeTag::T_EventTriggerData) {
                return Err(Error::unsupported(
                    "this function can only be called by an event trigger",
                ));
            }
            Ok(DdlEvent(context.cast()))
        }
    }

    /// The command's tag, such as `ALTER TABLE`.
    pub fn tag(&self) -> String {
        // SAFETY: the data lives during the call.
        unsafe { owned(pg_sys::GetCommandTagName((*self.0).tag)) }
    }

    /// The statement, if it makes a table from a query.
    pub fn create_table_as(&self) -> Option<CreateTableAs> {
        // SAFETY: the parse tree lives during the command.
        unsafe {
            let node = (*self.0).parsetree;
            if node.is_null() || !is_a(node, pg_sys::NodeTag::T_CreateTableAsStmt) {
                return None;
            }
            let statement = node.cast::<pg_sys::CreateTableAsStmt>();
            ((*statement).objtype == pg_sys::ObjectType::OBJECT_TABLE).then_some(CreateTableAs(statement))
        }
    }
}

impl DdlEvent {
    /// The table, if the command is ALTER TABLE … DETACH PARTITION … CONCURRENTLY.
    pub fn concurrent_detach(&self) -> Option<RelationName> {
        let (relation, commands) = self.alter_table()?;
        let concurrent = commands.into_iter().any(|command| {
            command.subtype == pg_sys::AlterTableType::AT_DetachPartition
                && !command.def.is_null()
                // SAFETY: the definition of such a command is a PartitionCmd.
                && unsafe { (*command.def.cast::<pg_sys::PartitionCmd>()).concurrent }
        });
        concurrent.then(|| RelationName::of_range_var(relation))
    }

    /// The tables that a DROP TABLE names, and whether it says CASCADE.
    pub fn dropped_tables(&self) -> Option<(Vec<RelationName>, bool)> {
        // SAFETY: the parse tree lives during the command; the objects of DROP TABLE are lists of String nodes.
        unsafe {
            let node = (*self.0).parsetree;
            if node.is_null() || !is_a(node, pg_sys::NodeTag::T_DropStmt) {
                return None;
            }
            let statement = &*node.cast::<pg_sys::DropStmt>();
            let names = pointers::<pg_sys::List>(statement.objects);
            let names = names
                .into_iter()
                .map(|name| RelationName::of_range_var(pg_sys::makeRangeVarFromNameList(name)));
            let cascade = statement.behavior == pg_sys::DropBehavior::DROP_CASCADE;
            (statement.removeType == pg_sys::ObjectType::OBJECT_TABLE).then(|| (names.collect(), cascade))
        }
    }

    /// What a DROP SCHEMA or a DROP OWNED with CASCADE names.
    pub fn dropped_wholesale(&self) -> Option<Wholesale> {
        // SAFETY: the parse tree lives during the command; DROP SCHEMA has a list of String nodes, DROP OWNED one of RoleSpec.
        unsafe {
            let node = (*self.0).parsetree;
            if node.is_null() {
                return None;
            }
            let (behavior, objects) = if is_a(node, pg_sys::NodeTag::T_DropStmt) {
                let statement = &*node.cast::<pg_sys::DropStmt>();
                if statement.removeType != pg_sys::ObjectType::OBJECT_SCHEMA {
                    return None;
                }
                let names = strings(statement.objects);
                let schemas = names
                    .iter()
                    .filter_map(|name| super::name::schema(name))
                    .collect();
                (statement.behavior, Wholesale::Schemas(schemas))
            } else if is_a(node, pg_sys::NodeTag::T_DropOwnedStmt) {
                let statement = &*node.cast::<pg_sys::DropOwnedStmt>();
                let roles = pointers::<pg_sys::RoleSpec>(statement.roles).into_iter();
                let roles = roles.map(|role| pg_sys::get_rolespec_oid(role, true)).collect();
                (statement.behavior, Wholesale::Owners(roles))
            } else {
                return None;
            };
            (behavior == pg_sys::DropBehavior::DROP_CASCADE).then_some(objects)
        }
    }

    /// Whether the command is an ALTER TABLE that changes the expression of a generated column.
    pub fn sets_expression(&self) -> bool {
        self.alter_table()
            .is_some_and(|(_, commands)| commands.iter().any(version::sets_expression))
    }

    /// Whether the command is an ALTER TABLE that adds constraints and nothing else. Parallel restores do that to many tables at
    /// once, each of them locked: whoever then looks at another one waits for it.
    pub fn only_adds_constraints(&self) -> bool {
        use pg_sys::AlterTableType::{
            AT_AddConstraint, AT_AddIndex, AT_AddIndexConstraint, AT_ValidateConstraint,
        };
        self.alter_table().is_some_and(|(_, commands)| {
            commands.iter().all(|command| {
                [
                    AT_AddConstraint,
                    AT_AddIndex,
                    AT_AddIndexConstraint,
                    AT_ValidateConstraint,
                ]
                .contains(&command.subtype)
            })
        })
    }

    /// The name and the subcommands of ALTER TABLE.
    fn alter_table(&self) -> Option<(*mut pg_sys::RangeVar, Vec<pg_sys::AlterTableCmd>)> {
        // SAFETY: the parse tree lives during the command; the subcommands are a list of AlterTableCmd.
        unsafe {
            let node = (*self.0).parsetree;
            if node.is_null() || !is_a(node, pg_sys::NodeTag::T_AlterTableStmt) {
                return None;
            }
            let statement = &*node.cast::<pg_sys::AlterTableStmt>();
            let commands = pointers::<pg_sys::AlterTableCmd>(statement.cmds);
            Some((
                statement.relation,
                commands.into_iter().map(|command| *command).collect(),
            ))
        }
    }
}

impl CreateTableAs {
    /// The name of the table to make.
    pub fn target(&self) -> RelationName {
        // SAFETY: the statement always has an INTO clause with a relation.
        unsafe { RelationName::of_range_var((*(*self.0).into).rel) }
    }

    /// Column names given with the table's name.
    pub fn column_names(&self) -> Vec<String> {
        // SAFETY: as above; colNames is a list of String nodes.
        unsafe { strings((*(*self.0).into).colNames) }
    }

    /// The query; `None` if it is an EXECUTE.
    pub fn query(&self) -> Option<Query> {
        // SAFETY: parse analysis has put a Query there.
        let query = unsafe { (*self.0).query };
        // SAFETY: a non-null node has a tag.
        let analysed = !query.is_null() && unsafe { is_a(query, pg_sys::NodeTag::T_Query) };
        analysed
            .then(|| Query::of_analysis(query.cast()))
            .filter(Query::is_select)
    }

    /// Whether the statement says WITH NO DATA.
    pub fn is_without_data(&self) -> bool {
        // SAFETY: as above.
        unsafe { (*(*self.0).into).skipData }
    }

    /// Makes the statement create the table empty; it is filled when its maintenance is in place.
    pub fn skip_data(&self) {
        // SAFETY: the server hands event triggers a parse tree that it does not share with a cached plan.
        unsafe { (*(*self.0).into).skipData = true }
    }

    /// Makes the statement create an UNLOGGED table.
    pub fn make_unlogged(&self) {
        // SAFETY: as for `skip_data`; the INTO clause always has a relation.
        unsafe {
            (*(*(*self.0).into).rel).relpersistence = pg_sys::RELPERSISTENCE_UNLOGGED as std::ffi::c_char
        }
    }

    /// Identity of the statement, to recognise it when it has ended.
    pub fn identity(&self) -> usize {
        self.0 as usize
    }
}
