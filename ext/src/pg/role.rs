//! Who owns a relation, who may act for its owner, and what it is called; from the catalogs alone, so that nobody's lock is waited for.

use super::relation::current_role;
use super::text::owned;
use pgrx::pg_sys;

/// The owner of a relation; `None` if it is gone.
pub fn owner_of(relation: pg_sys::Oid) -> Option<pg_sys::Oid> {
    // SAFETY: a valid tuple of pg_class has the form's layout; it is released after the copy.
    unsafe {
        let tuple = pg_sys::SearchSysCache1(
            pg_sys::SysCacheIdentifier::RELOID as i32,
            pg_sys::Datum::from(relation),
        );
        if tuple.is_null() {
            return None;
        }
        let form = pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_class>();
        let owner = (*form).relowner;
        pg_sys::ReleaseSysCache(tuple);
        Some(owner)
    }
}

/// Whether a relation is a view.
pub fn is_view(relation: pg_sys::Oid) -> bool {
    // SAFETY: gives 0 for what is not there.
    unsafe { pg_sys::get_rel_relkind(relation) as u8 == pg_sys::RELKIND_VIEW }
}

/// `schema.name` of a relation for messages; its oid if it is gone.
pub fn display_name(relation: pg_sys::Oid) -> String {
    // SAFETY: both give null for what is not there.
    unsafe {
        let name = pg_sys::get_rel_name(relation);
        if name.is_null() {
            return relation.to_u32().to_string();
        }
        let schema = pg_sys::get_namespace_name(pg_sys::get_rel_namespace(relation));
        format!("{}.{}", owned(schema), owned(name))
    }
}

/// The type of a relation's rows; an invalid oid if it has none.
pub fn row_type(relation: pg_sys::Oid) -> pg_sys::Oid {
    // SAFETY: gives an invalid oid for what is not there.
    unsafe { pg_sys::get_rel_type_id(relation) }
}

/// Whether a role is a superuser.
pub fn is_superuser(role: pg_sys::Oid) -> bool {
    // SAFETY: looks up the catalog.
    unsafe { pg_sys::superuser_arg(role) }
}

/// What the current role is to another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// That role itself, or one that has its privileges by membership.
    Own,
    /// A superuser who is neither.
    Superuser,
    /// Neither.
    Stranger,
}

/// What the current role is to the owner of something.
pub fn standing(owner: pg_sys::Oid) -> Standing {
    let role = current_role();
    // SAFETY: looks up catalogs.
    unsafe {
        match (pg_sys::superuser_arg(role), role == owner) {
            (_, true) => Standing::Own,
            (true, _) if pg_sys::is_member_of_role_nosuper(role, owner) => Standing::Own,
            (true, _) => Standing::Superuser,
            (false, _) if pg_sys::has_privs_of_role(role, owner) => Standing::Own,
            (false, _) => Standing::Stranger,
        }
    }
}
