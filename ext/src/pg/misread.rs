//! Calls that would be read as calls of something else, or of nothing.
//!
//! A definition is kept as a tree, in which functions and operators are known by their oids. Its parts travel as text, and a text is read anew: whoever
//! may create functions in the schema of one that is called can make another one of its name whose arguments match better. Then no part of the
//! definition may travel as text.

use super::list::{oids, pointers};
use super::node::Node;
use super::text::owned;
use pgrx::pg_sys;

impl Node {
    /// What the text of this node, its children left out, would call instead of what the node calls: `public.nice(integer)`.
    pub fn misread(self) -> Option<String> {
        use pg_sys::NodeTag::*;
        // SAFETY: each cast follows from the tag.
        unsafe {
            match self.tag() {
                T_FuncExpr => {
                    let call = &*self.raw().cast::<pg_sys::FuncExpr>();
                    let written = call.funcformat == pg_sys::CoercionForm::COERCE_EXPLICIT_CALL;
                    let types = types_of(call.args);
                    written
                        .then(|| {
                            misread_function(call.funcid, &types, &names_of(call.args), call.funcvariadic)
                        })
                        .flatten()
                }
                T_Aggref => {
                    let call = &*self.raw().cast::<pg_sys::Aggref>();
                    misread_function(call.aggfnoid, &oids(call.aggargtypes), &[], call.aggvariadic)
                }
                T_WindowFunc => {
                    let call = &*self.raw().cast::<pg_sys::WindowFunc>();
                    misread_function(call.winfnoid, &types_of(call.args), &names_of(call.args), false)
                }
                T_OpExpr | T_DistinctExpr | T_NullIfExpr => {
                    let call = &*self.raw().cast::<pg_sys::OpExpr>();
                    misread_operator(call.opno, &types_of(call.args))
                }
                T_ScalarArrayOpExpr => {
                    let call = &*self.raw().cast::<pg_sys::ScalarArrayOpExpr>();
                    let mut types = types_of(call.args);
                    let element = types.pop().map(|array| pg_sys::get_base_element_type(array));
                    types.extend(element);
                    misread_operator(call.opno, &types)
                }
                _ => None,
            }
        }
    }
}

/// The types of arguments.
///
/// # Safety
/// The list is one of expressions.
unsafe fn types_of(arguments: *mut pg_sys::List) -> Vec<pg_sys::Oid> {
    let arguments = pointers::<pg_sys::Node>(arguments).into_iter();
    // SAFETY: see the function's contract.
    arguments
        .map(|argument| unsafe { pg_sys::exprType(argument) })
        .collect()
}

/// The names with which arguments are given; the last ones have them.
///
/// # Safety
/// The list is one of expressions.
unsafe fn names_of(arguments: *mut pg_sys::List) -> Vec<*mut std::ffi::c_char> {
    let arguments = pointers::<pg_sys::Node>(arguments).into_iter();
    // SAFETY: see the function's contract; the cast follows from the tag.
    let name = |argument: *mut pg_sys::Node| unsafe {
        pgrx::is_a(argument, pg_sys::NodeTag::T_NamedArgExpr)
            .then(|| (*argument.cast::<pg_sys::NamedArgExpr>()).name)
    };
    arguments.filter_map(name).collect()
}

/// Whether an object is one of the server, to whose schema only superusers add.
fn is_of_server(object: pg_sys::Oid) -> bool {
    object.to_u32() < pg_sys::FirstNormalObjectId
}

/// Whether the role in force may name what a schema holds. Without that privilege a text can't call it, whereas the definition can.
fn may_name(namespace: pg_sys::Oid) -> bool {
    // SAFETY: looks up catalogs.
    unsafe {
        super::relation::namespace_privilege(namespace, pg_sys::GetUserId()) == pg_sys::AclResult::ACLCHECK_OK
    }
}

/// `schema.name` as the parser takes it.
///
/// # Safety
/// Both names are NUL-terminated and live as long as the list.
unsafe fn qualified(schema: *mut std::ffi::c_char, name: *mut std::ffi::c_char) -> *mut pg_sys::List {
    // SAFETY: see the function's contract.
    unsafe {
        let list = pg_sys::lappend(std::ptr::null_mut(), pg_sys::makeString(schema).cast());
        pg_sys::lappend(list, pg_sys::makeString(name).cast())
    }
}

fn misread_function(
    function: pg_sys::Oid,
    types: &[pg_sys::Oid],
    names: &[*mut std::ffi::c_char],
    variadic: bool,
) -> Option<String> {
    if is_of_server(function) {
        return None;
    }
    let mut types = types.to_vec();
    // SAFETY: looks up catalogs; all that the parser's function writes to is valid, and the types are as many as it says.
    unsafe {
        let name = pg_sys::get_func_name(function);
        let namespace = pg_sys::get_func_namespace(function);
        let schema = pg_sys::get_namespace_name(namespace);
        if name.is_null() || schema.is_null() {
            return None;
        }
        if !may_name(namespace) {
            return Some(described(function, function));
        }
        let given = names.iter().fold(std::ptr::null_mut(), |list, name| {
            pg_sys::lappend(list, name.cast())
        });
        let (mut found, mut result) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
        let (mut set, mut variadic_count, mut variadic_type) = (false, 0, pg_sys::InvalidOid);
        let mut true_types = std::ptr::null_mut();
        pg_sys::func_get_detail(
            qualified(schema, name),
            std::ptr::null_mut(),
            given,
            types.len() as i32,
            types.as_mut_ptr(),
            !variadic,
            true,
            false,
            &mut found,
            &mut result,
            &mut set,
            &mut variadic_count,
            &mut variadic_type,
            &mut true_types,
            std::ptr::null_mut(),
        );
        (found != function).then(|| described(found, function))
    }
}

/// What is called in place of a function, or that several could be.
///
/// # Safety
/// The second one exists.
unsafe fn described(found: pg_sys::Oid, wanted: pg_sys::Oid) -> String {
    let shown = if found == pg_sys::InvalidOid {
        wanted
    } else {
        found
    };
    // SAFETY: the function exists.
    owned(unsafe { pg_sys::format_procedure_qualified(shown) })
}

fn misread_operator(operator: pg_sys::Oid, types: &[pg_sys::Oid]) -> Option<String> {
    if is_of_server(operator) {
        return None;
    }
    // SAFETY: looks up catalogs; an operator that is found is a tuple of the cache, and is given back.
    unsafe {
        let name = pg_sys::get_opname(operator);
        let namespace = super::relation::operator_namespace(operator, pg_sys::get_opcode(operator));
        let schema = pg_sys::get_namespace_name(namespace);
        if name.is_null() || schema.is_null() {
            return None;
        }
        if !may_name(namespace) {
            return Some(owned(pg_sys::format_operator_qualified(operator)));
        }
        let names = qualified(schema, name);
        let found = match types {
            [right] => pg_sys::left_oper(std::ptr::null_mut(), names, *right, true, -1),
            [left, right] => pg_sys::oper(std::ptr::null_mut(), names, *left, *right, true, -1),
            _ => return None,
        };
        if found.is_null() {
            return Some(owned(pg_sys::format_operator_qualified(operator)));
        }
        let oid = pg_sys::oprid(found);
        pg_sys::ReleaseSysCache(found);
        (oid != operator).then(|| owned(pg_sys::format_operator_qualified(oid)))
    }
}
