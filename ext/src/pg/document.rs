//! What documents are made of, in expression trees: jsonb objects with constant keys, and what follows from columns alone. The
//! invariant is that of [`super::tree`].

use super::imports::called_as_by_server;
use super::list::pointers;
use super::node::{Node, function_name, volatility};
use super::text::owned;
use pgrx::{is_a, pg_sys};
use std::ffi::c_void;

/// Types whose jsonb form and text are the same in every session.
const SETTLED_TYPES: [pg_sys::Oid; 10] = [
    pg_sys::BOOLOID,
    pg_sys::INT2OID,
    pg_sys::INT4OID,
    pg_sys::INT8OID,
    pg_sys::NUMERICOID,
    pg_sys::TEXTOID,
    pg_sys::VARCHAROID,
    pg_sys::BPCHAROID,
    pg_sys::UUIDOID,
    pg_sys::JSONBOID,
];

/// Functions of the server that are STABLE only because some types' text depends on settings.
const SETTLED_BY_TYPE: [&str; 3] = ["jsonb_build_object", "jsonb_build_array", "to_jsonb"];

impl Node {
    /// The members of a call `jsonb_build_object('key', value, …)` all of whose keys are constants.
    pub fn object_members(self) -> Option<Vec<(String, Node)>> {
        let (function, arguments) = self.server_function()?;
        if function != "jsonb_build_object" || self.is_variadic() || arguments.len() % 2 != 0 {
            return None;
        }
        arguments
            .chunks_exact(2)
            .map(|pair| Some((pair[0].constant_text()?, pair[1])))
            .collect()
    }

    /// The sides of `jsonb || jsonb`.
    pub fn concatenated(self) -> Option<(Node, Node)> {
        let (function, arguments) = self.server_function()?;
        match arguments.as_slice() {
            [left, right] if function == "jsonb_concat" => Some((*left, *right)),
            _ => None,
        }
    }

    /// Name and arguments of a function of the server that the node calls, as a function or as an operator.
    fn server_function(self) -> Option<(String, Vec<Node>)> {
        // SAFETY: each cast follows from the tag.
        let (function, arguments) = unsafe {
            if is_a(self.0, pg_sys::NodeTag::T_FuncExpr) {
                let call = &*self.0.cast::<pg_sys::FuncExpr>();
                (call.funcid, call.args)
            } else if is_a(self.0, pg_sys::NodeTag::T_OpExpr) {
                let operator = &*self.0.cast::<pg_sys::OpExpr>();
                (pg_sys::get_opcode(operator.opno), operator.args)
            } else {
                return None;
            }
        };
        let own = function.to_u32() < pg_sys::FirstNormalObjectId;
        own.then(|| {
            (
                function_name(function),
                pointers(arguments).into_iter().map(Node).collect(),
            )
        })
    }

    /// Whether the arguments come as one array.
    fn is_variadic(self) -> bool {
        // SAFETY: the cast follows from the tag.
        unsafe {
            is_a(self.0, pg_sys::NodeTag::T_FuncExpr) && (*self.0.cast::<pg_sys::FuncExpr>()).funcvariadic
        }
    }

    /// The text of a constant of type text, or of a literal without a type.
    fn constant_text(self) -> Option<String> {
        // SAFETY: the cast follows from the tag. A literal without a type is a C string, a text has a length word.
        let text = unsafe {
            if !is_a(self.0, pg_sys::NodeTag::T_Const) {
                return None;
            }
            let constant = &*self.0.cast::<pg_sys::Const>();
            match constant.consttype {
                _ if constant.constisnull => return None,
                pg_sys::UNKNOWNOID => owned(constant.constvalue.cast_mut_ptr()),
                pg_sys::TEXTOID => owned(pg_sys::text_to_cstring(constant.constvalue.cast_mut_ptr())),
                _ => return None,
            }
        };
        // In a database whose encoding is not UTF-8 the key may not be what was read.
        (!text.contains('\u{fffd}')).then_some(text)
    }

    /// Whether the value of an expression follows from its columns alone: it and everything in it is made by IMMUTABLE functions of
    /// the server, or shown as jsonb from types that look the same in every session.
    pub fn is_settled(self) -> bool {
        // SAFETY: module invariant; the walker hands on no context.
        SETTLED_TYPES.contains(&self.type_oid())
            && !unsafe { called_as_by_server(|| find_unsettled(self.0, std::ptr::null_mut())) }
    }

    fn calls_unsettled(self) -> bool {
        if let Some((function, arguments)) = self.server_function()
            && SETTLED_BY_TYPE.contains(&function.as_str())
        {
            let known = |argument: &Node| {
                let type_oid = argument.type_oid();
                type_oid == pg_sys::UNKNOWNOID || SETTLED_TYPES.contains(&type_oid)
            };
            return self.is_variadic() || !arguments.iter().all(known);
        }
        let unsettled = |function: &pg_sys::Oid| {
            function.to_u32() >= pg_sys::FirstNormalObjectId || volatility(*function) != b'i'
        };
        self.functions().iter().any(unsettled)
    }
}

/// Finds a node that makes an expression's value depend on more than its columns.
///
/// # Safety
/// `node` is null or a valid node.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn find_unsettled(node: *mut pg_sys::Node, context: *mut c_void) -> bool {
    use pg_sys::NodeTag::*;
    if node.is_null() {
        return false;
    }
    // SAFETY: see the function's contract.
    unsafe {
        let foreign = [
            T_SubLink,
            T_Query,
            T_CoerceToDomain,
            T_ConvertRowtypeExpr,
            T_XmlExpr,
        ];
        if foreign.contains(&(*node).type_) {
            return true;
        }
        let is_list = is_a(node, T_List);
        (!is_list && Node(node).calls_unsettled())
            || super::imports::walk_children(node, find_unsettled, context)
    }
}
