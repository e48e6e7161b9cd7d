//! What the catalogs say about a relation.

use super::imports;
use super::interrupts;
use super::list::oids as oid_list;
use super::own_trigger;
use super::text::owned;
use super::tree::Query;
use super::version;
use crate::error::{Error, Result};
use pgrx::pg_sys;

/// An open relation, closed when dropped; its lock is kept to the end of the transaction.
pub struct Relation(pg_sys::Relation);

/// A column as the catalog has it.
pub struct Attribute {
    pub attnum: i16,
    pub name: String,
    pub type_oid: pg_sys::Oid,
    pub type_modifier: i32,
    pub collation: pg_sys::Oid,
    pub not_null: bool,
    /// `v` for a virtual generated column, `s` for a stored one, 0 for an ordinary one.
    pub generated: u8,
}

impl Attribute {
    /// Whether it takes every value of another column as it is. A length or scale of its own would round, cut off or pad.
    pub fn takes(&self, other: &Attribute) -> bool {
        self.type_oid == other.type_oid
            && self.collation == other.collation
            && (self.type_modifier == other.type_modifier || self.type_modifier == NO_MODIFIER)
    }

    /// Its type as SQL writes it, with length or scale.
    pub fn type_text(&self) -> String {
        // SAFETY: returns "???" for an unknown type.
        unsafe {
            owned(pg_sys::format_type_with_typemod(
                self.type_oid,
                self.type_modifier,
            ))
        }
    }
}

/// The type modifier of a column without length or scale.
const NO_MODIFIER: i32 = -1;

/// How a column is stored.
#[derive(PartialEq, Eq)]
pub(super) struct Stored {
    /// Its name; `None` if it has been dropped.
    pub name: Option<String>,
    /// Old rows lack it, and have its default instead.
    pub missing: bool,
    length: i16,
    alignment: std::ffi::c_char,
}

/// An index that can be used.
pub struct Index {
    pub attnums: Vec<i16>,
    /// Unique at every moment, over all rows.
    pub unique: bool,
    /// A unique index that takes NULLs as equal.
    pub nulls_equal: bool,
    /// Unique at the end of a transaction at the latest.
    pub deferrable: bool,
    pub primary: bool,
}

impl Relation {
    /// Opens a relation of any kind; `None` if it does not exist (any more).
    pub fn try_open(oid: pg_sys::Oid) -> Option<Relation> {
        interrupts::check();
        // SAFETY: returns null where the relation is gone.
        let relation = unsafe { pg_sys::try_relation_open(oid, pg_sys::AccessShareLock as i32) };
        if relation.is_null() {
            None
        } else {
            Some(Relation(relation))
        }
    }

    /// Opens a relation of any kind.
    pub fn open(oid: pg_sys::Oid) -> Result<Relation> {
        Relation::try_open(oid)
            .ok_or_else(|| Error::undefined(format!("relation with OID {} does not exist", oid.to_u32())))
    }

    fn form(&self) -> &pg_sys::FormData_pg_class {
        // SAFETY: an open relation has its pg_class row.
        unsafe { &*(*self.0).rd_rel }
    }

    pub fn oid(&self) -> pg_sys::Oid {
        // SAFETY: the relation is open.
        unsafe { (*self.0).rd_id }
    }

    pub fn name(&self) -> String {
        owned(self.form().relname.data.as_ptr())
    }

    pub fn schema(&self) -> String {
        // SAFETY: returns null for an unknown namespace.
        unsafe { owned(pg_sys::get_namespace_name(self.form().relnamespace)) }
    }

    /// `schema.name` for messages.
    pub fn display_name(&self) -> String {
        format!("{}.{}", self.schema(), self.name())
    }

    /// Quoted `"schema"."name"`.
    pub fn quoted(&self) -> String {
        pg_tviews_sqltext::qualified(&self.schema(), &self.name())
    }

    pub fn owner(&self) -> pg_sys::Oid {
        self.form().relowner
    }

    pub fn is_temporary(&self) -> bool {
        self.form().relpersistence as u8 == pg_sys::RELPERSISTENCE_TEMP
    }

    pub fn is_unlogged(&self) -> bool {
        self.form().relpersistence as u8 == pg_sys::RELPERSISTENCE_UNLOGGED
    }

    pub fn is_system(&self) -> bool {
        self.oid().to_u32() < pg_sys::FirstNormalObjectId
    }

    /// Whether it is a partitioned table: its rows are those of its partitions.
    pub fn is_partitioned(&self) -> bool {
        self.form().relkind as u8 == pg_sys::RELKIND_PARTITIONED_TABLE
    }

    /// Whether it is a view.
    pub fn is_view(&self) -> bool {
        self.form().relkind as u8 == pg_sys::RELKIND_VIEW
    }

    /// Whether it is a table with rows of its own (a partition too), not a view, an index or anything else.
    pub fn is_ordinary_table(&self) -> bool {
        self.form().relkind as u8 == pg_sys::RELKIND_RELATION
    }

    pub fn is_partition(&self) -> bool {
        self.form().relispartition
    }

    /// Whether it is a table that stores all of its rows itself.
    pub fn is_plain(&self) -> bool {
        self.form().relkind as u8 == pg_sys::RELKIND_RELATION && !self.has_children()
    }

    /// Whether other tables inherit from it.
    pub fn has_children(&self) -> bool {
        !imports::inheritance_children(self.oid()).is_empty()
    }

    /// Whether it inherits from another table.
    pub fn has_parents(&self) -> bool {
        imports::has_superclass(self.oid())
    }

    /// Whether row-level security filters what this role sees of it.
    pub fn has_row_security_for(&self, role: pg_sys::Oid) -> bool {
        // SAFETY: with no_error set it only looks up catalogs.
        let state = unsafe { pg_sys::check_enable_rls(self.oid(), role, true) };
        state == pg_sys::CheckEnableRlsResult::RLS_ENABLED as i32
    }

    /// Whether a role has one of these privileges on it.
    pub fn allows(&self, role: pg_sys::Oid, privilege: u64) -> bool {
        // SAFETY: looks up catalogs.
        let result = unsafe { pg_sys::pg_class_aclcheck(self.oid(), role, privilege as pg_sys::AclMode) };
        result == pg_sys::AclResult::ACLCHECK_OK
    }

    /// Whether a role may read it, or at least some of its columns.
    pub fn allows_reading_some(&self, role: pg_sys::Oid) -> bool {
        // SAFETY: looks up catalogs.
        let some = || unsafe {
            pg_sys::pg_attribute_aclcheck_all(
                self.oid(),
                role,
                SELECT as pg_sys::AclMode,
                pg_sys::AclMaskHow::ACLMASK_ANY,
            )
        };
        self.allows(role, SELECT) || some() == pg_sys::AclResult::ACLCHECK_OK
    }

    /// As whom a view reads, if this role reads the view: as its owner, unless it is a `security_invoker` view.
    pub fn reads_as(&self, role: pg_sys::Oid) -> pg_sys::Oid {
        // SAFETY: the relation is open; the options of a view are ViewOptions.
        let invoker = unsafe {
            let options = (*self.0).rd_options.cast::<pg_sys::ViewOptions>();
            self.is_view() && !options.is_null() && (*options).security_invoker
        };
        if invoker { role } else { self.owner() }
    }

    /// Whether a role may use names in its schema.
    pub fn schema_allows(&self, role: pg_sys::Oid) -> bool {
        // SAFETY: looks up catalogs.
        let result = unsafe { namespace_privilege(self.form().relnamespace, role) };
        result == pg_sys::AclResult::ACLCHECK_OK
    }

    /// Whether a role owns it (or is a member of its owner, or a superuser).
    pub fn is_owned_by(&self, role: pg_sys::Oid) -> bool {
        // SAFETY: looks up catalogs.
        unsafe { pg_sys::has_privs_of_role(role, self.owner()) }
    }

    /// Whether its storage was replaced in this transaction, so that rows may have changed without a trigger.
    pub fn rewritten(&self) -> bool {
        // SAFETY: the relation is open.
        unsafe { version::rewritten_in_transaction(self.0) }
    }

    /// Its columns without dropped ones.
    pub fn attributes(&self) -> Vec<Attribute> {
        self.all_attributes()
            .filter(|attribute| !attribute.attisdropped)
            .map(|attribute| Attribute {
                attnum: attribute.attnum,
                name: owned(attribute.attname.data.as_ptr()),
                type_oid: attribute.atttypid,
                type_modifier: attribute.atttypmod,
                collation: attribute.attcollation,
                not_null: attribute.attnotnull,
                generated: attribute.attgenerated as u8,
            })
            .collect()
    }

    /// Whether it takes the rows of another relation as they are, column by column.
    pub fn takes_rows_of(&self, other: &Relation) -> bool {
        let (own, others) = (self.attributes(), other.attributes());
        own.len() == others.len() && own.iter().zip(&others).all(|(own, other)| own.takes(other))
    }

    /// Whether this column is computed when it is read.
    pub fn is_virtual(&self, attnum: i16) -> bool {
        self.virtual_attributes().any(|known| known == attnum)
    }

    /// Whether some column is computed when it is read.
    pub fn has_virtual_column(&self) -> bool {
        self.virtual_attributes().next().is_some()
    }

    fn virtual_attributes(&self) -> impl Iterator<Item = i16> {
        self.all_attributes()
            .filter(|attribute| !attribute.attisdropped && attribute.attgenerated as u8 == b'v')
            .map(|attribute| attribute.attnum)
    }

    /// How its columns are stored, dropped ones included.
    pub(super) fn layout(&self) -> Vec<Stored> {
        self.all_attributes()
            .map(|attribute| Stored {
                name: (!attribute.attisdropped).then(|| owned(attribute.attname.data.as_ptr())),
                missing: attribute.atthasmissing,
                length: attribute.attlen,
                alignment: attribute.attalign,
            })
            .collect()
    }

    fn all_attributes(&self) -> impl Iterator<Item = &pg_sys::FormData_pg_attribute> {
        // SAFETY: an open relation has a tuple descriptor with `natts` attributes; `tuple_attribute` knows the layout.
        unsafe {
            let descriptor = (*self.0).rd_att;
            (0..(*descriptor).natts).map(move |index| &*tuple_attribute(descriptor, index as usize))
        }
    }

    /// The type of its rows.
    pub(super) fn row_type(&self) -> pg_sys::Oid {
        self.form().reltype
    }

    pub(super) fn raw(&self) -> pg_sys::Relation {
        self.0
    }

    /// Whether it was given storage parameters, such as a fillfactor.
    pub fn has_options(&self) -> bool {
        // SAFETY: the relation is open.
        unsafe { !(*self.0).rd_options.is_null() }
    }

    /// Its usable indexes over plain columns, the primary key first.
    pub fn indexes(&self) -> Vec<Index> {
        let mut indexes = Vec::new();
        // SAFETY: the relation is open; each index is opened before it is looked at and closed after.
        unsafe {
            for oid in oid_list(pg_sys::RelationGetIndexList(self.0)) {
                let index = pg_sys::index_open(oid, pg_sys::AccessShareLock as i32);
                let form = &*(*index).rd_index;
                let keys = form.indkey.values.as_slice(form.indnkeyatts as usize).to_vec();
                // Only whether there is one: reading it folds its constants, which runs code of the table's owner.
                let total = pg_sys::heap_attisnull(
                    (*index).rd_indextuple,
                    pg_sys::Anum_pg_index_indpred as i32,
                    std::ptr::null_mut(),
                );
                if form.indisvalid && form.indisready && total {
                    let attnums: Vec<i16> = keys.iter().copied().take_while(|attnum| *attnum != 0).collect();
                    let plain = attnums.len() == keys.len();
                    indexes.push(Index {
                        unique: form.indisunique && form.indimmediate && plain,
                        deferrable: form.indisunique && !form.indimmediate && plain,
                        nulls_equal: form.indnullsnotdistinct,
                        primary: form.indisprimary,
                        attnums,
                    });
                }
                pg_sys::index_close(index, pg_sys::AccessShareLock as i32);
            }
        }
        indexes.sort_by_key(|index| !index.primary);
        indexes
    }

    /// The query behind a view.
    pub fn view_query(&self) -> Query {
        // SAFETY: the caller knows that it is a view; the copy does not point into the relation cache.
        unsafe {
            let query = pg_sys::get_view_query(self.0);
            Query(pg_sys::copyObjectImpl(query.cast()).cast())
        }
    }
}

/// Attribute numbers of a relation's stored generated columns.
///
/// # Safety
/// The relation is open.
pub(super) unsafe fn stored_generated(relation: pg_sys::Relation) -> Vec<i16> {
    // SAFETY: see the function's contract; the descriptor has `natts` attributes.
    unsafe {
        let descriptor = (*relation).rd_att;
        let all = (0..(*descriptor).natts).map(|index| &*tuple_attribute(descriptor, index as usize));
        all.filter(|attribute| !attribute.attisdropped && attribute.attgenerated as u8 == b's')
            .map(|attribute| attribute.attnum)
            .collect()
    }
}

/// # Safety
/// Looks up catalogs only; unknown oids raise an error.
pub(super) unsafe fn namespace_privilege(schema: pg_sys::Oid, role: pg_sys::Oid) -> pg_sys::AclResult::Type {
    let usage = pg_sys::ACL_USAGE as pg_sys::AclMode;
    // SAFETY: see the function's contract.
    unsafe {
        #[cfg(feature = "pg15")]
        return pg_sys::pg_namespace_aclcheck(schema, role, usage);
        #[cfg(not(feature = "pg15"))]
        pg_sys::object_aclcheck(pg_sys::NamespaceRelationId, schema, role, usage)
    }
}

/// # Safety
/// `descriptor` is a valid tuple descriptor with more than `index` attributes.
unsafe fn tuple_attribute(
    descriptor: pg_sys::TupleDesc,
    index: usize,
) -> *const pg_sys::FormData_pg_attribute {
    // SAFETY: see the function's contract. From version 18 the attributes follow the compact ones.
    unsafe {
        #[cfg(feature = "pg18")]
        return {
            let compact = (&raw const (*descriptor).compact_attrs).cast::<pg_sys::CompactAttribute>();
            compact
                .add((*descriptor).natts as usize)
                .cast::<pg_sys::FormData_pg_attribute>()
                .add(index)
        };
        #[cfg(not(feature = "pg18"))]
        (*descriptor).attrs.as_ptr().add(index)
    }
}

/// An attribute of a descriptor.
///
/// # Safety
/// As for [`tuple_attribute`]; the descriptor outlives the reference.
pub(super) unsafe fn attribute<'a>(
    descriptor: pg_sys::TupleDesc,
    index: usize,
) -> &'a pg_sys::FormData_pg_attribute {
    // SAFETY: see the function's contract.
    unsafe { &*tuple_attribute(descriptor, index) }
}

/// How an attribute is stored: (by value, length).
///
/// # Safety
/// As for [`tuple_attribute`].
pub(super) unsafe fn storage(descriptor: pg_sys::TupleDesc, index: usize) -> (bool, i16) {
    // SAFETY: see the function's contract.
    let attribute = unsafe { &*tuple_attribute(descriptor, index) };
    (attribute.attbyval, attribute.attlen)
}

impl Drop for Relation {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: opened by us; the lock stays.
            unsafe { pg_sys::relation_close(self.0, pg_sys::NoLock as i32) }
        }
    }
}

/// Privilege bits for [`Relation::allows`].
pub const SELECT: u64 = pg_sys::ACL_SELECT as u64;
/// See [`SELECT`].
pub const TRIGGER: u64 = pg_sys::ACL_TRIGGER as u64;

/// Name of a role for messages.
pub fn role_name(role: pg_sys::Oid) -> String {
    // SAFETY: with no_err set an unknown role gives null.
    unsafe { owned(pg_sys::GetUserNameFromId(role, true)) }
}

/// The role that statements run as now.
pub fn current_role() -> pg_sys::Oid {
    // SAFETY: reads a variable.
    unsafe { pg_sys::GetUserId() }
}

/// The oid of a relation by schema and name.
pub fn lookup(schema: &str, name: &str) -> Result<Option<pg_sys::Oid>> {
    let (schema, name) = (super::text::c_string(schema)?, super::text::c_string(name)?);
    // SAFETY: both are NUL-terminated; unknown names give InvalidOid.
    unsafe {
        let namespace = pg_sys::get_namespace_oid(schema.as_ptr(), true);
        if namespace == pg_sys::InvalidOid {
            return Ok(None);
        }
        let oid = pg_sys::get_relname_relid(name.as_ptr(), namespace);
        Ok((oid != pg_sys::InvalidOid).then_some(oid))
    }
}

/// Whether a table is, or may have been, one of a tree of partitions or inheriting tables. One that has left its tree still has the
/// tree's triggers only if no event trigger was there to see it leave, and changes no rows of a source any more. A table that has been
/// dropped may have been in one.
pub fn is_in_tree(oid: pg_sys::Oid) -> bool {
    Relation::try_open(oid).is_none_or(|relation| {
        let form = relation.form();
        form.relhassubclass || form.relispartition || relation.is_partitioned() || relation.has_parents()
    })
}

/// Sends an invalidation for a relation, so that every backend looks anew which tviews depend on it.
pub fn invalidate(oid: pg_sys::Oid) {
    // SAFETY: raises an error for an unknown relation.
    unsafe { pg_sys::CacheInvalidateRelcacheByRelid(oid) }
}

/// The equality of a type as an operator between two values, `OPERATOR("pg_catalog".=)`; `None` for a type without btree
/// equality.
pub fn equality_operator(type_oid: pg_sys::Oid) -> Option<String> {
    // SAFETY: the type cache entry lives as long as the backend; names are looked up by oid.
    unsafe {
        let entry = pg_sys::lookup_type_cache(
            type_oid,
            (pg_sys::TYPECACHE_EQ_OPR | pg_sys::TYPECACHE_CMP_PROC) as i32,
        );
        let operator = (*entry).eq_opr;
        if operator == pg_sys::InvalidOid || (*entry).cmp_proc == pg_sys::InvalidOid {
            return None;
        }
        let name = owned(pg_sys::get_opname(operator));
        let function = pg_sys::get_opcode(operator);
        let schema = owned(pg_sys::get_namespace_name(operator_namespace(operator, function)));
        Some(format!(
            "OPERATOR({}.{name})",
            pg_tviews_sqltext::identifier(&schema)
        ))
    }
}

/// Schema of an operator.
///
/// # Safety
/// `operator` exists.
pub(super) unsafe fn operator_namespace(operator: pg_sys::Oid, function: pg_sys::Oid) -> pg_sys::Oid {
    // SAFETY: a valid tuple of pg_operator has the form's layout; it is released after the copy.
    unsafe {
        let tuple = pg_sys::SearchSysCache1(
            pg_sys::SysCacheIdentifier::OPEROID as i32,
            pg_sys::Datum::from(operator),
        );
        if tuple.is_null() {
            return pg_sys::get_func_namespace(function);
        }
        let form = pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_operator>();
        let namespace = (*form).oprnamespace;
        pg_sys::ReleaseSysCache(tuple);
        namespace
    }
}

/// What on a tview could change or hide rows that its maintenance writes, for a message; `None` if nothing.
pub fn interference(tview: &Relation) -> Option<&'static str> {
    if tview.is_partition() || tview.has_parents() || tview.has_children() {
        return Some("inheritance or partitioning");
    }
    if tview.has_row_security_for(tview.owner()) {
        return Some("row-level security that applies to its owner");
    }
    if tview.form().relhasrules {
        return Some("a rule");
    }
    let before_row = pg_sys::TRIGGER_TYPE_BEFORE | pg_sys::TRIGGER_TYPE_ROW;
    let is_before_row =
        |trigger: &pg_sys::Trigger| u32::from(trigger.tgtype as u16) & before_row == before_row;
    // SAFETY: the relation is open.
    let found = unsafe { own_trigger::with_kept(tview.0, |triggers| triggers.iter().any(is_before_row)) };
    found.then_some("a BEFORE trigger FOR EACH ROW")
}

/// The quoted name of a type's hash function with a seed, if it has one: equal values have equal hashes.
pub fn hash_function(type_oid: pg_sys::Oid) -> Option<String> {
    // SAFETY: the type cache entry lives as long as the backend; names are looked up by oid.
    unsafe {
        let entry = pg_sys::lookup_type_cache(type_oid, pg_sys::TYPECACHE_HASH_EXTENDED_PROC as i32);
        let function = (*entry).hash_extended_proc;
        if function == pg_sys::InvalidOid {
            return None;
        }
        let name = owned(pg_sys::get_func_name(function));
        let schema = owned(pg_sys::get_namespace_name(pg_sys::get_func_namespace(function)));
        Some(pg_tviews_sqltext::qualified(&schema, &name))
    }
}

/// The number of rows of a table that the planner would expect.
pub fn expected_rows(oid: pg_sys::Oid) -> f64 {
    // SAFETY: the relation is open between the two calls; the estimate needs no attribute widths.
    unsafe {
        let relation = pg_sys::relation_open(oid, pg_sys::AccessShareLock as i32);
        let (mut pages, mut tuples, mut all_visible) = (0, 0.0, 0.0);
        pg_sys::estimate_rel_size(
            relation,
            std::ptr::null_mut(),
            &mut pages,
            &mut tuples,
            &mut all_visible,
        );
        pg_sys::relation_close(relation, pg_sys::AccessShareLock as i32);
        tuples
    }
}

/// Whether all values of a type have the same length, so that they always fit into an index.
pub fn is_fixed_length(type_oid: pg_sys::Oid) -> bool {
    // SAFETY: looks up the catalog.
    unsafe { pg_sys::get_typlen(type_oid) > 0 }
}

/// Whether a type is composite, or a domain over one.
pub fn is_composite(type_oid: pg_sys::Oid) -> bool {
    // SAFETY: looks up the catalog.
    unsafe { pg_sys::type_is_rowtype(type_oid) }
}

/// Whether values of a type can be hashed, for a hash index.
pub fn is_hashable(type_oid: pg_sys::Oid) -> bool {
    // SAFETY: the type cache entry lives as long as the backend.
    unsafe {
        (*pg_sys::lookup_type_cache(type_oid, pg_sys::TYPECACHE_HASH_PROC as i32)).hash_proc
            != pg_sys::InvalidOid
    }
}
