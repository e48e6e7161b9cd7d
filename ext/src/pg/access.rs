//! Who may see what of a relation; from the catalogs alone, so that nobody's lock is waited for.

use super::relation::SELECT;
use pgrx::pg_sys;

/// Whether a role may read something of a relation.
pub fn shows_some_column(oid: pg_sys::Oid, role: pg_sys::Oid) -> bool {
    let privilege = SELECT as pg_sys::AclMode;
    let mut is_missing = false;
    // SAFETY: looks up catalogs; a relation that is gone is no error for either.
    unsafe {
        let any = pg_sys::AclMaskHow::ACLMASK_ANY;
        pg_sys::pg_class_aclcheck_ext(oid, role, privilege, &mut is_missing) == pg_sys::AclResult::ACLCHECK_OK
            || (!is_missing
                && pg_sys::pg_attribute_aclcheck_all(oid, role, privilege, any)
                    == pg_sys::AclResult::ACLCHECK_OK)
    }
}

/// Whether a role may read all rows and columns of a relation.
pub fn shows_all_rows(oid: pg_sys::Oid, role: pg_sys::Oid) -> bool {
    let mut is_missing = false;
    // SAFETY: looks up catalogs; a relation that is gone is no error for either.
    unsafe {
        let allowed = pg_sys::pg_class_aclcheck_ext(oid, role, SELECT as pg_sys::AclMode, &mut is_missing);
        !is_missing
            && allowed == pg_sys::AclResult::ACLCHECK_OK
            && pg_sys::check_enable_rls(oid, role, true) != pg_sys::CheckEnableRlsResult::RLS_ENABLED as i32
    }
}

/// Whether a role may look at the state of what belongs to others (`pg_monitor`).
pub fn is_monitor(role: pg_sys::Oid) -> bool {
    // SAFETY: looks up catalogs.
    unsafe { pg_sys::has_privs_of_role(role, pg_sys::Oid::from(pg_sys::ROLE_PG_MONITOR)) }
}

/// Whether a role has the privileges of another one, as its member or as a superuser.
pub fn has_privileges_of(role: pg_sys::Oid, other: pg_sys::Oid) -> bool {
    // SAFETY: looks up catalogs.
    unsafe { pg_sys::has_privs_of_role(role, other) }
}
