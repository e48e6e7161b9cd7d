//! Names that users write.

use super::list::pointers;
use super::text::{c_string, owned};
use super::version;
use crate::error::Result;
use pgrx::pg_sys;

/// A possibly qualified name of a relation.
pub struct RelationName(*mut pg_sys::RangeVar);

/// Reads a name as SQL does: `app."Tv Product"`. A wrong one raises PostgreSQL's own error.
pub fn parse(text: &str) -> Result<RelationName> {
    let text = c_string(text)?;
    // SAFETY: the text is NUL-terminated; the list holds String nodes.
    Ok(RelationName(unsafe {
        pg_sys::makeRangeVarFromNameList(version::qualified_name_list(text.as_ptr()))
    }))
}

/// Whether there is a schema of this name.
pub fn is_schema(name: &str) -> bool {
    schema(name).is_some()
}

/// The schema of this name, if there is one.
pub(super) fn schema(name: &str) -> Option<pg_sys::Oid> {
    let name = c_string(name).ok()?;
    // SAFETY: with missing_ok an unknown name gives InvalidOid.
    let oid = unsafe { pg_sys::get_namespace_oid(name.as_ptr(), true) };
    (oid != pg_sys::InvalidOid).then_some(oid)
}

impl RelationName {
    /// A name out of a parse tree.
    pub(super) fn of_range_var(range_var: *mut pg_sys::RangeVar) -> RelationName {
        RelationName(range_var)
    }

    /// The name without its schema.
    pub fn name(&self) -> String {
        // SAFETY: a RangeVar always has a relation name.
        unsafe { owned((*self.0).relname) }
    }

    /// The relation that the name stands for under the current search path.
    pub fn resolve(&self) -> Option<pg_sys::Oid> {
        // SAFETY: with RVR_MISSING_OK an unknown name gives InvalidOid.
        let oid = unsafe {
            pg_sys::RangeVarGetRelidExtended(
                self.0,
                pg_sys::NoLock as i32,
                pg_sys::RVROption::RVR_MISSING_OK,
                None,
                std::ptr::null_mut(),
            )
        };
        (oid != pg_sys::InvalidOid).then_some(oid)
    }

    /// The same, whether or not the current role may use the schema, if one is given.
    pub fn resolve_anywhere(&self) -> Result<Option<pg_sys::Oid>> {
        match self.schema() {
            Some(schema) => super::relation::lookup(&schema, &self.name()),
            None => Ok(self.resolve()),
        }
    }

    /// The schema in which a relation of this name would be created.
    pub fn creation_schema(&self) -> String {
        // SAFETY: raises PostgreSQL's own error if there is none.
        unsafe {
            owned(pg_sys::get_namespace_name(pg_sys::RangeVarGetCreationNamespace(
                self.0,
            )))
        }
    }

    /// Whether it names a temporary table.
    pub fn is_temporary(&self) -> bool {
        // SAFETY: the RangeVar is valid.
        let persistence = unsafe { (*self.0).relpersistence };
        persistence as u8 == pg_sys::RELPERSISTENCE_TEMP || self.schema().as_deref() == Some("pg_temp")
    }

    /// Whether it names a table to be created UNLOGGED.
    pub fn is_unlogged(&self) -> bool {
        // SAFETY: the RangeVar is valid.
        unsafe { (*self.0).relpersistence as u8 == pg_sys::RELPERSISTENCE_UNLOGGED }
    }

    fn schema(&self) -> Option<String> {
        // SAFETY: the RangeVar is valid.
        let schema = unsafe { (*self.0).schemaname };
        (!schema.is_null()).then(|| owned(schema))
    }
}

/// The strings of a list of String nodes.
pub(super) fn strings(list: *const pg_sys::List) -> Vec<String> {
    // SAFETY: the caller has a list of String nodes.
    pointers::<pg_sys::String>(list)
        .into_iter()
        .map(|node| unsafe { owned((*node).sval) })
        .collect()
}
