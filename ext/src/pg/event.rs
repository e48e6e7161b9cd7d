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

    /// The view, if the command is CREATE OR REPLACE VIEW.
    pub fn replaced_view(&self) -> Option<RelationName> {
        // SAFETY: the parse tree lives during the command; the cast follows from the tag.
        unsafe {
            let node = (*self.0).parsetree;
            if node.is_null() || !is_a(node, pg_sys::NodeTag::T_ViewStmt) {
                return None;
            }
            let statement = &*node.cast::<pg_sys::ViewStmt>();
            statement
                .replace
                .then(|| RelationName::of_range_var(statement.view))
        }
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

    /// The triggers that a DROP TRIGGER names, each with its table.
    pub fn dropped_triggers(&self) -> Option<Vec<(RelationName, String)>> {
        // SAFETY: the parse tree lives during the command; the objects of DROP TRIGGER are lists of String nodes, the trigger's name last.
        unsafe {
            let node = (*self.0).parsetree;
            if node.is_null() || !is_a(node, pg_sys::NodeTag::T_DropStmt) {
                return None;
            }
            let statement = &*node.cast::<pg_sys::DropStmt>();
            if statement.removeType != pg_sys::ObjectType::OBJECT_TRIGGER {
                return None;
            }
            let names = pointers::<pg_sys::List>(statement.objects).into_iter();
            let named = names.filter_map(|name| {
                let trigger = strings(name).pop()?;
                let table = pg_sys::list_truncate(pg_sys::list_copy(name), (*name).length - 1);
                let table = RelationName::of_range_var(pg_sys::makeRangeVarFromNameList(table));
                Some((table, trigger))
            });
            Some(named.collect())
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

    /// The indexes that a DROP INDEX names, and whether it says CONCURRENTLY.
    pub fn dropped_indexes(&self) -> Option<(Vec<RelationName>, bool)> {
        // SAFETY: the parse tree lives during the command; the objects of DROP INDEX are lists of String nodes.
        unsafe {
            let node = self.node();
            if node.is_null() || !is_a(node, pg_sys::NodeTag::T_DropStmt) {
                return None;
            }
            let statement = &*node.cast::<pg_sys::DropStmt>();
            let names = pointers::<pg_sys::List>(statement.objects);
            let names = names
                .into_iter()
                .map(|name| RelationName::of_range_var(pg_sys::makeRangeVarFromNameList(name)));
            (statement.removeType == pg_sys::ObjectType::OBJECT_INDEX)
                .then(|| (names.collect(), statement.concurrent))
        }
    }

    /// Whether the command can take privileges away: an owner's, too.
    pub fn revokes(&self) -> bool {
        let node = self.node();
        // SAFETY: a non-null node has a tag, from which the cast follows.
        unsafe {
            if node.is_null() {
                return false;
            }
            is_a(node, pg_sys::NodeTag::T_DropOwnedStmt)
                || (is_a(node, pg_sys::NodeTag::T_AlterOwnerStmt)
                    && (*node.cast::<pg_sys::AlterOwnerStmt>()).objectType
                        == pg_sys::ObjectType::OBJECT_SCHEMA)
                || (is_a(node, pg_sys::NodeTag::T_GrantStmt) && !(*node.cast::<pg_sys::GrantStmt>()).is_grant)
        }
    }

    /// Whether the command lets row-level security hide rows of a table.
    pub fn hides_rows(&self) -> bool {
        use pg_sys::AlterTableType::{AT_EnableRowSecurity, AT_ForceRowSecurity};
        let hides = |command: &pg_sys::AlterTableCmd| {
            [AT_EnableRowSecurity, AT_ForceRowSecurity].contains(&command.subtype)
        };
        self.alter_table()
            .is_some_and(|(_, commands)| commands.iter().any(hides))
    }

    /// Whether the command gives a table another owner: the old one, and its members, may not read it any more.
    pub fn changes_owner(&self) -> bool {
        use pg_sys::AlterTableType::AT_ChangeOwner;
        let node = self.node();
        // SAFETY: a non-null node has a tag, from which the cast follows.
        let is_table = || unsafe {
            (*node.cast::<pg_sys::AlterTableStmt>()).objtype == pg_sys::ObjectType::OBJECT_TABLE
        };
        self.alter_table().is_some_and(|(_, commands)| {
            is_table() && commands.iter().any(|command| command.subtype == AT_ChangeOwner)
        })
    }

    /// The tables and views from which privileges are taken away, or whose rows are hidden, if the command names nothing else.
    pub fn revoked_relations(&self) -> Option<Vec<RelationName>> {
        use pg_sys::{GrantTargetType::ACL_TARGET_OBJECT, ObjectType::OBJECT_TABLE};
        let node = self.node();
        // SAFETY: the cast follows from the tag; the objects of a GRANT on tables are a list of RangeVar.
        unsafe {
            if let Some((table, _)) = self.alter_table() {
                return Some(vec![RelationName::of_range_var(table)]);
            }
            if node.is_null() || !is_a(node, pg_sys::NodeTag::T_GrantStmt) {
                return None;
            }
            let statement = &*node.cast::<pg_sys::GrantStmt>();
            let named = statement.targtype == ACL_TARGET_OBJECT && statement.objtype == OBJECT_TABLE;
            let names = pointers::<pg_sys::RangeVar>(statement.objects).into_iter();
            named.then(|| names.map(RelationName::of_range_var).collect())
        }
    }

    /// Identity of the statement, to recognise it when it has ended.
    pub fn identity(&self) -> usize {
        self.node() as usize
    }

    fn node(&self) -> *mut pg_sys::Node {
        // SAFETY: the data lives during the call.
        unsafe { (*self.0).parsetree }
    }

    /// Whether the command changes what an object that is no table computes, or how its values are written: the labels of an enum, the
    /// attributes of a composite type, a function, an aggregate, a configuration or dictionary of text search. Another name, schema or
    /// owner changes nothing of that, and an object that is new is used by nothing.
    pub fn changes_results(&self) -> bool {
        use pg_sys::NodeTag::*;
        let node = self.node();
        if node.is_null() {
            return false;
        }
        // SAFETY: the parse tree lives during the command; the casts follow from the tags.
        unsafe {
            match (*node).type_ {
                T_AlterEnumStmt => !(*node.cast::<pg_sys::AlterEnumStmt>()).oldVal.is_null(),
                T_AlterTableStmt => {
                    (*node.cast::<pg_sys::AlterTableStmt>()).objtype == pg_sys::ObjectType::OBJECT_TYPE
                }
                T_RenameStmt => {
                    (*node.cast::<pg_sys::RenameStmt>()).renameType == pg_sys::ObjectType::OBJECT_ATTRIBUTE
                }
                // 'C' adds a condition, 'O' refuses NULL: values that were computed may not be any more.
                T_AlterDomainStmt => {
                    let subtype = (*node.cast::<pg_sys::AlterDomainStmt>()).subtype as u8;
                    [b'C', b'O'].contains(&subtype)
                }
                T_CreateFunctionStmt => (*node.cast::<pg_sys::CreateFunctionStmt>()).replace,
                T_DefineStmt => (*node.cast::<pg_sys::DefineStmt>()).replace,
                T_AlterFunctionStmt => {
                    let actions = (*node.cast::<pg_sys::AlterFunctionStmt>()).actions;
                    let beside = ["cost", "rows", "parallel", "leakproof"];
                    let mut names = pointers::<pg_sys::DefElem>(actions).into_iter();
                    names.any(|action| !beside.contains(&owned((*action).defname).as_str()))
                }
                T_AlterOwnerStmt => is_function((*node.cast::<pg_sys::AlterOwnerStmt>()).objectType),
                T_AlterTSConfigurationStmt | T_AlterTSDictionaryStmt | T_CreateCastStmt => true,
                _ => false,
            }
        }
    }

    /// Whether the command gives the rows of a table other columns, or other names to them.
    pub fn changes_columns(&self) -> bool {
        use pg_sys::AlterTableType::{AT_AddColumn, AT_AlterColumnType, AT_DropColumn};
        let node = self.node();
        // SAFETY: a non-null node has a tag, from which the cast follows.
        let renamed = unsafe {
            !node.is_null()
                && is_a(node, pg_sys::NodeTag::T_RenameStmt)
                && (*node.cast::<pg_sys::RenameStmt>()).renameType == pg_sys::ObjectType::OBJECT_COLUMN
        };
        let changes = |command: &pg_sys::AlterTableCmd| {
            [AT_AddColumn, AT_AlterColumnType, AT_DropColumn].contains(&command.subtype)
        };
        renamed
            || self
                .alter_table()
                .is_some_and(|(_, commands)| commands.iter().any(changes))
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

    /// Whether the command is an ALTER VIEW, or an ALTER TABLE, that decides anew with whose rights a view is read: it changes the owner or
    /// options such as `security_invoker`.
    pub fn changes_rights(&self) -> bool {
        use pg_sys::AlterTableType::{
            AT_ChangeOwner, AT_ReplaceRelOptions, AT_ResetRelOptions, AT_SetRelOptions,
        };
        self.alter_table().is_some_and(|(_, commands)| {
            commands.iter().any(|command| {
                [
                    AT_ChangeOwner,
                    AT_SetRelOptions,
                    AT_ResetRelOptions,
                    AT_ReplaceRelOptions,
                ]
                .contains(&command.subtype)
            })
        })
    }

    /// Whether the command renames a column.
    pub fn renames_column(&self) -> bool {
        // SAFETY: the parse tree lives during the command; the cast follows from the tag.
        unsafe {
            let node = (*self.0).parsetree;
            !node.is_null()
                && is_a(node, pg_sys::NodeTag::T_RenameStmt)
                && (*node.cast::<pg_sys::RenameStmt>()).renameType == pg_sys::ObjectType::OBJECT_COLUMN
        }
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

/// Whether these objects are functions: one that runs with its owner's rights computes something else with another owner.
fn is_function(kind: pg_sys::ObjectType::Type) -> bool {
    use pg_sys::ObjectType::{OBJECT_FUNCTION, OBJECT_ROUTINE};
    [OBJECT_FUNCTION, OBJECT_ROUTINE].contains(&kind)
}

/// The CREATE TABLE … AS that an EXPLAIN ANALYZE runs, if it is one.
///
/// # Safety
/// The statement has been analysed.
pub(super) unsafe fn explained_creation(statement: *mut pg_sys::ExplainStmt) -> Option<CreateTableAs> {
    // SAFETY: see the function's contract; the casts follow from the tags, and options are a list of DefElem.
    unsafe {
        let is_analyze = |option: &*mut pg_sys::DefElem| {
            owned((**option).defname) == "analyze" && pg_sys::defGetBoolean(*option)
        };
        let options = pointers::<pg_sys::DefElem>((*statement).options);
        let query = (*statement).query;
        if !options.iter().any(is_analyze) || query.is_null() || !is_a(query, pg_sys::NodeTag::T_Query) {
            return None;
        }
        let utility = (*query.cast::<pg_sys::Query>()).utilityStmt;
        if utility.is_null() || !is_a(utility, pg_sys::NodeTag::T_CreateTableAsStmt) {
            return None;
        }
        let creation = utility.cast::<pg_sys::CreateTableAsStmt>();
        ((*creation).objtype == pg_sys::ObjectType::OBJECT_TABLE).then_some(CreateTableAs(creation))
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
